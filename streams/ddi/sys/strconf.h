/* OpenSS7 registration is rill's sysgen's affair; the flags stand in <sys/conf.h>. */
#ifndef RILL_SYS_STRCONF_H
#define RILL_SYS_STRCONF_H
#include <sys/stream.h>
#include <sys/conf.h>
#endif
