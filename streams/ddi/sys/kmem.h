/* Kernel memory: kmem_alloc(D3), kmem_zalloc(D3), kmem_free(D3). */
#ifndef RILL_SYS_KMEM_H
#define RILL_SYS_KMEM_H
#include <sys/types.h>

#ifdef __cplusplus
extern "C" {
#endif

#define KM_SLEEP 0x0000
#define KM_NOSLEEP 0x0001
#define KM_PHYSCONTIG 0x8000   /* IRIX; accepted, without effect (UTL-007) */
#define KM_CACHEALIGN 0x10000

void *kmem_alloc(size_t size, int flag);  /* NULL for size 0, or when KM_NOSLEEP finds no memory */
void *kmem_zalloc(size_t size, int flag);
void kmem_free(void *ptr, size_t size);   /* size must be that of the allocation; (NULL, 0) is legal */

#ifdef __cplusplus
}
#endif
#endif
