// FIFOs (clauses/04 section 2.3).
#include "test/streamio.hpp"

#include <sys/ioctl.h>

using namespace rill;
using namespace rill::test;

namespace {

// A FIFO that everybody may use, and two users of it.
struct Fifos {
    explicit Fifos(const char *profile = nullptr) : f(profile), root(f.root), a(f.process()), b(f.process()), spy(f.module("spy")) {
        f.node("/fifo", 0, S_IFIFO | 0666);
    }
    int open(Process &p, int oflag) { return f.open(p, "/fifo", oflag); }
    int close(Process &p, int fd) { return f.close(p, fd); }
    int write(Process &p, int fd, std::string_view data) {
        return outcome(static_cast<int>(rill_write(handle(p), fd, data.data(), data.size())));
    }
    std::string read(Process &p, int fd, std::size_t size = 1024) {
        std::string data(size, 0);
        const ssize_t n = rill_read(handle(p), fd, data.data(), size);
        if (n < 0) return std::string("-") + strerrorname_np(errno);
        data.resize(static_cast<std::size_t>(n));
        return data;
    }
    void flags(Process &p, int fd, int value) { CHECK(outcome(rill_fcntl(handle(p), fd, F_SETFL, value)) >= 0); }
    Fixture f;
    Process &root, &a, &b;
    Probe &spy;
};

constexpr int no_wait[] = {O_NONBLOCK, RILL_O_NDELAY};

} // namespace

TEST_SUITE_BEGIN("fifos");

TEST_CASE("FIFO-001 FIFO-020: a reader waits for a writer, a writer for a reader") {
    Fifos s;
    Later reader = s.f.later_open(s.a, "/fifo", O_RDONLY);
    CHECK_FALSE(reader.done());
    const int out = s.open(s.b, O_WRONLY);
    REQUIRE(out >= 0);
    s.f.run();
    CHECK(reader.done());
    const int in = reader.result();
    CHECK(s.write(s.b, out, "met") == 3);
    CHECK(s.read(s.a, in) == "met");
    CHECK(s.close(s.a, in) == 0);
    CHECK(s.close(s.b, out) == 0);
    Later writer = s.f.later_open(s.a, "/fifo", O_WRONLY);
    CHECK_FALSE(writer.done());
    CHECK(s.open(s.b, O_RDONLY) >= 0);
    s.f.run();
    CHECK(writer.done());
    CHECK(writer.result() >= 0);
}

TEST_CASE("FIFO-002 FIFO-003 FIFO-020: O_RDWR never waits; O_RDONLY does not with O_NONBLOCK or O_NDELAY") {
    Fifos s;
    const int both = s.open(s.a, O_RDWR);
    CHECK(both >= 0);
    CHECK(s.close(s.a, both) == 0);
    for (int flag : no_wait) {
        const int in = s.open(s.a, O_RDONLY | flag);
        CHECK(in >= 0);
        CHECK(s.close(s.a, in) == 0);
    }
}

TEST_CASE("FIFO-004 FIFO-020: O_WRONLY that does not wait needs a reader: ENXIO; one asleep in his open is one") {
    Fifos s;
    const Census before = s.f.census();
    for (int flag : no_wait) {
        CHECK(s.open(s.a, O_WRONLY | flag) == -ENXIO);
        CHECK(s.f.census() == before);
    }
    Later reader = s.f.later_open(s.b, "/fifo", O_RDONLY);
    CHECK_FALSE(reader.done());
    CHECK(s.open(s.a, O_WRONLY | O_NONBLOCK) >= 0);
    s.f.run();
    CHECK(reader.done());
    CHECK(reader.result() >= 0);
}

TEST_CASE("FIFO-005: a signal ends the open: EINTR, and the opener does not count any more") {
    Fifos s;
    s.f.catch_signal(s.a, SIGUSR1);
    const Census before = s.f.census();
    for (int mode : {O_RDONLY, O_WRONLY}) {
        Later opener = s.f.later_open(s.a, "/fifo", mode);
        CHECK_FALSE(opener.done());
        s.f.kill(s.a, SIGUSR1);
        CHECK(opener.finish() == -EINTR);
        CHECK(s.f.census() == before);
        CHECK(s.open(s.b, O_WRONLY | O_NONBLOCK) == -ENXIO);
    }
}

TEST_CASE("FIFO-006 FIFO-017: a FIFO is one stream whose write queue leads to its own read queue") {
    Fifos s;
    const int fd = s.open(s.root, O_RDWR);
    CHECK(outcome(rill_isastream(handle(s.root), fd)) == 1);
    Stream *stream = s.f.stream(fd);
    CHECK(stream->write_queue()->q_next == stream->read_queue());
    CHECK(s.write(s.root, fd, "round") == 5);
    CHECK(s.read(s.root, fd) == "round");
    CHECK(put_message(s.root, fd, "ctl", "data", 2) == 0);
    CHECK(get_message(s.root, fd) == "ctl|data");
    const int again = s.open(s.root, O_RDWR);
    CHECK(s.f.stream(again) == stream);
}

TEST_CASE("FIFO-007: no writer is left: what is there, then 0; a sleeping reader wakes with 0") {
    Fifos s;
    const int in = s.open(s.a, O_RDONLY | O_NONBLOCK);
    const int out = s.open(s.b, O_WRONLY);
    s.flags(s.a, in, O_RDONLY);
    CHECK(s.write(s.b, out, "last") == 4);
    CHECK(s.close(s.b, out) == 0);
    CHECK(s.read(s.a, in) == "last");
    CHECK(s.read(s.a, in) == "");
    const int next = s.open(s.b, O_WRONLY);
    Later read = s.f.later(s.a, "read", [&] { return static_cast<int>(s.read(s.a, in).size()); });
    CHECK_FALSE(read.done());
    CHECK(s.close(s.b, next) == 0);
    s.f.run();
    CHECK(read.result() == 0);
}

TEST_CASE("FIFO-008: nobody reads: EPIPE and SIGPIPE, waiting or not, also for a writer asleep; putmsg, too") {
    Fifos s;
    const int in = s.open(s.a, O_RDONLY | O_NONBLOCK);
    const int out = s.open(s.b, O_WRONLY);
    s.f.catch_signal(s.b, SIGPIPE);
    const std::string block(4096, 'x');
    s.flags(s.b, out, O_WRONLY | O_NONBLOCK);
    while (s.write(s.b, out, block) > 0) {}
    s.flags(s.b, out, O_WRONLY);
    Later asleep = s.f.later(s.b, "write", [&] { return s.write(s.b, out, block); });
    CHECK_FALSE(asleep.done());
    CHECK(s.close(s.a, in) == 0);
    s.f.run();
    CHECK(asleep.result() == -EPIPE);
    CHECK(sent(s.b) == "PIPE");
    for (int flag : {0, O_NONBLOCK}) {
        s.flags(s.b, out, O_WRONLY | flag);
        CHECK(s.write(s.b, out, "x") == -EPIPE);
        CHECK(put_message(s.b, out, "c", "d") == -EPIPE);
        CHECK(sent(s.b) == "PIPE PIPE");
    }
    CHECK(s.open(s.a, O_RDONLY) >= 0);
    CHECK(s.write(s.b, out, "again") == -EAGAIN); // what nobody read is still there
}

TEST_CASE("FIFO-009 FIFO-013: there is no driver and no minor; an access mode that is none: EINVAL") {
    Fifos s;
    const int fd = s.open(s.root, O_RDWR);
    CHECK(s.f.stream(fd)->driver == nullptr);
    CHECK(s.f.fstat(fd).st_rdev == 0);
    const Census before = s.f.census();
    CHECK(s.open(s.root, O_ACCMODE) == -EINVAL);
    CHECK(s.f.census() == before);
}

TEST_CASE("FIFO-010 FIFO-011: links with a FIFO above: EINVAL; I_LIST counts modules only") {
    Fifos s;
    const int fd = s.open(s.root, O_RDWR);
    for (int command : {I_LINK, I_PLINK}) CHECK(s.f.ioctl(fd, command, fd) == -EINVAL);
    for (int command : {I_UNLINK, I_PUNLINK}) CHECK(s.f.ioctl(fd, command, MUXID_ALL) == -EINVAL);
    CHECK(s.f.ioctl(fd, I_LIST, static_cast<str_list *>(nullptr)) == 0);
    CHECK(s.f.ioctl(fd, I_PUSH, "spy") == 0);
    CHECK(s.f.ioctl(fd, I_LIST, static_cast<str_list *>(nullptr)) == 1);
}

TEST_CASE("FIFO-012: stat tells the node's owner, mode and links; unread bytes while it is open; times of its use") {
    Fifos s;
    CHECK(outcome(rill_chmod(handle(s.root), "/fifo", 0640)) == 0);
    CHECK(outcome(rill_chown(handle(s.root), "/fifo", 7, 8)) == 0);
    const int fd = s.open(s.root, O_RDWR);
    advance(s.f, 400);
    CHECK(s.write(s.root, fd, "12345") == 5);
    for (const struct stat &st : {s.f.stat("/fifo"), s.f.fstat(fd)}) {
        CHECK(st.st_mode == (S_IFIFO | 0640));
        CHECK(st.st_uid == 7);
        CHECK(st.st_gid == 8);
        CHECK(st.st_nlink == 1);
        CHECK(st.st_size == 5);
        CHECK(st.st_mtim.tv_sec == 4);
        CHECK(st.st_atim.tv_sec == 0);
    }
    advance(s.f, 100);
    CHECK(s.read(s.root, fd, 2) == "12");
    CHECK(s.f.stat("/fifo").st_atim.tv_sec == 5);
    CHECK(s.f.stat("/fifo").st_size == 3);
    CHECK(s.close(s.root, fd) == 0);
    CHECK(s.f.stat("/fifo").st_size == 0);
    CHECK(s.f.stat("/fifo").st_mode == (S_IFIFO | 0640));
}

TEST_CASE("FIFO-014: a reader that does not wait: 0 without a writer, from the first open on; with one EAGAIN, or 0 with O_NDELAY") {
    Fifos s;
    const int in = s.open(s.a, O_RDONLY | O_NONBLOCK);
    CHECK(s.read(s.a, in) == "");
    CHECK(s.open(s.b, O_WRONLY) >= 0);
    CHECK(s.read(s.a, in) == "-EAGAIN");
    s.flags(s.a, in, O_RDONLY | RILL_O_NDELAY);
    CHECK(s.read(s.a, in) == "");
}

TEST_CASE("FIFO-015: poll of a reader: nothing before the first writer; POLLHUP when the last one is gone; nothing with a new one") {
    Fifos s;
    const int in = s.open(s.a, O_RDONLY | O_NONBLOCK);
    CHECK(revents(s.a, in, POLLIN) == 0);
    int out = s.open(s.b, O_WRONLY);
    CHECK(revents(s.a, in, POLLIN) == 0);
    CHECK(s.write(s.b, out, "x") == 1);
    CHECK(s.close(s.b, out) == 0);
    CHECK(revents(s.a, in, POLLIN) == (POLLHUP | POLLIN));
    CHECK(s.read(s.a, in) == "x");
    CHECK(revents(s.a, in, POLLIN) == POLLHUP);
    out = s.open(s.b, O_WRONLY);
    CHECK(revents(s.a, in, POLLIN) == 0);
    CHECK(s.write(s.b, out, "new") == 3);
    CHECK(s.read(s.a, in) == "new");
}

TEST_CASE("FIFO-016: what is left at the last close is gone") {
    Fifos s;
    const Census before = s.f.census();
    int fd = s.open(s.root, O_RDWR);
    CHECK(s.write(s.root, fd, "12345") == 5);
    CHECK(s.close(s.root, fd) == 0);
    CHECK(s.f.census() == before);
    fd = s.open(s.root, O_RDONLY | O_NONBLOCK);
    CHECK(s.read(s.root, fd) == "");
}

TEST_CASE("FIFO-018: a module on a FIFO sees each message twice, down and up; all openers share it, their opens reach it") {
    Fifos s;
    const int fd = s.open(s.root, O_RDWR);
    CHECK(s.f.ioctl(fd, I_PUSH, "spy") == 0);
    CHECK(s.write(s.root, fd, "1") == 1);
    CHECK(s.spy.count("wput") == 1);
    CHECK(s.spy.count("rput") == 1);
    CHECK(s.read(s.root, fd) == "1");
    const int second = s.open(s.a, O_RDWR);
    CHECK(s.spy.count("open") == 2);
    CHECK(ioctl_of(s.a, second, I_LIST, static_cast<str_list *>(nullptr)) == 1);
    CHECK(s.f.ioctl(fd, I_PUSH, "spy") == 0);
    CHECK(s.write(s.root, fd, "2") == 1);
    CHECK(s.spy.count("wput") == 3);
    CHECK(s.spy.count("rput") == 3);
    CHECK(s.f.ioctl(fd, I_POP, 0) == 0);
    CHECK(s.f.ioctl(fd, I_POP, 0) == 0);
    CHECK(s.f.ioctl(fd, I_POP, 0) == -EINVAL);
    CHECK(s.read(s.root, fd) == "2");
    Stream *stream = s.f.stream(fd);
    CHECK(stream->write_queue()->q_next == stream->read_queue());
    CHECK(s.f.ioctl(fd, I_PUSH, "spy") == 0); // what is on it at the last close is closed
    CHECK(s.close(s.a, second) == 0);
    CHECK(s.close(s.root, fd) == 0);
    CHECK(s.spy.count("close") == 3);
}

TEST_CASE("FIFO-018: a module that refuses a later opener: its errno, and the FIFO stays as it was") {
    Fifos s;
    const int fd = s.open(s.root, O_RDWR);
    CHECK(s.f.ioctl(fd, I_PUSH, "spy") == 0);
    s.spy.on_open = [](queue_t *, dev_t *, int, int, cred_t *) { return EBUSY; };
    const Census before = s.f.census();
    CHECK(s.open(s.a, O_RDWR) == -EBUSY);
    CHECK(s.f.census() == before);
    CHECK(s.write(s.root, fd, "x") == 1);
    CHECK(s.read(s.root, fd) == "x");
}

TEST_CASE("FIFO-019: I_FLUSH without modules empties the one queue, for FLUSHR and for FLUSHW") {
    for (int what : {FLUSHR, FLUSHW, FLUSHRW}) {
        CAPTURE(what);
        Fifos s;
        const int fd = s.open(s.root, O_RDWR);
        CHECK(s.write(s.root, fd, "12345") == 5);
        CHECK(s.f.ioctl(fd, I_FLUSH, what) == 0);
        int bytes = -1;
        CHECK(s.f.ioctl(fd, FIONREAD, &bytes) == 0);
        CHECK(bytes == 0);
    }
}

TEST_CASE("FIFO-020: an opener that came and went while the other slept still releases it") {
    Fifos s;
    for (int mode : {O_RDONLY, O_WRONLY}) {
        CAPTURE(mode);
        Later asleep = s.f.later_open(s.a, "/fifo", mode);
        CHECK_FALSE(asleep.done());
        Later brief = s.f.later(s.b, "open and close", [&] {
            const int fd = s.open(s.b, (mode == O_RDONLY ? O_WRONLY : O_RDONLY) | O_NONBLOCK);
            return fd < 0 ? fd : s.close(s.b, fd);
        });
        CHECK(brief.result() == 0);
        s.f.run();
        REQUIRE(asleep.done());
        CHECK(asleep.result() >= 0);
        if (mode == O_RDONLY) CHECK(s.read(s.a, asleep.result()) == "");
        CHECK(s.close(s.a, asleep.result()) == 0);
    }
}

TEST_CASE("PIP-052: a descriptor sent over a FIFO comes back on it") {
    Fifos s;
    const int fd = s.open(s.root, O_RDWR);
    CHECK(s.f.ioctl(fd, I_SENDFD, fd) == 0);
    strrecvfd received;
    CHECK(s.f.ioctl(fd, I_RECVFD, &received) == 0);
    CHECK(s.f.stream(received.fd) == s.f.stream(fd));
}

TEST_CASE("FIFO-001: permissions, and each allocation failing in turn: nothing is left") {
    Fifos s;
    CHECK(outcome(rill_chmod(handle(s.root), "/fifo", 0600)) == 0);
    Process &user = s.f.process(9, 9);
    CHECK(s.open(user, O_RDONLY | O_NONBLOCK) == -EACCES);
    CHECK(outcome(rill_chmod(handle(user), "/fifo", 0666)) == -EPERM);
    for_every_allocation(
        s.f, {ENOSR, ENFILE}, [&] { return s.open(s.root, O_RDWR); }, [&](int fd) { CHECK(s.close(s.root, fd) == 0); });
}

TEST_SUITE_END();
