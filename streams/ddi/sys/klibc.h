/*
 * What a kernel has of the C library, for driver code in C, declared without libc's headers, which would take names like
 * index, time or signal from the driver; and the calls that a kernel has under a name of libc but with another meaning.
 * Where a header of libc has come first its name stays, and the kernel's call is a macro. C++ has the host's.
 */
#ifndef RILL_SYS_KLIBC_H
#define RILL_SYS_KLIBC_H
#pragma GCC system_header
#include <sys/types.h>

#ifdef __cplusplus
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>
extern "C" {
#else
#include <stdarg.h>
#include <stddef.h>

extern int printf(const char *__restrict, ...);
extern int sprintf(char *__restrict, const char *__restrict, ...);
extern int snprintf(char *__restrict, size_t, const char *__restrict, ...);
extern int vsprintf(char *__restrict, const char *__restrict, va_list);
extern int vsnprintf(char *__restrict, size_t, const char *__restrict, va_list);
extern size_t strlen(const char *);
extern size_t strnlen(const char *, size_t);
extern char *strcpy(char *__restrict, const char *__restrict);
extern char *strncpy(char *__restrict, const char *__restrict, size_t);
extern char *strcat(char *__restrict, const char *__restrict);
extern char *strncat(char *__restrict, const char *__restrict, size_t);
extern int strcmp(const char *, const char *);
extern int strncmp(const char *, const char *, size_t);
extern char *strchr(const char *, int);
extern char *strrchr(const char *, int);
extern char *strstr(const char *, const char *);
extern void *memcpy(void *__restrict, const void *__restrict, size_t);
extern void *memmove(void *, const void *, size_t);
extern void *memset(void *, int, size_t);
extern int memcmp(const void *, const void *, size_t);
extern void *memchr(const void *, int, size_t);
extern void bcopy(const void *, void *, size_t); /* from, to; they may overlap */
extern void bzero(void *, size_t);
extern int bcmp(const void *, const void *, size_t);
#endif

/* sleep(D3), wakeup(D3): the kernel's sleep has an event and a priority. */
int rill_sleep(char *event, int priority);
void wakeup(char *event);
/* SVR3: signal(pgrp, sig) and psignal(procp, sig) send one, to a process group and to a process. */
void rill_signal_group(int pgrp, int sig);
void rill_signal_proc(void *procp, int sig);

#ifndef __cplusplus
#ifdef _UNISTD_H
#define sleep(event, priority) rill_sleep((char *)(event), (priority))
#else
int sleep() __asm__("rill_sleep");
#endif
#ifdef RILL_LIBC_SIGNAL
#define signal(pgrp, sig) rill_signal_group((pgrp), (sig))
#define psignal(procp, sig) rill_signal_proc((procp), (sig))
#else
int signal() __asm__("rill_signal_group");
int psignal() __asm__("rill_signal_proc");
#endif
#endif

#ifdef __cplusplus
}
#endif
#endif
