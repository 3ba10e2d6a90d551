// DragonFly in 2007: what it had, and the proposal of that year, by which the file carries the device (clauses/05, sections
// 4.1 and 4.3).
#define DRAGONFLY_2007
#include "clone/designs/dragonfly/headers.hpp"
#include "clone/designs/dragonfly/dragonfly.hpp"
#include "test/designs.hpp"

#include <random>

using namespace rill;
using namespace rill::test;
using designs::Word;
using designs::major_dragonfly;

extern "C" {
extern int dragonfly07_foo_fails;
void dragonfly07_foo_clones(int on);
}

namespace {

constexpr int major_foo = major_dragonfly + 4;

class Kernel07 : public DesignFixture {
public:
    explicit Kernel07(const designs::Generation &variant = designs::dragonfly2007_dev_data, unsigned bound = 0,
                      const char *name = "dragonfly-dev_data")
        : DesignFixture(name, bound) {
        variant.choose(system);
    }
    // The minor that the last d_open saw.
    minor_t opened_as() const {
        for (auto s = steps.steps.rbegin(); s != steps.steps.rend(); ++s)
            if (s->word == Word::drv_open) return external_minor(s->dev);
        return ~0u;
    }
    const dev_data &data(int fd) { return *static_cast<dev_data *>(root.file(fd)->data); }
};

// Devices alone, without a file.
int told; // by d_clone
int told_of(dev_clone_args *) { return ++told, 0; }
dev_ops test_ops{.head = {"test", major_dragonfly, 0}, .d_clone = told_of};

struct Devices : Fixture {
    Devices() : scope(system) { told = 0; }
    Enter scope;
};

} // namespace

// --- failures ---

TEST_CASE("CMP-003: with four devices the fifth open is EBUSY") {
    Kernel07 f(designs::dragonfly2007_dev_data, 4);
    for (int i = 0; i < 4; ++i) CHECK(f.open("/dev/foo") == i);
    CHECK(f.open("/dev/foo") == -EBUSY);
    CHECK(f.count(3) == 1);
    f.close(2);
    CHECK(f.open("/dev/foo") == 2);
    CHECK(f.opened_as() == 2);
}

TEST_CASE("CMP-006: d_open fails: nothing is left, of the first open and of a clone") {
    Kernel07 f;
    for (int i = 0; i < 2; ++i) {
        const Census before = f.census();
        dragonfly07_foo_fails = EIO;
        CHECK(f.open("/dev/foo") == -EIO);
        CHECK(f.census() == before);
        CHECK(f.open("/dev/foo") == i);
        CHECK(f.opened_as() == static_cast<minor_t>(i));
    }
}

TEST_CASE("CMP-006: whichever allocation fails, nothing of the open is left") {
    Kernel07 f;
    auto undo = [&](int fd) { f.close(fd); };
    for_every_allocation(
        f, {ENFILE, ENOMEM}, [&] { return f.open("/dev/foo"); }, undo);
    CHECK(f.open("/dev/foo") == 0);
    for_every_allocation(
        f, {ENFILE, ENOMEM}, [&] { return f.open("/dev/foo"); }, undo);
}

TEST_CASE("CMP-008: a driver with open files stays: EBUSY, and I/O goes on") {
    Kernel07 f;
    CHECK(f.open("/dev/foo") == 0);
    CHECK(f.detach() == EBUSY);
    CHECK(f.count(0) == 1);
    f.close(0);
    CHECK(f.detach() == 0);
    CHECK(f.open("/dev/foo") == -ENOENT);
    Enter scope(f.system);
    CHECK(f.design.attach(f.system, 0) == 0);
}

TEST_CASE("DFLY-011: destroy_dev drops two references; without one of the caller's it is a fault") {
    Devices f;
    cdev_t dev = reference_dev(make_dev(&test_ops, 1, 0, 0, 0600, "%s", "one"));
    CHECK(dev->si_refs == 2);
    destroy_dev(dev);
    f.check_no_fault();
    destroy_dev(make_dev(&test_ops, 1, 0, 0, 0600, "%s", "one"));
    CHECK(f.took_fault("DFLY-011") == 1);
    dev = reference_dev(reference_dev(make_dev(&test_ops, 1, 0, 0, 0600, "%s", "one")));
    destroy_dev(dev);
    CHECK(dev->si_refs == 1);
    CHECK(make_adhoc_dev(&test_ops, 1) != dev);
    release_dev(dev);
}

// --- as it was ---

TEST_CASE("DFLY-001 DFLY-012 [2007, vnode]: the file is a vnode, where all openers of the node meet") {
    Kernel07 f(designs::dragonfly2007_vnode);
    const int a = f.open("/dev/foo"), b = f.open("/dev/foo");
    CHECK(std::string(f.root.file(a)->ops->name) == "DTYPE_VNODE");
    CHECK(f.root.file(a)->data == nullptr);
    CHECK(f.count(a) == 1);
    CHECK(f.count(b) == 2);
    CHECK(f.steps.count(Word::pick) == 0);
    f.close(a);
    CHECK(f.count(b) == 3);
}

TEST_CASE("DFLY-012 [2007, vnode]: an open routine may install another vnode, and fstat shows that one") {
    Kernel07 f(designs::dragonfly2007_vnode);
    cdev_t other = nullptr;
    designs::set_vnode_open(f.system, [&](cdev *dev) { return other = other ? other : make_sub_dev(dev, 5); });
    const int fd = f.open("/dev/foo");
    CHECK(f.steps.count(Word::vnode_swap) == 1);
    CHECK(f.rdev(fd) == makedevice(major_foo, 5));
    CHECK(f.stat("/dev/foo").st_rdev == makedevice(major_foo, 0));
    CHECK(f.opened_as() == 5);
    CHECK(f.count(fd) == 1);
    f.close(fd);
    designs::set_vnode_open(f.system, nullptr);
    CHECK(f.open("/dev/foo") == fd);
    CHECK(f.opened_as() == 0);
    Enter scope(f.system);
    destroy_dev(reference_dev(other));
}

TEST_CASE("DFLY-002: kqemu as it was: one machine, and only the process that made it may use it") {
    Kernel07 f(designs::dragonfly2007_vnode, 0, "dragonfly-kqemu-shared");
    Process &other = f.process();
    const int a = f.open("/dev/kqemu"), b = f.open(other, "/dev/kqemu");
    CHECK(f.write(a, "ram 64") == 6);
    CHECK(outcome(static_cast<int>(rill_write(handle(other), b, "ram 32", 6))) == -EBUSY);
    CHECK(outcome(static_cast<int>(rill_write(handle(other), b, "run", 3))) == -EBUSY);
    CHECK(f.write(a, "run") == 3);
    CHECK(f.read(a) == "64 MB, ran 1 times");
    f.close(other, b);
}

TEST_CASE("DFLY-002: kqemu with its list of processes: a child has nothing, and two opens of one process collide") {
    Kernel07 f(designs::dragonfly2007_vnode, 0, "dragonfly-kqemu-pids");
    Process &other = f.process();
    const int a = f.open("/dev/kqemu"), b = f.open("/dev/kqemu"), c = f.open(other, "/dev/kqemu");
    CHECK(f.write(a, "ram 64") == 6);
    CHECK(outcome(static_cast<int>(rill_write(handle(other), c, "ram 32", 6))) == 6);
    CHECK(f.write(b, "ram 16") == -EBUSY);
    CHECK(f.read(b) == "64 MB, ran 0 times");
    Process &child = f.fork();
    CHECK(outcome(static_cast<int>(rill_write(handle(child), a, "run", 3))) == -ENXIO);
    f.close(other, c);
    for (int fd : {a, b}) f.close(child, fd);
}

// --- the proposal ---

TEST_CASE("DFLY-002 DFLY-005: kqemu with D_MAKECLONE: a machine for each open, shared with a child") {
    Kernel07 f(designs::dragonfly2007_dev_data, 0, "dragonfly-kqemu");
    const int a = f.open("/dev/kqemu"), b = f.open("/dev/kqemu");
    CHECK(f.write(a, "ram 64") == 6);
    CHECK(f.write(b, "ram 16") == 6);
    Process &child = f.fork();
    CHECK(outcome(static_cast<int>(rill_write(handle(child), a, "run", 3))) == 3);
    CHECK(f.read(a) == "64 MB, ran 1 times");
    CHECK(f.read(b) == "16 MB, ran 0 times");
    for (int fd : {a, b}) f.close(child, fd);
}

TEST_CASE("DFLY-003: I/O on a clone sets the node's times, and nothing else of it") {
    Kernel07 f;
    f.open("/dev/foo");
    const int clone = f.open("/dev/foo");
    const struct stat first = f.stat("/dev/foo");
    rill_advance(handle(f.system), 150);
    f.read(clone);
    const struct stat read = f.stat("/dev/foo");
    CHECK(read.st_atim.tv_sec == first.st_atim.tv_sec + 1);
    CHECK(read.st_atim.tv_nsec == 500'000'000);
    CHECK(read.st_mtim.tv_sec == first.st_mtim.tv_sec);
    rill_advance(handle(f.system), 100);
    f.write(clone, "x");
    const struct stat written = f.stat("/dev/foo");
    CHECK(written.st_mtim.tv_sec == first.st_mtim.tv_sec + 2);
    CHECK(written.st_atim.tv_sec == read.st_atim.tv_sec);
    CHECK(written.st_rdev == first.st_rdev);
    CHECK(written.st_mode == first.st_mode);
}

TEST_CASE("DFLY-004: the file is a DTYPE_DEV with dev_data: its device, and the vnode it was opened by") {
    Kernel07 f;
    const int a = f.open("/dev/foo"), b = f.open("/dev/foo");
    CHECK(std::string(f.root.file(b)->ops->name) == "DTYPE_DEV");
    CHECK(f.data(a).dd_dev->si_uminor == 0);
    CHECK(f.data(b).dd_dev->si_uminor == 1);
    CHECK(f.data(a).dd_orig_vp == f.data(b).dd_orig_vp);
}

TEST_CASE("DFLY-005: without D_MAKECLONE all opens share the node's device") {
    Kernel07 f;
    dragonfly07_foo_clones(0);
    const int a = f.open("/dev/foo"), b = f.open("/dev/foo");
    CHECK(f.data(a).dd_dev == f.data(b).dd_dev);
    CHECK(f.count(a) == 1);
    CHECK(f.count(b) == 2);
    f.close(a);
    CHECK(f.steps.count(Word::drv_close) == 0);
    CHECK(f.count(b) == 3);
    f.close(b);
    CHECK(f.steps.count(Word::drv_close) == 1);
}

TEST_CASE("DFLY-005 CMP-001 CMP-002: with it each open has its own, which duplicates and children share") {
    Kernel07 f;
    const int a = f.open("/dev/foo"), b = f.open("/dev/foo"), c = f.dup(b);
    CHECK(f.count(a) == 1);
    CHECK(f.count(b) == 1);
    CHECK(f.count(c) == 2);
    Process &child = f.fork();
    for (int fd : {a, b, c}) f.close(fd);
    CHECK(f.steps.count(Word::drv_close) == 0);
    for (int fd : {a, b, c}) f.close(child, fd);
    CHECK(f.steps.count(Word::drv_close) == 2);
}

TEST_CASE("DFLY-006 CMP-004: the first open has the node's own device, each further one the lowest free minor above") {
    Kernel07 f;
    for (minor_t i = 0; i < 3; ++i) {
        f.open("/dev/foo");
        CHECK(f.opened_as() == i);
    }
    f.close(1);
    f.open("/dev/foo");
    CHECK(f.opened_as() == 1);
    f.close(0); // the own device is free, but the node is still open
    f.open("/dev/foo");
    CHECK(f.opened_as() == 3);
    for (int fd : {0, 1, 2}) f.close(fd);
    f.open("/dev/foo");
    CHECK(f.opened_as() == 0);
}

TEST_CASE("CMP-005 CMP-009 CMP-010: the vnode stays the node's; stat makes nothing; a unit is picked and opened") {
    Kernel07 f;
    std::size_t before = f.steps.steps.size();
    const int a = f.open("/dev/foo");
    CHECK(f.steps.words(before) == "LOOKUP DRV_OPEN");
    before = f.steps.steps.size();
    const int b = f.open("/dev/foo");
    CHECK(f.steps.words(before) == "LOOKUP PICK DRV_OPEN");
    CHECK(f.rdev(a) == f.stat("/dev/foo").st_rdev);
    CHECK(f.rdev(b) == f.stat("/dev/foo").st_rdev);
    CHECK(f.steps.count(Word::pick) == 1);
}

TEST_CASE("CMP-007: opens of two processes never get one unit") {
    Kernel07 f;
    Process &other = f.process();
    for (int round = 0; round < 1000; ++round) {
        Later one = f.later_open(f.root, "/dev/foo"), two = f.later_open(other, "/dev/foo");
        const int a = one.finish(), b = two.finish();
        REQUIRE(a >= 0);
        REQUIRE(b >= 0);
        REQUIRE(f.data(a).dd_dev != static_cast<dev_data *>(other.file(b)->data)->dd_dev);
        f.close(a);
        f.close(other, b);
    }
    CHECK(f.steps.count(Word::pick) == f.steps.count(Word::release));
}

// --- devices of 2007 ---

TEST_CASE("DFLY-007: make_sub_dev: of the other's operations and major, made if absent, named if it has no name") {
    Devices f;
    cdev_t one = reference_dev(make_dev(&test_ops, 1, 0, 0, 0600, "%s", "one"));
    cdev_t sub = reference_dev(make_sub_dev(one, 9));
    CHECK(sub != one);
    CHECK(sub->si_ops == one->si_ops);
    CHECK(sub->si_umajor == one->si_umajor);
    CHECK(sub->si_uminor == 9);
    CHECK(std::string(sub->si_name) == "one");
    CHECK(make_sub_dev(one, 9) == sub);
    cdev_t named = reference_dev(make_dev(&test_ops, 2, 0, 0, 0600, "%s", "two"));
    CHECK(make_sub_dev(one, 2) == named);
    CHECK(std::string(named->si_name) == "two");
    for (cdev_t dev : {one, sub, named}) destroy_dev(dev);
}

TEST_CASE("DFLY-008: make_adhoc_dev: the same, without a template and without a name") {
    Devices f;
    cdev_t dev = reference_dev(make_adhoc_dev(&test_ops, 4));
    CHECK(dev->si_uminor == 4);
    CHECK(std::string(dev->si_name).empty());
    CHECK(make_adhoc_dev(&test_ops, 4) == dev);
    destroy_dev(dev);
}

TEST_CASE("DFLY-009: make_dev of an existing device returns it, with the new name") {
    Devices f;
    cdev_t dev = reference_dev(make_dev(&test_ops, 1, 0, 0, 0600, "%s", "one"));
    CHECK(make_dev(&test_ops, 1, 0, 0, 0600, "%s", "other") == dev);
    CHECK(std::string(dev->si_name) == "other");
    destroy_dev(dev);
}

TEST_CASE("DFLY-010: d_clone is told of a new device, and not of opens") {
    Devices f;
    dev_ops_add(&test_ops, 0, 0);
    cdev_t dev = reference_dev(make_dev(&test_ops, 0, 0, 0, 0600, "%s", "one"));
    CHECK(told == 1);
    make_dev(&test_ops, 0, 0, 0, 0600, "%s", "one");
    CHECK(told == 1);
    f.node("/dev/test", makedevice(major_dragonfly, 0));
    CHECK(f.open("/dev/test") == 0);
    CHECK(f.open("/dev/test") == 1);
    CHECK(told == 1);
    f.close(0);
    f.close(1);
    CHECK(dev_ops_remove(&test_ops, 0, 0) == 0);
    destroy_dev(dev);
}

// --- at random ---

TEST_CASE("CMP-001 CMP-002 CMP-004 CMP-008: ten thousand steps against a model: no device lost or given twice") {
    constexpr unsigned bound = 8;
    Kernel07 f(designs::dragonfly2007_dev_data, bound);
    struct Instance {
        unsigned minor;
        int reads;
    };
    std::map<int, std::shared_ptr<Instance>> open;
    bool attached = true;
    auto minors = [&] {
        std::vector<unsigned> in_use;
        for (auto &[fd, i] : open) in_use.push_back(i->minor);
        std::sort(in_use.begin(), in_use.end());
        in_use.erase(std::unique(in_use.begin(), in_use.end()), in_use.end());
        return in_use;
    };
    std::mt19937 random(20070405);
    for (int n = 0; n < 10000; ++n) {
        CAPTURE(n);
        auto any = open.begin();
        if (!open.empty()) std::advance(any, static_cast<long>(random() % open.size()));
        const unsigned what = random() % 64;
        const auto in_use = minors();
        const long clones = static_cast<long>(in_use.size()) - (!in_use.empty() && in_use.front() == 0);
        if (what == 0) {
            Enter scope(f.system);
            if (attached) REQUIRE(f.detach() == (open.empty() ? 0 : EBUSY));
            else REQUIRE(f.design.attach(f.system, bound) == 0);
            attached = !attached || !open.empty();
        } else if (what < 20) {
            const int fd = f.open("/dev/foo");
            if (!attached || clones == bound - 1) {
                REQUIRE(fd == (attached ? -EBUSY : -ENOENT));
            } else {
                unsigned expected = open.empty() ? 0 : 1;
                for (unsigned m : in_use) expected += m == expected;
                REQUIRE(fd >= 0);
                REQUIRE(f.opened_as() == expected);
                open[fd] = std::make_shared<Instance>(Instance{expected, 0});
            }
        } else if (what < 42 && !open.empty()) {
            REQUIRE(f.close(any->first) == 0);
            open.erase(any);
        } else if (what < 46 && !open.empty()) {
            const int fd = f.dup(any->first);
            REQUIRE(fd >= 0);
            open[fd] = any->second;
        } else if (!open.empty()) {
            REQUIRE(f.count(any->first) == ++any->second->reads);
        }
        const auto after = minors();
        REQUIRE(f.census().minors == static_cast<long>(after.size()) - (!after.empty() && after.front() == 0));
    }
    if (attached) return;
    Enter scope(f.system);
    CHECK(f.design.attach(f.system, bound) == 0);
}
