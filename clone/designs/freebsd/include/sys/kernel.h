#ifndef FREEBSD_SYS_KERNEL_H
#define FREEBSD_SYS_KERNEL_H
#include <sys/systm.h>

#endif
