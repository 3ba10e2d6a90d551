// The process for which a call is made, as every layer sees it: credentials, ids, why its last call failed, and the signals
// that are pending. Its descriptors and its system calls are file/process's.
//
// To refuse: return process.refuse(errno, rung, reason, clause). What is refused is recorded and can be asked for (why()).
#pragma once

#include "streams/base/kernel.hpp"

#include <array>
#include <csignal>
#include <cstdint>
#include <deque>
#include <string>
#include <sys/cred.h>

namespace rill {

class Stream;

// Why a call failed: kept for the process's last call.
struct Refusal {
    const char *rung = nullptr;
    const char *reason = nullptr;
    const char *clause = nullptr;
    int error = 0;
};

class Caller {
public:
    Caller(Kernel &kernel, int pid, uid_t uid, gid_t gid);
    Caller(const Caller &) = delete;

    // Records why, emits the trace record, returns error.
    int refuse(int error, const char *rung, const char *reason, const char *clause, Event event = Event::refused);
    int refuse(int error, const char *rung, const char *reason, const char *clause, std::string_view detail); // "reason: detail"
    const char *why(); // "" when the last call did not fail

    // A caught signal interrupts interruptible sleeps; handlers run when a call returns to user level. What is pending is a
    // set, with a count for each signal: it is delivered as often as it was posted, the lowest number first, and not inside
    // its own handler. What a handler posts to its own number waits for the next return (SIG-050).
    void post(int sig, int code = 0, long value = 0);
    bool signal_pending() const { return (pending_ & ~blocked_) != 0 || killed; }
    bool ignores(int sig) const { return handlers_[static_cast<std::size_t>(sig)] == SIG_IGN; }

    // Its descriptors, for the layers below them.
    File *open_file(int fd) { return kernel_.above().open_file(*this, fd); }                               // nullptr: none
    int install(File *file, int lowest = 0) { return kernel_.above().install(*this, file, lowest); } // a descriptor, or -1
    File *remove_descriptor(int fd) { return kernel_.above().remove_descriptor(*this, fd); }

    int pid;
    int ppid = 0;
    int pgrp;
    int sid;
    cred_t cred{};
    Refusal refusal;
    Stream *controlling_terminal = nullptr;
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
    std::deque<Sent> signals_seen; // most_seen at most
    static constexpr std::size_t most_seen = 32;

protected:
    static constexpr std::uint64_t bit(int sig) { return std::uint64_t{1} << (sig - 1); }

    std::array<void (*)(int), 65> handlers_{};
    std::array<std::uint64_t, 65> pending_counts_{};
    std::uint64_t pending_ = 0; // those that are caught, a bit each
    std::uint64_t blocked_ = 0; // whose handlers run

private:
    Kernel &kernel_;
    std::string why_text_;
    std::string detailed_reason_; // what refusal.reason points to, when there is a detail
};

} // namespace rill
