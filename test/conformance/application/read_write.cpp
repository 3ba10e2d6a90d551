// read and write, as a program sees them on any system with STREAMS.
#include "test/calls.hpp"

using application::Application;
using application::failed;

namespace {

// A stream on echo that has got these messages back.
struct Echoed : Application {
    explicit Echoed(std::initializer_list<const char *> messages = {}) : fd(open(nodes.echo)) {
        REQUIRE(fd >= 0);
        for (const char *m : messages) CHECK(write(fd, m) == static_cast<int>(std::strlen(m)));
        CHECK(settled(fd, static_cast<int>(messages.size())));
    }
    int fd;
};

} // namespace

TEST_SUITE_BEGIN("application: read and write");

TEST_CASE("RD-072 WR-061: a descriptor not open for reading, or for writing: EBADF") {
    Application a;
    const int writer = a.open(a.nodes.echo, O_WRONLY), reader = a.open(a.nodes.echo, O_RDONLY);
    CHECK(a.read(writer) == failed(EBADF));
    CHECK(a.write(reader, "ab") == -EBADF);
    CHECK(a.read(-1) == failed(EBADF));
    CHECK(a.write(-1, "ab") == -EBADF);
}

TEST_CASE("RD-061: with O_NONBLOCK a read of an empty stream fails with EAGAIN") {
    Echoed a;
    CHECK(a.no_wait(a.fd) == 0);
    CHECK(a.read(a.fd) == failed(EAGAIN));
    CHECK(a.no_wait(a.fd, false) == 0);
    CHECK(a.write(a.fd, "ab") == 2);
    CHECK(a.read(a.fd) == "ab");
}

TEST_CASE("RD-011: a read of no bytes from an empty stream returns 0 without waiting") {
    Echoed a;
    CHECK(a.read(a.fd, 0) == "");
}

TEST_CASE("RD-001: in byte-stream mode one read gathers several messages") {
    Echoed a{"abc", "def"};
    CHECK(a.read(a.fd, 8) == "abcdef");
}

TEST_CASE("RD-002: in byte-stream mode the unread rest stays in front") {
    Echoed a{"abcdef", "gh"};
    CHECK(a.read(a.fd, 4) == "abcd");
    CHECK(a.read(a.fd, 3) == "efg");
    CHECK(a.read(a.fd, 8) == "h");
}

TEST_CASE("RD-003: a read that has data does not wait for more") {
    Echoed a{"abc"};
    CHECK(a.read(a.fd) == "abc");
}

TEST_CASE("RD-004: in message-nondiscard mode a read ends with its message, and a rest stays") {
    Echoed a{"abcdef", "xy"};
    CHECK(a.ioctl(a.fd, I_SRDOPT, RMSGN) == 0);
    CHECK(a.read(a.fd, 4) == "abcd");
    CHECK(a.read(a.fd, 8) == "ef");
    CHECK(a.read(a.fd, 8) == "xy");
}

TEST_CASE("RD-005: in message-discard mode a read ends with its message, and a rest is thrown away") {
    Echoed a{"abcdef", "xy"};
    CHECK(a.ioctl(a.fd, I_SRDOPT, RMSGD) == 0);
    CHECK(a.read(a.fd, 4) == "abcd");
    CHECK(a.read(a.fd, 8) == "xy");
}

TEST_CASE("RD-007: read takes the message in front whatever its band") {
    Echoed a{"n"};
    CHECK(a.putpmsg(a.fd, nullptr, "u", 2) == 0);
    CHECK(a.settled(a.fd, 2));
    CHECK(a.read(a.fd, 1) == "u");
    CHECK(a.read(a.fd, 1) == "n");
}

TEST_CASE("WR-010 RD-020: a write of no bytes to a device sends an empty message, for which read returns 0") {
    Echoed a;
    CHECK(a.write(a.fd, "") == 0);
    CHECK(a.settled(a.fd, 1));
    CHECK(a.read(a.fd) == "");
    CHECK(a.settled(a.fd, 0));
}

TEST_CASE("RD-021: an empty message met after data ends the read and stays for the next one") {
    Echoed a{"ab", "", "cd"};
    CHECK(a.read(a.fd, 8) == "ab");
    CHECK(a.read(a.fd, 8) == "");
    CHECK(a.read(a.fd, 8) == "cd");
}

TEST_CASE("WR-011: a write of no bytes to a pipe sends nothing, with SNDZERO an empty message") {
    Application a;
    int ends[2];
    REQUIRE(a.pipe(ends) == 0);
    CHECK(a.write(ends[0], "") == 0);
    CHECK(a.settled(ends[1], 0));
    CHECK(a.ioctl(ends[0], I_SWROPT, SNDZERO) == 0);
    CHECK(a.write(ends[0], "") == 0);
    CHECK(a.settled(ends[1], 1));
    CHECK(a.read(ends[1]) == "");
}

TEST_CASE("RD-040 RD-041: in front of a control part read fails with EBADMSG, and the message stays") {
    for (int flags : {0, RS_HIPRI}) {
        CAPTURE(flags);
        Echoed a;
        CHECK(a.putmsg(a.fd, "H", "ab", flags) == 0);
        CHECK(a.settled(a.fd, 1));
        CHECK(a.read(a.fd) == failed(EBADMSG));
        CHECK(a.read(a.fd) == failed(EBADMSG));
        const auto got = a.getmsg(a.fd);
        CHECK(got.ctl == "H");
        CHECK(got.data == "ab");
    }
}

TEST_CASE("RD-043: a read that has data when it meets a control part returns what it has; the next one fails") {
    Echoed a{"ab"};
    CHECK(a.putmsg(a.fd, "H", "cd") == 0);
    CHECK(a.settled(a.fd, 2));
    CHECK(a.read(a.fd, 8) == "ab");
    CHECK(a.read(a.fd, 8) == failed(EBADMSG));
}

TEST_CASE("RD-044: with RPROTDAT the control part is read as data") {
    Echoed a;
    CHECK(a.ioctl(a.fd, I_SRDOPT, RPROTDAT) == 0);
    CHECK(a.putmsg(a.fd, "H", "ab") == 0);
    CHECK(a.read(a.fd, 8) == "Hab");
}

TEST_CASE("RD-045 RD-046: with RPROTDIS control parts are dropped, a message that is nothing else whole") {
    Echoed a;
    CHECK(a.ioctl(a.fd, I_SRDOPT, RPROTDIS) == 0);
    CHECK(a.putmsg(a.fd, "H", nullptr) == 0);
    CHECK(a.putmsg(a.fd, "J", "ab") == 0);
    CHECK(a.read(a.fd, 8) == "ab");
    CHECK(a.settled(a.fd, 0));
}

TEST_CASE("RD-008: once its control part is taken, the rest of a high-priority message is read like any data") {
    Echoed a;
    CHECK(a.putmsg(a.fd, "H", "ab", RS_HIPRI) == 0);
    CHECK(a.getmsg(a.fd, 0, 8, -1).result == MOREDATA);
    CHECK(a.read(a.fd) == "ab");
}

TEST_CASE("WR-031 WR-032 RD-078: without room a write that does not wait fails with EAGAIN; reading makes room again") {
    Echoed a;
    const int sent = a.fill(a.fd);
    CHECK(sent > 0);
    int got = 0;
    for (std::string part; (part = a.read(a.fd, 4096)) != failed(EAGAIN); got += static_cast<int>(part.size())) {
        REQUIRE(part.substr(0, 1) == "x");
        if (got + static_cast<int>(part.size()) < sent) CHECK(a.shows(a.fd, POLLIN, 1000) == POLLIN);
    }
    CHECK(got == sent);
    CHECK(a.shows(a.fd, POLLOUT, 1000) == POLLOUT);
    CHECK(a.write(a.fd, "again") == 5);
}

TEST_CASE("RD-065: after a hangup read still gives what is queued, then 0") {
    Application a;
    int ends[2];
    a.joined(a.nodes.loop, ends);
    CHECK(a.write(ends[0], "ab") == 2);
    CHECK(a.settled(ends[1], 1));
    CHECK(a.close(ends[0]) == 0);
    CHECK(a.shows(ends[1], 0, 1000) == POLLHUP);
    CHECK(a.read(ends[1]) == "ab");
    CHECK(a.read(ends[1]) == "");
    CHECK(a.no_wait(ends[1]) == 0);
    CHECK(a.read(ends[1]) == "");
}

TEST_CASE("RD-048: in front of a passed descriptor read fails with EBADMSG, and it stays") {
    Application a;
    int ends[2];
    REQUIRE(a.pipe(ends) == 0);
    CHECK(a.ioctl(ends[0], I_SENDFD, ends[0]) == 0);
    CHECK(a.read(ends[1]) == failed(EBADMSG));
    struct strrecvfd received = {};
    CHECK(a.ioctl(ends[1], I_RECVFD, &received) == 0);
    CHECK(a.close(received.fd) == 0);
}

TEST_SUITE_END();
