/* Debugging macros of OpenSS7 are not here; see <sys/debug.h>. */
#ifndef RILL_SYS_STRDEBUG_H
#define RILL_SYS_STRDEBUG_H
#include <sys/debug.h>
#endif
