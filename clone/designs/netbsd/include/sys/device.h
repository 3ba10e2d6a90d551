/*
 * Autoconfiguration, autoconf(9): a driver's instances by unit. config_attach_pseudo() makes one: for a cfdata that is
 * FSTATE_STAR at the lowest free unit, else at cf_unit.
 */
#ifndef NETBSD_SYS_DEVICE_H
#define NETBSD_SYS_DEVICE_H
#include "../types.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct device *device_t;
typedef struct cfdata {
    const char *cf_name;
    const char *cf_atname;
    int cf_unit;
    int cf_fstate;
} *cfdata_t;
#define FSTATE_NOTFOUND 0
#define FSTATE_STAR 2

struct cfdriver {
    const char *cd_name;
    int cd_ndevs; /* how many units there may be */
};
struct cfattach {
    const char *ca_name;
    size_t ca_devsize;
    int (*ca_match)(device_t parent, cfdata_t cf, void *aux);
    void (*ca_attach)(device_t parent, device_t self, void *aux);
    int (*ca_detach)(device_t self, int flags);
};
#define CFATTACH_DECL_NEW(name, size, match, attach, detach, activate) \
    struct cfattach name##_ca = { #name, size, match, attach, detach }
#define DETACH_FORCE 1

int config_cfdriver_attach(struct cfdriver *cd);
int config_cfdriver_detach(struct cfdriver *cd); /* EBUSY while it has units */
int config_cfattach_attach(const char *driver, struct cfattach *ca);
int config_cfattach_detach(const char *driver, struct cfattach *ca); /* EBUSY while it has units */
device_t config_attach_pseudo(cfdata_t cf);      /* NULL: taken, none left, no memory */
int config_detach(device_t dev, int flags);

void *device_private(device_t dev);
int device_unit(device_t dev);
const char *device_xname(device_t dev);
void *device_lookup_private(struct cfdriver *cd, int unit); /* NULL: no such unit */

#ifdef __cplusplus
}
#endif
#endif
