/* libc's <unistd.h>; after <sys/klibc.h>, hence in driver code, without sleep(), which is the kernel's there. */
#pragma GCC system_header
#if !defined(__cplusplus) && defined(RILL_SYS_KLIBC_H) && !defined(_UNISTD_H)
#define sleep rill_host_sleep
#include_next <unistd.h>
#undef sleep
#else
#include_next <unistd.h>
#endif
