/*
 * odd: a driver that gets its open wrong on request, to show what the system does about it.
 *
 * Minor 0 is for control: what is written there says how the next clone opens end. All other minors are handed out to
 * clone opens, lowest first; there is no need to close well what never opened.
 *
 *   well      as a driver should
 *   EACCES    its own errno
 *   foreign   0, with a device of another major
 *   nodev     0, with NODEV
 *   same      0, with a device that is open already
 *   silent    0, without storing a device
 *   slow      as a driver should, but it sleeps for a second before it looks for a minor; a signal ends that with EINTR
 */
#include <sys/types.h>
#include <sys/param.h>
#include <sys/errno.h>
#include <sys/stream.h>
#include <sys/cred.h>
#include <sys/cmn_err.h>
#include <sys/mkdev.h>
#include <sys/ddi.h>

#define ODD_MINORS 4
#define ODD_CONTROL 0
#define ODD_FOREIGN 61 /* the major of another driver, echo */

static struct module_info odd_minfo = {0x0dd, "odd", 0, INFPSZ, 512, 128};

static int oddopen(), oddclose(), oddwput();

static struct qinit odd_rinit = {NULL, NULL, oddopen, oddclose, NULL, &odd_minfo, NULL};
static struct qinit odd_winit = {oddwput, NULL, NULL, NULL, NULL, &odd_minfo, NULL};

struct streamtab oddinfo = {&odd_rinit, &odd_winit, NULL, NULL};
int odddevflag = 0;

static char odd_mode[16] = "well";
static int odd_used[ODD_MINORS];

static void
odd_wake()
{
    wakeup((caddr_t)odd_used);
}

#define ODD_MODE(name) (strcmp(odd_mode, (name)) == 0)

static int
odd_free_minor()
{
    int m;

    for (m = ODD_CONTROL + 1; m < ODD_MINORS; m++)
        if (!odd_used[m])
            return m;
    return -1;
}

static int
oddopen(q, devp, oflag, sflag, crp)
    queue_t *q;
    dev_t *devp;
    int oflag, sflag;
    cred_t *crp;
{
    major_t major_number = getemajor(*devp);
    int m = geteminor(*devp);

    if (sflag == MODOPEN)
        return ENXIO;
    if (q->q_ptr != NULL)
        return 0;
    if (sflag == CLONEOPEN) {
        if (ODD_MODE("EACCES"))
            return EACCES;
        if (ODD_MODE("slow")) {
            toid_t alarm = timeout(odd_wake, NULL, HZ);

            if (sleep((caddr_t)odd_used, (PZERO + 1) | PCATCH)) {
                untimeout(alarm);
                return EINTR;
            }
        }
        if ((m = odd_free_minor()) < 0)
            return EBUSY;
        if (ODD_MODE("foreign"))
            *devp = makedevice(ODD_FOREIGN, m);
        else if (ODD_MODE("nodev"))
            *devp = NODEV;
        else if (ODD_MODE("same"))
            *devp = makedevice(major_number, m - 1);
        else if (!ODD_MODE("silent"))
            *devp = makedevice(major_number, m);
        if (!ODD_MODE("well") && !ODD_MODE("slow")) {
            qprocson(q);
            return 0; /* nothing was taken, so nothing has to be given back */
        }
    } else if (m >= ODD_MINORS) {
        return ENXIO;
    }
    odd_used[m] = 1;
    q->q_ptr = WR(q)->q_ptr = (void *)&odd_used[m];
    qprocson(q);
    return 0;
}

static int
oddclose(q, flag, crp)
    queue_t *q;
    int flag;
    cred_t *crp;
{
    qprocsoff(q);
    if (q->q_ptr != NULL)
        *(int *)q->q_ptr = 0;
    q->q_ptr = WR(q)->q_ptr = NULL;
    return 0;
}

static int
oddwput(q, mp)
    queue_t *q;
    mblk_t *mp;
{
    int length;

    switch (mp->b_datap->db_type) {
    case M_DATA:
        length = mp->b_wptr - mp->b_rptr;
        if (q->q_ptr == (void *)&odd_used[ODD_CONTROL] && length < (int)sizeof odd_mode) {
            bcopy((char *)mp->b_rptr, odd_mode, length);
            odd_mode[length] = '\0';
        }
        freemsg(mp);
        break;
    case M_IOCTL:
        mp->b_datap->db_type = M_IOCNAK;
        qreply(q, mp);
        break;
    case M_FLUSH:
        *mp->b_rptr &= ~FLUSHW;
        if (*mp->b_rptr & FLUSHR)
            qreply(q, mp);
        else
            freemsg(mp);
        break;
    default:
        freemsg(mp);
    }
    return 0;
}
