/* Linux: kmalloc() stands in <sys/linuxkern.h>. */
#ifndef RILL_LINUX_SLAB_H
#define RILL_LINUX_SLAB_H
#include <sys/linuxkern.h>
#endif
