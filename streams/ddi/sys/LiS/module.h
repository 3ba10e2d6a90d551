/* LiS: loading and unloading. A driver has init_module() and cleanup_module(), or names others for them. */
#ifndef RILL_SYS_LIS_MODULE_H
#define RILL_SYS_LIS_MODULE_H
#include <sys/stream.h>
#include <sys/strconf.h>
#include <sys/linuxkern.h>

#define init_module rill_mod_init
#define cleanup_module rill_mod_fini
#define module_init(routine) \
    int rill_mod_init(void) { return routine(); }
#define module_exit(routine) \
    int rill_mod_fini(void) { return routine(), 0; }
#define MODULE_AUTHOR(text) extern int rill_module_words
#define MODULE_DESCRIPTION(text) extern int rill_module_words
#define MODULE_LICENSE(text) extern int rill_module_words
#define MODULE_ALIAS(text) extern int rill_module_words
#define MODULE_PARM(name, kind) extern int rill_module_words
#define MODULE_PARM_DESC(name, text) extern int rill_module_words
#define MODULE_SUPPORTED_DEVICE(text) extern int rill_module_words
#define MODULE_VERSION(text) extern int rill_module_words
#define module_param(name, kind, mode) extern int rill_module_words
#define EXPORT_SYMBOL(name) extern int rill_module_words
#define EXPORT_SYMBOL_GPL(name) extern int rill_module_words
#define EXPORT_NO_SYMBOLS extern int rill_module_words
#define MODULE_STATIC static
#define THIS_MODULE 0
#define MOD_INC_USE_COUNT ((void)0)
#define MOD_DEC_USE_COUNT ((void)0)
#define MODGET() ((void)0)
#define MODPUT() ((void)0)
#define __init
#define __exit
#define __devinit
#define __devexit

int rill_mod_init(void);
#endif
