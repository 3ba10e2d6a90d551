/* Linux: The configuration of a Linux kernel: nothing. */
#ifndef RILL_LINUX_CONFIG_H
#define RILL_LINUX_CONFIG_H
#include <sys/linuxkern.h>
#endif
