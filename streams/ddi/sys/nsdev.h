/*
 * For an open procedure that chooses another driver by name, as nsdev does (drivers/nsdev.c). rill's own: the systems that have
 * such drivers reach into their file system instead.
 */
#ifndef RILL_SYS_NSDEV_H
#define RILL_SYS_NSDEV_H
#include <sys/types.h>
#include <sys/cred.h>
#include <sys/stream.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * The last component of the name by which the stream of q is being opened: 0; ENAMETOOLONG when it does not fit into size
 * bytes; ENXIO when no open by a name is on its way. Called in a driver's open procedure.
 */
int open_name(queue_t *q, char *name, size_t size);

/*
 * The open goes on at another STREAMS driver: q gets its procedures, and its open is called with the minor of *devp, its own
 * major and sflag. 0: the stream is that driver's, *devp its device, and the caller must touch neither q nor its q_ptr again.
 * ENXIO when there is no such driver; else that driver's error. Then q is the caller's, as it was. The caller has not called
 * qprocson.
 */
int chain_open(queue_t *q, const char *driver, dev_t *devp, int oflag, int sflag, cred_t *credp);

#ifdef __cplusplus
}
#endif
#endif
