/* Asks for room in band 0, whatever the message's band: a band that is full grows without end. */
#include <sys/types.h>
#include <sys/stream.h>
static int answer(), again();
#define NAME bands
#define ON_DATA(q, mp) putq(q, mp)
#define SERVICE answer
#define READ_SERVICE again
#include "skeleton.h"
static int
answer(q)
    queue_t *q;
{
    mblk_t *mp;

    while ((mp = getq(q)) != NULL) {
        if (!canputnext(RD(q))) {
            putbq(q, mp);
            break;
        }
        qreply(q, mp);
    }
    return 0;
}
static int
again(q)
    queue_t *q;
{
    qenable(WR(q));
    return 0;
}
