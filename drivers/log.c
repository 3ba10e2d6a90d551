/*
 * log: what strlog(D3) and processes report, for those who ask for it, log(7).
 *
 * A stream is opened through the clone node /dev/log; where the system's log clones itself (log_clones_itself), through a
 * node of its minor 0. An I_STR makes it the reader of one kind of message, until it is closed:
 *
 *     I_ERRLOG   those with SL_ERROR           I_TRCLOG   of those with SL_TRACE what its trace_ids accept
 *     I_CONSLOG  those with SL_CONSOLE
 *
 * A message comes from strlog, or from a process that sends a struct log_ctl and text on any stream of this driver; minor 1,
 * /dev/conslog, is there to be written only. Either way it passes log_take, once for each of its kinds. That numbers it,
 * and puts a copy on the read queue of each logger that has room; so a gap in a logger's numbers is what it lost. The read
 * service procedure sends on what the stream head has room for.
 *
 * What belongs to a kind (its last number, what waits for the first console logger) is in a unit of log_kind_minors, as
 * the Systems of a program share a driver's variables. log_devices, log_hiwat: as echo_devices in echo.c.
 */
#include <sys/types.h>
#include <sys/param.h>
#include <sys/errno.h>
#include <sys/conf.h>
#include <sys/cred.h>
#include <sys/file.h>
#include <sys/cmn_err.h>
#include <sys/stream.h>
#include <sys/stropts.h>
#include <sys/minor.h>
#include <sys/profile.h>
#include <sys/log.h>
#include <sys/ddi.h>

int logopen(queue_t *, dev_t *, int, int, cred_t *);
int logclose(queue_t *, int, cred_t *);
int logwput(queue_t *, mblk_t *);
int logrsrv(queue_t *);
void loginit(void);
void logunload(void);

#define LOG_MID 44

static struct module_info log_minfo = { LOG_MID, "log", 0, INFPSZ, 4096, 1024 };
static struct qinit log_rinit = { NULL, logrsrv, logopen, logclose, NULL, &log_minfo, NULL };
static struct qinit log_winit = { logwput, NULL, NULL, NULL, NULL, &log_minfo, NULL };
struct streamtab loginfo = { &log_rinit, &log_winit, NULL, NULL };
int logdevflag = D_MP;

int log_devices __attribute__((weak)) = 16;
int log_hiwat __attribute__((weak)) = 4096; /* bytes that make a logger's queue full; without log_large_queue */

/* Neither of the first two minors is handed out. */
#define LOG_CLONE_MINOR 0
#define LOG_CONS_MINOR 1
#define LOG_FIRST_MINOR 2

/* A stream. */
struct log {
    minor_t l_minor;
    int l_kind; /* SL_ERROR, SL_TRACE, SL_CONSOLE; 0: no logger */
    queue_t *l_read;
    mblk_t *l_ids; /* struct trace_ids, one after the other */
    int l_overflowed;
};

MINOR_UNITS(log, log_devices + LOG_FIRST_MINOR, struct log);

struct log_kind {
    int k_number; /* of the last message */
    int k_listens; /* of the first unit: log_take is attached */
    int k_keeps;
    mblk_t *k_kept, *k_last; /* by b_next: for the first logger that comes */
    unsigned long k_bytes;
};

#define LOG_HIWAT 1048576L /* with log_large_queue; of what is kept in any case */
#define LOG_LOWAT 2048L

MINOR_UNITS(log_kind, 3, struct log_kind);

static struct log_kind *
log_kind(int kind)
{
    return (struct log_kind *)minor_unit(log_kind_minors, (minor_t)(kind == SL_ERROR ? 0 : kind == SL_TRACE ? 1 : 2));
}

/* The next logger of this kind after minor *m; NULL when there is none. */
static struct log *
log_next(int kind, minor_t *m)
{
    struct log *log;

    while ((log = (struct log *)minor_unit(log_minors, ++*m)) != NULL)
        if (log->l_kind == kind)
            break;
    return log;
}

static struct log *
log_first(int kind, minor_t *m)
{
    *m = LOG_CONS_MINOR;
    return log_next(kind, m);
}

/* --- messages up --- */

static int
log_accepts(struct log *log, const struct log_ctl *ctl)
{
    struct trace_ids *id, *end;

    if (log->l_kind != SL_TRACE)
        return 1;
    end = (struct trace_ids *)log->l_ids->b_wptr;
    for (id = (struct trace_ids *)log->l_ids->b_rptr; id < end; ++id)
        if ((id->ti_mid < 0 || id->ti_mid == ctl->mid) && (id->ti_sid < 0 || id->ti_sid == ctl->sid) &&
            (id->ti_level < 0 || ctl->level <= id->ti_level))
            return 1;
    return 0;
}

static mblk_t *
log_message(const struct log_ctl *ctl, int number, const char *data, unsigned long size)
{
    mblk_t *mp = allocb(sizeof *ctl, BPRI_HI);

    if (mp == NULL)
        return NULL;
    if ((mp->b_cont = allocb(size, BPRI_HI)) == NULL) {
        freemsg(mp);
        return NULL;
    }
    mp->b_datap->db_type = M_PROTO;
    bcopy((char *)ctl, (char *)mp->b_wptr, sizeof *ctl);
    ((struct log_ctl *)mp->b_wptr)->seq_no = number;
    mp->b_wptr += sizeof *ctl;
    bcopy((char *)data, (char *)mp->b_cont->b_wptr, size);
    mp->b_cont->b_wptr += size;
    return mp;
}

static int
log_deliver(struct log *log, const struct log_ctl *ctl, int number, const char *data, unsigned long size)
{
    mblk_t *mp;

    if (!canput(log->l_read)) {
        if (!log->l_overflowed && profile_value("log_large_queue") > 0)
            cmn_err(CE_WARN, "message overflow on /dev/log minor #%d", (int)log->l_minor);
        log->l_overflowed = 1;
        return 0;
    }
    if ((mp = log_message(ctl, number, data, size)) == NULL)
        return 0;
    if (putq(log->l_read, mp))
        return 1;
    freemsg(mp);
    return 0;
}

static void
log_keep(struct log_kind *k, mblk_t *mp)
{
    if (mp == NULL)
        return;
    if (k->k_bytes >= LOG_HIWAT) {
        freemsg(mp);
        return;
    }
    k->k_bytes += msgsize(mp);
    mp->b_next = NULL;
    if (k->k_kept == NULL)
        k->k_kept = mp;
    else
        k->k_last->b_next = mp;
    k->k_last = mp;
}

static mblk_t *
log_kept(struct log_kind *k)
{
    mblk_t *mp = k->k_kept;

    if (mp == NULL) {
        k->k_bytes = 0;
        return NULL;
    }
    k->k_kept = mp->b_next;
    mp->b_next = NULL;
    return mp;
}

/* The number is advanced for a message that some logger wants, whether it gets it or not. */
static int
log_take(void *arg, int kind, const struct log_ctl *ctl, const char *data, unsigned long size)
{
    struct log_kind *k = log_kind(kind);
    struct log *log;
    minor_t m;
    int active = 0, wanted = 0, all = 1;

    if (k == NULL)
        return LOG_NOBODY;
    for (log = log_first(kind, &m); log != NULL; log = log_next(kind, &m)) {
        active = 1;
        wanted |= log_accepts(log, ctl);
    }
    if (wanted || k->k_keeps || (active && profile_value("log_counts_unwanted") > 0))
        ++k->k_number;
    if (!active && k->k_keeps)
        log_keep(k, log_message(ctl, k->k_number, data, size));
    if (!wanted)
        return LOG_NOBODY;
    for (log = log_first(kind, &m); log != NULL; log = log_next(kind, &m))
        if (log_accepts(log, ctl))
            all &= log_deliver(log, ctl, k->k_number, data, size);
    return all ? LOG_TAKEN : LOG_LOST;
}

static int
log_listen(void)
{
    struct log_kind *first = log_kind(SL_ERROR);
    int error;

    if (first == NULL)
        return ENOMEM;
    if (first->k_listens)
        return 0;
    error = rill_log_attach(SL_ERROR | SL_TRACE | SL_CONSOLE, log_take, NULL);
    first->k_listens = error == 0;
    return error;
}

void
loginit(void)
{
    if (profile_value("log_keeps_console") > 0 && log_listen() == 0)
        log_kind(SL_CONSOLE)->k_keeps = 1;
}

void
logunload(void)
{
    struct log_kind *k = log_kind(SL_CONSOLE);
    mblk_t *mp;

    rill_log_detach(log_take, NULL);
    while (k != NULL && (mp = log_kept(k)) != NULL)
        freemsg(mp);
    minor_table_free(log_kind_minors);
    minor_table_free(log_minors);
}

/* --- open and close --- */

int
logopen(queue_t *q, dev_t *devp, int oflag, int sflag, cred_t *credp)
{
    minor_t wanted = geteminor(*devp);
    int itself = profile_value("log_clones_itself") > 0;
    struct log *log;
    int minor, error;

    if (sflag == MODOPEN || (sflag == CLONEOPEN && itself))
        return ENXIO;
    if (sflag != CLONEOPEN && wanted == LOG_CONS_MINOR && (oflag & FREAD))
        return EINVAL;
    if (q->q_ptr != NULL)
        return itself && wanted != LOG_CONS_MINOR ? ENXIO : 0;
    if ((error = log_listen()) != 0)
        return error;
    (void)minor_set_aside(log_minors, LOG_CLONE_MINOR); /* refused the second time */
    (void)minor_set_aside(log_minors, LOG_CONS_MINOR);
    minor = (int)wanted;
    if (sflag == CLONEOPEN || (itself && wanted == LOG_CLONE_MINOR)) {
        minor = minor_take(log_minors);
        if (minor < 0)
            return minor != -1 ? ENOMEM : itself ? ENXIO : EBUSY;
    } else if (wanted != LOG_CONS_MINOR) {
        if (itself || wanted < LOG_FIRST_MINOR)
            return ENXIO;
        if ((error = minor_take_this(log_minors, wanted)) != 0)
            return error;
    }
    if ((log = (struct log *)minor_unit(log_minors, (minor_t)minor)) == NULL)
        return ENOMEM;
    bzero((char *)log, sizeof *log);
    log->l_minor = (minor_t)minor;
    log->l_read = q;
    q->q_ptr = WR(q)->q_ptr = log;
    *devp = makedevice(getemajor(*devp), (minor_t)minor);
    qprocson(q);
    return 0;
}

int
logclose(queue_t *q, int flag, cred_t *credp)
{
    struct log *log = (struct log *)q->q_ptr;
    int kind = log->l_kind;
    mblk_t *mp;
    minor_t m;

    log->l_kind = 0;
    if (kind == SL_CONSOLE && log_kind(kind)->k_keeps && log_first(kind, &m) == NULL)
        while ((mp = getq(q)) != NULL)
            log_keep(log_kind(kind), mp);
    qprocsoff(q);
    q->q_ptr = WR(q)->q_ptr = NULL;
    freemsg(log->l_ids);
    log->l_ids = NULL;
    if (log->l_minor != LOG_CONS_MINOR)
        minor_give(log_minors, log->l_minor);
    return 0;
}

/* --- becoming a logger --- */

static int
log_kind_of(int command)
{
    switch (command) {
    case I_ERRLOG:
        return SL_ERROR;
    case I_TRCLOG:
        return SL_TRACE;
    case I_CONSLOG:
        return SL_CONSOLE;
    default:
        return 0;
    }
}

static int
log_register(queue_t *q, mblk_t *mp)
{
    struct log *log = (struct log *)q->q_ptr;
    struct iocblk *ioc = (struct iocblk *)mp->b_rptr;
    int kind = log_kind_of(ioc->ioc_cmd);
    int odd = profile_value("log_einval") > 0 ? EINVAL : ENXIO;
    int many = profile_value("log_many_loggers") > 0;
    int large = profile_value("log_large_queue") > 0;
    minor_t m;

    if (log->l_minor == LOG_CONS_MINOR || ioc->ioc_count == TRANSPARENT)
        return EINVAL;
    if (kind == 0)
        return odd;
    if (!many && log_first(kind, &m) != NULL)
        return ENXIO;
    if (log->l_kind != 0)
        return EBUSY;
    if (kind == SL_TRACE) {
        if (ioc->ioc_count < sizeof(struct trace_ids) || mp->b_cont == NULL)
            return odd;
        if (ioc->ioc_count % sizeof(struct trace_ids) != 0)
            return EINVAL;
        if (!pullupmsg(mp->b_cont, -1))
            return ENOSR;
        log->l_ids = unlinkb(mp);
    }
    (void)strqset(RD(q), QHIWAT, 0, large ? LOG_HIWAT : (long)log_hiwat);
    (void)strqset(RD(q), QLOWAT, 0, large ? LOG_LOWAT : (long)log_hiwat / 4);
    log->l_kind = kind;
    while ((mp = log_kept(log_kind(kind))) != NULL)
        if (!putq(RD(q), mp))
            freemsg(mp);
    return 0;
}

/* --- messages down --- */

/* A process's message: what it may say of it is taken over. */
static void
log_send(queue_t *q, mblk_t *mp)
{
    struct log_ctl ctl;

    if (mp->b_wptr - mp->b_rptr == sizeof ctl && mp->b_cont != NULL && pullupmsg(mp->b_cont, -1)) {
        bcopy((char *)mp->b_rptr, (char *)&ctl, sizeof ctl);
        ctl.mid = LOG_MID;
        ctl.sid = 0;
        if (profile_value("log_takes_pri") <= 0)
            ctl.pri = LOG_NO_PRI;
        else if ((ctl.pri & LOG_FACMASK) == LOG_KERN)
            ctl.pri |= LOG_USER;
        (void)rill_log_send(&ctl, (char *)mp->b_cont->b_rptr, (unsigned long)(mp->b_cont->b_wptr - mp->b_cont->b_rptr));
    }
    freemsg(mp);
}

static void
log_send_text(queue_t *q, mblk_t *mp)
{
    struct log *log = (struct log *)q->q_ptr;
    struct log_ctl ctl;

    if ((log->l_minor == LOG_CONS_MINOR || profile_value("log_takes_writes") > 0) && pullupmsg(mp, -1)) {
        bzero((char *)&ctl, sizeof ctl);
        ctl.mid = LOG_MID;
        ctl.flags = SL_CONSOLE;
        ctl.pri = LOG_USER | LOG_INFO;
        (void)rill_log_send(&ctl, (char *)mp->b_rptr, (unsigned long)(mp->b_wptr - mp->b_rptr));
    }
    freemsg(mp);
}

int
logwput(queue_t *q, mblk_t *mp)
{
    struct iocblk *ioc;

    switch (mp->b_datap->db_type) {
    case M_IOCTL:
        ioc = (struct iocblk *)mp->b_rptr;
        ioc->ioc_error = log_register(q, mp);
        mp->b_datap->db_type = ioc->ioc_error ? M_IOCNAK : M_IOCACK;
        ioc->ioc_rval = 0;
        ioc->ioc_count = 0;
        qreply(q, mp);
        break;
    case M_PROTO:
        log_send(q, mp);
        break;
    case M_DATA:
        log_send_text(q, mp);
        break;
    case M_FLUSH: /* the write queue is always empty */
        if (*mp->b_rptr & FLUSHR) {
            if (*mp->b_rptr & FLUSHBAND)
                flushband(RD(q), mp->b_rptr[1], FLUSHDATA);
            else
                flushq(RD(q), FLUSHDATA);
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

int
logrsrv(queue_t *q)
{
    mblk_t *mp;

    while ((mp = getq(q)) != NULL) {
        if (!canputnext(q)) {
            putbq(q, mp);
            break;
        }
        putnext(q, mp);
    }
    return 0;
}
