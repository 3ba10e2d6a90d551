/* OpenSS7: what its sources begin with in place of the headers of a STREAMS driver. */
#ifndef RILL_SYS_OS7_COMPAT_H
#define RILL_SYS_OS7_COMPAT_H
#include <sys/types.h>
#include <sys/stream.h>
#include <sys/strconf.h>
#include <sys/strsubr.h>
#include <sys/stropts.h>
#include <sys/kmem.h>
#include <sys/cmn_err.h>
#include <sys/strdebug.h>
#include <sys/LiS/module.h>
#include <sys/ddi.h>
#endif
