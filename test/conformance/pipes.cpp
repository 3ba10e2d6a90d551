// STREAMS pipes (clauses/04 sections 2.1, 2.2 and 3.3). What streams and pipes have in common is in write, read, poll, close and
// ioctl_passfd.
#include "test/streamio.hpp"

#include <sys/ioctl.h>

using namespace rill;
using namespace rill::test;

extern "C" {
extern struct streamtab connldinfo, pipemodinfo, spxinfo;
extern int pipemoddevflag, spxdevflag;
}

namespace {

constexpr std::size_t pipe_size = 4096;

// One process with a pipe; two modules that pass everything on.
struct Piped {
    explicit Piped(const char *profile = nullptr, Tunables tunables = {})
        : f(profile, tunables), root(f.root), spy(f.module("spy")), other(f.module("other")) {
        make(p);
    }
    void make(int (&ends)[2]) { REQUIRE(outcome(rill_pipe(handle(root), ends)) == 0); }
    int push(int fd, const char *name) { return f.ioctl(fd, I_PUSH, name); }
    void add_pipemod() { CHECK(rill_module_add(handle(f.system), "pipemod", &pipemodinfo, pipemoddevflag) == 0); }
    int unread(int fd) {
        int bytes = -1;
        CHECK(f.ioctl(fd, FIONREAD, &bytes) == 0);
        return bytes;
    }
    int messages(int fd, int *first = nullptr) {
        int bytes = -1;
        const int count = f.ioctl(fd, I_NREAD, &bytes);
        if (first) *first = bytes;
        return count;
    }
    void flags(int fd, int value) { CHECK(outcome(rill_fcntl(handle(root), fd, F_SETFL, value)) >= 0); }
    int fill(int fd) { // without waiting; how many bytes it took
        const std::string block(pipe_size, 'x');
        flags(fd, O_RDWR | O_NONBLOCK);
        int taken = 0;
        for (int n; (n = f.write(fd, block)) > 0; taken += n) {}
        return taken;
    }
    Fixture f;
    Process &root;
    Probe &spy, &other;
    int p[2] = {-1, -1};
};

int list(Piped &s, int fd) { return s.f.ioctl(fd, I_LIST, static_cast<str_list *>(nullptr)); }

} // namespace

TEST_SUITE_BEGIN("pipes");

TEST_CASE("PIP-001 PIP-002 PIP-053: two descriptors, open both ways, streams both; no flags; the times of the pipe are those of its making") {
    Fixture f;
    advance(f, 300);
    int p[2];
    REQUIRE(outcome(rill_pipe(handle(f.root), p)) == 0);
    for (int i = 0; i < 2; ++i) {
        CHECK(outcome(rill_fcntl(handle(f.root), p[i], F_GETFL)) == O_RDWR);
        CHECK(outcome(rill_fcntl(handle(f.root), p[i], F_GETFD)) == 0);
        CHECK(outcome(rill_isastream(handle(f.root), p[i])) == 1);
        CHECK(f.write(p[i], i ? "back" : "forth") == (i ? 4 : 5));
        const struct stat st = f.fstat(p[i]);
        CHECK(st.st_ctim.tv_sec == 3);
        CHECK(st.st_mtim.tv_sec == 3);
        CHECK(st.st_atim.tv_sec == 3);
    }
    CHECK(f.read(p[1]) == "forth");
    CHECK(f.read(p[0]) == "back");
}

TEST_CASE("PIP-003: no two free descriptors: EMFILE, and the one is still free; no memory: ENOSR or ENFILE, and nothing is left") {
    Tunables few;
    few.descriptors = 3;
    Piped s(nullptr, few);
    int more[2] = {-7, -7};
    const Census before = s.f.census();
    CHECK(outcome(rill_pipe(handle(s.root), more)) == -EMFILE);
    CHECK(more[0] == -7);
    CHECK(s.f.census() == before);
    const int one = s.f.dup(s.p[0]);
    CHECK(one == 2);
    CHECK(outcome(rill_pipe(handle(s.root), more)) == -EMFILE);
    CHECK(s.f.close(one) == 0);
    CHECK(s.f.close(s.p[0]) == 0);
    CHECK(s.f.close(s.p[1]) == 0);
    for_every_allocation(
        s.f, {ENOSR, ENFILE}, [&] { return outcome(rill_pipe(handle(s.root), more)); },
        [&](int) {
            CHECK(s.f.close(more[0]) == 0);
            CHECK(s.f.close(more[1]) == 0);
        });
}

TEST_CASE("PIP-004: each write queue leads to the other head's read queue; a module alone on an end has the twist below it") {
    Piped s;
    Stream *a = s.f.stream(s.p[0]), *b = s.f.stream(s.p[1]);
    CHECK(a->write_queue()->q_next == b->read_queue());
    CHECK(b->write_queue()->q_next == a->read_queue());
    CHECK(s.push(s.p[0], "spy") == 0);
    CHECK(SAMESTR(WR(s.spy.last("open").q)) == 0);
    CHECK(s.spy.last("open").sflag == MODOPEN);
    CHECK(s.f.ioctl(s.p[0], I_POP, 0) == 0);
    CHECK(a->write_queue()->q_next == b->read_queue());
    CHECK(b->write_queue()->q_next == a->read_queue());
}

TEST_CASE("PIP-005 PIP-006 PIP-007: I_PUSH, I_POP, I_LOOK, I_FIND and I_LIST see the caller's own end; the count has no driver") {
    Piped s;
    char name[FMNAMESZ + 1] = "";
    for (int end : s.p) {
        CHECK(list(s, end) == 0);
        CHECK(s.f.ioctl(end, I_LOOK, name) == -EINVAL);
    }
    CHECK(s.push(s.p[0], "spy") == 0);
    CHECK(list(s, s.p[0]) == 1);
    CHECK(s.f.ioctl(s.p[0], I_LOOK, name) == 0);
    CHECK(std::string(name) == "spy");
    CHECK(s.f.ioctl(s.p[0], I_FIND, "spy") == 1);
    CHECK(list(s, s.p[1]) == 0);
    CHECK(s.f.ioctl(s.p[1], I_LOOK, name) == -EINVAL);
    CHECK(s.f.ioctl(s.p[1], I_FIND, "spy") == 0);
    CHECK(s.f.ioctl(s.p[1], I_POP, 0) == -EINVAL);
    CHECK(list(s, s.p[0]) == 1);
}

TEST_CASE("PIP-005: an I_STR goes on through the modules of the other end, on their read side; who handles it acknowledges") {
    Piped s;
    s.spy.on_rput = [&](queue_t *q, mblk_t *mp) {
        if (mp->b_datap->db_type != M_IOCTL || reinterpret_cast<iocblk *>(mp->b_rptr)->ioc_cmd != 77) return putnext(q, mp);
        mp->b_datap->db_type = M_IOCACK;
        reinterpret_cast<iocblk *>(mp->b_rptr)->ioc_rval = 5;
        reinterpret_cast<iocblk *>(mp->b_rptr)->ioc_count = 0;
        reinterpret_cast<iocblk *>(mp->b_rptr)->ioc_error = 0;
        qreply(q, mp);
    };
    CHECK(s.push(s.p[0], "spy") == 0);
    strioctl io{77, 0, 0, nullptr};
    CHECK(s.f.ioctl(s.p[1], I_STR, &io) == 5);
    CHECK(s.spy.count("rput") == 1);
    CHECK(s.spy.count("wput") == 0);
}

TEST_CASE("PIP-008: messages keep their boundaries, control parts and bands across a pipe") {
    Piped s;
    CHECK(put_message(s.root, s.p[0], "ctl", "data", 3) == 0);
    CHECK(put_message(s.root, s.p[0], nullptr, "more") == 0);
    char c[16], d[16];
    strbuf ctl{sizeof c, 0, c}, data{sizeof d, 0, d};
    int band = 0, flags = MSG_ANY;
    CHECK(outcome(rill_getpmsg(handle(s.root), s.p[1], &ctl, &data, &band, &flags)) == 0);
    CHECK(band == 3);
    CHECK(flags == MSG_BAND);
    CHECK(std::string(c, 3) == "ctl");
    CHECK(std::string(d, 4) == "data");
    CHECK(get_message(s.root, s.p[1]) == "-|more");
}

TEST_CASE("PIP-009 PIP-010: an ioctl that nobody on the pipe handles, also a terminal's: EINVAL") {
    Piped s;
    strioctl io{77, 0, 0, nullptr};
    char termio[64] = "";
    CHECK(s.f.ioctl(s.p[0], I_STR, &io) == -EINVAL);
    CHECK(s.f.ioctl(s.p[0], 0x5405 /* TCGETA */, termio) == -EINVAL);
    CHECK(s.push(s.p[1], "spy") == 0);
    CHECK(s.f.ioctl(s.p[0], I_STR, &io) == -EINVAL);
    CHECK(s.spy.count("rput") == 1);
}

TEST_CASE("PIP-011 PIP-021: I_ANCHOR on a pipe: EINVAL; lseek: ESPIPE") {
    Piped s;
    CHECK(s.f.ioctl(s.p[0], I_ANCHOR, 0) == -EINVAL);
    CHECK(s.push(s.p[0], "spy") == 0);
    CHECK(s.f.ioctl(s.p[0], I_ANCHOR, 0) == -EINVAL);
    CHECK(outcome(static_cast<int>(rill_lseek(handle(s.root), s.p[0], 0, SEEK_SET))) == -ESPIPE);
    CHECK(outcome(static_cast<int>(rill_lseek(handle(s.root), 99, 0, SEEK_SET))) == -EBADF);
}

TEST_CASE("PIP-012: a pipe as the upper stream of I_LINK, I_PLINK, I_UNLINK, I_PUNLINK: EINVAL") {
    Piped s;
    int q[2];
    s.make(q);
    CHECK(s.f.ioctl(s.p[0], I_LINK, q[0]) == -EINVAL);
    CHECK(s.f.ioctl(s.p[0], I_PLINK, q[0]) == -EINVAL);
    CHECK(s.f.ioctl(s.p[0], I_UNLINK, MUXID_ALL) == -EINVAL);
    CHECK(s.f.ioctl(s.p[0], I_PUNLINK, MUXID_ALL) == -EINVAL);
    CHECK(s.f.write(q[1], "x") == 1);
    CHECK(s.f.read(q[0]) == "x");
}

TEST_CASE("PIP-013 PIP-014 PIP-062: one end closed: the other has a hangup, reads what is there, then 0; it is never writable") {
    Piped s;
    CHECK(revents(s.root, s.p[0], POLLIN | POLLOUT) == POLLOUT);
    CHECK(s.f.write(s.p[1], "x") == 1);
    CHECK(s.f.close(s.p[1]) == 0);
    CHECK(revents(s.root, s.p[0], POLLIN | POLLOUT) == (POLLHUP | POLLIN));
    CHECK(s.f.read(s.p[0]) == "x");
    CHECK(s.f.read(s.p[0]) == "");
    CHECK(revents(s.root, s.p[0], POLLIN | POLLOUT) == POLLHUP);
}

TEST_CASE("PIP-015 [irix] [solaris]: a write after the other end was closed: EPIPE and SIGPIPE") {
    Piped s;
    s.f.catch_signal(s.root, SIGPIPE);
    CHECK(s.f.close(s.p[1]) == 0);
    CHECK(s.f.write(s.p[0], "x") == -EPIPE);
    CHECK(sent(s.root) == "PIPE");
}

TEST_CASE("PIP-016: a read that sleeps returns 0 when the last descriptor of the other end closes") {
    Piped s;
    const int second = s.f.dup(s.p[1]);
    Later read = s.f.later(s.root, "read", [&] { return static_cast<int>(s.f.read(s.p[0]).size()); });
    CHECK(s.f.close(s.p[1]) == 0);
    CHECK_FALSE(read.done());
    CHECK(s.f.close(second) == 0);
    s.f.run();
    CHECK(read.result() == 0);
}

TEST_CASE("PIP-017 PIP-018: a write of PIPE_BUF is one message; a longer one is cut into such") {
    Piped s;
    CHECK(s.f.write(s.p[0], std::string(pipe_size, 'a')) == static_cast<int>(pipe_size));
    int first = 0;
    CHECK(s.messages(s.p[1], &first) == 1);
    CHECK(first == static_cast<int>(pipe_size));
    CHECK(s.f.read(s.p[1], 8192).size() == pipe_size);
    CHECK(s.f.write(s.p[0], std::string(3 * pipe_size, 'b')) == static_cast<int>(3 * pipe_size));
    CHECK(s.messages(s.p[1], &first) == 3);
    CHECK(s.f.ioctl(s.p[1], I_SRDOPT, RMSGN) == 0);
    for (int i = 0; i < 3; ++i) CHECK(s.f.read(s.p[1], 8192).size() == pipe_size);
}

TEST_CASE("PIP-018: below a module of a larger maximum the first message still has PIPE_BUF") {
    Piped s;
    s.spy.write_limits.mi_maxpsz = 3 * pipe_size;
    CHECK(s.push(s.p[0], "spy") == 0);
    CHECK(s.f.write(s.p[0], std::string(3 * pipe_size, 'b')) == static_cast<int>(3 * pipe_size));
    int first = 0;
    CHECK(s.messages(s.p[1], &first) >= 1);
    CHECK(first >= static_cast<int>(pipe_size));
}

TEST_CASE("PIP-017: writers of PIPE_BUF who had to wait do not mix") {
    Piped s;
    Process &a = s.f.process(), &b = s.f.process();
    {
        Enter scope(s.f.system);
        CHECK(a.install(s.root.file(s.p[0])) == 0);
        CHECK(b.install(s.root.file(s.p[0])) == 0);
        s.root.file(s.p[0])->refs += 2;
    }
    auto writer = [&](Process &who, char letter) {
        return s.f.later(who, "write", [&, letter] {
            const std::string block(pipe_size, letter);
            for (int i = 0; i < 8; ++i)
                if (rill_write(handle(who), 0, block.data(), block.size()) != static_cast<ssize_t>(block.size())) return -1;
            return 0;
        });
    };
    Later first = writer(a, 'a'), second = writer(b, 'b');
    CHECK_FALSE(first.done());
    for (int i = 0; i < 16; ++i) {
        const std::string record = s.f.read(s.p[1], pipe_size);
        REQUIRE(record.size() == pipe_size);
        CHECK(record.find_first_not_of(record[0]) == std::string::npos);
        s.f.run();
    }
    CHECK(first.result() == 0);
    CHECK(second.result() == 0);
}

TEST_CASE("PIP-020 PIP-061: a write of nothing: 0 and no message, also with the other end closed; with SNDZERO a message") {
    Piped s;
    CHECK(s.f.write(s.p[0], "") == 0);
    CHECK(s.messages(s.p[1]) == 0);
    CHECK(s.f.ioctl(s.p[0], I_SWROPT, SNDZERO) == 0);
    CHECK(s.f.write(s.p[0], "") == 0);
    CHECK(s.messages(s.p[1]) == 1);
    CHECK(s.f.ioctl(s.p[0], I_SWROPT, 0) == 0);
    CHECK(s.f.close(s.p[1]) == 0);
    CHECK(s.f.write(s.p[0], "") == 0);
    CHECK(sent(s.root) == "");
}

TEST_CASE("PIP-022 PIP-023 PIP-056: fstat of an end: a FIFO without permissions or links, owned by who asks; unread bytes of this end, all bands; one number for both ends") {
    Piped s;
    Process &asks = s.f.process(70, 80);
    {
        Enter scope(s.f.system);
        CHECK(asks.install(s.root.file(s.p[0])) == 0);
        ++s.root.file(s.p[0])->refs;
    }
    CHECK(s.f.write(s.p[1], "12345") == 5);
    CHECK(put_message(s.root, s.p[1], nullptr, "band", 1) == 0);
    const struct stat a = s.f.fstat(s.p[0]), b = s.f.fstat(s.p[1]), theirs = s.f.fstat(asks, 0);
    CHECK(a.st_mode == S_IFIFO);
    CHECK(a.st_nlink == 0);
    CHECK(a.st_rdev == 0);
    CHECK(a.st_size == 9);
    CHECK(b.st_size == 0);
    CHECK(a.st_blksize == static_cast<blksize_t>(pipe_size));
    CHECK(a.st_uid == 0);
    CHECK(theirs.st_uid == 70);
    CHECK(theirs.st_gid == 80);
    CHECK(a.st_ino == b.st_ino);
    CHECK(a.st_dev == b.st_dev);
    int q[2];
    s.make(q);
    CHECK(s.f.fstat(q[0]).st_ino != a.st_ino);
    s.f.driver("dev", 61);
    s.f.node("/dev/dev", makedevice(61, 0));
    CHECK(s.f.stat("/dev/dev").st_dev != a.st_dev);
    CHECK(s.f.stat("/dev/dev").st_rdev != a.st_dev);
}

TEST_CASE("PIP-057: fchmod and fchown of an end return 0 and change its ctime only") {
    Piped s;
    advance(s.f, 500);
    const struct stat before = s.f.fstat(s.p[0]);
    CHECK(outcome(rill_fchmod(handle(s.root), s.p[0], 0600)) == 0);
    CHECK(outcome(rill_fchown(handle(s.root), s.p[0], 5, 6)) == 0);
    const struct stat after = s.f.fstat(s.p[0]);
    CHECK(after.st_mode == S_IFIFO);
    CHECK(after.st_uid == before.st_uid);
    CHECK(after.st_mtim.tv_sec == before.st_mtim.tv_sec);
    CHECK(before.st_ctim.tv_sec == 0);
    CHECK(after.st_ctim.tv_sec == 5);
    CHECK(outcome(rill_fchmod(handle(s.root), 99, 0600)) == -EBADF);
}

TEST_CASE("PIP-024: a read of an empty pipe: O_NDELAY 0, O_NONBLOCK EAGAIN, both EAGAIN") {
    Piped s;
    s.flags(s.p[0], O_RDWR | RILL_O_NDELAY);
    CHECK(s.f.read(s.p[0]) == "");
    s.flags(s.p[0], O_RDWR | O_NONBLOCK);
    CHECK(s.f.read(s.p[0]) == "-EAGAIN");
    s.flags(s.p[0], O_RDWR | O_NONBLOCK | RILL_O_NDELAY);
    CHECK(s.f.read(s.p[0]) == "-EAGAIN");
}

TEST_CASE("PIP-025: a pipe's end may be linked below a multiplexor: what it does there comes out of the other end") {
    Piped s;
    Probe &mux = s.f.loose("mux", Probe::Sort::driver);
    mux.tab.st_muxrinit = &mux.read_init;
    mux.tab.st_muxwinit = &mux.write_init;
    queue_t *bottom = nullptr;
    mux.on_wput = [&](queue_t *q, mblk_t *mp) {
        if (mp->b_datap->db_type == M_DATA) return bottom ? putnext(bottom, mp) : freemsg(mp);
        if (mp->b_datap->db_type != M_IOCTL) return freemsg(mp);
        if (reinterpret_cast<iocblk *>(mp->b_rptr)->ioc_cmd == I_LINK) bottom = reinterpret_cast<linkblk *>(mp->b_cont->b_rptr)->l_qbot;
        else bottom = nullptr;
        mp->b_datap->db_type = M_IOCACK;
        reinterpret_cast<iocblk *>(mp->b_rptr)->ioc_count = 0;
        qreply(q, mp);
    };
    s.f.install(mux, 62);
    s.f.node("/dev/mux", makedevice(62, 0));
    const int above = s.f.open("/dev/mux");
    const int id = s.f.ioctl(above, I_LINK, s.p[0]);
    CHECK(id > 0);
    CHECK(s.f.write(above, "down") == 4);
    CHECK(s.f.read(s.p[1]) == "down");
    CHECK(s.f.ioctl(above, I_UNLINK, id) == 0);
    CHECK(s.f.write(s.p[1], "back") == 4);
    CHECK(s.f.read(s.p[0]) == "back");
}

TEST_CASE("PIP-026: a bare pipe closes at once; what the end has written stays, what it had not read goes") {
    Piped s;
    const Census before = s.f.census();
    int q[2];
    s.make(q);
    const int full = s.fill(q[0]);
    CHECK(s.fill(q[1]) == full);
    Later close = s.f.later_close(s.root, q[0]);
    CHECK(close.done());
    CHECK(close.result() == 0);
    CHECK(s.unread(q[1]) == full);
    CHECK(s.f.read(q[1], static_cast<std::size_t>(full)).size() == static_cast<std::size_t>(full));
    CHECK(s.f.read(q[1]) == "");
    CHECK(s.f.close(q[1]) == 0);
    CHECK(s.f.census() == before);
}

TEST_CASE("PIP-030: I_SENDFD goes past the modules of both ends") {
    Piped s;
    CHECK(s.push(s.p[0], "spy") == 0);
    CHECK(s.push(s.p[1], "other") == 0);
    CHECK(s.f.ioctl(s.p[0], I_SENDFD, s.p[0]) == 0);
    for (Probe *module : {&s.spy, &s.other}) CHECK(module->count("rput") + module->count("wput") == 0);
    strrecvfd received;
    CHECK(s.f.ioctl(s.p[1], I_RECVFD, &received) == 0);
    CHECK(s.f.close(received.fd) == 0);
}

TEST_CASE("PIP-031 PIP-032 PIP-033 PIP-035: I_SENDFD: a descriptor of any kind; EBADF, EINVAL, ENXIO, EAGAIN") {
    Piped s;
    s.f.driver("dev", 61);
    s.f.node("/dev/dev", makedevice(61, 0));
    const int dev = s.f.open("/dev/dev");
    const int plain = outcome(rill_open(handle(s.root), "/plain", O_RDWR | O_CREAT, 0600));
    CHECK(s.f.ioctl(s.p[0], I_SENDFD, -1) == -EBADF);
    CHECK(s.f.ioctl(s.p[0], I_SENDFD, plain) == 0);
    CHECK(s.f.ioctl(dev, I_SENDFD, plain) == -EINVAL);
    strrecvfd received;
    CHECK(s.f.ioctl(s.p[1], I_RECVFD, &received) == 0);
    CHECK(s.f.fstat(received.fd).st_ino == s.f.fstat(plain).st_ino);
    s.fill(s.p[0]);
    CHECK(s.f.ioctl(s.p[0], I_SENDFD, plain) == -EAGAIN);
    CHECK(s.f.close(s.p[1]) == 0);
    CHECK(s.f.ioctl(s.p[0], I_SENDFD, plain) == -ENXIO);
    CHECK(outcome(rill_unlink(handle(s.root), "/plain")) == 0);
}

TEST_CASE("PIP-036: I_SENDFD without memory: EAGAIN, and nothing is held") {
    Piped s;
    strrecvfd received;
    for_every_allocation(
        s.f, {EAGAIN}, [&] { return s.f.ioctl(s.p[0], I_SENDFD, s.p[0]); }, [&](int) {
            CHECK(s.f.ioctl(s.p[1], I_RECVFD, &received) == 0);
            CHECK(s.f.close(received.fd) == 0); });
}

TEST_CASE("PIP-037 PIP-040 PIP-066: the ids are the effective ones of the sender when he sends; the filler is 0") {
    Piped s;
    s.root.cred.cr_uid = 12;
    s.root.cred.cr_gid = 34;
    CHECK(s.f.ioctl(s.p[0], I_SENDFD, s.p[0]) == 0);
    s.root.cred.cr_uid = s.root.cred.cr_gid = 0;
    strrecvfd received;
    std::memset(&received, 'x', sizeof received);
    CHECK(s.f.ioctl(s.p[1], I_RECVFD, &received) == 0);
    CHECK(received.uid == 12);
    CHECK(received.gid == 34);
    CHECK(std::string(received.fill, sizeof received.fill) == std::string(sizeof received.fill, '\0'));
    CHECK(s.f.close(received.fd) == 0);
}

TEST_CASE("PIP-038 PIP-039: what is on its way stays open without its descriptor; the received one shares the file") {
    Piped s;
    int q[2];
    s.make(q);
    CHECK(s.f.ioctl(s.p[0], I_SENDFD, q[0]) == 0);
    CHECK(s.f.close(q[0]) == 0);
    CHECK(s.f.write(q[1], "waits") == 5);
    strrecvfd received;
    CHECK(s.f.ioctl(s.p[1], I_RECVFD, &received) == 0);
    CHECK(s.f.read(received.fd) == "waits");
    const int copy = s.f.dup(received.fd);
    s.flags(copy, O_RDWR | O_NONBLOCK);
    CHECK(outcome(rill_fcntl(handle(s.root), received.fd, F_GETFL)) == (O_RDWR | O_NONBLOCK));
    CHECK(s.f.ioctl(s.p[0], I_SENDFD, copy) == 0);
    strrecvfd again;
    CHECK(s.f.ioctl(s.p[1], I_RECVFD, &again) == 0);
    s.flags(again.fd, O_RDWR);
    CHECK(outcome(rill_fcntl(handle(s.root), copy, F_GETFL)) == O_RDWR);
}

TEST_CASE("PIP-041 PIP-042 PIP-043: I_RECVFD: nothing there EAGAIN; data in front EBADMSG and stays; read and getmsg of a passed descriptor EBADMSG") {
    Piped s;
    strrecvfd received;
    s.flags(s.p[1], O_RDWR | O_NONBLOCK);
    CHECK(s.f.ioctl(s.p[1], I_RECVFD, &received) == -EAGAIN);
    CHECK(s.f.write(s.p[0], "data") == 4);
    CHECK(s.f.ioctl(s.p[1], I_RECVFD, &received) == -EBADMSG);
    CHECK(s.f.read(s.p[1]) == "data");
    CHECK(s.f.ioctl(s.p[0], I_SENDFD, s.p[0]) == 0);
    CHECK(s.f.read(s.p[1]) == "-EBADMSG");
    CHECK(get_message(s.root, s.p[1]) == "-EBADMSG");
    CHECK(s.f.ioctl(s.p[1], I_RECVFD, &received) == 0);
    CHECK(s.f.close(received.fd) == 0);
}

TEST_CASE("PIP-044 PIP-046: no free descriptor EMFILE, a bad address EFAULT: the message stays, no descriptor is lost") {
    Tunables few;
    few.descriptors = 3;
    Piped s(nullptr, few);
    const int third = s.f.dup(s.p[0]);
    CHECK(s.f.ioctl(s.p[0], I_SENDFD, s.p[0]) == 0);
    strrecvfd received;
    CHECK(s.f.ioctl(s.p[1], I_RECVFD, &received) == -EMFILE);
    CHECK(s.f.close(third) == 0);
    CHECK(s.f.ioctl(s.p[1], I_RECVFD, static_cast<strrecvfd *>(nullptr)) == -EFAULT);
    CHECK(s.f.ioctl(s.p[1], I_RECVFD, &received) == 0);
    CHECK(received.fd == third);
    CHECK(s.f.close(received.fd) == 0);
}

TEST_CASE("PIP-047: nothing there and the other end closed: ENXIO") {
    Piped s;
    CHECK(s.f.close(s.p[0]) == 0);
    strrecvfd received;
    CHECK(s.f.ioctl(s.p[1], I_RECVFD, &received) == -ENXIO);
}

TEST_CASE("PIP-048: an id above 65535: EOVERFLOW by the old command, and the message stays; the command of today gives it") {
    Piped s;
    s.root.cred.cr_uid = 70000;
    CHECK(s.f.ioctl(s.p[0], I_SENDFD, s.p[0]) == 0);
    s.root.cred.cr_uid = 0;
    char old[64];
    CHECK(s.f.ioctl(s.p[1], 0x5312, old) == -EOVERFLOW);
    strrecvfd received;
    CHECK(s.f.ioctl(s.p[1], I_RECVFD, &received) == 0);
    CHECK(received.uid == 70000);
    CHECK(s.f.close(received.fd) == 0);
}

TEST_CASE("PIP-049: a passed descriptor that is flushed closes its file") {
    Piped s;
    Probe &dev = s.f.driver("dev", 61);
    s.f.node("/dev/dev", makedevice(61, 0));
    const int fd = s.f.open("/dev/dev");
    CHECK(s.f.ioctl(s.p[0], I_SENDFD, fd) == 0);
    CHECK(s.f.close(fd) == 0);
    CHECK(dev.count("close") == 0);
    CHECK(s.f.ioctl(s.p[1], I_FLUSH, FLUSHR) == 0);
    CHECK(dev.count("close") == 1);
}

TEST_CASE("PIP-050 PIP-065: a passed descriptor at the front: POLLIN; I_PEEK EBADMSG; I_NREAD one message of 0 bytes") {
    Piped s;
    CHECK(s.f.ioctl(s.p[0], I_SENDFD, s.p[0]) == 0);
    CHECK(revents(s.root, s.p[1], POLLIN) == POLLIN);
    CHECK(revents(s.root, s.p[1], POLLIN | POLLRDNORM) == (POLLIN | POLLRDNORM));
    int first = -1;
    CHECK(s.messages(s.p[1], &first) == 1);
    CHECK(first == 0);
    strpeek peek{};
    CHECK(s.f.ioctl(s.p[1], I_PEEK, &peek) == -EBADMSG);
    strrecvfd received;
    CHECK(s.f.ioctl(s.p[1], I_RECVFD, &received) == 0);
    CHECK(s.f.close(received.fd) == 0);
}

TEST_CASE("PIP-051: two streams that a driver has joined by q_next pass descriptors as a pipe does") {
    Piped s;
    Probe &dev = s.f.driver("dev", 61);
    s.f.node("/dev/dev0", makedevice(61, 0));
    s.f.node("/dev/dev1", makedevice(61, 1));
    const int a = s.f.open("/dev/dev0");
    queue_t *aq = dev.last("open").q;
    const int b = s.f.open("/dev/dev1");
    queue_t *bq = dev.last("open").q;
    CHECK(s.f.ioctl(a, I_SENDFD, s.p[0]) == -EINVAL);
    WR(aq)->q_next = bq;
    WR(bq)->q_next = aq;
    CHECK(s.f.ioctl(a, I_SENDFD, s.p[0]) == 0);
    CHECK(dev.count("rput") + dev.count("wput") == 0);
    strrecvfd received;
    CHECK(s.f.ioctl(b, I_RECVFD, &received) == 0);
    CHECK(s.f.fstat(received.fd).st_ino == s.f.fstat(s.p[0]).st_ino);
    WR(aq)->q_next = WR(bq)->q_next = nullptr;
}

TEST_CASE("PIP-055: a bad address for the two descriptors: EFAULT, and the next pipe has the same numbers") {
    Piped s;
    const Census before = s.f.census();
    CHECK(outcome(rill_pipe(handle(s.root), nullptr)) == -EFAULT);
    CHECK(s.f.census() == before);
    int q[2];
    s.make(q);
    CHECK(q[0] == 2);
    CHECK(q[1] == 3);
}

TEST_CASE("PIP-058: a pipe takes 16384 bytes at least; a read of PIPE_BUF makes it writable again") {
    Piped s;
    const int taken = s.fill(s.p[0]);
    CHECK(taken >= 16384);
    CHECK(revents(s.root, s.p[0], POLLOUT) == 0);
    CHECK(s.f.read(s.p[1], pipe_size).size() == pipe_size);
    CHECK(revents(s.root, s.p[0], POLLOUT) == POLLOUT);
    CHECK(s.f.stream(s.p[0])->read_queue()->q_hiwat == 16384);
}

TEST_CASE("PIP-058 [solaris]: the low-water mark is 0") {
    Piped s("solaris");
    CHECK(s.f.stream(s.p[0])->read_queue()->q_lowat == 0);
}

TEST_CASE("PIP-059: a full pipe: EAGAIN and nothing taken up to PIPE_BUF; of more what fits; O_NDELAY answers 0") {
    Piped s;
    s.fill(s.p[0]);
    CHECK(s.f.write(s.p[0], "x") == -EAGAIN);
    s.flags(s.p[0], O_RDWR | RILL_O_NDELAY);
    CHECK(s.f.write(s.p[0], "x") == 0);
    s.flags(s.p[0], O_RDWR | RILL_O_NDELAY | O_NONBLOCK);
    CHECK(s.f.write(s.p[0], "x") == 0);
    const int before = s.unread(s.p[1]);
    CHECK(s.f.read(s.p[1], pipe_size).size() == pipe_size);
    s.flags(s.p[0], O_RDWR | O_NONBLOCK);
    CHECK(s.f.write(s.p[0], std::string(3 * pipe_size, 'y')) >= static_cast<int>(pipe_size));
    CHECK(s.unread(s.p[1]) >= before);
    CHECK(s.f.write(s.p[0], std::string(3 * pipe_size, 'y')) == -EAGAIN);
}

TEST_CASE("PIP-060 [irix] [solaris]: a writer asleep on a full pipe wakes with EPIPE and SIGPIPE, though part of its data was taken") {
    for (bool part : {false, true}) {
        CAPTURE(part);
        Piped s;
        s.fill(s.p[0]);
        s.flags(s.p[0], O_RDWR);
        if (part) CHECK(s.f.read(s.p[1], pipe_size).size() == pipe_size);
        s.f.catch_signal(s.root, SIGPIPE);
        Process &writer = s.f.process();
        {
            Enter scope(s.f.system);
            CHECK(writer.install(s.root.file(s.p[0])) == 0);
            ++s.root.file(s.p[0])->refs;
        }
        s.f.catch_signal(writer, SIGPIPE);
        const std::string data(2 * pipe_size, 'z');
        Later write = s.f.later(writer, "write", [&] { return outcome(static_cast<int>(rill_write(handle(writer), 0, data.data(), data.size()))); });
        CHECK_FALSE(write.done());
        CHECK(s.f.close(s.p[1]) == 0);
        s.f.run();
        CHECK(write.result() == -EPIPE);
        CHECK(sent(writer) == "PIPE");
    }
}

TEST_CASE("PIP-063: each end has its own push count; a push on an end whose other is closed: ENXIO") {
    Tunables few;
    few.push_limit = 3;
    Piped s(nullptr, few);
    for (int i = 0; i < 3; ++i) CHECK(s.push(s.p[0], "spy") == 0);
    CHECK(s.push(s.p[0], "spy") == -EINVAL);
    for (int i = 0; i < 3; ++i) CHECK(s.push(s.p[1], "other") == 0);
    CHECK(s.push(s.p[1], "other") == -EINVAL);
    CHECK(list(s, s.p[0]) == 3);
    CHECK(s.f.close(s.p[1]) == 0);
    CHECK(s.other.count("close") == 3);
    CHECK(s.f.ioctl(s.p[0], I_PUSH, "spy") == -ENXIO);
    CHECK(s.spy.count("close") == 0);
}

TEST_CASE("PIP-064: a module that holds data delays the close by I_SETCLTIME; not with O_NONBLOCK") {
    for (bool no_wait : {false, true}) {
        CAPTURE(no_wait);
        Piped s;
        hold_writes(s.spy);
        CHECK(s.push(s.p[0], "spy") == 0);
        CHECK(s.f.write(s.p[0], "held") == 4);
        int ms = 200;
        CHECK(s.f.ioctl(s.p[0], I_SETCLTIME, &ms) == 0);
        if (no_wait) s.flags(s.p[0], O_RDWR | O_NONBLOCK);
        const long before = now(s.f);
        CHECK(s.f.close(s.p[0]) == 0);
        CHECK(now(s.f) - before == (no_wait ? 0 : 20));
        CHECK(s.f.read(s.p[1]) == "");
    }
}

TEST_CASE("PIP-067: an end may be sent over its own pipe, from either side") {
    Piped s;
    strrecvfd received;
    CHECK(s.f.ioctl(s.p[0], I_SENDFD, s.p[1]) == 0);
    CHECK(s.f.ioctl(s.p[1], I_RECVFD, &received) == 0);
    CHECK(s.f.stream(received.fd) == s.f.stream(s.p[1]));
    CHECK(s.f.close(received.fd) == 0);
    CHECK(s.f.ioctl(s.p[0], I_SENDFD, s.p[0]) == 0);
    CHECK(s.f.ioctl(s.p[1], I_RECVFD, &received) == 0);
    CHECK(s.f.stream(received.fd) == s.f.stream(s.p[0]));
    CHECK(s.f.close(received.fd) == 0);
}

TEST_CASE("PIP-068: I_NREAD counts the messages as they were written, and tells the size of the first") {
    Piped s;
    CHECK(s.f.write(s.p[0], "abc") == 3);
    CHECK(s.f.write(s.p[0], "defg") == 4);
    int first = 0;
    CHECK(s.messages(s.p[1], &first) == 2);
    CHECK(first == 3);
}

// --- spx: a pipe made of two streams ---

namespace {

struct Spx : Piped {
    Spx() {
        CHECK(rill_driver_add(handle(f.system), "spx", 61, &spxinfo, spxdevflag, 4) == 0);
        f.node("/dev/spx", f.clone(61));
        a = f.open("/dev/spx");
        b = f.open("/dev/spx");
    }
    int join(int on, int with) {
        char control[sizeof(t_uscalar_t)] = {};
        strfdinsert fi{{0, sizeof control, control}, {0, -1, nullptr}, 0, with, 0};
        return f.ioctl(on, I_FDINSERT, &fi);
    }
    int a = -1, b = -1;
};

} // namespace

TEST_CASE("spx: two clone opens joined by I_FDINSERT are a pipe: data, ioctls, descriptors, back-pressure, hangup") {
    Spx s;
    CHECK(s.join(s.a, s.b) == 0);
    CHECK(s.f.write(s.a, "one way") == 7);
    CHECK(s.f.read(s.b) == "one way");
    CHECK(put_message(s.root, s.b, "ctl", "back", 1) == 0);
    CHECK(get_message(s.root, s.a) == "ctl|back");
    strioctl io{77, 0, 0, nullptr};
    CHECK(s.f.ioctl(s.a, I_STR, &io) == -EINVAL);
    CHECK(s.f.ioctl(s.a, I_SENDFD, s.p[0]) == 0);
    strrecvfd received;
    CHECK(s.f.ioctl(s.b, I_RECVFD, &received) == 0);
    CHECK(s.f.stream(received.fd) == s.f.stream(s.p[0]));
    CHECK(s.push(s.b, "spy") == 0);
    CHECK(s.f.write(s.a, "through") == 7);
    CHECK(s.spy.count("rput") == 1);
    CHECK(s.f.read(s.b) == "through");
    CHECK(s.f.ioctl(s.b, I_POP, 0) == 0);
    CHECK(s.fill(s.a) > 0);
    CHECK(revents(s.root, s.a, POLLOUT) == 0);
    while (s.unread(s.b) > 0) CHECK(!s.f.read(s.b, 4096).empty());
    CHECK(revents(s.root, s.a, POLLOUT) == POLLOUT);
    CHECK(s.f.write(s.b, "last") == 4);
    CHECK(s.f.close(s.b) == 0);
    CHECK(s.f.read(s.a) == "last");
    CHECK(s.f.read(s.a) == "");
}

TEST_CASE("spx: a value of no stream of its own, of itself, or of a joined one, and data before the join: M_ERROR with ENXIO") {
    for (int wrong : {0, 1, 2, 3}) {
        CAPTURE(wrong);
        Spx s;
        if (wrong == 0) CHECK(s.join(s.a, s.p[0]) == 0); // a pipe has no driver
        if (wrong == 1) CHECK(s.join(s.a, s.a) == 0);
        if (wrong == 2) {
            const int c = s.f.open("/dev/spx");
            CHECK(s.join(s.b, c) == 0);
            CHECK(s.join(s.a, s.b) == 0);
            CHECK(s.f.write(c, "x") == 1);
            CHECK(s.f.read(s.b) == "x");
        }
        if (wrong == 3) CHECK(s.f.write(s.a, "early") == 5);
        CHECK(s.f.write(s.a, "x") == -ENXIO);
        CHECK(s.f.read(s.a) == "-ENXIO");
    }
}

// --- flushing, and pipemod ---

namespace {

// What is left of three bytes written to p[0]'s side and five to p[1]'s, after I_FLUSH at p[0]: "p[0] p[1]".
std::string flushed(Piped &s, int what) {
    CHECK(s.f.write(s.p[0], "12345") == 5);
    CHECK(s.f.write(s.p[1], "123") == 3);
    CHECK(s.f.ioctl(s.p[0], I_FLUSH, what) == 0);
    const std::string left = std::to_string(s.unread(s.p[0])) + " " + std::to_string(s.unread(s.p[1]));
    for (int end : s.p) {
        s.flags(end, O_RDWR | O_NONBLOCK);
        s.f.read(end);
    }
    return left;
}

} // namespace

TEST_CASE("PMD-006 PMD-007: a bare pipe: FLUSHR empties this end, FLUSHW the other, FLUSHRW both") {
    Piped s;
    CHECK(flushed(s, FLUSHR) == "0 5");
    CHECK(flushed(s, FLUSHW) == "3 0");
    CHECK(flushed(s, FLUSHRW) == "0 0");
}

TEST_CASE("PMD-004 PMD-007: with pipemod on either end the same") {
    for (int end : {0, 1}) {
        CAPTURE(end);
        Piped s;
        s.add_pipemod();
        CHECK(s.push(s.p[end], "pipemod") == 0);
        CHECK(flushed(s, FLUSHR) == "0 5");
        CHECK(flushed(s, FLUSHW) == "3 0");
        CHECK(flushed(s, FLUSHRW) == "0 0");
    }
}

TEST_CASE("PMD-010 PMD-009: with other modules only, the bits mean at the other head what they say: FLUSHR empties that one, FLUSHW none") {
    Piped s;
    CHECK(s.push(s.p[0], "spy") == 0);
    CHECK(flushed(s, FLUSHR) == "3 0");
    CHECK(flushed(s, FLUSHW) == "3 5");
    CHECK(flushed(s, FLUSHRW) == "3 0");
    unsigned char seen = 0;
    s.other.on_rput = [&](queue_t *q, mblk_t *mp) {
        if (mp->b_datap->db_type == M_FLUSH) seen = *mp->b_rptr;
        putnext(q, mp);
    };
    CHECK(s.push(s.p[1], "other") == 0);
    CHECK(s.f.ioctl(s.p[0], I_FLUSH, FLUSHR) == 0);
    CHECK(seen == FLUSHR);
}

TEST_CASE("PMD-003: pipemod on both ends cancels out") {
    Piped s;
    s.add_pipemod();
    CHECK(s.push(s.p[0], "pipemod") == 0);
    CHECK(s.push(s.p[1], "pipemod") == 0);
    CHECK(flushed(s, FLUSHR) == "3 0");
}

TEST_CASE("PMD-005: a system whose bare pipe flushes as the bits arrive: FLUSHR both ends, FLUSHW none") {
    Profile other = *find_profile(Fixture::default_profile);
    other.bare_pipe_flush_as_sent = true;
    Fixture f(other);
    int p[2];
    REQUIRE(outcome(rill_pipe(handle(f.root), p)) == 0);
    auto left = [&](int fd) {
        int bytes = -1;
        CHECK(f.ioctl(fd, FIONREAD, &bytes) == 0);
        return bytes;
    };
    CHECK(f.write(p[0], "12345") == 5);
    CHECK(f.write(p[1], "123") == 3);
    CHECK(f.ioctl(p[0], I_FLUSH, FLUSHW) == 0);
    CHECK(left(p[0]) == 3);
    CHECK(left(p[1]) == 5);
    CHECK(f.ioctl(p[0], I_FLUSH, FLUSHR) == 0);
    CHECK(left(p[0]) == 0);
    CHECK(left(p[1]) == 0);
}

TEST_CASE("PMD-001 PMD-002 PMD-012: pipemod swaps FLUSHR and FLUSHW, leaves FLUSHRW, FLUSHBAND and the band, and passes the rest") {
    Piped s;
    s.add_pipemod();
    std::vector<std::string> seen;
    s.spy.on_wput = [&](queue_t *q, mblk_t *mp) {
        seen.push_back(std::to_string(mp->b_datap->db_type) + ":" + bytes_of(mp));
        putnext(q, mp);
    };
    CHECK(s.push(s.p[0], "spy") == 0);
    CHECK(s.push(s.p[0], "pipemod") == 0);
    auto flush = [](std::string bits) { return std::to_string(M_FLUSH) + ":" + bits; };
    CHECK(s.f.ioctl(s.p[0], I_FLUSH, FLUSHR) == 0);
    CHECK(s.f.ioctl(s.p[0], I_FLUSH, FLUSHRW) == 0);
    bandinfo band{2, FLUSHR};
    CHECK(s.f.ioctl(s.p[0], I_FLUSHBAND, &band) == 0);
    REQUIRE(seen.size() >= 3);
    CHECK(seen[0] == flush(std::string(1, FLUSHW)));
    CHECK(std::count(seen.begin(), seen.end(), flush(std::string(1, FLUSHRW))) == 1);
    CHECK(std::count(seen.begin(), seen.end(), flush({FLUSHW | FLUSHBAND, 2})) == 1);
    CHECK(put_message(s.root, s.p[0], "ctl", "data", 4) == 0);
    CHECK(get_message(s.root, s.p[1]) == "ctl|data");
}

TEST_CASE("PMD-008: I_FLUSH with other bits: EINVAL on a pipe, too") {
    Piped s;
    CHECK(s.f.write(s.p[1], "123") == 3);
    for (int bits : {0x10, FLUSHRW | 0x10, -1}) CHECK(s.f.ioctl(s.p[0], I_FLUSH, bits) == -EINVAL);
    CHECK(s.unread(s.p[0]) == 3);
}

TEST_CASE("PMD-011: pipemod and connld have id 1003, any packet size, the head's marks and no service procedures") {
    for (const qinit *side : {pipemodinfo.st_rdinit, pipemodinfo.st_wrinit, connldinfo.st_rdinit, connldinfo.st_wrinit}) {
        CHECK(side->qi_minfo->mi_idnum == 1003);
        CHECK(side->qi_minfo->mi_minpsz == 0);
        CHECK(side->qi_minfo->mi_maxpsz == INFPSZ);
        CHECK(side->qi_minfo->mi_hiwat == STRHIGH);
        CHECK(side->qi_minfo->mi_lowat == STRLOW);
        CHECK(!side->qi_srvp);
    }
}

TEST_CASE("PMD-013: pipemod on a device's stream swaps the flushes there") {
    Piped s;
    s.add_pipemod();
    Probe &dev = s.f.driver("dev", 61);
    unsigned char seen = 0;
    dev.on_wput = [&](queue_t *q, mblk_t *mp) {
        if (mp->b_datap->db_type == M_FLUSH) seen = *mp->b_rptr;
        dev.standard_put(q, mp);
    };
    s.f.node("/dev/dev", makedevice(61, 0));
    const int fd = s.f.open("/dev/dev");
    CHECK(s.push(fd, "pipemod") == 0);
    CHECK(s.f.ioctl(fd, I_FLUSH, FLUSHR) == 0);
    CHECK(seen == FLUSHW);
}

TEST_SUITE_END();
