// The switch tables: what can be added, found, loaded and taken away.
#include "test/harness.hpp"

#include <sys/profile.h>

using namespace rill;
using namespace rill::test;

TEST_SUITE_BEGIN("registry");

TEST_CASE("a taken major, a name that exists and names that are too long are refused") {
    Fixture f;
    Probe &echo = f.driver("echo", 61), &other = f.loose("other", Probe::Sort::driver);
    CHECK(outcome(rill_driver_add(handle(f.system), "other", 61, &other.tab, D_NEW, 1)) == -EBUSY);
    CHECK(outcome(rill_driver_add(handle(f.system), "other", 10, &other.tab, D_NEW, 1)) == -EBUSY); // the clone's
    CHECK(f.system.registry.by_external(61)->tab == &echo.tab);
    f.module("pass");
    CHECK(outcome(rill_module_add(handle(f.system), "pass", &other.tab, D_NEW)) == -EEXIST);
    CHECK(outcome(rill_module_add(handle(f.system), "", &other.tab, D_NEW)) == -EINVAL);
}

TEST_CASE("no memory for a row: ENOMEM, and the same registration succeeds afterwards") {
    Fixture f;
    Probe &echo = f.loose("echo", Probe::Sort::driver), &pass = f.loose("pass", Probe::Sort::module);
    rill_fail_nth(handle(f.system), 1);
    CHECK(outcome(rill_driver_add(handle(f.system), "echo", 61, &echo.tab, D_NEW | D_MP, 1)) == -ENOMEM);
    CHECK(f.system.registry.by_external(61) == nullptr);
    CHECK(rill_driver_add(handle(f.system), "echo", 61, &echo.tab, D_NEW | D_MP, 1) == 0);
    rill_fail_nth(handle(f.system), 1);
    CHECK(outcome(rill_module_add(handle(f.system), "pass", &pass.tab, D_NEW | D_MP)) == -ENOMEM);
    CHECK(rill_module_add(handle(f.system), "pass", &pass.tab, D_NEW | D_MP) == 0);
    rill_fail_nth(handle(f.system), 0);
}

TEST_CASE("a driver that is open cannot be removed; afterwards its majors are free again") {
    Fixture f;
    f.driver("echo", 61);
    f.alias(61, 64);
    f.node("/dev/echo", f.clone(64));
    int fd = f.open("/dev/echo");
    CHECK(fd >= 0);
    {
        Enter scope(f.system);
        CHECK(f.system.registry.remove(*f.system.registry.by_external(61)) == EBUSY);
    }
    CHECK(f.close(fd) == 0);
    {
        Enter scope(f.system);
        CHECK(f.system.registry.remove(*f.system.registry.by_external(61)) == 0);
    }
    CHECK(f.system.registry.by_external(61) == nullptr);
    CHECK(f.system.registry.by_external(64) == nullptr);
    CHECK(f.open("/dev/echo") == -ENXIO);
    f.driver("again", 64);
    CHECK(f.open("/dev/echo") >= 0);
}

TEST_CASE("a driver asks for the points on which systems differ, and gets its own System's answer") {
    Fixture irix("irix"), solaris("solaris");
    {
        Enter scope(irix.system);
        CHECK(profile_value("clone_major") == 10);
        CHECK(profile_value("log_expands") == 0);
        CHECK(profile_value("name") == -1);
    }
    Enter scope(solaris.system);
    CHECK(profile_value("clone_major") == 11);
    CHECK(profile_value("log_expands") == 1);
}

TEST_CASE("two Systems in one program know nothing of each other") {
    Fixture a, b("svr4");
    Probe &in_a = a.driver("echo", 61), &in_b = b.driver("echo", 61, 1);
    a.node("/dev/echo", a.clone(61));
    b.node("/dev/echo", b.clone(61));
    int fa = a.open("/dev/echo"), fb = b.open("/dev/echo");
    CHECK(a.write(fa, "in a") == 4);
    CHECK(b.write(fb, "in b") == 4);
    CHECK(a.read(fa) == "in a");
    CHECK(b.read(fb) == "in b");
    CHECK(b.open("/dev/echo") == -EBUSY);
    CHECK(a.open("/dev/echo") >= 0);
    CHECK(in_a.units_taken() == 2);
    CHECK(in_b.units_taken() == 1);
    CHECK(current == nullptr);
}

TEST_SUITE_END();
