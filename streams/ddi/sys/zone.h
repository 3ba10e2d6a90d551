/* Solaris zones: there is one, the global zone. */
#ifndef RILL_SYS_ZONE_H
#define RILL_SYS_ZONE_H
#include <sys/types.h>
#include <sys/cred.h>

typedef int zoneid_t;
#define GLOBAL_ZONEID 0
#define ALL_ZONES (-1)
#define crgetzoneid(cr) ((void)(cr), (zoneid_t)GLOBAL_ZONEID)
#define getzoneid() ((zoneid_t)GLOBAL_ZONEID)
#endif
