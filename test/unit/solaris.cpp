// What Solaris, LiS and OpenSS7 add to the DDI beside the clauses, and how their drivers make themselves known.
#include "test/harness.hpp"

#include <cstring>
#include <sys/strconf.h>
#include <sys/strsun.h>
#include <sys/sunddi.h>

using namespace rill;
using namespace rill::test;

TEST_CASE("HDR-015: register_strdev refuses a row without streamtab, and a major that is taken") {
    Fixture f;
    Enter scope(f.system);
    Probe &one = f.loose("one", Probe::Sort::driver);
    cdevsw row{"one", &one.tab, D_MP, 0, nullptr, 0, nullptr}, none{"none", nullptr, 0, 0, nullptr, 0, nullptr};
    CHECK(register_strdev(nullptr, 77) == -EINVAL);
    CHECK(register_strdev(&none, 77) == -EINVAL);
    CHECK(register_strdev(&row, 77) == 77);
    CHECK(register_strdev(&row, 77) == -EBUSY);
    CHECK(lis_register_strdev(77, &one.tab, 4, "two") == -EBUSY);
    CHECK(unregister_strdev(&none, 77) == -ENXIO);
    CHECK(unregister_strdev(&row, 77) == 0);
    CHECK(unregister_strdev(&row, 77) == -ENXIO);
}

TEST_CASE("HDR-015: a registered driver can be opened, stays while it is open, and is gone afterwards") {
    Fixture f;
    Enter scope(f.system);
    Probe &one = f.loose("one", Probe::Sort::driver);
    cdevsw row{"one", &one.tab, D_MP, 0, nullptr, 0, nullptr};
    const int major = register_strdev(&row, 0);
    REQUIRE(major > 0);
    f.node("/dev/one", f.clone(static_cast<major_t>(major)));
    const int fd = f.open("/dev/one");
    CHECK(fd >= 0);
    CHECK(one.last("open").sflag == CLONEOPEN);
    CHECK(unregister_strdev(&row, static_cast<major_t>(major)) == -EBUSY);
    f.close(fd);
    CHECK(unregister_strdev(&row, static_cast<major_t>(major)) == 0);
    CHECK(f.open("/dev/one") == -ENXIO);
    CHECK(lis_register_strdev(static_cast<major_t>(major), &one.tab, 4, "one") == major);
    CHECK(f.close(f.open("/dev/one")) == 0);
    CHECK(lis_unregister_strdev(static_cast<major_t>(major)) == 0);
    CHECK(f.open("/dev/one") == -ENXIO);
}

TEST_CASE("HDR-015: a registered module can be pushed, by either system's call") {
    Fixture f;
    Enter scope(f.system);
    f.driver("echo", 61);
    f.node("/dev/echo", f.clone(61));
    Probe &pass = f.loose("pass", Probe::Sort::module);
    const int fd = f.open("/dev/echo");
    fmodsw row{"pass", &pass.tab, D_MP, nullptr};
    CHECK(f.ioctl(fd, I_PUSH, "pass") == -EINVAL);
    CHECK(register_strmod(&row) == 0);
    CHECK(f.ioctl(fd, I_PUSH, "pass") == 0);
    CHECK(f.ioctl(fd, I_POP, 0) == 0);
    CHECK(unregister_strmod(&row) == 0);
    CHECK(f.ioctl(fd, I_PUSH, "pass") == -EINVAL);
    CHECK(lis_register_strmod(&pass.tab, "much-too-long") == -EINVAL);
    CHECK(lis_register_strmod(&pass.tab, "pass") == 0);
    CHECK(f.ioctl(fd, I_PUSH, "pass") == 0);
    CHECK(pass.count("open") == 2);
    CHECK(f.ioctl(fd, I_POP, 0) == 0);
    CHECK(lis_unregister_strmod(&pass.tab) == 0);
}

TEST_CASE("MSG-071 MSG-123: merror answers with M_ERROR, in the message if it fits") {
    Fixture f;
    Probe &echo = f.driver("echo", 61);
    echo.on_wput = [](queue_t *q, mblk_t *mp) { merror(q, mp, EPROTO); };
    f.node("/dev/echo", f.clone(61));
    const int fd = f.open("/dev/echo");
    CHECK(f.write(fd, "x") == 1);
    CHECK(f.read(fd) == "-EPROTO");
    CHECK(f.write(fd, "x") == -EPROTO);
}

TEST_CASE("allocb_cred and allocb_tmpl give blocks as allocb does, the latter of the type of another") {
    Fixture f;
    Enter scope(f.system);
    mblk_t *a = allocb_cred(10, nullptr), *b = allocb_cred(10, nullptr, 7);
    DB_TYPE(a) = M_PROTO;
    mblk_t *c = allocb_tmpl(100, a);
    CHECK(DB_TYPE(b) == M_DATA);
    CHECK(DB_TYPE(c) == M_PROTO);
    CHECK(MBLKSIZE(c) >= 100);
    for (mblk_t *mp : {a, b, c}) freemsg(mp);
    f.system.alloc.fail_nth(1);
    CHECK(allocb_tmpl(1, nullptr) == nullptr);
}

TEST_CASE("ddi_strtol and ddi_strtoul: 0 and the value, EINVAL or ERANGE and no value") {
    char *end = nullptr;
    long value = 5;
    unsigned long positive = 5;
    CHECK(ddi_strtol("x", &end, 10, &value) == EINVAL);
    CHECK(ddi_strtol("1", &end, 37, &value) == EINVAL);
    CHECK(ddi_strtol("99999999999999999999", nullptr, 10, &value) == ERANGE);
    CHECK(value == 5);
    CHECK(ddi_strtol("-0x10z", &end, 16, &value) == 0);
    CHECK(value == -16);
    CHECK(*end == 'z');
    CHECK(ddi_strtoul("077", nullptr, 0, &positive) == 0);
    CHECK(positive == 63);
}

TEST_CASE("properties are never found, gethrtime follows the System's clock, qassociate knows instance 0") {
    Fixture f;
    Enter scope(f.system);
    char *value = nullptr;
    CHECK(ddi_prop_get_int(DDI_DEV_T_ANY, nullptr, DDI_PROP_DONTPASS, "units", 7) == 7);
    CHECK(ddi_prop_lookup_string(DDI_DEV_T_ANY, nullptr, 0, "name", &value) == DDI_PROP_NOT_FOUND);
    CHECK(value == nullptr);
    const hrtime_t before = gethrtime();
    rill_advance(handle(f.system), 100);
    CHECK(gethrtime() - before == 1'000'000'000);
    CHECK(qassociate(nullptr, 0) == 0);
    CHECK(qassociate(nullptr, -1) == 0);
    CHECK(qassociate(nullptr, 3) == -1);
}
