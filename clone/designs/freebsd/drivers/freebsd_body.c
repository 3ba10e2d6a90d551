#include "freebsd_body.h"

#include <sys/systm.h>

int
freebsd_body_read(struct body *b, struct uio *uio)
{
    char data[BODY_BUFFER];
    int n = uio->uio_resid < BODY_BUFFER ? (int)uio->uio_resid : BODY_BUFFER;

    n = body_read(b, data, n);
    return uiomove(data, n, uio);
}

int
freebsd_body_write(struct body *b, struct uio *uio)
{
    char data[BODY_BUFFER];
    int n = uio->uio_resid < BODY_BUFFER ? (int)uio->uio_resid : BODY_BUFFER;
    ssize_t resid = uio->uio_resid;
    int error = uiomove(data, n, uio);

    if (error == 0)
        uio->uio_resid = resid - body_write(b, data, n);
    return error;
}

int
freebsd_body_ioctl(struct body *b, u_long cmd, caddr_t data)
{
    int reads = body_reads(b);

    if (cmd != BODY_READS)
        return ENOTTY;
    return copyout(&reads, data, sizeof reads);
}
