/*
 * tun: a network interface whose wire is a file. An open gives a file that is attached to nothing; which interface it is,
 * and whether one is made, TUNSETIFF says afterwards. So the instance has a number, the interface's, and neither node nor
 * device number knows it. The interface goes with the file, unless it was made persistent.
 *
 * In this System an interface is up when it is made, and sends back every frame that it receives: to the file that the
 * frame came from, which is one of several where the interface has many queues.
 */
#include <linux/capability.h>
#include <linux/cred.h>
#include <linux/errno.h>
#include <linux/fs.h>
#include <linux/if.h>
#include <linux/if_tun.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/netdevice.h>
#include <linux/poll.h>
#include <linux/slab.h>
#include <linux/uaccess.h>
#include <string.h>

#define TUN_FRAMES 4
#define TUN_MTU 256

struct tun_file;

struct tun_struct {
    struct net_device dev; /* first */
    int type;              /* IFF_TUN or IFF_TAP; IFF_MULTI_QUEUE */
    int persist;
    int owned;             /* it has an owner */
    unsigned int owner;
    int queues;            /* files that drive it */
    struct tun_struct *next;
};

struct tun_file {
    struct tun_struct *tun;
    int frames;
    struct {
        size_t len;
        char data[TUN_MTU];
    } frame[TUN_FRAMES];
    wait_queue_head_t wait;
};

static struct tun_struct *tun_list;

static void
tun_destroy(struct tun_struct *tun)
{
    struct tun_struct **link;

    for (link = &tun_list; *link != tun; link = &(*link)->next)
        ;
    *link = tun->next;
    unregister_netdevice(&tun->dev);
    kfree(tun);
}

static int
tun_open(struct inode *inode, struct file *file)
{
    struct tun_file *tfile = kzalloc(sizeof *tfile, GFP_KERNEL);

    if (tfile == NULL)
        return -ENOMEM;
    file->private_data = tfile;
    return 0;
}

static int
tun_release(struct inode *inode, struct file *file)
{
    struct tun_file *tfile = file->private_data;

    if (tfile->tun != NULL && --tfile->tun->queues == 0 && !tfile->tun->persist)
        tun_destroy(tfile->tun);
    kfree(tfile);
    return 0;
}

/* The order of the refusals is what LNX-115 says. */
static int
tun_set_iff(struct tun_file *tfile, struct ifreq *ifr)
{
    int flags = ifr->ifr_flags & 0xffff, error;
    struct tun_struct *tun = tun_list;

    if (tfile->tun != NULL)
        return -linux_tun_again();
    while (tun != NULL && strcmp(tun->dev.name, ifr->ifr_name) != 0)
        tun = tun->next;
    if (tun != NULL) {
        if (flags & IFF_TUN_EXCL)
            return -EBUSY;
        if (!(tun->type & flags & (IFF_TUN | IFF_TAP)) || (tun->type & IFF_MULTI_QUEUE) != (flags & IFF_MULTI_QUEUE))
            return -EINVAL;
        if (tun->owned && tun->owner != current_euid() && !capable(CAP_NET_ADMIN))
            return -EPERM;
        if (tun->queues > 0 && !(tun->type & IFF_MULTI_QUEUE))
            return -EBUSY;
    } else {
        if (!capable(CAP_NET_ADMIN))
            return -EPERM;
        if (!(flags & (IFF_TUN | IFF_TAP)))
            return -EINVAL;
        if ((tun = kzalloc(sizeof *tun, GFP_KERNEL)) == NULL)
            return -ENOMEM;
        tun->type = (flags & IFF_TUN ? IFF_TUN : IFF_TAP) | (flags & IFF_MULTI_QUEUE);
        strcpy(tun->dev.name, ifr->ifr_name[0] ? ifr->ifr_name : flags & IFF_TUN ? "tun%d" : "tap%d");
        if ((error = register_netdevice(&tun->dev)) != 0) {
            kfree(tun);
            return error;
        }
        tun->next = tun_list;
        tun_list = tun;
    }
    tun->queues++;
    tfile->tun = tun;
    strcpy(ifr->ifr_name, tun->dev.name);
    return 0;
}

static long
tun_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
    struct tun_file *tfile = file->private_data;
    void __user *argp = (void __user *)arg;
    struct ifreq ifr;
    int error;

    if (cmd == TUNSETIFF) {
        if (copy_from_user(&ifr, argp, sizeof ifr))
            return -EFAULT;
        ifr.ifr_name[IFNAMSIZ - 1] = '\0';
        if ((error = tun_set_iff(tfile, &ifr)) != 0)
            return error;
        return copy_to_user(argp, &ifr, sizeof ifr) ? -EFAULT : 0;
    }
    if (tfile->tun == NULL)
        return -EBADFD;
    switch (cmd) {
    case TUNGETIFF:
        memset(&ifr, 0, sizeof ifr);
        strcpy(ifr.ifr_name, tfile->tun->dev.name);
        ifr.ifr_flags = (short)(tfile->tun->type | IFF_NO_PI);
        return copy_to_user(argp, &ifr, sizeof ifr) ? -EFAULT : 0;
    case TUNSETPERSIST:
        tfile->tun->persist = arg != 0;
        return 0;
    case TUNSETOWNER:
        tfile->tun->owned = 1;
        tfile->tun->owner = (unsigned int)arg;
        return 0;
    default:
        return -EINVAL;
    }
}

static ssize_t
tun_read(struct file *file, char __user *buf, size_t count, loff_t *ppos)
{
    struct tun_file *tfile = file->private_data;
    int error;

    if (tfile->tun == NULL)
        return -EBADFD;
    if (tfile->frames == 0 && (file->f_flags & O_NONBLOCK))
        return -EAGAIN;
    if ((error = wait_event_interruptible(tfile->wait, tfile->frames > 0)) != 0)
        return error;
    if (count > tfile->frame[0].len)
        count = tfile->frame[0].len; /* the rest of a longer frame is lost */
    if (copy_to_user(buf, tfile->frame[0].data, count))
        return -EFAULT;
    tfile->frames--;
    memmove(&tfile->frame[0], &tfile->frame[1], (size_t)tfile->frames * sizeof tfile->frame[0]);
    return (ssize_t)count;
}

static ssize_t
tun_write(struct file *file, const char __user *buf, size_t count, loff_t *ppos)
{
    struct tun_file *tfile = file->private_data;

    if (tfile->tun == NULL)
        return -EBADFD;
    if (count > TUN_MTU)
        return -EINVAL;
    if (!(tfile->tun->dev.flags & IFF_UP))
        return -EIO;
    if (tfile->frames == TUN_FRAMES)
        return (ssize_t)count; /* received, and what was to be sent back is dropped */
    if (copy_from_user(tfile->frame[tfile->frames].data, buf, count))
        return -EFAULT;
    tfile->frame[tfile->frames++].len = count;
    wake_up_interruptible(&tfile->wait);
    return (ssize_t)count;
}

static unsigned int
tun_poll(struct file *file, poll_table *wait)
{
    struct tun_file *tfile = file->private_data;

    if (tfile->tun == NULL)
        return POLLERR;
    return (tfile->tun->dev.flags & IFF_UP ? POLLOUT | POLLWRNORM : 0) | (tfile->frames > 0 ? POLLIN | POLLRDNORM : 0);
}

static const struct file_operations tun_fops = {
    .owner = THIS_MODULE,
    .open = tun_open,
    .release = tun_release,
    .read = tun_read,
    .write = tun_write,
    .unlocked_ioctl = tun_ioctl,
    .poll = tun_poll,
};
static struct miscdevice tun_misc = { .minor = TUN_MINOR, .name = "tun", .fops = &tun_fops, .nodename = "net/tun", .mode = 0666 };

int
linux_tun_init(void)
{
    tun_list = NULL;
    THIS_MODULE->refcnt = 0;
    return misc_register(&tun_misc);
}

int
linux_tun_exit(void)
{
    if (module_refcount(THIS_MODULE) > 0)
        return -EBUSY;
    while (tun_list != NULL) /* persistent ones */
        tun_destroy(tun_list);
    return misc_deregister(&tun_misc);
}
