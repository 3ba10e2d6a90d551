// SIGPOLL: I_SETSIG, I_GETSIG, the events, M_SIG and M_PCSIG (clauses/02, sections of these names).
#include "test/streamio.hpp"

using namespace rill;
using namespace rill::test;

namespace {

constexpr int poll_in = 1, poll_out = 2, poll_msg = 3, poll_err = 4, poll_pri = 5, poll_hup = 6; // siginfo's si_code

// A stream on which root is registered for some events.
struct Registered : OneStream {
    explicit Registered(int events, Setup setup = {}) : OneStream(nullptr, setup) {
        CHECK(ioctl(I_SETSIG, events) == 0);
    }
    std::string got() { return sent(root); }
    // The signals with their codes and values: "POLL/1/0".
    std::string details() {
        std::string text;
        for (const Process::Sent &s : root.signals_seen)
            text += (text.empty() ? "" : " ") + std::string(sigabbrev_np(s.sig)) + "/" + std::to_string(s.code) + "/" +
                    std::to_string(s.value);
        root.signals_seen.clear();
        return text;
    }
    void up_signal(int type, int sig, int band = 0) { up(type, std::string(1, static_cast<char>(sig)), band); }
};

int get(Process &p, int fd) {
    int events = -77;
    int result = ioctl_of(p, fd, I_GETSIG, &events);
    return result < 0 ? result : events;
}

} // namespace

TEST_SUITE_BEGIN("sigpoll");

// --- registration

TEST_CASE("SIG-003: I_SETSIG with bits outside 0x3ff: EINVAL, and the registration stays as it was") {
    OneStream s;
    for (int mask : {0x400, 0x401, -1}) CHECK(s.ioctl(I_SETSIG, mask) == -EINVAL);
    CHECK(get(s.root, s.fd) == -EINVAL);
    CHECK(s.ioctl(I_SETSIG, 0x3ff) == 0);
    CHECK(s.ioctl(I_SETSIG, 0x400) == -EINVAL);
    CHECK(get(s.root, s.fd) == 0x3ff);
}

TEST_CASE("SIG-004: S_BANDURG without S_RDBAND: EINVAL") {
    OneStream s;
    CHECK(s.ioctl(I_SETSIG, S_BANDURG) == -EINVAL);
    CHECK(s.ioctl(I_SETSIG, S_BANDURG | S_INPUT) == -EINVAL);
    CHECK(get(s.root, s.fd) == -EINVAL);
    CHECK(s.ioctl(I_SETSIG, S_BANDURG | S_RDBAND) == 0);
}

TEST_CASE("SIG-005: no memory for the entry: EAGAIN; a change of an entry needs none") {
    OneStream s;
    for_every_allocation(
        s.f, {EAGAIN}, [&] { return s.ioctl(I_SETSIG, S_INPUT); },
        [&](int) { CHECK(s.ioctl(I_SETSIG, 0) == 0); });
    CHECK(s.ioctl(I_SETSIG, S_INPUT) == 0);
    s.f.system.alloc.fail_nth(1);
    CHECK(s.ioctl(I_SETSIG, S_HIPRI) == 0);
    s.f.system.alloc.fail_nth(0);
    CHECK(get(s.root, s.fd) == S_HIPRI);
}

TEST_CASE("SIG-006: I_GETSIG stores the mask; not registered: EINVAL") {
    OneStream s;
    CHECK(get(s.root, s.fd) == -EINVAL);
    CHECK(s.ioctl(I_SETSIG, S_INPUT | S_HANGUP) == 0);
    CHECK(get(s.root, s.fd) == (S_INPUT | S_HANGUP));
}

TEST_CASE("SIG-001: I_SETSIG replaces the former mask") {
    OneStream s;
    CHECK(s.ioctl(I_SETSIG, S_INPUT) == 0);
    CHECK(s.ioctl(I_SETSIG, S_HIPRI) == 0);
    CHECK(get(s.root, s.fd) == S_HIPRI);
    s.up(M_DATA, "x");
    CHECK(sent(s.root) == "");
    s.up_control(M_PCPROTO, "urgent");
    CHECK(sent(s.root) == "POLL");
    CHECK(s.f.census().signals == 1);
}

TEST_CASE("SIG-002: I_SETSIG(0) removes the registration; if there is none it fails with EINVAL") {
    OneStream s;
    CHECK(s.ioctl(I_SETSIG, 0) == -EINVAL);
    CHECK(s.ioctl(I_SETSIG, S_INPUT) == 0);
    CHECK(s.ioctl(I_SETSIG, 0) == 0);
    s.up(M_DATA, "x");
    CHECK(sent(s.root) == "");
    CHECK(s.ioctl(I_SETSIG, 0) == -EINVAL);
    CHECK(s.f.census().signals == 0);
}

TEST_CASE("SIG-007: registration is by process and stream, not by descriptor; a child is not registered") {
    OneStream s;
    int copy = s.f.dup(s.fd), again = s.f.open("/dev/dev0"), other = s.f.open("/dev/dev1");
    CHECK(s.ioctl(I_SETSIG, S_INPUT) == 0);
    CHECK(get(s.root, copy) == S_INPUT);
    CHECK(get(s.root, again) == S_INPUT);
    CHECK(get(s.root, other) == -EINVAL);
    Process *child;
    {
        Enter scope(s.f.system);
        child = &s.f.system.new_process(0, 0, &s.root);
    }
    CHECK(get(*child, s.open_as(*child)) == -EINVAL);
    s.up(M_DATA, "x");
    CHECK(sent(*child) == "");
    CHECK(sent(s.root) == "POLL"); // one, through however many descriptors
}

TEST_CASE("SIG-008: every registered process gets its own signal, and only for what it asked") {
    OneStream s;
    Process &a = s.f.process(), &b = s.f.process(), &c = s.f.process();
    CHECK(ioctl_of(a, s.open_as(a), I_SETSIG, S_INPUT) == 0);
    CHECK(ioctl_of(b, s.open_as(b), I_SETSIG, S_INPUT | S_HIPRI) == 0);
    CHECK(ioctl_of(c, s.open_as(c), I_SETSIG, S_HIPRI) == 0);
    s.up(M_DATA, "x");
    CHECK(sent(a) == "POLL");
    CHECK(sent(b) == "POLL");
    CHECK(sent(c) == "");
    s.up_control(M_PCPROTO, "urgent");
    CHECK(sent(a) == "");
    CHECK(sent(b) == "POLL");
    CHECK(sent(c) == "POLL");
    CHECK(sent(s.root) == "");
}

TEST_CASE("SIG-009: I_SETSIG on a stream already in the wanted condition sends nothing by itself") {
    OneStream s;
    s.up(M_DATA, "x");
    CHECK(s.ioctl(I_SETSIG, S_INPUT | S_OUTPUT) == 0);
    CHECK(sent(s.root) == "");
    CHECK(s.f.read(s.fd) == "x");
    s.up(M_DATA, "y");
    CHECK(sent(s.root) == "POLL");
}

static void signals_for_others(const char *profile) {
    OneStream s(profile);
    Process &a = s.f.process(), &b = s.f.process();
    b.pgrp = a.pgrp;
    strsigset set{a.pid, S_HIPRI};
    CHECK(s.ioctl(I_ESETSIG, &set) == 0);
    CHECK(get(a, s.open_as(a)) == S_HIPRI);
    CHECK(get(s.root, s.fd) == -EINVAL);
    set = {a.pid, 0};
    CHECK(s.ioctl(I_EGETSIG, &set) == 0);
    CHECK(set.ss_events == S_HIPRI);
    set = {-a.pgrp, S_INPUT};
    CHECK(s.ioctl(I_ESETSIG, &set) == 0);
    s.up(M_DATA, "x");
    CHECK(sent(a) == "POLL");
    CHECK(sent(b) == "POLL");
    set = {30000, S_INPUT};
    CHECK(s.ioctl(I_ESETSIG, &set) == -ESRCH);
    CHECK(s.ioctl(I_EGETSIG, &set) == -ESRCH);
    set.ss_pid = -30000;
    CHECK(s.ioctl(I_ESETSIG, &set) == -ESRCH);
    CHECK(s.f.census().signals == 2);
}

TEST_CASE("SIG-010 [irix]: I_ESETSIG and I_EGETSIG act for another process or, by a negative id, a group; unknown: ESRCH") {
    signals_for_others("irix");
}

TEST_CASE("SIG-010 [solaris]: I_ESETSIG and I_EGETSIG act for another process or, by a negative id, a group; unknown: ESRCH") {
    signals_for_others("solaris");
}

// --- events

TEST_CASE("SIG-020: S_INPUT, S_RDNORM, S_RDBAND: a message has become first; one behind another raises nothing") {
    struct {
        int events, band;
        const char *signals;
    } const cases[] = {{S_INPUT, 0, "POLL"}, {S_INPUT, 3, "POLL"}, {S_RDNORM, 0, "POLL"}, {S_RDNORM, 3, ""}, {S_RDBAND, 0, ""}, {S_RDBAND, 3, "POLL"}};
    for (auto &c : cases) {
        CAPTURE(c.events);
        CAPTURE(c.band);
        Registered s(c.events);
        s.up(M_DATA, "x", c.band);
        CHECK(s.got() == c.signals);
        s.up(M_DATA, "y", c.band); // behind the first
        CHECK(s.got() == "");
    }
    Registered s(S_INPUT);
    s.up(M_DATA, "x");
    s.up(M_DATA, "y", 1); // goes in front
    CHECK(s.got() == "POLL POLL");
    s.up_control(M_PCPROTO, "urgent"); // high priority is not meant
    CHECK(s.got() == "");
}

TEST_CASE("SIG-021: they are raised for zero-length messages too") {
    Registered s(S_INPUT);
    s.up(M_DATA);
    CHECK(s.got() == "POLL");
}

TEST_CASE("SIG-022: they are raised for a passed descriptor") {
    OneStream s;
    int p[2];
    CHECK(outcome(rill_pipe(handle(s.root), p)) == 0);
    CHECK(s.f.ioctl(p[1], I_SETSIG, S_RDNORM) == 0);
    CHECK(s.f.ioctl(p[0], I_SENDFD, s.fd) == 0);
    CHECK(sent(s.root) == "POLL");
}

TEST_CASE("SIG-023: S_HIPRI: a high-priority message was accepted; for one that is discarded nothing") {
    Registered s(S_HIPRI);
    s.up_control(M_PCPROTO, "first");
    CHECK(s.got() == "POLL");
    s.up_control(M_PCPROTO, "discarded");
    CHECK(s.got() == "");
    CHECK(get_message(s.root, s.fd) == "first|-");
    s.up_control(M_PCPROTO, "next");
    CHECK(s.got() == "POLL");
}

TEST_CASE("SIG-024: getmsg of a high-priority message before a normal one raises S_INPUT and S_RDNORM or S_RDBAND") {
    for (int band : {0, 2})
        for (int events : {S_INPUT, S_RDNORM, S_RDBAND}) {
            CAPTURE(band);
            CAPTURE(events);
            OneStream s;
            s.up(M_DATA, "x", band);
            s.up_control(M_PCPROTO, "urgent");
            CHECK(s.ioctl(I_SETSIG, events) == 0);
            CHECK(get_message(s.root, s.fd) == "urgent|-");
            const bool meant = events == S_INPUT || events == (band ? S_RDBAND : S_RDNORM);
            CHECK(sent(s.root) == (meant ? "POLL" : ""));
        }
    Registered alone(S_INPUT);
    alone.up_control(M_PCPROTO, "urgent");
    CHECK(get_message(alone.root, alone.fd) == "urgent|-");
    CHECK(alone.got() == ""); // nothing came first
}

TEST_CASE("SIG-025: getmsg of a message before one of another band raises S_RDNORM or S_RDBAND, not S_INPUT") {
    for (int events : {S_RDNORM, S_RDBAND, S_INPUT}) {
        CAPTURE(events);
        OneStream s;
        s.up(M_DATA, "three", 3);
        s.up(M_DATA, "two", 2);
        s.up(M_DATA, "two again", 2);
        s.up(M_DATA, "nought");
        CHECK(s.ioctl(I_SETSIG, events) == 0);
        CHECK(get_message(s.root, s.fd) == "-|three");
        CHECK(sent(s.root) == (events == S_RDBAND ? "POLL" : ""));
        CHECK(get_message(s.root, s.fd) == "-|two");
        CHECK(sent(s.root) == ""); // the same band
        CHECK(get_message(s.root, s.fd) == "-|two again");
        CHECK(sent(s.root) == (events == S_RDNORM ? "POLL" : ""));
    }
}

TEST_CASE("SIG-026: read raises no such events") {
    OneStream s;
    CHECK(s.ioctl(I_SRDOPT, RMSGN) == 0);
    s.up(M_DATA, "two", 2);
    s.up(M_DATA, "nought");
    CHECK(s.ioctl(I_SETSIG, S_INPUT | S_RDNORM | S_RDBAND) == 0);
    CHECK(s.f.read(s.fd) == "two");
    CHECK(sent(s.root) == "");
}

TEST_CASE("SIG-027: S_OUTPUT: band 0 below, once full with a writer or poller waiting, has been back-enabled") {
    for (bool poller : {true, false}) {
        CAPTURE(poller);
        Registered s(S_OUTPUT, hold_writes);
        Process &p = s.f.process();
        int fd = s.open_as(p);
        CHECK(s.f.write(s.fd, std::string(2048, 'x')) == 2048);
        Later writer;
        if (poller) CHECK(s.shows(POLLOUT) == 0);
        else
            writer =
                s.f.later(p, "write", [&] { return outcome(static_cast<int>(rill_write(handle(p), fd, "w", 1))); });
        CHECK(s.got() == "");
        empty_queue(s.f, s.wq());
        CHECK(s.got() == "POLL");
        if (!poller) CHECK(writer.result() == 1);
    }
    Registered nobody(S_OUTPUT, hold_writes);
    CHECK(nobody.f.write(nobody.fd, std::string(2048, 'x')) == 2048);
    empty_queue(nobody.f, nobody.wq());
    CHECK(nobody.got() == ""); // nobody had waited
    CHECK(nobody.ioctl(I_SETSIG, S_WRNORM) == 0);
    int events = 0;
    CHECK(nobody.ioctl(I_GETSIG, &events) == 0);
    CHECK(events == S_OUTPUT);
}

TEST_CASE("SIG-027: a write that was refused for lack of room, without waiting, is told of room as well") {
    Registered s(S_OUTPUT, hold_writes);
    Process &p = s.f.process();
    int fd = s.open_as(p, O_RDWR | O_NONBLOCK);
    CHECK(s.f.write(s.fd, std::string(2048, 'x')) == 2048);
    CHECK(outcome(static_cast<int>(rill_write(handle(p), fd, "w", 1))) == -EAGAIN);
    CHECK(s.got() == "");
    empty_queue(s.f, s.wq());
    CHECK(s.got() == "POLL");
}

TEST_CASE("SIG-028: S_WRBAND: the same for a band above 0; room in band 0 does not raise it") {
    Registered s(S_WRBAND, hold_writes);
    CHECK(put_message(s.root, s.fd, nullptr, std::string(2048, 'b'), 1) == 0);
    CHECK(s.f.write(s.fd, std::string(2048, 'x')) == 2048);
    CHECK(s.shows(POLLWRBAND | POLLOUT) == 0);
    {
        Enter scope(s.f.system);
        flushband(s.wq(), 0, FLUSHDATA);
        s.f.system.run_until_idle();
    }
    CHECK(s.shows(POLLOUT) == POLLOUT);
    CHECK(s.got() == "");
    empty_queue(s.f, s.wq());
    CHECK(s.got() == "POLL");
}

TEST_CASE("SIG-029: S_ERROR: an M_ERROR that sets an error arrived; S_HANGUP: an M_HANGUP arrived") {
    for (auto bytes : {std::string(1, static_cast<char>(EPROTO)),
                       std::string{static_cast<char>(NOERROR), static_cast<char>(EPROTO)}}) {
        Registered s(S_ERROR);
        s.up(M_ERROR, bytes);
        CHECK(s.got() == "POLL");
        s.up(M_HANGUP);
        CHECK(s.got() == "");
    }
    Registered s(S_HANGUP);
    s.up(M_HANGUP);
    CHECK(s.got() == "POLL");
    s.up_error(EPROTO);
    CHECK(s.got() == "");
}

TEST_CASE("SIG-029: the last close of one end of a pipe signals S_HANGUP at the other") {
    OneStream s;
    int p[2];
    CHECK(outcome(rill_pipe(handle(s.root), p)) == 0);
    CHECK(s.f.ioctl(p[1], I_SETSIG, S_HANGUP) == 0);
    CHECK(s.f.close(p[0]) == 0);
    CHECK(sent(s.root) == "POLL");
}

TEST_CASE("SIG-030: an M_ERROR that only clears errors, or says nothing, raises nothing") {
    Registered s(S_ERROR);
    s.up_errors(0, 0);
    s.up_errors(NOERROR, NOERROR);
    s.up_error(0);
    CHECK(s.got() == "");
    s.up_error(EPROTO);
    CHECK(s.got() == "POLL");
    s.root.signals_seen.clear();
    s.up_errors(0, 0);
    CHECK(s.got() == "");
}

TEST_CASE("SIG-031: S_MSG: SIGPOLL in an M_SIG that came to the front, or in an M_PCSIG; only with S_MSG") {
    for (int type : {M_SIG, M_PCSIG}) {
        CAPTURE(type);
        Registered s(S_MSG);
        Process &other = s.f.process();
        CHECK(ioctl_of(other, s.open_as(other), I_SETSIG, S_ALL & ~S_MSG) == 0);
        s.up_signal(type, SIGPOLL);
        CHECK(s.got() == "POLL");
        CHECK(sent(other) == "");
    }
}

TEST_CASE("SIG-032: with S_RDBAND and S_BANDURG a band message raises SIGURG instead of SIGPOLL") {
    Registered s(S_RDBAND | S_BANDURG);
    s.up(M_DATA, "x", 1);
    CHECK(s.got() == "URG");
    CHECK(s.f.read(s.fd) == "x");
    CHECK(s.ioctl(I_SETSIG, S_RDBAND | S_BANDURG | S_RDNORM) == 0);
    s.up(M_DATA, "y");
    CHECK(s.got() == "POLL"); // band 0 is not urgent
    CHECK(s.f.read(s.fd) == "y");
    CHECK(s.ioctl(I_SETSIG, S_RDBAND) == 0);
    s.up(M_DATA, "z", 1);
    CHECK(s.got() == "POLL");
}

TEST_CASE("SIG-033: siginfo: POLL_IN, OUT, MSG, ERR, PRI, HUP; the band for IN, OUT and MSG, the error for ERR") {
    auto expected = [](int code, int value) { return "POLL/" + std::to_string(code) + "/" + std::to_string(value); };
    Registered s(S_INPUT | S_OUTPUT | S_MSG | S_ERROR | S_HIPRI | S_HANGUP, hold_writes);
    s.up(M_DATA, "x");
    CHECK(s.details() == expected(poll_in, 0));
    s.up(M_DATA, "x", 9);
    CHECK(s.details() == expected(poll_in, 9));
    s.up_control(M_PCPROTO, "urgent");
    CHECK(s.details() == expected(poll_pri, 0));
    s.up_signal(M_PCSIG, SIGPOLL, 0);
    CHECK(s.details() == expected(poll_msg, 0));
    CHECK(s.f.write(s.fd, std::string(2048, 'x')) == 2048);
    CHECK((s.shows(POLLOUT) & POLLOUT) == 0);
    empty_queue(s.f, s.wq());
    CHECK(s.details() == expected(poll_out, 0));
    s.up_errors(EPROTO, NOERROR);
    CHECK(s.details() == expected(poll_err, EPROTO));
    s.up_errors(NOERROR, ECOMM);
    CHECK(s.details().substr(0, 6) == "POLL/4");
    s.up_errors(0, 0);
    s.up(M_HANGUP);
    CHECK(s.details() == expected(poll_hup, 0));
}

// --- M_SIG and M_PCSIG

TEST_CASE("SIG-040: M_PCSIG acts at once, whatever is queued, and is never queued itself") {
    Registered s(S_MSG);
    s.up(M_DATA, "x");
    s.up_signal(M_PCSIG, SIGPOLL);
    CHECK(s.got() == "POLL");
    int bytes = 0;
    CHECK(s.ioctl(I_NREAD, &bytes) == 1);
    CHECK(bytes == 1);
}

TEST_CASE("SIG-041: M_SIG acts at once on an empty queue; else when a read or getmsg has brought it to the front") {
    for (bool by_read : {true, false}) {
        CAPTURE(by_read);
        Registered s(S_MSG);
        s.up_signal(M_SIG, SIGPOLL);
        CHECK(s.got() == "POLL");
        s.up(M_DATA, "ab");
        s.up_signal(M_SIG, SIGPOLL);
        CHECK(s.got() == "");
        CHECK(s.f.read(s.fd, 1) == "a"); // not yet: there is a rest before it
        CHECK(s.got() == "");
        if (by_read) CHECK(s.f.read(s.fd, 1) == "b");
        else CHECK(get_message(s.root, s.fd) == "-|b");
        CHECK(s.got() == "POLL");
        CHECK(s.f.census().messages == 0);
    }
}

TEST_CASE("SIG-045 [solaris]: M_SIG with SIGTSTP is queued while no reader sleeps, and acts when one comes") {
    OneStream s("solaris");
    Terminal tty(s);
    Process &reader = s.f.process();
    const int fd = s.open_as(reader), quick = s.open_nonblocking();
    tty.leader.signals_seen.clear();
    s.up(M_SIG, std::string(1, SIGINT)); // another signal acts at once
    CHECK(sent(tty.leader) == "INT");
    s.up(M_SIG, std::string(1, SIGTSTP));
    CHECK(sent(tty.leader) == "");
    CHECK(s.stream().read_queue()->q_first != nullptr);
    CHECK(s.f.read(quick) == "-EAGAIN");
    CHECK(sent(tty.leader) == "TSTP");
    char byte = 0;
    Later read = s.f.later(reader, "read", [&] { return outcome(static_cast<int>(rill_read(handle(reader), fd, &byte, 1))); });
    CHECK_FALSE(read.done());
    s.up(M_SIG, std::string(1, SIGTSTP));
    CHECK(sent(tty.leader) == "TSTP");
    CHECK_FALSE(read.done());
    s.up(M_DATA, "x");
    CHECK(read.result() == 1);
}

TEST_CASE("SIG-041 [irix] [svr4]: where SIG-045 does not hold, M_SIG with SIGTSTP acts at once like any other") {
    for (const char *profile : {"irix", "svr4"}) {
        OneStream s(profile);
        Terminal tty(s);
        tty.leader.signals_seen.clear();
        s.up(M_SIG, std::string(1, SIGTSTP));
        CHECK(sent(tty.leader) == "TSTP");
        CHECK(s.stream().read_queue()->q_first == nullptr);
    }
}

TEST_CASE("SIG-042: another signal goes to the foreground group of the terminal; without one nothing happens") {
    OneStream s;
    s.up(M_PCSIG, std::string(1, SIGINT)); // no terminal
    CHECK(sent(s.root) == "");
    Terminal tty(s);
    Process *second;
    {
        Enter scope(s.f.system);
        second = &s.f.system.new_process(0, 0, &tty.leader); // of the same group
    }
    s.up(M_PCSIG, std::string(1, SIGINT));
    CHECK(sent(tty.leader) == "INT");
    CHECK(sent(*second) == "INT");
    CHECK(sent(tty.back) == "");
    CHECK(sent(s.root) == "");
    s.up(M_DATA, "x");
    s.up(M_SIG, std::string(1, SIGQUIT));
    CHECK(sent(tty.leader) == "");
    CHECK(s.f.read(s.fd) == "x");
    CHECK(sent(tty.leader) == "QUIT");
    CHECK(sent(tty.back) == "");
}

TEST_CASE("SIG-043: a queued M_SIG is no message to read, getmsg, I_PEEK, I_NREAD or poll") {
    Registered s(S_MSG);
    int quick = s.open_nonblocking(), bytes = 0;
    s.up(M_DATA, "x");
    s.up_signal(M_SIG, SIGPOLL);
    s.up_signal(M_SIG, SIGPOLL);
    CHECK(s.ioctl(I_NREAD, &bytes) == 1);
    CHECK(s.f.read(quick) == "x"); // the M_SIG behind it ends nothing
    CHECK(s.got() == "POLL POLL");
    CHECK(s.f.read(quick) == "-EAGAIN");
    s.up(M_DATA, "y");
    s.up_signal(M_SIG, SIGPOLL);
    CHECK(get_message(s.root, quick) == "-|y");
    CHECK(get_message(s.root, quick) == "-EAGAIN");
    char data[8];
    strpeek peek{{-1, 0, nullptr}, {8, 0, data}, 0};
    CHECK(s.ioctl(I_PEEK, &peek) == 0);
    CHECK(s.shows(POLLIN | POLLRDNORM | POLLRDBAND | POLLPRI) == 0);
    CHECK(s.ioctl(I_NREAD, &bytes) == 0);
}

TEST_CASE("SIG-044: an M_SIG stays in order with the messages around it in its band") {
    Registered s(S_MSG);
    CHECK(s.ioctl(I_SRDOPT, RMSGN) == 0);
    s.up(M_DATA, "one");
    s.up_signal(M_SIG, SIGPOLL);
    s.up(M_DATA, "two");
    CHECK(s.got() == "");
    CHECK(s.f.read(s.fd) == "one");
    CHECK(s.got() == "POLL");
    CHECK(s.f.read(s.fd) == "two");
    CHECK(s.got() == "");
    s.up(M_DATA, "band", 2);
    s.up(M_DATA, "nought");
    s.up_signal(M_SIG, SIGPOLL, 2); // behind the band's message, before band 0
    CHECK(s.got() == "");
    CHECK(s.f.read(s.fd) == "band");
    CHECK(s.got() == "POLL");
    CHECK(s.f.read(s.fd) == "nought");
}
