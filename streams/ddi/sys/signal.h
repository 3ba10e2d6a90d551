/* The numbers of signals. */
#ifndef RILL_SYS_SIGNAL_H
#define RILL_SYS_SIGNAL_H
#pragma GCC system_header
#ifndef RILL_LIBC_SIGNAL
#define RILL_SIGNAL_NUMBERS
#endif
#include_next <sys/signal.h>
#undef RILL_SIGNAL_NUMBERS
#endif
