// What a driver's procedure may return as an errno: positive numbers; the pseudo-errnos of NetBSD devices; the negative
// ones of drivers that LiS and OpenSS7 calls registered (NBSD-080 and following).
#include "test/streamio.hpp"

#include "clone/designs/netbsd/include/sys/errno.h"
#include "streams/file/process.hpp"

#include <limits>
#include <sys/strconf.h>

using namespace rill;
using namespace rill::test;

TEST_SUITE_BEGIN("errnos");

TEST_CASE("NBSD-080 NBSD-082: -5 and -6 of a driver that is no NetBSD device are EIO and ENXIO, and its fault; no descriptor is looked for") {
    for (int code : {EDUPFD, EMOVEFD}) {
        Fixture f;
        Probe &dev = f.driver("dev", 61);
        f.node("/dev/dev", f.clone(61));
        f.node("/dev/dev0", makedevice(61, 0));
        dev.on_open = [code](queue_t *, dev_t *, int, int, cred_t *) { return code; };
        for (const char *path : {"/dev/dev", "/dev/dev0"}) {
            CHECK(f.open(path) == code);
            REQUIRE(f.system.faults.size() == 1);
            CHECK(f.system.faults[0].driver == "dev");
            CHECK(f.system.faults[0].entry == "open procedure");
            CHECK(f.took_fault("NBSD-004") == 0);
            CHECK(f.took_fault("NBSD-082") == 1);
        }
        // A device that works as in some other system.
        Driver other;
        other.name = other.prefix = "other";
        other.open_file = [code](Process &, Node &, HeldDevice &, File &, int) { return code; };
        {
            Enter scope(f.system);
            CHECK(f.system.registry.add(std::move(other), 70) == 0);
        }
        f.node("/dev/other", makedevice(70, 0));
        CHECK(f.open("/dev/other") == code);
        REQUIRE(f.system.faults.size() == 1);
        CHECK(f.system.faults[0].driver == "other");
        CHECK(f.took_fault("NBSD-082") == 1);
        f.check_nothing_left();
    }
}

TEST_CASE("NBSD-081: a driver that lis_register_strdev or register_strdev registered returns -EBUSY: its sign is turned, nothing is a fault") {
    for (bool lis : {true, false}) {
        Fixture f;
        Probe &one = f.loose("one", Probe::Sort::driver);
        cdevsw row{"one", &one.tab, D_MP, 0, nullptr, 0, nullptr};
        {
            Enter scope(f.system);
            CHECK((lis ? lis_register_strdev(77, &one.tab, 4, "one") : register_strdev(&row, 77)) == 77);
        }
        f.node("/dev/one", f.clone(77));
        one.on_open = [](queue_t *, dev_t *, int, int, cred_t *) { return -EBUSY; };
        CHECK(f.open("/dev/one") == -EBUSY);
        CHECK(f.why().starts_with("EBUSY: driver open: "));
        for (int code : {-EIO, -ENXIO}) { // NetBSD's pseudo-errnos are none here
            one.on_open = [code](queue_t *, dev_t *, int, int, cred_t *) { return code; };
            CHECK(f.open("/dev/one") == code);
        }
        one.on_open = nullptr;
        one.on_close = [&one](queue_t *q, int flag, cred_t *credp) {
            one.standard_close(q, flag, credp);
            return -EIO;
        };
        Ioctls asked(one);
        const int fd = f.open("/dev/one");
        asked.answer = [](queue_t *q, mblk_t *mp) { nak(q, mp, -EPERM); };
        strioctl io{0x7a01, 0, 0, nullptr};
        CHECK(f.ioctl(fd, I_STR, &io) == -EPERM);
        asked.answer = [](queue_t *q, mblk_t *mp) { ack(q, mp, 0, -ENOSPC); };
        CHECK(f.ioctl(fd, I_STR, &io) == -ENOSPC);
        CHECK(f.close(fd) == 0);
        f.check_no_fault();
        Enter scope(f.system);
        CHECK((lis ? lis_unregister_strdev(77) : unregister_strdev(&row, 77)) == 0);
    }
}

TEST_CASE("NBSD-081: modules that these calls registered likewise") {
    Fixture f("solaris"); // where I_PUSH tells the module's errno
    f.driver("echo", 61);
    f.node("/dev/echo", f.clone(61));
    const int fd = f.open("/dev/echo");
    Probe &pass = f.loose("pass", Probe::Sort::module);
    pass.on_open = [](queue_t *, dev_t *, int, int, cred_t *) { return -EPERM; };
    Enter scope(f.system);
    CHECK(lis_register_strmod(&pass.tab, "pass") == 0);
    CHECK(f.ioctl(fd, I_PUSH, "pass") == -EPERM);
    f.check_no_fault();
    CHECK(lis_unregister_strmod(&pass.tab) == 0);
}

TEST_CASE("NBSD-082: any other negative errno is a fault that names driver and procedure, and its absolute value the result") {
    Fixture f;
    Probe &dev = f.driver("dev", 61);
    f.node("/dev/dev", f.clone(61));
    auto blamed = [&](const char *driver, const char *entry) {
        REQUIRE(f.system.faults.size() == 1);
        CHECK(f.system.faults[0].driver == driver);
        CHECK(f.system.faults[0].entry == entry);
        CHECK(f.took_fault("NBSD-082") == 1);
    };
    for (int code : {-1, -EBUSY, -EINVAL, -4096, std::numeric_limits<int>::min()}) {
        CAPTURE(code);
        dev.on_open = [code](queue_t *, dev_t *, int, int, cred_t *) { return code; };
        CHECK(f.open("/dev/dev") == std::max(code, -std::numeric_limits<int>::max()));
        blamed("dev", "open procedure");
    }
    dev.on_open = nullptr;
    dev.on_close = [&dev](queue_t *q, int flag, cred_t *credp) {
        dev.standard_close(q, flag, credp);
        return -EIO;
    };
    CHECK(f.close(f.open("/dev/dev")) == 0);
    blamed("dev", "close procedure");
    dev.on_close = nullptr;

    Probe &m = f.module("m");
    m.on_open = [](queue_t *, dev_t *, int, int, cred_t *) { return -EPERM; };
    const int fd = f.open("/dev/dev");
    CHECK(f.ioctl(fd, I_PUSH, "m") == (f.system.profile.push_passes_errno ? -EPERM : -ENXIO));
    blamed("m", "open procedure");

    Ioctls asked(dev);
    strioctl io{0x7a01, 0, 0, nullptr};
    asked.answer = [](queue_t *q, mblk_t *mp) { nak(q, mp, -EPERM); };
    CHECK(f.ioctl(fd, I_STR, &io) == -EPERM);
    blamed("dev", "put procedure");
    CHECK(f.close(fd) == 0);
    dev.on_wput = nullptr;

    Probe &old = f.loose("old", Probe::Sort::driver);
    old.make_old_style();
    f.install(old, 62, D_OLD);
    f.node("/dev/old", makedevice(62, 0));
    old.on_old_open = [](queue_t *, dev_t, int, int) { return -EBUSY; };
    CHECK(f.open("/dev/old") == -EBUSY);
    blamed("old", "open procedure");
    old.on_old_open = [](queue_t *, dev_t, int, int) { return OPENFAIL; }; // as an SVR3 open refuses
    CHECK(f.open("/dev/old") == -ENXIO);
    f.check_no_fault();

    Driver plain;
    plain.name = plain.prefix = "plain";
    plain.entry.open = [](dev_t *, int, int, cred_t *) { return -EBUSY; };
    {
        Enter scope(f.system);
        CHECK(f.system.registry.add(std::move(plain), 70) == 0);
    }
    f.node("/dev/plain", makedevice(70, 0));
    CHECK(f.open("/dev/plain") == -EBUSY);
    blamed("plain", "open procedure");
    f.check_nothing_left();
}

TEST_SUITE_END();
