// Closing what was clone-opened (clauses/01 section 6).
#include "test/harness.hpp"

#include <sys/ddi.h>

using namespace rill;
using namespace rill::test;

namespace {
constexpr major_t N = 61;
}

TEST_SUITE_BEGIN("clone close");

TEST_CASE("CLN-090: close of a cloned descriptor: module closes, then the target's; no clone routine") {
    Fixture f;
    Probe &echo = f.driver("echo", N), &pass = f.module("pass");
    f.node("/dev/echo", f.clone(N));
    int fd = f.open("/dev/echo");
    CHECK(f.ioctl(fd, I_PUSH, "pass") == 0);
    Recorder trace;
    f.system.trace.attach(trace);
    CHECK(f.close(fd) == 0);
    f.system.trace.detach(trace);
    CHECK(order_of({&echo, &pass}, "close") == "pass:close echo:close");
    CHECK(trace.count(Kind::qclose) == 2);
    CHECK(trace.count(Kind::qclose, "echo") == 1);
    for (auto &line : trace.lines) CHECK(line.name != "clone");
    CHECK(echo.last("close").q == echo.last("open").q);
}

TEST_CASE("CLN-091: the target's close runs once, at the last close, direct opens of the device counted") {
    Fixture f;
    Probe &echo = f.driver("echo", N);
    f.node("/dev/echo", f.clone(N));
    int cloned = f.open("/dev/echo");
    f.node("/dev/echo0", makedevice(N, 0));
    int direct = f.open("/dev/echo0");
    CHECK(f.close(cloned) == 0);
    CHECK(echo.count("close") == 0);
    CHECK(f.write(direct, "x") == 1);
    CHECK(f.read(direct) == "x");
    CHECK(f.close(direct) == 0);
    CHECK(echo.count("close") == 1);

    cloned = f.open("/dev/echo"); // and the other way round
    direct = f.open("/dev/echo0");
    CHECK(f.close(direct) == 0);
    CHECK(echo.count("close") == 1);
    CHECK(f.rdev(cloned) == makedevice(N, 0));
    CHECK(f.close(cloned) == 0);
    CHECK(echo.count("close") == 2);
}

TEST_CASE("CLN-091: duplicated descriptors count; another process's too") {
    Fixture f;
    Probe &echo = f.driver("echo", N);
    f.node("/dev/echo", f.clone(N));
    int fd = f.open("/dev/echo");
    f.node("/dev/echo0", makedevice(N, 0));
    int copy = f.dup(fd);
    CHECK(copy >= 0);
    CHECK(copy != fd);
    Process &other = f.process();
    CHECK(f.open(other, "/dev/echo0") >= 0);
    CHECK(f.close(fd) == 0);
    CHECK(f.close(copy) == 0);
    CHECK(echo.count("close") == 0);
    CHECK(echo.units_taken() == 1);
    rill_proc_exit(handle(other));
    CHECK(echo.count("close") == 1);
    CHECK(echo.units_taken() == 0);
}

TEST_CASE("CLN-092: the driver marks the minor free: table of one, open, EBUSY, close, open gives the same minor") {
    Fixture f;
    Probe &echo = f.driver("echo", N, 1);
    f.node("/dev/echo", f.clone(N));
    int fd = f.open("/dev/echo");
    CHECK(f.rdev(fd) == makedevice(N, 0));
    CHECK(f.open("/dev/echo") == -EBUSY);
    CHECK(f.close(fd) == 0);
    fd = f.open("/dev/echo");
    CHECK(f.rdev(fd) == makedevice(N, 0));
    CHECK(echo.count("open") == 3);
}

TEST_CASE("CLN-092: a driver that does not mark its minor free keeps it") {
    Fixture f;
    Probe &echo = f.driver("echo", N, 1);
    echo.on_close = [](queue_t *q, int, cred_t *) {
        qprocsoff(q);
        return 0;
    };
    f.node("/dev/echo", f.clone(N));
    CHECK(f.close(f.open("/dev/echo")) == 0);
    CHECK(f.open("/dev/echo") == -EBUSY); // the framework did not free it
}

TEST_SUITE_END();
