// close(2) of a stream: which close is the last, the order of dismantling, draining, what is thrown away (clauses/02,
// Close).
#include "test/harness.hpp"

#include <cstring>
#include <sys/ddi.h>

using namespace rill;
using namespace rill::test;

namespace {

constexpr major_t N = 61;

// A driver whose write side keeps what is written (its service procedure does nothing until it is let).
Probe &holding(Fixture &f, const char *name = "echo", major_t major = N) {
    Probe &probe = f.driver(name, major);
    probe.give_service_procedures();
    probe.on_wput = [&probe](queue_t *q, mblk_t *mp) {
        if (mp->b_datap->db_type == M_DATA) putq(q, mp);
        else probe.standard_put(q, mp);
    };
    probe.on_wsrv = [](queue_t *q) { noenable(q); };
    return probe;
}

// A module that keeps what is written.
Probe &holding_module(Fixture &f, const char *name) {
    Probe &probe = f.module(name);
    probe.give_service_procedures();
    probe.on_wput = [&probe](queue_t *q, mblk_t *mp) {
        if (mp->b_datap->db_type == M_DATA) putq(q, mp);
        else probe.standard_put(q, mp);
    };
    probe.on_wsrv = [](queue_t *q) { noenable(q); };
    return probe;
}

long now(Fixture &f) {
    Enter scope(f.system);
    return f.system.sched.now();
}

int set_close_time(Fixture &f, int fd, int ms) { return f.ioctl(fd, I_SETCLTIME, &ms); }

} // namespace

TEST_SUITE_BEGIN("close");

TEST_CASE("CLS-020: close of a descriptor that is not open: EBADF") {
    Fixture f;
    CHECK(f.close(-1) == -EBADF);
    CHECK(f.close(0) == -EBADF);
    CHECK(f.close(100000) == -EBADF);
    f.driver("echo", N);
    f.node("/dev/echo", f.clone(N));
    int fd = f.open("/dev/echo");
    CHECK(f.close(fd) == 0);
    CHECK(f.close(fd) == -EBADF);
}

TEST_CASE("CLS-001: every close ends the process's SIGPOLL registration, though another descriptor keeps the stream") {
    Fixture f;
    f.driver("echo", N);
    f.node("/dev/echo", f.clone(N));
    int fd = f.open("/dev/echo"), copy = f.dup(fd), events = 0;
    CHECK(f.ioctl(fd, I_SETSIG, S_INPUT) == 0);
    CHECK(f.ioctl(copy, I_GETSIG, &events) == 0);
    CHECK(events == S_INPUT);
    CHECK(f.close(fd) == 0);
    CHECK(f.ioctl(copy, I_GETSIG, &events) == -EINVAL);
}

TEST_CASE("CLS-002: only the last close dismantles the stream") {
    Fixture f;
    Probe &echo = f.driver("echo", N), &pass = f.module("pass");
    f.node("/dev/echo2", makedevice(N, 2));
    int a = f.open("/dev/echo2"), b = f.open("/dev/echo2");
    CHECK(f.ioctl(a, I_PUSH, "pass") == 0);
    CHECK(f.close(a) == 0);
    CHECK(order_of({&echo, &pass}, "close") == "");
    CHECK(f.write(b, "x") == 1);
    CHECK(f.read(b) == "x");
    CHECK(f.close(b) == 0);
    CHECK(order_of({&echo, &pass}, "close") == "pass:close echo:close");
}

TEST_CASE("CLS-002: a close that waits while another open joins the stream is not the last one") {
    Fixture f;
    Probe &echo = f.driver("echo", N);
    f.node("/dev/echo2", makedevice(N, 2));
    int a = f.open("/dev/echo2");
    echo.on_open = [&](queue_t *, dev_t *, int, int, cred_t *) {
        f.nap(&echo);
        return 0;
    };
    Process &p = f.process();
    Later joins = f.later_open(p, "/dev/echo2");
    Later closes = f.later_close(f.root, a);
    CHECK_FALSE(closes.done());
    f.wake(&echo);
    REQUIRE(joins.result() >= 0);
    CHECK(closes.result() == 0);
    CHECK(echo.count("close") == 0);
    CHECK(outcome(static_cast<int>(rill_write(handle(p), joins.result(), "x", 1))) == 1);
    CHECK(echo.count("wput") == 1);
}

TEST_CASE("CLS-003 CLS-004: the last close undoes the links first, whatever error the stream holds") {
    for (bool in_error : {false, true}) {
        Fixture f;
        Probe &mux = f.driver("mux", 62);
        qinit lower_read = mux.read_init, lower_write = mux.write_init;
        lower_read.qi_qopen = nullptr;
        mux.tab.st_muxrinit = &lower_read;
        mux.tab.st_muxwinit = &lower_write;
        std::vector<int> commands;
        mux.on_wput = [&](queue_t *q, mblk_t *mp) {
            if (mp->b_datap->db_type != M_IOCTL) return mux.standard_put(q, mp);
            auto *command = reinterpret_cast<iocblk *>(mp->b_rptr);
            commands.push_back(command->ioc_cmd);
            CHECK(mux.count("close") == 0);
            mp->b_datap->db_type = M_IOCACK;
            command->ioc_count = 0;
            qreply(q, mp);
        };
        Probe &echo = f.driver("echo", N);
        f.node("/dev/mux", f.clone(62));
        f.node("/dev/echo", f.clone(N));
        int upper = f.open("/dev/mux"), lower = f.open("/dev/echo");
        CHECK(f.ioctl(upper, I_LINK, lower) > 0);
        CHECK(f.close(lower) == 0);
        CHECK(echo.count("close") == 0); // the link keeps it open
        if (in_error) {
            Enter scope(f.system);
            putnextctl1(mux.last("open").q, M_ERROR, EPROTO);
        }
        CHECK(f.close(upper) == 0);
        CHECK(commands == std::vector<int>{I_LINK, I_UNLINK});
        CHECK(echo.count("close") == 1);
        CHECK(mux.count("close") == 1);
    }
}

TEST_CASE("CLS-005: the stream is taken apart from the top") {
    Fixture f;
    Probe &echo = f.driver("echo", N), &a = f.module("a"), &b = f.module("b");
    f.node("/dev/echo", f.clone(N));
    int fd = f.open("/dev/echo");
    CHECK(f.ioctl(fd, I_PUSH, "b") == 0);
    CHECK(f.ioctl(fd, I_PUSH, "a") == 0);
    CHECK(f.close(fd) == 0);
    CHECK(order_of({&echo, &a, &b}, "close") == "a:close b:close echo:close");
}

TEST_CASE("CLS-006: with O_NONBLOCK, or a close delay of 0, close does not wait for queues to drain") {
    Fixture f;
    Probe &echo = holding(f);
    f.node("/dev/echo", f.clone(N));
    int fd = f.open("/dev/echo", O_RDWR | O_NONBLOCK);
    CHECK(f.write(fd, "held") == 4);
    long before = now(f);
    CHECK(f.close(fd) == 0);
    CHECK(now(f) == before);
    CHECK(echo.count("close") == 1);

    fd = f.open("/dev/echo", O_RDWR);
    CHECK(set_close_time(f, fd, 0) == 0);
    CHECK(f.write(fd, "held") == 4);
    before = now(f);
    CHECK(f.close(fd) == 0);
    CHECK(now(f) == before);
}

TEST_CASE("CLS-007: the wait is counted afresh for each queue: two modules at 200 ms make 400 ms") {
    Fixture f;
    f.driver("echo", N);
    Probe &a = holding_module(f, "a"), &b = holding_module(f, "b");
    f.node("/dev/echo", f.clone(N));
    int fd = f.open("/dev/echo");
    CHECK(f.ioctl(fd, I_PUSH, "b") == 0);
    CHECK(f.write(fd, "below") == 5);
    CHECK(f.ioctl(fd, I_PUSH, "a") == 0);
    CHECK(f.write(fd, "above") == 5);
    CHECK(set_close_time(f, fd, 200) == 0);
    long before = now(f);
    CHECK(f.close(fd) == 0);
    long waited = now(f) - before;
    CHECK(waited >= 40);
    CHECK(waited <= 44);
    CHECK(a.count("close") == 1);
    CHECK(b.count("close") == 1);
}

TEST_CASE("CLS-008: the wait ends as soon as the queue is empty") {
    Fixture f;
    Probe &echo = holding(f);
    f.node("/dev/echo", f.clone(N));
    int fd = f.open("/dev/echo");
    CHECK(f.write(fd, "held") == 4);
    echo.on_wsrv = [](queue_t *q) {
        while (mblk_t *mp = getq(q)) freemsg(mp);
    };
    static queue_t *q;
    q = WR(echo.last("open").q);
    long before = now(f);
    {
        Enter scope(f.system);
        timeout(
            [](void *) {
                enableok(q);
                qenable(q);
            },
            nullptr, 5);
    }
    CHECK(f.close(fd) == 0);
    long waited = now(f) - before;
    CHECK(waited >= 5);
    CHECK(waited <= 8);
    CHECK(echo.count("close") == 1);
}

static void signal_ends_drain(const char *profile) {
    Fixture f(profile);
    Probe &echo = holding(f);
    f.node("/dev/echo", f.clone(N));
    Process &a = f.process();
    f.catch_signal(a, SIGUSR1);
    Census before = f.census();
    int fd = f.open(a, "/dev/echo");
    CHECK(rill_write(handle(a), fd, "held", 4) == 4);
    Later closing = f.later_close(a, fd);
    CHECK_FALSE(closing.done());
    CHECK(echo.count("close") == 0);
    f.kill(a, SIGUSR1);
    CHECK(closing.finish() == -EINTR);
    CHECK(echo.count("close") == 1);
    CHECK(a.file(fd) == nullptr);
    CHECK(f.close(a, fd) == -EBADF);
    CHECK(f.census() == before);
}

TEST_CASE("CLS-010 [irix] [svr4]: a signal during the drain: EINTR, the descriptor is gone and the driver closed") {
    signal_ends_drain("irix");
}

TEST_CASE("CLS-010 [svr4]: a signal during the drain: EINTR, the descriptor is gone and the driver closed") {
    signal_ends_drain("svr4");
}

TEST_CASE("CLS-009 [solaris]: a signal ends the wait and close returns 0") {
    Fixture f("solaris");
    Probe &echo = holding(f);
    f.node("/dev/echo", f.clone(N));
    Process &a = f.process();
    f.catch_signal(a, SIGUSR1);
    int fd = f.open(a, "/dev/echo");
    CHECK(rill_write(handle(a), fd, "held", 4) == 4);
    Later closing = f.later_close(a, fd);
    CHECK_FALSE(closing.done());
    f.kill(a, SIGUSR1);
    CHECK(closing.finish() == 0);
    CHECK(echo.count("close") == 1);
}

TEST_CASE("CLS-011: what is still queued after the delay is freed and never reaches the driver") {
    Fixture f;
    Probe &echo = f.driver("echo", N), &a = holding_module(f, "a");
    f.node("/dev/echo", f.clone(N));
    int fd = f.open("/dev/echo");
    CHECK(f.ioctl(fd, I_PUSH, "a") == 0);
    CHECK(set_close_time(f, fd, 100) == 0);
    long none = f.census().messages;
    CHECK(f.write(fd, "held") == 4);
    CHECK(f.census().messages > none);
    CHECK(f.close(fd) == 0);
    CHECK(a.count("close") == 1);
    CHECK(echo.count("wput") == 0);
    CHECK(f.census().messages == none);
}

TEST_CASE("CLS-012: the default close delay is 15 seconds, and close takes it") {
    Fixture f;
    holding(f);
    f.node("/dev/echo", f.clone(N));
    int fd = f.open("/dev/echo"), ms = 0;
    CHECK(f.ioctl(fd, I_GETCLTIME, &ms) == 0);
    CHECK(ms == 15000);
    CHECK(f.write(fd, "held") == 4);
    long before = now(f);
    CHECK(f.close(fd) == 0);
    CHECK(now(f) - before >= 1500);
    CHECK(now(f) - before <= 1502);
}

TEST_CASE("CLS-013: what the driver's own close takes is not governed by the stream head's delay") {
    Fixture f;
    Probe &echo = f.driver("echo", N);
    echo.on_close = [&](queue_t *q, int flag, cred_t *crp) {
        delay(100);
        return echo.standard_close(q, flag, crp);
    };
    f.node("/dev/echo", f.clone(N));
    int fd = f.open("/dev/echo");
    CHECK(set_close_time(f, fd, 0) == 0);
    long before = now(f);
    CHECK(f.close(fd) == 0);
    CHECK(now(f) - before == 100);
}

TEST_CASE("CLS-014: what close procedures return does not change the result of close") {
    Fixture f;
    Probe &echo = f.driver("echo", N), &pass = f.module("pass");
    for (Probe *probe : {&echo, &pass})
        probe->on_close = [probe](queue_t *q, int flag, cred_t *crp) {
            probe->standard_close(q, flag, crp);
            return EIO;
        };
    f.node("/dev/echo", f.clone(N));
    int fd = f.open("/dev/echo");
    CHECK(f.ioctl(fd, I_PUSH, "pass") == 0);
    CHECK(f.close(fd) == 0);
    CHECK(order_of({&echo, &pass}, "close") == "pass:close echo:close");
}

TEST_CASE("CLS-015: messages left at the head are freed at last close") {
    Fixture f;
    f.driver("echo", N);
    f.node("/dev/echo", f.clone(N));
    Census before = f.census();
    int fd = f.open("/dev/echo");
    for (int i = 0; i < 5; ++i) CHECK(f.write(fd, "unread") == 6);
    CHECK(f.census().messages > before.messages);
    CHECK(f.close(fd) == 0);
    CHECK(f.census() == before);
}

TEST_CASE("CLS-015: a passed descriptor that was not received is closed with the stream it waits on") {
    Fixture f;
    Probe &echo = f.driver("echo", N);
    f.node("/dev/echo", f.clone(N));
    Census before = f.census();
    int fds[2];
    CHECK(outcome(rill_pipe(handle(f.root), fds)) == 0);
    int fd = f.open("/dev/echo");
    CHECK(f.ioctl(fds[0], I_SENDFD, fd) == 0);
    CHECK(f.close(fd) == 0);
    CHECK(echo.count("close") == 0); // the message holds it
    CHECK(f.close(fds[1]) == 0);
    CHECK(echo.count("close") == 1);
    CHECK(f.close(fds[0]) == 0);
    CHECK(f.census() == before);
}

TEST_CASE("CLS-017: a reply that comes after its ioctl timed out is freed") {
    Fixture f;
    Probe &echo = f.driver("echo", N);
    static mblk_t *held;
    held = nullptr;
    echo.on_wput = [&](queue_t *q, mblk_t *mp) {
        if (mp->b_datap->db_type == M_IOCTL) held = mp;
        else echo.standard_put(q, mp);
    };
    f.node("/dev/echo", f.clone(N));
    Census before = f.census();
    int fd = f.open("/dev/echo");
    strioctl command{.ic_cmd = 'x' << 8, .ic_timout = 1, .ic_len = 0, .ic_dp = nullptr};
    CHECK(f.ioctl(fd, I_STR, &command) == -ETIME);
    REQUIRE(held);
    {
        Enter scope(f.system);
        held->b_datap->db_type = M_IOCACK;
        qreply(WR(echo.last("open").q), held);
    }
    CHECK(f.close(fd) == 0);
    CHECK(f.census() == before);
}

TEST_CASE("CLS-018: the last close of one end of a pipe hangs up the other") {
    Fixture f;
    int fds[2];
    CHECK(outcome(rill_pipe(handle(f.root), fds)) == 0);
    CHECK(f.write(fds[0], "last") == 4);
    CHECK(f.close(fds[0]) == 0);
    pollfd p{fds[1], POLLIN, 0};
    CHECK(outcome(rill_poll(handle(f.root), &p, 1, 0)) == 1);
    CHECK((p.revents & POLLHUP) != 0);
    CHECK(f.read(fds[1]) == "last");
    CHECK(f.read(fds[1]) == "");
}

TEST_CASE("CLS-019: what reaches the closed end of a pipe: M_FLUSH turned round once, copies and ioctls refused, the rest freed") {
    Fixture f;
    int fds[2];
    CHECK(outcome(rill_pipe(handle(f.root), fds)) == 0);
    Probe &watch = f.module("watch");
    std::vector<int> seen;
    int flushed = 0, no_loop = 0;
    bool refused = false;
    watch.on_rput = [&](queue_t *, mblk_t *mp) {
        const int type = mp->b_datap->db_type;
        seen.push_back(type);
        if (type == M_FLUSH) flushed = *mp->b_rptr, no_loop = mp->b_flag & MSGNOLOOP;
        if (type == M_IOCDATA) refused = reinterpret_cast<copyresp *>(mp->b_rptr)->cp_rval != nullptr;
        freemsg(mp);
    };
    CHECK(f.ioctl(fds[1], I_PUSH, const_cast<char *>("watch")) == 0);
    CHECK(f.close(fds[0]) == 0);
    seen.clear(); // the hangup
    queue_t *wq = WR(watch.last("open").q);
    auto send = [&](int type, size_t bytes) {
        Enter scope(f.system);
        mblk_t *mp = allocb(sizeof(union ioctypes), BPRI_HI);
        std::memset(mp->b_rptr, 0, sizeof(union ioctypes));
        mp->b_datap->db_type = static_cast<unsigned char>(type);
        mp->b_wptr += bytes;
        if (type == M_FLUSH) *mp->b_rptr = FLUSHRW;
        putnext(wq, mp);
    };
    send(M_FLUSH, 1);
    send(M_COPYIN, sizeof(copyreq));
    send(M_COPYOUT, sizeof(copyreq));
    send(M_IOCTL, sizeof(iocblk));
    CHECK(seen == std::vector<int>{M_FLUSH, M_IOCDATA, M_IOCDATA, M_IOCNAK});
    CHECK(flushed == FLUSHW);
    CHECK(no_loop == MSGNOLOOP);
    CHECK(refused);
    seen.clear();
    for (int type : {M_DATA, M_PROTO, M_PCPROTO, M_CTL, M_SIG, M_HANGUP}) send(type, 1);
    CHECK(seen.empty());
}

TEST_CASE("CLS-021: an open during the last close waits for it, with O_NONBLOCK too, then builds a new stream") {
    Fixture f;
    Probe &echo = holding(f);
    f.node("/dev/echo2", makedevice(N, 2));
    Process &a = f.process(), &b = f.process(), &c = f.process(), &d = f.process();
    f.catch_signal(d, SIGUSR1);
    int fd = f.open(a, "/dev/echo2");
    CHECK(rill_write(handle(a), fd, "held", 4) == 4);
    Later closing = f.later_close(a, fd);
    CHECK_FALSE(closing.done());
    Later second = f.later_open(b, "/dev/echo2"), third = f.later_open(c, "/dev/echo2", O_RDWR | O_NONBLOCK);
    Later interrupted = f.later_open(d, "/dev/echo2");
    CHECK_FALSE(second.done());
    CHECK_FALSE(third.done());
    CHECK_FALSE(interrupted.done());
    f.kill(d, SIGUSR1);
    CHECK(interrupted.finish() == -EINTR);
    CHECK(echo.count("open") == 1);
    CHECK(closing.finish() == 0); // after 15 virtual seconds
    CHECK(second.finish() >= 0);
    CHECK(third.finish() >= 0);
    CHECK(echo.count("open") == 3);
    CHECK(echo.count("close") == 1);
    // One of the two built the stream, the other joined it.
    std::vector<bool> fresh;
    for (auto &s : echo.log)
        if (s.what == "open") fresh.push_back(s.read_ptr == nullptr);
    CHECK(fresh == std::vector<bool>{true, true, false});
}

TEST_SUITE_END();
