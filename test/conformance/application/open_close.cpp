// Opening and closing, as a program sees it on any system with STREAMS.
#include "test/calls.hpp"

using application::Application;

TEST_SUITE_BEGIN("application: open and close");

TEST_CASE("OPN-041: isastream of a descriptor that is not open: EBADF") {
    Application a;
    CHECK(a.isastream(-1) == -EBADF);
    const int fd = a.open(a.nodes.echo);
    CHECK(a.close(fd) == 0);
    CHECK(a.isastream(fd) == -EBADF);
}

TEST_CASE("CLS-020: closing a descriptor that is not open: EBADF") {
    Application a;
    CHECK(a.close(-1) == -EBADF);
    const int fd = a.open(a.nodes.echo);
    CHECK(a.close(fd) == 0);
    CHECK(a.close(fd) == -EBADF);
}

TEST_CASE("OPN-001 OPN-040: an open device is a stream; a plain file is not") {
    Application a;
    CHECK(a.isastream(a.open(a.nodes.echo)) == 1);
    const int plain = a.open(a.nodes.file);
    REQUIRE(plain >= 0);
    CHECK(a.isastream(plain) == 0);
}

TEST_CASE("OPN-042: both ends of a pipe are streams") {
    Application a;
    int ends[2];
    REQUIRE(a.pipe(ends) == 0);
    CHECK(a.isastream(ends[0]) == 1);
    CHECK(a.isastream(ends[1]) == 1);
}

TEST_CASE("OPN-006: two opens of one device are one stream") {
    Application a;
    const int first = a.open(a.nodes.unit), second = a.open(a.nodes.unit);
    REQUIRE(second >= 0);
    CHECK(a.ioctl(first, I_PUSH, a.nodes.module) == 0);
    CHECK(a.top(second) == a.nodes.module);
    CHECK(a.write(first, "ab") == 2);
    CHECK(a.read(second) == "ab");
    CHECK(a.close(first) == 0);
    CHECK(a.top(second) == a.nodes.module);
}

TEST_CASE("OPN-015: O_NONBLOCK does nothing to a first open but set the descriptor's mode") {
    Application a;
    const int fd = a.open(a.nodes.echo, O_RDWR | O_NONBLOCK);
    REQUIRE(fd >= 0);
    CHECK(a.read(fd) == application::failed(EAGAIN));
}

TEST_CASE("OPN-016: O_TRUNC and O_APPEND mean nothing to a stream") {
    Application a;
    const int fd = a.open(a.nodes.echo, O_RDWR | O_TRUNC | O_APPEND);
    REQUIRE(fd >= 0);
    CHECK(a.write(fd, "ab") == 2);
    CHECK(a.read(fd) == "ab");
}

TEST_CASE("OPN-021: what a new stream starts with") {
    Application a;
    const int fd = a.open(a.nodes.echo);
    CHECK(a.value(fd, I_GRDOPT) == RPROTNORM);
    CHECK(a.value(fd, I_GWROPT) == 0);
    CHECK(a.value(fd, I_GETCLTIME) == 15000);
    CHECK(a.value(fd, I_GETSIG) == -EINVAL);
}

TEST_CASE("CLS-001: any close ends the process's SIGPOLL registration, though another descriptor keeps the stream") {
    Application a;
    const int fd = a.open(a.nodes.echo), other = a.dup(fd);
    CHECK(a.ioctl(fd, I_SETSIG, S_HANGUP) == 0);
    CHECK(a.value(other, I_GETSIG) == S_HANGUP);
    CHECK(a.close(fd) == 0);
    CHECK(a.value(other, I_GETSIG) == -EINVAL);
}

TEST_CASE("CLS-002: a close that is not the last leaves the stream as it is") {
    Application a;
    const int fd = a.open(a.nodes.echo), copy = a.dup(fd), third = a.dup2(fd, fd + 10);
    CHECK(third == fd + 10);
    CHECK(a.ioctl(fd, I_SRDOPT, RMSGN) == 0);
    CHECK(a.write(fd, "ab") == 2);
    CHECK(a.close(fd) == 0);
    CHECK(a.close(copy) == 0);
    CHECK(a.read(third) == "ab");
    CHECK(a.value(third, I_GRDOPT) == (RMSGN | RPROTNORM));
}

TEST_CASE("CLS-018: the last close of one end of a pipe hangs up the other, which still has its data") {
    Application a;
    int ends[2];
    REQUIRE(a.pipe(ends) == 0);
    CHECK(a.write(ends[0], "ab") == 2);
    const int copy = a.dup(ends[0]);
    CHECK(a.close(ends[0]) == 0);
    CHECK(a.shows(ends[1], 0) == 0);
    CHECK(a.close(copy) == 0);
    CHECK(a.shows(ends[1], POLLOUT, 1000) == POLLHUP);
    CHECK(a.read(ends[1]) == "ab");
    CHECK(a.read(ends[1]) == "");
    CHECK(a.read(ends[1]) == "");
}

TEST_SUITE_END();
