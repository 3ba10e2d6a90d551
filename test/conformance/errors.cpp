// M_ERROR and M_HANGUP, the order of checks, messages that mean nothing to a stream head (clauses/02, M_ERROR, M_HANGUP,
// Order of checks).
#include "test/headcalls.hpp"

using namespace rill;
using namespace rill::test;

namespace {

std::string read_of(Watched &w) { return read_as(w.root, w.fd()); }
std::string write_of(Watched &w, std::string_view data = "ab") { return write_as(w.root, w.fd(), data); }
void do_not_wait(Watched &w) { CHECK(set_flags(w.root, w.fd(), O_NONBLOCK) >= 0); }

// A call of each kind, asleep on one stream: processes of their own.
struct Sleepers {
    explicit Sleepers(Watched &w) {
        auto add = [&](const char *name, std::function<std::string(Process &, int)> call) {
            Process &p = w.f.process();
            int fd = w.s.open_as(p);
            all.emplace_back(name, std::make_unique<Sleeper>(w.f, p, name, [&p, fd, call] { return call(p, fd); }));
        };
        add("read", [](Process &p, int fd) { return read_as(p, fd); });
        add("getmsg", [](Process &p, int fd) { return getmsg_as(p, fd); });
        add("getpmsg", [](Process &p, int fd) { return getpmsg_as(p, fd, MSG_BAND, 3); });
        add("write", [](Process &p, int fd) { return write_as(p, fd, "ab"); });
        add("putmsg", [](Process &p, int fd) { return putmsg_as(p, fd, "H", "ab"); });
        add("putpmsg", [](Process &p, int fd) { return putpmsg_as(p, fd, nullptr, "ab", 0); });
        auto str = [](Process &p, int fd) {
            strioctl io{0x7a01, -1, 0, nullptr};
            int result = ioctl_of(p, fd, I_STR, &io);
            return result < 0 ? error_name(-result) : std::to_string(result);
        };
        add("ioctl", str);
        add("second ioctl", str);
    }
    std::string text(std::string_view name) const {
        for (const auto &[n, sleeper] : all)
            if (n == name) return sleeper->text();
        return "?";
    }
    std::vector<std::pair<std::string, std::unique_ptr<Sleeper>>> all;
};

// A stream whose driver has no room and answers no ioctl.
struct Stuck : Watched {
    Stuck() : Watched(4, 1) {
        down.answer = [](queue_t *, mblk_t *mp) {
            if (mp->b_datap->db_type != M_IOCTL) return false;
            freemsg(mp);
            return true;
        };
        fill();
    }
};

} // namespace

TEST_SUITE_BEGIN("errors");

// --- M_ERROR

TEST_CASE("ERR-001 ERR-004: one byte sets both errors; every affected call fails, again and again, until they are cleared") {
    Watched w;
    w.s.up(M_DATA, "xy");
    w.s.up_error(EPROTO);
    w.down.all();
    int value = 0;
    for (int i = 0; i < 2; ++i) {
        CHECK(read_of(w) == "-EPROTO");
        CHECK(getmsg_as(w.root, w.fd()) == "-EPROTO");
        CHECK(write_of(w) == "-EPROTO");
        CHECK(putmsg_as(w.root, w.fd(), "H", "ab") == "-EPROTO");
        CHECK(w.s.ioctl(I_GRDOPT, &value) == -EPROTO);
    }
    CHECK(w.down.all() == "");
    w.s.up_errors(0, 0);
    do_not_wait(w);
    CHECK(read_of(w) == "-EAGAIN"); // what was queued went with the M_FLUSH that the driver turned round (ERR-006)
    CHECK(write_of(w) == "2");
}

TEST_CASE("ERR-004: the errors end with the last close") {
    Watched w;
    w.s.up_error(EPROTO);
    CHECK(w.f.close(w.fd()) == 0);
    int fd = w.f.open("/dev/dev0", O_RDWR | O_NONBLOCK);
    REQUIRE(fd >= 0);
    CHECK(read_as(w.root, fd) == "-EAGAIN");
    CHECK(write_as(w.root, fd, "ab") == "2");
}

TEST_CASE("ERR-002: one byte of 0, or none at all, is ignored") {
    Watched w;
    do_not_wait(w);
    for (std::string_view bytes : {std::string_view("\0", 1), std::string_view()}) {
        w.s.up(M_ERROR, bytes);
        CHECK(read_of(w) == "-EAGAIN");
        CHECK(write_of(w) == "2");
        CHECK(w.down.all() == "DATA(ab)"); // no M_FLUSH
        CHECK(w.s.f.took_fault("IOC-324") == (bytes.empty() ? 1 : 0));
    }
    w.s.up_error(EPROTO);
    w.s.up(M_ERROR, std::string_view("\0", 1)); // clears nothing either
    CHECK(read_of(w) == "-EPROTO");
    CHECK(write_of(w) == "-EPROTO");
}

TEST_CASE("ERR-003: two bytes: one for each side; NOERROR leaves a side alone, 0 clears it") {
    Watched w;
    do_not_wait(w);
    const struct {
        int read, write;
        const char *read_gives, *write_gives;
    // clang-format off
    } steps[] = {{NOERROR, EPIPE, "-EAGAIN", "-EPIPE"}, {EPROTO, NOERROR, "-EPROTO", "-EPIPE"},
                 {ESTALE, EIO, "-ESTALE", "-EIO"},      {NOERROR, NOERROR, "-ESTALE", "-EIO"},
                 {0, NOERROR, "-EAGAIN", "-EIO"},       {EPROTO, 0, "-EPROTO", "2"},
                 {0, 0, "-EAGAIN", "2"}};
    // clang-format on
    for (const auto &step : steps) {
        CAPTURE(step.read);
        CAPTURE(step.write);
        w.s.up_errors(step.read, step.write);
        CHECK(read_of(w) == step.read_gives);
        CHECK(write_of(w) == step.write_gives);
    }
    CHECK(sent(w.root) == "");
}

TEST_CASE("ERR-006: an error that is set sends M_FLUSH down: both for one byte, the sides set for two") {
    const struct {
        std::string bytes, flush;
    } cases[] = {{{EPROTO}, "FLUSH 3"},
                 {{EPROTO, static_cast<char>(NOERROR)}, "FLUSH 1"},
                 {{static_cast<char>(NOERROR), EPROTO}, "FLUSH 2"},
                 {{EPROTO, ESTALE}, "FLUSH 3"},
                 {{static_cast<char>(NOERROR), static_cast<char>(NOERROR)}, ""},
                 {{0, 0}, ""},
                 {{0, EPROTO}, "FLUSH 2"}};
    for (const auto &each : cases) {
        CAPTURE(each.flush);
        Watched w;
        w.s.up(M_ERROR, each.bytes);
        CHECK(w.down.all() == each.flush);
    }
}

TEST_CASE("ERR-007 [solaris]: that M_FLUSH is sent only for the first error of a side") {
    Watched w(2048, 256, "solaris");
    w.s.up_error(EPROTO);
    CHECK(w.down.all() == "FLUSH 3");
    w.s.up_error(ESTALE);
    CHECK(w.down.all() == "");
    CHECK(read_of(w) == "-ESTALE");
    w.s.up_errors(0, NOERROR);
    w.s.up_errors(EPROTO, EIO);
    CHECK(w.down.all() == "FLUSH 1"); // the write side was in error all along
}

TEST_CASE("ERR-008: all sleepers wake for an error of both sides, each with it") {
    Stuck w;
    Sleepers calls(w);
    for (const auto &[name, sleeper] : calls.all) {
        CAPTURE_BINDING(name);
        CHECK(sleeper->sleeps());
    }
    w.s.up_error(EPROTO);
    for (const auto &[name, sleeper] : calls.all) {
        CAPTURE_BINDING(name);
        CHECK(sleeper->text() == "-EPROTO");
    }
}

TEST_CASE("ERR-008: an error of one side ends the calls of that side only; an ioctl is of both") {
    for (bool read_side : {true, false}) {
        CAPTURE(read_side);
        Stuck w;
        Sleepers calls(w);
        w.s.up_errors(read_side ? ESTALE : NOERROR, read_side ? NOERROR : ESTALE);
        const char *readers = read_side ? "-ESTALE" : "sleeps", *writers = read_side ? "sleeps" : "-ESTALE";
        for (const char *name : {"read", "getmsg", "getpmsg"}) CHECK(calls.text(name) == readers);
        for (const char *name : {"write", "putmsg", "putpmsg"}) CHECK(calls.text(name) == writers);
        for (const char *name : {"ioctl", "second ioctl"}) CHECK(calls.text(name) == "-ESTALE");
        w.s.up_error(EPROTO);
        for (const auto &[name, sleeper] : calls.all) CHECK_FALSE(sleeper->sleeps());
    }
}

TEST_CASE("ERR-009: pollers wake; processes registered for S_ERROR get SIGPOLL, others not") {
    Watched w;
    Process &registered = w.f.process(), &other = w.f.process(), &poller = w.f.process();
    int fr = w.s.open_as(registered), fo = w.s.open_as(other), fp = w.s.open_as(poller);
    CHECK(ioctl_of(registered, fr, I_SETSIG, S_ERROR) == 0);
    CHECK(ioctl_of(other, fo, I_SETSIG, S_INPUT | S_HANGUP) == 0);
    pollfd entry{fp, POLLIN, 0};
    Later poll = w.f.later(poller, "poll", [&] { return poll_of(poller, &entry, 1, -1); });
    CHECK_FALSE(poll.done());
    w.s.up_error(EPROTO);
    CHECK(poll.finish() == 1);
    CHECK((entry.revents & POLLERR) != 0);
    CHECK(sent(registered) == "POLL");
    CHECK(sent(other) == "");
}

TEST_CASE("ERR-010: close works normally on a stream in error") {
    Watched w;
    w.s.up_error(EPROTO);
    CHECK(w.f.close(w.fd()) == 0);
    CHECK(w.s.dev.count("close") == 1);
    CHECK(w.f.close(w.fd()) == -EBADF);
}

// --- M_HANGUP

TEST_CASE("ERR-020 ERR-021: a hangup makes write-like calls fail and leaves the read side alone, which ends with end of file") {
    Watched w;
    w.s.up(M_DATA, "ab");
    w.s.up_control(M_PROTO, "H");
    w.s.up(M_HANGUP);
    CHECK(w.s.stream().write_error == ENXIO);
    CHECK(w.s.stream().read_error == 0);
    CHECK(write_of(w) == (w.f.system.profile.write_hangup_eio ? "-EIO" : "-ENXIO")); // WR-051, WR-050
    CHECK(putmsg_as(w.root, w.fd(), "H", "ab") == "-ENXIO");
    CHECK(read_of(w) == "ab");
    CHECK(getmsg_as(w.root, w.fd()) == "0 H|- normal");
    CHECK(read_of(w) == "");
    CHECK(getmsg_as(w.root, w.fd()) == "0 | normal");
}

TEST_CASE("ERR-022: messages that arrive after the hangup are queued and read") {
    Watched w;
    w.s.up(M_HANGUP);
    w.s.up(M_DATA, "ab");
    w.s.up_control(M_PCPROTO, "P");
    CHECK(getmsg_as(w.root, w.fd()) == "0 P|- hipri");
    CHECK(read_of(w) == "ab");
    CHECK(read_of(w) == "");
}

TEST_CASE("ERR-023: on a controlling terminal SIGHUP goes to the session leader, and to no one else") {
    Watched w;
    Terminal t(w.s);
    t.leader.signals_seen.clear();
    t.back.signals_seen.clear();
    w.s.up(M_HANGUP);
    CHECK(sent(t.leader) == "HUP");
    CHECK(sent(t.back) == "");
    CHECK(sent(w.root) == "");
    Watched plain;
    plain.s.up(M_HANGUP);
    CHECK(sent(plain.root) == "");
}

// What a hangup sends: to the session leader, and to the foreground group if that is another's.
static std::string hangup_signals(const char *profile, bool group_of_leader) {
    Watched w(2048, 256, profile);
    Terminal t(w.s);
    if (!group_of_leader) w.s.stream().terminal.group = t.back.pgrp;
    t.leader.signals_seen.clear();
    t.back.signals_seen.clear();
    w.s.up(M_HANGUP);
    return sent(t.leader) + "|" + sent(t.back);
}

TEST_CASE("ERR-024 [solaris]: a hangup also sends SIGTSTP to the foreground group when it is not the leader's") {
    CHECK(hangup_signals("solaris", true) == "HUP|");
    CHECK(hangup_signals("solaris", false) == "HUP|TSTP");
}

TEST_CASE("ERR-023: a foreground group that is not the leader's hears nothing of a hangup") {
    CHECK(hangup_signals("irix", false) == "HUP|");
    CHECK(hangup_signals("svr4", false) == "HUP|");
}

TEST_CASE("ERR-025: all sleepers and pollers wake for a hangup; processes registered for S_HANGUP get SIGPOLL") {
    Stuck w;
    Process &registered = w.f.process(), &other = w.f.process(), &poller = w.f.process();
    int fr = w.s.open_as(registered), fo = w.s.open_as(other), fp = w.s.open_as(poller);
    CHECK(ioctl_of(registered, fr, I_SETSIG, S_HANGUP) == 0);
    CHECK(ioctl_of(other, fo, I_SETSIG, S_INPUT | S_ERROR) == 0);
    pollfd entry{fp, POLLIN, 0};
    Later poll = w.f.later(poller, "poll", [&] { return poll_of(poller, &entry, 1, -1); });
    CHECK_FALSE(poll.done());
    Sleepers calls(w);
    w.s.up(M_HANGUP);
    CHECK(poll.finish() == 1);
    CHECK((entry.revents & POLLHUP) != 0);
    CHECK(sent(registered) == "POLL");
    CHECK(sent(other) == "");
    CHECK(calls.text("read") == "");
    CHECK(calls.text("getmsg") == "0 | normal");
    CHECK(calls.text("getpmsg") == "0 | none 3");
    for (const char *name : {"write", "putmsg", "putpmsg", "ioctl", "second ioctl"}) {
        CAPTURE(name);
        CHECK(calls.text(name) == "-ENXIO");
    }
}

TEST_CASE("ERR-026 [irix] [svr4]: a successful re-open undoes the hangup; one that fails does not") {
    Watched w;
    w.s.up(M_HANGUP);
    bool fail = true;
    w.s.dev.on_open = [&](queue_t *q, dev_t *devp, int oflag, int sflag, cred_t *crp) {
        return fail ? EBUSY : w.s.dev.standard_open(q, devp, oflag, sflag, crp);
    };
    CHECK(w.f.open("/dev/dev0") == -EBUSY);
    CHECK(write_of(w) == "-ENXIO");
    fail = false;
    CHECK(w.f.open("/dev/dev0") >= 0);
    CHECK(write_of(w) == "2");
    do_not_wait(w);
    CHECK(read_of(w) == "-EAGAIN");
}

TEST_CASE("ERR-026 [solaris]: M_UNHANGUP undoes the hangup") {
    Watched w(2048, 256, "solaris");
    do_not_wait(w);
    w.s.up(M_UNHANGUP); // nothing to undo
    CHECK(write_of(w) == "2");
    w.s.up(M_HANGUP);
    CHECK(write_of(w) == "-EIO");
    CHECK(read_of(w) == "");
    CHECK(w.s.shows(POLLOUT) == POLLHUP);
    w.s.up(M_UNHANGUP);
    CHECK(write_of(w) == "2");
    CHECK(read_of(w) == "-EAGAIN");
    CHECK(w.s.shows(POLLOUT) == POLLOUT);
}

TEST_CASE("ERR-049: a message of unknown type that reaches the stream head is freed; a writer does not notice") {
    Watched w;
    w.s.up(0x9e);
    CHECK(w.f.census().messages == 0);
    CHECK(write_of(w, "ab") == "2");
}

TEST_CASE("ERR-049 [irix] [svr4]: where M_UNHANGUP does not exist its type is unknown, and the hangup stays") {
    for (const char *profile : {"irix", "svr4"}) {
        Watched w(2048, 256, profile);
        w.s.up(M_HANGUP);
        w.s.up(0x92);
        CHECK(write_of(w) == "-ENXIO");
        CHECK(w.f.census().messages == 0);
    }
}

// --- order of checks; the rest

TEST_CASE("ERR-041: write: job control, then linked below, then hangup or error, then maximum 0, then ERANGE, then room") {
    Watched w(4, 1, nullptr, [](Probe &p) { p.write_limits.mi_minpsz = 2; });
    Terminal t(w.s);
    set(w.s, SO_TOSTOP);
    t.back.ppid = 0;
    w.s.stream().linked_below = true;
    CHECK(write_as(t.back, t.back_fd, "a") == "-EIO"); // job control first
    CHECK(write_of(w, "a") == "-EINVAL");
    w.s.stream().linked_below = false;
    w.down.hold = true;
    do_not_wait(w);
    CHECK(write_of(w, "full") == "4");
    CHECK(write_of(w, "a") == "-ERANGE"); // before room
    CHECK(write_of(w, "ab") == "-EAGAIN");
    w.s.up_errors(NOERROR, EPROTO);
    CHECK(write_of(w, "a") == "-EPROTO"); // before ERANGE

    Watched none(4, 1, nullptr, [](Probe &p) {
        p.write_limits.mi_minpsz = 2;
        p.write_limits.mi_maxpsz = 0;
    });
    CHECK(write_of(none, "ab") == "0"); // maximum 0 before ERANGE
    none.s.up_errors(NOERROR, EPROTO);
    CHECK(write_of(none, "ab") == "-EPROTO");
}

TEST_CASE("ERR-040: read: job control before linked below before the stored error") {
    Watched w;
    Terminal t(w.s);
    t.back.ppid = 0;
    w.s.stream().linked_below = true;
    w.s.stream().read_error = EPROTO;
    CHECK(read_as(t.back, t.back_fd) == "-EIO");
    CHECK(getmsg_as(t.back, t.back_fd) == "-EIO");
    CHECK(read_of(w) == "-EINVAL");
    w.s.stream().linked_below = false;
    CHECK(read_of(w) == "-EPROTO");
}

TEST_CASE("ERR-045: ioctl: linked below, then the stored error, then hangup, then the argument") {
    Watched w;
    Page page;
    w.s.up(M_HANGUP);
    CHECK(w.s.ioctl(I_FLUSH, 0x40) == -ENXIO);            // hangup before the argument
    CHECK(w.s.ioctl(I_FLUSHBAND, page.at()) == -ENXIO);
    w.s.up_error(EPROTO);
    CHECK(w.s.ioctl(I_FLUSH, 0x40) == -EPROTO);           // the error before the hangup
    CHECK(w.s.ioctl(I_SRDOPT, 0x4000) == -EPROTO);
    w.s.stream().linked_below = true;
    CHECK(w.s.ioctl(I_FLUSH, 0x40) == -EINVAL);
    CHECK(w.s.ioctl(I_SRDOPT, RMSGN) == -EINVAL);
    w.s.stream().linked_below = false;
}

TEST_CASE("ERR-046: a stored error comes before EAGAIN") {
    Watched w(4, 1);
    do_not_wait(w);
    w.fill();
    CHECK(read_of(w) == "-EAGAIN");
    CHECK(write_of(w) == "-EAGAIN");
    w.s.up_errors(ESTALE, EPROTO);
    CHECK(read_of(w) == "-ESTALE");
    CHECK(getmsg_as(w.root, w.fd()) == "-ESTALE");
    CHECK(write_of(w) == "-EPROTO");
    CHECK(putmsg_as(w.root, w.fd(), "H", "ab") == "-EPROTO");
}

TEST_CASE("ERR-048 ERR-049: messages that make no sense at a head, and unknown types, are freed without effect") {
    Watched w;
    do_not_wait(w);
    w.s.up(M_DATA, "ab");
    Census before = w.f.census();
    for (int type : {M_BREAK, M_CTL, M_DELAY, M_START, M_STOP, M_STARTI, M_STOPI, M_IOCDATA, 0x1f, 0x7f, 0xa0, 0xff}) {
        CAPTURE(type);
        w.s.up(type, "junk");
        w.s.up(type);
        CHECK(w.f.census() == before);
        CHECK(unread(w.f, w.fd()) == 1);
        CHECK(w.down.all() == "");
    }
    CHECK(sent(w.root) == "");
    CHECK(read_of(w) == "ab");
    CHECK(read_of(w) == "-EAGAIN");
    CHECK(write_of(w) == "2");
}

TEST_SUITE_END();
