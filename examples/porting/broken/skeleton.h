/*
 * A small driver with nothing wrong: four minors, data comes back, ioctls are refused, flushes turned round. Each file
 * beside this one takes it and puts one mistake in, in the place of one of the macros.
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
#include <sys/systm.h>
#include <sys/ddi.h>

#define PASTE2(a, b) a##b
#define PASTE(a, b) PASTE2(a, b)
#define TEXT2(a) #a
#define TEXT(a) TEXT2(a)

#ifndef ON_DATA
#define ON_DATA(q, mp) qreply(q, mp)
#endif
#ifndef ON_IOCTL
#define ON_IOCTL(q, mp) ((mp)->b_datap->db_type = M_IOCNAK, qreply(q, mp))
#endif
#ifndef ON_FLUSHR
#define ON_FLUSHR(q, mp) (*(mp)->b_rptr &= ~FLUSHW, qreply(q, mp))
#endif
#ifndef ON_TAKEN
#define ON_TAKEN(m)
#endif
#ifndef STORE
#define STORE(devp, m) (*(devp) = makedevice(getemajor(*(devp)), m))
#endif
#ifndef PROCS_ON
#define PROCS_ON(q) qprocson(q)
#endif
#ifndef ON_OPENED
#define ON_OPENED(q)
#endif
#ifndef ON_CLOSE
#define ON_CLOSE(q) (*(queue_t **)(q)->q_ptr = NULL)
#endif
#ifndef SERVICE
#define SERVICE NULL
#endif
#ifndef READ_SERVICE
#define READ_SERVICE NULL
#endif

static queue_t *unit[4];

static int
bad_open(queue_t *q, dev_t *devp, int flag, int sflag, cred_t *credp)
{
    minor_t m = geteminor(*devp);

    if (sflag == MODOPEN)
        return ENXIO;
    if (q->q_ptr)
        return 0;
    if (sflag == CLONEOPEN)
        for (m = 0; m < 4 && unit[m]; m++)
            ;
    if (m >= 4)
        return ENXIO;
    unit[m] = q;
    ON_TAKEN(m);
    q->q_ptr = WR(q)->q_ptr = (char *)&unit[m];
    STORE(devp, m);
    PROCS_ON(q);
    ON_OPENED(q);
    return 0;
}

static int
bad_close(queue_t *q, int flag, cred_t *credp)
{
    qprocsoff(q);
    ON_CLOSE(q);
    q->q_ptr = WR(q)->q_ptr = NULL;
    return 0;
}

static int
bad_wput(queue_t *q, mblk_t *mp)
{
    switch (mp->b_datap->db_type) {
    case M_DATA:
        ON_DATA(q, mp);
        break;
    case M_IOCTL:
        ON_IOCTL(q, mp);
        break;
    case M_FLUSH:
        if (*mp->b_rptr & FLUSHW)
            flushq(q, FLUSHALL);
        if (*mp->b_rptr & FLUSHR) {
            ON_FLUSHR(q, mp);
            break;
        }
        freemsg(mp);
        break;
    default:
        freemsg(mp);
    }
    return 0;
}

static struct module_info bad_minfo = { 0xbad, TEXT(NAME), 0, INFPSZ, 4096, 1024 };
static struct qinit bad_rinit = { NULL, READ_SERVICE, bad_open, bad_close, NULL, &bad_minfo, NULL };
static struct qinit bad_winit = { bad_wput, SERVICE, NULL, NULL, NULL, &bad_minfo, NULL };
struct streamtab PASTE(NAME, info) = { &bad_rinit, &bad_winit, NULL, NULL };
int PASTE(NAME, devflag) = D_MP;
