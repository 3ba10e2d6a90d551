/*
 * The host's error numbers, among them ENOSR, ENOSTR, ETIME. In a kernel `errno` is no variable but a name like any other,
 * and libc's macro would turn a parameter of that name into a call: driver code in C is without it. Programs, which
 * are known by <rill.h> or by a header of libc before this one, keep it.
 */
#ifndef RILL_SYS_ERRNO_H
#define RILL_SYS_ERRNO_H
#pragma GCC system_header
#if defined(__cplusplus) || defined(RILL_H) || defined(_STDIO_H) || defined(_STDLIB_H) || defined(_UNISTD_H)
#include <errno.h>
#else
#define RILL_NO_ERRNO
#include <errno.h>
#undef RILL_NO_ERRNO
#endif
#endif
#if !defined(__cplusplus) && !defined(RILL_H) && (defined(RILL_SYS_STREAM_H) || defined(RILL_SYS_DDI_H))
#undef errno
#endif
