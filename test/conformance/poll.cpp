// poll(2): which bits, when, and who is woken (clauses/02, poll).
#include "test/streamio.hpp"

using namespace rill;
using namespace rill::test;

namespace {

constexpr int all_read = POLLIN | POLLRDNORM | POLLRDBAND | POLLPRI;
constexpr int all_write = POLLOUT | POLLWRNORM | POLLWRBAND;

struct Sleeper {
    pollfd entry;
    Later later;
    Sleeper(Fixture &f, Process &p, int fd, int events, int timeout = -1) : entry{fd, static_cast<short>(events), 0} {
        later = f.later(p, "poll", [this, &p, timeout] { return poll_of(p, &entry, 1, timeout); });
    }
    Sleeper(const Sleeper &) = delete;
};

} // namespace

TEST_SUITE_BEGIN("poll");

TEST_CASE("POL-007: more entries than a process may have open: EINVAL; a bad address: EFAULT") {
    Tunables tunables;
    tunables.descriptors = 3;
    OneStream s(nullptr, {}, tunables);
    pollfd entries[4] = {{s.fd, POLLIN, 0}, {-1, 0, 0}, {-1, 0, 0}, {-1, 0, 0}};
    CHECK(poll_of(s.root, entries, 4) == -EINVAL);
    CHECK(poll_of(s.root, entries, 3) == 0);
    Page none, constant(PROT_READ);
    CHECK(poll_of(s.root, reinterpret_cast<pollfd *>(none.at()), 1, -1) == -EFAULT);
    CHECK(poll_of(s.root, reinterpret_cast<pollfd *>(constant.at()), 1, -1) == -EFAULT);
    CHECK(poll_of(s.root, reinterpret_cast<pollfd *>(none.at()), 0, 0) == 0); // of no entries nothing is read
}

TEST_CASE("POL-026: a descriptor whose stream is linked below a multiplexor makes poll itself fail with EINVAL") {
    OneStream s;
    s.stream().linked_below = true;
    CHECK(s.shows(POLLIN) == -EINVAL);
    CHECK(s.shows(0) == -EINVAL);
    s.stream().linked_below = false;
    CHECK(s.shows(POLLIN) == 0);
}

TEST_CASE("POL-005: a caught signal ends the wait with EINTR; the entry no longer waits on the stream") {
    OneStream s;
    Process &p = s.f.process();
    int fd = s.open_as(p);
    s.f.catch_signal(p, SIGUSR1);
    Sleeper poll(s.f, p, fd, POLLIN);
    CHECK_FALSE(poll.later.done());
    s.f.kill(p, SIGUSR1);
    CHECK(poll.later.done());
    CHECK(poll.later.result() == -EINTR);
    CHECK(s.stream().pollers.empty());
    s.up(M_DATA, "x");
    CHECK(s.f.read(s.fd) == "x");
}

TEST_CASE("POL-001: an entry below 0 is skipped, its revents set to 0") {
    OneStream s;
    s.up(M_DATA, "x");
    pollfd entries[3] = {{-1, POLLIN, 77}, {s.fd, POLLIN, 77}, {-5, POLLIN, 77}};
    CHECK(poll_of(s.root, entries, 3) == 1);
    CHECK(entries[0].revents == 0);
    CHECK(entries[1].revents == POLLIN);
    CHECK(entries[2].revents == 0);
    pollfd only{-1, POLLIN, 77};
    CHECK(poll_of(s.root, &only, 1, 10) == 0);
    CHECK(only.revents == 0);
}

TEST_CASE("POL-002: an entry that is not open shows POLLNVAL and counts; poll does not fail") {
    OneStream s;
    pollfd entries[2] = {{s.fd, POLLIN, 0}, {99, POLLIN, 0}};
    CHECK(poll_of(s.root, entries, 2, -1) == 1);
    CHECK(entries[0].revents == 0);
    CHECK(entries[1].revents == POLLNVAL);
}

TEST_CASE("POL-003: the result is the number of entries with revents, 0 after the time is over, -1 on error") {
    OneStream s;
    int other = s.f.open("/dev/dev1");
    pollfd entries[4] = {{s.fd, POLLIN, 0}, {other, POLLIN | POLLOUT, 0}, {99, 0, 0}, {s.fd, POLLOUT, 0}};
    CHECK(poll_of(s.root, entries, 4) == 3);
    CHECK(poll_of(s.root, entries, 1, 20) == 0);
    CHECK(entries[0].revents == 0);
    s.stream().linked_below = true;
    CHECK(rill_poll(handle(s.root), entries, 1, 0) == -1);
    s.stream().linked_below = false;
}

TEST_CASE("POL-004: timeout 0 returns at once, -1 waits without limit, ms are rounded up to the tick") {
    OneStream s;
    Process &p = s.f.process();
    int fd = s.open_as(p);
    long began = now(s.f);
    pollfd entry{s.fd, POLLIN, 0};
    CHECK(poll_of(s.root, &entry, 1, 0) == 0);
    CHECK(now(s.f) == began);
    CHECK(poll_of(s.root, &entry, 1, 1) == 0);
    CHECK(now(s.f) == began + 1); // a tick is 10 ms
    CHECK(poll_of(s.root, &entry, 1, 25) == 0);
    CHECK(now(s.f) == began + 1 + 3);
    Sleeper forever(s.f, p, fd, POLLIN);
    advance(s.f, 1000000);
    CHECK_FALSE(forever.later.done());
    s.up(M_DATA, "x");
    CHECK(forever.later.result() == 1);
}

TEST_CASE("POL-006: O_NONBLOCK makes no difference to poll") {
    OneStream s;
    Process &p = s.f.process();
    int fd = s.open_as(p, O_RDWR | O_NONBLOCK);
    Sleeper poll(s.f, p, fd, POLLIN);
    CHECK_FALSE(poll.later.done());
    CHECK(poll.later.waiting_for() != "");
    s.up(M_DATA, "x");
    CHECK(poll.later.result() == 1);
    CHECK(poll.entry.revents == POLLIN);
}

TEST_CASE("POL-008 [irix] [svr4]: POLLERR, POLLHUP and POLLNVAL are ignored in events and reported unasked") {
    OneStream s;
    CHECK(s.shows(POLLERR | POLLHUP | POLLNVAL) == 0);
    s.up(M_HANGUP);
    CHECK(s.shows(0) == POLLHUP);
    int other = s.f.open("/dev/dev1");
    {
        Enter scope(s.f.system);
        putnextctl1(s.dev.last("open").q, M_ERROR, EPROTO);
    }
    CHECK(revents(s.root, other, 0) == POLLERR);
    CHECK(revents(s.root, 99, 0) == POLLNVAL);
}

TEST_CASE("POL-010: a first message in band 0 shows POLLIN and POLLRDNORM, as far as they were asked for") {
    OneStream s;
    s.up(M_DATA, "x");
    CHECK(s.shows(all_read) == (POLLIN | POLLRDNORM));
    CHECK(s.shows(POLLIN) == POLLIN);
    CHECK(s.shows(POLLRDNORM) == POLLRDNORM);
    CHECK(s.shows(POLLRDBAND | POLLPRI) == 0);
}

TEST_CASE("POL-011: a first message in a band above 0 shows POLLIN and POLLRDBAND, as far as they were asked for") {
    OneStream s;
    s.up(M_DATA, "x", 1);
    CHECK(s.shows(all_read) == (POLLIN | POLLRDBAND));
    CHECK(s.shows(POLLIN) == POLLIN);
    CHECK(s.shows(POLLRDNORM | POLLPRI) == 0);
}

TEST_CASE("POL-009: only the first message decides: with band 2 before band 0, POLLRDBAND without POLLRDNORM") {
    OneStream s;
    s.up(M_DATA, "normal");
    s.up(M_DATA, "band", 2);
    CHECK(s.shows(POLLRDNORM | POLLRDBAND) == POLLRDBAND);
    CHECK(s.f.read(s.fd, 4) == "band");
    CHECK(s.shows(POLLRDNORM | POLLRDBAND) == POLLRDNORM);
}

TEST_CASE("POL-012: with a high-priority message only POLLPRI, whatever lies behind it") {
    OneStream s;
    s.up(M_DATA, "normal");
    s.up_control(M_PCPROTO, "urgent");
    CHECK(s.shows(all_read) == POLLPRI);
    CHECK(s.shows(all_read | POLLOUT) == (POLLPRI | POLLOUT));
    CHECK(get_message(s.root, s.fd) == "urgent|-");
    CHECK(s.shows(all_read) == (POLLIN | POLLRDNORM));
}

TEST_CASE("POL-013: POLLIN alone never reports a high-priority message") {
    OneStream s;
    s.up_control(M_PCPROTO, "urgent");
    CHECK(s.shows(POLLIN) == 0);
    CHECK(s.shows(POLLIN | POLLRDNORM | POLLRDBAND) == 0);
}

TEST_CASE("POL-014: zero-length messages count as readable") {
    OneStream s;
    s.up(M_DATA);
    CHECK(s.shows(all_read) == (POLLIN | POLLRDNORM));
    CHECK(s.f.read(s.fd) == "");
    CHECK(s.shows(all_read) == 0);
    s.up(M_DATA, "", 3);
    CHECK(s.shows(all_read) == (POLLIN | POLLRDBAND));
}

TEST_CASE("POL-015: a passed descriptor counts as readable") {
    OneStream s;
    int p[2];
    CHECK(outcome(rill_pipe(handle(s.root), p)) == 0);
    CHECK(revents(s.root, p[1], all_read) == 0);
    CHECK(s.f.ioctl(p[0], I_SENDFD, s.fd) == 0);
    CHECK(revents(s.root, p[1], all_read) == (POLLIN | POLLRDNORM));
}

TEST_CASE("POL-016: POLLOUT and POLLWRNORM follow the next queue below that has a service procedure, in band 0") {
    OneStream s(hold_writes);
    s.f.module("pass"); // without service procedures: looked through
    CHECK(s.ioctl(I_PUSH, "pass") == 0);
    CHECK(s.shows(POLLOUT | POLLWRNORM) == (POLLOUT | POLLWRNORM));
    CHECK(s.f.write(s.fd, std::string(2047, 'x')) == 2047);
    CHECK(s.shows(POLLOUT | POLLWRNORM) == (POLLOUT | POLLWRNORM));
    CHECK(s.f.write(s.fd, "x") == 1); // the high-water mark is 2048
    CHECK(s.shows(POLLOUT | POLLWRNORM) == 0);
    empty_queue(s.f, s.wq());
    CHECK(s.shows(POLLOUT) == POLLOUT);
    Probe &keeper = s.f.module("keeper"); // with one: it decides, not the driver
    hold_writes(keeper);
    CHECK(s.ioctl(I_PUSH, "keeper") == 0);
    CHECK(s.f.write(s.fd, std::string(2048, 'x')) == 2048);
    CHECK(s.wq()->q_first == nullptr);
    CHECK(s.shows(POLLOUT) == 0);
}

static void bands_to_write(const char *profile) {
    OneStream s(profile, hold_writes);
    CHECK(s.shows(POLLWRBAND) == 0); // no band was ever used
    CHECK(put_message(s.root, s.fd, nullptr, "b", 1) == 0);
    CHECK(s.shows(POLLWRBAND) == POLLWRBAND);
    CHECK(put_message(s.root, s.fd, nullptr, std::string(2048, 'b'), 1) == 0);
    CHECK(s.shows(POLLWRBAND) == 0);
    CHECK(s.shows(POLLOUT) == POLLOUT); // band 0 has room
    CHECK(put_message(s.root, s.fd, nullptr, "c", 2) == 0);
    CHECK(s.shows(POLLWRBAND) == POLLWRBAND); // band 2 exists and has room
    empty_queue(s.f, s.wq());
    CHECK(s.shows(POLLWRBAND) == POLLWRBAND); // used once is enough
}

TEST_CASE("POL-017 [irix]: POLLWRBAND needs a band above 0 that was written to once and is not full") {
    bands_to_write("irix");
}

TEST_CASE("POL-017 [svr4]: POLLWRBAND needs a band above 0 that was written to once and is not full") {
    bands_to_write("svr4");
}

TEST_CASE("POL-027: POLLMSG is never reported: a signal message at the front acts instead") {
    OneStream s;
    CHECK(s.ioctl(I_SETSIG, S_MSG) == 0);
    s.up(M_DATA, "x");
    s.up(M_SIG, std::string(1, SIGPOLL));
    CHECK(s.shows(POLLIN | POLLMSG) == POLLIN);
    CHECK(s.f.read(s.fd) == "x");
    CHECK(sent(s.root) == "POLL");
    CHECK(s.shows(POLLIN | POLLMSG) == 0);
}

TEST_CASE("POL-029 [solaris]: POLLWRBAND is set on a queue that has no bands yet") {
    OneStream s("solaris", hold_writes);
    CHECK(s.shows(POLLWRBAND) == POLLWRBAND);
    CHECK(put_message(s.root, s.fd, nullptr, std::string(2048, 'b'), 1) == 0);
    CHECK(s.shows(POLLWRBAND) == 0);
}

TEST_CASE("POL-018: a poll that found the queue full is woken when it is back-enabled, not before its low-water mark") {
    OneStream s(hold_writes);
    Process &p = s.f.process();
    int fd = s.open_as(p);
    for (int i = 0; i < 8; ++i) CHECK(s.f.write(s.fd, std::string(256, 'x')) == 256);
    Sleeper poll(s.f, p, fd, POLLOUT);
    CHECK_FALSE(poll.later.done());
    auto take_one = [&] {
        Enter scope(s.f.system);
        freemsg(getq(s.wq()));
        s.f.system.run_until_idle();
    };
    for (int i = 0; i < 7; ++i) take_one(); // 256 are left: the low-water mark itself is not below it
    CHECK_FALSE(poll.later.done());
    take_one();
    CHECK(poll.later.result() == 1);
    CHECK(poll.entry.revents == POLLOUT);
    CHECK(s.stream().pollers.empty());
}

TEST_CASE("POL-018: the same for a band: a poll for POLLWRBAND is woken when the band is back-enabled") {
    OneStream s(hold_writes);
    Process &p = s.f.process();
    int fd = s.open_as(p);
    CHECK(put_message(s.root, s.fd, nullptr, std::string(2048, 'b'), 1) == 0);
    Sleeper poll(s.f, p, fd, POLLWRBAND);
    CHECK_FALSE(poll.later.done());
    empty_queue(s.f, s.wq());
    CHECK(poll.later.result() == 1);
    CHECK(poll.entry.revents == POLLWRBAND);
}

TEST_CASE("POL-019: after a hangup POLLHUP without write bits; read bits still follow the queue") {
    OneStream s;
    s.up(M_DATA, "x");
    s.up(M_HANGUP);
    CHECK(s.shows(all_read | all_write) == (POLLHUP | POLLIN | POLLRDNORM));
    CHECK(s.f.read(s.fd) == "x");
    CHECK(s.shows(all_read | all_write) == POLLHUP);
    s.up(M_DATA, "late", 1);
    CHECK(s.shows(all_read | all_write) == (POLLHUP | POLLIN | POLLRDBAND));
}

TEST_CASE("POL-020: a sleeping poll wakes on hangup, though no bit was asked for") {
    OneStream s;
    Process &p = s.f.process();
    int fd = s.open_as(p);
    Sleeper poll(s.f, p, fd, 0);
    CHECK_FALSE(poll.later.done());
    s.up(M_HANGUP);
    CHECK(poll.later.result() == 1);
    CHECK(poll.entry.revents == POLLHUP);
}

TEST_CASE("POL-021: a sleeping poll wakes on M_ERROR with POLLERR") {
    OneStream s;
    Process &p = s.f.process();
    int fd = s.open_as(p);
    Sleeper poll(s.f, p, fd, POLLIN);
    s.up_error(EPROTO);
    CHECK(poll.later.result() == 1);
    CHECK((poll.entry.revents & POLLERR) != 0);
    CHECK((poll.entry.revents & POLLIN) == 0);
}

static void stored_error_shows(const char *profile) {
    for (auto [read, write] : {std::pair<int, int>{EPROTO, NOERROR}, {NOERROR, EPROTO}, {EPROTO, ECOMM}}) {
        CAPTURE_BINDING(read);
        CAPTURE_BINDING(write);
        OneStream s(profile);
        s.up_errors(read, write);
        CHECK(s.shows(0) == POLLERR);
        CHECK((s.shows(POLLOUT) & POLLERR) != 0);
        CHECK((s.shows(POLLIN) & POLLERR) != 0);
        s.up_errors(0, 0);
        CHECK(s.shows(POLLIN) == 0);
    }
}

TEST_CASE("POL-023 [irix]: a stored error of either side shows as POLLERR whatever was asked") {
    stored_error_shows("irix");
}

TEST_CASE("POL-023 [svr4]: a stored error of either side shows as POLLERR whatever was asked") {
    stored_error_shows("svr4");
}

TEST_CASE("POL-024 [solaris]: a stored error shows only if a bit of its side was asked for, and then alone") {
    OneStream s("solaris");
    s.up_errors(EPROTO, NOERROR);
    s.up(M_DATA, "x");
    CHECK(s.shows(POLLIN) == POLLERR);
    CHECK(s.shows(POLLIN | POLLOUT) == POLLERR);
    CHECK(s.shows(POLLOUT) == POLLOUT);
    CHECK(s.shows(0) == 0);
    s.up_errors(0, ECOMM);
    CHECK(s.shows(POLLIN) == POLLIN);
    CHECK(s.shows(POLLOUT) == POLLERR);
}

TEST_CASE("POL-003: several descriptors asleep at once: the one that becomes ready ends the wait") {
    OneStream s;
    Process &p = s.f.process();
    int a = s.open_as(p), b = s.f.open(p, "/dev/dev1");
    queue_t *second = s.dev.last("open").q;
    pollfd entries[4] = {{a, POLLIN, 0}, {b, POLLPRI, 0}, {-1, 0, 0}, {b, POLLIN, 0}};
    Later poll = s.f.later(p, "poll", [&] { return poll_of(p, entries, 4, -1); });
    CHECK_FALSE(poll.done());
    {
        Enter scope(s.f.system);
        putnext(second, message(M_DATA, "x"));
        s.f.system.run_until_idle();
    }
    CHECK(poll.result() == 1);
    CHECK(entries[0].revents == 0);
    CHECK(entries[1].revents == 0);
    CHECK(entries[3].revents == POLLIN);
    CHECK(s.stream().pollers.empty());
    CHECK(p.file(b)->stream->pollers.empty());
}

TEST_CASE("POL-018: a poll asleep is woken by what a service procedure sends up, before the writer's call returns") {
    OneStream s([](Probe &dev) { // a loop through its own service procedure
        dev.give_service_procedures();
        dev.on_wput = [&dev](queue_t *q, mblk_t *mp) {
            mp->b_datap->db_type == M_DATA ? static_cast<void>(putq(q, mp)) : dev.standard_put(q, mp);
        };
    });
    Process &p = s.f.process();
    int fd = s.open_as(p);
    Sleeper poll(s.f, p, fd, POLLIN);
    CHECK(s.f.write(s.fd, "round") == 5);
    CHECK(poll.later.done());
    CHECK(poll.entry.revents == POLLIN);
}

TEST_CASE("POL-003: a wake-up that brings nothing asked for does not end the wait, and does not prolong it") {
    OneStream s;
    Process &p = s.f.process();
    int fd = s.open_as(p);
    long began = now(s.f);
    Sleeper poll(s.f, p, fd, POLLPRI, 100);
    advance(s.f, 5);
    s.up(M_DATA, "not asked for");
    CHECK_FALSE(poll.later.done());
    CHECK(poll.later.finish() == 0);
    CHECK(now(s.f) == began + 10);
}

TEST_CASE("POL-002: a descriptor closed under a poll that sleeps on it shows POLLNVAL") {
    OneStream s;
    Process &p = s.f.process();
    int fd = s.f.open(p, "/dev/dev1");
    Sleeper poll(s.f, p, fd, POLLIN);
    CHECK_FALSE(poll.later.done());
    CHECK(s.f.close(p, fd) == 0);
    CHECK(poll.later.done());
    CHECK(poll.later.result() == 1);
    CHECK(poll.entry.revents == POLLNVAL);
}

TEST_CASE("POL-020: the last close of one end of a pipe wakes a poll on the other with POLLHUP") {
    Fixture f;
    Process &p = f.process();
    int fds[2];
    CHECK(outcome(rill_pipe(handle(p), fds)) == 0);
    Sleeper poll(f, p, fds[1], POLLIN | POLLOUT | POLLPRI);
    CHECK(poll.later.done()); // it can be written to
    CHECK(poll.entry.revents == POLLOUT);
    Sleeper reader(f, p, fds[1], POLLIN);
    CHECK_FALSE(reader.later.done());
    CHECK(f.close(p, fds[0]) == 0);
    CHECK(reader.later.result() == 1);
    CHECK(reader.entry.revents == POLLHUP);
}
