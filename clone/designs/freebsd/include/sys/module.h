/* A module: one function that is told of its load and unload. */
#ifndef FREEBSD_SYS_MODULE_H
#define FREEBSD_SYS_MODULE_H
#include "rill_names.h"

typedef enum modeventtype { MOD_LOAD, MOD_UNLOAD, MOD_SHUTDOWN, MOD_QUIESCE } modeventtype_t;

typedef struct moduledata *module_t;
typedef int (*modeventhand_t)(module_t, int /* modeventtype_t */, void *);

typedef struct moduledata {
    const char *name;
    modeventhand_t evhand;
    void *priv;
} moduledata_t;

/* The kernel finds it as name_freebsd_mod. */
#define DEV_MODULE(name, evh, arg) moduledata_t name##_freebsd_mod = { #name, evh, arg }

#endif
