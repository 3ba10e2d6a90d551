/* The host's error numbers, among them ENOSR, ENOSTR, ETIME. */
#ifndef RILL_SYS_ERRNO_H
#define RILL_SYS_ERRNO_H
#pragma GCC system_header
#include <errno.h>
#endif
