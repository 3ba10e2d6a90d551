// Perimeters: who may be inside a module at once (clauses/03 section 8; mt-streams(9F)).
#include "test/streamio.hpp"

#include <sys/conf.h>
#undef sleep

using namespace rill;
using namespace rill::test;

namespace {

constexpr major_t N = 61;

// A driver with these flags, whose minor 9 sleeps in open until woken.
struct Guarded : Fixture {
    explicit Guarded(int flags) : echo(driver("echo", N, 16, D_NEW | D_MP | flags)) {
        node("/dev/echo", clone(N));
        node("/dev/slow", makedevice(N, 9));
        echo.on_open = [this](queue_t *q, dev_t *devp, int oflag, int sflag, cred_t *crp) {
            ++inside;
            most = std::max(most, inside);
            if (sflag == 0 && geteminor(*devp) == 9) nap(&event);
            --inside;
            return echo.standard_open(q, devp, oflag, sflag, crp);
        };
    }
    queue_t *write_queue() { return WR(echo.last("open").q); }
    Probe &echo;
    int event = 0, inside = 0, most = 0;
};

mblk_t *data(char c) {
    mblk_t *mp = allocb(8, BPRI_MED);
    *mp->b_wptr++ = static_cast<unsigned char>(c);
    return mp;
}

std::string order;
void callback(void *arg) { order += static_cast<const char *>(arg); }
void writer(queue_t *, mblk_t *mp) {
    order += mp ? static_cast<char>(*mp->b_rptr) : 'w';
    freemsg(mp);
}

} // namespace

TEST_SUITE_BEGIN("perimeters");

// --- qprocson, qprocsoff

namespace {

// A stream on which a module "m" is pushed whose open and close do what a test says.
struct Pushed {
    Pushed() : m(s.f.module("m")) { m.give_service_procedures(); }
    int push() { return s.ioctl(I_PUSH, "m"); }
    // One message each way past the module, from the driver up and from the stream head down.
    void send_both_ways() {
        Enter scope(s.f.system);
        putnext(s.stream().write_queue(), message(M_CTL));
        putnext(s.rq, message(M_CTL));
        s.f.system.run_until_idle();
    }
    int puts() const { return m.count("rput") + m.count("wput"); }
    int services() const { return m.count("rsrv") + m.count("wsrv"); }
    OneStream s;
    Probe &m;
};

} // namespace

TEST_CASE("MP-002 MP-003: before qprocson in its open a module is passed by and not served; after it, on both sides at once") {
    Pushed p;
    p.m.on_wsrv = p.m.on_rsrv = [](queue_t *q) {
        while (mblk_t *mp = getq(q)) freemsg(mp);
    };
    p.m.on_open = [&](queue_t *q, dev_t *, int, int, cred_t *) {
        p.send_both_ways();
        CHECK(p.puts() == 0);
        CHECK(p.s.dev.count("wput") == 1);
        for (queue_t *each : {q, WR(q)}) putq(each, message(M_PCPROTO, "x"));
        p.s.f.system.run_until_idle();
        CHECK(p.services() == 0);
        qprocson(q);
        p.s.f.system.run_until_idle();
        CHECK(p.m.count("rsrv") == 1); // what lay there is served now
        CHECK(p.m.count("wsrv") == 1);
        p.send_both_ways();
        CHECK(p.m.count("rput") == 1);
        CHECK(p.m.count("wput") == 1);
        return 0;
    };
    CHECK(p.push() == 0);
    CHECK(p.puts() == 2);
    p.s.f.check_no_fault();
}

TEST_CASE("MP-004: an open that returns without qprocson has it done, both sides work, and the trace says so; not of an SVR3 driver") {
    Fixture f;
    Recorder trace;
    Probe &dev = f.driver("dev", N, 16, D_NEW), &m = f.module("m", D_NEW), &good = f.module("good");
    Probe &old = f.loose("old", Probe::Sort::driver);
    dev.procs_on = m.procs_on = false;
    old.make_old_style();
    old.on_old_open = [](queue_t *, dev_t dev, int, int) { return static_cast<int>(geteminor(dev)); };
    f.install(old, 62, D_OLD);
    f.node("/dev/dev", f.clone(N));
    f.node("/dev/old", makedevice(62, 0));
    {
        Enter scope(f.system);
        f.system.trace.attach(trace);
    }
    const int fd = f.open("/dev/dev");
    CHECK(f.ioctl(fd, I_PUSH, "m") == 0);
    CHECK(f.ioctl(fd, I_PUSH, "good") == 0);
    CHECK(f.open("/dev/old") >= 0);
    CHECK(f.write(fd, "abc") == 3);
    CHECK(f.read(fd) == "abc");
    for (const Probe *p : {&m, &good}) {
        CHECK(p->count("wput") == 1);
        CHECK(p->count("rput") == 1);
    }
    f.check_no_fault();
    std::string warned;
    for (const Recorder::Line &line : trace.lines)
        if (line.clause == "MP-004") warned += line.name + " ";
    CHECK(warned == "dev m ");
    Enter scope(f.system);
    f.system.trace.detach(trace);
}

TEST_CASE("MP-005: qprocson again, in the same open or in a reopen, does nothing") {
    OneStream s(nullptr, [](Probe &dev) {
        dev.on_open = [&dev](queue_t *q, dev_t *devp, int oflag, int sflag, cred_t *crp) {
            const int error = dev.standard_open(q, devp, oflag, sflag, crp);
            queue_t *above = q->q_next, *feeds = WR(above)->q_next;
            qprocson(q);
            CHECK(q->q_next == above);
            CHECK(WR(above)->q_next == feeds);
            return error;
        };
    });
    CHECK(s.open_as(s.root) >= 0);
    CHECK(s.dev.count("open") == 2);
    CHECK(s.f.write(s.fd, "abc") == 3);
    CHECK(s.f.read(s.fd) == "abc");
    s.f.check_no_fault();
}

TEST_CASE("MP-006 MP-007: after qprocsoff in its close no procedure of the module is entered: messages pass it by, what was enabled does not run") {
    Pushed p;
    p.m.on_wsrv = p.m.on_rsrv = [](queue_t *) {};
    p.m.on_close = [&](queue_t *q, int, cred_t *) {
        for (queue_t *each : {q, WR(q)}) putq(each, message(M_PCPROTO, "x"));
        CHECK((q->q_flag & QENAB) != 0);
        const int puts = p.puts(), services = p.services();
        qprocsoff(q);
        CHECK((q->q_flag & QENAB) == 0);
        p.send_both_ways();
        qenable(q);
        p.s.f.system.run_until_idle();
        CHECK(p.puts() == puts);
        CHECK(p.services() == services);
        CHECK(p.s.dev.count("wput") == 2);
        return 0;
    };
    CHECK(p.push() == 0);
    p.send_both_ways();
    CHECK(p.puts() == 2);
    CHECK(p.s.dev.count("wput") == 1);
    CHECK(p.s.ioctl(I_POP, 0) == 0);
    CHECK(p.s.f.write(p.s.fd, "abc") == 3);
    CHECK(p.s.f.read(p.s.fd) == "abc");
    CHECK(p.puts() == 2);
    p.s.f.check_no_fault();
}

TEST_CASE("SCH-070: qprocsoff leaves the messages on the queues: close may take them off, and what is left is freed when close has returned") {
    Pushed p;
    std::string taken;
    Census inside{};
    p.m.on_close = [&](queue_t *q, int, cred_t *) {
        for (queue_t *each : {q, WR(q)})
            for (const char *text : {"one", "two"}) putq(each, message(M_DATA, text));
        qprocsoff(q);
        CHECK(qsize(q) == 2);
        CHECK(qsize(WR(q)) == 2);
        mblk_t *mp = getq(q);
        taken = bytes_of(mp);
        putnext(q, mp); // MP-008
        inside = p.s.f.census();
        return 0;
    };
    CHECK(p.push() == 0);
    CHECK(p.s.ioctl(I_POP, 0) == 0);
    CHECK(taken == "one");
    CHECK(p.s.f.census().messages == inside.messages - 3);
    CHECK(p.s.f.read(p.s.fd) == "one");
    p.s.f.check_no_fault();
}

TEST_CASE("MP-008: after qprocsoff a module may still pass on its own last messages") {
    Pushed p;
    p.m.on_close = [&](queue_t *q, int, cred_t *) {
        qprocsoff(q);
        putnext(WR(q), message(M_DATA, "last words"));
        putnext(q, message(M_DATA, "farewell"));
        return 0;
    };
    CHECK(p.push() == 0);
    CHECK(p.s.ioctl(I_POP, 0) == 0);
    CHECK(p.s.dev.count("wput") == 1);
    CHECK(p.s.f.read(p.s.fd, 10) == "last words"); // the driver sent them back first
    CHECK(p.s.f.read(p.s.fd) == "farewell");
    p.s.f.check_no_fault();
}

// --- flags, and the one lock

TEST_CASE("MP-011: devflag 0, D_MP, D_WBACK and D_MT are accepted and make no difference to a STREAMS driver; D_OLD chooses the interface") {
    for (int flag : {0, D_MP, D_WBACK, D_MT, D_MP | D_WBACK | D_MT}) {
        CAPTURE(flag);
        Fixture f;
        Probe &dev = f.driver("dev", N, 16, flag);
        f.node("/dev/dev", f.clone(N));
        const int fd = f.open("/dev/dev");
        CHECK(f.rdev(fd) == makedevice(N, 0));
        CHECK(f.write(fd, "abc") == 3);
        CHECK(f.read(fd) == "abc");
        CHECK(f.close(fd) == 0);
        CHECK(dev.count("open") == 1);
        CHECK(dev.count("close") == 1);
    }
    Fixture f;
    Probe &old = f.loose("old", Probe::Sort::driver);
    old.make_old_style();
    old.on_old_open = [](queue_t *, dev_t, int, int) { return 3; };
    f.install(old, N, D_OLD);
    f.node("/dev/old", makedevice(N, 3));
    CHECK(f.rdev(f.open("/dev/old")) == makedevice(N, 3));
}

TEST_CASE("MP-012: one monitor round all drivers: no timeout, service procedure or other stream's procedure runs inside a put procedure") {
    static std::string seen;
    seen.clear();
    OneStream s(nullptr, [](Probe &dev) { dev.give_service_procedures(); });
    const int second = s.f.open("/dev/dev1");
    queue_t *elsewhere = WR(s.dev.last("open").q);
    s.dev.on_wsrv = [](queue_t *q) {
        seen += 's';
        while (mblk_t *mp = getq(q)) freemsg(mp);
    };
    s.dev.on_wput = [&](queue_t *q, mblk_t *mp) {
        freemsg(mp);
        if (q == elsewhere) return;
        seen += '(';
        timeout([](void *) { seen += 't'; }, nullptr, 0);
        bufcall(
            8, BPRI_MED, [](void *) { seen += 'b'; }, nullptr);
        putq(elsewhere, message(M_DATA, "x"));
        drv_usecwait(100000);
        seen += ')';
    };
    CHECK(s.f.write(s.fd, "abc") == 3);
    advance(s.f, 1);
    CHECK(s.f.write(second, "abc") == 3);
    CHECK(seen == "()sbt");
}

TEST_CASE("MP-013: without perimeter flags a put procedure goes in while an open sleeps") {
    Guarded f(0);
    const int fd = f.open("/dev/echo");
    Later slow = f.later_open(f.process(), "/dev/slow");
    REQUIRE_FALSE(slow.done());
    CHECK(f.write(fd, "now") == 3);
    CHECK(f.echo.count("wput") == 1);
    CHECK(f.read(fd) == "now");
    f.wake(&f.event);
    CHECK(slow.done());
}

TEST_CASE("MP-014: D_MTPERMOD: while one open sleeps inside, messages wait, and go in in order afterwards") {
    Guarded f(D_MTPERMOD);
    const int fd = f.open("/dev/echo");
    Later slow = f.later_open(f.process(), "/dev/slow");
    REQUIRE_FALSE(slow.done());
    CHECK(f.write(fd, "one") == 3);
    CHECK(f.write(fd, "two") == 3);
    CHECK(f.echo.count("wput") == 0);
    f.wake(&f.event);
    CHECK(slow.done());
    CHECK(f.echo.count("wput") == 2);
    CHECK(f.read(fd, 3) == "one");
    CHECK(f.read(fd, 3) == "two");
}

TEST_CASE("MP-014: D_MTPERMOD: a second open waits until the first has left; a close too") {
    Guarded f(D_MTPERMOD);
    Process &p = f.process();
    const int fd = f.open(p, "/dev/echo");
    Later slow = f.later_open(f.process(), "/dev/slow");
    const int opens = f.echo.count("open");
    Later second = f.later_open(f.process(), "/dev/echo");
    Later close = f.later_close(p, fd);
    CHECK_FALSE(second.done());
    CHECK_FALSE(close.done());
    CHECK(second.waiting_for().find("perimeter") != std::string::npos);
    CHECK(f.echo.count("open") == opens);
    CHECK(f.echo.count("close") == 0);
    f.wake(&f.event);
    CHECK(slow.done());
    CHECK(second.done());
    CHECK(close.done());
    CHECK(f.most == 1);
    CHECK(f.echo.count("close") == 1);
}

TEST_CASE("MP-010: D_MP alone lets a second open in while the first sleeps") {
    Guarded f(0);
    Later slow = f.later_open(f.process(), "/dev/slow");
    Later second = f.later_open(f.process(), "/dev/echo");
    CHECK(second.done());
    CHECK(f.most == 2);
    f.wake(&f.event);
}

TEST_CASE("MP-014: D_MTQPAIR: another pair of the module is not held off by a sleeping open") {
    Guarded f(D_MTQPAIR);
    const int fd = f.open("/dev/echo");
    Later slow = f.later_open(f.process(), "/dev/slow");
    f.write(fd, "x");
    CHECK(f.echo.count("wput") == 1);
    f.wake(&f.event);
}

TEST_CASE("MP-016: put procedures of one pair never overlap under D_MTQPAIR: the inner one runs when the outer has returned") {
    for (int flags : {0, D_MTQPAIR, D_MTQPAIR | D_MTPUTSHARED}) {
        CAPTURE(flags);
        Guarded f(flags);
        const int fd = f.open("/dev/echo");
        order.clear();
        f.echo.on_wput = [&](queue_t *q, mblk_t *mp) {
            const char c = static_cast<char>(*mp->b_rptr);
            freemsg(mp);
            order += c;
            if (c == 'a') put(q, data('b'));
            order += static_cast<char>(c - 'a' + 'A');
        };
        f.write(fd, "a");
        CHECK(order == (flags == D_MTQPAIR ? "aAbB" : "abBA")); // MP-017: shared puts may overlap
    }
}

TEST_CASE("MP-014: D_MTPERQ keeps one queue's procedures apart, D_MTQPAIR both queues'") {
    for (int flags : {D_MTPERQ, D_MTQPAIR}) {
        CAPTURE(flags);
        Guarded f(flags);
        const int fd = f.open("/dev/echo");
        order.clear();
        f.echo.on_wput = [&](queue_t *q, mblk_t *mp) {
            order += 'w';
            put(RD(q), mp);
            order += 'W';
        };
        f.echo.on_rput = [&](queue_t *, mblk_t *mp) {
            freemsg(mp);
            order += 'r';
        };
        f.write(fd, "x");
        CHECK(order == (flags == D_MTPERQ ? "wrW" : "wWr"));
    }
}

TEST_CASE("MP-015 MP-017: D_MTOCEXCL: an open asleep holds all pairs off; the outer perimeter alone does not") {
    for (int flags : {D_MTQPAIR | D_MTOUTPERIM, D_MTQPAIR | D_MTOUTPERIM | D_MTOCEXCL}) {
        CAPTURE(flags);
        Guarded f(flags);
        const int fd = f.open("/dev/echo");
        Later slow = f.later_open(f.process(), "/dev/slow");
        REQUIRE_FALSE(slow.done());
        f.write(fd, "x");
        CHECK(f.echo.count("wput") == (flags & D_MTOCEXCL ? 0 : 1));
        f.wake(&f.event);
        CHECK(f.echo.count("wput") == 1);
    }
}

TEST_CASE("MP-016: a service procedure waits for the perimeter as well") {
    Fixture f;
    Probe &echo = f.loose("echo", Probe::Sort::driver);
    echo.give_service_procedures();
    f.install(echo, N, D_NEW | D_MP | D_MTPERMOD);
    f.node("/dev/echo", f.clone(N));
    f.node("/dev/slow", makedevice(N, 9));
    int event = 0;
    echo.on_open = [&](queue_t *q, dev_t *devp, int oflag, int sflag, cred_t *crp) {
        if (sflag == 0 && geteminor(*devp) == 9) f.nap(&event);
        return echo.standard_open(q, devp, oflag, sflag, crp);
    };
    const int fd = f.open("/dev/echo");
    queue_t *wq = WR(echo.last("open").q);
    Later slow = f.later_open(f.process(), "/dev/slow");
    {
        Enter scope(f.system);
        putq(wq, data('q'));
    }
    f.run();
    CHECK(echo.count("wsrv") == 0);
    f.wake(&event);
    CHECK(echo.count("wsrv") == 1);
    CHECK(f.read(fd) == "q");
}

TEST_CASE("MP-018: qwriter runs at once for one who is alone inside, else once it is; nothing enters in between") {
    SUBCASE("exclusive already") {
        Guarded f(D_MTQPAIR);
        const int fd = f.open("/dev/echo");
        order.clear();
        f.echo.on_wput = [&](queue_t *q, mblk_t *mp) {
            qwriter(q, mp, writer, PERIM_INNER);
            order += '.';
        };
        f.write(fd, "x");
        CHECK(order == "x.");
    }
    SUBCASE("two puts share it") {
        Guarded f(D_MTQPAIR | D_MTPUTSHARED);
        const int fd = f.open("/dev/echo");
        order.clear();
        f.echo.on_wput = [&](queue_t *q, mblk_t *mp) {
            const char c = static_cast<char>(*mp->b_rptr);
            if (c == 'a') {
                put(q, data('b'));
                freemsg(mp);
                order += "A";
            } else if (c == 'b') {
                qwriter(q, mp, writer, PERIM_INNER); // 'a' is still inside
                put(q, data('c'));                   // comes later than the writer
                order += "B";
            } else {
                order += c;
                freemsg(mp);
            }
        };
        f.write(fd, "a");
        CHECK(order == "BAbc");
    }
    SUBCASE("outer: the other pair's open is inside") {
        Guarded f(D_MTQPAIR | D_MTOUTPERIM);
        const int fd = f.open("/dev/echo");
        Later slow = f.later_open(f.process(), "/dev/slow");
        order.clear();
        f.echo.on_wput = [&](queue_t *q, mblk_t *mp) { qwriter(q, mp, writer, PERIM_OUTER); };
        f.write(fd, "o");
        CHECK(order == "");
        f.wake(&f.event);
        CHECK(slow.done());
        CHECK(order == "o");
    }
}

TEST_CASE("MP-019: qwait leaves the perimeter, so that what it waits for can run, and is inside again afterwards") {
    Guarded f(D_MTPERMOD);
    const int fd = f.open("/dev/echo");
    bool again = false;
    f.echo.on_open = [&](queue_t *q, dev_t *devp, int oflag, int sflag, cred_t *crp) {
        const int error = f.echo.standard_open(q, devp, oflag, sflag, crp);
        put(WR(q), data('m')); // deferred: this open is inside
        CHECK(f.echo.count("wput") == 0);
        qwait(q);
        CHECK(f.echo.count("wput") == 1);
        f.nap(&f.event); // back inside
        again = true;
        return error;
    };
    Later slow = f.later_open(f.process(), "/dev/echo");
    REQUIRE_FALSE(slow.done());
    f.write(fd, "x");
    CHECK(f.echo.count("wput") == 1);
    f.wake(&f.event);
    CHECK(again);
    CHECK(slow.done());
    CHECK(f.echo.count("wput") == 2);
}

TEST_CASE("MP-020: qwait_sig is 0 when a signal ended the wait, so that the module can answer EINTR; else it is not 0") {
    OneStream s;
    Probe &m = s.f.module("m");
    m.on_open = [&](queue_t *q, dev_t *devp, int oflag, int sflag, cred_t *crp) {
        const int error = m.standard_open(q, devp, oflag, sflag, crp);
        if (qwait_sig(q)) return error;
        qprocsoff(q);
        return EINTR;
    };
    Process &p = s.f.process();
    s.f.catch_signal(p, SIGUSR1);
    const int fd = s.open_as(p);
    const Census before = s.f.census();
    Later push = s.f.later(p, "ioctl", [&] { return ioctl_of(p, fd, I_PUSH, "m"); });
    REQUIRE_FALSE(push.done());
    s.f.kill(p, SIGUSR1);
    CHECK(push.finish() == (s.f.system.profile.push_passes_errno ? -EINTR : -ENXIO)); // IOC-024, IOC-025
    CHECK(m.count("open") == 1);
    CHECK(m.count("close") == 0);
    CHECK(top_module(s.root, s.fd) == "-EINVAL");

    Later again = s.f.later(p, "ioctl", [&] { return ioctl_of(p, fd, I_PUSH, "m"); });
    REQUIRE_FALSE(again.done());
    s.up(M_DATA, "abc");
    CHECK(again.done());
    CHECK(again.result() == 0);
    CHECK(m.count("rput") == 1);
    CHECK(top_module(s.root, s.fd) == "m");
    CHECK(s.ioctl(I_POP, 0) == 0);
    CHECK(s.f.read(s.fd) == "abc");
    s.f.run();
    CHECK(s.f.census().streams == before.streams);
}

TEST_CASE("MP-021: qtimeout's callback runs inside the perimeter, and wakes qwait; quntimeout cancels one that waits there") {
    Guarded f(D_MTPERMOD);
    f.open("/dev/echo");
    order.clear();
    queue_t *wq = f.write_queue();
    static char one[] = "1", two[] = "2", three[] = "3";
    timeout_id_t second;
    {
        Enter scope(f.system);
        qtimeout(wq, callback, one, 5);
        second = qtimeout(wq, callback, two, 5);
        CHECK(second != 0);
    }
    Later slow = f.later_open(f.process(), "/dev/slow");
    rill_advance(handle(f.system), 10);
    CHECK(order == "");
    {
        Enter scope(f.system);
        quntimeout(wq, second);
    }
    f.wake(&f.event);
    CHECK(order == "1");
    Enter scope(f.system);
    CHECK(qbufcall(wq, 64, BPRI_MED, callback, three) != 0);
    f.system.run_until_idle();
    CHECK(order == "13");
}

TEST_CASE("MP-021: a qtimeout or qbufcall left at close is a fault and never runs") {
    Guarded f(D_MTQPAIR);
    const int fd = f.open("/dev/echo");
    order.clear();
    static char one[] = "1";
    {
        Enter scope(f.system);
        qtimeout(f.write_queue(), callback, one, 5);
        f.system.alloc.ceiling(1);
        qbufcall(f.write_queue(), 1 << 20, BPRI_MED, callback, one);
        f.system.alloc.ceiling(0);
    }
    f.close(fd);
    CHECK(f.took_fault("MP-021") >= 1);
    rill_advance(handle(f.system), 10);
    f.run();
    CHECK(order == "");
}

TEST_CASE("MP-006 MP-014: what waits for the perimeter when close switches the procedures off is freed, not delivered") {
    Guarded f(D_MTQPAIR);
    const int fd = f.open("/dev/echo");
    f.echo.on_close = [&](queue_t *q, int flag, cred_t *crp) {
        f.nap(&f.event);
        return f.echo.standard_close(q, flag, crp);
    };
    Later close = f.later_close(f.root, fd);
    CHECK_FALSE(close.done());
    {
        Enter scope(f.system);
        put(f.write_queue(), data('z'));
    }
    f.wake(&f.event);
    CHECK(close.result() == 0);
    CHECK(f.echo.count("wput") == 0);
    f.echo.on_close = nullptr;
}

TEST_CASE("MP-014: an open that is refused while messages wait for the perimeter: none is left") {
    Guarded f(D_MTPERMOD);
    const int fd = f.open("/dev/echo");
    f.echo.on_open = [&](queue_t *q, dev_t *, int, int, cred_t *) {
        qprocson(q);
        put(WR(q), data('z'));
        f.nap(&f.event);
        return EIO;
    };
    Later slow = f.later_open(f.process(), "/dev/echo");
    f.write(fd, "x");
    f.wake(&f.event);
    CHECK(slow.result() == -EIO);
    CHECK(f.read(fd) == "x");
}
