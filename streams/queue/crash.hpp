// What is told when driver code ends the process: by a signal (SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT), by exit(), or by
// never coming back. The handlers go in with the first System of the process and out with the last; they tell on stderr
// which driver's procedure ran and with what, then the signal takes the course it would have taken: to the handler that
// the program had before, or to the end of the process, core and debugger unharmed.
//
// Everything here runs inside a signal handler: it makes no memory, takes no lock, and looks at a driver's structures
// through the kernel, since one of them is likely to be what is wrong. A thread tells on a stack of its own, so that the
// overflow of another can be told.
#pragma once

#include <csignal>
#include <cstddef>

namespace rill {

void arm_crash_handler();    // a System begins
void disarm_crash_handler(); // one ends
void arm_thread();           // this thread is about to run procedures

// A signal that would end the process, with what its handler was told: if a procedure of this thread runs and the process sent
// the signal itself, who it was is told (UTL-097). For the command's own handlers, which then end the process as ever.
void tell_own_signal(int sig, const siginfo_t *info);

// A procedure of this thread that does not return for so many seconds, because it loops or waits for the host, is named and
// the process ended with SIGABRT (UTL-089). Until then its calls of the host are not disturbed. 0 ends the watch. For this
// process: not for a child of fork().
void watch_procedures(unsigned seconds);

} // namespace rill
