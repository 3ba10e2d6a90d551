// The family's own headers in C++, where the tags that the host or rill have too get other names.
#pragma once

#include <sys/uio.h>

#define uio dragonfly_uio
#define ucred dragonfly_ucred
#define proc dragonfly_proc
#include "clone/designs/dragonfly/include/sys/conf.h"
#ifndef DRAGONFLY_2007
#include "clone/designs/dragonfly/include/sys/devfs.h"
#endif
#include "clone/designs/dragonfly/include/sys/proc.h"
#include "clone/designs/dragonfly/include/sys/ucred.h"
#include "clone/designs/dragonfly/include/sys/uio.h"
#undef uio
#undef ucred
#undef proc
