// What a driver does that can have no meaning, and that each build sees and names: a queue that is gone, no message, a
// message that is on a queue already. The call has no effect, and the driver whose procedure made it is told.
#include "test/streamio.hpp"

#include <sys/conf.h>
#include <sys/ddi.h>

using namespace rill;
using namespace rill::test;

namespace {

struct Rig {
    Fixture f;
    Probe &d = f.driver("sick", 61, 4);
    Rig() {
        d.give_service_procedures();
        f.node("/dev/sick", makedevice(61, 0));
    }
    // The faults there are, all the driver's and all of one procedure, taken.
    int blamed(const char *rule, std::string_view entry) {
        CAPTURE(rule);
        for (const Fault &fault : f.system.faults) {
            CHECK(fault.driver == "sick");
            CHECK(fault.entry == entry);
        }
        return f.took_fault(rule);
    }
    // One write of "hello" to a driver whose write put procedure is this.
    int write(std::function<void(queue_t *, mblk_t *)> wput) {
        d.on_wput = std::move(wput);
        const int fd = f.open("/dev/sick");
        CHECK(f.write(fd, "hello") == 5);
        f.run();
        return fd;
    }
};

[[maybe_unused]] void nothing(void *) {}

// Calls body with the read queue of a driver when the queue is gone, in a timeout callback of the driver.
template <class F> void with_a_gone_queue(Rig &r, F body) {
    static F *what;
    static queue_t *rq;
    what = &body;
    const int fd = r.write([](queue_t *q, mblk_t *mp) {
        rq = RD(q);
        timeout([](void *) { (*what)(rq); }, &rq, 10);
        freemsg(mp);
    });
    r.f.close(fd);
    rill_advance(handle(r.f.system), 20);
}

} // namespace

TEST_SUITE_BEGIN("misuse");

// --- queues that are gone ---

// Under AddressSanitizer the memory of a queue that is gone is its own to tell.
#ifndef RILL_ASAN

TEST_CASE("MP-024: a queue that is gone, given to any call that takes one: no effect, and the fault of who makes the call") {
    const std::pair<const char *, void (*)(queue_t *)> calls[] = {
        {"qenable", [](queue_t *q) { qenable(WR(q)); }},
        {"noenable", [](queue_t *q) { noenable(q); }},
        {"enableok", [](queue_t *q) { enableok(q); }},
        {"putq", [](queue_t *q) { CHECK(putq(q, allocb(4, BPRI_MED)) == 1); }},
        {"putbq", [](queue_t *q) { CHECK(putbq(q, allocb(4, BPRI_MED)) == 1); }},
        {"insq", [](queue_t *q) { CHECK(insq(q, nullptr, allocb(4, BPRI_MED)) == 1); }},
        {"appq", [](queue_t *q) { CHECK(appq(q, nullptr, allocb(4, BPRI_MED)) == 1); }},
        {"getq", [](queue_t *q) { CHECK(!getq(q)); }},
        {"rmvq", [](queue_t *q) { rmvq(q, nullptr); }},
        {"flushq", [](queue_t *q) { flushq(q, FLUSHALL); }},
        {"flushband", [](queue_t *q) { flushband(q, 0, FLUSHALL); }},
        {"qsize", [](queue_t *q) { CHECK(qsize(q) == 0); }},
        {"strqget", [](queue_t *q) {
             long value;
             CHECK(strqget(q, QHIWAT, 0, &value) == EINVAL);
         }},
        {"strqset", [](queue_t *q) { CHECK(strqset(q, QHIWAT, 0, 1) == EINVAL); }},
        {"canput", [](queue_t *q) { CHECK(canput(q) == 0); }},
        {"bcanput", [](queue_t *q) { CHECK(bcanput(q, 1) == 0); }},
        {"canputnext", [](queue_t *q) { CHECK(canputnext(q) == 0); }},
        {"bcanputnext", [](queue_t *q) { CHECK(bcanputnext(q, 1) == 0); }},
        {"put", [](queue_t *q) { put(q, allocb(4, BPRI_MED)); }},
        {"putnext", [](queue_t *q) { putnext(q, allocb(4, BPRI_MED)); }},
        {"qreply", [](queue_t *q) { qreply(WR(q), allocb(4, BPRI_MED)); }},
        {"putctl", [](queue_t *q) { CHECK(putctl1(q, M_CTL, 1) == 0); }},
        {"putnextctl", [](queue_t *q) { CHECK(putnextctl(q, M_HANGUP) == 0); }},
        {"qprocson", [](queue_t *q) { qprocson(q); }},
        {"qprocsoff", [](queue_t *q) { qprocsoff(q); }},
        {"freezestr", [](queue_t *q) { freezestr(q); }},
        {"unfreezestr", [](queue_t *q) { unfreezestr(q, 0); }},
        {"qwait", [](queue_t *q) { qwait(q); }},
        {"qwriter", [](queue_t *q) {
             qwriter(
                 q, allocb(4, BPRI_MED), [](queue_t *, mblk_t *) { CHECK(false); }, PERIM_INNER);
         }},
        {"qtimeout", [](queue_t *q) { CHECK(qtimeout(q, nothing, nullptr, 1) == 0); }},
        {"quntimeout", [](queue_t *q) { CHECK(quntimeout(q, 1) == -1); }},
        {"qbufcall", [](queue_t *q) { CHECK(qbufcall(q, 1, BPRI_MED, nothing, nullptr) == 0); }},
        {"qunbufcall", [](queue_t *q) { qunbufcall(q, 1); }},
    };
    for (auto [name, call] : calls) {
        CAPTURE_BINDING(name);
        Rig r;
        with_a_gone_queue(r, call);
        REQUIRE(r.f.system.faults.size() == 1);
        CHECK(r.f.system.faults[0].what == std::string(name) + " was given a queue that is gone: its stream was closed, or its module popped");
        CHECK(r.blamed("MP-024", "timeout callback") == 1);
    }
}

TEST_CASE("MP-024: the same of a module that was popped, and of a stream head whose stream is closed") {
    static queue_t *kept;
    Rig r;
    Probe &m = r.f.module("passing");
    m.on_open = [&](queue_t *q, dev_t *devp, int o, int s, cred_t *c) {
        kept = q;
        return m.standard_open(q, devp, o, s, c);
    };
    const int fd = r.write([](queue_t *, mblk_t *mp) {
        timeout([](void *) { putnext(kept, allocb(4, BPRI_MED)); }, &kept, 10);
        timeout([](void *) { put(kept, allocb(4, BPRI_MED)); }, &kept, 30);
        freemsg(mp);
    });
    CHECK(r.f.ioctl(fd, I_PUSH, "passing") == 0);
    queue_t *head = kept->q_next;
    CHECK(r.f.ioctl(fd, I_POP, 0) == 0);
    rill_advance(handle(r.f.system), 20);
    CHECK(r.blamed("MP-024", "timeout callback") == 1);
    r.f.close(fd);
    kept = head;
    rill_advance(handle(r.f.system), 20);
    CHECK(r.blamed("MP-024", "timeout callback") == 1);
}

#endif

TEST_CASE("MP-024: a free routine that the last close runs, for a message at the head or on a queue of the pair itself: its queue is gone already") {
    for (const bool at_head : {true, false}) {
        CAPTURE(at_head);
        Rig r;
        static unsigned char buffer[10];
        frtn_t routine{[](char *q) { qenable(WR(reinterpret_cast<queue_t *>(q))); }, nullptr};
        const int fd = r.write([&](queue_t *q, mblk_t *mp) {
            freemsg(mp);
            routine.free_arg = reinterpret_cast<char *>(RD(q));
            mblk_t *own = esballoc(buffer, sizeof buffer, BPRI_MED, &routine);
            own->b_wptr += sizeof buffer;
            if (at_head) return qreply(q, own);
            noenable(RD(q));
            putq(RD(q), own);
        });
        r.f.close(fd);
        CHECK(r.blamed("MP-024", "free routine") == 1);
        CHECK(r.d.count("wsrv") == 0);
    }
}

TEST_CASE("MP-024: what an open that fails leaves on its queues is freed, and its queues are gone") {
    Rig r;
    static unsigned char buffer[10];
    frtn_t routine{[](char *q) { qenable(WR(reinterpret_cast<queue_t *>(q))); }, nullptr};
    r.d.on_open = [&](queue_t *q, dev_t *devp, int o, int s, cred_t *c) {
        r.d.standard_open(q, devp, o, s, c);
        routine.free_arg = reinterpret_cast<char *>(q);
        putq(q, esballoc(buffer, sizeof buffer, BPRI_MED, &routine));
        r.d.standard_close(q, 0, c);
        return EBUSY;
    };
    CHECK(r.f.open("/dev/sick") == -EBUSY);
    CHECK(r.blamed("MP-024", "free routine") == 1);
}

// --- no message ---

TEST_CASE("PUT-001: no message, given to putnext, qreply or put: the fault of who makes the call, not of who would have got it") {
    for (auto call : {+[](queue_t *q) { putnext(RD(q), nullptr); }, +[](queue_t *q) { qreply(q, nullptr); }, +[](queue_t *q) { put(RD(q), nullptr); },
                      +[](queue_t *q) { put(RD(q)->q_next, nullptr); }}) {
        Rig r;
        const int fd = r.write([&](queue_t *q, mblk_t *mp) {
            call(q);
            freemsg(mp);
        });
        CHECK(r.blamed("PUT-001", "put procedure") == 1);
        r.d.on_open = [&](queue_t *q, dev_t *, int, int, cred_t *) {
            call(WR(q));
            return 0;
        };
        r.f.open("/dev/sick");
        CHECK(r.blamed("PUT-001", "open procedure") == 1);
        r.f.close(fd);
    }
}

// --- messages that are on a queue ---

TEST_CASE("PUT-006: a message that is on the queue already is not put there again, by putq, putbq, insq or appq") {
    for (const int others : {0, 1, 2}) {
        for (auto again : {+[](queue_t *q, mblk_t *mp) { return putq(q, mp); }, +[](queue_t *q, mblk_t *mp) { return putbq(q, mp); },
                           +[](queue_t *q, mblk_t *mp) { return insq(q, nullptr, mp); }, +[](queue_t *q, mblk_t *mp) { return appq(q, nullptr, mp); }}) {
            CAPTURE(others);
            Rig r;
            r.d.on_wsrv = [](queue_t *) {};
            const int fd = r.write([&](queue_t *q, mblk_t *mp) {
                if (others > 1) putq(q, message(M_DATA, "x"));
                putq(q, mp);
                if (others > 0) putq(q, message(M_DATA, "y"));
                CHECK(again(q, mp) == 1);
                CHECK(qsize(q) == 1 + others);
                while (mblk_t *each = getq(q)) freemsg(each);
            });
            CHECK(r.blamed("PUT-006", "put procedure") == 1);
            r.f.close(fd);
        }
    }
}

TEST_CASE("PUT-006: one that waits on a queue and is sent up all the same: seen when the service procedure sends it again, and not the stream head's fault") {
    Rig r;
    const int fd = r.write([](queue_t *q, mblk_t *mp) {
        putq(q, mp);
        qreply(q, mp);
    });
    CHECK(r.blamed("PUT-006", checking ? "put procedure" : "service procedure") == 1);
    CHECK(r.f.read(fd) == "hello");
}

TEST_CASE("PUT-006: what a driver has left in b_next and b_prev of a message in its hands does not matter") {
    Rig r;
    r.d.on_wsrv = [](queue_t *) {};
    r.write([](queue_t *q, mblk_t *mp) {
        mblk_t *other = message(M_DATA, "x");
        mp->b_next = other;
        mp->b_prev = reinterpret_cast<mblk_t *>(0x10);
        other->b_prev = mp;
        CHECK(putq(q, mp) == 1);
        CHECK(putq(q, other) == 1);
        CHECK(qsize(q) == 2);
        for (mblk_t *first; !checking && (first = q->q_first);) { // taken off by hand, and put back
            q->q_first = first->b_next;
            if (q->q_first) q->q_first->b_prev = nullptr;
            else q->q_last = nullptr;
            if (q->q_first) CHECK(putq(q, first) == 1);
            else freemsg(first);
            if (qsize(q) == 2) break;
        }
        CHECK(qsize(q) == 2);
        while (mblk_t *each = getq(q)) freemsg(each);
    });
    CHECK(r.f.system.faults.empty());
}

#ifndef RILL_ASAN // which ends the process there
TEST_CASE("ALC-020: a message freed a second time by the stream head, in a call: the fault names whose queues the stream has") {
    Rig r; // a checking build sees it when the driver frees it
    const int fd = r.write([](queue_t *q, mblk_t *mp) {
        qreply(q, mp);
        freemsg(mp);
    });
    CHECK(r.f.read(fd) == "hello");
    CHECK((checking ? r.blamed("PUT-006", "put procedure") : r.blamed("ALC-020", "")) == 1);
}
#endif

// --- free routines ---

TEST_CASE("ALC-043: a free routine is its maker's procedure, whoever frees the message") {
    for (const bool flushed : {true, false}) {
        CAPTURE(flushed);
        Rig r;
        static unsigned char buffer[4] = {'d', 'a', 't', 'a'};
        frtn_t routine{[](char *) { freeb(nullptr); }, nullptr};
        const int fd = r.write([&](queue_t *q, mblk_t *mp) {
            if (mp->b_datap->db_type != M_DATA) return r.d.standard_put(q, mp);
            mblk_t *own = esballoc(buffer, sizeof buffer, BPRI_MED, &routine);
            own->b_wptr += sizeof buffer;
            qreply(q, own);
            freemsg(mp);
        });
        if (flushed) CHECK(r.f.ioctl(fd, I_FLUSH, FLUSHR) == 0);
        else CHECK(r.f.read(fd) == "data");
        CHECK(r.blamed("ALC-020", "free routine") == 1);
    }
}
