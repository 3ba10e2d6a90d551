/*
 * connld: unique connections on a named pipe (connld(7)).
 *
 * A server pushes it on one end of a pipe and attaches a name to that end. From then on each open of the name makes a new
 * pipe: the opener gets one end, and the server finds the other as a passed descriptor (I_RECVFD) at its own end. The module
 * itself does nothing but ask for that while it is pushed; messages pass.
 */
#include <sys/types.h>
#include <sys/param.h>
#include <sys/errno.h>
#include <sys/conf.h>
#include <sys/cred.h>
#include <sys/stream.h>
#include <sys/stropts.h>
#include <sys/connld.h>
#include <sys/ddi.h>

int connldopen(queue_t *, dev_t *, int, int, cred_t *);
int connldclose(queue_t *, int, cred_t *);
int connldput(queue_t *, mblk_t *);

static struct module_info connld_minfo = { 1003, "connld", 0, INFPSZ, STRHIGH, STRLOW };
static struct qinit connld_rinit = { connldput, NULL, connldopen, connldclose, NULL, &connld_minfo, NULL };
static struct qinit connld_winit = { connldput, NULL, NULL, NULL, NULL, &connld_minfo, NULL };
struct streamtab connldinfo = { &connld_rinit, &connld_winit, NULL, NULL };
int connlddevflag = D_MP;

int
connldopen(queue_t *q, dev_t *devp, int oflag, int sflag, cred_t *credp)
{
    int error;

    if (sflag != MODOPEN)
        return EINVAL;
    if (q->q_ptr != NULL)
        return 0;
    error = connld_on(q);
    if (error)
        return error;
    q->q_ptr = WR(q)->q_ptr = q;
    qprocson(q);
    return 0;
}

int
connldclose(queue_t *q, int flag, cred_t *credp)
{
    qprocsoff(q);
    connld_off(q);
    q->q_ptr = WR(q)->q_ptr = NULL;
    return 0;
}

int
connldput(queue_t *q, mblk_t *mp)
{
    putnext(q, mp);
    return 0;
}
