/*
 * How drivers of OpenSS7 and LiS make themselves known, from init_module(), and are forgotten, from cleanup_module().
 * At a boot the master file's major and name go before those given here. Failure is a negative errno.
 */
#ifndef RILL_SYS_STRCONF_H
#define RILL_SYS_STRCONF_H
#include <sys/types.h>
#include <sys/stream.h>
#include <sys/conf.h>
#include <sys/mkdev.h>
#include <sys/config.h>

/* Linux knows one kind of major number, the one users see. */
#undef getmajor
#define getmajor(dev) getemajor(dev)

/* q_flag: its service procedure runs. Not kept: a System runs one procedure at a time. */
#define QSVCBUSY 0x80000000

#ifdef __cplusplus
extern "C" {
#define RILL_CONF_NAME const char *
#else
#define RILL_CONF_NAME char *
#endif

/* OpenSS7 */
struct cdevsw {
    RILL_CONF_NAME d_name;
    struct streamtab *d_str;
    unsigned int d_flag;
    int d_modid;
    void *d_fop; /* what follows is Linux' */
    mode_t d_mode;
    void *d_kmod;
};
int register_strdev(struct cdevsw *driver, major_t major); /* the major; 0 asks for a free one */
int unregister_strdev(struct cdevsw *driver, major_t major);
int register_strmod(struct fmodsw *module);
int unregister_strmod(struct fmodsw *module);

/* LiS */
int lis_register_strdev(major_t major, struct streamtab *tab, int minors, RILL_CONF_NAME name);
int lis_unregister_strdev(major_t major);
int lis_register_strmod(struct streamtab *tab, RILL_CONF_NAME name);
int lis_unregister_strmod(struct streamtab *tab);

#ifdef __cplusplus
}
#endif
#endif
