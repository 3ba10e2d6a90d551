/* What a read or write moves. */
#ifndef FREEBSD_SYS_UIO_H
#define FREEBSD_SYS_UIO_H
#include <sys/types.h>
#include "rill_names.h"

#ifdef __cplusplus
extern "C" {
#endif

enum freebsd_uio_rw { FREEBSD_UIO_READ, FREEBSD_UIO_WRITE };
#ifndef UIO_READ
#define UIO_READ FREEBSD_UIO_READ
#define UIO_WRITE FREEBSD_UIO_WRITE
#endif

struct iovec;
struct thread;

struct uio {
    struct iovec *uio_iov;
    int uio_iovcnt;
    off_t uio_offset;
    ssize_t uio_resid;
    enum freebsd_uio_rw uio_rw;
    struct thread *uio_td;
};

int uiomove(void *cp, int n, struct uio *uio);

#ifdef __cplusplus
}
#endif

#endif
