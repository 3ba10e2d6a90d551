/* An open file: of a vnode, or of something that a driver made, with operations of its own. */
#ifndef NETBSD_SYS_FILE_H
#define NETBSD_SYS_FILE_H
#include <fcntl.h>
#include "param.h"
#include "kauth.h"
#include "uio.h"

#ifdef __cplusplus
extern "C" {
#endif

#ifndef FREAD
#define FREAD 1
#define FWRITE 2
#endif

#define DTYPE_VNODE 1
#define DTYPE_SOCKET 2
#define DTYPE_PIPE 3
#define DTYPE_MISC 5

struct file;
struct knote;
struct stat;

struct fileops {
    const char *fo_name;
    int (*fo_read)(struct file *fp, off_t *offset, struct uio *uio, kauth_cred_t cred, int flags);
    int (*fo_write)(struct file *fp, off_t *offset, struct uio *uio, kauth_cred_t cred, int flags);
    int (*fo_ioctl)(struct file *fp, u_long cmd, void *data);
    int (*fo_fcntl)(struct file *fp, u_int cmd, void *data);
    int (*fo_poll)(struct file *fp, int events);
    int (*fo_stat)(struct file *fp, struct stat *st);
    int (*fo_close)(struct file *fp);
    int (*fo_kqfilter)(struct file *fp, struct knote *kn);
    void (*fo_restart)(struct file *fp);
};

typedef struct file {
    int f_flag; /* FREAD, FWRITE and O_ flags */
    int f_type;
    const struct fileops *f_ops;
    void *f_data;
    off_t f_offset;
    void *f_slot; /* the kernel's */
} file_t;

int fnullop_fcntl(struct file *fp, u_int cmd, void *data); /* F_SETFL 0, anything else EOPNOTSUPP */
int fnullop_poll(struct file *fp, int events);
int fnullop_kqfilter(struct file *fp, struct knote *kn);
void fnullop_restart(struct file *fp);
int fbadop_read(struct file *fp, off_t *offset, struct uio *uio, kauth_cred_t cred, int flags);
int fbadop_write(struct file *fp, off_t *offset, struct uio *uio, kauth_cred_t cred, int flags);
int fbadop_ioctl(struct file *fp, u_long cmd, void *data);
int fbadop_stat(struct file *fp, struct stat *st);
int fbadop_close(struct file *fp);

extern const struct fileops vnops; /* of a file whose f_data is an open vnode */

#ifdef __cplusplus
}
#endif
#endif
