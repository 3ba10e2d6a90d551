/* libc's <errno.h>; in driver code in C (see <sys/errno.h>) without the macro `errno`. */
#pragma GCC system_header
#include_next <errno.h>
#ifndef __cplusplus
#undef errno
#if defined(RILL_H) || !(defined(RILL_NO_ERRNO) || defined(RILL_SYS_STREAM_H) || defined(RILL_SYS_DDI_H))
#define errno (*__errno_location())
#endif
#endif
