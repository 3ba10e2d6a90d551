/* Solaris: arenas of numbers (vmem_create(9F)), from which drivers take minors and ids; sizes are multiples of quantum. */
#ifndef RILL_SYS_VMEM_H
#define RILL_SYS_VMEM_H
#include <sys/types.h>

#ifdef __cplusplus
extern "C" {
#define RILL_VMEM_NAME const char *
#else
#define RILL_VMEM_NAME char *
#endif

typedef struct vmem vmem_t;
#define VM_SLEEP 0x00000000
#define VM_NOSLEEP 0x00000001
#define VM_PANIC 0x00000002
#define VM_PUSHPAGE 0x00000004
#define VM_BESTFIT 0x00000100  /* the smallest free piece that is large enough */
#define VM_FIRSTFIT 0x00000200 /* the lowest; also what is done without any of the three */
#define VM_NEXTFIT 0x00000400  /* the next after the last, and round */
#define VMC_IDENTIFIER 0x00040000 /* numbers, not memory; all arenas are of that kind */
#define VMEM_ALLOC 0x01
#define VMEM_FREE 0x02

/* The four procedures' and the cache's places are accepted; a span comes from base and size, or vmem_add(). */
vmem_t *vmem_create(RILL_VMEM_NAME name, void *base, size_t size, size_t quantum, void *alloc, void *free, vmem_t *source,
                    size_t qcache_max, int flag);
void vmem_destroy(vmem_t *arena);
void *vmem_add(vmem_t *arena, void *base, size_t size, int flag);
void *vmem_alloc(vmem_t *arena, size_t size, int flag); /* NULL when there is none; VM_SLEEP waits where it may */
void vmem_free(vmem_t *arena, void *start, size_t size);
size_t vmem_size(vmem_t *arena, int which);

/* id_space(9F): ids from low up to, not including, high */
typedef struct vmem id_space_t;
id_space_t *id_space_create(RILL_VMEM_NAME name, id_t low, id_t high);
void id_space_destroy(id_space_t *space);
id_t id_alloc(id_space_t *space);           /* waits until there is one */
id_t id_alloc_nosleep(id_space_t *space);   /* -1 when there is none */
id_t id_allocff(id_space_t *space);         /* the lowest */
id_t id_allocff_nosleep(id_space_t *space);
void id_free(id_space_t *space, id_t id);

#ifdef __cplusplus
}
#endif
#endif
