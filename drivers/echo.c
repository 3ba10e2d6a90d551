/*
 * echo: what is written comes back.
 *
 * A bounded clone driver as the IRIX guide describes one: a table of echo_devices units, and one table entry for each
 * open stream, which q_ptr of both queues points at. Three ways lead to a unit:
 *
 *     through the clone driver      sflag is CLONEOPEN: any free unit, lowest first; EBUSY when there is none
 *     through echo_clone_minor      sflag is 0 and the minor is the one set aside to mean "any": the same
 *     by its own minor              that unit; ENXIO beyond the table
 *
 * and in all three the device is stored back through devp. A unit that is open already is not opened a second time: the
 * system finds its stream, and calls open with q_ptr set.
 *
 * Data waits on the write queue for its service procedure, which sends it up as long as there is room there. When the
 * reader has made room again, back-enabling runs the read service procedure, and that schedules the write side.
 *
 * echo_devices and echo_clone_minor have weak values here; a descriptive file that defines them overrides these. The
 * table is made by echoinit(). A program that links the driver need not call that: the first open makes the table, and
 * then the last close takes it down again.
 */
#include <sys/types.h>
#include <sys/param.h>
#include <sys/errno.h>
#include <sys/conf.h>
#include <sys/cred.h>
#include <sys/stream.h>
#include <sys/stropts.h>
#include <sys/minor.h>
#include "echo.h"
#include <sys/ddi.h>

int echoopen(queue_t *, dev_t *, int, int, cred_t *);
int echoclose(queue_t *, int, cred_t *);
int echowput(queue_t *, mblk_t *);
int echorsrv(queue_t *);
int echowsrv(queue_t *);
void echoinit(void);
void echounload(void);

static struct module_info echo_minfo = { 0x6563, "echo", 0, INFPSZ, 4096, 1024 };
static struct qinit echo_rinit = { NULL, echorsrv, echoopen, echoclose, NULL, &echo_minfo, NULL };
static struct qinit echo_winit = { echowput, echowsrv, NULL, NULL, NULL, &echo_minfo, NULL };
struct streamtab echoinfo = { &echo_rinit, &echo_winit, NULL, NULL };
int echodevflag = D_MP;

int echo_devices __attribute__((weak)) = 16;
int echo_clone_minor __attribute__((weak)) = -1; /* none */

struct echo {
    minor_t e_minor;
    unsigned long e_bytes;
};

static minor_table_t *echo_minors;
static struct echo *echo_units;
static int echo_made;      /* for so many devices */
static int echo_open_now;  /* units */
static int echo_temporary; /* the first open made the table */

static int
echo_make(void)
{
    int count = echo_devices;

    if (count <= 0 || (echo_minors = minor_table_alloc("echo", (unsigned int)count)) == NULL)
        return 0;
    echo_units = (struct echo *)kmem_zalloc((size_t)count * sizeof(struct echo), KM_NOSLEEP);
    if (echo_units == NULL) {
        minor_table_free(echo_minors);
        echo_minors = NULL;
        return 0;
    }
    echo_made = count;
    /* A clone minor inside the table is no unit any more; one outside it needs nothing. */
    if (echo_clone_minor >= 0 && echo_clone_minor < count)
        (void)minor_set_aside(echo_minors, (minor_t)echo_clone_minor);
    return 1;
}

static void
echo_unmake(void)
{
    if (echo_minors == NULL)
        return;
    minor_table_free(echo_minors);
    kmem_free(echo_units, (size_t)echo_made * sizeof(struct echo));
    echo_minors = NULL;
    echo_units = NULL;
    echo_temporary = 0;
}

void
echoinit(void)
{
    if (echo_minors == NULL && !echo_make())
        cmn_err(CE_WARN, "echo: no memory for a table of %d devices", echo_devices);
}

void
echounload(void)
{
    if (echo_open_now == 0)
        echo_unmake();
}

static int
echo_release(int error)
{
    if (echo_open_now == 0 && echo_temporary)
        echo_unmake();
    return error;
}

int
echoopen(queue_t *q, dev_t *devp, int oflag, int sflag, cred_t *credp)
{
    minor_t wanted = geteminor(*devp);
    int minor, error;

    if (sflag == MODOPEN)
        return ENXIO;
    if (q->q_ptr != NULL) /* opened again */
        return 0;
    if (echo_minors == NULL) {
        if (!echo_make())
            return ENOMEM;
        echo_temporary = 1;
    }
    if (sflag == CLONEOPEN || (echo_clone_minor >= 0 && wanted == (minor_t)echo_clone_minor)) {
        minor = minor_take(echo_minors);
        if (minor < 0)
            return echo_release(EBUSY);
    } else {
        error = minor_take_this(echo_minors, wanted);
        if (error != 0)
            return echo_release(error);
        minor = (int)wanted;
    }
    echo_units[minor].e_minor = (minor_t)minor;
    echo_units[minor].e_bytes = 0;
    q->q_ptr = WR(q)->q_ptr = &echo_units[minor];
    ++echo_open_now;
    *devp = makedevice(getemajor(*devp), (minor_t)minor);
    qprocson(q);
    return 0;
}

int
echoclose(queue_t *q, int flag, cred_t *credp)
{
    struct echo *echo = (struct echo *)q->q_ptr;

    qprocsoff(q); /* what still waits here is freed when this has returned */
    q->q_ptr = WR(q)->q_ptr = NULL;
    minor_give(echo_minors, echo->e_minor);
    --echo_open_now;
    return echo_release(0);
}

static void
echo_ioctl(queue_t *q, mblk_t *mp)
{
    struct echo *echo = (struct echo *)q->q_ptr;
    struct iocblk *ioc = (struct iocblk *)mp->b_rptr;
    mblk_t *answer;

    switch (ioc->ioc_cmd) {
    case ECHO_MINOR:
        mp->b_datap->db_type = M_IOCACK;
        ioc->ioc_rval = (int)echo->e_minor;
        ioc->ioc_error = 0;
        ioc->ioc_count = 0;
        break;
    case ECHO_BYTES:
        if (ioc->ioc_count == TRANSPARENT) { /* only through I_STR */
            mp->b_datap->db_type = M_IOCNAK;
            ioc->ioc_error = EINVAL;
            break;
        }
        answer = allocb(sizeof(unsigned long), BPRI_MED);
        if (answer == NULL) {
            mp->b_datap->db_type = M_IOCNAK;
            ioc->ioc_error = ENOSR;
            break;
        }
        bcopy((char *)&echo->e_bytes, (char *)answer->b_wptr, sizeof(unsigned long));
        answer->b_wptr += sizeof(unsigned long);
        if (mp->b_cont != NULL)
            freemsg(unlinkb(mp));
        linkb(mp, answer);
        mp->b_datap->db_type = M_IOCACK;
        ioc->ioc_rval = 0;
        ioc->ioc_error = 0;
        ioc->ioc_count = sizeof(unsigned long);
        break;
    default:
        mp->b_datap->db_type = M_IOCNAK;
        ioc->ioc_error = EINVAL;
        break;
    }
    qreply(q, mp);
}

static void
echo_flush(queue_t *q, mblk_t *mp)
{
    unsigned char what = *mp->b_rptr;

    if (what & FLUSHW) {
        if (what & FLUSHBAND)
            flushband(q, mp->b_rptr[1], FLUSHDATA);
        else
            flushq(q, FLUSHDATA);
        *mp->b_rptr &= ~FLUSHW;
    }
    if (what & FLUSHR) {
        if (what & FLUSHBAND)
            flushband(RD(q), mp->b_rptr[1], FLUSHDATA);
        else
            flushq(RD(q), FLUSHDATA);
        qreply(q, mp);
    } else
        freemsg(mp);
}

int
echowput(queue_t *q, mblk_t *mp)
{
    switch (mp->b_datap->db_type) {
    case M_DATA:
    case M_PROTO:
    case M_PCPROTO:
        if (!putq(q, mp))
            freemsg(mp);
        break;
    case M_IOCTL:
        echo_ioctl(q, mp);
        break;
    case M_FLUSH:
        echo_flush(q, mp);
        break;
    default:
        freemsg(mp);
        break;
    }
    return 0;
}

int
echowsrv(queue_t *q)
{
    struct echo *echo = (struct echo *)q->q_ptr;
    mblk_t *mp;

    while ((mp = getq(q)) != NULL) {
        if (queclass(mp) != QPCTL && !bcanputnext(RD(q), mp->b_band)) {
            putbq(q, mp);
            break;
        }
        echo->e_bytes += msgdsize(mp);
        qreply(q, mp);
    }
    return 0;
}

int
echorsrv(queue_t *q)
{
    qenable(WR(q)); /* there is room above again */
    return 0;
}
