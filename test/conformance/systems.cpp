// A System's end, two Systems, the C face used wrongly, and names as a file system answers them.
#include "test/harness.hpp"
#include "test/said.hpp"

#include "drivers/echo.h"

#include <sys/minor.h>
#include <sys/stropts.h>

using namespace rill;
using namespace rill::test;

extern "C" {
extern struct streamtab echoinfo, muxinfo, loopinfo;
extern int echodevflag, muxdevflag, loopdevflag;
}

namespace {

constexpr major_t N = 61;

// A System by the C face alone, as a program's unit test makes one.
struct Plain {
    explicit Plain(const char *profile = "irix") : system(rill_system_new(profile)), proc(rill_proc_new(system, 0, 0)) {}
    ~Plain() {
        if (system) rill_system_free(system);
    }
    void echo() {
        CHECK(rill_driver_add(system, "echo", N, &echoinfo, echodevflag, 4) == 0);
        CHECK(rill_mknod(proc, "/dev/echo", S_IFCHR | 0666, makedevice(10, N)) == 0);
    }
    int open() { return rill_open(proc, "/dev/echo", O_RDWR); }
    long minor_of(int fd) {
        struct stat st {};
        return rill_fstat(proc, fd, &st) ? -errno : static_cast<long>(geteminor(st.st_rdev));
    }

    rill_system *system;
    rill_proc *proc;
};

} // namespace

TEST_SUITE_BEGIN("systems");

TEST_CASE("OPN-090: a linked driver in one System after another has its minors anew each time") {
    for (int round = 0; round < 3; ++round) {
        Plain p;
        p.echo();
        const int a = p.open(), b = p.open();
        CHECK(p.minor_of(a) == 0);
        CHECK(p.minor_of(b) == 1);
        // left open: the System's end closes them
    }
}

TEST_CASE("OPN-090: two Systems side by side share no minors, and the end of one leaves the other as it was") {
    auto first = std::make_unique<Plain>();
    Plain second;
    first->echo();
    second.echo();
    const int a = first->open(), b = second.open();
    CHECK(first->minor_of(a) == 0);
    CHECK(second.minor_of(b) == 0);
    CHECK(rill_write(second.proc, b, "hello", 5) == 5);
    first.reset();
    char buffer[8];
    CHECK(rill_read(second.proc, b, buffer, sizeof buffer) == 5);
    CHECK(second.minor_of(second.open()) == 1);
    CHECK(rill_close(second.proc, b) == 0);
    CHECK(second.minor_of(second.open()) == 0);
}

TEST_CASE("OPN-090: a table that a driver made in one System and kept is made anew in the next") {
    static minor_table_t *lazy;
    lazy = nullptr;
    for (int round = 0; round < 2; ++round) {
        Fixture f;
        Probe &driver = f.driver("lazy", N);
        driver.on_open = [&](queue_t *q, dev_t *devp, int, int, cred_t *) {
            if (!lazy) lazy = minor_table_alloc("lazy", 4);
            const int minor = minor_take(lazy);
            if (minor < 0) return EBUSY;
            q->q_ptr = WR(q)->q_ptr = reinterpret_cast<void *>(static_cast<long>(minor) + 1);
            qprocson(q);
            *devp = makedevice(getemajor(*devp), static_cast<minor_t>(minor));
            return 0;
        };
        driver.on_close = [&](queue_t *q, int, cred_t *) {
            qprocsoff(q);
            minor_give(lazy, static_cast<minor_t>(reinterpret_cast<long>(q->q_ptr) - 1));
            q->q_ptr = WR(q)->q_ptr = nullptr;
            return 0;
        };
        f.node("/dev/lazy", f.clone(N));
        CHECK(f.rdev(f.open("/dev/lazy")) == makedevice(N, 0));
        CHECK(f.rdev(f.open("/dev/lazy")) == makedevice(N, 1));
    }
    minor_table_free(lazy);
}

TEST_CASE("OPN-091: a handle that was freed is refused with a fault, and so is a null one") {
    Fixture f;
    Enter scope(f.system);
    minor_table_t *table = minor_table_alloc("t", 4);
    CHECK(minor_take(table) == 0);
    minor_give(table, 0);
    minor_table_free(table);
    CHECK(minor_take(table) == -2);
    CHECK(minor_take_this(table, 1) == ENOMEM);
    minor_give(table, 1);
    minor_table_free(table);
    CHECK(minors_free(nullptr) == 0);
    CHECK(f.took_fault("CLN-092") == 5);
    CHECK(f.census().minors == 0);
}

TEST_CASE("MUX-089: persistent links that are left are undone through the driver, then the lower stream is closed") {
    static std::vector<std::string> order;
    order.clear();
    auto system = std::make_unique<System>(*find_profile("irix"));
    Probe lower("low", Probe::Sort::driver, 4), upper("up", Probe::Sort::driver, 4);
    upper.tab.st_muxrinit = &upper.read_init;
    upper.tab.st_muxwinit = &upper.write_init;
    int linked = 0, unlinked = 0;
    upper.on_wput = [&](queue_t *q, mblk_t *mp) {
        if (mp->b_datap->db_type != M_IOCTL) return freemsg(mp);
        auto *io = reinterpret_cast<iocblk *>(mp->b_rptr);
        const int index = reinterpret_cast<linkblk *>(mp->b_cont->b_rptr)->l_index;
        if (io->ioc_cmd == I_PLINK) linked = index;
        if (io->ioc_cmd == I_PUNLINK) {
            unlinked = index;
            order.push_back("punlink");
        }
        io->ioc_count = 0;
        mp->b_datap->db_type = M_IOCACK;
        qreply(q, mp);
    };
    lower.on_close = [&](queue_t *q, int flag, cred_t *crp) {
        order.push_back("lower close");
        return lower.standard_close(q, flag, crp);
    };
    rill_system *s = handle(*system);
    rill_proc *p = rill_proc_new(s, 0, 0);
    CHECK(rill_driver_add(s, "clone", 10, nullptr, 0, 0) == 0);
    CHECK(rill_driver_add(s, "up", N, &upper.tab, D_MP, 4) == 0);
    CHECK(rill_driver_add(s, "low", N + 1, &lower.tab, D_MP, 4) == 0);
    CHECK(rill_mknod(p, "/dev/up", S_IFCHR | 0666, makedevice(N, 2)) == 0);
    CHECK(rill_mknod(p, "/dev/low", S_IFCHR | 0666, makedevice(N + 1, 1)) == 0);
    const int u = rill_open(p, "/dev/up", O_RDWR), l = rill_open(p, "/dev/low", O_RDWR);
    const int id = rill_ioctl(p, u, I_PLINK, l);
    CHECK(id > 0);
    CHECK(linked == id);
    CHECK(rill_close(p, l) == 0);
    CHECK(rill_close(p, u) == 0);
    CHECK(order.empty());
    system.reset();
    CHECK(unlinked == id);
    CHECK(order == std::vector<std::string>{"punlink", "lower close"});
    CHECK(upper.units_taken() == 0);
    CHECK(lower.units_taken() == 0);
}

TEST_CASE("MUX-089: the shipped multiplexor with a persistent link left works in the next System") {
    for (int round = 0; round < 2; ++round) {
        Plain p;
        CHECK(rill_driver_add(p.system, "mux", N, &muxinfo, muxdevflag, 4) == 0);
        CHECK(rill_driver_add(p.system, "loop", N + 1, &loopinfo, loopdevflag, 4) == 0);
        CHECK(rill_mknod(p.proc, "/dev/mux", S_IFCHR | 0666, makedevice(10, N)) == 0);
        CHECK(rill_mknod(p.proc, "/dev/loop", S_IFCHR | 0666, makedevice(10, N + 1)) == 0);
        const int u = rill_open(p.proc, "/dev/mux", O_RDWR), l = rill_open(p.proc, "/dev/loop", O_RDWR);
        CHECK(p.minor_of(u) == 0);
        CHECK(rill_ioctl(p.proc, u, I_PLINK, l) > 0);
    }
}

TEST_CASE("OPN-096: a linked driver's init runs at once, its unload at the System's end") {
    static int inits, unloads;
    inits = unloads = 0;
    {
        Plain p;
        p.echo();
        CHECK(outcome(rill_driver_start(
                  p.system, "none", [] { ++inits; }, nullptr)) == -ENXIO);
        CHECK(outcome(rill_driver_start(p.system, nullptr, nullptr, nullptr)) == -EINVAL);
        CHECK(inits == 0);
        CHECK(rill_driver_start(
                  p.system, "echo", [] { ++inits; }, [] { ++unloads; }) == 0);
        CHECK(inits == 1);
        CHECK(unloads == 0);
    }
    CHECK(unloads == 1);
}

TEST_CASE("OPN-093: null Systems and processes: EINVAL, named on stderr") {
    Plain p;
    struct stat st {};
    char byte = 0;
    int fds[2];
    std::string text = said([&] {
        CHECK(outcome(rill_open(nullptr, "/dev/echo", O_RDWR)) == -EINVAL);
        CHECK(outcome(rill_close(nullptr, 0)) == -EINVAL);
        CHECK(outcome(static_cast<int>(rill_read(nullptr, 0, &byte, 1))) == -EINVAL);
        CHECK(outcome(rill_pipe(nullptr, fds)) == -EINVAL);
        CHECK(outcome(rill_fstat(nullptr, 0, &st)) == -EINVAL);
        CHECK(outcome(rill_kill(nullptr, SIGINT)) == -EINVAL);
        CHECK(outcome(rill_sysgen(p.system, nullptr)) == -EINVAL);
        CHECK(outcome(rill_sysgen(nullptr, "x")) == -EINVAL);
        CHECK(outcome(rill_run(nullptr)) == -EINVAL);
        CHECK(rill_proc_new(nullptr, 0, 0) == nullptr);
        CHECK(errno == EINVAL);
    });
    CHECK(text.find("rill: rill_open: the process is a null pointer") != std::string::npos);
    CHECK(text.find("rill: rill_sysgen: the directory is a null pointer") != std::string::npos);
    CHECK(std::count(text.begin(), text.end(), '\n') == 10);
    CHECK(std::string(rill_why(nullptr)) == "");
    rill_system_free(nullptr);
    rill_proc_exit(nullptr);
    CHECK(outcome(rill_open(p.proc, nullptr, O_RDWR)) == -EFAULT);
    CHECK(outcome(rill_mknod(p.proc, nullptr, S_IFCHR, 0)) == -EFAULT);
}

TEST_CASE("OPN-093 OPN-092: a second free and a second exit are refused; a call for a process that has ended is ESRCH") {
    Plain p;
    p.echo();
    rill_proc *other = rill_proc_new(p.system, 0, 0);
    rill_proc_exit(other);
    CHECK(said([&] { CHECK(outcome(rill_open(other, "/dev/echo", O_RDWR)) == -ESRCH); }) ==
          "rill: rill_open: the process has ended\n");
    CHECK(said([&] { rill_proc_exit(other); }) == "rill: rill_proc_exit: the process has ended before\n");
    CHECK(p.minor_of(p.open()) == 0);
    rill_system *system = std::exchange(p.system, nullptr);
    rill_system_free(system);
    CHECK(said([&] { rill_system_free(system); }) == "rill: rill_system_free: there is no such System; it was freed before\n");
}

TEST_CASE("OPN-094: a driver that makes a system call: EDEADLK, and the call it is in goes on") {
    Fixture f;
    Probe &driver = f.driver("inner", N);
    int inner = 0;
    std::string text;
    driver.on_open = [&](queue_t *q, dev_t *devp, int oflag, int sflag, cred_t *crp) {
        text = said([&] { inner = outcome(rill_open(handle(f.root), "/dev/inner", O_RDWR)); });
        text += said([&] { rill_system_free(handle(f.system)); });
        return driver.standard_open(q, devp, oflag, sflag, crp);
    };
    f.node("/dev/inner", f.clone(N));
    CHECK(f.rdev(outcome(rill_open(handle(f.root), "/dev/inner", O_RDWR))) == makedevice(N, 0));
    CHECK(inner == -EDEADLK);
    CHECK(text == "rill: rill_open: called from inside a call of the same System: by a driver, or by a host signal handler\n"
                  "rill: rill_system_free: called from inside a call of the same System, which stays\n");
}

TEST_CASE("OPN-094: a handler of the process may make calls") {
    static Plain *plain;
    static long seen;
    Plain p;
    plain = &p;
    seen = -1;
    p.echo();
    CHECK(p.minor_of(p.open()) == 0);
    CHECK(rill_signal(p.proc, SIGUSR1, [](int) { seen = plain->minor_of(0); }) == 0);
    CHECK(rill_kill(p.proc, SIGUSR1) == 0);
    CHECK(rill_isastream(p.proc, 0) == 1);
    CHECK(seen == 0);
}

TEST_CASE("OPN-095: streamtabs that are not whole, negative numbers of devices, SIG_ERR: EINVAL") {
    Fixture f;
    rill_system *s = handle(f.system);
    Probe probe("probe", Probe::Sort::driver, 1);
    const auto add = [&](streamtab tab, int devices = 1) {
        return outcome(rill_driver_add(s, "probe", N, &tab, 0, devices));
    };
    qinit bare = probe.read_init;
    bare.qi_minfo = nullptr;
    CHECK(add({&probe.read_init, nullptr, nullptr, nullptr}) == -EINVAL);
    CHECK(add({nullptr, &probe.write_init, nullptr, nullptr}) == -EINVAL);
    CHECK(add({&bare, &probe.write_init, nullptr, nullptr}) == -EINVAL);
    CHECK(add({&probe.read_init, &probe.write_init, &probe.read_init, nullptr}) == -EINVAL);
    CHECK(add({&probe.read_init, &probe.write_init, &probe.read_init, &bare}) == -EINVAL);
    CHECK(add(probe.tab, -1) == -EINVAL);
    streamtab half{&probe.read_init, nullptr, nullptr, nullptr};
    CHECK(outcome(rill_module_add(s, "half", &half, 0)) == -EINVAL);
    CHECK(outcome(rill_module_add(s, nullptr, &probe.tab, 0)) == -EINVAL);
    CHECK(outcome(rill_driver_add(s, nullptr, N, &probe.tab, 0, 1)) == -EINVAL);
    CHECK(f.system.registry.by_external(N) == nullptr);
    CHECK(outcome(rill_signal(handle(f.root), SIGUSR1, SIG_ERR)) == -EINVAL);
}

// --- names ---

TEST_CASE("OPN-080: a name below a device node: ENOTDIR for every call") {
    Fixture f;
    f.driver("echo", N);
    f.node("/dev/echo", f.clone(N));
    struct stat st {};
    rill_proc *p = handle(f.root);
    const Census before = f.census();
    CHECK(f.open("/dev/echo/x") == -ENOTDIR);
    CHECK(f.open("/dev/echo/x/y") == -ENOTDIR);
    CHECK(f.open("/dev/echo/") == -ENOTDIR);
    CHECK(f.open("/dev/echo/.") == -ENOTDIR);
    CHECK(f.open("/dev/echo/..") == -ENOTDIR);
    CHECK(outcome(rill_stat(p, "/dev/echo/x", &st)) == -ENOTDIR);
    CHECK(outcome(rill_mknod(p, "/dev/echo/x", S_IFCHR | 0666, f.clone(N))) == -ENOTDIR);
    CHECK(outcome(rill_unlink(p, "/dev/echo/x")) == -ENOTDIR);
    CHECK(outcome(rill_open(p, "/dev/echo/x", O_RDWR | O_CREAT, 0666)) == -ENOTDIR);
    CHECK(f.open("/dev/nobody") == -ENOENT);
    CHECK(f.open("/nobody/../dev/echo") == -ENOENT);
    CHECK(f.open("") == -ENOENT);
    CHECK(f.census() == before);
}

TEST_CASE("OPN-081: doubled slashes, dots and relative names lead to the same node") {
    Fixture f;
    f.driver("echo", N, 8);
    f.node("/dev/echo", f.clone(N));
    for (const char *name : {"//dev///echo", "dev/echo", "./dev/./echo", "/dev/../dev/echo", "../dev/echo"}) {
        CAPTURE(name);
        CHECK(f.open(name) >= 0);
    }
    rill_proc *p = handle(f.root);
    CHECK(outcome(rill_mknod(p, "dev//echo", S_IFCHR | 0666, f.clone(N))) == -EEXIST);
    CHECK(outcome(rill_mknod(p, "/dev/", S_IFCHR | 0666, f.clone(N))) == -EEXIST); // a directory, by the name below it
    CHECK(outcome(rill_mknod(p, "/", S_IFCHR | 0666, f.clone(N))) == -EEXIST);
    CHECK(outcome(rill_mknod(p, "/dev/new/", S_IFCHR | 0666, f.clone(N))) == -ENOENT);
    CHECK(outcome(rill_mknod(p, "/dev/net/new", S_IFCHR | 0666, f.clone(N))) == 0); // directories above come with a name
    CHECK(outcome(rill_mknod(p, "/dev/net", S_IFCHR | 0666, f.clone(N))) == -EEXIST);
    CHECK(outcome(rill_unlink(p, "/dev/net/new")) == 0);
    CHECK(outcome(rill_mknod(p, "dev//other", S_IFCHR | 0666, f.clone(N))) == 0);
    CHECK(f.open("/dev/other") >= 0);
    CHECK(outcome(rill_unlink(p, "dev/./other")) == 0);
    CHECK(f.open("/dev/other") == -ENOENT);
}

TEST_CASE("OPN-082: without privilege no name is made or removed in root's directories") {
    Fixture f;
    f.driver("echo", N);
    f.node("/dev/echo", f.clone(N));
    Process &user = f.process(100, 100);
    rill_proc *p = handle(user);
    CHECK(outcome(rill_mknod(p, "/dev/mine", S_IFCHR | 0666, f.clone(N))) == -EPERM);
    CHECK(outcome(rill_mknod(p, "/dev/mine", S_IFREG | 0666, 0)) == -EACCES);
    CHECK(outcome(rill_open(p, "/dev/mine", O_RDWR | O_CREAT, 0666)) == -EACCES);
    CHECK(outcome(rill_unlink(p, "/dev/echo")) == -EACCES);
    CHECK(f.open(user, "/dev/echo") >= 0);
    CHECK(outcome(rill_unlink(p, "/dev")) == -EPERM);
    CHECK(outcome(rill_unlink(handle(f.root), "/dev")) == -EPERM);
    CHECK(f.open("/dev/mine") == -ENOENT);
}

TEST_CASE("OPN-083: directories, and names that are too long") {
    Fixture f;
    f.driver("echo", N);
    f.node("/dev/echo", f.clone(N));
    struct stat st {};
    rill_proc *p = handle(f.root);
    CHECK(rill_stat(p, "/dev", &st) == 0);
    CHECK(S_ISDIR(st.st_mode));
    CHECK(rill_stat(p, "/dev/", &st) == 0);
    CHECK(rill_stat(p, "/", &st) == 0);
    CHECK(f.open("/dev", O_RDWR) == -EISDIR);
    CHECK(f.open(("/dev/x/" + std::string(1020, 'a')).c_str()) == -ENAMETOOLONG);
    CHECK(f.open(("/dev/" + std::string(256, 'a')).c_str()) == -ENAMETOOLONG);
    CHECK(f.open(("/dev/" + std::string(255, 'a')).c_str()) == -ENOENT);
    const int fd = f.open("/dev", O_RDONLY);
    CHECK(fd >= 0);
    CHECK(f.read(fd) == "-EISDIR");
}
