/* Solaris zones: there is one, the global zone. */
#ifndef RILL_SYS_ZONE_H
#define RILL_SYS_ZONE_H
#include <sys/types.h>
#include <sys/cred.h>

#ifdef __cplusplus
extern "C" {
#define RILL_ZONE_NAME const char *
#define RILL_ZONE_ARGS(list) list
#else
#define RILL_ZONE_NAME char *
#define RILL_ZONE_ARGS(list) ()
#endif

typedef int zoneid_t;
typedef unsigned int zone_key_t;
typedef struct zone {
    zoneid_t zone_id;
    RILL_ZONE_NAME zone_name;
    uint64_t zone_uniqid;
} zone_t;
extern zone_t rill_global_zone;
#define global_zone (&rill_global_zone)
#define GLOBAL_ZONEID 0
#define GLOBAL_ZONEUNIQID 0
#define ALL_ZONES (-1)
#define ZONE_KEY_UNINITIALIZED 0
#define INGLOBALZONE(process) 1
#define crgetzoneid(cr) ((void)(cr), (zoneid_t)GLOBAL_ZONEID)
#define crgetzone(cr) ((void)(cr), global_zone)
#define getzoneid() ((zoneid_t)GLOBAL_ZONEID)
#define getzoneuniqid() ((uint64_t)GLOBAL_ZONEUNIQID)
#define getglobalzoneid() ((zoneid_t)GLOBAL_ZONEID)
#define zone_hold(zone) ((void)(zone))
#define zone_rele(zone) ((void)(zone))
#define zone_kcred() kcred
extern cred_t rill_kcred;
#define kcred (&rill_kcred)
zone_t *zone_find_by_id(zoneid_t id); /* NULL but for the global zone */
zone_t *zone_find_by_name(RILL_ZONE_NAME name);

/* Data by zone: create is called at once for the zone that there is, shutdown and destroy when the key goes. */
void zone_key_create(zone_key_t *key, void *(*create) RILL_ZONE_ARGS((zoneid_t)),
                     void(*shutdown) RILL_ZONE_ARGS((zoneid_t, void *)), void(*destroy) RILL_ZONE_ARGS((zoneid_t, void *)));
int zone_key_delete(zone_key_t key); /* 0, or -1 for an unknown key */
void *zone_getspecific(zone_key_t key, zone_t *zone);
int zone_setspecific(zone_key_t key, zone_t *zone, const void *data);

#ifdef __cplusplus
}
#endif
#endif
