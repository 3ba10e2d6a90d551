#ifndef LINUX_LINUX_SLAB_H
#define LINUX_LINUX_SLAB_H
#include <stddef.h>

#define GFP_KERNEL 0
#define kmalloc(size, flags) linux_kmalloc(size, 0 * (flags))
#define kzalloc(size, flags) linux_kmalloc(size, 1 + 0 * (flags))
#define kfree linux_kfree
void *linux_kmalloc(size_t size, int zero); /* NULL: no memory */
void linux_kfree(const void *memory);

#endif
