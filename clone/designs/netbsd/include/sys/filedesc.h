/*
 * Descriptors of the process whose call runs, filedesc(9). A driver's open that gives the process a file of its own:
 *
 *     if ((error = fd_allocfile(&fp, &fd)) != 0) return error;
 *     ... make the instance; on failure fd_abort(curproc, fp, fd) ...
 *     return fd_clone(fp, fd, FREAD | FWRITE, &my_fileops, instance);
 */
#ifndef NETBSD_SYS_FILEDESC_H
#define NETBSD_SYS_FILEDESC_H
#include "file.h"
#include "proc.h"

#ifdef __cplusplus
extern "C" {
#endif

int fd_allocfile(file_t **fpp, int *fdp);                /* a file, and the lowest free descriptor; EMFILE, ENFILE */
void fd_abort(struct proc *p, file_t *fp, unsigned fd);  /* both given back */
void fd_affix(struct proc *p, file_t *fp, unsigned fd);  /* from here on the process sees it */
int fd_clone(file_t *fp, unsigned fd, int flag, const struct fileops *ops, void *data); /* EMOVEFD, always */
int fd_close(unsigned fd);
file_t *fd_getfile(unsigned fd);                         /* NULL: not open, or not one of these files */
void fd_putfile(unsigned fd);
void fd_set_exclose(struct lwp *l, int fd, bool exclose);

/* The names of 2004. */
#define falloc(l, fpp, fdp) fd_allocfile(fpp, fdp)
#define fdclone(l, fp, fd, flag, ops, data) fd_clone(fp, fd, flag, ops, data)

#ifdef __cplusplus
}
#endif
#endif
