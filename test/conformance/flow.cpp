// Flow control as a stream shows it: from a driver's queue up to the writer, and from the stream head's read queue down to
// the driver (clauses/03 section 5). The rules of one queue are in test/unit/flow.cpp.
#include "test/streamio.hpp"

using namespace rill;
using namespace rill::test;

namespace {

long mark(queue_t *q, qfields_t which, unsigned char band = 0) {
    long value = -1;
    CHECK(strqget(q, which, band, &value) == 0);
    return value;
}

} // namespace

TEST_SUITE_BEGIN("flow control");

TEST_CASE("FLW-021: no service procedure on the way up: the writer that waits at the stream head goes on when the driver's queue drains") {
    OneStream s(nullptr, hold_writes);
    s.f.module("m");
    CHECK(s.ioctl(I_PUSH, "m") == 0);
    const std::string full(s.wq()->q_hiwat, 'x');
    CHECK(s.f.write(s.fd, full) == static_cast<int>(full.size()));
    Later writer = s.f.later(s.root, "write", [&] { return s.f.write(s.fd, "more"); });
    REQUIRE_FALSE(writer.done());
    CHECK((s.wq()->q_flag & QWANTW) != 0);
    empty_queue(s.f, s.wq());
    CHECK(writer.done());
    CHECK(writer.result() == 4);
    CHECK((s.wq()->q_flag & QWANTW) == 0);
    CHECK(s.wq()->q_count == 4);
    empty_queue(s.f, s.wq());
}

TEST_CASE("FLW-080: an empty queue is not full, whatever its marks: getq, rmvq, flushq, flushband; ordinary messages, bands, messages of no bytes") {
    for (const char *profile : {"irix", "svr4", "solaris"})
        for (size_t low : {0, 1, 100})
            for (int band : {0, 2})
                for (const char *bytes : {"", "x", "xyz"})
                    for (int way = 0; way < 4; ++way) {
                        CAPTURE(profile);
                        CAPTURE(low);
                        CAPTURE(band);
                        CAPTURE(way);
                        OneStream s(profile, hold_writes);
                        queue_t *q = s.wq();
                        Enter scope(s.f.system);
                        const auto number = static_cast<unsigned char>(band);
                        strqset(q, QHIWAT, number, 0);
                        strqset(q, QLOWAT, number, static_cast<long>(low));
                        for (int i = 0; i < 2; ++i) putq(q, message(M_DATA, bytes, band));
                        CHECK(bcanput(q, number) == 0); // FLW-009
                        if (way == 0)
                            while (mblk_t *mp = getq(q)) freemsg(mp);
                        if (way == 1)
                            while (mblk_t *mp = q->q_first) rmvq(q, mp), freemsg(mp);
                        if (way == 2) flushq(q, FLUSHALL);
                        if (way == 3) flushband(q, number, FLUSHALL);
                        CHECK(q->q_first == nullptr);
                        CHECK((band ? mark(q, QFLAG, number) & (QB_FULL | QB_WANTW) : q->q_flag & (QFULL | QWANTW)) == 0);
                        CHECK(bcanput(q, number) == 1);
                    }
}

TEST_CASE("FLW-080: with a high-water mark of 0 every write goes on once the one before it was taken, at the driver and at the head") {
    for (const char *profile : {"irix", "svr4", "solaris"}) {
        OneStream s(profile, hold_writes);
        strqset(s.wq(), QHIWAT, 0, 0);
        strqset(s.wq(), QLOWAT, 0, 0);
        CHECK(s.f.write(s.fd, "1") == 1);
        for (int i = 0; i < 3; ++i) {
            Later writer = s.f.later(s.root, "write", [&] { return s.f.write(s.fd, "2"); });
            CHECK_FALSE(writer.done());
            empty_queue(s.f, s.wq());
            REQUIRE(writer.done());
            CHECK(writer.result() == 1);
        }
        empty_queue(s.f, s.wq());
        stroptions options{};
        options.so_flags = SO_HIWAT | SO_LOWAT; // both 0
        s.up_options(options);
        for (int i = 0; i < 3; ++i) {
            Enter scope(s.f.system);
            CHECK(canputnext(s.rq) == 1);
            putnext(s.rq, message(M_DATA, "up"));
            CHECK(canputnext(s.rq) == 0);
            CHECK(s.f.read(s.fd) == "up");
        }
    }
}

TEST_CASE("FLW-080: a queue whose messages were trimmed while they waited counts from 0 again when it is empty") {
    OneStream s(nullptr, hold_writes);
    queue_t *q = s.wq();
    Enter scope(s.f.system);
    mblk_t *mp = message(M_DATA, std::string(q->q_hiwat, 'x'));
    putq(q, mp);
    CHECK(canput(q) == 0);
    mp->b_wptr = mp->b_rptr;
    freemsg(getq(q));
    CHECK(q->q_count == 0);
    CHECK(canput(q) == 1);
}

TEST_CASE("FLW-030: bcanput of band 0 is canput, and bcanputnext is bcanput of the next queue") {
    OneStream s(nullptr, hold_writes);
    queue_t *above = s.stream().write_queue(), *q = s.wq();
    Enter scope(s.f.system);
    CHECK(bcanput(q, 0) == 1);
    CHECK(bcanputnext(above, 0) == 1);
    CHECK(canput(q) == 1);
    CHECK((q->q_flag & QWANTW) == 0);
    putq(q, message(M_DATA, std::string(q->q_hiwat, 'x')));
    putq(q, message(M_DATA, std::string(q->q_hiwat, 'x'), 3));
    putq(q, message(M_DATA, "x", 2));
    for (int band : {0, 3}) {
        CHECK(bcanput(q, static_cast<unsigned char>(band)) == 0);
        CHECK(bcanputnext(above, static_cast<unsigned char>(band)) == 0);
    }
    CHECK(canput(q) == 0);
    CHECK((q->q_flag & QWANTW) != 0);
    CHECK(bcanput(q, 2) == 1);
    CHECK(bcanputnext(above, 2) == 1);
    flushq(q, FLUSHALL);
}

TEST_CASE("FLW-036: a full band holds back the lower ones in a service procedure that uses putbq; a put procedure asks each band alone") {
    for (const char *profile : {"solaris", "irix"}) {
        CAPTURE(profile);
        OneStream s(profile);
        queue_t *above = s.rq->q_next; // the stream head's
        std::string passed;
        {
            Enter scope(s.f.system);
            putq(above, message(M_DATA, std::string(above->q_hiwat, 'x'), 2));
        }
        auto pass = [&](queue_t *q, mblk_t *mp) {
            passed += std::to_string(mp->b_band);
            putnext(q, mp);
        };
        Probe &m = s.f.module("m");
        m.give_service_procedures();
        m.on_rput = [](queue_t *q, mblk_t *mp) { putq(q, mp); };
        m.on_rsrv = [&](queue_t *q) {
            while (mblk_t *mp = getq(q)) {
                if (!bcanputnext(q, mp->b_band)) return static_cast<void>(putbq(q, mp));
                pass(q, mp);
            }
        };
        CHECK(s.ioctl(I_PUSH, "m") == 0);
        s.up(M_DATA, "two", 2);
        s.up(M_DATA, "one", 1);
        s.up(M_DATA, "nil", 0);
        CHECK(passed == "");
        queue_t *q = s.rq->q_next; // the module's
        {
            Enter scope(s.f.system);
            CHECK(qsize(q) == 3);
            CHECK(bcanputnext(q, 0) == 1); // by itself it could go
            freemsg(getq(above));
            s.f.system.run_until_idle();
        }
        CHECK(passed == "210");
        CHECK(s.ioctl(I_POP, 0) == 0);

        Probe &asks = s.f.module("asks");
        asks.on_rput = [&](queue_t *up, mblk_t *mp) {
            if (!bcanputnext(up, mp->b_band)) return freemsg(mp);
            pass(up, mp);
        };
        CHECK(s.ioctl(I_PUSH, "asks") == 0);
        {
            Enter scope(s.f.system);
            flushq(above, FLUSHALL);
            putq(above, message(M_DATA, std::string(above->q_hiwat, 'x'), 2));
        }
        passed.clear();
        s.up(M_DATA, "two", 2);
        s.up(M_DATA, "one", 1);
        s.up(M_DATA, "nil", 0);
        CHECK(passed == "10");
    }
}

TEST_CASE("FLW-043: the stream head's read queue starts with water marks 5120 and 1024") {
    OneStream s;
    Enter scope(s.f.system);
    queue_t *above = s.rq->q_next;
    REQUIRE(above == s.stream().read_queue());
    CHECK(mark(above, QHIWAT) == 5120);
    CHECK(mark(above, QLOWAT) == 1024);
    CHECK((STRHIGH == 5120 && STRLOW == 1024));
}

TEST_CASE("FLW-044 [irix] [svr4]: canputnext from the driver follows the marks that M_SETOPTS gave the head's read queue, or one of its bands") {
    OneStream s;
    queue_t *above = s.rq->q_next;
    auto room = [&](unsigned char band) {
        Enter scope(s.f.system);
        return bcanputnext(s.rq, band);
    };
    stroptions marks{};
    marks.so_flags = SO_HIWAT | SO_LOWAT;
    marks.so_hiwat = 10;
    marks.so_lowat = 4;
    s.up_options(marks);
    marks.so_flags |= SO_BAND;
    marks.so_band = 1;
    marks.so_hiwat = 3;
    marks.so_lowat = 1;
    s.up_options(marks);
    {
        Enter scope(s.f.system);
        CHECK(mark(above, QHIWAT) == 10);
        CHECK(mark(above, QLOWAT) == 4);
        CHECK(mark(above, QHIWAT, 1) == 3);
        CHECK(mark(above, QLOWAT, 1) == 1);
    }
    s.up(M_DATA, "123456789");
    CHECK(room(0) == 1);
    s.up(M_DATA, "0");
    CHECK(room(0) == 0);
    CHECK(room(1) == 1);
    s.up(M_DATA, "abc", 1);
    CHECK(room(1) == 0);
    CHECK(s.f.read(s.fd, 3) == "abc");
    CHECK(room(1) == 1);
    CHECK(room(0) == 0);
    CHECK(s.f.read(s.fd, 6) == "123456"); // 4 are left: not below the low mark
    CHECK(room(0) == 0);
    CHECK(s.f.read(s.fd, 1) == "7");
    CHECK(room(0) == 1);
}

TEST_CASE("FLW-044 [solaris]: canputnext from the driver follows the high mark that M_SETOPTS gave the head's read queue") {
    OneStream s("solaris");
    auto room = [&] {
        Enter scope(s.f.system);
        return bcanputnext(s.rq, 0);
    };
    stroptions marks{};
    marks.so_flags = SO_HIWAT | SO_LOWAT;
    marks.so_hiwat = 10;
    marks.so_lowat = 4;
    s.up_options(marks);
    s.up(M_DATA, "123456789");
    CHECK(room() == 1);
    s.up(M_DATA, "0");
    CHECK(room() == 0);
    CHECK(s.f.read(s.fd, 1) == "1"); // below the high mark again (FLW-012)
    CHECK(room() == 1);
    marks.so_hiwat = 9;
    s.up_options(marks);
    s.up(M_DATA, "1");
    CHECK(room() == 0);
}

TEST_SUITE_END();
