/* IRIX: a loadable driver has `char *pfxmversion = M_VERSION;` (CFG-036). */
#ifndef RILL_SYS_MLOAD_H
#define RILL_SYS_MLOAD_H
#include <sys/moddefs.h>
#endif
