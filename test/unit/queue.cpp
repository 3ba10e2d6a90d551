// Queues: clauses/03 sections 4 and 7, and what putting on schedules (section 6).
#include "test/unit/pairs.hpp"

using namespace rill;
using namespace rill::test;

TEST_CASE("QUE-041, QUE-050, QUE-069: a band that cannot be had: 0, the message stays the caller's") {
    Pairs p(1);
    queue_t *q = p.write(0);
    mblk_t *mp = p.message(1, M_DATA, 3);
    for (auto *put : {putq, putbq}) {
        p.f.system.alloc.fail_nth(1);
        CHECK(put(q, mp) == 0);
        CHECK(q->q_first == nullptr);
    }
    p.f.system.alloc.fail_nth(1);
    CHECK(insq(q, nullptr, mp) == 0);
    long value;
    p.f.system.alloc.fail_nth(1);
    CHECK(strqget(q, QHIWAT, 3, &value) == EAGAIN);
    p.f.system.alloc.fail_nth(1);
    CHECK(strqset(q, QHIWAT, 3, 1) == EAGAIN);
    freemsg(mp);
}

TEST_CASE("QUE-052: insq that would break the order of bands is refused") {
    Pairs p(1);
    queue_t *q = p.write(0);
    putq(q, p.message(1, M_DATA, 3));
    putq(q, p.message(1));
    mblk_t *mp = p.message(1);
    CHECK(insq(q, q->q_first, mp) == 0);
    mp->b_band = 1;
    CHECK(insq(q, nullptr, mp) == 0);
    mp->b_band = 4;
    CHECK(insq(q, q->q_last, mp) == 0);
    CHECK(Pairs::order(q) == "3 0");
    freemsg(mp);
}

TEST_CASE("QUE-053, QUE-081 [irix] [svr4]: insq refuses high priority behind a normal message, and normal before high priority") {
    Pairs p(1);
    queue_t *q = p.write(0);
    putq(q, p.message(1));
    putq(q, p.message(1));
    mblk_t *hi = p.message(1, M_PCPROTO), *normal = p.message(1);
    CHECK(insq(q, q->q_last, hi) == 0);
    CHECK(insq(q, q->q_first, hi) == 1);
    CHECK(insq(q, hi, normal) == 0);
    CHECK(Pairs::order(q) == "hi 0 0");
    freemsg(normal);
}

TEST_CASE("QUE-053 [solaris]: insq refuses high priority behind a normal message") {
    Pairs p(1, "solaris");
    queue_t *q = p.write(0);
    putq(q, p.message(1));
    putq(q, p.message(1));
    mblk_t *hi = p.message(1, M_PCPROTO);
    CHECK(insq(q, q->q_last, hi) == 0);
    CHECK(Pairs::order(q) == "0 0");
    CHECK(insq(q, q->q_first, hi) == 1);
    CHECK(Pairs::order(q) == "hi 0 0");
}

TEST_CASE("QUE-081 [solaris]: insq compares bands only, and takes a normal message before high priority") {
    Pairs p(1, "solaris");
    queue_t *q = p.write(0);
    putq(q, p.message(1, M_PCPROTO));
    CHECK(insq(q, q->q_first, p.message(1)) == 1);
    CHECK(Pairs::order(q) == "0 hi");
}

TEST_CASE("QUE-055, QUE-058: insq, appq and rmvq of a message that is not on the queue are faults") {
    Pairs p(1);
    queue_t *q = p.write(0);
    mblk_t *mp = p.message(1), *other = p.message(1);
    CHECK(insq(q, other, mp) == 0);
    CHECK(appq(q, other, mp) == 0);
    CHECK(p.f.took_fault("QUE-055") == 2);
    rmvq(q, mp);
    rmvq(q, nullptr);
    CHECK(p.f.took_fault("QUE-058") == 2);
    freemsg(mp);
    freemsg(other);
}

TEST_CASE("QUE-066, QUE-067, QUE-068, QUE-070: strqget and strqset refuse with a positive errno") {
    Pairs p(1);
    queue_t *q = p.write(0);
    long value;
    CHECK(strqget(q, QBAD, 0, &value) == EINVAL);
    CHECK(strqget(q, QMAXPSZ, 1, &value) == EINVAL);
    CHECK(strqget(q, QMINPSZ, 1, &value) == EINVAL);
    CHECK(strqset(q, QBAD, 0, 1) == EINVAL);
    CHECK(strqset(q, QMAXPSZ, 1, 1) == EINVAL);
    for (qfields_t what : {QCOUNT, QFIRST, QLAST, QFLAG}) CHECK(strqset(q, what, 0, 1) == EPERM);
    CHECK(q->q_nband == 0);
}

TEST_CASE("PUT-001, PUT-019: putnext where there is no next queue is a fault; the message is freed") {
    Pairs p(1);
    putnext(p.write(0), p.message(1));
    qreply(p.write(0), p.message(1));
    CHECK(putnextctl(p.write(0), M_HANGUP) == 0);
    CHECK(p.f.took_fault("PUT-001") == 3);
}

TEST_CASE("QUE-022: a message put to a queue without put procedure is a fault; the message is freed") {
    Pairs p(2);
    p.write(1)->q_qinfo->qi_putp = nullptr;
    putnext(p.write(0), p.message(1));
    CHECK(p.f.took_fault("QUE-022") == 1);
    put(p.write(0), nullptr);
    CHECK(p.f.took_fault("PUT-001") == 1);
}

TEST_CASE("PUT-012, PUT-013: putctl refuses data types but M_DELAY, and fails without memory") {
    Pairs p(2);
    queue_t *q = p.write(0);
    for (int type : {M_DATA, M_PROTO, M_PCPROTO}) {
        CHECK(putctl(q, type) == 0);
        CHECK(putctl1(q, type, 1) == 0);
        CHECK(putctl2(q, type, 1, 2) == 0);
        CHECK(putnextctl(q, type) == 0);
        CHECK(putnextctl1(q, type, 1) == 0);
    }
    p.f.system.alloc.fail_nth(1);
    CHECK(putctl(q, M_HANGUP) == 0);
    CHECK(p.log.empty());
    CHECK(putctl1(q, M_DELAY, 3) == 1);
    CHECK(putctl(q, M_DELAY) == 1);
    CHECK(putnextctl(q, M_DELAY) == 1);
}

TEST_CASE("PUT-015, PUT-016, PUT-017: putctl1 carries one byte, putctl2 two, putnextctl goes to the next queue") {
    Pairs p(2);
    queue_t *q = p.write(1);
    q->q_qinfo->qi_putp = putq; // PUT-011
    CHECK(putctl(q, M_BREAK) == 1);
    CHECK(putctl1(q, M_CTL, 7) == 1);
    CHECK(putnextctl2(p.write(0), M_ERROR, 8, 9) == 1);
    mblk_t *mp = getq(q);
    CHECK(mp->b_datap->db_type == M_ERROR);
    CHECK(block_length(mp) == 2);
    CHECK(mp->b_rptr[1] == 9);
    freemsg(mp);
    mp = getq(q);
    CHECK(block_length(mp) == 0);
    freemsg(mp);
    mp = getq(q);
    CHECK(block_length(mp) == 1);
    CHECK(*mp->b_rptr == 7);
    freemsg(mp);
}

TEST_CASE("PUT-001, PUT-002, PUT-004, QUE-017: putnext, put and qreply call the right procedure, its result ignored") {
    Pairs p(3);
    putnext(p.write(0), p.message(1));
    put(p.write(0), p.message(1));
    qreply(p.write(2), p.message(1, M_IOCACK));
    CHECK(p.log == std::vector<std::string>{"w1 put M_DATA", "w0 put M_DATA", "r1 put M_IOCACK"});
}

TEST_CASE("PUT-007: a put procedure runs in its caller, and the entry is noted while it does") {
    Pairs p(2);
    Recorder recorder;
    p.f.system.trace.attach(recorder);
    static EntryKind inside;
    static int deep;
    p.write(1)->q_qinfo->qi_putp = [](queue_t *, mblk_t *mp) {
        inside = current->entry->kind;
        deep = current->trace.depth;
        freemsg(mp);
        return 0;
    };
    putnext(p.write(0), p.message(5));
    p.f.system.trace.detach(recorder);
    CHECK(inside == EntryKind::put);
    CHECK(deep == 1);
    CHECK(p.f.system.trace.depth == 0);
    CHECK(p.f.system.entry == nullptr);
    REQUIRE(recorder.lines.size() == 1);
    CHECK(recorder.lines[0].kind == Kind::put);
    CHECK(recorder.lines[0].name == "probe");
    CHECK(recorder.lines[0].number == M_DATA);
}

TEST_CASE("QUE-013, QUE-014, QUE-011: set_queues takes each side's limits and sets QWANTR") {
    Pairs p(1);
    queue_t *r = p.read(0), *w = p.write(0);
    CHECK(r->q_hiwat == 100);
    CHECK(r->q_lowat == 20);
    CHECK(r->q_minpsz == 0);
    CHECK(r->q_maxpsz == INFPSZ);
    CHECK(w->q_hiwat == 200);
    CHECK(w->q_lowat == 40);
    CHECK(w->q_minpsz == 1);
    CHECK(w->q_maxpsz == 77);
    CHECK((r->q_flag & (QWANTR | QREADR)) == (QWANTR | QREADR));
    CHECK((w->q_flag & (QWANTR | QREADR)) == QWANTR);
    CHECK(w->q_ptr == &p); // QUE-006
}

TEST_CASE("MSG-004: putq links messages by b_next and b_prev") {
    Pairs p(1);
    queue_t *q = p.write(0);
    mblk_t *a = p.message(1), *b = p.message(1);
    putq(q, a);
    putq(q, b);
    CHECK(q->q_first == a);
    CHECK(q->q_last == b);
    CHECK(a->b_next == b);
    CHECK(b->b_prev == a);
    CHECK(a->b_cont == nullptr);
}

TEST_CASE("QUE-039, QUE-037, MSG-017: putq keeps high priority, then bands 255 to 1, then band 0, first come first") {
    Pairs p(1);
    queue_t *q = p.write(0);
    mblk_t *mixed = p.message(1, M_PROTO);
    linkb(mixed, p.message(1, M_PCPROTO));
    putq(q, mixed);
    for (unsigned char band : {2, 255, 2, 1, 0}) putq(q, p.message(1, M_DATA, band));
    mblk_t *first = p.message(1, M_PCPROTO), *second = p.message(1, M_PCPROTO);
    putq(q, first);
    putq(q, second);
    CHECK(Pairs::order(q) == "hi hi 255 2 2 1 0 0");
    CHECK(q->q_first == first);
    CHECK(first->b_next == second);
    CHECK(q->q_last->b_prev == mixed);
    CHECK(qsize(q) == 8);
    mblk_t *mp;
    std::string order;
    while ((mp = getq(q))) {
        order += std::to_string(mp->b_band) + " ";
        freemsg(mp);
    }
    CHECK(order == "0 0 255 2 2 1 0 0 ");
}

TEST_CASE("QUE-040: putq forces band 0 on a high-priority message") {
    Pairs p(1);
    mblk_t *mp = p.message(1, M_PCPROTO, 7);
    putq(p.write(0), mp);
    CHECK(mp->b_band == 0);
    CHECK(p.write(0)->q_nband == 0);
}

TEST_CASE("QUE-042, FLW-038, QUE-069: a new band makes all bands up to it, with the queue's marks of that moment") {
    Pairs p(1);
    queue_t *q = p.write(0);
    putq(q, p.message(10, M_DATA, 5));
    CHECK(q->q_nband == 5);
    long value;
    q->q_hiwat = 999;
    CHECK(strqget(q, QHIWAT, 3, &value) == 0);
    CHECK(value == 200);
    CHECK(strqset(q, QHIWAT, 7, 50) == 0);
    CHECK(q->q_nband == 7);
    CHECK(strqget(q, QHIWAT, 7, &value) == 0);
    CHECK(value == 50);
    CHECK(strqget(q, QCOUNT, 5, &value) == 0);
    CHECK(value == 10);
}

TEST_CASE("QUE-008, QUE-066: strqset changes a limit and strqget shows it") {
    Pairs p(1);
    queue_t *q = p.write(0);
    long value;
    for (qfields_t what : {QHIWAT, QLOWAT, QMAXPSZ, QMINPSZ}) {
        CHECK(strqset(q, what, 0, 7) == 0);
        CHECK(strqget(q, what, 0, &value) == 0);
        CHECK(value == 7);
    }
    mblk_t *mp = p.message(3);
    putq(q, mp);
    CHECK(strqget(q, QFIRST, 0, &value) == 0);
    CHECK(value == reinterpret_cast<long>(mp));
    CHECK(strqget(q, QLAST, 0, &value) == 0);
    CHECK(value == reinterpret_cast<long>(mp));
    CHECK(strqget(q, QCOUNT, 0, &value) == 0);
    CHECK(value == 3);
    CHECK(strqget(q, QFLAG, 0, &value) == 0);
    CHECK(value == q->q_flag);
}

TEST_CASE("QUE-045, FLW-040: getq returns the first message unlinked, NULL and QWANTR when there is none") {
    Pairs p(1);
    queue_t *q = p.write(0);
    mblk_t *a = p.message(1), *b = p.message(1);
    putq(q, a);
    putq(q, b);
    CHECK(getq(q) == a);
    CHECK(a->b_next == nullptr);
    CHECK(a->b_prev == nullptr);
    CHECK(!(q->q_flag & QWANTR));
    CHECK(getq(q) == b);
    CHECK(!(q->q_flag & QWANTR));
    CHECK(getq(q) == nullptr);
    CHECK((q->q_flag & QWANTR));
    freemsg(a);
    freemsg(b);
}

TEST_CASE("QUE-048, QUE-049: putbq puts a message at the front of its own class") {
    Pairs p(1);
    queue_t *q = p.write(0);
    for (auto [type, band] : {std::pair{M_PCPROTO, 0}, {M_DATA, 2}, {M_DATA, 1}, {M_DATA, 0}})
        putq(q, p.message(1, type, static_cast<unsigned char>(band)));
    mblk_t *one = p.message(1, M_DATA, 1), *zero = p.message(1), *hi = p.message(1, M_PCPROTO);
    CHECK(putbq(q, one) == 1);
    CHECK(putbq(q, zero) == 1);
    CHECK(putbq(q, hi) == 1);
    CHECK(Pairs::order(q) == "hi hi 2 1 1 0 0");
    CHECK(q->q_first == hi);
    CHECK(q->q_last->b_prev == zero);
    CHECK(zero->b_prev->b_prev == one);
    mblk_t *mp = getq(q);
    CHECK(putbq(q, mp) == 1);
    CHECK(q->q_first == mp);
    putbq(q, p.message(1, M_DATA, 9));
    CHECK(Pairs::order(q) == "hi hi 9 2 1 1 0 0");
}

TEST_CASE("QUE-051, QUE-056: insq puts before a message, appq behind one, NULL means the end") {
    Pairs p(1);
    queue_t *q = p.write(0);
    mblk_t *a = p.message(1), *b = p.message(1), *x = p.message(1), *y = p.message(1), *last = p.message(1);
    putq(q, a);
    putq(q, b);
    CHECK(insq(q, b, x) == 1);
    CHECK(appq(q, a, y) == 1);
    CHECK(insq(q, nullptr, last) == 1);
    CHECK(a->b_next == y);
    CHECK(y->b_next == x);
    CHECK(x->b_next == b);
    CHECK(q->q_last == last);
    CHECK(q->q_count == 5);
}

TEST_CASE("QUE-051: bands keep their ends through insq and rmvq") {
    Pairs p(1);
    queue_t *q = p.write(0);
    for (int i = 0; i < 2; ++i) putq(q, p.message(1, M_DATA, 2));
    putq(q, p.message(1));
    mblk_t *first = p.message(1, M_DATA, 2), *last = p.message(1, M_DATA, 2);
    CHECK(insq(q, q->q_first, first) == 1);
    CHECK(insq(q, q->q_last, last) == 1);
    CHECK(find_band(q, 2)->qb_first == first);
    CHECK(find_band(q, 2)->qb_last == last);
    rmvq(q, last);
    rmvq(q, first);
    CHECK(find_band(q, 2)->qb_first == q->q_first);
    CHECK(find_band(q, 2)->qb_last == q->q_first->b_next);
    CHECK(find_band(q, 2)->qb_count == 2);
    putq(q, first);
    putq(q, last);
    CHECK(Pairs::order(q) == "2 2 2 2 0");
    flushband(q, 2, FLUSHALL);
    CHECK(find_band(q, 2)->qb_first == nullptr);
    CHECK(find_band(q, 2)->qb_last == nullptr);
}

TEST_CASE("QUE-057: rmvq takes a message off wherever it stands") {
    Pairs p(1);
    queue_t *q = p.write(0);
    mblk_t *mp[3];
    for (mblk_t *&m : mp) putq(q, m = p.message(10));
    rmvq(q, mp[1]);
    CHECK(mp[0]->b_next == mp[2]);
    CHECK(mp[2]->b_prev == mp[0]);
    CHECK(q->q_count == 20);
    rmvq(q, mp[2]);
    rmvq(q, mp[0]);
    CHECK(q->q_first == nullptr);
    CHECK(q->q_last == nullptr);
    for (mblk_t *m : mp) freemsg(m);
}

TEST_CASE("QUE-060, QUE-061: flushq frees all, or with FLUSHDATA what datamsg() says, M_PCPROTO included") {
    Pairs p(1);
    queue_t *q = p.write(0);
    for (int type : {M_DATA, M_CTL, M_PCPROTO, M_PROTO, M_DELAY, M_IOCACK}) putq(q, p.message(2, type));
    flushq(q, FLUSHDATA);
    CHECK(qsize(q) == 2);
    CHECK(q->q_count == 4);
    CHECK(q->q_first->b_datap->db_type == M_IOCACK);
    CHECK(q->q_last->b_datap->db_type == M_CTL);
    flushq(q, FLUSHALL);
    CHECK(q->q_first == nullptr);
    CHECK(q->q_count == 0);
}

TEST_CASE("QUE-062, QUE-063, QUE-064: flushband frees one band; band 0 and high priority go together") {
    Pairs p(1);
    queue_t *q = p.write(0);
    for (unsigned char band : {0, 1, 2}) putq(q, p.message(1, M_DATA, band));
    putq(q, p.message(1, M_PCPROTO));
    flushband(q, 9, FLUSHALL);
    CHECK(Pairs::order(q) == "hi 2 1 0");
    flushband(q, 1, FLUSHALL);
    CHECK(Pairs::order(q) == "hi 2 0");
    flushband(q, 0, FLUSHALL);
    CHECK(Pairs::order(q) == "2");
}

TEST_CASE("QUE-065: qsize counts messages, not blocks") {
    Pairs p(1);
    for (int i = 0; i < 3; ++i) {
        mblk_t *mp = p.message(1);
        linkb(mp, p.message(1));
        putq(p.write(0), mp);
    }
    CHECK(qsize(p.write(0)) == 3);
}

TEST_CASE("QUE-007, QUE-072, QUE-073, QUE-074, QUE-075: RD, WR, OTHERQ, backq, SAMESTR") {
    Pairs p(3);
    CHECK(WR(p.read(0)) == p.read(0) + 1);
    CHECK(RD(p.write(0)) == p.write(0) - 1);
    CHECK(RD(p.read(0)) == p.read(0));
    CHECK(WR(p.write(0)) == p.write(0));
    CHECK(OTHERQ(p.read(1)) == p.write(1));
    CHECK(OTHERQ(p.write(1)) == p.read(1));
    CHECK(backq(p.write(0)) == nullptr);
    CHECK(backq(p.write(1)) == p.write(0));
    CHECK(backq(p.write(2)) == p.write(1));
    CHECK(backq(p.read(2)) == nullptr);
    CHECK(backq(p.read(0)) == p.read(1));
    CHECK(SAMESTR(p.write(0)) == 1);
    CHECK(SAMESTR(p.write(2)) == 0);
    CHECK(SAMESTR(p.read(0)) == 0);
}

TEST_CASE("QUE-072, QUE-075: at the middle of a pipe backq crosses over and SAMESTR is 0") {
    Pairs p(2);
    queue_t *a = p.write(0), *b = p.write(1);
    a->q_next = p.read(1);
    b->q_next = p.read(0);
    p.read(1)->q_next = nullptr;
    CHECK(SAMESTR(a) == 0);
    CHECK(backq(p.read(1)) == a);
    CHECK(backq(p.read(0)) == b);
    CHECK(backq(a) == nullptr);
    a->q_next = b->q_next = nullptr;
}

// --- scheduling ---

TEST_CASE("SCH-019, SCH-025: noenable stops putq, putbq and insq of messages that are not high priority") {
    Pairs p(1);
    queue_t *q = p.write(0);
    noenable(q);
    for (unsigned char band : {0, 1}) {
        putq(q, p.message(1, M_DATA, band));
        putbq(q, p.message(1, M_DATA, band));
    }
    insq(q, nullptr, p.message(1));
    CHECK(!Pairs::enabled(q));
    enableok(q);
    CHECK(!Pairs::enabled(q)); // SCH-009
    qenable(q);
    CHECK(Pairs::enabled(q));
}

TEST_CASE("SCH-012, SCH-021: high-priority putq and putbq always enable") {
    Pairs p(1);
    queue_t *q = p.write(0);
    noenable(q);
    for (auto *put : {putq, putbq}) {
        put(q, p.message(1, M_PCPROTO));
        CHECK(Pairs::enabled(q));
        p.unschedule(q);
    }
}

TEST_CASE("SCH-035: insq of a high-priority message enables although noenable was called") {
    Pairs p(1);
    noenable(p.write(0));
    insq(p.write(0), nullptr, p.message(1, M_PCPROTO));
    CHECK(Pairs::enabled(p.write(0)));
}

TEST_CASE("SCH-023 [solaris]: insq does not") {
    Pairs p(1, "solaris");
    noenable(p.write(0));
    insq(p.write(0), nullptr, p.message(1, M_PCPROTO));
    CHECK(!Pairs::enabled(p.write(0)));
}

TEST_CASE("SCH-013, SCH-014, SCH-015, QUE-014: an ordinary putq enables on a fresh queue and after a getq of NULL only") {
    Pairs p(1);
    queue_t *q = p.write(0);
    putq(q, p.message(1));
    CHECK(Pairs::enabled(q));
    p.unschedule(q);
    freemsg(getq(q));
    putq(q, p.message(1));
    CHECK(!Pairs::enabled(q));
    freemsg(getq(q));
    CHECK(getq(q) == nullptr);
    putq(q, p.message(1));
    CHECK(Pairs::enabled(q));
}

TEST_CASE("SCH-016: a banded putq enables although QWANTR is clear") {
    Pairs p(1);
    queue_t *q = p.write(0);
    putq(q, p.message(1));
    freemsg(getq(q));
    p.unschedule(q);
    putq(q, p.message(1, M_DATA, 1));
    CHECK(Pairs::enabled(q));
}

TEST_CASE("SCH-020, SCH-022: putbq after getq does not enable") {
    Pairs p(1);
    queue_t *q = p.write(0);
    putq(q, p.message(1));
    p.unschedule(q);
    putbq(q, getq(q));
    CHECK(!Pairs::enabled(q));
}

TEST_CASE("SCH-001: a queue without service procedure is never enabled") {
    Pairs p(1);
    Pairs::no_service(p.write(0));
    putq(p.write(0), p.message(1, M_PCPROTO));
    CHECK(!Pairs::enabled(p.write(0)));
}

#if RILL_CHECKING
TEST_CASE("PUT-006: queueing a message twice, or freeing one that is queued, is a fault") {
    Pairs p(2);
    mblk_t *mp = p.message(1);
    putq(p.write(0), mp);
    putq(p.write(1), mp);
    freemsg(mp);
    CHECK(p.f.took_fault("PUT-006") == 2);
    CHECK(qsize(p.write(0)) == 1);
    CHECK(qsize(p.write(1)) == 0);
}
#endif
