/* NetBSD's device numbers: 12 bits of major, 20 of minor. */
#ifndef NETBSD_TYPES_H
#define NETBSD_TYPES_H
#include <sys/types.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef int devmajor_t;
typedef int devminor_t;
#define NODEVMAJOR (-1)

int netbsd_major(dev_t dev);
int netbsd_minor(dev_t dev);
dev_t netbsd_makedev(int major, int minor);
#ifndef __cplusplus
#define major(dev) netbsd_major(dev)
#define minor(dev) netbsd_minor(dev)
#define makedev(x, y) netbsd_makedev(x, y)
#endif

#ifdef __cplusplus
}
#endif
#endif
