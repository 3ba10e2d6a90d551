/*
 * linux-file: the common body without any cloning. All who open /dev/foo open the same node with the same number; our
 * open makes a body and hangs it from the file, and every later call brings the file along.
 */
#include <linux/errno.h>
#include <linux/fs.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/uaccess.h>
#include "body.h"

int linux_foo_fails; /* errno of the next open: for tests */

static int
foo_open(struct inode *inode, struct file *file)
{
    struct body *b;
    int error = linux_foo_fails;

    linux_foo_fails = 0;
    if (error != 0)
        return -error;
    if ((b = body_create()) == NULL)
        return -ENOMEM;
    file->private_data = b; /* where the miscdevice was */
    return 0;
}

static int
foo_release(struct inode *inode, struct file *file)
{
    body_destroy(file->private_data);
    return 0;
}

static ssize_t
foo_read(struct file *file, char __user *buf, size_t count, loff_t *ppos)
{
    char data[BODY_BUFFER];
    int n = count < sizeof data ? (int)count : (int)sizeof data;

    n = body_read(file->private_data, data, n);
    return copy_to_user(buf, data, (unsigned long)n) ? -EFAULT : n;
}

static ssize_t
foo_write(struct file *file, const char __user *buf, size_t count, loff_t *ppos)
{
    char data[BODY_BUFFER];
    size_t n = count < sizeof data ? count : sizeof data;

    if (copy_from_user(data, buf, n))
        return -EFAULT;
    return body_write(file->private_data, data, (int)n);
}

static long
foo_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
    int reads;

    if (cmd != BODY_READS)
        return -ENOTTY;
    reads = body_reads(file->private_data);
    return copy_to_user((void __user *)arg, &reads, sizeof reads) ? -EFAULT : 0;
}

static const struct file_operations foo_fops = {
    .owner = THIS_MODULE,
    .open = foo_open,
    .release = foo_release,
    .read = foo_read,
    .write = foo_write,
    .unlocked_ioctl = foo_ioctl,
};
static struct miscdevice foo_misc = { .name = "foo", .fops = &foo_fops, .mode = 0666 };

int
linux_foo_init(void)
{
    linux_foo_fails = 0;
    THIS_MODULE->refcnt = 0;
    foo_misc.minor = MISC_DYNAMIC_MINOR;
    return misc_register(&foo_misc);
}

int
linux_foo_exit(void)
{
    return module_refcount(THIS_MODULE) > 0 ? -EBUSY : misc_deregister(&foo_misc);
}
