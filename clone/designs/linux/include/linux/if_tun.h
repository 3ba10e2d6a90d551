#ifndef LINUX_LINUX_IF_TUN_H
#define LINUX_LINUX_IF_TUN_H
#include <asm/ioctl.h>

#define TUNSETIFF _IOW('T', 202, int)     /* struct ifreq: name and flags; the name is written back */
#define TUNSETPERSIST _IOW('T', 203, int) /* 1: the interface outlives the file */
#define TUNSETOWNER _IOW('T', 204, int)   /* whose it is while it is persistent */
#define TUNGETIFF _IOR('T', 210, unsigned int)

#define IFF_TUN 0x0001
#define IFF_TAP 0x0002
#define IFF_MULTI_QUEUE 0x0100 /* several files may drive the interface */
#define IFF_NO_PI 0x1000 /* frames as they are; the only way here */
#define IFF_TUN_EXCL 0x8000 /* a new interface or none */

#ifdef __cplusplus
extern "C" {
#endif
int linux_tun_again(void); /* what a second TUNSETIFF on one file answers: differs by generation */
#ifdef __cplusplus
}
#endif

#endif
