/* The body behind a FreeBSD switch: what both drivers of it do once they have found theirs. */
#ifndef DESIGNS_FREEBSD_BODY_H
#define DESIGNS_FREEBSD_BODY_H
#include <sys/conf.h>
#include "body.h"

int freebsd_body_read(struct body *b, struct uio *uio);
int freebsd_body_write(struct body *b, struct uio *uio);
int freebsd_body_ioctl(struct body *b, u_long cmd, caddr_t data);

#endif
