/*
 * The headers of an SVR4 driver in their order, <sys/ddi.h> last, and K&R use of what they declare. A test calls the
 * functions.
 */
#include <sys/types.h>
#include <sys/param.h>
#include <sys/sysmacros.h>
#include <sys/systm.h>
#include <sys/errno.h>
#include <sys/signal.h>
#include <sys/user.h>
#include <sys/proc.h>
#include <sys/stat.h>
#include <sys/stream.h>
#include <sys/stropts.h>
#include <sys/strlog.h>
#include <sys/log.h>
#include <sys/conf.h>
#include <sys/cred.h>
#include <sys/file.h>
#include <sys/kmem.h>
#include <sys/cmn_err.h>
#include <sys/ksynch.h>
#include <sys/debug.h>
#include <sys/moddefs.h>
/* macros of SVR3, functions since; ddi.h takes them back */
#define RD(q) ((queue_t *)0)
#define WR(q) ((queue_t *)0)
#define OTHERQ(q) ((queue_t *)0)
#define SAMESTR(q) 99
#undef major
#undef minor
#undef makedev
#define major(dev) 99
#define minor(dev) 99
#define makedev(maj, min) 99
#include <sys/ddi.h>

/* 0 when the queue calls are functions that know a pair */
int
sv_pairs(q)
	queue_t *q;
{
	if (WR(RD(q)) != q || OTHERQ(q) != RD(q))
		return (1);
	return (SAMESTR(q) == 99);
}

int
sv_minor(maj, min)
	int maj, min;
{
	return ((int)minor(makedev(maj, min)));
}

int
sv_major(maj, min)
	int maj, min;
{
	return ((int)major(makedev(maj, min)));
}

int
sv_hz()
{
	return (hz);
}

/* one of each structure and a turn through the utilities; the bytes that are left in the message */
long
sv_stream_h()
{
	static struct module_info minfo = { 1, "sv", 0, INFPSZ, STRHIGH, STRLOW };
	static struct qinit rinit = { putq, NULL, NULL, NULL, NULL, &minfo, NULL };
	static struct streamtab info = { &rinit, &rinit, NULL, NULL };
	struct iocblk ioc;
	struct copyreq req;
	struct copyresp resp;
	struct linkblk link;
	struct stroptions opts;
	dblk_t *dp;
	mblk_t *mp, *dup;
	long bytes;

	ioc.ioc_count = TRANSPARENT;
	req.cq_size = resp.cp_pad1 = 0;
	link.l_index = 0;
	opts.so_flags = SO_ALL;
	if (ioc.ioc_count != TRANSPARENT || opts.so_flags != 0x3f || info.st_wrinit->qi_minfo->mi_hiwat != STRHIGH)
		return (-1);
	if ((mp = allocb(8, BPRI_MED)) == NULL)
		return (-1);
	dp = mp->b_datap;
	bcopy("abcdefgh", (caddr_t)mp->b_wptr, 8);
	mp->b_wptr += 8;
	if (dp->db_lim - dp->db_base < 8 || (dup = dupmsg(mp)) == NULL) {
		freemsg(mp);
		return (-1);
	}
	linkb(mp, dup);
	bytes = pullupmsg(mp, -1) && adjmsg(mp, 3) ? (long)msgdsize(mp) : -1;
	freemsg(mp);
	return (bytes + link.l_index + req.cq_size + resp.cp_pad1);
}

/* each parameter of drv_getparm, in the order of their values; how many there were */
int
sv_getparm(values)
	ulong *values;
{
	static int parms[] = { LBOLT, PPGRP, UPROCP, PPID, PSID, TIME, UCRED };
	int i;

	for (i = 0; i < 7; i++)
		if (drv_getparm(parms[i], &values[parms[i] - 1]) != 0)
			break;
	return (i);
}

/* the long argument of SVR4 */
toid_t
sv_bufcall(q, size)
	queue_t *q;
	int size;
{
	return (bufcall(size, BPRI_LO, qenable, (long)q));
}

int
sv_min(a, b)
	int a, b;
{
	return (min(a, b));
}

int
sv_max(a, b)
	int a, b;
{
	return (max(a, b));
}

/* 0 when the kernel's string calls do what they say */
int
sv_strings()
{
	char a[16], b[16];

	strcpy(a, "one");
	strcat(a, "two");
	strncpy(b, a, 4);
	b[4] = 0;
	if (strlen(a) != 6 || strcmp(b, "onet") != 0)
		return (1);
	return (strncmp(a, b, 4) != 0 || strcmp(a, b) == 0);
}

/* DEBUG is not defined: nothing is evaluated */
int
sv_assert()
{
	int evaluated = 0;

	ASSERT(evaluated++);
	return (evaluated);
}
