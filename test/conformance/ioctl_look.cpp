// I_NREAD, I_PEEK, FIONREAD; I_ATMARK, I_CKBAND, I_GETBAND, I_CANPUT: looking at what is queued (clauses/02).
#include "test/streamio.hpp"

#include <sys/ioctl.h>

using namespace rill;
using namespace rill::test;

namespace {

// I_PEEK: "result flags ctl.len:ctl data.len:data".
std::string peek(OneStream &s, int ctl_max, int data_max, t_uscalar_t flags = 0, int fd = -1) {
    char ctl[64], data[64];
    std::memset(ctl, '~', sizeof ctl);
    std::memset(data, '~', sizeof data);
    strpeek p{{ctl_max, 77, ctl}, {data_max, 77, data}, flags};
    int result = s.f.ioctl(fd < 0 ? s.fd : fd, I_PEEK, &p);
    if (result < 0) return std::string("-") + strerrorname_np(-result);
    if (result == 0) return "0";
    auto part = [](const struct strbuf &b) {
        const auto n = static_cast<std::size_t>(std::max(b.len, 0));
        CHECK(b.buf[n] == '~'); // nothing is written behind what len says
        return std::to_string(b.len) + ":" + std::string(b.buf, n);
    };
    return std::to_string(result) + " " + std::to_string(p.flags) + " " + part(p.ctlbuf) + " " + part(p.databuf);
}

} // namespace

TEST_SUITE_BEGIN("ioctl_look");

TEST_CASE("IOC-070: I_NREAD stores the data bytes of the first message and returns the number of messages") {
    OneStream s;
    s.up(M_DATA, "abc");
    s.up(M_DATA, "d");
    int bytes = -1;
    CHECK(s.ioctl(I_NREAD, &bytes) == 2);
    CHECK(bytes == 3);
    CHECK(s.f.read(s.fd, 2) == "ab");
    CHECK(s.ioctl(I_NREAD, &bytes) == 2);
    CHECK(bytes == 1);
}

TEST_CASE("IOC-071: I_NREAD of a zero-length first message: 0 bytes, result above 0; of an empty queue both are 0") {
    OneStream s;
    int bytes = -1;
    CHECK(s.ioctl(I_NREAD, &bytes) == 0);
    CHECK(bytes == 0);
    s.up(M_DATA);
    bytes = -1;
    CHECK(s.ioctl(I_NREAD, &bytes) == 1);
    CHECK(bytes == 0);
}

TEST_CASE("IOC-072: I_NREAD counts M_DATA bytes only, over all blocks, not the control part") {
    OneStream s;
    {
        Enter scope(s.f.system);
        mblk_t *mp = message(M_PROTO, "12345");
        mp->b_cont = message(M_DATA, "ab");
        mp->b_cont->b_cont = message(M_DATA, "cde");
        putnext(s.rq, mp);
    }
    int bytes = -1;
    CHECK(s.ioctl(I_NREAD, &bytes) == 1);
    CHECK(bytes == 5);
    s.up_control(M_PCPROTO, "control only");
    CHECK(s.ioctl(I_NREAD, &bytes) == 2);
    CHECK(bytes == 0);
}

TEST_CASE("IOC-074: FIONREAD stores the data bytes of all messages and returns 0") {
    OneStream s;
    int bytes = -1;
    CHECK(s.ioctl(FIONREAD, &bytes) == 0);
    CHECK(bytes == 0);
    s.up(M_DATA, "abc");
    s.up(M_DATA, "d");
    s.up_control(M_PROTO, "ctl", "ef");
    CHECK(s.ioctl(FIONREAD, &bytes) == 0);
    CHECK(bytes == 6);
}

TEST_CASE("IOC-081: I_PEEK of a passed descriptor: EBADMSG, and it stays") {
    OneStream s;
    int p[2];
    CHECK(outcome(rill_pipe(handle(s.root), p)) == 0);
    CHECK(s.f.ioctl(p[0], I_SENDFD, s.fd) == 0);
    CHECK(peek(s, 8, 8, 0, p[1]) == "-EBADMSG");
    strrecvfd received;
    CHECK(s.f.ioctl(p[1], I_RECVFD, &received) == 0);
}

static void peek_flags(const char *profile) {
    OneStream s(profile);
    for (long flags : {8L, 2L, 3L, -1L}) {
        CHECK(peek(s, 8, 8, flags) == "-EINVAL");
    }
    s.up(M_DATA, "x");
    CHECK(peek(s, 8, 8, 8) == "-EINVAL");
    CHECK(peek(s, 8, 8) == "1 0 -1: 1:x");
}

TEST_CASE("IOC-082 [irix]: I_PEEK with flags other than 0 or RS_HIPRI: EINVAL, queue empty or not") {
    peek_flags("irix");
}

TEST_CASE("IOC-082 [svr4]: I_PEEK with flags other than 0 or RS_HIPRI: EINVAL, queue empty or not") {
    peek_flags("svr4");
}

TEST_CASE("IOC-084 [solaris]: I_PEEK looks at the RS_HIPRI bit of flags only") {
    OneStream s("solaris");
    s.up(M_DATA, "x");
    CHECK(peek(s, 8, 8, 8) == "1 0 -1: 1:x");
    CHECK(peek(s, 8, 8, 9) == "0");
}

TEST_CASE("IOC-075: I_PEEK copies the first message and leaves it, and returns 1; 0 when there is none; never waits") {
    OneStream s; // the descriptor waits, I_PEEK does not
    CHECK(peek(s, 8, 8) == "0");
    s.up_control(M_PROTO, "H", "ab");
    s.up(M_DATA, "second");
    CHECK(peek(s, 8, 8) == "1 0 1:H 2:ab");
    CHECK(peek(s, 8, 8) == "1 0 1:H 2:ab");
    CHECK(get_message(s.root, s.fd) == "H|ab");
}

TEST_CASE("IOC-075: parts made of several blocks are copied whole") {
    OneStream s;
    {
        Enter scope(s.f.system);
        mblk_t *mp = message(M_PROTO, "He");
        linkb(mp, message(M_PROTO, "ad"));
        linkb(mp, message(M_DATA, "da"));
        linkb(mp, message(M_DATA, ""));
        linkb(mp, message(M_DATA, "ta"));
        putnext(s.rq, mp);
    }
    CHECK(peek(s, 8, 8) == "1 0 4:Head 4:data");
    CHECK(peek(s, 3, 3) == "1 0 3:Hea 3:dat");
}

TEST_CASE("IOC-075: an address that cannot be written: EFAULT, and the message stays whole") {
    OneStream s;
    Page none;
    char data[8];
    s.up_control(M_PROTO, "H", "ab");
    strpeek bad_control{{8, 0, none.at()}, {8, 0, data}, 0}, bad_data{{8, 0, data}, {8, 0, none.at()}, 0};
    CHECK(s.ioctl(I_PEEK, &bad_control) == -EFAULT);
    CHECK(s.ioctl(I_PEEK, &bad_data) == -EFAULT);
    CHECK(get_message(s.root, s.fd) == "H|ab");
}

TEST_CASE("IOC-076: I_PEEK with RS_HIPRI returns 0 unless the first message is of high priority") {
    OneStream s;
    CHECK(peek(s, 8, 8, RS_HIPRI) == "0");
    s.up(M_DATA, "x", 255);
    CHECK(peek(s, 8, 8, RS_HIPRI) == "0");
    s.up_control(M_PCPROTO, "urgent");
    CHECK(peek(s, 8, 8, RS_HIPRI) == "1 1 6:urgent -1:");
}

TEST_CASE("IOC-077: on return flags is RS_HIPRI for a high-priority message, 0 for any other") {
    OneStream s;
    s.up_control(M_PROTO, "p", "d");
    CHECK(peek(s, 8, 8) == "1 0 1:p 1:d");
    s.up_control(M_PCPROTO, "u", "d");
    CHECK(peek(s, 8, 8) == "1 1 1:u 1:d");
}

TEST_CASE("IOC-078: a part the message does not have gets len -1") {
    OneStream s;
    s.up(M_DATA, "ab");
    CHECK(peek(s, 8, 8) == "1 0 -1: 2:ab");
    CHECK(s.f.read(s.fd) == "ab");
    s.up_control(M_PROTO, "H");
    CHECK(peek(s, 8, 8) == "1 0 1:H -1:");
}

TEST_CASE("IOC-080: a part longer than maxlen is cut to maxlen; the message is not") {
    OneStream s;
    s.up_control(M_PROTO, "control", "0123456789");
    CHECK(peek(s, 3, 4) == "1 0 3:con 4:0123");
    CHECK(get_message(s.root, s.fd) == "control|0123456789");
}

TEST_CASE("IOC-085: maxlen 0 gives len 0, maxlen below 0 gives -1, whatever the message holds") {
    OneStream s;
    s.up_control(M_PROTO, "H", "ab");
    CHECK(peek(s, 0, 8) == "1 0 0: 2:ab");
    CHECK(peek(s, -1, 8) == "1 0 -1: 2:ab");
    CHECK(peek(s, 8, 0) == "1 0 1:H 0:");
    CHECK(peek(s, 8, -1) == "1 0 1:H -1:");
    CHECK(get_message(s.root, s.fd) == "H|ab");
    s.up(M_DATA, "x");
    CHECK(peek(s, 0, 0) == "1 0 0: 0:"); // also for a part that is not there
}

// --- marks

TEST_CASE("IOC-203: I_ATMARK with bits above 3: EINVAL, queue empty or not") {
    OneStream s;
    CHECK(s.ioctl(I_ATMARK, 4) == -EINVAL);
    s.up(M_DATA, "x", 0, MSGMARK);
    for (int bits : {4, 5, -1}) CHECK(s.ioctl(I_ATMARK, bits) == -EINVAL);
}

TEST_CASE("IOC-206: I_ATMARK(0): EINVAL; [solaris] it returns 0") {
    for (const char *profile : {"irix", "svr4", "solaris"}) {
        CAPTURE(profile);
        OneStream s(profile);
        s.up(M_DATA, "x", 0, MSGMARK);
        CHECK(s.ioctl(I_ATMARK, 0) == (std::string(profile) == "solaris" ? 0 : -EINVAL));
    }
}

TEST_CASE("IOC-202: I_ATMARK on an empty queue gives 0") {
    OneStream s;
    CHECK(s.ioctl(I_ATMARK, ANYMARK) == 0);
    CHECK(s.ioctl(I_ATMARK, LASTMARK) == 0);
}

TEST_CASE("IOC-200: I_ATMARK(ANYMARK) tells whether the first message is marked") {
    OneStream s;
    s.up(M_DATA, "plain");
    s.up(M_DATA, "marked", 0, MSGMARK);
    CHECK(s.ioctl(I_ATMARK, ANYMARK) == 0); // only the first counts
    CHECK(s.f.read(s.fd, 5) == "plain");
    CHECK(s.ioctl(I_ATMARK, ANYMARK) == 1);
    CHECK(s.ioctl(I_ATMARK, ANYMARK) == 1); // looking changes nothing
}

TEST_CASE("IOC-201: I_ATMARK(LASTMARK) tells whether the first message is the one marked last") {
    OneStream s;
    s.up(M_DATA, "older", 0, MSGMARK);
    s.up(M_DATA, "newer", 0, MSGMARK);
    CHECK(s.ioctl(I_ATMARK, LASTMARK) == 0);
    CHECK(s.ioctl(I_ATMARK, ANYMARK) == 1);
    CHECK(s.f.read(s.fd, 5) == "older");
    CHECK(s.ioctl(I_ATMARK, LASTMARK) == 1);
    CHECK(s.f.read(s.fd, 5) == "newer");
    s.up(M_DATA, "plain");
    CHECK(s.ioctl(I_ATMARK, LASTMARK) == 0);
}

static void both_marks(const char *profile) {
    OneStream s(profile);
    CHECK(s.ioctl(I_ATMARK, ANYMARK | LASTMARK) == 0);
    s.up(M_DATA, "older", 0, MSGMARK);
    s.up(M_DATA, "newer", 0, MSGMARK);
    CHECK(s.ioctl(I_ATMARK, ANYMARK | LASTMARK) == 1);
}

TEST_CASE("IOC-205 [irix]: ANYMARK and LASTMARK together are permitted, and ANYMARK wins") {
    both_marks("irix");
}

TEST_CASE("IOC-205 [svr4]: ANYMARK and LASTMARK together are permitted, and ANYMARK wins") {
    both_marks("svr4");
}

TEST_CASE("IOC-204 [solaris]: ANYMARK and LASTMARK together give 0") {
    OneStream s("solaris");
    s.up(M_DATA, "x", 0, MSGMARK);
    CHECK(s.ioctl(I_ATMARK, ANYMARK | LASTMARK) == 0);
    CHECK(s.ioctl(I_ATMARK, ANYMARK) == 1);
    CHECK(s.ioctl(I_ATMARK, LASTMARK) == 1);
}

// --- bands

TEST_CASE("IOC-209: I_CKBAND of a band below 0 or above 255: EINVAL") {
    OneStream s;
    for (int band : {-1, 256, 1000}) CHECK(s.ioctl(I_CKBAND, band) == -EINVAL);
    CHECK(s.ioctl(I_CKBAND, 255) == 0);
}

static void band_queued(const char *profile) {
    OneStream s(profile);
    s.up(M_DATA, "x", 2);
    CHECK(s.ioctl(I_CKBAND, 2) == 1);
    CHECK(s.ioctl(I_CKBAND, 1) == 0);
    CHECK(s.ioctl(I_CKBAND, 0) == 0);
    s.up(M_DATA, "y");
    CHECK(s.ioctl(I_CKBAND, 0) == 1); // wherever in the queue
    CHECK(s.ioctl(I_CKBAND, 2) == 1);
}

TEST_CASE("IOC-207 [irix]: I_CKBAND(n) tells whether a message of band n is queued; band 0 is no exception") {
    band_queued("irix");
}

TEST_CASE("IOC-207 [svr4]: I_CKBAND(n) tells whether a message of band n is queued; band 0 is no exception") {
    band_queued("svr4");
}

TEST_CASE("IOC-208 [solaris]: I_CKBAND(0) returns 1 if any message at all is queued") {
    OneStream s("solaris");
    CHECK(s.ioctl(I_CKBAND, 0) == 0);
    s.up(M_DATA, "x", 2);
    CHECK(s.ioctl(I_CKBAND, 0) == 1);
    CHECK(s.ioctl(I_CKBAND, 1) == 0);
}

TEST_CASE("IOC-211: I_GETBAND on an empty queue: ENODATA") {
    OneStream s;
    int band = 77;
    CHECK(s.ioctl(I_GETBAND, &band) == -ENODATA);
    CHECK(band == 77);
}

TEST_CASE("IOC-210: I_GETBAND stores the band of the first message and returns 0") {
    OneStream s;
    int band = -1;
    s.up(M_DATA, "x");
    CHECK(s.ioctl(I_GETBAND, &band) == 0);
    CHECK(band == 0);
    s.up(M_DATA, "y", 5);
    s.up(M_DATA, "z", 200);
    CHECK(s.ioctl(I_GETBAND, &band) == 0);
    CHECK(band == 200);
}

TEST_CASE("IOC-213: I_CANPUT of a band below 0 or above 255: EINVAL") {
    OneStream s;
    for (int band : {-1, 256, 300}) CHECK(s.ioctl(I_CANPUT, band) == -EINVAL);
    CHECK(s.ioctl(I_CANPUT, 255) == 1);
}

TEST_CASE("IOC-212: I_CANPUT(n) returns 1 if band n can be written, 0 if it is flow controlled") {
    OneStream s(hold_writes);
    CHECK(s.ioctl(I_CANPUT, 0) == 1);
    CHECK(s.f.write(s.fd, std::string(2048, 'x')) == 2048);
    CHECK(s.ioctl(I_CANPUT, 0) == 0);
    CHECK(s.ioctl(I_CANPUT, 1) == 1);
    CHECK(put_message(s.root, s.fd, nullptr, std::string(2048, 'b'), 1) == 0);
    CHECK(s.ioctl(I_CANPUT, 1) == 0);
    CHECK(s.ioctl(I_CANPUT, 2) == 1);
    empty_queue(s.f, s.wq());
    CHECK(s.ioctl(I_CANPUT, 0) == 1);
    CHECK(s.ioctl(I_CANPUT, 1) == 1);
}
