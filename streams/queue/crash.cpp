#include "streams/queue/crash.hpp"
#include "streams/system.hpp"
#include "streams/base/scratch.hpp"
#include "streams/message/usercopy.hpp"

#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <fcntl.h>
#include <iterator>
#include <mutex>
#include <pthread.h>
#include <semaphore.h>
#include <sys/conf.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <ucontext.h>
#include <unistd.h>

namespace rill {

namespace {

// --- text, made without memory ---

class Text {
public:
    Text &operator<<(const char *s) {
        while (*s && n_ < sizeof text_) text_[n_++] = *s++;
        return *this;
    }
    Text &operator<<(long number) {
        if (number < 0) *this << "-";
        auto left = number < 0 ? 0 - static_cast<unsigned long>(number) : static_cast<unsigned long>(number);
        return digits(left, 10);
    }
    Text &operator<<(const void *p) {
        *this << "0x";
        return digits(reinterpret_cast<std::uintptr_t>(p), 16);
    }
    void tell() const { tell_crash(text_, n_); }

private:
    Text &digits(unsigned long number, unsigned base) {
        char reversed[24];
        std::size_t n = 0;
        do reversed[n++] = "0123456789abcdef"[number % base];
        while (number /= base);
        while (n > 0 && n_ < sizeof text_) text_[n_++] = reversed[--n];
        return *this;
    }
    char text_[6000];
    std::size_t n_ = 0;
};

// A copy of what may not be there, made by the kernel.
bool peek(void *to, const void *from, std::size_t n) {
    iovec local{to, n}, remote{const_cast<void *>(from), n};
    return ::syscall(SYS_process_vm_readv, ::getpid(), &local, 1, &remote, 1, 0) == static_cast<long>(n);
}

template <class T> bool peek(T *to, const void *from) { return peek(static_cast<void *>(to), from, sizeof *to); }

void tell_signal(Text &out, int sig) {
    if (const char *name = ::sigabbrev_np(sig)) out << "SIG" << name;
    else out << "signal " << static_cast<long>(sig);
}

// --- what ran ---

constexpr char no_devflag[] = "it has no "; // as a boot begins the reason of an object without it

struct Whose {
    char name[64] = "?";
    int devflag = 0;
    Convention convention = Convention::unsaid;
    char reason[160] = ""; // of the convention
};

template <std::size_t n> void copy_text(char (&to)[n], const char *from) {
    for (std::size_t i = 0; from && i + 1 < n && peek(&to[i], from + i, 1) && to[i]; ++i) to[i + 1] = 0;
}

Whose whose(const Entry &e) {
    Whose who;
    const char *name = e.named();
    if (e.queue) {
        QueuePair *pair = pair_of(e.queue); // read as it stands: its flag may be what is wrong
        alignas(Owner) unsigned char bytes[sizeof(Owner)];
        const Owner *owner = nullptr;
        if (peek(&owner, &pair->owner) && owner && peek(bytes, owner, sizeof bytes)) {
            who.devflag = owner->devflag;
            who.convention = owner->convention;
            copy_text(who.reason, owner->convention_reason.c_str());
            if (!name) name = owner->name.c_str();
        }
    }
    copy_text(who.name, name);
    return who;
}

void tell_message(Text &out, const mblk_t *mp) {
    out << ", message " << mp;
    mblk_t m;
    dblk_t d;
    if (!peek(&m, mp) || !peek(&d, m.b_datap)) {
        out << " (not a message any more)";
        return;
    }
    out << " (" << type_name(d.db_type) << ", " << static_cast<long>(m.b_wptr - m.b_rptr) << " bytes in its first block)";
}

void tell_argument(Text &out, const Entry &e) {
    if (e.queue) {
        queue_t q;
        out << "\n  its argument: ";
        if (!peek(&q, e.queue)) out << "queue ";
        else out << ((q.q_flag & QREADR) ? "read queue " : "write queue ");
        out << static_cast<const void *>(e.queue);
    }
    if (e.kind == EntryKind::put && e.message) tell_message(out, e.message);
    if (e.by_queue()) return;
    if (e.dev != no_device)
        out << (e.queue ? ", device (" : "\n  its argument: device (") << static_cast<long>(external_major(e.dev)) << ","
            << static_cast<long>(external_minor(e.dev)) << ")";
    if (e.argument) out << (e.queue ? ", argument " : "\n  its argument: ") << e.argument;
}

// What the stream head's procedure was given wrong is not the head's: whoever called it is named first.
const Entry *actor_of(const Entry *e) {
    while (e && e->outer && e->by_queue() && std::strcmp(whose(*e).name, "stream head") == 0) e = e->outer;
    return e;
}

void tell_context(Text &out, const System &system, const Entry *innermost) {
    if (const Entry *e = actor_of(innermost)) {
        const Whose who = whose(*e);
        tell_argument(out, *e);
        for (const Entry *called = innermost; called != e; called = called->outer) {
            out << "\n  in the stream head's " << name_of(called->kind) << ", which it called";
            tell_argument(out, *called);
        }
        if ((who.devflag & D_OLD) && (e->kind == EntryKind::open || e->kind == EntryKind::close)) {
            out << "\n  called as " << name_of(who.convention) << ": " << who.reason << "; if its open takes dev_t *, ";
            if (std::strncmp(who.reason, no_devflag, sizeof no_devflag - 1) == 0)
                out << "define " << who.reason + (sizeof no_devflag - 1);
            else
                out << "say so there"; // where the reason stands: a file, a flag
        }
        int depth = 0;
        for (e = e->outer; e && depth < 8; e = e->outer, ++depth)
            out << "\n  inside the " << name_of(e->kind) << " of driver " << whose(*e).name;
        if (e) out << "\n  and more";
    }
    const Call *call = system.running;
    if (call) out << "\n  for the call " << call->name;
    const Caller *process = call ? call->process : system.on_main;
    if (process) out << (call ? " of process " : "\n  for process ") << static_cast<long>(process->pid);
    bool first = true;
    system.trace.for_each_kept([&](const Kept &k) {
        if (first) out << "\n  before that:";
        first = false;
        out << "\n    " << static_cast<long>(k.sequence) << " " << name_of(kind_of(k.event)) << " " << k.name << (*k.name && *k.what ? ": " : "")
            << k.what;
        if (k.error) out << ", error " << static_cast<long>(k.error);
        if (*k.clause) out << "  " << k.clause;
    });
    if (!system.trace.kept_any()) out << "\n  RILL_RECORDS=on in the environment tells what came before that";
    out << "\n";
}

// "fault: driver echo, put procedure: "
void tell_whose(Text &out, const Entry *innermost) {
    if (const Entry *e = actor_of(innermost)) out << "fault: driver " << whose(*e).name << ", " << name_of(e->kind) << ": ";
    else out << "rill: outside every driver's procedure: ";
}

// What is already written is seen before it; a stream that the signal found locked is left alone.
void flush_output() {
    if (::ftrylockfile(stdout) != 0) return;
    ::fflush_unlocked(stdout);
    ::funlockfile(stdout);
}

// --- where and why ---

struct Place {
    const char *pc = nullptr, *sp = nullptr;
    bool wrote = false, fetched = false, known = false;
};

Place place_of(const void *context) {
    Place at;
#if defined(__x86_64__)
    const auto &r = static_cast<const ucontext_t *>(context)->uc_mcontext.gregs;
    at.pc = reinterpret_cast<const char *>(r[REG_RIP]);
    at.sp = reinterpret_cast<const char *>(r[REG_RSP]);
    at.wrote = r[REG_ERR] & 2;
    at.fetched = r[REG_ERR] & 16;
    at.known = true;
#elif defined(__aarch64__)
    const auto &m = static_cast<const ucontext_t *>(context)->uc_mcontext;
    at.pc = reinterpret_cast<const char *>(m.pc);
    at.sp = reinterpret_cast<const char *>(m.sp);
#else
    (void)context;
#endif
    return at;
}

// Is it the program's own stack that has ended? Below what is mapped of it, near its pointer.
bool beyond_own_stack(const System &system, const char *address, const Place &at) {
    const auto *entry = reinterpret_cast<const char *>(system.entry);
    return at.sp && entry > at.sp && address < entry && address >= at.sp - 128 * 1024 && address < at.sp + 1024 * 1024;
}

void tell_cause(Text &out, int sig, const siginfo_t *info, const Place &at) {
    const auto *address = static_cast<const char *>(info->si_addr);
    const bool sent = info->si_code <= 0;
    tell_signal(out, sig);
    if (sent) out << (sig == SIGABRT ? ": it aborted" : ", sent by a process");
    else if (sig == SIGFPE) out << ": it divided by zero, or a quotient was too large";
    else if (sig == SIGILL) out << ": no instruction";
    else if (at.fetched || at.pc == address) out << ": it jumped to address " << static_cast<const void *>(address) << ", where there is no code";
    else if (sig == SIGBUS) out << ": address " << static_cast<const void *>(address) << " has no memory behind it, or is not aligned";
    else if (info->si_code == SI_KERNEL) out << ": it used an address that no process has";
    else out << (!at.known  ? ": it used address "
                 : at.wrote ? ": it wrote to address "
                            : ": it read address ")
             << static_cast<const void *>(address);
    if (at.pc && at.pc != address) out << ", at instruction " << static_cast<const void *>(at.pc);
}

void tell_why(Text &out, System &system, int sig, const siginfo_t *info, const Place &at) {
    const auto *address = static_cast<const char *>(info->si_addr);
    const bool sent = info->si_code <= 0;
    if ((sig == SIGSEGV || sig == SIGBUS) && !sent) {
        constexpr std::size_t largest_frame = 1u << 30; // its first write may be far below the guard
        if (const Call *call = system.running;
            call && (call->in_guard(address) || (call->is_below(at.sp, largest_frame) && call->is_below(address, largest_frame)))) {
            out << "its stack of " << static_cast<long>(system.running->stack_size())
                << " bytes has overflowed; RILL_STACK=BYTES in the environment makes it larger (UTL-084)";
            return;
        }
        if (!system.running && beyond_own_stack(system, address, at)) {
            rlimit limit{};
            ::getrlimit(RLIMIT_STACK, &limit);
            out << "the program's stack, on which it runs, has overflowed";
            if (limit.rlim_cur != RLIM_INFINITY && ::getpid() == ::gettid())
                out << "; it has " << static_cast<long>(limit.rlim_cur) << " bytes (ulimit -s)";
            out << " (UTL-084)";
            return;
        }
    }
    tell_cause(out, sig, info, at);
    out << " (UTL-080)";
}

// How the innermost procedure ends the process, in between whose it is and where it was.
template <class F> void tell_of_procedure(const System &system, F &&how) {
    flush_output();
    Text out;
    tell_whose(out, system.entry);
    how(out);
    tell_context(out, system, system.entry);
    out.tell();
}

void tell(System &system, int sig, const siginfo_t *info, const void *context) {
    flush_output();
    Text out;
    const Place at = place_of(context);
    if (crashed_in_copy(context)) out << "rill: while the data of a message was moved to or from the application: ";
    else tell_whose(out, system.entry);
    tell_why(out, system, sig, info, at);
    tell_context(out, system, system.entry);
    out.tell();
}

// --- threads of the program's own ---

// Reads /proc/self/maps for the object that an instruction is in: "from-to rwxp offset device inode   path".
class Maps {
public:
    ~Maps() {
        if (fd_ >= 0) ::close(fd_);
    }
    // Its path, and how far in; false: none.
    bool find(const char *pc, char (&path)[1024], unsigned long *offset) {
        const auto at = reinterpret_cast<std::uintptr_t>(pc);
        while (next_line()) {
            char *rest = line_;
            const std::uintptr_t from = hex(&rest), to = hex(&rest);
            if (at < from || at >= to) continue;
            while (*rest && *rest++ != ' ') {} // rwxp
            *offset = at - from + hex(&rest);
            const char *name = std::strchr(rest, '/');
            if (!name) return false;
            copy_text(path, name);
            return true;
        }
        return false;
    }

private:
    static unsigned long hex(char **rest) {
        const unsigned long value = std::strtoul(*rest, rest, 16);
        if (**rest) ++*rest;
        return value;
    }
    bool next_line() {
        for (std::size_t n = 0;;) {
            if (next_ == end_) {
                const ssize_t got = fd_ < 0 ? 0 : ::read(fd_, text_, sizeof text_);
                if (got <= 0) return false;
                next_ = text_;
                end_ = text_ + got;
            }
            const char c = *next_++;
            line_[n] = 0;
            if (c == '\n') return true;
            if (n + 1 < sizeof line_) line_[n++] = c;
        }
    }
    int fd_ = ::open("/proc/self/maps", O_RDONLY | O_CLOEXEC);
    char text_[1024], line_[1024];
    char *next_ = text_, *end_ = text_;
};

// A driver's own, most likely: nothing tells whose, but where its code lies.
void tell_of_thread(int sig, const siginfo_t *info, const void *context) {
    const Place at = place_of(context);
    char path[1024];
    unsigned long offset = 0;
    flush_output();
    Text out;
    out << "rill: in a thread of the program's own, outside every System's procedures: ";
    tell_cause(out, sig, info, at);
    if (at.pc && Maps().find(at.pc, path, &offset)) out << ", in " << path << " at " << reinterpret_cast<const void *>(offset);
    out << " (UTL-090)\n";
    out.tell();
}

// --- the handlers ---

constexpr int signals[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT};
constexpr int signal_count = std::size(signals), most_before = 4;

// Who handled it before us: several, when the program puts in another after we came. Not the masks: libc leaves old words
// of its stack there, which may look like pointers.
struct Before {
    struct {
        int flags;
        void (*action)(int, siginfo_t *, void *);
    } all[most_before];
    int count;
} before[signal_count];

std::mutex lock;
int systems = 0;
constinit thread_local bool telling = false;
constinit thread_local int handing_on = 0; // to which of those before us, from 1

void end_by(int sig, const siginfo_t *info) {
    Scratch::remove_all();
    ::signal(sig, SIG_DFL);
    if (info->si_code <= 0) ::raise(sig); // else the instruction runs again and ends the program as it would have
}

const Before &before_us(int sig) {
    const Before *whose = before;
    while (signals[whose - before] != sig) ++whose;
    return *whose;
}

void hand_on(int sig, siginfo_t *info, void *context) {
    const Before &those = before_us(sig);
    const int next = handing_on ? handing_on - 1 : those.count;
    if (next == 0) return end_by(sig, info);
    const auto &b = those.all[next - 1];
    const int outer = handing_on;
    handing_on = next;
    if (b.flags & SA_SIGINFO) {
        b.action(sig, info, context);
    } else {
        auto *handler = reinterpret_cast<void (*)(int)>(reinterpret_cast<void *>(b.action));
        if (handler == SIG_DFL || handler == SIG_IGN) end_by(sig, info);
        else handler(sig);
    }
    handing_on = outer;
}

// Does the signal end the process, or has the program a handler for it?
bool is_ours_alone(int sig) {
    const Before &those = before_us(sig);
    return those.count == 0 || (!(those.all[those.count - 1].flags & SA_SIGINFO) && !those.all[those.count - 1].action);
}

void on_signal(int sig, siginfo_t *info, void *context) {
    const int saved = errno;
    if ((sig == SIGSEGV || sig == SIGBUS) && end_copy(info, context)) return;
    if (!current && !handing_on && ::gettid() != ::getpid() && is_ours_alone(sig)) { // the program's first thread is its own affair (UTL-087)
        handing_on = 1;
        tell_of_thread(sig, info, context);
        return end_by(sig, info);
    }
    if (current && !handing_on) {
        if (telling) {
            Text out;
            out << "rill: nothing more can be told: ";
            tell_signal(out, sig);
            out << " again\n";
            out.tell();
            return end_by(sig, info);
        }
        telling = true;
        tell(*current, sig, info, context);
        telling = false;
    }
    hand_on(sig, info, context);
    errno = saved;
}

void put_in(int i) {
    struct sigaction now = {}, ours = {};
    ::sigaction(signals[i], nullptr, &now);
    if ((now.sa_flags & SA_SIGINFO) && now.sa_sigaction == on_signal) return;
    Before &b = before[i];
    if (b.count == most_before) --b.count;
    b.all[b.count].flags = now.sa_flags;
    b.all[b.count++].action = now.sa_sigaction;
    ours.sa_sigaction = on_signal;
    ours.sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER;
    ::sigaction(signals[i], &ours, nullptr);
}

void take_out(int i) {
    struct sigaction now = {}, theirs = {};
    ::sigaction(signals[i], nullptr, &now);
    Before &b = before[i];
    if (!(now.sa_flags & SA_SIGINFO) || now.sa_sigaction != on_signal || b.count == 0) return;
    theirs.sa_flags = b.all[b.count - 1].flags;
    theirs.sa_sigaction = b.all[b.count - 1].action;
    ::sigaction(signals[i], &theirs, nullptr);
    b.count = 0;
}

// --- exit() ---

void at_exit(int status, void *) {
    Scratch::remove_all();
    if (!current || !current->entry) return;
    tell_of_procedure(*current, [&](Text &out) { out << "it ended the process by exit(" << static_cast<long>(status) << ") (UTL-081)"; });
    current = nullptr;
    if (status == 0) std::exit(EXIT_FAILURE); // glibc goes on with the handlers that are left
}

// --- fork() ---

// A procedure has made a copy of the process, in which it goes on as well. That is no kernel's way to do anything: it is
// named, and the copy ends with the thread it was made by (UTL-098).
volatile pid_t maker = 0;
void before_fork() { maker = ::getpid(); }
void forked_in_parent() {
    if (!current || !current->entry || telling) return;
    current->fault("UTL-098", "it forked the process: the copy, in which it runs as well, is ended with this one");
}
void forked_in_child() {
    if (!current || !current->entry) return;
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (::getppid() != maker) ::raise(SIGKILL); // it has ended before it could be asked for
}

// --- the stack of the handler ---

struct AlternateStack {
    void *memory = nullptr;
    static constexpr std::size_t bytes = 64 * 1024;
    void have() {
        stack_t now{};
        if (::sigaltstack(nullptr, &now) != 0 || !(now.ss_flags & SS_DISABLE)) return;
        if (!memory) memory = ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
        if (memory == MAP_FAILED) {
            memory = nullptr;
            return;
        }
        stack_t ours{};
        ours.ss_sp = memory;
        ours.ss_size = bytes;
        ::sigaltstack(&ours, nullptr);
    }
    ~AlternateStack() {
        if (!memory) return;
        stack_t now{}, none{};
        none.ss_flags = SS_DISABLE;
        if (::sigaltstack(nullptr, &now) == 0 && now.ss_sp == memory && ::sigaltstack(&none, nullptr) != 0) return;
        ::munmap(memory, bytes);
    }
};
thread_local AlternateStack alternate_stack;

// --- procedures that do not return ---

// A thread of its own looks once a second, so that nothing disturbs the driver's calls of the host before its time is up.
// It reads the watched thread through the kernel, and counts its looks: the time in which the process was stopped, by a
// debugger or a terminal, is no driver's. When the time is up the watched thread is told to tell.
struct Watch {
    bool on = false;
    pid_t process = 0; // whose watcher it is: not a forked copy's
    pthread_t watcher{};
    sem_t enough; // posted to end it
    unsigned seconds = 0;
    pid_t thread = 0;
    System **current = nullptr; // the watched thread's
    std::atomic<const Entry *> outermost{nullptr};
    std::atomic<long> processor{0}; // milliseconds, when it was first seen
    clockid_t clock{};              // of the watched thread
} watch;

constexpr int looks_to_answer = 3;

long milliseconds_of(clockid_t clock) {
    timespec t{};
    ::clock_gettime(clock, &t);
    return t.tv_sec * 1000 + t.tv_nsec / 1'000'000;
}

bool has_been_busy() { // on a machine that has other work too
    return (milliseconds_of(watch.clock) - watch.processor.load(std::memory_order_relaxed)) * 4 >= watch.seconds * 1000L;
}

// It has work to do, and the host has not let it: its time is not up.
bool starves() {
    if (has_been_busy()) return false;
    char name[64], text[512];
    std::snprintf(name, sizeof name, "/proc/self/task/%d/stat", watch.thread);
    const int fd = ::open(name, O_RDONLY | O_CLOEXEC);
    const ssize_t n = fd < 0 ? 0 : ::read(fd, text, sizeof text - 1);
    if (fd >= 0) ::close(fd);
    text[n > 0 ? n : 0] = 0;
    const char *behind = std::strrchr(text, ')'); // of its name
    return behind && behind[1] == ' ' && behind[2] == 'R';
}

[[noreturn]] void end_hung(System &system) {
    tell_of_procedure(system, [](Text &out) {
        out << (has_been_busy() ? "it loops: it has kept the processor busy for " : "it has not returned for ")
            << static_cast<long>(watch.seconds) << " seconds (UTL-089)";
    });
    Scratch::remove_all();
    ::signal(SIGABRT, SIG_DFL);
    for (;;) ::abort();
}

void on_late(int, siginfo_t *, void *) {
    const int saved = errno;
    const Entry *outermost = current ? current->entry : nullptr;
    while (outermost && outermost->outer) outermost = outermost->outer;
    if (outermost && outermost == watch.outermost.load(std::memory_order_acquire)) end_hung(*current);
    errno = saved;
}

// What runs there now, as one sees it who does not disturb it.
struct Look {
    System *system = nullptr;
    const Entry *outermost = nullptr;
    Scheduler::Stamp stamp{};
    bool operator==(const Look &) const = default;
};

Look look() {
    Look now;
    const Entry *entry = nullptr;
    if (!peek(&now.system, watch.current) || !now.system || !peek(&entry, &now.system->entry)) return {};
    for (int depth = 0; entry && depth < 100'000; ++depth) {
        now.outermost = entry;
        // The thread goes on meanwhile: what is read may be no entry any more, and its address any number.
        if (!peek(&entry, reinterpret_cast<const char *>(entry) + offsetof(Entry, outer))) return {};
    }
    alignas(Scheduler) unsigned char bytes[sizeof(Scheduler)];
    if (!peek(static_cast<void *>(bytes), &now.system->sched, sizeof bytes)) return {};
    now.stamp = reinterpret_cast<const Scheduler *>(bytes)->stamp();
    return now;
}

void *keep_watch(void *) {
    Look before;
    unsigned looks = 0;
    for (;;) {
        timespec until{};
        ::clock_gettime(CLOCK_MONOTONIC, &until);
        ++until.tv_sec;
        int posted;
        while ((posted = ::sem_clockwait(&watch.enough, CLOCK_MONOTONIC, &until)) != 0 && errno == EINTR) {}
        if (posted == 0) return nullptr;
        const Look now = look();
        if (!now.outermost || !(now == before)) {
            before = now;
            looks = 0;
            watch.processor.store(milliseconds_of(watch.clock), std::memory_order_relaxed);
            watch.outermost.store(now.outermost, std::memory_order_release);
            continue;
        }
        if (looks + 1 >= watch.seconds && starves()) continue;
        if (++looks < watch.seconds) continue;
        if (looks < watch.seconds + looks_to_answer)
            ::syscall(SYS_tgkill, ::getpid(), watch.thread, SIGVTALRM);
        else // it does not hear signals
            end_hung(*now.system);
    }
}

} // namespace

// Is the handler still in place? Puts it back if not (UTL-086).
static void keep_crash_handler() {
    std::lock_guard guard(lock);
    for (int i = 0; i < 2; ++i) put_in(i);
}

void arm_crash_handler() {
    std::lock_guard guard(lock);
    keep_fault_handler.store(keep_crash_handler, std::memory_order_relaxed);
    for (int i = 0; i < signal_count; ++i) put_in(i);
    if (systems++ == 0) {
        static const bool registered = ::on_exit(at_exit, nullptr) == 0 && ::pthread_atfork(before_fork, forked_in_parent, forked_in_child) == 0;
        (void)registered;
    }
    arm_thread();
}

void disarm_crash_handler() {
    std::lock_guard guard(lock);
    if (--systems > 0) return;
    for (int i = 0; i < signal_count; ++i) take_out(i);
}

void arm_thread() { alternate_stack.have(); }

void tell_own_signal(int sig, const siginfo_t *info) {
    if (!current || !current->entry || telling || info->si_code > 0 || info->si_pid != ::getpid()) return;
    telling = true;
    tell_of_procedure(*current, [&](Text &out) {
        out << "it sent its own process ";
        tell_signal(out, sig);
        out << " (UTL-097)";
    });
    telling = false;
}

void watch_procedures(unsigned seconds) {
    if (watch.on && watch.process == ::getpid()) {
        ::sem_post(&watch.enough);
        ::pthread_join(watch.watcher, nullptr);
    }
    watch.on = false;
    if (!seconds) return;
    watch.process = ::getpid();
    watch.seconds = seconds;
    watch.thread = ::gettid();
    watch.current = &current;
    if (::pthread_getcpuclockid(::pthread_self(), &watch.clock) != 0) return;
    struct sigaction action {};
    action.sa_sigaction = on_late;
    action.sa_flags = SA_SIGINFO | SA_ONSTACK | SA_RESTART;
    ::sigaction(SIGVTALRM, &action, nullptr);
    sigset_t all, old;
    ::sigfillset(&all);
    ::pthread_sigmask(SIG_SETMASK, &all, &old); // signals to the process are for the program's threads
    ::sem_init(&watch.enough, 0, 0);
    pthread_attr_t attributes;
    ::pthread_attr_init(&attributes);
    ::pthread_attr_setstacksize(&attributes, std::size_t{256} * 1024);
    watch.on = ::pthread_create(&watch.watcher, &attributes, keep_watch, nullptr) == 0;
    ::pthread_attr_destroy(&attributes);
    ::pthread_sigmask(SIG_SETMASK, &old, nullptr);
}

} // namespace rill
