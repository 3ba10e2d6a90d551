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
 * echo_devices and echo_clone_minor have weak values here; a descriptive file that defines them overrides these.
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

MINOR_UNITS(echo, echo_devices, struct echo);

void
echounload(void)
{
    minor_table_free(echo_minors);
}

int
echoopen(queue_t *q, dev_t *devp, int oflag, int sflag, cred_t *credp)
{
    minor_t wanted = geteminor(*devp);
    struct echo *echo;
    int minor, error;

    if (sflag == MODOPEN)
        return ENXIO;
    if (q->q_ptr != NULL) /* opened again */
        return 0;
    if (echo_clone_minor >= 0) /* no unit any more; refused the second time, and beyond the table, where it needs nothing */
        (void)minor_set_aside(echo_minors, (minor_t)echo_clone_minor);
    if (sflag == CLONEOPEN || (echo_clone_minor >= 0 && wanted == (minor_t)echo_clone_minor)) {
        minor = minor_take(echo_minors);
        if (minor < 0)
            return minor == -1 ? EBUSY : ENOMEM;
    } else {
        error = minor_take_this(echo_minors, wanted);
        if (error != 0)
            return error;
        minor = (int)wanted;
    }
    echo = (struct echo *)minor_unit(echo_minors, (minor_t)minor);
    echo->e_minor = (minor_t)minor;
    echo->e_bytes = 0;
    q->q_ptr = WR(q)->q_ptr = echo;
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
    return 0;
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
    case M_CTL:
    case M_PCCTL:
    case M_RSE:
    case M_PCRSE:
        if (!putq(q, mp))
            freemsg(mp);
        break;
    case M_READ: /* nothing will come by itself: the read is at the end of the file */
        mp->b_datap->db_type = M_DATA;
        mp->b_wptr = mp->b_rptr;
        mp->b_flag |= MSGDELIM;
        qreply(q, mp);
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
