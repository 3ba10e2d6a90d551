#ifndef DCLONE_SYS_MALLOC_H
#define DCLONE_SYS_MALLOC_H
#include <stddef.h>

#define M_DEVBUF 0
#define M_WAITOK 0
#define M_NOWAIT 1 /* NULL when there is no memory */
#define M_ZERO 8

void *dclone_malloc(size_t size, int flags);
void dclone_free(void *memory);
#define malloc(size, type, flags) ((void)(type), dclone_malloc(size, flags))
#define free(memory, type) ((void)(type), dclone_free(memory))

#endif
