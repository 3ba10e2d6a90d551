// Signals: what a process does with those that were posted to it (base/caller), and who is meant by a process id or a group.
#include "streams/file/process.hpp"
#include "streams/system.hpp"

#include <bit>
#include <cerrno>
#include <csignal>
#include <utility>

namespace rill {

// --- delivery ---

int Process::set_handler(int sig, void (*handler)(int)) {
    if (sig < 1 || sig > 64 || sig == SIGKILL || sig == SIGSTOP || handler == SIG_ERR)
        return refuse(EINVAL, "signal", "no such signal, or one that cannot be caught", nullptr);
    handlers_[static_cast<std::size_t>(sig)] = handler;
    if (handler == SIG_IGN || handler == SIG_DFL) { // what was pending is forgotten
        pending_ &= ~bit(sig);
        pending_counts_[static_cast<std::size_t>(sig)] = 0;
    }
    return 0;
}

// Each signal has one turn, so that handlers that post signals cannot keep a call from returning (SIG-051).
void Process::deliver_signals() {
    std::uint64_t over = blocked_;
    while (const std::uint64_t waiting = pending_ & ~over) {
        const int sig = std::countr_zero(waiting) + 1;
        const auto number = static_cast<std::size_t>(sig);
        over |= bit(sig);
        pending_ &= ~bit(sig);
        std::uint64_t count = std::exchange(pending_counts_[number], 0);
        blocked_ |= bit(sig);
        while (count-- > 0) {
            auto handler = handlers_[number];
            if (handler == SIG_IGN || handler == SIG_DFL) break;
            const int depth = std::exchange(system.face_depth, 0); // a handler may make calls
            handler(sig);
            system.face_depth = depth;
        }
        blocked_ &= ~bit(sig);
    }
    if (signal_pending()) [[unlikely]]
        system.interrupt(*this); // its other calls that sleep
}

// --- whom ---

void signal_process(System &system, int pid, int sig) {
    for (Process &p : system.processes)
        if (p.pid == pid) p.post(sig);
}

void System::forget_signals(Process &process) {
    for (Stream &s : streams) s.process_closed(process);
}

} // namespace rill
