/* Included by habit; the host's header is its debugger's affair and is not wanted here. */
#ifndef RILL_SYS_USER_H
#define RILL_SYS_USER_H
#pragma GCC system_header
#include_next <sys/user.h>
#endif
