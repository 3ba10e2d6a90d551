// The two ways of IRIX and SVR4 beside those of other systems (clauses/05, section 5); their own clauses are tested in
// clone_open, clone_failures and designated_minor.
#include "clone/designs/design.hpp"
#include "clone/designs/steps.hpp"
#include "test/designs.hpp"

#include <dlfcn.h>

using namespace rill;
using namespace rill::test;

TEST_CASE("IRIX-003: the node's minor is the target's major; none there is ENXIO") {
    Fixture f;
    f.node("/dev/none", makedevice(10, 200));
    CHECK(f.open("/dev/none") == -ENXIO);
}

TEST_CASE("IRIX-001 IRIX-004 IRIX-008 CMP-010 [irix]: major 10 leads to the driver with CLONEOPEN, which stores its device") {
    DesignFixture f("irix-clone");
    CHECK(f.stat("/dev/foo").st_rdev == makedevice(10, designs::major_irix_clone));
    const std::size_t before = f.steps.steps.size();
    const int fd = f.open("/dev/foo");
    CHECK(fd >= 0);
    CHECK(f.steps.words(before) == "LOOKUP DRV_OPEN PICK VNODE_SWAP");
    CHECK(f.rdev(fd) == makedevice(designs::major_irix_clone, 0));
}

TEST_CASE("IRIX-005 CMP-010: a designated minor is opened without CLONEOPEN, by the same steps") {
    DesignFixture f("irix-designated");
    const std::size_t before = f.steps.steps.size();
    const int fd = f.open("/dev/foo");
    CHECK(f.steps.words(before) == "LOOKUP DRV_OPEN PICK VNODE_SWAP");
    CHECK(f.stat("/dev/foo").st_rdev == makedevice(designs::major_irix_designated, 255));
    CHECK(f.rdev(fd) == makedevice(designs::major_irix_designated, 0));
}

TEST_CASE("IRIX-006: either way the fifth open of a table of four is EBUSY") {
    for (const char *name : {"irix-clone", "irix-designated"}) {
        CAPTURE(name);
        DesignFixture f(name, 4);
        for (int i = 0; i < 4; ++i) CHECK(f.open("/dev/foo") >= 0);
        CHECK(f.open("/dev/foo") == -EBUSY);
    }
}

TEST_CASE("IRIX-007: no switch table is offered to drivers; each sizes a table of its own by a variable, made in its init routine") {
    for (const char *name : {"cdevsw", "fmodsw", "cdevcnt", "fmodcnt"}) {
        CAPTURE(name);
        CHECK(dlsym(RTLD_DEFAULT, name) == nullptr);
    }
    CHECK(dlsym(RTLD_DEFAULT, "makedevice") != nullptr);
    for (unsigned bound : {1u, 3u}) {
        DesignFixture f("irix-clone", bound); // the variable, as a descriptive file would set it
        for (unsigned i = 0; i < bound; ++i) CHECK(f.open("/dev/foo") >= 0);
        CHECK(f.open("/dev/foo") == -EBUSY);
    }
}
