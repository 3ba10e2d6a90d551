/* Linux: Routines of loading: <sys/LiS/module.h>. */
#ifndef RILL_LINUX_INIT_H
#define RILL_LINUX_INIT_H
#include <sys/LiS/module.h>
#endif
