// Threads of the program: each with Systems of its own, several in one, and one that ends what others sleep in.
//
// The suite runs this file a second time under ThreadSanitizer (test/meson.build), which has to have nothing to say.
#include "test/harness.hpp"

#include "drivers/echo.h"

#include <atomic>
#include <chrono>
#include <thread>

using namespace rill;
using namespace rill::test;

extern "C" {
extern struct streamtab echoinfo, loopinfo;
extern int echodevflag, loopdevflag;
}

namespace {

constexpr major_t N = 61;

// A System by the C face alone with a clone device of the echo driver: threads cannot share a Fixture, whose checks and
// records are one thread's.
struct Echo {
    Echo() : system(rill_system_new("irix")), proc(rill_proc_new(system, 0, 0)) {
        CHECK(rill_driver_add(system, "echo", N, &echoinfo, echodevflag, 16) == 0);
        CHECK(rill_mknod(proc, "/dev/echo", S_IFCHR | 0666, makedevice(10, N)) == 0);
    }
    ~Echo() {
        if (system) rill_system_free(system);
    }
    int open() { return open(proc); }
    static int open(rill_proc *p) { return rill_open(p, "/dev/echo", O_RDWR); }

    rill_system *system;
    rill_proc *proc;
};

// Opens a clone, has data come back, and closes it; how many times of n that went well.
int rounds(rill_proc *p, int n) {
    int good = 0;
    for (int i = 0; i < n; ++i) {
        char buffer[8] = "";
        const int fd = Echo::open(p);
        good += fd >= 0 && rill_write(p, fd, "there", 5) == 5 && rill_read(p, fd, buffer, sizeof buffer) == 5 &&
                std::string_view(buffer) == "there" && rill_close(p, fd) == 0;
    }
    return good;
}

// Runs body(0) ... body(n - 1), each in a thread.
template <class F> void in_threads(int n, F &&body) {
    std::vector<std::thread> threads;
    for (int i = 0; i < n; ++i) threads.emplace_back([&body, i] { body(i); });
    for (std::thread &each : threads) each.join();
}

// A thread that makes one call, which sleeps.
struct Sleeper {
    template <class F> explicit Sleeper(F &&call) : thread([this, call] {
                                                        inside = true;
                                                        result = static_cast<int>(call());
                                                        error = result < 0 ? errno : 0;
                                                    }) {
        while (!inside) std::this_thread::yield();
        std::this_thread::sleep_for(std::chrono::milliseconds(30));
    }
    Sleeper(Echo &echo, int fd) : Sleeper([fd, p = echo.proc] {
                                      char byte;
                                      return rill_read(p, fd, &byte, 1);
                                  }) {}
    std::atomic<bool> inside = false;
    int result = 0, error = 0;
    std::thread thread;
};

} // namespace

TEST_SUITE_BEGIN("threads");

TEST_CASE("OPN-092: a process that exits while another thread sleeps in a call of its: EINTR there, and both return") {
    Echo p;
    Sleeper sleeper(p, p.open());
    rill_proc_exit(p.proc);
    sleeper.thread.join();
    CHECK(sleeper.result == -1);
    CHECK(sleeper.error == EINTR);
    p.proc = rill_proc_new(p.system, 0, 0);
    CHECK(p.open() >= 0);
}

TEST_CASE("OPN-092: a System that is freed while another thread sleeps in a call: EINTR there, and both return") {
    Echo p;
    Sleeper sleeper(p, p.open());
    rill_system_free(std::exchange(p.system, nullptr));
    sleeper.thread.join();
    CHECK(sleeper.result == -1);
    CHECK(sleeper.error == EINTR);
}

TEST_CASE("OPN-092: the same with a third thread that has been inside and lives on outside") {
    Echo p;
    const int fd = p.open();
    std::atomic<bool> over = false, was_inside = false;
    std::thread third([&] {
        rill_isastream(p.proc, fd);
        was_inside = true;
        while (!over) std::this_thread::sleep_for(std::chrono::milliseconds(1));
    });
    while (!was_inside) std::this_thread::yield();
    Sleeper sleeper(p, fd);
    rill_system_free(std::exchange(p.system, nullptr));
    sleeper.thread.join();
    CHECK(sleeper.error == EINTR);
    over = true;
    third.join();
}

TEST_CASE("OPN-092: every kind of call that sleeps ends with EINTR when its process does, in whatever thread it is") {
    Echo e;
    rill_proc *other = rill_proc_new(e.system, 0, 0);
    const int fd = Echo::open(other);
    pollfd entry{fd, POLLIN, 0};
    char bytes[8];
    strbuf data{sizeof bytes, 0, bytes};
    int flags = 0;
    Sleeper read([&] { return rill_read(other, fd, bytes, 1); });
    Sleeper poll([&] { return rill_poll(other, &entry, 1, -1); });
    Sleeper getmsg([&] { return rill_getmsg(other, Echo::open(other), nullptr, &data, &flags); });
    rill_proc_exit(other);
    for (Sleeper *each : {&read, &poll, &getmsg}) {
        each->thread.join();
        CHECK(each->result == -1);
        CHECK(each->error == EINTR);
    }
    CHECK(rounds(e.proc, 3) == 3);
}

TEST_CASE("OPN-097: a System for each thread: opens, data and closes have nothing to do with one another") {
    std::atomic<int> good = 0;
    in_threads(4, [&](int) {
        for (int round = 0; round < 3; ++round) {
            Echo e;
            good += rounds(e.proc, 40);
        }
    });
    CHECK(good == 4 * 3 * 40);
}

TEST_CASE("OPN-097: threads that share a System, each with a process of its own, take turns") {
    Echo e;
    std::atomic<int> good = 0;
    in_threads(4, [&](int i) {
        rill_proc *own = rill_proc_new(e.system, static_cast<uid_t>(i), 0);
        good += rounds(own, 100);
        rill_proc_exit(own);
    });
    CHECK(good == 4 * 100);
    CHECK(rounds(e.proc, 1) == 1);
}

TEST_CASE("OPN-097: threads that come to a new System at the same moment take turns from the first call on") {
    constexpr int n = 4; // as many as the driver has minors, when no boot says otherwise
    for (int system = 0; system < 200; ++system) {
        Echo e;
        std::vector<rill_proc *> procs;
        for (int i = 0; i < n; ++i) procs.push_back(rill_proc_new(e.system, 0, 0));
        std::atomic<int> there{0}, good{0};
        in_threads(n, [&](int i) {
            for (++there; there < n;) std::this_thread::yield();
            good += rounds(procs[static_cast<std::size_t>(i)], 5);
        });
        CHECK(good == 5 * n);
    }
}

TEST_CASE("OPN-097: a call that sleeps lets the others in, and what they do ends it") {
    Echo e;
    int fds[2];
    REQUIRE(rill_pipe(e.proc, fds) == 0);
    constexpr int count = 200;
    std::string got;
    std::thread reader([&] {
        char byte;
        while (static_cast<int>(got.size()) < count && rill_read(e.proc, fds[0], &byte, 1) == 1) got += byte;
    });
    for (int i = 0; i < count; ++i) CHECK(rill_write(e.proc, fds[1], &"abcd"[i % 4], 1) == 1);
    reader.join();
    REQUIRE(got.size() == count);
    for (int i = 0; i < count; ++i) CHECK(got[static_cast<std::size_t>(i)] == "abcd"[i % 4]);
}

TEST_CASE("OPN-097: a signal that another thread sends ends a sleep; its handler runs in the thread that makes the call") {
    static std::atomic<int> handled;
    static std::thread::id where;
    handled = 0;
    Echo e;
    const int fd = e.open();
    REQUIRE(rill_signal(e.proc, SIGUSR1, [](int) {
                where = std::this_thread::get_id();
                ++handled;
            }) == 0);
    Sleeper sleeper(e, fd);
    const std::thread::id its = sleeper.thread.get_id();
    std::thread sender([&] { CHECK(rill_kill(e.proc, SIGUSR1) == 0); });
    sender.join();
    sleeper.thread.join();
    CHECK(sleeper.result == -1);
    CHECK(sleeper.error == EINTR);
    CHECK(handled == 1);
    CHECK(where == its);
}

TEST_CASE("OPN-097: SIGPOLL for what another thread's write brings") {
    static std::atomic<int> handled;
    handled = 0;
    Echo e;
    rill_proc *asked = rill_proc_new(e.system, 0, 0), *writer = rill_proc_new(e.system, 0, 0);
    int fds[2];
    REQUIRE(rill_pipe(asked, fds) == 0);
    REQUIRE(rill_signal(asked, SIGPOLL, [](int) { ++handled; }) == 0);
    REQUIRE(rill_ioctl(asked, fds[0], I_SETSIG, S_INPUT) == 0);
    const int fd = Echo::open(asked);
    Sleeper sleeper([&] { char byte; return rill_read(asked, fd, &byte, 1); });
    std::thread([&] {
        CHECK(rounds(writer, 5) == 5);
        CHECK(rill_write(asked, fds[1], "x", 1) == 1);
    }).join();
    sleeper.thread.join();
    CHECK(sleeper.error == EINTR);
    CHECK(handled >= 1);
}

TEST_CASE("OPN-097: time that one thread lets pass wakes what another waits for") {
    Echo e;
    rill_proc *other = rill_proc_new(e.system, 0, 0);
    const int fd = Echo::open(other);
    pollfd entry{fd, POLLIN, 0};
    Sleeper sleeper([&] { return rill_poll(other, &entry, 1, 1000); });
    in_threads(2, [&](int) { rill_advance(e.system, 60); });
    sleeper.thread.join();
    CHECK(sleeper.result == 0);
    CHECK(rill_advance(e.system, 10) == 0);
}
