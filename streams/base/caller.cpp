#include "streams/base/caller.hpp"

#include <cstring>
#include <fmt/format.h>

namespace rill {

Caller::Caller(Kernel &kernel, int number, uid_t uid, gid_t gid) : pid(number), pgrp(number), sid(number), kernel_(kernel) {
    cred.cr_ref = 1;
    cred.cr_uid = cred.cr_ruid = cred.cr_suid = uid;
    cred.cr_gid = cred.cr_rgid = cred.cr_sgid = gid;
}

int Caller::refuse(int error, const char *rung, const char *reason, const char *clause, Event event) {
    refusal = {rung, reason, clause, error};
    if (kernel_.trace.on) [[unlikely]]
        kernel_.trace.emit({.event = event, .name = rung, .what = reason, .clause = clause, .error = error});
    return error;
}

int Caller::refuse(int error, const char *rung, const char *reason, const char *clause, std::string_view detail) {
    detailed_reason_ = fmt::format("{}: {}", reason, detail);
    refusal = {rung, detailed_reason_.c_str(), clause, error};
    if (kernel_.trace.on) [[unlikely]]
        kernel_.trace.emit({.event = Event::refused, .name = rung, .what = reason, .clause = clause, .error = error, .text = detail});
    return error;
}

const char *Caller::why() {
    if (!refusal.error) return "";
    const char *name = strerrorname_np(refusal.error);
    why_text_ = fmt::format("{}: {}", name ? name : std::to_string(refusal.error), refusal.rung);
    if (refusal.reason && refusal.error == EDEADLK && !refusal.clause) // a reason without a clause is what was waited for
        why_text_ += fmt::format(": nothing could ever end the wait for {}", refusal.reason);
    else if (refusal.reason)
        why_text_ += fmt::format(": {}", refusal.reason);
    if (refusal.clause) why_text_ += fmt::format(" ({})", refusal.clause);
    return why_text_.c_str();
}

// A signal without a handler is noted and has no other effect: nothing here ends a process but its exit.
void Caller::post(int sig, int code, long value) {
    if (sig < 1 || sig > 64) return;
    ++signals_posted[static_cast<std::size_t>(sig)];
    if (signals_seen.size() == most_seen) signals_seen.pop_front();
    signals_seen.push_back({sig, code, value});
    auto handler = handlers_[static_cast<std::size_t>(sig)];
    if (kernel_.trace.on) [[unlikely]]
        kernel_.trace.emit({.event = handler == SIG_IGN ? Event::signal_ignored
                                     : handler          ? Event::signal_caught
                                                        : Event::signal_noted,
                            .number = sig,
                            .extra = pid});
    if (handler == SIG_IGN || handler == SIG_DFL) return;
    ++pending_counts_[static_cast<std::size_t>(sig)];
    pending_ |= bit(sig);
    if (!(blocked_ & bit(sig))) kernel_.interrupt(*this);
}

} // namespace rill
