/* The host's header, and in C what a driver of Linux finds there. */
#ifndef RILL_LINUX_KERNEL_H
#define RILL_LINUX_KERNEL_H
#pragma GCC system_header
#include_next <linux/kernel.h>
#ifndef __cplusplus
#include <sys/linuxkern.h>
#endif
#endif
