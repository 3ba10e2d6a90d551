// open(2) of a STREAMS device: first open, repeated open, autopush, what a new stream head is like (clauses/02, Open).
#include "test/harness.hpp"

#include <sys/ddi.h>

using namespace rill;
using namespace rill::test;

namespace {

constexpr major_t N = 61;

// A driver with a direct node /dev/echo2 for (N,2).
Probe &with_node(Fixture &f) {
    Probe &echo = f.driver("echo", N);
    f.node("/dev/echo2", makedevice(N, 2));
    return echo;
}

// Sends one message of this type and bytes up from a driver's read queue.
void send_up(Fixture &f, queue_t *q, int type, std::initializer_list<unsigned char> bytes = {}) {
    Enter scope(f.system);
    mblk_t *mp = allocb(bytes.size(), BPRI_MED);
    REQUIRE(mp);
    mp->b_datap->db_type = static_cast<unsigned char>(type);
    for (unsigned char byte : bytes) *mp->b_wptr++ = byte;
    putnext(q, mp);
    f.system.run_until_idle();
}

std::string top_name(Fixture &f, int fd) {
    char name[FMNAMESZ + 1] = "";
    int result = f.ioctl(fd, I_LOOK, name);
    return result == 0 ? name : std::string("-") + strerrorname_np(-result);
}

} // namespace

TEST_SUITE_BEGIN("open");

// --- failures of a first open

TEST_CASE("OPN-002: an error of the driver's open is the error of open; the next open builds a fresh stream") {
    Fixture f;
    Probe &echo = with_node(f);
    bool fail = true;
    echo.on_open = [&](queue_t *q, dev_t *devp, int oflag, int sflag, cred_t *crp) {
        if (!fail) return echo.standard_open(q, devp, oflag, sflag, crp);
        q->q_ptr = &fail;
        return ESTALE;
    };
    Census before = f.census();
    CHECK(f.open("/dev/echo2") == -ESTALE);
    CHECK(f.census() == before);
    CHECK(echo.count("close") == 0);
    fail = false;
    CHECK(f.open("/dev/echo2") >= 0);
    CHECK(echo.count("open") == 2);
    CHECK(echo.last("open").read_ptr == nullptr);
}

TEST_CASE("OPN-004: no memory for the stream head or the queue pair: ENOSR") {
    Fixture f;
    Probe &echo = with_node(f);
    f.close(f.open("/dev/echo2"));
    Census before = f.census();
    int seen = 0;
    for (long n = 1; n < 100; ++n) {
        std::uint64_t refused = f.system.alloc.refused;
        f.system.alloc.fail_nth(n);
        int result = f.open("/dev/echo2");
        f.system.alloc.fail_nth(0);
        if (f.system.alloc.refused == refused) {
            CHECK(f.close(result) == 0);
            break;
        }
        seen += result == -ENOSR;
        CHECK(f.census() == before);
    }
    CHECK(seen > 0);
    CHECK(echo.units_taken() == 0);
}

TEST_CASE("OPN-002 OPN-004 by allocation: a direct open survives the failure of every allocation it asks for") {
    Fixture f;
    Probe &echo = with_node(f);
    f.close(f.open("/dev/echo2"));
    for_every_allocation(
        f, {ENOSR, ENOMEM, ENFILE, EMFILE, EAGAIN}, [&] { return f.open("/dev/echo2"); }, [&](int fd) {
        CHECK(f.rdev(fd) == makedevice(N, 2));
        CHECK(f.close(fd) == 0);
        CHECK(echo.units_taken() == 0); });
    CHECK(echo.count("open") == echo.count("close"));
}

TEST_CASE("OPN-023: a clone node whose minor names no STREAMS driver: ENXIO") {
    Fixture f;
    with_node(f);
    f.node("/dev/none", f.clone(77));
    CHECK(f.open("/dev/none") == -ENXIO);
}

TEST_CASE("a missing name is ENOENT, a node whose major has no driver ENXIO; no descriptor is left taken") {
    Fixture f;
    with_node(f);
    f.node("/dev/unused", makedevice(77, 0));
    Census before = f.census();
    CHECK(f.open("/dev/missing") == -ENOENT);
    CHECK(f.open("/dev/unused") == -ENXIO);
    CHECK(f.census() == before);
    CHECK(f.open("/dev/echo2") == 0); // the lowest descriptor
}

TEST_CASE("a node without permission for the opener is EACCES, and the driver is not called") {
    Fixture f;
    Probe &echo = f.driver("echo", N);
    f.node("/dev/private", makedevice(N, 1), S_IFCHR | 0600);
    f.node("/dev/readable", makedevice(N, 2), S_IFCHR | 0644);
    Process &user = f.process(1000, 100);
    Census before = f.census();
    CHECK(f.open(user, "/dev/private", O_RDWR) == -EACCES);
    CHECK(f.open(user, "/dev/readable", O_RDWR) == -EACCES);
    CHECK(f.census() == before);
    CHECK(echo.log.empty());
    CHECK(f.open(user, "/dev/readable", O_RDONLY) >= 0);
    CHECK(f.open("/dev/private", O_RDWR) >= 0); // uid 0 is privileged
}

TEST_CASE("a process without a free descriptor gets EMFILE, and the driver is not called") {
    Tunables tunables;
    tunables.descriptors = 3;
    Fixture f(nullptr, tunables);
    Probe &echo = f.driver("echo", N);
    f.node("/dev/echo", f.clone(N));
    int fd[3];
    for (int &each : fd) CHECK((each = f.open("/dev/echo")) >= 0);
    Census full = f.census();
    CHECK(f.open("/dev/echo") == -EMFILE);
    CHECK(f.census() == full);
    CHECK(echo.count("open") == 3);
    CHECK(f.close(fd[1]) == 0);
    CHECK(f.open("/dev/echo") == fd[1]);
}

// --- the first open

TEST_CASE("OPN-001: a first open builds a stream and calls the driver's open once with sflag 0") {
    Fixture f;
    Probe &echo = with_node(f);
    int fd = f.open("/dev/echo2");
    CHECK(fd >= 0);
    CHECK(echo.count("open") == 1);
    CHECK(echo.last("open").sflag == 0);
    CHECK(echo.last("open").dev == makedevice(N, 2));
    CHECK((echo.last("open").q->q_flag & QREADR) != 0);
    CHECK(rill_isastream(handle(f.root), fd) == 1);
}

TEST_CASE("OPN-015: O_NONBLOCK reaches the driver as FNONBLOCK and does not fail a first open") {
    Fixture f;
    Probe &echo = with_node(f);
    CHECK(f.open("/dev/echo2", O_RDWR | O_NONBLOCK) >= 0);
    CHECK((echo.last("open").oflag & FNONBLOCK) != 0);
}

TEST_CASE("OPN-021: a new stream head: byte-stream mode, no write options, 15 s to close, no registrations") {
    Fixture f;
    with_node(f);
    int fd = f.open("/dev/echo2");
    int options = -1, events = -1;
    CHECK(f.ioctl(fd, I_GRDOPT, &options) == 0);
    CHECK(options == (RNORM | RPROTNORM));
    options = -1;
    CHECK(f.ioctl(fd, I_GWROPT, &options) == 0);
    CHECK(options == 0);
    int delay_ms = 0;
    CHECK(f.ioctl(fd, I_GETCLTIME, &delay_ms) == 0);
    CHECK(delay_ms == 15000);
    CHECK(f.ioctl(fd, I_GETSIG, &events) == -EINVAL);
}

TEST_CASE("OPN-022: the head's read queue has packet sizes 0 to INFPSZ and water marks 5120 and 1024") {
    Fixture f;
    Probe &echo = with_node(f);
    int fd = f.open("/dev/echo2", O_RDWR | O_NONBLOCK);
    queue_t *head = f.stream(fd)->read_queue();
    CHECK(head->q_minpsz == 0);
    CHECK(head->q_maxpsz == INFPSZ);
    CHECK(head->q_hiwat == 5120);
    CHECK(head->q_lowat == 1024);
    queue_t *q = echo.last("open").q;
    auto room = [&] {
        Enter scope(f.system);
        return canputnext(q);
    };
    std::string block(1024, 'b');
    for (int i = 0; i < 4; ++i) CHECK(f.write(fd, block) == 1024);
    CHECK(room() == 1);
    CHECK(f.write(fd, block) == 1024); // 5120 now
    CHECK(room() == 0);
    for (int i = 0; i < 5; ++i) CHECK(f.read(fd, 1024).size() == 1024);
    CHECK(room() == 1);
}

TEST_CASE("OPN-024: when the driver returns another device the opened node stays free") {
    Fixture f;
    f.driver("echo", N);
    f.node("/dev/echo", f.clone(N));
    int a = f.open("/dev/echo"), b = f.open("/dev/echo");
    CHECK(f.stream(a) != f.stream(b));
    CHECK(f.rdev(a) != f.rdev(b));
}

// --- autopush

TEST_CASE("OPN-019: an autopush list beyond the push limit: EINVAL") {
    Fixture f;
    Probe &echo = with_node(f);
    Probe &a = f.module("a"), &b = f.module("b"), &c = f.module("c");
    f.autopush(N, -1, {"a", "b", "c"});
    f.system.tunables.push_limit = 2; // it was more when the list was set
    Census before = f.census();
    CHECK(f.open("/dev/echo2") == -EINVAL);
    CHECK(f.census() == before);
    CHECK(echo.count("open") == echo.count("close"));
    for (Probe *p : {&a, &b, &c}) CHECK(p->count("open") == p->count("close"));
    CHECK(f.autopush_clear(N) == 0);
    f.autopush(N, -1, {"a", "b"});
    CHECK(f.open("/dev/echo2") >= 0);
}

TEST_CASE("OPN-020: a module's open failing during autopush fails the open; what was opened is closed") {
    Fixture f;
    Probe &echo = with_node(f);
    Probe &a = f.module("a"), &b = f.module("b");
    bool fail = true;
    b.on_open = [&](queue_t *q, dev_t *devp, int oflag, int sflag, cred_t *crp) {
        return fail ? EACCES : b.standard_open(q, devp, oflag, sflag, crp);
    };
    f.autopush(N, -1, {"a", "b"});
    Census before = f.census();
    CHECK(f.open("/dev/echo2") == -EACCES);
    CHECK(order_of({&echo, &a, &b}) == "echo:open a:open b:open a:close echo:close");
    CHECK(f.census() == before);
    fail = false;
    CHECK(f.open("/dev/echo2") >= 0);
}

TEST_CASE("OPN-018: a stream hung up before an autopush module is attached: ENXIO; one in error: EIO") {
    for (int type : {M_HANGUP, M_ERROR}) {
        Fixture f;
        Probe &echo = with_node(f);
        Probe &a = f.module("a");
        f.autopush(N, -1, {"a"});
        echo.on_open = [&](queue_t *q, dev_t *devp, int oflag, int sflag, cred_t *crp) {
            int error = echo.standard_open(q, devp, oflag, sflag, crp);
            if (type == M_HANGUP) putnextctl(q, M_HANGUP);
            else putnextctl1(q, M_ERROR, EPROTO);
            return error;
        };
        Census before = f.census();
        CHECK(f.open("/dev/echo2") == (type == M_HANGUP ? -ENXIO : -EIO));
        CHECK(a.count("open") == 0);
        CHECK(echo.count("close") == 1);
        CHECK(f.census() == before);
    }
}

TEST_CASE("OPN-017: autopushed modules are opened right after the driver, in list order, MODOPEN and flag 0") {
    Fixture f;
    Probe &echo = with_node(f);
    Probe &a = f.module("a"), &b = f.module("b");
    f.autopush(N, -1, {"a", "b"});
    int fd = f.open("/dev/echo2");
    CHECK(top_name(f, fd) == "b");
    CHECK(order_of({&echo, &a, &b}) == "echo:open a:open b:open");
    for (Probe *p : {&a, &b}) {
        CHECK(p->last("open").sflag == MODOPEN);
        CHECK(p->last("open").oflag == 0);
    }
    CHECK(f.write(fd, "through") == 7);
    CHECK(f.read(fd) == "through");
    CHECK(a.count("wput") == 1);
    CHECK(b.count("rput") == 1);
}

// --- the repeated open

TEST_CASE("OPN-008: an open procedure that fails in a repeated open stops the walk; the stream stays for the others") {
    Fixture f;
    Probe &echo = with_node(f);
    Probe &a = f.module("a"), &b = f.module("b");
    int fd = f.open("/dev/echo2");
    CHECK(f.ioctl(fd, I_PUSH, "b") == 0);
    CHECK(f.ioctl(fd, I_PUSH, "a") == 0);
    for (Probe *p : {&echo, &a, &b}) p->log.clear();
    b.on_open = [](queue_t *, dev_t *, int, int, cred_t *) { return EPERM; };
    Census before = f.census();
    CHECK(f.open("/dev/echo2") == -EPERM);
    CHECK(order_of({&echo, &a, &b}) == "a:open b:open");
    CHECK(f.census() == before);
    CHECK(f.write(fd, "x") == 1);
    CHECK(f.read(fd) == "x");
    echo.on_open = [&](queue_t *, dev_t *, int, int, cred_t *) { return EBUSY; };
    b.on_open = nullptr;
    CHECK(f.open("/dev/echo2") == -EBUSY);
    CHECK(echo.count("close") == 0);
    CHECK(f.census() == before);
    CHECK(f.write(fd, "y") == 1);
    CHECK(f.read(fd) == "y");
}

TEST_CASE("OPN-009: a repeated open of a stream in error: EIO, no open procedure is called") {
    Fixture f;
    Probe &echo = with_node(f);
    int fd = f.open("/dev/echo2");
    send_up(f, echo.last("open").q, M_ERROR, {EPROTO});
    Census before = f.census();
    CHECK(f.open("/dev/echo2") == -EIO);
    CHECK(echo.count("open") == 1);
    CHECK(f.census() == before);
    CHECK(f.close(fd) == 0);
    CHECK(f.open("/dev/echo2") >= 0); // a new stream has no error
}

TEST_CASE("OPN-010: a repeated open of a stream that is only hung up succeeds and ends the hangup") {
    Fixture f;
    Probe &echo = with_node(f);
    int fd = f.open("/dev/echo2");
    send_up(f, echo.last("open").q, M_HANGUP);
    CHECK(f.write(fd, "x") == (f.system.profile.write_hangup_eio ? -EIO : -ENXIO)); // WR-051, WR-050
    CHECK(f.open("/dev/echo2") >= 0);
    CHECK(echo.count("open") == 2);
    CHECK(f.write(fd, "x") == 1);
    CHECK(f.read(fd) == "x");
}

TEST_CASE("OPN-006 OPN-007: a repeated open makes no second stream: modules see MODOPEN, the driver 0, *devp is ignored") {
    Fixture f;
    Probe &echo = with_node(f);
    Probe &a = f.module("a"), &b = f.module("b");
    int fd = f.open("/dev/echo2");
    CHECK(f.ioctl(fd, I_PUSH, "b") == 0);
    CHECK(f.ioctl(fd, I_PUSH, "a") == 0);
    long streams = f.census().streams, queues = f.census().queues;
    for (Probe *p : {&echo, &a, &b}) p->log.clear();
    echo.on_open = [&](queue_t *, dev_t *devp, int, int, cred_t *) {
        *devp = makedevice(N, 9);
        return 0;
    };
    int second = f.open("/dev/echo2");
    CHECK(second >= 0);
    CHECK(order_of({&echo, &a, &b}) == "a:open b:open echo:open");
    CHECK(a.last("open").sflag == MODOPEN);
    CHECK(b.last("open").sflag == MODOPEN);
    CHECK(echo.last("open").sflag == 0);
    CHECK(f.rdev(second) == makedevice(N, 2));
    CHECK(f.census().streams == streams);
    CHECK(f.census().queues == queues);
    CHECK(f.write(fd, "both") == 4);
    CHECK(f.read(second) == "both");
}

TEST_CASE("OPN-006 by allocation: a repeated open with modules survives the failure of every allocation") {
    Fixture f;
    Probe &echo = with_node(f);
    f.module("a");
    int fd = f.open("/dev/echo2");
    CHECK(f.ioctl(fd, I_PUSH, "a") == 0);
    f.close(f.open("/dev/echo2"));
    for_every_allocation(
        f, {ENOSR, ENOMEM, ENFILE, EMFILE, EAGAIN}, [&] { return f.open("/dev/echo2"); },
        [&](int second) { CHECK(f.close(second) == 0); });
    CHECK(echo.count("close") == 0);
    CHECK(f.write(fd, "x") == 1);
    CHECK(f.read(fd) == "x");
}

TEST_CASE("OPN-012: while a push is in progress, an open with O_NONBLOCK fails at once with EAGAIN") {
    Fixture f;
    Probe &echo = with_node(f);
    Probe &slow = f.module("slow");
    slow.on_open = [&](queue_t *q, dev_t *devp, int oflag, int sflag, cred_t *crp) {
        if (slow.count("open") == 1) f.nap(&slow);
        return slow.standard_open(q, devp, oflag, sflag, crp);
    };
    int fd = f.open("/dev/echo2");
    Process &b = f.process();
    Later push = f.later(f.root, "ioctl", [&] { return f.ioctl(fd, I_PUSH, "slow"); });
    CHECK_FALSE(push.done());
    CHECK(f.open(b, "/dev/echo2", O_RDWR | O_NONBLOCK) == -EAGAIN);
    CHECK(echo.count("open") == 1);
    f.wake(&slow);
    CHECK(push.finish() == 0);
    CHECK(f.open(b, "/dev/echo2", O_RDWR | O_NONBLOCK) >= 0);
}

TEST_CASE("OPN-013 OPN-014: without O_NONBLOCK the open waits for the push to end, or for a signal: EINTR") {
    Fixture f;
    Probe &echo = with_node(f);
    Probe &slow = f.module("slow");
    slow.on_open = [&](queue_t *q, dev_t *devp, int oflag, int sflag, cred_t *crp) {
        if (slow.count("open") == 1) f.nap(&slow);
        return slow.standard_open(q, devp, oflag, sflag, crp);
    };
    int fd = f.open("/dev/echo2");
    Process &b = f.process(), &c = f.process();
    f.catch_signal(c, SIGUSR1);
    Later push = f.later(f.root, "ioctl", [&] { return f.ioctl(fd, I_PUSH, "slow"); });
    Later waits = f.later_open(b, "/dev/echo2"), interrupted = f.later_open(c, "/dev/echo2");
    CHECK_FALSE(waits.done());
    CHECK_FALSE(interrupted.done());
    f.kill(c, SIGUSR1);
    CHECK(interrupted.finish() == -EINTR);
    CHECK_FALSE(waits.done());
    CHECK(echo.count("open") == 1);
    f.wake(&slow);
    CHECK(push.finish() == 0);
    CHECK(waits.finish() >= 0);
    CHECK(echo.count("open") == 2);
    CHECK(slow.count("open") == 2); // the module is part of the stream by now
}

TEST_CASE("OPN-025: a stream that marks itself a terminal becomes the controlling terminal, unless O_NOCTTY was given") {
    for (bool noctty : {true, false}) {
        Fixture f;
        Probe &echo = with_node(f);
        echo.on_open = [&](queue_t *q, dev_t *devp, int oflag, int sflag, cred_t *crp) {
            int error = echo.standard_open(q, devp, oflag, sflag, crp);
            mblk_t *mp = allocb(sizeof(stroptions), BPRI_MED);
            mp->b_datap->db_type = M_SETOPTS;
            auto *options = reinterpret_cast<stroptions *>(mp->b_wptr);
            *options = {};
            options->so_flags = SO_ISTTY;
            mp->b_wptr += sizeof(stroptions);
            putnext(q, mp);
            return error;
        };
        Process &leader = f.process();
        leader.sid = leader.pgrp = leader.pid;
        int fd = f.open(leader, "/dev/echo2", noctty ? O_RDWR | O_NOCTTY : O_RDWR);
        CHECK(fd >= 0);
        CHECK((leader.controlling_terminal != nullptr) == !noctty);
        CHECK(f.close(leader, fd) == 0);
    }
}

TEST_CASE("OPN-026: a hung-up controlling terminal is re-opened by its session leader only: EIO for others") {
    Fixture f;
    Probe &echo = with_node(f);
    Process &leader = f.process(), &other = f.process();
    int fd = f.open(leader, "/dev/echo2");
    REQUIRE(fd >= 0);
    Stream &stream = *leader.file(fd)->stream;
    stream.options.istty = true;
    stream.terminal.session = leader.pid;
    stream.terminal.group = leader.pgrp;
    leader.controlling_terminal = &stream;
    int joined = f.open(other, "/dev/echo2"); // not hung up: anybody may
    CHECK(joined >= 0);
    send_up(f, echo.last("open").q, M_HANGUP);
    const auto opens = echo.count("open");
    Census before = f.census();
    CHECK(f.open(other, "/dev/echo2") == -EIO);
    CHECK(echo.count("open") == opens);
    CHECK(f.census() == before);
    CHECK(stream.hung_up);
    CHECK(f.open(leader, "/dev/echo2") >= 0);
    CHECK_FALSE(stream.hung_up);
    CHECK(f.open(other, "/dev/echo2") >= 0);
}

// --- isastream

TEST_CASE("OPN-040 OPN-041: isastream: 1 for a stream, 0 for another file, EBADF for none") {
    Fixture f;
    with_node(f);
    Driver plain;
    plain.name = plain.prefix = "plain";
    plain.entry.open = [](dev_t *, int, int, cred_t *) { return 0; };
    {
        Enter scope(f.system);
        CHECK(f.system.registry.add(plain, 62) == 0);
    }
    f.node("/dev/plain", makedevice(62, 0));
    int stream = f.open("/dev/echo2"), other = f.open("/dev/plain");
    CHECK(rill_isastream(handle(f.root), stream) == 1);
    CHECK(rill_isastream(handle(f.root), other) == 0);
    CHECK(outcome(rill_isastream(handle(f.root), -1)) == -EBADF);
    CHECK(outcome(rill_isastream(handle(f.root), 999)) == -EBADF);
}

TEST_CASE("OPN-042: a STREAMS pipe counts as a stream") {
    Fixture f;
    int fds[2] = {-1, -1};
    CHECK(outcome(rill_pipe(handle(f.root), fds)) == 0);
    CHECK(rill_isastream(handle(f.root), fds[0]) == 1);
    CHECK(rill_isastream(handle(f.root), fds[1]) == 1);
}

TEST_SUITE_END();
