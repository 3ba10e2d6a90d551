/*
 * What connld asks of the stream that it is pushed on: that each open of a name of this pipe end give its opener a pipe of
 * his own, the other end of which waits at the other end of this pipe as a passed descriptor (connld(7)). Any module may.
 */
#ifndef RILL_SYS_CONNLD_H
#define RILL_SYS_CONNLD_H
#include <sys/stream.h>

#ifdef __cplusplus
extern "C" {
#endif

/* q is the module's. 0; EINVAL: the stream is no end of a pipe, or the other end is linked below a multiplexor; ENXIO: it is on
   already. */
int connld_on(queue_t *q);
void connld_off(queue_t *q);

#ifdef __cplusplus
}
#endif
#endif
