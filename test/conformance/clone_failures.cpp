// How a clone open fails, what is undone, and what odd answers of the target lead to (clauses/01 sections 4 and 5).
//
// Each case ends with the System as it was and a correct open that succeeds.
#include "test/harness.hpp"

#include <sys/ddi.h>

using namespace rill;
using namespace rill::test;

extern "C" {
extern struct streamtab sloopinfo; // test/drivers/sloop.c: a loop-around driver in the style of the SVR4 guide
extern int sloop_cnt;
}

namespace {

constexpr major_t N = 61, X = 62;

int plain_open(dev_t *, int, int, cred_t *) {
    FAIL_CHECK("the open of a driver that is not STREAMS was called");
    return 0;
}

// Fails once with `error`; nothing is left, and the next open succeeds.
void fails_then_succeeds(Fixture &f, const char *path, int error) {
    Census before = f.census();
    CHECK(f.open(path) == -error);
    CHECK(f.census() == before);
    CHECK(f.root.file(0) == nullptr);
    CHECK(f.why().find("open") != std::string::npos);
}
void opens_and_closes(Fixture &f, const char *path, dev_t expected) {
    Census before = f.census();
    int fd = f.open(path);
    CHECK(fd >= 0);
    CHECK(f.rdev(fd) == expected);
    CHECK(f.close(fd) == 0);
    CHECK(f.census() == before);
}

// The cases that CLN-003 repeats with another clone major.

void an_unused_major_is_refused(Fixture &f) {
    Probe &echo = f.driver("echo", N);
    f.node("/dev/none", f.clone(X));
    f.node("/dev/echo", f.clone(N));
    fails_then_succeeds(f, "/dev/none", ENXIO);
    CHECK(echo.count("open") == 0);
    opens_and_closes(f, "/dev/echo", makedevice(N, 0));
}

void a_full_table_is_busy(Fixture &f) {
    Probe &echo = f.driver("echo", N, 3);
    f.node("/dev/echo", f.clone(N));
    int fd[3];
    for (int &each : fd) {
        each = f.open("/dev/echo");
        CHECK(each >= 0);
    }
    Census full = f.census();
    CHECK(f.open("/dev/echo") == -EBUSY);
    CHECK(f.census() == full);
    CHECK(echo.count("close") == 0);
    CHECK(f.write(fd[1], "still") == 5);
    CHECK(f.read(fd[1]) == "still");
    CHECK(f.close(fd[1]) == 0);
    fd[1] = f.open("/dev/echo");
    CHECK(f.rdev(fd[1]) == makedevice(N, 1));
}

void a_foreign_major_is_refused_and_closed(Fixture &f) {
    Probe &echo = f.driver("echo", N), &other = f.driver("other", X);
    major_t answer = X;
    echo.on_open = [&](queue_t *q, dev_t *devp, int oflag, int sflag, cred_t *crp) {
        int error = echo.standard_open(q, devp, oflag, sflag, crp);
        if (answer) *devp = makedevice(answer, 3);
        return error;
    };
    f.node("/dev/echo", f.clone(N));
    fails_then_succeeds(f, "/dev/echo", ENXIO);
    CHECK(echo.count("close") == 1);
    CHECK(echo.last("close").q == echo.last("open").q);
    CHECK((echo.last("close").oflag & (FREAD | FWRITE)) == (FREAD | FWRITE));
    CHECK(echo.units_taken() == 0);
    answer = 63; // no driver's
    if (f.system.registry.by_external(answer)) answer = 64;
    fails_then_succeeds(f, "/dev/echo", ENXIO);
    CHECK(echo.count("close") == 2);
    CHECK(echo.units_taken() == 0);
    CHECK(other.log.empty());
#if RILL_CHECKING
    CHECK(f.took_fault("CLN-070") == 2);
#endif
    answer = 0;
    opens_and_closes(f, "/dev/echo", makedevice(N, 0));
}

constexpr std::pair<const char *, void (*)(Fixture &)> core[] = {
    {"CLN-050", an_unused_major_is_refused},
    {"CLN-057", a_full_table_is_busy},
    {"CLN-070", a_foreign_major_is_refused_and_closed},
};

} // namespace

TEST_SUITE_BEGIN("clone failures");

// --- 4. Failures

TEST_CASE("CLN-003: clone opens fail the same way at another clone major") {
    for (unsigned major : {63u, 72u, 0u})
        for (auto &[id, body] : core) {
            CAPTURE(major);
            CAPTURE_BINDING(id);
            Profile profile = *find_profile(Fixture::default_profile);
            profile.clone_major = major;
            Fixture f(profile);
            body(f);
        }
}

TEST_CASE("CLN-050: the node's minor names no configured driver: ENXIO, no driver is opened") {
    Fixture f;
    an_unused_major_is_refused(f);
}

TEST_CASE("CLN-051: the node's minor names a driver that is not STREAMS: ENXIO, its open is not called") {
    Fixture f;
    f.driver("echo", N);
    Driver plain;
    plain.name = plain.prefix = "plain";
    plain.entry.open = plain_open;
    {
        Enter scope(f.system);
        CHECK(f.system.registry.add(plain, X) == 0);
    }
    f.node("/dev/plain", f.clone(X));
    f.node("/dev/echo", f.clone(N));
    fails_then_succeeds(f, "/dev/plain", ENXIO);
    opens_and_closes(f, "/dev/echo", makedevice(N, 0));
}

TEST_CASE("CLN-052: the node's minor is beyond the switch table: ENXIO") {
    Fixture f;
    f.driver("echo", N);
    f.node("/dev/echo", f.clone(N));
    const char *paths[] = {"/dev/max", "/dev/just", "/dev/high"};
    const minor_t minors[] = {0x3ffff, 512, 0x4000};
    for (int i = 0; i < 3; ++i) {
        f.node(paths[i], f.clone(minors[i]));
        fails_then_succeeds(f, paths[i], ENXIO);
    }
    opens_and_closes(f, "/dev/echo", makedevice(N, 0));
}

TEST_CASE("CLN-052: a minor that is a configured major plus a multiple of the major's range names no driver") {
    Fixture f;
    Probe &echo = f.driver("echo", N);
    f.node("/dev/alias", f.clone(N + 0x4000)); // equal in the 14 bits of a major
    fails_then_succeeds(f, "/dev/alias", ENXIO);
    CHECK(echo.count("open") == 0);
}

TEST_CASE("CLN-055: no clone open yields ENODEV by itself") {
    Fixture f;
    f.driver("echo", N, 1);
    f.node("/dev/none", f.clone(X));
    f.node("/dev/self", f.clone(f.system.profile.clone_major));
    f.node("/dev/far", f.clone(0x3ffff));
    f.node("/dev/block", f.clone(N), S_IFBLK | 0666);
    f.node("/dev/echo", f.clone(N));
    int fd = f.open("/dev/echo");
    CHECK(fd >= 0);
    for (const char *path : {"/dev/none", "/dev/self", "/dev/far", "/dev/block", "/dev/echo"}) {
        int result = f.open(path);
        CHECK(result < 0);
        CHECK(result != -ENODEV);
    }
}

TEST_CASE("CLN-056: an errno of the target's open is the errno of the open, unchanged") {
    Fixture f;
    Probe &echo = f.driver("echo", N);
    int answer = 0;
    echo.on_open = [&](queue_t *q, dev_t *devp, int oflag, int sflag, cred_t *crp) {
        return answer ? answer : echo.standard_open(q, devp, oflag, sflag, crp);
    };
    f.node("/dev/echo", f.clone(N));
    for (int error : {EBUSY, EACCES, ENOMEM, EINTR, ENXIO, ENODEV, EAGAIN, EPERM, ENOSR, 1, 126}) {
        answer = error;
        fails_then_succeeds(f, "/dev/echo", error);
    }
    answer = 0;
    opens_and_closes(f, "/dev/echo", makedevice(N, 0));
}

TEST_CASE("CLN-057: a table of k minors: k clone opens succeed, the next is EBUSY, earlier descriptors go on") {
    Fixture f;
    a_full_table_is_busy(f);
}

TEST_CASE("CLN-057: a full table answers EBUSY through the designated minor too") {
    Fixture f;
    Probe &echo = f.driver("echo", N, 4);
    echo.designated = 0;
    f.node("/dev/echo", makedevice(N, 0));
    int fd[3];
    for (int &each : fd) {
        each = f.open("/dev/echo");
        CHECK(each >= 0);
    }
    Census full = f.census();
    CHECK(f.open("/dev/echo") == -EBUSY);
    CHECK(f.census() == full);
    CHECK(f.write(fd[0], "still") == 5);
    CHECK(f.read(fd[0]) == "still");
    CHECK(f.close(fd[2]) == 0);
    CHECK(f.open("/dev/echo") >= 0);
}

TEST_CASE("CLN-058: a driver after the SVR4 guide answers ENXIO for a full table, and ENXIO it stays") {
    Fixture f;
    CHECK(rill_driver_add(handle(f.system), "sloop", 70, &sloopinfo, D_NEW, sloop_cnt) == 0);
    f.node("/dev/sloop", f.clone(70));
    std::vector<int> fds;
    for (int i = 0; i < sloop_cnt; ++i) {
        fds.push_back(f.open("/dev/sloop"));
        CHECK(fds.back() >= 0);
        CHECK(f.rdev(fds.back()) == makedevice(70, static_cast<minor_t>(i)));
    }
    Census full = f.census();
    CHECK(f.open("/dev/sloop") == -ENXIO);
    CHECK(f.census() == full);
    f.node("/dev/sloop9", makedevice(70, static_cast<minor_t>(sloop_cnt)));
    CHECK(f.open("/dev/sloop9") == -ENXIO); // the same test of the driver catches an explicit minor out of range
    for (int fd : fds) CHECK(f.close(fd) == 0);
    f.took_fault("MP-004"); // such drivers know no qprocson
}

TEST_CASE("CLN-059: when the target's open fails its close is not called") {
    Fixture f;
    Probe &echo = f.driver("echo", N);
    bool fail = true;
    echo.on_open = [&](queue_t *q, dev_t *devp, int oflag, int sflag, cred_t *crp) {
        return fail ? EBUSY : echo.standard_open(q, devp, oflag, sflag, crp);
    };
    f.node("/dev/echo", f.clone(N));
    fails_then_succeeds(f, "/dev/echo", EBUSY);
    CHECK(echo.count("open") == 1);
    CHECK(echo.count("close") == 0);
    fail = false;
    opens_and_closes(f, "/dev/echo", makedevice(N, 0));
    CHECK(echo.count("close") == 1);
}

TEST_CASE("CLN-060: after a failure the next open sees null q_ptr and the target's qinits; 1000 failures leave nothing") {
    Fixture f;
    Probe &echo = f.driver("echo", N);
    bool fail = true;
    int mark = 0, wrong = 0;
    echo.on_open = [&](queue_t *q, dev_t *devp, int oflag, int sflag, cred_t *crp) {
        const Probe::Seen seen = echo.last("open");
        wrong += seen.read_ptr != nullptr || seen.write_ptr != nullptr;
        wrong += seen.read_info != &echo.read_init || seen.write_info != &echo.write_init;
        if (!fail) return echo.standard_open(q, devp, oflag, sflag, crp);
        q->q_ptr = WR(q)->q_ptr = &mark;
        return EBUSY;
    };
    f.node("/dev/echo", f.clone(N));
    Census before = f.census();
    for (int i = 0; i < 1000; ++i)
        if (f.open("/dev/echo") != -EBUSY) ++wrong;
    CHECK(echo.count("open") == 1000);
    CHECK(wrong == 0);
    CHECK(f.census() == before);
    fail = false;
    opens_and_closes(f, "/dev/echo", makedevice(N, 0));
    CHECK(wrong == 0);
}

TEST_CASE("CLN-060: a failed clone open restores the clone's qinit pair and clears q_ptr before the queues are given back") {
    Fixture f;
    Probe &echo = f.driver("echo", N);
    echo.on_open = [&](queue_t *q, dev_t *, int, int, cred_t *) {
        q->q_ptr = WR(q)->q_ptr = &echo;
        return EIO;
    };
    f.node("/dev/echo", f.clone(N));
    // Looks at the pair when the stream is about to go.
    struct Watcher : Recorder {
        Probe &echo;
        qinit *clone_read;
        int looked = 0;
        Watcher(Probe &probe, qinit *rinit) : echo(probe), clone_read(rinit) {}
        void record(const Record &r) override {
            Recorder::record(r);
            if (r.kind != Kind::stream || echo.count("open") == 0) return;
            ++looked;
            queue_t *q = echo.last("open").q;
            CHECK(q->q_ptr == nullptr);
            CHECK(WR(q)->q_ptr == nullptr);
            CHECK(q->q_next == nullptr);
            CHECK(WR(q)->q_next == nullptr);
            CHECK(q->q_qinfo == clone_read);
        }
    } watcher(echo, f.system.registry.by_external(f.system.profile.clone_major)->tab->st_rdinit);
    f.system.trace.attach(watcher);
    CHECK(f.open("/dev/echo") == -EIO);
    f.system.trace.detach(watcher);
    CHECK(watcher.looked == 1);
    std::string changes;
    for (auto &l : watcher.lines)
        if (l.kind == Kind::qinit) changes += l.name + ">" + l.what + " ";
    CHECK(changes == "clone>echo echo>clone ");
}

TEST_CASE("CLN-061: a target that enabled its procedures and then fails: none of them runs afterwards") {
    Fixture f;
    Probe &echo = f.driver("echo", N);
    echo.give_service_procedures();
    bool fail = true;
    echo.on_open = [&](queue_t *q, dev_t *devp, int oflag, int sflag, cred_t *crp) {
        if (!fail) return echo.standard_open(q, devp, oflag, sflag, crp);
        qprocson(q);
        mblk_t *mp = allocb(4, BPRI_MED); // something that waits for its service procedure
        mp->b_wptr += 4;
        putq(WR(q), mp);
        qenable(q);
        return EIO;
    };
    f.node("/dev/echo", f.clone(N));
    fails_then_succeeds(f, "/dev/echo", EIO);
    f.run();
    for (const char *what : {"rsrv", "wsrv", "rput", "wput", "close"}) CHECK(echo.count(what) == 0);
    fail = false;
    opens_and_closes(f, "/dev/echo", makedevice(N, 0));
}

TEST_CASE("CLN-062: a failed open leaves no stream on the node, and those who waited go on") {
    Fixture f;
    Probe &echo = f.driver("echo", N);
    f.node("/dev/echo", f.clone(N));
    echo.on_open = [&](queue_t *q, dev_t *devp, int oflag, int sflag, cred_t *crp) {
        if (echo.count("open") > 1) return echo.standard_open(q, devp, oflag, sflag, crp);
        f.nap(&echo);
        return EIO;
    };
    Process &a = f.process(), &b = f.process();
    Census before = f.census();
    Later first = f.later_open(a, "/dev/echo"), second = f.later_open(b, "/dev/echo");
    CHECK_FALSE(first.done());
    CHECK_FALSE(second.done());
    f.wake(&echo);
    CHECK(first.finish() == -EIO);
    CHECK(second.finish() >= 0);
    CHECK(f.fstat(b, second.result()).st_rdev == makedevice(N, 0));
    CHECK(f.close(b, second.result()) == 0);
    CHECK(f.census() == before);
}

TEST_CASE("CLN-063: a device number that a failing target stored has no effect") {
    Fixture f;
    Probe &echo = f.driver("echo", N);
    bool fail = true;
    echo.on_open = [&](queue_t *q, dev_t *devp, int oflag, int sflag, cred_t *crp) {
        if (!fail) return echo.standard_open(q, devp, oflag, sflag, crp);
        *devp = makedevice(N, 9);
        return EBUSY;
    };
    f.node("/dev/echo", f.clone(N));
    f.node("/dev/echo9", makedevice(N, 9));
    fails_then_succeeds(f, "/dev/echo", EBUSY);
    {
        Enter scope(f.system);
        CHECK(f.system.nodes.find(makedevice(N, 9)) == nullptr);
    }
    fail = false;
    int fd = f.open("/dev/echo");
    CHECK(echo.last("open").dev == makedevice(N, 0));
    CHECK(f.rdev(fd) == makedevice(N, 0));
    CHECK(f.open("/dev/echo9") >= 0);
    CHECK(echo.last("open").read_ptr == nullptr); // a first open: no stream was there
}

TEST_CASE("CLN-064: the hold on the target goes with each failure, and with the last close of the device") {
    Fixture f;
    Probe &late = f.loose("late", Probe::Sort::driver);
    bool fail = true;
    late.on_open = [&](queue_t *q, dev_t *devp, int oflag, int sflag, cred_t *crp) {
        return fail ? EACCES : late.standard_open(q, devp, oflag, sflag, crp);
    };
    auto configure = [&] {
        Driver driver;
        driver.name = driver.prefix = "late";
        driver.loadable = true;
        driver.load = [&](Driver &d) {
            d.tab = &late.tab;
            return 0;
        };
        Enter scope(f.system);
        if (!f.system.registry.by_external(N)) CHECK(f.system.registry.add(driver, N) == 0);
    };
    auto unload = [&] {
        Enter scope(f.system);
        return f.system.registry.unload(*f.system.registry.by_external(N));
    };
    configure();
    f.node("/dev/late", f.clone(N));
    f.node("/dev/late0", makedevice(N, 0));
    for (int i = 0; i < 3; ++i) CHECK(f.open("/dev/late") == -EACCES);
    CHECK(unload() == 0);
    configure();
    fail = false;
    int cloned = f.open("/dev/late");
    CHECK(cloned >= 0);
    CHECK(unload() == EBUSY);
    int direct = f.open("/dev/late0");
    CHECK(direct >= 0);
    CHECK(f.close(cloned) == 0);
    CHECK(unload() == EBUSY);
    CHECK(f.close(direct) == 0);
    CHECK(late.count("close") == 1);
    CHECK(unload() == 0);
}

TEST_CASE("CLN-050 to CLN-073 by allocation: a clone open survives the failure of every allocation it asks for") {
    Fixture f;
    Probe &echo = f.driver("echo", N);
    f.node("/dev/echo", f.clone(N));
    f.close(f.open("/dev/echo"));
    for_every_allocation(
        f, {ENOSR, ENOMEM, ENFILE, EMFILE, EAGAIN}, [&] { return f.open("/dev/echo"); }, [&](int fd) {
        CHECK(f.rdev(fd) == makedevice(N, 0));
        CHECK(f.close(fd) == 0);
        CHECK(echo.units_taken() == 0);
        CHECK(f.stat("/dev/echo").st_rdev == f.clone(N)); });
    CHECK(echo.count("open") == echo.count("close"));
}

TEST_CASE("OPN-017 OPN-020 by allocation: an autopushed clone open survives the failure of every allocation") {
    Fixture f;
    Probe &echo = f.driver("echo", N), &a = f.module("a"), &b = f.module("b");
    f.autopush(N, -1, {"a", "b"});
    f.node("/dev/echo", f.clone(N));
    for_every_allocation(
        f, {ENOSR, ENOMEM, ENFILE, EMFILE, EAGAIN}, [&] { return f.open("/dev/echo"); }, [&](int fd) {
        CHECK(f.rdev(fd) == makedevice(N, 0));
        CHECK(f.ioctl(fd, I_LIST, static_cast<void *>(nullptr)) == 3);
        CHECK(f.close(fd) == 0);
        CHECK(echo.units_taken() == 0); });
    CHECK(echo.count("open") == echo.count("close"));
    CHECK(a.count("open") == a.count("close"));
    CHECK(b.count("open") == b.count("close"));
}

// --- 5. Odd results from the target, and clones of clones

TEST_CASE("CLN-070: the target stores a major that is not its own: closed once with the same queue and flags, ENXIO") {
    Fixture f;
    a_foreign_major_is_refused_and_closed(f);
}

TEST_CASE("CLN-073: the target stores a device that already has a stream: EBUSY, the new queue is closed, the old goes on") {
    Fixture f;
    Probe &echo = f.driver("echo", N);
    echo.on_open = [&](queue_t *q, dev_t *devp, int oflag, int sflag, cred_t *crp) {
        int error = echo.standard_open(q, devp, oflag, sflag, crp);
        *devp = makedevice(N, 3);
        return error;
    };
    f.node("/dev/echo", f.clone(N));
    f.node("/dev/echo3", makedevice(N, 3));
    int fd = f.open("/dev/echo", O_RDWR | O_NONBLOCK);
    CHECK(f.rdev(fd) == makedevice(N, 3));
    queue_t *first = echo.last("open").q;
    Census before = f.census();
    CHECK(f.open("/dev/echo") == -EBUSY);
    CHECK(echo.count("close") == 1);
    CHECK(echo.last("close").q == echo.last("open").q);
    CHECK(echo.last("close").q != first);
    CHECK(f.census() == before);
    CHECK(f.write(fd, "mine") == 4);
    CHECK(f.read(fd) == "mine");
    int direct = f.open("/dev/echo3");
    CHECK(f.stream(direct) == f.stream(fd));
    CHECK(f.close(direct) == 0);
    CHECK(f.close(fd) == 0);
    CHECK(echo.count("close") == 2);
    CHECK(f.open("/dev/echo") >= 0);
}

TEST_CASE("CLN-074 [irix] [svr4]: the target stores another external major of the same driver: the open succeeds on it") {
    for (const char *profile : {"irix", "svr4"}) {
        CAPTURE(profile);
        Fixture f(profile);
        Probe &echo = f.driver("echo", 32);
        f.alias(32, 35);
        echo.on_open = [&](queue_t *q, dev_t *devp, int, int, cred_t *) {
            echo.take(4, q);
            qprocson(q);
            *devp = makedevice(35, 4);
            return 0;
        };
        f.node("/dev/echo", f.clone(32));
        int fd = f.open("/dev/echo");
        CHECK(fd >= 0);
        CHECK(f.rdev(fd) == makedevice(35, 4));
        CHECK(f.write(fd, "x") == 1);
        CHECK(f.read(fd) == "x");
        CHECK(echo.count("close") == 0);
    }
}

TEST_CASE("CLN-074 [solaris]: another external major of the same driver is refused with ENXIO, the target closed once") {
    Fixture f("solaris");
    Probe &echo = f.driver("echo", 32);
    f.alias(32, 35);
    echo.on_open = [&](queue_t *q, dev_t *devp, int, int, cred_t *) {
        echo.take(4, q);
        qprocson(q);
        *devp = makedevice(35, 4);
        return 0;
    };
    f.node("/dev/echo", f.clone(32));
    fails_then_succeeds(f, "/dev/echo", ENXIO);
    CHECK(echo.count("close") == 1);
    CHECK(echo.units_taken() == 0);
}

TEST_CASE("CLN-076: a clone open that is given a device in its last close waits for the close, then attaches") {
    Fixture f;
    Probe &echo = f.driver("echo", N, 1);
    f.node("/dev/echo", f.clone(N));
    echo.on_close = [&](queue_t *q, int flag, cred_t *crp) {
        int error = echo.standard_close(q, flag, crp); // the minor is free from here on
        if (echo.count("close") == 1) f.nap(&echo);
        return error;
    };
    Process &a = f.process(), &b = f.process();
    int fd = f.open(a, "/dev/echo");
    CHECK(fd >= 0);
    Later closing = f.later_close(a, fd);
    CHECK_FALSE(closing.done());
    Later opening = f.later_open(b, "/dev/echo");
    CHECK(echo.count("open") == 2); // the same minor was handed out
    CHECK_FALSE(opening.done());
    f.run();
    CHECK_FALSE(opening.done());
    f.wake(&echo);
    CHECK(closing.finish() == 0);
    CHECK(opening.finish() >= 0);
    CHECK(f.fstat(b, opening.result()).st_rdev == makedevice(N, 0));
    Census open = f.census();
    CHECK(f.open("/dev/echo") == -EBUSY); // the driver's word: its table of one is full
    CHECK(f.census() == open);
}

TEST_CASE("CLN-076: 64 callers open and close in a loop on a table of 64, closes that sleep: never EBUSY") {
    Fixture f;
    Probe &echo = f.driver("echo", N, 64);
    f.node("/dev/echo", f.clone(N));
    echo.on_close = [&](queue_t *q, int flag, cred_t *crp) {
        int error = echo.standard_close(q, flag, crp);
        delay(1 + echo.count("close") % 3);
        return error;
    };
    std::vector<Later> callers;
    for (int i = 0; i < 64; ++i) {
        Process &p = f.process();
        callers.push_back(f.later(p, "open and close", [&f, &p] {
            for (int round = 0; round < 8; ++round) {
                int fd = f.open(p, "/dev/echo");
                if (fd < 0) return fd;
                delay(1);
                if (int error = f.close(p, fd)) return error;
            }
            return 0;
        }));
    }
    for (Later &caller : callers) CHECK(caller.finish() == 0);
    CHECK(echo.count("open") == 64 * 8);
    CHECK(echo.count("close") == 64 * 8);
    CHECK(echo.units_taken() == 0);
}

TEST_CASE("CLN-077: the target returns 0 without touching *devp: the open succeeds on (N,0), once") {
    Fixture f;
    Probe &echo = f.driver("echo", N);
    echo.on_open = [&](queue_t *q, dev_t *, int, int, cred_t *) {
        minor_t m = static_cast<minor_t>(echo.units_taken());
        echo.take(m, q);
        qprocson(q);
        return 0;
    };
    f.node("/dev/echo", f.clone(N));
    int fd = f.open("/dev/echo");
    CHECK(fd >= 0);
    CHECK(f.rdev(fd) == makedevice(N, 0));
    CHECK(f.open("/dev/echo") == -EBUSY); // (N,0) has a stream: CLN-073
    CHECK(echo.count("close") == 1);
    CHECK(f.close(fd) == 0);
    f.took_fault("CLN-118"); // a System may warn that *devp was left alone
}

TEST_CASE("CLN-078: the clone of the clone: ENXIO, and no recursion beyond one level") {
    Fixture f;
    f.driver("echo", N);
    f.node("/dev/clone", f.clone(f.system.profile.clone_major));
    f.node("/dev/echo", f.clone(N));
    Recorder trace;
    f.system.trace.attach(trace);
    fails_then_succeeds(f, "/dev/clone", ENXIO);
    f.system.trace.detach(trace);
    CHECK(trace.count(Kind::qopen) <= 2);
    CHECK(trace.count(Kind::qopen) >= 1);
    opens_and_closes(f, "/dev/echo", makedevice(N, 0));
}

TEST_CASE("CLN-079: the clone driver is no module: I_PUSH of its name is EINVAL, MODOPEN answers ENXIO") {
    Fixture f;
    Probe &echo = f.driver("echo", N);
    f.node("/dev/echo", f.clone(N));
    int fd = f.open("/dev/echo");
    CHECK(f.ioctl(fd, I_PUSH, "clone") == -EINVAL);
    CHECK(f.ioctl(fd, I_LIST, static_cast<void *>(nullptr)) == 1);
    Enter scope(f.system);
    queue_t *q = echo.last("open").q;
    dev_t dev = f.clone(N);
    streamtab *clone = f.system.registry.by_external(f.system.profile.clone_major)->tab;
    CHECK(clone->st_rdinit->qi_qopen(q, &dev, FREAD, MODOPEN, &f.root.cred) == ENXIO);
    CHECK(clone->st_rdinit->qi_qopen(q, &dev, FREAD, CLONEOPEN, &f.root.cred) == ENXIO);
    CHECK(dev == f.clone(N));
    CHECK(echo.count("open") == 1);
}

TEST_CASE("CLN-080: the target stores NODEV: ENXIO, and it is closed") {
    Fixture f;
    Probe &echo = f.driver("echo", N);
    bool odd = true;
    echo.on_open = [&](queue_t *q, dev_t *devp, int oflag, int sflag, cred_t *crp) {
        int error = echo.standard_open(q, devp, oflag, sflag, crp);
        if (odd) *devp = NODEV;
        return error;
    };
    f.node("/dev/echo", f.clone(N));
    fails_then_succeeds(f, "/dev/echo", ENXIO);
    CHECK(echo.count("close") == 1);
    CHECK(echo.units_taken() == 0);
    odd = false;
    opens_and_closes(f, "/dev/echo", makedevice(N, 0));
}

TEST_CASE("CLN-081 OPN-003: an old-style driver's OPENFAIL becomes ENXIO, through the clone and directly") {
    Fixture f;
    Probe &old = f.loose("old", Probe::Sort::driver);
    old.make_old_style();
    f.install(old, N, D_OLD);
    old.on_old_open = [](queue_t *, dev_t, int, int) { return OPENFAIL; };
    f.node("/dev/old", f.clone(N));
    f.node("/dev/old5", makedevice(N, 5));
    fails_then_succeeds(f, "/dev/old", ENXIO);
    fails_then_succeeds(f, "/dev/old5", ENXIO);
    CHECK(old.count("open") == 2);
    CHECK(old.count("close") == 0);
}

TEST_SUITE_END();
