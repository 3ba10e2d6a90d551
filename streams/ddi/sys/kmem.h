/*
 * Kernel memory: kmem_alloc(D3), kmem_zalloc(D3), kmem_free(D3); and of Solaris object caches, kmem_cache_create(9F):
 * an object is constructed when the cache makes it, comes back constructed, and is destructed when the cache lets it go.
 */
#ifndef RILL_SYS_KMEM_H
#define RILL_SYS_KMEM_H
#include <sys/types.h>
#include <sys/vmem.h> /* as illumos has it */

#ifdef __cplusplus
extern "C" {
#define RILL_KMEM_NAME const char *
#define RILL_KMEM_ARGS(list) list
#else
#define RILL_KMEM_NAME char *
#define RILL_KMEM_ARGS(list) ()
#endif

#define KM_SLEEP 0x0000
#define KM_NOSLEEP 0x0001
#define KM_PANIC 0x0002
#define KM_PUSHPAGE 0x0004
#define KM_NORMALPRI 0x0008
#define KM_NOSLEEP_LAZY (KM_NOSLEEP | KM_NORMALPRI)
#define KM_PHYSCONTIG 0x8000   /* IRIX; accepted, without effect (UTL-007) */
#define KM_CACHEALIGN 0x10000

void *kmem_alloc(size_t size, int flag);  /* NULL for size 0, or when KM_NOSLEEP finds no memory */
void *kmem_zalloc(size_t size, int flag);
void kmem_free(void *ptr, size_t size);   /* size must be that of the allocation; (NULL, 0) is legal */

typedef struct kmem_cache kmem_cache_t;
/* The constructor gets the object, arg and the caller's flag, and returns 0, or -1 for failure; align 0 is 16. */
kmem_cache_t *kmem_cache_create(RILL_KMEM_NAME name, size_t size, size_t align,
                                int(*constructor) RILL_KMEM_ARGS((void *, void *, int)),
                                void(*destructor) RILL_KMEM_ARGS((void *, void *)),
                                void(*reclaim) RILL_KMEM_ARGS((void *)), void *arg, void *source, int flags);
void kmem_cache_destroy(kmem_cache_t *cache); /* every object must have come back */
void *kmem_cache_alloc(kmem_cache_t *cache, int flag);
void kmem_cache_free(kmem_cache_t *cache, void *object);
void kmem_cache_reap_now(kmem_cache_t *cache); /* lets go of what is free */
#define kmem_cache_set_move(cache, move) ((void)(cache))
#define KMC_NOTOUCH 0x00010000
#define KMC_NODEBUG 0x00020000
#define KMC_NOMAGAZINE 0x00040000
#define KMC_NOHASH 0x00080000
#define KMC_QCACHE 0x00100000

#ifdef __cplusplus
}
#endif
#endif
