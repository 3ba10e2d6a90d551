/*
 * A node of a file system is an inode; an open of it is a struct file, which every operation is given. What a driver keeps
 * for one open hangs from its private_data. Operations answer a negative errno.
 */
#ifndef LINUX_LINUX_FS_H
#define LINUX_LINUX_FS_H
#include <fcntl.h>
#include <sys/types.h>
#include <linux/errno.h>

#ifdef __cplusplus
extern "C" {
#endif

#define __user
#define loff_t linux_loff_t
typedef long long loff_t;

struct module;
struct poll_table_struct;

struct inode {
    dev_t i_rdev;
    unsigned short i_mode;
    unsigned long i_ino;
    void *i_private;
};

struct file {
    const struct file_operations *f_op;
    struct inode *f_inode;
    unsigned int f_flags; /* O_NONBLOCK ... */
    loff_t f_pos;
    void *private_data; /* the driver's */
};

struct file_operations {
    struct module *owner;
    ssize_t (*read)(struct file *, char __user *, size_t, loff_t *);
    ssize_t (*write)(struct file *, const char __user *, size_t, loff_t *);
    unsigned int (*poll)(struct file *, struct poll_table_struct *);
    int (*ioctl)(struct inode *, struct file *, unsigned int, unsigned long); /* older drivers */
    long (*unlocked_ioctl)(struct file *, unsigned int, unsigned long);
    int (*open)(struct inode *, struct file *);
    int (*release)(struct inode *, struct file *); /* once, when the last descriptor of the file is closed */
};

#define MKDEV linux_mkdev
#define iminor linux_iminor
#define imajor linux_imajor
dev_t MKDEV(unsigned int major, unsigned int minor);
unsigned int iminor(const struct inode *inode);
unsigned int imajor(const struct inode *inode);

#define register_chrdev linux_register_chrdev
#define unregister_chrdev linux_unregister_chrdev
/* A node below /dev, as udev makes it for a device that a driver has added. */
#define device_node linux_device_node
#define device_node_gone linux_device_node_gone
int device_node(const char *name, dev_t device, unsigned short mode);
void device_node_gone(const char *name);
#define fget_valid linux_fget_valid
int fget_valid(unsigned int fd); /* is it a descriptor of the caller's? */

int register_chrdev(unsigned int major, const char *name, const struct file_operations *fops); /* 0; -EBUSY */
void unregister_chrdev(unsigned int major, const char *name);

#ifdef __cplusplus
}
#endif
#endif
