/*
 * Looks at the next queue's count, instead of asking canputnext(): the queue there does not know that somebody waits, and
 * when the reader has taken all, nobody schedules this one.
 */
#include <sys/types.h>
#include <sys/stream.h>
static int up();
#define NAME putback
#define ON_DATA(q, mp) putq(RD(q), mp)
#define READ_SERVICE up
#include "skeleton.h"
static int
up(q)
    queue_t *q;
{
    mblk_t *mp;

    while ((mp = getq(q)) != NULL) {
        if (q->q_next->q_count > 0) {
            putbq(q, mp);
            break;
        }
        putnext(q, mp);
    }
    return 0;
}
