/*
 * nuls: nothing. What is written is thrown away, a read is at the end of the file.
 *
 * It shows the least a STREAMS driver needs: an open, a close and a write put procedure that accounts for every message
 * type. To answer a read it asks the stream head for M_READ (SO_MREADON) and turns each into an empty M_DATA, which a
 * read takes as end of file.
 *
 * Its units have nothing that would tell them apart, but each clone open must answer with a device of its own, so there
 * is a table of minors and nothing else. nuls_devices: as echo_devices in echo.c.
 */
#include <sys/types.h>
#include <sys/param.h>
#include <sys/errno.h>
#include <sys/conf.h>
#include <sys/cred.h>
#include <sys/stream.h>
#include <sys/stropts.h>
#include <sys/minor.h>
#include <sys/ddi.h>

int nulsopen(queue_t *, dev_t *, int, int, cred_t *);
int nulsclose(queue_t *, int, cred_t *);
int nulswput(queue_t *, mblk_t *);
void nulsunload(void);

static struct module_info nuls_minfo = { 0x6e75, "nuls", 0, INFPSZ, 4096, 1024 };
static struct qinit nuls_rinit = { NULL, NULL, nulsopen, nulsclose, NULL, &nuls_minfo, NULL };
static struct qinit nuls_winit = { nulswput, NULL, NULL, NULL, NULL, &nuls_minfo, NULL };
struct streamtab nulsinfo = { &nuls_rinit, &nuls_winit, NULL, NULL };
int nulsdevflag = D_MP;

int nuls_devices __attribute__((weak)) = 16;

MINOR_TABLE(nuls, nuls_devices);

void
nulsunload(void)
{
    minor_table_free(nuls_minors);
}

int
nulsopen(queue_t *q, dev_t *devp, int oflag, int sflag, cred_t *credp)
{
    struct stroptions *options;
    mblk_t *mp;
    int minor, error = 0;

    if (sflag == MODOPEN)
        return ENXIO;
    if (q->q_ptr != NULL)
        return 0;
    mp = allocb(sizeof(struct stroptions), BPRI_MED);
    if (mp == NULL)
        return ENOSR;
    if (sflag == CLONEOPEN) {
        minor = minor_take(nuls_minors);
        if (minor < 0)
            error = minor == -1 ? EBUSY : ENOMEM;
    } else {
        minor = (int)geteminor(*devp);
        error = minor_take_this(nuls_minors, (minor_t)minor);
    }
    if (error != 0) {
        freemsg(mp);
        return error;
    }
    q->q_ptr = WR(q)->q_ptr = (void *)((unsigned long)minor + 1); /* all there is to know of a unit; not NULL */
    *devp = makedevice(getemajor(*devp), (minor_t)minor);
    qprocson(q);

    options = (struct stroptions *)mp->b_rptr;
    bzero((char *)options, sizeof *options);
    options->so_flags = SO_MREADON;
    mp->b_wptr += sizeof *options;
    mp->b_datap->db_type = M_SETOPTS;
    putnext(q, mp);
    return 0;
}

int
nulsclose(queue_t *q, int flag, cred_t *credp)
{
    minor_t minor = (minor_t)((unsigned long)q->q_ptr - 1);

    qprocsoff(q);
    q->q_ptr = WR(q)->q_ptr = NULL;
    minor_give(nuls_minors, minor);
    return 0;
}

int
nulswput(queue_t *q, mblk_t *mp)
{
    struct iocblk *ioc;

    switch (mp->b_datap->db_type) {
    case M_IOCTL:
        ioc = (struct iocblk *)mp->b_rptr;
        ioc->ioc_error = EINVAL;
        mp->b_datap->db_type = M_IOCNAK;
        qreply(q, mp);
        break;
    case M_READ:
        mp->b_datap->db_type = M_DATA;
        mp->b_wptr = mp->b_rptr;
        mp->b_flag |= MSGDELIM;
        qreply(q, mp);
        break;
    case M_FLUSH: /* both queues are always empty */
        if (*mp->b_rptr & FLUSHR) {
            *mp->b_rptr &= ~FLUSHW;
            qreply(q, mp);
        } else
            freemsg(mp);
        break;
    default:
        freemsg(mp);
        break;
    }
    return 0;
}
