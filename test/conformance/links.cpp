// Multiplexor links: I_LINK, I_PLINK, I_UNLINK, I_PUNLINK (clauses/04 section 1, IOC-230 to IOC-238, CLS-004).
#include "test/harness.hpp"

#include "streams/head/mux.hpp"

#include <cstring>
#include <sys/ddi.h>

using namespace rill;
using namespace rill::test;

namespace {

constexpr major_t M = 62, M2 = 65, M3 = 66, N = 61; // svr4's clone driver has 63

int count_files(const Stream *s) { return s->special ? s->special->files : -1; }

// A multiplexor whose answers a test decides; it logs every link request as it saw it.
struct Mux {
    struct Request {
        int command;
        unsigned count;
        linkblk link;
        qinit *read_info, *write_info; // of the lower pair, at that moment
        void *read_ptr, *write_ptr;
        int closes; // of the multiplexor's own close procedure, before
    };

    Mux(Fixture &fixture, const char *name, major_t major)
        : f(fixture), probe(f.driver(name, major)), low(f.loose(name, Probe::Sort::driver)), path(std::string("/dev/") + name) {
        low.give_service_procedures();
        low.read_limits = {1, name, 7, 700, 900, 90};
        low.write_limits = {1, name, 8, 800, 1000, 100};
        probe.tab.st_muxrinit = &low.read_init;
        probe.tab.st_muxwinit = &low.write_init;
        low.on_rput = [this](queue_t *, mblk_t *mp) {
            arrived.push_back(mp->b_datap->db_type);
            freemsg(mp);
        };
        low.on_wsrv = [](queue_t *) {};
        low.on_rsrv = [](queue_t *) {};
        probe.on_wput = [this](queue_t *q, mblk_t *mp) {
            if (mp->b_datap->db_type != M_IOCTL) return probe.standard_put(q, mp);
            auto *io = reinterpret_cast<iocblk *>(mp->b_rptr);
            linkblk link{};
            if (mp->b_cont) std::memcpy(&link, mp->b_cont->b_rptr, sizeof link);
            queue_t *b = link.l_qbot;
            seen.push_back({io->ioc_cmd, io->ioc_count, link, b ? RD(b)->q_qinfo : nullptr, b ? b->q_qinfo : nullptr,
                            b ? RD(b)->q_ptr : nullptr, b ? b->q_ptr : nullptr, probe.count("close")});
            if (keep) {
                kept.emplace_back(q, mp);
                return;
            }
            if (instead) {
                freemsg(mp);
                if (instead == M_HANGUP) putnextctl(RD(q), M_HANGUP);
                else putnextctl1(RD(q), M_ERROR, EPROTO);
                return;
            }
            answer(q, mp, nak_nth && nak_nth == static_cast<int>(seen.size()) ? M_IOCNAK : type, error);
        };
        f.node(path.c_str(), f.clone(major));
    }
    ~Mux() { // streams of it may still close
        probe.on_wput = nullptr;
        low.on_rput = [](queue_t *, mblk_t *mp) { freemsg(mp); };
    }
    void answer(queue_t *q, mblk_t *mp, int how, int why) {
        auto *io = reinterpret_cast<iocblk *>(mp->b_rptr);
        mp->b_datap->db_type = static_cast<unsigned char>(how);
        io->ioc_error = why;
        io->ioc_rval = 77;
        io->ioc_count = 0;
        qreply(q, mp);
    }
    void answer_kept(int how = M_IOCACK, int why = 0) {
        Enter scope(f.system);
        const auto [q, mp] = kept.front();
        kept.pop_front();
        answer(q, mp, how, why);
        f.system.run_until_idle();
    }
    int open() { return f.open(path.c_str()); }
    std::vector<int> commands() const {
        std::vector<int> all;
        for (const Request &r : seen) all.push_back(r.command);
        return all;
    }

    Fixture &f;
    Probe &probe;
    Probe &low; // never registered: its qinits are the lower half
    std::string path;
    int type = M_IOCACK, error = 0; // the answer
    int nak_nth = 0;                // this request is refused
    int instead = 0;                // M_ERROR or M_HANGUP instead of an answer
    bool keep = false;              // no answer yet
    std::deque<std::pair<queue_t *, mblk_t *>> kept;
    std::vector<Request> seen;
    std::vector<int> arrived; // types that came to the lower read put procedure
};

// A System with one multiplexor and an echo driver, a control stream and a lower one.
struct World : Fixture {
    explicit World(const char *profile = nullptr) : Fixture(profile), mux(*this, "mux", M), echo(driver("echo", N)) {
        node("/dev/echo", clone(N));
        ctl = mux.open();
        low = open("/dev/echo");
        REQUIRE(ctl >= 0);
        REQUIRE(low >= 0);
    }
    ~World() { check_nothing_left(); }
    int link(int upper, int lower) { return ioctl(upper, I_LINK, lower); }
    int plink(int upper, int lower) { return ioctl(upper, I_PLINK, lower); }
    int unlink(int upper, int id) { return ioctl(upper, I_UNLINK, id); }
    int punlink(int upper, int id) { return ioctl(upper, I_PUNLINK, id); }
    int links() { return static_cast<int>(system.links.size()); }
    // The lower stream is an ordinary one: its own qinits and limits, and it echoes.
    void check_free(int fd) {
        Stream *s = stream(fd);
        REQUIRE(s);
        CHECK_FALSE(s->linked_below);
        CHECK(s->link_id == 0);
        CHECK(!s->plumbing.busy());
        CHECK(s->read_queue()->q_qinfo == head_streamtab.st_rdinit);
        CHECK(s->write_queue()->q_qinfo == head_streamtab.st_wrinit);
        CHECK(s->read_queue()->q_hiwat == STRHIGH);
        CHECK(s->read_queue()->q_lowat == STRLOW);
        CHECK(s->read_queue()->q_maxpsz == INFPSZ);
        CHECK(write(fd, "hello") == 5);
        CHECK(read(fd) == "hello");
    }
    void from_driver(const Probe &driver, int type, int value = -1) {
        Enter scope(system);
        queue_t *q = driver.last("open").q;
        CHECK((value < 0 ? putnextctl(q, type) : putnextctl1(q, type, value)) == 1);
        system.run_until_idle();
    }
    void data_from_below(const Probe &driver, std::string_view text) {
        Enter scope(system);
        mblk_t *mp = allocb(text.size(), BPRI_MED);
        std::memcpy(mp->b_wptr, text.data(), text.size());
        mp->b_wptr += text.size();
        putnext(driver.last("open").q, mp);
        system.run_until_idle();
    }
    // Refused: this errno, nothing changed, the driver not asked.
    void refused(int result, int error) {
        CHECK(result == -error);
        CHECK(links() == 0);
        CHECK(system.links_out == 0);
        CHECK(mux.seen.empty());
    }

    Mux mux;
    Probe &echo;
    int ctl, low;
};

const char *const all_profiles[] = {"irix", "svr4", "solaris"};

} // namespace

// --- refusals, in the order in which they are found out -------------------------------------------------------------

TEST_CASE("MUX-004 IOC-232: a lower descriptor that is not open: EBADF") {
    for (const char *profile : all_profiles) {
        World w(profile);
        w.refused(w.link(w.ctl, -1), EBADF);
        w.refused(w.link(w.ctl, 99), EBADF);
        w.refused(w.plink(w.ctl, -1), EBADF);
    }
}

TEST_CASE("MUX-005 MUX-009 IOC-231: a driver without a lower half: EINVAL, before the descriptor is looked at") {
    for (const char *profile : all_profiles) {
        World w(profile);
        w.refused(w.link(w.low, -1), EINVAL);
        w.refused(w.plink(w.low, -1), EINVAL);
        w.refused(w.link(w.low, w.ctl), EINVAL);
    }
}

TEST_CASE("MUX-009: one lower qinit alone makes no multiplexor") {
    World w;
    w.mux.probe.tab.st_muxwinit = nullptr;
    w.refused(w.link(w.ctl, w.low), EINVAL);
    w.mux.probe.tab.st_muxwinit = &w.mux.low.write_init;
    w.mux.probe.tab.st_muxrinit = nullptr;
    w.refused(w.link(w.ctl, w.low), EINVAL);
}

TEST_CASE("MUX-005 MUX-007 IOC-231: a hung-up control stream: ENXIO, before anything else") {
    for (const char *profile : all_profiles) {
        World w(profile);
        w.from_driver(w.mux.probe, M_HANGUP);
        w.refused(w.link(w.ctl, w.low), ENXIO);
        w.refused(w.plink(w.ctl, w.low), ENXIO);
        w.refused(w.link(w.ctl, -1), ENXIO);
        w.from_driver(w.echo, M_HANGUP);
        w.refused(w.link(w.low, w.ctl), ENXIO); // though echo has no lower half
    }
}

TEST_CASE("MUX-008: a control stream in error, on either side: that error") {
    for (int side = 0; side < 3; ++side) {
        World w;
        Enter scope(w.system);
        queue_t *q = w.mux.probe.last("open").q;
        if (side == 0) CHECK(putnextctl1(q, M_ERROR, EPROTO) == 1);
        else CHECK(putnextctl2(q, M_ERROR, side == 1 ? EPROTO : NOERROR, side == 2 ? EPROTO : NOERROR) == 1);
        w.system.run_until_idle();
        w.refused(w.link(w.ctl, w.low), EPROTO);
        w.refused(w.plink(w.ctl, w.low), EPROTO);
        w.check_free(w.low);
    }
}

TEST_CASE("MUX-010 MUX-054 IOC-231 IOC-235: nothing can be linked below a pipe, or unlinked: EINVAL") {
    for (const char *profile : all_profiles) {
        World w(profile);
        int p[2];
        REQUIRE(rill_pipe(handle(w.root), p) == 0);
        w.refused(w.link(p[0], w.low), EINVAL);
        w.refused(w.plink(p[0], w.low), EINVAL);
        w.refused(w.link(p[0], -1), EINVAL);
        w.refused(w.unlink(p[0], MUXID_ALL), EINVAL);
        w.refused(w.punlink(p[0], MUXID_ALL), EINVAL);
    }
}

TEST_CASE("MUX-011 IOC-232: a lower descriptor that is no stream: EINVAL") {
    World w;
    int plain = w.open("/plain", O_RDWR | O_CREAT);
    REQUIRE(plain >= 0);
    w.refused(w.link(w.ctl, plain), EINVAL);
    w.refused(w.plink(w.ctl, plain), EINVAL);
    CHECK(w.close(plain) == 0);
    CHECK(outcome(rill_unlink(handle(w.root), "/plain")) == 0);
}

TEST_CASE("MUX-012 IOC-232: the control stream itself, also by another descriptor: EINVAL") {
    World w;
    w.refused(w.link(w.ctl, w.ctl), EINVAL);
    w.refused(w.link(w.ctl, w.dup(w.ctl)), EINVAL);
    w.refused(w.plink(w.ctl, w.ctl), EINVAL);
}

TEST_CASE("MUX-013 IOC-232: a stream linked below any multiplexor cannot be linked again: EINVAL") {
    World w;
    Mux other(w, "mux2", M2);
    int ctl2 = other.open(), id = w.link(w.ctl, w.low);
    REQUIRE(id > 0);
    CHECK(w.link(w.ctl, w.low) == -EINVAL);
    CHECK(w.plink(w.ctl, w.low) == -EINVAL);
    CHECK(w.link(ctl2, w.low) == -EINVAL);
    CHECK(w.links() == 1);
    CHECK(w.mux.seen.size() == 1);
    CHECK(other.seen.empty());
    CHECK(w.unlink(w.ctl, id) == 0);
    CHECK(w.link(ctl2, w.low) > 0);
    CHECK(w.close(ctl2) == 0);
    w.check_free(w.low);
}

TEST_CASE("MUX-014 IOC-232: a lower stream hung up, in error, or with an ioctl or a push under way: EINVAL") {
    for (const char *profile : all_profiles) {
        { // not ENXIO: MUX-015 is another system's
            World w(profile);
            w.from_driver(w.echo, M_HANGUP);
            w.refused(w.link(w.ctl, w.low), EINVAL);
        }
        {
            World w(profile);
            w.from_driver(w.echo, M_ERROR, EPROTO);
            w.refused(w.link(w.ctl, w.low), EINVAL);
        }
        {
            World w(profile);
            mblk_t *held = nullptr;
            w.echo.on_wput = [&](queue_t *, mblk_t *mp) { held = mp; };
            Process &p = w.process();
            int fd = w.open(p, "/dev/echo");
            queue_t *q = w.echo.last("open").q;
            Later slow = w.later(p, "ioctl", [&] { return outcome(rill_ioctl(handle(p), fd, ('x' << 8) | 1, 0)); });
            REQUIRE_FALSE(slow.done());
            int mine = w.root.install(p.file(fd)); // as if by I_RECVFD
            ++p.file(fd)->refs;
            w.refused(w.link(w.ctl, mine), EINVAL);
            {
                Enter scope(w.system);
                held->b_datap->db_type = M_IOCNAK;
                putnext(q, held);
            }
            CHECK(slow.finish() == -EINVAL);
            CHECK(w.link(w.ctl, mine) > 0);
        }
        {
            World w(profile);
            Probe &slow_module = w.module("slow");
            int gate = 0;
            slow_module.on_open = [&](queue_t *q, dev_t *d, int o, int s, cred_t *c) {
                w.nap(&gate);
                return slow_module.standard_open(q, d, o, s, c);
            };
            Later push = w.later(w.process(), "ioctl", [&] { return w.ioctl(w.low, I_PUSH, "slow"); });
            REQUIRE_FALSE(push.done());
            w.refused(w.link(w.ctl, w.low), EINVAL);
            w.wake(&gate);
            CHECK(push.finish() == 0);
            CHECK(w.link(w.ctl, w.low) > 0);
        }
    }
}

TEST_CASE("MUX-016 MUX-020 IOC-232: a link that would make a cycle: EINVAL, until the other link is gone") {
    for (const char *profile : all_profiles) {
        World w(profile);
        Mux b(w, "mux2", M2), c(w, "mux3", M3);
        int a1 = w.mux.open(), b1 = b.open(), b2 = b.open(), c1 = c.open(), c2 = c.open();
        int ab = w.link(a1, b1), bc = w.link(b2, c1);
        REQUIRE(ab > 0);
        REQUIRE(bc > 0);
        CHECK(w.link(b.open(), w.ctl) == -EINVAL);
        CHECK(w.link(c2, w.ctl) == -EINVAL); // over two links
        CHECK(w.plink(c2, w.ctl) == -EINVAL);
        CHECK(c.seen.empty());
        CHECK(w.links() == 2);
        CHECK(w.unlink(b2, bc) == 0);
        CHECK(w.link(c2, w.ctl) > 0);
        CHECK(w.link(b2, c1) == -EINVAL); // now this one would
    }
}

TEST_CASE("MUX-017: two streams of one driver make a cycle by themselves; drivers are the nodes, not streams") {
    World w;
    Mux b(w, "mux2", M2);
    w.refused(w.link(w.ctl, w.mux.open()), EINVAL);
    int b1 = b.open(), b2 = b.open();
    REQUIRE(w.link(w.ctl, b1) > 0);
    CHECK(w.link(b2, w.mux.open()) == -EINVAL); // b2 and the new stream have no link at all
    CHECK(w.links() == 1);
}

TEST_CASE("MUX-018 MUX-078: a pipe end can be linked, and is no node of the graph") {
    for (const char *profile : all_profiles) {
        World w(profile);
        int p[2];
        REQUIRE(rill_pipe(handle(w.root), p) == 0);
        const size_t before = w.stream(p[0])->write_queue()->q_maxpsz;
        int id = w.link(w.ctl, p[0]);
        CHECK(id > 0);
        CHECK(w.write(p[1], "to the mux") == 10);
        CHECK(w.mux.arrived == std::vector<int>{M_DATA});
        CHECK(w.read(p[0]) == "-EINVAL");
        CHECK(w.unlink(w.ctl, id) == 0);
        CHECK(w.stream(p[0])->write_queue()->q_maxpsz == static_cast<ssize_t>(before));
        CHECK(w.write(p[1], "again") == 5);
        CHECK(w.read(p[0]) == "again");
    }
}

TEST_CASE("MUX-022: link commands on a control stream that is linked itself: EINVAL") {
    World w;
    Mux top(w, "mux2", M2);
    int up = top.open();
    REQUIRE(w.link(up, w.ctl) > 0);
    for (int command : {I_LINK, I_PLINK, I_UNLINK, I_PUNLINK}) CHECK(w.ioctl(w.ctl, command, w.low) == -EINVAL);
    CHECK(w.mux.seen.empty());
    CHECK(w.links() == 1);
}

TEST_CASE("MUX-042 IOC-144: link commands cannot be sent through I_STR: EINVAL") {
    World w;
    for (int command : {I_LINK, I_PLINK, I_UNLINK, I_PUNLINK}) {
        linkblk forged{};
        strioctl io{command, 0, sizeof forged, reinterpret_cast<char *>(&forged)};
        w.refused(w.ioctl(w.ctl, I_STR, &io), EINVAL);
    }
}

TEST_CASE("MUX-035 IOC-233: a link that the driver refuses: its error, and the lower stream is usable as before") {
    for (const char *profile : all_profiles) {
        World w(profile);
        w.data_from_below(w.echo, "before");
        w.mux.type = M_IOCNAK;
        for (int error : {EACCES, EPERM}) {
            w.mux.error = error;
            CHECK(w.link(w.ctl, w.low) == -error);
            CHECK(w.plink(w.ctl, w.low) == -error);
            CHECK(w.links() == 0);
            CHECK(w.stream(w.ctl)->links_above == 0);
        }
        CHECK(w.read(w.low) == "before"); // what waited there still does
        w.check_free(w.low);
        CHECK(w.echo.count("close") == 0);
        CHECK(w.close(w.low) == 0);
        CHECK(w.echo.count("close") == 1);
    }
}

TEST_CASE("MUX-036 MUX-037: M_IOCNAK with error 0 is EINVAL; M_IOCACK with an error is that error") {
    for (const char *profile : all_profiles) {
        World w(profile);
        w.mux.type = M_IOCNAK;
        CHECK(w.link(w.ctl, w.low) == -EINVAL);
        w.mux.type = M_IOCACK;
        w.mux.error = EIO;
        CHECK(w.link(w.ctl, w.low) == -EIO);
        CHECK(w.links() == 0);
        w.check_free(w.low);
    }
}

TEST_CASE("MUX-039 IOC-233 [irix]: a driver that never answers: ETIME after 15 seconds; a late answer changes nothing") {
    World w;
    w.mux.keep = true;
    const long before = w.system.sched.now();
    CHECK(w.link(w.ctl, w.low) == -ETIME);
    CHECK(w.system.sched.now() - before == 15 * ticks_a_second);
    CHECK(w.links() == 0);
    w.check_free(w.low);
    while (!w.mux.kept.empty()) w.mux.answer_kept();
    CHECK(w.links() == 0);
    w.check_free(w.low);
    w.mux.keep = false;
    CHECK(w.link(w.ctl, w.low) > 0);
#if RILL_CHECKING
    w.took_fault("IOC-122"); // what is kept in the test's own memory counts as dropped
#endif
}

TEST_CASE("MUX-090: a link request that ends without an answer: the driver is sent the opposite, while the lower half is still its own") {
    enum Ending {
        time,
        signal,
        error,
        hangup,
    };
    for (int command : {I_LINK, I_PLINK})
        for (Ending ending : {time, signal, error, hangup}) {
            CAPTURE(command);
            CAPTURE(ending);
            World w(ending == time || ending == signal ? "irix" : nullptr); // the others wait on (MUX-038)
            Process &p = w.process();
            w.catch_signal(p, SIGUSR1);
            const int ctl = w.open(p, "/dev/mux"), low = w.open(p, "/dev/echo");
            w.mux.keep = true;
            Later call = w.later(p, "ioctl", [&] { return outcome(rill_ioctl(handle(p), ctl, command, low)); });
            REQUIRE_FALSE(call.done());
            {
                Enter scope(w.system);
                if (ending == error) putnextctl1(RD(w.mux.kept[0].first), M_ERROR, EPROTO);
                if (ending == hangup) putnextctl(RD(w.mux.kept[0].first), M_HANGUP);
            }
            if (ending == signal) w.kill(p, SIGUSR1);
            const int errors[] = {-ETIME, -EINTR, -EPROTO, -ENXIO};
            CHECK(call.finish() == errors[ending]);
            CHECK(w.mux.commands() == std::vector<int>{command, command == I_LINK ? I_UNLINK : I_PUNLINK});
            REQUIRE(w.mux.seen.size() == 2);
            CHECK(w.mux.seen[1].link.l_index == w.mux.seen[0].link.l_index);
            CHECK(w.mux.seen[1].link.l_qtop == w.mux.seen[0].link.l_qtop);
            CHECK(w.mux.seen[1].link.l_qbot == w.mux.seen[0].link.l_qbot);
            CHECK(w.mux.seen[1].write_info == &w.mux.low.write_init); // MUX-056
            CHECK(w.links() == 0);
            while (!w.mux.kept.empty()) w.mux.answer_kept(); // nobody waits
            CHECK(w.links() == 0);
            w.mux.keep = false;
            w.took_fault("IOC-122");
        }
}

TEST_CASE("MUX-090: a request that was answered, well or not, has no opposite") {
    World w;
    w.mux.type = M_IOCNAK;
    CHECK(w.link(w.ctl, w.low) == -EINVAL);
    w.mux.type = M_IOCACK;
    w.mux.error = EIO;
    CHECK(w.link(w.ctl, w.low) == -EIO);
    w.mux.error = 0;
    CHECK(w.link(w.ctl, w.low) > 0);
    CHECK(w.mux.commands() == std::vector<int>{I_LINK, I_LINK, I_LINK});
}

static void waits_without_limit(const char *profile) {
    World w(profile);
    w.mux.keep = true;
    Process &p = w.process();
    w.catch_signal(p, SIGUSR1);
    int ctl = w.open(p, "/dev/mux"), low = w.open(p, "/dev/echo");
    auto call = [&](int command, int argument) { return outcome(rill_ioctl(handle(p), ctl, command, argument)); };
    Later link = w.later(p, "ioctl", [&] { return call(I_LINK, low); });
    rill_advance(handle(w.system), 100 * ticks_a_second);
    w.kill(p, SIGUSR1);
    w.run();
    CHECK_FALSE(link.done());
    w.mux.answer_kept();
    const int id = link.finish();
    CHECK(id > 0);
    Later unlink = w.later(p, "ioctl", [&] { return call(I_UNLINK, id); });
    rill_advance(handle(w.system), 100 * ticks_a_second);
    w.kill(p, SIGUSR1);
    w.run();
    CHECK_FALSE(unlink.done());
    w.mux.answer_kept();
    CHECK(unlink.finish() == 0);
    CHECK(w.links() == 0);
    w.mux.keep = false;
}

TEST_CASE("MUX-038 IOC-238 [svr4]: where the profile waits without limit, neither time nor a signal ends the wait") {
    waits_without_limit("svr4");
}

TEST_CASE("MUX-038 IOC-238 [solaris]: where the profile waits without limit, neither time nor a signal ends the wait") {
    waits_without_limit("solaris");
}

TEST_CASE("MUX-040 IOC-234: no memory: EAGAIN, and no link is left") {
    World w;
    for (int command : {I_LINK, I_PLINK})
        for_every_allocation(
            w, {EAGAIN}, [&] { return w.ioctl(w.ctl, command, w.low); },
            [&](int id) { CHECK(w.ioctl(w.ctl, command == I_LINK ? I_UNLINK : I_PUNLINK, id) == 0); });
    w.check_free(w.low);
}

TEST_CASE("MUX-040: no memory for an unlink: EAGAIN, and the link stays") {
    World w;
    const Census before = w.census();
    int refusals = 0;
    for (long n = 1; n < 10; ++n) {
        int id = w.link(w.ctl, w.low);
        REQUIRE(id > 0);
        w.system.alloc.fail_nth(n);
        int result = w.unlink(w.ctl, id);
        w.system.alloc.fail_nth(0);
        if (result < 0) {
            ++refusals;
            CHECK(result == -EAGAIN);
            CHECK(w.stream(w.low)->link_id == id);
            CHECK(w.read(w.low) == "-EINVAL");
            CHECK(w.unlink(w.ctl, id) == 0);
        }
        CHECK(w.census() == before);
    }
    CHECK(refusals == 2); // the M_IOCTL's two blocks
    w.check_free(w.low);
}

TEST_CASE("CLS-003 MUX-067: a close that finds no memory still asks the driver, and undoes the link") {
    for (long n = 1; n <= 4; ++n) {
        World w;
        int ctl = w.mux.open();
        REQUIRE(w.link(ctl, w.low) > 0);
        w.system.alloc.fail_nth(n);
        CHECK(w.close(ctl) == 0);
        w.system.alloc.fail_nth(0);
        CHECK(w.mux.commands() == std::vector<int>{I_LINK, I_UNLINK});
        w.check_free(w.low);
    }
}

TEST_CASE("MUX-045 MUX-046 IOC-235: an unknown id, and 0: EINVAL") {
    for (const char *profile : all_profiles) {
        World w(profile);
        for (int command : {I_UNLINK, I_PUNLINK})
            for (int id : {5, 0, -2}) w.refused(w.ioctl(w.ctl, command, id), EINVAL);
        int id = w.link(w.ctl, w.low);
        CHECK(w.unlink(w.ctl, id + 1) == -EINVAL);
        CHECK(w.unlink(w.ctl, 0) == -EINVAL);
        CHECK(w.unlink(w.ctl, id) == 0);
        CHECK(w.unlink(w.ctl, id) == -EINVAL); // gone
    }
}

TEST_CASE("MUX-047: I_UNLINK through another stream of the driver: EINVAL, the link stays") {
    World w;
    int id = w.link(w.ctl, w.low), ctl2 = w.mux.open();
    CHECK(w.unlink(ctl2, id) == -EINVAL);
    CHECK(w.unlink(ctl2, MUXID_ALL) == 0); // it has none
    CHECK(w.links() == 1);
    CHECK(w.mux.seen.size() == 1);
    CHECK(w.unlink(w.ctl, id) == 0);
}

TEST_CASE("MUX-048: a persistent link cannot be undone through another driver") {
    World w;
    Mux b(w, "mux2", M2);
    int id = w.plink(w.ctl, w.low), other = b.open();
    CHECK(w.punlink(other, id) == -EINVAL);
    CHECK(w.punlink(other, MUXID_ALL) == 0);
    CHECK(w.links() == 1);
    CHECK(w.punlink(w.ctl, id) == 0);
}

TEST_CASE("MUX-049 IOC-235: I_UNLINK does not find persistent links, nor I_PUNLINK the others: EINVAL") {
    for (const char *profile : all_profiles) {
        World w(profile);
        int low2 = w.open("/dev/echo");
        int link = w.link(w.ctl, w.low), plink = w.plink(w.ctl, low2);
        CHECK(w.unlink(w.ctl, plink) == -EINVAL);
        CHECK(w.punlink(w.ctl, link) == -EINVAL);
        CHECK(w.unlink(w.ctl, MUXID_ALL) == 0);
        CHECK(w.links() == 1);
        w.check_free(w.low);
        CHECK(w.read(low2) == "-EINVAL");
        CHECK(w.punlink(w.ctl, MUXID_ALL) == 0);
        w.check_free(low2);
    }
}

TEST_CASE("MUX-057 IOC-237: an unlink that the driver refuses: its error, and the link stays") {
    for (int command : {I_LINK, I_PLINK}) {
        World w;
        const int undo = command == I_LINK ? I_UNLINK : I_PUNLINK;
        int id = w.ioctl(w.ctl, command, w.low);
        w.mux.type = M_IOCNAK;
        w.mux.error = EBUSY;
        CHECK(w.ioctl(w.ctl, undo, id) == -EBUSY);
        CHECK(w.links() == 1);
        CHECK(w.read(w.low) == "-EINVAL");
        CHECK(w.stream(w.low)->write_queue()->q_qinfo == &w.mux.low.write_init);
        w.mux.type = M_IOCACK;
        w.mux.error = 0;
        CHECK(w.ioctl(w.ctl, undo, id) == 0);
        w.check_free(w.low);
    }
}

TEST_CASE("MUX-053: MUXID_ALL stops at the first refusal; what is undone stays undone") {
    for (int command : {I_LINK, I_PLINK}) {
        World w;
        const int undo = command == I_LINK ? I_UNLINK : I_PUNLINK;
        for (int i = 0; i < 3; ++i) REQUIRE(w.ioctl(w.ctl, command, w.open("/dev/echo")) > 0);
        w.mux.nak_nth = 5; // three links, an unlink, and this
        w.mux.error = 0;
        CHECK(w.ioctl(w.ctl, undo, MUXID_ALL) == -EINVAL);
        CHECK(w.links() == 2);
        w.mux.nak_nth = 0;
        CHECK(w.ioctl(w.ctl, undo, MUXID_ALL) == 0);
        CHECK(w.links() == 0);
    }
}

TEST_CASE("MUX-060: on a hung-up or errored control stream unlinking fails with ENXIO, or the error") {
    for (const char *profile : all_profiles)
        for (bool hangup : {true, false}) {
            World w(profile);
            int ctl2 = w.mux.open(), low2 = w.open("/dev/echo"), id = w.link(ctl2, w.low), pid = w.plink(ctl2, low2);
            if (hangup) w.from_driver(w.mux.probe, M_HANGUP);
            else w.from_driver(w.mux.probe, M_ERROR, EPROTO);
            const int error = hangup ? ENXIO : EPROTO;
            for (int argument : {id, MUXID_ALL}) CHECK(w.unlink(ctl2, argument) == -error);
            for (int argument : {pid, MUXID_ALL}) CHECK(w.punlink(ctl2, argument) == -error);
            CHECK(w.links() == 2);
            CHECK(w.mux.seen.size() == 2);
            CHECK(w.close(ctl2) == 0); // CLS-004
            CHECK(w.links() == 1);
            w.check_free(w.low);
            CHECK(w.punlink(w.ctl, pid) == 0);
        }
}

TEST_CASE("MUX-080: an error or hangup that reaches the control stream instead of the answer ends the call") {
    for (int what : {M_ERROR, M_HANGUP}) {
        const int error = what == M_ERROR ? EPROTO : ENXIO;
        for (int command : {I_LINK, I_PLINK}) {
            World w;
            w.mux.instead = what;
            CHECK(w.ioctl(w.ctl, command, w.low) == -error);
            CHECK(w.links() == 0);
            w.check_free(w.low);
        }
        for (int command : {I_LINK, I_PLINK}) {
            World w;
            int ctl2 = w.mux.open(), id = w.ioctl(w.ctl, command, w.low);
            w.mux.instead = what;
            CHECK(w.ioctl(w.ctl, command == I_LINK ? I_UNLINK : I_PUNLINK, id) == -error);
            CHECK(w.links() == 1); // it stays
            w.mux.instead = 0;
            if (command == I_PLINK) CHECK(w.punlink(ctl2, id) == 0);
            else CHECK(w.close(w.ctl) == 0);
            w.check_free(w.low);
        }
    }
}

// --- links that are made --------------------------------------------------------------------------------------------

TEST_CASE("MUX-001 MUX-002 MUX-044 IOC-230: I_LINK and I_PLINK give an id above 0; I_UNLINK and I_PUNLINK take it") {
    for (const char *profile : all_profiles) {
        World w(profile);
        int id = w.link(w.ctl, w.low);
        CHECK(id > 0);
        CHECK(w.links() == 1);
        CHECK(w.unlink(w.ctl, id) == 0);
        w.check_free(w.low);
        id = w.plink(w.ctl, w.low);
        CHECK(id > 0);
        CHECK(w.punlink(w.ctl, id) == 0);
        CHECK(w.links() == 0);
        w.check_free(w.low);
    }
}

TEST_CASE("MUX-003: ids come from one counter of the system and are never used twice") {
    World w;
    Mux b(w, "mux2", M2);
    int other = b.open(), low2 = w.open("/dev/echo");
    int first = w.link(w.ctl, w.low), second = w.link(other, low2);
    CHECK(first != second);
    CHECK(w.unlink(w.ctl, first) == 0);
    CHECK(w.link(w.ctl, w.low) > std::max(first, second));
}

TEST_CASE("MUX-023 MUX-024 MUX-025 MUX-026 MUX-028: what the driver sees of a link request") {
    for (int command : {I_LINK, I_PLINK}) {
        World w;
        w.module("pass");
        REQUIRE(w.ioctl(w.ctl, I_PUSH, "pass") == 0);
        int id = w.ioctl(w.ctl, command, w.low);
        REQUIRE(w.mux.seen.size() == 1);
        const Mux::Request &r = w.mux.seen[0];
        CHECK(r.command == command);
        CHECK(r.count == sizeof(linkblk));
        CHECK(r.link.l_qbot == w.stream(w.low)->write_queue());
        CHECK(r.link.l_qtop == (command == I_LINK ? WR(w.mux.probe.last("open").q) : nullptr));
        CHECK(r.link.l_index == id);
        if (command == I_PLINK) CHECK(w.punlink(w.ctl, id) == 0);
    }
}

TEST_CASE("MUX-029: the id is what l_index says, whatever ioc_rval the driver leaves") {
    World w;
    const int next = w.system.next_link_id;
    REQUIRE(next != 77); // Mux answers with ioc_rval 77
    CHECK(w.link(w.ctl, w.low) == next);
}

TEST_CASE("MUX-030 MUX-032 MUX-033 MUX-034: the lower half is in place before the driver is asked, and never opened") {
    for (const char *profile : all_profiles) {
        World w(profile);
        int id = w.link(w.ctl, w.low);
        REQUIRE(id > 0);
        const Mux::Request &r = w.mux.seen[0];
        CHECK(r.write_info == &w.mux.low.write_init);
        CHECK(r.read_info == &w.mux.low.read_init);
        CHECK(r.write_ptr == nullptr);
        CHECK(r.read_ptr == nullptr);
        const queue_t *wq = r.link.l_qbot, *rq = w.stream(w.low)->read_queue();
        CHECK(wq->q_hiwat == 1000);
        CHECK(wq->q_lowat == 100);
        CHECK(wq->q_minpsz == 8);
        CHECK(wq->q_maxpsz == 800);
        CHECK(rq->q_hiwat == 900);
        CHECK(rq->q_lowat == 90);
        CHECK(rq->q_minpsz == 7);
        CHECK(rq->q_maxpsz == 700);
        CHECK(w.mux.low.count("open") == 0);
        CHECK(w.unlink(w.ctl, id) == 0);
        CHECK(w.mux.low.count("close") == 0);
        w.check_free(w.low);
    }
}

TEST_CASE("MUX-041 MUX-059 MUX-065: a lower stream outlives its descriptor by its link, and closes when that goes") {
    for (int command : {I_LINK, I_PLINK}) {
        World w;
        int id = w.ioctl(w.ctl, command, w.low);
        CHECK(w.close(w.low) == 0);
        CHECK(w.echo.count("close") == 0);
        w.data_from_below(w.echo, "x");
        CHECK(w.mux.arrived == std::vector<int>{M_DATA});
        CHECK(w.ioctl(w.ctl, command == I_LINK ? I_UNLINK : I_PUNLINK, id) == 0);
        CHECK(w.echo.count("close") == 1);
        CHECK(w.echo.units_taken() == 0);
    }
}

TEST_CASE("MUX-041 CLS-001: unlinking is no close: a registration for SIGPOLL on the lower stream stays") {
    World w;
    int events = 0;
    CHECK(w.ioctl(w.low, I_SETSIG, S_INPUT) == 0);
    CHECK(w.unlink(w.ctl, w.link(w.ctl, w.low)) == 0);
    CHECK(w.ioctl(w.low, I_GETSIG, &events) == 0);
    CHECK(events == S_INPUT);
}

TEST_CASE("MUX-043 IOC-236: callers asleep on the lower stream are woken at the link, and fail with EINVAL") {
    World w;
    bool full = false;
    w.echo.on_wput = [&](queue_t *q, mblk_t *mp) { full ? static_cast<void>(putq(q, mp)) : w.echo.standard_put(q, mp); };
    char c, buffer[16];
    strbuf data{sizeof buffer, 0, buffer};
    int flags = 0;
    pollfd entry{w.low, POLLIN, 0};
    Later reader = w.later(w.root, "read", [&] { return outcome(static_cast<int>(rill_read(handle(w.root), w.low, &c, 1))); });
    Later getter = w.later(w.root, "getmsg", [&] { return outcome(rill_getmsg(handle(w.root), w.low, nullptr, &data, &flags)); });
    Later poller = w.later(w.root, "poll", [&] { return outcome(rill_poll(handle(w.root), &entry, 1, -1)); });
    full = true;
    CHECK(w.write(w.low, std::string(2048, 'x')) == 2048); // the probe's high-water mark
    Later writer = w.later(w.root, "write", [&] { return w.write(w.low, "y"); });
    for (Later *l : {&reader, &getter, &poller, &writer}) REQUIRE_FALSE(l->done());
    REQUIRE(w.link(w.ctl, w.low) > 0);
    w.run();
    for (Later *l : {&reader, &getter, &poller, &writer}) {
        CHECK(l->done());
        CHECK(l->result() == -EINVAL);
    }
}

TEST_CASE("MUX-035: a refused link wakes nobody on the lower stream") {
    World w;
    char c = 0;
    Later reader = w.later(w.root, "read", [&] { return outcome(static_cast<int>(rill_read(handle(w.root), w.low, &c, 1))); });
    w.mux.type = M_IOCNAK;
    CHECK(w.link(w.ctl, w.low) == -EINVAL);
    w.run();
    CHECK_FALSE(reader.done());
    w.data_from_below(w.echo, "z");
    CHECK(reader.finish() == 1);
    CHECK(c == 'z');
}

TEST_CASE("MUX-048 MUX-069 MUX-070: a persistent link survives its maker, and goes through any stream of the driver") {
    for (const char *profile : all_profiles) {
        World w(profile);
        int id = w.plink(w.ctl, w.low);
        REQUIRE(id > 0);
        CHECK(w.close(w.ctl) == 0);
        CHECK(w.close(w.low) == 0);
        CHECK(w.mux.commands() == std::vector<int>{I_PLINK}); // nothing at the close (CLS-003)
        CHECK(w.mux.probe.count("close") == 1);
        CHECK(w.echo.count("close") == 0);
        CHECK(w.links() == 1);
        w.data_from_below(w.echo, "x"); // still goes to the multiplexor's lower half
        CHECK(w.mux.arrived.size() == 1);
        int ctl2 = w.mux.open();
        CHECK(w.unlink(ctl2, id) == -EINVAL);
        CHECK(w.punlink(ctl2, id) == 0);
        CHECK(w.echo.count("close") == 1);
        CHECK(w.links() == 0);
    }
}

TEST_CASE("MUX-070: the driver of a persistent link cannot be unloaded though no stream of it is open") {
    World w;
    int id = w.plink(w.ctl, w.low);
    CHECK(w.close(w.ctl) == 0);
    Enter scope(w.system);
    CHECK(w.system.registry.unload(*w.system.registry.by_external(M)) == EBUSY);
    w.ctl = w.mux.open();
    CHECK(w.punlink(w.ctl, id) == 0);
}

TEST_CASE("MUX-050 MUX-051: I_UNLINK(MUXID_ALL) undoes every ordinary link of this stream; none is no error") {
    for (const char *profile : all_profiles) {
        World w(profile);
        CHECK(w.unlink(w.ctl, MUXID_ALL) == 0);
        CHECK(w.punlink(w.ctl, MUXID_ALL) == 0);
        CHECK(w.mux.seen.empty());
        int ctl2 = w.mux.open(), elsewhere = w.open("/dev/echo");
        int lows[3];
        for (int &low : lows) CHECK(w.link(w.ctl, low = w.open("/dev/echo")) > 0);
        CHECK(w.link(ctl2, elsewhere) > 0);
        CHECK(w.unlink(w.ctl, MUXID_ALL) == 0);
        for (int low : lows) w.check_free(low);
        CHECK(w.links() == 1);
        CHECK(w.read(elsewhere) == "-EINVAL");
    }
}

TEST_CASE("MUX-052: I_PUNLINK(MUXID_ALL) undoes all persistent links of the driver, whoever made them") {
    World w;
    Mux b(w, "mux2", M2);
    int other = b.open(), foreign = w.open("/dev/echo"), normal = w.open("/dev/echo");
    int ctl2 = w.mux.open(), low2 = w.open("/dev/echo");
    CHECK(w.link(w.ctl, normal) > 0); // an older ordinary link is in nobody's way
    CHECK(w.plink(ctl2, w.low) > 0);
    CHECK(w.close(ctl2) == 0);
    ctl2 = w.mux.open();
    CHECK(w.plink(ctl2, low2) > 0);
    CHECK(w.close(ctl2) == 0);
    int foreign_id = w.plink(other, foreign);
    CHECK(w.punlink(w.ctl, MUXID_ALL) == 0);
    w.check_free(w.low);
    w.check_free(low2);
    CHECK(w.read(foreign) == "-EINVAL");
    CHECK(w.read(normal) == "-EINVAL");
    CHECK(w.punlink(other, foreign_id) == 0);
}

TEST_CASE("MUX-055 MUX-056: an unlink request carries the link's linkblk, and the lower half is still in place") {
    for (int command : {I_LINK, I_PLINK}) {
        World w;
        const int undo = command == I_LINK ? I_UNLINK : I_PUNLINK;
        int id = w.ioctl(w.ctl, command, w.low);
        CHECK(w.ioctl(w.ctl, undo, id) == 0);
        REQUIRE(w.mux.seen.size() == 2);
        const Mux::Request &made = w.mux.seen[0], &gone = w.mux.seen[1];
        CHECK(gone.command == undo);
        CHECK(gone.count == sizeof(linkblk));
        CHECK(gone.link.l_index == made.link.l_index);
        CHECK(gone.link.l_qbot == made.link.l_qbot);
        CHECK(gone.link.l_qtop == made.link.l_qtop);
        CHECK(gone.write_info == &w.mux.low.write_init);
        CHECK(gone.read_info == &w.mux.low.read_init);
    }
}

TEST_CASE("MUX-058: what waits on the lower queues is dropped at the unlink, and the stream works again") {
    World w;
    w.mux.low.on_rput = [](queue_t *q, mblk_t *mp) { putq(q, mp); };
    int id = w.link(w.ctl, w.low);
    Stream *s = w.stream(w.low);
    s->read_queue()->q_ptr = s->write_queue()->q_ptr = &w;
    w.data_from_below(w.echo, "left behind");
    CHECK(s->read_queue()->q_count == 11);
    CHECK(w.unlink(w.ctl, id) == 0);
    CHECK(s->read_queue()->q_ptr == nullptr);
    CHECK(s->write_queue()->q_ptr == nullptr);
    CHECK(s->read_queue()->q_count == 0);
    CHECK(outcome(rill_fcntl(handle(w.root), w.low, F_SETFL, O_RDWR | O_NONBLOCK)) == 0);
    CHECK(w.read(w.low) == "-EAGAIN");
    w.check_free(w.low);
}

TEST_CASE("MUX-058: a high-priority message that the unlink drops leaves its place to the next one") {
    World w;
    char byte = 'c';
    strbuf ctl{1, 1, &byte};
    auto send = [&] { return outcome(rill_putmsg(handle(w.root), w.low, &ctl, nullptr, RS_HIPRI)); };
    CHECK(send() == 0); // the echo is at the head
    int id = w.link(w.ctl, w.low);
    CHECK(w.unlink(w.ctl, id) == 0);
    CHECK(w.stream(w.low)->read_queue()->q_first == nullptr);
    CHECK(send() == 0);
    int flags = RS_HIPRI;
    CHECK(outcome(rill_getmsg(handle(w.root), w.low, &ctl, nullptr, &flags)) == 0);
    CHECK(flags == RS_HIPRI);
    CHECK(ctl.len == 1);
}

TEST_CASE("MUX-058 IOC-253: after the unlink the head has the water marks again that it was given before the link") {
    World w;
    queue_t *q = w.stream(w.low)->read_queue();
    {
        Enter scope(w.system);
        CHECK(strqset(q, QHIWAT, 0, 77) == 0);
        CHECK(strqset(q, QLOWAT, 0, 7) == 0);
    }
    int id = w.link(w.ctl, w.low);
    CHECK(q->q_hiwat == 900); // the multiplexor's
    CHECK(w.unlink(w.ctl, id) == 0);
    CHECK(q->q_hiwat == 77);
    CHECK(q->q_lowat == 7);
}

TEST_CASE("MUX-061 MUX-062: every call on a linked descriptor but close fails with EINVAL") {
    for (const char *profile : all_profiles) {
        World w(profile);
        int id = w.link(w.ctl, w.low);
        char buffer[64] = "";
        strbuf part{sizeof buffer, 1, buffer};
        int flags = 0, band = 0;
        CHECK(w.read(w.low) == "-EINVAL");
        CHECK(w.write(w.low, "x") == -EINVAL);
        CHECK(outcome(rill_getmsg(handle(w.root), w.low, &part, &part, &flags)) == -EINVAL);
        CHECK(outcome(rill_putmsg(handle(w.root), w.low, &part, nullptr, 0)) == -EINVAL);
        flags = MSG_ANY;
        CHECK(outcome(rill_getpmsg(handle(w.root), w.low, &part, &part, &band, &flags)) == -EINVAL);
        CHECK(outcome(rill_putpmsg(handle(w.root), w.low, nullptr, &part, 0, MSG_BAND)) == -EINVAL);
        for (int command : {I_PUSH, I_POP, I_LOOK, I_LIST, I_STR, I_NREAD, I_FLUSH, I_SETSIG, I_GETCLTIME, I_CANPUT, I_LINK})
            CHECK(w.ioctl(w.low, command, buffer) == -EINVAL);
        CHECK(w.ioctl(w.low, ('x' << 8) | 1, buffer) == -EINVAL);
        CHECK(w.echo.count("wput") == 0);
        CHECK(w.unlink(w.ctl, id) == 0);
        w.check_free(w.low);
    }
}

TEST_CASE("MUX-064 POL-026: poll with a linked descriptor among its entries fails with EINVAL") {
    World w;
    int other = w.open("/dev/echo");
    REQUIRE(w.link(w.ctl, w.low) > 0);
    struct pollfd entries[2] = {{other, POLLOUT, 0}, {w.low, POLLIN, 0}};
    CHECK(outcome(rill_poll(handle(w.root), entries, 2, 0)) == -EINVAL);
    CHECK(entries[1].revents == POLLNVAL);
    CHECK(outcome(rill_poll(handle(w.root), entries, 1, 0)) == 1);
}

TEST_CASE("MUX-066 CLS-003: at the last close the links go first, then modules, then the driver") {
    World w;
    Probe &pass = w.module("pass");
    CHECK(w.ioctl(w.ctl, I_PUSH, "pass") == 0);
    for (int i = 0; i < 2; ++i) CHECK(w.link(w.ctl, w.open("/dev/echo")) > 0);
    int pid = w.plink(w.ctl, w.low), ctl2 = w.mux.open();
    int closes_of_module = 0;
    std::vector<int> asked_before_close;
    w.mux.probe.on_close = [&](queue_t *q, int flag, cred_t *c) {
        asked_before_close = w.mux.commands();
        closes_of_module = pass.count("close");
        return w.mux.probe.standard_close(q, flag, c);
    };
    pass.on_close = [&](queue_t *q, int flag, cred_t *c) {
        CHECK(w.mux.seen.size() == 5);
        return pass.standard_close(q, flag, c);
    };
    CHECK(w.close(w.ctl) == 0);
    CHECK(asked_before_close == std::vector<int>{I_LINK, I_LINK, I_PLINK, I_UNLINK, I_UNLINK});
    CHECK(closes_of_module == 1);
    w.mux.probe.on_close = nullptr;
    CHECK(w.links() == 1);
    CHECK(w.punlink(ctl2, pid) == 0);
}

TEST_CASE("MUX-067 IOC-237 CLS-004 [irix]: at the last close links go whatever the driver answers, or that it does not") {
    for (int how = 0; how < 4; ++how) {
        World w;
        int ctl = w.mux.open();
        REQUIRE(w.link(ctl, w.low) > 0);
        int warnings = 0;
        w.system.console_sink = [&](int, std::string_view text) { warnings += !text.starts_with("fault: "); };
        if (how == 0) w.mux.type = M_IOCNAK, w.mux.error = EBUSY;
        if (how == 1) w.mux.keep = true;
        if (how == 2) w.mux.instead = M_ERROR;
        if (how == 3) w.mux.instead = M_HANGUP;
        const long before = w.system.sched.now();
        CHECK(w.close(ctl) == 0);
        CHECK(w.system.sched.now() - before == (how == 0 ? 0 : 15 * ticks_a_second)); // no answer: the time ends it
        CHECK(w.mux.commands() == std::vector<int>{I_LINK, I_UNLINK});
        CHECK(warnings == 1);
        w.took_fault("IOC-122"); // a checking build says who did not answer
        CHECK(w.links() == 0);
        w.check_free(w.low);
        w.mux.keep = false;
        Enter scope(w.system);
        for (auto [q, mp] : w.mux.kept) freemsg(mp);
    }
}

TEST_CASE("MUX-068: closing one of several descriptors of the control stream leaves the link") {
    World w;
    int copy = w.dup(w.ctl), id = w.link(w.ctl, w.low);
    CHECK(w.close(w.ctl) == 0);
    CHECK(w.links() == 1);
    CHECK(w.mux.seen.size() == 1);
    CHECK(w.unlink(copy, id) == 0);
}

TEST_CASE("MUX-071 MUX-072: the multiplexor writes below with putnext(l_qbot), and gets what comes up") {
    World w;
    w.mux.low.on_rput = [&](queue_t *, mblk_t *mp) { putnext(w.mux.probe.last("open").q, mp); };
    w.module("pass");
    CHECK(w.ioctl(w.low, I_PUSH, "pass") == 0);
    REQUIRE(w.link(w.ctl, w.low) > 0);
    auto answer = w.mux.probe.on_wput;
    w.mux.probe.on_wput = [&](queue_t *q, mblk_t *mp) {
        if (mp->b_datap->db_type == M_DATA) putnext(w.mux.seen[0].link.l_qbot, mp);
        else answer(q, mp);
    };
    CHECK(w.write(w.ctl, "through") == 7);
    CHECK(w.echo.last("wput").type == M_DATA);
    CHECK(w.mux.low.last("rput").q == RD(w.mux.seen[0].link.l_qbot));
    CHECK(w.read(w.ctl) == "through");
    w.mux.probe.on_wput = answer;
}

TEST_CASE("MUX-073 MUX-074: M_HANGUP and M_ERROR from below go to the multiplexor, and to no stream head") {
    for (int what : {M_HANGUP, M_ERROR}) {
        World w;
        int id = w.link(w.ctl, w.low);
        w.from_driver(w.echo, what, what == M_ERROR ? EPROTO : -1);
        CHECK(w.mux.arrived == std::vector<int>{what});
        CHECK(w.write(w.ctl, "up") == 2); // the control stream is as before
        CHECK(w.read(w.ctl) == "up");
        CHECK_FALSE(w.stream(w.low)->hung_up);
        CHECK(w.stream(w.low)->read_error == 0);
        CHECK(w.unlink(w.ctl, id) == 0);
        w.check_free(w.low);
    }
}

TEST_CASE("MUX-075: when the lower stream drains, the multiplexor's lower write service procedure runs") {
    World w;
    w.echo.give_service_procedures();
    int low = w.open("/dev/echo");
    bool stopped = true;
    w.echo.on_wput = [](queue_t *q, mblk_t *mp) { putq(q, mp); };
    w.echo.on_wsrv = [&](queue_t *q) {
        while (!stopped)
            if (mblk_t *mp = getq(q)) freemsg(mp);
            else break;
    };
    int runs = 0;
    w.mux.low.on_wsrv = [&](queue_t *q) {
        CHECK(q == w.stream(low)->write_queue());
        ++runs;
    };
    REQUIRE(w.link(w.ctl, low) > 0);
    queue_t *bottom = w.mux.seen[0].link.l_qbot;
    {
        Enter scope(w.system);
        while (canputnext(bottom)) {
            mblk_t *mp = allocb(512, BPRI_MED);
            mp->b_wptr += 512;
            putnext(bottom, mp);
        }
        w.system.run_until_idle();
        CHECK(runs == 0);
        stopped = false;
        qenable(bottom->q_next);
        w.system.run_until_idle();
        CHECK(runs == 1);
        CHECK(canputnext(bottom));
    }
}

TEST_CASE("MUX-076: an open of the lower device while a link or unlink is under way waits; O_NONBLOCK: EAGAIN") {
    for (bool unlinking : {false, true}) {
        World w;
        w.node("/dev/echo5", makedevice(N, 5));
        int low = w.open("/dev/echo5"), id = unlinking ? w.link(w.ctl, low) : 0;
        w.mux.keep = true;
        Later call = w.later(w.root, "ioctl", [&] { return unlinking ? w.unlink(w.ctl, id) : w.link(w.ctl, low); });
        REQUIRE_FALSE(call.done());
        CHECK(w.open("/dev/echo5", O_RDWR | O_NONBLOCK) == -EAGAIN);
        Later opener = w.later_open(w.process(), "/dev/echo5");
        CHECK_FALSE(opener.done());
        w.mux.keep = false;
        w.mux.answer_kept();
        CHECK((unlinking ? call.finish() == 0 : call.finish() > 0));
        CHECK(opener.finish() == (unlinking ? 0 : -EINVAL));
        CHECK(count_files(w.stream(low)) == (unlinking ? 2 : 1));
    }
}

TEST_CASE("MUX-077: no descriptor can be sent to a pipe end that is linked: EINVAL") {
    World w;
    int p[2];
    REQUIRE(rill_pipe(handle(w.root), p) == 0);
    int id = w.link(w.ctl, p[1]);
    REQUIRE(id > 0);
    CHECK(w.ioctl(p[0], I_SENDFD, w.low) == -EINVAL);
    CHECK(w.root.file(w.low)->refs == 1);
    CHECK(w.unlink(w.ctl, id) == 0);
    CHECK(w.ioctl(p[0], I_SENDFD, w.low) == 0);
}

TEST_CASE("MUX-013 MUX-016: while a link is being made, the lower stream is taken and the edge counts") {
    World w;
    Mux b(w, "mux2", M2);
    int b1 = b.open(), b2 = b.open();
    w.mux.keep = true;
    Later call = w.later(w.root, "ioctl", [&] { return w.link(w.ctl, b1); });
    REQUIRE_FALSE(call.done());
    CHECK(w.link(b2, w.mux.open()) == -EINVAL); // a cycle, were both made
    Mux c(w, "mux3", M3);
    int c1 = c.open();
    CHECK(w.link(c1, b1) == -EINVAL);
    w.mux.keep = false;
    w.mux.answer_kept(M_IOCNAK, EPERM);
    CHECK(call.finish() == -EPERM);
    CHECK(w.link(b2, w.mux.open()) > 0);
}

TEST_CASE("MUX-066: links below links come apart one after the other when the topmost stream closes") {
    World w;
    Mux b(w, "mux2", M2);
    int top = b.open();
    REQUIRE(w.link(w.ctl, w.low) > 0);
    REQUIRE(w.link(top, w.ctl) > 0);
    CHECK(w.close(w.low) == 0);
    CHECK(w.close(w.ctl) == 0);
    CHECK(w.echo.count("close") == 0);
    CHECK(w.mux.probe.count("close") == 0);
    CHECK(w.close(top) == 0);
    CHECK(w.links() == 0);
    CHECK(order_of({&w.echo, &w.mux.probe, &b.probe}, "close") == "echo:close mux:close mux2:close");
}

TEST_CASE("MUX-070: persistent links that are left when a System ends are dropped, and the lower streams closed") {
    int closes = 0;
    {
        Profile profile = *find_profile(Fixture::default_profile);
        Probe mux("mux", Probe::Sort::driver, 4), echo("echo", Probe::Sort::driver, 4), low("low", Probe::Sort::driver, 0);
        mux.tab.st_muxrinit = &low.read_init;
        mux.tab.st_muxwinit = &low.write_init;
        mux.on_wput = [](queue_t *q, mblk_t *mp) {
            mp->b_datap->db_type = M_IOCACK;
            qreply(q, mp);
        };
        System system(profile);
        CHECK(rill_driver_add(handle(system), "mux", M, &mux.tab, D_MP, 4) == 0);
        CHECK(rill_driver_add(handle(system), "echo", N, &echo.tab, D_MP, 4) == 0);
        rill_proc *p = rill_proc_new(handle(system), 0, 0);
        CHECK(rill_mknod(p, "/mux", S_IFCHR | 0666, makedevice(M, 0)) == 0);
        CHECK(rill_mknod(p, "/echo", S_IFCHR | 0666, makedevice(N, 0)) == 0);
        CHECK(rill_ioctl(p, rill_open(p, "/mux", O_RDWR), I_PLINK, rill_open(p, "/echo", O_RDWR)) > 0);
        rill_proc_exit(p);
        CHECK(echo.count("close") == 0);
        CHECK(system.links_out == 1);
        echo.on_close = [&](queue_t *q, int flag, cred_t *c) {
            ++closes;
            return echo.standard_close(q, flag, c);
        };
    }
    CHECK(closes == 1);
}
