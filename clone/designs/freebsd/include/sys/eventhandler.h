/* The dev_clone event: a name was looked up in /dev that has no entry. */
#ifndef FREEBSD_SYS_EVENTHANDLER_H
#define FREEBSD_SYS_EVENTHANDLER_H
#include "ucred.h"

#define EVENTHANDLER_PRI_FIRST 0
#define EVENTHANDLER_PRI_ANY 10000
#define EVENTHANDLER_PRI_LAST 20000

struct cdev;
typedef struct freebsd_eventhandler *eventhandler_tag;

/* dev: the result cell. Not NULL when another handler has answered: then leave it alone. */
typedef void (*dev_clone_fn)(void *arg, struct ucred *cred, char *name, int namelen, struct cdev **dev);
typedef void (*dev_clone_nocred_fn)(void *arg, char *name, int namelen, struct cdev **dev); /* before 6 */

/* A tag, or NULL: no memory. */
#define EVENTHANDLER_REGISTER_CRED(name, func, arg, priority) freebsd_register_##name(func, arg, priority)
#define EVENTHANDLER_REGISTER_NOCRED(name, func, arg, priority) freebsd_register_nocred_##name(func, arg, priority)
#if __FreeBSD_version >= 600000
#define EVENTHANDLER_REGISTER EVENTHANDLER_REGISTER_CRED
#else
#define EVENTHANDLER_REGISTER EVENTHANDLER_REGISTER_NOCRED
#endif
#define EVENTHANDLER_DEREGISTER(name, tag) freebsd_deregister_##name(tag)

#ifdef __cplusplus
extern "C" {
#endif
eventhandler_tag freebsd_register_dev_clone(dev_clone_fn, void *arg, int priority);
eventhandler_tag freebsd_register_nocred_dev_clone(dev_clone_nocred_fn, void *arg, int priority);
void freebsd_deregister_dev_clone(eventhandler_tag);
#ifdef __cplusplus
}
#endif

#endif
