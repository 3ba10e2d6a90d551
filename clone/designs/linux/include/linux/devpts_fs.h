/* The file system of pseudo-terminals: their indices, and a node for each, which carries the driver's pointer. */
#ifndef LINUX_LINUX_DEVPTS_FS_H
#define LINUX_LINUX_DEVPTS_FS_H
#include "fs.h"

#define devpts_new_index linux_devpts_new_index
#define devpts_kill_index linux_devpts_kill_index
#define devpts_pty_new linux_devpts_pty_new
#define devpts_get_priv linux_devpts_get_priv
#define devpts_pty_kill linux_devpts_pty_kill
#define ptm_open_peer linux_ptm_open_peer
int devpts_new_index(struct inode *ptmx_inode); /* the lowest free one; -ENOSPC */
void devpts_kill_index(struct inode *ptmx_inode, int index);
struct inode *devpts_pty_new(struct inode *ptmx_inode, dev_t device, int index, void *priv); /* or an errno */
void *devpts_get_priv(struct inode *pts_inode); /* NULL for a node that is none of its own */
void devpts_pty_kill(struct inode *inode); /* the name goes, though files of it be open */
int ptm_open_peer(struct inode *pts_inode, int flags); /* a descriptor of the caller's for the slave; -errno */

#endif
