/*
 * Solaris loadable modules: _init, _fini, _info and modlinkage (modlinkage(9S), modldrv(9S), modlstrmod(9S)). libc has an
 * _init and a _fini of its own in every object; in driver code the three names are therefore others.
 */
#ifndef RILL_SYS_MODCTL_H
#define RILL_SYS_MODCTL_H
#include <sys/types.h>
#include <sys/conf.h>
#include <sys/devops.h>

#ifdef __cplusplus
extern "C" {
#define RILL_MOD_NAME const char *
#else
#define RILL_MOD_NAME char *
#endif

#define _init rill_mod_init
#define _fini rill_mod_fini
#define _info rill_mod_info

#define MODREV_1 1
#define MODMAXNAMELEN 32
#define MODMAXLINK 10
#define MODMAXLINKINFOLEN 32

struct mod_ops {
    int kind;
};
extern struct mod_ops mod_driverops;
extern struct mod_ops mod_strmodops;
extern struct mod_ops mod_miscops;

struct modldrv {
    struct mod_ops *drv_modops;
    RILL_MOD_NAME drv_linkinfo;
    struct dev_ops *drv_dev_ops;
};

struct modlstrmod {
    struct mod_ops *strmod_modops;
    RILL_MOD_NAME strmod_linkinfo;
    struct fmodsw *strmod_fmodsw;
};

struct modlmisc {
    struct mod_ops *misc_modops;
    RILL_MOD_NAME misc_linkinfo;
};

struct modlinkage {
    int ml_rev;
    void *ml_linkage[7];
};

struct modspecific_info {
    char msi_linkinfo[MODMAXLINKINFOLEN];
    int msi_p0;
};

struct modinfo {
    int mi_info;
    int mi_state;
    int mi_id;
    int mi_nextid;
    caddr_t mi_base;
    size_t mi_size;
    int mi_rev;
    int mi_loadcnt;
    char mi_name[MODMAXNAMELEN];
    struct modspecific_info mi_msinfo[MODMAXLINK];
};

int mod_install(struct modlinkage *linkage); /* 0 or an errno */
int mod_remove(struct modlinkage *linkage);  /* EBUSY while in use */
int mod_info(struct modlinkage *linkage, struct modinfo *info); /* not 0 on success */
RILL_MOD_NAME mod_modname(struct modlinkage *linkage);

int rill_mod_init(void);
int rill_mod_fini(void);
int rill_mod_info(struct modinfo *info);

#ifdef __cplusplus
}
#endif
#endif
