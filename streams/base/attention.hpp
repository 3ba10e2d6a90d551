// A signal of the host asks that the call which is being made comes to its end: its sleep ends as by a signal of its own
// (EINTR), the virtual clock stops where it is. Set by a signal handler, which is the host process's and so no System's.
#pragma once

#include <csignal>

namespace rill {

extern volatile std::sig_atomic_t attention;

} // namespace rill
