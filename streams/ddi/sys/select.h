/* The host's header; <sys/types.h> leaves its two calls out. */
#pragma GCC system_header
#include_next <sys/select.h>
#if !defined(__cplusplus) && !defined(select)
extern int select(int, fd_set *__restrict, fd_set *__restrict, fd_set *__restrict, struct timeval *__restrict);
#ifdef __USE_XOPEN2K
extern int pselect(int, fd_set *__restrict, fd_set *__restrict, fd_set *__restrict, const struct timespec *__restrict,
                   const __sigset_t *__restrict);
#endif
#endif
