/* Stream head internals are no driver's; the interface is <sys/stream.h>. */
#ifndef RILL_SYS_STRSUBR_H
#define RILL_SYS_STRSUBR_H
#include <sys/types.h>
#include <sys/stream.h>
#include <sys/strsun.h>
#endif
