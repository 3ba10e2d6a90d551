// Descriptors, credentials and signals of a process.
#include "test/harness.hpp"

#include <sys/ddi.h>

using namespace rill;
using namespace rill::test;

namespace {
constexpr major_t N = 61;

Probe &echo_at(Fixture &f) {
    Probe &echo = f.driver("echo", N);
    f.node("/dev/echo", f.clone(N));
    return echo;
}
} // namespace

TEST_SUITE_BEGIN("process");

TEST_CASE("dup and dup2 of what is not open, and to what cannot be: EBADF") {
    Fixture f;
    echo_at(f);
    int fd = f.open("/dev/echo");
    CHECK(f.dup(7) == -EBADF);
    CHECK(f.dup(-1) == -EBADF);
    CHECK(outcome(rill_dup2(handle(f.root), 7, fd)) == -EBADF);
    CHECK(outcome(rill_dup2(handle(f.root), fd, -1)) == -EBADF);
    CHECK(outcome(rill_dup2(handle(f.root), fd, 1 << 20)) == -EBADF);
    CHECK(f.write(fd, "x") == 1); // 7 was not duplicated over it
    CHECK(f.read(fd) == "x");
}

TEST_CASE("a descriptor of another process is not this one's") {
    Fixture f;
    echo_at(f);
    Process &other = f.process();
    int fd = f.open("/dev/echo");
    CHECK(fd >= 0);
    CHECK(f.close(other, fd) == -EBADF);
    CHECK(f.write(fd, "x") == 1);
}

TEST_CASE("read of a write-only descriptor and write of a read-only one: EBADF") {
    Fixture f;
    echo_at(f);
    int w = f.open("/dev/echo", O_WRONLY), r = f.open("/dev/echo", O_RDONLY);
    CHECK(f.read(w) == "-EBADF");
    CHECK(f.write(r, "x") == -EBADF);
    CHECK(f.open("/dev/echo", O_ACCMODE) == -EINVAL);
}

TEST_CASE("a descriptor that an open has only reserved is not open yet") {
    Fixture f;
    Probe &echo = echo_at(f);
    echo.on_open = [&](queue_t *q, dev_t *devp, int oflag, int sflag, cred_t *crp) {
        f.nap(&echo);
        return echo.standard_open(q, devp, oflag, sflag, crp);
    };
    Process &p = f.process(); // two threads of one process
    Later opening = f.later_open(p, "/dev/echo");
    CHECK_FALSE(opening.done());
    struct stat st;
    CHECK(outcome(rill_fstat(handle(p), 0, &st)) == -EBADF);
    CHECK(outcome(rill_dup(handle(p), 0)) == -EBADF);
    CHECK(outcome(rill_dup2(handle(p), 0, 5)) == -EBADF);
    CHECK(outcome(static_cast<int>(rill_write(handle(p), 0, "x", 1))) == -EBADF);
    CHECK(f.close(p, 0) == -EBADF);
    f.wake(&echo);
    CHECK(opening.finish() == 0);
    CHECK(f.close(p, 0) == 0);
}

TEST_CASE("only a privileged process makes device nodes") {
    Fixture f;
    Process &user = f.process(1000, 100);
    CHECK(outcome(rill_mknod(handle(user), "/dev/mine", S_IFCHR | 0666, makedevice(N, 0))) == -EPERM);
    struct stat st;
    CHECK(outcome(rill_stat(handle(user), "/dev/mine", &st)) == -ENOENT);
}

TEST_CASE("the lowest free descriptor is taken, after close and after dup2 too") {
    Fixture f;
    echo_at(f);
    CHECK(f.open("/dev/echo") == 0);
    CHECK(f.open("/dev/echo") == 1);
    CHECK(f.open("/dev/echo") == 2);
    CHECK(f.close(1) == 0);
    CHECK(f.close(0) == 0);
    CHECK(f.dup(2) == 0);
    CHECK(outcome(rill_dup2(handle(f.root), 2, 1)) == 1);
    CHECK(f.dup(2) == 3);
    CHECK(outcome(rill_dup2(handle(f.root), 2, 9)) == 9);
    CHECK(f.dup(2) == 4);
    CHECK(outcome(rill_fcntl(handle(f.root), 2, F_DUPFD, 8)) == 8);
    CHECK(outcome(rill_fcntl(handle(f.root), 2, F_DUPFD, 8)) == 10);
    CHECK(f.close(4) == 0);
    CHECK(f.dup(2) == 4);
}

TEST_CASE("dup2 closes what it replaces, once, and onto itself does nothing") {
    Fixture f;
    Probe &echo = echo_at(f);
    int a = f.open("/dev/echo"), b = f.open("/dev/echo");
    CHECK(outcome(rill_dup2(handle(f.root), a, a)) == a);
    CHECK(echo.count("close") == 0);
    CHECK(outcome(rill_dup2(handle(f.root), a, b)) == b);
    CHECK(echo.count("close") == 1);
    CHECK(f.rdev(b) == f.rdev(a));
    CHECK(f.close(a) == 0);
    CHECK(f.write(b, "x") == 1);
    CHECK(f.read(b) == "x");
}

TEST_CASE("F_SETFL changes no-wait, keeps the access mode, and is shared by duplicates") {
    Fixture f;
    echo_at(f);
    int fd = f.open("/dev/echo", O_RDWR), copy = f.dup(fd);
    CHECK(outcome(rill_fcntl(handle(f.root), fd, F_GETFL)) == O_RDWR);
    CHECK(outcome(rill_fcntl(handle(f.root), fd, F_SETFL, O_NONBLOCK)) == 0);
    CHECK(outcome(rill_fcntl(handle(f.root), copy, F_GETFL)) == (O_RDWR | O_NONBLOCK));
    CHECK(f.read(copy) == "-EAGAIN");
    CHECK(outcome(rill_fcntl(handle(f.root), copy, F_SETFL, 0)) == 0);
    CHECK(outcome(rill_fcntl(handle(f.root), fd, F_GETFL)) == O_RDWR);
}

TEST_CASE("exit closes everything, in any state") {
    Fixture f;
    Probe &echo = echo_at(f);
    Process &p = f.process();
    for (int i = 0; i < 3; ++i) CHECK(f.open(p, "/dev/echo") == i);
    CHECK(outcome(rill_dup(handle(p), 1)) == 3);
    rill_proc_exit(handle(p));
    CHECK(echo.count("close") == 3);
    CHECK(echo.units_taken() == 0);
}

TEST_CASE("a caught signal runs its handler when the call returns; an ignored or default one ends no sleep") {
    Fixture f;
    echo_at(f);
    static int handled;
    handled = 0;
    Process &p = f.process();
    CHECK(rill_signal(handle(p), SIGUSR1, [](int sig) { handled += sig; }) == 0);
    CHECK(rill_signal(handle(p), SIGUSR2, SIG_IGN) == 0);
    CHECK(outcome(rill_signal(handle(p), 0, SIG_IGN)) == -EINVAL);
    CHECK(outcome(rill_signal(handle(p), SIGKILL, SIG_IGN)) == -EINVAL);
    int fd = f.open(p, "/dev/echo");
    char byte;
    Later reading = f.later(p, "read", [&] { return outcome(static_cast<int>(rill_read(handle(p), fd, &byte, 1))); });
    CHECK_FALSE(reading.done());
    f.kill(p, SIGUSR2);
    f.run();
    CHECK_FALSE(reading.done());
    CHECK(handled == 0);
    f.kill(p, SIGUSR1);
    CHECK(reading.finish() == -EINTR);
    struct stat st;
    CHECK(rill_fstat(handle(p), fd, &st) == 0); // a call after which the handler has run in any case
    CHECK(handled == SIGUSR1);
}

TEST_CASE("rill_why names errno, rung, reason and clause of the last call, and is empty after a success") {
    Fixture f;
    echo_at(f);
    f.node("/dev/none", f.clone(99));
    CHECK(f.open("/dev/none") == -ENXIO);
    CHECK(f.why().find("CLN-050") != std::string::npos);
    CHECK(f.why().find("ENXIO: clone open: ") == 0); // the errno's name, the rung, then the reason
    CHECK(f.open("/dev/echo") >= 0);
    CHECK(f.why() == "");
    CHECK(f.close(55) == -EBADF);
    CHECK(f.why().find("EBADF: close") == 0);
}

TEST_CASE("a call that nothing could ever wake ends with EDEADLK instead of hanging") {
    Fixture f;
    echo_at(f);
    int fd = f.open("/dev/echo");
    CHECK(f.read(fd) == "-EDEADLK");
    CHECK(f.write(fd, "x") == 1); // and the stream goes on
    CHECK(f.read(fd) == "x");
}

TEST_CASE("a process that ends takes its sleeping calls with it: an interruptible one at once, any other when it is over") {
    Fixture f;
    Probe &echo = f.driver("echo", 61, 4);
    echo.on_open = [&echo](queue_t *q, dev_t *devp, int oflag, int sflag, cred_t *crp) {
        delay(50);
        return echo.standard_open(q, devp, oflag, sflag, crp);
    };
    f.node("/dev/echo", f.clone(61));
    Process &p = f.process();
    const int fd = f.open(p, "/dev/echo");
    REQUIRE(fd >= 0);
    char buffer[4];
    Later reader = f.later(p, "read", [&] { return rill_read(handle(p), fd, buffer, sizeof buffer) < 0 ? -errno : 0; });
    Later opener = f.later(p, "open", [&] { return rill_open(handle(p), "/dev/echo", O_RDWR) < 0 ? -errno : 0; });
    REQUIRE(!reader.done());
    REQUIRE(!opener.done());
    rill_proc_exit(handle(p));
    CHECK(reader.result() == -EINTR);
    CHECK(opener.result() == 0); // it came to its end, and exit closed what it had opened
    CHECK(echo.count("close") == 2);
}

TEST_SUITE_END();
