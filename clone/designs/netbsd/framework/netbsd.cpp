// NetBSD: the instance comes from a descriptor that the driver makes.
//
// An open of a cloning device ends, for the vnode layer, in an error. The driver's open has made a file of its own
// meanwhile, with operations of its own (fd_allocfile, fd_clone), left the descriptor's number in its thread's cell
// l_dupfd, and returned EMOVEFD. The open system call gives up what it had reserved and puts the driver's file into the
// lowest free slot, which is the reserved one again (Process::open_elsewhere). So the process gets descriptor N, opened as
// if nothing had happened; the device node took no part in the result, and no later call asks the switch table.
//
// EDUPFD is the sibling: the driver names a descriptor that the process has already, and the process gets a second one of
// the same file. /dev/fd is made of it.
//
// Each file of a driver here has a file_t: with the operations of a vnode (vnops), which look the driver up in its
// cdevsw, or with those that fd_clone was given. Instances by unit are autoconf's (config_attach_pseudo); names of network
// interfaces lead to them too (if_clone).
#include "clone/designs/netbsd/netbsd.hpp"

#include "clone/designs/netbsd/include/net/if.h"
#include "clone/designs/netbsd/include/sys/conf.h"
#include "clone/designs/netbsd/include/sys/device.h"
#include "clone/designs/netbsd/include/sys/filedesc.h"
#include "clone/designs/netbsd/include/sys/kmem.h"
#include "clone/designs/netbsd/include/sys/systm.h"
#include "clone/designs/netbsd/include/sys/vnode.h"
#include "clone/minor_table.hpp"
#include "streams/queue/procedure.hpp"

#include <algorithm>
#include <cstring>
#include <fmt/format.h>

struct device {
    cfdriver *driver;
    cfattach *attach;
    int unit;
    char xname[16];
    void *softc;
    bool going; // its detach is running
};

namespace rill::designs {

namespace {

constexpr int erestart = -3, epassthrough = -4;

// The thread of a call, while a driver is inside it.
struct Thread {
    Call *call;
    Process *process;
    lwp l;
    proc p;
    kauth_cred cred;
    int uses;
};

struct ConfDriver {
    cfdriver *cd;
    std::unique_ptr<MinorTable> units;
    std::vector<cfattach *> attachments;
    std::vector<device *> devices;
};

struct Kernel {
    explicit Kernel(System &s) : system(s) {}

    ConfDriver *conf(std::string_view name) {
        for (ConfDriver &d : conf_drivers)
            if (name == d.cd->cd_name) return &d;
        return nullptr;
    }

    System &system;
    NetbsdVariant variant;
    std::vector<Thread *> threads;
    Thread nobody{};
    std::vector<std::pair<const cdevsw *, major_t>> switches;
    std::list<ConfDriver> conf_drivers;
    std::vector<vnode *> open_vnodes;
    ifnet *interfaces = nullptr;
    if_clone *cloners = nullptr;
};

Kernel &kernel(const char *call = __builtin_FUNCTION()) { return this_system(call).part<Kernel>(); }

void step(const char *word, const char *what, const char *clause, long number = -1, std::string_view text = {}, dev_t dev = no_device) {
    if (this_system().trace.on) [[unlikely]]
        this_system().trace.emit({.kind = Kind::step, .name = word, .what = what, .clause = clause, .dev = dev, .number = number, .text = text});
}

int user_errno(int error) { return error == erestart ? EINTR : error == epassthrough ? ENOTTY : error; } // NBSD-019

// While it lives, driver code runs for a process: curlwp, whose fault it is, how deep the trace is.
class Inside {
public:
    Inside(Kernel &k, Process *process, EntryKind kind, const char *driver)
        : kernel_(k), procedure_(k.system, kind, driver, {.deepens = k.system.trace.on}) {
        Call *call = k.system.running;
        for (Thread *t : k.threads)
            if (t->call == call && t->process == process) thread_ = t;
        if (!thread_) {
            own_.call = call;
            own_.process = process;
            own_.l.l_dupfd = call ? call->dupfd : 0;
            own_.l.l_proc = &own_.p;
            own_.l.l_cred = &own_.cred;
            own_.p.p_pid = process ? process->pid : 0;
            own_.cred = {process ? process->cred.cr_uid : 0, process ? process->cred.cr_gid : 0};
            thread_ = &own_;
            k.threads.push_back(&own_);
        }
        ++thread_->uses;
    }
    ~Inside() {
        if (thread_->call) thread_->call->dupfd = thread_->l.l_dupfd;
        if (--thread_->uses == 0) std::erase(kernel_.threads, thread_);
    }
    Inside(const Inside &) = delete;
    lwp *operator->() { return &thread_->l; }
    operator lwp *() { return &thread_->l; }

private:
    Kernel &kernel_;
    Procedure procedure_;
    Thread own_{};
    Thread *thread_ = nullptr;
};

file_t *of(File &file) { return static_cast<file_t *>(file.data); }

// O_ flags of the host with FREAD and FWRITE in place of the access mode, as drivers here see them.
int driver_view(const File &file) { return (file.flags & (FREAD | FWRITE)) | (file.status & ~O_ACCMODE); }

void show_flags(File &file, int flag) {
    const int mode = flag & (FREAD | FWRITE), rest = flag & ~(FREAD | FWRITE);
    file.flags = mode | (kernel_flags(rest) & (FNDELAY | FNONBLOCK | FAPPEND));
    file.status = rest | (mode == (FREAD | FWRITE) ? O_RDWR : mode == FWRITE ? O_WRONLY : O_RDONLY);
}

// --- a file's operations, in rill's words ---

int transfer(Process &p, File &file, Transfer &t, bool writing) {
    file_t *fp = of(file);
    auto *routine = writing ? fp->f_ops->fo_write : fp->f_ops->fo_read;
    if (!routine) return EOPNOTSUPP;
    Inside in(kernel(), &p, EntryKind::none, fp->f_ops->fo_name);
    netbsd_uio u{t.base + t.done, t.count - t.done, fp->f_offset, writing ? NETBSD_UIO_WRITE : NETBSD_UIO_READ};
    const int error = routine(fp, &fp->f_offset, &u, in->l_cred, 0);
    t.done = t.count - u.uio_resid;
    return user_errno(error);
}
int file_read(Process &p, File &f, Transfer &t) { return transfer(p, f, t, false); }
int file_write(Process &p, File &f, Transfer &t) { return transfer(p, f, t, true); }

// The command says how large its data is and which way it goes; one that says nothing hands the argument over as it is.
int file_ioctl(Process &p, File &file, int command, void *argument, int *) {
    file_t *fp = of(file);
    const auto cmd = static_cast<unsigned>(command);
    const std::size_t size = _IOC_SIZE(cmd);
    const bool in = size && (_IOC_DIR(cmd) & _IOC_WRITE), out = size && (_IOC_DIR(cmd) & _IOC_READ);
    std::vector<char> data(std::max(size, sizeof argument));
    if (!size) std::memcpy(data.data(), &argument, sizeof argument);
    if (in && !copy_from_user(data.data(), argument, size)) return EFAULT;
    Inside inside(kernel(), &p, EntryKind::none, fp->f_ops->fo_name);
    if (!fp->f_ops->fo_ioctl) return EOPNOTSUPP;
    const int error = user_errno(fp->f_ops->fo_ioctl(fp, cmd, data.data()));
    if (!error && out && !copy_to_user(argument, data.data(), size)) return EFAULT;
    return error;
}

int file_poll(Process &p, File &file, short events, short *revents) {
    file_t *fp = of(file);
    Inside in(kernel(), &p, EntryKind::none, fp->f_ops->fo_name);
    *revents = static_cast<short>(fp->f_ops->fo_poll ? fp->f_ops->fo_poll(fp, events) : 0);
    return 0;
}

int file_fcntl(Process &p, File &file, int command, long argument) {
    file_t *fp = of(file);
    Inside in(kernel(), &p, EntryKind::none, fp->f_ops->fo_name);
    const int before = fp->f_flag;
    fp->f_flag = (fp->f_flag & ~(O_NONBLOCK | O_APPEND)) | (static_cast<int>(argument) & (O_NONBLOCK | O_APPEND));
    const int error = fp->f_ops->fo_fcntl ? fp->f_ops->fo_fcntl(fp, static_cast<unsigned>(command), &fp->f_flag) : 0;
    if (error) fp->f_flag = before;
    return error;
}

int file_stat(Process &p, File &file, struct stat &st) {
    file_t *fp = of(file);
    Inside in(kernel(), &p, EntryKind::none, fp->f_ops->fo_name);
    return fp->f_ops->fo_stat ? fp->f_ops->fo_stat(fp, &st) : EOPNOTSUPP;
}

int file_close(Process &p, File &file) {
    file_t *fp = of(file);
    int error = 0;
    {
        if (fp->f_type != DTYPE_VNODE) step("DRV_CLOSE", "last close: calls the file's own close", "NBSD-017", -1, fp->f_ops->fo_name);
        Inside in(kernel(), &p, EntryKind::close, fp->f_ops->fo_name);
        if (fp->f_ops->fo_close) error = user_errno(fp->f_ops->fo_close(fp));
    }
    file.data = nullptr;
    kmem_free(fp, sizeof *fp);
    return error;
}

constexpr FileOps file_ops{"netbsd", file_read, file_write, file_ioctl, file_poll, file_fcntl, file_stat, file_close};

// --- vnodes ---

vnode *make_vnode(dev_t dev, Special *special, Node *node) {
    auto *vp = static_cast<vnode *>(kmem_zalloc(sizeof(vnode), KM_NOSLEEP));
    if (!vp) return nullptr;
    vp->v_rdev = dev;
    vp->v_special = special;
    vp->v_node = node;
    return vp;
}

const cdevsw *switch_of(Kernel &k, dev_t dev) {
    for (auto &[sw, major] : k.switches)
        if (major == external_major(dev)) return sw;
    return nullptr;
}

Driver &driver_of(Kernel &k, const vnode *vp) { return *k.system.registry.by_external(external_major(vp->v_rdev)); }
const cdevsw *switch_of(const vnode *vp) { return static_cast<const cdevsw *>(vp->v_switch); }

int vnode_open(Kernel &k, Process *process, vnode *vp, int flags) {
    Driver *driver = nullptr;
    if (int error = k.system.registry.hold(external_major(vp->v_rdev), &driver)) return error;
    const cdevsw *sw = switch_of(k, vp->v_rdev);
    if (!sw) {
        k.system.registry.release(*driver);
        return ENXIO;
    }
    step("DRV_OPEN", "calls the driver's open", nullptr, -1, driver->name, vp->v_rdev);
    int error = ENODEV;
    {
        Inside in(k, process, EntryKind::open, driver->name.c_str());
        if (sw->d_open) error = sw->d_open(vp->v_rdev, flags, S_IFCHR, in);
    }
    if (error) {
        k.system.registry.release(*driver);
        return error;
    }
    vp->v_switch = sw;
    vp->v_open = true;
    k.open_vnodes.push_back(vp);
    return 0;
}

// The driver's close is for the last open vnode of the device (NBSD-017 for those that never were open).
int vnode_close(Kernel &k, Process *process, vnode *vp, int flags) {
    if (!vp->v_open) return 0;
    vp->v_open = false;
    std::erase(k.open_vnodes, vp);
    Driver &driver = driver_of(k, vp);
    int error = 0;
    if (std::none_of(k.open_vnodes.begin(), k.open_vnodes.end(), [&](const vnode *v) { return v->v_rdev == vp->v_rdev; })) {
        step("DRV_CLOSE", "last close of the device: calls the driver's close", nullptr, -1, driver.name, vp->v_rdev);
        Inside in(k, process, EntryKind::close, driver.name.c_str());
        if (switch_of(vp)->d_close) error = switch_of(vp)->d_close(vp->v_rdev, flags, S_IFCHR, in);
    }
    --driver.holds;
    return user_errno(error);
}

vnode *vnode_of(struct file *fp) { return static_cast<vnode *>(fp->f_data); }

int vn_read(struct file *fp, off_t *, struct netbsd_uio *u, kauth_cred_t, int) {
    vnode *vp = vnode_of(fp);
    const cdevsw *sw = switch_of(vp);
    if (vp->v_revoked) return sw->d_flag & D_TTY ? 0 : EIO; // NBSD-049
    return sw->d_read ? sw->d_read(vp->v_rdev, u, fp->f_flag) : ENODEV;
}
int vn_write(struct file *fp, off_t *, struct netbsd_uio *u, kauth_cred_t, int) {
    vnode *vp = vnode_of(fp);
    if (vp->v_revoked) return EIO;
    return switch_of(vp)->d_write ? switch_of(vp)->d_write(vp->v_rdev, u, fp->f_flag) : ENODEV;
}
int vn_ioctl(struct file *fp, u_long cmd, void *data) {
    vnode *vp = vnode_of(fp);
    if (vp->v_revoked) return EBADF;
    return switch_of(vp)->d_ioctl ? switch_of(vp)->d_ioctl(vp->v_rdev, cmd, data, fp->f_flag, netbsd_curlwp()) : ENODEV;
}
int vn_poll(struct file *fp, int events) {
    vnode *vp = vnode_of(fp);
    if (vp->v_revoked) return POLLHUP;
    return switch_of(vp)->d_poll ? switch_of(vp)->d_poll(vp->v_rdev, events, netbsd_curlwp())
                                 : events & (POLLIN | POLLOUT | POLLRDNORM | POLLWRNORM);
}
int vn_stat(struct file *, struct stat *) { return 0; } // as the node says
int vn_close(struct file *fp) {
    vnode *vp = vnode_of(fp);
    Kernel &k = kernel();
    const int error = vnode_close(k, k.system.caller(), vp, fp->f_flag);
    kmem_free(vp, sizeof *vp); // the file has its device and its node
    return error;
}

// Driver::open_file.
int open_file(Process &process, Node &node, Special *&special, File &file, int) {
    Kernel &k = kernel();
    vnode *vp = make_vnode(special->dev, special, &node);
    auto *fp = static_cast<file_t *>(vp ? kmem_zalloc(sizeof(file_t), KM_NOSLEEP) : nullptr);
    if (!fp) {
        if (vp) kmem_free(vp, sizeof *vp);
        return process.refuse(ENFILE, "spec open", "no memory for a vnode", nullptr);
    }
    const int flags = driver_view(file);
    int error = vnode_open(k, &process, vp, flags);
    Call *call = k.system.running;
    if (!error) {
        *fp = {flags, DTYPE_VNODE, &vnops, vp, 0, &file};
        file.ops = &file_ops;
        file.data = fp;
        if (call) call->dupfd = 0; // NBSD-005
        return 0;
    }
    kmem_free(fp, sizeof *fp);
    kmem_free(vp, sizeof *vp);
    error = user_errno(error);
    if (k.variant.old_codes && call && call->dupfd >= 0 && (error == ENODEV || error == ENXIO)) // NBSD-018
        error = error == ENODEV ? EDUPFD : EMOVEFD;
    if (error == EDUPFD || error == EMOVEFD) {
        if (k.system.trace.on) [[unlikely]]
            k.system.trace.emit({.kind = Kind::driver, .name = "its open",
                                 .what = error == EMOVEFD ? "answers EMOVEFD: the process is to get the descriptor in l_dupfd, and the driver none"
                                                          : "answers EDUPFD: the process is to get the file of the descriptor in l_dupfd",
                                 .clause = error == EMOVEFD ? "NBSD-003" : "NBSD-002"});
        return error;
    }
    return process.refuse(error, "driver open", "the driver's open refused", nullptr);
}

Process *caller(const char *call = __builtin_FUNCTION()) { return this_system(call).caller(); }

} // namespace

NetbsdVariant &netbsd_variant(System &system) { return system.part<Kernel>().variant; }

int netbsd_detach_device(Process &process, const char *xname) {
    System &system = process.system;
    Enter scope(system);
    return system.run_call(process, "detach", [&]() -> int {
        for (ConfDriver &d : kernel().conf_drivers)
            for (device *dev : d.devices)
                if (std::strcmp(dev->xname, xname) == 0) return config_detach(dev, 0);
        return ENXIO;
    });
}

// Eight bits of the minor are not among rill's eighteen and stand above bit 32.
dev_t netbsd_device(unsigned major, unsigned minor) {
    return make_device(major, minor) | static_cast<dev_t>(minor >> NBITSMINOR) << 32;
}

} // namespace rill::designs

using namespace rill;
using namespace rill::designs;

#define EXPORT extern "C" __attribute__((visibility("default")))

EXPORT int netbsd_major(dev_t dev) { return static_cast<int>(external_major(dev)); }
EXPORT int netbsd_minor(dev_t dev) {
    return static_cast<int>((dev & MAXMIN) | (dev >> 32) << NBITSMINOR);
}
EXPORT dev_t netbsd_makedev(int major, int minor) {
    return netbsd_device(static_cast<unsigned>(major), static_cast<unsigned>(minor));
}

// --- processes, memory, sleeping ---

EXPORT struct lwp *netbsd_curlwp(void) {
    designs::Kernel &k = kernel();
    for (auto it = k.threads.rbegin(); it != k.threads.rend(); ++it)
        if ((*it)->call == k.system.running && (*it)->process == k.system.caller()) return &(*it)->l;
    k.nobody.l = {0, &k.nobody.p, &k.nobody.cred};
    return &k.nobody.l;
}

EXPORT uid_t kauth_cred_geteuid(kauth_cred_t cred) { return cred->cr_euid; }
EXPORT gid_t kauth_cred_getegid(kauth_cred_t cred) { return cred->cr_egid; }
EXPORT int kauth_authorize_generic(kauth_cred_t cred, int, void *) { return cred->cr_euid == 0 ? 0 : EPERM; }

EXPORT int netbsd_tsleep(const void *ident, int priority, const char *wmesg, int timo) {
    System &system = this_system();
    Call *call = system.running;
    if (!call) return EWOULDBLOCK;
    call->event = const_cast<void *>(ident);
    const Wake wake = system.sleep(system.event_sleepers, wmesg, priority & 0x100, timo ? timo : forever);
    call->event = nullptr;
    return wake == Wake::event ? 0 : wake == Wake::signal ? EINTR : wake == Wake::timeout ? EWOULDBLOCK : EDEADLK;
}

EXPORT void netbsd_wakeup(const void *ident) {
    std::vector<Call *> asleep;
    for (Call &call : this_system().event_sleepers)
        if (call.event == ident) asleep.push_back(&call);
    for (Call *call : asleep) this_system().wake(*call, Wake::event, "wakeup()");
}

EXPORT int netbsd_kpause(const char *wmesg, bool intr, int timo, void *) {
    static const char nobody = 0;
    return netbsd_tsleep(&nobody, intr ? 0x100 : 0, wmesg, timo);
}

EXPORT int netbsd_copyin(const void *user, void *kernel, size_t len) { return copy_from_user(kernel, user, len) ? 0 : EFAULT; }
EXPORT int netbsd_copyout(const void *kernel, void *user, size_t len) { return copy_to_user(user, kernel, len) ? 0 : EFAULT; }

EXPORT void netbsd_getnanotime(struct timespec *ts) {
    const long now = this_system().sched.now();
    *ts = {now / ticks_a_second, now % ticks_a_second * (1'000'000'000 / ticks_a_second)};
}

EXPORT int netbsd_uiomove(void *buf, size_t n, struct netbsd_uio *u) {
    n = std::min(n, u->uio_resid);
    const bool moved = u->uio_direction == NETBSD_UIO_READ ? copy_to_user(u->uio_base, buf, n) : copy_from_user(buf, u->uio_base, n);
    if (!moved) return EFAULT;
    u->uio_base += n;
    u->uio_resid -= n;
    u->uio_offset += static_cast<off_t>(n);
    return 0;
}

// --- the switch table ---

EXPORT int nullclose(dev_t, int, int, struct lwp *) { return 0; }

EXPORT int devsw_attach(const char *name, const struct bdevsw *, devmajor_t *, const struct cdevsw *cdev, devmajor_t *cmajor) {
    designs::Kernel &k = kernel();
    Driver driver;
    driver.name = driver.prefix = name;
    driver.open_file = open_file;
    driver.pseudo_errnos = true;
    const auto major = static_cast<major_t>(*cmajor);
    const int error = k.system.registry.add(std::move(driver), major);
    if (!error) k.switches.emplace_back(cdev, major);
    return error == EBUSY ? EEXIST : error;
}

EXPORT int devsw_detach(const struct bdevsw *, const struct cdevsw *cdev) {
    designs::Kernel &k = kernel();
    auto it = std::find_if(k.switches.begin(), k.switches.end(), [&](auto &s) { return s.first == cdev; });
    if (it == k.switches.end()) return ENXIO;
    if (int error = k.system.registry.remove(*k.system.registry.by_external(it->second))) return error;
    k.switches.erase(it);
    return 0;
}

// --- descriptors ---

EXPORT int fd_allocfile(file_t **fpp, int *fdp) {
    Process *process = caller();
    if (!process) return ESRCH;
    System &system = process->system;
    auto *fp = static_cast<file_t *>(kmem_zalloc(sizeof(file_t), KM_NOSLEEP));
    File *file = fp ? system.file_pool.make() : nullptr;
    if (!file) {
        kmem_free(fp, sizeof *fp);
        return process->refuse(ENFILE, "fd_allocfile", "no memory for a second file", "NBSD-008");
    }
    file->refs = 0; // only reserved
    const int fd = process->install(file);
    if (fd < 0) {
        system.file_pool.free(file);
        kmem_free(fp, sizeof *fp);
        return process->refuse(EMFILE, "fd_allocfile", "the driver finds no second free descriptor", "NBSD-007");
    }
    file->ops = &file_ops;
    file->data = fp;
    fp->f_slot = file;
    step("FD_ALLOC", "the driver reserves a descriptor of its own, with a file", nullptr, fd);
    *fpp = fp;
    *fdp = fd;
    return 0;
}

EXPORT void fd_abort(struct proc *, file_t *fp, unsigned fd) {
    auto *file = static_cast<File *>(fp->f_slot);
    step("FD_ABORT", "the driver gives its descriptor back", "NBSD-015", fd);
    file->refs = 1;
    caller()->remove_descriptor(static_cast<int>(fd));
    this_system().file_pool.free(file);
    kmem_free(fp, sizeof *fp);
}

EXPORT void fd_affix(struct proc *, file_t *fp, unsigned) {
    auto *file = static_cast<File *>(fp->f_slot);
    show_flags(*file, fp->f_flag);
    if (fp->f_type == DTYPE_VNODE) { // the vnode's holds are the file's from here on
        vnode *vp = vnode_of(fp);
        file->special = static_cast<Special *>(vp->v_special);
        file->node = static_cast<Node *>(vp->v_node);
        ++file->special->files;
    }
    file->refs = 1;
}

EXPORT int fd_clone(file_t *fp, unsigned fd, int flag, const struct fileops *ops, void *data) {
    fp->f_flag = flag;
    fp->f_type = DTYPE_MISC; // NBSD-014
    fp->f_ops = ops;
    fp->f_data = data;
    netbsd_curlwp()->l_dupfd = static_cast<int>(fd);
    caller()->set_close_on_exec(static_cast<int>(fd), flag & O_CLOEXEC); // NBSD-012
    fd_affix(nullptr, fp, fd);
    if (this_system().trace.on) [[unlikely]]
        this_system().trace.emit({.kind = Kind::driver, .name = "fd_clone:",
                             .what = "the driver's file gets operations and data of the instance, its number goes into l_dupfd",
                             .clause = "NBSD-013"});
    return kernel().variant.old_codes ? ENXIO : EMOVEFD;
}

EXPORT int fd_close(unsigned fd) { return caller()->close(static_cast<int>(fd)); }

EXPORT file_t *fd_getfile(unsigned fd) {
    File *file = caller()->file(static_cast<int>(fd));
    if (!file || file->ops != &file_ops) return nullptr;
    ++file->refs;
    return of(*file);
}

EXPORT void fd_putfile(unsigned fd) {
    if (File *file = caller()->file(static_cast<int>(fd))) --file->refs;
}

EXPORT void fd_set_exclose(struct lwp *, int fd, bool exclose) { caller()->set_close_on_exec(fd, exclose); }

EXPORT int fnullop_fcntl(struct file *, u_int cmd, void *) { return cmd == F_SETFL ? 0 : EOPNOTSUPP; }
EXPORT int fnullop_poll(struct file *, int) { return 0; }
EXPORT int fnullop_kqfilter(struct file *, struct knote *) { return 0; }
EXPORT void fnullop_restart(struct file *) {}
EXPORT int fbadop_read(struct file *, off_t *, struct netbsd_uio *, kauth_cred_t, int) { return EOPNOTSUPP; }
EXPORT int fbadop_write(struct file *, off_t *, struct netbsd_uio *, kauth_cred_t, int) { return EOPNOTSUPP; }
EXPORT int fbadop_ioctl(struct file *, u_long, void *) { return EOPNOTSUPP; }
EXPORT int fbadop_stat(struct file *, struct stat *) { return EOPNOTSUPP; }
EXPORT int fbadop_close(struct file *) { return EOPNOTSUPP; }

EXPORT const struct fileops vnops;
const struct fileops vnops = {"vnode", vn_read, vn_write, vn_ioctl, fnullop_fcntl, vn_poll, vn_stat, vn_close, fnullop_kqfilter, fnullop_restart};

// --- vnodes, for drivers that open devices themselves ---

EXPORT int cdevvp(dev_t dev, struct vnode **vpp) {
    Special *special = this_system().nodes.hold(dev);
    *vpp = special ? make_vnode(dev, special, nullptr) : nullptr;
    if (*vpp) return 0;
    if (special) this_system().nodes.release(special);
    return ENFILE;
}

EXPORT int namei_simple_kernel(const char *path, int, struct vnode **vpp) {
    Node *node = nullptr;
    if (int error = this_system().nodes.lookup(*caller(), path, Lookup::open, &node)) return error;
    if (!S_ISCHR(node->mode)) return ENXIO;
    if (int error = cdevvp(node->rdev, vpp)) return error;
    ++node->refs;
    (*vpp)->v_node = node;
    return 0;
}

EXPORT int VOP_OPEN(struct vnode *vp, int flags, kauth_cred_t) { return user_errno(vnode_open(kernel(), caller(), vp, flags)); }
EXPORT int VOP_CLOSE(struct vnode *vp, int flags, kauth_cred_t) { return vnode_close(kernel(), caller(), vp, flags); }

EXPORT int VOP_SETATTR(struct vnode *vp, struct vattr *va, kauth_cred_t) {
    auto *node = static_cast<Node *>(vp->v_node);
    if (!node) return EOPNOTSUPP;
    node->uid = va->va_uid;
    node->gid = va->va_gid;
    node->mode = (node->mode & S_IFMT) | (va->va_mode & 07777);
    return 0;
}

EXPORT int VOP_REVOKE(struct vnode *vp, int) {
    designs::Kernel &k = kernel();
    std::vector<vnode *> same;
    for (vnode *v : k.open_vnodes)
        if (v->v_rdev == vp->v_rdev) same.push_back(v);
    for (vnode *v : same) v->v_revoked = true;
    for (vnode *v : same) vnode_close(k, caller(), v, 0);
    return 0;
}

EXPORT void vrele(struct vnode *vp) {
    if (vp->v_node) this_system().nodes.release(static_cast<Node *>(vp->v_node));
    this_system().nodes.release(static_cast<Special *>(vp->v_special));
    kmem_free(vp, sizeof *vp);
}

EXPORT int vfs_mknod(const char *path, mode_t mode, dev_t dev, uid_t uid, gid_t gid) {
    return this_system().nodes.make(path, mode, dev, uid, gid);
}
EXPORT int vfs_unlink(const char *path) { return this_system().nodes.unlink(path); }

// --- autoconf ---

EXPORT int config_cfdriver_attach(struct cfdriver *cd) {
    designs::Kernel &k = kernel();
    if (k.conf(cd->cd_name)) return EEXIST;
    auto units = MinorTable::make(k.system, cd->cd_name, static_cast<unsigned>(cd->cd_ndevs));
    if (!units) return ENOMEM;
    k.conf_drivers.push_back({cd, std::move(units), {}, {}});
    return 0;
}

EXPORT int config_cfdriver_detach(struct cfdriver *cd) {
    designs::Kernel &k = kernel();
    ConfDriver *d = k.conf(cd->cd_name);
    if (!d) return ENXIO;
    if (!d->devices.empty()) return EBUSY;
    k.conf_drivers.remove_if([&](const ConfDriver &each) { return &each == d; });
    return 0;
}

EXPORT int config_cfattach_attach(const char *driver, struct cfattach *ca) {
    ConfDriver *d = kernel().conf(driver);
    if (!d) return ESRCH;
    d->attachments.push_back(ca);
    return 0;
}

EXPORT int config_cfattach_detach(const char *driver, struct cfattach *ca) {
    ConfDriver *d = kernel().conf(driver);
    if (!d) return ESRCH;
    for (device *dev : d->devices)
        if (dev->attach == ca) return EBUSY; // NBSD-078
    std::erase(d->attachments, ca);
    return 0;
}

EXPORT device_t config_attach_pseudo(cfdata_t cf) {
    ConfDriver *d = kernel().conf(cf->cf_name);
    if (!d) return nullptr;
    auto ca = std::find_if(d->attachments.begin(), d->attachments.end(), [&](cfattach *a) { return std::strcmp(a->ca_name, cf->cf_atname) == 0; });
    if (ca == d->attachments.end()) return nullptr;
    auto unit = cf->cf_fstate == FSTATE_STAR ? d->units->take() : d->units->take_this(static_cast<minor_t>(cf->cf_unit));
    if (!unit) return nullptr;
    auto *dev = static_cast<device *>(kmem_zalloc(sizeof(device), KM_NOSLEEP));
    void *softc = dev ? kmem_zalloc((*ca)->ca_devsize, KM_NOSLEEP) : nullptr;
    if (!softc) {
        kmem_free(dev, sizeof *dev);
        return nullptr;
    }
    *dev = {d->cd, *ca, static_cast<int>((*unit).keep()), "", softc, false};
    std::snprintf(dev->xname, sizeof dev->xname, "%s%d", d->cd->cd_name, dev->unit);
    d->devices.push_back(dev);
    step("DRV_CREATE", "the driver's instance is made", nullptr, dev->unit, dev->xname);
    (*ca)->ca_attach(nullptr, dev, nullptr);
    return dev;
}

EXPORT int config_detach(device_t dev, int flags) {
    ConfDriver *d = kernel().conf(dev->driver->cd_name);
    if (dev->going) return EBUSY;
    dev->going = true;
    if (int error = dev->attach->ca_detach ? dev->attach->ca_detach(dev, flags) : EOPNOTSUPP; error && !(flags & DETACH_FORCE)) {
        dev->going = false;
        return error;
    }
    step("DRV_DESTROY", "the driver's instance is gone", nullptr, dev->unit, dev->xname);
    std::erase(d->devices, dev);
    d->units->give(static_cast<minor_t>(dev->unit));
    kmem_free(dev->softc, dev->attach->ca_devsize);
    kmem_free(dev, sizeof *dev);
    return 0;
}

EXPORT void *device_private(device_t dev) { return dev ? dev->softc : nullptr; }
EXPORT int device_unit(device_t dev) { return dev->unit; }
EXPORT const char *device_xname(device_t dev) { return dev->xname; }

EXPORT void *device_lookup_private(struct cfdriver *cd, int unit) {
    ConfDriver *d = kernel().conf(cd->cd_name);
    if (!d) return nullptr;
    for (device *dev : d->devices)
        if (dev->unit == unit) return dev->softc;
    return nullptr;
}

// --- network interfaces ---

EXPORT void if_clone_attach(struct if_clone *ifc) {
    designs::Kernel &k = kernel();
    if_clone **end = &k.cloners;
    while (*end) end = &(*end)->ifc_next;
    ifc->ifc_next = nullptr;
    *end = ifc;
}

EXPORT void if_clone_detach(struct if_clone *ifc) {
    for (if_clone **i = &kernel().cloners; *i; i = &(*i)->ifc_next)
        if (*i == ifc) {
            *i = ifc->ifc_next;
            return;
        }
}

EXPORT struct ifnet *ifunit(const char *name) {
    for (ifnet *i = kernel().interfaces; i; i = i->if_next)
        if (std::strncmp(i->if_xname, name, NETBSD_IFNAMSIZ) == 0) return i;
    return nullptr;
}

EXPORT int if_attach(struct ifnet *ifp) {
    designs::Kernel &k = kernel();
    if (ifunit(ifp->if_xname)) return EEXIST;
    ifnet **end = &k.interfaces;
    while (*end) end = &(*end)->if_next;
    ifp->if_next = nullptr;
    *end = ifp;
    return 0;
}

EXPORT void if_detach(struct ifnet *ifp) {
    for (ifnet **i = &kernel().interfaces; *i; i = &(*i)->if_next)
        if (*i == ifp) {
            *i = ifp->if_next;
            return;
        }
}

EXPORT void if_input(struct ifnet *ifp, const void *packet, size_t len) {
    ++ifp->if_ipackets;
    ++ifp->if_opackets;
    ifp->if_output(ifp, packet, len);
}

// The cloner whose name stands before the decimal unit; nullptr when there is none, or what follows is not a unit.
static if_clone *cloner_of(const char *name, int *unit) {
    const std::string_view whole(name, strnlen(name, NETBSD_IFNAMSIZ));
    for (if_clone *ifc = kernel().cloners; ifc; ifc = ifc->ifc_next) {
        if (!whole.starts_with(ifc->ifc_name)) continue;
        const std::string_view digits = whole.substr(std::strlen(ifc->ifc_name));
        long number = 0;
        if (digits.empty()) return nullptr; // NBSD-062
        for (char c : digits) {
            if (c < '0' || c > '9') return nullptr;
            number = number * 10 + (c - '0');
            if (number > INT32_MAX) return nullptr;
        }
        *unit = static_cast<int>(number);
        return ifc;
    }
    return nullptr;
}

static int list_cloners(netbsd_if_clonereq &req) {
    if (req.ifcr_count < 0) return EINVAL;
    int total = 0;
    for (if_clone *ifc = kernel().cloners; ifc; ifc = ifc->ifc_next, ++total) {
        if (!req.ifcr_buffer || total >= req.ifcr_count) continue;
        char name[NETBSD_IFNAMSIZ] = {};
        std::snprintf(name, sizeof name, "%s", ifc->ifc_name);
        if (!copy_to_user(req.ifcr_buffer + total * NETBSD_IFNAMSIZ, name, sizeof name)) return EFAULT;
    }
    req.ifcr_total = total;
    return 0;
}

EXPORT int ifioctl(u_long cmd, void *data, struct lwp *l) {
    if (cmd == NETBSD_SIOCIFGCLONERS) return list_cloners(*static_cast<netbsd_if_clonereq *>(data));
    if (cmd != NETBSD_SIOCIFCREATE && cmd != NETBSD_SIOCIFDESTROY) return epassthrough;
    if (int error = kauth_authorize_generic(l->l_cred, KAUTH_GENERIC_ISSUSER, nullptr)) return error; // NBSD-066
    const char *name = static_cast<netbsd_ifreq *>(data)->ifr_name;
    int unit = 0;
    if_clone *ifc = cloner_of(name, &unit);
    if (!ifc) return EINVAL; // NBSD-063
    ifnet *ifp = ifunit(name);
    if (cmd == NETBSD_SIOCIFCREATE) return ifp ? EEXIST : ifc->ifc_create(ifc, unit);
    if (!ifp) return ENXIO; // NBSD-065
    return ifc->ifc_destroy ? ifc->ifc_destroy(ifp) : EOPNOTSUPP;
}
