// What a checking build finds in drivers, one case a mistake; and, at the end, legal but unusual code that it must
// leave alone. Each case takes the faults it caused; the Fixture fails for any other.
#include "test/harness.hpp"

#include <sys/cmn_err.h>
#include <sys/ddi.h>
#include <sys/kmem.h>

using namespace rill;
using namespace rill::test;

extern "C" int rill_sleep(char *event, int priority);

#if RILL_CHECKING

namespace {

mblk_t *kept; // a driver's variable, where a pointer may be found
// A pointer where none is looked for: the test itself gives back what a driver has lost.
struct Lost {
    std::unique_ptr<mblk_t *> box = std::make_unique<mblk_t *>(nullptr);
    void free(System &system) {
        Enter scope(system);
        freemsg(*box);
    }
};

struct Rig {
    Fixture f;
    Probe &d = f.driver("sick", 61, 4);
    Rig() {
        f.node("/dev/sick", f.clone(61));
        kept = nullptr;
        f.system.console_sink = [this](int, std::string_view text) { said += std::string(text) + "\n"; };
    }
    // One write of "hello" to a driver whose write put procedure is this.
    int write(std::function<void(queue_t *, mblk_t *)> wput) {
        d.on_wput = [wput = std::move(wput)](queue_t *q, mblk_t *mp) {
            if (mp->b_datap->db_type == M_DATA) return wput(q, mp);
            freemsg(mp);
        };
        const int fd = f.open("/dev/sick");
        CHECK(f.write(fd, "hello") == 5);
        f.run();
        return fd;
    }
    const Fault &last() { return f.system.faults.back(); }
    std::string said;
};

int ioctl_of(Fixture &f, int fd, int seconds) {
    strioctl s{('X' << 8) | 1, seconds, 0, nullptr};
    return f.ioctl(fd, I_STR, &s);
}

} // namespace

TEST_CASE("ALC-020: a message freed twice; the fault names driver, procedure, rule, the message's life and what went "
          "before") {
    Rig r;
    r.write([](queue_t *, mblk_t *mp) {
        freemsg(mp);
        freemsg(mp);
    });
    REQUIRE(!r.f.system.faults.empty());
    CHECK(r.last().driver == "sick");
    CHECK(r.last().entry == "put procedure");
    CHECK(r.last().history.find("put to sick (write side)") != std::string::npos);
    CHECK(r.last().history.find("freed by sick in its put procedure (M_DATA)") != std::string::npos);
    CHECK(r.last().before.find("put") != std::string::npos);
    CHECK(r.said.find("fault: driver sick, put procedure: a message block was freed twice (ALC-020)") !=
          std::string::npos);
    CHECK(r.f.took_fault("ALC-020") == 1);
}

TEST_CASE("PUT-006: a message passed on after it was freed") {
    Rig r;
    r.write([](queue_t *q, mblk_t *mp) {
        freemsg(mp);
        qreply(q, mp);
    });
    CHECK(r.f.took_fault("PUT-006") == 1);
}

TEST_CASE("PUT-006: a message queued after it was freed") {
    Rig r;
    r.write([](queue_t *q, mblk_t *mp) {
        freemsg(mp);
        putq(q, mp);
    });
    CHECK(r.f.took_fault("PUT-006") == 1);
}

TEST_CASE("PUT-006: data written after the message was freed shows when the block is used again") {
    Rig r;
    r.write([](queue_t *, mblk_t *mp) {
        unsigned char *data = mp->b_rptr;
        freemsg(mp);
#ifndef RILL_ASAN // which finds it first
        data[3] = 'x';
#else
        (void)data;
#endif
    });
    mblk_t *mp;
    {
        Enter scope(r.f.system);
        freemsg(mp = allocb(5, BPRI_MED));
    }
#ifndef RILL_ASAN
    CHECK(r.f.took_fault("PUT-006") == 1);
#endif
}

TEST_CASE("PUT-006: a message put on two queues") {
    Rig r;
    r.d.read_init.qi_srvp = nullptr;
    r.write([](queue_t *q, mblk_t *mp) {
        putq(q, mp);
        putq(RD(q), mp);
    });
    CHECK(r.f.took_fault("PUT-006") == 1);
}

TEST_CASE("PUT-006: a message passed on while it is on a queue") {
    Rig r;
    r.write([](queue_t *q, mblk_t *mp) {
        putq(q, mp);
        qreply(q, mp);
    });
    CHECK(r.f.took_fault("PUT-006") == 1);
}

TEST_CASE("PUT-009: a message neither passed, queued nor freed, told when the stream closes, with who allocated it") {
    Rig r;
    Lost lost;
    const int fd = r.write([box = lost.box.get()](queue_t *, mblk_t *mp) { *box = mp; });
    CHECK(r.f.system.faults.empty());
    r.f.close(fd);
    REQUIRE(r.f.system.faults.size() == 1);
    CHECK(r.last().driver == "sick");
    CHECK(r.last().entry == "put procedure");
    CHECK(r.last().what.find("M_DATA") != std::string::npos);
    CHECK(r.f.took_fault("PUT-009") == 1);
    lost.free(r.f.system);
}

TEST_CASE("PUT-009: a block that a service procedure allocated and forgot") {
    Rig r;
    r.d.give_service_procedures();
    Lost lost;
    r.d.on_wsrv = [box = lost.box.get()](queue_t *q) {
        while (mblk_t *mp = getq(q)) freemsg(mp);
        *box = allocb(16, BPRI_MED);
    };
    const int fd = r.write([](queue_t *q, mblk_t *mp) { putq(q, mp); });
    r.f.close(fd);
    REQUIRE(r.f.system.faults.size() == 1);
    CHECK(r.last().entry == "service procedure");
    CHECK(r.f.took_fault("PUT-009") == 1);
    lost.free(r.f.system);
}

TEST_CASE("IOC-122: an M_IOCTL that was freed without an answer is told when the request times out") {
    Rig r;
    r.d.on_wput = [](queue_t *, mblk_t *mp) { freemsg(mp); };
    const int fd = r.f.open("/dev/sick");
    CHECK(ioctl_of(r.f, fd, 1) == -ETIME);
    REQUIRE(r.f.system.faults.size() == 1);
    CHECK(r.last().driver == "sick");
    CHECK(r.f.took_fault("IOC-122") == 1);
}

TEST_CASE("IOC-122: an M_IOCTL that was dropped is told when the request times out") {
    Rig r;
    Lost lost;
    r.d.on_wput = [box = lost.box.get()](queue_t *, mblk_t *mp) { *box = mp; };
    const int fd = r.f.open("/dev/sick");
    CHECK(ioctl_of(r.f, fd, 1) == -ETIME);
    CHECK(r.f.took_fault("IOC-122") == 1);
    lost.free(r.f.system);
}

TEST_CASE("MSG-009: b_wptr beyond db_lim") {
    Rig r;
    r.write([](queue_t *q, mblk_t *mp) {
        mp->b_wptr = mp->b_datap->db_lim + 1;
        mp->b_rptr = mp->b_wptr;
        freemsg(mp);
        (void)q;
    });
    CHECK(r.f.took_fault("MSG-009") >= 1);
}

#ifndef RILL_ASAN
TEST_CASE("MSG-009: bytes written behind db_lim, b_wptr innocent") {
    Rig r;
    r.write([](queue_t *, mblk_t *mp) {
        *mp->b_datap->db_lim = 'x';
        freemsg(mp);
    });
    CHECK(r.f.took_fault("MSG-009") == 1);
}
#endif

TEST_CASE("MSG-010: a write to data that another message shares") {
    Rig r;
    r.write([](queue_t *q, mblk_t *mp) {
        mblk_t *copy = dupmsg(mp);
        mp->b_rptr[0] = 'J';
        qreply(q, mp);
        freemsg(copy);
    });
    CHECK(r.f.took_fault("MSG-010") == 1);
}

TEST_CASE("ALC-041: a timeout with the queue as argument is pending at close: told, and cancelled") {
    Rig r;
    static int fired;
    fired = 0;
    const int fd = r.write([](queue_t *q, mblk_t *mp) {
        timeout([](void *) { ++fired; }, q, 100);
        freemsg(mp);
    });
    r.f.close(fd);
    CHECK(r.f.took_fault("ALC-041") == 1);
    rill_advance(handle(r.f.system), 200);
    CHECK(fired == 0);
}

TEST_CASE("ALC-041: a timeout whose argument was the pair's private memory, freed by close") {
    Rig r;
    r.d.on_open = [&](queue_t *q, dev_t *devp, int, int, cred_t *) {
        q->q_ptr = WR(q)->q_ptr = kmem_alloc(32, KM_SLEEP);
        *devp = makedevice(getemajor(*devp), 0);
        qprocson(q);
        timeout([](void *) {}, q->q_ptr, 100);
        return 0;
    };
    r.d.on_close = [](queue_t *q, int, cred_t *) {
        qprocsoff(q);
        kmem_free(q->q_ptr, 32);
        q->q_ptr = WR(q)->q_ptr = nullptr;
        return 0;
    };
    r.f.close(r.f.open("/dev/sick"));
    CHECK(r.f.took_fault("ALC-041") == 1);
}

TEST_CASE("ALC-041: a bufcall for the queue is pending at close: told, and cancelled") {
    Rig r;
    const int fd = r.write([&](queue_t *q, mblk_t *mp) {
        freemsg(mp);
        r.f.system.alloc.ceiling(100);
        bufcall(
            1000, BPRI_MED, [](void *) {}, q);
    });
    r.f.close(fd);
    r.f.system.alloc.ceiling(0);
    CHECK(r.f.took_fault("ALC-041") == 1);
}

TEST_CASE("SCH-021: a service procedure that puts back a high-priority message for ever is stopped") {
    Rig r;
    r.d.give_service_procedures();
    r.d.on_wsrv = [](queue_t *q) {
        if (mblk_t *mp = getq(q)) putbq(q, mp);
    };
    const int fd = r.write([](queue_t *q, mblk_t *mp) {
        mp->b_datap->db_type = M_PCPROTO;
        putq(q, mp);
    });
    CHECK(r.f.took_fault("SCH-021") == 1);
    r.f.close(fd);
    r.f.took_fault("SCH-021");
}

TEST_CASE("MP-001: a message sent before qprocson, by a driver that calls it") {
    Rig r;
    r.d.on_open = [&](queue_t *q, dev_t *devp, int o, int s, cred_t *c) {
        putctl1(q->q_next, M_PCSIG, SIGUSR1);
        mblk_t *mp = allocb(1, BPRI_MED);
        mp->b_datap->db_type = M_CTL;
        putnext(q, mp);
        return r.d.standard_open(q, devp, o, s, c);
    };
    r.f.close(r.f.open("/dev/sick"));
    CHECK(r.f.took_fault("MP-001") == 1);
}

TEST_CASE("UTL-056: a put procedure and a service procedure that sleep") {
    Rig r;
    r.d.give_service_procedures();
    r.d.on_wsrv = [&](queue_t *q) {
        r.f.nap(q);
        while (mblk_t *mp = getq(q)) freemsg(mp);
    };
    r.write([&](queue_t *q, mblk_t *mp) {
        r.f.nap(q);
        putq(q, mp);
    });
    CHECK(r.f.took_fault("UTL-056") == 2);
}

TEST_CASE("CLN-105: an open that answers with another driver's major") {
    Rig r;
    r.f.driver("other", 62);
    r.f.node("/dev/sick0", makedevice(61, 0));
    r.d.on_open = [&](queue_t *q, dev_t *devp, int o, int s, cred_t *c) {
        const int error = r.d.standard_open(q, devp, o, s, c);
        *devp = makedevice(62, 0);
        return error;
    };
    CHECK(r.f.open("/dev/sick0") < 0);
    CHECK(r.f.took_fault("CLN-105") == 1);
}

TEST_CASE("CLN-070: a clone open that answers with another driver's major, or with one that nobody has") {
    Rig r;
    r.f.driver("other", 62);
    major_t answer = 62;
    r.d.on_open = [&](queue_t *q, dev_t *devp, int o, int s, cred_t *c) {
        const int error = r.d.standard_open(q, devp, o, s, c);
        *devp = makedevice(answer, 3);
        return error;
    };
    for (major_t foreign : {62u, 300u}) {
        CAPTURE(foreign);
        answer = foreign;
        CHECK(r.f.open("/dev/sick") == -ENXIO);
        REQUIRE(r.f.system.faults.size() == 1);
        CHECK(r.last().driver == "sick");
        CHECK(r.last().entry == "open procedure");
        CHECK(r.last().what.find("(" + std::to_string(foreign) + ",3)") != std::string::npos);
        CHECK(r.f.took_fault("CLN-070") == 1);
    }
    CHECK(r.d.count("close") == 2);
    CHECK(r.d.units_taken() == 0);
}

TEST_CASE("legal: NODEV, and a second major of the same driver that the profile refuses (CLN-080, CLN-074)") {
    Fixture f("solaris");
    Probe &d = f.driver("sick", 61, 4);
    f.alias(61, 65);
    f.node("/dev/sick", f.clone(61));
    dev_t answer = no_device;
    d.on_open = [&](queue_t *q, dev_t *devp, int o, int s, cred_t *c) {
        const int error = d.standard_open(q, devp, o, s, c);
        *devp = answer;
        return error;
    };
    CHECK(f.open("/dev/sick") == -ENXIO);
    answer = makedevice(65, 1);
    CHECK(f.open("/dev/sick") == -ENXIO);
    CHECK(d.units_taken() == 0);
    CHECK(f.system.faults.empty());
}

TEST_CASE("policy off: nothing is recorded") {
    Rig r;
    r.f.system.fault_policy = FaultPolicy::off;
    r.write([](queue_t *, mblk_t *mp) {
        freemsg(mp);
        freemsg(mp);
    });
    CHECK(r.f.system.faults.empty());
}

// --- unusual, and legal --------------------------------------------------------------------------------------------

TEST_CASE("legal: a message kept in a variable beyond the close, and freed by the next open") {
    Rig r;
    r.f.close(r.write([](queue_t *, mblk_t *mp) { kept = mp; }));
    CHECK(kept);
    Enter scope(r.f.system);
    freemsg(kept);
}

TEST_CASE("legal: a message kept in kmem, and in another message") {
    Rig r;
    static mblk_t **box;
    const int fd = r.write([](queue_t *, mblk_t *mp) {
        box = static_cast<mblk_t **>(kmem_alloc(sizeof *box, KM_NOSLEEP));
        *box = mp;
    });
    r.f.close(fd);
    Enter scope(r.f.system);
    freemsg(*box);
    kmem_free(box, sizeof *box);
}

TEST_CASE("legal: a message as the argument of a timeout that outlives the stream") {
    Rig r;
    const int fd =
        r.write([](queue_t *, mblk_t *mp) { timeout([](void *p) { freemsg(static_cast<mblk_t *>(p)); }, mp, 100); });
    r.f.close(fd);
    rill_advance(handle(r.f.system), 200);
}

TEST_CASE("legal: a timeout of the driver as a whole, pending over a close") {
    Rig r;
    static int fired;
    fired = 0;
    const int fd = r.write([](queue_t *, mblk_t *mp) {
        timeout([](void *) { ++fired; }, &fired, 100);
        freemsg(mp);
    });
    r.f.close(fd);
    rill_advance(handle(r.f.system), 200);
    CHECK(fired == 1);
}

TEST_CASE("legal: sharers read, move their pointers, and write where the other does not look once they are alone") {
    Rig r;
    r.write([](queue_t *q, mblk_t *mp) {
        mblk_t *copy = dupmsg(mp);
        copy->b_rptr++;
        freemsg(copy);
        mp->b_rptr[0] = 'J';
        qreply(q, mp);
    });
    CHECK(r.f.read(0) == "Jello");
}

TEST_CASE("legal: an M_IOCTL freed, its answer made in another block") {
    Rig r;
    r.d.on_wput = [](queue_t *q, mblk_t *mp) {
        mblk_t *answer = copymsg(mp);
        freemsg(mp);
        answer->b_datap->db_type = M_IOCNAK;
        qreply(q, answer);
    };
    const int fd = r.f.open("/dev/sick");
    CHECK(ioctl_of(r.f, fd, 1) == -EINVAL);
}

TEST_CASE("legal: an M_IOCTL that waits on a queue longer than its caller does") {
    Rig r;
    r.d.on_wput = [](queue_t *q, mblk_t *mp) { putq(q, mp); };
    const int fd = r.f.open("/dev/sick");
    CHECK(ioctl_of(r.f, fd, 1) == -ETIME);
}

TEST_CASE("legal: a whole mblk_t copied by assignment, a block's last byte used, b_wptr at db_lim") {
    Rig r;
    r.write([](queue_t *q, mblk_t *mp) {
        mblk_t *other = allocb(8, BPRI_MED);
        while (other->b_wptr < other->b_datap->db_lim) *other->b_wptr++ = 'x';
        linkb(mp, other);
        qreply(q, mp);
    });
}

TEST_CASE("legal: a uniprocessor driver that sends in its open and never calls qprocson") {
    Rig r;
    r.d.procs_on = false;
    r.d.on_open = [&](queue_t *q, dev_t *devp, int o, int s, cred_t *c) {
        mblk_t *mp = allocb(1, BPRI_MED);
        mp->b_datap->db_type = M_CTL;
        putnext(q, mp);
        return r.d.standard_open(q, devp, o, s, c);
    };
    r.f.close(r.f.open("/dev/sick"));
}

TEST_CASE("legal: a service procedure that enables itself a thousand times and puts a message back each time") {
    Rig r;
    r.d.give_service_procedures();
    int runs = 0;
    r.d.on_wsrv = [&](queue_t *q) {
        mblk_t *mp = getq(q);
        if (!mp) return;
        if (++runs == 1000) return freemsg(mp);
        putbq(q, mp);
        qenable(q);
    };
    r.write([](queue_t *q, mblk_t *mp) { putq(q, mp); });
    CHECK(runs == 1000);
}

TEST_CASE("legal: a message sent on after qprocsoff, from close (MP-008)") {
    Rig r;
    r.d.on_close = [&](queue_t *q, int flag, cred_t *c) {
        r.d.standard_close(q, flag, c);
        putctl(q->q_next, M_HANGUP);
        return 0;
    };
    r.f.close(r.f.open("/dev/sick"));
}

#else

TEST_CASE("policy: RILL_FAULTS is read when a System is made") {
    ::setenv("RILL_FAULTS", "off", 1);
    rill_system *system = rill_system_new("irix");
    CHECK(reinterpret_cast<System *>(system)->fault_policy == FaultPolicy::off);
    rill_system_free(system);
    ::unsetenv("RILL_FAULTS");
}

#endif
