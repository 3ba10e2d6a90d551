// The one place where an address of the application may be bad: the copy from and to it; and what the handler of SIGSEGV and
// SIGBUS (queue/crash) asks about it.
#pragma once

#include <atomic>
#include <csignal>
#include <cstddef>

namespace rill {

// User memory. False for an address the process does not have; what was moved before the bad one stays moved.
bool copy_from_user(void *kernel, const void *user, size_t count);
bool copy_to_user(void *user, const void *kernel, size_t count);
bool probe_user(void *user, size_t count); // may it be read and written? Changes nothing.

// The fault was the copy's, at the application's side of it: the copy ends early and the handler may return.
bool end_copy(const siginfo_t *info, void *context);
// It was the copy's, but at the other side: a message or a driver's buffer is wrong.
bool crashed_in_copy(const void *context);

// Puts that handler back where a program has put in another (UTL-086); set by who has one.
extern std::atomic<void (*)()> keep_fault_handler;

} // namespace rill
