/* Integer types of fixed width. */
#ifndef RILL_SYS_INT_TYPES_H
#define RILL_SYS_INT_TYPES_H
#include <sys/types.h>
#endif
