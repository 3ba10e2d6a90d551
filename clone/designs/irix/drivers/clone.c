/*
 * irix-clone: the node is (10, our major). The clone driver calls our open with CLONEOPEN, and we answer with the lowest
 * unused minor; EBUSY when there is none. Instances are made here and not named, so an open by minor is refused.
 */
#include <sys/types.h>
#include <sys/errno.h>
#include <sys/conf.h>
#include <sys/cred.h>
#include "stream.h"
#include <sys/ddi.h>

int iclopen(queue_t *, dev_t *, int, int, cred_t *);
int iclclose(queue_t *, int, cred_t *);
void iclunload(void);

static struct module_info icl_minfo = { 0, "icl", 0, INFPSZ, 4096, 1024 };
static struct qinit icl_rinit = { NULL, NULL, iclopen, iclclose, NULL, &icl_minfo, NULL };
static struct qinit icl_winit = { irix_wput, NULL, NULL, NULL, NULL, &icl_minfo, NULL };
struct streamtab iclinfo = { &icl_rinit, &icl_winit, NULL, NULL };
int icldevflag = D_MP;

int icl_devices = 16; /* set before init, as a variable of a descriptive file would be */
MINOR_TABLE(icl, icl_devices);

void
iclunload(void)
{
    minor_table_free(icl_minors);
}

int
iclopen(queue_t *q, dev_t *devp, int oflag, int sflag, cred_t *credp)
{
    int minor;

    if (sflag == MODOPEN)
        return ENXIO;
    if (q->q_ptr != NULL)
        return 0;
    if (sflag != CLONEOPEN)
        return ENXIO;
    if ((minor = minor_take(icl_minors)) < 0)
        return minor == -1 ? EBUSY : ENOMEM;
    *devp = makedevice(getemajor(*devp), (minor_t)minor);
    return irix_start(q, icl_minors, minor);
}

int
iclclose(queue_t *q, int flag, cred_t *credp)
{
    irix_stop(q, icl_minors);
    return 0;
}
