/* The Solaris DDI as STREAMS drivers use it: device nodes, instances, soft state, the clock, q-timeouts. */
#ifndef RILL_SYS_SUNDDI_H
#define RILL_SYS_SUNDDI_H
#include <sys/types.h>
#include <sys/stat.h>
#include <sys/stream.h>
#include <sys/cred.h>
#include <sys/cmn_err.h>
#include <sys/kmem.h>
#include <sys/devops.h>
#include <sys/ksynch.h>
#include <sys/ddi.h>

#ifdef __cplusplus
extern "C" {
#define RILL_SUN_NAME const char *
#else
#define RILL_SUN_NAME char *
#endif

/* Solaris knows one kind of major number, the one users see; its drivers build devices from getmajor(). */
#undef getmajor
#define getmajor(dev) getemajor(dev)

#define DDI_SUCCESS 0
#define DDI_FAILURE (-1)
#define DDI_NOT_WELL_FORMED (-2)
#define DDI_PROBE_FAILURE ENXIO
#define DDI_IDENTIFIED 0
#define DDI_NOT_IDENTIFIED (-1)
#define DDI_PROBE_SUCCESS 1
#define DDI_PROBE_DONTCARE 0

#define DDI_PSEUDO "ddi_pseudo"
#define DDI_NT_NET "ddi_network"
#define DDI_NT_SERIAL "ddi_serial"
#define CLONE_DEV 1

/* A node for the driver that is being attached: /devices/pseudo/<driver>@<instance>:<name>, and /dev/<name> unless that
   is there. With CLONE_DEV it is a clone node (the clone driver's major, the driver's as minor). */
int ddi_create_minor_node(dev_info_t *dip, RILL_SUN_NAME name, int spec_type, minor_t minor, RILL_SUN_NAME node_type, int flag);
void ddi_remove_minor_node(dev_info_t *dip, RILL_SUN_NAME name); /* NULL: all of them */
int ddi_get_instance(dev_info_t *dip);
RILL_SUN_NAME ddi_get_name(dev_info_t *dip);
RILL_SUN_NAME ddi_driver_name(dev_info_t *dip);
major_t ddi_driver_major(dev_info_t *dip);
void *ddi_get_driver_private(dev_info_t *dip);
void ddi_set_driver_private(dev_info_t *dip, void *data);
void ddi_report_dev(dev_info_t *dip);

int ddi_soft_state_init(void **statep, size_t size, size_t n_items);
int ddi_soft_state_zalloc(void *state, int item); /* DDI_SUCCESS or DDI_FAILURE */
void *ddi_get_soft_state(void *state, int item);
void ddi_soft_state_free(void *state, int item);
void ddi_soft_state_fini(void **statep);

clock_t ddi_get_lbolt(void);
time_t ddi_get_time(void);
pid_t ddi_get_pid(void);
cred_t *ddi_get_cred(void);
int ddi_copyin(const void *user, void *kernel, size_t count, int mode);  /* mode with FKIOCTL: a kernel address */
int ddi_copyout(const void *kernel, void *user, size_t count, int mode);
#define FKIOCTL 0x80000000
hrtime_t gethrtime(void); /* nanoseconds on the System's clock */
#define ddi_get_lbolt64() ((long long)ddi_get_lbolt())
int ddi_strtol(const char *text, char **end, int base, long *value); /* 0, EINVAL or ERANGE */
int ddi_strtoul(const char *text, char **end, int base, unsigned long *value);
int qassociate(queue_t *q, int instance); /* 0, or -1 for an instance that is not attached; -1 undoes it */

/* Properties: no driver.conf, hence none is ever found. */
#define DDI_DEV_T_NONE ((dev_t)-1)
#define DDI_DEV_T_ANY ((dev_t)-2)
#define DDI_PROP_DONTPASS 0x0001
#define DDI_PROP_CANSLEEP 0x0002
#define DDI_PROP_SUCCESS 0
#define DDI_PROP_NOT_FOUND 1
int ddi_prop_get_int(dev_t dev, dev_info_t *dip, uint_t flags, RILL_SUN_NAME name, int otherwise);
#define ddi_getprop(dev, dip, flags, name, otherwise) ddi_prop_get_int((dev), (dip), (uint_t)(flags), (name), (otherwise))
#define ddi_prop_exists(dev, dip, flags, name) ((void)(dip), 0)
int ddi_prop_lookup_string(dev_t dev, dev_info_t *dip, uint_t flags, RILL_SUN_NAME name, char **value);
void ddi_prop_free(void *value);
#define ddi_prop_update_int(dev, dip, name, value) ((void)(dip), (void)(value), DDI_PROP_SUCCESS)
#define ddi_prop_update_string(dev, dip, name, value) ((void)(dip), (void)(value), DDI_PROP_SUCCESS)
int ddi_prop_op(void);
#define ddi_quiesce_not_needed nulldev
#define ddi_quiesce_not_supported nodev
#define ddi_prop_remove_all(dip) ((void)(dip))

#ifdef __cplusplus
}
#endif
#endif
