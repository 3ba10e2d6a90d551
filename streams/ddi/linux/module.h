/* The host's header, and in C what a driver of Linux finds there. */
#ifndef RILL_LINUX_MODULE_H
#define RILL_LINUX_MODULE_H
#pragma GCC system_header
#include_next <linux/module.h>
#ifndef __cplusplus
#include <sys/LiS/module.h>
#endif
#endif
