/*
 * FreeBSD's names that the host, rill or another family has too, with another meaning. Drivers write the plain names; what
 * is linked has the longer ones.
 */
#ifndef FREEBSD_SYS_RILL_NAMES_H
#define FREEBSD_SYS_RILL_NAMES_H

#ifndef __FreeBSD_version
#define __FreeBSD_version 700055
#endif

#define cdev freebsd_cdev
#define cdevsw freebsd_cdevsw
#define clonedevs freebsd_clonedevs
#define thread freebsd_thread
#define ucred freebsd_ucred
#define proc freebsd_proc
#define uio freebsd_uio
#define moduledata freebsd_moduledata
#define make_dev_args freebsd_make_dev_args

#define make_dev freebsd_make_dev
#define make_dev_cred freebsd_make_dev_cred
#define make_dev_credf freebsd_make_dev_credf
#define make_dev_p freebsd_make_dev_p
#define make_dev_s freebsd_make_dev_s
#define make_dev_args_init freebsd_make_dev_args_init
#define destroy_dev freebsd_destroy_dev
#define destroy_dev_sched freebsd_destroy_dev_sched
#define destroy_dev_sched_cb freebsd_destroy_dev_sched_cb
#define destroy_dev_drain freebsd_destroy_dev_drain
#define dev_ref freebsd_dev_ref
#define dev_rel freebsd_dev_rel
#define dev2unit freebsd_dev2unit
#define unit2minor freebsd_unit2minor
#define dev_stdclone freebsd_dev_stdclone
#define clone_setup freebsd_clone_setup
#define clone_create freebsd_clone_create
#define clone_cleanup freebsd_clone_cleanup
#define drain_dev_clone_events freebsd_drain_dev_clone_events
#define devfs_set_cdevpriv freebsd_devfs_set_cdevpriv
#define devfs_get_cdevpriv freebsd_devfs_get_cdevpriv
#define devfs_clear_cdevpriv freebsd_devfs_clear_cdevpriv
#define tsleep freebsd_tsleep
#define wakeup freebsd_wakeup
#define copyin freebsd_copyin
#define copyout freebsd_copyout
#define uiomove freebsd_uiomove

#endif
