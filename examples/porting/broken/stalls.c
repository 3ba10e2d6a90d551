/*
 * Passes one message on each time its service procedure runs, and leaves the rest for the next time. There is none: as
 * getq() found a message, putq() does not schedule the queue.
 */
#include <sys/types.h>
#include <sys/stream.h>
static int one(), again();
#define NAME stalls
#define ON_DATA(q, mp) putq(q, mp)
#define SERVICE one
#define READ_SERVICE again
#include "skeleton.h"
static int
one(q)
    queue_t *q;
{
    mblk_t *mp = getq(q);

    if (mp == NULL)
        return 0;
    if (bcanputnext(RD(q), mp->b_band))
        qreply(q, mp);
    else
        putbq(q, mp);
    return 0;
}
static int
again(q)
    queue_t *q;
{
    qenable(WR(q));
    return 0;
}
