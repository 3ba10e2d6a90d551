/*
 * pipemod: the module for the middle of a pipe (pipemod(M)).
 *
 * In a pipe the write side of one end is the read side of the other, so an M_FLUSH has to change its meaning on the way
 * across: FLUSHW becomes FLUSHR and back, FLUSHRW stays. Everything else passes. No queue of it ever holds a message, so
 * it has no service procedures and nothing to free.
 */
#include <sys/types.h>
#include <sys/param.h>
#include <sys/errno.h>
#include <sys/conf.h>
#include <sys/cred.h>
#include <sys/stream.h>
#include <sys/stropts.h>
#include <sys/ddi.h>

int pipemodopen(queue_t *, dev_t *, int, int, cred_t *);
int pipemodclose(queue_t *, int, cred_t *);
int pipemodput(queue_t *, mblk_t *);

static struct module_info pipemod_minfo = { 1003, "pipemod", 0, INFPSZ, STRHIGH, STRLOW };
static struct qinit pipemod_rinit = { pipemodput, NULL, pipemodopen, pipemodclose, NULL, &pipemod_minfo, NULL };
static struct qinit pipemod_winit = { pipemodput, NULL, NULL, NULL, NULL, &pipemod_minfo, NULL };
struct streamtab pipemodinfo = { &pipemod_rinit, &pipemod_winit, NULL, NULL };
int pipemoddevflag = D_MP;

int
pipemodopen(queue_t *q, dev_t *devp, int oflag, int sflag, cred_t *credp)
{
    if (sflag != MODOPEN)
        return EIO;
    if (q->q_ptr == NULL) {
        q->q_ptr = WR(q)->q_ptr = q;
        qprocson(q);
    }
    return 0;
}

int
pipemodclose(queue_t *q, int flag, cred_t *credp)
{
    qprocsoff(q);
    q->q_ptr = WR(q)->q_ptr = NULL;
    return 0;
}

int
pipemodput(queue_t *q, mblk_t *mp)
{
    if (mp->b_datap->db_type == M_FLUSH)
        switch (*mp->b_rptr & FLUSHRW) {
        case FLUSHR:
        case FLUSHW:
            *mp->b_rptr ^= FLUSHRW;
            break;
        }
    putnext(q, mp);
    return 0;
}
