/* Takes a minor, then finds no memory, and does not give it back. */
#include <sys/types.h>
#include <sys/kmem.h>
static char *memory[4];
#define NAME keeps
#define ON_TAKEN(m) if ((memory[m] = kmem_alloc(100, KM_NOSLEEP)) == NULL) return ENOMEM
#define ON_CLOSE(q)                                                 \
    (kmem_free(memory[(queue_t **)(q)->q_ptr - unit], 100),         \
     *(queue_t **)(q)->q_ptr = NULL)
#include "skeleton.h"
