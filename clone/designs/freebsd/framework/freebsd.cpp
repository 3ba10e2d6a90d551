#include "clone/designs/freebsd/freebsd.hpp"
#include "streams/queue/procedure.hpp"

#include <algorithm>
#include <cstdarg>
#include <cstdlib>
#include <cstring>
#include <map>
#include <set>
#include <fmt/format.h>
#include <sys/kmem.h>

extern "C" void wakeup(char *event);

#include "clone/designs/freebsd/include/sys/conf.h"
#include "clone/designs/freebsd/include/sys/malloc.h"
#include "clone/designs/freebsd/include/sys/module.h"
#include "clone/designs/freebsd/include/sys/systm.h"

namespace rill::designs {

struct Cdev;

namespace {

constexpr int restart = -1, no_ioctl = -3;          // ERESTART, ENOIOCTL
constexpr int pcatch = 0x100, io_ndelay = O_NONBLOCK;
constexpr u_long ioc_void = 0x20000000, ioc_out = 0x40000000, ioc_in = 0x80000000;
constexpr int purge_pause = ticks_a_second / 10;    // FBSD-066
constexpr int purges_enough = 600;                  // a minute of it
constexpr std::string_view devfs_root = "/dev/";
constexpr major_t major_first = 103, major_last = 109; // major_freebsd of design.hpp

// Minors spread over bits 0 to 7 and 16 up (FBSD-055).
constexpr int spread(int unit) { return (unit & 0xff) | (unit & ~0xff) << 8; }
constexpr int gathered(int minor) { return (minor & 0xff) | (static_cast<unsigned>(minor) >> 8 & ~0xffu); }

// The device number: bits that are too many for a minor stand above those that make a number.
constexpr dev_t number_of(major_t major, unsigned minor) {
    return make_device(major, minor & MAXMIN) | static_cast<dev_t>(minor >> NBITSMINOR) << 32;
}

} // namespace

// One open of a device.
struct OpenFile {
    Cdev *cdev;
    void *priv = nullptr;
    cdevpriv_dtr_t destructor = nullptr;
    bool has_priv = false;
};

// A cdevsw in use, and its row of the System's switch table.
struct Switch {
    cdevsw *csw;
    major_t major;
    std::string name;
    std::vector<Cdev *> cdevs;
};

struct Cdev : cdev {
    Switch *sw = nullptr;
    std::string path;              // "/dev/foo0"; empty until make_dev
    Node *node = nullptr;          // held
    dev_t number = no_device;
    unsigned minor = 0;            // within its switch
    clonedevs *list = nullptr;
    int uses = 1;                  // its name, open files, threads inside: 0 frees it
    int users = 0;                 // opens, also those on their way (FBSD-065)
    int opening = 0;
    bool tty = false;
    bool scheduled = false;        // destroy_dev_sched
    void (*after)(void *) = nullptr;
    void *after_argument = nullptr;
    toid_t timer = 0;
    std::vector<Call *> threads;   // inside its methods
    std::vector<OpenFile *> files;
    WaitQueue drained;             // somebody waits for the threads to leave
};

} // namespace rill::designs

struct freebsd_clonedevs {
    std::vector<rill::designs::Cdev *> cdevs; // by unit
};

struct freebsd_eventhandler {
    dev_clone_fn function;
    dev_clone_nocred_fn nocred;
    void *argument;
    int priority;
    bool dead;
};

namespace rill::designs {

namespace {

Cdev &of(cdev *dev) { return *static_cast<Cdev *>(dev); }

struct Who {
    explicit Who(Process &process)
        : cred{process.cred.cr_uid, process.cred.cr_ruid, 1, {process.cred.cr_gid}}, process{process.pid, process.ppid, &cred},
          td{&this->process, &cred} {}
    ucred cred;
    proc process;
    thread td;
};

class Freebsd {
public:
    explicit Freebsd(System &s) : system(s) {
        hook_ = system.nodes.add_name_hook([this](Process &process, std::string_view path, Lookup why, Node **node) {
            return lookup(process, path, why, node);
        });
    }
    ~Freebsd() {
        for (Cdev *c : all_) {
            if (c->node) system.nodes.release(c->node);
            delete c;
        }
        for (auto *handler : handlers_) delete handler;
    }

    // names (FBSD-001 to 016)
    int lookup(Process &process, std::string_view path, Lookup why, Node **node);
    eventhandler_tag add_handler(freebsd_eventhandler handler);
    void remove_handler(eventhandler_tag tag);
    void drain();

    // devices and units
    int make(int flags, cdevsw *csw, int minor, bool by_unit, uid_t uid, gid_t gid, int mode, std::string name, Cdev **made);
    Cdev *reserve(cdevsw *csw, int minor);
    bool destroy(Cdev &c);
    void destroy_later(Cdev &c, void (*after)(void *), void *argument);
    void destroy_scheduled(cdevsw *csw);
    bool is_there(const cdev *dev) const { return std::find(all_.begin(), all_.end(), dev) != all_.end(); }
    int unit_of(const Cdev &c) const { return generation.minors_spread ? gathered(c.si_drv0) : c.si_drv0; }
    int minor_of(int unit) const { return generation.minors_spread ? spread(unit) : unit; }
    void pick(Cdev &c, clonedevs &list, const char *what, const char *clause);
    std::vector<Cdev *> all() const { return all_; }
    int handlers() const { return static_cast<int>(handlers_.size()); }

    // opens
    int open(Process &process, Node &node, Special *&special, File &file, int oflag);
    int close(Process &process, File &file);
    int gone(const OpenFile &open, bool reading) const;
    void end_priv(OpenFile &open, const char *why);
    OpenFile *of_call();
    int tell(const char *word, const char *what, const Cdev &c, std::string_view text, const char *clause = nullptr);

    // text that a sleeping call may point to
    const char *kept(std::string text) { return texts_.insert(std::move(text)).first->c_str(); }

    System &system;
    Generation generation;
    std::vector<freebsd_moduledata *> modules;

private:
    friend class Method;
    Cdev *ask(Process &process, std::string_view name);
    int check_name(const std::string &name) const;
    Switch &switch_of(cdevsw *csw);
    void drop_switch(Switch &sw);
    unsigned free_minor(const Switch &sw) const;
    void make_directories(const Cdev &c);
    void drop_directories(const Cdev &c);
    void take_name(Cdev &c);
    void finish(Cdev &c);
    void release(Cdev &c);
    void scheduled_step(Cdev &c);

    int hook_;
    std::vector<freebsd_eventhandler *> handlers_;   // by priority
    std::vector<freebsd_eventhandler *> asked_;      // at this moment
    std::vector<unsigned long> events_;              // dev_clone events being handled, by number
    unsigned long next_event_ = 1;
    WaitQueue event_over_;
    std::vector<Cdev *> all_;
    std::vector<std::unique_ptr<Switch>> switches_;
    std::map<std::string, int> directories_;         // names below each
    Pool<OpenFile> open_files_{system.alloc};
    std::set<std::string> texts_;
};

Freebsd &part(System &system) { return system.part<Freebsd>(); }
Freebsd &here(const char *call = __builtin_FUNCTION()) { return part(this_system(call)); }

extern const FileOps file_ops;

// --- a driver's procedure runs ---

// A handler or an end of data: no device holds it.
class Inside : public Procedure {
public:
    Inside(System &system, const char *name, EntryKind kind = EntryKind::open) : Procedure(system, kind, name, {.deepens = true}) {}
};

// A thread is inside a method of the device; destroy_dev waits for it.
class Method {
public:
    Method(Freebsd &f, Cdev &c, EntryKind kind = EntryKind::open)
        : freebsd_(f), cdev_(c), csw(*c.si_devsw), inside_(f.system, f.kept(csw.d_name), kind) {
        ++cdev_.uses;
        cdev_.threads.push_back(f.system.running);
    }
    ~Method() {
        cdev_.threads.erase(std::find(cdev_.threads.begin(), cdev_.threads.end(), freebsd_.system.running));
        if (cdev_.threads.empty()) freebsd_.system.wake_all(cdev_.drained, "the last thread left the device's methods");
        freebsd_.release(cdev_);
    }

private:
    Freebsd &freebsd_;
    Cdev &cdev_;

public:
    cdevsw &csw; // stays what it was when the device goes
private:
    Inside inside_;
};

int Freebsd::tell(const char *word, const char *what, const Cdev &c, std::string_view text, const char *clause) {
    if (system.trace.on)
        system.trace.emit({.kind = Kind::step, .name = word, .what = what, .clause = clause, .dev = c.number, .number = unit_of(c),
                           .text = text});
    return 0;
}

// --- names ---

// A component that exists is a directory, or the end of it; the first that is missing is offered to the handlers under
// its whole name below /dev (FBSD-004, FBSD-006).
int Freebsd::lookup(Process &process, std::string_view path, Lookup why, Node **node) {
    if (!path.starts_with(devfs_root) || handlers_.empty()) return ENOENT;
    if (why == Lookup::remove && !generation.removal_asks) return ENOENT; // FBSD-003
    for (std::size_t slash = path.find('/', devfs_root.size());; slash = path.find('/', slash + 1)) {
        const std::string_view so_far = path.substr(0, slash), name = so_far.substr(devfs_root.size());
        if (name.empty() || name.ends_with('/')) return ENOENT;
        if (slash != path.npos)
            if (Node *found = system.nodes.find(so_far)) {
                if (!S_ISDIR(found->mode)) return ENOTDIR;
                continue;
            }
        Cdev *c = ask(process, name);
        if (!generation.answers_with_entry) { // FBSD-012
            *node = system.nodes.find(so_far);
            if (c && !*node && system.trace.on)
                system.trace.emit({.kind = Kind::rung, .name = "devfs", .what = "a device was made, but the name looked up still has no entry",
                                   .clause = "FBSD-012", .text = c->si_name});
        } else if (c && c->node && system.nodes.find(c->path) == c->node) {
            *node = c->node;
            if (system.trace.on)
                system.trace.emit({.kind = Kind::rung, .name = "devfs", .what = "the lookup ends at the entry of the device that was made",
                                   .clause = "FBSD-011", .text = c->si_name});
        }
        if (c && generation.lookup_drops_reference) {
            if (c->si_refcount > 0)
                --c->si_refcount;
            else
                system.fault(Fault{c->si_devsw ? c->si_devsw->d_name : "?", "handler", "FBSD-051",
                                   "a lookup was answered with a device that has no reference (MAKEDEV_REF, dev_ref), and it may go before it is open", {}, {}});
        }
        if (!*node) return ENOENT;
        return slash == path.npos ? 0 : ENOTDIR;
    }
}

Cdev *Freebsd::ask(Process &process, std::string_view name) {
    if (name.size() > SPECNAMELEN) { // FBSD-005
        if (system.trace.on)
            system.trace.emit({.kind = Kind::step, .name = "MISS", .what = "no entry of this name, and it is too long to be offered to handlers",
                               .clause = "FBSD-005", .text = name});
        return nullptr;
    }
    if (system.trace.on)
        system.trace.emit({.kind = Kind::step, .name = "MISS", .what = "/dev has no entry of this name, and drivers are asked for it", .clause = "FBSD-001",
                           .text = name});
    const unsigned long event = next_event_++;
    events_.push_back(event);
    const auto asked = handlers_;
    asked_.insert(asked_.end(), asked.begin(), asked.end());
    Who who(process);
    cdev *cell = nullptr;
    char buffer[SPECNAMELEN + 1];
    for (freebsd_eventhandler *handler : asked) {
        if (!handler->dead) {
            name.copy(buffer, name.size());
            buffer[name.size()] = 0;
            if (system.trace.on)
                system.trace.emit({.kind = Kind::step, .name = "HANDLER",
                                   .what = cell ? "a handler is called; another has answered, and it should leave that alone"
                                                : "a handler is called: it may make a device for the name, or pass",
                                   .clause = cell ? "FBSD-008" : nullptr, .number = handler->priority});
            Inside inside(system, "dev_clone");
            if (handler->nocred) // FBSD-010
                handler->nocred(handler->argument, buffer, static_cast<int>(name.size()), &cell);
            else
                handler->function(handler->argument, &who.cred, buffer, static_cast<int>(name.size()), &cell);
        }
        asked_.erase(std::find(asked_.begin(), asked_.end(), handler));
        if (handler->dead && std::find(asked_.begin(), asked_.end(), handler) == asked_.end()) delete handler;
    }
    std::erase(events_, event);
    system.wake_all(event_over_, "a dev_clone event is over");
    if (!cell && system.trace.on)
        system.trace.emit({.kind = Kind::rung, .name = "devfs", .what = "no handler made a device", .clause = "FBSD-007", .text = name});
    return is_there(cell) ? &of(cell) : nullptr;
}

// FBSD-016, FBSD-040
eventhandler_tag Freebsd::add_handler(freebsd_eventhandler handler) {
    if (!system.alloc.allow(sizeof handler)) return nullptr;
    auto *added = new freebsd_eventhandler(handler);
    const auto after = std::upper_bound(handlers_.begin(), handlers_.end(), added,
                                        [](const auto *a, const auto *b) { return a->priority < b->priority; });
    handlers_.insert(after, added);
    ++system.kmem_allocations_out;
    return added;
}

void Freebsd::remove_handler(eventhandler_tag tag) {
    if (!std::erase(handlers_, tag)) return system.fault("FBSD-041", "a handler is deregistered that is not registered");
    --system.kmem_allocations_out;
    tag->dead = true;
    if (std::find(asked_.begin(), asked_.end(), tag) == asked_.end()) delete tag;
}

// Those that began earlier have ended (FBSD-048).
void Freebsd::drain() {
    const unsigned long before = next_event_;
    const auto running = [&] { return !events_.empty() && events_.front() < before; };
    if (!running()) return;
    if (!system.running) {
        Process *process = system.caller() ? system.caller() : system.processes.empty() ? nullptr : &system.processes.front();
        if (process) system.run_call(*process, "drain_dev_clone_events", [&] { return drain(), 0; });
        return;
    }
    while (running())
        if (system.sleep(event_over_, "handlers of dev_clone to end", false) == Wake::deadlock)
            return system.fault("FBSD-048", "drain_dev_clone_events waits for a handler that can never end");
}

// --- devices ---

Switch &Freebsd::switch_of(cdevsw *csw) {
    for (auto &sw : switches_)
        if (sw->csw == csw) return *sw;
    Switch *sw = switches_.emplace_back(std::make_unique<Switch>()).get();
    *sw = {csw, static_cast<major_t>(csw->d_maj), csw->d_name ? csw->d_name : "?", {}};
    for (major_t m = major_first; !csw->d_maj && !sw->major && m <= major_last; ++m)
        if (!system.registry.by_external(m)) sw->major = m;
    Driver driver;
    driver.name = driver.prefix = sw->name;
    driver.open_file = [this](Process &process, Node &node, Special *&special, File &file, int oflag) {
        return open(process, node, special, file, oflag);
    };
    // Memory is waited for; a row that is never to be had is one without a major.
    int error = EAGAIN;
    for (int tries = 0; error && tries < 3; ++tries) error = system.registry.add(driver, sw->major);
    if (error) system.fault("FBSD-049", "no major is free for a device switch");
    return *sw;
}

void Freebsd::drop_switch(Switch &sw) {
    Driver *driver = system.registry.by_external(sw.major);
    if (driver && driver->open_file && system.registry.remove(*driver)) return; // held by an open: stays for the next device
    std::erase_if(switches_, [&](const auto &s) { return s.get() == &sw; });
}

unsigned Freebsd::free_minor(const Switch &sw) const {
    unsigned minor = 0;
    while (std::any_of(sw.cdevs.begin(), sw.cdevs.end(), [&](const Cdev *c) { return c->minor == minor; })) ++minor;
    return minor;
}

// A device without a name.
Cdev *Freebsd::reserve(cdevsw *csw, int minor) {
    Switch &sw = switch_of(csw);
    Cdev *c = new Cdev{};
    all_.push_back(c);
    c->si_drv0 = minor;
    c->si_devsw = csw;
    c->sw = &sw;
    const auto same = [&](const Cdev *other) { return other->minor == static_cast<unsigned>(minor); };
    c->minor = std::any_of(sw.cdevs.begin(), sw.cdevs.end(), same) ? free_minor(sw) : static_cast<unsigned>(minor);
    c->number = number_of(sw.major, c->minor);
    c->tty = csw->d_flags & D_TTY;
    sw.cdevs.push_back(c);
    return c;
}

// FBSD-050
int Freebsd::check_name(const std::string &name) const {
    if (name.size() > SPECNAMELEN) return ENAMETOOLONG;
    if (name.empty() || name.ends_with('/')) return EINVAL;
    for (std::size_t at = 0; at <= name.size();) {
        const std::size_t slash = std::min(name.find('/', at), name.size());
        const std::string_view component = std::string_view(name).substr(at, slash - at);
        if (component.empty() || component == "." || component == "..") return EINVAL;
        if (component.find_first_of(" \t\"") != component.npos) return EINVAL;
        if (slash < name.size())
            if (const Node *above = system.nodes.find(std::string(devfs_root) + name.substr(0, slash)); above && !S_ISDIR(above->mode))
                return EEXIST;
        at = slash + 1;
    }
    return system.nodes.find(std::string(devfs_root) + name) ? EEXIST : 0;
}

// By unit: a reserved device of that unit is the one that gets the name (FBSD-044); there is one of each.
//   no memory, and no leave to wait        ENOMEM
//   bad or duplicate name                  its errno when the name is to be checked, else fault   FBSD-049, FBSD-050
//   the unit has a name                    the same device if it is a cheap clone (FBSD-061), else fault
int Freebsd::make(int flags, cdevsw *csw, int minor, bool by_unit, uid_t uid, gid_t gid, int mode, std::string name, Cdev **made) {
    *made = nullptr;
    if ((flags & MAKEDEV_NOWAIT) && !system.alloc.allow(sizeof(Cdev))) return ENOMEM;
    Cdev *c = nullptr;
    if (by_unit || (csw->d_flags & D_NEEDMINOR))
        for (Cdev *other : switch_of(csw).cdevs)
            if (other->si_drv0 == minor && other->si_devsw) c = other;
    if (c && (c->si_flags & SI_NAMED)) {
        *made = c;
        if (flags & MAKEDEV_REF) ++c->si_refcount;
        if (c->si_flags & SI_CHEAPCLONE) return 0;
        if (flags & MAKEDEV_CHECKNAME) return *made = nullptr, EEXIST;
        system.fault("FBSD-049", fmt::format("make_dev of {} for unit {}, which is {} already", name, unit_of(*c), c->si_name).c_str());
        return 0;
    }
    name.erase(0, std::min(name.find_first_not_of('/'), name.size()));
    const int error = check_name(name);
    if (error && (flags & MAKEDEV_CHECKNAME)) return error;
    if (!c) c = reserve(csw, minor);
    *made = c;
    if (flags & MAKEDEV_REF) ++c->si_refcount;
    c->si_flags |= SI_NAMED;
    c->si_uid = uid;
    c->si_gid = gid;
    c->si_mode = static_cast<mode_t>(mode & 07777);
    name.copy(c->si_name, SPECNAMELEN);
    if (error) { // the device has no node, and the driver may go on
        system.fault("FBSD-049", fmt::format("make_dev of the name \"{}\": {}", name, error == EEXIST ? "there is one" : "not a name").c_str());
        return 0;
    }
    c->path = std::string(devfs_root) + name;
    make_directories(*c);
    if (system.nodes.make(c->path, S_IFCHR | c->si_mode, c->number, uid, gid)) return 0;
    c->node = system.nodes.find(c->path);
    ++c->node->refs;
    return 0;
}

void Freebsd::make_directories(const Cdev &c) {
    for (std::size_t slash = c.path.find('/', devfs_root.size()); slash != c.path.npos; slash = c.path.find('/', slash + 1)) {
        const std::string directory = c.path.substr(0, slash);
        if (directories_[directory]++ == 0) system.nodes.make(directory, S_IFDIR | 0555, no_device, 0, 0);
    }
}

void Freebsd::drop_directories(const Cdev &c) {
    for (std::size_t slash = c.path.rfind('/'); slash > devfs_root.size(); slash = c.path.rfind('/', slash - 1)) {
        const auto found = directories_.find(c.path.substr(0, slash));
        if (--found->second > 0) continue;
        system.nodes.rmdir(found->first);
        directories_.erase(found);
    }
}

void Freebsd::pick(Cdev &c, clonedevs &list, const char *what, const char *clause) {
    const auto at = std::find_if(list.cdevs.begin(), list.cdevs.end(), [&](Cdev *o) { return unit_of(*o) > unit_of(c); });
    list.cdevs.insert(at, &c);
    c.list = &list;
    c.si_flags |= SI_CLONELIST;
    ++system.minors_out;
    tell("PICK", what, c, fmt::format("{} {}", c.sw->name, unit_of(c)), clause);
}

// The name, and the unit, are free from here on; calls that come find no switch.
void Freebsd::take_name(Cdev &c) {
    tell("DRV_DESTROY", c.users ? "destroy_dev, although it is open" : "destroy_dev", c, c.si_name, c.users ? "FBSD-068" : nullptr);
    if (c.node) {
        if (system.nodes.find(c.path) == c.node) system.nodes.unlink(c.path);
        drop_directories(c);
    }
    c.si_flags &= ~static_cast<u_int>(SI_NAMED);
    if (c.list) {
        std::erase(c.list->cdevs, &c);
        c.list = nullptr;
        c.si_flags &= ~static_cast<u_int>(SI_CLONELIST);
        --system.minors_out;
        tell("RELEASE", "the unit is free for the next name", c, fmt::format("{} {}", c.sw->name, unit_of(c)), "FBSD-064");
    }
    if (c.timer) system.sched.untimeout(c.timer);
    c.timer = 0;
    std::erase(c.sw->cdevs, &c);
}

bool Freebsd::destroy(Cdev &c) {
    if (system.running && std::find(c.threads.begin(), c.threads.end(), system.running) != c.threads.end()) {
        system.fault("FBSD-067", "self-wait: destroy_dev inside a method of the device waits for itself to leave; destroy_dev_sched does not");
        return false;
    }
    if (!c.si_devsw) return false; // it is on its way already
    take_name(c);
    cdevsw *csw = std::exchange(c.si_devsw, nullptr);
    ++c.uses;
    if (!c.threads.empty()) {
        Process *process = system.caller() ? system.caller() : system.processes.empty() ? nullptr : &system.processes.front();
        const auto wait = [&] {
            for (int purges = 0; !c.threads.empty(); ++purges) {
                if (csw->d_purge && purges < purges_enough) { // FBSD-066
                    if (system.trace.on)
                        system.trace.emit({.kind = Kind::driver, .name = csw->d_name, .what = "is told to let go: d_purge", .clause = "FBSD-066"});
                    Inside inside(system, kept(csw->d_name), EntryKind::close);
                    csw->d_purge(&c);
                }
                if (c.threads.empty()) break;
                const bool again = csw->d_purge && purges < purges_enough;
                if (system.sleep(c.drained, "threads inside the device's methods to leave", false, again ? purge_pause : forever) == Wake::deadlock) {
                    system.fault("FBSD-066", "destroy_dev waits for a thread that can never leave a method of the device");
                    break;
                }
            }
            return 0;
        };
        if (process) system.run_call(*process, "destroy_dev", wait);
    }
    finish(c);
    release(c);
    return true;
}

// Nobody is inside any more.
void Freebsd::finish(Cdev &c) {
    for (OpenFile *open : std::vector<OpenFile *>(c.files))
        if (std::find(c.files.begin(), c.files.end(), open) != c.files.end()) end_priv(*open, "destroy_dev ends the data of each open file"); // FBSD-086
    c.si_drv1 = c.si_drv2 = nullptr; // FBSD-069
    if (Switch *sw = std::exchange(c.sw, nullptr); sw->cdevs.empty()) {
        const bool needed = std::any_of(all_.begin(), all_.end(), [&](const Cdev *o) { return o->sw == sw; });
        if (!needed) drop_switch(*sw);
    }
    if (c.node) system.nodes.release(std::exchange(c.node, nullptr));
    const auto after = std::exchange(c.after, nullptr);
    void *argument = c.after_argument;
    release(c);
    if (after) after(argument);
}

void Freebsd::release(Cdev &c) {
    if (--c.uses > 0) return;
    std::erase(all_, &c);
    delete &c;
}

// FBSD-067: another thread does it, after those inside have left.
void Freebsd::destroy_later(Cdev &c, void (*after)(void *), void *argument) {
    if (c.scheduled) return;
    c.scheduled = true;
    c.after = after;
    c.after_argument = argument;
    c.timer = system.sched.timeout([](void *cdev) { here().scheduled_step(*static_cast<Cdev *>(cdev)); }, &c, 1, nullptr, "devfs");
}

void Freebsd::scheduled_step(Cdev &c) {
    c.timer = 0;
    if (c.threads.empty()) {
        destroy(c);
        return;
    }
    if (c.si_devsw->d_purge) {
        Inside inside(system, kept(c.si_devsw->d_name), EntryKind::close);
        c.si_devsw->d_purge(&c);
    }
    c.timer = system.sched.timeout([](void *cdev) { here().scheduled_step(*static_cast<Cdev *>(cdev)); }, &c, purge_pause, nullptr, "devfs");
}

void Freebsd::destroy_scheduled(cdevsw *csw) {
    for (bool again = true; again;) {
        again = false;
        for (Cdev *c : all_)
            if (c->scheduled && c->si_devsw == csw) {
                again = destroy(*c);
                break;
            }
    }
}

// --- opens ---

// From the node to the driver. The vnode is not locked while d_open runs: two opens may be inside (FBSD-073).
//   the device is gone                 ENXIO     FBSD-070
//   no memory for the open file        ENFILE
//   d_open                             its errno; ERESTART is EINTR   FBSD-071
int Freebsd::open(Process &process, Node &node, Special *&special, File &file, int oflag) {
    const auto found = std::find_if(all_.begin(), all_.end(), [&](const Cdev *c) { return c->node == &node; });
    if (found == all_.end() || !(*found)->si_devsw || (*found)->scheduled)
        return process.refuse(ENXIO, "devfs", "the device of this node is gone", "FBSD-070");
    Cdev &c = **found;
    OpenFile *open = open_files_.make(OpenFile{&c});
    if (!open) return process.refuse(ENFILE, "file", "no memory for a file", nullptr);
    ++c.uses;
    ++c.users;
    c.files.push_back(open);
    file.ops = &file_ops;
    file.data = open;
    system.nodes.unlock(*special);
    int error = 0;
    {
        FileCall on(system, file);
        tell("DRV_OPEN",
             c.opening     ? "d_open is called while another open of this device is inside it: both may find it without state"
             : c.users > 1 ? "d_open is called; the device is open already, and its openers share what si_drv1 points to"
                           : "d_open is called",
             c, c.si_name, c.opening ? "FBSD-053 FBSD-073" : nullptr);
        ++c.opening;
        {
            Method method(*this, c);
            Who who(process);
            const int mode = driver_flags(oflag);
            const int flags = (mode & (FREAD | FWRITE)) | ((mode & FNDELAY) ? io_ndelay : 0);
            error = method.csw.d_open ? method.csw.d_open(&c, flags, S_IFCHR, &who.td) : 0;
        }
        --c.opening;
        if (error) end_priv(*open, "d_open failed: the data it attached ends"); // FBSD-085
    }
    system.nodes.lock(*special, false);
    if (!error) return 0;
    --c.users;
    std::erase(c.files, open);
    open_files_.free(open);
    file.ops = nullptr;
    file.data = nullptr;
    release(c);
    const bool restarts = error == restart;
    return process.refuse(restarts ? EINTR : error < 0 ? EIO : error, "driver open", "the driver's d_open refused", restarts ? "FBSD-071" : nullptr);
}

// d_close for the last close, or for each (FBSD-065), then the end of the file's data (FBSD-084).
int Freebsd::close(Process &process, File &file) {
    auto *open = static_cast<OpenFile *>(file.data);
    Cdev &c = *open->cdev;
    int error = 0;
    FileCall on(system, file);
    if (c.si_devsw && (c.users == 1 || (c.si_devsw->d_flags & D_TRACKCLOSE))) {
        tell("DRV_CLOSE", c.users == 1 ? "d_close is called: the last close of the device" : "d_close is called for each close", c, c.si_name, "FBSD-065");
        Method method(*this, c, EntryKind::close);
        Who who(process);
        if (method.csw.d_close) error = method.csw.d_close(&c, file.flags & (FREAD | FWRITE), S_IFCHR, &who.td);
    }
    end_priv(*open, "the last close of the file ends its data");
    --c.users;
    std::erase(c.files, open);
    open_files_.free(open);
    file.data = nullptr;
    release(c);
    return error < 0 ? EINTR : error;
}

// What read and write answer when the device is gone; 0 while it is there.
int Freebsd::gone(const OpenFile &open, bool reading) const {
    if (open.cdev->si_devsw && !open.cdev->scheduled) return 0;
    const bool dead = generation.dead_vnode;
    if (dead && reading && open.cdev->tty) return -1; // end of file
    system.caller()->refuse(dead ? EIO : ENXIO, "devfs", "the device was destroyed while it was open", dead ? "FBSD-075" : "FBSD-068");
    return dead ? EIO : ENXIO;
}

void Freebsd::end_priv(OpenFile &open, const char *why) {
    if (!std::exchange(open.has_priv, false)) return;
    tell("DRV_DESTROY", why, *open.cdev, open.cdev->si_name, "FBSD-084");
    const auto destructor = std::exchange(open.destructor, nullptr);
    void *data = std::exchange(open.priv, nullptr);
    Inside inside(system, "cdevpriv", EntryKind::close);
    if (destructor) destructor(data);
}

OpenFile *Freebsd::of_call() {
    File *file = system.running ? system.running->file : nullptr;
    return file && file->ops == &file_ops ? static_cast<OpenFile *>(file->data) : nullptr;
}

OpenFile &open_of(File &file) { return *static_cast<OpenFile *>(file.data); }

int transfer(Process &process, File &file, Transfer &t, bool reading) {
    Freebsd &f = part(process.system);
    OpenFile &open = open_of(file);
    if (const int error = f.gone(open, reading)) return error < 0 ? 0 : error;
    Cdev &c = *open.cdev;
    Method method(f, c);
    if (reading ? !method.csw.d_read : !method.csw.d_write) return ENODEV;
    Who who(process);
    iovec iov{t.base, t.count};
    uio u{&iov, 1, 0, static_cast<ssize_t>(t.count), reading ? FREEBSD_UIO_READ : FREEBSD_UIO_WRITE, &who.td};
    const int error = (reading ? method.csw.d_read : method.csw.d_write)(&c, &u, file.no_wait() ? io_ndelay : 0);
    // After an error what was moved counts only if the wait for more was ended.
    if (!error || error == restart || error == EINTR || error == EWOULDBLOCK)
        t.done = t.count - static_cast<std::size_t>(std::max<ssize_t>(u.uio_resid, 0));
    return error < 0 ? EINTR : error;
}

// Copies as the command says; one without direction gets the pointer as it is.
int control(Process &process, File &file, int command, void *argument, int *rval) {
    Freebsd &f = part(process.system);
    OpenFile &open = open_of(file);
    *rval = 0;
    if (!open.cdev->si_devsw || open.cdev->scheduled)
        return process.refuse(ENXIO, "devfs", "the device was destroyed while it was open", "FBSD-068");
    Cdev &c = *open.cdev;
    Method method(f, c);
    if (!method.csw.d_ioctl) return ENODEV;
    Who who(process);
    const u_long cmd = static_cast<unsigned>(command);
    const std::size_t size = cmd >> 16 & 0x1fff;
    alignas(16) char data[0x2000] = {};
    caddr_t given = data;
    if (cmd & ioc_in) {
        if (!copy_from_user(data, argument, size)) return EFAULT;
    } else if (cmd & ioc_void) {
        std::memcpy(data, &argument, sizeof argument);
    } else if (!(cmd & ioc_out)) {
        given = static_cast<caddr_t>(argument);
    }
    int error = method.csw.d_ioctl(&c, cmd, given, file.flags & (FREAD | FWRITE), &who.td);
    if (!error && (cmd & ioc_out) && !copy_to_user(argument, data, size)) error = EFAULT;
    return error == no_ioctl ? ENOTTY : error < 0 ? EINTR : error;
}

int poll_file(Process &process, File &file, short events, short *revents) {
    Freebsd &f = part(process.system);
    OpenFile &open = open_of(file);
    if (!open.cdev->si_devsw) {
        if (!f.generation.dead_vnode) return f.gone(open, true);
        *revents = POLLHUP; // FBSD-075
        return 0;
    }
    Cdev &c = *open.cdev;
    Method method(f, c);
    Who who(process);
    *revents = static_cast<short>(method.csw.d_poll ? method.csw.d_poll(&c, events, &who.td) : events & (POLLIN | POLLOUT | POLLRDNORM | POLLWRNORM));
    return 0;
}

const FileOps file_ops = {
    .name = "devfs",
    .read = [](Process &p, File &f, Transfer &t) { return transfer(p, f, t, true); },
    .write = [](Process &p, File &f, Transfer &t) { return transfer(p, f, t, false); },
    .ioctl = control,
    .poll = poll_file,
    .close = [](Process &p, File &f) { return part(p.system).close(p, f); },
};

std::string formatted(const char *fmt, va_list args) {
    char text[512];
    std::vsnprintf(text, sizeof text, fmt, args);
    return text;
}

} // namespace

Generation &freebsd_generation(System &system) { return part(system).generation; }

bool freebsd_loaded(System &system, freebsd_moduledata &module) {
    const auto &modules = part(system).modules;
    return std::find(modules.begin(), modules.end(), &module) != modules.end();
}

int freebsd_load(System &system, freebsd_moduledata &module) {
    Freebsd &f = part(system);
    if (freebsd_loaded(system, module)) return EEXIST;
    {
        Inside inside(system, module.name, EntryKind::init);
        if (int error = module.evhand(&module, MOD_LOAD, module.priv)) return error;
    }
    f.modules.push_back(&module);
    system.at_end.push_back([&system, &module] { freebsd_unload(system, module); });
    return 0;
}

int freebsd_unload(System &system, freebsd_moduledata &module) {
    Freebsd &f = part(system);
    if (!freebsd_loaded(system, module)) return ENXIO;
    {
        Inside inside(system, module.name, EntryKind::init);
        if (int error = module.evhand(&module, MOD_UNLOAD, module.priv)) return error;
    }
    std::erase(f.modules, &module);
    return 0;
}

void freebsd_reclaim_vnodes(System &system) {
    Freebsd &f = part(system);
    if (!f.generation.cheap_reclaimed) return;
    for (Cdev *c : f.all())
        if (f.is_there(c) && (c->si_flags & SI_CHEAPCLONE) && c->users == 0) f.destroy(*c);
}

std::vector<int> freebsd_units(const freebsd_clonedevs *list) {
    std::vector<int> units;
    for (const Cdev *c : list->cdevs) units.push_back(here().unit_of(*c));
    return units;
}

int freebsd_handlers(System &system) { return part(system).handlers(); }

} // namespace rill::designs

// --- the C face ---

using namespace rill;
using namespace rill::designs;

#define EXPORT extern "C" __attribute__((visibility("default")))

EXPORT eventhandler_tag freebsd_register_dev_clone(dev_clone_fn function, void *argument, int priority) {
    return here().add_handler({function, nullptr, argument, priority, false});
}

EXPORT eventhandler_tag freebsd_register_nocred_dev_clone(dev_clone_nocred_fn function, void *argument, int priority) {
    return here().add_handler({nullptr, function, argument, priority, false});
}

EXPORT void freebsd_deregister_dev_clone(eventhandler_tag tag) { here().remove_handler(tag); }

EXPORT void drain_dev_clone_events() { here().drain(); }

#define FORMATTED(name)                                                                                                \
    va_list args;                                                                                                      \
    va_start(args, fmt);                                                                                               \
    const std::string name = formatted(fmt, args);                                                                     \
    va_end(args)

EXPORT cdev *make_dev(cdevsw *csw, int minor, uid_t uid, gid_t gid, int perms, const char *fmt, ...) {
    FORMATTED(name);
    Cdev *made;
    here().make(MAKEDEV_WAITOK, csw, minor, true, uid, gid, perms, name, &made);
    return made;
}

EXPORT cdev *make_dev_cred(cdevsw *csw, int minor, ucred *, uid_t uid, gid_t gid, int perms, const char *fmt, ...) {
    FORMATTED(name);
    Cdev *made;
    here().make(MAKEDEV_WAITOK, csw, minor, true, uid, gid, perms, name, &made);
    return made;
}

EXPORT cdev *make_dev_credf(int flags, cdevsw *csw, int minor, ucred *, uid_t uid, gid_t gid, int perms, const char *fmt, ...) {
    FORMATTED(name);
    Cdev *made;
    here().make(flags, csw, minor, true, uid, gid, perms, name, &made);
    return made;
}

EXPORT int make_dev_p(int flags, cdev **out, cdevsw *csw, ucred *, uid_t uid, gid_t gid, int perms, const char *fmt, ...) {
    FORMATTED(name);
    Cdev *made;
    const int error = here().make(flags | MAKEDEV_CHECKNAME, csw, 0, false, uid, gid, perms, name, &made);
    *out = made;
    return error;
}

EXPORT void make_dev_args_init(make_dev_args *args) {
    *args = {};
    args->mda_size = sizeof *args;
}

// The two pointers are there before anybody can open it (FBSD-053).
EXPORT int make_dev_s(make_dev_args *args, cdev **out, const char *fmt, ...) {
    std::string name;
    va_list list;
    va_start(list, fmt);
    name = formatted(fmt, list);
    va_end(list);
    Cdev *made;
    const int error = here().make(args->mda_flags | MAKEDEV_CHECKNAME, args->mda_devsw, args->mda_unit, false, args->mda_uid,
                                  args->mda_gid, args->mda_mode, name, &made);
    *out = made;
    if (error) return error;
    made->si_drv1 = args->mda_si_drv1;
    made->si_drv2 = args->mda_si_drv2;
    return 0;
}

EXPORT void destroy_dev(cdev *dev) {
    if (!here().is_there(dev)) return this_system().fault("FBSD-064", "destroy_dev of a device that is not there");
    here().destroy(of(dev));
}

EXPORT int destroy_dev_sched_cb(cdev *dev, void (*after)(void *), void *argument) {
    if (here().is_there(dev)) here().destroy_later(of(dev), after, argument);
    return 1;
}

EXPORT int destroy_dev_sched(cdev *dev) { return destroy_dev_sched_cb(dev, nullptr, nullptr); }
EXPORT void destroy_dev_drain(cdevsw *csw) { here().destroy_scheduled(csw); }

EXPORT void dev_ref(cdev *dev) { ++dev->si_refcount; }
EXPORT void dev_rel(cdev *dev) { --dev->si_refcount; }
EXPORT int dev2unit(cdev *dev) { return here().unit_of(of(dev)); }

EXPORT int unit2minor(int unit) {
    if (unit < 0 || unit > 0xffffff) this_system().fault("FBSD-055", "unit2minor of a unit above 0xffffff");
    return here().minor_of(unit);
}

// stem, then a decimal number: 1; and text behind it: 2; anything else: 0 (FBSD-020 to 024, FBSD-034).
EXPORT int dev_stdclone(char *name, char **namep, const char *stem, int *unit) {
    const std::size_t length = std::strlen(stem);
    if (std::strncmp(name, stem, length) != 0) return 0;
    const char *at = name + length;
    if (*at < '0' || *at > '9' || (*at == '0' && at[1] >= '0' && at[1] <= '9')) return 0;
    const int limit = here().generation.largest_stdclone;
    const long largest = limit < 0 ? 0x7fffffff : limit;
    long number = 0;
    for (; *at >= '0' && *at <= '9'; ++at) {
        number = number * 10 + (*at - '0');
        if (number > largest) return 0;
    }
    *unit = static_cast<int>(number);
    if (!*at) return 1;
    if (namep) *namep = name + (at - name);
    return 2;
}

EXPORT void clone_setup(clonedevs **list) {
    *list = new clonedevs;
    ++this_system().kmem_allocations_out;
}

// A unit of the list: the one asked for, or for -1 the lowest free from `extra` upward. 0: it is there, and in the cell;
// 1: it is reserved now.
EXPORT int clone_create(clonedevs **list, cdevsw *csw, int *unit, cdev **cell, int extra) {
    Freebsd &f = here();
    const int mask = f.generation.unit_mask;
    if (!*list) return this_system().fault("FBSD-042", "clone_create on a list that clone_setup has not made"), 0;
    if (extra & mask) return this_system().fault("FBSD-026", "clone_create: extra has bits of the unit"), 0;
    if (*unit > mask) return this_system().fault("FBSD-030", "clone_create of a unit above CLONE_UNITMASK"), 0;
    if (f.generation.needs_minor && !(csw->d_flags & D_NEEDMINOR)) this_system().fault("FBSD-045", "clone_create with a cdevsw that lacks D_NEEDMINOR");
    auto &cdevs = (*list)->cdevs;
    const bool any = *unit == -1;
    int wanted = *unit | extra;
    if (any) {
        int low = extra;
        for (auto i = cdevs.begin(); i != cdevs.end() && f.unit_of(**i) == low; ++i) ++low;
        *unit = low & mask;
        wanted = *unit | extra;
    }
    const auto at = std::lower_bound(cdevs.begin(), cdevs.end(), wanted, [&](Cdev *c, int u) { return f.unit_of(*c) < u; });
    if (at != cdevs.end() && f.unit_of(**at) == wanted) {
        if (any)
            return this_system().fault(cdevs.front() && f.unit_of(*cdevs.front()) < extra ? "FBSD-033" : "FBSD-031",
                                  "clone_create of any unit: the one it comes to is on the list already"), 0;
        *cell = *at;
        return 0;
    }
    Cdev *c = f.reserve(csw, f.minor_of(wanted));
    f.pick(*c, **list, any ? "the lowest unit that is not in use" : "the unit that was asked for", any ? "FBSD-027" : "FBSD-028");
    return 1;
}

EXPORT void clone_cleanup(clonedevs **list) {
    clonedevs *emptied = std::exchange(*list, nullptr);
    if (!emptied) return;
    while (!emptied->cdevs.empty()) {
        Cdev &c = *emptied->cdevs.front();
        if (!(c.si_flags & SI_NAMED)) this_system().fault("FBSD-044", "clone_cleanup: a unit was reserved and never named by make_dev");
        if (here().destroy(c) || emptied->cdevs.empty() || emptied->cdevs.front() != &c) continue;
        emptied->cdevs.erase(emptied->cdevs.begin());
        c.list = nullptr;
        --this_system().minors_out;
    }
    delete emptied;
    --this_system().kmem_allocations_out;
}

EXPORT int devfs_set_cdevpriv(void *priv, cdevpriv_dtr_t destructor) {
    OpenFile *open = here().of_call();
    if (!open) return ENOENT;
    if (open->has_priv) return EBUSY;
    open->priv = priv;
    open->destructor = destructor;
    open->has_priv = true;
    if (this_system().trace.on)
        this_system().trace.emit({.kind = Kind::file, .what = "the open file has data of its own now", .clause = "FBSD-080", .number = -1});
    return 0;
}

EXPORT int devfs_get_cdevpriv(void **datap) {
    OpenFile *open = here().of_call();
    if (!open) return EBADF;
    if (!open->has_priv) return ENOENT;
    *datap = open->priv;
    return 0;
}

EXPORT void devfs_clear_cdevpriv() {
    if (OpenFile *open = here().of_call()) here().end_priv(*open, "the driver ends the data of this open file");
}

EXPORT int tsleep(const void *chan, int priority, const char *wmesg, int timo) {
    if (!may_sleep_here("FBSD-066", "tsleep outside a call")) return EWOULDBLOCK;
    Call *call = this_system().running;
    call->event = const_cast<void *>(chan);
    const char *why = here().kept(fmt::format("wakeup of its channel ({})", wmesg));
    const Wake wake = driver_sleep(this_system().event_sleepers, why, priority & pcatch, timo > 0 ? timo : forever);
    call->event = nullptr;
    switch (wake) {
    case Wake::event: return 0;
    case Wake::timeout: return EWOULDBLOCK;
    case Wake::signal: return EINTR;
    case Wake::deadlock: break;
    }
    return EDEADLK;
}

#undef wakeup
EXPORT void freebsd_wakeup(const void *chan) { ::wakeup(static_cast<char *>(const_cast<void *>(chan))); }

EXPORT int copyin(const void *uaddr, void *kaddr, size_t len) { return copy_from_user(kaddr, uaddr, len) ? 0 : EFAULT; }
EXPORT int copyout(const void *kaddr, void *uaddr, size_t len) { return copy_to_user(uaddr, kaddr, len) ? 0 : EFAULT; }

EXPORT int uiomove(void *cp, int n, struct uio *uio) {
    const std::size_t size = static_cast<std::size_t>(std::min<ssize_t>(std::max(n, 0), uio->uio_resid));
    iovec &iov = *uio->uio_iov; // there is one
    const bool moved = uio->uio_rw == FREEBSD_UIO_READ ? copy_to_user(iov.iov_base, cp, size) : copy_from_user(cp, iov.iov_base, size);
    if (!moved) return EFAULT;
    iov.iov_base = static_cast<char *>(iov.iov_base) + size;
    iov.iov_len -= size;
    uio->uio_resid -= static_cast<ssize_t>(size);
    uio->uio_offset += static_cast<off_t>(size);
    return 0;
}

namespace {
constexpr std::size_t kept_size = 16; // before each allocation: its size
}

EXPORT void *freebsd_malloc(size_t size, malloc_type *, int flags) {
    auto *p = static_cast<char *>(kmem_alloc(size + kept_size, (flags & M_NOWAIT) ? KM_NOSLEEP : KM_SLEEP));
    if (!p) return nullptr;
    if (flags & M_ZERO) std::memset(p, 0, size + kept_size);
    const std::size_t whole = size + kept_size;
    std::memcpy(p, &whole, sizeof whole);
    return p + kept_size;
}

EXPORT void freebsd_free(void *addr, malloc_type *) {
    if (!addr) return;
    char *p = static_cast<char *>(addr) - kept_size;
    std::size_t whole;
    std::memcpy(&whole, p, sizeof whole);
    kmem_free(p, whole);
}

EXPORT int freebsd_printf(const char *fmt, ...) {
    FORMATTED(text);
    this_system().console(1, text.substr(0, text.find_last_not_of('\n') + 1), true, false);
    return static_cast<int>(text.size());
}
