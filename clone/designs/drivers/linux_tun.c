/*
 * tun: a network interface whose wire is a file. An open gives a file that is attached to nothing; which interface it is,
 * and whether one is made, TUNSETIFF says afterwards. So the instance has a number, the interface's, and neither node nor
 * device number knows it. The interface goes with the file, unless it was made persistent.
 *
 * In this System an interface sends back every frame that it receives.
 */
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
    int type;              /* IFF_TUN or IFF_TAP */
    int persist;
    struct tun_file *tfile; /* who drives it */
    int frames;
    struct {
        size_t len;
        char data[TUN_MTU];
    } frame[TUN_FRAMES];
    struct tun_struct *next;
};

struct tun_file {
    struct tun_struct *tun;
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

    if (tfile->tun != NULL) {
        tfile->tun->tfile = NULL;
        if (!tfile->tun->persist)
            tun_destroy(tfile->tun);
    }
    kfree(tfile);
    return 0;
}

static int
tun_set_iff(struct tun_file *tfile, struct ifreq *ifr)
{
    int type = ifr->ifr_flags & (IFF_TUN | IFF_TAP), error;
    struct tun_struct *tun = tun_list;

    if (tfile->tun != NULL)
        return -linux_tun_again();
    if (type != IFF_TUN && type != IFF_TAP)
        return -EINVAL;
    while (tun != NULL && strcmp(tun->dev.name, ifr->ifr_name) != 0)
        tun = tun->next;
    if (tun != NULL) {
        if (tun->type != type)
            return -EINVAL;
        if (tun->tfile != NULL)
            return -EBUSY; /* a single queue */
    } else {
        if ((tun = kzalloc(sizeof *tun, GFP_KERNEL)) == NULL)
            return -ENOMEM;
        strcpy(tun->dev.name, ifr->ifr_name[0] ? ifr->ifr_name : type == IFF_TUN ? "tun%d" : "tap%d");
        tun->type = type;
        if ((error = register_netdevice(&tun->dev)) != 0) {
            kfree(tun);
            return error;
        }
        tun->next = tun_list;
        tun_list = tun;
    }
    tun->tfile = tfile;
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
    default:
        return -EINVAL;
    }
}

static ssize_t
tun_read(struct file *file, char __user *buf, size_t count, loff_t *ppos)
{
    struct tun_file *tfile = file->private_data;
    struct tun_struct *tun = tfile->tun;
    int error;

    if (tun == NULL)
        return -EBADFD;
    if (tun->frames == 0 && (file->f_flags & O_NONBLOCK))
        return -EAGAIN;
    if ((error = wait_event_interruptible(tfile->wait, tun->frames > 0)) != 0)
        return error;
    if (count > tun->frame[0].len)
        count = tun->frame[0].len; /* the rest of a longer frame is lost */
    if (copy_to_user(buf, tun->frame[0].data, count))
        return -EFAULT;
    tun->frames--;
    memmove(&tun->frame[0], &tun->frame[1], (size_t)tun->frames * sizeof tun->frame[0]);
    return (ssize_t)count;
}

static ssize_t
tun_write(struct file *file, const char __user *buf, size_t count, loff_t *ppos)
{
    struct tun_file *tfile = file->private_data;
    struct tun_struct *tun = tfile->tun;

    if (tun == NULL)
        return -EBADFD;
    if (count > TUN_MTU)
        return -EINVAL;
    if (tun->frames == TUN_FRAMES)
        return (ssize_t)count; /* received, and what was to be sent back is dropped */
    if (copy_from_user(tun->frame[tun->frames].data, buf, count))
        return -EFAULT;
    tun->frame[tun->frames++].len = count;
    wake_up_interruptible(&tfile->wait);
    return (ssize_t)count;
}

static unsigned int
tun_poll(struct file *file, poll_table *wait)
{
    struct tun_file *tfile = file->private_data;

    if (tfile->tun == NULL)
        return POLLERR;
    return POLLOUT | (tfile->tun->frames > 0 ? POLLIN : 0);
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
