#include "clone/designs/freebsd/framework/state.hpp"

namespace rill::designs::freebsd {

namespace {

constexpr int purge_pause = ticks_a_second / 10;    // FBSD-066
constexpr int purges_enough = 600;                  // a minute of it
constexpr major_t major_first = major_freebsd, major_last = 109;

// The device number: bits that are too many for a minor stand above those that make a number.
constexpr dev_t number_of(major_t major, unsigned minor) {
    return make_device(major, minor & MAXMIN) | static_cast<dev_t>(minor >> NBITSMINOR) << 32;
}

} // namespace

Switch &Freebsd::switch_of(cdevsw *csw) {
    for (auto &sw : switches_)
        if (sw->csw == csw) return *sw;
    Switch *sw = switches_.emplace_back(std::make_unique<Switch>()).get();
    *sw = {csw, static_cast<major_t>(csw->d_maj), csw->d_name ? csw->d_name : "?", {}};
    for (major_t m = major_first; !csw->d_maj && !sw->major && m <= major_last; ++m)
        if (!system.registry.by_external(m)) sw->major = m;
    Driver driver;
    driver.name = driver.prefix = sw->name;
    driver.open_file = [this](Process &process, Node &node, HeldDevice &vnode, File &file, int oflag) {
        return open(process, node, vnode, file, oflag);
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

// The name, and the unit, are free from here on; calls that come find no switch.
void Freebsd::take_name(Cdev &c) {
    tell(Event::drv_destroy, c.users ? "destroy_dev, although it is open" : "destroy_dev", c, c.si_name, c.users ? "FBSD-068" : nullptr);
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
        tell(Event::release, "the unit is free for the next name", c, fmt::format("{} {}", c.sw->name, unit_of(c)), "FBSD-064");
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
        Process *process = system.caller()            ? system.caller()
                           : system.processes.empty() ? nullptr
                                                      : &system.processes.front();
        const auto wait = [&] {
            for (int purges = 0; !c.threads.empty(); ++purges) {
                if (csw->d_purge && purges < purges_enough) { // FBSD-066
                    if (system.trace.on)
                        system.trace.emit({.event = Event::driver_of_design, .name = csw->d_name, .what = "is told to let go: d_purge", .clause = "FBSD-066"});
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

} // namespace rill::designs::freebsd

namespace rill::designs {

using namespace freebsd;

void freebsd_reclaim_vnodes(System &system) {
    Freebsd &f = part(system);
    if (!f.generation.cheap_reclaimed) return;
    for (Cdev *c : f.all())
        if (f.is_there(c) && (c->si_flags & SI_CHEAPCLONE) && c->users == 0) f.destroy(*c);
}

} // namespace rill::designs

using namespace rill;
using namespace rill::designs::freebsd;

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
