/* What both IRIX drivers of the body do once open has found a minor. */
#ifndef DESIGNS_IRIX_STREAM_H
#define DESIGNS_IRIX_STREAM_H
#include <sys/types.h>
#include <sys/stream.h>
#include <sys/minor.h>

int irix_start(queue_t *q, minor_table_t *minors, int minor); /* 0, or ENOMEM and the minor is given back */
void irix_stop(queue_t *q, minor_table_t *minors);
int irix_wput(queue_t *q, mblk_t *mp);

#endif
