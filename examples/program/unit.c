/*
 * unit: the smallest driver that answers clone opens. It has UNITS minors; a clone open gets the lowest free one, and
 * EBUSY when all are taken. What is written to it vanishes.
 *
 * A table is an array: unit_taken[m] tells whether minor m is open. Minor 5 is a mistake on purpose: opened directly, it
 * answers with a device of another driver, which the system refuses.
 */
#include <sys/types.h>
#include <sys/errno.h>
#include <sys/conf.h>
#include <sys/cred.h>
#include <sys/stream.h>
#include <sys/stropts.h>
#include <sys/ddi.h>

#define UNITS 3

int unitopen(), unitclose(), unitwput();

static struct module_info unit_minfo = { 0x756e, "unit", 0, INFPSZ, 4096, 1024 };
static struct qinit unit_rinit = { NULL, NULL, unitopen, unitclose, NULL, &unit_minfo, NULL };
static struct qinit unit_winit = { unitwput, NULL, NULL, NULL, NULL, &unit_minfo, NULL };
struct streamtab unitinfo = { &unit_rinit, &unit_winit, NULL, NULL };
int unitdevflag = 0;

int unit_foreign;          /* answer the next clone open with another driver's major */
int unit_closes;           /* how often close was called */
static char unit_taken[UNITS];

int
unitopen(q, devp, oflag, sflag, credp)
queue_t *q;
dev_t *devp;
int oflag, sflag;
cred_t *credp;
{
    minor_t m;

    if (q->q_ptr != NULL) /* opened again: the stream is there */
        return 0;
    if (sflag == CLONEOPEN) {
        for (m = 0; m < UNITS && unit_taken[m]; m++)
            ;
        if (m == UNITS)
            return EBUSY;
    } else {
        m = getminor(*devp);
        if (m >= UNITS)
            return ENXIO;
    }
    unit_taken[m] = 1;
    q->q_ptr = WR(q)->q_ptr = &unit_taken[m];
    *devp = makedevice(unit_foreign ? getemajor(*devp) + 1 : getemajor(*devp), m);
    qprocson(q);
    return 0;
}

int
unitclose(q, flag, credp)
queue_t *q;
int flag;
cred_t *credp;
{
    qprocsoff(q);
    *(char *)q->q_ptr = 0;
    q->q_ptr = WR(q)->q_ptr = NULL;
    unit_closes++;
    return 0;
}

int
unitwput(q, mp)
queue_t *q;
mblk_t *mp;
{
    switch (mp->b_datap->db_type) {
    case M_FLUSH:
        if (*mp->b_rptr & FLUSHR) {
            *mp->b_rptr &= ~FLUSHW;
            qreply(q, mp);
            return 0;
        }
        break;
    case M_IOCTL:
        mp->b_datap->db_type = M_IOCNAK;
        qreply(q, mp);
        return 0;
    }
    freemsg(mp);
    return 0;
}
