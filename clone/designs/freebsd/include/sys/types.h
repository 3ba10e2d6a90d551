/* The host's header, with names that strict ISO modes hide. */
#ifndef FREEBSD_SYS_TYPES_H
#define FREEBSD_SYS_TYPES_H
#pragma GCC system_header
#include_next <sys/types.h>

#ifndef __USE_MISC
typedef unsigned char u_char;
typedef unsigned short u_short;
typedef unsigned int u_int;
typedef unsigned long u_long;
typedef char *caddr_t;
#endif

#endif
