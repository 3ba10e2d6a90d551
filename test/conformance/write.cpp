// write(2): how bytes become messages, flow control and waiting, errors (clauses/02, Write).
#include "test/headcalls.hpp"

using namespace rill;
using namespace rill::test;

namespace {

std::string write_of(Watched &w, std::string_view data) { return write_as(w.root, w.fd(), data); }
std::function<void(Probe &)> sizes(ssize_t min, ssize_t max) {
    return [=](Probe &p) {
        p.write_limits.mi_minpsz = min;
        p.write_limits.mi_maxpsz = max;
    };
}
Tunables message_limit(long bytes) {
    Tunables t;
    t.strmsgsz = bytes;
    return t;
}

struct Pipe {
    explicit Pipe(Fixture &f) { CHECK(outcome(rill_pipe(handle(f.root), end)) == 0); }
    int end[2] = {-1, -1};
};

// The sizes of the messages queued at the head behind a descriptor.
std::vector<std::size_t> queued_sizes(Fixture &f, int fd) {
    std::vector<std::size_t> all;
    for (const mblk_t *mp = f.stream(fd)->read_queue()->q_first; mp; mp = mp->b_next)
        all.push_back(bytes_of(mp).size());
    return all;
}

} // namespace

TEST_SUITE_BEGIN("write");

// --- failures

TEST_CASE("WR-061: a descriptor not open for writing: EBADF, and nothing is sent") {
    Watched w;
    int fd = w.f.open("/dev/dev0", O_RDONLY);
    CHECK(write_as(w.root, fd, "ab") == "-EBADF");
    CHECK(write_as(w.root, -1, "ab") == "-EBADF");
    CHECK(write_as(w.root, 99, "ab") == "-EBADF");
    CHECK(w.down.all() == "");
}

TEST_CASE("WR-060 ERR-041: on a stream linked below write fails with EINVAL before any other test of its state") {
    Watched w(2048, 256, nullptr, sizes(2, 4));
    w.s.stream().linked_below = true;
    CHECK(write_of(w, "abc") == "-EINVAL");
    CHECK(write_of(w, "x") == "-EINVAL"); // before ERANGE
    w.s.up_error(EPROTO);
    w.s.up(M_HANGUP);
    w.down.all();
    CHECK(write_of(w, "abc") == "-EINVAL");
    CHECK(w.down.all() == "");
    w.s.stream().linked_below = false;
    CHECK(write_of(w, "abc") == (w.f.system.profile.write_hangup_eio ? "-EIO" : "-ENXIO")); // WR-051, WR-050
}

TEST_CASE("WR-050 ERR-041 [irix] [svr4]: write on a hung-up stream: ENXIO, before ERANGE, blocking or not") {
    for (const char *profile : {"irix", "svr4"})
        for (int flags : {0, O_NONBLOCK, RILL_O_NDELAY}) {
            CAPTURE(profile);
            CAPTURE(flags);
            Watched w(2048, 256, profile, sizes(2, 4));
            CHECK(set_flags(w.root, w.fd(), flags) >= 0);
            w.s.up(M_HANGUP);
            CHECK(write_of(w, "ab") == "-ENXIO");
            CHECK(write_of(w, "abcdef") == "-ENXIO");
            CHECK(write_of(w, "ab") == "-ENXIO");
            CHECK(w.down.all() == "");
            CHECK(sent(w.root) == "");
        }
}

TEST_CASE("WR-051 [solaris]: write on a hung-up stream: EIO, putmsg: ENXIO") {
    Watched w(2048, 256, "solaris");
    w.s.up(M_HANGUP);
    CHECK(write_of(w, "ab") == "-EIO");
    CHECK(putmsg_as(w.root, w.fd(), "H", "ab") == "-ENXIO");
    CHECK(w.down.all() == "");
}

TEST_CASE("WR-053 WR-055: a stored write error makes write fail with it, a read error does not") {
    Watched w;
    w.s.up_errors(EPROTO, NOERROR);
    w.down.all();
    CHECK(write_of(w, "abcd") == "4");
    CHECK(w.down.all() == "DATA(abcd)");
    w.s.up_errors(NOERROR, ESTALE);
    w.down.all();
    CHECK(write_of(w, "abcd") == "-ESTALE");
    CHECK(write_of(w, "abcd") == "-ESTALE");
    CHECK(w.down.all() == "");
    CHECK(sent(w.root) == "");
    w.s.up_errors(NOERROR, 0);
    CHECK(write_of(w, "abcd") == "4");
}

TEST_CASE("WR-054: a hangup takes precedence over a stored write error, whichever came first") {
    for (bool hangup_first : {false, true}) {
        CAPTURE(hangup_first);
        Watched w;
        if (hangup_first) w.s.up(M_HANGUP);
        w.s.up_error(EPROTO);
        if (!hangup_first) w.s.up(M_HANGUP);
        CHECK(write_of(w, "ab") == (w.f.system.profile.write_hangup_eio ? "-EIO" : "-ENXIO")); // WR-051, WR-050
    }
}

TEST_CASE("WR-057 WR-058: with SNDPIPE a write refused for error or hangup sends SIGPIPE, and the errno is EPIPE") {
    for (bool hangup : {false, true}) {
        CAPTURE(hangup);
        Watched w;
        CHECK(w.s.ioctl(I_SWROPT, SNDPIPE) == 0);
        if (hangup) w.s.up(M_HANGUP);
        else w.s.up_errors(NOERROR, EPROTO);
        w.root.signals_seen.clear();
        CHECK(write_of(w, "ab") == "-EPIPE");
        CHECK(sent(w.root) == "PIPE");
        CHECK(write_of(w, "ab") == "-EPIPE");
        CHECK(sent(w.root) == "PIPE");
    }
}

static void other_end_closed(const char *profile) {
    Fixture f(profile);
    Pipe pipe(f);
    CHECK(f.close(pipe.end[1]) == 0);
    CHECK(write_as(f.root, pipe.end[0], "ab") == "-EPIPE");
    CHECK(sent(f.root) == "PIPE");
    CHECK(putmsg_as(f.root, pipe.end[0], "H", "ab") == "-EPIPE");
    CHECK(sent(f.root) == "PIPE");
    CHECK(putpmsg_as(f.root, pipe.end[0], nullptr, "ab", 3) == "-EPIPE");
    CHECK(sent(f.root) == "PIPE");
}

TEST_CASE("WR-059 PM-057 [irix]: a pipe whose other end is closed: EPIPE and SIGPIPE, for write and putmsg") {
    other_end_closed("irix");
}

TEST_CASE("WR-059 PM-057 [solaris]: a pipe whose other end is closed: EPIPE and SIGPIPE, for write and putmsg") {
    other_end_closed("solaris");
}

TEST_CASE("WR-064 [svr4]: a pipe whose other end is closed: ENXIO, for write and putmsg") {
    Fixture f("svr4");
    Pipe pipe(f);
    CHECK(f.close(pipe.end[1]) == 0);
    CHECK(write_as(f.root, pipe.end[0], "ab") == "-ENXIO");
    CHECK(putmsg_as(f.root, pipe.end[0], "H", "ab") == "-ENXIO");
    CHECK(sent(f.root) == "");
}

TEST_CASE("WR-019: above STRTHRESH open, I_PUSH and write of an unprivileged process fail with ENOSR; 0 is no threshold") {
    for (bool configured : {true, false}) {
        CAPTURE(configured);
        Watched w;
        w.f.module("m");
        Process &user = w.f.process(100, 100);
        const int fd = w.s.open_as(user);
        w.f.system.tunables.strthresh = configured ? static_cast<long>(w.f.system.stream_bytes()) : 0;
        CHECK(write_as(user, fd, "at it") == "5");
        w.down.all();
        w.s.up(M_DATA, "above it");
        const int refused = configured ? -ENOSR : 0;
        CHECK(write_as(user, fd, "ab") == (configured ? "-ENOSR" : "2"));
        CHECK(w.down.all() == (configured ? "" : "DATA(ab)"));
        CHECK(ioctl_of(user, fd, I_PUSH, "m") == refused);
        CHECK(ioctl_of(user, fd, I_LOOK, std::string(9, 0).data()) == (configured ? -EINVAL : 0));
        CHECK(std::min(w.f.open(user, "/dev/dev1"), 0) == refused);
        CHECK(write_of(w, "ab") == "2"); // root
        CHECK(w.s.ioctl(I_PUSH, "m") == 0);
        CHECK(w.s.ioctl(I_POP, 0) == 0);
        CHECK(w.f.open("/dev/dev1") >= 0);
        CHECK(read_as(user, fd) == "above it");
        w.f.system.tunables.strthresh = 0;
        CHECK(write_as(user, fd, "ab") == "2");
    }
}

TEST_CASE("WR-062: a background process writing its terminal: only with SO_TOSTOP; SIGTTOU, EIO if orphaned, let if ignored") {
    Watched w;
    Terminal t(w.s);
    auto attempt = [&] { return write_as(t.back, t.back_fd, "ab"); };
    w.down.all();
    t.back.signals_seen.clear();
    CHECK(attempt() == "2");
    CHECK(w.down.all() == "DATA(ab)");
    set(w.s, SO_TOSTOP);
    CHECK(attempt() == "-EINTR");
    CHECK(sent(t.back) == "TTOU");
    CHECK(putmsg_as(t.back, t.back_fd, nullptr, "ab") == "-EINTR");
    CHECK(sent(t.back) == "TTOU");
    CHECK(w.down.all() == "");
    CHECK(write_as(t.leader, t.leader_fd, "fg") == "2"); // the foreground is not held back
    CHECK(w.down.all() == "DATA(fg)");
    const int parent = t.back.ppid;
    t.back.ppid = 0; // an orphaned group
    CHECK(attempt() == "-EIO");
    CHECK(sent(t.back) == "");
    CHECK(w.down.all() == "");
    t.back.ppid = parent;
    CHECK(rill_signal(handle(t.back), SIGTTOU, SIG_IGN) == 0);
    CHECK(attempt() == "2");
    CHECK(w.down.all() == "DATA(ab)");
}

TEST_CASE("WR-063: an unreadable buffer, or one that ends too early: EFAULT, the message is not sent") {
    Watched w;
    HalfPage memory;
    const struct {
        const char *from;
        std::size_t count;
    } bad[] = {{memory.bad(), 4}, {memory.last(2), 4}, {memory.last(100), 1000}};
    for (const auto &each : bad) {
        errno = 0;
        CHECK(rill_write(handle(w.root), w.fd(), each.from, each.count) == -1);
        CHECK(errno == EFAULT);
    }
    CHECK(w.down.all() == "");
    CHECK(rill_write(handle(w.root), w.fd(), memory.last(4), 4) == 4); // the good bytes alone
}

TEST_CASE("ERR-043: flow control comes before the data is copied: full and a bad buffer: EAGAIN, for write and putmsg") {
    Watched w(4, 1);
    w.fill();
    CHECK(set_flags(w.root, w.fd(), O_NONBLOCK) >= 0);
    Page page;
    CHECK(rill_write(handle(w.root), w.fd(), page.at(), 4) == -1);
    CHECK(errno == EAGAIN);
    strbuf data{0, 4, page.at()};
    CHECK(outcome(rill_putmsg(handle(w.root), w.fd(), nullptr, &data, 0)) == -EAGAIN);
    CHECK(w.down.all() == "");
}

TEST_CASE("ERR-041 ERR-043: write: linked, hung up, threshold, maximum 0, ERANGE, room, memory, address: the upper refusal is told") {
    Watched none(2048, 256, nullptr, sizes(0, 0));
    Process &user = none.f.process(100, 100);
    const int fd = none.s.open_as(user);
    none.f.system.tunables.strthresh = 1;
    CHECK(write_as(user, fd, "ab") == "-ENOSR"); // not 0
    none.s.stream().hung_up = true;
    CHECK(write_as(user, fd, "ab") == (none.f.system.profile.write_hangup_eio ? "-EIO" : "-ENXIO"));
    none.s.stream().linked_below = true;
    CHECK(write_as(user, fd, "ab") == "-EINVAL");
    none.s.stream().linked_below = none.s.stream().hung_up = false;
    none.f.system.tunables.strthresh = 0;
    CHECK(write_as(user, fd, "ab") == "0");

    Probe &least = none.f.module("least");
    least.write_limits.mi_minpsz = 2;
    Pipe pipe(none.f);
    CHECK(write_as(none.root, pipe.end[0], "") == "0"); // WR-011
    CHECK(none.f.ioctl(pipe.end[0], I_PUSH, "least") == 0);
    CHECK(write_as(none.root, pipe.end[0], "") == "-ERANGE");

    Watched w(4, 1, "solaris"); // where memory is not waited for (WR-041)
    w.fill();
    Process &p = w.f.process();
    const int other = w.s.open_as(p);
    Sleeper sleeper(w.f, p, "write", [&] { return write_as(p, other, "ab"); });
    CHECK(sleeper.sleeps());
    CHECK(set_flags(w.root, w.fd(), O_NONBLOCK) >= 0);
    Page page;
    auto fails = [&](const char *reason) {
        const Census before = w.f.census();
        rill_fail_nth(handle(w.f.system), 1);
        CHECK(outcome(static_cast<int>(rill_write(handle(w.root), w.fd(), page.at(), 4))) == -EAGAIN);
        rill_fail_nth(handle(w.f.system), 0);
        CHECK(w.f.why().find(reason) != std::string::npos);
        CHECK(w.f.census() == before);
    };
    fails("full");
    w.s.up(M_HANGUP);
    CHECK(sleeper.text() == "-ENXIO"); // what came meanwhile, though the queue is still full
    w.s.stream().hung_up = false;
    w.s.stream().write_error = 0;
    w.release();
    fails("no memory");
    CHECK(outcome(static_cast<int>(rill_write(handle(w.root), w.fd(), page.at(), 4))) == -EFAULT);
}

// --- packaging

TEST_CASE("WR-001: write makes M_DATA messages in band 0") {
    Watched w;
    CHECK(write_of(w, "ab") == "2");
    CHECK(w.down.all() == "DATA(ab)");
}

TEST_CASE("WR-002 WR-003: a count up to the maximum is one message; a larger one is cut, the last may be shorter") {
    Watched ten(2048, 256, nullptr, sizes(0, 10)), four(2048, 256, nullptr, sizes(0, 4));
    CHECK(write_of(ten, "0123456789") == "10");
    CHECK(ten.down.all() == "DATA(0123456789)");
    CHECK(write_of(four, "0123456789") == "10");
    CHECK(four.down.all() == "DATA(0123) DATA(4567) DATA(89)");
    CHECK(write_of(four, "01234567") == "8");
    CHECK(four.down.all() == "DATA(0123) DATA(4567)");
}

TEST_CASE("WR-004: with a minimum, a count outside minimum and maximum: ERANGE, nothing is sent") {
    Watched w(2048, 256, nullptr, sizes(2, 4));
    for (const char *data : {"", "a", "abcde"}) CHECK(write_of(w, data) == "-ERANGE");
    CHECK(w.down.all() == "");
    CHECK(write_of(w, "ab") == "2");
    CHECK(write_of(w, "abcd") == "4");
    CHECK(w.down.all() == "DATA(ab) DATA(abcd)");
}

TEST_CASE("WR-006: a topmost maximum of 0: write returns 0 and sends nothing") {
    Watched w(2048, 256, nullptr, sizes(0, 0));
    CHECK(write_of(w, "abcde") == "0");
    CHECK(write_of(w, "") == "0");
    CHECK(w.down.all() == "");
}

TEST_CASE("WR-007: the smaller of the topmost maximum and STRMSGSZ holds; INFPSZ means STRMSGSZ; STRMSGSZ 0 no limit") {
    const struct {
        ssize_t max;
        long limit;
        const char *sent;
    } cases[] = {{INFPSZ, 8, "DATA(01234567) DATA(89)"}, {4, 8, "DATA(0123) DATA(4567) DATA(89)"}, {9, 8, "DATA(01234567) DATA(89)"}, {INFPSZ, 0, "DATA(0123456789)"}, {9, 0, "DATA(012345678) DATA(9)"}};
    for (const auto &each : cases) {
        CAPTURE(each.max);
        CAPTURE(each.limit);
        Watched w(2048, 256, nullptr, sizes(0, each.max), message_limit(each.limit));
        CHECK(write_of(w, "0123456789") == "10");
        CHECK(w.down.all() == each.sent);
    }
}

TEST_CASE("WR-008: a bare pipe takes PIPE_BUF at a time; a module's finite maximum is held to it unless STRMSGSZ is 0") {
    const struct {
        long limit;
        ssize_t module_max; // 0: no module
        std::vector<std::size_t> expected;
    } cases[] = {{0x10000, 0, {4096, 1}}, {0x10000, 4100, {4096, 1}}, {0x10000, 2048, {2048, 2048, 1}}, {0x10000, INFPSZ, {4097}}, {0, 4100, {4097}}};
    for (const auto &each : cases) {
        CAPTURE(each.limit);
        CAPTURE(each.module_max);
        Fixture f(nullptr, message_limit(each.limit));
        Probe &module = f.module("module");
        module.write_limits.mi_maxpsz = each.module_max;
        Pipe pipe(f);
        if (each.module_max) CHECK(f.ioctl(pipe.end[0], I_PUSH, "module") == 0);
        CHECK(f.write(pipe.end[0], std::string(4097, 'x')) == 4097);
        CHECK(queued_sizes(f, pipe.end[1]) == each.expected);
    }
}

TEST_CASE("WR-009: the limits are those of the module now on top") {
    Watched w;
    Probe &two = w.f.module("two");
    two.write_limits.mi_maxpsz = 2;
    CHECK(w.s.ioctl(I_PUSH, "two") == 0);
    CHECK(write_of(w, "abcd") == "4");
    CHECK(w.down.all() == "DATA(ab) DATA(cd)");
    CHECK(w.s.ioctl(I_POP, 0) == 0);
    CHECK(write_of(w, "abcd") == "4");
    CHECK(w.down.all() == "DATA(abcd)");
}

TEST_CASE("WR-010: a write of no bytes to a device sends one empty M_DATA and returns 0, whatever SNDZERO says") {
    Watched w;
    for (int options : {0, SNDZERO}) {
        CHECK(w.s.ioctl(I_SWROPT, options) == 0);
        CHECK(write_of(w, "") == "0");
        CHECK(w.down.all() == "DATA()");
    }
}

TEST_CASE("WR-011: a write of no bytes to a pipe sends nothing, with SNDZERO an empty message") {
    Fixture f;
    Pipe pipe(f);
    CHECK(set_flags(f.root, pipe.end[1], O_NONBLOCK) >= 0);
    CHECK(write_as(f.root, pipe.end[0], "") == "0");
    CHECK(read_as(f.root, pipe.end[1]) == "-EAGAIN");
    CHECK(f.ioctl(pipe.end[0], I_SWROPT, SNDZERO) == 0);
    CHECK(write_as(f.root, pipe.end[0], "") == "0");
    CHECK(read_as(f.root, pipe.end[1]) == "");
    CHECK(read_as(f.root, pipe.end[1]) == "-EAGAIN");
}

TEST_CASE("WR-013 IOC-251: a write offset leaves that many bytes free in front of the data of each message") {
    Watched w(2048, 256, nullptr, sizes(0, 4));
    CHECK(write_of(w, "ab") == "2");
    CHECK(w.down.headroom < 16);
    stroptions o = options(SO_WROFF);
    o.so_wroff = 16;
    w.s.up_options(o);
    CHECK(write_of(w, "abcdef") == "6");
    CHECK(w.down.all() == "DATA(ab) DATA(abcd) DATA(ef)");
    CHECK(w.down.headroom >= 16); // of the last piece
}

TEST_CASE("WR-014: with SO_DELIM the message that completes the write carries MSGDELIM, earlier pieces do not") {
    Watched w(2048, 256, nullptr, sizes(0, 4));
    CHECK(write_of(w, "0123456789") == "10");
    CHECK(w.down.all() == "DATA(0123) DATA(4567) DATA(89)");
    set(w.s, SO_DELIM);
    CHECK(write_of(w, "0123456789") == "10");
    CHECK(w.down.all() == "DATA(0123) DATA(4567) DATA(89) delim");
    CHECK(write_of(w, "ab") == "2");
    CHECK(w.down.all() == "DATA(ab) delim");
}

TEST_CASE("WR-017: records of PIPE_BUF bytes or fewer are not mixed by two writers that wait for each other's room") {
    Fixture f;
    Pipe pipe(f);
    Process &reader = f.root;
    int got_a = 0, got_b = 0;
    std::string all;
    {
        // Two writers of six records each, through one descriptor; both must wait.
        const std::string a(4096, 'a'), b(4096, 'b');
        auto writer = [&](const std::string &record) {
            return [&f, &pipe, &record] {
                for (int i = 0; i < 6; ++i)
                    if (write_as(f.root, pipe.end[0], record) != "4096") return std::string("failed");
                return std::string("done");
            };
        };
        Sleeper first(f, f.root, "write a", writer(a)), second(f, f.root, "write b", writer(b));
        CHECK(first.sleeps());
        CHECK(second.sleeps());
        while (all.size() < 12 * 4096) all += read_as(reader, pipe.end[1], 1000);
        f.run();
        CHECK(first.text() == "done");
        CHECK(second.text() == "done");
    }
    REQUIRE(all.size() == 12 * 4096);
    for (std::size_t at = 0; at < all.size(); at += 4096) {
        CHECK(all.find_first_not_of(all[at], at) >= at + 4096); // npos for the last
        (all[at] == 'a' ? got_a : got_b) += 1;
    }
    CHECK(got_a == 6);
    CHECK(got_b == 6);
}

TEST_CASE("WR-018 WR-036: a write of several messages tests for room before each, and others may come between") {
    Watched w(4, 1, nullptr, sizes(0, 4));
    w.down.hold = true;
    Process &a = w.f.process(), &b = w.f.process();
    int fa = w.s.open_as(a), fb = w.s.open_as(b);
    Sleeper first(w.f, a, "write", [&] { return write_as(a, fa, "aaaaAAAA"); });
    Sleeper second(w.f, b, "write", [&] { return write_as(b, fb, "bbbbBBBB"); });
    CHECK(first.sleeps());
    CHECK(second.sleeps());
    CHECK(w.down.all() == "DATA(aaaa)"); // the second piece found the queue full
    empty_queue(w.f, w.s.wq());
    CHECK(w.down.all() == "DATA(AAAA)"); // the first sleeper's, which is then done; the queue is full again
    CHECK(first.text() == "8");
    CHECK(second.sleeps());
    w.release();
    CHECK(second.text() == "8");
    CHECK(w.down.all() == "DATA(bbbb) DATA(BBBB)");
}

TEST_CASE("WR-018: pieces of two writers interleave when the second finds room between those of the first") {
    Watched w(4, 1, nullptr, sizes(0, 4));
    Process &a = w.f.process(), &b = w.f.process();
    int fa = w.s.open_as(a), fb = w.s.open_as(b, O_RDWR | O_NONBLOCK);
    w.down.hold = true;
    Sleeper first(w.f, a, "write", [&] { return write_as(a, fa, "aaaaAAAA"); });
    CHECK(first.sleeps());
    {
        Enter scope(w.f.system);
        freemsg(getq(w.s.wq())); // room; the sleeper is woken but has not run yet
    }
    CHECK(write_as(b, fb, "bbbb") == "4");
    w.release();
    CHECK(first.text() == "8");
    CHECK(w.down.all() == "DATA(aaaa) DATA(bbbb) DATA(AAAA)");
}

// --- flow control and waiting

TEST_CASE("WR-030: a blocking write waits for room below until the queue is back-enabled") {
    Watched w(4, 1);
    w.fill();
    Sleeper writer(w.f, w.root, "write", [&] { return write_of(w, "ab"); });
    CHECK(writer.sleeps());
    w.f.run();
    CHECK(writer.sleeps());
    CHECK(w.down.all() == "");
    w.release();
    CHECK(writer.text() == "2");
    CHECK(w.down.all() == "DATA(ab)");
}

TEST_CASE("WR-031 ERR-047: with O_NONBLOCK and nothing sent: EAGAIN, which is EWOULDBLOCK; nothing stays behind") {
    static_assert(EAGAIN == EWOULDBLOCK);
    Watched w(4, 1);
    w.fill();
    CHECK(set_flags(w.root, w.fd(), O_NONBLOCK) >= 0);
    Census before = w.f.census();
    CHECK(write_of(w, "ab") == "-EAGAIN");
    CHECK(w.f.census() == before);
    CHECK(w.down.all() == "");
    w.release();
    CHECK(write_of(w, "ab") == "2");
}

TEST_CASE("WR-032: with O_NONBLOCK and some pieces sent: the number of bytes sent") {
    Watched w(4, 1, nullptr, sizes(0, 4));
    w.down.hold = true;
    CHECK(set_flags(w.root, w.fd(), O_NONBLOCK) >= 0);
    CHECK(write_of(w, "0123456789") == "4");
    CHECK(w.down.all() == "DATA(0123)");
}

TEST_CASE("WR-033: SO_NDELON: O_NDELAY waits on a device, O_NONBLOCK gives EAGAIN; a full pipe gives 0 and EAGAIN") {
    Watched w(4, 1);
    set(w.s, SO_NDELON);
    w.fill();
    CHECK(set_flags(w.root, w.fd(), O_NONBLOCK) >= 0);
    CHECK(write_of(w, "ab") == "-EAGAIN");
    CHECK(set_flags(w.root, w.fd(), RILL_O_NDELAY) >= 0);
    Sleeper writer(w.f, w.root, "write", [&] { return write_of(w, "ab"); });
    CHECK(writer.sleeps());
    w.release();
    CHECK(writer.text() == "2");
    Pipe pipe(w.f);
    CHECK(set_flags(w.root, pipe.end[0], O_NONBLOCK) >= 0);
    while (write_as(w.root, pipe.end[0], std::string(4096, 'x')) == "4096") {}
    CHECK(write_as(w.root, pipe.end[0], "ab") == "-EAGAIN");
    CHECK(set_flags(w.root, pipe.end[0], RILL_O_NDELAY) >= 0);
    CHECK(write_as(w.root, pipe.end[0], "ab") == "0");
}

TEST_CASE("WR-034 WR-035: a caught signal: EINTR with nothing sent, else the number of bytes sent") {
    Watched w(4, 1, nullptr, sizes(0, 4));
    w.f.catch_signal(w.root, SIGUSR1);
    w.down.hold = true;
    Sleeper partly(w.f, w.root, "write", [&] { return write_of(w, "0123456789"); });
    CHECK(partly.sleeps());
    w.f.kill(w.root, SIGUSR1);
    w.f.run();
    CHECK(partly.text() == "4");
    Sleeper nothing(w.f, w.root, "write", [&] { return write_of(w, "ab"); });
    CHECK(nothing.sleeps());
    w.f.kill(w.root, SIGUSR1);
    w.f.run();
    CHECK(nothing.text() == "-EINTR");
    CHECK(w.down.all() == "DATA(0123)");
}

TEST_CASE("WR-037: only band 0 matters: a full band above does not hold write back") {
    Watched w(4, 1);
    w.down.hold = true;
    CHECK(set_flags(w.root, w.fd(), O_NONBLOCK) >= 0);
    while (putpmsg_as(w.root, w.fd(), nullptr, "b", 1) == "0") {}
    w.down.all();
    CHECK(write_of(w, "ab") == "2");
    CHECK(w.down.all() == "DATA(ab)");
}

TEST_CASE("WR-038 WR-039: a writer that waits wakes with a write error, with ENXIO for a hangup; a read error leaves it") {
    for (const char *profile : {"irix", "svr4", "solaris"})
        for (bool hangup : {false, true}) {
            CAPTURE(profile);
            CAPTURE(hangup);
            Watched w(4, 1, profile);
            w.fill();
            Sleeper writer(w.f, w.root, "write", [&] { return write_of(w, "ab"); });
            w.s.up_errors(EPROTO, NOERROR);
            w.f.run();
            CHECK(writer.sleeps());
            if (hangup) w.s.up(M_HANGUP);
            else w.s.up_errors(NOERROR, ESTALE);
            CHECK(writer.text() == (hangup ? "-ENXIO" : "-ESTALE"));
            w.s.up_errors(0, NOERROR);
        }
}

TEST_CASE("WR-039 [irix] [solaris]: a writer on a pipe whose other end closes meanwhile: EPIPE and SIGPIPE, also when part of its data was taken (PIP-060)") {
    for (const auto &[profile, part] : {std::pair{"irix", false}, {"irix", true}, {"solaris", false}, {"solaris", true}}) {
        CAPTURE_BINDING(profile);
        CAPTURE_BINDING(part);
        Fixture f(profile);
        Pipe pipe(f);
        CHECK(set_flags(f.root, pipe.end[0], O_NONBLOCK) >= 0);
        while (write_as(f.root, pipe.end[0], std::string(4096, 'x')) == "4096") {}
        CHECK(set_flags(f.root, pipe.end[0], 0) >= 0);
        if (part) CHECK(read_as(f.root, pipe.end[1], 4096).size() == 4096); // room for one message
        Sleeper writer(f, f.root, "write", [&] { return write_as(f.root, pipe.end[0], std::string(3 * 4096, 'y')); });
        CHECK(writer.sleeps());
        f.root.signals_seen.clear();
        CHECK(f.close(pipe.end[1]) == 0);
        f.run();
        CHECK(writer.text() == "-EPIPE");
        CHECK(sent(f.root) == "PIPE");
    }
}

static void write_waits_for_memory(const char *profile) {
    for (int flags : {0, O_NONBLOCK, RILL_O_NDELAY}) {
        CAPTURE(flags);
        Watched w(2048, 256, profile);
        CHECK(set_flags(w.root, w.fd(), flags) >= 0);
        w.f.system.alloc.ceiling(1000);
        const std::string data(2000, 'x');
        Sleeper writer(w.f, w.root, "write", [&] { return write_of(w, data); });
        CHECK(writer.sleeps());
        w.f.run();
        CHECK(writer.sleeps());
        CHECK(w.down.all() == "");
        w.f.system.alloc.ceiling(0);
        advance(w.f, 1);
        CHECK(writer.text() == "2000");
        CHECK(w.down.all() == "DATA(" + data + ")");
    }
}

TEST_CASE("WR-040 [irix]: no memory: write waits for it, non-blocking too, and completes when it comes back") {
    write_waits_for_memory("irix");
}

TEST_CASE("WR-040 [svr4]: no memory: write waits for it, non-blocking too, and completes when it comes back") {
    write_waits_for_memory("svr4");
}

TEST_CASE("WR-040: no memory after one piece: a non-blocking write returns its count") {
    Watched w(2048, 256, nullptr, sizes(0, 4));
    CHECK(set_flags(w.root, w.fd(), O_NONBLOCK) >= 0);
    w.down.answer = [&](queue_t *, mblk_t *) {
        w.f.system.alloc.fail_seed(1, 1); // from now on nothing
        return false;
    };
    CHECK(write_of(w, "01234567") == "4");
    w.f.system.alloc.fail_seed(0, 0);
    CHECK(w.down.all() == "DATA(0123)");
}

TEST_CASE("WR-040: no memory, and none to wait with: ENOSR, nothing is sent; a signal ends the wait with EINTR") {
    Watched w;
    w.f.system.alloc.fail_seed(1, 1);
    CHECK(write_of(w, "ab") == "-ENOSR");
    w.f.system.alloc.fail_seed(0, 0);
    w.f.catch_signal(w.root, SIGUSR1);
    w.f.system.alloc.ceiling(1000);
    Sleeper writer(w.f, w.root, "write", [&] { return write_of(w, std::string(2000, 'x')); });
    CHECK(writer.sleeps());
    w.f.kill(w.root, SIGUSR1);
    w.f.run();
    CHECK(writer.text() == "-EINTR");
    w.f.system.alloc.ceiling(0);
    CHECK(w.down.all() == "");
    CHECK(w.f.census().bufcalls == 0);
}

TEST_CASE("WR-040 WR-050: a hangup while write waits for memory: ENXIO, nothing goes down a hung-up stream") {
    Watched w;
    w.f.system.alloc.ceiling(1000);
    Sleeper writer(w.f, w.root, "write", [&] { return write_of(w, std::string(2000, 'x')); });
    CHECK(writer.sleeps());
    w.s.up(M_HANGUP);
    w.f.system.alloc.ceiling(0);
    advance(w.f, 1);
    CHECK(writer.text() == "-ENXIO");
    CHECK(w.down.all() == "");
}

TEST_CASE("WR-041 [solaris]: no memory makes a non-blocking write fail with EAGAIN; a blocking one waits") {
    Watched w(2048, 256, "solaris");
    CHECK(set_flags(w.root, w.fd(), O_NONBLOCK) >= 0);
    w.f.system.alloc.ceiling(1000);
    CHECK(write_of(w, std::string(2000, 'x')) == "-EAGAIN");
    CHECK(set_flags(w.root, w.fd(), 0) >= 0);
    Sleeper writer(w.f, w.root, "write", [&] { return write_of(w, std::string(2000, 'x')); });
    CHECK(writer.sleeps());
    w.f.system.alloc.ceiling(0);
    advance(w.f, 1);
    CHECK(writer.text() == "2000");
}

TEST_CASE("WR-040 by allocation: a write survives the failure of every allocation it asks for") {
    Watched w(2048, 256, nullptr, sizes(0, 4));
    for (long n = 1; n < 20; ++n) {
        w.f.system.alloc.fail_nth(n);
        CHECK(write_of(w, "01234567") == "8");
        w.f.system.alloc.fail_nth(0);
        CHECK(w.down.all() == "DATA(0123) DATA(4567)");
    }
}

// --- the table

TEST_CASE("WR-030 WR-031 WR-034 WR-050 WR-053 WR-055 WR-059 WR-060 [irix]: write, condition by mode") {
    // clang-format off
    static constexpr Row rows[] = {
        // condition                    blocking    O_NONBLOCK  O_NDELAY    signal pending
        {"empty",                       "2",        "2",        "2",        "2"},
        {"data",                        "2",        "2",        "2",        "2"},
        {"full",                        "sleeps",   "-EAGAIN",  "-EAGAIN",  "-EINTR"},
        {"hangup",                      "-ENXIO",   "-ENXIO",   "-ENXIO",   "-ENXIO"},
        {"hangup, full",                "-ENXIO",   "-ENXIO",   "-ENXIO",   "-ENXIO"},
        {"hangup, data",                "-ENXIO",   "-ENXIO",   "-ENXIO",   "-ENXIO"},
        {"read error",                  "2",        "2",        "2",        "2"},
        {"write error",                 "-ESTALE",  "-ESTALE",  "-ESTALE",  "-ESTALE"},
        {"write error, hangup",         "-ENXIO",   "-ENXIO",   "-ENXIO",   "-ENXIO"},
        {"linked below",                "-EINVAL",  "-EINVAL",  "-EINVAL",  "-EINVAL"},
        {"linked below, write error",   "-EINVAL",  "-EINVAL",  "-EINVAL",  "-EINVAL"},
        {"linked below, hangup, full",  "-EINVAL",  "-EINVAL",  "-EINVAL",  "-EINVAL"},
        {"pipe",                        "2",        "2",        "2",        "2"},
        {"pipe, full",                  "sleeps",   "-EAGAIN",  "0",        "-EINTR"},
        {"pipe, closed",                "-EPIPE",   "-EPIPE",   "-EPIPE",   "-EPIPE"},
        {"pipe, full, closed",          "-EPIPE",   "-EPIPE",   "-EPIPE",   "-EPIPE"},
    };
    // clang-format on
    for (const Row &row : rows)
        check_row(
            row, [](Bench &b) { return write_as(b.root, b.on, "ab"); }, [](Bench &b, const std::string &result) {
            if (b.other < 0) CHECK(b.down.all() == (result == "2" ? "DATA(ab)" : ""));
            b.root.signals_seen.clear(); });
}

TEST_SUITE_END();
