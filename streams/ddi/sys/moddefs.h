/* SVR4.2 and IRIX loadable drivers: a version string, and the wrapper macros, whose work sysgen does. */
#ifndef RILL_SYS_MODDEFS_H
#define RILL_SYS_MODDEFS_H
#include <sys/types.h>

#define M_VERSION "rill"
#define MOD_DRV_WRAPPER(prefix, load, unload, halt, name)
#define MOD_STR_WRAPPER(prefix, load, unload, name)
#define MOD_MISC_WRAPPER(prefix, load, unload, name)
#endif
