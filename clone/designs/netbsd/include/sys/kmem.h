#ifndef NETBSD_SYS_KMEM_H
#define NETBSD_SYS_KMEM_H
#include "../types.h"

#ifdef __cplusplus
extern "C" {
#endif

#define KM_SLEEP 0
#define KM_NOSLEEP 1

void *kmem_alloc(size_t size, int flags); /* NULL when KM_NOSLEEP finds no memory */
void *kmem_zalloc(size_t size, int flags);
void kmem_free(void *p, size_t size);

#ifdef __cplusplus
}
#endif
#endif
