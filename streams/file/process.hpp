// A process: credentials, descriptors, signals. Its methods are the system calls, straight-line, each returning 0 or an
// errno with results through the last arguments. They may sleep only on a call's stack; System::run_call() sees to that.
#pragma once

#include "streams/file/file.hpp"

#include <array>
#include <boost/circular_buffer.hpp>
#include <csignal>
#include <span>
#include <vector>
#include <poll.h>
#include <sys/cred.h>
#include <sys/stropts.h>

namespace rill {

class System;
struct Transfer;

// User memory. False for an address the process does not have; what was moved before the bad one stays moved.
bool copy_from_user(void *kernel, const void *user, size_t count);
bool copy_to_user(void *user, const void *kernel, size_t count);
bool probe_user(void *user, size_t count); // may it be read and written? Changes nothing.

// What a NetBSD driver's open returns when the process is to get another descriptor (NBSD-001).
constexpr int EDUPFD = -5, EMOVEFD = -6;

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

// Why a call failed: kept for the process's last call.
struct Refusal {
    const char *rung = nullptr;
    const char *reason = nullptr;
    const char *clause = nullptr;
    int error = 0;
};

class Process {
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
    int pipe(int fds[2]);
    int ioctl(int fd, int command, void *argument, int *rval);
    int poll(struct pollfd *fds, nfds_t count, long timeout_ms, bool may_sleep, int *ready);
    int read(int fd, Transfer &transfer, bool may_sleep);
    int write(int fd, Transfer &transfer, bool may_sleep);
    // For designs that work on descriptors (NetBSD): close-on-exec, which dup does not take along.
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

    // Signals. A caught one interrupts interruptible sleeps; handlers run when a call returns to user level. What is
    // pending is a set, with a count for each signal: it is delivered as often as it was posted, the lowest number first,
    // and not inside its own handler. What a handler posts to its own number waits for the next return (SIG-050).
    void post(int sig, int code = 0, long value = 0);
    bool signal_pending() const { return (pending_ & ~blocked_) != 0 || killed; }
    void deliver_signals();
    bool ignores(int sig) const;
    int set_handler(int sig, void (*handler)(int));

    // Records why, emits the trace record, returns error.
    int refuse(int error, const char *rung, const char *reason, const char *clause);
    int refuse(int error, const char *rung, const char *reason, const char *clause, std::string_view detail); // "reason: detail"
    const char *why(); // "" when the last call did not fail

    System &system;
    int pid;
    int ppid = 0;
    int pgrp;
    int sid;
    cred_t cred{};
    Stream *controlling_terminal = nullptr;
    std::vector<File *> files;
    int descriptors_used = 0;
    Refusal refusal;
    const char *call_name = "";
    bool exiting = false;
    bool killed = false; // its sleeping calls end as if by a signal
    bool ended = false;  // kept a while after its end, so that a call for it is refused and not undefined
    int visits = 0;      // calls of the C face that are under way for it, in all threads

    struct Sent {
        int sig;
        int code;
        long value;
    };
    // What was posted, for tests: how often each, and the last ones. A reader may clear them.
    std::array<std::uint64_t, 65> signals_posted{};
    boost::circular_buffer<Sent> signals_seen{32};

private:
    int open_elsewhere(int pseudo, int oflag, int *fd);
    int make_node(std::string_view path, mode_t mode, dev_t dev, std::string &name);
    int transfer_by(int (*routine)(Process &, File &, Transfer &), File &file, Transfer &transfer, const char *call);

    std::vector<int> close_on_exec_; // few, or none
    int lowest_free_ = 0;
    std::array<void (*)(int), 65> handlers_{};
    std::array<std::uint64_t, 65> pending_counts_{};
    std::uint64_t pending_ = 0; // those that are caught, a bit each
    std::uint64_t blocked_ = 0; // whose handlers run
    std::string why_text_;
    std::string detailed_reason_; // what refusal.reason points to, when there is a detail
};

} // namespace rill
