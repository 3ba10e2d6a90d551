#ifndef FREEBSD_SYS_POLL_H
#define FREEBSD_SYS_POLL_H
#pragma GCC system_header
#include <poll.h>

#endif
