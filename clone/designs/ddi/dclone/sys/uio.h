#ifndef DCLONE_SYS_UIO_H
#define DCLONE_SYS_UIO_H
#include_next <sys/uio.h>
#include "../../bsd_uio.h"

#ifdef __cplusplus
extern "C" {
#endif

#define uiomove dclone_uiomove
int uiomove(void *data, size_t count, struct uio *uio); /* 0 or EFAULT */

#ifdef __cplusplus
}
#endif
#endif
