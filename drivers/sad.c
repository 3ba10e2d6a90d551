/*
 * sad: the STREAMS administrative driver, sad(7). Through it programs such as autopush set, show and take away the modules
 * that are pushed when a device is opened.
 *
 *     /dev/sad/user    minor 0    everybody: SAD_GAP, SAD_VML
 *     /dev/sad/admin   minor 1    the privileged: SAD_SAP too
 *
 * Both clone by themselves: neither is opened through the clone driver, and each open gets the lowest free minor from 2 up.
 * There are sad_devices of these for both together; when none is free, an open fails with ENXIO, not EBUSY (AUT-003).
 *
 * The three commands are transparent ioctls, so each begins by copying its structure in. Where a request stands is its
 * cp_private:
 *
 *     SAD_SAP   M_IOCTL -> SAD_STRUCT -> answer
 *     SAD_GAP   M_IOCTL -> SAD_STRUCT -> SAD_RESULT (copied out to where the structure came from) -> answer
 *     SAD_VML   M_IOCTL -> SAD_STRUCT -> SAD_LIST (the names) -> answer
 *
 * The table itself is the system's (<sys/apush.h>): closing sad, or unloading it, changes nothing there.
 */
#include <sys/types.h>
#include <sys/param.h>
#include <sys/errno.h>
#include <sys/conf.h>
#include <sys/cred.h>
#include <sys/stream.h>
#include <sys/stropts.h>
#include <sys/strsun.h>
#include <sys/minor.h>
#include <sys/apush.h>
#include <sys/sad.h>
#include <sys/ddi.h>

int sadopen(queue_t *, dev_t *, int, int, cred_t *);
int sadclose(queue_t *, int, cred_t *);
int sadwput(queue_t *, mblk_t *);
void sadunload(void);

static struct module_info sad_minfo = { 0x7361, "sad", 0, INFPSZ, 4096, 1024 };
static struct qinit sad_rinit = { NULL, NULL, sadopen, sadclose, NULL, &sad_minfo, NULL };
static struct qinit sad_winit = { sadwput, NULL, NULL, NULL, NULL, &sad_minfo, NULL };
struct streamtab sadinfo = { &sad_rinit, &sad_winit, NULL, NULL };
int saddevflag = D_MP;

int sad_devices __attribute__((weak)) = 16;

#define SAD_STRUCT ((mblk_t *)1)
#define SAD_RESULT ((mblk_t *)2)
#define SAD_LIST ((mblk_t *)3)

struct sad {
    minor_t s_minor;
    int s_admin;
    caddr_t s_addr; /* of the structure of the ioctl under way; a stream has one at a time */
};

MINOR_UNITS(sad, sad_devices + 2, struct sad); /* the two that are opened are no units */

void
sadunload(void)
{
    minor_table_free(sad_minors);
}

int
sadopen(queue_t *q, dev_t *devp, int oflag, int sflag, cred_t *credp)
{
    minor_t which = geteminor(*devp);
    struct sad *sad;
    int minor;

    if (sflag != 0)
        return EINVAL;
    if (which == ADMMIN && drv_priv(credp) != 0)
        return EACCES;
    (void)minor_set_aside(sad_minors, USRMIN); /* refused the second time */
    (void)minor_set_aside(sad_minors, ADMMIN);
    if (minors_count(sad_minors) == 0)
        return ENOMEM;
    if (minors_free(sad_minors) == 0)
        return ENXIO;
    if (which != USRMIN && which != ADMMIN) /* a unit that is open comes here too */
        return EINVAL;
    minor = minor_take(sad_minors);
    sad = (struct sad *)minor_unit(sad_minors, (minor_t)minor);
    sad->s_minor = (minor_t)minor;
    sad->s_admin = which == ADMMIN;
    q->q_ptr = WR(q)->q_ptr = sad;
    *devp = makedevice(getemajor(*devp), (minor_t)minor);
    qprocson(q);
    return 0;
}

int
sadclose(queue_t *q, int flag, cred_t *credp)
{
    struct sad *sad = (struct sad *)q->q_ptr;

    qprocsoff(q);
    q->q_ptr = WR(q)->q_ptr = NULL;
    minor_give(sad_minors, sad->s_minor);
    return 0;
}

static void
sad_ioctl(queue_t *q, mblk_t *mp)
{
    struct sad *sad = (struct sad *)q->q_ptr;
    struct iocblk *ioc = (struct iocblk *)mp->b_rptr;
    int command = SAD_CMD(ioc->ioc_cmd);
    int version = SAD_VER(ioc->ioc_cmd);
    int known = command == SAD_SAP || command == SAD_GAP ? apush_version() : 0;
    size_t size;

    if ((command != SAD_SAP && command != SAD_GAP && command != SAD_VML) || ioc->ioc_count != TRANSPARENT ||
        version > known) {
        miocnak(q, mp, 0, EINVAL);
        return;
    }
    if (command == SAD_SAP && !sad->s_admin) {
        miocnak(q, mp, 0, EPERM);
        return;
    }
    size = command == SAD_VML ? sizeof(struct str_list)
           : version == 0     ? sizeof(struct strapush)
                              : sizeof(struct strapush_v1);
    bcopy((char *)mp->b_cont->b_rptr, (char *)&sad->s_addr, sizeof sad->s_addr);
    mcopyin(mp, SAD_STRUCT, size, NULL);
    qreply(q, mp);
}

/* 0: the request goes on, or was answered. */
static int
sad_struct(queue_t *q, mblk_t *mp)
{
    struct sad *sad = (struct sad *)q->q_ptr;
    struct copyresp *resp = (struct copyresp *)mp->b_rptr;
    size_t size = SAD_VER(resp->cp_cmd) == 0 ? sizeof(struct strapush) : sizeof(struct strapush_v1);
    struct strapush_v1 ap;
    int error;

    error = miocpullup(mp, size);
    if (error != 0)
        return error;
    bzero((char *)&ap, sizeof ap);
    bcopy((char *)mp->b_cont->b_rptr, (char *)&ap, size);
    if (SAD_CMD(resp->cp_cmd) == SAD_SAP) {
        error = apush_set(&ap);
        if (error != 0)
            return error;
        mioc2ack(mp, NULL, 0, 0);
    } else {
        error = apush_get(&ap);
        if (error != 0)
            return error;
        bcopy((char *)&ap, (char *)mp->b_cont->b_rptr, size);
        mcopyout(mp, SAD_RESULT, size, sad->s_addr, NULL);
    }
    qreply(q, mp);
    return 0;
}

static int
sad_names(queue_t *q, mblk_t *mp)
{
    struct str_list list;
    int error;

    error = miocpullup(mp, sizeof list);
    if (error != 0)
        return error;
    bcopy((char *)mp->b_cont->b_rptr, (char *)&list, sizeof list);
    if (list.sl_nmods <= 0 || (unsigned long)list.sl_nmods * sizeof(struct str_mlist) > 0x7fffffff)
        return EINVAL;
    mcopyin(mp, SAD_LIST, list.sl_nmods * sizeof(struct str_mlist), list.sl_modlist);
    qreply(q, mp);
    return 0;
}

static int
sad_list(queue_t *q, mblk_t *mp)
{
    size_t size = msgdsize(mp->b_cont);
    int error, unknown;

    error = miocpullup(mp, size);
    if (error != 0)
        return error;
    unknown = apush_vml((struct str_mlist *)mp->b_cont->b_rptr, (int)(size / sizeof(struct str_mlist)));
    mioc2ack(mp, NULL, 0, unknown);
    qreply(q, mp);
    return 0;
}

static void
sad_iocdata(queue_t *q, mblk_t *mp)
{
    struct copyresp *resp = (struct copyresp *)mp->b_rptr;
    int error = 0;

    if (resp->cp_rval != NULL) { /* the copy failed, and the ioctl with it */
        freemsg(mp);
        return;
    }
    if (resp->cp_private == SAD_RESULT) {
        mioc2ack(mp, NULL, 0, 0);
        qreply(q, mp);
    } else if (resp->cp_private == SAD_LIST)
        error = sad_list(q, mp);
    else
        error = SAD_CMD(resp->cp_cmd) == SAD_VML ? sad_names(q, mp) : sad_struct(q, mp);
    if (error != 0)
        miocnak(q, mp, 0, error);
}

int
sadwput(queue_t *q, mblk_t *mp)
{
    switch (mp->b_datap->db_type) {
    case M_IOCTL:
        sad_ioctl(q, mp);
        break;
    case M_IOCDATA:
        sad_iocdata(q, mp);
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
