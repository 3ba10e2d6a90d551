/* OpenSS7, when a source asks for the calls of SVR4: what its sources begin with in place of the headers of a STREAMS driver. */
#ifndef RILL_SYS_SVR4_COMPAT_H
#define RILL_SYS_SVR4_COMPAT_H
#include <sys/os7/compat.h>
#endif
