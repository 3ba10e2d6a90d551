#include "streams/file/process.hpp"
#include "streams/file/cdev.hpp"
#include "streams/file/lease.hpp"
#include "streams/file/names.hpp"
#include "streams/system.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <fmt/format.h>
#include <rill.h>
#include <utility>

namespace rill {

namespace {

void trace_name(System &system, std::string_view path, const Node &node) {
    const std::string led = node.path == path ? std::string() : fmt::format("{} led to {}, which", path, node.path);
    system.trace.emit({.event = S_ISBLK(node.mode)    ? Event::block_node_found
                                : S_ISCHR(node.mode)  ? Event::character_node_found
                                : S_ISFIFO(node.mode) ? Event::fifo_found
                                                      : Event::file_found,
                       .dev = node.rdev,
                       .number = static_cast<long>(node.mode),
                       .text = led.empty() ? std::string_view(path) : led});
}

// A file's operations may have said why themselves.
int answered(Process &process, int error, const char *call) {
    return process.refusal.error == error ? error : process.refuse(error, call, "the file's own answer", nullptr);
}

// A file and a descriptor for what is being opened, given back unless they are kept. While it lives the descriptor is taken
// but not open: files[fd] is there, file(fd) is not.
class Reservation {
public:
    explicit Reservation(Process &process) : process_(process), system_(process.system) {}
    ~Reservation() {
        if (file_) [[unlikely]]
            give_back();
    }
    Reservation(const Reservation &) = delete;

    int take(int flags, int status) {
        File *file = system_.file_pool.make();
        if (!file) return process_.refuse(ENFILE, "file", "no memory for a file", nullptr);
        file->refs = 0;
        fd_ = process_.install(file);
        if (fd_ < 0) {
            system_.file_pool.free(file);
            return process_.refuse(EMFILE, "descriptor", "all descriptors of the process are in use", nullptr);
        }
        file->flags = flags;
        file->status = status;
        file_ = file;
        if (system_.trace.on) [[unlikely]]
            system_.trace.emit({.event = Event::descriptor_reserved, .number = fd_});
        if (system_.running) system_.running->reserved = fd_;
        return 0;
    }
    void give_back() { give_back(process_, std::exchange(file_, nullptr), fd_); }
    int keep() { // the descriptor, open now
        std::exchange(file_, nullptr)->refs = 1;
        return fd_;
    }
    File &file() const { return *file_; }

private:
    static void give_back(Process &process, File *file, int fd) {
        System &system = process.system;
        if (system.trace.on) [[unlikely]]
            system.trace.emit({.event = Event::descriptor_given_back, .number = fd});
        file->refs = 1;
        process.remove_descriptor(fd);
        system.file_pool.free(file);
    }

    Process &process_;
    System &system_;
    File *file_ = nullptr;
    int fd_ = -1;
};

} // namespace

FileCall::FileCall(System &system, File &file) : call_(system.running) {
    if (call_) before_ = std::exchange(call_->file, &file);
}

FileCall::~FileCall() {
    if (call_) call_->file = before_;
}

Process::Process(System &owner, int number, uid_t uid, gid_t gid) : Caller(owner, number, uid, gid), system(owner) {
    files.reserve(16);
}

Process::~Process() = default;

int Process::install(File *file, int lowest) {
    int fd = std::max(lowest, lowest_free_);
    while (static_cast<std::size_t>(fd) < files.size() && files[static_cast<std::size_t>(fd)]) ++fd;
    if (static_cast<unsigned>(fd) >= system.tunables.descriptors) return -1;
    if (static_cast<std::size_t>(fd) >= files.size()) files.resize(static_cast<std::size_t>(fd) + 1);
    files[static_cast<std::size_t>(fd)] = file;
    if (lowest <= lowest_free_) lowest_free_ = fd + 1;
    ++descriptors_used;
    return fd;
}

File *Process::remove_descriptor(int fd) {
    File *f = file(fd);
    if (!f) return nullptr;
    files[static_cast<std::size_t>(fd)] = nullptr;
    if (!close_on_exec_.empty()) [[unlikely]]
        set_close_on_exec(fd, false);
    lowest_free_ = std::min(lowest_free_, fd);
    --descriptors_used;
    return f;
}

// From a name to a node, made when it may be. ENOENT, ENAMETOOLONG, ENOTDIR, what a name hook answers; EISDIR, EACCES for a
// new one; EEXIST.
int Process::name_to_open(std::string_view path, int oflag, mode_t mode, Node **node) {
    int error = system.nodes.lookup(*this, path, Lookup::open, node);
    if (error == ENOENT && (oflag & O_CREAT)) {
        std::string name;
        error = path.ends_with('/') && !path.empty() ? EISDIR : make_node(path, S_IFREG | (mode & 07777), no_device, name);
        *node = system.nodes.find(name);
    } else if (!error && (oflag & O_CREAT) && (oflag & O_EXCL)) {
        error = EEXIST;
    }
    if (error) return refuse(error, "name", error == ENOENT ? "no node has this name" : "the name is refused", nullptr);
    if (system.trace.on) [[unlikely]]
        trace_name(system, path, **node);
    return 0;
}

// The first and last rungs of the open ladder.
//   access mode               EINVAL
//   file                      ENFILE
//   descriptor                EMFILE
//   name                      ENOENT, ENAMETOOLONG, ENOTDIR, or what a name hook answers; then EEXIST
//   a directory, to write     EISDIR
//   permissions               EACCES
//   device                    spec open (device.cpp); a FIFO's stream (fifo.cpp); an attached stream (names.cpp); none behind a plain file
//   finish                    the descriptor is open; or the driver's other one takes its place
int Process::open(std::string_view path, int oflag, mode_t mode, int *fd_out) {
    if ((oflag & O_ACCMODE) == O_ACCMODE) return refuse(EINVAL, "open", "no such access mode", nullptr);
    const int flags = kernel_flags(oflag);
    Reservation reserved(*this);
    if (int error = reserved.take(flags & (FREAD | FWRITE | FNDELAY | FNONBLOCK | FAPPEND), oflag & ~(O_CREAT | O_EXCL | O_TRUNC | O_NOCTTY)))
        return error;
    File &file = reserved.file();
    Node *found = nullptr;
    if (int error = name_to_open(path, oflag, mode, &found)) return error;
    HeldNode node(system.nodes, *found);
    const Node &top = top_of(*found);
    if (S_ISDIR(top.mode) && (flags & FWRITE))
        return refuse(EISDIR, "access", "a directory cannot be written", nullptr);
    if (!may_access(top, cred, flags))
        return refuse(EACCES, "access", "the node's permissions do not allow it", found->over ? "FAT-020" : nullptr);
    if (found->over) [[unlikely]] {
        if (int error = open_name(*found->over, file, flags)) return error;
    } else if (S_ISFIFO(top.mode)) [[unlikely]] {
        if (int error = open_fifo(*found, file, flags)) return error;
    } else if (found->rdev == no_device) {
        file.node = node.keep();
    } else {
        const Opened opened = system.nodes.spec_open(*this, *found, file, flags);
        if (opened.error) return opened.error;
        if (opened.instead) {
            reserved.give_back();
            return opened.instead(*this, opened.named, oflag, fd_out);
        }
    }
    *fd_out = reserved.keep();
    if (system.trace.on) [[unlikely]]
        system.trace.emit({.event = Event::open_finished,
                           .clause = file.special && !file.node ? "CLN-035" : nullptr,
                           .dev = file.special ? file.special->dev : no_device,
                           .number = *fd_out,
                           .stream = file.stream ? file.stream->id : 0});
    return 0;
}

int Process::close(int fd) {
    File *f = remove_descriptor(fd);
    if (!f) return refuse(EBADF, "close", "the descriptor is not open", "CLS-020");
    if (system.trace.on) [[unlikely]]
        system.trace.emit({.event = Event::descriptor_removed, .number = fd, .extra = f->refs});
    return drop_file(*this, f);
}

int Process::dup(int fd, int lowest, int *to) {
    File *f = file(fd);
    if (!f) return refuse(EBADF, "dup", "the descriptor is not open", nullptr);
    if (lowest < 0 || static_cast<unsigned>(lowest) >= system.tunables.descriptors)
        return refuse(EINVAL, "dup", "no such descriptor can exist", nullptr);
    *to = install(f, lowest);
    if (*to < 0) return refuse(EMFILE, "dup", "all descriptors of the process are in use", nullptr);
    ++f->refs;
    return 0;
}

int Process::dup2(int fd, int to) {
    File *f = file(fd);
    if (!f || to < 0 || static_cast<unsigned>(to) >= system.tunables.descriptors)
        return refuse(EBADF, "dup2", "the descriptor is not open, or the other cannot exist", nullptr);
    if (fd == to) return 0;
    if (static_cast<std::size_t>(to) < files.size() && files[static_cast<std::size_t>(to)] && !file(to))
        return refuse(EBUSY, "dup2", "an open on its way has reserved the descriptor", nullptr);
    ++f->refs;
    while (file(to)) close(to); // a last close may sleep, and another call take the descriptor meanwhile
    if (static_cast<std::size_t>(to) < files.size() && files[static_cast<std::size_t>(to)]) {
        drop_file(*this, f);
        return refuse(EBUSY, "dup2", "an open on its way has reserved the descriptor", nullptr);
    }
    dup_into(*f, to);
    --f->refs; // the one taken above is the descriptor's now
    return 0;
}

void Process::dup_into(File &file, int fd) {
    if (static_cast<std::size_t>(fd) >= files.size()) files.resize(static_cast<std::size_t>(fd) + 1);
    files[static_cast<std::size_t>(fd)] = &file;
    ++file.refs;
    ++descriptors_used;
}

int Process::fcntl(int fd, int command, long argument, int *result) {
    File *f = file(fd);
    if (!f) return refuse(EBADF, "fcntl", "the descriptor is not open", nullptr);
    *result = 0;
    switch (command) {
    case F_DUPFD: return dup(fd, static_cast<int>(argument), result);
    case F_GETFD: *result = close_on_exec(fd) ? FD_CLOEXEC : 0; return 0;
    case F_SETFD: set_close_on_exec(fd, argument & FD_CLOEXEC); return 0;
    case F_GETFL: *result = f->status; return 0;
    case F_SETFL: {
        if (f->ops && f->ops->fcntl)
            if (int error = f->ops->fcntl(*this, *f, command, argument)) return refuse(error, "fcntl", "the file's own answer", nullptr);
        constexpr int changeable = O_NONBLOCK | O_APPEND | RILL_O_NDELAY;
        f->status = (f->status & ~changeable) | (static_cast<int>(argument) & changeable);
        f->flags = (f->flags & (FREAD | FWRITE)) | (kernel_flags(f->status) & (FNDELAY | FNONBLOCK | FAPPEND));
        return 0;
    }
    default: return refuse(EINVAL, "fcntl", "no such command", nullptr);
    }
}

bool Process::close_on_exec(int fd) const {
    return std::find(close_on_exec_.begin(), close_on_exec_.end(), fd) != close_on_exec_.end();
}

void Process::set_close_on_exec(int fd, bool on) {
    std::erase(close_on_exec_, fd);
    if (on) close_on_exec_.push_back(fd);
}

int Process::mknod(std::string_view path, mode_t mode, dev_t dev) {
    if ((S_ISCHR(mode) || S_ISBLK(mode)) && cred.cr_uid != 0)
        return refuse(EPERM, "mknod", "only a privileged process makes device nodes", nullptr);
    if (!(mode & S_IFMT)) mode |= S_IFREG;
    std::string name;
    switch (const int error = make_node(path, mode, dev, name)) {
    case 0: return 0;
    case EEXIST: return refuse(error, "mknod", "the name exists", nullptr);
    case ENOTDIR: return refuse(error, "mknod", "a name above this one is no directory", nullptr);
    case EACCES: return refuse(error, "mknod", "the directory may not be written", nullptr);
    default: return refuse(error, "mknod", "name, type or device is not valid", nullptr);
    }
}

// name becomes the path as the node table has it.
int Process::make_node(std::string_view path, mode_t mode, dev_t dev, std::string &name) {
    if (int error = system.nodes.canonical(path, name)) return error;
    if (system.nodes.find(name)) return EEXIST;
    Node *directory = nullptr;
    if (path.ends_with('/') && !S_ISDIR(mode))
        return system.nodes.lookup(*this, name, Lookup::remove, &directory) == 0 ? EEXIST : ENOENT;
    if (int error = system.nodes.may_change_directory_of(name, cred)) return error;
    return system.nodes.make(name, mode, dev, cred.cr_uid, cred.cr_gid);
}

int Process::unlink(std::string_view path) {
    Node *node = nullptr;
    int error = system.nodes.lookup(*this, path, Lookup::remove, &node);
    if (error) return refuse(error, "unlink", error == ENOENT ? "no node has this name" : "the name is refused", nullptr);
    if (node->over) { // FAT-035
        if (!owns(cred, *node->over)) return refuse(EPERM, "unlink", "the name of a stream, and another user's", "FAT-035");
        detach_name(*this, *node->over, "FAT-035");
        error = system.nodes.lookup(*this, path, Lookup::remove, &node);
        if (error) return refuse(error, "unlink", "it went meanwhile", nullptr);
    }
    if (S_ISDIR(node->mode)) return refuse(EPERM, "unlink", "a directory", nullptr);
    error = system.nodes.may_change_directory_of(node->path, cred);
    if (!error) error = system.nodes.unlink(node->path);
    return error ? refuse(error, "unlink", "the directory may not be written", nullptr) : 0;
}

int Process::lseek(int fd) {
    const File *f = file(fd);
    if (!f) return refuse(EBADF, "lseek", "the descriptor is not open", nullptr);
    if (f->stream) return refuse(ESPIPE, "lseek", "a stream has no offset", "PIP-021");
    return refuse(EINVAL, "lseek", "plain files hold no data here, and devices keep no offset", nullptr);
}

int Process::rmdir(std::string_view path) {
    Node *node = nullptr;
    if (int error = system.nodes.lookup(*this, path, Lookup::remove, &node)) return refuse(error, "rmdir", "no node has this name", nullptr);
    if (node->over || !S_ISDIR(node->mode)) return refuse(ENOTDIR, "rmdir", node->over ? "a stream is attached to it" : "no directory", "FAT-035");
    int error = node->path.empty() ? ENOTEMPTY : system.nodes.may_change_directory_of(node->path, cred); // no node stands for it
    if (!error) error = system.nodes.rmdir(std::string(node->path));
    return error ? refuse(error, "rmdir", error == ENOTEMPTY ? "there are names below it" : "the directory may not be written", nullptr) : 0;
}

int Process::pipe(int fds[2]) {
    Stream *ends[2];
    File *made[2] = {};
    if (make_pipe(ends)) return refuse(ENOSR, "pipe", "no memory for two stream heads", nullptr);
    int local[2] = {-1, -1};
    int error = 0;
    for (int i = 0; i < 2 && !error; ++i) {
        made[i] = system.file_pool.make();
        if (!made[i]) {
            error = ENFILE;
            break;
        }
        *made[i] = File{.flags = FREAD | FWRITE, .status = O_RDWR};
        open_end(*made[i], *ends[i]);
        local[i] = install(made[i]);
        if (local[i] < 0) error = EMFILE;
    }
    if (!error && !copy_to_user(fds, local, sizeof local)) error = EFAULT;
    if (!error) return 0;
    for (int i = 0; i < 2; ++i) {
        if (local[i] >= 0) remove_descriptor(local[i]);
        if (made[i]) ends[i]->closed_by(*made[i]), system.file_pool.free(made[i]);
    }
    Stream::drop_pipe(ends);
    return refuse(error, "pipe", "no file, no descriptor, or a bad address", nullptr);
}

int Process::stream_of(int fd, int access, const char *call, File **out) {
    File *f = file(fd);
    if (!f) return refuse(EBADF, call, "the descriptor is not open", nullptr);
    if (access && !(f->flags & access)) return refuse(EBADF, call, "the descriptor is not open for this", nullptr);
    if (!f->stream) return refuse(ENOSTR, call, "the file is not a stream", "GM-008");
    *out = f;
    return 0;
}

// Read or write through the file's own operations. An error after part was moved is not told, as ever.
int Process::transfer_by(int (*routine)(Process &, File &, Transfer &), File &file, Transfer &transfer, const char *call) {
    FileCall on(system, file);
    const int error = routine ? routine(*this, file, transfer) : EOPNOTSUPP; // NBSD-020
    return error && transfer.done == 0 ? answered(*this, error, call) : 0;
}

int Process::read_other(File *f, Transfer &transfer, bool may_sleep) {
    if (!f || !f->readable()) return refuse(EBADF, "read", "the descriptor is not open for reading", "RD-072");
    if (f->ops) return may_sleep ? transfer_by(f->ops->read, *f, transfer, "read") : must_sleep;
    if (!f->special) return f->node && S_ISDIR(f->node->mode) ? refuse(EISDIR, "read", "a directory", nullptr) : 0;
    if (!may_sleep) return must_sleep;
    size_t count = transfer.count;
    const int error = character_read(system, *f->special->driver, f->special->dev, transfer.base, &count, cred, false);
    transfer.done = count;
    return error && transfer.done == 0 ? refuse(error, "read", "the driver's answer", nullptr) : 0;
}

int Process::write_other(File *f, Transfer &transfer, bool may_sleep) {
    if (!f || !f->writable()) return refuse(EBADF, "write", "the descriptor is not open for writing", "WR-061");
    if (f->ops) return may_sleep ? transfer_by(f->ops->write, *f, transfer, "write") : must_sleep;
    if (!f->special) return refuse(EINVAL, "write", "plain files hold no data here", nullptr);
    if (!may_sleep) return must_sleep;
    size_t count = transfer.count;
    const int error = character_read(system, *f->special->driver, f->special->dev, transfer.base, &count, cred, true);
    transfer.done = count;
    return error && transfer.done == 0 ? refuse(error, "write", "the driver's answer", nullptr) : 0;
}

int Process::ioctl(int fd, int command, void *argument, int *rval) {
    File *f = file(fd);
    if (!f) return refuse(EBADF, "ioctl", "the descriptor is not open", "IOC-001");
    if (f->stream) return f->stream->ioctl(*this, *f, command, argument, rval);
    if (f->ops) {
        FileCall on(system, *f);
        const int error = f->ops->ioctl ? f->ops->ioctl(*this, *f, command, argument, rval) : EOPNOTSUPP;
        return error ? answered(*this, error, "ioctl") : 0;
    }
    if (!f->special) return refuse((command & ~0xff) == STR ? ENOSTR : ENOTTY, "ioctl", "the file is not a stream", nullptr);
    const int error = character_ioctl(system, *f->special->driver, f->special->dev, command, argument, driver_flags(f->flags), cred, rval);
    return error ? refuse(error, "ioctl", "the driver's answer", nullptr) : 0;
}

void Process::exit() {
    exiting = true;
    for (std::size_t fd = 0; fd < files.size(); ++fd)
        if (files[fd]) close(static_cast<int>(fd));
    system.forget_signals(*this);
    if (controlling_terminal) controlling_terminal = nullptr;
}

// --- their beginning and end ---

Process &System::new_process(uid_t uid, gid_t gid, Process *parent) {
    Process &p = processes.emplace_back(*this, next_pid_++, uid, gid);
    if (parent) {
        p.ppid = parent->pid;
        p.pgrp = parent->pgrp;
        p.sid = parent->sid;
    }
    return p;
}

Process &System::fork_process(Process &parent) {
    Process &child = new_process(parent.cred.cr_uid, parent.cred.cr_gid, &parent);
    for (int fd = 0; fd < static_cast<int>(parent.files.size()); ++fd)
        if (File *f = parent.file(fd)) {
            child.dup_into(*f, fd);
            child.set_close_on_exec(fd, parent.close_on_exec(fd));
        }
    return child;
}

// Ends the calls of a process that sleep: those a signal may end, at once; the others as they end by themselves.
void System::end_calls(Process &process) {
    if (running) return;
    process.killed = true;
    interrupt(process);
    for (bool again = true; again;) {
        again = false;
        for (Call &call : calls)
            if (call.process == &process && call.state != Call::State::abandoned && call.state != Call::State::done) {
                drive(call); // what another thread waits for is given back by that thread
                again = true;
                break;
            }
    }
    process.killed = false;
}

void System::end_process(Process &process) {
    end_calls(process);
    Caller *before = on_main;
    if (!running) on_main = &process;
    run_call(process, "exit", [&] {
        process.exit();
        return 0;
    });
    if (!late_closes.empty()) close_late();
    on_main = before == &process ? nullptr : before;
    run_pending();
    wait_for_visitors(&process);
    constexpr std::size_t kept = 64;
    process.ended = true;
    for (auto it = processes.begin(); it != processes.end(); ++it)
        if (&*it == &process) {
            ended_processes.splice(ended_processes.end(), processes, it);
            break;
        }
    if (ended_processes.size() > kept) ended_processes.pop_front();
}

void System::close_late() {
    Process *kernel = caller()            ? caller()
                      : processes.empty() ? nullptr
                                          : &processes.front();
    while (kernel && !late_closes.empty()) {
        File *file = late_closes.back();
        late_closes.pop_back();
        if (!file) collect_circles();
        else run_call(*kernel, "close", [&] { return rill::drop_file(*kernel, file); });
    }
}

} // namespace rill
