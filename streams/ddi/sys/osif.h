/* LiS drivers include this for what SVR4 has in <sys/ddi.h>. */
#ifndef RILL_SYS_OSIF_H
#define RILL_SYS_OSIF_H
#include <sys/stream.h>
#include <sys/ddi.h>
#include <sys/strconf.h>
#endif
