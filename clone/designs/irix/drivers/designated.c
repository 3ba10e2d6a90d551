/*
 * irix-designated: the node is (our major, IDS_ANY). sflag is 0 as for any open; only the minor, which this driver reserves
 * for it, says that any unused one is wanted.
 */
#include <sys/types.h>
#include <sys/errno.h>
#include <sys/conf.h>
#include <sys/cred.h>
#include "stream.h"
#include <sys/ddi.h>

#define IDS_ANY 255 /* beyond every table */

int idsopen(queue_t *, dev_t *, int, int, cred_t *);
int idsclose(queue_t *, int, cred_t *);
void idsunload(void);

static struct module_info ids_minfo = { 0, "ids", 0, INFPSZ, 4096, 1024 };
static struct qinit ids_rinit = { NULL, NULL, idsopen, idsclose, NULL, &ids_minfo, NULL };
static struct qinit ids_winit = { irix_wput, NULL, NULL, NULL, NULL, &ids_minfo, NULL };
struct streamtab idsinfo = { &ids_rinit, &ids_winit, NULL, NULL };
int idsdevflag = D_MP;

int ids_devices = 16; /* set before init, as a variable of a descriptive file would be */
MINOR_TABLE(ids, ids_devices);

void
idsunload(void)
{
    minor_table_free(ids_minors);
}

int
idsopen(queue_t *q, dev_t *devp, int oflag, int sflag, cred_t *credp)
{
    int minor;

    if (sflag == MODOPEN)
        return ENXIO;
    if (q->q_ptr != NULL)
        return 0;
    if (geteminor(*devp) != IDS_ANY)
        return ENXIO;
    if ((minor = minor_take(ids_minors)) < 0)
        return minor == -1 ? EBUSY : ENOMEM;
    *devp = makedevice(getemajor(*devp), (minor_t)minor);
    return irix_start(q, ids_minors, minor);
}

int
idsclose(queue_t *q, int flag, cred_t *credp)
{
    irix_stop(q, ids_minors);
    return 0;
}
