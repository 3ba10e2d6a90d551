#include "clone/designs/netbsd/framework/state.hpp"

namespace rill::designs::netbsd {

namespace {

vnode *make_vnode(dev_t dev, Special *special, Node *node) {
    auto *vp = static_cast<vnode *>(kmem_zalloc(sizeof(vnode), KM_NOSLEEP));
    if (!vp) return nullptr;
    vp->v_rdev = dev;
    vp->v_special = special;
    vp->v_node = node;
    return vp;
}

const cdevsw *switch_of(Netbsd &k, dev_t dev) {
    for (auto &[sw, major] : k.switches)
        if (major == external_major(dev)) return sw;
    return nullptr;
}

Driver &driver_of(Netbsd &k, const vnode *vp) { return *k.system.registry.by_external(external_major(vp->v_rdev)); }
const cdevsw *switch_of(const vnode *vp) { return static_cast<const cdevsw *>(vp->v_switch); }

int vnode_open(Netbsd &k, Process *process, vnode *vp, int flags) {
    Driver *driver = nullptr;
    if (int error = k.system.registry.hold(external_major(vp->v_rdev), &driver)) return error;
    const cdevsw *sw = switch_of(k, vp->v_rdev);
    if (!sw) {
        k.system.registry.release(*driver);
        return ENXIO;
    }
    step(Event::drv_open, "calls the driver's open", nullptr, -1, driver->name, vp->v_rdev);
    int error = ENODEV;
    {
        Inside in(k, process, EntryKind::open, driver->name.c_str());
        if (sw->d_open) error = sw->d_open(vp->v_rdev, flags, S_IFCHR, in.thread);
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
int vnode_close(Netbsd &k, Process *process, vnode *vp, int flags) {
    if (!vp->v_open) return 0;
    vp->v_open = false;
    std::erase(k.open_vnodes, vp);
    Driver &driver = driver_of(k, vp);
    int error = 0;
    if (std::none_of(k.open_vnodes.begin(), k.open_vnodes.end(), [&](const vnode *v) { return v->v_rdev == vp->v_rdev; })) {
        step(Event::drv_close, "last close of the device: calls the driver's close", nullptr, -1, driver.name, vp->v_rdev);
        Inside in(k, process, EntryKind::close, driver.name.c_str());
        if (switch_of(vp)->d_close) error = switch_of(vp)->d_close(vp->v_rdev, flags, S_IFCHR, in.thread);
    }
    --driver.holds;
    return user_errno(error);
}

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
    Netbsd &k = kernel();
    const int error = vnode_close(k, k.system.caller(), vp, fp->f_flag);
    kmem_free(vp, sizeof *vp); // the file has its device and its node
    return error;
}

// O_ flags of the host with FREAD and FWRITE in place of the access mode, as drivers here see them.
int driver_view(const File &file) { return (file.flags & (FREAD | FWRITE)) | (file.status & ~O_ACCMODE); }

// Driver::open_file.
Opened open_file(Process &process, Node &node, HeldDevice &device, File &file, int) {
    Netbsd &k = kernel();
    vnode *vp = make_vnode(device->dev, &*device, &node);
    auto *fp = static_cast<file_t *>(vp ? kmem_zalloc(sizeof(file_t), KM_NOSLEEP) : nullptr);
    if (!fp) {
        if (vp) kmem_free(vp, sizeof *vp);
        return process.refuse(ENFILE, "spec open", "no memory for a vnode", nullptr);
    }
    const int flags = driver_view(file);
    OnThread thread(k, &process); // the cell goes with it: NBSD-005
    thread->l_dupfd = -k.system.running->reserved - 1; // NBSD-004
    int error = vnode_open(k, &process, vp, flags);
    if (!error) {
        *fp = {flags, DTYPE_VNODE, &vnops, vp, 0, &file};
        file.ops = &file_ops;
        file.data = fp;
        return 0;
    }
    kmem_free(fp, sizeof *fp);
    kmem_free(vp, sizeof *vp);
    error = user_errno(error);
    if (k.old_codes && thread->l_dupfd >= 0 && (error == ENODEV || error == ENXIO)) // NBSD-018
        error = error == ENODEV ? EDUPFD : EMOVEFD;
    if (error == EDUPFD || error == EMOVEFD) return opened_elsewhere(error, thread->l_dupfd); // NBSD-080
    return process.refuse(error, "driver open", "the driver's open refused", nullptr);
}

} // namespace

} // namespace rill::designs::netbsd

constinit const rill::designs::Generation rill::designs::netbsd_now{"codes of their own", [](System &system) { system.part<netbsd::Netbsd>().old_codes = false; }};
constinit const rill::designs::Generation rill::designs::netbsd_old{"ordinary errnos", [](System &system) { system.part<netbsd::Netbsd>().old_codes = true; }};

// Eight bits of the minor are not among rill's eighteen and stand above bit 32.
dev_t rill::designs::netbsd_device(unsigned major, unsigned minor) {
    return make_device(major, minor) | static_cast<dev_t>(minor >> NBITSMINOR) << 32;
}

using namespace rill;
using namespace rill::designs::netbsd;

EXPORT const struct fileops vnops;
const struct fileops vnops = {"vnode", vn_read, vn_write, vn_ioctl, fnullop_fcntl, vn_poll, vn_stat, vn_close, fnullop_kqfilter, fnullop_restart};

EXPORT int netbsd_major(dev_t dev) { return static_cast<int>(external_major(dev)); }
EXPORT int netbsd_minor(dev_t dev) {
    return static_cast<int>((dev & MAXMIN) | (dev >> 32) << NBITSMINOR);
}
EXPORT dev_t netbsd_makedev(int major, int minor) {
    return designs::netbsd_device(static_cast<unsigned>(major), static_cast<unsigned>(minor));
}

// --- the switch table ---

EXPORT int nullclose(dev_t, int, int, struct lwp *) { return 0; }

EXPORT int devsw_attach(const char *name, const struct bdevsw *, devmajor_t *, const struct cdevsw *cdev, devmajor_t *cmajor) {
    Netbsd &k = kernel();
    Driver driver;
    driver.name = driver.prefix = name;
    driver.open_file = open_file;
    const auto major = static_cast<major_t>(*cmajor);
    const int error = k.system.registry.add(std::move(driver), major);
    if (!error) k.switches.emplace_back(cdev, major);
    return error == EBUSY ? EEXIST : error;
}

EXPORT int devsw_detach(const struct bdevsw *, const struct cdevsw *cdev) {
    Netbsd &k = kernel();
    auto it = std::find_if(k.switches.begin(), k.switches.end(), [&](auto &s) { return s.first == cdev; });
    if (it == k.switches.end()) return ENXIO;
    if (int error = k.system.registry.remove(*k.system.registry.by_external(it->second))) return error;
    k.switches.erase(it);
    return 0;
}

// --- for drivers that open devices themselves ---

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
    Netbsd &k = kernel();
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
