// Modules pushed at open, the sad driver through which they are set, and the command autopush (clauses/04 section 4).
#include "test/harness.hpp"

#include "tools/rill/evaluate.hpp"

#include <cstddef>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <sys/apush.h>
#include <sys/ddi.h>
#include <sys/sad.h>
#include <unistd.h>

extern "C" {
extern struct streamtab sadinfo;
extern int saddevflag, sad_devices;
}

namespace {

using namespace rill;
using namespace rill::test;

constexpr major_t N = 61, other = 62, sad_major = 69;
using Names = std::vector<std::string>;

// A system with sad and its two nodes.
struct Admin : Fixture {
    explicit Admin(const char *profile = nullptr, Tunables tunables = {}) : Fixture(profile, tunables) {
        sad_devices = 16;
        CHECK(rill_driver_add(handle(system), "sad", sad_major, &sadinfo, saddevflag, sad_devices) == 0);
        node(USERDEV, makedevice(sad_major, USRMIN));
        node(ADMINDEV, makedevice(sad_major, ADMMIN), S_IFCHR | 0600);
    }
    // SAD_SAP by the privileged; an fd is kept for it.
    int sap(strapush entry) { return ioctl(admin(), SAD_SAP, &entry); }
    int clear(int minor, int major = N) { return sap(make(SAP_CLEAR, minor, 0, {}, major)); }
    int gap(int minor, strapush *entry, int major = N) {
        entry->sap_major = major;
        entry->sap_minor = minor;
        return ioctl(admin(), SAD_GAP, entry);
    }
    bool is_set(int minor, int major = N) {
        strapush entry{};
        return gap(minor, &entry, major) == 0;
    }
    int admin() {
        if (admin_ < 0) admin_ = open(ADMINDEV);
        CHECK(admin_ >= 0);
        return admin_;
    }
    static strapush make(uint_t command, int minor, int last, const Names &names, int major = N) {
        strapush entry{};
        entry.sap_cmd = command;
        entry.sap_major = major;
        entry.sap_minor = minor;
        entry.sap_lastminor = last;
        entry.sap_npush = static_cast<uint_t>(names.size());
        for (std::size_t i = 0; i < names.size() && i < MAXAPUSH; ++i) names[i].copy(entry.sap_list[i], FMNAMESZ + 1);
        return entry;
    }
    static strapush one(int minor, const Names &names) { return make(SAP_ONE, minor, 0, names); }
    static strapush range(int minor, int last, const Names &names) { return make(SAP_RANGE, minor, last, names); }
    static strapush all(const Names &names) { return make(SAP_ALL, 0, 0, names); }

    // What is on a stream, from the top down: "b a echo".
    std::string list(int fd) {
        str_mlist names[16] = {};
        str_list all{16, names};
        if (const int error = ioctl(fd, I_LIST, &all); error < 0) return std::string("-") + strerrorname_np(-error);
        std::string text;
        for (int i = 0; i < all.sl_nmods; ++i) text += (i ? " " : "") + std::string(names[i].l_name);
        return text;
    }
    // What an open of a minor has on it; its stream is closed again.
    std::string on(minor_t minor) {
        const std::string path = "/dev/m" + std::to_string(minor);
        if (!std::count(minors_.begin(), minors_.end(), minor)) {
            node(path.c_str(), makedevice(N, minor));
            minors_.push_back(minor);
        }
        const int fd = open(path.c_str());
        if (fd < 0) return std::string("-") + strerrorname_np(-fd);
        std::string text = list(fd);
        CHECK(close(fd) == 0);
        return text;
    }

private:
    int admin_ = -1;
    std::vector<minor_t> minors_;
};

// With a driver and two modules.
struct Setting : Admin {
    explicit Setting(const char *profile = nullptr, Tunables tunables = {}) : Admin(profile, tunables), echo(driver("echo", N)), a(module("a")), b(module("b")) {}
    Probe &echo, &a, &b;
};

// Of a driver that is not STREAMS.
void character_driver(Fixture &f, major_t major) {
    Enter scope(f.system);
    CHECK(f.system.registry.add({{.name = "plain", .prefix = "plain"}}, major) == 0);
}

} // namespace

TEST_SUITE_BEGIN("autopush");

// --- the driver

TEST_CASE("AUT-001: /dev/sad/user and /dev/sad/admin clone by themselves, the lowest free minor from 2 up") {
    Admin f;
    const int a = f.open(USERDEV), b = f.open(ADMINDEV), c = f.open(USERDEV);
    CHECK(f.rdev(a) == makedevice(sad_major, 2));
    CHECK(f.rdev(b) == makedevice(sad_major, 3));
    CHECK(f.rdev(c) == makedevice(sad_major, 4));
    CHECK(f.close(b) == 0);
    CHECK(f.rdev(f.open(USERDEV)) == makedevice(sad_major, 3));
    CHECK(f.stat(USERDEV).st_rdev == makedevice(sad_major, USRMIN));
    CHECK(f.stat(ADMINDEV).st_rdev == makedevice(sad_major, ADMMIN));
}

TEST_CASE("AUT-002: sad is opened neither through the clone driver nor as a module: EINVAL, before anything else is tested") {
    Admin f;
    f.node("/dev/sad/clone", f.clone(sad_major));
    const Census before = f.census();
    CHECK(f.open("/dev/sad/clone") == -EINVAL);
    Process &user = f.process(100, 100);
    while (f.open(USERDEV) >= 0) {}
    CHECK(f.open(user, "/dev/sad/clone") == -EINVAL);
    for (int fd = 0; fd < 16; ++fd) f.close(fd);
    CHECK(f.census() == before);
    const int fd = f.open(USERDEV);
    CHECK(f.ioctl(fd, I_PUSH, "sad") == -EINVAL);
    CHECK(rill_module_add(handle(f.system), "sad", &sadinfo, saddevflag) == 0);
    CHECK(f.ioctl(fd, I_PUSH, "sad") == (f.system.profile.push_passes_errno ? -EINVAL : -ENXIO));
    CHECK(f.list(fd) == "sad");
}

TEST_CASE("AUT-003: all instances in use, of user and admin together: ENXIO; a close makes the next open succeed") {
    Admin f;
    std::vector<int> fds;
    for (int i = 0; i < 16; ++i) {
        fds.push_back(f.open(i % 2 ? USERDEV : ADMINDEV));
        CHECK(fds.back() >= 0);
    }
    const Census before = f.census();
    CHECK(f.open(USERDEV) == -ENXIO);
    CHECK(f.open(ADMINDEV) == -ENXIO);
    CHECK(f.census() == before);
    CHECK(f.close(fds[5]) == 0);
    CHECK(f.rdev(f.open(ADMINDEV)) == makedevice(sad_major, 7));
    CHECK(f.open(USERDEV) == -ENXIO);
}

TEST_CASE("AUT-004: other minors: EINVAL, also one that is open; without a free instance ENXIO") {
    Admin f;
    f.node("/dev/sad/seven", makedevice(sad_major, 7));
    f.node("/dev/sad/far", makedevice(sad_major, 1000));
    CHECK(f.open("/dev/sad/seven") == -EINVAL);
    CHECK(f.open("/dev/sad/far") == -EINVAL);
    std::vector<int> fds;
    for (int i = 0; i < 6; ++i) fds.push_back(f.open(USERDEV)); // 2 to 7
    CHECK(f.rdev(fds.back()) == makedevice(sad_major, 7));
    const Census before = f.census();
    CHECK(f.open("/dev/sad/seven") == -EINVAL);
    CHECK(f.census() == before);
    while (f.open(USERDEV) >= 0) {}
    CHECK(f.open("/dev/sad/seven") == -ENXIO);
    CHECK(f.open("/dev/sad/far") == -ENXIO);
}

TEST_CASE("AUT-005: the admin device refuses the unprivileged with EACCES, before it looks for an instance") {
    Admin f;
    f.node("/dev/sad/open", makedevice(sad_major, ADMMIN), S_IFCHR | 0666);
    Process &user = f.process(100, 100);
    CHECK(f.open(user, ADMINDEV) == -EACCES);
    CHECK(f.open(user, "/dev/sad/open") == -EACCES);
    CHECK(f.open(user, USERDEV) >= 0);
    while (f.open(USERDEV) >= 0) {}
    CHECK(f.open(user, "/dev/sad/open") == -EACCES);
    CHECK(f.open(user, USERDEV) == -ENXIO);
}

TEST_CASE("AUT-006: SAD_SAP through the user device: EPERM, even with a bad pointer; the form is tested first") {
    Setting f;
    const int fd = f.open(USERDEV);
    strapush entry = f.one(3, {"a"});
    CHECK(f.ioctl(fd, SAD_SAP, &entry) == -EPERM);
    CHECK(f.ioctl(fd, SAD_SAP, static_cast<void *>(nullptr)) == -EPERM);
    strioctl s{SAD_SAP, 0, sizeof entry, reinterpret_cast<char *>(&entry)};
    CHECK(f.ioctl(fd, I_STR, &s) == -EINVAL);
    CHECK(f.ioctl(fd, SAD_SAP | SAD_VERSION(2), &entry) == -EINVAL);
    CHECK_FALSE(f.is_set(3));
}

TEST_CASE("AUT-007: SAD_GAP and SAD_VML are open to everybody") {
    Setting f;
    CHECK(f.sap(f.one(3, {"a"})) == 0);
    Process &user = f.process(100, 100);
    const int fd = f.open(user, USERDEV);
    strapush entry{};
    entry.sap_major = N;
    entry.sap_minor = 3;
    CHECK(outcome(rill_ioctl(handle(user), fd, SAD_GAP, &entry)) == 0);
    CHECK(std::string(entry.sap_list[0]) == "a");
    str_mlist names[] = {{"a"}};
    str_list list{1, names};
    CHECK(outcome(rill_ioctl(handle(user), fd, SAD_VML, &list)) == 0);
}

TEST_CASE("AUT-008: the three commands inside I_STR: EINVAL") {
    Setting f;
    strapush entry = f.one(3, {"a"});
    for (int command : {SAD_SAP, SAD_GAP, SAD_VML}) {
        CAPTURE(command);
        strioctl s{command, 0, sizeof entry, reinterpret_cast<char *>(&entry)};
        CHECK(f.ioctl(f.admin(), I_STR, &s) == -EINVAL);
    }
    CHECK_FALSE(f.is_set(3));
}

TEST_CASE("AUT-009: an unknown command: EINVAL") {
    Admin f;
    for (int fd : {f.open(USERDEV), f.admin()})
        for (int command : {0x4455, SADIOC, SADIOC | 4, 'E' << 8 | 1}) CHECK(f.ioctl(fd, command, 0) == -EINVAL);
}

TEST_CASE("AUT-010 AUT-011 AUT-045: struct strapush, its size and its offsets; the commands") {
    static_assert(sizeof(strapush) == 92 && sizeof(strapush_v1) == 96 && MAXAPUSH == 8 && FMNAMESZ == 8);
    strapush e{};
    const auto at = [&](const void *field) { return static_cast<const char *>(field) - reinterpret_cast<const char *>(&e); };
    CHECK(at(&e.sap_cmd) == 0);
    CHECK(at(&e.sap_major) == 4);
    CHECK(at(&e.sap_minor) == 8);
    CHECK(at(&e.sap_lastminor) == 12);
    CHECK(at(&e.sap_npush) == 16);
    CHECK(at(&e.sap_list) == 20);
    CHECK(offsetof(strapush_v1, sap_ex) == 92);
    CHECK(SAD_SAP == 0x4401);
    CHECK(SAD_GAP == 0x4402);
    CHECK(SAD_VML == 0x4403);
    CHECK(SAP_CLEAR == 0);
    CHECK(SAP_ONE == 1);
    CHECK(SAP_RANGE == 2);
    CHECK(SAP_ALL == 3);
    Setting f;
    CHECK(f.sap(f.one(3, Names(8, "a"))) == 0);
    CHECK(f.on(3) == "a a a a a a a a echo");
    CHECK(f.sap(f.one(4, Names(9, "a"))) == -EINVAL);
}

// --- which devices

TEST_CASE("AUT-012 AUT-013: SAP_ONE is for one minor: its modules are pushed in list order; other minors have none") {
    Setting f;
    CHECK(f.sap(f.one(3, {"a", "b"})) == 0);
    CHECK(f.on(3) == "b a echo");
    CHECK(f.on(4) == "echo");
    CHECK(f.on(2) == "echo");
}

TEST_CASE("AUT-014: SAP_RANGE covers both its ends") {
    Setting f;
    CHECK(f.sap(f.range(3, 5, {"a"})) == 0);
    for (minor_t m : {3, 4, 5}) CHECK(f.on(m) == "a echo");
    for (minor_t m : {2, 6}) CHECK(f.on(m) == "echo");
}

TEST_CASE("AUT-015: a range whose last minor is not above its first: ERANGE") {
    Setting f;
    CHECK(f.sap(f.range(5, 5, {"a"})) == -ERANGE);
    CHECK(f.sap(f.range(5, 4, {"a"})) == -ERANGE);
    CHECK(f.on(5) == "echo");
}

TEST_CASE("AUT-016 AUT-017: SAP_ALL is for all minors and ignores their fields; SAP_ONE ignores the last minor") {
    Setting f;
    f.driver("other", other);
    CHECK(f.sap(f.make(SAP_ALL, 7, 5, {"a"})) == 0);
    for (minor_t m : {0, 7, 15}) CHECK(f.on(m) == "a echo");
    CHECK_FALSE(f.is_set(0, other));
    CHECK(f.clear(0) == 0);
    CHECK(f.sap(f.make(SAP_ONE, 3, 99, {"a"})) == 0);
    CHECK(f.on(3) == "a echo");
    CHECK(f.on(4) == "echo");
    CHECK(f.clear(3) == 0);
    CHECK(f.sap(f.make(SAP_ONE, 3, 1, {"a"})) == 0);
}

TEST_CASE("AUT-018: a device that has an entry gets no second one: EEXIST") {
    Setting f;
    f.driver("other", other);
    CHECK(f.sap(f.range(3, 5, {"a"})) == 0);
    CHECK(f.sap(f.range(3, 5, {"b"})) == -EEXIST);
    for (int m : {3, 4, 5}) CHECK(f.sap(f.one(m, {"b"})) == -EEXIST);
    CHECK(f.sap(f.range(5, 9, {"b"})) == -EEXIST);
    CHECK(f.sap(f.range(1, 3, {"b"})) == -EEXIST);
    CHECK(f.sap(f.range(1, 9, {"b"})) == -EEXIST);
    CHECK(f.sap(f.all({"b"})) == -EEXIST);
    CHECK(f.sap(f.one(2, {"b"})) == 0);
    CHECK(f.sap(f.one(6, {"b"})) == 0);
    CHECK(f.sap(f.one(6, {"a"})) == -EEXIST);
    CHECK(f.sap(f.make(SAP_ALL, 0, 0, {"b"}, other)) == 0); // another driver's
    CHECK(f.sap(f.make(SAP_ONE, 3, 0, {"b"}, other)) == -EEXIST);
    CHECK(f.sap(f.make(SAP_RANGE, 3, 9, {"b"}, other)) == -EEXIST);
    CHECK(f.sap(f.make(SAP_ALL, 0, 0, {"b"}, other)) == -EEXIST);
    CHECK(f.on(3) == "a echo");
    CHECK(f.on(2) == "b echo");
}

TEST_CASE("AUT-019: no module, more than MAXAPUSH or than NSTRPUSH: EINVAL") {
    Tunables tunables;
    tunables.push_limit = 5;
    Setting f(nullptr, tunables);
    CHECK(f.sap(f.one(3, {})) == -EINVAL);
    CHECK(f.sap(f.one(3, Names(6, "a"))) == -EINVAL);
    CHECK(f.sap(f.one(3, Names(9, "a"))) == -EINVAL);
    CHECK_FALSE(f.is_set(3));
    CHECK(f.sap(f.one(3, Names(5, "a"))) == 0);
    CHECK(f.on(3) == "a a a a a echo");
}

TEST_CASE("AUT-020: a name that is no module's, a driver's included: EINVAL; a name is cut to 8 letters first") {
    Setting f;
    f.module("eightlet");
    CHECK(f.sap(f.one(3, {"a", "nosuch"})) == -EINVAL);
    CHECK(f.sap(f.one(3, {"echo"})) == -EINVAL);
    CHECK(f.sap(f.one(3, {""})) == -EINVAL);
    CHECK_FALSE(f.is_set(3));
    CHECK(f.sap(f.one(3, {"eightletters"})) == 0);
    CHECK(f.on(3) == "eightlet echo");
}

TEST_CASE("AUT-021 AUT-029: a major without a driver: EINVAL; of a driver that is not STREAMS: ENOSTR; nothing configured: ENODEV") {
    Setting f;
    character_driver(f, other);
    strapush entry{};
    for (int nobody : {250, -1, 1 << 20}) {
        CHECK(f.sap(f.make(SAP_ONE, 3, 0, {"a"}, nobody)) == -EINVAL);
        CHECK(f.clear(3, nobody) == -EINVAL);
        CHECK(f.gap(3, &entry, nobody) == -EINVAL);
    }
    CHECK(f.sap(f.make(SAP_ONE, 3, 0, {"a"}, other)) == -ENOSTR);
    CHECK(f.clear(3, other) == -ENOSTR);
    CHECK(f.gap(3, &entry, other) == -ENOSTR);
    CHECK(f.gap(3, &entry) == -ENODEV);
}

TEST_CASE("AUT-022: the order of the tests: command, count, range, names, major, overlap") {
    Setting f;
    character_driver(f, other);
    CHECK(f.sap(f.make(9, 5, 5, {}, other)) == -EINVAL);
    CHECK(f.sap(f.make(SAP_RANGE, 5, 5, {}, other)) == -EINVAL);
    CHECK(f.sap(f.make(SAP_RANGE, 5, 5, {"nosuch"}, other)) == -ERANGE);
    CHECK(f.sap(f.make(SAP_ONE, 5, 0, {"nosuch"}, other)) == -EINVAL);
    CHECK(f.sap(f.make(SAP_ONE, 5, 0, {"a"}, other)) == -ENOSTR);
    CHECK(f.sap(f.one(3, {"a"})) == 0);
    CHECK(f.sap(f.one(3, {"nosuch"})) == -EINVAL);
    CHECK(f.sap(f.one(3, {"a"})) == -EEXIST);
}

TEST_CASE("AUT-023: an unknown sap_cmd: EINVAL") {
    Setting f;
    for (uint_t command : {4u, 9u, ~0u}) CHECK(f.sap(f.make(command, 3, 0, {"a"})) == -EINVAL);
    CHECK_FALSE(f.is_set(3));
}

TEST_CASE("AUT-024: SAP_CLEAR removes the entry that covers the device; one for all by minor 0 only, else EINVAL") {
    Setting f;
    CHECK(f.sap(f.all({"a"})) == 0);
    CHECK(f.clear(3) == -EINVAL);
    CHECK(f.on(3) == "a echo");
    CHECK(f.clear(0) == 0);
    CHECK(f.on(3) == "echo");
    CHECK(f.clear(0) == -ENODEV);
    CHECK(f.sap(f.one(3, {"a"})) == 0);
    CHECK(f.clear(3) == 0);
    CHECK(f.on(3) == "echo");
}

TEST_CASE("AUT-025: a range is cleared by its first minor, else ERANGE, and goes as a whole") {
    Setting f;
    CHECK(f.sap(f.range(3, 5, {"a"})) == 0);
    for (int m : {4, 5}) CHECK(f.clear(m) == -ERANGE);
    for (minor_t m : {3, 4, 5}) CHECK(f.on(m) == "a echo");
    CHECK(f.clear(3) == 0);
    for (minor_t m : {3, 4, 5}) CHECK(f.on(m) == "echo");
    CHECK(f.sap(f.one(5, {"b"})) == 0);
}

TEST_CASE("AUT-026: SAP_CLEAR with nothing configured: ENODEV") {
    Setting f;
    CHECK(f.clear(3) == -ENODEV);
    CHECK(f.sap(f.range(3, 5, {"a"})) == 0);
    for (int m : {2, 6}) CHECK(f.clear(m) == -ENODEV);
}

TEST_CASE("AUT-027: SAD_GAP of any minor returns the whole entry, unused names zeroed, to the address of the request") {
    Setting f;
    CHECK(f.sap(f.range(3, 5, {"a", "b"})) == 0);
    for (int m : {3, 4, 5}) {
        strapush entry;
        std::memset(&entry, 0x5a, sizeof entry);
        CHECK(f.gap(m, &entry) == 0);
        const strapush expected = f.range(3, 5, {"a", "b"});
        CHECK(std::memcmp(&entry, &expected, sizeof entry) == 0);
    }
    CHECK(f.sap(f.make(SAP_ALL, 0, 0, {"b"}, static_cast<int>(sad_major))) == 0);
    strapush entry{};
    CHECK(f.gap(9, &entry, sad_major) == 0);
    CHECK(entry.sap_cmd == SAP_ALL);
    CHECK(entry.sap_npush == 1);
}

TEST_CASE("AUT-030 AUT-031 AUT-032: SAD_VML tells whether all names are modules'; a count that is not positive: EINVAL") {
    Setting f;
    f.module("eightlet");
    const int fd = f.open(USERDEV);
    str_mlist names[] = {{"a"}, {"b"}, {"a"}, {"echo"}};
    str_list list{3, names};
    CHECK(f.ioctl(fd, SAD_VML, &list) == 0);
    list.sl_nmods = 4; // a driver
    CHECK(f.ioctl(fd, SAD_VML, &list) == 1);
    std::memcpy(names[1].l_name, "nosuch", 7);
    list.sl_nmods = 2;
    CHECK(f.ioctl(fd, SAD_VML, &list) == 1);
    list.sl_nmods = 1;
    CHECK(f.ioctl(fd, SAD_VML, &list) == 0);
    std::memcpy(names[0].l_name, "eightlett", 9); // no zero in it
    CHECK(f.ioctl(fd, SAD_VML, &list) == 0);
    for (int none : {0, -1, -100}) {
        list.sl_nmods = none;
        CHECK(f.ioctl(fd, SAD_VML, &list) == -EINVAL);
    }
}

TEST_CASE("AUT-033: bad addresses: EFAULT, and sad goes on") {
    Setting f;
    CHECK(f.sap(f.one(3, {"a"})) == 0);
    str_list list{1, nullptr};
    for (void *bad : {static_cast<void *>(nullptr), reinterpret_cast<void *>(8)}) {
        for (int command : {SAD_SAP, SAD_GAP, SAD_VML}) CHECK(f.ioctl(f.admin(), command, bad) == -EFAULT);
        list.sl_modlist = static_cast<str_mlist *>(bad);
        CHECK(f.ioctl(f.admin(), SAD_VML, &list) == -EFAULT);
    }
    CHECK(f.is_set(3));
}

TEST_CASE("AUT-034: no structure available: ENOSR where the table has a size; elsewhere it grows") {
    Tunables tunables;
    tunables.autopush = 3;
    Setting f(nullptr, tunables);
    for (int m = 0; m < 3; ++m) CHECK(f.sap(f.one(m, {"a"})) == 0);
    if (f.system.profile.autopush_unbounded) {
        CHECK(f.sap(f.one(3, {"a"})) == 0);
        return;
    }
    CHECK(f.sap(f.one(3, {"a"})) == -ENOSR);
    CHECK_FALSE(f.is_set(3));
    CHECK(f.sap(f.one(2, {"a"})) == -EEXIST); // asked first
    CHECK(f.clear(1) == 0);
    CHECK(f.sap(f.one(3, {"a"})) == 0);
    CHECK(f.on(3) == "a echo");
}

TEST_CASE("AUT-034 by allocation: SAD_SAP, SAD_GAP and SAD_VML survive the failure of every allocation") {
    Setting f;
    f.admin();
    for_every_allocation(
        f, {ENOSR, EAGAIN}, [&] { return f.sap(f.one(3, {"a", "b"})); }, [&](int) { CHECK(f.clear(3) == 0); });
    CHECK(f.sap(f.one(3, {"a"})) == 0);
    strapush entry{};
    for_every_allocation(
        f, {ENOSR, EAGAIN}, [&] { return f.gap(3, &entry); }, [](int) {});
    str_mlist names[] = {{"a"}};
    str_list list{1, names};
    for_every_allocation(
        f, {ENOSR, EAGAIN}, [&] { return f.ioctl(f.admin(), SAD_VML, &list); }, [](int) {});
    CHECK(f.on(3) == "a echo");
}

TEST_CASE("AUT-001 by allocation: an open of sad survives the failure of every allocation") {
    Admin f;
    f.close(f.open(USERDEV));
    for_every_allocation(
        f, {ENOSR, ENOMEM, ENFILE, EMFILE, EAGAIN}, [&] { return f.open(USERDEV); }, [&](int fd) {
        CHECK(f.rdev(fd) == makedevice(sad_major, 2));
        CHECK(f.close(fd) == 0); });
}

// --- at open

TEST_CASE("AUT-035: modules are pushed when the stream is made, not when it is opened again; then their opens are called") {
    Setting f;
    f.node("/dev/echo3", makedevice(N, 3));
    CHECK(f.sap(f.one(3, {"a", "b"})) == 0);
    const int fd = f.open("/dev/echo3"), again = f.open("/dev/echo3");
    CHECK(f.stream(fd) == f.stream(again));
    CHECK(f.list(fd) == "b a echo");
    CHECK(f.a.count("open") == 2);
    CHECK(f.b.count("open") == 2);
}

TEST_CASE("AUT-036: a clone open looks up the device that the driver's open chose") {
    Setting f;
    f.node("/dev/echo", f.clone(N));
    CHECK(f.sap(f.make(SAP_ALL, 0, 0, {"b"}, static_cast<int>(f.system.profile.clone_major))) == 0);
    CHECK(f.sap(f.range(1, 2, {"a"})) == 0);
    const char *expected[] = {"echo", "a echo", "a echo", "echo"};
    for (const char *list : expected) CHECK(f.list(f.open("/dev/echo")) == list);
    CHECK(f.b.count("open") == 0);
}

TEST_CASE("AUT-037: autopushed modules see the final device, flag 0 and MODOPEN; what they store in it is ignored") {
    Setting f;
    f.node("/dev/echo", f.clone(N));
    f.a.on_open = [&](queue_t *q, dev_t *devp, int oflag, int sflag, cred_t *crp) {
        const int error = f.a.standard_open(q, devp, oflag, sflag, crp);
        *devp = makedevice(N, 9);
        return error;
    };
    CHECK(f.sap(f.all({"a", "b"})) == 0);
    CHECK(f.rdev(f.open("/dev/echo")) == makedevice(N, 0));
    const int fd = f.open("/dev/echo", O_RDWR | O_NONBLOCK);
    CHECK(f.rdev(fd) == makedevice(N, 1));
    for (Probe *p : {&f.a, &f.b}) {
        CHECK(p->last("open").dev == makedevice(N, 1));
        CHECK(p->last("open").oflag == 0);
        CHECK(p->last("open").sflag == MODOPEN);
    }
}

TEST_CASE("AUT-038: the n-th push fails: its errno; those before are closed from the top down, then the driver; the minor is free") {
    for (int failing = 0; failing < 3; ++failing) {
        CAPTURE(failing);
        Setting f;
        Probe &c = f.module("c");
        Probe *const modules[] = {&f.a, &f.b, &c};
        f.node("/dev/echo", f.clone(N));
        CHECK(f.sap(f.all({"a", "b", "c"})) == 0);
        modules[failing]->on_open = [](queue_t *, dev_t *, int, int, cred_t *) { return EBUSY; };
        Recorder recorder;
        f.system.trace.attach(recorder);
        const Census before = f.census();
        CHECK(f.open("/dev/echo") == -EBUSY);
        CHECK(recorder.refused("AUT-038", EBUSY));
        f.system.trace.detach(recorder);
        CHECK(f.census() == before);
        CHECK(f.echo.units_taken() == 0);
        const char *closes[] = {"echo:close", "a:close echo:close", "b:close a:close echo:close"};
        CHECK(order_of({&f.echo, &f.a, &f.b, &c}, "close") == closes[failing]);
        modules[failing]->on_open = nullptr;
        const int fd = f.open("/dev/echo");
        CHECK(f.rdev(fd) == makedevice(N, 0));
        CHECK(f.list(fd) == "c b a echo");
    }
}

TEST_CASE("AUT-038 by allocation: a clone open with three autopushed modules survives the failure of every allocation") {
    Setting f;
    Probe &c = f.module("c");
    f.node("/dev/echo", f.clone(N));
    CHECK(f.sap(f.all({"a", "b", "c"})) == 0);
    for_every_allocation(
        f, {ENOSR, ENOMEM, ENFILE, EMFILE, EAGAIN}, [&] { return f.open("/dev/echo"); }, [&](int fd) {
        CHECK(f.rdev(fd) == makedevice(N, 0));
        CHECK(f.list(fd) == "c b a echo");
        CHECK(f.close(fd) == 0);
        CHECK(f.echo.units_taken() == 0); });
    for (Probe *p : {&f.echo, &f.a, &f.b, &c}) CHECK(p->count("open") == p->count("close"));
}

TEST_CASE("AUT-048: an entry that is cleared while a module's open sleeps is still pushed as it was; the next open sees what is set now") {
    Setting f;
    f.node("/dev/echo", f.clone(N));
    Process &p = f.process();
    static char here;
    bool sleeps = true;
    f.a.on_open = [&](queue_t *q, dev_t *devp, int oflag, int sflag, cred_t *crp) {
        if (sleeps) f.nap(&here);
        return f.a.standard_open(q, devp, oflag, sflag, crp);
    };
    CHECK(f.sap(f.all({"a", "b"})) == 0);
    Later open = f.later_open(p, "/dev/echo");
    CHECK_FALSE(open.done());
    CHECK(f.clear(0) == 0);
    CHECK(f.sap(f.all({"b"})) == 0);
    f.wake(&here);
    const int fd = open.finish();
    CHECK(fd >= 0);
    CHECK(order_of({&f.echo, &f.a, &f.b}, "open") == "echo:open a:open b:open");
    sleeps = false;
    CHECK(f.list(f.open("/dev/echo")) == "b echo");
}

TEST_CASE("AUT-039 [solaris]: the module at the anchor is popped by the privileged only, which removes the anchor") {
    Setting f("solaris");
    f.node("/dev/echo3", makedevice(N, 3), S_IFCHR | 0666);
    strapush_v1 entry{};
    static_cast<void>(std::memcpy(&entry, &static_cast<const strapush &>(f.one(3, {"a", "b"})), sizeof(strapush)));
    entry.sap_anchor = 1;
    CHECK(f.ioctl(f.admin(), SAD_SAP | SAD_VERSION(1), &entry) == 0);
    Process &user = f.process(100, 100);
    const auto pop = [&](Process &p, int fd) { return outcome(rill_ioctl(handle(p), fd, I_POP, 0)); };
    const int fd = f.open(user, "/dev/echo3"), mine = f.open("/dev/echo3");
    CHECK(pop(user, fd) == 0);
    CHECK(pop(user, fd) == -EPERM);
    CHECK(f.list(mine) == "a echo");
    CHECK(pop(f.root, mine) == 0);
    CHECK(f.list(mine) == "echo");
    CHECK(f.ioctl(mine, I_PUSH, "a") == 0);
    CHECK(pop(user, fd) == 0); // the anchor is gone
    entry.sap_minor = 4;
    entry.sap_anchor = 3;
    CHECK(f.ioctl(f.admin(), SAD_SAP | SAD_VERSION(1), &entry) == -EINVAL);
    CHECK_FALSE(f.is_set(4));
}

TEST_CASE("AUT-040 [solaris]: the anchor travels in version 1 only") {
    Setting f("solaris");
    strapush_v1 entry{};
    const strapush plain = f.one(3, {"a", "b"});
    std::memcpy(&entry, &plain, sizeof plain);
    entry.sap_anchor = 1;
    CHECK(f.ioctl(f.admin(), SAD_SAP | SAD_VERSION(1), &entry) == 0);
    entry.sap_anchor = 77;
    CHECK(f.ioctl(f.admin(), SAD_GAP, &entry) == 0); // 92 bytes are written
    CHECK(entry.sap_anchor == 77);
    CHECK(f.ioctl(f.admin(), SAD_GAP | SAD_VERSION(1), &entry) == 0);
    CHECK(entry.sap_anchor == 1);
    CHECK(f.clear(3) == 0);
    entry.sap_cmd = SAP_ONE;
    CHECK(f.ioctl(f.admin(), SAD_SAP, &entry) == 0); // its anchor is not looked at
    CHECK(f.ioctl(f.admin(), SAD_GAP | SAD_VERSION(1), &entry) == 0);
    CHECK(entry.sap_anchor == 0);
}

TEST_CASE("AUT-041: a version newer than the known ones: EINVAL") {
    Setting f;
    strapush_v1 entry{};
    const strapush plain = f.one(3, {"a"});
    std::memcpy(&entry, &plain, sizeof plain);
    for (int version = f.system.profile.has_anchors ? 2 : 1; version < 16; ++version) {
        CAPTURE(version);
        CHECK(f.ioctl(f.admin(), SAD_SAP | SAD_VERSION(version), &entry) == -EINVAL);
        CHECK(f.ioctl(f.admin(), SAD_GAP | SAD_VERSION(version), &entry) == -EINVAL);
    }
    CHECK_FALSE(f.is_set(3));
}

TEST_CASE("AUT-043 AUT-044: sad answers a flush, and discards data") {
    Admin f;
    const int fd = f.open(USERDEV, O_RDWR | O_NONBLOCK);
    for (int what : {FLUSHR, FLUSHW, FLUSHRW}) CHECK(f.ioctl(fd, I_FLUSH, what) == 0);
    CHECK(f.write(fd, "x") == 1);
    CHECK(f.read(fd) == "-EAGAIN");
    CHECK(f.ioctl(fd, I_NREAD, static_cast<void *>(nullptr)) == -EFAULT);
}

TEST_CASE("AUT-046: no entry has precedence: an exception inside a range needs the range set in parts") {
    Setting f;
    CHECK(f.sap(f.all({"a"})) == 0);
    CHECK(f.sap(f.one(5, {"b"})) == -EEXIST);
    CHECK(f.clear(0) == 0);
    CHECK(f.sap(f.range(6, 9, {"a"})) == 0); // in no order
    CHECK(f.sap(f.range(0, 4, {"a"})) == 0);
    CHECK(f.sap(f.one(5, {"b"})) == 0);
    for (minor_t m : {0, 4, 6, 9}) CHECK(f.on(m) == "a echo");
    CHECK(f.on(5) == "b echo");
    CHECK(f.on(10) == "echo");
}

TEST_CASE("AUT-047: hung up before a push: ENXIO; in error: EIO; beyond NSTRPUSH, or a module that is gone: EINVAL; all is undone") {
    for (int type : {M_HANGUP, M_ERROR}) {
        CAPTURE(type);
        Setting f;
        f.node("/dev/echo", f.clone(N));
        CHECK(f.sap(f.all({"a", "b"})) == 0);
        f.a.on_open = [&](queue_t *q, dev_t *devp, int oflag, int sflag, cred_t *crp) {
            const int error = f.a.standard_open(q, devp, oflag, sflag, crp);
            if (type == M_HANGUP) putnextctl(q, M_HANGUP);
            else putnextctl1(q, M_ERROR, EPROTO);
            return error;
        };
        const Census before = f.census();
        CHECK(f.open("/dev/echo") == (type == M_HANGUP ? -ENXIO : -EIO));
        CHECK(order_of({&f.echo, &f.a, &f.b}, "open") == "echo:open a:open");
        CHECK(order_of({&f.echo, &f.a, &f.b}, "close") == "a:close echo:close");
        CHECK(f.census() == before);
        CHECK(f.echo.units_taken() == 0);
    }
    Setting f;
    f.node("/dev/echo", f.clone(N));
    CHECK(f.sap(f.all({"a", "b"})) == 0);
    Census before = f.census();
    f.system.tunables.push_limit = 1;
    CHECK(f.open("/dev/echo") == -EINVAL);
    f.system.tunables.push_limit = 9;
    CHECK(f.census() == before);
    {
        Enter scope(f.system);
        CHECK(f.system.registry.remove_module("b") == 0);
    }
    f.echo.log.clear();
    f.a.log.clear();
    CHECK(f.open("/dev/echo") == -EINVAL);
    CHECK(order_of({&f.echo, &f.a}) == "echo:open a:open a:close echo:close");
    CHECK(f.census() == before);
    CHECK(f.echo.units_taken() == 0);
}

TEST_CASE("AUT-048: an entry is kept by number alone: set before the first open, it stays; clearing it leaves open streams as they are") {
    Setting f;
    f.node("/dev/echo3", makedevice(N, 3));
    CHECK(f.sap(f.one(3, {"a"})) == 0);
    for (int i = 0; i < 2; ++i) {
        const int fd = f.open("/dev/echo3");
        CHECK(f.list(fd) == "a echo");
        CHECK(f.close(fd) == 0);
    }
    const int fd = f.open("/dev/echo3");
    CHECK(f.clear(3) == 0);
    CHECK(f.list(fd) == "a echo");
    CHECK(f.close(fd) == 0);
    CHECK(f.list(f.open("/dev/echo3")) == "echo");
}

TEST_CASE("AUT-049: closing the sad descriptor that set an entry leaves the entry") {
    Setting f;
    const int fd = f.open(ADMINDEV);
    strapush entry = f.one(3, {"a"});
    CHECK(f.ioctl(fd, SAD_SAP, &entry) == 0);
    CHECK(f.close(fd) == 0);
    CHECK(f.on(3) == "a echo");
}

TEST_CASE("AUT-052: each module's open sees those before it below; the head's limits are the topmost's") {
    Setting f;
    f.b.write_limits.mi_maxpsz = 5;
    f.a.write_limits.mi_maxpsz = 3;
    std::string below;
    f.b.on_open = [&](queue_t *q, dev_t *devp, int oflag, int sflag, cred_t *crp) {
        const int error = f.b.standard_open(q, devp, oflag, sflag, crp);
        putnextctl(WR(q), M_DELAY);
        return error;
    };
    f.node("/dev/echo3", makedevice(N, 3));
    CHECK(f.sap(f.one(3, {"a", "b"})) == 0);
    const int fd = f.open("/dev/echo3");
    CHECK(f.a.count("wput") == 1);
    CHECK(f.echo.count("wput") == 1);
    char name[FMNAMESZ + 1];
    CHECK(f.ioctl(fd, I_LOOK, name) == 0);
    CHECK(std::string(name) == "b");
    CHECK(f.write(fd, "1234567") == 7);
    CHECK(f.b.count("wput") == 2); // 5 and 2
}

TEST_CASE("AUT-012: <sys/apush.h> is for any driver") {
    Setting f;
    f.echo.on_wput = [&](queue_t *q, mblk_t *mp) {
        strapush_v1 entry{};
        const strapush plain = f.one(4, {"b"});
        std::memcpy(&entry, &plain, sizeof plain);
        CHECK(apush_set(&entry) == 0);
        CHECK(apush_set(&entry) == EEXIST);
        entry = {};
        entry.sap_major = N;
        entry.sap_minor = 4;
        CHECK(apush_get(&entry) == 0);
        CHECK(std::string(entry.sap_list[0]) == "b");
        const str_mlist names[] = {{"a"}, {"no"}};
        CHECK(apush_vml(names, 1) == 0);
        CHECK(apush_vml(names, 2) == 1);
        CHECK(apush_version() == (f.system.profile.has_anchors ? 1 : 0));
        qreply(q, mp);
    };
    f.node("/dev/echo3", makedevice(N, 3));
    CHECK(f.write(f.open("/dev/echo3"), "x") == 1);
    CHECK(f.on(4) == "b echo");
}

// --- the command

namespace {

// The command, as a line of a scenario.
struct Command : Setting {
    explicit Command(const char *profile = nullptr) : Setting(profile), evaluator(handle(system)) { f_driver_other(); }
    ~Command() { evaluator.end(); }
    void f_driver_other() { driver("other", other); }

    tool::Outcome run(const std::string &line) { return evaluator.evaluate(line); }
    int error(const std::string &line) {
        const tool::Outcome o = run(line);
        CHECK_MESSAGE(o.kind != tool::Outcome::Kind::mistake, o.complaint);
        return o.error;
    }
    tool::Outcome file(const std::string &text) {
        char path[] = "/tmp/rill-iu.ap-XXXXXX";
        const int fd = mkstemp(path);
        REQUIRE(fd >= 0);
        ::close(fd);
        std::ofstream(path) << text;
        tool::Outcome o = run(std::string("autopush -f ") + path);
        std::remove(path);
        return o;
    }
    std::string shown(int minor) { return run("autopush -g -M 61 -m " + std::to_string(minor)).data.value_or("nothing"); }

    tool::Evaluator evaluator;
};

} // namespace

TEST_CASE("CMD-004 AUT-051: autopush -g shows the whole entry under a heading, -r removes it, by the first minor of a range") {
    Command f;
    CHECK(f.sap(f.range(3, 5, {"a", "b"})) == 0);
    const tool::Outcome o = f.run("autopush -g -M 61 -m 4");
    CHECK(o.text == "   Major    Minor  Lastminor  Modules\n      61        3          5  a b\n");
    CHECK(f.error("autopush -r -M 61 -m 4") == ERANGE);
    CHECK(f.on(4) == "b a echo");
    CHECK(f.error("autopush -r -M 61 -m 3") == 0);
    CHECK(f.error("autopush -r -M 61 -m 3") == ENODEV);
    CHECK(f.error("autopush -g -M 61 -m 4") == ENODEV);
    CHECK(f.error("autopush -g -M 99 -m 4") == EINVAL);
    CHECK(f.sap(f.all({"a"})) == 0);
    CHECK(f.shown(7) == "61 ALL - a");
    CHECK(f.error("autopush -r -M 61 -m 0") == 0);
    CHECK(f.sap(f.one(2, {"b"})) == 0);
    CHECK(f.shown(2) == "61 2 - b");
}

TEST_CASE("CMD-004: autopush works through sad, as the process whose line it is") {
    Command f;
    CHECK(f.sap(f.one(3, {"a"})) == 0);
    f.run("proc user uid 100");
    CHECK(f.run("user: autopush -g -M 61 -m 3").data == "61 3 - a");
    CHECK(f.run("user: autopush -r -M 61 -m 3").error == EACCES);
    CHECK(f.run("user: autopush -s -M 61 -m 4 a").error == EACCES);
    CHECK(f.is_set(3));
    CHECK_FALSE(f.is_set(4));
}

TEST_CASE("CMD-005: the file of autopush -f: minor -1 is all, last minor 0 one, else a range; # begins a comment") {
    Command f;
    const tool::Outcome o = f.file("# major minor last modules\n"
                                   "\n"
                                   "61\t3\t0\ta b\n"
                                   "61 5 7   b\n"
                                   "other -1 0 a\n");
    CHECK(o.error == 0);
    CHECK(o.text == "3 entries set");
    CHECK(f.shown(3) == "61 3 - a b");
    CHECK(f.shown(6) == "61 5 7 b");
    CHECK(f.is_set(1000, other));
    CHECK(f.on(3) == "b a echo");
    CHECK(f.on(4) == "echo");
}

TEST_CASE("CMD-005: a line that fails is named by its place, and the others are done") {
    Command f;
    const tool::Outcome o = f.file("61 3 0 nosuch\n"
                                   "61 4 0 a\n"
                                   "61 9 9 a\n"
                                   "61 4 0 b\n"
                                   "61 x 0 b\n"
                                   "61 8 0\n"
                                   "61 8 0 a a a a a a a a a\n"
                                   "61 8 0 longername\n"
                                   "61 5 0 b\n");
    CHECK(o.error != 0);
    for (int line : {1, 3, 4, 5, 6, 7, 8}) CHECK(o.why.find(":" + std::to_string(line) + ":") != std::string::npos);
    for (int line : {2, 9}) CHECK(o.why.find(":" + std::to_string(line) + ":") == std::string::npos);
    CHECK(f.shown(4) == "61 4 - a");
    CHECK(f.shown(5) == "61 5 - b");
    CHECK(f.shown(8) == "nothing");
    CHECK(f.run("autopush -f /nonexistent/iu.ap").error == ENOENT);
}

TEST_CASE("AUT-039 CMD-005 [solaris]: [anchor] behind a module of the file places an anchor; a second, or the first word, is none") {
    Command f("solaris");
    CHECK(f.file("61 3 0 a [anchor] b\n").error == 0);
    CHECK(f.shown(3) == "61 3 - a [anchor] b");
    CHECK(f.file("61 4 0 [anchor] a\n").error == EINVAL);
    CHECK(f.file("61 5 0 a [anchor] b [anchor]\n").error == EINVAL);
    CHECK(f.shown(4) == "nothing");
    f.node("/dev/echo3", makedevice(N, 3), S_IFCHR | 0666);
    Process &user = f.process(100, 100);
    const int fd = f.open(user, "/dev/echo3");
    CHECK(outcome(rill_ioctl(handle(user), fd, I_POP, 0)) == 0);
    CHECK(outcome(rill_ioctl(handle(user), fd, I_POP, 0)) == -EPERM);
}

TEST_CASE("CMD-005 [irix] [svr4]: an anchor where there are none: EINVAL") {
    Command f;
    CHECK(f.file("61 3 0 a [anchor] b\n").error == EINVAL);
    CHECK(f.shown(3) == "nothing");
}

TEST_CASE("autopush -s, -N and expectations, as OpenSS7 has them") {
    Command f;
    CHECK(f.error("autopush -s -N echo -m 3 -l 5 a b") == 0);
    CHECK(f.run("expect \"61 3 5 a b\" autopush -g -N echo -m 4").complaint.empty());
    CHECK(f.error("expect ERANGE autopush -r -M 61 -m 4") == ERANGE);
    CHECK(f.error("autopush -s -M 62 b") == 0);
    CHECK(f.is_set(77, other));
    CHECK(f.run("autopush -s -M 61").kind == tool::Outcome::Kind::mistake);
    CHECK(f.run("autopush -g -N nobody -m 4").kind == tool::Outcome::Kind::mistake);
    CHECK(f.run("autopush").kind == tool::Outcome::Kind::mistake);
}

TEST_SUITE_END();
