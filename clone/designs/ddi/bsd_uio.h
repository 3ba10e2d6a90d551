/* What a read or write moves, as the families have it that took it over from 4.4BSD unchanged. */
#ifndef RILL_BSD_UIO_H
#define RILL_BSD_UIO_H

struct uio {
    struct iovec *uio_iov;
    int uio_iovcnt;
    off_t uio_offset;
    size_t uio_resid; /* bytes still to be moved */
    enum { UIO_READ, UIO_WRITE } uio_rw;
};

#endif
