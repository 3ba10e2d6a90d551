/*
 * ptmx: each open is the master of a new pseudo-terminal. The master is this file and nothing else: it keeps the node and
 * number of ptmx, and no number leads to it. The slave has an index and a node pts/N, so that others can open it, once
 * the master has unlocked it. The name goes with the master, and so does what the slave had not read; the index is in use
 * until both sides are closed.
 */
#include <asm/ioctl.h>
#include <asm/ioctls.h>
#include <asm/termbits.h>
#include <linux/capability.h>
#include <linux/devpts_fs.h>
#include <linux/err.h>
#include <linux/errno.h>
#include <linux/fs.h>
#include <linux/module.h>
#include <linux/poll.h>
#include <linux/slab.h>
#include <linux/uaccess.h>
#include <string.h>

#define PTY_BUFFER 64

struct side {
    size_t count; /* bytes that wait for this side's reader */
    char data[PTY_BUFFER];
    wait_queue_head_t wait;
};

struct pty {
    int index;
    struct inode *inode; /* the slave's */
    int master_open, locked, exclusive;
    int slaves;     /* files of the slave */
    int slave_seen; /* it was open once */
    int stopped;    /* the slave's output */
    int packet;     /* the master's reads begin with a byte that says what happened */
    int happened;   /* TIOCPKT_FLUSHREAD ... */
    struct termios termios; /* the slave's; outlives its files */
    struct side master, slave;
};

static int ptmx_major, ptm_major, pts_major;

static const struct termios fresh = {
    .c_iflag = ICRNL | IXON,
    .c_oflag = OPOST | ONLCR,
    .c_cflag = B38400 | CS8 | CREAD | HUPCL,
    .c_lflag = ISIG | ICANON | ECHO | ECHOE | ECHOK | ECHOCTL | ECHOKE | IEXTEN,
};

/* Both sides are closed. */
static void
pty_done(struct pty *pty)
{
    devpts_kill_index(NULL, pty->index);
    kfree(pty);
}

static int
ptmx_open(struct inode *inode, struct file *file)
{
    int index = devpts_new_index(inode);
    struct pty *pty;

    if (index < 0)
        return index;
    if ((pty = kzalloc(sizeof *pty, GFP_KERNEL)) == NULL) {
        devpts_kill_index(inode, index);
        return -ENOMEM;
    }
    pty->index = index;
    pty->inode = devpts_pty_new(inode, MKDEV((unsigned)pts_major, (unsigned)index), index, pty);
    if (IS_ERR(pty->inode)) {
        int error = (int)PTR_ERR(pty->inode);

        kfree(pty);
        devpts_kill_index(inode, index);
        return error;
    }
    pty->master_open = pty->locked = 1;
    pty->termios = fresh;
    file->private_data = pty;
    return 0;
}

static int
ptmx_release(struct inode *inode, struct file *file)
{
    struct pty *pty = file->private_data;

    pty->master_open = 0;
    pty->slave.count = 0; /* what was announced to the slave already, too */
    pty->stopped = 0;
    devpts_pty_kill(pty->inode);
    wake_up_interruptible(&pty->slave.wait);
    if (pty->slaves == 0)
        pty_done(pty);
    return 0;
}

/* A device number as programs are given it. */
static unsigned int
encoded(unsigned int major, unsigned int minor)
{
    return (minor & 0xff) | major << 8 | (minor & ~0xffu) << 12;
}

static void
pty_happened(struct pty *pty, int what, int instead_of)
{
    if (!pty->packet)
        return;
    pty->happened = (pty->happened & ~instead_of) | what;
    wake_up_interruptible(&pty->master.wait);
}

/* What both sides have. The terminal is the slave's, whoever asks. */
static long
pty_ioctl(struct pty *pty, unsigned int cmd, unsigned long arg)
{
    unsigned int device = encoded((unsigned)pts_major, (unsigned)pty->index);

    switch (cmd) {
    case TIOCGDEV:
        return copy_to_user((void __user *)arg, &device, sizeof device) ? -EFAULT : 0;
    case TCGETS:
        return copy_to_user((void __user *)arg, &pty->termios, sizeof pty->termios) ? -EFAULT : 0;
    case TCSETS:
        return copy_from_user(&pty->termios, (void __user *)arg, sizeof pty->termios) ? -EFAULT : 0;
    default:
        return -ENOIOCTLCMD;
    }
}

static long
side_count(struct side *side, unsigned long arg)
{
    int count = (int)side->count;

    return copy_to_user((void __user *)arg, &count, sizeof count) ? -EFAULT : 0;
}

static long
ptmx_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
    struct pty *pty = file->private_data;
    int value;

    switch (cmd) {
    case TIOCGPTN:
        return copy_to_user((void __user *)arg, &pty->index, sizeof pty->index) ? -EFAULT : 0;
    case TIOCSPTLCK:
        if (copy_from_user(&value, (void __user *)arg, sizeof value))
            return -EFAULT;
        pty->locked = value != 0;
        return 0;
    case TIOCGPTPEER:
        return ptm_open_peer(pty->inode, (int)arg);
    case TIOCPKT:
        if (copy_from_user(&value, (void __user *)arg, sizeof value))
            return -EFAULT;
        if (value && !pty->packet)
            pty->happened = 0;
        pty->packet = value != 0;
        return 0;
    case FIONREAD:
        return side_count(&pty->master, arg);
    default:
        return pty_ioctl(pty, cmd, arg);
    }
}

static long
pts_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
    struct pty *pty = file->private_data;

    if (!pty->master_open) /* hung up */
        return cmd == TIOCSPGRP ? -ENOTTY : -EIO;
    switch (cmd) {
    case TIOCEXCL:
    case TIOCNXCL:
        pty->exclusive = cmd == TIOCEXCL;
        return 0;
    case FIONREAD:
        return side_count(&pty->slave, arg);
    case TCFLSH:
        if (arg > TCIOFLUSH)
            return -EINVAL;
        if (arg != TCOFLUSH)
            pty->slave.count = 0;
        if (arg != TCIFLUSH)
            pty->master.count = 0;
        pty_happened(pty, (arg != TCOFLUSH ? TIOCPKT_FLUSHREAD : 0) | (arg != TCIFLUSH ? TIOCPKT_FLUSHWRITE : 0), 0);
        return 0;
    case TCXONC:
        if (arg > TCOON)
            return -EINVAL;
        if (pty->stopped == (arg == TCOOFF))
            return 0;
        pty->stopped = arg == TCOOFF;
        pty_happened(pty, pty->stopped ? TIOCPKT_STOP : TIOCPKT_START, TIOCPKT_STOP | TIOCPKT_START);
        wake_up_interruptible(&pty->slave.wait);
        return 0;
    default:
        return pty_ioctl(pty, cmd, arg);
    }
}

/* A master by its number. */
static int
ptm_open(struct inode *inode, struct file *file)
{
    return -EIO;
}

static int
pts_open(struct inode *inode, struct file *file)
{
    struct pty *pty = devpts_get_priv(inode);

    if (pty == NULL || !pty->master_open || pty->locked)
        return -EIO;
    if (pty->exclusive && pty->slaves > 0 && !capable(CAP_SYS_ADMIN))
        return -EBUSY;
    pty->slaves++;
    pty->slave_seen = 1;
    file->private_data = pty;
    return 0;
}

static int
pts_release(struct inode *inode, struct file *file)
{
    struct pty *pty = file->private_data;

    if (--pty->slaves > 0)
        return 0;
    wake_up_interruptible(&pty->master.wait);
    if (!pty->master_open)
        pty_done(pty);
    return 0;
}

static ssize_t
side_take(struct side *side, char __user *buf, size_t count)
{
    if (count > side->count)
        count = side->count;
    if (copy_to_user(buf, side->data, count))
        return -EFAULT;
    side->count -= count;
    memmove(side->data, side->data + count, side->count);
    return (ssize_t)count;
}

static ssize_t
side_add(struct side *side, const char __user *buf, size_t count)
{
    if (count > PTY_BUFFER - side->count)
        count = PTY_BUFFER - side->count;
    if (count == 0)
        return -EAGAIN;
    if (copy_from_user(side->data + side->count, buf, count))
        return -EFAULT;
    side->count += count;
    wake_up_interruptible(&side->wait);
    return (ssize_t)count;
}

/* Nobody is at the other side any more. */
static int
master_alone(const struct pty *pty)
{
    return pty->slaves == 0 && pty->slave_seen;
}

static int
master_readable(const struct pty *pty)
{
    return pty->master.count > 0 || (pty->packet && pty->happened);
}

static ssize_t
ptmx_read(struct file *file, char __user *buf, size_t count, loff_t *ppos)
{
    struct pty *pty = file->private_data;
    char first;
    ssize_t n;
    int error;

    if (!master_readable(pty) && !master_alone(pty)) {
        if (file->f_flags & O_NONBLOCK)
            return -EAGAIN;
        if ((error = wait_event_interruptible(pty->master.wait, master_readable(pty) || master_alone(pty))) != 0)
            return error;
    }
    if (!master_readable(pty))
        return -EIO;
    if (!pty->packet)
        return side_take(&pty->master, buf, count);
    if (count == 0)
        return 0;
    first = (char)pty->happened;
    if (copy_to_user(buf, &first, 1))
        return -EFAULT;
    if (pty->happened) {
        pty->happened = 0;
        return 1;
    }
    n = side_take(&pty->master, buf + 1, count - 1);
    return n < 0 ? n : n + 1;
}

static ssize_t
pts_read(struct file *file, char __user *buf, size_t count, loff_t *ppos)
{
    struct pty *pty = file->private_data;
    int error;

    if (pty->slave.count == 0 && pty->master_open) {
        if (file->f_flags & O_NONBLOCK)
            return -EAGAIN;
        if ((error = wait_event_interruptible(pty->slave.wait, pty->slave.count > 0 || !pty->master_open)) != 0)
            return error;
    }
    return side_take(&pty->slave, buf, count);
}

static ssize_t
ptmx_write(struct file *file, const char __user *buf, size_t count, loff_t *ppos)
{
    struct pty *pty = file->private_data;

    return side_add(&pty->slave, buf, count);
}

static ssize_t
pts_write(struct file *file, const char __user *buf, size_t count, loff_t *ppos)
{
    struct pty *pty = file->private_data;
    int error;

    if (pty->stopped) {
        if (file->f_flags & O_NONBLOCK)
            return -EAGAIN;
        if ((error = wait_event_interruptible(pty->slave.wait, !pty->stopped || !pty->master_open)) != 0)
            return error;
    }
    return pty->master_open ? side_add(&pty->master, buf, count) : -EIO;
}

static unsigned int
ptmx_poll(struct file *file, poll_table *wait)
{
    struct pty *pty = file->private_data;

    return (master_readable(pty) ? POLLIN | POLLRDNORM : 0) | (pty->packet && pty->happened ? POLLPRI : 0) |
           (master_alone(pty) ? POLLHUP : 0) | (pty->slave.count < PTY_BUFFER ? POLLOUT | POLLWRNORM : 0);
}

static unsigned int
pts_poll(struct file *file, poll_table *wait)
{
    struct pty *pty = file->private_data;

    if (!pty->master_open)
        return POLLIN | POLLOUT | POLLERR | POLLHUP | POLLRDNORM | POLLWRNORM;
    return (pty->slave.count > 0 ? POLLIN | POLLRDNORM : 0) |
           (!pty->stopped && pty->master.count < PTY_BUFFER ? POLLOUT | POLLWRNORM : 0);
}

static const struct file_operations ptmx_fops = {
    .owner = THIS_MODULE,
    .open = ptmx_open,
    .release = ptmx_release,
    .read = ptmx_read,
    .write = ptmx_write,
    .unlocked_ioctl = ptmx_ioctl,
    .poll = ptmx_poll,
};
static const struct file_operations ptm_fops = { .owner = THIS_MODULE, .open = ptm_open };
static const struct file_operations pts_fops = {
    .owner = THIS_MODULE,
    .open = pts_open,
    .release = pts_release,
    .read = pts_read,
    .write = pts_write,
    .unlocked_ioctl = pts_ioctl,
    .poll = pts_poll,
};

int
linux_ptmx_init(int major)
{
    int error;

    ptmx_major = major;
    ptm_major = major + 1;
    pts_major = major + 2;
    THIS_MODULE->refcnt = 0;
    if ((error = register_chrdev((unsigned)ptmx_major, "ptmx", &ptmx_fops)) != 0)
        return error;
    if ((error = register_chrdev((unsigned)ptm_major, "ptm", &ptm_fops)) == 0) {
        if ((error = register_chrdev((unsigned)pts_major, "pts", &pts_fops)) == 0)
            return 0;
        unregister_chrdev((unsigned)ptm_major, "ptm");
    }
    unregister_chrdev((unsigned)ptmx_major, "ptmx");
    return error;
}

int
linux_ptmx_exit(void)
{
    if (module_refcount(THIS_MODULE) > 0)
        return -EBUSY;
    unregister_chrdev((unsigned)pts_major, "pts");
    unregister_chrdev((unsigned)ptm_major, "ptm");
    unregister_chrdev((unsigned)ptmx_major, "ptmx");
    return 0;
}
