// Random applications over random modules: 100,000 calls of every kind, from four processes, on device streams and
// pipes, non-blocking and asleep in the background, with signals, while driver and modules pass, hold, answer, refuse,
// fail, hang up, flush and ask for copies as they like. No crash; every call that has not returned says what it waits
// for; and when the processes have ended nothing is left.
#include "test/random.hpp"
#include "test/streamio.hpp"

#include <sys/ioctl.h>

using namespace rill;
using namespace rill::test;

namespace {

constexpr major_t major = 61;

struct World {
    explicit World(unsigned seed, const char *profile) : f(profile), random(seed), dev(f.driver("dev", major, 4)) {
        dev.give_service_procedures();
        behave(dev, true);
        for (const char *name : {"left", "right"}) {
            Probe &m = f.module(name);
            m.give_service_procedures();
            behave(m, false);
        }
        behave(f.module("plain"), false);
        for (unsigned m = 0; m < 4; ++m) f.node(("/dev/dev" + std::to_string(m)).c_str(), makedevice(major, m));
        f.node("/dev/dev", f.clone(major));
        for (int i = 0; i < 4; ++i) {
            processes.push_back(&f.process(static_cast<uid_t>(i * 1000), 100));
            f.catch_signal(*processes.back(), SIGUSR1);
            if (i % 2) f.catch_signal(*processes.back(), SIGPOLL);
        }
    }
    ~World() { // of what sleeps, signals end what they can; the answers that others wait for come now
        calm = true;
        free_held();
    }

    int below(int n) { return random.below(n); }
    bool chance(int one_in) { return below(one_in) == 0; }

    // --- drivers and modules

    void behave(Probe &probe, bool driver) {
        probe.on_wput = [this, &probe, driver](queue_t *q, mblk_t *mp) { down(probe, q, mp, driver); };
        probe.on_rput = [this](queue_t *q, mblk_t *mp) { up(q, mp); };
        auto service = [this, driver](queue_t *q) {
            while (mblk_t *mp = getq(q)) {
                const bool turn = driver && !(q->q_flag & QREADR);
                queue_t *next = turn ? OTHERQ(q) : q;
                if (!is_high_priority(mp) && !bcanputnext(next, mp->b_band)) return static_cast<void>(putbq(q, mp));
                if (!calm && chance(50)) freemsg(mp);
                else putnext(next, mp);
                if (!calm && chance(8)) return; // it comes back when it is enabled again
            }
        };
        probe.on_rsrv = probe.on_wsrv = service;
        probe.on_open = [this, &probe](queue_t *q, dev_t *devp, int oflag, int sflag, cred_t *crp) {
            if (!calm && chance(30)) return EACCES;
            return probe.standard_open(q, devp, oflag, sflag, crp);
        };
    }
    void down(Probe &probe, queue_t *q, mblk_t *mp, bool driver) {
        const int type = mp->b_datap->db_type;
        if (!calm && chance(200)) trouble(OTHERQ(q));
        switch (type) {
        case M_IOCTL:
        case M_IOCDATA:
            if (!driver && !chance(6)) return putnext(q, mp);
            return answer(q, mp);
        case M_DATA:
        case M_PROTO:
            if (q->q_qinfo->qi_srvp && (driver || chance(2))) return static_cast<void>(putq(q, mp));
            return driver ? qreply(q, mp) : putnext(q, mp);
        case M_PCPROTO: return driver ? qreply(q, mp) : putnext(q, mp);
        case M_FLUSH:
            if (driver) return probe.standard_put(q, mp);
            if (*mp->b_rptr & FLUSHW) flushq(q, FLUSHDATA);
            if (*mp->b_rptr & FLUSHR) flushq(OTHERQ(q), FLUSHDATA);
            return putnext(q, mp);
        default: return driver ? freemsg(mp) : putnext(q, mp);
        }
    }
    void up(queue_t *q, mblk_t *mp) {
        const int type = mp->b_datap->db_type;
        if ((type == M_DATA || type == M_PROTO) && q->q_qinfo->qi_srvp && chance(2))
            return static_cast<void>(putq(q, mp));
        putnext(q, mp);
    }
    void trouble(queue_t *rq) {
        switch (below(9)) {
        case 0: putnextctl1(rq, M_ERROR, EPROTO); break;
        case 1: putnext(rq, message(M_ERROR, std::string(2, 0))); break; // all is well again
        case 2: putnext(rq, message(M_ERROR, std::string{static_cast<char>(NOERROR), static_cast<char>(ECOMM)})); break;
        case 3:
            if (chance(4)) putnextctl(rq, M_HANGUP);
            break;
        case 4: putnextctl1(rq, M_FLUSH, 1 + below(3)); break;
        case 5: putnextctl1(rq, chance(2) ? M_SIG : M_PCSIG, SIGPOLL); break;
        case 6: putnext(rq, message(M_PCPROTO, "urgent")); break;
        case 7: putnext(rq, message(M_DATA, chance(3) ? "" : "unasked", below(3), chance(2) ? MSGMARK : 0)); break;
        default: {
            stroptions options{};
            options.so_flags = SO_READOPT | SO_WROFF | SO_HIWAT | SO_LOWAT | (chance(2) ? SO_NDELON : SO_NDELOFF) |
                               (chance(9) ? SO_MREADON : SO_MREADOFF);
            options.so_readopt = static_cast<short>(below(3) | (RPROTDAT << below(3)));
            options.so_wroff = static_cast<unsigned short>(below(16));
            options.so_hiwat = 1024u << below(4);
            options.so_lowat = 256;
            putnext(rq, message(M_SETOPTS, raw(options)));
        }
        }
    }
    void answer(queue_t *q, mblk_t *mp) {
        const bool failed = mp->b_datap->db_type == M_IOCDATA && reinterpret_cast<copyresp *>(mp->b_rptr)->cp_rval;
        if (failed && !chance(3)) return freemsg(mp);
        switch (calm ? 1 : below(8)) {
        case 0:
        case 1: return ack(q, mp, below(5));
        case 2: return ack(q, mp, 0, chance(2) ? EIO : 0, "answer");
        case 3: return nak(q, mp, chance(2) ? 0 : EPERM);
        case 4: return copy_in(q, mp, some_address(), static_cast<std::size_t>(below(64)));
        case 5: return copy_out(q, mp, some_address(), std::string(static_cast<std::size_t>(below(64)), 'o'));
        case 6: return freemsg(mp); // no answer at all
        default: held.push_back({q, mp}); // later, or too late
        }
    }
    char *some_address() { return chance(5) ? none.at() : area; }
    void answer_late() {
        if (held.empty()) return;
        Enter scope(f.system);
        auto [q, mp] = held[static_cast<std::size_t>(below(static_cast<int>(held.size())))];
        std::erase_if(held, [m = mp](auto &h) { return h.second == m; });
        // Its stream may be gone, or its module: a driver would know; here the probes are asked.
        if (!is_open(q)) return freemsg(mp);
        ack(q, mp, 1);
        f.system.run_until_idle();
    }
    // Stored errors end, so that the streams stay worth calling.
    void mend() {
        Enter scope(f.system);
        for (Stream &s : f.system.streams)
            if (QueuePair *driver = s.driver_pair(); driver && driver->opened)
                putnext(driver->read(), message(M_ERROR, std::string(2, 0)));
        f.system.run_until_idle();
    }
    bool is_open(queue_t *q) {
        for (Stream &s : f.system.streams) {
            bool found = false;
            s.for_each_pair([&](QueuePair &pair) { found |= pair.write() == q && pair.opened; });
            if (found) return true;
        }
        return false;
    }
    void free_held() {
        Enter scope(f.system);
        for (auto &[q, mp] : held) freemsg(mp);
        held.clear();
    }

    // --- applications

    Process &someone() { return *processes[static_cast<std::size_t>(below(4))]; }
    int some_fd(Process &) { return below(12) - 1; }

    // One call of p; what it returns does not matter, only that each kind succeeds now and then.
    static constexpr int kinds = 22;
    void call(Process &p) {
        const int kind = below(kinds);
        p.refusal.error = 0;
        make(p, kind);
        succeeded[kind] += p.refusal.error == 0;
    }
    void make(Process &p, int kind) {
        const int fd = some_fd(p);
        switch (kind) {
        case 0:
        case 1: {
            static const char *const paths[] = {"/dev/dev0", "/dev/dev1", "/dev/dev2", "/dev/dev3", "/dev/dev"};
            f.open(p, paths[below(5)], O_RDWR | (chance(2) ? O_NONBLOCK : 0));
            break;
        }
        case 2: f.close(p, fd); break;
        case 3: {
            int fds[2];
            if (p.descriptors_used < 10) rill_pipe(handle(p), fds);
            break;
        }
        case 4:
        case 5: {
            char buffer[600];
            rill_read(handle(p), fd, chance(30) ? none.at() : buffer, static_cast<std::size_t>(below(600)));
            break;
        }
        case 6:
        case 7: {
            char buffer[3000] = "";
            rill_write(handle(p), fd, chance(30) ? none.at() : buffer,
                       static_cast<std::size_t>(chance(4) ? below(3000) : below(40)));
            break;
        }
        case 8:
        case 9:
            put_message(p, fd, chance(2) ? "control" : nullptr, chance(3) ? std::string_view{} : "data", below(5) - 1);
            break;
        case 10:
        case 11: get_message(p, fd); break;
        case 12: {
            pollfd entries[4];
            for (pollfd &e : entries) e = {some_fd(p), static_cast<short>(random()), 0};
            poll_of(p, entries, static_cast<nfds_t>(1 + below(4)), chance(3) ? -1 : below(200));
            break;
        }
        case 13: {
            static const char *const modules[] = {"left", "right", "plain", "nosuch"};
            ioctl_of(p, fd, I_PUSH, modules[below(4)]);
            break;
        }
        case 14: ioctl_of(p, fd, I_POP, 0); break;
        case 15:
        case 16: {
            char data[64] = "";
            strioctl io{0x7a00 + below(4), below(4) - 1, below(40), chance(20) ? none.at() : data};
            ioctl_of(p, fd, I_STR, chance(20) ? reinterpret_cast<strioctl *>(none.at()) : &io);
            break;
        }
        case 17: ioctl_of(p, fd, 0x7a00 + below(4), some_address()); break;
        case 18: {
            int pipe = fd;
            for (int i = 0; i < 12; ++i)
                if (File *file = p.file((fd + i) % 12); file && file->stream && file->stream->is_pipe())
                    pipe = (fd + i) % 12;
            const int to_send = some_fd(p);
            File *file = p.file(to_send); // a pipe's end sent into its own pipe would keep itself open for ever
            if (chance(2) && file && file->stream && !file->stream->is_pipe()) {
                ioctl_of(p, pipe, I_SENDFD, to_send);
            } else {
                strrecvfd received;
                ioctl_of(p, pipe, I_RECVFD, chance(10) ? reinterpret_cast<strrecvfd *>(none.at()) : &received);
            }
            break;
        }
        default: look_and_set(p, fd);
        }
    }
    void look_and_set(Process &p, int fd) {
        static const int by_value[] = {I_FLUSH, I_SRDOPT, I_SWROPT, I_SETSIG, I_ATMARK, I_CKBAND, I_CANPUT, I_SERROPT};
        static const int into_int[] = {I_NREAD, I_GRDOPT, I_GWROPT, I_GETSIG,
                                       I_GETBAND, I_GETCLTIME, I_GERROPT, FIONREAD};
        char bytes[64];
        int number = 0;
        switch (below(9)) {
        case 0:
        case 1:
        case 2: ioctl_of(p, fd, by_value[below(8)], below(6)); break;
        case 3:
        case 4: ioctl_of(p, fd, into_int[below(8)], chance(10) ? reinterpret_cast<int *>(none.at()) : &number); break;
        case 5: {
            strpeek peek{{below(20) - 2, 0, bytes}, {below(20) - 2, 0, bytes + 32}, static_cast<t_uscalar_t>(below(2))};
            ioctl_of(p, fd, I_PEEK, &peek);
            break;
        }
        case 6: {
            char control[16] = "";
            strfdinsert fi{{0, 8 + below(8), control}, {0, below(20) - 2, bytes}, static_cast<t_uscalar_t>(below(2)), some_fd(p), below(12)};
            std::memset(bytes, 0, sizeof bytes);
            ioctl_of(p, fd, I_FDINSERT, &fi);
            break;
        }
        case 7: {
            bandinfo band{static_cast<unsigned char>(below(3)), below(4)};
            ioctl_of(p, fd, I_FLUSHBAND, &band);
            break;
        }
        default: {
            str_mlist names[4];
            str_list list{below(5), names};
            ioctl_of(p, fd, I_LIST, &list);
            number = 20;
            ioctl_of(p, fd, I_SETCLTIME, &number);
            ioctl_of(p, fd, I_FIND, "left");
        }
        }
    }

    // --- a step

    void step() {
        switch (below(12)) {
        case 0: answer_late(); break;
        case 1: rill_advance(handle(f.system), below(100)); break;
        case 2: f.kill(someone(), chance(3) ? SIGPOLL : SIGUSR1); break;
        case 3:
            if (chance(4)) mend();
            break;
        default: {
            Process &p = someone();
            background.push_back(f.later(p, "application", [this, &p] {
                call(p);
                return 0;
            }));
            ++calls;
        }
        }
        std::erase_if(background, [](const Later &l) { return l.done(); });
        for (const Later &l : background)
            if (l.waiting_for().empty()) ++unexplained;
        slept = std::max(slept, background.size());
        if (background.size() > 24) // more would only wait behind one another
            for (Process *p : processes) f.kill(*p, SIGUSR1);
    }

    Fixture f;
    Random random;
    Probe &dev;
    std::vector<Process *> processes;
    std::vector<Later> background;
    std::vector<std::pair<queue_t *, mblk_t *>> held;
    bool calm = false;
    int calls = 0, unexplained = 0;
    int succeeded[kinds] = {};
    std::size_t slept = 0;
    char area[4096] = "";
    Page none;
};

} // namespace

TEST_CASE("applications: 100,000 random calls over random modules: no crash, nothing left, every wait explained") {
    constexpr int worlds = 20, steps = 7600;
    int calls = 0, succeeded[World::kinds] = {};
    std::size_t slept = 0;
    for (unsigned seed = 1; seed <= worlds; ++seed) {
        CAPTURE(seed);
        World w(seed, seed % 5 == 4   ? "svr4"
                      : seed % 5 == 0 ? "solaris"
                                      : "irix");
        for (int i = 0; i < steps; ++i) w.step();
        CHECK(w.unexplained == 0);
        calls += w.calls;
        for (int kind = 0; kind < World::kinds; ++kind) succeeded[kind] += w.succeeded[kind];
        slept = std::max(slept, w.slept);
        // What still waits ends by a signal, or by its own time.
        w.calm = true;
        for (int i = 0; i < 5; ++i)
            for (Process *p : w.processes) w.f.kill(*p, SIGUSR1);
        rill_advance(handle(w.f.system), 100 * ticks_a_second);
        for (const Later &l : w.background) {
            CAPTURE(l.waiting_for());
            CHECK(l.done());
        }
        w.free_held();
        // Its drivers drop ioctls, and keep messages where a checking build does not look for them.
        w.f.took_fault("IOC-122");
        w.f.took_fault("PUT-009");
    }
    CHECK(calls >= 100000);
    CHECK(slept > 4); // some of them did wait
    for (int kind = 0; kind < World::kinds; ++kind) {
        const std::string what = std::to_string(kind) + " succeeded " + std::to_string(succeeded[kind]) + " times";
        CAPTURE(what);
        CHECK(succeeded[kind] > 100); // the rarest is passing a descriptor
    }
}
