/*
 * The host's header, and HP-UX: how a driver makes itself known. Its pfxinstall() calls install_driver() with what the switch
 * tables hold and str_install() with its streamtab; uninstall_driver() takes the first back when the second fails.
 */
#ifndef RILL_SYS_IO_H
#define RILL_SYS_IO_H
#pragma GCC system_header
#include_next <sys/io.h>
#include <sys/types.h>
#include <sys/stream.h>

/* HP-UX knows one kind of major number, the one users see; its drivers build devices from major(). */
#undef getmajor
#define getmajor(dev) getemajor(dev)

#ifdef __cplusplus
extern "C" {
#define RILL_HP_NAME const char *
#define RILL_HP_ARGS(list) list
#else
#define RILL_HP_NAME char *
#define RILL_HP_ARGS(list) ()
#endif

/* drv_info_t: flags */
#define DRV_CHAR 0x001
#define DRV_BLOCK 0x002
#define DRV_PSEUDO 0x004
#define DRV_SCAN 0x008
#define DRV_SAVE_CONF 0x010
#define DRV_MP_SAFE 0x020

typedef struct drv_info {
    RILL_HP_NAME name;
#ifdef __cplusplus
    RILL_HP_NAME drv_class;
#else
    RILL_HP_NAME class;
#endif
    int flags;
    int b_major; /* -1: none, or for c_major a free one */
    int c_major;
    void *cdio;
    void *gio_private;
    void *cdio_private;
} drv_info_t;

/* drv_ops_t: d_flags */
#define C_ALLCLOSES 0x01
#define C_NODELAY 0x02
#define C_EVERYCLOSE 0x04
#define C_MAP_BUFFER_TO_KERNEL 0x08
#define C_MGR_IS_MP 0x10
#define C_CLONESMAJOR 0x20

typedef struct drv_ops {
    int(*d_open) RILL_HP_ARGS((dev_t, int));
    int(*d_close) RILL_HP_ARGS((dev_t, int));
    int(*d_strategy) RILL_HP_ARGS((void));
    int(*d_dump) RILL_HP_ARGS((void));
    int(*d_psize) RILL_HP_ARGS((void));
    int(*d_mount) RILL_HP_ARGS((void));
    int(*d_read) RILL_HP_ARGS((void));
    int(*d_write) RILL_HP_ARGS((void));
    int(*d_ioctl) RILL_HP_ARGS((void));
    int(*d_select) RILL_HP_ARGS((void));
    int(*d_option1) RILL_HP_ARGS((void));
    void *reserved1;
    void *reserved2;
    void *reserved3;
    void *reserved4;
    int d_flags;
} drv_ops_t;

/* streams_info_t: flags and levels of synchronisation */
#define STR_IS_DEVICE 0x01
#define STR_IS_MODULE 0x02
#define STR_SYSV4_OPEN 0x04 /* without it open gets the device by value and gives a minor back */
#define MGR_IS_MP 0x08
#define SQLVL_DEFAULT 0
#define SQLVL_GLOBAL 1
#define SQLVL_ELSEWHERE 2
#define SQLVL_MODULE 3
#define SQLVL_QUEUEPAIR 4
#define SQLVL_QUEUE 5
#define SQLVL_NOSYNC 6

typedef struct streams_info {
    RILL_HP_NAME name;
    int major; /* -1: the driver's c_major */
    struct streamtab streamtab;
    unsigned int streams_flags;
    int sync_level;
    RILL_HP_NAME sync_info; /* whom SQLVL_ELSEWHERE shares with */
} streams_info_t;

int install_driver(drv_info_t *info, drv_ops_t *ops); /* 0 or an errno */
int uninstall_driver(drv_info_t *info);
int str_install(streams_info_t *info);
int str_uninstall(RILL_HP_NAME name);

#ifdef __cplusplus
}
#endif
#endif
