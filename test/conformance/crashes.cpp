// A driver that ends the process, or never ends itself: it is named, with the procedure and what that was called with.
// What ends a process happens in a child of the test; what the handler wrote there on stderr, and how the child ended, is
// looked at here.
#include "test/streamio.hpp"

#include "streams/queue/crash.hpp"

#include <csetjmp>
#include <csignal>
#include <poll.h>
#include <stdexcept>
#include <sys/cmn_err.h>
#include <sys/ddi.h>
#include <sys/kmem.h>
#include <sys/ksynch.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

using namespace rill;
using namespace rill::test;

namespace {

struct Ended {
    int signal = 0, status = -1;
    std::string told;
    bool tells(std::string_view text) const { return told.find(text) != std::string::npos; }
};

// Runs body in a child without the test framework's handlers, as a program of its own would be.
template <class F> Ended in_child(F &&body) {
    int ends[2];
    REQUIRE(::pipe(ends) == 0);
    std::fflush(nullptr);
    const pid_t pid = ::fork();
    REQUIRE(pid >= 0);
    if (pid == 0) {
        for (int sig : {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT}) ::signal(sig, SIG_DFL);
        const rlimit no_core{};
        ::setrlimit(RLIMIT_CORE, &no_core);
        ::dup2(ends[1], STDERR_FILENO);
        ::close(ends[0]);
        ::close(ends[1]);
        ::dup2(STDERR_FILENO, STDOUT_FILENO);
        body();
        ::_exit(0);
    }
    ::close(ends[1]);
    Ended ended;
    char buffer[4096];
    for (ssize_t n; (n = ::read(ends[0], buffer, sizeof buffer)) > 0;) ended.told.append(buffer, static_cast<std::size_t>(n));
    ::close(ends[0]);
    int status = 0;
    REQUIRE(::waitpid(pid, &status, 0) == pid);
    if (WIFSIGNALED(status)) ended.signal = WTERMSIG(status);
    else ended.status = WEXITSTATUS(status);
    return ended;
}

// A System with one driver, which the case makes bad.
struct Rig {
    Fixture f;
    Probe &d;
    explicit Rig(Tunables tunables = {}, int devflag = D_NEW | D_MP) : f(nullptr, tunables), d(f.driver("sick", 61, 4, devflag)) {
        f.node("/dev/sick", makedevice(61, 0));
    }
    // One write to a driver whose write put procedure does this.
    int write(std::function<void(queue_t *, mblk_t *)> wput) {
        d.on_wput = std::move(wput);
        return f.write(f.open("/dev/sick"), "hello");
    }
};

// Addresses and recursions that a compiler does not see through.
volatile int *volatile nowhere = reinterpret_cast<volatile int *>(0x10);
void (*volatile no_code)() = reinterpret_cast<void (*)()>(0x30);
volatile int zero = 0;
[[gnu::noinline]] int deep(volatile char *outer, long frames) {
    volatile char frame[1024];
    frame[0] = outer ? outer[0] : 0;
    return frames ? deep(frame, frames - 1) + frame[0] : 0;
}
constexpr long without_end = 1L << 40;

jmp_buf back;

// Under sanitizers some of these are theirs to see first: what a function pointer points at is read before the call, a
// division is looked at before it is made, and a fiber's stack left by longjmp stays poisoned.
#if defined(__SANITIZE_ADDRESS__)
#define SANITIZED 1
#elif defined(__has_feature)
#define SANITIZED __has_feature(address_sanitizer)
#else
#define SANITIZED 0
#endif
constexpr bool sanitized = SANITIZED;

} // namespace

// --- signals ---

TEST_CASE("UTL-080: a put procedure that uses a bad address is named with its queue and message, and SIGSEGV ends the process") {
    const Ended ended = in_child([] { Rig().write([](queue_t *, mblk_t *) { *nowhere = 1; }); });
    CHECK(ended.signal == SIGSEGV);
    CHECK(ended.tells("fault: driver sick, put procedure: SIGSEGV: it wrote to address 0x10, at instruction 0x"));
    CHECK(ended.tells("its argument: write queue 0x"));
    CHECK(ended.tells("(M_DATA, 5 bytes in its first block)"));
    CHECK(ended.tells("(UTL-080)"));
}

TEST_CASE("UTL-080: a jump to where there is no code is told as that") {
    const Ended ended = in_child([] { Rig().write([](queue_t *, mblk_t *) { no_code(); }); });
    CHECK(ended.signal == SIGSEGV);
    CHECK(ended.tells(sanitized ? "fault: driver sick, put procedure: SIGSEGV: it "
                                : "fault: driver sick, put procedure: SIGSEGV: it jumped to address 0x30, where there is no code"));
}

TEST_CASE("UTL-080: a division by zero, an illegal instruction and abort() are named and end the process as they would have") {
    const Ended divided = in_child([] {
        Rig().write([](queue_t *, mblk_t *) {
            if (sanitized) ::raise(SIGFPE);
            else zero = 10 / zero;
        });
    });
    CHECK(divided.signal == SIGFPE);
    CHECK(divided.tells(sanitized ? "fault: driver sick, put procedure: SIGFPE" : "fault: driver sick, put procedure: SIGFPE: it divided by zero"));
    const Ended illegal = in_child([] { Rig().write([](queue_t *, mblk_t *) { ::raise(SIGILL); }); });
    CHECK(illegal.signal == SIGILL);
    CHECK(illegal.tells("fault: driver sick, put procedure: SIGILL"));
    const Ended aborted = in_child([] { Rig().write([](queue_t *, mblk_t *) { std::abort(); }); });
    CHECK(aborted.signal == SIGABRT);
    CHECK(aborted.tells("fault: driver sick, put procedure: SIGABRT: it aborted"));
}

TEST_CASE("UTL-080: memory that a file no longer has behind it is SIGBUS, and named") {
    const Ended ended = in_child([] {
        char name[] = "/tmp/rill-crash-XXXXXX";
        const int fd = ::mkstemp(name);
        ::unlink(name);
        if (fd < 0 || ::ftruncate(fd, 4096) != 0) ::_exit(3);
        void *page = ::mmap(nullptr, 4096, PROT_READ, MAP_SHARED, fd, 0);
        if (::ftruncate(fd, 0) != 0) ::_exit(3);
        Rig().write([page](queue_t *, mblk_t *) { zero = *static_cast<volatile int *>(page); });
    });
    CHECK(ended.signal == SIGBUS);
    CHECK(ended.tells("fault: driver sick, put procedure: SIGBUS: address 0x"));
}

TEST_CASE("UTL-080: each kind of procedure is named: open with its device, close, service, timeout and bufcall with their argument") {
    const Ended opening = in_child([] {
        Rig r;
        r.d.on_open = [](queue_t *, dev_t *, int, int, cred_t *) { return *nowhere; };
        r.f.open("/dev/sick");
    });
    CHECK(opening.signal == SIGSEGV);
    CHECK(opening.tells("fault: driver sick, open procedure: SIGSEGV: it read address 0x10"));
    CHECK(opening.tells("its argument: read queue 0x"));
    CHECK(opening.tells(", device ("));
    CHECK(opening.tells("for the call open of process 1"));
    CHECK(!opening.tells("called as SVR3"));
    const Ended closing = in_child([] {
        Rig r;
        r.d.on_close = [](queue_t *, int, cred_t *) { return *nowhere; };
        r.f.close(r.f.open("/dev/sick"));
    });
    CHECK(closing.tells("fault: driver sick, close procedure: SIGSEGV"));
    const Ended serving = in_child([] {
        Rig r;
        r.d.give_service_procedures();
        r.d.on_wsrv = [](queue_t *) { *nowhere = 1; };
        r.write([](queue_t *q, mblk_t *mp) { putq(q, mp); });
    });
    CHECK(serving.tells("fault: driver sick, service procedure: SIGSEGV"));
    for (const bool timer : {true, false}) {
        const Ended called_back = in_child([timer] {
            Rig r;
            r.write([timer](queue_t *q, mblk_t *) {
                auto bad = [](void *) { *nowhere = 1; };
                if (timer) timeout(bad, q, 1);
                else bufcall(1, BPRI_MED, bad, q);
            });
            rill_advance(handle(r.f.system), 2);
        });
        CHECK(called_back.tells(timer ? "fault: driver sick, timeout callback: SIGSEGV" : "fault: driver sick, bufcall callback: SIGSEGV"));
        CHECK(called_back.tells("its argument: argument 0x") != called_back.tells("its argument: 0x"));
    }
}

TEST_CASE("UTL-080: an SVR3 driver whose open crashes is told the convention, and what to define") {
    const Ended ended = in_child([] {
        Rig r({}, D_OLD);
        r.d.make_old_style();
        r.d.on_old_open = [](queue_t *, dev_t dev, int, int) { return *reinterpret_cast<volatile int *>(dev & 0xff); };
        r.f.open("/dev/sick");
    });
    CHECK(ended.signal == SIGSEGV);
    CHECK(ended.tells("fault: driver sick, open procedure: SIGSEGV"));
    CHECK(ended.tells("called as SVR3: its devflag has D_OLD; if its open takes dev_t *, say so there"));
}

TEST_CASE("UTL-010: what a driver panics with is told with its end") {
    const Ended ended = in_child([] {
        Rig r;
        Recorder recorder;
        r.f.system.trace.attach(recorder);
        r.d.on_open = [](queue_t *, dev_t *, int, int, cred_t *) -> int {
            cmn_err(CE_PANIC, "no way %s\n", "on");
            return 0;
        };
        r.f.open("/dev/sick");
    });
    CHECK(ended.signal == SIGABRT);
    CHECK(ended.tells("fault: driver sick, open procedure: SIGABRT"));
    CHECK(ended.tells("cmn_err(CE_PANIC): no way on"));
}

TEST_CASE("UTL-080: one that has no devflag is told which to define") {
    const Ended ended = in_child([] {
        Rig r({}, D_OLD);
        r.d.make_old_style();
        r.f.system.registry.by_name("sick")->convention_reason = "it has no sick_devflag";
        r.d.on_old_open = [](queue_t *, dev_t dev, int, int) { return *reinterpret_cast<volatile int *>(dev & 0xff); };
        r.f.open("/dev/sick");
    });
    CHECK(ended.signal == SIGSEGV);
    CHECK(ended.tells("called as SVR3: it has no sick_devflag; if its open takes dev_t *, define sick_devflag"));
}

TEST_CASE("UTL-080: inside whose procedures it was, and the last records of a trace that somebody reads") {
    const Ended ended = in_child([] {
        Rig r;
        Recorder recorder;
        r.f.module("above");
        const int fd = r.f.open("/dev/sick");
        r.f.ioctl(fd, I_PUSH, "above");
        r.f.system.trace.attach(recorder);
        r.d.on_wput = [](queue_t *, mblk_t *) { *nowhere = 1; };
        r.f.write(fd, "hello");
    });
    CHECK(ended.signal == SIGSEGV);
    CHECK(ended.tells("fault: driver sick, put procedure"));
    CHECK(ended.tells("inside the put procedure of driver above"));
    CHECK(ended.tells("before that:"));
    CHECK(ended.tells("put above: M_DATA"));
}

TEST_CASE("UTL-080: a program without a reader is told how to have the last records, and has them then") {
    const auto crash = [](bool keep) {
        Rig r;
        if (keep) r.f.system.trace.keep_last();
        const int fd = r.f.open("/dev/sick");
        r.d.on_wput = [](queue_t *, mblk_t *) { *nowhere = 1; };
        r.f.write(fd, "hello");
    };
    const Ended without = in_child([&] { crash(false); });
    CHECK(without.signal == SIGSEGV);
    CHECK(without.tells(checking ? "before that:" : "RILL_RECORDS=on in the environment tells what came before that"));
    const Ended with = in_child([&] { crash(true); });
    CHECK(with.signal == SIGSEGV);
    CHECK(with.tells("before that:"));
    CHECK(with.tells("put sick: M_DATA"));
    CHECK(!with.tells("RILL_RECORDS"));
    const Ended asked = in_child([] {
        ::setenv("RILL_RECORDS", "on", 1);
        rill_system *system = rill_system_new("irix");
        std::fprintf(stderr, "kept: %d\n", reinterpret_cast<System *>(system)->trace.on);
        rill_system_free(system);
        ::setenv("RILL_RECORDS", "maybe", 1);
        rill_system_free(rill_system_new("irix"));
    });
    CHECK(asked.tells("kept: 1"));
    CHECK(asked.tells("rill: RILL_RECORDS=maybe is neither on nor off"));
}

TEST_CASE("UTL-080: a message that is none any more does not stop the telling") {
    const Ended ended = in_child([] {
        Rig().write([](queue_t *, mblk_t *mp) {
            mp->b_datap = reinterpret_cast<dblk_t *>(0x1000);
            *nowhere = 1;
        });
    });
    CHECK(ended.signal == SIGSEGV);
    CHECK(ended.tells("(not a message any more)"));
}

TEST_CASE("UTL-087: the handler that the program had is called after the telling; it is back when the last System has ended") {
    const Ended chained = in_child([] {
        ::signal(SIGSEGV, [](int) { ::_exit(17); });
        Rig().write([](queue_t *, mblk_t *) { *nowhere = 1; });
    });
    CHECK(chained.status == 17);
    CHECK(chained.tells("fault: driver sick, put procedure: SIGSEGV"));
    const Ended gone = in_child([] {
        auto handler = [](int) { ::_exit(18); };
        ::signal(SIGSEGV, handler);
        rill_system *one = rill_system_new(nullptr), *two = rill_system_new(nullptr);
        struct sigaction now {};
        rill_system_free(one);
        ::sigaction(SIGSEGV, nullptr, &now);
        if (now.sa_handler == handler) ::_exit(1);
        rill_system_free(two);
        ::sigaction(SIGSEGV, nullptr, &now);
        ::_exit(now.sa_handler == handler ? 0 : 2);
    });
    CHECK(gone.status == 0);
}

TEST_CASE("UTL-087: a program that crashes by itself is none of rill's business") {
    const Ended ended = in_child([] {
        Fixture f;
        *nowhere = 1;
    });
    CHECK(ended.signal == SIGSEGV);
    CHECK(!ended.tells("rill"));
    CHECK(!ended.tells("fault: driver"));
}

// --- whose it was ---

TEST_CASE("ALC-043: a crash in a free routine names the driver that called esballoc, when the application reads and when the head is flushed") {
    for (const bool flushed : {true, false}) {
        CAPTURE(flushed);
        const Ended ended = in_child([flushed] {
            static unsigned char buffer[4];
            frtn_t routine{[](char *) { *nowhere = 1; }, nullptr};
            Rig r;
            r.d.on_wput = [&](queue_t *q, mblk_t *mp) {
                if (mp->b_datap->db_type != M_DATA) return r.d.standard_put(q, mp);
                mblk_t *own = esballoc(buffer, sizeof buffer, BPRI_MED, &routine);
                own->b_wptr += sizeof buffer;
                qreply(q, own);
            };
            const int fd = r.f.open("/dev/sick");
            r.f.write(fd, "hello");
            if (flushed) r.f.ioctl(fd, I_FLUSH, FLUSHR);
            else r.f.read(fd);
        });
        CHECK(ended.signal == SIGSEGV);
        CHECK(ended.tells("fault: driver sick, free routine: SIGSEGV"));
    }
}

TEST_CASE("UTL-091: a crash in the stream head's procedure names who called it first, and what it was called with") {
    const Ended ended = in_child([] {
        Rig r;
        r.write([](queue_t *q, mblk_t *) {
            timeout(
                [](void *rq) {
                    mblk_t *mp = allocb(4, BPRI_MED);
                    mp->b_datap = reinterpret_cast<dblk_t *>(0x10);
                    putnext(static_cast<queue_t *>(rq), mp);
                },
                RD(q), 1);
        });
        rill_advance(handle(r.f.system), 2);
    });
    CHECK(ended.signal == SIGSEGV);
    CHECK(ended.tells("fault: driver sick, timeout callback: SIGSEGV"));
    CHECK((checking || ended.tells("in the stream head's put procedure, which it called\n  its argument: read queue 0x")));
}

TEST_CASE("UTL-080: a driver's unload routine is named as that") {
    const Ended ended = in_child([] {
        Rig r;
        rill_driver_start(handle(r.f.system), "sick", nullptr, [] { *nowhere = 1; });
    });
    CHECK(ended.signal == SIGSEGV);
    CHECK(ended.tells("fault: driver sick, unload routine: SIGSEGV"));
}

TEST_CASE("UTL-090: a thread that a driver has made crashes: told as that, with the object that it crashed in; a program's own handler is left to it") {
    for (const bool handled : {false, true}) {
        CAPTURE(handled);
        const Ended ended = in_child([handled] {
            if (handled) ::signal(SIGSEGV, [](int) { ::_exit(17); });
            Rig r;
            r.d.on_open = [](queue_t *, dev_t *, int, int, cred_t *) {
                pthread_t thread;
                ::pthread_create(
                    &thread, nullptr,
                    [](void *) -> void * {
                        *nowhere = 1;
                        return nullptr;
                    },
                    nullptr);
                ::pthread_join(thread, nullptr);
                return 0;
            };
            r.f.open("/dev/sick");
        });
        CHECK(ended.signal == (handled ? 0 : SIGSEGV));
        CHECK(ended.tells("rill: in a thread of the program's own, outside every System's procedures: SIGSEGV: it wrote to address 0x10, at instruction 0x") == !handled);
        CHECK(ended.tells("rill-tests at 0x") == !handled);
        CHECK(ended.tells("(UTL-090)") == !handled);
        if (handled) CHECK(ended.status == 17);
    }
}

// --- exit ---

TEST_CASE("UTL-081: a driver that calls exit() is named, and the process does not end with status 0") {
    const Ended well = in_child([] { Rig().write([](queue_t *, mblk_t *) { std::exit(0); }); });
    CHECK(well.signal == 0);
    CHECK(well.status != 0);
    CHECK(well.tells("fault: driver sick, put procedure: it ended the process by exit(0) (UTL-081)"));
    const Ended ill = in_child([] { Rig().write([](queue_t *, mblk_t *) { std::exit(7); }); });
    CHECK(ill.status == 7);
    CHECK(ill.tells("exit(7) (UTL-081)"));
}

TEST_CASE("UTL-098: a procedure that forks the process is a fault, and the copy ends with its maker") {
    const Ended ended = in_child([] {
        Rig r;
        pid_t copy = 0;
        r.write([&](queue_t *, mblk_t *mp) {
            copy = ::fork();
            if (copy == 0)
                for (;;) ::pause();
            freemsg(mp);
        });
        const auto &faults = r.f.system.faults;
        std::fprintf(stderr, "%zu fault %s, %s, %s\n", faults.size(), faults.at(0).driver.c_str(), faults.at(0).entry.c_str(), faults.at(0).rule.c_str());
        std::fprintf(stderr, "copy %d\n", copy);
    });
    CHECK(ended.status == 0);
    CHECK(ended.tells("1 fault sick, put procedure, UTL-098"));
    // The pipe on which that was told is closed by all who had it: the copy is gone as well, or this would not be reached.
}

TEST_CASE("UTL-097: a procedure that sends its own process a signal is named to who handles it") {
    const Ended ended = in_child([] {
        struct sigaction action {};
        action.sa_flags = SA_SIGINFO;
        action.sa_sigaction = [](int sig, siginfo_t *info, void *) {
            tell_own_signal(sig, info);
            ::signal(sig, SIG_DFL);
            ::raise(sig);
        };
        ::sigaction(SIGUSR1, &action, nullptr);
        Rig r;
        r.write([](queue_t *, mblk_t *) { ::raise(SIGUSR1); });
    });
    CHECK(ended.signal == SIGUSR1);
    CHECK(ended.tells("fault: driver sick, put procedure: it sent its own process SIGUSR1 (UTL-097)"));
}

// --- ways out that are none ---

TEST_CASE("UTL-082: a put procedure left by longjmp is named at the next call, and the System goes on") {
    Rig r;
    r.d.on_wput = [](queue_t *, mblk_t *mp) {
        freemsg(mp);
        longjmp(back, 1);
    };
    const int fd = r.f.open("/dev/sick");
    if (setjmp(back) == 0) {
        r.f.write(fd, "hello");
        FAIL("the procedure came back");
    }
    r.d.on_wput = nullptr;
    CHECK(r.f.write(fd, "hello") == 5);
    CHECK(r.f.read(fd) == "hello");
    REQUIRE(r.f.system.faults.size() == 1);
    CHECK(r.f.system.faults.back().driver == "sick");
    CHECK(r.f.system.faults.back().what == "it was left by longjmp");
    CHECK(r.f.took_fault("UTL-082") == 1);
    CHECK(current == nullptr);
}

#if !SANITIZED
TEST_CASE("UTL-082: an open procedure left by longjmp, stack and all, is named, and other devices can be opened") {
    const Ended ended = in_child([] {
        Rig r;
        r.f.system.console_sink = nullptr;
        r.f.driver("well", 62);
        r.f.node("/dev/well", makedevice(62, 0));
        r.d.on_open = [](queue_t *, dev_t *, int, int, cred_t *) -> int { longjmp(back, 1); };
        if (setjmp(back) == 0) r.f.open("/dev/sick");
        const int fd = r.f.open("/dev/well");
        ::_exit(fd >= 0 && r.f.write(fd, "hello") == 5 && r.f.read(fd) == "hello" ? 0 : 1);
    });
    CHECK(ended.status == 0);
    CHECK(ended.tells("fault: driver sick, open procedure: it was left by longjmp (UTL-082)"));
}
#endif

TEST_CASE("UTL-083: a C++ exception out of an open: a fault that names the driver, EIO, nothing left") {
    Rig r;
    r.d.on_open = [](queue_t *, dev_t *, int, int, cred_t *) -> int { throw std::runtime_error("no such unit"); };
    CHECK(r.f.open("/dev/sick") == -EIO);
    REQUIRE(r.f.system.faults.size() == 1);
    CHECK(r.f.system.faults.back().driver == "sick");
    CHECK(r.f.system.faults.back().entry == "open procedure");
    CHECK(r.f.system.faults.back().what == "it was left by a C++ exception: no such unit");
    CHECK(r.f.took_fault("UTL-083") == 1);
    r.d.on_open = nullptr;
    CHECK(r.f.open("/dev/sick") >= 0);
}

TEST_CASE("UTL-083: exceptions out of put, service, close and callbacks cross nobody else's frame") {
    Rig r;
    Probe &above = r.f.module("above");
    bool came_back = false;
    above.on_wput = [&](queue_t *q, mblk_t *mp) {
        putnext(q, mp);
        came_back = true;
    };
    r.d.give_service_procedures();
    r.d.on_wsrv = [](queue_t *q) {
        while (mblk_t *mp = getq(q)) freemsg(mp);
        throw 1;
    };
    const int fd = r.f.open("/dev/sick");
    CHECK(r.f.ioctl(fd, I_PUSH, "above") == 0);
    r.d.on_wput = [](queue_t *q, mblk_t *mp) {
        putq(q, mp);
        throw 2;
    };
    r.d.on_close = [&](queue_t *q, int flag, cred_t *cred) -> int {
        r.d.standard_close(q, flag, cred);
        timeout([](void *) { throw 3; }, nullptr, 1);
        throw 4;
    };
    CHECK(r.f.write(fd, "hello") == 5);
    CHECK(came_back);
    CHECK(r.f.took_fault("UTL-083") == 2);
    CHECK(r.f.close(fd) == 0);
    CHECK(r.f.took_fault("UTL-083") == 1);
    rill_advance(handle(r.f.system), 2);
    CHECK(r.f.took_fault("UTL-083") == 1);
    CHECK(current == nullptr);
    CHECK(r.f.system.entry == nullptr);
}

// --- stacks ---

TEST_CASE("UTL-084: an open procedure that overflows its stack is told so, with the size and what sets it") {
    const Ended ended = in_child([] {
        Tunables tunables;
        tunables.stack = 64 * 1024;
        Rig r(tunables);
        r.d.on_open = [](queue_t *, dev_t *, int, int, cred_t *) { return deep(nullptr, without_end); };
        r.f.open("/dev/sick");
    });
    CHECK(ended.signal == SIGSEGV);
    CHECK(ended.tells("fault: driver sick, open procedure: its stack of 65536 bytes has overflowed; RILL_STACK=BYTES in the "
                      "environment makes it larger (UTL-084)"));
}

TEST_CASE("UTL-084: an array that is larger than the stack does not reach another call's memory") {
    const Ended ended = in_child([] {
        Rig r;
        r.d.on_open = [](queue_t *, dev_t *, int, int, cred_t *) {
            volatile char large[600 * 1024];
            large[0] = 1;
            return static_cast<int>(large[0]) - 1;
        };
        r.f.open("/dev/sick");
    });
    CHECK(ended.signal == SIGSEGV);
    CHECK(ended.tells("its stack of 262144 bytes has overflowed"));
    const Ended farther = in_child([] {
        Rig r;
        r.d.on_open = [](queue_t *, dev_t *, int, int, cred_t *) {
            volatile char large[5 * 1024 * 1024];
            large[2 * 1024 * 1024] = 1;
            return static_cast<int>(large[2 * 1024 * 1024]) - 1;
        };
        r.f.open("/dev/sick");
    });
    CHECK(farther.signal == SIGSEGV);
    CHECK(farther.tells("its stack of 262144 bytes has overflowed"));
}

TEST_CASE("UTL-084: RILL_STACK is the size; a put procedure that runs on the program's own stack is told that") {
    const Ended large = in_child([] {
        ::setenv("RILL_STACK", "4M", 1);
        rill_system *system = rill_system_new(nullptr);
        ::_exit(reinterpret_cast<System *>(system)->tunables.stack == 4 << 20 ? 0 : 1);
    });
    CHECK(large.status == 0);
    for (const char *wrong : {"", "x", "4K", "4Q", "99999999999M"}) {
        CAPTURE(wrong);
        const Ended refused = in_child([wrong] {
            ::setenv("RILL_STACK", wrong, 1);
            rill_system *system = rill_system_new(nullptr);
            ::_exit(reinterpret_cast<System *>(system)->tunables.stack == 256 << 10 ? 0 : 1);
        });
        CHECK(refused.status == 0);
        CHECK(refused.tells("is no size from 16K to 1024M"));
    }
    const Ended own = in_child([] { Rig().write([](queue_t *, mblk_t *) { deep(nullptr, without_end); }); });
    CHECK(own.signal == SIGSEGV);
    CHECK(own.tells("fault: driver sick, put procedure: the program's stack, on which it runs, has overflowed"));
}

// --- bad addresses: whose ---

TEST_CASE("UTL-086: EFAULT for the application's bad address, also after the program has put in a SIGSEGV handler of its own") {
    const Ended ended = in_child([] {
        Rig r;
        const int fd = r.f.open("/dev/sick");
        auto write = [&](long address) { return outcome(static_cast<int>(rill_write(handle(r.f.root), fd, reinterpret_cast<void *>(address), 8))); };
        for (const long address : {0L, 16L, 0x7fff00000000L, static_cast<long>(0xdead000000000000)}) {
            ::signal(SIGSEGV, [](int) { ::_exit(20); });
            if (write(address) != -EFAULT) ::_exit(1);
            if (write(address) != -EFAULT) ::_exit(2);
        }
        r.d.on_wput = [](queue_t *, mblk_t *) { *nowhere = 1; };
        r.f.write(fd, "hello");
    });
    CHECK(ended.status == 20); // its own handler has the honest crash
    CHECK(ended.tells("fault: driver sick, put procedure: SIGSEGV: it wrote to address 0x10"));
}

TEST_CASE("UTL-086: a path name at a bad address, or one that runs into one: EFAULT; one without an end is too long") {
    Fixture f;
    f.node("/dev/there", f.clone(61));
    rill_proc *p = handle(f.root);
    Page none;
    struct stat st {};
    std::vector<char> pages(3 * Page::size, 'a');
    char *edge = static_cast<char *>(::mmap(nullptr, 2 * Page::size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    REQUIRE(::mprotect(edge + Page::size, Page::size, PROT_NONE) == 0);
    char *runs_out = edge + Page::size - 4, *fits = edge + Page::size - 5;
    std::memcpy(fits, "/dev", 5);
    CHECK(rill_stat(p, fits, &st) == 0);
    std::memcpy(runs_out, "/dev", 4);
    for (const char *bad : {static_cast<const char *>(none.at()), static_cast<const char *>(runs_out), reinterpret_cast<const char *>(16)}) {
        CHECK(f.open(bad) == -EFAULT);
        CHECK(outcome(rill_stat(p, bad, &st)) == -EFAULT);
        CHECK(outcome(rill_unlink(p, bad)) == -EFAULT);
        CHECK(outcome(rill_mknod(p, bad, S_IFCHR | 0666, f.clone(61))) == -EFAULT);
    }
    CHECK(f.open(pages.data()) == -ENAMETOOLONG);
    ::munmap(edge, 2 * Page::size);
}

TEST_CASE("UTL-086: a bad address at the other side of a copy is no EFAULT: it is the driver's crash") {
    const Ended buffer = in_child([] {
        Rig r;
        r.d.on_open = [](queue_t *, dev_t *, int, int, cred_t *) {
            static int users = 1;
            return copyin(&users, const_cast<int *>(nowhere), sizeof users) ? EFAULT : 0;
        };
        if (r.f.open("/dev/sick") == -EFAULT) ::_exit(1);
    });
    CHECK(buffer.signal == SIGSEGV);
    CHECK(buffer.tells("while the data of a message was moved to or from the application: SIGSEGV: it wrote to address 0x10"));
    const Ended overflowed = in_child([] {
        Rig r;
        r.d.on_open = [](queue_t *, dev_t *, int, int, cred_t *) {
            static char users[8];
            volatile char large[400 * 1024];
            return copyin(users, const_cast<char *>(large), sizeof users) ? EFAULT : 0;
        };
        if (r.f.open("/dev/sick") == -EFAULT) ::_exit(1);
    });
    CHECK(overflowed.signal == SIGSEGV);
    CHECK(overflowed.tells("its stack of 262144 bytes has overflowed"));
}

// --- outside ---

namespace {

// Zeroed, as a driver's own locks are: each is free.
struct {
    kcondvar_t variable;
    kmutex_t mutex;
    sleep_t sleep;
    sv_t event;
    lock_t lock;
} nobodys;

} // namespace

static queue_t *no_queue() {
    static QueuePair pair; // of no stream, of no System
    return pair.read();
}

TEST_CASE("UTL-085: a DDI call outside a System says which, and stops") {
    for (auto [name, call] : {std::pair<const char *, void (*)()>{"allocb", [] { allocb(4, BPRI_MED); }},
                              {"kmem_alloc", [] { kmem_alloc(4, KM_SLEEP); }},
                              {"timeout", [] { timeout([](void *) {}, nullptr, 1); }},
                              {"bufcall", [] { bufcall(
                                                   4, BPRI_MED, [](void *) {}, nullptr); }},
                              {"testb", [] { testb(4, BPRI_MED); }},
                              {"untimeout", [] { untimeout(1); }},
                              {"wakeup", [] { wakeup(nullptr); }},
                              {"sleep", [] { rill_sleep(nullptr, 10); }},
                              {"delay", [] { delay(1); }},
                              {"cv_wait", [] { cv_wait(&nobodys.variable, &nobodys.mutex); }},
                              {"cv_timedwait_sig", [] { cv_timedwait_sig(&nobodys.variable, &nobodys.mutex, 9); }},
                              {"SLEEP_LOCK", [] { SLEEP_LOCK(&nobodys.sleep, 0); }},
                              {"SLEEP_LOCK_SIG", [] { SLEEP_LOCK_SIG(&nobodys.sleep, 0); }},
                              {"mutex_enter", [] { mutex_enter(&nobodys.mutex), mutex_enter(&nobodys.mutex); }},
                              {"SV_WAIT", [] { SV_WAIT(&nobodys.event, &nobodys.lock, 0); }},
                              {"putq", [] { putq(no_queue(), nullptr); }},
                              {"getq", [] { getq(no_queue()); }},
                              {"flushq", [] { flushq(no_queue(), FLUSHALL); }},
                              {"canput", [] { canput(no_queue()); }},
                              {"qenable", [] { qenable(no_queue()); }},
                              {"qprocson", [] { qprocson(no_queue()); }},
                              {"esballoc", [] { esballoc(nullptr, 0, BPRI_MED, nullptr); }}}) {
        CAPTURE_BINDING(name);
        const Ended ended = in_child(call);
        CHECK(ended.signal == SIGABRT);
        CHECK(ended.tells("rill: " + std::string(name) + " was called outside a System"));
        CHECK(ended.tells("rill_enter()"));
    }
}

TEST_CASE("UTL-085: inside a System, a queue that is no stream's is told as that, with whose procedure used it") {
    const Ended ended = in_child([] { Rig().write([](queue_t *, mblk_t *mp) { putq(no_queue(), mp); }); });
    CHECK(ended.signal == SIGABRT);
    CHECK(ended.tells("rill: putq was given a queue that is no stream's (UTL-085)"));
    CHECK(ended.tells("fault: driver sick, put procedure: SIGABRT"));
}

TEST_CASE("UTL-085: between rill_enter and rill_leave DDI calls work, nested too; leaving another System: EINVAL") {
    Fixture f, other;
    CHECK(rill_enter(handle(f.system)) == 0);
    mblk_t *mp = allocb(4, BPRI_MED);
    REQUIRE(mp);
    CHECK(f.system.messages.blocks() == 1);
    CHECK(rill_enter(handle(other.system)) == 0);
    freemsg(allocb(4, BPRI_MED));
    CHECK(outcome(rill_leave(handle(f.system))) == -EINVAL);
    CHECK(current == &other.system);
    CHECK(rill_leave(handle(other.system)) == 0);
    CHECK(current == &f.system);
    freemsg(mp);
    CHECK(rill_leave(handle(f.system)) == 0);
    CHECK(current == nullptr);
    CHECK(outcome(rill_leave(handle(f.system))) == -EINVAL);
    CHECK(outcome(rill_enter(nullptr)) == -EINVAL);
}

// --- no end ---

TEST_CASE("SCH-050: a service procedure that schedules itself is named and dropped; the call returns, the System goes on") {
    Tunables tunables;
    tunables.steps = 1000;
    Rig r(tunables);
    r.d.give_service_procedures();
    long runs = 0;
    r.d.on_wsrv = [&](queue_t *q) {
        ++runs;
        while (mblk_t *mp = getq(q)) freemsg(mp);
        qenable(q);
    };
    CHECK(r.write([](queue_t *q, mblk_t *mp) { putq(q, mp); }) == 5);
    CHECK(runs >= 999);
    CHECK(runs <= 1001);
    REQUIRE(r.f.system.faults.size() == 1);
    CHECK(r.f.system.faults.back().driver == "sick");
    CHECK(r.f.system.faults.back().entry == "service procedure");
    CHECK(r.f.took_fault("SCH-050") == 1);
    r.d.on_wsrv = nullptr;
    const int fd = r.f.open("/dev/sick");
    CHECK(r.f.write(fd, "again") == 5);
    CHECK(r.f.read(fd) == "again");
    CHECK(outcome(rill_budget(handle(r.f.system), 0)) == -EINVAL);
    CHECK(rill_budget(handle(r.f.system), 5) == 0);
    CHECK(r.f.system.tunables.steps == 5);
}

TEST_CASE("SCH-050: a call that waits for what never comes out of the circle fails with EDEADLK") {
    Tunables tunables;
    tunables.steps = 1000;
    Rig r(tunables);
    r.d.give_service_procedures();
    r.d.on_wsrv = [](queue_t *q) { qenable(q); };
    const int fd = r.f.open("/dev/sick");
    r.d.on_wput = [](queue_t *q, mblk_t *mp) {
        freemsg(mp);
        qenable(q);
    };
    CHECK(r.f.write(fd, "x") == 1);
    char byte;
    CHECK(outcome(static_cast<int>(rill_read(handle(r.f.root), fd, &byte, 1))) == -EDEADLK);
    CHECK(r.f.took_fault("SCH-050") == 1);
}

TEST_CASE("SCH-051: a bufcall that is made anew each time it runs is named and cancelled") {
    Tunables tunables;
    tunables.steps = 1000;
    Rig r(tunables);
    static long runs;
    static void (*again)(void *);
    runs = 0;
    again = [](void *p) {
        ++runs;
        bufcall(1, BPRI_MED, again, p);
    };
    CHECK(r.write([](queue_t *q, mblk_t *mp) {
        freemsg(mp);
        bufcall(1, BPRI_MED, again, q);
    }) == 5);
    CHECK(runs >= 999);
    CHECK(runs <= 1001);
    REQUIRE(r.f.system.faults.size() == 1);
    CHECK(r.f.system.faults.back().driver == "sick");
    CHECK(r.f.system.faults.back().entry == "bufcall callback");
    CHECK(r.f.took_fault("SCH-051") == 1);
    CHECK(r.f.census().bufcalls == 0);
}

TEST_CASE("UTL-088: timeout of 0 ticks lets at least one tick pass, so that one that re-arms itself lets time go on") {
    Rig r;
    static long runs;
    static toid_t id;
    static void (*again)(void *);
    runs = 0;
    again = [](void *) {
        ++runs;
        id = timeout(again, nullptr, 0);
    };
    {
        Enter scope(r.f.system);
        id = timeout(again, nullptr, 0);
    }
    r.f.run();
    CHECK(runs == 0);
    rill_advance(handle(r.f.system), 1);
    CHECK(runs == 1);
    rill_advance(handle(r.f.system), 5);
    CHECK(runs == 6);
    Enter scope(r.f.system);
    CHECK(untimeout(id) == 1);
}

TEST_CASE("SCH-052: an ioctl that is answered with M_COPYIN for ever fails with EDEADLK, and its driver is named") {
    Tunables tunables;
    tunables.copies = 100;
    Rig r(tunables);
    static char byte;
    int asked = 0;
    r.d.on_wput = [&](queue_t *q, mblk_t *mp) {
        if (mp->b_datap->db_type != M_IOCTL && mp->b_datap->db_type != M_IOCDATA) return freemsg(mp);
        ++asked;
        auto *request = reinterpret_cast<copyreq *>(mp->b_rptr);
        if (mp->b_cont) freemsg(mp->b_cont);
        mp->b_cont = nullptr;
        mp->b_datap->db_type = M_COPYIN;
        mp->b_wptr = mp->b_rptr + sizeof(copyreq);
        request->cq_addr = &byte;
        request->cq_size = 1;
        request->cq_flag = 0;
        qreply(q, mp);
    };
    const int fd = r.f.open("/dev/sick");
    CHECK(r.f.ioctl(fd, 0x5801, &byte) == -EDEADLK);
    CHECK(asked == 101);
    CHECK(r.f.why() == "EDEADLK: ioctl: its driver asks for one copy after another (SCH-052)");
    REQUIRE(r.f.system.faults.size() == 1);
    CHECK(r.f.system.faults.back().driver == "sick");
    CHECK(r.f.took_fault("SCH-052") == 1);
    r.d.on_wput = nullptr;
    CHECK(r.f.ioctl(fd, 0x5801, &byte) == -EINVAL); // the stream's turn was given back
}

TEST_CASE("PUT-050: a message whose b_cont leads back into it is named and cut; sizes, copies and queues come to an end") {
    Rig r;
    for (int what = 0; what < 7; ++what) {
        CAPTURE(what);
        r.write([what](queue_t *q, mblk_t *mp) {
            mblk_t *second = allocb(4, BPRI_MED), *third = allocb(4, BPRI_MED);
            second->b_wptr += 4;
            third->b_wptr += 4;
            mp->b_cont = second;
            second->b_cont = third;
            third->b_cont = second;
            switch (what) {
            case 0: CHECK(msgdsize(mp) == 13); break;
            case 1: CHECK(xmsgsize(mp) == 13); break;
            case 2: freemsg(dupmsg(mp)); break;
            case 3: freemsg(copymsg(mp)); break;
            case 4: linkb(mp, allocb(1, BPRI_MED)); break;
            case 5: return putnext(RD(q), mp); // the driver's fault, not the stream head's
            default:
                noenable(q);
                putq(q, mp);
                CHECK(q->q_count == 13);
                mp = getq(q);
                CHECK(q->q_count == 0);
            }
            freemsg(mp);
        });
        REQUIRE(r.f.system.faults.size() == 1);
        CHECK(r.f.system.faults.back().driver == "sick");
        CHECK(r.f.took_fault("PUT-050") == 1);
        r.f.close(0);
    }
}

TEST_CASE("UTL-089: a procedure that loops is named when its time is up, and SIGABRT ends the process") {
    const Ended ended = in_child([] {
        watch_procedures(1);
        Rig().write([](queue_t *, mblk_t *) {
            while (!zero) {}
        });
    });
    CHECK(ended.signal == SIGABRT);
    CHECK(ended.tells("fault: driver sick, put procedure: it loops: it has kept the processor busy for 1 seconds (UTL-089)"));
}

TEST_CASE("UTL-089: one that waits for the host is named when its time is up, and SIGABRT ends the process") {
    for (const bool hears : {true, false}) {
        const Ended ended = in_child([hears] {
            watch_procedures(1);
            Rig().write([hears](queue_t *, mblk_t *) {
                sigset_t all;
                ::sigfillset(&all);
                if (!hears) ::sigprocmask(SIG_SETMASK, &all, nullptr);
                for (;;) ::pause();
            });
        });
        CHECK(ended.signal == SIGABRT);
        CHECK(ended.tells("fault: driver sick, put procedure: it has not returned for 1 seconds (UTL-089)"));
    }
}

TEST_CASE("UTL-089: until then its calls of the host are not disturbed") {
    const Ended ended = in_child([] {
        watch_procedures(5);
        int waited = -1;
        Rig r;
        r.write([&waited](queue_t *, mblk_t *mp) {
            freemsg(mp);
            waited = ::poll(nullptr, 0, 2500);
        });
        watch_procedures(0);
        ::_exit(waited == 0 ? 5 : 6);
    });
    CHECK(ended.status == 5);
    CHECK_FALSE(ended.tells("UTL-089"));
}
