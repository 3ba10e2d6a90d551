// A process: credentials, descriptors, signals. Its methods are the system calls, straight-line, each returning 0 or an
// errno with results through the last arguments. They may sleep only on a call's stack; System::run_call() sees to that.
#pragma once

#include "streams/base/caller.hpp"
#include "streams/file/file.hpp"
#include "streams/message/usercopy.hpp"

#include <span>
#include <vector>
#include <poll.h>
#include <utime.h>
#include <sys/cred.h>
#include <sys/stropts.h>

namespace rill {

class System;
struct Transfer;
struct Fifo;

// May a process with these credentials open it for that?
bool may_access(const Node &node, const cred_t &cred, int flags);

// Returned by a pass that is not allowed to sleep and would have to.
constexpr int must_sleep = -1;

// While it lives, the running call is made on this file; a driver may ask for it (FBSD-081).
class FileCall {
public:
    FileCall(System &system, File &file);
    ~FileCall();
    FileCall(const FileCall &) = delete;

private:
    Call *call_;
    File *before_ = nullptr;
};

class Process : public Caller {
public:
    Process(System &system, int pid, uid_t uid, gid_t gid);
    ~Process();
    Process(const Process &) = delete;

    // open ladder, first and last rung
    int open(std::string_view path, int oflag, mode_t mode, int *fd);
    int close(int fd);
    int dup(int fd, int lowest, int *to);
    int dup2(int fd, int to);
    void dup_into(File &file, int fd); // another descriptor of the file, where none is
    int fcntl(int fd, int command, long argument, int *result);
    int stat(std::string_view path, struct stat *st);
    int fstat(int fd, struct stat *st);
    int mknod(std::string_view path, mode_t mode, dev_t dev);
    int unlink(std::string_view path);
    int rmdir(std::string_view path);
    int lseek(int fd); // nothing here has an offset: ESPIPE, EINVAL
    int pipe(int fds[2]);
    int chmod(std::string_view path, mode_t mode);
    int fchmod(int fd, mode_t mode);
    int chown(std::string_view path, uid_t uid, gid_t gid); // -1: unchanged
    int fchown(int fd, uid_t uid, gid_t gid);
    int utime(std::string_view path, const struct utimbuf *times); // nullptr: now
    int fattach(int fd, std::string_view path);
    int fdetach(std::string_view path);
    int ioctl(int fd, int command, void *argument, int *rval);
    int poll(struct pollfd *fds, nfds_t count, long timeout_ms, bool may_sleep, int *ready);
    int read(int fd, Transfer &transfer, bool may_sleep);
    int write(int fd, Transfer &transfer, bool may_sleep);
    // Close-on-exec, which dup does not take along.
    bool close_on_exec(int fd) const;
    void set_close_on_exec(int fd, bool on);
    int stream_of(int fd, int access, const char *call, File **file); // EBADF, ENOSTR
    void exit(); // closes everything

    File *file(int fd) {
        File *f = static_cast<unsigned>(fd) < files.size() ? files[static_cast<unsigned>(fd)] : nullptr;
        return f && f->refs > 0 ? f : nullptr; // a descriptor that an open has only reserved is not open
    }
    int install(File *file, int lowest = 0); // a descriptor, or -1 when none is free
    File *remove_descriptor(int fd);

    // Signals (file/signals).
    void deliver_signals();
    int set_handler(int sig, void (*handler)(int));

    System &system;
    std::vector<File *> files;
    int descriptors_used = 0;

private:
    // The open ladder below the name, of what is no device (fifo, names).
    int open_fifo(Node &node, File &file, int flags);
    int join_fifo(Stream &stream, File &file, int flags, bool first);
    int open_name(NameNode &name, File &file, int flags);
    int open_connection(NameNode &name, Stream &named, File &file, int flags);
    int make_pipe(Stream *ends[2]); // ENOSR
    int make_fifo(Stream **at);
    void begin(Fifo &fifo);
    template <class F> int change_path(std::string_view path, const char *call, F &&change);
    template <class F> int change_file(int fd, const char *call, F &&change);
    template <class F> int change_node(Node &node, const char *call, F &&change);
    // Of what is no stream, or not open for that.
    int read_other(File *file, Transfer &transfer, bool may_sleep);
    int write_other(File *file, Transfer &transfer, bool may_sleep);
    int name_to_open(std::string_view path, int oflag, mode_t mode, Node **node);
    int make_node(std::string_view path, mode_t mode, dev_t dev, std::string &name);
    int transfer_by(int (*routine)(Process &, File &, Transfer &), File &file, Transfer &transfer, const char *call);

    std::vector<int> close_on_exec_; // few, or none
    int lowest_free_ = 0;
};

// One reference of the file less; the last one closes it. 0 or EINTR.
int drop_file(Process &process, File *file);

// Whom a signal is for.
void signal_process(System &system, int pid, int sig);
void signal_group(System &system, int pgrp, int sig);
bool orphaned(const System &system, int pgrp); // no member has a parent in another group of the same session

} // namespace rill
