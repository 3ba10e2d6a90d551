#include "clone/designs/freebsd/framework/state.hpp"

namespace rill::designs::freebsd {

namespace {

constexpr int no_ioctl = -3; // ENOIOCTL
constexpr int io_ndelay = O_NONBLOCK;
constexpr u_long ioc_void = 0x20000000, ioc_out = 0x40000000, ioc_in = 0x80000000;

} // namespace

// From the node to the driver. The vnode is not locked while d_open runs: two opens may be inside (FBSD-073).
//   the device is gone                 ENXIO     FBSD-070
//   no memory for the open file        ENFILE
//   d_open                             its errno; ERESTART is EINTR   FBSD-071
int Freebsd::open(Process &process, Node &node, HeldDevice &vnode, File &file, int oflag) {
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
    system.nodes.unlock(*vnode);
    int error = 0;
    {
        FileCall on(system, file);
        tell(Event::drv_open,
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
    system.nodes.lock(*vnode, false);
    if (!error) return 0;
    --c.users;
    std::erase(c.files, open);
    open_files_.free(open);
    file.ops = nullptr;
    file.data = nullptr;
    release(c);
    const bool restarts = error == restart;
    return process.refuse(restarts    ? EINTR
                          : error < 0 ? EIO
                                      : error,
                          "driver open", "the driver's d_open refused", restarts ? "FBSD-071" : nullptr);
}

// d_close for the last close, or for each (FBSD-065), then the end of the file's data (FBSD-084).
int Freebsd::close(Process &process, File &file) {
    auto *open = static_cast<OpenFile *>(file.data);
    Cdev &c = *open->cdev;
    int error = 0;
    FileCall on(system, file);
    if (c.si_devsw && (c.users == 1 || (c.si_devsw->d_flags & D_TRACKCLOSE))) {
        tell(Event::drv_close, c.users == 1 ? "d_close is called: the last close of the device" : "d_close is called for each close", c, c.si_name, "FBSD-065");
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
    tell(Event::drv_destroy, why, *open.cdev, open.cdev->si_name, "FBSD-084");
    const auto destructor = std::exchange(open.destructor, nullptr);
    void *data = std::exchange(open.priv, nullptr);
    Inside inside(system, "cdevpriv", EntryKind::close);
    if (destructor) destructor(data);
}

OpenFile *Freebsd::of_call() {
    File *file = system.running ? system.running->file : nullptr;
    return file && file->ops == &file_ops ? static_cast<OpenFile *>(file->data) : nullptr;
}

namespace {

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
    return error == no_ioctl ? ENOTTY
           : error < 0       ? EINTR
                             : error;
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

} // namespace

const FileOps file_ops = {
    .name = "devfs",
    .read = [](Process &p, File &f, Transfer &t) { return transfer(p, f, t, true); },
    .write = [](Process &p, File &f, Transfer &t) { return transfer(p, f, t, false); },
    .ioctl = control,
    .poll = poll_file,
    .close = [](Process &p, File &f) { return part(p.system).close(p, f); },
};

} // namespace rill::designs::freebsd

using namespace rill;
using namespace rill::designs::freebsd;

EXPORT int devfs_set_cdevpriv(void *priv, cdevpriv_dtr_t destructor) {
    OpenFile *open = here().of_call();
    if (!open) return ENOENT;
    if (open->has_priv) return EBUSY;
    open->priv = priv;
    open->destructor = destructor;
    open->has_priv = true;
    if (this_system().trace.on)
        this_system().trace.emit({.event = Event::file_of_design, .what = "the open file has data of its own now", .clause = "FBSD-080", .number = -1});
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
