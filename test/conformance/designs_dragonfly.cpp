// DragonFly's devfs: clone handlers, the bitmap of units, a node for each clone (clauses/05, sections 4.2 and 4.4).
#include "clone/designs/dragonfly/headers.hpp"
#include "clone/designs/dragonfly/dragonfly.hpp"
#include "test/designs.hpp"

#include <random>

using namespace rill;
using namespace rill::test;
using designs::Word;
using designs::major_dragonfly;

extern "C" int dragonfly_foo_fails;

namespace {

class Devfs : public DesignFixture {
public:
    explicit Devfs(const designs::Generation &variant = designs::devfs_manual, unsigned bound = 0,
                   const char *name = "dragonfly-devfs")
        : DesignFixture(name, bound) {
        variant.choose(system);
    }
    bool listed(const char *path) {
        Node *node = system.nodes.find(path);
        return node && !node->hidden;
    }
    minor_t unit(int fd) { return external_minor(rdev(fd)); }
};

// A driver of the test's own: what its routines do is said here, case by case.
struct Script {
    DEVFS_DEFINE_CLONE_BITMAP(test);
    std::function<int(dev_clone_args *)> handler;
    std::function<int(dev_open_args *)> on_open;
    std::vector<std::string> opened, closed;
    cdev_t last_open = nullptr;
} *script;

int test_open(dev_open_args *ap) {
    script->opened.emplace_back(ap->a_head.a_dev->si_name);
    script->last_open = ap->a_head.a_dev;
    return script->on_open ? script->on_open(ap) : 0;
}
int test_close(dev_close_args *ap) {
    script->closed.emplace_back(ap->a_head.a_dev->si_name);
    return 0;
}
int test_handler(dev_clone_args *ap) { return script->handler(ap); }
dev_ops test_ops{.head = {"test", major_dragonfly, 0}, .d_open = test_open, .d_close = test_close};

class TestDriver : public Fixture {
public:
    TestDriver() {
        script = &own;
        test_ops.head.flags = 0;
        own.handler = [this](dev_clone_args *ap) {
            return clone(ap, devfs_clone_bitmap_get(&own.devfs_test_clone_bitmap, 0));
        };
        Enter scope(system);
        base = make_autoclone_dev(&test_ops, &own.devfs_test_clone_bitmap, test_handler, 0, 0, 0666, "%s", "test");
        system.trace.attach(steps);
        system.trace.attach(recorder);
    }
    ~TestDriver() {
        for (int fd = 0; fd < static_cast<int>(root.files.size()); ++fd)
            if (root.file(fd)) close(fd);
        system.trace.detach(recorder);
        system.trace.detach(steps);
        Enter scope(system);
        for (cdev_t dev : made) destroy_dev(dev);
        destroy_autoclone_dev(base, &own.devfs_test_clone_bitmap);
    }
    int clone(dev_clone_args *ap, int unit) {
        if (unit < 0) return 1;
        ap->a_dev = make_only_dev(&test_ops, unit, 0, 0, 0666, "test%d", unit);
        made.push_back(ap->a_dev);
        return 0;
    }
    void forget(cdev_t dev) { std::erase(made, dev); }

    Script own;
    cdev_t base;
    std::vector<cdev_t> made;
    designs::Steps steps;
    Recorder recorder;
};

using Names = std::vector<std::string>;

} // namespace

// --- failures ---

TEST_CASE("DFLY-025: a handler that answers with no device, or declines with no other left: ENXIO") {
    TestDriver f;
    f.own.handler = [](dev_clone_args *) { return 0; };
    CHECK(f.open("/dev/test") == -ENXIO);
    CHECK(f.recorder.refused("DFLY-025", ENXIO));
    f.own.handler = [](dev_clone_args *) { return 1; };
    CHECK(f.open("/dev/test") == -ENXIO);
    CHECK(f.own.opened.empty());
}

TEST_CASE("DFLY-026 [as coded]: without a clone the open goes on with the base device: ENODEV") {
    TestDriver f;
    designs::devfs_as_coded.choose(f.system);
    f.own.handler = [](dev_clone_args *) { return 1; };
    CHECK(f.open("/dev/test") == -ENODEV);
    CHECK(f.recorder.refused("DFLY-026", ENODEV));
    f.own.handler = [](dev_clone_args *) { return 0; };
    CHECK(f.open("/dev/test") == -ENODEV);
    CHECK(f.own.opened.empty());
}

TEST_CASE("DFLY-025 DFLY-026 CMP-003: with a limit of 3 the fifth open is ENXIO, as coded ENODEV") {
    for (const auto *variant : {&designs::devfs_manual, &designs::devfs_as_coded}) {
        CAPTURE(variant->name);
        Devfs f(*variant, 4);
        for (int i = 0; i < 4; ++i) CHECK(f.open("/dev/foo") == i);
        CHECK(f.open("/dev/foo") == (variant == &designs::devfs_as_coded ? -ENODEV : -ENXIO));
        CHECK(f.count(3) == 1);
        f.close(2);
        CHECK(f.open("/dev/foo") == 2);
    }
}

TEST_CASE("DFLY-027: the clone's name is taken: no node, no open; unit and device are freed") {
    for (const auto *variant : {&designs::devfs_manual, &designs::devfs_as_coded}) {
        CAPTURE(variant->name);
        TestDriver f;
        variant->choose(f.system);
        CHECK(f.open("/dev/test") == 0);
        f.own.handler = [&](dev_clone_args *ap) {
            const int unit = devfs_clone_bitmap_get(&f.own.devfs_test_clone_bitmap, 0);
            CHECK(unit == 1);
            ap->a_dev = make_only_dev(&test_ops, unit, 0, 0, 0666, "%s", "test0");
            return 0;
        };
        const Census before = f.census();
        CHECK(f.open("/dev/test") == (variant == &designs::devfs_as_coded ? -ENODEV : -ENXIO));
        CHECK(f.recorder.refused("DFLY-027", EEXIST));
        CHECK(f.census() == before);
        CHECK(f.own.opened == Names{"test0"});
    }
}

// The remark in the authors' helper: destroy the device before its unit is put back.
TEST_CASE("DFLY-041: a driver that puts the unit before it destroys the device: a new clone meets the old name") {
    TestDriver f;
    static int event;
    CHECK(f.open("/dev/test") == 0);
    static TestDriver *fixture;
    fixture = &f;
    test_ops.d_close = [](dev_close_args *ap) {
        devfs_clone_bitmap_put(&fixture->own.devfs_test_clone_bitmap, ap->a_head.a_dev->si_uminor);
        fixture->nap(&event); // whatever else its close has to wait for
        fixture->forget(ap->a_head.a_dev);
        destroy_dev(ap->a_head.a_dev);
        return 0;
    };
    f.own.handler = [&](dev_clone_args *ap) {
        const int unit = devfs_clone_bitmap_get(&f.own.devfs_test_clone_bitmap, 0);
        CHECK(unit == 0);
        ap->a_dev = make_only_dev(&test_ops, unit, 0, 0, 0666, "test%d", unit);
        return 0;
    };
    Process &other = f.process();
    Later closing = f.later_close(f.root, 0);
    CHECK_FALSE(closing.done());
    CHECK(f.open(other, "/dev/test") == -ENXIO);
    CHECK(f.recorder.refused("DFLY-027", EEXIST));
    f.wake(&event);
    CHECK(closing.finish() == 0);
    test_ops.d_close = test_close;
}

TEST_CASE("DFLY-032: d_open fails: its errno is passed on; node and unit stay unless the driver takes them away") {
    TestDriver f;
    f.own.on_open = [](dev_open_args *) { return EIO; };
    CHECK(f.open("/dev/test") == -EIO);
    CHECK(f.system.nodes.find("/dev/test0"));
    CHECK(devfs_clone_bitmap_chk(&f.own.devfs_test_clone_bitmap, 0) == 1);
    CHECK(f.recorder.count(Kind::undo, "vnode") == 1);
    CHECK(f.own.closed.empty());
    f.own.on_open = nullptr;
    CHECK(f.open("/dev/test") == 0);
    CHECK(f.own.opened == Names{"test0", "test1"});
}

TEST_CASE("CMP-006: a driver that takes its clone away when d_open fails leaves nothing") {
    Devfs f;
    const Census before = f.census();
    dragonfly_foo_fails = EIO;
    CHECK(f.open("/dev/foo") == -EIO);
    CHECK(f.census() == before);
    CHECK_FALSE(f.listed("/dev/foo0"));
    CHECK(f.open("/dev/foo") == 0);
    CHECK(f.unit(0) == 0);
}

TEST_CASE("CMP-006: whichever allocation fails, nothing of the open is left") {
    Devfs f;
    for_every_allocation(
        f, {ENFILE, ENOMEM, ENXIO}, [&] { return f.open("/dev/foo"); }, [&](int fd) { f.close(fd); });
}

TEST_CASE("DFLY-029: destroy_dev is for what was shown, destroy_only_dev for what was not; the other way is a fault") {
    TestDriver f;
    Enter scope(f.system);
    destroy_only_dev(make_only_dev(&test_ops, 5, 0, 0, 0600, "test%d", 5));
    destroy_dev(make_dev(&test_ops, 6, 0, 0, 0600, "test%d", 6));
    f.check_no_fault();
    destroy_dev(make_only_dev(&test_ops, 5, 0, 0, 0600, "test%d", 5));
    CHECK(f.took_fault("DFLY-029") == 1);
    destroy_only_dev(make_dev(&test_ops, 6, 0, 0, 0600, "test%d", 6));
    CHECK(f.took_fault("DFLY-029") == 1);
    CHECK_FALSE(f.system.nodes.find("/dev/test6"));
}

// --- handlers ---

TEST_CASE("DFLY-020 DFLY-021: the base node is listed at once, and its name is gone after destroy_autoclone_dev") {
    Fixture f;
    Script own;
    script = &own;
    own.handler = [](dev_clone_args *) { return 1; };
    own.devfs_test_clone_bitmap = {99, reinterpret_cast<unsigned long *>(8)}; // make_autoclone_dev initialises it
    Enter scope(f.system);
    cdev_t base = make_autoclone_dev(&test_ops, &own.devfs_test_clone_bitmap, test_handler, 3, 4, 0640, "%s", "test");
    CHECK(f.stat("/dev/test").st_mode == (S_IFCHR | 0640));
    CHECK(f.stat("/dev/test").st_uid == 3);
    CHECK(devfs_clone_bitmap_get(&own.devfs_test_clone_bitmap, 0) == 0);
    destroy_autoclone_dev(base, &own.devfs_test_clone_bitmap);
    CHECK(f.open("/dev/test") == -ENOENT);
    destroy_autoclone_dev(nullptr, nullptr);
}

TEST_CASE("DFLY-022: the handler sees the base device, the name, the open's mode and credentials") {
    TestDriver f;
    Process &user = f.process(7, 8);
    auto make = f.own.handler;
    int calls = 0;
    f.own.handler = [&](dev_clone_args *ap) {
        ++calls;
        CHECK(ap->a_head.a_dev == f.base);
        CHECK(std::string(ap->a_name, ap->a_namelen) == "test");
        CHECK(ap->a_cred->cr_uid == 7);
        CHECK(ap->a_cred->cr_gid == 8);
        CHECK((ap->a_mode & (FREAD | FWRITE)) == FREAD);
        CHECK(ap->a_dev == nullptr);
        return make(ap);
    };
    CHECK(f.open(user, "/dev/test", O_RDONLY) == 0);
    CHECK(calls == 1);
}

TEST_CASE("DFLY-023 CMP-009: at every open of exactly that name, and at nothing else") {
    TestDriver f;
    f.stat("/dev/test");
    CHECK(f.open("/dev/test3") == -ENOENT);
    CHECK(f.steps.count(Word::handler) == 0);
    CHECK(f.steps.count(Word::pick) == 0);
    CHECK(f.open("/dev/test") == 0);
    CHECK(f.open("/dev/test") == 1);
    CHECK(f.steps.count(Word::handler) == 2);
}

TEST_CASE("DFLY-024: a handler that declines passes the open on to the next one of the same name") {
    TestDriver f;
    static TestDriver *fixture;
    fixture = &f;
    f.own.handler = [](dev_clone_args *) { return 1; };
    {
        Enter scope(f.system);
        devfs_clone_handler_add("test", [](dev_clone_args *ap) {
            return fixture->clone(ap, devfs_clone_bitmap_get(&fixture->own.devfs_test_clone_bitmap, 0));
        });
    }
    CHECK(f.open("/dev/test") == 0);
    CHECK(f.steps.count(Word::handler) == 2);
    CHECK(f.own.opened == Names{"test0"});
}

// --- a clone ---

TEST_CASE("DFLY-028 CMP-010: handler, unit, node, vnode, d_open, in this order") {
    Devfs f;
    const std::size_t before = f.steps.steps.size();
    CHECK(f.open("/dev/foo") == 0);
    CHECK(f.steps.words(before) == "LOOKUP HANDLER PICK NODE+ VNODE_SWAP DRV_OPEN");
    CHECK(f.listed("/dev/foo0"));
}

TEST_CASE("DFLY-030: another process opens the clone by its name, without the handler, and shares it") {
    Devfs f;
    Process &other = f.process();
    const int fd = f.open("/dev/foo");
    CHECK(f.count(fd) == 1);
    const std::size_t before = f.steps.steps.size();
    CHECK(f.open(other, "/dev/foo0") == 0);
    CHECK(f.steps.words(before) == "LOOKUP DRV_OPEN");
    CHECK(f.fstat(other, 0).st_rdev == f.rdev(fd));
    f.close(other, 0);
    CHECK(f.count(fd) == 2);
}

TEST_CASE("DFLY-031 CMP-005: fstat shows the clone, stat the base") {
    Devfs f;
    const int a = f.open("/dev/foo"), b = f.open("/dev/foo");
    CHECK(f.rdev(a) == makedevice(major_dragonfly, 0));
    CHECK(f.rdev(b) == makedevice(major_dragonfly, 1));
    CHECK(f.stat("/dev/foo").st_rdev != f.rdev(a));
    CHECK(f.stat("/dev/foo1").st_rdev == f.rdev(b));
    CHECK(f.stat("/dev/foo1").st_ino == f.fstat(b).st_ino);
}

TEST_CASE("CMP-001 CMP-002: instances are apart; duplicates and children share one") {
    Devfs f;
    const int a = f.open("/dev/foo"), b = f.open("/dev/foo"), c = f.dup(a);
    CHECK(f.count(a) == 1);
    CHECK(f.count(c) == 2);
    CHECK(f.count(a) == 3);
    CHECK(f.count(b) == 1);
    Process &child = f.fork();
    f.close(a);
    f.close(c);
    CHECK(f.listed("/dev/foo0"));
    f.close(child, a);
    f.close(child, c);
    CHECK_FALSE(f.listed("/dev/foo0"));
}

TEST_CASE("CMP-004: the number of the second comes back, with its name") {
    Devfs f;
    for (int i = 0; i < 3; ++i) f.open("/dev/foo");
    f.close(1);
    CHECK_FALSE(f.listed("/dev/foo1"));
    f.open("/dev/foo");
    CHECK(f.unit(1) == 1);
    CHECK(f.listed("/dev/foo1"));
}

TEST_CASE("DFLY-033: d_close runs at the last close of the device") {
    TestDriver f;
    CHECK(f.open("/dev/test") == 0);
    CHECK(f.open("/dev/test0") == 1);
    f.close(0);
    CHECK(f.own.closed.empty());
    f.close(1);
    CHECK(f.own.closed == Names{"test0"});
}

TEST_CASE("DFLY-033: at every close for a driver with D_TRACKCLOSE") {
    TestDriver f;
    test_ops.head.flags = D_TRACKCLOSE;
    CHECK(f.open("/dev/test") == 0);
    CHECK(f.open("/dev/test0") == 1);
    f.close(0);
    f.close(1);
    CHECK(f.own.closed == Names{"test0", "test0"});
}

TEST_CASE("DFLY-033 DFLY-034: a device destroyed while open is closed by force, and its files find none: EBADF") {
    TestDriver f;
    CHECK(f.open("/dev/test") == 0);
    {
        Enter scope(f.system);
        f.forget(f.own.last_open);
        destroy_dev(f.own.last_open);
    }
    CHECK(f.own.closed == Names{"test0"});
    CHECK(f.read(0) == "-EBADF");
    CHECK(f.write(0, "x") == -EBADF);
    CHECK(f.ioctl(0, 1, 0) == -EBADF);
    CHECK(f.close(0) == 0);
    CHECK(f.own.closed.size() == 1);
}

TEST_CASE("CMP-008: the driver goes while instances are open: I/O is EBADF, and a new driver starts from unit 0") {
    Devfs f;
    const int a = f.open("/dev/foo");
    f.open("/dev/foo");
    CHECK(f.detach() == 0);
    CHECK(f.steps.count(Word::drv_close) == 2);
    CHECK(f.steps.count(Word::release) == 2);
    CHECK(f.read(a) == "-EBADF");
    CHECK(f.open("/dev/foo") == -ENOENT);
    CHECK(f.open("/dev/foo0") == -ENOENT);
    {
        Enter scope(f.system);
        CHECK(f.design.attach(f.system, 0) == 0);
    }
    const int c = f.open("/dev/foo");
    CHECK(f.unit(c) == 0);
    CHECK(f.count(c) == 1);
    CHECK(f.read(a) == "-EBADF");
    f.close(a);
    CHECK(f.count(c) == 2);
}

TEST_CASE("CMP-007: opens of two processes never get one unit") {
    Devfs f;
    Process &other = f.process();
    for (int round = 0; round < 1000; ++round) {
        Later one = f.later_open(f.root, "/dev/foo"), two = f.later_open(other, "/dev/foo");
        const int a = one.finish(), b = two.finish();
        REQUIRE(a >= 0);
        REQUIRE(b >= 0);
        REQUIRE(f.rdev(a) != f.fstat(other, b).st_rdev);
        f.close(a);
        f.close(other, b);
    }
    CHECK(f.steps.count(Word::pick) == f.steps.count(Word::release));
}

// --- the bitmap ---

namespace {

struct Bitmap : Fixture {
    Bitmap() : scope(system) { devfs_clone_bitmap_init(&map); }
    ~Bitmap() { devfs_clone_bitmap_uninit(&map); }
    Enter scope;
    devfs_bitmap map;
};

} // namespace

TEST_CASE("DFLY-035: a new bitmap has every unit free, and grows") {
    Bitmap f;
    CHECK(devfs_clone_bitmap_get(&f.map, 0) == 0);
    CHECK(devfs_clone_bitmap_set(&f.map, 1000) == 0);
    CHECK(devfs_clone_bitmap_chk(&f.map, 0) == 1);
    CHECK(devfs_clone_bitmap_chk(&f.map, 1000) == 1);
    CHECK(devfs_clone_bitmap_get(&f.map, 0) == 1);
    CHECK(f.census().minors == 3);
}

TEST_CASE("DFLY-036: the lowest free unit up to and with the limit, then -1") {
    Bitmap f;
    for (int unit = 0; unit <= 1000; ++unit) REQUIRE(devfs_clone_bitmap_get(&f.map, 1000) == unit);
    CHECK(devfs_clone_bitmap_get(&f.map, 1000) == -1);
    devfs_clone_bitmap_put(&f.map, 64);
    CHECK(devfs_clone_bitmap_get(&f.map, 1000) == 64);
}

TEST_CASE("DFLY-037: a limit of 0, or below, is none") {
    Bitmap f;
    for (int unit = 0; unit < 5000; ++unit) REQUIRE(devfs_clone_bitmap_get(&f.map, unit % 2 ? 0 : -1) == unit);
}

TEST_CASE("DFLY-038: chk is 1 for a unit in use, 0 for a free one and for one past the map") {
    Bitmap f;
    CHECK(devfs_clone_bitmap_chk(&f.map, 99999) == 0);
    devfs_clone_bitmap_get(&f.map, 0);
    CHECK(devfs_clone_bitmap_chk(&f.map, 0) == 1);
    CHECK(devfs_clone_bitmap_chk(&f.map, 1) == 0);
}

TEST_CASE("DFLY-039: set blocks a number; -1 when it was in use") {
    Bitmap f;
    CHECK(devfs_clone_bitmap_set(&f.map, 0) == 0);
    CHECK(devfs_clone_bitmap_set(&f.map, 0) == -1);
    CHECK(devfs_clone_bitmap_get(&f.map, 0) == 1);
}

TEST_CASE("DFLY-040: put, of old rst, frees a unit; past the map it does nothing") {
    Bitmap f;
    for (int unit = 0; unit < 3; ++unit) devfs_clone_bitmap_get(&f.map, 0);
    devfs_clone_bitmap_put(&f.map, 1);
    devfs_clone_bitmap_put(&f.map, 99999);
    CHECK(devfs_clone_bitmap_get(&f.map, 0) == 1);
    devfs_clone_bitmap_rst(&f.map, 2);
    CHECK(devfs_clone_bitmap_get(&f.map, 0) == 2);
    CHECK(f.census().minors == 3);
}

// The remark in the authors' helper. Two nodes share a bitmap here; openers of one node wait for each other at its
// vnode.
TEST_CASE("DFLY-042 CMP-007: chk and set are two steps: another open may come between, and set tells of it") {
    for (const bool looks : {false, true}) {
        CAPTURE(looks);
        TestDriver f;
        static int event;
        f.own.handler = [&f, looks](dev_clone_args *ap) {
            devfs_bitmap *map = &f.own.devfs_test_clone_bitmap;
            for (int unit = 0;; ++unit) {
                if (devfs_clone_bitmap_chk(map, unit)) continue;
                f.nap(&event);
                const bool mine = devfs_clone_bitmap_set(map, unit) == 0;
                if (looks && !mine) continue;
                ap->a_dev = make_only_dev(&test_ops, unit, 0, 0, 0666, "test%d", unit);
                if (mine) f.made.push_back(ap->a_dev);
                return 0;
            }
        };
        cdev_t second = nullptr;
        {
            Enter scope(f.system);
            second = make_autoclone_dev(&test_ops, nullptr, test_handler, 0, 0, 0666, "%s", "other");
        }
        Process &other = f.process();
        Later one = f.later_open(f.root, "/dev/test"), two = f.later_open(other, "/dev/other");
        for (int i = 0; i < 3; ++i) f.wake(&event);
        CHECK(one.finish() == 0);
        const int fd = two.finish();
        if (looks) {
            CHECK(f.own.opened == Names{"test0", "test1"});
            f.close(other, fd);
        } else {
            CHECK(fd == -ENXIO); // both took unit 0, and the name was there
            CHECK(f.recorder.refused("DFLY-027", EEXIST));
        }
        Enter scope(f.system);
        destroy_autoclone_dev(second, nullptr);
    }
}

// --- the pseudo-terminal ---

TEST_CASE("DFLY-043: the master's directory is hidden, the terminal is listed and opened by name") {
    Devfs f(designs::devfs_manual, 0, "dragonfly-ptmx");
    const int master = f.open("/dev/ptmx");
    CHECK(f.system.nodes.find("/dev/ptm/0"));
    CHECK_FALSE(f.listed("/dev/ptm/0"));
    CHECK(f.listed("/dev/pts/0"));
    const int terminal = f.open("/dev/pts/0");
    CHECK(terminal >= 0);
    CHECK(f.write(master, "to the terminal") == 15);
    CHECK(f.read(terminal) == "to the terminal");
    CHECK(f.write(terminal, "back") == 4);
    CHECK(f.read(master) == "back");
    Process &other = f.process();
    char byte = 0;
    Later reader = f.later(other, "read", [&] {
        const int fd = f.open(other, "/dev/pts/0");
        return outcome(static_cast<int>(rill_read(handle(other), fd, &byte, 1)));
    });
    CHECK_FALSE(reader.done());
    CHECK(f.write(master, "x") == 1);
    CHECK(reader.finish() == 1);
    CHECK(byte == 'x');
}

TEST_CASE("DFLY-043: the unit comes back once both sides are closed") {
    Devfs f(designs::devfs_manual, 0, "dragonfly-ptmx");
    const int master = f.open("/dev/ptmx"), terminal = f.open("/dev/pts/0");
    f.close(master);
    CHECK_FALSE(f.system.nodes.find("/dev/ptm/0"));
    CHECK(f.read(terminal) == "");
    CHECK(f.write(terminal, "x") == -EIO);
    CHECK(f.open("/dev/ptmx") == 0);
    CHECK(f.unit(0) == 1);
    f.close(terminal);
    CHECK_FALSE(f.listed("/dev/pts/0"));
    const int third = f.open("/dev/ptmx");
    CHECK(f.unit(third) == 0);
    CHECK(f.detach() == 0);
    CHECK(f.read(third) == "-EBADF");
    Enter scope(f.system);
    CHECK(f.design.attach(f.system, 0) == 0);
}

TEST_CASE("DFLY-043: 1001 masters; one more is ENXIO, as coded ENODEV") {
    for (const auto *variant : {&designs::devfs_manual, &designs::devfs_as_coded}) {
        CAPTURE(variant->name);
        Devfs f(*variant, 0, "dragonfly-ptmx");
        for (int i = 0; i <= 1000; ++i) REQUIRE(f.open("/dev/ptmx") == i);
        CHECK(f.open("/dev/ptmx") == (variant == &designs::devfs_as_coded ? -ENODEV : -ENXIO));
        f.close(500);
        CHECK(f.open("/dev/ptmx") == 500);
        CHECK(f.unit(500) == 500);
    }
}

// --- at random ---

TEST_CASE("CMP-001 CMP-002 CMP-004 CMP-008: ten thousand steps against a model: no unit lost or given twice, none used "
          "after it went") {
    constexpr unsigned bound = 8;
    Devfs f(designs::devfs_manual, bound);
    struct Instance {
        unsigned unit;
        int reads;
        bool dead;
    };
    std::map<int, std::shared_ptr<Instance>> open;
    bool attached = true;
    auto units = [&] {
        std::vector<unsigned> in_use;
        for (auto &[fd, i] : open)
            if (!i->dead) in_use.push_back(i->unit);
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
        if (what == 0) {
            if (attached) {
                REQUIRE(f.detach() == 0);
                for (auto &[fd, i] : open) i->dead = true;
            } else {
                Enter scope(f.system);
                REQUIRE(f.design.attach(f.system, bound) == 0);
            }
            attached = !attached;
        } else if (what < 20) {
            const auto in_use = units();
            const int fd = f.open("/dev/foo");
            if (!attached || in_use.size() == bound) {
                REQUIRE(fd == (attached ? -ENXIO : -ENOENT));
            } else {
                unsigned expected = 0;
                for (unsigned u : in_use) expected += u == expected;
                REQUIRE(fd >= 0);
                REQUIRE(f.unit(fd) == expected);
                open[fd] = std::make_shared<Instance>(Instance{expected, 0, false});
            }
        } else if (what < 25 && !open.empty()) { // by name
            const int fd = f.open(("/dev/foo" + std::to_string(any->second->unit)).c_str());
            const auto owner = std::find_if(open.begin(), open.end(), [&](auto &o) {
                return !o.second->dead && o.second->unit == any->second->unit;
            });
            if (owner == open.end()) {
                REQUIRE(fd == -ENOENT);
            } else {
                REQUIRE(fd >= 0);
                open[fd] = owner->second;
            }
        } else if (what < 40 && !open.empty()) {
            REQUIRE(f.close(any->first) == 0);
            open.erase(any);
        } else if (what < 46 && !open.empty()) {
            const int fd = f.dup(any->first);
            REQUIRE(fd >= 0);
            open[fd] = any->second;
        } else if (!open.empty()) {
            Instance &i = *any->second;
            if (i.dead)
                REQUIRE(f.read(any->first) == "-EBADF");
            else
                REQUIRE(f.count(any->first) == ++i.reads);
        }
        REQUIRE(f.census().minors == static_cast<long>(units().size()));
    }
    if (attached) return;
    Enter scope(f.system);
    CHECK(f.design.attach(f.system, bound) == 0);
}
