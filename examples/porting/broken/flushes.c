/* Frees an M_FLUSH that it should turn round: what waits on the read side is never flushed. */
#define NAME flushes
#define ON_FLUSHR(q, mp) freemsg(mp)
#include "skeleton.h"
