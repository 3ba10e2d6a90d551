/* What every driver of this family includes first. A driver for the kernel of 2007 defines DRAGONFLY_2007 before it. */
#ifndef DRAGONFLY_SYS_PARAM_H
#define DRAGONFLY_SYS_PARAM_H
#include <sys/types.h>
#include <errno.h>

#undef minor
#define minor(dev) ((dev)->si_uminor)

#endif
