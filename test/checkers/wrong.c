/*
 * A driver that sends back what is written, and that has one mistake when it is compiled with its name defined: READ_FREED,
 * WRITE_BEYOND, FREE_TWICE, FORGET.
 */
#include <sys/types.h>
#include <sys/stream.h>
#include <sys/conf.h>
#include <sys/errno.h>
#include <sys/ddi.h>

int wrongdevflag = 0;
static queue_t *unit[4];
static int sum;

static int
wrongopen(queue_t *q, dev_t *devp, int flag, int sflag, cred_t *credp)
{
    minor_t m;

    if (sflag != CLONEOPEN)
        return ENXIO;
    for (m = 0; m < 4 && unit[m]; m++)
        ;
    if (m == 4)
        return EBUSY;
    unit[m] = q;
    q->q_ptr = WR(q)->q_ptr = (char *)&unit[m];
    *devp = makedevice(getemajor(*devp), m);
    return 0;
}

static int
wrongclose(queue_t *q, int flag, cred_t *credp)
{
    *(queue_t **)q->q_ptr = NULL;
    return 0;
}

static int
wrongwput(queue_t *q, mblk_t *mp)
{
    if (mp->b_datap->db_type != M_DATA) {
        freemsg(mp);
        return 0;
    }
#ifdef READ_FREED
    freemsg(mp);
    sum += *mp->b_rptr;
    return 0;
#endif
#ifdef WRITE_BEYOND
    *mp->b_datap->db_lim = 0;
#endif
#ifdef FREE_TWICE
    freemsg(mp);
    freemsg(mp);
    return 0;
#endif
#ifdef FORGET
    (void)allocb(32, BPRI_MED);
#endif
    qreply(q, mp);
    return 0;
}

static struct module_info minfo = { 61, "wrong", 0, INFPSZ, 4096, 1024 };
static struct qinit rinit = { NULL, NULL, wrongopen, wrongclose, NULL, &minfo, NULL };
static struct qinit winit = { wrongwput, NULL, NULL, NULL, NULL, &minfo, NULL };
struct streamtab wronginfo = { &rinit, &winit, NULL, NULL };
