/*
 * Devices of a single minor. They share one major, and the open of a node of that major goes on with the operations that
 * are registered for its minor. This major is 10 in Linux; here it is another one, as 10 is the clone driver's.
 */
#ifndef LINUX_LINUX_MISCDEVICE_H
#define LINUX_LINUX_MISCDEVICE_H
#include "fs.h"

#ifdef __cplusplus
extern "C" {
#endif

#define MISC_MAJOR 130
#define TUN_MINOR 200
#define MISC_DYNAMIC_MINOR 255 /* any: replaced by the one that was picked */

struct miscdevice {
    int minor;
    const char *name;
    const struct file_operations *fops;
    const char *nodename;  /* below /dev; NULL: the name */
    unsigned short mode;   /* 0: 0600 */
};

#define misc_register linux_misc_register
#define misc_deregister linux_misc_deregister
int misc_register(struct miscdevice *misc); /* 0; -EBUSY; which minors are dynamic ones, the kernel's age decides */
int misc_deregister(struct miscdevice *misc);

#ifdef __cplusplus
}
#endif
#endif
