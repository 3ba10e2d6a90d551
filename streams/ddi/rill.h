/*
 * rill from a program: make a System, register drivers or boot a directory, create processes, and make system calls for
 * them. Every call takes the usual arguments after its process, returns -1 and sets errno on failure unless said
 * otherwise; rill_why() tells the rung, the reason and the clause.
 *
 * Device numbers are made by makedevice(major, minor) of <sys/mkdev.h>.
 *
 * A call that can never end fails with EDEADLK. Threads may share a System: one is inside at a time, and a thread whose
 * call waits lets the others in. While another thread lives that has ever come in, a call waits for what that thread may
 * still do; rill_proc_exit() and rill_system_free() end the calls that other threads have under way (EINTR) and wait
 * until these have returned.
 *
 * What has no meaning is refused, and named on stderr: a null System or process (EINVAL), a process that has ended
 * (ESRCH), a call from inside a call of the same System (EDEADLK): by a driver, which sees the DDI only, or by a host signal
 * handler. Handlers that rill_signal() installed may make calls.
 */
#ifndef RILL_H
#define RILL_H
#include <errno.h>
#include <poll.h>
#include <sys/types.h>
#include <sys/stat.h>
#include <sys/mkdev.h>
#include <stropts.h>
#include <utime.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Historic O_NDELAY, apart from O_NONBLOCK (the host has one bit for both): with SO_NDELON a read of an empty stream
   returns 0. For rill_open and rill_fcntl. */
#define RILL_O_NDELAY 0x40000000

struct streamtab;
typedef struct rill_system rill_system;
typedef struct rill_proc rill_proc;

/* A System of the named profile: "irix" (also for NULL), "svr4", "solaris". NULL and EINVAL for another name. */
rill_system *rill_system_new(const char *profile);
/* Ends its processes, closes what they had open, undoes persistent links through their drivers, has the drivers unload, and
   frees everything. NULL is fine; a System that was freed before, or from inside its own call, is refused. */
void rill_system_free(rill_system *);

/* A process with these credentials; uid 0 is privileged. NULL with EINVAL, EDEADLK or ENOMEM. */
rill_proc *rill_proc_new(rill_system *, uid_t, gid_t);
void rill_proc_exit(rill_proc *);

/* Boots a sysgen directory: system/<any>.sm, master.d/, boot/, dev. Errors are printed on stderr by file, line and
   column; a bad directory changes nothing. EINVAL, ENOENT, EBUSY when drivers are already there. */
int rill_sysgen(rill_system *, const char *directory);
/* The text of the last rill_sysgen failure, or "". */
const char *rill_sysgen_error(rill_system *);
/* What a boot that succeeded has to tell, from n = 0 on: which modules stay out, which drivers are called by conventions
   that their objects do not name. NULL after the last. */
const char *rill_boot_note(rill_system *, int n);
/* By whose conventions a driver or module is called: "SVR3", "SVR4", "Solaris", "LiS" or "OpenSS7", and why, unless reason
   is NULL. NULL for a name that nobody has, and for a driver that is not loaded yet. */
const char *rill_called_as(rill_system *, const char *name, const char **reason);

/* Registers a driver at an external major (0 to 511), with its pfxdevflag and the number of devices it is configured
   for. Entry points other than the streamtab are not looked for: see rill_driver_start(). EINVAL (also for a streamtab
   without one of its sides or a module_info, or ndev below 0), EBUSY for a taken major, ENOSPC for a full switch table,
   ENOMEM. A linked driver's variables are the program's: every System sees the same ones; what differs by System belongs in
   the units of a minor table (<sys/minor.h>). */
int rill_driver_add(rill_system *, const char *prefix, int major, struct streamtab *, int devflag, int ndev);
/* What a configuration directory finds by name in the driver's object: runs init, as driver code of this System, and has
   unload run when the System ends. Either may be NULL. EINVAL, ENXIO for an unknown prefix, ENOMEM. */
int rill_driver_start(rill_system *, const char *prefix, void (*init)(void), void (*unload)(void));
/* Registers a module under a name of at most 8 characters. EINVAL, EEXIST, ENOSPC, ENOMEM. */
int rill_module_add(rill_system *, const char *name, struct streamtab *, int devflag);

/* A device (S_IFCHR, S_IFBLK: privileged), FIFO, directory or plain file. Directories above a name come with it. EEXIST (a
   directory's name, too), ENOENT for a device with a slash at its end, ENOTDIR, EPERM, EACCES, EINVAL, ENAMETOOLONG, EFAULT. */
int rill_mknod(rill_proc *, const char *path, mode_t mode, dev_t dev);
int rill_unlink(rill_proc *, const char *path); /* a name that fattach() made is detached first */
int rill_rmdir(rill_proc *, const char *path);
int rill_stat(rill_proc *, const char *path, struct stat *);

int rill_open(rill_proc *, const char *path, int oflag, ...);
int rill_close(rill_proc *, int fd);
ssize_t rill_read(rill_proc *, int fd, void *buffer, size_t count);
ssize_t rill_write(rill_proc *, int fd, const void *buffer, size_t count);
int rill_ioctl(rill_proc *, int fd, int command, ...);
int rill_getmsg(rill_proc *, int fd, struct strbuf *ctl, struct strbuf *data, int *flags);
int rill_getpmsg(rill_proc *, int fd, struct strbuf *ctl, struct strbuf *data, int *band, int *flags);
int rill_putmsg(rill_proc *, int fd, const struct strbuf *ctl, const struct strbuf *data, int flags);
int rill_putpmsg(rill_proc *, int fd, const struct strbuf *ctl, const struct strbuf *data, int band, int flags);
int rill_poll(rill_proc *, struct pollfd *, nfds_t, int timeout);
int rill_fstat(rill_proc *, int fd, struct stat *);
off_t rill_lseek(rill_proc *, int fd, off_t offset, int whence); /* -1: ESPIPE for a stream, EINVAL for other files, which hold no data */
int rill_dup(rill_proc *, int fd);
int rill_dup2(rill_proc *, int fd, int to);
int rill_fcntl(rill_proc *, int fd, int command, ...);
int rill_pipe(rill_proc *, int fds[2]);
/* Lays the stream of fd over a path that exists, until rill_fdetach(): whoever opens the path reaches the stream. EBADF, EINVAL (no
   stream), what looking the path up answers, EBUSY, EPERM, EACCES, ENOTSUP (solaris, below /dev/pts), ENOMEM. */
int rill_fattach(rill_proc *, int fd, const char *path);
int rill_fdetach(rill_proc *, const char *path); /* EINVAL: nothing is attached; EPERM; what looking the path up answers */
/* Of a path with a stream attached, and of a descriptor that was opened through it, the name's attributes change and no others.
   EPERM unless the caller owns it or is privileged; a pipe's end and a clone keep none, and answer 0. In chown -1 leaves an id as
   it is; only a privileged process gives a file away. */
int rill_chmod(rill_proc *, const char *path, mode_t mode);
int rill_fchmod(rill_proc *, int fd, mode_t mode);
int rill_chown(rill_proc *, const char *path, uid_t, gid_t);
int rill_fchown(rill_proc *, int fd, uid_t, gid_t);
int rill_utime(rill_proc *, const char *path, const struct utimbuf *); /* NULL: the present tick */
int rill_isastream(rill_proc *, int fd);

/* Runs service procedures, bufcalls and woken calls until nothing is runnable; time stands still. Returns 0. */
int rill_run(rill_system *);
/* Lets the virtual clock go on by so many ticks (hz a second), running what comes due. */
int rill_advance(rill_system *, long ticks);
/* Until rill_leave() the caller is as driver code: allocb(), putq(), timeout() and the other calls of the DDI find the
   System, as they do in a procedure. Calls nest, also of two Systems. rill_leave of another System than the last one
   entered: EINVAL. What the calls have enabled runs in rill_run(). */
int rill_enter(rill_system *);
int rill_leave(rill_system *);
/* So many service procedures and callbacks may run in a row, with no call made and no tick passed, before the next one is
   taken to go on for ever: it is named in a fault and dropped, and a call that waits for it fails with EDEADLK. 4000000
   unless set. EINVAL for less than 1. */
int rill_budget(rill_system *, long steps);
/* The n-th allocation from now fails, once; 0 turns it off. */
void rill_fail_nth(rill_system *, long n);

/* Installs a handler (SIG_DFL and SIG_IGN as usual) that runs at the end of, or inside, the process's next call. */
int rill_signal(rill_proc *, int sig, void (*handler)(int));
/* Sends a signal to a process. One without a handler breaks a sleep off and has no other effect, SIGKILL too: a process here ends
   by rill_proc_exit() alone. */
int rill_kill(rill_proc *, int sig);

/* Why the last call failed: "rung: reason (clause)"; "" if it did not. Valid until the next call. */
const char *rill_why(rill_proc *);

#ifdef __cplusplus
}
#endif
#endif
