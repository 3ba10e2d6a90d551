// devfs (clauses/05, section 4.2): an open of a node for whose name a clone handler is registered.
//
//   HANDLER      the handlers of exactly this name, until one makes a device     DFLY-023, DFLY-024
//   PICK         by the handler, from its bitmap of units                        DFLY-036
//   NODE+        devfs shows the new device                                      DFLY-028
//   VNODE_SWAP   the open goes on with the vnode of that node                    DFLY-031
//   DRV_OPEN     d_open of the new device                                        DFLY-032
//
// A Device lives until it was destroyed, no file has it open, and none of its routines runs. Its opens are counted here
// and not at the vnode: the vnode of a destroyed device may get a new device of the same number.
#include "clone/designs/dragonfly/dragonfly.hpp"
#include "clone/designs/kernel.hpp"
#include "clone/designs/dragonfly/headers.hpp"

#include <algorithm>
#include <cstdarg>
#include <fmt/format.h>

namespace rill::designs {

namespace {

constexpr int chr = S_IFCHR;
constexpr int first_base_minor = MAXMIN; // of nodes that are only a name to clone; the next ones are below it

struct Device : cdev {
    std::string path() const { return std::string("/dev/") + si_name; }
    dev_t key() const { return device_key(si_umajor, si_uminor); }

    bool base = false;  // a name to clone: its operations refuse
    bool shown = false; // has a node
    bool dead = false;  // destroyed
    int opens = 0;      // that d_close was not called for
    int files = 0;
    int busy = 0; // of its routines, running
};

struct Handler {
    std::string name;
    d_clone_t *function;
};

// Units that a handler has picked while it runs.
struct Picked {
    devfs_bitmap *bitmap;
    int unit;
};

class Devfs {
public:
    explicit Devfs(System &s) : system(s) {}

    Device *make(dev_ops *ops, int minor, uid_t uid, gid_t gid, int perms, const char *format, va_list args);
    Device *make_base(dev_ops *ops, d_clone_t *handler, uid_t uid, gid_t gid, int perms, const char *format,
                      va_list args);
    int show(Device &device);
    void destroy(Device &device);

    int open(Process &, Node &, HeldDevice &, File &, int oflag);
    int close(Process &, File &);

    System &system;
    bool base_opens = false; // no clone: the open goes on with the base device, which refuses (ENODEV, DFLY-026); false: ENXIO
    std::list<Device> devices;
    std::vector<Handler> handlers;
    std::map<Call *, std::vector<Picked>> picked;

    // A routine of the device runs, or a call stands on it: it stays.
    class Busy {
    public:
        Busy(Devfs &devfs, Device &device) : devfs_(devfs), device_(device) { ++device_.busy; }
        ~Busy() {
            --device_.busy;
            devfs_.reap(device_);
        }
        Busy(const Busy &) = delete;

    private:
        Devfs &devfs_;
        Device &device_;
    };

    void reap(Device &device);

private:
    int bring_in(dev_ops &ops);
    Device *behind(const Node &node);
    int clone_of(Process &, Device &base, int oflag, Device **clone);
    int call_open(Process &, Device &, int oflag);
    int call_close(Device &, int flag, const char *why);
    bool has_handler(std::string_view name) const {
        return std::any_of(handlers.begin(), handlers.end(), [&](const Handler &h) { return h.name == name; });
    }
};

Devfs &devfs_of(System &system) { return system.part<Devfs>(); }
Devfs &devfs_of(Process &process) { return process.system.part<Devfs>(); }
Device &device_of(const File &file) { return *static_cast<Device *>(file.data); }

bool is_set(const devfs_bitmap &map, int unit);

// --- calls on an open file: straight to the device; EBADF when it is gone (DFLY-034) ---

template <class Args, class Routine>
int transfer_by(Process &process, File &file, Transfer &transfer, bool writing, Routine dev_ops::*routine) {
    Device &device = device_of(file);
    if (device.dead) return EBADF;
    if (!(device.si_ops->*routine)) return ENODEV;
    Devfs::Busy busy(devfs_of(process), device);
    InDriver in(process.system, EntryKind::none, device.si_ops->head.name);
    return with_uio<dragonfly_uio>(transfer, writing, [&](dragonfly_uio *uio) {
        Args args{{&device}, uio, file.no_wait() ? IO_NDELAY : 0};
        return (device.si_ops->*routine)(&args);
    });
}

int read(Process &process, File &file, Transfer &transfer) {
    return transfer_by<dev_read_args>(process, file, transfer, false, &dev_ops::d_read);
}

int write(Process &process, File &file, Transfer &transfer) {
    return transfer_by<dev_write_args>(process, file, transfer, true, &dev_ops::d_write);
}

int ioctl(Process &process, File &file, int command, void *argument, int *) {
    Device &device = device_of(file);
    if (device.dead) return EBADF;
    if (!device.si_ops->d_ioctl) return ENODEV;
    Devfs::Busy busy(devfs_of(process), device);
    InDriver in(process.system, EntryKind::none, device.si_ops->head.name);
    dragonfly_ucred cred{process.cred.cr_uid, process.cred.cr_gid};
    return with_ioctl_data(command, argument, [&](void *data) {
        dev_ioctl_args args{{&device}, static_cast<unsigned>(command), data, driver_flags(file.flags), &cred};
        return device.si_ops->d_ioctl(&args);
    });
}

int close(Process &process, File &file) { return devfs_of(process).close(process, file); }

constexpr FileOps devfs_ops{.name = "devfs", .read = read, .write = write, .ioctl = ioctl, .close = close};

} // namespace

// --- devices ---

int Devfs::bring_in(dev_ops &ops) {
    const auto major = static_cast<major_t>(ops.head.maj);
    if (system.registry.by_external(major)) return 0;
    Driver driver;
    driver.name = driver.prefix = ops.head.name;
    driver.open_file = [](Process &process, Node &node, HeldDevice &vnode, File &file, int oflag) {
        return devfs_of(process).open(process, node, vnode, file, oflag);
    };
    return system.registry.add(std::move(driver), major);
}

Device *Devfs::make(dev_ops *ops, int minor, uid_t uid, gid_t gid, int perms, const char *format, va_list args) {
    if (bring_in(*ops)) return nullptr;
    Device &device = devices.emplace_back();
    device.si_ops = ops;
    device.si_umajor = ops->head.maj;
    device.si_uminor = minor;
    device.si_uid = uid;
    device.si_gid = gid;
    device.si_perms = perms;
    device.si_refs = 1;
    std::vsnprintf(device.si_name, sizeof device.si_name, format, args);
    return &device;
}

Device *Devfs::make_base(dev_ops *ops, d_clone_t *handler, uid_t uid, gid_t gid, int perms, const char *format,
                         va_list args) {
    int minor = first_base_minor;
    for (const Device &d : devices)
        if (d.base && !d.dead && d.si_umajor == ops->head.maj) minor = std::min(minor, d.si_uminor - 1);
    Device *device = make(ops, minor, uid, gid, perms, format, args);
    if (!device) return nullptr;
    device->base = true;
    handlers.push_back({device->si_name, handler});
    show(*device);
    return device;
}

// The node of a device. The directory of pseudo-terminal masters is not listed (DFLY-043).
int Devfs::show(Device &device) {
    const std::string path = device.path();
    if (int error = system.nodes.make(path, S_IFCHR | static_cast<mode_t>(device.si_perms & 07777), device.key(),
                                      device.si_uid, device.si_gid))
        return error;
    system.nodes.find(path)->hidden = path.starts_with("/dev/ptm/");
    device.shown = true;
    return 0;
}

void Devfs::destroy(Device &device) {
    if (device.dead) return;
    Busy busy(*this, device);
    if (device.shown) system.nodes.unlink(device.path());
    device.shown = false;
    device.dead = true;
    if (std::exchange(device.opens, 0) > 0) call_close(device, 0, "the device goes while it is open: a forced close");
    const bool others = std::any_of(devices.begin(), devices.end(),
                                    [&](const Device &d) { return !d.dead && d.si_umajor == device.si_umajor; });
    if (Driver *driver = system.registry.by_external(static_cast<major_t>(device.si_umajor)); driver && !others)
        system.registry.remove(
            *driver); // refused while an open is on its way; the next driver of this major takes the row
}

void Devfs::reap(Device &device) {
    if (device.dead && device.files == 0 && device.busy == 0)
        devices.remove_if([&](const Device &d) { return &d == &device; });
}

Device *Devfs::behind(const Node &node) {
    for (Device &d : devices)
        if (d.shown && d.path() == node.path) return &d;
    for (Device &d : devices) // another name for it
        if (d.shown && d.key() == node.rdev) return &d;
    return nullptr;
}

// --- open ---

int Devfs::call_open(Process &process, Device &device, int oflag) {
    step(system, Event::drv_open, "the device's d_open is called", nullptr, device.key(), device.si_uminor, device.si_name);
    if (!device.si_ops->d_open) return 0;
    dragonfly_ucred cred{process.cred.cr_uid, process.cred.cr_gid};
    dev_open_args args{{&device}, oflag, chr, &cred};
    InDriver in(system, EntryKind::open, device.si_ops->head.name);
    return device.si_ops->d_open(&args);
}

int Devfs::call_close(Device &device, int flag, const char *why) {
    step(system, Event::drv_close, why, "DFLY-033", device.key(), device.si_uminor, device.si_name);
    if (!device.si_ops->d_close) return 0;
    dev_close_args args{{&device}, flag, chr};
    InDriver in(system, EntryKind::close, device.si_ops->head.name);
    return device.si_ops->d_close(&args);
}

// A device from one of the handlers, with its node. Without one (*clone stays null) 0; an errno when it is refused.
int Devfs::clone_of(Process &process, Device &base, int oflag, Device **clone) {
    const std::string name = base.si_name;
    dragonfly_ucred cred{process.cred.cr_uid, process.cred.cr_gid};
    std::vector<Picked> &units = picked[system.running] = {};
    Device *made = nullptr;
    for (std::size_t i = 0; i < handlers.size() && !made; ++i) {
        if (handlers[i].name != name) continue;
        step(system, Event::handler, "a clone handler is registered for exactly this name", "DFLY-023", no_device, -1, name);
        dev_clone_args args{{&base}, nullptr, name.c_str(), name.size(), &cred, oflag};
        InDriver in(system, EntryKind::open, base.si_ops->head.name);
        const int declined = handlers[i].function(&args);
        if (declined) continue; // DFLY-024
        made = static_cast<Device *>(args.a_dev);
        break;
    }
    if (made && (made->shown || show(*made) != 0)) {
        process.refuse(EEXIST, "devfs clone", "the clone's name is taken: no node is made, and the clone is dropped",
                       "DFLY-027");
        if (!made->shown) {
            for (const Picked &p : std::vector<Picked>(units)) devfs_clone_bitmap_put(p.bitmap, p.unit);
            destroy(*made);
        }
        made = nullptr;
    }
    picked.erase(system.running);
    *clone = made;
    if (made || base_opens) return 0;
    return process.refuse(ENXIO, "devfs clone", "no handler of this name made a device", "DFLY-025");
}

int Devfs::open(Process &process, Node &node, HeldDevice &vnode, File &file, int oflag) {
    Device *device = behind(node);
    if (!device) return process.refuse(ENXIO, "devfs", "no device is behind the node", nullptr);
    Busy on_named(*this, *device);
    Device *clone = nullptr;
    if (has_handler(device->si_name)) {
        if (int error = clone_of(process, *device, oflag, &clone)) return error;
        if (clone) device = clone;
    }
    if (device->base)
        return process.refuse(ENODEV, "driver open",
                              "without a clone the open goes on with the base device, which refuses", "DFLY-026");
    Busy on_device(*this, *device);
    if (clone)
        if (int error = system.nodes.swap_vnode(process, vnode, clone->key())) {
            call_close(*clone, oflag, "the clone was not opened: d_close is how the driver hears of it");
            return error;
        }
    if (int error = call_open(process, *device, oflag)) {
        if (clone && system.trace.on)
            system.trace.emit({.event = Event::undo_of_design,
                               .name = "vnode",
                               .what = "the vnode of the node is back in the open; the new node and its unit are the "
                                       "driver's to take away",
                               .clause = "DFLY-032"});
        return process.refuse(error, "driver open", "the device's d_open refused", nullptr);
    }
    if (clone)
        if (Node *own = system.nodes.find(device->path())) {
            file.node = own;
            ++own->refs;
        }
    file.ops = &devfs_ops;
    file.data = device;
    ++device->files;
    if (!device->dead) ++device->opens;
    return 0;
}

int Devfs::close(Process &, File &file) {
    VnodeLock lock(system, *file.special);
    Device &device = device_of(file);
    Busy busy(*this, device);
    --device.files;
    if (device.dead) return 0;
    const bool last = --device.opens == 0;
    if (last) return call_close(device, driver_flags(file.flags), "the last close of the device");
    if (device.si_ops->head.flags & D_TRACKCLOSE)
        return call_close(device, driver_flags(file.flags), "a close; the driver wants to know of each");
    return 0;
}

constinit const Generation devfs_manual{"manual", [](System &system) { devfs_of(system).base_opens = false; }};
constinit const Generation devfs_as_coded{"as coded", [](System &system) { devfs_of(system).base_opens = true; }};

namespace {

constexpr int chunk_bits = 8 * sizeof(unsigned long);

bool is_set(const devfs_bitmap &map, int unit) {
    return unit / chunk_bits < map.chunks && map.bitmap[unit / chunk_bits] >> (unit % chunk_bits) & 1;
}

void grow(devfs_bitmap &map, int unit) {
    const int chunks = unit / chunk_bits + 1;
    if (chunks <= map.chunks) return;
    auto *bigger = new unsigned long[static_cast<std::size_t>(chunks)]();
    std::copy_n(map.bitmap, map.chunks, bigger);
    delete[] map.bitmap;
    map = {chunks, bigger};
}

void take(devfs_bitmap &map, int unit) {
    grow(map, unit);
    map.bitmap[unit / chunk_bits] |= 1ul << (unit % chunk_bits);
    System &system = this_system();
    ++system.minors_out;
    Devfs &devfs = devfs_of(system);
    if (auto it = devfs.picked.find(system.running); it != devfs.picked.end()) it->second.push_back({&map, unit});
}

} // namespace

} // namespace rill::designs

// --- what drivers call ---

using namespace rill;
using namespace rill::designs;

#define EXPORT extern "C" __attribute__((visibility("default")))

EXPORT cdev_t dragonfly_make_dev(dev_ops *ops, int minor, uid_t uid, gid_t gid, int perms, const char *fmt, ...) {
    va_list args;
    va_start(args, fmt);
    Devfs &devfs = devfs_of(this_system());
    Device *device = devfs.make(ops, minor, uid, gid, perms, fmt, args);
    va_end(args);
    if (device) devfs.show(*device);
    return device;
}

EXPORT cdev_t dragonfly_make_only_dev(dev_ops *ops, int minor, uid_t uid, gid_t gid, int perms, const char *fmt, ...) {
    va_list args;
    va_start(args, fmt);
    Device *device = devfs_of(this_system()).make(ops, minor, uid, gid, perms, fmt, args);
    va_end(args);
    return device;
}

EXPORT cdev_t dragonfly_make_autoclone_dev(dev_ops *ops, devfs_bitmap *bitmap, d_clone_t *nhandler, uid_t uid,
                                           gid_t gid, int perms, const char *fmt, ...) {
    va_list args;
    va_start(args, fmt);
    Device *device = devfs_of(this_system()).make_base(ops, nhandler, uid, gid, perms, fmt, args);
    va_end(args);
    if (device && bitmap) devfs_clone_bitmap_init(bitmap);
    return device;
}

EXPORT void dragonfly_destroy_dev(cdev_t dev) {
    if (!dev) return;
    auto &device = static_cast<Device &>(*dev);
    if (!device.shown && !device.dead)
        this_system().fault("DFLY-029", "destroy_dev of a device that was never shown: it is destroy_only_dev's");
    devfs_of(this_system()).destroy(device);
}

EXPORT void dragonfly_destroy_only_dev(cdev_t dev) {
    if (!dev) return;
    auto &device = static_cast<Device &>(*dev);
    if (device.shown) this_system().fault("DFLY-029", "destroy_only_dev of a device that was shown: it is destroy_dev's");
    devfs_of(this_system()).destroy(device);
}

EXPORT void dragonfly_destroy_autoclone_dev(cdev_t dev, devfs_bitmap *bitmap) {
    if (!dev) return; // DFLY-021
    devfs_clone_handler_del(dev->si_name);
    if (bitmap) devfs_clone_bitmap_uninit(bitmap);
    devfs_of(this_system()).destroy(static_cast<Device &>(*dev));
}

EXPORT int devfs_clone_handler_add(const char *name, d_clone_t *nhandler) {
    devfs_of(this_system()).handlers.push_back({name, nhandler});
    return 0;
}

EXPORT int devfs_clone_handler_del(const char *name) {
    std::erase_if(devfs_of(this_system()).handlers, [&](const Handler &h) { return h.name == name; });
    return 0;
}

EXPORT void devfs_clone_bitmap_init(devfs_bitmap *bitmap) { *bitmap = {0, nullptr}; }

EXPORT void devfs_clone_bitmap_uninit(devfs_bitmap *bitmap) {
    for (int unit = 0; unit < bitmap->chunks * chunk_bits; ++unit) this_system().minors_out -= is_set(*bitmap, unit);
    delete[] bitmap->bitmap;
    *bitmap = {0, nullptr};
}

EXPORT int devfs_clone_bitmap_get(devfs_bitmap *bitmap, int limit) {
    int unit = 0;
    while (unit / chunk_bits < bitmap->chunks && bitmap->bitmap[unit / chunk_bits] == ~0ul) unit += chunk_bits;
    while (is_set(*bitmap, unit)) ++unit;
    if (limit > 0 && unit > limit) {
        if (this_system().trace.on)
            this_system().trace.emit({.event = Event::refused,
                                      .name = "clone bitmap",
                                      .what = "every unit up to the limit is in use",
                                      .clause = "DFLY-036"});
        return -1;
    }
    take(*bitmap, unit);
    if (this_system().trace.on)
        step(this_system(), Event::pick, "the lowest free unit of the bitmap", "DFLY-036", no_device, unit,
             fmt::format("unit {}", unit));
    return unit;
}

EXPORT void devfs_clone_bitmap_put(devfs_bitmap *bitmap, int unit) {
    if (unit < 0 || !is_set(*bitmap, unit)) return; // DFLY-040
    bitmap->bitmap[unit / chunk_bits] &= ~(1ul << (unit % chunk_bits));
    --this_system().minors_out;
    for (auto &[call, units] : devfs_of(this_system()).picked)
        std::erase_if(units, [&](const Picked &p) { return p.bitmap == bitmap && p.unit == unit; });
    if (this_system().trace.on)
        step(this_system(), Event::release, "back in the bitmap", "DFLY-040", no_device, unit, fmt::format("unit {}", unit));
}

EXPORT int devfs_clone_bitmap_chk(devfs_bitmap *bitmap, int unit) { return is_set(*bitmap, unit); }

EXPORT int devfs_clone_bitmap_set(devfs_bitmap *bitmap, int unit) {
    if (is_set(*bitmap, unit)) return -1; // DFLY-039
    take(*bitmap, unit);
    if (this_system().trace.on)
        step(this_system(), Event::pick, "this unit of the bitmap, by its number", "DFLY-039", no_device, unit,
             fmt::format("unit {}", unit));
    return 0;
}

// --- of both kernels ---

EXPORT int dragonfly_uiomove(void *data, size_t count, struct dragonfly_uio *uio) { return move_by(data, count, uio); }
EXPORT void *dragonfly_kmalloc(size_t size, int flags) { return sized_alloc(size, flags & 1, flags & 8); }
EXPORT void dragonfly_kfree(void *memory) { sized_free(memory); }

EXPORT struct dragonfly_proc *dragonfly_curproc() {
    static thread_local dragonfly_proc proc;
    const Process *process = this_system().caller();
    proc.p_pid = process ? process->pid : 0;
    return &proc;
}

EXPORT int dragonfly_tsleep(const volatile void *ident, int flags, const char *wmesg, int timo) {
    constexpr int pcatch = 0x100;
    Call &call = *this_system().running;
    call.event = const_cast<void *>(ident);
    const Wake wake = this_system().sleep(this_system().event_sleepers, wmesg, flags & pcatch, timo ? timo : forever);
    call.event = nullptr;
    return wake == Wake::event     ? 0
           : wake == Wake::signal  ? EINTR
           : wake == Wake::timeout ? EWOULDBLOCK
                                   : EDEADLK;
}

extern "C" void wakeup(char *event);
EXPORT void dragonfly_wakeup(const volatile void *ident) { wakeup(static_cast<char *>(const_cast<void *>(ident))); }
