/*
 * loop: the instance is a device of its own, loopN, and which one is free another device tells, loop-control. So the
 * number is picked before the open that it is for. loop-control goes by two rules: LOOP_CTL_GET_FREE answers the first
 * device that there is and that nothing is bound to, and makes one only when there is none, so that it passes holes by;
 * LOOP_CTL_ADD with a negative number makes a device in the lowest hole. Between the answer and the binding somebody else
 * may be faster: then LOOP_CONFIGURE says EBUSY, and the program asks again.
 *
 * What a device is bound to is of no concern here: the body stands for it.
 */
#include "body.h"

#include <linux/capability.h>
#include <linux/errno.h>
#include <linux/fs.h>
#include <linux/loop.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/uaccess.h>
#include <stdio.h>

struct loop_device {
    int number;
    int openers;
    int autoclear;     /* unbound by the last close */
    struct body *body; /* what it is bound to */
    struct loop_device *next;
};

static struct loop_device *loops; /* by number */
static int loop_bound;

static struct loop_device *
loop_find(int number)
{
    struct loop_device *lo = loops;

    while (lo != NULL && lo->number != number)
        lo = lo->next;
    return lo;
}

static void
loop_name(char name[32], int number)
{
    snprintf(name, 32, "loop%d", number);
}

/* The number, the lowest hole if it is negative; -EEXIST, -ENOSPC. */
static int
loop_add(int number)
{
    struct loop_device *lo, **link;
    char name[32];
    const char *rule;
    int error, count = 0;

    if (number >= 0 && loop_find(number) != NULL)
        return -EEXIST;
    for (lo = loops; lo != NULL; lo = lo->next)
        count++;
    if (count == loop_bound)
        return -ENOSPC;
    rule = number < 0 ? "the lowest number that no device has" : "the number that was asked for";
    if (number < 0)
        for (number = 0; loop_find(number) != NULL;)
            number++;
    if ((lo = kzalloc(sizeof *lo, GFP_KERNEL)) == NULL)
        return -ENOMEM;
    lo->number = number;
    loop_picked(number, rule);
    loop_name(name, number);
    if ((error = device_node(name, MKDEV(LOOP_MAJOR, (unsigned)number), 0660)) != 0) {
        kfree(lo);
        return error;
    }
    for (link = &loops; *link != NULL && (*link)->number < number;)
        link = &(*link)->next;
    lo->next = *link;
    *link = lo;
    return number;
}

static void
loop_destroy(struct loop_device *lo)
{
    struct loop_device **link = &loops;
    char name[32];

    while (*link != lo)
        link = &(*link)->next;
    *link = lo->next;
    loop_name(name, lo->number);
    device_node_gone(name);
    kfree(lo);
}

static int
loop_remove(int number)
{
    struct loop_device *lo;

    if (number < 0)
        return -EINVAL;
    if ((lo = loop_find(number)) == NULL)
        return -ENODEV;
    if (lo->body != NULL || lo->openers > 0)
        return -EBUSY;
    loop_destroy(lo);
    return 0;
}

static int
loop_get_free(void)
{
    struct loop_device *lo;

    for (lo = loops; lo != NULL; lo = lo->next)
        if (lo->body == NULL)
            return loop_picked(lo->number, "the first device that nothing is bound to");
    return loop_add(-1);
}

static long
loop_control_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
    switch (cmd) {
    case LOOP_CTL_ADD:
        return loop_add((int)arg);
    case LOOP_CTL_REMOVE:
        return loop_remove((int)arg);
    case LOOP_CTL_GET_FREE:
        return loop_get_free();
    default:
        return -ENOSYS;
    }
}

/* An open of a number that has no device makes it. */
static int
lo_open(struct inode *inode, struct file *file)
{
    int number = (int)iminor(inode);
    struct loop_device *lo = loop_find(number);

    if (lo == NULL) {
        if (loop_add(number) < 0)
            return -ENXIO;
        lo = loop_find(number);
    }
    lo->openers++;
    file->private_data = lo;
    return 0;
}

static void
lo_unbind(struct loop_device *lo)
{
    body_destroy(lo->body);
    lo->body = NULL;
    lo->autoclear = 0;
}

static int
lo_release(struct inode *inode, struct file *file)
{
    struct loop_device *lo = file->private_data;

    if (--lo->openers == 0 && lo->autoclear)
        lo_unbind(lo);
    return 0;
}

static int
lo_bind(struct loop_device *lo, unsigned int fd, int autoclear)
{
    if (!fget_valid(fd))
        return -EBADF;
    if (lo->body != NULL)
        return -EBUSY;
    if ((lo->body = body_create()) == NULL)
        return -ENOMEM;
    lo->autoclear = autoclear;
    return 0;
}

static long
lo_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
    struct loop_device *lo = file->private_data;
    struct loop_config config;
    int reads;

    switch (cmd) {
    case LOOP_SET_FD:
        return lo_bind(lo, (unsigned int)arg, 0);
    case LOOP_CONFIGURE:
        if (copy_from_user(&config, (void __user *)arg, sizeof config))
            return -EFAULT;
        return lo_bind(lo, config.fd, (config.info.lo_flags & LO_FLAGS_AUTOCLEAR) != 0);
    }
    if (lo->body == NULL)
        return -ENXIO;
    switch (cmd) {
    case LOOP_CLR_FD: /* at once, or when the others have closed it */
        if (lo->openers > 1)
            lo->autoclear = 1;
        else
            lo_unbind(lo);
        return 0;
    case BODY_READS:
        reads = body_reads(lo->body);
        return copy_to_user((void __user *)arg, &reads, sizeof reads) ? -EFAULT : 0;
    default:
        return -ENOTTY;
    }
}

static ssize_t
lo_read(struct file *file, char __user *buf, size_t count, loff_t *ppos)
{
    struct loop_device *lo = file->private_data;
    char data[BODY_BUFFER];
    int n = count < sizeof data ? (int)count : (int)sizeof data;

    if (lo->body == NULL)
        return 0; /* a device of no size */
    n = body_read(lo->body, data, n);
    return copy_to_user(buf, data, (unsigned long)n) ? -EFAULT : n;
}

static ssize_t
lo_write(struct file *file, const char __user *buf, size_t count, loff_t *ppos)
{
    struct loop_device *lo = file->private_data;
    char data[BODY_BUFFER];
    size_t n = count < sizeof data ? count : sizeof data;

    if (lo->body == NULL)
        return -ENOSPC;
    if (copy_from_user(data, buf, n))
        return -EFAULT;
    return body_write(lo->body, data, (int)n);
}

static const struct file_operations control_fops = { .owner = THIS_MODULE, .unlocked_ioctl = loop_control_ioctl };
static const struct file_operations lo_fops = {
    .owner = THIS_MODULE,
    .open = lo_open,
    .release = lo_release,
    .read = lo_read,
    .write = lo_write,
    .unlocked_ioctl = lo_ioctl,
};
static struct miscdevice control_misc = { .minor = LOOP_CTRL_MINOR, .name = "loop-control", .fops = &control_fops, .mode = 0660 };

int
linux_loop_init(int bound)
{
    int error;

    loops = NULL;
    loop_bound = bound;
    THIS_MODULE->refcnt = 0;
    if ((error = register_chrdev(LOOP_MAJOR, "loop", &lo_fops)) != 0)
        return error;
    if ((error = misc_register(&control_misc)) != 0)
        unregister_chrdev(LOOP_MAJOR, "loop");
    return error;
}

int
linux_loop_exit(void)
{
    if (module_refcount(THIS_MODULE) > 0)
        return -EBUSY;
    while (loops != NULL) {
        if (loops->body != NULL)
            lo_unbind(loops);
        loop_destroy(loops);
    }
    misc_deregister(&control_misc);
    unregister_chrdev(LOOP_MAJOR, "loop");
    return 0;
}
