/*
 * The other half of I_FDINSERT: a driver finds in the message's control part the value that stands for a stream, and asks here
 * for that stream's queue (IOC-180). The systems that stored the queue's address itself had no such call.
 */
#ifndef RILL_SYS_FDINSERT_H
#define RILL_SYS_FDINSERT_H
#include <sys/stream.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The read queue of the driver in which that stream ends; NULL: no stream has this value, or it has no driver. Good until that
   stream's close. */
queue_t *fdinsert_queue(unsigned int value);

#ifdef __cplusplus
}
#endif
#endif
