#ifndef DCLONE_SYS_UIO_H
#define DCLONE_SYS_UIO_H
#include_next <sys/uio.h>

/* What a read or write moves, as 4.4BSD has it. */
struct uio {
    struct iovec *uio_iov;
    int uio_iovcnt;
    off_t uio_offset;
    size_t uio_resid; /* bytes still to be moved */
    enum { UIO_READ, UIO_WRITE } uio_rw;
};

#ifdef __cplusplus
extern "C" {
#endif

#define uiomove dclone_uiomove
int uiomove(void *data, size_t count, struct uio *uio); /* 0 or EFAULT */

#ifdef __cplusplus
}
#endif
#endif
