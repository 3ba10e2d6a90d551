/* Keeps a copy for itself and changes the message; but dupmsg() copies no data. */
#include <sys/types.h>
#include <sys/stream.h>
static void tag();
#define NAME shared
#define ON_DATA(q, mp) tag(q, mp)
#include "skeleton.h"
static void
tag(q, mp)
    queue_t *q;
    mblk_t *mp;
{
    mblk_t *copy = dupmsg(mp);

    if (mp->b_wptr > mp->b_rptr)
        *mp->b_rptr ^= 0x80;
    qreply(q, mp);
    if (copy)
        freemsg(copy);
}
