// streamio(7) apart from modules, as a program sees it on any system with STREAMS.
#include "test/calls.hpp"

using application::Application;

namespace {

constexpr int unknown_command = ('z' << 8) | 1;

struct Echoing : Application {
    Echoing() : fd(open(nodes.echo)) { REQUIRE(fd >= 0); }
    int fd;
};

struct Pipe : Application {
    Pipe() { REQUIRE(pipe(end) == 0); }
    int receive(int from) {
        struct strrecvfd received = {};
        const int result = ioctl(from, I_RECVFD, &received);
        return result < 0 ? result : received.fd;
    }
    int end[2];
};

// I_PEEK: what it returned, and the parts; -7 for a length it did not set.
struct Peeked {
    int result, ctl_len, data_len;
    long flags;
    std::string data;
};
Peeked peek(Echoing &a, int ctl_max, int data_max, long flags = 0) {
    char ctl[64], data[64];
    struct strpeek p = {{ctl_max, -7, ctl}, {data_max, -7, data}, 0};
    p.flags = static_cast<decltype(p.flags)>(flags); // a system's own width
    const int result = a.ioctl(a.fd, I_PEEK, &p);
    return {result, p.ctlbuf.len, p.databuf.len, p.flags,
            std::string(data, static_cast<std::size_t>(std::max(p.databuf.len, 0)))};
}

} // namespace

TEST_SUITE_BEGIN("application: ioctl");

TEST_CASE("IOC-001: a descriptor that is not open: EBADF") {
    Application a;
    CHECK(a.value(-1, I_GRDOPT) == -EBADF);
}

TEST_CASE("IOC-010 IOC-115: a command that nobody knows is refused by the driver: EINVAL, as itself and in I_STR") {
    Echoing a;
    CHECK(a.ioctl(a.fd, unknown_command) == -EINVAL);
    CHECK(a.str(a.fd, unknown_command) == -EINVAL);
}

TEST_CASE("IOC-112: the driver's value is the result of I_STR") {
    Application a;
    const int first = a.open(a.nodes.unit);
    CHECK(a.str(first, ECHO_MINOR) == 3);
}

TEST_CASE("IOC-113: the driver's data is copied to ic_dp, and ic_len tells how much") {
    Echoing a;
    CHECK(a.write(a.fd, "12345") == 5);
    CHECK(a.read(a.fd) == "12345");
    unsigned long bytes = 0;
    int length = 0;
    CHECK(a.str(a.fd, ECHO_BYTES, &bytes, &length) == 0);
    CHECK(bytes == 5);
    CHECK(length == sizeof bytes);
}

TEST_CASE("IOC-116: when I_STR fails ic_len is as it was") {
    Echoing a;
    char data[8] = "same";
    int length = 3;
    CHECK(a.str(a.fd, unknown_command, data, &length) == -EINVAL);
    CHECK(length == 3);
    CHECK(std::string(data) == "same");
}

TEST_CASE("IOC-119 IOC-120: ic_timout below -1 and ic_len below 0: EINVAL") {
    Echoing a;
    struct strioctl s = {ECHO_MINOR, -2, 0, nullptr};
    CHECK(a.ioctl(a.fd, I_STR, &s) == -EINVAL);
    s = {ECHO_MINOR, 0, -1, nullptr};
    CHECK(a.ioctl(a.fd, I_STR, &s) == -EINVAL);
    s = {ECHO_MINOR, -1, 0, nullptr};
    CHECK(a.ioctl(a.fd, I_STR, &s) == 0);
}

TEST_CASE("IOC-144: I_STR does not carry a link request") {
    Echoing a;
    for (int command : {I_LINK, I_PLINK, I_UNLINK, I_PUNLINK}) CHECK(a.str(a.fd, command) == -EINVAL);
}

TEST_CASE("MUX-009 IOC-231: a driver without a lower half, and a pipe, link nothing: EINVAL") {
    Pipe a;
    const int echo = a.open(a.nodes.echo);
    for (int command : {I_LINK, I_PLINK}) {
        CHECK(a.ioctl(echo, command, a.end[0]) == -EINVAL);
        CHECK(a.ioctl(a.end[0], command, echo) == -EINVAL);
    }
    CHECK(a.write(echo, "ab") == 2);
    CHECK(a.read(echo) == "ab");
}

TEST_CASE("IOC-050 IOC-055: I_FLUSH of the read side empties the head, high priority included") {
    Echoing a;
    CHECK(a.write(a.fd, "ab") == 2);
    CHECK(a.putmsg(a.fd, "H", nullptr, RS_HIPRI) == 0);
    CHECK(a.settled(a.fd, 2));
    CHECK(a.ioctl(a.fd, I_FLUSH, FLUSHW) == 0);
    CHECK(a.settled(a.fd, 2));
    CHECK(a.ioctl(a.fd, I_FLUSH, FLUSHR) == 0);
    CHECK(a.settled(a.fd, 0));
    CHECK(a.putmsg(a.fd, "again", nullptr, RS_HIPRI) == 0);
    CHECK(a.getmsg(a.fd).ctl == "again");
}

TEST_CASE("IOC-051 IOC-059: bits that are no flush: EINVAL") {
    Echoing a;
    for (int bits : {4, 8, FLUSHRW | 0x10}) CHECK(a.ioctl(a.fd, I_FLUSH, bits) == -EINVAL);
    struct bandinfo band = {1, 4};
    CHECK(a.ioctl(a.fd, I_FLUSHBAND, &band) == -EINVAL);
}

TEST_CASE("IOC-060: I_FLUSHBAND takes the messages of that band only") {
    Echoing a;
    CHECK(a.write(a.fd, "nought") == 6);
    CHECK(a.putpmsg(a.fd, nullptr, "two", 2) == 0);
    CHECK(a.settled(a.fd, 2));
    struct bandinfo band = {2, FLUSHR};
    CHECK(a.ioctl(a.fd, I_FLUSHBAND, &band) == 0);
    CHECK(a.settled(a.fd, 1));
    CHECK(a.read(a.fd) == "nought");
}

TEST_CASE("IOC-070 IOC-071 IOC-072: I_NREAD counts the messages, and the data bytes of the first") {
    Echoing a;
    int bytes = -1;
    CHECK(a.ioctl(a.fd, I_NREAD, &bytes) == 0);
    CHECK(bytes == 0);
    CHECK(a.putmsg(a.fd, "control", "ab") == 0);
    CHECK(a.write(a.fd, "") == 0);
    CHECK(a.settled(a.fd, 2));
    CHECK(a.ioctl(a.fd, I_NREAD, &bytes) == 2);
    CHECK(bytes == 2);
    CHECK(a.getmsg(a.fd).data == "ab");
    CHECK(a.ioctl(a.fd, I_NREAD, &bytes) == 1);
    CHECK(bytes == 0);
}

TEST_CASE("IOC-075 IOC-078 IOC-080: I_PEEK copies what fits of the first message and leaves it; it never waits") {
    Echoing a;
    CHECK(peek(a, 8, 8).result == 0);
    CHECK(a.write(a.fd, "abcdef") == 6);
    CHECK(a.settled(a.fd, 1));
    const Peeked seen = peek(a, 8, 4);
    CHECK(seen.result == 1);
    CHECK(seen.ctl_len == -1);
    CHECK(seen.data == "abcd");
    CHECK(a.read(a.fd) == "abcdef");
}

TEST_CASE("IOC-076 IOC-077: I_PEEK with RS_HIPRI sees a high-priority message only, and says that it is one") {
    Echoing a;
    CHECK(a.write(a.fd, "ab") == 2);
    CHECK(a.settled(a.fd, 1));
    CHECK(peek(a, 8, 8, RS_HIPRI).result == 0);
    CHECK(peek(a, 8, 8).flags == 0);
    CHECK(a.putmsg(a.fd, "H", nullptr, RS_HIPRI) == 0);
    CHECK(a.settled(a.fd, 2));
    const Peeked seen = peek(a, 8, 8);
    CHECK(seen.result == 1);
    CHECK(seen.flags == RS_HIPRI);
    CHECK(seen.ctl_len == 1);
}

TEST_CASE("IOC-085: I_PEEK with maxlen 0 gives length 0, with -1 length -1, whatever is there") {
    Echoing a;
    CHECK(a.putmsg(a.fd, "H", "ab") == 0);
    CHECK(a.settled(a.fd, 1));
    const Peeked seen = peek(a, 0, -1);
    CHECK(seen.result == 1);
    CHECK(seen.ctl_len == 0);
    CHECK(seen.data_len == -1);
}

TEST_CASE("IOC-090 IOC-094 IOC-097: I_SRDOPT sets the read mode, and the control mode if it names one") {
    Echoing a;
    CHECK(a.value(a.fd, I_GRDOPT) == (RNORM | RPROTNORM));
    CHECK(a.ioctl(a.fd, I_SRDOPT, RMSGD | RPROTDIS) == 0);
    CHECK(a.value(a.fd, I_GRDOPT) == (RMSGD | RPROTDIS));
    CHECK(a.ioctl(a.fd, I_SRDOPT, RMSGN) == 0);
    CHECK(a.value(a.fd, I_GRDOPT) == (RMSGN | RPROTDIS));
}

TEST_CASE("IOC-091 IOC-092: read options that do not exist, or exclude each other: EINVAL, and none changes") {
    Echoing a;
    for (int options : {0x20, RMSGD | RMSGN, -1}) CHECK(a.ioctl(a.fd, I_SRDOPT, options) == -EINVAL);
    CHECK(a.value(a.fd, I_GRDOPT) == RPROTNORM);
}

TEST_CASE("IOC-098 IOC-101: I_SWROPT replaces the write options") {
    Echoing a;
    CHECK(a.value(a.fd, I_GWROPT) == 0);
    CHECK(a.ioctl(a.fd, I_SWROPT, SNDZERO) == 0);
    CHECK(a.value(a.fd, I_GWROPT) == SNDZERO);
    CHECK(a.ioctl(a.fd, I_SWROPT, 0) == 0);
    CHECK(a.value(a.fd, I_GWROPT) == 0);
}

TEST_CASE("IOC-202 IOC-203: I_ATMARK of an empty stream gives 0, of bits that do not exist EINVAL") {
    Echoing a;
    CHECK(a.ioctl(a.fd, I_ATMARK, ANYMARK) == 0);
    CHECK(a.ioctl(a.fd, I_ATMARK, LASTMARK) == 0);
    CHECK(a.ioctl(a.fd, I_ATMARK, 4) == -EINVAL);
}

TEST_CASE("IOC-209 IOC-213: a band below 0 or above 255: EINVAL") {
    Echoing a;
    for (int command : {I_CKBAND, I_CANPUT})
        for (int band : {-1, 256}) CHECK(a.ioctl(a.fd, command, band) == -EINVAL);
}

TEST_CASE("IOC-210 IOC-211: I_GETBAND tells the band of the first message; ENODATA when there is none") {
    Echoing a;
    CHECK(a.value(a.fd, I_GETBAND) == -ENODATA);
    CHECK(a.putpmsg(a.fd, nullptr, "ab", 5) == 0);
    CHECK(a.settled(a.fd, 1));
    CHECK(a.value(a.fd, I_GETBAND) == 5);
    CHECK(a.ioctl(a.fd, I_CKBAND, 5) == 1);
    CHECK(a.ioctl(a.fd, I_CKBAND, 4) == 0);
}

TEST_CASE("IOC-212: I_CANPUT tells whether a band has room") {
    Echoing a;
    CHECK(a.ioctl(a.fd, I_CANPUT, 0) == 1);
    CHECK(a.fill(a.fd) > 0);
    CHECK(a.ioctl(a.fd, I_CANPUT, 0) == 0);
    CHECK(a.ioctl(a.fd, I_CANPUT, 1) == 1);
}

TEST_CASE("IOC-220 IOC-223 IOC-225: the close time, in milliseconds; a negative one: EINVAL") {
    Echoing a;
    int ms = 250;
    CHECK(a.ioctl(a.fd, I_SETCLTIME, &ms) == 0);
    CHECK(a.value(a.fd, I_GETCLTIME) >= 250);
    CHECK(a.value(a.fd, I_GETCLTIME) < 1250);
    ms = -1;
    CHECK(a.ioctl(a.fd, I_SETCLTIME, &ms) == -EINVAL);
    ms = 0;
    CHECK(a.ioctl(a.fd, I_SETCLTIME, &ms) == 0);
    CHECK(a.value(a.fd, I_GETCLTIME) == 0);
}

TEST_CASE("IOC-146: an ioctl that reaches the other end of a pipe is refused: EINVAL") {
    Pipe a;
    CHECK(a.str(a.end[0], unknown_command) == -EINVAL);
}

TEST_CASE("IOC-160 IOC-165: a passed descriptor leads to the same open file, though the sender closed its own") {
    Pipe a;
    const int echo = a.open(a.nodes.echo);
    CHECK(a.write(echo, "before") == 6);
    CHECK(a.settled(echo, 1));
    const dev_t device = a.fstat(echo).st_rdev;
    CHECK(a.ioctl(a.end[0], I_SENDFD, echo) == 0);
    CHECK(a.close(echo) == 0);
    const int received = a.receive(a.end[1]);
    REQUIRE(received >= 0);
    CHECK(a.fstat(received).st_rdev == device);
    CHECK(a.read(received) == "before");
    CHECK(a.close(received) == 0);
}

TEST_CASE("IOC-161 IOC-162: I_SENDFD needs a pipe, and an open descriptor") {
    Pipe a;
    const int echo = a.open(a.nodes.echo);
    CHECK(a.ioctl(echo, I_SENDFD, a.end[0]) == -EINVAL);
    CHECK(a.ioctl(a.end[0], I_SENDFD, -1) == -EBADF);
    CHECK(a.settled(a.end[1], 0));
}

TEST_CASE("IOC-167 IOC-168: I_RECVFD of an empty pipe that does not wait: EAGAIN; hung up: ENXIO") {
    Pipe a;
    CHECK(a.no_wait(a.end[1]) == 0);
    CHECK(a.receive(a.end[1]) == -EAGAIN);
    CHECK(a.close(a.end[0]) == 0);
    CHECK(a.shows(a.end[1], 0, 1000) == POLLHUP);
    CHECK(a.receive(a.end[1]) == -ENXIO);
}

TEST_CASE("IOC-169: I_RECVFD in front of data: EBADMSG, and the data stays") {
    Pipe a;
    CHECK(a.write(a.end[0], "ab") == 2);
    CHECK(a.receive(a.end[1]) == -EBADMSG);
    CHECK(a.read(a.end[1]) == "ab");
}

TEST_SUITE_END();
