/* For C drivers only: the kernel's malloc has a type and flags. */
#ifndef FREEBSD_SYS_MALLOC_H
#define FREEBSD_SYS_MALLOC_H
#include <stddef.h>
#include <stdlib.h>

#define M_NOWAIT 0x0001
#define M_WAITOK 0x0002
#define M_ZERO 0x0100

struct malloc_type {
    const char *ks_shortdesc;
};
#define MALLOC_DEFINE(type, shortdesc, longdesc) struct malloc_type type[1] = { { shortdesc } }
#define MALLOC_DECLARE(type) extern struct malloc_type type[1]

#ifdef __cplusplus
extern "C" {
#endif
void *freebsd_malloc(size_t size, struct malloc_type *type, int flags); /* NULL only with M_NOWAIT */
void freebsd_free(void *addr, struct malloc_type *type);
#ifdef __cplusplus
}
#else
#define malloc freebsd_malloc
#define free freebsd_free
#endif

#endif
