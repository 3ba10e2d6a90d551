// Perimeters: who may be inside a module at once (spec/03 section 8; mt-streams(9F)).
#include "test/harness.hpp"

#include <sys/ddi.h>
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
