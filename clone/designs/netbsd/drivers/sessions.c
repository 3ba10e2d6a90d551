/*
 * crypto and dmover: devices that are nothing but a session. Whoever opens the one node gets a file with a state of its own,
 * made by the open and gone with the last close. There is no unit and no name for it, so nobody else can reach it, not even
 * while it is being set up; and as no number is handed out, none can run out.
 *
 * crypto keeps keys: CIOCGSESSION takes one and answers with its number, CIOCCRYPT applies it (a toy: exclusive or).
 * dmover moves data: DMIO_SETFUNC says once which function, then a request is written and its response read.
 */
#include <sys/param.h>
#include <sys/conf.h>
#include <sys/file.h>
#include <sys/filedesc.h>
#include <sys/ioccom.h>
#include <sys/kmem.h>
#include <sys/module.h>
#include <sys/poll.h>
#include <sys/proc.h>
#include <sys/stat.h>
#include <sys/systm.h>

/* --- crypto --- */

struct session_op {
    char key[8];
    uint32_t ses; /* returned */
};
struct crypt_op {
    uint32_t ses;
    char data[12];
};
#define CIOCGSESSION _IOWR('c', 101, struct session_op)
#define CIOCFSESSION _IOW('c', 102, uint32_t)
#define CIOCCRYPT _IOWR('c', 103, struct crypt_op)

struct csession {
    struct csession *s_next;
    uint32_t s_number;
    char s_key[8];
};
struct fcrypt {
    struct csession *f_sessions;
    uint32_t f_last;
};

static int crypto_open(dev_t, int, int, struct lwp *);
static int cryptof_ioctl(struct file *, u_long, void *);
static int cryptof_stat(struct file *, struct stat *);
static int cryptof_close(struct file *);

static devmajor_t crypto_major = 116, dmover_major = 117;
static int crypto_files, dmover_files;
static const struct cdevsw crypto_cdevsw = { .d_open = crypto_open, .d_flag = D_OTHER };
static const struct fileops crypto_fileops = {
    .fo_name = "crypto",
    .fo_read = fbadop_read,
    .fo_write = fbadop_write,
    .fo_ioctl = cryptof_ioctl,
    .fo_fcntl = fnullop_fcntl,
    .fo_poll = fnullop_poll,
    .fo_stat = cryptof_stat,
    .fo_close = cryptof_close,
    .fo_kqfilter = fnullop_kqfilter,
    .fo_restart = fnullop_restart,
};

static int
crypto_open(dev_t dev, int flags, int fmt, struct lwp *l)
{
    struct fcrypt *fcr;
    file_t *fp;
    int error, fd;

    if ((error = fd_allocfile(&fp, &fd)) != 0)
        return error;
    if ((fcr = kmem_zalloc(sizeof *fcr, KM_NOSLEEP)) == NULL) {
        fd_abort(curproc, fp, fd);
        return ENOMEM;
    }
    crypto_files++;
    return fd_clone(fp, fd, flags, &crypto_fileops, fcr);
}

static struct csession **
cse_find(struct fcrypt *fcr, uint32_t number)
{
    struct csession **s;

    for (s = &fcr->f_sessions; *s != NULL && (*s)->s_number != number; s = &(*s)->s_next)
        continue;
    return s;
}

static int
cse_free(struct csession **s)
{
    struct csession *gone = *s;

    if (gone == NULL)
        return EINVAL;
    *s = gone->s_next;
    kmem_free(gone, sizeof *gone);
    return 0;
}

static int
cryptof_ioctl(struct file *fp, u_long cmd, void *data)
{
    struct fcrypt *fcr = fp->f_data;
    struct session_op *sop = data;
    struct crypt_op *cop = data;
    struct csession *s;
    size_t i;

    switch (cmd) {
    case CIOCGSESSION:
        if ((s = kmem_zalloc(sizeof *s, KM_NOSLEEP)) == NULL)
            return ENOMEM;
        memcpy(s->s_key, sop->key, sizeof s->s_key);
        s->s_number = sop->ses = ++fcr->f_last;
        s->s_next = fcr->f_sessions;
        fcr->f_sessions = s;
        return 0;
    case CIOCFSESSION:
        return cse_free(cse_find(fcr, *(uint32_t *)data));
    case CIOCCRYPT:
        if ((s = *cse_find(fcr, cop->ses)) == NULL)
            return EINVAL;
        for (i = 0; i < sizeof cop->data; i++)
            cop->data[i] ^= s->s_key[i % sizeof s->s_key];
        return 0;
    default:
        return EINVAL;
    }
}

static int
cryptof_stat(struct file *fp, struct stat *st)
{
    memset(st, 0, sizeof *st);
    st->st_dev = makedev(crypto_major, 0);
    return 0;
}

static int
cryptof_close(struct file *fp)
{
    struct fcrypt *fcr = fp->f_data;

    while (fcr->f_sessions != NULL)
        cse_free(&fcr->f_sessions);
    kmem_free(fcr, sizeof *fcr);
    crypto_files--;
    return 0;
}

int
netbsd_crypto_modcmd(modcmd_t cmd, void *arg)
{
    switch (cmd) {
    case MODULE_CMD_INIT:
        crypto_files = 0;
        return devsw_attach("crypto", NULL, NULL, &crypto_cdevsw, &crypto_major);
    case MODULE_CMD_FINI:
        return crypto_files > 0 ? EBUSY : devsw_detach(NULL, &crypto_cdevsw);
    }
    return ENOTTY;
}

/* --- dmover --- */

#define DMIO_SETFUNC _IOW('D', 1, char[16])
#define DMOVER_BUFFER 128

struct dmio_state {
    enum { NO_FUNCTION, COPY, ZERO } ds_function;
    size_t ds_used;
    char ds_response[DMOVER_BUFFER];
};

static int dmover_open(dev_t, int, int, struct lwp *);
static int dmio_read(struct file *, off_t *, struct uio *, kauth_cred_t, int);
static int dmio_write(struct file *, off_t *, struct uio *, kauth_cred_t, int);
static int dmio_ioctl(struct file *, u_long, void *);
static int dmio_poll(struct file *, int);
static int dmio_stat(struct file *, struct stat *);
static int dmio_close(struct file *);

static const struct cdevsw dmover_cdevsw = { .d_open = dmover_open, .d_flag = D_OTHER };
static const struct fileops dmio_fileops = {
    .fo_name = "dmover",
    .fo_read = dmio_read,
    .fo_write = dmio_write,
    .fo_ioctl = dmio_ioctl,
    .fo_fcntl = fnullop_fcntl,
    .fo_poll = dmio_poll,
    .fo_stat = dmio_stat,
    .fo_close = dmio_close,
    .fo_kqfilter = fnullop_kqfilter,
    .fo_restart = fnullop_restart,
};

static int
dmover_open(dev_t dev, int flags, int fmt, struct lwp *l)
{
    struct dmio_state *ds;
    file_t *fp;
    int error, fd;

    if ((error = fd_allocfile(&fp, &fd)) != 0)
        return error;
    if ((ds = kmem_zalloc(sizeof *ds, KM_NOSLEEP)) == NULL) {
        fd_abort(curproc, fp, fd);
        return ENOMEM;
    }
    dmover_files++;
    return fd_clone(fp, fd, flags, &dmio_fileops, ds);
}

static int
dmio_ioctl(struct file *fp, u_long cmd, void *data)
{
    struct dmio_state *ds = fp->f_data;

    if (cmd != DMIO_SETFUNC)
        return ENOTTY;
    if (ds->ds_function != NO_FUNCTION)
        return EBUSY;
    if (strncmp(data, "copy", 16) == 0)
        ds->ds_function = COPY;
    else if (strncmp(data, "zero", 16) == 0)
        ds->ds_function = ZERO;
    else
        return ESRCH;
    return 0;
}

static int
dmio_write(struct file *fp, off_t *offset, struct uio *uio, kauth_cred_t cred, int flags)
{
    struct dmio_state *ds = fp->f_data;
    size_t n = DMOVER_BUFFER - ds->ds_used;
    int error;

    if (ds->ds_function == NO_FUNCTION)
        return EINVAL;
    if (n > uio->uio_resid)
        n = uio->uio_resid;
    if (n == 0)
        return uio->uio_resid > 0 ? EAGAIN : 0;
    if ((error = uiomove(ds->ds_response + ds->ds_used, n, uio)) != 0)
        return error;
    if (ds->ds_function == ZERO)
        memset(ds->ds_response + ds->ds_used, '0', n);
    ds->ds_used += n;
    return 0;
}

static int
dmio_read(struct file *fp, off_t *offset, struct uio *uio, kauth_cred_t cred, int flags)
{
    struct dmio_state *ds = fp->f_data;
    size_t n = ds->ds_used < uio->uio_resid ? ds->ds_used : uio->uio_resid;
    int error;

    if (ds->ds_used == 0)
        return EAGAIN;
    if ((error = uiomove(ds->ds_response, n, uio)) != 0)
        return error;
    ds->ds_used -= n;
    memmove(ds->ds_response, ds->ds_response + n, ds->ds_used);
    return 0;
}

static int
dmio_poll(struct file *fp, int events)
{
    struct dmio_state *ds = fp->f_data;

    return (events & (POLLOUT | POLLWRNORM)) | (ds->ds_used > 0 ? events & (POLLIN | POLLRDNORM) : 0);
}

static int
dmio_stat(struct file *fp, struct stat *st)
{
    memset(st, 0, sizeof *st);
    st->st_dev = makedev(dmover_major, 0);
    return 0;
}

static int
dmio_close(struct file *fp)
{
    kmem_free(fp->f_data, sizeof(struct dmio_state));
    dmover_files--;
    return 0;
}

int
netbsd_dmover_modcmd(modcmd_t cmd, void *arg)
{
    switch (cmd) {
    case MODULE_CMD_INIT:
        dmover_files = 0;
        return devsw_attach("dmover", NULL, NULL, &dmover_cdevsw, &dmover_major);
    case MODULE_CMD_FINI:
        return dmover_files > 0 ? EBUSY : devsw_detach(NULL, &dmover_cdevsw);
    }
    return ENOTTY;
}
