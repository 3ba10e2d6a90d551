/* libc's <time.h>; after <sys/systm.h>, hence in driver code, without time(), which is the kernel's variable there. */
#pragma GCC system_header
#if !defined(__cplusplus) && defined(RILL_KERNEL_TIME) && !defined(_TIME_H)
#define time rill_host_time
#include_next <time.h>
#undef time
#else
#include_next <time.h>
#endif
