/* Commands on network interfaces: the host's SIOC commands, and those that only Solaris has (numbers of rill's own). */
#ifndef RILL_SYS_SOCKIO_H
#define RILL_SYS_SOCKIO_H
#pragma GCC system_header
#include <sys/types.h>
#include <sys/ioctl.h>

#ifndef SIOCSPROMISC
#define SIOCSPROMISC _IOW('i', 48, int)
#endif
#define SIOCGETNAME _IOR('i', 52, char[16])
#define SIOCGIFNUM _IOR('i', 87, int)
#define SIOCGIFMUXID _IOWR('i', 88, char[32])
#define SIOCSIFMUXID _IOW('i', 89, char[32])
#define SIOCGLIFNUM _IOWR('i', 130, int)
#endif
