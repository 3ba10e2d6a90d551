/* Commands that carry the size of their data and which way it goes; the call copies it, the driver sees kernel memory. */
#ifndef NETBSD_SYS_IOCCOM_H
#define NETBSD_SYS_IOCCOM_H
#include <asm/ioctl.h>
#endif
