// An open finds the inode of the node, makes a struct file, and calls the open routine of the character device at the
// inode's major. From then on there is the file: read, write, ioctl and poll go to its operations with it as argument,
// and release is called once, when the last descriptor is closed. Neither inode nor device number changes on the way,
// so fstat shows what stat shows.
//
// Misc devices share a major: the open looks up the minor and puts the operations registered for it into the file. The
// major is 130, as 10, which it is in Linux, is the clone driver's; the two have nothing to do with each other
// (LNX-002).
//
// A file counts at the module that owns its operations; the module's driver does not go while there are any.
#include "clone/designs/linux/linux.hpp"
#include "clone/designs/kernel.hpp"
#include "clone/designs/linux/headers.hpp"
#include "clone/minor_table.hpp"

#include <cstdio>
#include <fmt/format.h>

extern "C" {
struct wait_queue_head;
void wakeup(char *event);
}

namespace rill::designs {

namespace {

struct Variant {
    int tun_again = EEXIST; // what a second TUNSETIFF on one file answers   LNX-014
    int misc_first = 127;   // the first dynamic misc minor                  LNX-005, LNX-113
    int misc_step = -1;     // and where the next one is looked for; downward it ends at 0
};

constexpr int erestartsys = 512, enoioctlcmd = 515;
constexpr int misc_end = 1 << 18;
constexpr const char *pts_directory = "/dev/pts/";

struct Inode : inode {
    Node *node = nullptr;
    int opens = 0;
    bool of_devpts = false; // stays while nobody has it open; has a reference of the node
};

struct OpenFile : linux_file {
    const char *driver;
};

struct CharacterDevice {
    major_t major;
    const char *name;
    const file_operations *fops; // none: misc, which asks the minor
};

struct Route {
    std::string destination;
    const linux_net_device *interface;
};

struct Kernel {
    explicit Kernel(System &s) : system(s) {}

    int open(Process &, Node &, const CharacterDevice &, const Special &, File &);
    int add(const CharacterDevice &device);
    Inode &inode_of(Node &node);
    void close(Inode &inode);
    miscdevice *misc_at(int minor) const;

    System &system;
    Variant variant;
    std::list<Inode> inodes;
    std::vector<miscdevice *> misc;
    std::unique_ptr<MinorTable> indices; // of pseudo-terminals
    unsigned pty_max = 0, ptys = 0;
    linux_net_device *interfaces = nullptr;
    std::vector<Route> routes;
};

Kernel &kernel_of(System &system) {
    return system.part<Kernel>();
}
Kernel &kernel(const char *call = __builtin_FUNCTION()) {
    return kernel_of(this_system(call));
}

// 0 or an errno of a routine's answer.
int user_errno(long result) {
    if (result >= 0) return 0;
    return result == -erestartsys   ? EINTR
           : result == -enoioctlcmd ? ENOTTY
                                    : static_cast<int>(-result);
}

OpenFile &of(const File &file) {
    return *static_cast<OpenFile *>(file.data);
}

// --- calls on an open file ---

int transfer(Process &process, const File &file, Transfer &t, auto routine) {
    OpenFile &f = of(file);
    if (!routine) return EINVAL;
    InDriver in(process.system, EntryKind::none, f.driver);
    const ssize_t n = routine(&f, t.base + t.done, t.count - t.done, &f.f_pos);
    if (n > 0) t.done += static_cast<std::size_t>(n);
    return user_errno(n);
}

int read(Process &process, File &file, Transfer &t) {
    return transfer(process, file, t, of(file).f_op->read);
}
int write(Process &process, File &file, Transfer &t) {
    return transfer(process, file, t, of(file).f_op->write);
}

int ioctl(Process &process, File &file, int command, void *argument, int *rval) {
    OpenFile &f = of(file);
    const auto cmd = static_cast<unsigned>(command);
    const auto arg = reinterpret_cast<unsigned long>(argument);
    InDriver in(process.system, EntryKind::none, f.driver);
    long result = -ENOTTY;
    if (f.f_op->unlocked_ioctl)
        result = f.f_op->unlocked_ioctl(&f, cmd, arg);
    else if (f.f_op->ioctl)
        result = f.f_op->ioctl(f.f_inode, &f, cmd, arg);
    if (result > 0) *rval = static_cast<int>(result);
    return user_errno(result);
}

int poll(Process &process, File &file, short events, short *revents) {
    OpenFile &f = of(file);
    InDriver in(process.system, EntryKind::none, f.driver);
    const unsigned mask = f.f_op->poll ? f.f_op->poll(&f, nullptr) : POLLIN | POLLOUT | POLLRDNORM | POLLWRNORM;
    *revents = static_cast<short>(mask & (static_cast<unsigned short>(events) | POLLERR | POLLHUP));
    return 0;
}

int fcntl(Process &, File &file, int, long argument) {
    constexpr unsigned changeable = O_NONBLOCK | O_APPEND;
    OpenFile &f = of(file);
    f.f_flags = (f.f_flags & ~changeable) | (static_cast<unsigned>(argument) & changeable);
    return 0;
}

void free_file(OpenFile *f) {
    if (f->f_op->owner) --f->f_op->owner->refcnt;
    kmem_free(f, sizeof *f);
}

int close(Process &process, File &file) {
    Kernel &k = kernel_of(process.system);
    OpenFile *f = &of(file);
    step(k.system, Event::drv_close, "the last descriptor of the file: its release is called", "LNX-001", f->f_inode->i_rdev,
         -1, f->driver);
    if (f->f_op->release) {
        InDriver in(k.system, EntryKind::close, f->driver);
        f->f_op->release(f->f_inode, f); // its answer is not looked at
    }
    k.close(static_cast<Inode &>(*f->f_inode));
    file.data = nullptr;
    free_file(f);
    --k.system.registry.by_external(external_major(file.special->dev))->holds;
    return 0;
}

constexpr FileOps file_ops{
    .name = "linux", .read = read, .write = write, .ioctl = ioctl, .poll = poll, .fcntl = fcntl, .close = close};

} // namespace

// --- open ---

Inode &Kernel::inode_of(Node &node) {
    for (Inode &i : inodes)
        if (i.node == &node) return i;
    Inode &i = inodes.emplace_back();
    i.i_rdev = node.rdev;
    i.i_mode = static_cast<unsigned short>(node.mode);
    i.i_ino = node.ino;
    i.node = &node;
    return i;
}

void Kernel::close(Inode &inode) {
    if (--inode.opens == 0 && !inode.of_devpts) inodes.remove_if([&](const Inode &i) { return &i == &inode; });
}

miscdevice *Kernel::misc_at(int minor) const {
    for (miscdevice *m : misc)
        if (m->minor == minor) return m;
    return nullptr;
}

int Kernel::open(Process &process, Node &node, const CharacterDevice &device, const Special &special, File &file) {
    const file_operations *fops = device.fops;
    const char *name = device.name;
    miscdevice *m = nullptr;
    if (!fops) {
        if (!(m = misc_at(static_cast<int>(external_minor(special.dev)))))
            return process.refuse(ENODEV, "misc", "no device is registered for the minor", "LNX-003");
        if (system.trace.on) [[unlikely]]
            system.trace.emit({.event = Event::rung_of_design,
                               .name = "misc",
                               .what = "the operations registered for the minor go into the file",
                               .clause = "LNX-002",
                               .text = m->name});
        fops = m->fops;
        name = m->name;
    }
    auto *f = static_cast<OpenFile *>(kmem_zalloc(sizeof(OpenFile), KM_NOSLEEP));
    if (!f) return process.refuse(ENOMEM, "file", "no memory for a struct file", nullptr);
    Inode &inode = inode_of(node);
    ++inode.opens;
    f->f_op = fops;
    f->f_inode = &inode;
    f->f_flags = static_cast<unsigned>(file.status);
    f->private_data = m; // LNX-004
    f->driver = name;
    if (fops->owner) ++fops->owner->refcnt;
    step(system, Event::drv_open, "the driver's open is given the inode and a file of its own", "LNX-001", special.dev, -1,
         name);
    int error = 0;
    if (fops->open) {
        InDriver in(system, EntryKind::open, name);
        error = user_errno(fops->open(&inode, f));
    }
    if (error) {
        close(inode);
        free_file(f);
        return process.refuse(error, "driver open", "the driver's open refused", nullptr);
    }
    file.ops = &file_ops;
    file.data = f;
    ++system.registry.by_external(external_major(special.dev))->holds;
    return 0;
}

int Kernel::add(const CharacterDevice &device) {
    if (system.registry.by_external(device.major)) return EBUSY;
    Driver driver;
    driver.name = driver.prefix = device.name;
    driver.open_file = [this, device](Process &process, Node &node, HeldDevice &vnode, File &file, int) {
        return open(process, node, device, *vnode, file);
    };
    return system.registry.add(std::move(driver), device.major);
}

constinit const Generation linux_6_1{"6.1", [](System &system) { kernel_of(system).variant = {}; }};
constinit const Generation linux_6_18{"6.18", [](System &system) { kernel_of(system).variant = {.misc_first = 256, .misc_step = 1}; }};
constinit const Generation linux_before_2016{"before 2016", [](System &system) { kernel_of(system).variant = {.tun_again = EINVAL, .misc_first = 63}; }};

int limit_ptys(System &system, unsigned count) {
    std::unique_ptr<MinorTable> &indices = kernel_of(system).indices;
    indices = MinorTable::make(system, "pts", count);
    return indices ? 0 : ENOMEM;
}

void set_pty_max(System &system, unsigned max) {
    kernel_of(system).pty_max = max;
}

int linux_interface_up(System &system, std::string_view interface, bool up) {
    for (linux_net_device *d = kernel_of(system).interfaces; d; d = d->next)
        if (interface == d->name) return d->flags = up ? d->flags | IFF_UP : d->flags & ~IFF_UP, 0;
    return ENODEV;
}

std::vector<std::string> linux_interfaces(System &system) {
    std::vector<std::string> names;
    for (const linux_net_device *d = kernel_of(system).interfaces; d; d = d->next) names.emplace_back(d->name);
    return names;
}

int linux_add_route(System &system, std::string destination, std::string_view interface) {
    Kernel &k = kernel_of(system);
    for (const linux_net_device *d = k.interfaces; d; d = d->next)
        if (interface == d->name) return k.routes.push_back({std::move(destination), d}), 0;
    return ENODEV;
}

std::vector<std::string> linux_routes(System &system) {
    std::vector<std::string> routes;
    for (const Route &r : kernel_of(system).routes) routes.push_back(r.destination + " " + r.interface->name);
    return routes;
}

} // namespace rill::designs

// --- what drivers call ---

using namespace rill;
using namespace rill::designs;

#define EXPORT extern "C" __attribute__((visibility("default")))

EXPORT dev_t linux_mkdev(unsigned major, unsigned minor) {
    return make_device(major, minor);
}
EXPORT unsigned linux_iminor(const inode *i) {
    return external_minor(i->i_rdev);
}
EXPORT unsigned linux_imajor(const inode *i) {
    return external_major(i->i_rdev);
}

EXPORT int linux_register_chrdev(unsigned major, const char *name, const file_operations *fops) {
    return -kernel().add({major, name, fops});
}

EXPORT void linux_unregister_chrdev(unsigned major, const char *) {
    if (Driver *driver = this_system().registry.by_external(major)) this_system().registry.remove(*driver);
}

EXPORT int linux_misc_register(miscdevice *m) {
    designs::Kernel &k = kernel();
    if (!this_system().registry.by_external(MISC_MAJOR)) // misc is there from the beginning
        if (int error = k.add({MISC_MAJOR, "misc", nullptr})) return -error;
    int minor = m->minor;
    if (minor == MISC_DYNAMIC_MINOR)
        for (minor = k.variant.misc_first; minor >= 0 && minor < misc_end && k.misc_at(minor);) minor += k.variant.misc_step;
    if (minor < 0 || minor == misc_end || k.misc_at(minor)) return -EBUSY; // LNX-006
    const std::string path = fmt::format("/dev/{}", m->nodename ? m->nodename : m->name);
    if (int error = this_system().nodes.make(path, S_IFCHR | (m->mode ? m->mode : 0600u),
                                             make_device(MISC_MAJOR, static_cast<minor_t>(minor)), 0, 0))
        return -error;
    m->minor = minor;
    k.misc.push_back(m);
    return 0;
}

EXPORT int linux_misc_deregister(miscdevice *m) {
    designs::Kernel &k = kernel();
    if (std::erase(k.misc, m) == 0) return -EINVAL;
    this_system().nodes.unlink(fmt::format("/dev/{}", m->nodename ? m->nodename : m->name));
    return 0;
}

EXPORT unsigned long linux_copy_from_user(void *to, const void *from, unsigned long n) {
    return copy_from_user(to, from, n) ? 0 : n;
}
EXPORT unsigned long linux_copy_to_user(void *to, const void *from, unsigned long n) {
    return copy_to_user(to, from, n) ? 0 : n;
}
EXPORT void *linux_kmalloc(size_t size, int zero) {
    return sized_alloc(size, true, zero);
}
EXPORT void linux_kfree(const void *memory) {
    sized_free(const_cast<void *>(memory));
}

EXPORT int linux_wait_on(wait_queue_head *wq) {
    Call &call = *this_system().running;
    call.event = wq;
    const Wake wake = this_system().sleep(this_system().event_sleepers, "a wait queue of the driver", true, forever);
    call.event = nullptr;
    return wake == Wake::event    ? 0
           : wake == Wake::signal ? -erestartsys
                                  : -EDEADLK;
}

EXPORT void linux_wake_up(wait_queue_head *wq) {
    wakeup(reinterpret_cast<char *>(wq));
}

// --- pseudo-terminals ---

EXPORT int linux_devpts_new_index(inode *) {
    designs::Kernel &k = kernel();
    if (!k.pty_max || k.ptys + 1 < k.pty_max) // LNX-105
        if (auto index = k.indices->take()) return ++k.ptys, static_cast<int>((*index).keep());
    if (this_system().trace.on)
        this_system().trace.emit({.event = Event::refused,
                                  .name = "devpts",
                                  .what = "every index up to the limit is in use",
                                  .clause = "LNX-008",
                                  .error = ENOSPC});
    return -ENOSPC;
}

EXPORT void linux_devpts_kill_index(inode *, int index) {
    kernel().indices->give(static_cast<minor_t>(index));
    --kernel().ptys;
}

EXPORT inode *linux_devpts_pty_new(inode *, dev_t device, int index, void *priv) {
    const Process *process = this_system().caller();
    const std::string path = fmt::format("{}{}", pts_directory, index);
    const int error = this_system().nodes.make(path, S_IFCHR | 0620, device, process ? process->cred.cr_uid : 0,
                                               process ? process->cred.cr_gid : 0);
    if (error) return reinterpret_cast<inode *>(static_cast<long>(-error));
    Node &node = *this_system().nodes.find(path);
    ++node.refs;
    Inode &i = kernel().inode_of(node);
    i.of_devpts = true;
    i.i_private = priv;
    return &i;
}

EXPORT void *linux_devpts_get_priv(inode *i) {
    return i->i_private;
}

EXPORT void linux_devpts_pty_kill(inode *p) {
    Inode &i = static_cast<Inode &>(*p);
    const std::string path = i.node->path;
    if (this_system().nodes.find(path) == i.node) this_system().nodes.unlink(path);
    this_system().nodes.release(i.node);
    i.i_private = nullptr;
    i.of_devpts = false;
    ++i.opens;
    kernel().close(i);
}

// The name is not looked up: it may be hidden, or gone.
EXPORT int linux_ptm_open_peer(inode *slave, int flags) {
    Process &process = *current->caller();
    File *file = current->file_pool.make();
    if (!file) return -ENFILE;
    file->refs = 0; // only reserved
    const int fd = process.install(file);
    if (fd < 0) return current->file_pool.free(file), -EMFILE;
    step(*current, Event::fd_alloc, "a descriptor for the slave", "LNX-109", no_device, fd);
    file->flags = kernel_flags(flags) & (FREAD | FWRITE | FNDELAY | FNONBLOCK);
    file->status = flags & ~O_NOCTTY;
    Node &node = *static_cast<Inode *>(slave)->node;
    const int error = current->nodes.spec_open(process, node, *file, kernel_flags(flags)).error;
    file->refs = 1;
    if (!error) return fd;
    process.remove_descriptor(fd);
    current->file_pool.free(file);
    return -error;
}

EXPORT int linux_capable(int) {
    const Process *process = current->caller();
    return !process || process->cred.cr_uid == 0;
}

EXPORT unsigned linux_current_euid() {
    const Process *process = current->caller();
    return process ? process->cred.cr_uid : 0;
}

EXPORT int linux_fget_valid(unsigned fd) {
    Process *process = current->caller();
    return process && process->file(static_cast<int>(fd));
}

EXPORT int linux_device_node(const char *name, dev_t device, unsigned short mode) {
    return -current->nodes.make(fmt::format("/dev/{}", name), S_IFCHR | mode, device, 0, 0);
}

EXPORT void linux_device_node_gone(const char *name) {
    const std::string path = fmt::format("/dev/{}", name);
    if (current->nodes.find(path)) current->nodes.unlink(path);
}

// --- interfaces ---

EXPORT linux_net_device *linux_dev_get_by_name(const char *name) {
    linux_net_device *d = kernel().interfaces;
    while (d && std::strcmp(d->name, name) != 0) d = d->next;
    return d;
}

EXPORT int linux_register_netdevice(linux_net_device *dev) {
    designs::Kernel &k = kernel();
    std::string name(dev->name, strnlen(dev->name, IFNAMSIZ));
    if (name.empty() || name.size() >= IFNAMSIZ || name == "." || name == ".." ||
        name.find_first_of("/: ") != name.npos)
        return -EINVAL;
    if (const auto percent = name.find('%'); percent != name.npos) {
        if (name.compare(percent, 2, "%d") != 0 || name.find('%', percent + 1) != name.npos) return -EINVAL;
        int number = 0;
        std::string full;
        do {
            full = name;
            full.replace(percent, 2, std::to_string(number++));
        } while (linux_dev_get_by_name(full.c_str()));
        if (full.size() >= IFNAMSIZ) return -ENFILE;
        name = full;
        step(k.system, Event::pick, "the lowest free number completes the name", "LNX-012", no_device, number - 1, name);
    }
    if (linux_dev_get_by_name(name.c_str())) return -EEXIST;
    std::memcpy(dev->name, name.c_str(), name.size() + 1);
    linux_net_device **link = &k.interfaces;
    while (*link) link = &(*link)->next;
    dev->next = nullptr;
    dev->flags = IFF_UP;
    *link = dev;
    step(k.system, Event::drv_create, "an interface is made", "LNX-012", no_device, -1, name);
    return 0;
}

EXPORT void linux_unregister_netdevice(linux_net_device *dev) {
    designs::Kernel &k = kernel();
    linux_net_device **link = &k.interfaces;
    while (*link && *link != dev) link = &(*link)->next;
    if (!*link) return;
    *link = dev->next;
    std::erase_if(k.routes, [&](const Route &r) { return r.interface == dev; });
    step(k.system, Event::drv_destroy, "the interface goes, and the routes through it", "LNX-015", no_device, -1, dev->name);
}

EXPORT int linux_loop_picked(int number, const char *rule) {
    step(*current, Event::pick, rule, "LNX-117", no_device, number);
    return number;
}

EXPORT int linux_tun_again() {
    return kernel().variant.tun_again;
}
