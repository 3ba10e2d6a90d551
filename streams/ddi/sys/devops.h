/* Solaris: the structures through which a loadable driver shows its procedures (dev_ops(9S), cb_ops(9S)). */
#ifndef RILL_SYS_DEVOPS_H
#define RILL_SYS_DEVOPS_H
#include <sys/types.h>
#include <sys/stream.h>
#include <sys/conf.h>
#include <sys/uio.h>
#include <sys/systm.h>

#ifdef __cplusplus
extern "C" {
#define RILL_DEVOPS(list) list
#else
#define RILL_DEVOPS(list) ()
#endif

typedef enum { DDI_INFO_DEVT2DEVINFO = 0, DDI_INFO_DEVT2INSTANCE = 1 } ddi_info_cmd_t;
typedef enum { DDI_ATTACH = 0, DDI_RESUME = 1, DDI_PM_RESUME = 2 } ddi_attach_cmd_t;
typedef enum { DDI_DETACH = 0, DDI_SUSPEND = 1, DDI_PM_SUSPEND = 2 } ddi_detach_cmd_t;
typedef enum { DDI_RESET_FORCE = 0 } ddi_reset_cmd_t;

struct cb_ops {
    int(*cb_open) RILL_DEVOPS((dev_t *, int, int, cred_t *));
    int(*cb_close) RILL_DEVOPS((dev_t, int, int, cred_t *));
    int(*cb_strategy) RILL_DEVOPS((void));
    int(*cb_print) RILL_DEVOPS((void));
    int(*cb_dump) RILL_DEVOPS((void));
    int(*cb_read) RILL_DEVOPS((dev_t, uio_t *, cred_t *));
    int(*cb_write) RILL_DEVOPS((dev_t, uio_t *, cred_t *));
    int(*cb_ioctl) RILL_DEVOPS((dev_t, int, void *, int, cred_t *, int *));
    int(*cb_devmap) RILL_DEVOPS((void));
    int(*cb_mmap) RILL_DEVOPS((void));
    int(*cb_segmap) RILL_DEVOPS((void));
    int(*cb_chpoll) RILL_DEVOPS((dev_t, short, int, short *, void **));
    int(*cb_prop_op) RILL_DEVOPS((void));
    struct streamtab *cb_str;
    int cb_flag;
    int cb_rev;
    int(*cb_aread) RILL_DEVOPS((void));
    int(*cb_awrite) RILL_DEVOPS((void));
};
#define CB_REV 1

struct dev_ops {
    int devo_rev;
    int devo_refcnt;
    int(*devo_getinfo) RILL_DEVOPS((dev_info_t *, ddi_info_cmd_t, void *, void **));
    int(*devo_identify) RILL_DEVOPS((dev_info_t *));
    int(*devo_probe) RILL_DEVOPS((dev_info_t *));
    int(*devo_attach) RILL_DEVOPS((dev_info_t *, ddi_attach_cmd_t));
    int(*devo_detach) RILL_DEVOPS((dev_info_t *, ddi_detach_cmd_t));
    int(*devo_reset) RILL_DEVOPS((dev_info_t *, ddi_reset_cmd_t));
    struct cb_ops *devo_cb_ops;
    void *devo_bus_ops;
    int(*devo_power) RILL_DEVOPS((dev_info_t *, int, int));
    int(*devo_quiesce) RILL_DEVOPS((dev_info_t *));
};
#define DEVO_REV 4
#define nochpoll nodev

/* name, identify, probe, attach, detach, reset, getinfo, flag, streamtab, and since Solaris 11 quiesce */
#define DDI_DEFINE_STREAM_OPS(name, identify, probe, attach, detach, reset, getinfo, flag, ...) \
    RILL_STREAM_OPS(name, identify, probe, attach, detach, reset, getinfo, flag, __VA_ARGS__, 0, 0)
#define RILL_STREAM_OPS(name, identify, probe, attach, detach, reset, getinfo, flag, tab, quiesce, ...) \
    static struct cb_ops cb_##name = { nulldev, nulldev, nodev, nodev, nodev, nodev, nodev, nodev, nodev, nodev, \
        nodev, 0, 0, (tab), (flag), CB_REV, nodev, nodev }; \
    static struct dev_ops name = { DEVO_REV, 0, (getinfo), (identify), (probe), (attach), (detach), (reset), \
        &(cb_##name), 0, 0, (quiesce) }

#ifdef __cplusplus
}
#endif
#endif
