#ifndef DRAGONFLY_SYS_TYPES_H
#define DRAGONFLY_SYS_TYPES_H
#include_next <sys/types.h>

struct cdev;
typedef struct cdev *cdev_t; /* a device, where other kernels have a number */

#endif
