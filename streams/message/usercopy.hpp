// What the handler of SIGSEGV and SIGBUS (queue/crash) asks about the one place where an address of the application may
// be bad: the copy in usercopy.cpp.
#pragma once

#include <atomic>
#include <csignal>

namespace rill {

// The fault was the copy's, at the application's side of it: the copy ends early and the handler may return.
bool end_copy(const siginfo_t *info, void *context);
// It was the copy's, but at the other side: a message or a driver's buffer is wrong.
bool crashed_in_copy(const void *context);

// Puts that handler back where a program has put in another (UTL-086); set by who has one.
extern std::atomic<void (*)()> keep_fault_handler;

} // namespace rill
