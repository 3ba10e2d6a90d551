/* Configuration of OpenSS7: nothing. */
#ifndef RILL_SYS_CONFIG_H
#define RILL_SYS_CONFIG_H
#include <sys/types.h>
#endif
