/* uio(D4): where a character driver's read and write move data; added to the host's header. */
#ifndef RILL_SYS_UIO_H
#define RILL_SYS_UIO_H
#pragma GCC system_header
#include_next <sys/uio.h>
#include <sys/types.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef enum uio_rw { UIO_READ, UIO_WRITE } uio_rw_t;
typedef enum uio_seg { UIO_USERSPACE, UIO_SYSSPACE, UIO_USERISPACE } uio_seg_t;
typedef struct iovec iovec_t;

typedef struct uio {
    iovec_t *uio_iov;
    int uio_iovcnt;
    off_t uio_offset;
    short uio_segflg;
    short uio_fmode;
    long uio_limit;
    ssize_t uio_resid; /* bytes still to be moved */
} uio_t;

int uiomove(caddr_t kernel, long count, enum uio_rw rw, uio_t *uio); /* 0 or EFAULT */
int ureadc(int c, uio_t *uio);
int uwritec(uio_t *uio); /* next byte, -1 when there is none */

#ifdef __cplusplus
}
#endif
#endif
