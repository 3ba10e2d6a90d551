#include "clone/designs/netbsd/framework/state.hpp"

namespace rill::designs::netbsd {

// The file's flags from the driver's, which are O_ flags of the host with FREAD and FWRITE in place of the access mode.
void show_flags(File &file, int flag) {
    const int mode = flag & (FREAD | FWRITE), rest = flag & ~(FREAD | FWRITE);
    file.flags = mode | (kernel_flags(rest) & (FNDELAY | FNONBLOCK | FAPPEND));
    file.status = rest | (mode == (FREAD | FWRITE) ? O_RDWR
                          : mode == FWRITE         ? O_WRONLY
                                                   : O_RDONLY);
}

namespace {

int transfer(Process &p, File &file, Transfer &t, bool writing) {
    file_t *fp = of(file);
    auto *routine = writing ? fp->f_ops->fo_write : fp->f_ops->fo_read;
    if (!routine) return EOPNOTSUPP;
    Inside in(kernel(), &p, EntryKind::none, fp->f_ops->fo_name);
    netbsd_uio u{t.base + t.done, t.count - t.done, fp->f_offset, writing ? NETBSD_UIO_WRITE : NETBSD_UIO_READ};
    const int error = routine(fp, &fp->f_offset, &u, in.thread->l_cred, 0);
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
        if (fp->f_type != DTYPE_VNODE) step(Event::drv_close, "last close: calls the file's own close", "NBSD-017", -1, fp->f_ops->fo_name);
        Inside in(kernel(), &p, EntryKind::close, fp->f_ops->fo_name);
        if (fp->f_ops->fo_close) error = user_errno(fp->f_ops->fo_close(fp));
    }
    file.data = nullptr;
    kmem_free(fp, sizeof *fp);
    return error;
}

} // namespace

constinit const FileOps file_ops{"netbsd", file_read, file_write, file_ioctl, file_poll, file_fcntl, file_stat, file_close};

} // namespace rill::designs::netbsd
