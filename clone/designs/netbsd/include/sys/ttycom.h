#ifndef NETBSD_SYS_TTYCOM_H
#define NETBSD_SYS_TTYCOM_H
#include "ioccom.h"

struct ptmget {
    int cfd, sfd;              /* control side and slave side */
    char cn[1024], sn[1024];   /* and their names */
};
#define NETBSD_TIOCPTMGET _IOR('t', 70, struct ptmget)  /* of /dev/ptm: a pair */
#define NETBSD_TIOCGRANTPT _IO('t', 71)                 /* of a master: grantpt(3) */
#define NETBSD_TIOCPTSNAME _IOR('t', 72, struct ptmget) /* of a master: ptsname(3), cfd and sfd -1 */
#ifndef __cplusplus
#define TIOCPTMGET NETBSD_TIOCPTMGET
#define TIOCGRANTPT NETBSD_TIOCGRANTPT
#define TIOCPTSNAME NETBSD_TIOCPTSNAME
#endif
#endif
