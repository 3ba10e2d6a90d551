/* A module stays while files with its operations are open: they name it as their owner. */
#ifndef LINUX_LINUX_MODULE_H
#define LINUX_LINUX_MODULE_H

struct module {
    int refcnt;
};

#ifndef __cplusplus
static struct module __attribute__((unused)) linux_this_module;
#define THIS_MODULE (&linux_this_module)
#endif
#define module_refcount(mod) ((mod)->refcnt)

#endif
