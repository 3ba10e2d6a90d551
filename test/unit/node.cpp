// Names, devices, and the lock that serialises the opens of one device.
#include "test/harness.hpp"

#include <sys/ddi.h>

using namespace rill;
using namespace rill::test;

namespace {
constexpr major_t N = 61;
}

TEST_SUITE_BEGIN("node");

TEST_CASE("a name is made once, found, and gone after unlink") {
    Fixture f;
    struct stat st;
    CHECK(outcome(rill_stat(handle(f.root), "/dev/x", &st)) == -ENOENT);
    CHECK(outcome(rill_unlink(handle(f.root), "/dev/x")) == -ENOENT);
    CHECK(outcome(rill_mknod(handle(f.root), "", S_IFCHR | 0666, makedevice(1, 0))) == -ENOENT);
    CHECK(outcome(rill_mknod(handle(f.root), std::string(5000, 'x').c_str(), S_IFCHR | 0666, makedevice(1, 0))) ==
          -ENAMETOOLONG);
    CHECK(outcome(rill_mknod(handle(f.root), "/dev/x", S_IFCHR | 0666, NODEV)) == -EINVAL);
    CHECK(outcome(rill_mknod(handle(f.root), "/dev/x", S_IFCHR | 0600, makedevice(1, 2))) == 0);
    CHECK(outcome(rill_mknod(handle(f.root), "/dev/x", S_IFCHR | 0600, makedevice(1, 3))) == -EEXIST);
    CHECK(f.stat("/dev/x").st_rdev == makedevice(1, 2));
    CHECK(f.stat("/dev/x").st_mode == (S_IFCHR | 0600));
    CHECK(outcome(rill_unlink(handle(f.root), "/dev/x")) == 0);
    CHECK(f.open("/dev/x") == -ENOENT);
}

TEST_CASE("a node may be unlinked while it is open: the descriptor goes on") {
    Fixture f;
    Probe &echo = f.driver("echo", N);
    CHECK(outcome(rill_mknod(handle(f.root), "/dev/gone", S_IFCHR | 0640, makedevice(N, 1))) == 0);
    int fd = f.open("/dev/gone");
    CHECK(outcome(rill_unlink(handle(f.root), "/dev/gone")) == 0);
    CHECK(f.open("/dev/gone") == -ENOENT);
    CHECK(f.rdev(fd) == makedevice(N, 1));
    CHECK((f.fstat(fd).st_mode & 07777) == 0640);
    CHECK(f.write(fd, "x") == 1);
    CHECK(f.close(fd) == 0);
    CHECK(echo.count("close") == 1);
}

TEST_CASE("a node may be unlinked while its driver's open sleeps: the open goes on") {
    Fixture f;
    Probe &echo = f.driver("echo", N);
    echo.on_open = [&](queue_t *q, dev_t *devp, int oflag, int sflag, cred_t *crp) {
        f.nap(&echo);
        return echo.standard_open(q, devp, oflag, sflag, crp);
    };
    CHECK(outcome(rill_mknod(handle(f.root), "/dev/gone", S_IFCHR | 0640, makedevice(N, 1))) == 0);
    Process &p = f.process();
    Later opening = f.later_open(p, "/dev/gone");
    CHECK_FALSE(opening.done());
    CHECK(outcome(rill_unlink(handle(f.root), "/dev/gone")) == 0);
    f.wake(&echo);
    CHECK(opening.finish() >= 0);
    CHECK(f.fstat(p, opening.result()).st_rdev == makedevice(N, 1));
    CHECK((f.fstat(p, opening.result()).st_mode & 07777) == 0640);
}

TEST_CASE("one device for all names of a number, and only while somebody has it open") {
    Fixture f;
    f.driver("echo", N);
    f.node("/dev/a", makedevice(N, 1));
    f.node("/dev/b", makedevice(N, 1));
    Census before = f.census();
    int a = f.open("/dev/a"), b = f.open("/dev/b");
    CHECK(f.stream(a) == f.stream(b));
    CHECK(f.census().specials == before.specials + 1);
    CHECK(f.close(a) == 0);
    CHECK(f.census().specials == before.specials + 1);
    CHECK(f.close(b) == 0);
    CHECK(f.census() == before);
}

TEST_CASE("waiters for a device's lock get it one after another, in their order; an interrupted one is skipped") {
    Fixture f;
    Probe &echo = f.driver("echo", N, 8);
    f.node("/dev/echo", f.clone(N));
    std::vector<uid_t> order;
    echo.on_open = [&](queue_t *q, dev_t *devp, int oflag, int sflag, cred_t *crp) {
        order.push_back(crp->cr_uid);
        if (order.size() == 1) f.nap(&echo);
        return echo.standard_open(q, devp, oflag, sflag, crp);
    };
    std::vector<Later> opens;
    std::vector<Process *> processes;
    for (uid_t uid = 1; uid <= 4; ++uid) {
        processes.push_back(&f.process(uid, 0));
        f.catch_signal(*processes.back(), SIGUSR1);
        opens.push_back(f.later_open(*processes.back(), "/dev/echo"));
    }
    f.kill(*processes[1], SIGUSR1);
    f.wake(&echo);
    CHECK(opens[1].finish() == -EINTR);
    for (int i : {0, 2, 3}) CHECK(opens[static_cast<std::size_t>(i)].finish() >= 0);
    CHECK(order == std::vector<uid_t>{1, 3, 4});
}

TEST_CASE("a name hook is asked for missing names only, and may refuse, pass on, or make the node") {
    Fixture f;
    f.driver("echo", N);
    f.node("/dev/there", f.clone(N));
    std::vector<std::string> asked;
    int id;
    {
        Enter scope(f.system);
        id = f.system.nodes.add_name_hook([&](Process &, std::string_view path, Lookup, Node **node) {
            asked.emplace_back(path);
            if (path == "/dev/refused") return EPERM;
            if (path != "/dev/made") return ENOENT;
            f.system.nodes.make("/dev/made", S_IFCHR | 0666, f.clone(N), 0, 0);
            *node = f.system.nodes.find("/dev/made");
            return 0;
        });
    }
    CHECK(f.open("/dev/there") >= 0);
    CHECK(asked.empty());
    CHECK(f.open("/dev/refused") == -EPERM);
    CHECK(f.open("/dev/unknown") == -ENOENT);
    CHECK(f.open("/dev/made") >= 0);
    CHECK(asked == std::vector<std::string>{"/dev/refused", "/dev/unknown", "/dev/made"});
    f.system.nodes.remove_name_hook(id);
    CHECK(f.open("/dev/refused") == -ENOENT);
    CHECK(outcome(rill_unlink(handle(f.root), "/dev/made")) == 0);
}

TEST_CASE("ten thousand devices are open at once and found again") {
    Fixture f;
    Probe &echo = f.driver("echo", N, 10000);
    minor_t next = 0; // the probe's own search would be quadratic
    echo.on_open = [&](queue_t *q, dev_t *devp, int, int, cred_t *) {
        if (q->q_ptr) return 0;
        echo.take(next, q);
        qprocson(q);
        *devp = makedevice(N, next++);
        return 0;
    };
    f.node("/dev/echo", f.clone(N));
    int wrong = 0;
    for (int i = 0; i < 10000; ++i) wrong += f.open("/dev/echo") != i;
    for (int i = 0; i < 10000; i += 97) wrong += f.rdev(i) != makedevice(N, static_cast<minor_t>(i));
    CHECK(wrong == 0);
    f.node("/dev/echo777", makedevice(N, 777));
    int direct = f.open("/dev/echo777");
    CHECK(f.stream(direct) == f.stream(777));
    CHECK(f.census().streams == 10000);
}

TEST_SUITE_END();
