/* Commands that say which way their argument goes and how large it is: _IO, _IOR, _IOW, _IOWR; the host's coding. */
#ifndef RILL_SYS_IOCCOM_H
#define RILL_SYS_IOCCOM_H
#pragma GCC system_header
#include <sys/types.h>
#include <sys/ioctl.h>

#define IOCPARM_MASK _IOC_SIZEMASK
#define IOCPARM_LEN(command) _IOC_SIZE(command)
#define IOC_VOID (_IOC_NONE << _IOC_DIRSHIFT)
#define IOC_OUT (_IOC_READ << _IOC_DIRSHIFT)
#define IOC_IN (_IOC_WRITE << _IOC_DIRSHIFT)
#define IOC_INOUT (IOC_IN | IOC_OUT)
#define _IORN(group, number, size) _IOC(_IOC_READ, (group), (number), (size))
#define _IOWN(group, number, size) _IOC(_IOC_WRITE, (group), (number), (size))
#define _IOWRN(group, number, size) _IOC(_IOC_READ | _IOC_WRITE, (group), (number), (size))
#endif
