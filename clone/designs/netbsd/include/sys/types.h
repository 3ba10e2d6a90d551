/* The host's types, and NetBSD's. */
#ifndef NETBSD_SYS_TYPES_H
#define NETBSD_SYS_TYPES_H
#pragma GCC system_header
#ifndef _DEFAULT_SOURCE
#define _DEFAULT_SOURCE 1
#endif
#include_next <sys/types.h>
#include "../types.h"
#endif
