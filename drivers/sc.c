/*
 * sc: a module that lists the STREAMS drivers and modules of the system (SC_IOC_LIST). It is pushed on any stream, on nuls
 * where nothing else is wanted; all else passes.
 *
 * The list goes to an address in the caller's memory, so the ioctl is transparent and takes three copies, each a message up and
 * its answer down:
 *
 *     M_IOCTL     sc: M_COPYIN, the struct sc_list              cq_private NULL
 *     M_IOCDATA   sc: M_COPYOUT, the entries                    cq_private: a block with where the sc_list is, and the count
 *     M_IOCDATA   sc: M_COPYOUT, the struct sc_list again       cq_private NULL once more, and no data comes back
 *     M_IOCDATA   sc: M_IOCACK
 *
 * With no room for entries the second step is left out. Nothing is kept in the module between the steps: cq_private travels.
 */
#include <sys/types.h>
#include <sys/param.h>
#include <sys/errno.h>
#include <sys/conf.h>
#include <sys/cred.h>
#include <sys/stream.h>
#include <sys/stropts.h>
#include <sys/sc.h>
#include <sys/ddi.h>

int scopen(queue_t *, dev_t *, int, int, cred_t *);
int scclose(queue_t *, int, cred_t *);
int scrput(queue_t *, mblk_t *);
int scwput(queue_t *, mblk_t *);

static struct module_info sc_minfo = { 0x7363, "sc", 0, INFPSZ, STRHIGH, STRLOW };
static struct qinit sc_rinit = { scrput, NULL, scopen, scclose, NULL, &sc_minfo, NULL };
static struct qinit sc_winit = { scwput, NULL, NULL, NULL, NULL, &sc_minfo, NULL };
struct streamtab scinfo = { &sc_rinit, &sc_winit, NULL, NULL };
int scdevflag = D_MP;

/* What travels with the steps, in the block cq_private. */
struct sc_step {
    caddr_t s_address; /* of the caller's sc_list */
    int s_entries;     /* the entries are the next thing to come back as copied */
    struct sc_list s_list;
};

int
scopen(queue_t *q, dev_t *devp, int oflag, int sflag, cred_t *credp)
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
scclose(queue_t *q, int flag, cred_t *credp)
{
    qprocsoff(q);
    q->q_ptr = WR(q)->q_ptr = NULL;
    return 0;
}

int
scrput(queue_t *q, mblk_t *mp)
{
    putnext(q, mp);
    return 0;
}

static void
sc_answer(queue_t *q, mblk_t *mp, int error)
{
    struct iocblk *ioc = (struct iocblk *)mp->b_rptr;

    freemsg(mp->b_cont);
    mp->b_cont = NULL;
    mp->b_wptr = mp->b_rptr + sizeof *ioc;
    mp->b_datap->db_type = error ? M_IOCNAK : M_IOCACK;
    ioc->ioc_error = error;
    ioc->ioc_count = 0;
    ioc->ioc_rval = 0;
    qreply(q, mp);
}

/* Makes the request of mp: so many bytes at this address of the caller. */
static void
sc_request(queue_t *q, mblk_t *mp, int type, caddr_t address, size_t size, mblk_t *private)
{
    struct copyreq *cq = (struct copyreq *)mp->b_rptr;

    cq->cq_private = private;
    cq->cq_addr = address;
    cq->cq_size = size;
    cq->cq_flag = 0;
    mp->b_wptr = mp->b_rptr + sizeof *cq;
    mp->b_datap->db_type = type;
    qreply(q, mp);
}

static void
sc_ioctl(queue_t *q, mblk_t *mp)
{
    struct iocblk *ioc = (struct iocblk *)mp->b_rptr;
    struct sc_step *step;
    mblk_t *private;

    if (ioc->ioc_count != TRANSPARENT || mp->b_cont == NULL) {
        sc_answer(q, mp, EINVAL);
        return;
    }
    private = allocb(sizeof(struct sc_step), BPRI_MED);
    if (private == NULL) {
        sc_answer(q, mp, ENOSR);
        return;
    }
    step = (struct sc_step *)private->b_rptr;
    bzero((char *)step, sizeof *step);
    private->b_wptr += sizeof *step;
    bcopy((char *)mp->b_cont->b_rptr, (char *)&step->s_address, sizeof(caddr_t));
    freemsg(mp->b_cont);
    mp->b_cont = NULL;
    sc_request(q, mp, M_COPYIN, step->s_address, sizeof(struct sc_list), private);
}

/* The last copy: the sc_list with the number that there are. Its data are all that is needed, so nothing travels with it. */
static void
sc_give_count(queue_t *q, mblk_t *mp, mblk_t *private)
{
    caddr_t address = ((struct sc_step *)private->b_rptr)->s_address;

    freemsg(mp->b_cont);
    mp->b_cont = private;
    private->b_rptr = (unsigned char *)&((struct sc_step *)private->b_rptr)->s_list;
    sc_request(q, mp, M_COPYOUT, address, sizeof(struct sc_list), NULL);
}

/* The caller's sc_list has come. */
static void
sc_give_entries(queue_t *q, mblk_t *mp, mblk_t *private)
{
    struct sc_step *step = (struct sc_step *)private->b_rptr;
    struct sc_mlist entry;
    mblk_t *entries;
    int i, room, count = sc_count();

    if (mp->b_cont == NULL || !pullupmsg(mp->b_cont, sizeof(struct sc_list))) {
        freemsg(private);
        sc_answer(q, mp, EINVAL);
        return;
    }
    bcopy((char *)mp->b_cont->b_rptr, (char *)&step->s_list, sizeof(struct sc_list));
    room = step->s_list.sc_nmods < count ? step->s_list.sc_nmods : count;
    step->s_list.sc_nmods = count;
    if (room < 0) {
        freemsg(private);
        sc_answer(q, mp, EINVAL);
        return;
    }
    if (room == 0 || step->s_list.sc_mlist == NULL) {
        sc_give_count(q, mp, private);
        return;
    }
    entries = allocb((size_t)room * sizeof entry, BPRI_MED);
    if (entries == NULL) {
        freemsg(private);
        sc_answer(q, mp, ENOSR);
        return;
    }
    for (i = 0; i < room && sc_entry(i, &entry) == 0; i++) {
        bcopy((char *)&entry, (char *)entries->b_wptr, sizeof entry);
        entries->b_wptr += sizeof entry;
    }
    freemsg(mp->b_cont);
    mp->b_cont = entries;
    step->s_entries = 1;
    sc_request(q, mp, M_COPYOUT, (caddr_t)step->s_list.sc_mlist, (size_t)(entries->b_wptr - entries->b_rptr), private);
}

static void
sc_iocdata(queue_t *q, mblk_t *mp)
{
    struct copyresp *cp = (struct copyresp *)mp->b_rptr;
    mblk_t *private = cp->cp_private;

    if (cp->cp_rval != 0) { /* the copy failed, and with it the ioctl */
        freemsg(private);
        freemsg(mp);
    } else if (private == NULL)
        sc_answer(q, mp, 0);
    else if (((struct sc_step *)private->b_rptr)->s_entries)
        sc_give_count(q, mp, private);
    else
        sc_give_entries(q, mp, private);
}

int
scwput(queue_t *q, mblk_t *mp)
{
    switch (mp->b_datap->db_type) {
    case M_IOCTL:
        if (((struct iocblk *)mp->b_rptr)->ioc_cmd == SC_IOC_LIST)
            sc_ioctl(q, mp);
        else
            putnext(q, mp);
        break;
    case M_IOCDATA:
        if (((struct copyresp *)mp->b_rptr)->cp_cmd == SC_IOC_LIST)
            sc_iocdata(q, mp);
        else
            putnext(q, mp);
        break;
    default:
        putnext(q, mp);
        break;
    }
    return 0;
}
