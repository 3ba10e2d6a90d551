/*
 * sens: an IRIX driver for a number of sensors that the descriptive file tells: #DEV arrives as sens_units, sensinit()
 * makes the table, one minor for each. A reader gets a sample every half second from a timeout.
 *
 * Porter's notes
 *   - unchanged; senslocal.h went into the file. master.d/sens and boot/sens.c is all there is.
 *   - D_MP: it calls qprocson and qprocsoff, and cancels its timeout before the latter.
 *   - kmem_zalloc with KM_SLEEP is right in an init routine.
 *   - without a descriptive file, as `rill check sens.so' runs it, sens_units has its weak value.
 */
#include <sys/types.h>
#include <sys/param.h>
#include <sys/errno.h>
#include <sys/conf.h>
#include <sys/cred.h>
#include <sys/kmem.h>
#include <sys/mkdev.h>
#include <sys/stream.h>
#include <sys/stropts.h>
#include <sys/cmn_err.h>
#include <sys/ddi.h>

typedef struct sens {
    queue_t *s_rq;
    toid_t s_timer;
    int s_count;
} sens_t;

int sensopen(queue_t *, dev_t *, int, int, cred_t *);
int sensclose(queue_t *, int, cred_t *);
int senswput(queue_t *, mblk_t *);
static void sens_sample(void *);

static struct module_info sens_minfo = { 0x5e, "sens", 0, INFPSZ, 1024, 128 };
static struct qinit sens_rinit = { NULL, NULL, sensopen, sensclose, NULL, &sens_minfo, NULL };
static struct qinit sens_winit = { senswput, NULL, NULL, NULL, NULL, &sens_minfo, NULL };
struct streamtab sensinfo = { &sens_rinit, &sens_winit, NULL, NULL };
int sensdevflag = D_MP;

int sens_units __attribute__((weak)) = 4; /* the master file's C text: int sens_units = ##D; */
static sens_t *sens_tab;

void
sensinit(void)
{
    sens_tab = (sens_t *)kmem_zalloc(sens_units * sizeof(sens_t), KM_SLEEP);
}

int
sensunload(void)
{
    kmem_free(sens_tab, sens_units * sizeof(sens_t));
    return 0;
}

int
sensopen(queue_t *q, dev_t *devp, int oflag, int sflag, cred_t *crp)
{
    minor_t m = geteminor(*devp);
    sens_t *s;

    if (sflag == MODOPEN)
        return ENXIO;
    if (q->q_ptr != NULL)
        return 0;
    if (sflag == CLONEOPEN)
        for (m = 0; m < (minor_t)sens_units && sens_tab[m].s_rq != NULL; m++)
            continue;
    if (m >= (minor_t)sens_units)
        return sflag == CLONEOPEN ? EBUSY : ENXIO;
    s = &sens_tab[m];
    if (s->s_rq != NULL)
        return EBUSY;
    s->s_rq = q;
    s->s_count = 0;
    q->q_ptr = WR(q)->q_ptr = (void *)s;
    *devp = makedevice(getemajor(*devp), m);
    qprocson(q);
    s->s_timer = timeout(sens_sample, (void *)s, drv_usectohz(500000));
    return 0;
}

int
sensclose(queue_t *q, int oflag, cred_t *crp)
{
    sens_t *s = (sens_t *)q->q_ptr;

    if (s->s_timer)
        untimeout(s->s_timer);
    s->s_timer = 0;
    qprocsoff(q);
    s->s_rq = NULL;
    q->q_ptr = WR(q)->q_ptr = NULL;
    return 0;
}

static void
sens_sample(void *arg)
{
    sens_t *s = (sens_t *)arg;
    mblk_t *bp;

    if (canputnext(s->s_rq) && (bp = allocb(sizeof(int), BPRI_MED)) != NULL) {
        *(int *)bp->b_wptr = ++s->s_count;
        bp->b_wptr += sizeof(int);
        putnext(s->s_rq, bp);
    }
    s->s_timer = timeout(sens_sample, arg, drv_usectohz(500000));
}

int
senswput(queue_t *q, mblk_t *bp)
{
    struct iocblk *ioc;

    switch (bp->b_datap->db_type) {
    case M_FLUSH:
        if (*bp->b_rptr & FLUSHW)
            flushq(q, FLUSHALL);
        if (*bp->b_rptr & FLUSHR) {
            flushq(RD(q), FLUSHALL);
            *bp->b_rptr &= ~FLUSHW;
            qreply(q, bp);
            return 0;
        }
        break;
    case M_IOCTL:
        ioc = (struct iocblk *)bp->b_rptr;
        ioc->ioc_error = EINVAL;
        bp->b_datap->db_type = M_IOCNAK;
        qreply(q, bp);
        return 0;
    }
    freemsg(bp); /* a sensor takes no data */
    return 0;
}
