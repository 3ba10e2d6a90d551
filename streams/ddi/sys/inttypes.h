/* Integer types of fixed width. */
#ifndef RILL_SYS_INTTYPES_H
#define RILL_SYS_INTTYPES_H
#include <sys/types.h>
#include <inttypes.h>
#endif
