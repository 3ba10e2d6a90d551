// spec_open with clones (clauses/05, section 3). The walk, proposal and OpenBSD side by side:
//
//   d_clone      PICK by the driver      or      PICK from the parent's bitmap      DCLONE-002, DCLONE-020
//   vnode        of (major, clone)       or      of (major, clone)                  DCLONE-008, DCLONE-022
//   VNODE_SWAP                           or      d_open                             CMP-010
//   d_open                               or      VNODE_SWAP
//
// A rung that refuses takes back the ones above it: the bitmap's bit is cleared here; an instance that d_clone made is
// the driver's, which frees it when its d_open fails, and is told by d_close when its d_open was not reached.
#include "clone/designs/dclone/dclone.hpp"
#include "clone/designs/kernel.hpp"

#include <bitset>
#include <fmt/format.h>

#define uio dclone_uio
#define proc dclone_proc
#include "clone/designs/dclone/include/sys/conf.h"
#include "clone/designs/dclone/include/sys/proc.h"
#include "clone/designs/dclone/include/sys/uio.h"
#undef uio
#undef proc

namespace rill::designs {

namespace {

struct Variant {
    bool fresh_vnode = true;     // false: the node's own vnode takes the number of the last clone     DCLONE-006, DCLONE-008
    bool bitmap = false;         // drivers ask by D_CLONE, specfs numbers; false: drivers have d_clone  DCLONE-001, DCLONE-020
    unsigned number_shift = 0;   // clone number in the minor above this many bits of the node's own    DCLONE-025
    bool fstat_refuses = false;  // fstat of a clone is EBADF                                           DCLONE-022
};

constexpr unsigned numbers_max = 1024; // 128 bytes of bitmap, of which 0 is the parent (DCLONE-020, DCLONE-025)
constexpr dev_t specfs_dev = 2;        // st_dev of vnodes that specfs owns (DCLONE-009)

// The key of a clone's vnode: another than the node's, even when the numbers are the same.
constexpr dev_t fresh = dev_t{1} << 40;
constexpr dev_t vnode_key(dev_t clone, dev_t node) { return clone == node ? clone | fresh : clone; }

// A node's vnode that was cloned: which numbers its clones have.
struct Parent {
    dev_t dev;
    std::bitset<numbers_max> numbers;
};

struct Specfs {
    explicit Specfs(System &s) : system(s) {}

    int open(Process &, Node &, HeldDevice &, File &, int oflag);
    int open_plain(Process &, HeldDevice &, File &, int oflag);
    int ask_driver(Process &, dev_t node, int oflag, dev_t *dev);
    int open_by_driver(Process &, HeldDevice &, File &, int oflag);
    int open_naive(Process &, HeldDevice &, File &, int oflag);
    int open_by_number(Process &, Node &, HeldDevice &, File &, int oflag);
    int call_open(Process &, dev_t dev, int oflag);
    int call_close(Process &, dev_t dev, int flag, const char *why);
    int close(Process &, File &);
    void release(Parent &, unsigned number);

    const cdevsw &switch_of(dev_t dev) const { return *switches.at(external_major(dev)); }
    Driver &driver_of(dev_t dev) const { return *system.registry.by_external(external_major(dev)); }
    // The number that the vnode of an open file has.
    dev_t number_of(const File &file) const {
        const auto it = renumbered.find(file.special->dev);
        return it == renumbered.end() ? file.special->dev & ~fresh : it->second;
    }
    unsigned clone_number(dev_t dev) const { return external_minor(dev) >> variant.number_shift; }

    System &system;
    Variant variant;
    std::map<major_t, const cdevsw *> switches;
    std::map<major_t, unsigned> limits; // clones of one node
    std::map<dev_t, Parent> parents;
    std::map<dev_t, dev_t> renumbered; // naive: what number the node's own vnode has taken
};

Specfs &specfs_of(System &system) { return system.part<Specfs>(); }
Specfs &specfs_of(Process &process) { return process.system.part<Specfs>(); }

dclone_proc proc_of(const Process &process) { return {.p_pid = process.pid}; }

constexpr int chr = S_IFCHR;

// --- calls on an open file ---

int read(Process &process, File &file, Transfer &transfer) {
    Specfs &specfs = specfs_of(process);
    const dev_t dev = specfs.number_of(file);
    auto *routine = specfs.switch_of(dev).d_read;
    InDriver in(process.system, EntryKind::none, specfs.driver_of(dev).name.c_str());
    return with_uio<dclone_uio>(transfer, false,
                                [&](dclone_uio *uio) { return routine ? routine(dev, uio, file.flags) : ENODEV; });
}

int write(Process &process, File &file, Transfer &transfer) {
    Specfs &specfs = specfs_of(process);
    const dev_t dev = specfs.number_of(file);
    auto *routine = specfs.switch_of(dev).d_write;
    InDriver in(process.system, EntryKind::none, specfs.driver_of(dev).name.c_str());
    return with_uio<dclone_uio>(transfer, true,
                                [&](dclone_uio *uio) { return routine ? routine(dev, uio, file.flags) : ENODEV; });
}

int ioctl(Process &process, File &file, int command, void *argument, int *) {
    Specfs &specfs = specfs_of(process);
    const dev_t dev = specfs.number_of(file);
    auto *routine = specfs.switch_of(dev).d_ioctl;
    if (!routine) return ENODEV;
    InDriver in(process.system, EntryKind::none, specfs.driver_of(dev).name.c_str());
    dclone_proc p = proc_of(process);
    return with_ioctl_data(command, argument, [&](void *data) {
        return routine(dev, static_cast<unsigned>(command), data, driver_flags(file.flags), &p);
    });
}

int poll(Process &process, File &file, short events, short *revents) {
    Specfs &specfs = specfs_of(process);
    const dev_t dev = specfs.number_of(file);
    auto *routine = specfs.switch_of(dev).d_poll;
    InDriver in(process.system, EntryKind::none, specfs.driver_of(dev).name.c_str());
    dclone_proc p = proc_of(process);
    *revents = routine ? static_cast<short>(routine(dev, events, &p)) : events;
    return 0;
}

int close(Process &process, File &file) { return specfs_of(process).close(process, file); }

int stat_fresh(Process &process, File &file, struct stat &st) {
    st.st_rdev = specfs_of(process).number_of(file); // DCLONE-008
    st.st_dev = specfs_dev;                          // DCLONE-009
    return 0;
}

int stat_naive(Process &process, File &file, struct stat &st) {
    st.st_rdev = specfs_of(process).number_of(file);
    return 0;
}

int stat_parent(Process &process, File &file, struct stat &st) { // DCLONE-022
    if (specfs_of(process).variant.fstat_refuses) return EBADF;
    st.st_rdev = static_cast<Parent *>(file.data)->dev;
    return 0;
}

constexpr FileOps plain_ops{
    .name = "specfs", .read = read, .write = write, .ioctl = ioctl, .poll = poll, .close = close};
constexpr FileOps fresh_ops{.name = "specfs clone",
                            .read = read,
                            .write = write,
                            .ioctl = ioctl,
                            .poll = poll,
                            .stat = stat_fresh,
                            .close = close};
constexpr FileOps naive_ops{
    .name = "specfs", .read = read, .write = write, .ioctl = ioctl, .poll = poll, .stat = stat_naive, .close = close};
constexpr FileOps number_ops{.name = "specfs clone",
                             .read = read,
                             .write = write,
                             .ioctl = ioctl,
                             .poll = poll,
                             .stat = stat_parent,
                             .close = close};

} // namespace

// --- open ---

int Specfs::call_open(Process &process, dev_t dev, int oflag) {
    step(system, Event::drv_open, "the driver's d_open is called", "DCLONE-002", dev, external_minor(dev));
    auto *routine = switch_of(dev).d_open;
    dclone_proc p = proc_of(process);
    InDriver in(system, EntryKind::open, driver_of(dev).name.c_str());
    return routine ? routine(dev, oflag, chr, &p) : 0;
}

int Specfs::call_close(Process &process, dev_t dev, int flag, const char *why) {
    step(system, Event::drv_close, why, nullptr, dev, external_minor(dev));
    auto *routine = switch_of(dev).d_close;
    dclone_proc p = proc_of(process);
    InDriver in(system, EntryKind::close, driver_of(dev).name.c_str());
    return routine ? routine(dev, flag, chr, &p) : 0;
}

int Specfs::open(Process &process, Node &node, HeldDevice &vnode, File &file, int oflag) {
    Driver &driver = driver_of(vnode->dev);
    const cdevsw &sw = switch_of(vnode->dev);
    const int error = variant.bitmap        ? sw.d_flags & D_CLONE ? open_by_number(process, node, vnode, file, oflag)
                                                                   : open_plain(process, vnode, file, oflag)
                             : !sw.d_clone ? open_plain(process, vnode, file, oflag)
                      : variant.fresh_vnode ? open_by_driver(process, vnode, file, oflag)
                                            : open_naive(process, vnode, file, oflag);
    if (!error) ++driver.holds;
    return error;
}

// DCLONE-001, DCLONE-026: all opens of the node share its number.
int Specfs::open_plain(Process &process, HeldDevice &vnode, File &file, int oflag) {
    if (int error = call_open(process, vnode->dev, oflag))
        return process.refuse(error, "driver open", "the driver's d_open refused", nullptr);
    file.ops = &plain_ops;
    return 0;
}

// The driver's d_clone: the device of a new instance, by its minor.
int Specfs::ask_driver(Process &process, dev_t node, int oflag, dev_t *dev) {
    int minor = 0;
    dclone_proc p = proc_of(process);
    const char *name = driver_of(node).name.c_str();
    if (system.trace.on) system.trace.emit({.event = Event::driver_of_design, .name = name, .what = "is asked for a minor: d_clone", .clause = "DCLONE-002"});
    InDriver in(system, EntryKind::open, name);
    if (int error = switch_of(node).d_clone(node, &minor, oflag, &p))
        return process.refuse(error, "d_clone", "the driver makes no further instance", "DCLONE-004");
    *dev = make_device(external_major(node), static_cast<minor_t>(minor));
    return 0;
}

int Specfs::open_by_driver(Process &process, HeldDevice &vnode, File &file, int oflag) {
    dev_t dev;
    if (int error = ask_driver(process, vnode->dev, oflag, &dev)) return error;
    const dev_t key = vnode_key(dev, vnode->dev);
    if (Special *open = system.nodes.find(key); open && open->files > 0)
        system.fault("DCLONE-003", "its d_clone answered with a minor that is open");
    if (int error = system.nodes.swap_vnode(process, vnode, key)) {
        call_close(process, dev, oflag, "the instance was not opened: d_close is how the driver hears of it");
        return error;
    }
    if (int error = call_open(process, dev, oflag))
        return process.refuse(error, "driver open", "the driver's d_open refused", nullptr);
    file.ops = &fresh_ops;
    return 0;
}

// DCLONE-006: the vnode belongs to all who have the node open, and has one number.
int Specfs::open_naive(Process &process, HeldDevice &vnode, File &file, int oflag) {
    dev_t dev;
    if (int error = ask_driver(process, vnode->dev, oflag, &dev)) return error;
    if (int error = call_open(process, dev, oflag))
        return process.refuse(error, "driver open", "the driver's d_open refused", nullptr);
    step(system, Event::vnode_swap,
         vnode->files > 0
             ? "no new vnode: the one that others have open takes the number, and their calls go there too"
             : "no new vnode: the node's own takes the number",
         "DCLONE-006", dev);
    renumbered[vnode->dev] = dev;
    file.ops = &naive_ops;
    return 0;
}

int Specfs::open_by_number(Process &process, Node &node, HeldDevice &vnode, File &file, int oflag) {
    const dev_t dev = vnode->dev;
    const minor_t minor = external_minor(dev);
    if (variant.number_shift && minor >> variant.number_shift)
        return process.refuse(ENXIO, "clone", "the node's minor leaves no room for a clone's number", "DCLONE-027");
    Parent &parent = parents.try_emplace(dev, Parent{dev, 1}).first->second;
    const auto limit = limits.find(external_major(dev));
    const unsigned last = limit == limits.end() ? numbers_max - 1 : limit->second;
    unsigned number = 1;
    while (number <= last && parent.numbers[number]) ++number;
    if (number > last)
        return process.refuse(EBUSY, "clone", "every number of the node's bitmap is in use", "DCLONE-021");
    parent.numbers.set(number);
    ++system.minors_out;
    if (system.trace.on)
        step(system, Event::pick, "the lowest clear bit of the parent vnode's bitmap", "DCLONE-020", no_device, number,
             fmt::format("clone {}", number));

    const dev_t clone =
        make_device(external_major(dev), variant.number_shift ? number << variant.number_shift | minor : number);
    HeldDevice own;
    int error = own.take(system.nodes, vnode_key(clone, dev), true);
    if (error) {
        release(parent, number);
        return process.refuse(error, "vnode", "no vnode is to be had for the clone", "DCLONE-024");
    }
    if ((error = call_open(process, clone, oflag))) {
        own.give_back();
        release(parent, number);
        return process.refuse(error, "driver open", "the driver's d_open refused, and the number is free again",
                              "DCLONE-023");
    }
    step(system, Event::vnode_swap, "the open goes on with a vnode of the clone's number; its attributes stay the parent's",
         "DCLONE-022", clone);
    vnode = std::move(own);
    file.node = &node;
    ++node.refs;
    file.ops = &number_ops;
    file.data = &parent;
    return 0;
}

// --- close ---

void Specfs::release(Parent &parent, unsigned number) {
    parent.numbers.reset(number);
    --system.minors_out;
    if (system.trace.on)
        step(system, Event::release, "back in the parent's bitmap", "DCLONE-020", no_device, number,
             fmt::format("clone {}", number));
}

int Specfs::close(Process &process, File &file) {
    VnodeLock lock(system, *file.special);
    const dev_t dev = number_of(file);
    int error = 0;
    if (file.special->files == 1) {
        error = call_close(process, dev, driver_flags(file.flags),
                           "the last close of the vnode: the driver's d_close is called");
        renumbered.erase(file.special->dev);
        if (file.data && !error) release(*static_cast<Parent *>(file.data), clone_number(dev)); // DCLONE-020
    }
    --driver_of(dev).holds;
    return error;
}

constinit const Generation dclone_proposal{"proposal", [](System &system) { specfs_of(system).variant = {}; }};
constinit const Generation dclone_naive{"naive", [](System &system) { specfs_of(system).variant = {.fresh_vnode = false}; }};
constinit const Generation dclone_openbsd_2007{"openbsd-2007", [](System &system) { specfs_of(system).variant = {.bitmap = true, .fstat_refuses = true}; }};
constinit const Generation dclone_openbsd{"openbsd", [](System &system) { specfs_of(system).variant = {.bitmap = true, .number_shift = 8}; }};

void limit_clones(System &system, major_t major, unsigned count) {
    specfs_of(system).limits[major] = std::min(count, numbers_max - 1);
}

} // namespace rill::designs

// --- what drivers call ---

using namespace rill;
using namespace rill::designs;

#define EXPORT extern "C" __attribute__((visibility("default")))

EXPORT int dclone_devsw_attach(const char *devname, const struct cdevsw *cdev, int cmajor) {
    System &system = this_system();
    const auto major = static_cast<major_t>(cmajor);
    if (system.registry.by_external(major)) return EEXIST;
    Driver driver;
    driver.name = driver.prefix = devname;
    driver.open_file = [](Process &process, Node &node, HeldDevice &vnode, File &file, int oflag) {
        return specfs_of(process).open(process, node, vnode, file, oflag);
    };
    if (int error = system.registry.add(std::move(driver), major)) return error;
    specfs_of(system).switches[major] = cdev;
    return 0;
}

EXPORT int dclone_devsw_detach(const struct cdevsw *cdev) {
    System &system = this_system();
    Specfs &specfs = specfs_of(system);
    for (const auto &[major, sw] : specfs.switches) {
        if (sw != cdev) continue;
        const major_t number = major;
        if (int error = system.registry.remove(*system.registry.by_external(number))) return error;
        for (auto it = specfs.parents.begin(); it != specfs.parents.end();)
            if (external_major(it->first) == number) {
                system.minors_out -= static_cast<long>(it->second.numbers.count()) - 1; // kept by a d_close that failed
                it = specfs.parents.erase(it);
            } else {
                ++it;
            }
        specfs.limits.erase(number);
        specfs.switches.erase(number);
        return 0;
    }
    return ENXIO;
}

EXPORT int dclone_uiomove(void *data, size_t count, struct dclone_uio *uio) { return move_by(data, count, uio); }
EXPORT void *dclone_malloc(size_t size, int flags) { return sized_alloc(size, flags & 1, flags & 8); }
EXPORT void dclone_free(void *memory) { sized_free(memory); }
