/* What every driver of this family includes first. */
#ifndef DCLONE_SYS_PARAM_H
#define DCLONE_SYS_PARAM_H
#include <sys/types.h>
#include <errno.h>

#undef major
#undef minor
#undef makedev
#define major(dev) ((int)((dev) >> 18 & 0x3fff))
#define minor(dev) ((int)((dev) & 0x3ffff))
#define makedev(major, minor) ((dev_t)(major) << 18 | (dev_t)(minor))

#endif
