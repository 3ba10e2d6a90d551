// DragonFly in 2007 (clauses/05, section 4.1 and 4.3). spec_open hangs dev_data on the file, and every later call goes
// from the file to the device in it; the vnode is kept for the node's times alone. A device with D_MAKECLONE in
// si_flags is cloned for each open beyond the first: make_sub_dev with the lowest free minor above its own. Without
// dev_data, as the kernel was, a file is a vnode, and all who open the node meet at its one device.
//
// A device is found by (operations, minor). It has a reference of its own until destroy_dev, and whoever wants to
// destroy it needs another one; see destroy_dev below.
#define DRAGONFLY_2007
#include "clone/designs/dragonfly/dragonfly.hpp"
#include "clone/designs/kernel.hpp"
#include "clone/designs/dragonfly/headers.hpp"

#include <algorithm>
#include <cstdarg>
#include <fmt/format.h>

namespace rill::designs {

namespace {

constexpr int chr = S_IFCHR;

struct Device : cdev {
    dev_t key() const { return device_key(si_umajor, si_uminor); }

    bool known = true;  // found by (operations, minor); false: destroyed
    bool clone = false; // of one open
    int opens = 0;      // files that have it
};

class Kernel {
public:
    explicit Kernel(System &s) : system(s) {}

    Device *find(const dev_ops *ops, int minor);
    Device *find(dev_t key);
    Device *have(dev_ops *ops, int minor); // made if absent
    void release(Device &device);
    void destroy(Device &device);

    int open(Process &, Node &, HeldDevice &, File &, int oflag);
    int open_file(Process &, Device &own, Special &, Node &, File &, int oflag);
    int open_vnode(Process &, Device &own, HeldDevice &, File &, int oflag);
    int close(const File &, Device &);
    int call_open(Process &, Device &, int oflag);

    System &system;
    bool has_dev_data = true; // the file is a DTYPE_DEV with dev_data; false: a vnode, as it was   DFLY-004, DFLY-012
    std::list<Device> devices;
    std::function<cdev *(cdev *)> vnode_open;
    unsigned devices_max = 0;
};

Kernel &kernel_of(System &system) { return system.part<Kernel>(); }
Kernel &kernel_of(Process &process) { return process.system.part<Kernel>(); }

// Where a file finds its device: in its dev_data, or by asking its vnode each time.
Device *device_of(Process &process, const File &file) {
    if (file.data) return static_cast<Device *>(static_cast<dev_data *>(file.data)->dd_dev);
    return kernel_of(process).find(file.special->dev);
}

// --- calls on an open file ---

template <class Args, class Routine>
int transfer_by(Process &process, File &file, Transfer &transfer, bool writing, Routine dev_ops::*routine) {
    Device *device = device_of(process, file);
    if (!device || !device->known) return ENXIO;
    if (!(device->si_ops->*routine)) return ENODEV;
    if (file.node) (writing ? file.node->mtime : file.node->atime) = time_now(process.system); // DFLY-003
    InDriver in(process.system, EntryKind::none, device->si_ops->head.name);
    return with_uio<dragonfly_uio>(transfer, writing, [&](dragonfly_uio *uio) {
        Args args{{device}, uio, file.no_wait() ? IO_NDELAY : 0};
        return (device->si_ops->*routine)(&args);
    });
}

int read(Process &process, File &file, Transfer &transfer) {
    return transfer_by<dev_read_args>(process, file, transfer, false, &dev_ops::d_read);
}

int write(Process &process, File &file, Transfer &transfer) {
    return transfer_by<dev_write_args>(process, file, transfer, true, &dev_ops::d_write);
}

int ioctl(Process &process, File &file, int command, void *argument, int *) {
    Device *device = device_of(process, file);
    if (!device || !device->known) return ENXIO;
    if (!device->si_ops->d_ioctl) return ENODEV;
    InDriver in(process.system, EntryKind::none, device->si_ops->head.name);
    dragonfly_ucred cred{process.cred.cr_uid, process.cred.cr_gid};
    return with_ioctl_data(command, argument, [&](void *data) {
        dev_ioctl_args args{{device}, static_cast<unsigned>(command), data, driver_flags(file.flags), &cred};
        return device->si_ops->d_ioctl(&args);
    });
}

int close(Process &process, File &file) {
    Kernel &kernel = kernel_of(process);
    VnodeLock lock(process.system, *file.special);
    --process.system.registry.by_external(external_major(file.special->dev))->holds;
    Device *device = device_of(process, file);
    const int error = device ? kernel.close(file, *device) : 0;
    if (file.data) {
        dragonfly07_release_dev(device);
        kmem_free(file.data, sizeof(dev_data));
    }
    return error;
}

constexpr FileOps dev_file_ops{.name = "DTYPE_DEV", .read = read, .write = write, .ioctl = ioctl, .close = close};
constexpr FileOps vnode_ops{.name = "DTYPE_VNODE", .read = read, .write = write, .ioctl = ioctl, .close = close};

} // namespace

// --- devices ---

Device *Kernel::find(const dev_ops *ops, int minor) {
    for (Device &d : devices)
        if (d.known && d.si_ops == ops && d.si_uminor == minor) return &d;
    return nullptr;
}

Device *Kernel::find(dev_t key) {
    for (Device &d : devices)
        if (d.known && d.key() == key) return &d;
    return nullptr;
}

// A new one is told to the driver's d_clone, which has nothing to do with opens (DFLY-010).
Device *Kernel::have(dev_ops *ops, int minor) {
    if (Device *known = find(ops, minor)) return known;
    Device &device = devices.emplace_back();
    device.si_ops = ops;
    device.si_umajor = ops->head.maj;
    device.si_uminor = minor;
    device.si_refs = 1;
    if (ops->d_clone) {
        dev_clone_args args{};
        args.a_head.a_dev = &device;
        ops->d_clone(&args);
    }
    return &device;
}

void Kernel::release(Device &device) {
    if (--device.si_refs <= 0 && !device.known) devices.remove_if([&](const Device &d) { return &d == &device; });
}

void Kernel::destroy(Device &device) {
    if (!device.known) return release(device);
    if (device.si_refs < 2)
        system.fault("DFLY-011",
                     "destroy_dev with too few references: it drops the device's own and one of the caller's");
    device.known = false;
    device.si_drv1 = device.si_drv2 = nullptr;
    --device.si_refs;
    release(device);
}

// --- open ---

int Kernel::call_open(Process &process, Device &device, int oflag) {
    step(system, Event::drv_open, "the device's d_open is called", nullptr, device.key(), device.si_uminor);
    if (!device.si_ops->d_open) return 0;
    dragonfly_ucred cred{process.cred.cr_uid, process.cred.cr_gid};
    dev_open_args args{{&device}, oflag, chr, &cred};
    InDriver in(system, EntryKind::open, device.si_ops->head.name);
    return device.si_ops->d_open(&args);
}

int Kernel::open(Process &process, Node &node, HeldDevice &vnode, File &file, int oflag) {
    Device *own = find(vnode->dev);
    if (!own) return process.refuse(ENXIO, "spec open", "no device has the node's number", nullptr);
    const int error = has_dev_data ? open_file(process, *own, *vnode, node, file, oflag)
                                   : open_vnode(process, *own, vnode, file, oflag);
    if (!error) ++system.registry.by_external(external_major(vnode->dev))->holds;
    return error;
}

int Kernel::open_file(Process &process, Device &own, Special &special, Node &node, File &file, int oflag) {
    auto *data = static_cast<dev_data *>(kmem_zalloc(sizeof(dev_data), KM_NOSLEEP));
    if (!data) return process.refuse(ENOMEM, "dev_data", "no memory for what the file carries", "DFLY-004");
    Device *device = &own;
    if (own.si_flags & D_MAKECLONE && special.files > 0) { // DFLY-005, DFLY-006
        const auto of_node =
            static_cast<unsigned>(1 + std::count_if(devices.begin(), devices.end(), [&](const Device &d) {
                                      return d.clone && d.si_ops == own.si_ops;
                                  }));
        if (devices_max && of_node >= devices_max) {
            kmem_free(data, sizeof *data);
            return process.refuse(EBUSY, "dev_data", "the device has as many clones as it may have", "CMP-003");
        }
        int minor = own.si_uminor + 1;
        while (find(own.si_ops, minor)) ++minor;
        device = static_cast<Device *>(dragonfly07_make_sub_dev(&own, minor));
        device->clone = true;
        dragonfly07_reference_dev(device);
        ++system.minors_out;
        if (system.trace.on)
            step(
                system, Event::pick,
                "the node is open already, and its device may be cloned: make_sub_dev with the lowest free minor above its own:",
                "DFLY-006", device->key(), minor);
    }
    ++device->opens;
    if (int error = call_open(process, *device, oflag)) {
        --device->opens;
        if (device->clone) {
            --system.minors_out;
            destroy(*device);
        }
        kmem_free(data, sizeof *data);
        return process.refuse(error, "driver open", "the device's d_open refused", nullptr);
    }
    data->dd_dev = dragonfly07_reference_dev(device);
    data->dd_orig_vp = reinterpret_cast<struct vnode *>(&node);
    file.ops = &dev_file_ops;
    file.data = data;
    return 0;
}

// DFLY-001, DFLY-012: the vnode is where all openers meet, unless its own open routine installs another one.
int Kernel::open_vnode(Process &process, Device &own, HeldDevice &vnode, File &file, int oflag) {
    Device *device = &own;
    if (vnode_open)
        if (auto *other = static_cast<Device *>(vnode_open(&own)); other && other != &own) {
            if (int error = system.nodes.swap_vnode(process, vnode, other->key())) return error;
            device = other;
        }
    ++device->opens;
    if (int error = call_open(process, *device, oflag)) {
        --device->opens;
        return process.refuse(error, "driver open", "the device's d_open refused", nullptr);
    }
    file.ops = &vnode_ops;
    return 0;
}

int Kernel::close(const File &file, Device &device) {
    if (--device.opens > 0 || !device.known) return 0;
    step(system, Event::drv_close, "the last close of the device", nullptr, device.key(), device.si_uminor);
    int error = 0;
    if (device.si_ops->d_close) {
        dev_close_args args{{&device}, driver_flags(file.flags), chr};
        InDriver in(system, EntryKind::close, device.si_ops->head.name);
        error = device.si_ops->d_close(&args);
    }
    if (device.clone) {
        --system.minors_out;
        step(system, Event::release, "the clone goes with its file", "DFLY-006", device.key(), device.si_uminor);
        destroy(device);
    }
    return error;
}

constinit const Generation dragonfly2007_dev_data{"dev_data", [](System &system) { kernel_of(system).has_dev_data = true; }};
constinit const Generation dragonfly2007_vnode{"vnode", [](System &system) { kernel_of(system).has_dev_data = false; }};
void limit_devices(System &system, unsigned count) { kernel_of(system).devices_max = count; }
void set_vnode_open(System &system, std::function<cdev *(cdev *)> choose) {
    kernel_of(system).vnode_open = std::move(choose);
}

} // namespace rill::designs

// --- what drivers call ---

using namespace rill;
using namespace rill::designs;

#define EXPORT extern "C" __attribute__((visibility("default")))

EXPORT cdev_t dragonfly07_make_dev(dev_ops *ops, int minor, uid_t uid, gid_t gid, int perms, const char *fmt, ...) {
    Device *device = kernel_of(this_system()).have(ops, minor);
    device->si_uid = uid;
    device->si_gid = gid;
    device->si_perms = perms;
    va_list args;
    va_start(args, fmt);
    std::vsnprintf(device->si_name, sizeof device->si_name, fmt, args); // DFLY-009
    va_end(args);
    return device;
}

EXPORT cdev_t dragonfly07_make_adhoc_dev(dev_ops *ops, int minor) { return kernel_of(this_system()).have(ops, minor); }

EXPORT cdev_t dragonfly07_make_sub_dev(cdev_t odev, int minor) {
    Device *device = kernel_of(this_system()).have(odev->si_ops, minor);
    if (!device->si_name[0]) std::memcpy(device->si_name, odev->si_name, sizeof device->si_name); // DFLY-007
    return device;
}

EXPORT cdev_t dragonfly07_reference_dev(cdev_t dev) {
    if (dev) ++dev->si_refs;
    return dev;
}

EXPORT void dragonfly07_release_dev(cdev_t dev) {
    if (dev) kernel_of(this_system()).release(static_cast<Device &>(*dev));
}

EXPORT void dragonfly07_destroy_dev(cdev_t dev) {
    if (dev) kernel_of(this_system()).destroy(static_cast<Device &>(*dev));
}

EXPORT int dragonfly07_dev_ops_add(dev_ops *ops, unsigned, unsigned) {
    const auto major = static_cast<major_t>(ops->head.maj);
    if (this_system().registry.by_external(major)) return EEXIST;
    Driver driver;
    driver.name = driver.prefix = ops->head.name;
    driver.open_file = [](Process &process, Node &node, HeldDevice &vnode, File &file, int oflag) {
        return kernel_of(process).open(process, node, vnode, file, oflag);
    };
    return this_system().registry.add(std::move(driver), major);
}

EXPORT int dragonfly07_dev_ops_remove(dev_ops *ops, unsigned, unsigned) {
    Driver *driver = this_system().registry.by_external(static_cast<major_t>(ops->head.maj));
    return driver ? this_system().registry.remove(*driver) : ENXIO;
}
