// The designated minor ("self clone"): a driver answers an open of one of its own minors with another (clauses/01
// section 7).
#include "test/harness.hpp"

#include <sys/ddi.h>

using namespace rill;
using namespace rill::test;

namespace {

constexpr major_t N = 61, X = 62;
constexpr minor_t d = 7;

Probe &self_cloning(Fixture &f, unsigned minors = 16) {
    Probe &echo = f.driver("echo", N, minors);
    echo.designated = d;
    f.node("/dev/echo", makedevice(N, d));
    return echo;
}

} // namespace

TEST_SUITE_BEGIN("designated minor");

TEST_CASE("CLN-105: an open that stores another driver's major: ENXIO, closed once, the node is left without a stream") {
    Fixture f;
    Probe &echo = self_cloning(f), &other = f.driver("other", X);
    bool odd = true;
    echo.on_open = [&](queue_t *q, dev_t *devp, int oflag, int sflag, cred_t *crp) {
        int error = echo.standard_open(q, devp, oflag, sflag, crp);
        if (odd) *devp = makedevice(X, 0);
        return error;
    };
    Census before = f.census();
    CHECK(f.open("/dev/echo") == -ENXIO);
    CHECK(echo.count("close") == 1);
    CHECK(other.log.empty());
    CHECK(f.census() == before);
    f.took_fault("CLN-105"); // a checking build says so
    odd = false;
    int fd = f.open("/dev/echo");
    CHECK(fd >= 0);
    CHECK(echo.last("open").read_ptr == nullptr);
    CHECK(f.rdev(fd) == makedevice(N, 0));
}

TEST_CASE("CLN-105: another driver with the same streamtab is another driver all the same") {
    Fixture f;
    Probe &echo = self_cloning(f);
    CHECK(rill_driver_add(handle(f.system), "twin", X, &echo.tab, D_NEW | D_MP, 16) == 0);
    echo.on_open = [&](queue_t *q, dev_t *devp, int oflag, int sflag, cred_t *crp) {
        int error = echo.standard_open(q, devp, oflag, sflag, crp);
        *devp = makedevice(X, 5);
        return error;
    };
    Census before = f.census();
    CHECK(f.open("/dev/echo") == -ENXIO);
    f.took_fault("CLN-105"); // a checking build says so
    CHECK(echo.count("close") == 1);
    CHECK(f.census() == before);
}

TEST_CASE("CLN-100 CLN-101: the driver is opened with (N,d) and sflag 0; the clone driver is not involved") {
    Fixture f;
    Probe &echo = self_cloning(f);
    Recorder trace;
    f.system.trace.attach(trace);
    CHECK(f.open("/dev/echo") >= 0);
    f.system.trace.detach(trace);
    CHECK(echo.last("open").dev == makedevice(N, d));
    CHECK(echo.last("open").sflag == 0);
    CHECK(trace.count(Kind::qopen) == 1);
    for (auto &line : trace.lines) CHECK(line.name != "clone");
}

TEST_CASE("CLN-102 CLN-108: the file moves to the minor that the driver stored; no flag is needed for that") {
    Fixture f;
    Probe &echo = self_cloning(f);
    echo.on_open = [&](queue_t *q, dev_t *devp, int, int, cred_t *) {
        echo.take(5, q);
        qprocson(q);
        *devp = makedevice(N, 5);
        return 0;
    };
    int fd = f.open("/dev/echo");
    CHECK(f.rdev(fd) == makedevice(N, 5));
    CHECK(f.stat("/dev/echo").st_rdev == makedevice(N, d));
    CHECK(f.write(fd, "x") == 1);
    CHECK(f.read(fd) == "x");
    CHECK(f.ioctl(fd, I_LIST, static_cast<void *>(nullptr)) == 1);
}

TEST_CASE("CLN-103: the designated node is left without a stream: each open of it is a first open with a fresh queue") {
    Fixture f;
    Probe &echo = self_cloning(f);
    int first = f.open("/dev/echo");
    queue_t *q = echo.last("open").q;
    int second = f.open("/dev/echo");
    CHECK(echo.count("open") == 2);
    CHECK(echo.last("open").sflag == 0);
    CHECK(echo.last("open").read_ptr == nullptr);
    CHECK(echo.last("open").q != q);
    CHECK(f.stream(first) != f.stream(second));
    CHECK(f.rdev(first) != f.rdev(second));
}

TEST_CASE("CLN-104: the reserved minor is never handed out") {
    Fixture f;
    Probe &echo = self_cloning(f, 10);
    std::vector<minor_t> minors;
    for (int fd; (fd = f.open("/dev/echo")) >= 0;) minors.push_back(geteminor(f.rdev(fd)));
    CHECK(minors == std::vector<minor_t>{0, 1, 2, 3, 4, 5, 6, 8, 9});
    CHECK(echo.units_taken() == 9);
    CHECK(f.open("/dev/echo") == -EBUSY);
}

TEST_CASE("CLN-106: a driver that leaves *devp keeps the stream on the node; the next open joins it") {
    Fixture f;
    Probe &echo = f.driver("echo", N);
    f.node("/dev/echo", makedevice(N, d)); // an ordinary minor here
    int first = f.open("/dev/echo"), second = f.open("/dev/echo");
    CHECK(echo.count("open") == 2);
    CHECK(echo.last("open").read_ptr != nullptr);
    CHECK(f.stream(first) == f.stream(second));
    CHECK(f.rdev(second) == makedevice(N, d));
}

TEST_CASE("CLN-107: on a repeated open a changed device number is ignored") {
    Fixture f;
    Probe &echo = f.driver("echo", N), &pass = f.module("pass");
    echo.on_open = [&](queue_t *q, dev_t *devp, int oflag, int sflag, cred_t *crp) {
        bool again = q->q_ptr != nullptr;
        int error = echo.standard_open(q, devp, oflag, sflag, crp);
        if (again) *devp = makedevice(N, 9);
        return error;
    };
    pass.on_open = [&](queue_t *q, dev_t *devp, int oflag, int sflag, cred_t *crp) {
        int error = pass.standard_open(q, devp, oflag, sflag, crp);
        *devp = makedevice(X, 1);
        return error;
    };
    f.node("/dev/echo3", makedevice(N, 3));
    int first = f.open("/dev/echo3");
    CHECK(f.ioctl(first, I_PUSH, "pass") == 0);
    int second = f.open("/dev/echo3");
    CHECK(second >= 0);
    CHECK(echo.last("open").dev == makedevice(N, 3)); // its own copy: the module's change is not seen
    CHECK(f.rdev(second) == makedevice(N, 3));
    CHECK(f.rdev(first) == makedevice(N, 3));
    CHECK(f.stream(first) == f.stream(second));
}

TEST_CASE("CLN-100 by allocation: an open of the designated minor survives the failure of every allocation") {
    Fixture f;
    Probe &echo = self_cloning(f);
    f.close(f.open("/dev/echo"));
    for_every_allocation(
        f, {ENOSR, ENOMEM, ENFILE, EMFILE, EAGAIN}, [&] { return f.open("/dev/echo"); }, [&](int fd) {
        CHECK(f.rdev(fd) == makedevice(N, 0));
        CHECK(f.close(fd) == 0);
        CHECK(echo.units_taken() == 0); });
    CHECK(echo.count("open") == echo.count("close"));
}

TEST_SUITE_END();
