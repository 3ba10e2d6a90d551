// What every test stands on: a System with processes, probe drivers that log how they are called, a recorder of the
// trace, and the line with which a test ends: nothing is left.
//
//   Fixture f;                                   the profile asked for (--profile=NAME, else irix); f.root makes the calls
//   Fixture f("solaris");                        a case for one profile; its name says so: "WR-051 [solaris]: ..."
//   Probe &echo = f.driver("echo", 61, 4);       a driver with minors 0 to 3 at external major 61
//   f.node("/dev/echo", f.clone(61));            its clone node
//   int fd = f.open("/dev/echo");                calls return their result, or -errno
//   CHECK(echo.last("open").sflag == CLONEOPEN); what the driver saw
//   Later second = f.later_open("/dev/echo");    another process's call, which may sleep; second.finish()
//
// At its end the Fixture exits its processes, unlinks its nodes, and checks that the census of the System is what it was
// at the beginning and that no fault was recorded, except those that the test took with f.took_fault().
#pragma once

#include "streams/system.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <deque>
#include <functional>
#include <memory>
#include <sstream>
#include <string>
#include <utility>
#include <vector>
#include <fcntl.h>
#include <rill.h>
#include <sys/conf.h>
#include <sys/stat.h>

namespace doctest {
template <> struct StringMaker<rill::Census> {
    static String convert(const rill::Census &census) { return census.text().c_str(); }
};
} // namespace doctest

extern "C" {
void wakeup(char *event);
int rill_sleep(char *event, int priority);
}

// CAPTURE of a structured binding, which clang 14 does not let a lambda capture.
#define CAPTURE_BINDING(name) \
    const auto &captured_##name = name; \
    CAPTURE(captured_##name)

namespace rill::test {

inline rill_proc *handle(Process &process) { return reinterpret_cast<rill_proc *>(&process); }
inline rill_system *handle(System &system) { return reinterpret_cast<rill_system *>(&system); }

// A call's result in one number: what it returned, or -errno.
inline int outcome(int result) { return result < 0 ? -errno : result; }

// --- records -------------------------------------------------------------------------------------------------------

// Keeps a copy of each trace record, to be asked for afterwards.
class Recorder : public Reader {
public:
    struct Line {
        Event event;
        Kind kind;
        std::string name, what, clause, text;
        int error;
        dev_t dev;
        long number, extra;
        int stream;
        std::uint64_t sequence;
        long tick;
        int pid, call, depth;
    };

    void record(const Record &r) override {
        auto str = [](const char *s) { return std::string(s ? s : ""); };
        lines.push_back({r.event, r.kind, str(r.name), str(r.what), str(r.clause), std::string(r.text), r.error, r.dev, r.number,
                         r.extra, r.stream, r.sequence, r.tick, r.pid, r.call, r.depth});
    }
    int count(Kind kind, std::string_view name = {}) const {
        return static_cast<int>(std::count_if(lines.begin(), lines.end(), [&](const Line &l) {
            return l.kind == kind && (name.empty() || l.name == name);
        }));
    }
    // A record of a refusal that names this clause.
    bool refused(std::string_view clause, int error) const {
        return std::any_of(lines.begin(), lines.end(), [&](const Line &l) {
            return l.kind == Kind::refuse && l.error == error && l.clause.find(clause) != std::string::npos;
        });
    }
    // Every field of every record.
    std::string text() const {
        std::ostringstream out;
        for (const Line &l : lines)
            out << l.sequence << ' ' << l.tick << ' ' << l.pid << ' ' << l.call << ' ' << l.depth << ' ' << name_of(l.kind)
                << " name=" << l.name << " what=" << l.what << " clause=" << l.clause << " error=" << l.error << " dev="
                << l.dev << " number=" << l.number << " extra=" << l.extra << " stream=" << l.stream << " text=" << l.text
                << '\n';
        return out.str();
    }

    std::vector<Line> lines;
};

// --- probe drivers and modules -------------------------------------------------------------------------------------

// A driver, or a module, that logs each call of its procedures. What it does can be replaced procedure by procedure; left
// alone it behaves as the manuals ask of a clone driver with a bounded table (lowest free minor, EBUSY when full, ENXIO
// beyond the table) that echoes data, NAKs ioctls and turns flushes round; a module passes everything on.
class Probe {
public:
    static constexpr int slots = 32;
    enum class Sort {
        driver,
        module,
    };

    struct Seen {
        std::string what;      // "open", "close", "rput", "wput", "rsrv", "wsrv"
        queue_t *q = nullptr;
        dev_t dev = no_device; // as passed, before the procedure changed it
        int oflag = 0, sflag = 0;
        uid_t uid = 0;
        gid_t gid = 0;
        void *read_ptr = nullptr, *write_ptr = nullptr; // q_ptr of both queues at entry
        qinit *read_info = nullptr, *write_info = nullptr;
        int type = -1;         // of the message
        long order = 0;        // over all probes
    };
    // One open unit of the driver.
    struct Unit {
        minor_t minor = 0;
        bool taken = false;
        queue_t *q = nullptr;
    };

    Probe(std::string name, Sort sort, unsigned minors) : name_(std::move(name)), sort_(sort), units(minors) {
        for (slot_ = 0; slot_ < slots && by_slot()[slot_]; ++slot_) {}
        REQUIRE(slot_ < slots);
        by_slot()[slot_] = this;
        const Entry &e = entries()[static_cast<std::size_t>(slot_)];
        read_limits = {0x7270, name_.c_str(), 0, INFPSZ, 4096, 512};
        write_limits = {0x7270, name_.c_str(), 0, INFPSZ, 2048, 256};
        read_init = {e.rput, nullptr, e.open, e.close, nullptr, &read_limits, nullptr};
        write_init = {e.wput, nullptr, nullptr, nullptr, nullptr, &write_limits, nullptr};
        tab = {&read_init, &write_init, nullptr, nullptr};
    }
    ~Probe() { by_slot()[slot_] = nullptr; }
    Probe(const Probe &) = delete;

    // The SVR3 form of open and close (CLN-123, CLN-124); register it with D_OLD.
    void make_old_style() {
        const Entry &e = entries()[static_cast<std::size_t>(slot_)];
        read_init.qi_qopen = reinterpret_cast<int (*)(queue_t *, dev_t *, int, int, cred_t *)>(
            reinterpret_cast<void *>(e.old_open));
        read_init.qi_qclose = reinterpret_cast<int (*)(queue_t *, int, cred_t *)>(reinterpret_cast<void *>(e.old_close));
    }
    void give_service_procedures() {
        const Entry &e = entries()[static_cast<std::size_t>(slot_)];
        read_init.qi_srvp = e.rsrv;
        write_init.qi_srvp = e.wsrv;
    }

    // Replacements; empty: the standard behaviour.
    std::function<int(queue_t *, dev_t *, int, int, cred_t *)> on_open;
    std::function<int(queue_t *, int, cred_t *)> on_close;
    std::function<int(queue_t *, dev_t, int, int)> on_old_open;
    std::function<void(queue_t *)> on_old_close;
    std::function<void(queue_t *, mblk_t *)> on_rput, on_wput;
    std::function<void(queue_t *)> on_rsrv, on_wsrv;

    bool procs_on = true; // call qprocson in open
    int designated = -1;  // the minor reserved as clone entry (CLN-100)

    int standard_open(queue_t *q, dev_t *devp, int, int sflag, cred_t *) {
        if (sort_ == Sort::module) {
            if (sflag != MODOPEN) return EIO;
            if (!q->q_ptr) {
                q->q_ptr = WR(q)->q_ptr = this;
                if (procs_on) qprocson(q);
            }
            return 0;
        }
        if (sflag == MODOPEN) return ENXIO;
        minor_t m = geteminor(*devp);
        if (q->q_ptr) return 0; // opened again
        if (sflag == CLONEOPEN || static_cast<int>(m) == designated) {
            for (m = 0; m < units.size() && (units[m].taken || static_cast<int>(m) == designated);) ++m;
            if (m == units.size()) return EBUSY;
        } else if (m >= units.size()) {
            return ENXIO;
        }
        take(m, q);
        if (procs_on) qprocson(q);
        *devp = makedevice(getemajor(*devp), m);
        return 0;
    }
    int standard_close(queue_t *q, int, cred_t *) {
        if (q->q_ptr && procs_on) qprocsoff(q);
        if (sort_ == Sort::driver && q->q_ptr) static_cast<Unit *>(q->q_ptr)->taken = false;
        q->q_ptr = WR(q)->q_ptr = nullptr;
        return 0;
    }
    void take(minor_t m, queue_t *q) {
        units[m] = {m, true, q};
        q->q_ptr = WR(q)->q_ptr = &units[m];
    }
    void standard_put(queue_t *q, mblk_t *mp) {
        if (sort_ == Sort::module) return putnext(q, mp);
        switch (mp->b_datap->db_type) {
        case M_DATA:
        case M_PROTO:
        case M_PCPROTO: return qreply(q, mp);
        case M_IOCTL: mp->b_datap->db_type = M_IOCNAK; return qreply(q, mp);
        case M_FLUSH:
            if (*mp->b_rptr & FLUSHW) flushq(q, FLUSHDATA);
            if (*mp->b_rptr & FLUSHR) {
                flushq(OTHERQ(q), FLUSHDATA);
                *mp->b_rptr &= static_cast<unsigned char>(~FLUSHW);
                return qreply(q, mp);
            }
            return freemsg(mp);
        default: return freemsg(mp);
        }
    }
    static void standard_service(queue_t *q, bool driver_write) {
        while (mblk_t *mp = getq(q)) {
            if (driver_write) qreply(q, mp);
            else putnext(q, mp);
        }
    }

    int count(std::string_view what) const {
        return static_cast<int>(std::count_if(log.begin(), log.end(), [&](const Seen &s) { return s.what == what; }));
    }
    Seen last(std::string_view what) const {
        for (auto i = log.rbegin(); i != log.rend(); ++i)
            if (i->what == what) return *i;
        return {};
    }
    int units_taken() const {
        return static_cast<int>(std::count_if(units.begin(), units.end(), [](const Unit &u) { return u.taken; }));
    }
    const std::string &name() const { return name_; }

private:
    struct Entry {
        int (*open)(queue_t *, dev_t *, int, int, cred_t *);
        int (*close)(queue_t *, int, cred_t *);
        int (*old_open)(queue_t *, dev_t, int, int);
        int (*old_close)(queue_t *, int);
        int (*rput)(queue_t *, mblk_t *);
        int (*wput)(queue_t *, mblk_t *);
        int (*rsrv)(queue_t *);
        int (*wsrv)(queue_t *);
    };

    static Probe **by_slot() {
        static Probe *table[slots] = {};
        return table;
    }
    template <int I> static constexpr Entry entry() {
        return {[](queue_t *q, dev_t *d, int o, int s, cred_t *c) { return by_slot()[I]->enter_open(q, d, o, s, c); },
                [](queue_t *q, int o, cred_t *c) { return by_slot()[I]->enter_close(q, o, c); },
                [](queue_t *q, dev_t d, int o, int s) { return by_slot()[I]->enter_old_open(q, d, o, s); },
                [](queue_t *q, int o) { return by_slot()[I]->enter_old_close(q, o); },
                [](queue_t *q, mblk_t *mp) { return by_slot()[I]->enter_put("rput", q, mp); },
                [](queue_t *q, mblk_t *mp) { return by_slot()[I]->enter_put("wput", q, mp); },
                [](queue_t *q) { return by_slot()[I]->enter_service("rsrv", q); },
                [](queue_t *q) { return by_slot()[I]->enter_service("wsrv", q); }};
    }
    template <int... I> static constexpr std::array<Entry, slots> entries_of(std::integer_sequence<int, I...>) {
        return {entry<I>()...};
    }
    static const std::array<Entry, slots> &entries() {
        static constexpr std::array<Entry, slots> all = entries_of(std::make_integer_sequence<int, slots>{});
        return all;
    }

    Seen &note(const char *what, queue_t *q) {
        static long order = 0;
        queue_t *r = RD(q);
        Seen seen;
        seen.what = what;
        seen.q = q;
        seen.read_ptr = r->q_ptr;
        seen.write_ptr = WR(r)->q_ptr;
        seen.read_info = r->q_qinfo;
        seen.write_info = WR(r)->q_qinfo;
        seen.order = ++order;
        return log.emplace_back(std::move(seen));
    }
    int enter_open(queue_t *q, dev_t *devp, int oflag, int sflag, cred_t *crp) {
        Seen &s = note("open", q);
        s.dev = *devp;
        s.oflag = oflag;
        s.sflag = sflag;
        s.uid = crp->cr_uid;
        s.gid = crp->cr_gid;
        return on_open ? on_open(q, devp, oflag, sflag, crp) : standard_open(q, devp, oflag, sflag, crp);
    }
    int enter_close(queue_t *q, int flag, cred_t *crp) {
        Seen &s = note("close", q);
        s.oflag = flag;
        s.uid = crp->cr_uid;
        return on_close ? on_close(q, flag, crp) : standard_close(q, flag, crp);
    }
    int enter_old_open(queue_t *q, dev_t dev, int flag, int sflag) {
        Seen &s = note("open", q);
        s.dev = dev;
        s.oflag = flag;
        s.sflag = sflag;
        return on_old_open ? on_old_open(q, dev, flag, sflag) : 0;
    }
    int enter_old_close(queue_t *q, int) {
        note("close", q);
        if (on_old_close) on_old_close(q);
        return 0;
    }
    int enter_put(const char *what, queue_t *q, mblk_t *mp) {
        note(what, q).type = mp->b_datap->db_type;
        bool up = what[0] == 'r';
        if (up && on_rput) on_rput(q, mp);
        else if (!up && on_wput) on_wput(q, mp);
        else if (up) putnext(q, mp);
        else standard_put(q, mp);
        return 0;
    }
    int enter_service(const char *what, queue_t *q) {
        note(what, q);
        bool up = what[0] == 'r';
        if (up && on_rsrv) on_rsrv(q);
        else if (!up && on_wsrv) on_wsrv(q);
        else standard_service(q, !up && sort_ == Sort::driver);
        return 0;
    }

    std::string name_;
    Sort sort_;
    int slot_ = 0;

public:
    module_info read_limits, write_limits;
    qinit read_init, write_init;
    streamtab tab;
    std::vector<Unit> units;
    std::deque<Seen> log;
};

// Which procedures of these probes ran, in which order: "driver:open a:open".
inline std::string order_of(std::initializer_list<const Probe *> probes, std::string_view what = {}) {
    std::vector<std::pair<long, std::string>> all;
    for (const Probe *p : probes)
        for (const Probe::Seen &s : p->log)
            if (what.empty() || s.what == what) all.emplace_back(s.order, p->name() + ":" + s.what);
    std::sort(all.begin(), all.end());
    std::string text;
    for (auto &[order, name] : all) text += (text.empty() ? "" : " ") + name;
    return text;
}

// --- the System under test -----------------------------------------------------------------------------------------

class Fixture;

// A call of some process that was started and may be asleep.
class Later {
public:
    static constexpr int pending = 1 << 30;

    bool done() const { return state_->background->done; }
    // What the call returned, or -errno; `pending` while it sleeps.
    int result() const { return state_->result; }
    // What it waits for.
    std::string waiting_for() const { return done() ? "" : state_->background->call->waiting_for; }
    // Runs the System until the call is done.
    int finish();

private:
    friend class Fixture;
    struct State {
        Fixture *fixture = nullptr;
        Background *background = nullptr;
        int result = pending;
    };
    std::shared_ptr<State> state_;
};

class Fixture {
public:
    // The profile of a Fixture that names none.
    static inline const char *default_profile = "irix";

    explicit Fixture(const char *profile_name = nullptr, Tunables tunables = {})
        : Fixture(*find_profile(profile_name ? profile_name : default_profile), tunables) {}
    explicit Fixture(const Profile &chosen, Tunables tunables = {});
    ~Fixture();
    Fixture(const Fixture &) = delete;

private:
    Profile profile_; // a System keeps a reference
    std::vector<std::unique_ptr<Probe>> probes_;
    std::vector<std::string> paths_;
    std::unique_ptr<System> owned_;

public:
    System &system;
    Process &root;

    // --- setting up
    Probe &driver(const char *name, major_t major, unsigned minors = 16, int devflag = D_NEW | D_MP) {
        Probe &probe = *probes_.emplace_back(std::make_unique<Probe>(name, Probe::Sort::driver, minors));
        install(probe, major, devflag);
        return probe;
    }
    // A probe that is not registered yet.
    Probe &loose(const char *name, Probe::Sort sort, unsigned minors = 16) {
        return *probes_.emplace_back(std::make_unique<Probe>(name, sort, minors));
    }
    void install(Probe &probe, major_t major, int devflag = D_NEW | D_MP) {
        CHECK(rill_driver_add(handle(system), probe.name().c_str(), static_cast<int>(major), &probe.tab, devflag,
                              static_cast<int>(probe.units.size())) == 0);
    }
    Probe &module(const char *name, int devflag = D_NEW | D_MP) {
        Probe &probe = *probes_.emplace_back(std::make_unique<Probe>(name, Probe::Sort::module, 0));
        CHECK(rill_module_add(handle(system), name, &probe.tab, devflag) == 0);
        return probe;
    }
    // Another external major that leads to the same row.
    void alias(major_t known, major_t other) {
        Enter scope(system);
        CHECK(system.registry.alias(*system.registry.by_external(known), other) == 0);
    }
    // As SAD_SAP does it; minor -1 is all minors.
    void autopush(major_t major, int minor, const std::vector<std::string> &modules) {
        strapush_v1 entry{};
        entry.sap_cmd = minor < 0 ? SAP_ALL : SAP_ONE;
        entry.sap_major = static_cast<int>(major);
        entry.sap_minor = std::max(minor, 0);
        entry.sap_npush = static_cast<uint_t>(modules.size());
        for (std::size_t i = 0; i < modules.size(); ++i) modules[i].copy(entry.sap_list[i], FMNAMESZ);
        Enter scope(system);
        CHECK(system.autopush.set(entry) == 0);
    }
    int autopush_clear(major_t major, minor_t minor = 0) {
        Enter scope(system);
        return system.autopush.clear(major, minor);
    }
    void node(const char *path, dev_t dev, mode_t mode = S_IFCHR | 0666) {
        CHECK(outcome(rill_mknod(handle(root), path, mode, dev)) == 0);
        paths_.emplace_back(path);
    }
    dev_t clone(major_t target) const { return makedevice(system.profile.clone_major, target); }
    Process &process(uid_t uid = 0, gid_t gid = 0) {
        Enter scope(system);
        return system.new_process(uid, gid);
    }

    // --- calls; the result or -errno
    int open(const char *path, int oflag = O_RDWR) { return open(root, path, oflag); }
    int open(Process &p, const char *path, int oflag = O_RDWR) { return outcome(rill_open(handle(p), path, oflag, 0666)); }
    int close(int fd) { return close(root, fd); }
    int close(Process &p, int fd) { return outcome(rill_close(handle(p), fd)); }
    int dup(int fd) { return outcome(rill_dup(handle(root), fd)); }
    int write(int fd, std::string_view data) {
        return outcome(static_cast<int>(rill_write(handle(root), fd, data.data(), data.size())));
    }
    // What one read gives, or "-ENAME".
    std::string read(int fd, std::size_t size = 1024) {
        std::string data(size, 0);
        ssize_t n = rill_read(handle(root), fd, data.data(), size);
        if (n < 0) return std::string("-") + strerrorname_np(errno);
        data.resize(static_cast<std::size_t>(n));
        return data;
    }
    template <class T> int ioctl(int fd, int command, T argument) {
        return outcome(rill_ioctl(handle(root), fd, command, argument));
    }
    struct stat fstat(int fd) { return fstat(root, fd); }
    struct stat fstat(Process &p, int fd) {
        struct stat st = {};
        CHECK(outcome(rill_fstat(handle(p), fd, &st)) == 0);
        return st;
    }
    struct stat stat(const char *path) {
        struct stat st = {};
        CHECK(outcome(rill_stat(handle(root), path, &st)) == 0);
        return st;
    }
    dev_t rdev(int fd) { return fstat(fd).st_rdev; }
    Stream *stream(int fd) { return root.file(fd) ? root.file(fd)->stream : nullptr; }
    std::string why() { return rill_why(handle(root)); }

    // --- calls that may sleep
    Later later(Process &p, const char *name, std::function<int()> body);
    Later later_open(Process &p, const char *path, int oflag = O_RDWR) {
        return later(p, "open", [this, &p, path, oflag] { return open(p, path, oflag); });
    }
    Later later_close(Process &p, int fd) {
        return later(p, "close", [this, &p, fd] { return close(p, fd); });
    }
    // What a driver does to sleep until wake(event); a signal does not end it.
    void nap(const void *event) { rill_sleep(static_cast<char *>(const_cast<void *>(event)), 10); }
    void wake(const void *event) {
        Enter scope(system);
        wakeup(static_cast<char *>(const_cast<void *>(event)));
        system.run_until_idle();
    }
    void run() { rill_run(handle(system)); }
    void catch_signal(Process &p, int sig) {
        CHECK(rill_signal(handle(p), sig, [](int) {}) == 0);
    }
    void kill(Process &p, int sig) { rill_kill(handle(p), sig); }

    // --- what is left
    Census census() {
        Enter scope(system);
        return system.census();
    }
    // Removes the faults that name this clause; how many there were.
    int took_fault(std::string_view clause) {
        return static_cast<int>(std::erase_if(
            system.faults, [&](const Fault &fault) { return fault.rule.find(clause) != std::string::npos; }));
    }
    void check_no_fault() {
        for (const Fault &fault : system.faults) {
            CAPTURE(fault.driver);
            CAPTURE(fault.entry);
            CAPTURE(fault.rule);
            FAIL_CHECK("a fault was recorded: " << fault.what);
        }
        CHECK(system.faults.empty());
    }
    // Ends all processes but root, closes what root has open, and compares with the beginning.
    void check_nothing_left();

private:
    static std::unique_ptr<System> make(const Profile &profile, Tunables tunables);
    Census at_first_;
};

// Runs `body` (a call that returns >= 0 or -errno) with the first allocation it asks for failing, then the second, and so
// on until none was refused. A failure must leave the System as it was, and the same call must succeed right after. What
// the call built is taken back by `undo`. At least one refusal must have made the call fail.
void for_every_allocation(Fixture &f, std::initializer_list<int> errors, const std::function<int()> &body,
                          const std::function<void(int)> &undo);

} // namespace rill::test
