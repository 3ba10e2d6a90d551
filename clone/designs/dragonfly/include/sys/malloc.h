#ifndef DRAGONFLY_SYS_MALLOC_H
#define DRAGONFLY_SYS_MALLOC_H
#include <stddef.h>

#define M_DEVBUF 0
#define M_WAITOK 2
#define M_NOWAIT 1 /* NULL when there is no memory */
#define M_ZERO 8

#define kmalloc(size, type, flags) ((void)(type), dragonfly_kmalloc(size, flags))
#define kfree(memory, type) ((void)(type), dragonfly_kfree(memory))
void *dragonfly_kmalloc(size_t size, int flags);
void dragonfly_kfree(void *memory);

#endif
