/* The host's header and what drivers expect from it: the clock rate and sleep priorities. */
#ifndef RILL_SYS_PARAM_H
#define RILL_SYS_PARAM_H
#pragma GCC system_header
#include <sys/types.h>
#include <sys/signal.h>
#if !defined(RILL_LIBC_SIGNAL)
#define RILL_SIGNAL_NUMBERS
#endif
#include_next <sys/param.h>
#undef RILL_SIGNAL_NUMBERS
#include <sys/errno.h>

#ifdef __cplusplus
extern "C" {
#endif

extern int hz; /* clock ticks a second */
#undef HZ
#define HZ 100

#define PZERO 25
#define PCATCH 0x8000
#define PNOSTOP 0x4000
#define PPIPE 26
#define PWAIT 30
#define PSLEP 39
#define STIPRI 28 /* streams: input, output */
#define STOPRI 29
#define PMASK 0x7f

#ifdef __cplusplus
}
#endif
#endif
