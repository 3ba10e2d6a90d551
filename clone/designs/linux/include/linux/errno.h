#ifndef LINUX_LINUX_ERRNO_H
#define LINUX_LINUX_ERRNO_H
#include_next <linux/errno.h>

/* Not for programs: what a routine answers to the kernel. */
#define ERESTARTSYS 512 /* a signal ended the wait */
#define ENOIOCTLCMD 515 /* no such command */

#endif
