/*
 * libc's <signal.h>. What includes it for the numbers of the signals, as <sys/param.h> does, leaves signal() and psignal() to
 * the kernel's (<sys/klibc.h>), kill() and raise() to nobody; who includes it by itself, outside driver code, has them.
 */
#pragma GCC system_header
#if defined(__cplusplus)
#include_next <signal.h>
#elif defined(RILL_SIGNAL_NUMBERS) || defined(RILL_SYS_KLIBC_H)
#define signal rill_host_signal
#define psignal rill_host_psignal
#define kill rill_host_kill
#define raise rill_host_raise
#include_next <signal.h>
#undef signal
#undef psignal
#undef kill
#undef raise
#else
#include_next <signal.h>
#ifndef RILL_LIBC_SIGNAL
#define RILL_LIBC_SIGNAL
extern __sighandler_t signal(int, __sighandler_t);
extern int raise(int);
#ifdef __USE_POSIX
extern int kill(__pid_t, int);
#endif
#ifdef __USE_XOPEN2K8
extern void psignal(int, const char *);
#endif
#endif
#endif
