// Queues and the structures that describe them, as a driver in a stream sees them (clauses/03 section 4). What putq, getq
// and the others do to a queue alone is in test/unit/queue.cpp.
#include "test/streamio.hpp"

#include <sys/cmn_err.h>
#include <sys/conf.h>

using namespace rill;
using namespace rill::test;

namespace {

// How often a procedure ran that nobody may call.
int strays;
int stray_open(queue_t *, dev_t *, int, int, cred_t *) { return ++strays, EIO; }
int stray_close(queue_t *, int, cred_t *) { return ++strays, EIO; }
int stray_admin() { return ++strays, EIO; }

int nulldev(queue_t *) { return 0; }

std::string taken; // by a callback
void take_one(void *q) {
    mblk_t *mp = getq(static_cast<queue_t *>(q));
    taken += bytes_of(mp);
    freemsg(mp);
}

std::string on(queue_t *q) {
    std::string text;
    for (const mblk_t *mp = q->q_first; mp; mp = mp->b_next) text += bytes_of(mp);
    return text;
}

} // namespace

TEST_SUITE_BEGIN("queues");

// --- fields of queue_t, qinit, streamtab

TEST_CASE("QUE-006: q_ptr of either queue is what open stored there, in put, service and close; the framework leaves it alone") {
    int mine = 0, other = 0;
    OneStream s(nullptr, [&](Probe &dev) {
        dev.give_service_procedures();
        dev.on_open = [&](queue_t *q, dev_t *, int, int, cred_t *) {
            q->q_ptr = &mine;
            WR(q)->q_ptr = &other;
            qprocson(q);
            return 0;
        };
        dev.on_wput = [](queue_t *q, mblk_t *mp) { putq(q, mp); };
        dev.on_rput = [](queue_t *q, mblk_t *mp) { putq(q, mp); };
        dev.on_wsrv = [](queue_t *q) {
            while (mblk_t *mp = getq(q)) put(RD(q), mp);
        };
        dev.on_close = [](queue_t *q, int, cred_t *) {
            qprocsoff(q);
            return 0;
        };
    });
    CHECK(s.dev.last("open").read_ptr == nullptr);
    CHECK(s.dev.last("open").write_ptr == nullptr);
    CHECK(s.f.write(s.fd, "abc") == 3);
    CHECK(s.f.read(s.fd) == "abc");
    CHECK(s.f.close(s.fd) == 0);
    for (const char *procedure : {"wput", "wsrv", "rput", "rsrv", "close"}) {
        CAPTURE(procedure);
        CHECK(s.dev.count(procedure) >= 1);
        CHECK(s.dev.last(procedure).read_ptr == &mine);
        CHECK(s.dev.last(procedure).write_ptr == &other);
    }
}

TEST_CASE("QUE-019: open, close and admin procedures in the write-side qinit are never called") {
    strays = 0;
    auto stray = [](Probe &p) {
        p.write_init.qi_qopen = stray_open;
        p.write_init.qi_qclose = stray_close;
        p.write_init.qi_qadmin = stray_admin;
    };
    OneStream s(nullptr, stray);
    Probe &m = s.f.module("m");
    stray(m);
    CHECK(s.ioctl(I_PUSH, "m") == 0);
    CHECK(s.f.open("/dev/dev0") >= 0);
    CHECK(s.f.write(s.fd, "abc") == 3);
    CHECK(s.f.read(s.fd) == "abc");
    CHECK(s.ioctl(I_POP, 0) == 0);
    s.f.check_nothing_left();
    CHECK(strays == 0);
    CHECK(s.dev.count("open") == 2);
    CHECK(s.dev.count("close") == 1);
    CHECK(m.count("close") == 1);
}

TEST_CASE("QUE-020: a driver and a module whose write-side qinit has no open and close open and close") {
    OneStream s;
    Probe &m = s.f.module("m");
    REQUIRE_FALSE(bool(s.dev.write_init.qi_qopen));
    REQUIRE_FALSE(bool(m.write_init.qi_qclose));
    CHECK(s.ioctl(I_PUSH, "m") == 0);
    CHECK(m.count("open") == 1);
    CHECK(s.f.close(s.fd) == 0);
    CHECK(m.count("close") == 1);
    CHECK(s.dev.count("close") == 1);
}

TEST_CASE("QUE-023: canput looks past a module whose service procedure is NULL, and not past one with nulldev there") {
    for (bool null : {true, false}) {
        CAPTURE(null);
        OneStream s(nullptr, hold_writes);
        Probe &m = s.f.module("m");
        m.write_init.qi_srvp = null ? nullptr : nulldev;
        CHECK(s.ioctl(I_PUSH, "m") == 0);
        CHECK(s.f.write(s.fd, std::string(s.wq()->q_hiwat, 'x')) > 0);
        CHECK((s.wq()->q_flag & QFULL) != 0);
        {
            Enter scope(s.f.system);
            CHECK(canputnext(s.stream().write_queue()) == (null ? 0 : 1));
        }
        const int fd = s.open_nonblocking();
        CHECK(s.f.write(fd, "y") == (null ? -EAGAIN : 1)); // nulldev: the full queue below does not count
        empty_queue(s.f, s.wq());
    }
}

TEST_CASE("QUE-030: qi_mstat may be NULL, or name statistics that the driver keeps") {
    for (bool kept : {false, true}) {
        CAPTURE(kept);
        module_stat statistics{};
        OneStream s(nullptr, [&](Probe &dev) {
            dev.give_service_procedures();
            dev.read_init.qi_mstat = dev.write_init.qi_mstat = kept ? &statistics : nullptr;
            dev.on_wput = [&](queue_t *q, mblk_t *mp) {
                if (module_stat *own = q->q_qinfo->qi_mstat) own->ms_xsize = 7;
                dev.standard_put(q, mp);
            };
        });
        CHECK(s.f.write(s.fd, "abc") == 3);
        CHECK(s.f.read(s.fd) == "abc");
        CHECK(s.f.close(s.fd) == 0);
        CHECK(statistics.ms_xsize == (kept ? 7 : 0));
    }
}

TEST_CASE("QUE-032: I_LINK to a driver whose streamtab has no lower half: EINVAL, and the lower stream stays as it was") {
    OneStream s;
    REQUIRE_FALSE(s.dev.tab.st_muxrinit);
    REQUIRE_FALSE(s.dev.tab.st_muxwinit);
    const int low = s.f.open("/dev/dev1");
    CHECK(s.ioctl(I_LINK, low) == -EINVAL);
    CHECK(s.ioctl(I_PLINK, low) == -EINVAL);
    CHECK(s.f.system.links.empty());
    CHECK(s.dev.count("wput") == 0); // it was not asked
    CHECK(s.f.write(low, "abc") == 3);
    CHECK(s.f.read(low) == "abc");
}

// --- getq

TEST_CASE("QUE-046: getq works in a put procedure, a service procedure, a timeout, a bufcall and outside of all") {
    taken.clear();
    OneStream s(nullptr, [](Probe &dev) {
        dev.give_service_procedures();
        dev.on_wsrv = [](queue_t *) {};
        dev.on_wput = [](queue_t *q, mblk_t *mp) {
            putq(q, mp);
            take_one(q);
        };
    });
    auto queue = [&](const char *bytes) { putq(s.wq(), message(M_DATA, bytes)); };
    CHECK(s.f.write(s.fd, "p") == 1);
    CHECK(taken == "p");
    Enter scope(s.f.system);
    s.dev.on_wsrv = [](queue_t *q) { take_one(q); };
    queue("s");
    qenable(s.wq());
    s.f.system.run_until_idle();
    CHECK(taken == "ps");
    s.dev.on_wsrv = [](queue_t *) {};
    queue("t");
    timeout(take_one, s.wq(), 3);
    s.f.system.advance(3);
    CHECK(taken == "pst");
    queue("b");
    bufcall(8, BPRI_MED, take_one, s.wq());
    s.f.system.run_until_idle();
    CHECK(taken == "pstb");
    queue("o");
    take_one(s.wq());
    CHECK(taken == "pstbo");
    CHECK(s.wq()->q_count == 0);
}

TEST_CASE("QUE-047: getq of a queue whose procedures are switched off still returns the message") {
    std::string left;
    OneStream s(nullptr, [&](Probe &dev) {
        dev.give_service_procedures();
        dev.on_wput = [](queue_t *q, mblk_t *mp) { putq(q, mp); };
        dev.on_wsrv = [](queue_t *) {};
        dev.on_close = [&](queue_t *q, int flag, cred_t *crp) {
            dev.standard_close(q, flag, crp);
            while (mblk_t *mp = getq(WR(q))) {
                left += bytes_of(mp);
                freemsg(mp);
            }
            return 0;
        };
    });
    const int fd = s.open_nonblocking(); // the last to close: it does not wait for the queue to drain
    CHECK(s.f.write(s.fd, "abc") == 3);
    CHECK(s.f.close(s.fd) == 0);
    CHECK(s.f.close(fd) == 0);
    CHECK(left == "abc");
}

// --- insq that is refused

TEST_CASE("QUE-054 [solaris]: an insq that would break the order is refused with a warning; irix says nothing") {
    for (const char *profile : {"solaris", "irix"}) {
        CAPTURE(profile);
        OneStream s(profile);
        std::string said;
        s.f.system.console_sink = [&](int level, std::string_view text) {
            CHECK(level == CE_WARN);
            said += text;
        };
        Enter scope(s.f.system);
        putq(s.rq, message(M_DATA, "band", 3));
        mblk_t *mp = message(M_DATA, "plain");
        CHECK(insq(s.rq, s.rq->q_first, mp) == 0);
        CHECK((said.find("insq") != std::string::npos) == (std::string(profile) == "solaris"));
        CHECK(on(s.rq) == "band");
        said.clear();
        CHECK(insq(s.rq, nullptr, mp) == 1);
        CHECK(said.empty());
        CHECK(on(s.rq) == "bandplain");
        flushq(s.rq, FLUSHALL);
    }
}

// --- freezestr

namespace {

// A driver that does one thing with its stream frozen, on its write queue, which holds the message "q".
struct Frozen {
    explicit Frozen(const std::function<void(queue_t *)> &body)
        : s(nullptr, [&](Probe &dev) {
              dev.give_service_procedures();
              dev.on_wsrv = dev.on_rsrv = [](queue_t *) {};
              dev.on_wput = [&](queue_t *q, mblk_t *mp) {
                  putq(q, mp);
                  const pl_t level = freezestr(q);
                  body(q);
                  unfreezestr(q, level);
              };
          }) {
        CHECK(s.f.write(s.fd, "q") == 1);
        s.dev.on_wput = {};
        empty_queue(s.f, s.wq());
        empty_queue(s.f, s.rq);
    }
    int faults() { return s.f.took_fault("QUE-077"); }
    OneStream s;
};

} // namespace

TEST_CASE("QUE-077: with the stream frozen, what moves messages, asks for room or schedules is a fault that names the call") {
    struct Forbidden {
        const char *name;
        std::function<void(queue_t *)> call;
    };
    const Forbidden calls[] = {
        {"putq", [](queue_t *q) { putq(q, message(M_DATA, "p")); }},
        {"getq", [](queue_t *q) { freemsg(getq(q)); }},
        {"putbq", [](queue_t *q) { putbq(q, message(M_DATA, "p")); }},
        {"putnext", [](queue_t *q) { putnext(RD(q), message(M_DATA, "n")); }},
        {"qreply", [](queue_t *q) { qreply(q, message(M_DATA, "r")); }},
        {"canput", [](queue_t *q) { canput(q); }},
        {"canput", [](queue_t *q) { canputnext(RD(q)); }},
        {"bcanput", [](queue_t *q) { bcanput(q, 1); }},
        {"flushq", [](queue_t *q) { flushq(q, FLUSHALL); }},
        {"flushband", [](queue_t *q) { flushband(q, 0, FLUSHALL); }},
        {"qenable", [](queue_t *q) { qenable(q); }},
        {"qsize", [](queue_t *q) { qsize(q); }},
        {"qprocson", [](queue_t *q) { qprocson(RD(q)); }},
        {"qprocsoff", [](queue_t *q) { qprocsoff(RD(q)); }},
    };
    for (const Forbidden &forbidden : calls) {
        CAPTURE(forbidden.name);
        Frozen frozen(forbidden.call);
        REQUIRE(frozen.s.f.system.faults.size() == 1);
        CHECK(frozen.s.f.system.faults[0].driver == "dev");
        CHECK(frozen.s.f.system.faults[0].what.find(forbidden.name) == 0);
        CHECK(frozen.faults() == 1);
        if (std::string(forbidden.name) == "qprocsoff") {
            Enter scope(frozen.s.f.system);
            qprocson(frozen.s.rq);
        }
    }
}

TEST_CASE("QUE-077: with the stream frozen, insq, rmvq, strqget and strqset work on any queue of the stream, without a fault") {
    Frozen frozen([](queue_t *q) {
        queue_t *above = RD(q)->q_next; // the stream head's
        for (queue_t *each : {q, RD(q), above}) {
            mblk_t *mp = message(M_DATA, "abc");
            CHECK(insq(each, nullptr, mp) == 1);
            long count = -1;
            CHECK(strqget(each, QCOUNT, 0, &count) == 0);
            CHECK(count == (each == q ? 4 : 3));
            CHECK(strqset(each, QHIWAT, 0, 99) == 0);
            CHECK(each->q_hiwat == 99);
            rmvq(each, mp);
            freemsg(mp);
        }
        CHECK(on(q) == "q");
    });
    CHECK(frozen.faults() == 0);
    CHECK(frozen.s.f.read(frozen.s.open_nonblocking()) == "-EAGAIN");
}

TEST_CASE("QUE-077: what is forbidden ends with unfreezestr, and holds for the stream that was frozen only") {
    OneStream s;
    const int second = s.f.open("/dev/dev1");
    queue_t *elsewhere = WR(s.dev.last("open").q);
    s.dev.on_wput = [&](queue_t *q, mblk_t *mp) {
        s.dev.on_wput = {};
        const pl_t level = freezestr(q);
        CHECK(canput(elsewhere) == 1);
        putnext(RD(elsewhere), message(M_DATA, "other"));
        unfreezestr(q, level);
        qreply(q, mp);
    };
    CHECK(s.f.write(s.fd, "abc") == 3);
    CHECK(s.f.read(s.fd) == "abc");
    CHECK(s.f.read(second) == "other");
    s.f.check_no_fault();
}

TEST_CASE("QUE-076 QUE-078: freezing by one queue of a stream and again by another is a fault; either queue unfreezes it") {
    OneStream s;
    s.dev.on_wput = [&](queue_t *q, mblk_t *mp) {
        freezestr(q);
        freezestr(RD(q));
        unfreezestr(RD(q));
        qreply(q, mp);
    };
    CHECK(s.f.write(s.fd, "abc") == 3);
    CHECK(s.f.took_fault("QUE-078") == 1);
    CHECK(s.f.read(s.fd) == "abc");
    s.f.check_no_fault();
}

TEST_CASE("QUE-059: insq, rmvq, strqget and strqset of a stream that nobody froze are tolerated") {
    OneStream s;
    s.dev.on_wput = [](queue_t *q, mblk_t *mp) {
        CHECK(insq(q, nullptr, mp) == 1);
        long first = 0;
        CHECK(strqget(q, QFIRST, 0, &first) == 0);
        CHECK(first == reinterpret_cast<long>(mp));
        CHECK(strqset(q, QLOWAT, 0, 5) == 0);
        rmvq(q, mp);
        qreply(q, mp);
    };
    CHECK(s.f.write(s.fd, "abc") == 3);
    CHECK(s.f.read(s.fd) == "abc");
    CHECK(s.wq()->q_lowat == 5);
    s.f.check_no_fault();
}

TEST_CASE("QUE-079: a driver that freezes its stream round each look at its queue works as one that does not") {
    for (bool freezes : {false, true}) {
        CAPTURE(freezes);
        OneStream s(nullptr, [&](Probe &dev) {
            dev.give_service_procedures();
            dev.on_wput = [&](queue_t *q, mblk_t *mp) {
                putq(q, mp);
                const pl_t level = freezes ? freezestr(q) : 0;
                long count = 0;
                CHECK(strqget(q, QCOUNT, 0, &count) == 0);
                CHECK(count == 3);
                if (freezes) unfreezestr(q, level);
            };
        });
        for (const char *text : {"abc", "def"}) {
            CHECK(s.f.write(s.fd, text) == 3);
            CHECK(s.f.read(s.fd) == text);
        }
        CHECK(s.dev.count("wsrv") == 2);
        s.f.check_no_fault();
    }
}

TEST_CASE("QUE-080: a module's open freezes the stream and edits the read queue above it") {
    OneStream s;
    Probe &m = s.f.module("m");
    s.up(M_PROTO, "control");
    s.up(M_DATA, "abc");
    m.on_open = [&](queue_t *q, dev_t *devp, int oflag, int sflag, cred_t *crp) {
        queue_t *above = q->q_next;
        const pl_t level = freezestr(q);
        for (mblk_t *mp = above->q_first, *next; mp; mp = next) {
            next = mp->b_next;
            if (mp->b_datap->db_type != M_PROTO) continue;
            rmvq(above, mp);
            mp->b_datap->db_type = M_DATA;
            mp->b_wptr = mp->b_rptr + 3;
            CHECK(insq(above, nullptr, mp) == 1);
        }
        unfreezestr(q, level);
        return m.standard_open(q, devp, oflag, sflag, crp);
    };
    CHECK(s.ioctl(I_PUSH, "m") == 0);
    CHECK(s.f.read(s.fd, 3) == "abc");
    CHECK(s.f.read(s.fd, 3) == "con");
    s.f.check_no_fault();
}

TEST_SUITE_END();
