// Linux: the file is the instance; misc devices, pseudo-terminals and tun beside it (spec/05, section 6).
#include "clone/designs/ddi_linux.hpp"
#include "clone/designs/linux.hpp"
#include "test/designs.hpp"

#include <random>
#include <asm/ioctls.h>

using namespace rill;
using namespace rill::test;
using designs::major_linux;

extern "C" int linux_foo_fails;

namespace {

constexpr int set_iff = static_cast<int>(TUNSETIFF), set_persist = static_cast<int>(TUNSETPERSIST),
              get_iff = static_cast<int>(TUNGETIFF);
constexpr int get_index = static_cast<int>(TIOCGPTN), set_lock = static_cast<int>(TIOCSPTLCK);
constexpr major_t major_ptm = major_linux + 2, major_pts = major_linux + 3;

using Names = std::vector<std::string>;

class Linux : public DesignFixture {
public:
    explicit Linux(const char *name, unsigned bound = 0) : DesignFixture(name, bound) { system.trace.attach(recorder); }
    ~Linux() {
        system.trace.detach(recorder);
        Enter scope(system); // a driver goes when no child has a file of it any more
        for (auto p = system.processes.begin(); p != system.processes.end();)
            if (Process &process = *p++; &process != &root) system.end_process(process);
    }
    Recorder recorder;
};

class Tun : public Linux {
public:
    Tun() : Linux("linux-tun") {}
    int open() { return DesignFixture::open(designs::linux_tun.path); }
    // TUNSETIFF; what it wrote back is in `got`.
    int attach(int fd, const char *name, short flags = IFF_TUN | IFF_NO_PI) {
        linux_ifreq request{};
        std::strncpy(request.ifr_name, name, IFNAMSIZ - 1);
        request.ifr_flags = flags;
        const int result = ioctl(fd, set_iff, &request);
        got = request.ifr_name;
        return result;
    }
    std::string got;
};

class Ptmx : public Linux {
public:
    explicit Ptmx(unsigned bound = 0) : Linux("linux-ptmx", bound) {}
    int open() { return DesignFixture::open(designs::linux_ptmx.path); }
    using DesignFixture::open;
    int index(int master) {
        int n = -1;
        CHECK(ioctl(master, get_index, &n) == 0);
        return n;
    }
    int lock(int master, int on) { return ioctl(master, set_lock, &on); }
    // A slave, with the terminal unlocked before.
    int slave(int master) {
        CHECK(lock(master, 0) == 0);
        return open(("/dev/pts/" + std::to_string(index(master))).c_str());
    }
};

// Misc devices of the test's own: what their opens see is kept here.
struct {
    const void *private_data;
    int opens;
} seen;
int test_open(inode *, linux_file *file) {
    seen.private_data = file->private_data;
    ++seen.opens;
    return 0;
}
ssize_t test_read_a(linux_file *, char *buf, size_t, linux_loff_t *) {
    return *buf = 'a', 1;
}
ssize_t test_read_b(linux_file *, char *buf, size_t, linux_loff_t *) {
    return *buf = 'b', 1;
}
int test_ioctl(inode *, linux_file *, unsigned, unsigned long) {
    return 7;
}
const file_operations fops_a{.read = test_read_a, .open = test_open}, fops_b{.read = test_read_b, .ioctl = test_ioctl, .open = test_open};

class Misc : public Fixture {
public:
    Misc() : scope(system) { seen = {}; }
    ~Misc() {
        for (miscdevice &m : devices) misc_deregister(&m);
    }
    miscdevice &device(int minor, std::string name, const file_operations &fops = fops_a) {
        return devices.emplace_back(
            miscdevice{.minor = minor, .name = names.emplace_back(std::move(name)).c_str(), .fops = &fops});
    }
    Enter scope;
    std::list<std::string> names;
    std::list<miscdevice> devices;
};

} // namespace

// --- failures ---

TEST_CASE("LNX-003: no device is registered for the minor: ENODEV, and no driver is called") {
    Misc f;
    miscdevice &a = f.device(201, "a");
    REQUIRE(misc_register(&a) == 0);
    f.node("/dev/other", makedevice(MISC_MAJOR, 202));
    Recorder recorder;
    f.system.trace.attach(recorder);
    CHECK(f.open("/dev/other") == -ENODEV);
    CHECK(recorder.refused("LNX-003", ENODEV));
    f.system.trace.detach(recorder);
    CHECK(seen.opens == 0);
    CHECK(f.root.descriptors_used == 0);
    CHECK(misc_deregister(&a) == 0);
    f.node("/dev/a2", makedevice(MISC_MAJOR, 201));
    CHECK(f.open("/dev/a2") == -ENODEV);
}

TEST_CASE("LNX-006: a fixed minor that is in use is EBUSY; the first device keeps it") {
    Misc f;
    miscdevice &a = f.device(201, "a"), &b = f.device(201, "b", fops_b);
    REQUIRE(misc_register(&a) == 0);
    CHECK(misc_register(&b) == -EBUSY);
    CHECK(f.open("/dev/b") == -ENOENT);
    const int fd = f.open("/dev/a");
    CHECK(f.read(fd) == "a");
    f.close(fd);
}

TEST_CASE("LNX-005 LNX-006: 64 dynamic minors, from 63 downward; one more is EBUSY until one is given back") {
    Misc f;
    std::vector<miscdevice *> all;
    for (int i = 0; i < 64; ++i) {
        all.push_back(&f.device(MISC_DYNAMIC_MINOR, "dynamic" + std::to_string(i)));
        REQUIRE(misc_register(all.back()) == 0);
        CHECK(all.back()->minor == 63 - i);
    }
    miscdevice &more = f.device(MISC_DYNAMIC_MINOR, "more");
    CHECK(misc_register(&more) == -EBUSY);
    CHECK(more.minor == MISC_DYNAMIC_MINOR);
    CHECK(f.open("/dev/more") == -ENOENT);
    CHECK(misc_deregister(all[10]) == 0);
    CHECK(misc_register(&more) == 0);
    CHECK(more.minor == 53);
}

TEST_CASE("LNX-008: the limit is reached: ENOSPC; a closed terminal makes room") {
    Ptmx f(4);
    for (int i = 0; i < 4; ++i) CHECK(f.open() == i);
    const Census before = f.census();
    CHECK(f.open() == -ENOSPC);
    CHECK(f.recorder.refused("LNX-008", ENOSPC));
    CHECK(f.census() == before);
    f.close(2);
    CHECK(f.open() == 2);
    CHECK(f.index(2) == 2);
}

TEST_CASE("LNX-008 CMP-006: whichever allocation fails, nothing of the open is left; ENOMEM") {
    for (const char *name : {"linux-file", "linux-ptmx", "linux-tun"}) {
        CAPTURE(name);
        Linux f(name);
        for_every_allocation(
            f, {ENFILE, ENOMEM}, [&] { return f.open(f.design.path); }, [&](int fd) { f.close(fd); });
    }
}

TEST_CASE("LNX-012: TUNSETIFF without memory for the interface is ENOMEM, and none is made") {
    Tun f;
    const int fd = f.open();
    f.system.alloc.fail_nth(1);
    CHECK(f.attach(fd, "tun%d") == -ENOMEM);
    f.system.alloc.fail_nth(0);
    CHECK(designs::linux_interfaces(f.system).empty());
    CHECK(f.attach(fd, "tun%d") == 0);
    CHECK(f.got == "tun0");
}

TEST_CASE("LNX-009: a master cannot be reached by number: EIO") {
    Ptmx f;
    const int master = f.open();
    f.node("/dev/ptm0", makedevice(major_ptm, 0));
    CHECK(f.open("/dev/ptm0") == -EIO);
    CHECK(f.index(master) == 0);
}

TEST_CASE("LNX-009: a slave whose master is gone cannot be opened: EIO; nor by a node made by hand") {
    Ptmx f;
    const int master = f.open(), slave = f.slave(master);
    CHECK(slave >= 0);
    f.node("/dev/by-hand", makedevice(major_pts, 0));
    CHECK(f.open("/dev/by-hand") == -EIO);
    f.close(master);
    CHECK(f.open("/dev/pts/0") == -EIO);
    CHECK(f.read(slave) == "");
    CHECK(f.write(slave, "x") == -EIO);
    f.close(slave);
    CHECK(f.open("/dev/pts/0") == -ENOENT);
    CHECK(f.open("/dev/by-hand") == -EIO);
    CHECK(f.census().minors == 0);
}

TEST_CASE("LNX-013: read, write and other ioctls before TUNSETIFF are EBADFD; poll shows an error") {
    Tun f;
    const int fd = f.open();
    linux_ifreq request{};
    CHECK(f.read(fd) == "-EBADFD");
    CHECK(f.write(fd, "frame") == -EBADFD);
    CHECK(f.ioctl(fd, get_iff, &request) == -EBADFD);
    pollfd p{fd, POLLIN, 0};
    CHECK(rill_poll(handle(f.root), &p, 1, 0) == 1);
    CHECK(p.revents == POLLERR);
    CHECK(f.attach(fd, "tun0") == 0);
    CHECK(f.write(fd, "frame") == 5);
    CHECK(f.read(fd) == "frame");
}

TEST_CASE("LNX-014: a second TUNSETIFF on one file is EEXIST; before 2016 EINVAL; the file keeps its interface") {
    for (const auto *variant : {&designs::linux_since_2016, &designs::linux_before_2016}) {
        CAPTURE(variant->name);
        Tun f;
        designs::set_variant(f.system, *variant);
        const int fd = f.open();
        CHECK(f.attach(fd, "one") == 0);
        CHECK(f.attach(fd, "two") == (variant == &designs::linux_since_2016 ? -EEXIST : -EINVAL));
        CHECK(designs::linux_interfaces(f.system) == Names{"one"});
        linux_ifreq request{};
        CHECK(f.ioctl(fd, get_iff, &request) == 0);
        CHECK(std::string(request.ifr_name) == "one");
    }
}

TEST_CASE("LNX-014: an interface that another file drives is EBUSY; the file stays unattached") {
    Tun f;
    const int a = f.open(), b = f.open();
    CHECK(f.attach(a, "tun0") == 0);
    CHECK(f.attach(b, "tun0") == -EBUSY);
    CHECK(f.read(b) == "-EBADFD");
    CHECK(f.attach(b, "tun%d") == 0);
    CHECK(f.got == "tun1");
    f.close(a);
    CHECK(designs::linux_interfaces(f.system) == Names{"tun1"});
}

TEST_CASE("LNX-012: what is no name of an interface, or neither tun nor tap: EINVAL, and none is made") {
    Tun f;
    const int fd = f.open();
    for (const char *name : {"tun%s", "%d%d", "a/b", "a b", "..", "tun%"}) {
        CAPTURE(name);
        CHECK(f.attach(fd, name) == -EINVAL);
    }
    CHECK(f.attach(fd, "tun0", IFF_NO_PI) == -EINVAL);
    CHECK(f.attach(fd, "tun0", IFF_TUN | IFF_TAP) == -EINVAL);
    CHECK(f.ioctl(fd, set_iff, static_cast<linux_ifreq *>(nullptr)) == -EFAULT);
    CHECK(designs::linux_interfaces(f.system).empty());
}

TEST_CASE("CMP-006: the driver's open fails: nothing of it is left") {
    Linux f("linux-file");
    const Census before = f.census();
    linux_foo_fails = EIO;
    CHECK(f.open("/dev/foo") == -EIO);
    CHECK(f.census() == before);
    CHECK(f.steps.count("DRV_CLOSE") == 0);
    CHECK(f.open("/dev/foo") == 0);
}

TEST_CASE("LNX-001: while a file is open its module stays: EBUSY, and I/O goes on") {
    for (const char *name : {"linux-file", "linux-ptmx", "linux-tun"}) {
        CAPTURE(name);
        Linux f(name);
        const int fd = f.open(f.design.path);
        CHECK(f.detach() == EBUSY);
        CHECK(f.stat(f.design.path).st_rdev == f.rdev(fd));
        f.close(fd);
        CHECK(f.detach() == 0);
        CHECK(f.open(f.design.path) == -ENOENT);
        Enter scope(f.system);
        CHECK(f.design.attach(f.system, 0) == 0);
    }
}

// --- the file is the instance ---

TEST_CASE("LNX-001 CMP-001: two opens of one node have two states and one minor") {
    Linux f("linux-file");
    const int a = f.open("/dev/foo"), b = f.open("/dev/foo");
    for (int i = 1; i <= 3; ++i) CHECK(f.count(a) == i);
    CHECK(f.count(b) == 1);
    CHECK(f.write(a, "to a") == 4);
    CHECK(f.count(b) == 2);
    CHECK(f.read(a) == "to a");
    CHECK(f.rdev(a) == f.rdev(b));
}

TEST_CASE("CMP-002: dup and a child share the file and its state") {
    Linux f("linux-file");
    const int a = f.open("/dev/foo"), b = f.dup(a);
    CHECK(f.count(a) == 1);
    CHECK(f.count(b) == 2);
    Process &child = f.fork();
    char data[8] = {};
    CHECK(outcome(static_cast<int>(rill_read(handle(child), a, data, sizeof data))) == 2);
    CHECK(std::string(data) == "3\n");
}

TEST_CASE("LNX-001: release is called once, when the last descriptor of the file is closed") {
    Linux f("linux-file");
    const int a = f.open("/dev/foo"), b = f.open("/dev/foo"), c = f.dup(a);
    f.close(a);
    CHECK(f.steps.count("DRV_CLOSE") == 0);
    f.close(c);
    CHECK(f.steps.count("DRV_CLOSE") == 1);
    f.close(b);
    CHECK(f.steps.count("DRV_CLOSE") == 2);
}

TEST_CASE("CMP-003: there is no table: the fifth open succeeds, and so does the hundredth") {
    Linux f("linux-file", 4);
    for (int i = 0; i < 100; ++i) REQUIRE(f.open("/dev/foo") == i);
    CHECK(f.count(99) == 1);
    CHECK(f.steps.count("PICK") == 0);
}

TEST_CASE("CMP-005: fstat shows what stat shows") {
    Linux f("linux-file");
    const int a = f.open("/dev/foo"), b = f.open("/dev/foo");
    const struct stat node = f.stat("/dev/foo");
    for (int fd : {a, b}) {
        CHECK(f.fstat(fd).st_rdev == node.st_rdev);
        CHECK(f.fstat(fd).st_ino == node.st_ino);
        CHECK(f.fstat(fd).st_mode == node.st_mode);
    }
    CHECK(f.steps.count("VNODE_SWAP") == 0);
}

TEST_CASE("CMP-009: stat of the node makes nothing") {
    Linux f("linux-file");
    const Census before = f.census();
    f.stat("/dev/foo");
    CHECK(f.census() == before);
    CHECK(f.steps.count("DRV_OPEN") == 0);
}

TEST_CASE("CMP-010: one open: LOOKUP, DRV_OPEN") {
    Linux f("linux-file");
    CHECK(f.open("/dev/foo") == 0);
    CHECK(f.steps.words() == "LOOKUP DRV_OPEN");
}

// --- misc ---

TEST_CASE("LNX-002: nodes of the shared major are told apart by minor, each with its own operations") {
    Misc f;
    miscdevice &a = f.device(201, "a"), &b = f.device(202, "b", fops_b);
    REQUIRE(misc_register(&a) == 0);
    REQUIRE(misc_register(&b) == 0);
    const int fd_a = f.open("/dev/a"), fd_b = f.open("/dev/b");
    CHECK(f.read(fd_a) == "a");
    CHECK(f.read(fd_b) == "b");
    CHECK(f.ioctl(fd_a, 1, 0L) == -ENOTTY);
    CHECK(f.ioctl(fd_b, 1, 0L) == 7);
    CHECK(f.rdev(fd_a) == makedevice(MISC_MAJOR, 201));
    CHECK(f.rdev(fd_b) == makedevice(MISC_MAJOR, 202));
    f.close(fd_a);
    f.close(fd_b);
}

TEST_CASE("LNX-002: any node of the major with minor 200 is tun") {
    Tun f;
    f.node("/dev/mine", makedevice(MISC_MAJOR, 200));
    const int fd = f.Fixture::open("/dev/mine");
    CHECK(f.attach(fd, "tun%d") == 0);
    CHECK(designs::linux_interfaces(f.system) == Names{"tun0"});
}

TEST_CASE("LNX-004: when the driver's open runs, private_data points at its miscdevice") {
    Misc f;
    miscdevice &a = f.device(201, "a"), &b = f.device(MISC_DYNAMIC_MINOR, "b", fops_b);
    REQUIRE(misc_register(&a) == 0);
    REQUIRE(misc_register(&b) == 0);
    const int fd_b = f.open("/dev/b");
    CHECK(seen.private_data == &b);
    const int fd_a = f.open("/dev/a");
    CHECK(seen.private_data == &a);
    f.close(fd_a);
    f.close(fd_b);
}

// --- pseudo-terminals ---

TEST_CASE("LNX-007: an open of ptmx takes the lowest free index and makes a node for the slave, locked") {
    Ptmx f;
    const int a = f.open(), b = f.open();
    CHECK(f.index(a) == 0);
    CHECK(f.index(b) == 1);
    CHECK(f.stat("/dev/pts/1").st_rdev == makedevice(major_pts, 1));
    CHECK(f.open("/dev/pts/1") == -EIO);
    const int slave = f.slave(b);
    CHECK(slave >= 0);
    CHECK(f.lock(b, 1) == 0);
    CHECK(f.open("/dev/pts/1") == -EIO);
    CHECK(f.write(b, "to the slave") == 12);
    CHECK(f.read(slave) == "to the slave");
    CHECK(f.write(slave, "back") == 4);
    CHECK(f.read(b) == "back");
    f.close(a);
    CHECK(f.index(f.open()) == 0);
}

TEST_CASE("LNX-007: a read waits for the other side; the master's gets EIO when the slave is closed") {
    Ptmx f;
    const int master = f.open(), slave = f.slave(master);
    Process &other = f.fork();
    char byte = 0;
    auto read_master = [&] { return outcome(static_cast<int>(rill_read(handle(other), master, &byte, 1))); };
    Later reader = f.later(other, "read", read_master);
    CHECK_FALSE(reader.done());
    CHECK(f.write(slave, "x") == 1);
    CHECK(reader.finish() == 1);
    CHECK(byte == 'x');
    CHECK(f.close(other, slave) == 0);
    Later last = f.later(other, "read", read_master);
    CHECK_FALSE(last.done());
    f.close(slave);
    CHECK(last.finish() == -EIO);
}

TEST_CASE("LNX-010: the index is free once both sides are closed, whichever closes first") {
    Ptmx f;
    const int master = f.open(), slave = f.slave(master);
    f.close(master);
    const int second = f.open();
    CHECK(f.index(second) == 1);
    f.close(slave);
    const int third = f.open();
    CHECK(f.index(third) == 0);
    const int slave_of_third = f.slave(third);
    f.close(slave_of_third);
    CHECK(f.index(f.open()) == 2);
    f.close(third);
    CHECK(f.index(f.open()) == 0);
}

TEST_CASE("LNX-011: fstat on a master shows the ptmx node, the same for every master") {
    Ptmx f;
    const int a = f.open(), b = f.open();
    CHECK(f.index(a) != f.index(b));
    CHECK(f.fstat(a).st_rdev == f.fstat(b).st_rdev);
    CHECK(f.fstat(a).st_ino == f.fstat(b).st_ino);
    CHECK(f.fstat(a).st_rdev == f.stat("/dev/ptmx").st_rdev);
    CHECK(f.fstat(a).st_ino == f.stat("/dev/ptmx").st_ino);
}

// --- tun ---

TEST_CASE("LNX-012: TUNSETIFF attaches the file; a name with %d is completed and written back") {
    Tun f;
    const int a = f.open(), b = f.open(), c = f.open();
    CHECK(designs::linux_interfaces(f.system).empty());
    CHECK(f.attach(a, "tun%d") == 0);
    CHECK(f.got == "tun0");
    CHECK(f.attach(b, "tun%d") == 0);
    CHECK(f.got == "tun1");
    CHECK(f.attach(c, "", IFF_TAP) == 0);
    CHECK(f.got == "tap0");
    CHECK(f.write(a, "one") == 3);
    CHECK(f.write(b, "two") == 3);
    CHECK(f.read(b) == "two");
    CHECK(f.read(a) == "one");
    CHECK(f.rdev(a) == f.rdev(b));
    f.close(a);
    const int d = f.open();
    CHECK(f.attach(d, "tun%d") == 0);
    CHECK(f.got == "tun0");
}

TEST_CASE("LNX-012: a read of an interface with nothing to send waits, or is EAGAIN") {
    Tun f;
    const int fd = f.open();
    CHECK(f.attach(fd, "tun0") == 0);
    Process &other = f.fork();
    char data[8] = {};
    Later reader = f.later(other, "read",
                           [&] { return outcome(static_cast<int>(rill_read(handle(other), fd, data, sizeof data))); });
    CHECK_FALSE(reader.done());
    CHECK(f.write(fd, "frame") == 5);
    CHECK(reader.finish() == 5);
    CHECK(rill_fcntl(handle(f.root), fd, F_SETFL, O_NONBLOCK) == 0);
    CHECK(f.read(fd) == "-EAGAIN");
}

TEST_CASE("LNX-015: the interface and its routes vanish with the last descriptor of the file") {
    Tun f;
    const int a = f.open(), b = f.open(), a2 = f.dup(a);
    CHECK(f.attach(a, "tun%d") == 0);
    CHECK(f.attach(b, "tun%d") == 0);
    CHECK(designs::linux_add_route(f.system, "10.0.0.0/8", "tun0") == 0);
    CHECK(designs::linux_add_route(f.system, "192.168.0.0/16", "tun1") == 0);
    f.close(a);
    CHECK(designs::linux_interfaces(f.system) == Names{"tun0", "tun1"});
    f.close(a2);
    CHECK(designs::linux_interfaces(f.system) == Names{"tun1"});
    CHECK(designs::linux_routes(f.system) == Names{"192.168.0.0/16 tun1"});
    CHECK(designs::linux_add_route(f.system, "10.0.0.0/8", "tun0") == ENODEV);
    CHECK(f.steps.count("DRV_DESTROY") == 1);
}

TEST_CASE("LNX-015: a persistent interface stays, and the next file may have it") {
    Tun f;
    const int a = f.open();
    CHECK(f.attach(a, "mine") == 0);
    CHECK(f.ioctl(a, set_persist, 1L) == 0);
    f.close(a);
    CHECK(designs::linux_interfaces(f.system) == Names{"mine"});
    const int b = f.open();
    CHECK(f.attach(b, "mine", IFF_TAP) == -EINVAL);
    CHECK(f.attach(b, "mine") == 0);
    CHECK(f.ioctl(b, set_persist, 0L) == 0);
    f.close(b);
    CHECK(designs::linux_interfaces(f.system).empty());
}

// --- at random ---

TEST_CASE("LNX-001 LNX-007 LNX-010: ten thousand steps against a model: no index lost or given twice") {
    constexpr unsigned bound = 8;
    Ptmx f(bound);
    struct Terminal {
        int index, masters = 0, slaves = 0;
    };
    struct End {
        std::shared_ptr<Terminal> terminal;
        bool master;
        int id;
    };
    std::map<int, End> open; // by descriptor; those of one id share a file
    std::map<int, int> descriptors_of;
    int next_id = 0;
    auto indices = [&] {
        std::vector<int> in_use;
        for (auto &[fd, e] : open) in_use.push_back(e.terminal->index);
        std::sort(in_use.begin(), in_use.end());
        in_use.erase(std::unique(in_use.begin(), in_use.end()), in_use.end());
        return in_use;
    };
    std::mt19937 random(20041201);
    for (int n = 0; n < 10000; ++n) {
        CAPTURE(n);
        auto any = open.begin();
        if (!open.empty()) std::advance(any, static_cast<long>(random() % open.size()));
        const unsigned what = random() % 64;
        const auto in_use = indices();
        if (what == 0) {
            REQUIRE(f.detach() == (open.empty() ? 0 : EBUSY));
            if (!open.empty()) continue;
            Enter scope(f.system);
            REQUIRE(f.design.attach(f.system, bound) == 0);
        } else if (what < 18) {
            const int fd = f.open();
            if (in_use.size() == bound) {
                REQUIRE(fd == -ENOSPC);
                continue;
            }
            int expected = 0;
            for (int i : in_use) expected += i == expected;
            REQUIRE(f.index(fd) == expected);
            REQUIRE(f.lock(fd, 0) == 0);
            auto terminal = std::make_shared<Terminal>(Terminal{expected});
            ++terminal->masters;
            open[fd] = {terminal, true, next_id};
            descriptors_of[next_id++] = 1;
        } else if (what < 32 && !open.empty()) {
            const int fd = f.open(("/dev/pts/" + std::to_string(any->second.terminal->index)).c_str());
            if (!any->second.terminal->masters) {
                REQUIRE(fd == -EIO);
                continue;
            }
            REQUIRE(fd >= 0);
            ++any->second.terminal->slaves;
            open[fd] = {any->second.terminal, false, next_id};
            descriptors_of[next_id++] = 1;
        } else if (what < 52 && !open.empty()) {
            const End end = any->second;
            REQUIRE(f.close(any->first) == 0);
            open.erase(any);
            if (--descriptors_of[end.id] == 0) --(end.master ? end.terminal->masters : end.terminal->slaves);
        } else if (what < 58 && !open.empty()) {
            const int fd = f.dup(any->first);
            REQUIRE(fd >= 0);
            ++descriptors_of[any->second.id];
            open[fd] = any->second;
        } else if (!open.empty()) {
            if (any->second.master)
                REQUIRE(f.index(any->first) == any->second.terminal->index);
            else if (!any->second.terminal->masters)
                REQUIRE(f.write(any->first, "x") == -EIO);
        }
        REQUIRE(f.census().minors == static_cast<long>(indices().size()));
    }
}
