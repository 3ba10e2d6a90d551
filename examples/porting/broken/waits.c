/* Waits for memory in its put procedure, but only for an ioctl of its own, which nobody else knows. */
#include <sys/types.h>
#include <sys/stream.h>
#define WAITS_RESET (('w' << 8) | 1)
static void request();
#define NAME waits
#define ON_IOCTL(q, mp) request(q, mp)
#include "skeleton.h"
static void
request(q, mp)
    queue_t *q;
    mblk_t *mp;
{
    struct iocblk *ioc = (struct iocblk *)mp->b_rptr;
    char *table;

    switch (ioc->ioc_cmd) {
    case WAITS_RESET:
        table = kmem_alloc(64, KM_SLEEP);
        if (table)
            kmem_free(table, 64);
        mp->b_datap->db_type = M_IOCACK;
        ioc->ioc_count = 0;
        break;
    default:
        mp->b_datap->db_type = M_IOCNAK;
    }
    qreply(q, mp);
}
