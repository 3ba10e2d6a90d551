// Flow control: clauses/03 section 5.
#include "test/unit/pairs.hpp"

using namespace rill;
using namespace rill::test;

namespace {

// A row of two: the feeder on top, and the queue below it with high water 100 and low water 20.
struct Fed : Pairs {
    explicit Fed(const char *profile = nullptr) : Pairs(2, profile), feeder(write(0)), q(write(1)) { marks(q, 100, 20); }
    void add(size_t size, unsigned char band = 0) { putq(q, message(size, M_DATA, band)); }
    void remove() { freemsg(getq(q)); }
    bool wanted() const { return q->q_flag & QWANTW; }

    queue_t *feeder, *q;
};

} // namespace

TEST_CASE("FLW-034: canput of no queue is 0 and a fault") {
    Fed p;
    CHECK(canput(nullptr) == 0);
    CHECK(bcanput(nullptr, 1) == 0);
    CHECK(canputnext(p.q) == 0);
    CHECK(p.f.took_fault("FLW-034") == 3);
}

TEST_CASE("FLW-025, FLW-029: canput of a full queue is 0 and sets QWANTW") {
    Fed p;
    p.add(120);
    CHECK(canput(p.q) == 0);
    CHECK(p.wanted());
    CHECK(canputnext(p.feeder) == 0);
    CHECK(canput(p.feeder) == 1);
}

TEST_CASE("FLW-033, FLW-035: bcanput of a full band is 0 and sets QB_WANTW; other bands have room") {
    Fed p;
    p.add(120, 1);
    CHECK(bcanputnext(p.feeder, 1) == 0);
    long flag;
    CHECK(strqget(p.q, QFLAG, 1, &flag) == 0);
    CHECK(flag == (QB_FULL | QB_WANTW));
    CHECK(canput(p.q) == 1);
    p.add(120);
    p.add(1, 2);
    CHECK(bcanput(p.q, 2) == 1);
    CHECK(bcanput(p.q, 0) == 0); // FLW-030
}

TEST_CASE("FLW-031: a band that does not exist is not full, and is not made") {
    Fed p;
    p.add(120);
    std::uint64_t requests = p.f.system.alloc.requests;
    CHECK(bcanput(p.q, 9) == 1);
    CHECK(p.q->q_nband == 0);
    CHECK(p.f.system.alloc.requests == requests);
}

TEST_CASE("FLW-001, FLW-003, FLW-004: q_count counts band 0 and high priority, qb_count its band, blocks of all types") {
    Fed p;
    mblk_t *mp = p.message(4, M_PROTO);
    linkb(mp, p.message(10));
    putq(p.q, mp);
    p.add(10, 2);
    putq(p.q, p.message(1, M_PCPROTO));
    CHECK(p.q->q_count == 15);
    CHECK(find_band(p.q, 2)->qb_count == 10);
    CHECK(find_band(p.q, 1)->qb_count == 0);
    flushq(p.q, FLUSHALL);
    CHECK(p.q->q_count == 0);
    CHECK(find_band(p.q, 2)->qb_count == 0);
}

TEST_CASE("FLW-005, FLW-010: reaching the high water mark sets QFULL; putq still takes messages") {
    Fed p;
    p.add(90);
    CHECK(!Pairs::full(p.q));
    p.add(20);
    CHECK(Pairs::full(p.q));
    CHECK(putq(p.q, p.message(1)) == 1);
    flushq(p.q, FLUSHALL);
    p.add(100);
    CHECK(Pairs::full(p.q));
}

TEST_CASE("FLW-039: high-priority messages count") {
    Fed p;
    putq(p.q, p.message(1000, M_PCPROTO));
    CHECK(Pairs::full(p.q));
}

TEST_CASE("FLW-008, FLW-009 [irix] [svr4]: empty messages never fill a queue, unless its high water mark is 0") {
    Fed p;
    p.marks(p.q, 5, 1);
    for (int i = 0; i < 1000; ++i) p.add(0);
    CHECK(!Pairs::full(p.q));
    flushq(p.q, FLUSHALL);
    p.marks(p.q, 0, 0);
    p.add(0);
    CHECK(Pairs::full(p.q));
}

TEST_CASE("FLW-009 [solaris]: with high water 0 an empty message fills a queue") {
    Fed p("solaris");
    p.marks(p.q, 0, 0);
    CHECK(!Pairs::full(p.q));
    p.add(0);
    CHECK(Pairs::full(p.q));
}

TEST_CASE("FLW-007 [solaris]: as many blocks as the high water mark fill a queue") {
    Fed p("solaris");
    p.marks(p.q, 5, 1);
    for (int i = 0; i < 4; ++i) p.add(0);
    CHECK(!Pairs::full(p.q));
    p.add(0);
    CHECK(Pairs::full(p.q));
    p.remove();
    CHECK(!Pairs::full(p.q));
}

TEST_CASE("FLW-011, FLW-014, FLW-018 [irix] [svr4]: QFULL stays until the count is below low water; then the feeder is enabled once") {
    Fed p;
    for (int i = 0; i < 3; ++i) p.add(40);
    CHECK(canputnext(p.feeder) == 0);
    p.remove();
    CHECK(Pairs::full(p.q));
    CHECK(canputnext(p.feeder) == 0);
    CHECK(!Pairs::enabled(p.feeder));
    p.remove();
    CHECK(Pairs::full(p.q));
    p.remove();
    CHECK(!Pairs::full(p.q));
    CHECK(!p.wanted());
    CHECK(Pairs::enabled(p.feeder));
    CHECK(canputnext(p.feeder) == 1);
    p.unschedule(p.feeder);
    p.add(1);
    p.remove();
    CHECK(!Pairs::enabled(p.feeder));
}

TEST_CASE("FLW-014: exactly the low water mark is not below it") {
    Fed p;
    p.add(100);
    p.add(1);
    p.add(19);
    CHECK(canput(p.q) == 0);
    p.remove();
    CHECK(p.q->q_count == 20);
    CHECK(!Pairs::enabled(p.feeder));
    p.remove();
    CHECK(Pairs::enabled(p.feeder));
}

TEST_CASE("FLW-012 [solaris]: QFULL goes below high water, back-enabling waits for low water") {
    Fed p("solaris");
    for (int i = 0; i < 3; ++i) p.add(40);
    CHECK(canputnext(p.feeder) == 0);
    p.remove();
    CHECK(!Pairs::full(p.q));
    CHECK(canputnext(p.feeder) == 1);
    CHECK(!Pairs::enabled(p.feeder));
    p.remove();
    p.remove();
    CHECK(Pairs::enabled(p.feeder));
}

TEST_CASE("FLW-017: with low water 0 emptiness back-enables, on Solaris any removal") {
    for (bool solaris : {false, true}) {
        Fed p(solaris ? "solaris" : "irix");
        p.marks(p.q, 1, 0);
        p.add(1);
        p.add(1);
        CHECK(canput(p.q) == 0);
        p.remove();
        CHECK(Pairs::enabled(p.feeder) == solaris);
        p.remove();
        CHECK(Pairs::enabled(p.feeder));
    }
}

TEST_CASE("FLW-013: getq, rmvq, flushq and flushband all back-enable") {
    for (int how = 0; how < 4; ++how) {
        CAPTURE(how);
        Fed p;
        p.add(120);
        CHECK(canput(p.q) == 0);
        mblk_t *mp = p.q->q_first;
        if (how == 0) p.remove();
        if (how == 1) {
            rmvq(p.q, mp);
            freemsg(mp);
        }
        if (how == 2) flushq(p.q, FLUSHDATA);
        if (how == 3) flushband(p.q, 0, FLUSHALL);
        CHECK(!Pairs::full(p.q));
        CHECK(Pairs::enabled(p.feeder));
    }
}

TEST_CASE("FLW-019: a getq that finds the queue empty back-enables who waits") {
    Fed p;
    p.q->q_flag |= QWANTW;
    CHECK(getq(p.q) == nullptr);
    CHECK(!p.wanted());
    CHECK(Pairs::enabled(p.feeder));
}

TEST_CASE("FLW-020, FLW-022: the nearest service procedure behind is enabled, noenable or not") {
    Pairs p(3);
    Pairs::no_service(p.write(1));
    noenable(p.write(0));
    queue_t *q = p.write(2);
    putq(q, p.message(500));
    CHECK(canputnext(p.write(1)) == 0);
    flushq(q, FLUSHALL);
    CHECK(Pairs::enabled(p.write(0)));
    CHECK(!Pairs::enabled(p.write(1)));
    p.unschedule(q);
    p.run();
    CHECK(p.log == std::vector<std::string>{"w0 service"});
}

TEST_CASE("FLW-024, FLW-027, FLW-028: the first queue with a service procedure decides, or the last") {
    Pairs p(3);
    Pairs::no_service(p.write(1));
    putq(p.write(1), p.message(500));
    CHECK(Pairs::full(p.write(1)));
    CHECK(canputnext(p.write(0)) == 1);
    putq(p.write(2), p.message(500));
    CHECK(canputnext(p.write(0)) == 0);
    CHECK((p.write(2)->q_flag & QWANTW) != 0);
    Pairs::no_service(p.write(2));
    CHECK(canputnext(p.write(0)) == 0);
    Pairs::no_service(p.read(0));
    putq(p.read(0), p.message(500));
    CHECK(canputnext(p.read(1)) == 0);
}

TEST_CASE("FLW-026, QUE-071: limits do not change QFULL until messages move") {
    Fed p;
    p.add(50);
    strqset(p.q, QHIWAT, 0, 10);
    CHECK(!Pairs::full(p.q));
    p.add(1);
    CHECK(Pairs::full(p.q));
    strqset(p.q, QHIWAT, 0, 1000);
    CHECK(canput(p.q) == 0);
}

TEST_CASE("FLW-037 [irix] [svr4]: a band is full, no longer full and back-enabled by the rules of its queue") {
    Fed p;
    p.add(60, 3);
    CHECK(bcanput(p.q, 3) == 1);
    p.add(60, 3);
    CHECK(bcanput(p.q, 3) == 0);
    p.remove();
    CHECK(bcanput(p.q, 3) == 0);
    p.remove();
    CHECK(bcanput(p.q, 3) == 1);
    CHECK(Pairs::enabled(p.feeder));
}

TEST_CASE("FLW-045: a feeder that queues under pressure passes everything on in order") {
    Fed p;
    p.on_service = [&](queue_t *q) {
        while (mblk_t *mp = getq(q)) {
            if (q == p.q) {
                p.log.push_back(std::to_string(*mp->b_rptr));
                freemsg(mp);
            } else if (canputnext(q)) {
                putnext(q, mp);
            } else {
                putbq(q, mp);
                return;
            }
        }
    };
    p.q->q_qinfo->qi_putp = putq;
    for (unsigned char i = 0; i < 20; ++i) {
        mblk_t *mp = p.message(30);
        *mp->b_rptr = i;
        putq(p.feeder, mp);
    }
    p.run();
    std::vector<std::string> numbers;
    for (const std::string &line : p.log)
        if (line.find(' ') == std::string::npos) numbers.push_back(line);
    REQUIRE(numbers.size() == 20);
    for (std::size_t i = 0; i < 20; ++i) CHECK(numbers[i] == std::to_string(i));
}

TEST_CASE("each change of a flow flag is one trace record") {
    Fed p;
    Recorder recorder;
    p.f.system.trace.attach(recorder);
    p.add(120, 1);
    (void)bcanput(p.q, 1);
    (void)bcanput(p.q, 1);
    p.remove();
    p.f.system.trace.detach(recorder);
    std::vector<Event> changes;
    for (auto &line : recorder.lines) {
        if (line.kind != Kind::flow) continue;
        changes.push_back(line.event);
        CHECK(line.number == 1); // the band
    }
    CHECK(changes == std::vector{Event::full, Event::wanted, Event::no_longer_full, Event::no_longer_wanted});
}
