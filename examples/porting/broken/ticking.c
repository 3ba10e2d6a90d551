/* Leaves a timeout behind, for a queue that is gone when it expires. */
static void tick(void *);
#define NAME ticking
#define ON_OPENED(q) timeout(tick, (caddr_t)(q), 100)
#include "skeleton.h"
static void
tick(void *arg)
{
    putctl1(((queue_t *)arg)->q_next, M_PCSIG, 1);
}
