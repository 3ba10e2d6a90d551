/* Configuration of LiS and OpenSS7: words in front of procedures, and names for what drivers of theirs call static. */
#ifndef RILL_SYS_CONFIG_H
#define RILL_SYS_CONFIG_H
#include <sys/types.h>

#ifndef STATIC
#define STATIC static
#endif
#ifndef INLINE
#define INLINE __inline__
#endif
#define _RP
#define streamscall
#define streams_fastcall
#define streams_inline __inline__
#define streams_noinline __attribute__((__noinline__))
#define streams_weak __attribute__((__weak__))
typedef unsigned short modID_t;
#include <sys/linuxkern.h>
#endif
