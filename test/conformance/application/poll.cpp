// poll, as a program sees it on any system with STREAMS.
#include "test/calls.hpp"

using application::Application;

namespace {

struct Polled : Application {
    Polled() : fd(open(nodes.echo)) { REQUIRE(fd >= 0); }
    int fd;
    static constexpr int reads = POLLIN | POLLRDNORM | POLLRDBAND | POLLPRI;
};

} // namespace

TEST_SUITE_BEGIN("application: poll");

TEST_CASE("POL-001 POL-002 POL-003: an entry below 0 is skipped, one not open gets POLLNVAL and counts") {
    Polled a;
    struct pollfd entries[3] = {{-1, POLLIN, -1}, {a.fd + 50, POLLIN, 0}, {a.fd, POLLOUT, 0}};
    CHECK(a.c.poll(entries, 3, 0) == 2);
    CHECK(entries[0].revents == 0);
    CHECK(entries[1].revents == POLLNVAL);
    CHECK(entries[2].revents == POLLOUT);
}

TEST_CASE("POL-003 POL-004: nothing ready: 0, at once or after the time given") {
    Polled a;
    CHECK(a.shows(a.fd, POLLIN, 0) == 0);
    CHECK(a.shows(a.fd, POLLIN, 20) == 0);
}

TEST_CASE("POL-010: a message of band 0 in front: POLLIN and POLLRDNORM, if asked") {
    Polled a;
    CHECK(a.write(a.fd, "ab") == 2);
    CHECK(a.settled(a.fd, 1));
    CHECK(a.shows(a.fd, Polled::reads) == (POLLIN | POLLRDNORM));
    CHECK(a.shows(a.fd, POLLRDNORM) == POLLRDNORM);
    CHECK(a.shows(a.fd, POLLRDBAND | POLLPRI) == 0);
}

TEST_CASE("POL-009 POL-011: a message of a band above 0 in front: POLLIN and POLLRDBAND, whatever is behind it") {
    Polled a;
    CHECK(a.write(a.fd, "ab") == 2);
    CHECK(a.putpmsg(a.fd, nullptr, "cd", 2) == 0);
    CHECK(a.settled(a.fd, 2));
    CHECK(a.shows(a.fd, Polled::reads) == (POLLIN | POLLRDBAND));
    CHECK(a.read(a.fd, 2) == "cd");
    CHECK(a.shows(a.fd, Polled::reads) == (POLLIN | POLLRDNORM));
}

TEST_CASE("POL-012 POL-013: a high-priority message in front: POLLPRI alone") {
    Polled a;
    CHECK(a.write(a.fd, "ab") == 2);
    CHECK(a.putmsg(a.fd, "H", nullptr, RS_HIPRI) == 0);
    CHECK(a.settled(a.fd, 2));
    CHECK(a.shows(a.fd, Polled::reads) == POLLPRI);
    CHECK(a.shows(a.fd, POLLIN) == 0);
}

TEST_CASE("POL-014: an empty message counts as readable") {
    Polled a;
    CHECK(a.write(a.fd, "") == 0);
    CHECK(a.shows(a.fd, POLLIN, 1000) == POLLIN);
}

TEST_CASE("POL-015: a passed descriptor counts as readable") {
    Application a;
    int ends[2];
    REQUIRE(a.pipe(ends) == 0);
    CHECK(a.ioctl(ends[0], I_SENDFD, ends[0]) == 0);
    CHECK(a.shows(ends[1], POLLIN, 1000) == POLLIN);
    struct strrecvfd received = {};
    CHECK(a.ioctl(ends[1], I_RECVFD, &received) == 0);
    CHECK(a.close(received.fd) == 0);
}

TEST_CASE("POL-016: POLLOUT follows the room below in band 0") {
    Polled a;
    CHECK(a.shows(a.fd, POLLOUT | POLLWRNORM) == (POLLOUT | POLLWRNORM));
    CHECK(a.fill(a.fd) > 0);
    CHECK(a.shows(a.fd, POLLOUT | POLLWRNORM) == 0);
    CHECK(a.ioctl(a.fd, I_FLUSH, FLUSHRW) == 0);
    CHECK(a.shows(a.fd, POLLOUT | POLLWRNORM, 1000) == (POLLOUT | POLLWRNORM));
}

TEST_CASE("POL-008 POL-019: a hangup shows unasked as POLLHUP, and the write bits are gone") {
    Application a;
    int ends[2];
    a.joined(a.nodes.loop, ends);
    CHECK(a.write(ends[0], "ab") == 2);
    CHECK(a.settled(ends[1], 1));
    CHECK(a.close(ends[0]) == 0);
    CHECK(a.shows(ends[1], 0, 1000) == POLLHUP);
    CHECK(a.shows(ends[1], POLLIN | POLLOUT | POLLWRBAND) == (POLLHUP | POLLIN));
    CHECK(a.read(ends[1]) == "ab");
    CHECK(a.shows(ends[1], POLLIN | POLLOUT | POLLWRBAND) == POLLHUP);
}

TEST_SUITE_END();
