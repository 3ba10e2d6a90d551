// Put, open and close procedures: how they are called, with what, and what their results do (clauses/03 section 7). What
// putnext, putctl and the others do between two queues is in test/unit/queue.cpp.
#include "test/streamio.hpp"

#include <sys/kmem.h>
#include <type_traits>

using namespace rill;
using namespace rill::test;

namespace {

constexpr major_t N = 61;

int direct_put(queue_t *q, mblk_t *mp) {
    if (queue_t *next = q->q_next) (*next->q_qinfo->qi_putp)(next, mp);
    else (*RD(q)->q_next->q_qinfo->qi_putp)(RD(q)->q_next, mp);
    return 0;
}

// Whose close procedures ran, in order.
std::string closes(std::initializer_list<const Probe *> probes) { return order_of(probes, "close"); }

} // namespace

TEST_SUITE_BEGIN("procedures");

// --- put procedures

TEST_CASE("PUT-003: a module and a driver that call put procedures through q_qinfo directly work") {
    OneStream s(nullptr, [](Probe &dev) { dev.write_init.qi_putp = direct_put; });
    Probe &m = s.f.module("m");
    m.read_init.qi_putp = m.write_init.qi_putp = direct_put;
    CHECK(s.ioctl(I_PUSH, "m") == 0);
    CHECK(s.f.write(s.fd, "abc") == 3);
    CHECK(s.f.read(s.fd) == "abc");
}

TEST_CASE("PUT-005: put, putnext and qreply return nothing") {
    CHECK(std::is_void_v<decltype(put(nullptr, nullptr))>);
    CHECK(std::is_void_v<decltype(putnext(nullptr, nullptr))>);
    CHECK(std::is_void_v<decltype(qreply(nullptr, nullptr))>);
}

TEST_CASE("PUT-008: a put procedure that tries to sleep does not: a fault that names the driver, and it goes on") {
    OneStream s;
    s.dev.on_wput = [&](queue_t *q, mblk_t *mp) {
        s.f.nap(q);
        qreply(q, mp);
    };
    CHECK(s.f.write(s.fd, "abc") == 3);
    CHECK(s.f.read(s.fd) == "abc");
    REQUIRE(s.f.system.faults.size() == 1);
    CHECK(s.f.system.faults[0].driver == "dev");
    CHECK(s.f.system.faults[0].entry == "put procedure");
    CHECK(s.f.took_fault("UTL-056") == 1);
}

TEST_CASE("PUT-010: a type nobody knows goes through the module and is freed by the driver; an unknown M_IOCTL comes back as EINVAL") {
    OneStream s;
    Probe &m = s.f.module("m");
    CHECK(s.ioctl(I_PUSH, "m") == 0);
    const Census before = s.f.census();
    for (int type : {M_RSE, 0x7f, 0xf0}) {
        CAPTURE(type);
        Enter scope(s.f.system);
        putnext(s.stream().write_queue(), message(type, "?"));
        CHECK(m.last("wput").type == type);
        CHECK(s.dev.last("wput").type == type);
    }
    CHECK(s.f.census() == before);
    CHECK(s.str(('Z' << 8) | 99) == -EINVAL);
    CHECK(m.last("wput").type == M_IOCTL);
    CHECK(m.last("rput").type == M_IOCNAK);
    CHECK(s.f.census() == before);
}

TEST_CASE("PUT-011: putq itself as put procedure: messages are queued, and the service procedure serves them") {
    OneStream s(nullptr, [](Probe &dev) {
        dev.give_service_procedures();
        dev.write_init.qi_putp = putq;
    });
    CHECK(s.f.write(s.fd, "abc") == 3);
    CHECK(s.dev.count("wput") == 0);
    CHECK(s.dev.count("wsrv") == 1);
    CHECK(s.f.read(s.fd) == "abc");
    Enter scope(s.f.system);
    noenable(s.wq());
    putnext(s.stream().write_queue(), message(M_DATA, "kept"));
    CHECK(qsize(s.wq()) == 1);
    freemsg(getq(s.wq()));
}

// --- open procedures: how they are called

TEST_CASE("PUT-020: each open of the stream calls the driver's open and each module's again, with q_ptr as they left it") {
    OneStream s;
    Probe &a = s.f.module("a"), &b = s.f.module("b");
    CHECK(s.ioctl(I_PUSH, "a") == 0);
    CHECK(s.ioctl(I_PUSH, "b") == 0);
    CHECK(s.open_as(s.root) >= 0);
    for (const Probe *p : {&s.dev, &a, &b}) {
        CAPTURE(p->name());
        REQUIRE(p->count("open") == 2);
        CHECK(p->log.front().read_ptr == nullptr);
        CHECK(p->last("open").read_ptr != nullptr);
        CHECK(p->last("open").read_ptr == p->last("open").q->q_ptr);
        CHECK(p->last("open").q == p->log.front().q);
    }
}

TEST_CASE("PUT-021 PUT-022: open gets the read queue, the device, the flags, sflag and the credentials; sflag says how it is opened") {
    Fixture f;
    Probe &dev = f.driver("dev", N), &m = f.module("m");
    f.node("/dev/dev", f.clone(N));
    f.node("/dev/dev7", makedevice(N, 7));
    Process &p = f.process(5, 6);
    auto check = [&](const Probe &probe, dev_t device, int oflag, int sflag) {
        const Probe::Seen seen = probe.last("open");
        CHECK((seen.q->q_flag & QREADR) != 0);
        CHECK(seen.dev == device);
        CHECK((seen.oflag & (FREAD | FWRITE | FNONBLOCK)) == oflag);
        CHECK(seen.sflag == sflag);
        CHECK(seen.uid == 5);
        CHECK(seen.gid == 6);
    };
    const int direct = f.open(p, "/dev/dev7", O_RDONLY);
    check(dev, makedevice(N, 7), FREAD, 0);
    CHECK(f.open(p, "/dev/dev", O_RDWR | O_NONBLOCK) >= 0);
    check(dev, makedevice(N, 0), FREAD | FWRITE | FNONBLOCK, CLONEOPEN);
    CHECK(ioctl_of(p, direct, I_PUSH, "m") == 0);
    check(m, makedevice(N, 7), 0, MODOPEN);
}

TEST_CASE("PUT-023: a driver pushed as a module and a module opened as a driver refuse as they choose; nothing is left of it") {
    Fixture f("solaris"); // where I_PUSH tells the module's own errno
    Probe &dev = f.driver("dev", N);
    Probe &both = f.loose("both", Probe::Sort::driver), &only = f.loose("only", Probe::Sort::module);
    CHECK(rill_module_add(handle(f.system), "both", &both.tab, D_NEW | D_MP) == 0);
    f.install(only, 62);
    f.node("/dev/dev", f.clone(N));
    f.node("/dev/only", makedevice(62, 0));
    const int fd = f.open("/dev/dev");
    for (int error : {EINVAL, ENXIO}) {
        both.on_open = [&](queue_t *, dev_t *, int, int sflag, cred_t *) { return sflag == MODOPEN ? error : 0; };
        only.on_open = [&](queue_t *, dev_t *, int, int sflag, cred_t *) { return sflag != MODOPEN ? error : 0; };
        const Census before = f.census();
        CHECK(f.ioctl(fd, I_PUSH, "both") == -error);
        CHECK(f.open("/dev/only") == -error);
        CHECK(f.census() == before);
    }
    CHECK(f.write(fd, "abc") == 3);
    CHECK(f.read(fd) == "abc");
    CHECK(dev.count("open") == 1);
    CHECK(both.count("close") == 0);
    CHECK(only.count("close") == 0);
}

TEST_CASE("PUT-024: a module finds in *devp the device of the driver at the bottom, the clone's new minor included") {
    Fixture f;
    f.driver("dev", N);
    Probe &m = f.module("m"), &late = f.module("late");
    f.autopush(N, -1, {"m"});
    f.node("/dev/dev", f.clone(N));
    f.open("/dev/dev");
    const int fd = f.open("/dev/dev");
    CHECK(m.last("open").dev == makedevice(N, 1));
    CHECK(f.ioctl(fd, I_PUSH, "late") == 0);
    CHECK(late.last("open").dev == makedevice(N, 1));
    CHECK(f.rdev(fd) == makedevice(N, 1));
}

TEST_CASE("PUT-025: a clone open is answered with makedevice(getemajor(*devp), minor), which fstat shows") {
    Fixture f;
    Probe &dev = f.driver("dev", N);
    minor_t answer = 5;
    dev.on_open = [&](queue_t *q, dev_t *devp, int, int sflag, cred_t *) {
        CHECK(sflag == CLONEOPEN);
        dev.take(answer, q);
        qprocson(q);
        *devp = makedevice(getemajor(*devp), answer);
        return 0;
    };
    f.node("/dev/dev", f.clone(N));
    for (minor_t m : {5u, 11u}) {
        answer = m;
        const int fd = f.open("/dev/dev");
        CHECK(f.rdev(fd) == makedevice(N, m));
        CHECK(f.stat("/dev/dev").st_rdev == f.clone(N));
    }
}

TEST_CASE("PUT-026: a driver may choose another minor on a direct open too: the node stays free, each open of it is a new stream") {
    Fixture f;
    Probe &dev = f.driver("dev", N);
    minor_t next = 3;
    dev.on_open = [&](queue_t *q, dev_t *devp, int oflag, int sflag, cred_t *crp) {
        if (geteminor(*devp) != 0 || q->q_ptr) return dev.standard_open(q, devp, oflag, sflag, crp);
        CHECK(sflag == 0);
        dev.take(next, q);
        qprocson(q);
        *devp = makedevice(getemajor(*devp), next++);
        return 0;
    };
    f.node("/dev/dev0", makedevice(N, 0));
    f.node("/dev/dev4", makedevice(N, 4));
    const int first = f.open("/dev/dev0"), second = f.open("/dev/dev0");
    CHECK(f.rdev(first) == makedevice(N, 3));
    CHECK(f.rdev(second) == makedevice(N, 4));
    CHECK(f.stream(first) != f.stream(second));
    const int direct = f.open("/dev/dev4");
    CHECK(f.stream(direct) == f.stream(second));
}

TEST_CASE("PUT-027: a driver that hands out minors its own way may refuse CLONEOPEN, with the errno it likes") {
    Fixture f;
    Probe &dev = f.driver("dev", N);
    int error = ENXIO;
    dev.on_open = [&](queue_t *q, dev_t *devp, int oflag, int sflag, cred_t *crp) {
        return sflag == CLONEOPEN ? error : dev.standard_open(q, devp, oflag, sflag, crp);
    };
    f.node("/dev/dev", f.clone(N));
    f.node("/dev/dev3", makedevice(N, 3));
    const Census before = f.census();
    CHECK(f.open("/dev/dev") == -ENXIO);
    error = EINVAL;
    CHECK(f.open("/dev/dev") == -EINVAL);
    CHECK(f.census() == before);
    CHECK(f.rdev(f.open("/dev/dev3")) == makedevice(N, 3));
}

// --- open procedures: what comes of them

TEST_CASE("PUT-028: what the driver's open returns is open's errno; what a module's returns is I_PUSH's under [solaris], ENXIO under irix") {
    for (const char *profile : {"irix", "svr4", "solaris"}) {
        CAPTURE(profile);
        OneStream s(profile);
        s.f.system.console_sink = [](int, std::string_view) {};
        Probe &m = s.f.module("m");
        m.on_open = [](queue_t *, dev_t *, int, int, cred_t *) { return EBUSY; };
        const Census before = s.f.census();
        CHECK(s.ioctl(I_PUSH, "m") == (std::string(profile) == "solaris" ? -EBUSY : -ENXIO));
        CHECK(top_module(s.root, s.fd) == "-EINVAL");
        s.dev.on_open = [](queue_t *, dev_t *, int, int, cred_t *) { return EBUSY; };
        CHECK(s.f.open("/dev/dev1") == -EBUSY);
        CHECK(s.f.census() == before);
    }
}

TEST_CASE("PUT-030: an open that sleeps holds up nobody else: other streams of the driver are opened, written and read meanwhile") {
    OneStream s;
    s.f.node("/dev/slow", makedevice(OneStream::major, 9));
    int event = 0;
    s.dev.on_open = [&](queue_t *q, dev_t *devp, int oflag, int sflag, cred_t *crp) {
        if (geteminor(*devp) == 9) s.f.nap(&event);
        return s.dev.standard_open(q, devp, oflag, sflag, crp);
    };
    Later slow = s.f.later_open(s.f.process(), "/dev/slow");
    REQUIRE_FALSE(slow.done());
    CHECK(s.f.open("/dev/dev1") >= 0);
    CHECK(s.f.write(s.fd, "abc") == 3);
    CHECK(s.f.read(s.fd) == "abc");
    CHECK_FALSE(slow.done());
    s.f.wake(&event);
    CHECK(slow.done());
    CHECK(slow.result() >= 0);
}

TEST_CASE("PUT-031: opens and the close of one stream do not overlap: each waits for the one before") {
    Fixture f;
    Probe &dev = f.driver("dev", N);
    f.node("/dev/dev0", makedevice(N, 0));
    int opening = 0, closing = 0, inside = 0, most = 0;
    bool slow_open = true;
    dev.on_open = [&](queue_t *q, dev_t *devp, int oflag, int sflag, cred_t *crp) {
        most = std::max(most, ++inside);
        if (slow_open) f.nap(&opening);
        --inside;
        return dev.standard_open(q, devp, oflag, sflag, crp);
    };
    dev.on_close = [&](queue_t *q, int flag, cred_t *crp) {
        most = std::max(most, ++inside);
        f.nap(&closing);
        --inside;
        return dev.standard_close(q, flag, crp);
    };
    Process &p = f.process(), &r = f.process();
    Later first = f.later_open(p, "/dev/dev0"), second = f.later_open(r, "/dev/dev0");
    CHECK(dev.count("open") == 1);
    f.wake(&opening);
    CHECK(first.done());
    CHECK(dev.count("open") == 2);
    CHECK_FALSE(second.done());
    f.wake(&opening);
    CHECK(second.done());
    CHECK(f.close(p, first.result()) == 0); // not the last
    slow_open = false;
    Later close = f.later_close(r, second.result());
    Later third = f.later_open(p, "/dev/dev0");
    CHECK_FALSE(close.done());
    CHECK_FALSE(third.done());
    CHECK(dev.count("open") == 2);
    f.wake(&closing);
    CHECK(close.done());
    CHECK(third.done());
    CHECK(dev.last("open").read_ptr == nullptr); // a new stream
    CHECK(most == 1);
    dev.on_close = {};
}

TEST_CASE("PUT-032: close is not called for a first open that failed, of a driver or a module, procedures on or not") {
    for (bool procs_on : {false, true}) {
        CAPTURE(procs_on);
        OneStream s;
        Probe &m = s.f.module("m");
        auto fails = [&](queue_t *q, dev_t *, int, int, cred_t *) {
            if (procs_on) qprocson(q);
            return EIO;
        };
        m.on_open = fails;
        s.dev.on_open = fails;
        const Census before = s.f.census();
        CHECK(s.ioctl(I_PUSH, "m") == (s.f.system.profile.push_passes_errno ? -EIO : -ENXIO)); // IOC-024, IOC-025
        CHECK(s.f.open("/dev/dev1") == -EIO);
        CHECK(m.count("close") == 0);
        CHECK(s.dev.count("close") == 0);
        CHECK(s.f.census() == before);
        s.dev.on_open = {};
        CHECK(s.f.write(s.fd, "abc") == 3);
        CHECK(s.f.read(s.fd) == "abc");
        CHECK(m.count("wput") == 0);
    }
}

// --- close procedures

TEST_CASE("PUT-034: close is called once, with the read queue, the flags and the credentials: on I_POP, and on the last close") {
    OneStream s;
    Probe &m = s.f.module("m");
    Process &p = s.f.process(5, 6);
    CHECK(s.ioctl(I_PUSH, "m") == 0);
    queue_t *q = m.last("open").q;
    CHECK(s.ioctl(I_POP, 0) == 0);
    CHECK(m.count("close") == 1);
    CHECK(m.last("close").q == q);
    CHECK(s.dev.count("close") == 0);
    const int second = s.open_as(p);
    CHECK(s.f.close(s.fd) == 0);
    CHECK(s.dev.count("close") == 0);
    CHECK(s.f.close(p, second) == 0);
    CHECK(s.dev.count("close") == 1);
    CHECK(s.dev.last("close").q == s.rq);
    CHECK((s.dev.last("close").oflag & (FREAD | FWRITE)) == (FREAD | FWRITE));
    CHECK(s.dev.last("close").uid == 5); // of the process that closed last
    s.f.check_nothing_left();
    CHECK(s.dev.count("close") == 1);
    CHECK(m.count("close") == 1);
}

TEST_CASE("PUT-035: the last close calls the modules' close procedures from the stream head down, the driver's last") {
    OneStream s;
    Probe &a = s.f.module("a"), &b = s.f.module("b");
    CHECK(s.ioctl(I_PUSH, "a") == 0);
    CHECK(s.ioctl(I_PUSH, "b") == 0);
    CHECK(s.f.close(s.fd) == 0);
    CHECK(closes({&a, &b, &s.dev}) == "b:close a:close dev:close");
}

TEST_CASE("PUT-036: a close procedure may sleep: close returns when it has, and other streams go on meanwhile") {
    OneStream s;
    Process &p = s.f.process();
    const int second = s.f.open(p, "/dev/dev1");
    int event = 0;
    s.dev.on_close = [&](queue_t *q, int flag, cred_t *crp) {
        s.f.nap(&event);
        return s.dev.standard_close(q, flag, crp);
    };
    Later close = s.f.later_close(p, second);
    REQUIRE_FALSE(close.done());
    CHECK(s.f.write(s.fd, "abc") == 3);
    CHECK(s.f.read(s.fd) == "abc");
    CHECK(s.dev.units_taken() == 2);
    s.f.wake(&event);
    CHECK(close.done());
    CHECK(close.result() == 0);
    CHECK(s.dev.units_taken() == 1);
    s.dev.on_close = {};
}

TEST_CASE("PUT-037: a close that frees its data, cancels its timeout and bufcall and resets q_ptr leaves nothing, and nothing runs later") {
    static int ran;
    ran = 0;
    struct Unit {
        toid_t timer;
        bufcall_id_t memory;
    };
    OneStream s;
    s.dev.on_open = [&](queue_t *q, dev_t *, int, int, cred_t *) {
        auto *unit = static_cast<Unit *>(kmem_zalloc(sizeof(Unit), KM_NOSLEEP));
        q->q_ptr = WR(q)->q_ptr = unit;
        unit->timer = timeout([](void *) { ++ran; }, unit, 5);
        unit->memory = bufcall(
            1 << 20, BPRI_MED, [](void *) { ++ran; }, unit);
        qprocson(q);
        return 0;
    };
    s.dev.on_close = [&](queue_t *q, int flag, cred_t *crp) {
        auto *unit = static_cast<Unit *>(q->q_ptr);
        if (q == s.rq) return s.dev.standard_close(q, flag, crp);
        qprocsoff(q);
        CHECK(untimeout(unit->timer) >= 0);
        unbufcall(unit->memory);
        kmem_free(unit, sizeof(Unit));
        q->q_ptr = WR(q)->q_ptr = nullptr;
        return 0;
    };
    const Census before = s.f.census();
    s.f.system.alloc.ceiling(1024); // the bufcall's memory is not there
    const int fd = s.f.open("/dev/dev1");
    Census open = s.f.census();
    CHECK(open.timers == before.timers + 1);
    CHECK(open.bufcalls == before.bufcalls + 1);
    CHECK(open.kmem == before.kmem + 1);
    CHECK(s.f.close(fd) == 0);
    CHECK(s.f.census() == before);
    s.f.system.alloc.ceiling(0);
    advance(s.f, 10);
    CHECK(ran == 0);
    s.f.check_no_fault();
}

TEST_CASE("PUT-038: what a close procedure returns is ignored: close and I_POP succeed and the stream is gone") {
    for (const char *profile : {"irix", "svr4"}) {
        CAPTURE(profile);
        OneStream s(profile);
        Probe &m = s.f.module("m");
        auto fails = [](Probe &p) {
            p.on_close = [&p](queue_t *q, int flag, cred_t *crp) {
                p.standard_close(q, flag, crp);
                return EIO;
            };
        };
        fails(m);
        fails(s.dev);
        CHECK(s.ioctl(I_PUSH, "m") == 0);
        CHECK(s.ioctl(I_POP, 0) == 0);
        CHECK(top_module(s.root, s.fd) == "-EINVAL");
        CHECK(s.f.close(s.fd) == 0);
        CHECK(s.f.system.streams.empty());
        CHECK(s.dev.units_taken() == 0);
    }
}

TEST_SUITE_END();
