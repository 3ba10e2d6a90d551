/*
 * Names of libc that are a driver's own: as a parameter, a variable of a block, a member and, when no kernel has the name, a
 * variable of the file (HDR-040). The headers are those that drivers of all families include, in one file.
 */
#include <sys/types.h>
#include <sys/param.h>
#include <sys/sysmacros.h>
#include <sys/systm.h>
#include <sys/errno.h>
#include <sys/signal.h>
#include <sys/proc.h>
#include <sys/stream.h>
#include <sys/stropts.h>
#include <sys/strlog.h>
#include <sys/conf.h>
#include <sys/cred.h>
#include <sys/kmem.h>
#include <sys/cmn_err.h>
#include <sys/ksynch.h>
#include <sys/debug.h>
#include <sys/ddi.h>
#include <sys/sunddi.h>
#include <sys/osif.h>
#include <sys/inttypes.h>

#define OF_THE_FILE(ONE) \
	ONE(errno) ONE(index) ONE(rindex) ONE(wait) ONE(select) ONE(read) ONE(write) ONE(open) ONE(close) ONE(poll) \
	ONE(link) ONE(unlink) ONE(pipe) ONE(dup) ONE(access) ONE(sync) ONE(send) ONE(recv) ONE(bind) ONE(accept) ONE(connect) \
	ONE(listen) ONE(shutdown) ONE(socket) ONE(getpid) ONE(log) ONE(exp) ONE(y0) ONE(y1) ONE(j0) ONE(j1) ONE(jn) ONE(yn) \
	ONE(gamma) ONE(remove) ONE(rename) ONE(system) ONE(abort) ONE(exit) ONE(div) ONE(abs) ONE(clock) ONE(getc) ONE(putc) \
	ONE(getw) ONE(putw) ONE(puts) ONE(gets) ONE(stdin) ONE(environ) ONE(daylight) ONE(timezone) ONE(optarg) ONE(pause) \
	ONE(alarm) ONE(kill) ONE(raise) ONE(random) ONE(truncate) ONE(flock) ONE(fcntl) ONE(ioctl) ONE(mount) ONE(basename) \
	ONE(free) ONE(malloc) ONE(ftime) ONE(times) ONE(error) ONE(warn) ONE(err) ONE(crypt) ONE(tee) ONE(stime) ONE(queue) \
	ONE(state) ONE(minor) ONE(major) ONE(makedev) ONE(min) ONE(max) ONE(u)
#define OF_THE_KERNEL(ONE) \
	ONE(sleep) ONE(signal) ONE(psignal) ONE(time) ONE(lbolt) ONE(timeout) ONE(delay) ONE(wakeup) ONE(printf) ONE(hz) ONE(stat)

#define EACH(name) static int name = 40;
OF_THE_FILE(EACH)
#undef EACH

#define EACH(name) \
struct with_##name { \
	int before; \
	int name; \
}; \
static int \
parameter_##name(name, value) \
	int name; \
	int value; \
{ \
	name += 1; \
	return (name == value ? 0 : 1); \
} \
static int \
block_##name(value) \
	int value; \
{ \
	register int name = value; \
	if (name != 0) { \
		char *name = "x"; \
		return (*name == 'x' ? 0 : 2); \
	} \
	return (2); \
} \
static int \
member_##name(p) \
	struct with_##name *p; \
{ \
	struct with_##name one; \
	one.name = 3; \
	p->name = one.name; \
	return (p->name == 3 && p->before == 7 ? 0 : 4); \
} \
static int \
check_##name(void) \
{ \
	struct with_##name it; \
	it.before = 7; \
	return (parameter_##name(5, 6) | block_##name(1) | member_##name(&it)); \
}
OF_THE_FILE(EACH)
OF_THE_KERNEL(EACH)
#undef EACH

#define EACH(name) \
static int \
file_##name(void) \
{ \
	return (name++ == 40 && name-- == 41 ? 0 : 8); \
}
OF_THE_FILE(EACH)
#undef EACH

struct driver_name {
	int (*check)(void);
	const char *called;
};
extern struct driver_name libc_names[];

#define EACH(name) { check_##name, #name },
#define FILE_EACH(name) { file_##name, #name },
struct driver_name libc_names[] = { OF_THE_FILE(EACH) OF_THE_KERNEL(EACH) OF_THE_FILE(FILE_EACH) { 0, 0 } };
