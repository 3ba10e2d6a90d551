/* Linux: Spin locks stand in <sys/linuxkern.h>. */
#ifndef RILL_LINUX_SPINLOCK_H
#define RILL_LINUX_SPINLOCK_H
#include <sys/linuxkern.h>
#endif
