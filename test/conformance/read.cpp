// read(2): modes and message boundaries, zero-length messages, marks and delimiters, control parts, waiting, hangup and
// errors (clauses/02, Read).
#include "test/headcalls.hpp"

using namespace rill;
using namespace rill::test;

namespace {

constexpr auto M = MSGMARK;

int srdopt(OneStream &s, int options) { return s.ioctl(I_SRDOPT, options); }
std::string read_of(OneStream &s, std::size_t size = 64) { return read_as(s.root, s.fd, size); }
bool empty(OneStream &s) { return s.stream().read_queue()->q_first == nullptr; }
// A descriptor that does not wait, so that a case about something else cannot sleep.
void do_not_wait(OneStream &s) { CHECK(set_flags(s.root, s.fd, O_NONBLOCK) >= 0); }

} // namespace

TEST_SUITE_BEGIN("read");

// --- failures

TEST_CASE("RD-072: a descriptor not open for reading: EBADF, and nothing is taken") {
    OneStream s;
    int fd = s.f.open("/dev/dev0", O_WRONLY);
    s.up(M_DATA, "ab");
    CHECK(read_as(s.root, fd) == "-EBADF");
    CHECK(read_as(s.root, -1) == "-EBADF");
    CHECK(read_as(s.root, 99) == "-EBADF");
    CHECK(read_of(s) == "ab");
}

TEST_CASE("RD-071 ERR-040: on a stream linked below read fails with EINVAL, ahead of a stored error") {
    OneStream s;
    s.up(M_DATA, "ab");
    s.stream().linked_below = true;
    CHECK(read_of(s) == "-EINVAL");
    CHECK(read_of(s, 0) == "-EINVAL");
    s.up_error(EPROTO);
    CHECK(read_of(s) == "-EINVAL");
    s.stream().linked_below = false;
    CHECK(read_of(s) == "-EPROTO");
}

TEST_CASE("RD-067: a stored read error is reported before the queue is looked at; the data stays") {
    OneStream s(swallow_flushes);
    s.up(M_DATA, "ab");
    s.up_errors(EPROTO, NOERROR);
    CHECK(read_of(s) == "-EPROTO");
    CHECK(read_of(s) == "-EPROTO");
    s.up_errors(0, NOERROR);
    CHECK(read_of(s) == "ab");
}

TEST_CASE("RD-070: an error of the write side does not make read fail") {
    OneStream s;
    s.up(M_DATA, "ab");
    s.up_errors(NOERROR, EPIPE);
    CHECK(read_of(s) == "ab");
    do_not_wait(s);
    CHECK(read_of(s) == "-EAGAIN");
}

TEST_CASE("RD-074: a bad buffer: EFAULT, and the message being copied is lost, the next is not") {
    for (bool half : {false, true}) {
        CAPTURE(half);
        OneStream s;
        HalfPage memory;
        char *buffer = half ? memory.last(4) : memory.bad();
        s.up(M_DATA, "abcdefgh");
        s.up(M_DATA, "next");
        errno = 0;
        CHECK(rill_read(handle(s.root), s.fd, buffer, 8) == -1);
        CHECK(errno == EFAULT);
        if (half) CHECK(std::string(buffer, 4) == "abcd"); // what there was room for did arrive
        CHECK(read_of(s) == "next");
    }
}

TEST_CASE("RD-074 GM-036 SIG-041: an M_SIG behind a message that was lost to a bad buffer acts") {
    for (bool getmsg : {false, true}) {
        CAPTURE(getmsg);
        OneStream s;
        CHECK(s.ioctl(I_SETSIG, S_MSG) == 0);
        s.up(M_DATA, "ab");
        s.up(M_SIG, std::string(1, SIGPOLL));
        CHECK(sent(s.root) == "");
        Page page;
        strbuf data{8, 0, page.at()};
        int flags = 0;
        if (getmsg) CHECK(outcome(rill_getmsg(handle(s.root), s.fd, nullptr, &data, &flags)) == -EFAULT);
        else CHECK(outcome(static_cast<int>(rill_read(handle(s.root), s.fd, page.at(), 8))) == -EFAULT);
        CHECK(sent(s.root) == "POLL");
        CHECK(empty(s));
    }
}

TEST_CASE("RD-073 GM-066: a background process on its terminal: SIGTTIN to its group; EIO if ignored or orphaned") {
    OneStream s;
    Terminal t(s);
    s.up(M_DATA, "ab");
    t.back.signals_seen.clear();
    CHECK(read_as(t.back, t.back_fd) == "-EINTR");
    CHECK(sent(t.back) == "TTIN");
    CHECK(getmsg_as(t.back, t.back_fd) == "-EINTR");
    CHECK(sent(t.back) == "TTIN");
    CHECK(rill_signal(handle(t.back), SIGTTIN, SIG_IGN) == 0);
    CHECK(read_as(t.back, t.back_fd) == "-EIO");
    CHECK(getmsg_as(t.back, t.back_fd) == "-EIO");
    CHECK(getpmsg_as(t.back, t.back_fd) == "-EIO");
    CHECK(sent(t.back) == "");
    CHECK(rill_signal(handle(t.back), SIGTTIN, SIG_DFL) == 0);
    t.back.ppid = 0; // its parent is gone: an orphaned group
    CHECK(read_as(t.back, t.back_fd) == "-EIO");
    CHECK(getmsg_as(t.back, t.back_fd) == "-EIO");
    CHECK(sent(t.back) == "");
    CHECK(read_as(t.leader, t.leader_fd) == "ab"); // the foreground reads; nothing had been taken
}

// --- message boundaries

TEST_CASE("RD-001 RD-002 RD-003: byte-stream mode ignores boundaries, keeps the rest, does not wait for more") {
    OneStream s;
    for (auto text : {"abc", "def"}) s.up(M_DATA, text);
    CHECK(read_of(s, 8) == "abcdef");
    s.up(M_DATA, "abcdef");
    CHECK(read_of(s, 4) == "abcd");
    CHECK(unread(s.f, s.fd) == 1);
    CHECK(read_of(s, 4) == "ef");
    s.up(M_DATA, "abc");
    Sleeper sleeper(s.f, s.root, "read", [&] { return read_of(s, 64); });
    CHECK(sleeper.text() == "abc");
}

TEST_CASE("RD-004: message-nondiscard: a read stops at the end of a message, the rest of one stays") {
    OneStream s;
    CHECK(srdopt(s, RMSGN) == 0);
    for (auto text : {"abcdef", "xy"}) s.up(M_DATA, text);
    CHECK(read_of(s, 4) == "abcd");
    CHECK(read_of(s, 8) == "ef");
    CHECK(read_of(s, 8) == "xy");
    CHECK(empty(s));
}

TEST_CASE("RD-005: message-discard: a read stops at the end of a message, the rest of one is thrown away") {
    OneStream s;
    CHECK(srdopt(s, RMSGD) == 0);
    for (auto text : {"abcdef", "xy"}) s.up(M_DATA, text);
    CHECK(read_of(s, 4) == "abcd");
    CHECK(read_of(s, 8) == "xy");
    CHECK(empty(s));
}

TEST_CASE("RD-006 RD-023: several blocks are one message in every mode; an empty block among them ends nothing") {
    for (int mode : {RNORM, RMSGN, RMSGD}) {
        CAPTURE(mode);
        OneStream s;
        CHECK(srdopt(s, mode) == 0);
        up_chain(s, {{M_DATA, "ab"}, {M_DATA, "cd"}});
        CHECK(read_of(s, 8) == "abcd");
        up_chain(s, {{M_DATA, ""}, {M_DATA, "ab"}});
        CHECK(read_of(s, 8) == "ab");
        up_chain(s, {{M_DATA, "ab"}, {M_DATA, ""}, {M_DATA, "cd"}, {M_DATA, ""}});
        CHECK(read_of(s, 8) == "abcd");
        CHECK(empty(s));
    }
}

TEST_CASE("RD-007: read takes the front message whatever its band") {
    OneStream s;
    s.up(M_DATA, "n");
    s.up(M_DATA, "u", 2);
    CHECK(read_of(s, 1) == "u");
    CHECK(read_of(s, 1) == "n");
}

TEST_CASE("RD-008: the data left of a high-priority message is read like any other") {
    OneStream s;
    s.up_control(M_PCPROTO, "H", "ab");
    CHECK(getmsg_as(s.root, s.fd, 0, {.data_max = -1}) == "2 H|- hipri");
    CHECK(read_of(s) == "ab");
}

static void read_nothing(const char *profile) {
    for (int mode : {RNORM, RMSGN, RMSGD}) {
        CAPTURE(mode);
        OneStream s(profile);
        CHECK(srdopt(s, mode) == 0);
        s.up(M_DATA, "abc");
        CHECK(read_of(s, 0) == "");
        CHECK(read_of(s, 8) == "abc");
        s.up(M_DATA, "");
        CHECK(read_of(s, 0) == "");
        CHECK_FALSE(empty(s));
        CHECK(read_of(s) == "");
        CHECK(empty(s));
        s.up_control(M_PROTO, "H");
        CHECK(read_of(s, 0) == "");
        CHECK(getmsg_as(s.root, s.fd) == "0 H|- normal");
        s.up_error(EPROTO);
        CHECK(read_of(s, 0) == "-EPROTO");
    }
}

TEST_CASE("RD-009 [irix]: a read of no bytes returns 0 and does nothing, whatever is queued, in every mode; an error is reported") {
    read_nothing("irix");
}

TEST_CASE("RD-009 [svr4]: a read of no bytes returns 0 and does nothing, whatever is queued, in every mode; an error is reported") {
    read_nothing("svr4");
}

TEST_CASE("RD-010 [solaris]: a read of no bytes in RMSGD discards the front message; an empty message it takes in every mode") {
    for (int mode : {RNORM, RMSGN, RMSGD}) {
        CAPTURE(mode);
        OneStream s("solaris");
        CHECK(srdopt(s, mode) == 0);
        s.up(M_DATA, "abc");
        CHECK(read_of(s, 0) == "");
        CHECK(empty(s) == (mode == RMSGD));
        if (mode != RMSGD) CHECK(read_of(s) == "abc");
        s.up(M_DATA, "");
        CHECK(read_of(s, 0) == "");
        CHECK(empty(s));
    }
}

TEST_CASE("RD-011: a read of no bytes on an empty queue returns 0 without waiting") {
    for (const char *profile : {"irix", "svr4", "solaris"}) {
        OneStream s(profile);
        Sleeper sleeper(s.f, s.root, "read", [&] { return read_of(s, 0); });
        CHECK(sleeper.text() == "");
    }
}

// --- zero-length messages, marks, delimiters

TEST_CASE("RD-020: a zero-length message at the front is removed and read returns 0, in every mode") {
    for (int mode : {RNORM, RMSGN, RMSGD}) {
        CAPTURE(mode);
        OneStream s;
        CHECK(srdopt(s, mode) == 0);
        s.up(M_DATA, "");
        s.up(M_DATA, "x");
        CHECK(read_of(s) == "");
        CHECK(read_of(s) == "x");
        CHECK(empty(s));
    }
}

TEST_CASE("RD-021: a zero-length message met after data ends the read and is put back for the next") {
    OneStream s;
    for (auto text : {"ab", "", "cd"}) s.up(M_DATA, text);
    CHECK(read_of(s, 8) == "ab");
    CHECK(read_of(s, 8) == "");
    CHECK(read_of(s, 8) == "cd");
    CHECK(empty(s));
}

TEST_CASE("RD-029: a delimited, or marked and not last marked, zero-length message ends a read and is removed") {
    {
        OneStream s;
        set(s, SO_DELIM);
        s.up(M_DATA, "ab");
        s.up(M_DATA, "", 0, MSGDELIM);
        s.up(M_DATA, "cd", 0, MSGDELIM);
        CHECK(read_of(s, 8) == "ab");
        CHECK(read_of(s, 8) == "cd");
        CHECK(empty(s));
    }
    {
        OneStream s; // the last marked one is left for the next read
        s.up(M_DATA, "ab");
        s.up(M_DATA, "", 0, M);
        CHECK(read_of(s, 8) == "ab");
        CHECK(s.ioctl(I_ATMARK, LASTMARK) == 1);
        CHECK(read_of(s, 8) == "");
        CHECK(empty(s));
    }
    {
        OneStream s; // an earlier one goes
        s.up(M_DATA, "ab");
        s.up(M_DATA, "", 0, M);
        s.up(M_DATA, "cd", 0, M);
        CHECK(read_of(s, 8) == "ab");
        CHECK(read_of(s, 8) == "cd");
        CHECK(empty(s));
    }
}

TEST_CASE("RD-024: a read that has data stops in front of the last marked message") {
    OneStream s;
    s.up(M_DATA, "ab");
    s.up(M_DATA, "M", 0, M);
    s.up(M_DATA, "cd");
    CHECK(read_of(s, 8) == "ab");
    CHECK(s.ioctl(I_ATMARK, ANYMARK) == 1);
    CHECK(read_of(s, 8).substr(0, 1) == "M");
}

TEST_CASE("RD-024: a last marked message that was flushed leaves no mark behind at its address") {
    OneStream s;
    s.up(M_DATA, "M", 0, M);
    CHECK(s.ioctl(I_FLUSH, FLUSHR) == 0);
    for (int i = 0; i < 8; ++i) s.up(M_DATA, "x"); // one of these is likely to be the same block again
    CHECK(read_of(s, 16) == "xxxxxxxx");
}

TEST_CASE("RD-025: a read that starts on the marked message ends at its end") {
    OneStream s;
    s.up(M_DATA, "M", 0, M);
    s.up(M_DATA, "cd");
    CHECK(read_of(s, 8) == "M");
    CHECK(s.ioctl(I_ATMARK, ANYMARK) == 0);
    CHECK(read_of(s, 8) == "cd");
}

TEST_CASE("RD-026: the rest of a marked message stays marked, and stays the last marked one") {
    OneStream s;
    s.up(M_DATA, "MNOP", 0, M);
    s.up(M_DATA, "cd");
    CHECK(read_of(s, 2) == "MN");
    CHECK(s.ioctl(I_ATMARK, ANYMARK) == 1);
    CHECK(s.ioctl(I_ATMARK, LASTMARK) == 1);
    CHECK(read_of(s, 8) == "OP");
    CHECK(s.ioctl(I_ATMARK, ANYMARK) == 0);
}

TEST_CASE("RD-026: the rest of a marked message that is not the last marked one does not become it") {
    OneStream s;
    s.up(M_DATA, "MNOP", 0, M);
    s.up(M_DATA, "L", 0, M);
    CHECK(read_of(s, 2) == "MN");
    CHECK(s.ioctl(I_ATMARK, ANYMARK) == 1);
    CHECK(s.ioctl(I_ATMARK, LASTMARK) == 0);
    CHECK(read_of(s, 8) == "OP");
    CHECK(s.ioctl(I_ATMARK, LASTMARK) == 1);
}

TEST_CASE("RD-026: when the last marked message was flushed, an earlier one that is partly read does not become it") {
    OneStream s;
    s.up(M_DATA, "MNOP", 0, M);
    s.up(M_DATA, "L", 2, M);
    bandinfo band{2, FLUSHR};
    CHECK(s.ioctl(I_FLUSHBAND, &band) == 0);
    CHECK(read_of(s, 2) == "MN");
    CHECK(s.ioctl(I_ATMARK, ANYMARK) == 1);
    CHECK(s.ioctl(I_ATMARK, LASTMARK) == 0);
}

TEST_CASE("RD-027: with SO_DELIM a read ends at a delimited message; a rest put back keeps the flag") {
    OneStream s;
    set(s, SO_DELIM);
    s.up(M_DATA, "ab", 0, MSGDELIM);
    s.up(M_DATA, "cd", 0, MSGDELIM);
    CHECK(read_of(s, 8) == "ab");
    CHECK(read_of(s, 1) == "c");
    CHECK((s.stream().read_queue()->q_first->b_flag & MSGDELIM) != 0);
    s.up(M_DATA, "ef", 0, MSGDELIM);
    CHECK(read_of(s, 8) == "d");
    CHECK(read_of(s, 8) == "ef");
}

TEST_CASE("RD-027: without SO_DELIM the flag ends nothing") {
    OneStream s;
    s.up(M_DATA, "ab", 0, MSGDELIM);
    s.up(M_DATA, "cd");
    CHECK(read_of(s, 8) == "abcd");
}

TEST_CASE("RD-028: with SO_DELIM a read that met no delimiter waits on, until one, a hangup, an error or a signal") {
    const struct {
        const char *what, *result;
    } ends[] = {
        {"delimiter", "abcd"}, {"hangup", "ab"}, {"error", "ab"}, {"signal", "ab"}, {"full buffer", "abcdefgh"}};
    for (const auto &end : ends) {
        CAPTURE(end.what);
        OneStream s;
        set(s, SO_DELIM);
        s.f.catch_signal(s.root, SIGUSR1);
        s.up(M_DATA, "ab");
        Sleeper reader(s.f, s.root, "read", [&] { return read_of(s, 8); });
        CHECK(reader.sleeps());
        const std::string what = end.what;
        if (what == "delimiter") s.up(M_DATA, "cd", 0, MSGDELIM);
        if (what == "hangup") s.up(M_HANGUP);
        if (what == "error") s.up_error(EPROTO);
        if (what == "signal") s.f.kill(s.root, SIGUSR1);
        if (what == "full buffer") s.up(M_DATA, "cdefgh");
        s.f.run();
        CHECK(reader.text() == end.result);
        if (what == "error") CHECK(read_of(s) == "-EPROTO"); // the count came first, the error waits for the next
        else CHECK(empty(s));
    }
}

// --- control parts

TEST_CASE("RD-040 RD-041: a control part at the front: EBADMSG, the message stays; so for M_PCPROTO") {
    for (int type : {M_PROTO, M_PCPROTO}) {
        CAPTURE(type);
        OneStream s;
        s.up_control(type, "H", "ab");
        CHECK(read_of(s) == "-EBADMSG");
        CHECK(read_of(s) == "-EBADMSG");
        CHECK(getmsg_as(s.root, s.fd) == (type == M_PROTO ? "0 H|ab normal" : "0 H|ab hipri"));
        CHECK(empty(s));
    }
}

TEST_CASE("RD-043: a read that has data when it meets a control part returns the short count") {
    OneStream s;
    s.up(M_DATA, "ab");
    s.up_control(M_PROTO, "H", "cd");
    CHECK(read_of(s, 8) == "ab");
    CHECK(read_of(s, 8) == "-EBADMSG");
    CHECK(getmsg_as(s.root, s.fd) == "0 H|cd normal");
}

TEST_CASE("RD-044: RPROTDAT: control bytes come as data, in front of the data") {
    OneStream s;
    CHECK(srdopt(s, RNORM | RPROTDAT) == 0);
    s.up_control(M_PROTO, "H", "ab");
    CHECK(read_of(s, 8) == "Hab");
    up_chain(s, {{M_PROTO, "H"}, {M_PROTO, "J"}, {M_DATA, "ab"}});
    CHECK(read_of(s, 1) == "H"); // the rest is data by now
    CHECK(srdopt(s, RNORM | RPROTNORM) == 0);
    CHECK(read_of(s, 8) == "Jab");
}

TEST_CASE("RD-045: RPROTDIS: control blocks are dropped, the data is delivered") {
    OneStream s;
    CHECK(srdopt(s, RNORM | RPROTDIS) == 0);
    up_chain(s, {{M_PROTO, "H"}, {M_PROTO, "J"}, {M_DATA, "ab"}});
    CHECK(read_of(s, 8) == "ab");
    CHECK(empty(s));
}

TEST_CASE("RD-046: RPROTDIS: a message of a control part only is dropped, the read goes on or waits") {
    OneStream s;
    CHECK(srdopt(s, RNORM | RPROTDIS) == 0);
    s.up_control(M_PROTO, "H");
    s.up(M_DATA, "ab");
    CHECK(read_of(s, 8) == "ab");
    s.up_control(M_PROTO, "H");
    Sleeper reader(s.f, s.root, "read", [&] { return read_of(s, 8); });
    CHECK(reader.sleeps());
    CHECK(empty(s));
    s.up_control(M_PROTO, "J");
    CHECK(reader.sleeps());
    s.up(M_DATA, "cd");
    CHECK(reader.text() == "cd");
}

TEST_CASE("RD-047: RPROTDAT and RPROTDIS free the place of the high-priority message they take") {
    for (int mode : {RPROTDAT, RPROTDIS}) {
        CAPTURE(mode);
        OneStream s;
        CHECK(srdopt(s, RNORM | mode) == 0);
        s.up_control(M_PCPROTO, "H", "ab");
        CHECK(read_of(s, 8) == (mode == RPROTDAT ? "Hab" : "ab"));
        s.up_control(M_PCPROTO, "J", "cd");
        CHECK(getmsg_as(s.root, s.fd) == "0 J|cd hipri");
    }
}

TEST_CASE("RD-048 GM-061: a passed descriptor at the front: EBADMSG, and I_RECVFD still receives it") {
    Fixture f;
    f.driver("dev", 61);
    f.node("/dev/dev0", makedevice(61, 0));
    int fd = f.open("/dev/dev0"), ends[2];
    CHECK(rill_pipe(handle(f.root), ends) == 0);
    CHECK(f.ioctl(ends[0], I_SENDFD, fd) == 0);
    CHECK(read_as(f.root, ends[1]) == "-EBADMSG");
    CHECK(getmsg_as(f.root, ends[1]) == "-EBADMSG");
    CHECK(getpmsg_as(f.root, ends[1]) == "-EBADMSG");
    strrecvfd received{};
    CHECK(f.ioctl(ends[1], I_RECVFD, &received) == 0);
    CHECK(f.rdev(received.fd) == makedevice(61, 0));
}

TEST_CASE("RD-049: with RPROTDIS a passed descriptor is closed and the read goes on") {
    Fixture f;
    Probe &dev = f.driver("dev", 61);
    f.node("/dev/dev0", makedevice(61, 0));
    int fd = f.open("/dev/dev0"), ends[2];
    CHECK(rill_pipe(handle(f.root), ends) == 0);
    CHECK(f.ioctl(ends[1], I_SRDOPT, RNORM | RPROTDIS) == 0);
    CHECK(f.ioctl(ends[0], I_SENDFD, fd) == 0);
    CHECK(f.close(fd) == 0);
    CHECK(dev.count("close") == 0); // the message holds it open
    CHECK(f.write(ends[0], "x") == 1);
    CHECK(read_as(f.root, ends[1]) == "x");
    CHECK(dev.count("close") == 1);
}

// --- waiting, hangup, errors

TEST_CASE("RD-060: read on an empty queue waits for a message; two readers get one each, first come first served") {
    OneStream s;
    Process &a = s.f.process(), &b = s.f.process();
    int fa = s.open_as(a), fb = s.open_as(b);
    Sleeper first(s.f, a, "read", [&] { return read_as(a, fa); });
    Sleeper second(s.f, b, "read", [&] { return read_as(b, fb); });
    CHECK(first.sleeps());
    CHECK(second.sleeps());
    s.up(M_DATA, "one");
    CHECK(first.text() == "one");
    CHECK(second.sleeps());
    s.up(M_DATA, "two");
    CHECK(second.text() == "two");
}

TEST_CASE("RD-061: with O_NONBLOCK read on an empty queue fails with EAGAIN") {
    OneStream s;
    do_not_wait(s);
    CHECK(read_of(s) == "-EAGAIN");
    s.up(M_DATA, "ab");
    CHECK(read_of(s) == "ab");
    CHECK(read_of(s) == "-EAGAIN");
}

TEST_CASE("RD-062: with O_NDELAY a device stream gives EAGAIN, a pipe 0") {
    OneStream s;
    int ends[2];
    CHECK(rill_pipe(handle(s.root), ends) == 0);
    for (int fd : {s.fd, ends[0]}) CHECK(set_flags(s.root, fd, RILL_O_NDELAY) >= 0);
    CHECK(read_of(s) == "-EAGAIN");
    CHECK(read_as(s.root, ends[0]) == "");
    CHECK(set_flags(s.root, ends[0], O_NONBLOCK) >= 0);
    CHECK(read_as(s.root, ends[0]) == "-EAGAIN");
}

TEST_CASE("RD-063: with SO_NDELON and O_NDELAY read on an empty queue returns 0; O_NONBLOCK still gives EAGAIN") {
    OneStream s;
    set(s, SO_NDELON);
    CHECK(set_flags(s.root, s.fd, RILL_O_NDELAY) >= 0);
    CHECK(read_of(s) == "");
    CHECK(set_flags(s.root, s.fd, O_NONBLOCK) >= 0);
    CHECK(read_of(s) == "-EAGAIN");
    set(s, SO_NDELOFF);
    CHECK(set_flags(s.root, s.fd, RILL_O_NDELAY) >= 0);
    CHECK(read_of(s) == "-EAGAIN");
}

TEST_CASE("RD-064: a caught signal while read waits with nothing read: EINTR; an ignored one does not end it") {
    OneStream s;
    s.f.catch_signal(s.root, SIGUSR1);
    CHECK(rill_signal(handle(s.root), SIGUSR2, SIG_IGN) == 0);
    Sleeper reader(s.f, s.root, "read", [&] { return read_of(s); });
    s.f.kill(s.root, SIGUSR2);
    s.f.run();
    CHECK(reader.sleeps());
    s.f.kill(s.root, SIGUSR1);
    s.f.run();
    CHECK(reader.text() == "-EINTR");
    s.up(M_DATA, "ab");
    CHECK(read_of(s) == "ab");
}

TEST_CASE("RD-065: after a hangup queued messages are read, then 0 again and again, blocking or not") {
    for (int flags : {0, O_NONBLOCK, RILL_O_NDELAY}) {
        CAPTURE(flags);
        OneStream s;
        CHECK(set_flags(s.root, s.fd, flags) >= 0);
        s.up(M_DATA, "ab");
        s.up(M_HANGUP);
        CHECK(read_of(s) == "ab");
        CHECK(read_of(s) == "");
        CHECK(read_of(s) == "");
    }
}

TEST_CASE("RD-066: a reader asleep when the hangup arrives wakes and returns 0") {
    OneStream s;
    Sleeper reader(s.f, s.root, "read", [&] { return read_of(s); });
    CHECK(reader.sleeps());
    s.up(M_HANGUP);
    CHECK(reader.text() == "");
}

TEST_CASE("RD-069: a reader asleep when a read error arrives wakes with it; a write error leaves it asleep") {
    OneStream s;
    Sleeper reader(s.f, s.root, "read", [&] { return read_of(s); });
    s.up_errors(NOERROR, EPIPE);
    CHECK(reader.sleeps());
    s.up_errors(ESTALE, NOERROR);
    CHECK(reader.text() == "-ESTALE");
}

TEST_CASE("RD-075: with SO_MREADON a read of an empty queue sends M_READ with the count, non-blocking too; else not") {
    Watched w;
    set(w.s, SO_MREADON);
    w.s.up(M_DATA, "ab");
    CHECK(read_of(w.s, 7) == "ab");
    CHECK(w.down.all() == ""); // something was queued
    do_not_wait(w.s);
    CHECK(read_of(w.s, 7) == "-EAGAIN");
    CHECK(w.down.all() == "READ 7");
    CHECK(set_flags(w.root, w.fd(), 0) >= 0);
    Sleeper reader(w.f, w.root, "read", [&] { return read_of(w.s, 9); });
    CHECK(reader.sleeps());
    CHECK(w.down.all() == "READ 9");
    w.s.up(M_DATA, "cd");
    CHECK(reader.text() == "cd");
    set(w.s, SO_MREADOFF);
    do_not_wait(w.s);
    CHECK(read_of(w.s, 7) == "-EAGAIN");
    CHECK(w.down.all() == "");
}

TEST_CASE("RD-076 ERR-046: what comes up while M_READ is handled: data is returned, a hangup gives 0, an error itself") {
    const struct {
        int type;
        std::string bytes, result;
    } answers[] = {{M_DATA, "now", "now"}, {M_HANGUP, "", ""}, {M_ERROR, std::string(1, EPROTO), "-EPROTO"}};
    for (const auto &each : answers)
        for (int flags : {0, O_NONBLOCK}) {
            CAPTURE(each.type);
            CAPTURE(flags);
            Watched w;
            set(w.s, SO_MREADON);
            w.down.answer = [&](queue_t *q, mblk_t *mp) {
                if (mp->b_datap->db_type != M_READ) return false;
                freemsg(mp);
                qreply(q, message(each.type, each.bytes));
                return true;
            };
            CHECK(set_flags(w.root, w.fd(), flags) >= 0);
            Sleeper reader(w.f, w.root, "read", [&] { return read_of(w.s); });
            CHECK(reader.text() == each.result);
        }
}

TEST_CASE("RD-078: a read that takes the queue below its low-water mark schedules the held-back service procedure below") {
    OneStream s([](Probe &p) {
        p.give_service_procedures();
        p.on_rsrv = [](queue_t *q) {
            while (q->q_first && canputnext(q)) putnext(q, getq(q));
        };
    });
    {
        Enter scope(s.f.system);
        for (int i = 0; i < 6; ++i) putq(s.rq, message(M_DATA, std::string(1024, static_cast<char>('a' + i))));
    }
    s.f.run();
    CHECK(s.stream().read_queue()->q_count == 5120);
    CHECK(s.rq->q_count == 1024); // the sixth is held back
    const int ran = s.dev.count("rsrv");
    CHECK(read_of(s, 4096).size() == 4096);
    CHECK(s.dev.count("rsrv") == ran); // 1024 are left, that is not below the mark
    CHECK(read_of(s, 1) == "e");
    CHECK(s.dev.count("rsrv") == ran + 1);
    CHECK(s.rq->q_count == 0);
    CHECK(s.stream().read_queue()->q_count == 1023 + 1024);
}

TEST_CASE("RD-078 FLW-011: a read of part of a message counts what it leaves, not what it had in hand meanwhile") {
    OneStream s([](Probe &p) {
        p.give_service_procedures();
        p.on_rsrv = [](queue_t *q) {
            while (q->q_first && canputnext(q)) putnext(q, getq(q));
        };
    });
    {
        Enter scope(s.f.system);
        putq(s.rq, message(M_DATA, std::string(5120, 'a')));
        putq(s.rq, message(M_DATA, "b"));
    }
    s.f.run();
    CHECK(s.rq->q_count == 1); // held back: the head is full with the first
    const int ran = s.dev.count("rsrv");
    CHECK(read_of(s, 4096).size() == 4096);
    CHECK(s.dev.count("rsrv") == ran); // 1024 are left: not below the mark
    CHECK(s.rq->q_count == 1);
    CHECK(read_of(s, 1) == "a");
    CHECK(s.dev.count("rsrv") == ran + 1); // now it is
    CHECK(s.rq->q_count == 0);
    CHECK(s.stream().read_queue()->q_count == 1023 + 1);
}

// --- the table

TEST_CASE("RD-060 RD-061 RD-062 RD-064 RD-065 RD-067 RD-070 RD-071: read, condition by mode") {
    // clang-format off
    static constexpr Row rows[] = {
        // condition                    blocking    O_NONBLOCK  O_NDELAY    signal pending
        {"empty",                       "sleeps",   "-EAGAIN",  "-EAGAIN",  "-EINTR"},
        {"data",                        "ab",       "ab",       "ab",       "ab"},
        {"control",                     "-EBADMSG", "-EBADMSG", "-EBADMSG", "-EBADMSG"},
        {"priority",                    "-EBADMSG", "-EBADMSG", "-EBADMSG", "-EBADMSG"},
        {"hangup",                      "",         "",         "",         ""},
        {"hangup, data",                "ab",       "ab",       "ab",       "ab"},
        {"read error",                  "-EPROTO",  "-EPROTO",  "-EPROTO",  "-EPROTO"},
        {"read error, data",            "-EPROTO",  "-EPROTO",  "-EPROTO",  "-EPROTO"},
        {"read error, hangup",          "-EPROTO",  "-EPROTO",  "-EPROTO",  "-EPROTO"},
        {"write error",                 "sleeps",   "-EAGAIN",  "-EAGAIN",  "-EINTR"},
        {"write error, data",           "ab",       "ab",       "ab",       "ab"},
        {"full",                        "sleeps",   "-EAGAIN",  "-EAGAIN",  "-EINTR"},
        {"linked below",                "-EINVAL",  "-EINVAL",  "-EINVAL",  "-EINVAL"},
        {"linked below, read error",    "-EINVAL",  "-EINVAL",  "-EINVAL",  "-EINVAL"},
        {"pipe",                        "sleeps",   "-EAGAIN",  "",         "-EINTR"},
        {"pipe, data",                  "ab",       "ab",       "ab",       "ab"},
        {"pipe, closed",                "",         "",         "",         ""},
        {"pipe, data, closed",          "ab",       "ab",       "ab",       "ab"},
    };
    // clang-format on
    for (const Row &row : rows)
        check_row(
            row, [](Bench &b) { return read_as(b.root, b.on); }, [](Bench &b, const std::string &result) {
            // Data was taken, or is all still there.
            const bool queued = b.f.stream(b.on)->read_queue()->q_first != nullptr;
            CHECK(queued == (b.had_message && result != "ab")); });
}

TEST_SUITE_END();
