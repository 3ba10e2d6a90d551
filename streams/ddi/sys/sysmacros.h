/* major(), minor(), makedev() as driver code means them; the host's header otherwise. */
#ifndef RILL_SYS_SYSMACROS_H
#define RILL_SYS_SYSMACROS_H
#pragma GCC system_header
#include_next <sys/sysmacros.h>
#include <sys/mkdev.h>

#if defined(_KERNEL) || defined(RILL_SYS_STREAM_H) || defined(RILL_SYS_DDI_H)
#undef major
#undef minor
#undef makedev
#define major(dev) getmajor(dev)
#define minor(dev) getminor(dev)
#define makedev(maj, min) makedevice(maj, min)
#endif

#endif
