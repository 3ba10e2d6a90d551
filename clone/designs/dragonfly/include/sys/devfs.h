/* Clone handlers by name, and the bitmap of units that drivers pick from. */
#ifndef DRAGONFLY_SYS_DEVFS_H
#define DRAGONFLY_SYS_DEVFS_H
#include "conf.h"

#ifdef __cplusplus
extern "C" {
#endif

struct devfs_bitmap {
    int chunks;
    unsigned long *bitmap; /* a set bit: in use */
};

#define DEVFS_CLONE_BITMAP(name) devfs_##name##_clone_bitmap
#define DEVFS_DEFINE_CLONE_BITMAP(name) struct devfs_bitmap DEVFS_CLONE_BITMAP(name)
#define DEVFS_DECLARE_CLONE_BITMAP(name) extern struct devfs_bitmap DEVFS_CLONE_BITMAP(name)

void devfs_clone_bitmap_init(struct devfs_bitmap *bitmap);
void devfs_clone_bitmap_uninit(struct devfs_bitmap *bitmap);
int devfs_clone_bitmap_get(struct devfs_bitmap *bitmap, int limit); /* -1: the lowest free unit is above limit */
void devfs_clone_bitmap_put(struct devfs_bitmap *bitmap, int unit);
int devfs_clone_bitmap_chk(struct devfs_bitmap *bitmap, int unit);
int devfs_clone_bitmap_set(struct devfs_bitmap *bitmap, int unit); /* -1: it was in use already */
#define devfs_clone_bitmap_rst(bitmap, unit) devfs_clone_bitmap_put(bitmap, unit)

int devfs_clone_handler_add(const char *name, d_clone_t *nhandler);
int devfs_clone_handler_del(const char *name);

#ifdef __cplusplus
}
#endif
#endif
