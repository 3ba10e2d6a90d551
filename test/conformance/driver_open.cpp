// The open entry point of drivers and modules: its two forms, its arguments, what it may answer (clauses/01 section 8).
#include "test/harness.hpp"

#include <sys/ddi.h>

using namespace rill;
using namespace rill::test;

extern "C" {
extern struct streamtab sloopinfo; // test/drivers/sloop.c
extern int sloop_cnt;
}

namespace {
constexpr major_t N = 61;
}

TEST_SUITE_BEGIN("driver open");

TEST_CASE("CLN-120: a driver pushed as a module refuses with ENXIO: I_PUSH fails ENXIO, nothing is pushed") {
    Fixture f;
    Probe &both = f.driver("both", N);
    CHECK(rill_module_add(handle(f.system), "both", &both.tab, D_NEW | D_MP) == 0);
    Probe &echo = f.driver("echo", 62);
    f.node("/dev/echo", f.clone(62));
    int fd = f.open("/dev/echo");
    Census before = f.census();
    CHECK(f.ioctl(fd, I_PUSH, "both") == -ENXIO);
    CHECK(both.count("open") == 1);
    CHECK(both.last("open").sflag == MODOPEN);
    CHECK(both.count("close") == 0);
    CHECK(f.ioctl(fd, I_LIST, static_cast<void *>(nullptr)) == 1);
    CHECK(f.census() == before);
    CHECK(f.write(fd, "x") == 1);
    CHECK(f.read(fd) == "x");
    CHECK(echo.count("wput") == 1);
}

TEST_CASE("CLN-120: a module opened as a driver refuses with EIO: open fails EIO") {
    Fixture f;
    Probe &pass = f.module("pass");
    CHECK(rill_driver_add(handle(f.system), "pass", static_cast<int>(N), &pass.tab, D_NEW | D_MP, 0) == 0);
    f.node("/dev/pass", makedevice(N, 0));
    Census before = f.census();
    CHECK(f.open("/dev/pass") == -EIO);
    CHECK(pass.last("open").sflag == 0);
    CHECK(pass.count("close") == 0);
    CHECK(f.census() == before);
}

TEST_CASE("CLN-120: I_PUSH of a name that is configured as a driver only: EINVAL, its open is not called") {
    Fixture f;
    Probe &echo = f.driver("echo", N);
    f.node("/dev/echo", f.clone(N));
    int fd = f.open("/dev/echo");
    CHECK(f.ioctl(fd, I_PUSH, "echo") == -EINVAL);
    CHECK(echo.count("open") == 1);
    CHECK(f.ioctl(fd, I_LIST, static_cast<void *>(nullptr)) == 1);
}

TEST_CASE("CLN-115: a C driver with the SVR4 form of open is called through its read-side qinit") {
    Fixture f;
    CHECK(rill_driver_add(handle(f.system), "sloop", static_cast<int>(N), &sloopinfo, D_NEW, sloop_cnt) == 0);
    f.node("/dev/sloop", f.clone(N));
    int fd = f.open("/dev/sloop");
    CHECK(fd >= 0);
    CHECK(f.stream(fd)->driver_pair()->read()->q_qinfo == sloopinfo.st_rdinit);
    CHECK(f.write(fd, "legacy") == 6);
    CHECK(f.read(fd) == "legacy");
    CHECK(f.close(fd) == 0);
    f.took_fault("MP-004");
}

TEST_CASE("CLN-118: a device made with getemajor of the one passed and the chosen minor is what fstat shows") {
    Fixture f;
    Probe &echo = f.driver("echo", N);
    echo.on_open = [&](queue_t *q, dev_t *devp, int, int sflag, cred_t *) {
        CHECK(sflag == CLONEOPEN);
        echo.take(11, q);
        qprocson(q);
        *devp = makedevice(getemajor(*devp), 11);
        return 0;
    };
    f.node("/dev/echo", f.clone(N));
    CHECK(f.rdev(f.open("/dev/echo")) == makedevice(N, 11));
}

TEST_CASE("CLN-121 OPN-006: a repeated open goes from the head down, a first open from the driver up") {
    Fixture f;
    Probe &echo = f.driver("echo", N), &a = f.module("a"), &b = f.module("b");
    f.autopush(N, -1, {"b", "a"}); // a on top
    f.node("/dev/echo2", makedevice(N, 2));
    int first = f.open("/dev/echo2", O_RDWR);
    CHECK(order_of({&echo, &a, &b}) == "echo:open b:open a:open");
    for (Probe *p : {&echo, &a, &b}) p->log.clear();
    int second = f.open("/dev/echo2", O_RDONLY | O_NONBLOCK);
    CHECK(order_of({&echo, &a, &b}) == "a:open b:open echo:open");
    CHECK(a.last("open").sflag == MODOPEN);
    CHECK(a.last("open").oflag == 0);
    CHECK(b.last("open").sflag == MODOPEN);
    CHECK(b.last("open").oflag == 0);
    CHECK(echo.last("open").sflag == 0);
    CHECK((echo.last("open").oflag & (FREAD | FWRITE | FNONBLOCK)) == (FREAD | FNONBLOCK));
    CHECK(f.stream(first) == f.stream(second));
}

TEST_CASE("CLN-122: a module's change of *devp is ignored") {
    Fixture f;
    f.driver("echo", N);
    Probe &pass = f.module("pass");
    f.autopush(N, -1, {"pass"});
    pass.on_open = [&](queue_t *q, dev_t *devp, int oflag, int sflag, cred_t *crp) {
        int error = pass.standard_open(q, devp, oflag, sflag, crp);
        *devp = makedevice(N, 9);
        return error;
    };
    f.node("/dev/echo", f.clone(N));
    int fd = f.open("/dev/echo");
    CHECK(pass.count("open") == 1);
    CHECK(f.rdev(fd) == makedevice(N, 0));
}

TEST_CASE("CLN-123: the SVR3 form gets the device by value and returns the minor") {
    Fixture f;
    Probe &old = f.loose("old", Probe::Sort::driver);
    old.make_old_style();
    old.on_old_open = [&](queue_t *q, dev_t, int, int sflag) {
        old.take(5, q);
        qprocson(q);
        return sflag == CLONEOPEN ? 5 : 4;
    };
    old.on_old_close = [&](queue_t *q) {
        qprocsoff(q);
        q->q_ptr = WR(q)->q_ptr = nullptr;
    };
    f.install(old, N, D_OLD);
    f.node("/dev/old", f.clone(N));
    int fd = f.open("/dev/old", O_RDWR);
    CHECK(fd >= 0);
    CHECK(old.last("open").sflag == CLONEOPEN);
    CHECK(old.last("open").dev == makedevice(N, 0));
    CHECK((old.last("open").oflag & (FREAD | FWRITE)) == (FREAD | FWRITE));
    CHECK(f.rdev(fd) == makedevice(N, 5));
    CHECK(f.write(fd, "x") == 1);
    CHECK(f.read(fd) == "x");
    CHECK(f.close(fd) == 0);
    CHECK(old.count("close") == 1);
}

TEST_CASE("CLN-124: devflag decides the form of open and close: D_OLD the old argument lists, 0 the new ones") {
    Fixture f;
    Probe &old = f.loose("old", Probe::Sort::driver), &fresh = f.loose("fresh", Probe::Sort::driver);
    Probe &oldmod = f.loose("oldmod", Probe::Sort::module);
    old.make_old_style();
    oldmod.make_old_style();
    f.install(old, N, D_OLD);
    f.install(fresh, 62, 0);
    CHECK(rill_module_add(handle(f.system), "oldmod", &oldmod.tab, D_OLD) == 0);
    f.node("/dev/old3", makedevice(N, 3));
    f.node("/dev/fresh", f.clone(62));
    old.on_old_open = [](queue_t *, dev_t dev, int, int) { return static_cast<int>(geteminor(dev)); };
    oldmod.on_old_open = [](queue_t *, dev_t, int, int) { return 0; };
    int a = f.open("/dev/old3"), b = f.open("/dev/fresh");
    CHECK(f.rdev(a) == makedevice(N, 3));
    CHECK(old.last("open").dev == makedevice(N, 3)); // by value, where the new form has a pointer
    CHECK(old.last("open").sflag == 0);
    CHECK(f.rdev(b) == makedevice(62, 0));
    CHECK(fresh.last("open").dev == makedevice(62, 0));
    CHECK(f.ioctl(b, I_PUSH, "oldmod") == 0);
    CHECK(oldmod.last("open").sflag == MODOPEN);
    CHECK(oldmod.last("open").dev == makedevice(62, 0));
    CHECK(f.ioctl(b, I_POP, 0) == 0);
    CHECK(oldmod.count("close") == 1);
    CHECK(f.close(a) == 0);
    CHECK(old.count("close") == 1);
    f.took_fault("MP-004");
}

TEST_CASE("CLN-125 OPN-016: append, create and truncate mean nothing to a STREAMS driver") {
    Fixture f;
    Probe &echo = f.driver("echo", N);
    f.node("/dev/echo", f.clone(N));
    f.node("/dev/echo9", makedevice(N, 9));
    for (const char *path : {"/dev/echo", "/dev/echo9"}) {
        int plain = f.open(path, O_RDWR);
        CHECK(f.write(plain, "one") == 3);
        int fd = f.open(path, O_RDWR | O_TRUNC | O_APPEND | O_CREAT);
        CHECK(fd >= 0);
        CHECK((echo.last("open").oflag & (FREAD | FWRITE)) == (FREAD | FWRITE));
        CHECK(f.read(plain) == "one"); // not truncated away
        CHECK(f.write(fd, "two") == 3);
        CHECK(f.read(fd) == "two");
    }
}

TEST_SUITE_END();
