#include "clone/designs/netbsd/framework/state.hpp"

namespace rill::designs::netbsd {

namespace {

// The process gets the file of the descriptor that the driver left in l_dupfd, in the lowest free slot: moved there, or as
// a second name of it. What the open call had reserved is given back already.
//   no descriptor was left there                  fault, and ENXIO or ENODEV   NBSD-004
//   it is not open                                EBADF     NBSD-009
//   EDUPFD: it is not open for what was asked     EACCES    NBSD-010
//   no descriptor is free                         EMFILE
int fd_dupopen(Process &process, int from, bool moves, int oflag, int *fd_out) {
    System &system = process.system;
    if (from < 0) {
        system.fault("NBSD-004", moves ? "its open returned EMOVEFD and left no descriptor in l_dupfd"
                                       : "its open returned EDUPFD and left no descriptor in l_dupfd");
        return process.refuse(moves ? ENXIO : ENODEV, "descriptor", "the driver left none for the process", "NBSD-004");
    }
    File *found = process.file(from);
    if (!found) return process.refuse(EBADF, "descriptor", "the one that the driver named is not open", "NBSD-009");
    const int wanted = kernel_flags(oflag) & (FREAD | FWRITE);
    if (!moves && (found->flags & wanted) != wanted)
        return process.refuse(EACCES, "descriptor", "the one that the driver named is not open for this", "NBSD-010");
    const int fd = process.install(found);
    if (fd < 0) return process.refuse(EMFILE, "descriptor", "all descriptors of the process are in use", "NBSD-007");
    if (system.trace.on) [[unlikely]]
        system.trace.emit({.event = moves ? Event::fd_move : Event::fd_alloc,
                           .what = moves ? "the driver's descriptor becomes the process's" : "a second descriptor of the file that the driver named",
                           .clause = moves ? "NBSD-003" : "NBSD-002",
                           .number = fd,
                           .extra = from});
    process.set_close_on_exec(fd, process.close_on_exec(from)); // NBSD-012
    if (moves) process.remove_descriptor(from);
    else ++found->refs;
    *fd_out = fd;
    return 0;
}

} // namespace

Opened opened_elsewhere(int pseudo, int l_dupfd) {
    const bool moves = pseudo == EMOVEFD;
    if (this_system().trace.on) [[unlikely]]
        this_system().trace.emit({.event = Event::driver_of_design, .name = "its open", .what = moves ? "answers EMOVEFD: the process is to get the descriptor in l_dupfd, and the driver none" : "answers EDUPFD: the process is to get the file of the descriptor in l_dupfd", .clause = moves ? "NBSD-003" : "NBSD-002"});
    if (moves) return {[](Process &p, int from, int oflag, int *fd) { return fd_dupopen(p, from, true, oflag, fd); }, l_dupfd};
    return {[](Process &p, int from, int oflag, int *fd) { return fd_dupopen(p, from, false, oflag, fd); }, l_dupfd};
}

} // namespace rill::designs::netbsd

using namespace rill;
using namespace rill::designs::netbsd;

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
    step(Event::fd_alloc, "the driver reserves a descriptor of its own, with a file", nullptr, fd);
    *fpp = fp;
    *fdp = fd;
    return 0;
}

EXPORT void fd_abort(struct proc *, file_t *fp, unsigned fd) {
    auto *file = static_cast<File *>(fp->f_slot);
    step(Event::fd_abort, "the driver gives its descriptor back", "NBSD-015", fd);
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
        this_system().trace.emit({.event = Event::driver_of_design, .name = "fd_clone:", .what = "the driver's file gets operations and data of the instance, its number goes into l_dupfd", .clause = "NBSD-013"});
    return kernel().old_codes ? ENXIO : EMOVEFD;
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
