/* Names of libc that are procedures of a driver's own (HDR-041). */
#include <sys/types.h>
#include <sys/param.h>
#include <sys/errno.h>
#include <sys/stream.h>
#include <sys/stropts.h>
#include <sys/conf.h>
#include <sys/kmem.h>
#include <sys/cmn_err.h>
#include <sys/debug.h>
#include <sys/ddi.h>

#define PROCEDURES(ONE) \
	ONE(errno) ONE(time) ONE(index) ONE(rindex) ONE(wait) ONE(select) ONE(read) ONE(write) ONE(open) ONE(close) ONE(poll) \
	ONE(stat) ONE(link) ONE(unlink) ONE(pipe) ONE(dup) ONE(access) ONE(sync) ONE(send) ONE(recv) ONE(bind) ONE(accept) \
	ONE(connect) ONE(listen) ONE(shutdown) ONE(getpid) ONE(log) ONE(remove) ONE(system) ONE(abort) ONE(exit) ONE(div) \
	ONE(clock) ONE(getc) ONE(putc) ONE(getw) ONE(putw) ONE(puts) ONE(gets) ONE(pause) ONE(alarm) ONE(kill) ONE(raise) \
	ONE(random) ONE(flock) ONE(fcntl) ONE(ioctl) ONE(mount) ONE(free) ONE(error) ONE(warn) ONE(err) ONE(lbolt) ONE(u)

#define EACH(name) static int name();
PROCEDURES(EACH)
#undef EACH

#define EACH(name) \
static int \
check_##name(void) \
{ \
	return (name(20, 1) == 21 ? 0 : 16); \
}
PROCEDURES(EACH)
#undef EACH

#define EACH(name) \
static int \
name(a, b) \
	int a, b; \
{ \
	return (a + b); \
}
PROCEDURES(EACH)
#undef EACH

struct driver_name {
	int (*check)(void);
	const char *called;
};
extern struct driver_name libc_procedures[];

#define EACH(name) { check_##name, #name },
struct driver_name libc_procedures[] = { PROCEDURES(EACH) { 0, 0 } };
