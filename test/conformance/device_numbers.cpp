// Device numbers, their external and internal form, and the switch table they lead to (clauses/01 section 9).
#include "streams/view/tables.hpp"
#include "test/harness.hpp"

#include <dlfcn.h>
#include <sys/ddi.h>

using namespace rill;
using namespace rill::test;

extern "C" {
dev_t user_makedev(major_t major, minor_t minor); // what a program in C has under these names
major_t user_major(dev_t dev);
minor_t user_minor(dev_t dev);
}

TEST_SUITE_BEGIN("device numbers");

TEST_CASE("DEV-020: makedev of a program fails with NODEV and EINVAL for a part that is too large, or when the result is NODEV") {
    for (auto [major, minor] : {std::pair<major_t, minor_t>{0x4000, 0}, {0, 0x40000}, {0x3fff, 0x3ffff}}) {
        CAPTURE_BINDING(major);
        errno = 0;
        CHECK(user_makedev(major, minor) == NODEV);
        CHECK(errno == EINVAL);
    }
    errno = 0;
    CHECK(user_makedev(0x3fff, 0x3fffe) == makedevice(0x3fff, 0x3fffe));
    CHECK(user_major(user_makedev(61, 7)) == 61);
    CHECK(user_minor(user_makedev(61, 7)) == 7);
    CHECK(errno == 0);
}

TEST_CASE("DEV-020: major and minor of NODEV fail with EINVAL") {
    errno = 0;
    CHECK(user_major(NODEV) == static_cast<major_t>(-1));
    CHECK(errno == EINVAL);
    errno = 0;
    CHECK(user_minor(NODEV) == static_cast<minor_t>(-1));
    CHECK(errno == EINVAL);
}

TEST_CASE("CFG-062: a long listing shows c and, in place of the size, the clone's major and the target's") {
    Fixture f;
    f.driver("foo", 61);
    f.node("/dev/foo", f.clone(61));
    const std::string line = view::nodes(f.system, "/dev/foo");
    CHECK(line.starts_with("crw-rw-rw- "));
    CHECK(line.find(" " + std::to_string(f.system.profile.clone_major) + ",  61  /dev/foo") != line.npos);
}

TEST_CASE("DEV-001: 14 bits of major and 18 of minor in 32 bits") {
    CHECK(NBITSMAJOR == 14);
    CHECK(NBITSMINOR == 18);
    CHECK(MAXMAJ == 0x3fff);
    CHECK(MAXMIN == 0x3ffff);
    dev_t dev = makedevice(0x3ffe, 0x3ffff);
    CHECK(getemajor(dev) == 0x3ffe);
    CHECK(geteminor(dev) == 0x3ffff);
    CHECK((static_cast<unsigned long>(dev) >> 32) == 0);
    CHECK(makedevice(0x3fff, 0x3ffff) == NODEV);
}

TEST_CASE("DEV-001: the driver of a major up to 511 may return minor 0x3ffff") {
    for (major_t major : {61u, 511u}) {
        Fixture f;
        Probe &echo = f.driver("echo", major);
        echo.on_open = [&](queue_t *q, dev_t *devp, int, int, cred_t *) {
            echo.take(0, q);
            qprocson(q);
            *devp = makedevice(getemajor(*devp), 0x3ffff);
            return 0;
        };
        f.node("/dev/echo", f.clone(major));
        CHECK(f.rdev(f.open("/dev/echo")) == makedevice(major, 0x3ffff));
    }
}

TEST_CASE("DEV-002: makedevice masks the minor and validates nothing") {
    CHECK(makedevice(5, 0x40001) == makedevice(5, 1));
    CHECK(makedevice(5, 1) == (5ul << 18 | 1));
    Fixture f;
    CHECK(makedevice(300, 1) != NODEV); // no driver is there
}

TEST_CASE("DEV-006 [irix]: majors up to 511 may be configured in the irix profile, 512 may not") {
    Fixture f("irix");
    Probe &high = f.loose("high", Probe::Sort::driver);
    CHECK(outcome(rill_driver_add(handle(f.system), "high", 512, &high.tab, D_NEW, 1)) == -EINVAL);
    CHECK(outcome(rill_driver_add(handle(f.system), "high", -1, &high.tab, D_NEW, 1)) == -EINVAL);
    CHECK(outcome(rill_driver_add(handle(f.system), "high", 511, &high.tab, D_NEW | D_MP, 1)) == 0);
    f.node("/dev/high", makedevice(511, 0));
    CHECK(f.open("/dev/high") >= 0);
}

TEST_CASE("DEV-009: the old form has 7 bits of major and 8 of minor in 16 bits") {
    CHECK(sizeof(o_dev_t) == 2);
    CHECK(ONBITSMAJOR == 7);
    CHECK(ONBITSMINOR == 8);
    CHECK(OMAXMAJ == 0x7f);
    CHECK(OMAXMIN == 0xff);
}

TEST_CASE("DEV-010: cmpdev gives the old form, or NODEV when it does not fit") {
    CHECK(cmpdev(makedevice(127, 255)) == 0x7fff);
    CHECK(cmpdev(makedevice(10, 41)) == 0x0a29);
    CHECK(cmpdev(makedevice(128, 0)) == static_cast<o_dev_t>(NODEV));
    CHECK(cmpdev(makedevice(1, 256)) == static_cast<o_dev_t>(NODEV));
}

TEST_CASE("DEV-011: expdev gives the new form of an old number") {
    CHECK(expdev(0x0a29) == makedevice(10, 41));
    for (major_t major : {0u, 1u, 10u, 127u})
        for (minor_t minor : {0u, 1u, 128u, 255u}) {
            dev_t dev = makedevice(major, minor);
            CHECK(expdev(cmpdev(dev)) == dev);
        }
}

TEST_CASE("DEV-012: NODEV is -1 of the type in use") {
    CHECK(static_cast<dev_t>(NODEV) == static_cast<dev_t>(-1));
    CHECK(static_cast<o_dev_t>(NODEV) == static_cast<o_dev_t>(-1));
    CHECK(static_cast<unsigned short>(static_cast<o_dev_t>(NODEV)) == 0xffff);
}

TEST_CASE("DEV-013: getemajor gives the external number, getmajor the internal one") {
    Fixture f;
    Probe &echo = f.driver("echo", 32);
    f.alias(32, 35);
    major_t external = 0, internal = 0;
    echo.on_open = [&](queue_t *q, dev_t *devp, int oflag, int sflag, cred_t *crp) {
        external = getemajor(*devp);
        internal = getmajor(*devp);
        CHECK(getminor(*devp) == geteminor(*devp));
        return echo.standard_open(q, devp, oflag, sflag, crp);
    };
    f.node("/dev/echo4", makedevice(35, 4));
    CHECK(f.open("/dev/echo4") >= 0);
    CHECK(external == 35);
    CHECK(f.system.registry.by_external(32)->internal == 32);
    CHECK(internal == (f.system.profile.one_kind_of_major ? 35 : 32)); // DEV-040
    Enter scope(f.system);
    CHECK(f.system.registry.row(getmajor(makedevice(300, 0))) == nullptr);
}

TEST_CASE("DEV-016: etoimajor gives the internal major, or NODEV") {
    Fixture f;
    f.driver("echo", 32);
    f.alias(32, 35);
    Enter scope(f.system);
    int row = static_cast<int>(f.system.registry.by_external(32)->internal);
    CHECK(etoimajor(32) == row);
    CHECK(etoimajor(35) == (f.system.profile.one_kind_of_major ? 35 : row)); // DEV-040
    CHECK(etoimajor(33) == -1);
    CHECK(etoimajor(0x3fff) == -1);
}

TEST_CASE("DEV-017: itoemajor enumerates the external majors of an internal one") {
    Fixture f;
    f.driver("echo", 32);
    f.alias(32, 35);
    f.alias(32, 37);
    f.driver("single", 40);
    Enter scope(f.system);
    major_t row = f.system.registry.by_external(32)->internal;
    CHECK(itoemajor(row, -1) == 32);
    if (f.system.profile.one_kind_of_major) { // DEV-040
        CHECK(itoemajor(row, 32) == -1);
    } else {
        CHECK(itoemajor(row, 32) == 35);
        CHECK(itoemajor(row, 35) == 37);
        CHECK(itoemajor(row, 37) == -1);
    }
    row = f.system.registry.by_external(40)->internal;
    CHECK(itoemajor(row, -1) == 40);
    CHECK(itoemajor(row, 40) == -1);
    CHECK(itoemajor(9999, -1) == -1);
}

TEST_CASE("DEV-018: externals may be many to one, and one to one with equal numbers") {
    Fixture f;
    Probe &echo = f.driver("echo", 32, 4);
    f.alias(32, 35);
    f.node("/dev/a", f.clone(32));
    f.node("/dev/b", f.clone(35));
    CHECK(f.rdev(f.open("/dev/a")) == makedevice(32, 0));
    CHECK(f.rdev(f.open("/dev/b")) == makedevice(35, 1)); // one table of minors behind both
    CHECK(echo.units_taken() == 2);
    for (major_t one : {0u, 1u, 36u, 511u}) {
        CAPTURE(one);
        f.driver("equal", one);
        {
            Enter scope(f.system);
            CHECK(f.system.registry.by_external(one)->internal == one);
            CHECK(getmajor(makedevice(one, 3)) == one);
            CHECK(etoimajor(one) == static_cast<int>(one));
        }
        const std::string path = "/dev/equal" + std::to_string(one);
        f.node(path.c_str(), f.clone(one));
        CHECK(f.rdev(f.open(path.c_str())) == makedevice(one, 0));
    }
}

// As the SVR4 guide and open(9E) write it; no more than one major of the driver's own is known to it.
int open_by_getmajor(Probe &echo, queue_t *q, dev_t *devp, int oflag, int sflag, cred_t *crp) {
    const major_t major = getmajor(*devp);
    const int error = echo.standard_open(q, devp, oflag, sflag, crp);
    *devp = makedevice(major, getminor(*devp));
    return error;
}

TEST_CASE("DEV-041: a clone open answered by makedevice(getmajor(*devp), minor) succeeds, whatever the major and the order of configuration") {
    Fixture f;
    f.driver("before", 100);
    for (major_t major : {61u, 5u, 511u}) {
        CAPTURE(major);
        Probe &echo = f.driver("echo", major, 2);
        echo.on_open = [&](queue_t *q, dev_t *devp, int o, int s, cred_t *c) { return open_by_getmajor(echo, q, devp, o, s, c); };
        const std::string path = "/dev/echo" + std::to_string(major);
        f.node(path.c_str(), f.clone(major));
        const int one = f.open(path.c_str()), other = f.open(path.c_str());
        CHECK(f.rdev(one) == makedevice(major, 0));
        CHECK(f.rdev(other) == makedevice(major, 1));
        CHECK(f.open(path.c_str()) == -EBUSY);
        CHECK(f.close(one) == 0);
        CHECK(f.close(other) == 0);
        CHECK(echo.units_taken() == 0);
    }
}

TEST_CASE("DEV-041: a driver with several majors, opened by the second: getmajor() leads to a device that is its own") {
    for (const char *profile : {"irix", "svr4", "solaris"}) {
        CAPTURE(profile);
        Fixture f(profile);
        Probe &echo = f.driver("echo", 32);
        f.alias(32, 35);
        echo.on_open = [&](queue_t *q, dev_t *devp, int o, int s, cred_t *c) { return open_by_getmajor(echo, q, devp, o, s, c); };
        f.node("/dev/echo", f.clone(35));
        const int fd = f.open("/dev/echo");
        CHECK(f.rdev(fd) == makedevice(f.system.profile.one_kind_of_major ? 35 : 32, 0)); // CLN-074, DEV-040
        CHECK(f.close(fd) == 0);
    }
}

TEST_CASE("DEV-040 [solaris]: internal and external majors are one kind: getmajor, etoimajor and itoemajor change nothing") {
    Fixture f("solaris");
    f.driver("echo", 32);
    f.alias(32, 35);
    Enter scope(f.system);
    for (int major : {32, 35}) {
        CHECK(getmajor(makedevice(static_cast<major_t>(major), 7)) == static_cast<major_t>(major));
        CHECK(etoimajor(static_cast<major_t>(major)) == major);
        CHECK(itoemajor(static_cast<major_t>(major), -1) == major);
        CHECK(itoemajor(static_cast<major_t>(major), major) == -1);
    }
    CHECK(etoimajor(33) == -1);
    CHECK(itoemajor(33, -1) == -1);
    CHECK(getmajor(makedevice(33, 0)) == 33); // without any check (DEV-013)
}

TEST_CASE("DEV-042: a device that is refused is named, whose it is, and that an internal major is one") {
    for (const char *profile : {"irix", "solaris"}) {
        CAPTURE(profile);
        Fixture f(profile);
        Probe &echo = f.driver("echo", 32);
        f.driver("loop", 62);
        f.alias(32, 35);
        f.alias(32, 37);
        dev_t answer = 0;
        echo.on_open = [&](queue_t *q, dev_t *devp, int o, int s, cred_t *c) {
            const int error = echo.standard_open(q, devp, o, s, c);
            *devp = answer;
            return error;
        };
        f.node("/dev/echo", f.clone(35));
        f.node("/dev/direct", makedevice(35, 1));
        auto says = [&](const char *path, dev_t dev, std::string_view text) {
            CAPTURE(text);
            answer = dev;
            CHECK(f.open(path) == -ENXIO);
            CHECK_MESSAGE(f.why().find(text) != std::string::npos, f.why());
            CHECK(echo.units_taken() == 0);
        };
        says("/dev/echo", makedevice(62, 3), "which was closed again, returned a device that is not its own: (62,3), which is a device of loop (CLN-070)");
        says("/dev/echo", makedevice(300, 3), "(300,3), and no driver has major 300 (CLN-070)");
        says("/dev/echo", NODEV, ": NODEV (CLN-080)");
        says("/dev/direct", makedevice(62, 3), "(62,3), which is a device of loop (CLN-105)");
        if (f.system.profile.clone_compares_external) {
            says("/dev/echo", makedevice(32, 3),
                 "(32,3): 32 is its internal major, the external one by which it was opened is 35, as getemajor() gives it (CLN-070)");
            says("/dev/echo", makedevice(37, 3), "(37,3): it was opened by another of its majors, 35, as getemajor() gives it (CLN-070)");
        }
#if RILL_CHECKING
        f.took_fault("CLN-070");
        f.took_fault("CLN-105");
#endif
    }
}

TEST_CASE("DEV-019: a clone open through any of several external majors hands the driver that major") {
    Fixture f;
    Probe &echo = f.driver("echo", 32);
    f.alias(32, 35);
    major_t internal = 0;
    echo.on_open = [&](queue_t *q, dev_t *devp, int oflag, int sflag, cred_t *crp) {
        internal = getmajor(*devp);
        return echo.standard_open(q, devp, oflag, sflag, crp);
    };
    f.node("/dev/echo", f.clone(35));
    int fd = f.open("/dev/echo");
    CHECK(echo.last("open").sflag == CLONEOPEN);
    CHECK(getemajor(echo.last("open").dev) == 35);
    CHECK(internal == (f.system.profile.one_kind_of_major ? 35 : 32)); // DEV-040
    CHECK(f.rdev(fd) == makedevice(35, 0));
}

namespace {
int plain_calls;
int plain_open(dev_t *, int, int, cred_t *) {
    ++plain_calls;
    return 0;
}
int plain_write(dev_t, uio *, cred_t *) { return EFBIG; }
} // namespace

TEST_CASE("DEV-021: a row without a streamtab uses its character entry points; through the clone it is ENXIO") {
    Fixture f;
    plain_calls = 0;
    Driver plain;
    plain.name = plain.prefix = "plain";
    plain.entry.open = plain_open;
    plain.entry.write = plain_write;
    {
        Enter scope(f.system);
        CHECK(f.system.registry.add(plain, 61) == 0);
    }
    f.node("/dev/plain", makedevice(61, 2));
    f.node("/dev/clone", f.clone(61));
    CHECK(f.open("/dev/clone") == -ENXIO);
    CHECK(plain_calls == 0);
    int fd = f.open("/dev/plain");
    CHECK(fd >= 0);
    CHECK(plain_calls == 1);
    CHECK(f.write(fd, "x") == -EFBIG);
    CHECK(rill_isastream(handle(f.root), fd) == 0);
    CHECK(f.rdev(fd) == makedevice(61, 2));
}

TEST_CASE("DEV-022: a missing entry point answers ENODEV") {
    Fixture f;
    Driver plain;
    plain.name = plain.prefix = "plain";
    plain.entry.open = plain_open;
    {
        Enter scope(f.system);
        CHECK(f.system.registry.add(plain, 61) == 0);
    }
    f.node("/dev/plain", makedevice(61, 0));
    int fd = f.open("/dev/plain");
    CHECK(fd >= 0);
    CHECK(f.read(fd) == "-ENODEV");
    CHECK(f.write(fd, "x") == -ENODEV);
    CHECK(f.ioctl(fd, 'x' << 8, 0) == -ENODEV);
}

TEST_CASE("DEV-023: the switch tables have a fixed size; one driver more is refused and changes nothing") {
    Tunables tunables;
    tunables.drivers = 4;
    tunables.modules = 2;
    Fixture f(nullptr, tunables);
    std::vector<Probe *> probes;
    int added = 0;
    major_t major = 100;
    for (; major < 110; ++major) {
        probes.push_back(&f.loose("many", Probe::Sort::driver));
        int result = outcome(rill_driver_add(handle(f.system), "many", static_cast<int>(major), &probes.back()->tab,
                                             D_NEW | D_MP, 1));
        if (result < 0) {
            CHECK(result == -ENOSPC);
            break;
        }
        ++added;
    }
    CHECK(added == 3); // the clone driver has the fourth row
    CHECK(f.system.registry.by_external(major) == nullptr);
    {
        Enter scope(f.system);
        CHECK(etoimajor(major) == -1);
    }
    CHECK(f.system.registry.drivers_max() == 4);
    {
        Enter scope(f.system);
        CHECK(f.system.registry.remove(*f.system.registry.by_external(100)) == 0);
    }
    f.driver("late", 511); // the place of a driver that went is free, at any major
    CHECK(outcome(rill_driver_add(handle(f.system), "many", static_cast<int>(major), &probes.back()->tab, D_NEW | D_MP, 1)) == -ENOSPC);
    f.node("/dev/last", f.clone(major - 1));
    f.node("/dev/refused", f.clone(major));
    CHECK(f.open("/dev/last") >= 0);
    CHECK(f.open("/dev/refused") == -ENXIO);
    f.module("a");
    f.module("b");
    Probe &c = f.loose("c", Probe::Sort::module);
    CHECK(outcome(rill_module_add(handle(f.system), "c", &c.tab, D_NEW)) == -ENOSPC);
}

TEST_CASE("DEV-024: the library exports no switch table to drivers") {
    CHECK(dlsym(RTLD_DEFAULT, "makedevice") != nullptr); // it does export what drivers call
    CHECK(dlsym(RTLD_DEFAULT, "cdevsw") == nullptr);
    CHECK(dlsym(RTLD_DEFAULT, "bdevsw") == nullptr);
    CHECK(dlsym(RTLD_DEFAULT, "fmodsw") == nullptr);
}

TEST_SUITE_END();
