// getmsg, getpmsg, putmsg and putpmsg, as a program sees them on any system with STREAMS.
#include "test/calls.hpp"

using application::Application;

namespace {

struct Echoing : Application {
    Echoing() : fd(open(nodes.echo)) { REQUIRE(fd >= 0); }
    int fd;
};

} // namespace

TEST_SUITE_BEGIN("application: messages");

TEST_CASE("GM-001 GM-005: getmsg's flags are 0 or RS_HIPRI, else EINVAL, before the descriptor is looked at") {
    Echoing a;
    CHECK(a.getmsg(a.fd, 2).result == -EINVAL);
    CHECK(a.getmsg(-1, 8).result == -EINVAL);
    CHECK(a.getmsg(-1, 0).result == -EBADF);
}

TEST_CASE("GM-002 GM-003 GM-004: getpmsg takes one of its three flags, a band from 0 to 255, and no band with MSG_HIPRI") {
    Echoing a;
    for (int flags : {0, MSG_ANY | MSG_BAND, MSG_ANY | MSG_HIPRI, 8}) CHECK(a.getpmsg(a.fd, flags).result == -EINVAL);
    for (int band : {-1, 256}) CHECK(a.getpmsg(a.fd, MSG_BAND, band).result == -EINVAL);
    CHECK(a.getpmsg(a.fd, MSG_HIPRI, 1).result == -EINVAL);
}

TEST_CASE("GM-007 PM-009: a descriptor open the other way only: EBADF") {
    Application a;
    CHECK(a.getmsg(a.open(a.nodes.echo, O_WRONLY)).result == -EBADF);
    CHECK(a.putmsg(a.open(a.nodes.echo, O_RDONLY), nullptr, "ab") == -EBADF);
}

TEST_CASE("GM-008 PM-009: a file that is no stream: ENOSTR") {
    Application a;
    const int plain = a.open(a.nodes.file);
    REQUIRE(plain >= 0);
    CHECK(a.getmsg(plain).result == -ENOSTR);
    CHECK(a.putmsg(plain, nullptr, "ab") == -ENOSTR);
}

TEST_CASE("PM-001 PM-002: putmsg's flags are 0 or RS_HIPRI, else EINVAL, before the descriptor is looked at") {
    Echoing a;
    CHECK(a.putmsg(a.fd, "H", "ab", 4) == -EINVAL);
    CHECK(a.putmsg(-1, "H", "ab", 8) == -EINVAL);
    CHECK(a.settled(a.fd, 0));
}

TEST_CASE("PM-003 PM-004 PM-006: putpmsg takes MSG_BAND with a band from 0 to 255, or MSG_HIPRI with band 0") {
    Echoing a;
    for (int flags : {0, MSG_ANY, MSG_HIPRI | MSG_BAND}) CHECK(a.putpmsg(a.fd, "H", "ab", 0, flags) == -EINVAL);
    for (int band : {-1, 256}) CHECK(a.putpmsg(a.fd, "H", "ab", band) == -EINVAL);
    CHECK(a.putpmsg(a.fd, "H", "ab", 1, MSG_HIPRI) == -EINVAL);
    CHECK(a.settled(a.fd, 0));
}

TEST_CASE("PM-005: a high-priority message needs a control part") {
    Echoing a;
    CHECK(a.putmsg(a.fd, nullptr, "ab", RS_HIPRI) == -EINVAL);
    CHECK(a.putpmsg(a.fd, nullptr, "ab", 0, MSG_HIPRI) == -EINVAL);
    CHECK(a.settled(a.fd, 0));
}

TEST_CASE("PM-042: a control part longer than any system allows: ERANGE, nothing is sent") {
    Echoing a;
    const std::string control(1 << 20, 'H');
    CHECK(a.putmsg(a.fd, control.c_str(), "ab") == -ERANGE);
    CHECK(a.settled(a.fd, 0));
}

TEST_CASE("PM-024: with neither part nothing is sent") {
    Echoing a;
    CHECK(a.putmsg(a.fd, nullptr, nullptr) == 0);
    CHECK(a.putpmsg(a.fd, nullptr, nullptr, 3) == 0);
    CHECK(a.putmsg(a.fd, nullptr, "ab") == 0);
    CHECK(a.settled(a.fd, 1));
    CHECK(a.read(a.fd) == "ab");
}

TEST_CASE("PM-020 GM-020 GM-028: a control part and a data part come back as they went, whole, with nothing left over") {
    Echoing a;
    CHECK(a.putmsg(a.fd, "HH", "abcd") == 0);
    const auto got = a.getmsg(a.fd, 0, 2, 4);
    CHECK(got.result == 0);
    CHECK(got.ctl == "HH");
    CHECK(got.data == "abcd");
    CHECK(a.settled(a.fd, 0));
}

TEST_CASE("PM-021 PM-022 GM-021: a part that is not there has length -1") {
    Echoing a;
    CHECK(a.putmsg(a.fd, "H", nullptr) == 0);
    auto got = a.getmsg(a.fd);
    CHECK(got.ctl == "H");
    CHECK(got.data_len == -1);
    CHECK(a.putmsg(a.fd, nullptr, "ab") == 0);
    got = a.getmsg(a.fd);
    CHECK(got.ctl_len == -1);
    CHECK(got.data == "ab");
}

TEST_CASE("PM-023 GM-022: a part without bytes is a part: length 0") {
    Echoing a;
    CHECK(a.putmsg(a.fd, "", "") == 0);
    const auto got = a.getmsg(a.fd);
    CHECK(got.result == 0);
    CHECK(got.ctl_len == 0);
    CHECK(got.data_len == 0);
    CHECK(a.settled(a.fd, 0));
}

TEST_CASE("GM-023: maxlen 0 leaves the part queued, with length 0 and its MORE flag") {
    Echoing a;
    CHECK(a.putmsg(a.fd, nullptr, "abc") == 0);
    const auto got = a.getmsg(a.fd, 0, 8, 0);
    CHECK(got.result == MOREDATA);
    CHECK(got.data_len == 0);
    CHECK(a.getmsg(a.fd).data == "abc");
}

TEST_CASE("GM-024 GM-027: maxlen -1 leaves the control part queued; it then stands alone") {
    Echoing a;
    CHECK(a.putmsg(a.fd, "H", "abc") == 0);
    auto got = a.getmsg(a.fd, 0, -1, 64);
    CHECK(got.result == MORECTL);
    CHECK(got.ctl_len == -1);
    CHECK(got.data == "abc");
    got = a.getmsg(a.fd);
    CHECK(got.result == 0);
    CHECK(got.ctl == "H");
    CHECK(got.data_len == -1);
}

TEST_CASE("GM-025 GM-026: of parts that are too long getmsg gives what fits, says which have more, and keeps the rest") {
    Echoing a;
    CHECK(a.putmsg(a.fd, "HIJ", "abcdef") == 0);
    auto got = a.getmsg(a.fd, 0, 2, 4);
    CHECK(got.result == (MORECTL | MOREDATA));
    CHECK(got.ctl == "HI");
    CHECK(got.data == "abcd");
    got = a.getmsg(a.fd);
    CHECK(got.result == 0);
    CHECK(got.ctl == "J");
    CHECK(got.data == "ef");
}

TEST_CASE("GM-030: getmsg tells a high-priority message by RS_HIPRI in flags") {
    Echoing a;
    CHECK(a.putmsg(a.fd, "H", "ab", RS_HIPRI) == 0);
    CHECK(a.getmsg(a.fd).flags == RS_HIPRI);
    CHECK(a.putmsg(a.fd, "H", "ab") == 0);
    CHECK(a.getmsg(a.fd).flags == 0);
}

TEST_CASE("PM-025 GM-031: getpmsg tells the band that putpmsg gave") {
    Echoing a;
    CHECK(a.putpmsg(a.fd, "H", "ab", 7) == 0);
    auto got = a.getpmsg(a.fd, MSG_ANY, 99);
    CHECK(got.flags == MSG_BAND);
    CHECK(got.band == 7);
    CHECK(a.putpmsg(a.fd, "H", "ab", 0, MSG_HIPRI) == 0);
    got = a.getpmsg(a.fd, MSG_ANY, 99);
    CHECK(got.flags == MSG_HIPRI);
    CHECK(got.band == 0);
}

TEST_CASE("GM-033: once its control part is taken the rest of a high-priority message is an ordinary one of band 0") {
    Echoing a;
    CHECK(a.putmsg(a.fd, "H", "ab", RS_HIPRI) == 0);
    CHECK(a.getmsg(a.fd, 0, 8, -1).flags == RS_HIPRI);
    const auto got = a.getpmsg(a.fd);
    CHECK(got.flags == MSG_BAND);
    CHECK(got.band == 0);
    CHECK(got.data == "ab");
}

TEST_CASE("GM-050 GM-051: high priority comes first, then the bands from the top down, each in its order") {
    Echoing a;
    CHECK(a.putpmsg(a.fd, nullptr, "nought", 0) == 0);
    CHECK(a.putpmsg(a.fd, nullptr, "two", 2) == 0);
    CHECK(a.putpmsg(a.fd, nullptr, "one", 1) == 0);
    CHECK(a.putpmsg(a.fd, nullptr, "two again", 2) == 0);
    CHECK(a.putpmsg(a.fd, "H", "urgent", 0, MSG_HIPRI) == 0);
    CHECK(a.settled(a.fd, 5));
    for (const char *data : {"urgent", "two", "two again", "one", "nought"}) CHECK(a.getpmsg(a.fd).data == data);
}

TEST_CASE("GM-052 GM-053: MSG_BAND takes the first message only if its band is high enough") {
    Echoing a;
    CHECK(a.putpmsg(a.fd, nullptr, "one", 1) == 0);
    CHECK(a.settled(a.fd, 1));
    CHECK(a.no_wait(a.fd) == 0);
    CHECK(a.getpmsg(a.fd, MSG_BAND, 2).result == -EAGAIN);
    CHECK(a.getpmsg(a.fd, MSG_BAND, 1).data == "one");
    CHECK(a.write(a.fd, "nought") == 6);
    CHECK(a.settled(a.fd, 1));
    CHECK(a.getpmsg(a.fd, MSG_BAND, 0).data == "nought");
}

TEST_CASE("GM-054 GM-055: RS_HIPRI takes a high-priority message only; without waiting EAGAIN") {
    Echoing a;
    CHECK(a.write(a.fd, "ab") == 2);
    CHECK(a.settled(a.fd, 1));
    CHECK(a.no_wait(a.fd) == 0);
    CHECK(a.getmsg(a.fd, RS_HIPRI).result == -EAGAIN);
    CHECK(a.getpmsg(a.fd, MSG_HIPRI).result == -EAGAIN);
    CHECK(a.getmsg(a.fd).data == "ab");
    CHECK(a.getmsg(a.fd).result == -EAGAIN);
}

TEST_CASE("GM-057 GM-059: after a hangup, nothing queued: 0, both lengths 0, flags 0, the band as it was") {
    Application a;
    int ends[2];
    a.joined(a.nodes.loop, ends);
    CHECK(a.putpmsg(ends[0], "H", "ab", 3) == 0);
    CHECK(a.settled(ends[1], 1));
    CHECK(a.close(ends[0]) == 0);
    CHECK(a.shows(ends[1], 0, 1000) == POLLHUP);
    CHECK(a.getpmsg(ends[1]).data == "ab");
    const auto got = a.getpmsg(ends[1], MSG_BAND, 7);
    CHECK(got.result == 0);
    CHECK(got.ctl_len == 0);
    CHECK(got.data_len == 0);
    CHECK(got.flags == 0);
    CHECK(got.band == 7);
}

TEST_CASE("GM-061: in front of a passed descriptor getmsg fails with EBADMSG, and it stays") {
    Application a;
    int ends[2];
    REQUIRE(a.pipe(ends) == 0);
    CHECK(a.ioctl(ends[0], I_SENDFD, ends[0]) == 0);
    CHECK(a.getmsg(ends[1]).result == -EBADMSG);
    struct strrecvfd received = {};
    CHECK(a.ioctl(ends[1], I_RECVFD, &received) == 0);
    CHECK(a.close(received.fd) == 0);
}

TEST_CASE("GM-064: read options do not matter to getmsg") {
    Echoing a;
    CHECK(a.ioctl(a.fd, I_SRDOPT, RMSGD | RPROTDIS) == 0);
    CHECK(a.putmsg(a.fd, "H", "abcd") == 0);
    auto got = a.getmsg(a.fd, 0, 8, 2);
    CHECK(got.ctl == "H");
    CHECK(got.data == "ab");
    CHECK(a.getmsg(a.fd).data == "cd");
}

TEST_CASE("GM-065: a stream head holds one high-priority message; another that arrives is thrown away") {
    Echoing a;
    CHECK(a.putmsg(a.fd, "first", nullptr, RS_HIPRI) == 0);
    CHECK(a.settled(a.fd, 1));
    CHECK(a.putmsg(a.fd, "second", nullptr, RS_HIPRI) == 0);
    CHECK(a.write(a.fd, "ab") == 2); // comes back behind the second
    CHECK(a.settled(a.fd, 2));
    CHECK(a.getmsg(a.fd).ctl == "first");
    CHECK(a.getmsg(a.fd).data == "ab");
    CHECK(a.settled(a.fd, 0));
}

TEST_CASE("PM-045 PM-047: without room putmsg fails with EAGAIN if it does not wait; high priority and another band pass") {
    Echoing a;
    CHECK(a.fill(a.fd) > 0);
    CHECK(a.putmsg(a.fd, "H", "ab") == -EAGAIN);
    CHECK(a.putpmsg(a.fd, "H", "ab", 1) == 0);
    CHECK(a.putmsg(a.fd, "urgent", nullptr, RS_HIPRI) == 0);
}

TEST_SUITE_END();
