// When service procedures run (clauses/03 section 6). Which calls enable a queue is in test/unit/queue.cpp.
#include "test/streamio.hpp"

using namespace rill;
using namespace rill::test;

namespace {

constexpr major_t N = 61;

// Streams on minors 0 to 2 of a driver with service procedures. Its write service procedure logs "a", "b" or "c", and
// then does what `service` says.
struct Three : Fixture {
    explicit Three(const char *profile = nullptr) : Fixture(profile), dev(loose("dev", Probe::Sort::driver)) {
        dev.give_service_procedures();
        install(dev, N);
        dev.on_wput = [](queue_t *q, mblk_t *mp) { putq(q, mp); };
        dev.on_rsrv = [](queue_t *) {};
        dev.on_wsrv = [this](queue_t *q) {
            for (int i = 0; i < 3; ++i)
                if (q == write_queue[i]) log += static_cast<char>('a' + i);
            if (service) service(q);
        };
        for (int i = 0; i < 3; ++i) {
            const std::string path = "/dev/dev" + std::to_string(i);
            node(path.c_str(), makedevice(N, static_cast<minor_t>(i)));
            fd[i] = open(path.c_str(), O_RDWR | O_NONBLOCK); // closes without waiting for its queue
            REQUIRE(fd[i] >= 0);
            write_queue[i] = WR(dev.last("open").q);
        }
    }
    ~Three() { service = nullptr; }
    void enable(std::initializer_list<int> order) {
        for (int i : order) qenable(write_queue[i]);
    }
    static bool enabled(queue_t *q) { return q->q_flag & QENAB; }
    static void drain(queue_t *q) {
        while (mblk_t *mp = getq(q)) freemsg(mp);
    }

    Probe &dev;
    int fd[3];
    queue_t *write_queue[3];
    std::function<void(queue_t *)> service;
    std::string log;
};

void enable(void *q) { qenable(static_cast<queue_t *>(q)); }
int returns_five(queue_t *q) {
    Three::drain(q);
    return 5;
}

} // namespace

TEST_SUITE_BEGIN("scheduling");

// --- the run list

TEST_CASE("SCH-002 SCH-004: qenable sets QENAB; service procedures run in the order in which they were enabled") {
    for (auto order : {std::initializer_list<int>{0, 1, 2}, {2, 0, 1}, {1, 2, 0}}) {
        Three f;
        Enter scope(f.system);
        f.enable(order);
        for (queue_t *q : f.write_queue) CHECK(f.enabled(q));
        CHECK(f.log.empty());
        f.system.run_until_idle();
        std::string expected;
        for (int i : order) expected += static_cast<char>('a' + i);
        CHECK(f.log == expected);
        for (queue_t *q : f.write_queue) CHECK_FALSE(f.enabled(q));
    }
}

TEST_CASE("SCH-003: a queue that is enabled already keeps its place and runs once") {
    Three f;
    Enter scope(f.system);
    f.enable({1, 0, 1, 1});
    f.system.run_until_idle();
    CHECK(f.log == "ba");
}

TEST_CASE("SCH-005: QENAB is clear inside the service procedure: an enable from there is one more run, behind the others") {
    Three f;
    Enter scope(f.system);
    bool again = true;
    f.service = [&](queue_t *q) {
        CHECK_FALSE(f.enabled(q));
        if (q != f.write_queue[0] || !std::exchange(again, false)) return;
        qenable(q);
        qenable(q);
        CHECK(f.enabled(q));
    };
    f.enable({0, 1});
    f.system.run_until_idle();
    CHECK(f.log == "aba");
}

TEST_CASE("SCH-006: a service procedure that is enabled, and sent messages, while it runs is not entered again before it has returned") {
    Three f;
    Enter scope(f.system);
    int inside = 0, most = 0, runs = 0;
    f.service = [&](queue_t *q) {
        most = std::max(most, ++inside);
        Three::drain(q);
        if (++runs < 5) {
            put(q, message(M_DATA, "x"));
            put(q, message(M_PCPROTO, "x"));
            qenable(q);
            CHECK(f.enabled(q));
        }
        --inside;
    };
    f.enable({0});
    f.system.run_until_idle();
    CHECK(runs == 5);
    CHECK(most == 1);
    CHECK(f.write_queue[0]->q_first == nullptr);
}

TEST_CASE("SCH-007: when write returns, every service procedure that it made runnable has run, and those that these enabled") {
    Three f;
    f.service = [&](queue_t *q) {
        Three::drain(q);
        if (q == f.write_queue[0]) f.enable({1});
        if (q == f.write_queue[1]) f.enable({2});
    };
    CHECK(f.write(f.fd[0], "abc") == 3);
    CHECK(f.log == "abc");
    for (queue_t *q : f.write_queue) CHECK_FALSE(f.enabled(q));
}

// --- noenable, enableok, qenable

TEST_CASE("SCH-008: qenable runs a queue that noenable has stopped") {
    Three f;
    Enter scope(f.system);
    noenable(f.write_queue[0]);
    f.enable({0});
    CHECK(f.enabled(f.write_queue[0]));
    f.system.run_until_idle();
    CHECK(f.log == "a");
    CHECK((f.write_queue[0]->q_flag & QNOENB) != 0);
}

TEST_CASE("SCH-009 SCH-011: noenable and enableok set and clear QNOENB, which canenable shows, and schedule nothing") {
    Three f;
    queue_t *q = f.write_queue[0];
    {
        Enter scope(f.system);
        CHECK(canenable(q));
        noenable(q);
        CHECK_FALSE(canenable(q));
        CHECK((q->q_flag & QNOENB) != 0);
    }
    CHECK(f.write(f.fd[0], "abc") == 3);
    Enter scope(f.system);
    enableok(q);
    CHECK(canenable(q));
    CHECK((q->q_flag & QNOENB) == 0);
    CHECK_FALSE(f.enabled(q));
    f.system.run_until_idle();
    CHECK(f.log.empty());
    CHECK(qsize(q) == 1);
}

TEST_CASE("SCH-010: enableok and then qenable starts a stopped queue again: what waited is served in order, and so is what follows") {
    Three f;
    std::string served;
    f.service = [&](queue_t *q) {
        while (mblk_t *mp = getq(q)) {
            served += bytes_of(mp);
            freemsg(mp);
        }
    };
    queue_t *q = f.write_queue[0];
    {
        Enter scope(f.system);
        noenable(q);
    }
    CHECK(f.write(f.fd[0], "one") == 3);
    CHECK(f.write(f.fd[0], "two") == 3);
    CHECK(served == "");
    {
        Enter scope(f.system);
        enableok(q);
        qenable(q);
        f.system.run_until_idle();
    }
    CHECK(served == "onetwo");
    CHECK(f.write(f.fd[0], "three") == 5);
    CHECK(served == "onetwothree");
    CHECK(f.log == "aa");
}

TEST_CASE("SCH-030: qenable from a timeout, from a bufcall and from outside all procedures") {
    Three f;
    Enter scope(f.system);
    timeout(enable, f.write_queue[0], 2);
    f.system.run_until_idle();
    CHECK(f.log == "");
    f.system.advance(2);
    CHECK(f.log == "a");
    bufcall(8, BPRI_MED, enable, f.write_queue[1]);
    f.system.run_until_idle();
    CHECK(f.log == "ab");
    qenable(f.write_queue[2]);
    f.system.run_until_idle();
    CHECK(f.log == "abc");
}

TEST_CASE("SCH-034 [solaris]: noenable, putq, enableok, putq on a fresh queue: QWANTR alone decides, the second putq enables") {
    Three f("solaris");
    Enter scope(f.system);
    queue_t *q = f.write_queue[0];
    noenable(q);
    putq(q, message(M_DATA, "a"));
    CHECK_FALSE(f.enabled(q));
    enableok(q);
    CHECK_FALSE(f.enabled(q));
    putq(q, message(M_DATA, "b"));
    CHECK(f.enabled(q));
    f.service = Three::drain;
    f.system.run_until_idle();
    CHECK(f.log == "a");
    CHECK(q->q_first == nullptr);
}

// --- the service procedure

TEST_CASE("SCH-026: a service procedure that tries to sleep does not: a fault that names the driver, and it goes on") {
    Three f;
    bool went_on = false;
    f.service = [&](queue_t *q) {
        f.nap(q);
        went_on = true;
        Three::drain(q);
    };
    CHECK(f.write(f.fd[0], "abc") == 3);
    CHECK(went_on);
    REQUIRE(f.system.faults.size() == 1);
    CHECK(f.system.faults[0].driver == "dev");
    CHECK(f.system.faults[0].entry == "service procedure");
    CHECK(f.took_fault("UTL-056") == 1);
}

TEST_CASE("SCH-027: one run serves the queue until getq is NULL, or until putbq when the next queue is full") {
    Three f;
    f.service = [](queue_t *q) {
        while (mblk_t *mp = getq(q)) {
            if (!canputnext(RD(q))) return static_cast<void>(putbq(q, mp));
            qreply(q, mp);
        }
    };
    queue_t *q = f.write_queue[0], *above = RD(q)->q_next;
    {
        Enter scope(f.system);
        for (const char *text : {"one", "two", "three"}) putq(q, message(M_DATA, text));
        f.system.run_until_idle();
    }
    CHECK(f.log == "a");
    CHECK(f.read(f.fd[0]) == "onetwothree");
    {
        Enter scope(f.system);
        strqset(above, QHIWAT, 0, 6);
        strqset(above, QLOWAT, 0, 2);
        for (const char *text : {"one", "two", "three"}) putq(q, message(M_DATA, text));
        f.system.run_until_idle();
        CHECK(qsize(q) == 1);
    }
    CHECK(f.log == "aa");
    CHECK(f.read(f.fd[0]) == "onetwo");
    CHECK(f.log == "aa"); // the read service procedure was told, not this one
    CHECK(f.dev.count("rsrv") >= 1);
}

TEST_CASE("SCH-028: a service procedure that returns early, without putbq or qenable, is not called again; the messages stay") {
    Three f;
    f.service = [](queue_t *q) { freemsg(getq(q)); };
    queue_t *q = f.write_queue[0];
    {
        Enter scope(f.system);
        for (const char *text : {"one", "two", "three"}) putq(q, message(M_DATA, text));
        f.system.run_until_idle();
        f.system.advance(100);
        CHECK(qsize(q) == 2);
    }
    CHECK(f.write(f.fd[0], "four") == 4); // QWANTR is clear: no run for this one either
    CHECK(f.log == "a");
    Enter scope(f.system);
    CHECK(qsize(q) == 3);
}

TEST_CASE("SCH-029: what a service procedure returns means nothing") {
    OneStream s(nullptr, [](Probe &dev) {
        dev.write_init.qi_srvp = returns_five;
        dev.on_wput = [](queue_t *q, mblk_t *mp) { putq(q, mp); };
    });
    for (int i = 0; i < 2; ++i) {
        CHECK(s.f.write(s.fd, "abc") == 3);
        CHECK(s.wq()->q_first == nullptr);
        CHECK_FALSE(Three::enabled(s.wq()));
    }
    CHECK(s.shows(POLLOUT | POLLERR | POLLHUP) == POLLOUT);
}

TEST_SUITE_END();
