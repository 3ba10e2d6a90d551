// I_PUSH, I_POP, I_LOOK, I_FIND and I_LIST (clauses/02, section of that name).
#include "test/streamio.hpp"

using namespace rill;
using namespace rill::test;

namespace {

// A pipe of root's.
struct Pipe {
    int fd[2];
    explicit Pipe(Fixture &f) { CHECK(outcome(rill_pipe(handle(f.root), fd)) == 0); }
};

// Its first open sleeps until f.wake(&probe).
void sleep_in_first_open(Fixture &f, Probe &probe) {
    probe.on_open = [&](queue_t *q, dev_t *devp, int oflag, int sflag, cred_t *crp) {
        if (probe.count("open") == 1) f.nap(&probe);
        return probe.standard_open(q, devp, oflag, sflag, crp);
    };
}

std::string listed(OneStream &s, int room) {
    std::vector<str_mlist> names(static_cast<std::size_t>(room) + 1);
    str_list list{room, names.data()};
    int result = s.ioctl(I_LIST, &list);
    if (result < 0) return std::string("-") + strerrorname_np(-result);
    CHECK(result == 0);
    std::string text = std::to_string(list.sl_nmods);
    for (int i = 0; i < list.sl_nmods; ++i) text += std::string(" ") + names[static_cast<std::size_t>(i)].l_name;
    return text;
}

} // namespace

TEST_SUITE_BEGIN("ioctl_modules");

// --- I_PUSH

TEST_CASE("IOC-021: I_PUSH of a name no module has, a driver's included: EINVAL") {
    OneStream s;
    CHECK(s.ioctl(I_PUSH, "nosuch") == -EINVAL);
    CHECK(s.ioctl(I_PUSH, "") == -EINVAL);
    CHECK(s.ioctl(I_PUSH, "dev") == -EINVAL);
    CHECK(top_module(s.root, s.fd) == "-EINVAL");
}

TEST_CASE("IOC-022: I_PUSH of a name longer than FMNAMESZ: EINVAL; one of exactly 8 characters is a name") {
    OneStream s;
    s.f.module("eight888");
    CHECK(s.ioctl(I_PUSH, "eight8889") == -EINVAL);
    CHECK(s.ioctl(I_PUSH, "eight888") == 0);
    CHECK(top_module(s.root, s.fd) == "eight888");
}

TEST_CASE("IOC-023: I_PUSH beyond the push limit: EINVAL, the module's open is not called") {
    Tunables tunables;
    tunables.push_limit = 2;
    OneStream s(nullptr, {}, tunables);
    Probe &m = s.f.module("m");
    CHECK(s.ioctl(I_PUSH, "m") == 0);
    CHECK(s.ioctl(I_PUSH, "m") == 0);
    CHECK(s.ioctl(I_PUSH, "m") == -EINVAL);
    CHECK(m.count("open") == 2);
    CHECK(s.ioctl(I_POP, 0) == 0);
    CHECK(s.ioctl(I_PUSH, "m") == 0);
}

TEST_CASE("IOC-023: the push limit is 9 unless it was set") {
    OneStream s;
    s.f.module("m");
    for (int i = 0; i < 9; ++i) CHECK(s.ioctl(I_PUSH, "m") == 0);
    CHECK(s.ioctl(I_PUSH, "m") == -EINVAL);
}

TEST_CASE("IOC-025 [irix] [svr4]: a module's open that fails makes I_PUSH fail with ENXIO; the module is not left on the stream") {
    for (const char *profile : {"irix", "svr4"}) {
        CAPTURE(profile);
        OneStream s(profile);
        Probe &below = s.f.module("below"), &bad = s.f.module("bad");
        bad.on_open = [](queue_t *q, dev_t *, int, int, cred_t *) {
            qprocson(q); // even so
            return EACCES;
        };
        CHECK(s.ioctl(I_PUSH, "below") == 0);
        const Census before = s.f.census();
        CHECK(s.ioctl(I_PUSH, "bad") == -ENXIO);
        CHECK(s.f.census() == before);
        CHECK(top_module(s.root, s.fd) == "below");
        CHECK(bad.count("close") == 0);
        CHECK(s.f.write(s.fd, "x") == 1);
        CHECK(s.f.read(s.fd) == "x");
        CHECK(below.count("wput") == 1);
        CHECK(bad.count("wput") == 0);
    }
}

TEST_CASE("IOC-025: connld and tirdwr report the error that their own pages name") {
    OneStream s;
    for (auto [name, error] : {std::pair<const char *, int>{"connld", EINVAL}, {"tirdwr", EPROTO}}) {
        Probe &m = s.f.module(name);
        m.on_open = [error = error](queue_t *, dev_t *, int, int, cred_t *) { return error; };
        CHECK(s.ioctl(I_PUSH, name) == -error);
    }
}

TEST_CASE("IOC-024 [solaris]: a module's open that fails makes I_PUSH fail with the module's own error") {
    OneStream s("solaris");
    Probe &bad = s.f.module("bad");
    bad.on_open = [](queue_t *, dev_t *, int, int, cred_t *) { return EACCES; };
    const Census before = s.f.census();
    CHECK(s.ioctl(I_PUSH, "bad") == -EACCES);
    CHECK(s.f.census() == before);
    CHECK(top_module(s.root, s.fd) == "-EINVAL");
}

TEST_CASE("IOC-027: order of checks: hangup, name address, length, unknown name, open in progress, limit") {
    Tunables tunables;
    tunables.push_limit = 1;
    OneStream s(nullptr, {}, tunables);
    Probe &slow = s.f.module("slow");
    sleep_in_first_open(s.f, slow);
    Page none;
    Process &p = s.f.process();
    int fd = s.open_as(p);
    Later first = s.f.later(p, "ioctl", [&] { return ioctl_of(p, fd, I_PUSH, "slow"); });
    CHECK_FALSE(first.done());
    CHECK(s.ioctl(I_PUSH, none.at()) == -EFAULT);   // not held up by the push in progress
    CHECK(s.ioctl(I_PUSH, "ninechars") == -EINVAL);
    CHECK(s.ioctl(I_PUSH, "nosuch") == -EINVAL);
    Later second = s.f.later(s.root, "ioctl", [&] { return s.ioctl(I_PUSH, "slow"); });
    CHECK_FALSE(second.done());                     // waits, though the limit will be reached
    s.f.wake(&slow);
    CHECK(first.result() == 0);
    CHECK(second.result() == -EINVAL);
    s.up(M_HANGUP);
    CHECK(s.ioctl(I_PUSH, "nosuch") == -ENXIO);
    CHECK(s.ioctl(I_PUSH, none.at()) == -ENXIO);
}

TEST_CASE("IOC-026: while another push is in progress I_PUSH waits, with O_NONBLOCK too; a signal gives EINTR") {
    OneStream s;
    Probe &slow = s.f.module("slow"), &m = s.f.module("m");
    sleep_in_first_open(s.f, slow);
    Process &b = s.f.process(), &c = s.f.process();
    int b_fd = s.open_as(b, O_RDWR | O_NONBLOCK), c_fd = s.open_as(c);
    s.f.catch_signal(c, SIGUSR1);
    Later first = s.f.later(s.root, "ioctl", [&] { return s.ioctl(I_PUSH, "slow"); });
    Later waits = s.f.later(b, "ioctl", [&] { return ioctl_of(b, b_fd, I_PUSH, "m"); });
    Later interrupted = s.f.later(c, "ioctl", [&] { return ioctl_of(c, c_fd, I_PUSH, "m"); });
    CHECK_FALSE(waits.done());
    CHECK_FALSE(interrupted.done());
    CHECK(m.count("open") == 0);
    s.f.kill(c, SIGUSR1);
    CHECK(interrupted.result() == -EINTR);
    s.f.wake(&slow);
    CHECK(first.result() == 0);
    CHECK(waits.result() == 0);
    CHECK(listed(s, 8) == "3 m slow dev");
    CHECK(m.count("open") == 1);
}

TEST_CASE("IOC-026 IOC-006: a hangup while I_PUSH waits for another push: ENXIO, and the module's open is not called") {
    OneStream s;
    Probe &slow = s.f.module("slow"), &m = s.f.module("m");
    sleep_in_first_open(s.f, slow);
    Process &b = s.f.process();
    int b_fd = s.open_as(b);
    Later first = s.f.later(s.root, "ioctl", [&] { return s.ioctl(I_PUSH, "slow"); });
    Later waits = s.f.later(b, "ioctl", [&] { return ioctl_of(b, b_fd, I_PUSH, "m"); });
    s.up(M_HANGUP);
    CHECK_FALSE(waits.done());
    s.f.wake(&slow);
    CHECK(first.result() == 0);
    CHECK(waits.result() == -ENXIO);
    CHECK(m.count("open") == 0);
    CHECK(listed(s, 8) == "2 slow dev");
}

TEST_CASE("IOC-026: while an open is in progress on the stream I_PUSH waits") {
    OneStream s;
    s.f.module("m");
    Process &b = s.f.process();
    s.dev.on_open = [&](queue_t *, dev_t *, int, int, cred_t *) {
        s.f.nap(&s);
        return 0;
    };
    Later open = s.f.later_open(b, "/dev/dev0");
    Later push = s.f.later(s.root, "ioctl", [&] { return s.ioctl(I_PUSH, "m"); });
    CHECK_FALSE(push.done());
    s.f.wake(&s);
    CHECK(open.result() >= 0);
    CHECK(push.result() == 0);
    s.dev.on_open = nullptr;
}

TEST_CASE("IOC-020: I_PUSH puts the module just below the stream head and calls its open with MODOPEN and flag 0") {
    OneStream s;
    Probe &a = s.f.module("a"), &b = s.f.module("b");
    CHECK(s.ioctl(I_PUSH, "a") == 0);
    CHECK(s.ioctl(I_PUSH, "b") == 0);
    CHECK(top_module(s.root, s.fd) == "b");
    for (Probe *p : {&a, &b}) {
        CHECK(p->last("open").sflag == MODOPEN);
        CHECK(p->last("open").oflag == 0);
        CHECK(p->last("open").dev == makedevice(OneStream::major, 0));
    }
    for (Probe *p : {&s.dev, &a, &b}) p->log.clear();
    CHECK(s.f.write(s.fd, "x") == 1);
    CHECK(order_of({&s.dev, &a, &b}) == "b:wput a:wput dev:wput a:rput b:rput");
    CHECK(s.f.read(s.fd) == "x");
}

TEST_CASE("IOC-028: a writer asleep on a full stream goes on after a push through the new module, when there is room") {
    OneStream s(hold_writes);
    Probe &pass = s.f.module("pass");
    CHECK(s.f.write(s.fd, std::string(2048, 'x')) == 2048);
    Process &p = s.f.process();
    int fd = s.open_as(p);
    Later writer =
        s.f.later(p, "write", [&] { return outcome(static_cast<int>(rill_write(handle(p), fd, "late", 4))); });
    CHECK_FALSE(writer.done());
    CHECK(s.ioctl(I_PUSH, "pass") == 0);
    CHECK_FALSE(writer.done()); // still full behind the module
    empty_queue(s.f, s.wq());
    CHECK(writer.result() == 4);
    CHECK(pass.count("wput") == 1);
}

TEST_CASE("IOC-028: a driver held back by a full stream head goes on after a push of a module with services") {
    OneStream s([](Probe &dev) { dev.give_service_procedures(); });
    Probe &m = s.f.module("m");
    m.give_service_procedures();
    m.on_rput = [](queue_t *q, mblk_t *mp) { putq(q, mp); };
    m.on_rsrv = [](queue_t *q) {
        while (mblk_t *mp = getq(q)) {
            if (!canputnext(q)) return static_cast<void>(putbq(q, mp));
            putnext(q, mp);
        }
    };
    s.dev.on_rsrv = m.on_rsrv;
    {
        Enter scope(s.f.system);
        for (int i = 0; i < 7; ++i) putq(s.rq, message(M_DATA, std::string(1024, static_cast<char>('a' + i))));
        s.f.system.run_until_idle();
    }
    CHECK(s.rq->q_first != nullptr); // 5 are at the head, 2 are held back
    CHECK(s.ioctl(I_PUSH, "m") == 0);
    std::string seen;
    int fd = s.open_nonblocking();
    for (std::string got; (got = s.f.read(fd, 1024)) != "-EAGAIN";) {
        REQUIRE(got.size() == 1024);
        seen += got[0];
    }
    CHECK(seen == "abcdefg");
    CHECK(s.rq->q_first == nullptr);
}

TEST_CASE("IOC-020 by allocation: I_PUSH survives the failure of every allocation it asks for") {
    OneStream s;
    Probe &m = s.f.module("m");
    for_every_allocation(
        s.f, {ENOSR, EAGAIN, ENXIO, ENOMEM}, [&] { return s.ioctl(I_PUSH, "m"); },
        [&](int) { CHECK(s.ioctl(I_POP, 0) == 0); });
    CHECK(m.count("open") == m.count("close"));
    CHECK(top_module(s.root, s.fd) == "-EINVAL");
}

// --- I_POP

TEST_CASE("IOC-030: I_POP with no module above the driver: EINVAL; the driver stays") {
    OneStream s;
    CHECK(s.ioctl(I_POP, 0) == -EINVAL);
    CHECK(s.dev.count("close") == 0);
    Pipe p(s.f);
    CHECK(s.f.ioctl(p.fd[0], I_POP, 0) == -EINVAL);
}

TEST_CASE("IOC-031: a module of a pipe is popped from the end it was pushed on; from the other EINVAL, and it stays") {
    OneStream s;
    Probe &m = s.f.module("m");
    Pipe p(s.f);
    CHECK(s.f.ioctl(p.fd[0], I_PUSH, "m") == 0);
    CHECK(s.f.ioctl(p.fd[1], I_POP, 0) == -EINVAL);
    CHECK(m.count("close") == 0);
    CHECK(top_module(s.root, p.fd[0]) == "m");
    CHECK(top_module(s.root, p.fd[1]) == "-EINVAL");
    CHECK(s.f.ioctl(p.fd[0], I_POP, 0) == 0);
    CHECK(m.count("close") == 1);
}

TEST_CASE("IOC-032: I_POP on a pipe whose other end was closed: ENXIO, with a module and without") {
    OneStream s;
    s.f.module("m");
    Pipe p(s.f), bare(s.f);
    CHECK(s.f.ioctl(p.fd[0], I_PUSH, "m") == 0);
    CHECK(s.f.close(p.fd[1]) == 0);
    CHECK(s.f.close(bare.fd[1]) == 0);
    CHECK(s.f.ioctl(p.fd[0], I_POP, 0) == -ENXIO);
    CHECK(s.f.ioctl(bare.fd[0], I_POP, 0) == -ENXIO);
    CHECK(top_module(s.root, p.fd[0]) == "m");
}

TEST_CASE("IOC-047: while another push is in progress I_POP waits; with O_NONBLOCK EAGAIN, on a signal EINTR") {
    OneStream s;
    Probe &slow = s.f.module("slow"), &m = s.f.module("m");
    sleep_in_first_open(s.f, slow);
    CHECK(s.ioctl(I_PUSH, "m") == 0);
    int quick = s.open_nonblocking();
    Process &b = s.f.process(), &c = s.f.process();
    int b_fd = s.open_as(b), c_fd = s.open_as(c);
    s.f.catch_signal(c, SIGUSR1);
    Later push = s.f.later(s.root, "ioctl", [&] { return s.ioctl(I_PUSH, "slow"); });
    CHECK(s.f.ioctl(quick, I_POP, 0) == -EAGAIN);
    Later waits = s.f.later(b, "ioctl", [&] { return ioctl_of(b, b_fd, I_POP, 0); });
    Later interrupted = s.f.later(c, "ioctl", [&] { return ioctl_of(c, c_fd, I_POP, 0); });
    CHECK_FALSE(waits.done());
    s.f.kill(c, SIGUSR1);
    CHECK(interrupted.result() == -EINTR);
    CHECK(m.count("close") == 0);
    s.f.wake(&slow);
    CHECK(push.result() == 0);
    CHECK(waits.result() == 0);
    CHECK(slow.count("close") == 1); // it popped what was on top when its turn came
    CHECK(top_module(s.root, s.fd) == "m");
}

TEST_CASE("IOC-029: I_POP calls the topmost module's close and makes the one below topmost") {
    OneStream s;
    Probe &a = s.f.module("a"), &b = s.f.module("b");
    CHECK(s.ioctl(I_PUSH, "a") == 0);
    CHECK(s.ioctl(I_PUSH, "b") == 0);
    CHECK(s.ioctl(I_POP, 0) == 0);
    CHECK(order_of({&a, &b}, "close") == "b:close");
    CHECK(top_module(s.root, s.fd) == "a");
    CHECK(s.ioctl(I_POP, 0) == 0);
    CHECK(s.ioctl(I_POP, 0) == -EINVAL);
    CHECK(order_of({&a, &b}, "close") == "b:close a:close");
}

TEST_CASE("IOC-033: I_POP ignores its argument") {
    OneStream s;
    s.f.module("m");
    Page none;
    CHECK(s.ioctl(I_PUSH, "m") == 0);
    CHECK(s.ioctl(I_POP, 123) == 0);
    CHECK(s.ioctl(I_PUSH, "m") == 0);
    CHECK(s.ioctl(I_POP, none.at()) == 0);
}

TEST_CASE("IOC-034: I_POP does not wait for the module's queue to drain; what is left on it is freed") {
    OneStream s;
    Probe &keeper = s.f.module("keeper");
    hold_writes(keeper);
    CHECK(s.ioctl(I_PUSH, "keeper") == 0);
    const Census before = s.f.census();
    CHECK(s.f.write(s.fd, "held") == 4);
    CHECK(s.f.census().messages > before.messages);
    const long began = now(s.f);
    CHECK(s.ioctl(I_POP, 0) == 0);
    CHECK(now(s.f) == began);
    CHECK(s.f.census().messages == before.messages);
    CHECK(s.dev.count("wput") == 0);
}

TEST_CASE("IOC-034: a pop does not lose flow control: who was held back by the module's queues goes on") {
    OneStream s([](Probe &dev) { dev.give_service_procedures(); });
    Probe &keeper = s.f.module("keeper");
    hold_writes(keeper);
    keeper.on_rput = [](queue_t *q, mblk_t *mp) { putq(q, mp); };
    keeper.on_rsrv = [](queue_t *) {};
    s.dev.on_rsrv = [](queue_t *q) {
        while (mblk_t *mp = getq(q)) {
            if (!canputnext(q)) return static_cast<void>(putbq(q, mp));
            putnext(q, mp);
        }
    };
    CHECK(s.ioctl(I_PUSH, "keeper") == 0);
    CHECK(s.f.write(s.fd, std::string(2048, 'x')) == 2048);
    Process &p = s.f.process();
    int fd = s.open_as(p);
    Later writer = s.f.later(p, "write", [&] { return outcome(static_cast<int>(rill_write(handle(p), fd, "w", 1))); });
    CHECK_FALSE(writer.done());
    {
        Enter scope(s.f.system);
        for (int i = 0; i < 5; ++i) putq(s.rq, message(M_DATA, std::string(1024, 'r'))); // keeper is full after 4
        s.f.system.run_until_idle();
    }
    CHECK(s.rq->q_first != nullptr);
    CHECK(s.ioctl(I_POP, 0) == 0);
    CHECK(writer.result() == 1);
    CHECK(s.rq->q_first == nullptr);
    CHECK(s.f.read(s.fd, 1).substr(0, 1) == "r");
}

// --- I_LOOK, I_FIND, I_LIST

TEST_CASE("IOC-036: I_LOOK with no module: EINVAL, and the buffer is left alone") {
    OneStream s;
    char name[FMNAMESZ + 1] = "same";
    CHECK(s.ioctl(I_LOOK, name) == -EINVAL);
    CHECK(std::string(name) == "same");
    Pipe p(s.f);
    CHECK(s.f.ioctl(p.fd[0], I_LOOK, name) == -EINVAL);
}

TEST_CASE("IOC-035: I_LOOK copies the topmost module's name and its NUL, and nothing behind it") {
    OneStream s;
    s.f.module("m");
    s.f.module("eight888");
    CHECK(s.ioctl(I_PUSH, "m") == 0);
    char name[FMNAMESZ + 2];
    std::memset(name, 'Z', sizeof name);
    CHECK(s.ioctl(I_LOOK, name) == 0);
    CHECK(std::string(name) == "m");
    CHECK(name[2] == 'Z');
    CHECK(s.ioctl(I_PUSH, "eight888") == 0);
    CHECK(s.ioctl(I_LOOK, name) == 0);
    CHECK(std::string(name) == "eight888");
    CHECK(name[FMNAMESZ + 1] == 'Z');
}

TEST_CASE("IOC-039: I_FIND of a name that is no configured module, a driver's included: EINVAL") {
    OneStream s;
    CHECK(s.ioctl(I_FIND, "nosuch") == -EINVAL);
    CHECK(s.ioctl(I_FIND, "dev") == -EINVAL);
    CHECK(s.ioctl(I_FIND, "") == -EINVAL);
    CHECK(s.ioctl(I_FIND, "ninechars") == -EINVAL);
}

TEST_CASE("IOC-038: I_FIND returns 1 for a module on the stream, wherever, and 0 for one that is not") {
    OneStream s;
    for (const char *name : {"a", "b", "c"}) s.f.module(name);
    CHECK(s.ioctl(I_FIND, "a") == 0);
    CHECK(s.ioctl(I_PUSH, "a") == 0);
    CHECK(s.ioctl(I_PUSH, "b") == 0);
    CHECK(s.ioctl(I_FIND, "a") == 1);
    CHECK(s.ioctl(I_FIND, "b") == 1);
    CHECK(s.ioctl(I_FIND, "c") == 0);
    CHECK(s.ioctl(I_POP, 0) == 0);
    CHECK(s.ioctl(I_FIND, "b") == 0);
}

TEST_CASE("IOC-044: I_LIST with sl_nmods below 1: EINVAL") {
    OneStream s;
    for (int room : {0, -1, -1000}) {
        str_mlist name[1];
        str_list list{room, name};
        CHECK(s.ioctl(I_LIST, &list) == -EINVAL);
        CHECK(list.sl_nmods == room);
    }
}

TEST_CASE("IOC-041: I_LIST with a null argument returns the number of modules plus one for the driver") {
    OneStream s;
    s.f.module("m");
    CHECK(s.ioctl(I_LIST, static_cast<void *>(nullptr)) == 1);
    CHECK(s.ioctl(I_PUSH, "m") == 0);
    CHECK(s.ioctl(I_PUSH, "m") == 0);
    CHECK(s.ioctl(I_LIST, static_cast<void *>(nullptr)) == 3);
}

TEST_CASE("IOC-042: on a pipe I_LIST with a null argument counts the end's modules only") {
    OneStream s;
    s.f.module("m");
    Pipe p(s.f);
    CHECK(s.f.ioctl(p.fd[0], I_LIST, static_cast<void *>(nullptr)) == 0);
    CHECK(s.f.ioctl(p.fd[0], I_PUSH, "m") == 0);
    CHECK(s.f.ioctl(p.fd[0], I_LIST, static_cast<void *>(nullptr)) == 1);
    CHECK(s.f.ioctl(p.fd[1], I_LIST, static_cast<void *>(nullptr)) == 0);
}

TEST_CASE("IOC-043: I_LIST fills the names from the top module to the driver, sets sl_nmods and returns 0") {
    OneStream s;
    s.f.module("eight888");
    s.f.module("b");
    CHECK(listed(s, 8) == "1 dev");
    CHECK(s.ioctl(I_PUSH, "eight888") == 0);
    CHECK(s.ioctl(I_PUSH, "b") == 0);
    CHECK(listed(s, 8) == "3 b eight888 dev");
    CHECK(listed(s, 3) == "3 b eight888 dev");
}

TEST_CASE("IOC-043: an array that cannot be written: EFAULT; sl_nmods is not changed") {
    OneStream s;
    Page none;
    str_list list{4, reinterpret_cast<str_mlist *>(none.at())};
    CHECK(s.ioctl(I_LIST, &list) == -EFAULT);
    CHECK(list.sl_nmods == 4);
}

static void short_array(const char *profile) {
    OneStream s(profile);
    s.f.module("a");
    s.f.module("b");
    CHECK(s.ioctl(I_PUSH, "a") == 0);
    CHECK(s.ioctl(I_PUSH, "b") == 0);
    CHECK(listed(s, 1) == "1 b");
    CHECK(listed(s, 2) == "2 b a");
    str_mlist names[2] = {{""}, {"same"}};
    str_list list{1, names};
    CHECK(s.ioctl(I_LIST, &list) == 0);
    CHECK(std::string(names[1].l_name) == "same");
}

TEST_CASE("IOC-045 [irix]: with an array too short the names that fit are returned with success, and nothing behind it") {
    short_array("irix");
}

TEST_CASE("IOC-045 [solaris]: with an array too short the names that fit are returned with success, and nothing behind it") {
    short_array("solaris");
}

TEST_CASE("IOC-046 [svr4]: with an array too short I_LIST fails with EINVAL") {
    OneStream s("svr4");
    s.f.module("a");
    CHECK(s.ioctl(I_PUSH, "a") == 0);
    CHECK(listed(s, 1) == "-EINVAL");
    CHECK(listed(s, 2) == "2 a dev");
}
