/*
 * passmod: passes every message on, in both directions. It measures what one more module on a stream costs, and it is
 * what a new module starts from.
 */
#include <sys/types.h>
#include <sys/param.h>
#include <sys/errno.h>
#include <sys/conf.h>
#include <sys/cred.h>
#include <sys/stream.h>
#include <sys/ddi.h>

int passmodopen(queue_t *, dev_t *, int, int, cred_t *);
int passmodclose(queue_t *, int, cred_t *);
int passmodput(queue_t *, mblk_t *);

static struct module_info passmod_minfo = { 0x7061, "passmod", 0, INFPSZ, STRHIGH, STRLOW };
static struct qinit passmod_rinit = { passmodput, NULL, passmodopen, passmodclose, NULL, &passmod_minfo, NULL };
static struct qinit passmod_winit = { passmodput, NULL, NULL, NULL, NULL, &passmod_minfo, NULL };
struct streamtab passmodinfo = { &passmod_rinit, &passmod_winit, NULL, NULL };
int passmoddevflag = D_MP;

int
passmodopen(queue_t *q, dev_t *devp, int oflag, int sflag, cred_t *credp)
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
passmodclose(queue_t *q, int flag, cred_t *credp)
{
    qprocsoff(q);
    q->q_ptr = WR(q)->q_ptr = NULL;
    return 0;
}

int
passmodput(queue_t *q, mblk_t *mp)
{
    putnext(q, mp);
    return 0;
}
