/* Where the bytes of a read or write are to go or come from. */
#ifndef NETBSD_SYS_UIO_H
#define NETBSD_SYS_UIO_H
#include "../types.h"

#ifdef __cplusplus
extern "C" {
#endif

#define uio netbsd_uio /* rill's own drivers have another struct of this name */
enum netbsd_uio_rw { NETBSD_UIO_READ, NETBSD_UIO_WRITE };
#ifndef __cplusplus
#define UIO_READ NETBSD_UIO_READ
#define UIO_WRITE NETBSD_UIO_WRITE
#define uio_rw netbsd_uio_rw
#endif
struct netbsd_uio {
    char *uio_base;
    size_t uio_resid;
    off_t uio_offset;
    enum netbsd_uio_rw uio_direction;
};

int netbsd_uiomove(void *buf, size_t n, struct netbsd_uio *u); /* the lesser of n and what is left; 0 or EFAULT */
#define uiomove netbsd_uiomove

#ifdef __cplusplus
}
#endif
#endif
