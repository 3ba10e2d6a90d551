/*
 * ptmx: each open is the master of a new pseudo-terminal. The master is this file and nothing else: it keeps the node and
 * number of ptmx, and no number leads to it. The slave has an index and a node pts/N, so that others can open it, once
 * the master has unlocked it. The index is in use until both sides are closed, and so is the name; without a master it
 * leads nowhere.
 */
#include <asm/ioctls.h>
#include <asm/ioctl.h>
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
    int master_open, locked;
    int slaves;     /* files of the slave */
    int slave_seen; /* it was open once */
    struct side master, slave;
};

static int ptmx_major, ptm_major, pts_major;

/* Both sides are closed. */
static void
pty_done(struct pty *pty)
{
    devpts_pty_kill(pty->inode);
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
    file->private_data = pty;
    return 0;
}

static int
ptmx_release(struct inode *inode, struct file *file)
{
    struct pty *pty = file->private_data;

    pty->master_open = 0;
    wake_up_interruptible(&pty->slave.wait);
    if (pty->slaves == 0)
        pty_done(pty);
    return 0;
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
    default:
        return -ENOIOCTLCMD;
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

static ssize_t
ptmx_read(struct file *file, char __user *buf, size_t count, loff_t *ppos)
{
    struct pty *pty = file->private_data;
    int error;

    if (pty->master.count == 0 && (pty->slaves > 0 || !pty->slave_seen)) {
        if (file->f_flags & O_NONBLOCK)
            return -EAGAIN;
        error = wait_event_interruptible(pty->master.wait, pty->master.count > 0 || (pty->slaves == 0 && pty->slave_seen));
        if (error != 0)
            return error;
    }
    return pty->master.count == 0 ? -EIO : side_take(&pty->master, buf, count); /* nobody is at the other side any more */
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

    return pty->master_open ? side_add(&pty->master, buf, count) : -EIO;
}

static const struct file_operations ptmx_fops = {
    .owner = THIS_MODULE,
    .open = ptmx_open,
    .release = ptmx_release,
    .read = ptmx_read,
    .write = ptmx_write,
    .unlocked_ioctl = ptmx_ioctl,
};
static const struct file_operations ptm_fops = { .owner = THIS_MODULE, .open = ptm_open };
static const struct file_operations pts_fops = {
    .owner = THIS_MODULE,
    .open = pts_open,
    .release = pts_release,
    .read = pts_read,
    .write = pts_write,
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
