// Two Systems in two threads share nothing that is written on the way of an open or a message. The library's writable pages,
// all of them, are made read-only while opens and messages go their way in a program that has a second thread; a write to
// one of them would be a write to a cache line that all Systems share.
//
// test/globals.py lists these variables, each with the moment at which it is written.
#include "minordriver.hpp"

#include <atomic>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <dlfcn.h>
#include <fcntl.h>
#include <link.h>
#include <rill.h>
#include <string>
#include <sys/ddi.h>
#include <sys/minor.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/stream.h>
#include <sys/stropts.h>
#include <thread>
#include <unistd.h>
#include <vector>

namespace {

// --- a driver: minors, and an echo, by its service procedure or not ---

using minordriver::minors;
constexpr int served_major = 62;

int served_put(queue_t *q, mblk_t *mp) {
    if (mp->b_datap->db_type == M_DATA) return putq(q, mp), 0;
    return minordriver::put(q, mp);
}
int serve(queue_t *q) {
    while (mblk_t *mp = getq(q)) qreply(q, mp);
    return 0;
}
module_info info{0, "writes", 0, INFPSZ, 4096, 1024};
qinit read_init{nullptr, nullptr, minordriver::open, minordriver::close, nullptr, &info, nullptr};
qinit write_init{minordriver::put, nullptr, nullptr, nullptr, nullptr, &info, nullptr};
qinit served_init{served_put, serve, nullptr, nullptr, nullptr, &info, nullptr};
streamtab direct{&read_init, &write_init, nullptr, nullptr}, served{&read_init, &served_init, nullptr, nullptr};
int pass(queue_t *q, mblk_t *mp) {
    putnext(q, mp);
    return 0;
}
int pass_open(queue_t *q, dev_t *, int, int, cred_t *) {
    qprocson(q);
    return 0;
}
int pass_close(queue_t *q, int, cred_t *) {
    qprocsoff(q);
    return 0;
}
qinit pass_init{pass, nullptr, pass_open, pass_close, nullptr, &info, nullptr};
streamtab passing{&pass_init, &pass_init, nullptr, nullptr};

// --- the library's writable pages ---

struct Pages {
    char *from, *to;
};
std::vector<Pages> pages;
std::atomic<long> writes{0};

int find(dl_phdr_info *object, std::size_t, void *) {
    if (std::string(object->dlpi_name).find("librill.so") == std::string::npos) return 0;
    const auto page = static_cast<std::uintptr_t>(::sysconf(_SC_PAGESIZE));
    std::uintptr_t after_relocations = 0; // what is read-only from then on
    for (int i = 0; i < object->dlpi_phnum; ++i)
        if (const auto &h = object->dlpi_phdr[i]; h.p_type == PT_GNU_RELRO) after_relocations = object->dlpi_addr + h.p_vaddr + h.p_memsz;
    for (int i = 0; i < object->dlpi_phnum; ++i) {
        const auto &h = object->dlpi_phdr[i];
        if (h.p_type != PT_LOAD || !(h.p_flags & PF_W)) continue;
        std::uintptr_t from = object->dlpi_addr + h.p_vaddr, to = from + h.p_memsz;
        if (after_relocations > from && after_relocations <= to + page) from = after_relocations;
        from = from / page * page;
        to = (to + page - 1) / page * page;
        if (from < to) pages.push_back({reinterpret_cast<char *>(from), reinterpret_cast<char *>(to)});
    }
    return 0;
}

void protect(int how) {
    for (const Pages &p : pages)
        if (::mprotect(p.from, static_cast<std::size_t>(p.to - p.from), how)) std::abort();
}

void written(int, siginfo_t *how, void *) {
    for (const Pages &p : pages)
        if (auto *at = static_cast<char *>(how->si_addr); at >= p.from && at < p.to) {
            Dl_info where{};
            const char *name = ::dladdr(at, &where) && where.dli_sname ? where.dli_sname : "a variable without a name outside";
            std::fprintf(stderr, "%s was written, %#lx in librill\n", name, static_cast<unsigned long>(at - static_cast<char *>(where.dli_fbase)));
            ++writes;
            ::mprotect(p.from, static_cast<std::size_t>(p.to - p.from), PROT_READ | PROT_WRITE); // it goes on
            return;
        }
    std::_Exit(3);
}

// --- what goes its way ---

struct World {
    World() : system(rill_system_new(nullptr)), proc(rill_proc_new(system, 0, 0)) {
        rill_driver_add(system, "direct", 61, &direct, 0, 64);
        rill_driver_add(system, "served", served_major, &served, 0, 64);
        rill_module_add(system, "passing", &passing, 0);
        rill_mknod(proc, "/dev/direct", S_IFCHR | 0666, makedevice(10, 61));
        rill_mknod(proc, "/dev/served", S_IFCHR | 0666, makedevice(10, served_major));
        rill_enter(system);
        minors = minor_table_alloc("writes", 64);
        rill_leave(system);
        for (int i = 0; i < 2; ++i) fds[i] = rill_open(proc, i ? "/dev/served" : "/dev/direct", O_RDWR);
        rill_ioctl(proc, fds[0], I_PUSH, "passing");
    }
    ~World() {
        rill_proc_exit(proc);
        rill_system_free(system);
        std::free(user);
    }
    // What calls are given is in one page: a page of the application that was not met lately is looked at with the handler of
    // faults certainly in place, which is asked for under a lock.
    struct User {
        char bytes[64], module[8];
        struct strbuf data;
        strioctl command;
        pollfd poll;
        int flags, waiting;
        char direct[16];
    };
    bool turn() {
        *user = {{}, "passing", {sizeof user->bytes, sizeof user->bytes, user->bytes}, {0x6201, 0, 0, nullptr}, {fds[0], POLLIN | POLLOUT, 0}, 0, 0, "/dev/direct"};
        char(&bytes)[64] = user->bytes;
        for (const int fd : fds)
            if (rill_write(proc, fd, bytes, sizeof bytes) != sizeof bytes || rill_read(proc, fd, bytes, sizeof bytes) != sizeof bytes) return false;
        if (rill_putmsg(proc, fds[0], nullptr, &user->data, 0) < 0 || rill_getmsg(proc, fds[0], nullptr, &user->data, &user->flags) < 0) return false;
        if (rill_ioctl(proc, fds[0], I_STR, &user->command) < 0 || rill_ioctl(proc, fds[0], I_NREAD, &user->waiting) < 0) return false;
        if (rill_ioctl(proc, fds[0], I_PUSH, user->module) < 0 || rill_ioctl(proc, fds[0], I_POP, 0) < 0) return false;
        if (rill_poll(proc, &user->poll, 1, 10) < 0) return false;
        const int fd = rill_open(proc, user->direct, O_RDWR);
        return fd >= 0 && rill_close(proc, fd) == 0;
    }
    rill_system *system;
    rill_proc *proc;
    int fds[2];
    User *user = static_cast<User *>(std::aligned_alloc(4096, 4096));
};

} // namespace

int main() {
    ::dl_iterate_phdr(find, nullptr);
    if (pages.empty()) return std::fputs("librill has no writable pages?\n", stderr), 1;
    std::atomic<int> stage = 0;
    std::thread other([&] { // a System of its own, as alive
        World world;
        if (!world.turn()) std::abort();
        stage = 1;
        stage.notify_all();
        stage.wait(1);
        if (!world.turn()) std::abort();
    });
    stage.wait(0);
    bool good = true;
    {
        World world;
        for (int i = 0; i < 10; ++i) good &= world.turn(); // what is made once
        struct sigaction action = {};
        action.sa_sigaction = written;
        action.sa_flags = SA_SIGINFO | SA_ONSTACK;
        struct sigaction before;
        ::sigaction(SIGSEGV, &action, &before);
        protect(PROT_READ);
        for (int i = 0; i < 100 && writes == 0; ++i) good &= world.turn();
        protect(PROT_READ | PROT_WRITE);
        ::sigaction(SIGSEGV, &before, nullptr);
    }
    stage = 2;
    stage.notify_all();
    other.join();
    if (!good) std::fputs("a call failed\n", stderr);
    if (writes == 0 && good) std::puts("opens and messages write to nothing that Systems share");
    return good && writes == 0 ? 0 : 1;
}
