// Names for streams: fattach, fdetach (clauses/04 section 3.1), and connld (3.2).
#include "test/streamio.hpp"

#include <sys/ioctl.h>

using namespace rill;
using namespace rill::test;

extern "C" {
extern struct streamtab connldinfo;
extern int connlddevflag;
}

namespace {

// A pipe of root's, and plain files to name its ends by.
struct Names {
    explicit Names(const char *profile = nullptr, Tunables tunables = {}) : f(profile, tunables), root(f.root), spy(f.module("spy")) {
        REQUIRE(outcome(rill_pipe(handle(root), p)) == 0);
        f.node("/name", 0, S_IFREG | 0666);
        f.node("/second", 0, S_IFREG | 0666);
    }
    int attach(int fd, const char *path = "/name") { return attach(root, fd, path); }
    int attach(Process &who, int fd, const char *path) { return outcome(rill_fattach(handle(who), fd, path)); }
    int detach(const char *path = "/name") { return detach(root, path); }
    int detach(Process &who, const char *path) { return outcome(rill_fdetach(handle(who), path)); }
    bool is_attached(const char *path = "/name") { return S_ISFIFO(f.stat(path).st_mode) || S_ISCHR(f.stat(path).st_mode); }
    Fixture f;
    Process &root;
    Probe &spy;
    int p[2] = {-1, -1};
};

} // namespace

TEST_SUITE_BEGIN("names");

TEST_CASE("FAT-001 FAT-002 FAT-021: the path leads to the stream, both ways, until fdetach; it must exist") {
    Names s;
    CHECK(s.attach(s.p[1], "/missing") == -ENOENT);
    CHECK(s.attach(s.p[1]) == 0);
    const int fd = s.f.open("/name");
    REQUIRE(fd >= 0);
    CHECK(s.f.stream(fd) == s.f.stream(s.p[1]));
    CHECK(s.f.write(fd, "in") == 2);
    CHECK(s.f.read(s.p[0]) == "in");
    CHECK(s.detach() == 0);
    CHECK(s.f.write(s.p[0], "out") == 3);
    CHECK(s.f.read(fd) == "out");
    const int file = s.f.open("/name");
    CHECK(outcome(rill_isastream(handle(s.root), file)) == 0);
    CHECK(s.f.stat("/name").st_mode == (S_IFREG | 0666));
}

TEST_CASE("FAT-003: who had the path open keeps the old object") {
    Names s;
    const int before = s.f.open("/name");
    CHECK(s.attach(s.p[1]) == 0);
    CHECK(outcome(rill_isastream(handle(s.root), before)) == 0);
    CHECK(s.f.fstat(before).st_mode == (S_IFREG | 0666));
}

TEST_CASE("FAT-004: the attach keeps the stream open") {
    Names s;
    CHECK(s.attach(s.p[1]) == 0);
    CHECK(s.f.close(s.p[1]) == 0);
    CHECK(revents(s.root, s.p[0], POLLOUT) == POLLOUT);
    const int fd = s.f.open("/name");
    CHECK(s.f.write(s.p[0], "x") == 1);
    CHECK(s.f.read(fd) == "x");
    CHECK(s.f.close(fd) == 0);
    CHECK(revents(s.root, s.p[0], POLLOUT) == POLLOUT);
}

TEST_CASE("FAT-005 FAT-006: a stream may have several names, a path one stream: EBUSY, before owner and permission") {
    Names s;
    CHECK(s.attach(s.p[1]) == 0);
    CHECK(s.attach(s.p[1], "/second") == 0);
    CHECK(s.attach(s.p[0]) == -EBUSY);
    CHECK(outcome(rill_chown(handle(s.root), "/name", 1, 1)) == 0);
    CHECK(outcome(rill_chmod(handle(s.root), "/name", 0)) == 0);
    Process &user = s.f.process(9, 9);
    int q[2];
    CHECK(outcome(rill_pipe(handle(user), q)) == 0);
    CHECK(s.attach(user, q[0], "/name") == -EBUSY);
}

TEST_CASE("FAT-007 FAT-008: no descriptor EBADF, no stream EINVAL, also for the privileged") {
    Names s;
    const int plain = s.f.open("/second");
    const Census before = s.f.census();
    CHECK(s.attach(-1) == -EBADF);
    CHECK(s.attach(99) == -EBADF);
    CHECK(s.attach(plain) == -EINVAL);
    CHECK(s.f.census() == before);
    CHECK_FALSE(s.is_attached());
}

TEST_CASE("FAT-010 FAT-012: another user's path EPERM, before write permission; an owner who may not write EACCES; the privileged pass") {
    Names s;
    Process &user = s.f.process(9, 9);
    int q[2];
    CHECK(outcome(rill_pipe(handle(user), q)) == 0);
    CHECK(outcome(rill_chmod(handle(s.root), "/name", 0400)) == 0);
    CHECK(s.attach(user, q[0], "/name") == -EPERM);
    CHECK(outcome(rill_chown(handle(s.root), "/name", 9, 9)) == 0);
    CHECK(s.attach(user, q[0], "/name") == -EACCES);
    CHECK(outcome(rill_chmod(handle(user), "/name", 0600)) == 0);
    CHECK(s.attach(user, q[0], "/name") == 0);
    CHECK(s.detach(user, "/name") == 0);
    CHECK(outcome(rill_chmod(handle(user), "/name", 0400)) == 0);
    CHECK(s.attach(s.p[0]) == 0);
}

TEST_CASE("FAT-013 FAT-024: looking the path up: EACCES, ENAMETOOLONG, ENOTDIR, ENOENT, by fattach and fdetach") {
    Names s;
    s.f.node("/closed", 0, S_IFDIR | 0700);
    s.f.node("/closed/file", 0, S_IFREG | 0666);
    Process &user = s.f.process(9, 9);
    int q[2];
    CHECK(outcome(rill_pipe(handle(user), q)) == 0);
    const std::string long_name = "/" + std::string(256, 'n');
    const Census before = s.f.census();
    CHECK(s.attach(user, q[0], "/closed/file") == -EACCES);
    CHECK(s.detach(user, "/closed/file") == -EACCES);
    for (auto [path, error] : {std::pair<const char *, int>{long_name.c_str(), ENAMETOOLONG}, {"/name/below", ENOTDIR}, {"/missing", ENOENT}, {"", ENOENT}}) {
        CAPTURE_BINDING(path);
        CHECK(s.attach(s.p[0], path) == -error);
        CHECK(s.detach(path) == -error);
    }
    CHECK(outcome(rill_fattach(handle(s.root), s.p[0], nullptr)) == -EFAULT);
    CHECK(s.f.census() == before);
    CHECK(outcome(rill_chmod(handle(s.root), "/closed", 0711)) == 0);
    CHECK(s.detach(user, "/closed/file") == -EINVAL);
}

TEST_CASE("FAT-016 [solaris]: a path below /dev/pts: ENOTSUP") {
    Names s("solaris");
    s.f.node("/dev/pts/0", 0, S_IFREG | 0666);
    CHECK(s.attach(s.p[0], "/dev/pts/0") == -ENOTSUP);
    CHECK(s.f.stat("/dev/pts/0").st_mode == (S_IFREG | 0666));
}

TEST_CASE("FAT-017: a descriptor that was opened through a name that stands: EBUSY") {
    Names s;
    CHECK(s.attach(s.p[1]) == 0);
    const int fd = s.f.open("/name");
    CHECK(s.attach(fd, "/second") == -EBUSY);
    CHECK(s.detach() == 0);
    CHECK(s.attach(fd, "/second") == 0);
}

TEST_CASE("FAT-018: the name begins with the path's permissions, owner and times, one link; size and device are the stream's") {
    Names s;
    CHECK(outcome(rill_chmod(handle(s.root), "/name", 0640)) == 0);
    CHECK(outcome(rill_chown(handle(s.root), "/name", 7, 8)) == 0);
    struct utimbuf times {
        11, 22
    };
    CHECK(outcome(rill_utime(handle(s.root), "/name", &times)) == 0);
    CHECK(s.attach(s.p[1]) == 0);
    CHECK(s.f.write(s.p[0], "12345") == 5);
    const struct stat st = s.f.stat("/name");
    CHECK(st.st_mode == (S_IFIFO | 0640));
    CHECK(st.st_uid == 7);
    CHECK(st.st_gid == 8);
    CHECK(st.st_nlink == 1);
    CHECK(st.st_atim.tv_sec == 11);
    CHECK(st.st_mtim.tv_sec == 22);
    CHECK(st.st_size == 5);
    s.f.driver("dev", 61);
    s.f.node("/dev/clone", s.f.clone(61));
    const int clone = s.f.open("/dev/clone");
    CHECK(s.attach(clone, "/second") == 0);
    CHECK(S_ISCHR(s.f.stat("/second").st_mode));
    CHECK(s.f.stat("/second").st_rdev == s.f.rdev(clone));
    CHECK(s.detach("/second") == 0);
}

TEST_CASE("FAT-019 FAT-033: chmod, chown, utime of the name, or of a descriptor opened through it, change that name alone; the sticky bit goes") {
    Names s;
    CHECK(s.attach(s.p[1]) == 0);
    CHECK(s.attach(s.p[1], "/second") == 0);
    CHECK(outcome(rill_chmod(handle(s.root), "/name", 01600)) == 0);
    CHECK(s.f.stat("/name").st_mode == (S_IFIFO | 0600));
    const int fd = s.f.open("/name");
    CHECK(outcome(rill_fchmod(handle(s.root), fd, 0604)) == 0);
    CHECK(outcome(rill_fchown(handle(s.root), fd, 5, 6)) == 0);
    struct utimbuf times {
        1, 2
    };
    CHECK(outcome(rill_utime(handle(s.root), "/name", &times)) == 0);
    const struct stat st = s.f.stat("/name");
    CHECK(st.st_mode == (S_IFIFO | 0604));
    CHECK(st.st_uid == 5);
    CHECK(st.st_gid == 6);
    CHECK(st.st_mtim.tv_sec == 2);
    CHECK(s.f.stat("/second").st_mode == (S_IFIFO | 0666));
    CHECK(s.f.stat("/second").st_uid == 0);
    Process &user = s.f.process(9, 9);
    CHECK(outcome(rill_chmod(handle(user), "/name", 0666)) == -EPERM);
    CHECK(outcome(rill_chown(handle(user), "/name", 9, 9)) == -EPERM);
    CHECK(outcome(rill_utime(handle(user), "/name", nullptr)) == -EPERM);
    CHECK(s.detach() == 0);
    CHECK(s.f.stat("/name").st_mode == (S_IFREG | 0666));
    CHECK(s.f.stat("/name").st_uid == 0);
    CHECK(s.f.stat("/name").st_mtim.tv_sec == 0);
}

TEST_CASE("FAT-020: the name's permissions decide first, then those of the stream's own node") {
    Names s;
    Process &user = s.f.process(9, 9);
    CHECK(s.attach(s.p[1]) == 0);
    CHECK(outcome(rill_chmod(handle(s.root), "/name", 0)) == 0);
    CHECK(s.f.open(user, "/name") == -EACCES);
    CHECK(outcome(rill_chmod(handle(s.root), "/name", 0666)) == 0);
    CHECK(s.f.open(user, "/name") >= 0);
    s.f.driver("dev", 61);
    s.f.node("/dev/own", makedevice(61, 3), S_IFCHR | 0600);
    const int fd = s.f.open("/dev/own");
    CHECK(s.attach(fd, "/second") == 0);
    const Census before = s.f.census();
    CHECK(s.f.open(user, "/second") == -EACCES);
    CHECK(s.f.census() == before);
    CHECK(s.f.open("/second") >= 0);
    CHECK(s.detach("/second") == 0);
}

TEST_CASE("FAT-022 FAT-023: fdetach: nothing attached EINVAL; neither owner of the name nor privileged EPERM") {
    Names s;
    Process &file_owner = s.f.process(9, 9), &name_owner = s.f.process(5, 5);
    CHECK(s.detach() == -EINVAL);
    CHECK(outcome(rill_chown(handle(s.root), "/name", 9, 9)) == 0);
    CHECK(s.attach(s.p[1]) == 0);
    CHECK(outcome(rill_chown(handle(s.root), "/name", 5, 5)) == 0);
    CHECK(s.detach(file_owner, "/name") == -EPERM);
    CHECK(s.is_attached());
    CHECK(s.detach(name_owner, "/name") == 0);
    CHECK(s.detach(name_owner, "/name") == -EINVAL);
}

TEST_CASE("FAT-025: an fdetach that takes the last reference closes the stream") {
    Names s;
    Probe &dev = s.f.driver("dev", 61);
    s.f.node("/dev/clone", s.f.clone(61));
    const int fd = s.f.open("/dev/clone");
    CHECK(s.f.ioctl(fd, I_PUSH, "spy") == 0);
    CHECK(s.attach(fd) == 0);
    CHECK(s.f.close(fd) == 0);
    CHECK(dev.count("close") == 0);
    CHECK(s.detach() == 0);
    CHECK(order_of({&dev, &s.spy}, "close") == "spy:close dev:close");
    CHECK(dev.units_taken() == 0);
}

TEST_CASE("FAT-026: the far end's close takes the names of the near end; the near end's own close leaves them") {
    for (bool near_open : {true, false}) {
        CAPTURE(near_open);
        Names s;
        const Census before = s.f.census();
        int q[2];
        CHECK(outcome(rill_pipe(handle(s.root), q)) == 0);
        CHECK(s.attach(q[1]) == 0);
        if (!near_open) CHECK(s.f.close(q[1]) == 0);
        CHECK(s.is_attached());
        CHECK(s.f.close(q[0]) == 0);
        CHECK_FALSE(s.is_attached());
        const int fd = s.f.open("/name");
        CHECK(outcome(rill_isastream(handle(s.root), fd)) == 0);
        CHECK(s.f.close(fd) == 0);
        if (near_open) {
            CHECK(revents(s.root, q[1], POLLIN) == POLLHUP);
            CHECK(s.f.close(q[1]) == 0);
        }
        CHECK(s.f.census() == before);
    }
}

TEST_CASE("FAT-028 FAT-029: a name of a device's stream opens that again: the same minor, its open procedures, no CLONEOPEN") {
    Names s;
    Probe &dev = s.f.driver("dev", 61);
    s.f.node("/dev/clone", s.f.clone(61));
    const int fd = s.f.open("/dev/clone");
    CHECK(s.f.ioctl(fd, I_PUSH, "spy") == 0);
    CHECK(s.attach(fd) == 0);
    const int again = s.f.open("/name");
    REQUIRE(again >= 0);
    CHECK(s.f.rdev(again) == s.f.rdev(fd));
    CHECK(s.f.stream(again) == s.f.stream(fd));
    CHECK(dev.count("open") == 2);
    CHECK(dev.last("open").sflag == 0);
    CHECK(s.spy.count("open") == 2);
    CHECK(dev.units_taken() == 1);
    CHECK(s.f.close(fd) == 0);
    CHECK(s.detach() == 0);
    CHECK(dev.count("close") == 0);
    CHECK(s.f.write(again, "x") == 1);
    CHECK(s.f.read(again) == "x");
    CHECK(s.f.close(again) == 0);
    CHECK(dev.count("close") == 1);
}

TEST_CASE("FAT-031: the order of what refuses an fattach") {
    Names s;
    const int plain = s.f.open("/second");
    CHECK(s.attach(-1, "/missing") == -EBADF);
    CHECK(s.attach(plain, "/missing") == -EINVAL);
    CHECK(s.attach(s.p[1]) == 0);
    const int through = s.f.open("/name");
    Process &user = s.f.process(9, 9);
    {
        Enter scope(s.f.system);
        CHECK(user.install(s.root.file(through)) == 0);
        ++s.root.file(through)->refs;
    }
    CHECK(s.attach(user, 0, "/name") == -EBUSY);
    CHECK(s.attach(user, 0, "/second") == -EBUSY); // before the owner
}

TEST_CASE("FAT-032: fstat of a descriptor opened through the name tells the name, of the original one the stream") {
    Names s;
    CHECK(outcome(rill_chmod(handle(s.root), "/name", 0640)) == 0);
    CHECK(outcome(rill_chown(handle(s.root), "/name", 7, 8)) == 0);
    CHECK(s.attach(s.p[1]) == 0);
    CHECK(s.attach(s.p[1], "/second") == 0);
    const int fd = s.f.open("/name");
    CHECK(s.f.write(s.p[0], "123") == 3);
    const struct stat name = s.f.fstat(fd), stream = s.f.fstat(s.p[1]);
    CHECK(name.st_mode == (S_IFIFO | 0640));
    CHECK(name.st_uid == 7);
    CHECK(name.st_nlink == 1);
    CHECK(name.st_size == 3);
    CHECK(name.st_ino == s.f.stat("/name").st_ino);
    CHECK(name.st_dev == s.f.stat("/name").st_dev);
    CHECK(stream.st_mode == S_IFIFO);
    CHECK(stream.st_nlink == 0);
    CHECK(s.f.stat("/second").st_ino != name.st_ino);
}

TEST_CASE("FAT-034: a directory may be named: what is below it cannot be reached meanwhile") {
    Names s;
    REQUIRE(outcome(rill_mknod(handle(s.root), "/dir/file", S_IFREG | 0666, 0)) == 0);
    for (const char *path : {"/dir", "/made"}) {
        CAPTURE(path);
        if (path == std::string("/made")) s.f.node("/made", 0, S_IFDIR | 0755);
        CHECK(s.attach(s.p[1], path) == 0);
        CHECK(s.f.stat(path).st_mode == (S_IFIFO | 0755));
        CHECK(s.f.open((std::string(path) + "/file").c_str()) == -ENOTDIR);
        CHECK(s.detach(path) == 0);
        CHECK(S_ISDIR(s.f.stat(path).st_mode));
    }
    CHECK(s.f.open("/dir/file") >= 0);
    CHECK(outcome(rill_unlink(handle(s.root), "/made")) == -EPERM);
    CHECK(outcome(rill_rmdir(handle(s.root), "/dir")) == -ENOTEMPTY);
    CHECK(outcome(rill_unlink(handle(s.root), "/dir/file")) == 0);
    CHECK(outcome(rill_rmdir(handle(s.root), "/dir")) == 0); // it has a node of its own since a name was laid over it
}

TEST_CASE("FAT-035: unlink of a named path detaches it, then removes the file; EPERM for who does not own the name") {
    Names s;
    REQUIRE(outcome(rill_mknod(handle(s.root), "/gone", S_IFREG | 0666, 0)) == 0);
    Process &user = s.f.process(9, 9);
    CHECK(s.attach(s.p[1], "/gone") == 0);
    CHECK(s.f.close(s.p[1]) == 0);
    CHECK(outcome(rill_unlink(handle(user), "/gone")) == -EPERM);
    CHECK(s.is_attached("/gone"));
    CHECK(outcome(rill_rmdir(handle(s.root), "/gone")) == -ENOTDIR);
    CHECK(outcome(rill_unlink(handle(s.root), "/gone")) == 0);
    struct stat st;
    CHECK(outcome(rill_stat(handle(s.root), "/gone", &st)) == -ENOENT);
    CHECK(revents(s.root, s.p[0], POLLIN) == POLLHUP);
}

TEST_CASE("FAT-037: O_CREAT opens the stream, O_TRUNC does nothing to it, O_EXCL is refused: EEXIST") {
    Names s;
    CHECK(s.attach(s.p[1]) == 0);
    CHECK(s.f.write(s.p[0], "kept") == 4);
    const int fd = s.f.open("/name", O_RDWR | O_CREAT | O_TRUNC);
    CHECK(s.f.read(fd) == "kept");
    CHECK(s.f.open("/name", O_RDWR | O_CREAT | O_EXCL) == -EEXIST);
}

TEST_CASE("FAT-038: after fdetach an open descriptor keeps the name's attributes and the stream; the attach's reference goes with the last") {
    Names s;
    CHECK(outcome(rill_chmod(handle(s.root), "/name", 0640)) == 0);
    CHECK(s.attach(s.p[1]) == 0);
    CHECK(s.f.close(s.p[1]) == 0);
    const int fd = s.f.open("/name");
    CHECK(s.detach() == 0);
    CHECK(s.f.fstat(fd).st_mode == (S_IFIFO | 0640));
    CHECK(revents(s.root, s.p[0], POLLIN) == 0);
    CHECK(s.f.close(fd) == 0);
    CHECK(revents(s.root, s.p[0], POLLIN) == POLLHUP);
}

TEST_CASE("FAT-039: both ends and several paths: the far end's close takes all names of the near end") {
    Names s;
    s.f.node("/third", 0, S_IFREG | 0666);
    s.f.node("/far", 0, S_IFREG | 0666);
    for (const char *path : {"/name", "/second", "/third"}) CHECK(s.attach(s.p[1], path) == 0);
    CHECK(s.attach(s.p[0], "/far") == 0);
    CHECK(s.f.close(s.p[0]) == 0);
    CHECK(s.is_attached("/second")); // the name keeps the far end open
    CHECK(s.detach("/far") == 0);
    for (const char *path : {"/name", "/second", "/third"}) CHECK_FALSE(s.is_attached(path));
}

TEST_CASE("FAT-004: a System that ends with names attached detaches them: each driver's close runs") {
    std::vector<std::string> closes;
    {
        Names s;
        Probe &dev = s.f.driver("dev", 61);
        dev.on_close = [&](queue_t *q, int flag, cred_t *cr) {
            closes.emplace_back("close");
            return dev.standard_close(q, flag, cr);
        };
        s.f.node("/dev/clone", s.f.clone(61));
        const int fd = s.f.open("/dev/clone");
        CHECK(s.attach(fd) == 0);
        CHECK(s.attach(s.p[1], "/second") == 0);
        CHECK(s.attach(s.p[0], "/dev/clone") == 0);
        Enter scope(s.f.system);
        s.f.system.end_process(s.f.process());
        drop_names(s.f.system);
        CHECK(closes.empty()); // fd is open
    }
    CHECK(closes.size() == 1);
}

TEST_CASE("FAT-001: each allocation failing in turn, at fattach and at an open of the name: nothing is left") {
    Names s;
    s.f.driver("dev", 61);
    s.f.node("/dev/clone", s.f.clone(61));
    const int clone = s.f.open("/dev/clone");
    for (int fd : {s.p[1], clone}) {
        for_every_allocation(
            s.f, {ENOMEM}, [&] { return s.attach(fd); }, [&](int) { CHECK(s.detach() == 0); });
        CHECK(s.attach(fd) == 0);
        for_every_allocation(
            s.f, {ENOSR, ENFILE, ENOMEM}, [&] { return s.f.open("/name"); }, [&](int opened) { CHECK(s.f.close(opened) == 0); });
        CHECK(s.detach() == 0);
    }
}

TEST_CASE("FAT-038: a chain of names, each over a descriptor opened through the one before, goes whole, however long") {
    Names s;
    int last = s.p[1];
    for (int i = 0; i < 20'000; ++i) {
        REQUIRE(s.attach(last) == 0);
        const int next = s.f.open("/name");
        REQUIRE(next >= 0);
        REQUIRE(s.detach() == 0);
        REQUIRE(s.f.close(last) == 0);
        last = next;
    }
    CHECK(s.f.close(last) == 0);
    CHECK(revents(s.root, s.p[0], POLLIN) == POLLHUP);
}

TEST_CASE("FAT-038 IOC-321: a descriptor opened through a name, sent over the pipe that it is on, and closed: it goes with the name") {
    for (bool detach_last : {false, true}) {
        CAPTURE(detach_last);
        Names s;
        const Census before = s.f.census();
        int q[2];
        REQUIRE(outcome(rill_pipe(handle(s.root), q)) == 0);
        CHECK(s.attach(q[1]) == 0);
        const int through = s.f.open("/name");
        CHECK(s.f.ioctl(q[0], I_SENDFD, through) == 0);
        if (!detach_last) CHECK(s.detach() == 0);
        for (int fd : {through, q[1], q[0]}) CHECK(s.f.close(fd) == 0);
        if (detach_last) CHECK(s.detach() == (s.is_attached() ? 0 : -EINVAL));
        CHECK(s.f.census() == before);
    }
}

TEST_CASE("FAT-034 FAT-033: a directory without a node gets one of its own by chmod and fattach; nothing is made below an attached one; / stays") {
    Names s;
    REQUIRE(outcome(rill_mknod(handle(s.root), "/d/x", S_IFREG | 0666, 0)) == 0);
    REQUIRE(outcome(rill_mknod(handle(s.root), "/e/y", S_IFREG | 0666, 0)) == 0);
    CHECK(outcome(rill_chmod(handle(s.root), "/d", 0700)) == 0);
    CHECK(s.f.stat("/d").st_mode == (S_IFDIR | 0700));
    CHECK(s.f.stat("/e").st_mode == (S_IFDIR | 0755));
    Process &user = s.f.process(8, 8);
    CHECK(s.f.open(user, "/d/x") == -EACCES);
    CHECK(s.attach(s.p[1], "/e") == 0);
    CHECK(outcome(rill_mknod(handle(s.root), "/e/z", S_IFREG | 0666, 0)) == -ENOTDIR);
    CHECK(s.detach("/e") == 0);
    for (const char *path : {"/d/x", "/e/y"}) CHECK(outcome(rill_unlink(handle(s.root), path)) == 0);
    for (const char *path : {"/d", "/e"}) CHECK(outcome(rill_rmdir(handle(s.root), path)) == 0);
    CHECK(outcome(rill_rmdir(handle(s.root), "/")) < 0);
}

// --- connld ---

namespace {

// A server that has connld on the named end; clients of their own ids.
struct Server : Names {
    explicit Server(const char *profile = nullptr, Tunables tunables = {}) : Names(profile, tunables) {
        CHECK(rill_module_add(handle(f.system), "connld", &connldinfo, connlddevflag) == 0);
        CHECK(push(p[1]) == 0);
        CHECK(attach(p[1]) == 0);
    }
    int push(int fd, const char *name = "connld") { return f.ioctl(fd, I_PUSH, name); }
    int receive(strrecvfd &into) {
        const int result = f.ioctl(p[0], I_RECVFD, &into);
        f.run();
        return result;
    }
    int waiting() {
        int bytes;
        return f.ioctl(p[0], I_NREAD, &bytes);
    }
    int write(Process &who, int fd, std::string_view data) {
        return outcome(static_cast<int>(rill_write(handle(who), fd, data.data(), data.size())));
    }
    std::string read(Process &who, int fd) {
        char data[64];
        const ssize_t n = rill_read(handle(who), fd, data, sizeof data);
        return n < 0 ? std::string("-") + strerrorname_np(errno) : std::string(data, static_cast<std::size_t>(n));
    }
};

} // namespace

TEST_CASE("CON-001 CON-003 CON-004: connld goes on an end of a pipe only, and once") {
    Server s;
    s.f.driver("dev", 61);
    s.f.node("/dev/dev", makedevice(61, 0));
    s.f.node("/fifo", 0, S_IFIFO | 0666);
    CHECK(s.push(s.f.open("/dev/dev")) == -EINVAL);
    CHECK(s.push(s.f.open("/fifo")) == -EINVAL);
    CHECK(s.push(s.p[1]) == -ENXIO);
    CHECK(s.f.ioctl(s.p[1], I_LIST, static_cast<str_list *>(nullptr)) == 1);
}

TEST_CASE("CON-002 CON-013: the other end is closed: I_PUSH ENXIO") {
    Server s;
    int q[2];
    CHECK(outcome(rill_pipe(handle(s.root), q)) == 0);
    CHECK(s.f.close(q[0]) == 0);
    CHECK(s.push(q[1]) == -ENXIO);
}

TEST_CASE("CON-005 CON-011: the push makes nothing; messages pass both ways") {
    Server s;
    CHECK(s.waiting() == 0);
    CHECK(put_message(s.root, s.p[1], "up", "data", 2) == 0);
    CHECK(get_message(s.root, s.p[0]) == "up|data");
    CHECK(put_message(s.root, s.p[0], "down", "data", -1) == 0);
    CHECK(get_message(s.root, s.p[1]) == "down|data");
}

TEST_CASE("CON-006 CON-007 CON-008 CON-012: an open of the name waits, with O_NONBLOCK too, until the server has received the other end, with the client's ids") {
    for (int flag : {0, O_NONBLOCK, RILL_O_NDELAY}) {
        CAPTURE(flag);
        Server s;
        Process &client = s.f.process(12, 34);
        Later open = s.f.later_open(client, "/name", O_RDWR | flag);
        CHECK_FALSE(open.done());
        CHECK(revents(s.root, s.p[0], POLLIN) == POLLIN);
        strrecvfd received{};
        CHECK(s.receive(received) == 0);
        REQUIRE(open.done());
        CHECK(open.result() >= 0);
        CHECK(received.uid == 12);
        CHECK(received.gid == 34);
        Stream *end = client.file(open.result())->stream;
        CHECK(end != s.f.stream(s.p[1]));
        CHECK(end->peer == s.f.stream(received.fd));
        CHECK(outcome(rill_isastream(handle(client), open.result())) == 1);
        CHECK(ioctl_of(client, open.result(), I_LIST, static_cast<str_list *>(nullptr)) == 0);
        CHECK(s.write(client, open.result(), "hello") == 5);
        CHECK(s.f.read(received.fd) == "hello");
    }
}

TEST_CASE("CON-009: the server's end closes before it has received: ENXIO, and nothing is left of the connection") {
    Server s;
    Process &client = s.f.process(12, 34);
    Later open = s.f.later_open(client, "/name");
    CHECK_FALSE(open.done());
    CHECK(s.f.close(s.p[0]) == 0);
    CHECK(open.finish() == -ENXIO);
    CHECK(client.descriptors_used == 0);
}

TEST_CASE("CON-010 CON-026: clients have pipes of their own; closing one hangs up only that") {
    Server s;
    Process &a = s.f.process(1, 1), &b = s.f.process(2, 2);
    strrecvfd to_a{}, to_b{};
    Later open_a = s.f.later_open(a, "/name");
    CHECK(s.receive(to_a) == 0);
    Later open_b = s.f.later_open(b, "/name");
    CHECK(s.receive(to_b) == 0);
    CHECK(s.write(a, open_a.result(), "from a") == 6);
    CHECK(s.write(b, open_b.result(), "from b") == 6);
    CHECK(s.f.read(to_a.fd) == "from a");
    CHECK(s.f.read(to_b.fd) == "from b");
    CHECK(s.f.close(a, open_a.result()) == 0);
    CHECK(revents(s.root, to_a.fd, POLLIN) == POLLHUP);
    CHECK(revents(s.root, to_b.fd, POLLIN) == 0);
    CHECK(s.f.write(to_b.fd, "still") == 5);
    CHECK(s.read(b, open_b.result()) == "still");
    Later again = s.f.later_open(a, "/name");
    CHECK(s.receive(to_a) == 0);
    CHECK(again.result() >= 0);
}

TEST_CASE("CON-013 CON-020: without memory EAGAIN, ENFILE or ENOMEM, the server's queue full EAGAIN; nothing is left") {
    Server s;
    Process &client = s.f.process();
    std::vector<Later> opens;
    for_every_allocation(
        s.f, {EAGAIN, ENFILE, ENOMEM},
        [&] {
            Later open = s.f.later_open(client, "/name");
            strrecvfd received{};
            if (!open.done() && s.receive(received) == 0) CHECK(s.f.close(received.fd) == 0);
            return open.result();
        },
        [&](int fd) { CHECK(s.f.close(client, fd) == 0); });
    CHECK(outcome(rill_fcntl(handle(s.root), s.p[1], F_SETFL, O_RDWR | O_NONBLOCK)) >= 0);
    while (s.f.write(s.p[1], std::string(4096, 'x')) > 0) {}
    const Census before = s.f.census();
    CHECK(s.f.open(client, "/name") == -EAGAIN);
    CHECK(s.f.census() == before);
}

TEST_CASE("CON-014: the other end is linked below a multiplexor: EINVAL") {
    Server s;
    Probe &mux = s.f.loose("mux", Probe::Sort::driver);
    mux.tab.st_muxrinit = &mux.read_init;
    mux.tab.st_muxwinit = &mux.write_init;
    mux.on_wput = [&](queue_t *q, mblk_t *mp) {
        if (mp->b_datap->db_type != M_IOCTL) return freemsg(mp);
        mp->b_datap->db_type = M_IOCACK;
        reinterpret_cast<iocblk *>(mp->b_rptr)->ioc_count = 0;
        qreply(q, mp);
    };
    s.f.install(mux, 62);
    s.f.node("/dev/mux", makedevice(62, 0));
    int q[2];
    CHECK(outcome(rill_pipe(handle(s.root), q)) == 0);
    const int above = s.f.open("/dev/mux");
    const int id = s.f.ioctl(above, I_LINK, q[0]);
    CHECK(id > 0);
    CHECK(s.push(q[1]) == -EINVAL);
    CHECK(s.f.ioctl(above, I_UNLINK, id) == 0);
}

TEST_CASE("CON-015: without connld opens of the name share the end again") {
    Server s;
    CHECK(s.f.ioctl(s.p[1], I_POP, 0) == 0);
    const int a = s.f.open("/name"), b = s.f.open("/name");
    CHECK(s.f.stream(a) == s.f.stream(s.p[1]));
    CHECK(s.f.stream(b) == s.f.stream(s.p[1]));
}

TEST_CASE("CON-017: both ends named, both descriptors closed: clients and server use opens only") {
    Server s;
    CHECK(s.attach(s.p[0], "/second") == 0);
    CHECK(s.f.close(s.p[0]) == 0);
    CHECK(s.f.close(s.p[1]) == 0);
    Process &client = s.f.process(3, 3);
    Later open = s.f.later_open(client, "/name");
    CHECK_FALSE(open.done());
    s.p[0] = s.f.open("/second");
    strrecvfd received{};
    CHECK(s.receive(received) == 0);
    CHECK(received.uid == 3);
    CHECK(open.result() >= 0);
    CHECK(s.detach("/second") == 0);
}

TEST_CASE("CON-018: a signal while the client waits: EINTR; the server then receives an end that is hung up") {
    Server s;
    Process &client = s.f.process(12, 34);
    s.f.catch_signal(client, SIGUSR1);
    Later open = s.f.later_open(client, "/name");
    CHECK_FALSE(open.done());
    s.f.kill(client, SIGUSR1);
    CHECK(open.finish() == -EINTR);
    CHECK(s.waiting() == 1);
    strrecvfd received{};
    CHECK(s.receive(received) == 0);
    CHECK(s.f.read(received.fd) == "");
    CHECK(revents(s.root, received.fd, POLLIN) == POLLHUP);
}

TEST_CASE("CON-019: opens of one name come one at a time; who waits for the one before can be interrupted") {
    Server s;
    Process &a = s.f.process(1, 1), &b = s.f.process(2, 2), &c = s.f.process(3, 3);
    s.f.catch_signal(b, SIGUSR1);
    Later open_a = s.f.later_open(a, "/name"), open_b = s.f.later_open(b, "/name"), open_c = s.f.later_open(c, "/name");
    CHECK(s.waiting() == 1);
    s.f.kill(b, SIGUSR1);
    CHECK(open_b.finish() == -EINTR);
    strrecvfd received{};
    CHECK(s.receive(received) == 0);
    CHECK(received.uid == 1);
    CHECK(open_a.done());
    CHECK_FALSE(open_c.done());
    CHECK(s.waiting() == 1);
    CHECK(s.receive(received) == 0);
    CHECK(received.uid == 3);
    CHECK(open_c.done());
}

TEST_CASE("CON-021: the client's descriptor has the mode it asked for, the server's is open both ways") {
    Server s;
    Process &client = s.f.process();
    Later open = s.f.later_open(client, "/name", O_RDONLY);
    strrecvfd received{};
    CHECK(s.receive(received) == 0);
    CHECK((outcome(rill_fcntl(handle(client), open.result(), F_GETFL)) & O_ACCMODE) == O_RDONLY);
    CHECK(s.write(client, open.result(), "x") == -EBADF);
    CHECK(outcome(rill_fcntl(handle(s.root), received.fd, F_GETFL)) == O_RDWR);
}

TEST_CASE("CON-022: the new pipe has no modules; those of the named end are opened again, once a client") {
    Server s;
    CHECK(s.push(s.p[1], "spy") == 0);
    CHECK(s.spy.count("open") == 1);
    Process &client = s.f.process();
    for (int i = 1; i <= 2; ++i) {
        Later open = s.f.later_open(client, "/name");
        strrecvfd received{};
        CHECK(s.receive(received) == 0);
        CHECK(s.spy.count("open") == 1 + i);
        CHECK(s.f.ioctl(received.fd, I_LIST, static_cast<str_list *>(nullptr)) == 0);
        CHECK(ioctl_of(client, open.result(), I_LIST, static_cast<str_list *>(nullptr)) == 0);
    }
}

TEST_CASE("CON-023 FAT-017: the client's descriptor has the attributes of the name, the server's is an unnamed pipe's; the client's may be named") {
    Server s;
    CHECK(outcome(rill_chown(handle(s.root), "/name", 7, 8)) == 0);
    CHECK(outcome(rill_chmod(handle(s.root), "/name", 0646)) == 0);
    Process &client = s.f.process();
    Later open = s.f.later_open(client, "/name");
    strrecvfd received{};
    CHECK(s.receive(received) == 0);
    const struct stat theirs = s.f.fstat(client, open.result()), ours = s.f.fstat(received.fd);
    CHECK(theirs.st_mode == (S_IFIFO | 0646));
    CHECK(theirs.st_uid == 7);
    CHECK(theirs.st_gid == 8);
    CHECK(ours.st_mode == S_IFIFO);
    CHECK(ours.st_nlink == 0);
    CHECK(s.attach(client, open.result(), "/second") == 0);
    CHECK(s.detach("/second") == 0);
}

TEST_CASE("CON-024: while a connection waits, read and getmsg at the server's end: EBADMSG") {
    Server s;
    Process &client = s.f.process();
    Later open = s.f.later_open(client, "/name");
    CHECK(s.f.write(s.p[1], "behind") == 6);
    CHECK(s.f.read(s.p[0]) == "-EBADMSG");
    CHECK(get_message(s.root, s.p[0]) == "-EBADMSG");
    strrecvfd received{};
    CHECK(s.receive(received) == 0);
    CHECK(s.f.read(s.p[0]) == "behind");
    CHECK(open.result() >= 0);
}

TEST_CASE("CON-025: an I_RECVFD that fails leaves the connection there and the client asleep") {
    Tunables few;
    few.descriptors = 4;
    Server s(nullptr, few);
    Process &client = s.f.process();
    Later open = s.f.later_open(client, "/name");
    const int third = s.f.dup(s.p[0]), fourth = s.f.dup(s.p[0]);
    strrecvfd received{};
    CHECK(s.receive(received) == -EMFILE);
    CHECK_FALSE(open.done());
    CHECK(s.f.close(fourth) == 0);
    CHECK(s.f.ioctl(s.p[0], I_RECVFD, static_cast<strrecvfd *>(nullptr)) == -EFAULT);
    CHECK_FALSE(open.done());
    CHECK(s.receive(received) == 0);
    CHECK(received.fd == fourth);
    CHECK(open.done());
    CHECK(s.f.close(third) == 0);
}

TEST_SUITE_END();
