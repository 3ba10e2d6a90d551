// Linux: the file is the instance; misc devices, pseudo-terminals and tun beside it (clauses/05, section 6).
#include "clone/designs/linux/headers.hpp"
#include "clone/designs/linux/linux.hpp"
#include "test/designs.hpp"

#include "clone/designs/linux/include/linux/loop.h"

#include <random>
#include <asm/ioctls.h>
#include <asm/termbits.h>

using namespace rill;
using namespace rill::test;
using designs::Word;
using designs::major_linux;

extern "C" int linux_foo_fails;

namespace {

constexpr int set_iff = static_cast<int>(TUNSETIFF), set_persist = static_cast<int>(TUNSETPERSIST),
              get_iff = static_cast<int>(TUNGETIFF);
constexpr int get_index = static_cast<int>(TIOCGPTN), set_lock = static_cast<int>(TIOCSPTLCK);
constexpr int get_device = static_cast<int>(TIOCGDEV), open_peer = static_cast<int>(TIOCGPTPEER), packet_mode = static_cast<int>(TIOCPKT);
constexpr major_t major_ptm = major_linux + 2, major_pts = major_linux + 3, major_none = major_linux + 4;

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
    int open() { return DesignFixture::open(design.path); }
    // TUNSETIFF; what it wrote back is in `got`.
    int attach(int fd, const char *name, int flags = IFF_TUN | IFF_NO_PI) { return attach(root, fd, name, flags); }
    int attach(Process &process, int fd, const char *name, int flags = IFF_TUN | IFF_NO_PI) {
        linux_ifreq request{};
        std::strncpy(request.ifr_name, name, IFNAMSIZ - 1);
        request.ifr_flags = static_cast<short>(flags);
        const int result = outcome(rill_ioctl(handle(process), fd, set_iff, &request));
        got = request.ifr_name;
        return result;
    }
    int open(Process &process) { return outcome(rill_open(handle(process), design.path, O_RDWR)); }
    std::string got;
};

class Ptmx : public Linux {
public:
    explicit Ptmx(unsigned bound = 0) : Linux("linux-ptmx", bound) {}
    int open() { return DesignFixture::open(design.path); }
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
    int poll(int fd) {
        pollfd p{fd, POLLIN | POLLOUT | POLLPRI, 0};
        const int ready = rill_poll(handle(root), &p, 1, 0);
        CHECK(ready == (p.revents != 0));
        return p.revents;
    }
    int waiting(int fd) { // FIONREAD
        int n = -1;
        CHECK(ioctl(fd, static_cast<int>(FIONREAD), &n) == 0);
        return n;
    }
    bool is_a_terminal(int fd) { // isatty()
        struct termios t;
        return ioctl(fd, static_cast<int>(TCGETS), &t) == 0;
    }
};

class Loop : public Linux {
public:
    explicit Loop(unsigned bound = 0) : Linux("linux-loop-control", bound), control(open(design.path)) {}
    int ctl(int command, long argument = 0) { return ioctl(control, command, argument); }
    int add(long number) { return ctl(LOOP_CTL_ADD, number); }
    int remove(long number) { return ctl(LOOP_CTL_REMOVE, number); }
    int get_free() { return ctl(LOOP_CTL_GET_FREE); }
    int loop(int number) { return open(("/dev/loop" + std::to_string(number)).c_str()); }
    int bind(int fd) { return ioctl(fd, LOOP_SET_FD, static_cast<long>(control)); }
    bool listed(int number) { return system.nodes.find("/dev/loop" + std::to_string(number)) != nullptr; }
    const int control;
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

TEST_CASE("LNX-005 LNX-006 LNX-113: 128 dynamic minors, from 127 downward, 64 in older kernels; one more is EBUSY until one is given back") {
    for (const auto *variant : {&designs::linux_6_1, &designs::linux_before_2016}) {
        CAPTURE(variant->name);
        Misc f;
        variant->choose(f.system);
        const int first = variant == &designs::linux_6_1 ? 127 : 63;
        std::vector<miscdevice *> all;
        for (int i = 0; i <= first; ++i) {
            all.push_back(&f.device(MISC_DYNAMIC_MINOR, "dynamic" + std::to_string(i)));
            REQUIRE(misc_register(all.back()) == 0);
            CHECK(all.back()->minor == first - i);
        }
        miscdevice &more = f.device(MISC_DYNAMIC_MINOR, "more");
        CHECK(misc_register(&more) == -EBUSY);
        CHECK(more.minor == MISC_DYNAMIC_MINOR);
        CHECK(f.open("/dev/more") == -ENOENT);
        CHECK(misc_deregister(all[10]) == 0);
        CHECK(misc_register(&more) == 0);
        CHECK(more.minor == first - 10);
    }
}

TEST_CASE("LNX-113: 6.18 counts dynamic minors from 256 upward, beyond 128 of them") {
    Misc f;
    designs::linux_6_18.choose(f.system);
    for (int i = 0; i < 200; ++i) {
        miscdevice &m = f.device(MISC_DYNAMIC_MINOR, "dynamic" + std::to_string(i));
        REQUIRE(misc_register(&m) == 0);
        CHECK(m.minor == 256 + i);
    }
    const int fd = f.open("/dev/dynamic199");
    CHECK(f.rdev(fd) == makedevice(MISC_MAJOR, 455));
    f.close(fd);
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

TEST_CASE("LNX-009 LNX-101: the slave's name goes with the master, although a slave is open: ENOENT") {
    Ptmx f;
    const int master = f.open(), slave = f.slave(master);
    CHECK(slave >= 0);
    f.node("/dev/by-hand", makedevice(major_pts, 0));
    CHECK(f.open("/dev/by-hand") == -EIO);
    f.close(master);
    CHECK(f.open("/dev/pts/0") == -ENOENT);
    struct stat st;
    CHECK(outcome(rill_stat(handle(f.root), "/dev/pts/0", &st)) == -ENOENT);
    CHECK(f.rdev(slave) == makedevice(major_pts, 0));
    CHECK(f.open("/dev/by-hand") == -EIO);
    CHECK(f.read(slave) == "");
    CHECK(f.write(slave, "x") == -EIO);
    f.close(slave);
    CHECK(f.open("/dev/pts/0") == -ENOENT);
    CHECK(f.open("/dev/by-hand") == -EIO);
    CHECK(f.census().minors == 0);
}

TEST_CASE("LNX-105: a mount's max admits that many, kernel.pty.max one less than it says; both ENOSPC") {
    {
        Ptmx f(2);
        for (int i = 0; i < 2; ++i) CHECK(f.open() == i);
        CHECK(f.open() == -ENOSPC);
    }
    Ptmx f;
    designs::set_pty_max(f.system, 3);
    for (int i = 0; i < 2; ++i) CHECK(f.open() == i);
    CHECK(f.open() == -ENOSPC);
    f.close(0);
    CHECK(f.open() == 0);
    CHECK(f.open() == -ENOSPC);
}

TEST_CASE("LNX-109: a locked slave is EIO, as is TIOCGPTPEER; a node made by hand EIO, of an unused major ENXIO") {
    Ptmx f;
    const int master = f.open();
    const Census before = f.census();
    CHECK(f.open("/dev/pts/0") == -EIO);
    CHECK(f.ioctl(master, open_peer, static_cast<long>(O_RDWR)) == -EIO);
    CHECK(f.census() == before);
    f.node("/dev/by-hand", makedevice(major_pts, 0));
    f.node("/dev/beyond", makedevice(major_none, 0));
    CHECK(f.lock(master, 0) == 0);
    CHECK(f.open("/dev/by-hand") == -EIO);
    CHECK(f.open("/dev/beyond") == -ENXIO);
    const int peer = f.ioctl(master, open_peer, static_cast<long>(O_RDWR));
    REQUIRE(peer == 1);
    CHECK(f.rdev(peer) == makedevice(major_pts, 0));
    CHECK(f.write(master, "to it") == 5);
    CHECK(f.read(peer) == "to it");
}

TEST_CASE("LNX-109: TIOCEXCL: further opens of the slave are EBUSY, except those of the privileged") {
    Ptmx f;
    const int master = f.open(), slave = f.slave(master);
    rill_proc *user = rill_proc_new(handle(f.system), 100, 100);
    f.system.nodes.find("/dev/pts/0")->mode |= 0666;
    const int shared = outcome(rill_open(user, "/dev/pts/0", O_RDWR));
    CHECK(shared == 0);
    CHECK(f.ioctl(slave, static_cast<int>(TIOCEXCL), 0L) == 0);
    CHECK(outcome(rill_open(user, "/dev/pts/0", O_RDWR)) == -EBUSY);
    const int privileged = f.open("/dev/pts/0");
    CHECK(privileged >= 0);
    CHECK(f.ioctl(slave, static_cast<int>(TIOCNXCL), 0L) == 0);
    CHECK(outcome(rill_open(user, "/dev/pts/0", O_RDWR)) == 1);
    rill_proc_exit(user);
}

TEST_CASE("LNX-109: pseudo-terminals above 255 have minors above 255") {
    Ptmx f(300);
    for (int i = 0; i < 257; ++i) REQUIRE(f.open() == i);
    CHECK(f.stat("/dev/pts/256").st_rdev == makedevice(major_pts, 256));
    unsigned device = 0;
    CHECK(f.ioctl(256, get_device, &device) == 0);
    CHECK(device == (0u | major_pts << 8 | 1u << 20));
}

TEST_CASE("LNX-111: an open that fails before the driver takes no index; O_CREAT, O_TRUNC and O_RDONLY each open a terminal") {
    Ptmx f;
    f.system.tunables.descriptors = 4;
    for (int i = 0; i < 4; ++i) CHECK(f.open() == i);
    CHECK(f.open() == -EMFILE);
    CHECK(f.census().minors == 4);
    for (int i = 0; i < 4; ++i) f.close(i);
    CHECK(f.census().minors == 0);
    auto open = [&](int flags) { return outcome(rill_open(handle(f.root), "/dev/ptmx", flags, 0600)); };
    CHECK(open(O_RDWR | O_CREAT | O_EXCL) == -EEXIST);
    CHECK(f.census().minors == 0);
    CHECK(open(O_RDWR | O_CREAT) == 0);
    CHECK(open(O_RDWR | O_TRUNC) == 1);
    CHECK(open(O_RDONLY) == 2);
    for (int i = 0; i < 3; ++i) CHECK(f.index(i) == i);
}

TEST_CASE("LNX-115: TUNSETIFF refuses in this order: EEXIST, EBUSY, EINVAL, EPERM, EBUSY; a new name EPERM") {
    Tun f;
    rill_proc *other = rill_proc_new(handle(f.system), 100, 100);
    Process &user = *reinterpret_cast<Process *>(other);
    constexpr int tun = IFF_TUN | IFF_NO_PI, tap = IFF_TAP | IFF_NO_PI;
    const int a = f.open();
    REQUIRE(f.attach(a, "one", tun) == 0);
    CHECK(f.ioctl(a, static_cast<int>(TUNSETOWNER), 5L) == 0);
    // Everything is wrong with each of these; what is told first goes away from line to line.
    CHECK(f.attach(a, "one", tap | IFF_TUN_EXCL | IFF_MULTI_QUEUE) == -EEXIST);
    const int fd = f.open(user);
    CHECK(f.attach(user, fd, "one", tap | IFF_TUN_EXCL | IFF_MULTI_QUEUE) == -EBUSY);
    CHECK(f.attach(user, fd, "one", tap | IFF_MULTI_QUEUE) == -EINVAL);
    CHECK(f.attach(user, fd, "one", tun | IFF_MULTI_QUEUE) == -EINVAL);
    CHECK(f.attach(user, fd, "one", tun) == -EPERM);
    const int b = f.open();
    CHECK(f.attach(b, "one", tun) == -EBUSY);
    CHECK(f.attach(user, fd, "new", tun) == -EPERM);
    CHECK(f.attach(user, fd, "new", 0) == -EPERM);
    CHECK(f.attach(b, "new", 0) == -EINVAL);
    CHECK(designs::linux_interfaces(f.system) == Names{"one"});
    CHECK(f.attach(b, "both", IFF_TUN | IFF_TAP | IFF_NO_PI) == 0);
    CHECK(f.attach(f.open(), "one", IFF_TUN | IFF_TAP | IFF_NO_PI) == -EBUSY); // the kind was right
    rill_proc_exit(other);
}

TEST_CASE("LNX-117: loop-control: ADD of what exists EEXIST, REMOVE of the busy EBUSY, of none ENODEV, unknown command ENOSYS") {
    Loop f;
    CHECK(f.add(3) == 3);
    CHECK(f.add(3) == -EEXIST);
    CHECK(f.remove(4) == -ENODEV);
    CHECK(f.remove(-1) == -EINVAL);
    CHECK(f.ctl(0x4c83) == -ENOSYS);
    const int open = f.loop(3);
    CHECK(f.remove(3) == -EBUSY);
    CHECK(f.bind(open) == 0);
    f.close(open);
    CHECK(f.remove(3) == -EBUSY); // nobody has it open, and it is bound
    CHECK(f.listed(3));
    const int again = f.loop(3);
    CHECK(f.bind(again) == -EBUSY);
    CHECK(f.ioctl(again, LOOP_CLR_FD, 0L) == 0);
    CHECK(f.ioctl(again, LOOP_CLR_FD, 0L) == -ENXIO);
    CHECK(f.ioctl(again, LOOP_SET_FD, 99L) == -EBADF);
    f.close(again);
    CHECK(f.remove(3) == 0);
    CHECK_FALSE(f.listed(3));
    CHECK(f.open("/dev/loop3") == -ENOENT);
}

TEST_CASE("LNX-013 LNX-114: read, write and other ioctls before TUNSETIFF are EBADFD; poll shows an error") {
    Tun f;
    const int fd = f.open();
    linux_ifreq request{};
    CHECK(f.read(fd) == "-EBADFD");
    CHECK(f.write(fd, "frame") == -EBADFD);
    CHECK(f.ioctl(fd, get_iff, &request) == -EBADFD);
    CHECK(f.ioctl(fd, set_persist, 1L) == -EBADFD);
    pollfd p{fd, POLLIN, 0};
    CHECK(rill_poll(handle(f.root), &p, 1, 0) == 1);
    CHECK(p.revents == POLLERR);
    CHECK(f.attach(fd, "tun0") == 0);
    CHECK(f.write(fd, "frame") == 5);
    CHECK(f.read(fd) == "frame");
}

TEST_CASE("LNX-014: a second TUNSETIFF on one file is EEXIST; before 2016 EINVAL; the file keeps its interface") {
    for (const auto *variant : {&designs::linux_6_1, &designs::linux_before_2016}) {
        CAPTURE(variant->name);
        Tun f;
        variant->choose(f.system);
        const int fd = f.open();
        CHECK(f.attach(fd, "one") == 0);
        CHECK(f.attach(fd, "two") == (variant == &designs::linux_6_1 ? -EEXIST : -EINVAL));
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
    CHECK(f.ioctl(fd, set_iff, static_cast<linux_ifreq *>(nullptr)) == -EFAULT);
    CHECK(designs::linux_interfaces(f.system).empty());
}

TEST_CASE("CMP-006: the driver's open fails: nothing of it is left") {
    Linux f("linux-file");
    const Census before = f.census();
    linux_foo_fails = EIO;
    CHECK(f.open("/dev/foo") == -EIO);
    CHECK(f.census() == before);
    CHECK(f.steps.count(Word::drv_close) == 0);
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
    CHECK(f.steps.count(Word::drv_close) == 0);
    f.close(c);
    CHECK(f.steps.count(Word::drv_close) == 1);
    f.close(b);
    CHECK(f.steps.count(Word::drv_close) == 2);
}

TEST_CASE("CMP-003: there is no table: the fifth open succeeds, and so does the hundredth") {
    Linux f("linux-file", 4);
    for (int i = 0; i < 100; ++i) REQUIRE(f.open("/dev/foo") == i);
    CHECK(f.count(99) == 1);
    CHECK(f.steps.count(Word::pick) == 0);
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
    CHECK(f.steps.count(Word::vnode_swap) == 0);
}

TEST_CASE("CMP-009: stat of the node makes nothing") {
    Linux f("linux-file");
    const Census before = f.census();
    f.stat("/dev/foo");
    CHECK(f.census() == before);
    CHECK(f.steps.count(Word::drv_open) == 0);
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

TEST_CASE("LNX-102: an index is free again when master and all slaves are closed; then the lowest free is taken") {
    Ptmx f;
    for (int i = 0; i < 5; ++i) CHECK(f.open() == i);
    const int slave = f.slave(2);
    f.close(2);
    const int next = f.open();
    CHECK(f.index(next) == 5);
    f.close(slave);
    CHECK(f.index(f.open()) == 2);
}

TEST_CASE("LNX-103: what the slave has not read is dropped when the master closes, though it was announced") {
    Ptmx f;
    const int master = f.open(), slave = f.slave(master);
    CHECK(f.is_a_terminal(slave));
    CHECK(f.write(master, "a line\n") == 7);
    CHECK(f.poll(slave) == (POLLIN | POLLOUT));
    CHECK(f.waiting(slave) == 7);
    f.close(master);
    CHECK(f.poll(slave) == (POLLIN | POLLOUT | POLLERR | POLLHUP));
    CHECK(f.read(slave) == "");
    CHECK(f.write(slave, "x") == -EIO);
    struct termios t;
    CHECK(f.ioctl(slave, static_cast<int>(TCGETS), &t) == -EIO);
    CHECK(f.ioctl(slave, static_cast<int>(TIOCSPGRP), 1L) == -ENOTTY);
    CHECK_FALSE(f.is_a_terminal(slave));
}

TEST_CASE("LNX-104: what the slave wrote is kept for the master; an idle master polls OUT only, one left alone POLLHUP") {
    Ptmx f;
    const int master = f.open();
    CHECK(rill_fcntl(handle(f.root), master, F_SETFL, O_NONBLOCK) == 0);
    CHECK(f.poll(master) == POLLOUT);
    CHECK(f.read(master) == "-EAGAIN");
    int slave = f.slave(master);
    CHECK(f.poll(master) == POLLOUT);
    CHECK(f.write(slave, "last words") == 10);
    struct termios t, kept;
    CHECK(f.ioctl(slave, static_cast<int>(TCGETS), &t) == 0);
    t.c_cc[VMIN] = 7;
    CHECK(f.ioctl(slave, static_cast<int>(TCSETS), &t) == 0);
    CHECK(f.write(master, "unread") == 6);
    f.close(slave);
    CHECK(f.poll(master) == (POLLIN | POLLOUT | POLLHUP));
    CHECK(f.read(master) == "last words");
    CHECK(f.read(master) == "-EIO");
    CHECK(f.poll(master) == (POLLOUT | POLLHUP));
    slave = f.open("/dev/pts/0");
    CHECK(f.poll(master) == POLLOUT);
    CHECK(f.read(master) == "-EAGAIN");
    CHECK(f.ioctl(slave, static_cast<int>(TCGETS), &kept) == 0);
    CHECK(kept.c_cc[VMIN] == 7);
    CHECK(f.read(slave) == "unread");
}

TEST_CASE("LNX-108: TIOCGDEV on a master answers the slave's number, which stat and fstat do not show") {
    Ptmx f;
    const int a = f.open(), b = f.open();
    for (int fd : {a, b}) {
        unsigned device = 0;
        CHECK(f.ioctl(fd, get_device, &device) == 0);
        CHECK(device == (static_cast<unsigned>(fd) | major_pts << 8));
        CHECK(f.fstat(fd).st_rdev == f.stat("/dev/ptmx").st_rdev);
    }
    unsigned device = 0;
    CHECK(f.ioctl(f.slave(b), get_device, &device) == 0);
    CHECK(device == (1u | major_pts << 8));
}

TEST_CASE("LNX-112: packet mode: a read begins with what happened, or 0; a read of one byte takes no data") {
    Ptmx f;
    const int master = f.open(), slave = f.slave(master);
    int on = 1;
    CHECK(f.ioctl(master, packet_mode, &on) == 0);
    auto happened = [&] {
        char data[16] = {};
        const int n = outcome(static_cast<int>(rill_read(handle(f.root), master, data, sizeof data)));
        return n == 1 ? data[0] : -1;
    };
    constexpr int flush = static_cast<int>(TCFLSH), flow = static_cast<int>(TCXONC);
    CHECK(f.ioctl(slave, flush, static_cast<long>(TCIFLUSH)) == 0);
    CHECK(f.poll(master) == (POLLIN | POLLPRI | POLLOUT));
    CHECK(happened() == 0x01);
    CHECK(f.ioctl(slave, flush, static_cast<long>(TCIOFLUSH)) == 0);
    CHECK(happened() == 0x03);
    CHECK(f.ioctl(slave, flow, static_cast<long>(TCOOFF)) == 0);
    CHECK(f.ioctl(slave, flow, static_cast<long>(TCOON)) == 0);
    CHECK(happened() == 0x08);
    CHECK(f.ioctl(slave, flow, static_cast<long>(TCOOFF)) == 0);
    CHECK(happened() == 0x04);
    CHECK(f.ioctl(slave, flow, static_cast<long>(TCOON)) == 0);
    CHECK(happened() == 0x08);
    CHECK(f.write(slave, "data") == 4);
    char byte = 'x';
    for (int i = 0; i < 3; ++i) {
        CHECK(rill_read(handle(f.root), master, &byte, 1) == 1);
        CHECK(byte == 0);
    }
    char data[16] = {};
    CHECK(rill_read(handle(f.root), master, data, sizeof data) == 5);
    CHECK(std::string(data + 1, 4) == "data");
    CHECK(f.write(slave, "y") == 1);
    on = 0;
    CHECK(f.ioctl(master, packet_mode, &on) == 0);
    CHECK(f.read(master) == "y");
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
    CHECK(f.steps.count(Word::drv_destroy) == 1);
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

TEST_CASE("LNX-116: the name template takes the lowest free number") {
    Tun f;
    int fds[4];
    for (int &fd : fds) fd = f.open();
    for (int i = 0; i < 3; ++i) CHECK(f.attach(fds[i], "t%d") == 0);
    CHECK(f.attach(fds[3], "t%d") == 0);
    CHECK(f.got == "t3");
    f.close(fds[1]);
    CHECK(f.attach(f.open(), "t%d") == 0);
    CHECK(f.got == "t1");
}

TEST_CASE("LNX-116: a persistent interface with an owner is EPERM to others; without one it is everybody's") {
    Tun f;
    rill_proc *other = rill_proc_new(handle(f.system), 100, 100);
    Process &user = *reinterpret_cast<Process *>(other);
    const int a = f.open(), b = f.open();
    CHECK(f.attach(a, "owned") == 0);
    CHECK(f.ioctl(a, static_cast<int>(TUNSETOWNER), 5L) == 0);
    CHECK(f.attach(b, "free") == 0);
    for (int fd : {a, b}) {
        CHECK(f.ioctl(fd, set_persist, 1L) == 0);
        f.close(fd);
    }
    const int fd = f.open(user);
    CHECK(f.attach(user, fd, "owned") == -EPERM);
    CHECK(f.attach(user, fd, "free") == 0);
    const int c = f.open();
    CHECK(f.attach(c, "owned") == 0); // the superuser
    CHECK(f.ioctl(c, static_cast<int>(TUNSETOWNER), 100L) == 0);
    f.close(c);
    const int d = f.open(user);
    CHECK(f.attach(user, d, "owned") == 0);
    rill_proc_exit(other);
    CHECK(designs::linux_interfaces(f.system) == Names{"owned", "free"});
}

TEST_CASE("LNX-116: while the interface is down poll shows nothing, and a good packet is EIO") {
    Tun f;
    const int fd = f.open();
    CHECK(f.attach(fd, "tun0") == 0);
    auto poll = [&] {
        pollfd p{fd, POLLIN | POLLOUT, 0};
        rill_poll(handle(f.root), &p, 1, 0);
        return p.revents;
    };
    CHECK(poll() == POLLOUT);
    CHECK(designs::linux_interface_up(f.system, "tun0", false) == 0);
    CHECK(poll() == 0);
    CHECK(f.write(fd, "frame") == -EIO);
    CHECK(designs::linux_interface_up(f.system, "tun0", true) == 0);
    CHECK(f.write(fd, "frame") == 5);
    CHECK(poll() == (POLLIN | POLLOUT));
    CHECK(designs::linux_interface_up(f.system, "tun1", true) == ENODEV);
}

TEST_CASE("LNX-115: several files drive an interface of many queues, and each gets its own frames") {
    Tun f;
    const int a = f.open(), b = f.open();
    constexpr int many = IFF_TUN | IFF_NO_PI | IFF_MULTI_QUEUE;
    CHECK(f.attach(a, "tun0", many) == 0);
    CHECK(f.attach(b, "tun0", many) == 0);
    CHECK(f.write(a, "one") == 3);
    CHECK(f.write(b, "two") == 3);
    CHECK(f.read(a) == "one");
    CHECK(f.read(b) == "two");
    f.close(a);
    CHECK(designs::linux_interfaces(f.system) == Names{"tun0"});
    f.close(b);
    CHECK(designs::linux_interfaces(f.system).empty());
}

// --- loop ---

TEST_CASE("LNX-117: GET_FREE passes holes by, ADD of a negative number takes the lowest") {
    Loop f;
    for (int i = 0; i < 8; ++i) CHECK(f.add(-1) == i);
    for (int i = 0; i < 6; ++i) CHECK(f.remove(i) == 0);
    CHECK(f.get_free() == 6);
    CHECK(f.get_free() == 6); // to be told it is not to have it
    CHECK(f.add(-1) == 0);
    CHECK(f.get_free() == 0);
    const int a = f.loop(0), b = f.loop(6), c = f.loop(7);
    for (int fd : {a, b, c}) CHECK(f.bind(fd) == 0);
    CHECK(f.get_free() == 1); // none is free: one is made
    CHECK(f.listed(1));
    CHECK(f.census().files == 4);
}

TEST_CASE("LNX-117: an open of a node made by hand makes the device of its number") {
    Loop f;
    f.node("/dev/mine", makedevice(LOOP_MAJOR, 200));
    CHECK_FALSE(f.listed(200));
    const int fd = f.open("/dev/mine");
    CHECK(fd >= 0);
    CHECK(f.listed(200));
    CHECK(f.remove(200) == -EBUSY);
    f.close(fd);
    CHECK(f.remove(200) == 0);
}

TEST_CASE("LNX-117 CMP-001: a bound device counts for all that have it open; autoclear unbinds it with the last close") {
    Loop f(2);
    CHECK(f.get_free() == 0);
    const int a = f.loop(0), b = f.loop(0);
    CHECK(f.read(a) == "");
    CHECK(f.write(a, "x") == -ENOSPC);
    loop_config config{};
    config.fd = static_cast<unsigned>(f.control);
    config.info.lo_flags = LO_FLAGS_AUTOCLEAR;
    CHECK(f.ioctl(a, LOOP_CONFIGURE, &config) == 0);
    CHECK(f.count(a) == 1);
    CHECK(f.count(b) == 2);
    CHECK(f.get_free() == 1);
    CHECK(f.add(-1) == -ENOSPC);
    f.close(a);
    CHECK(f.count(b) == 3);
    f.close(b);
    CHECK(f.get_free() == 0);
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
                REQUIRE(fd == -ENOENT);
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
