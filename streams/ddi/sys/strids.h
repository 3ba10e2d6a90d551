/* IRIX: the ids of its own modules, which no driver of others needs. */
#ifndef RILL_SYS_STRIDS_H
#define RILL_SYS_STRIDS_H
#include <sys/types.h>
#endif
