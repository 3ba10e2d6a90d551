/*
 * An SVR3 driver's use of names that libc has with another meaning: K&R declarations of what the kernel had, no prototype in
 * sight. A test calls the procedures.
 */
#include "sys/types.h"
#include "sys/param.h"
#include "sys/sysmacros.h"
#include "sys/systm.h"
#include "sys/signal.h"
#include "sys/errno.h"
#include "sys/user.h"
#include "sys/stream.h"
#include "sys/stropts.h"
#include "sys/conf.h"
#include "sys/ddi.h"

extern int sleep(), min(), max(), signal(), psignal();
extern time_t time, lbolt;

int nm_event;
int nm_slept;
static int index;

/* what a parameter, a member and a pointer to a procedure are called is the driver's affair */
struct nm {
	int errno;
	int time;
	int (*sleep)();
	int minor;
	int (*select)();
	struct { int signal; } wait;
};

static int
nm_double(n)
	int n;
{
	return (2 * n);
}

int
nm_fail(errno, p)
	int errno;
	struct nm *p;
{
	p->errno = errno;
	p->time = errno + 1;
	p->sleep = p->select = nm_double;
	p->minor = (*p->sleep)(p->time);
	p->wait.signal = p->select(p->minor);
	return (p->errno == errno ? errno : 0);
}

int
nm_members(errno)
	int errno;
{
	struct nm it;

	if (nm_fail(errno, &it) != errno)
		return (-1);
	index = it.wait.signal;
	return (index);
}

long
nm_lbolt()
{
	return (lbolt);
}

long
nm_time()
{
	return (time);
}

nm_signal(pgrp, sig)
{
	signal(pgrp, sig);
}

nm_psignal(procp, sig)
	struct proc *procp;
{
	psignal(procp, sig);
}

int
nm_least(a, b, c)
{
	return (min(min(a, b), c) * 1000 + max(max(a, b), c));
}

static int nmopen(), nmclose(), nmput(), putctl2();
static struct module_info nm_minfo = { 0x6e6d, "nm", 0, INFPSZ, 512, 128 };
static struct qinit nm_rinit = { NULL, NULL, nmopen, nmclose, NULL, &nm_minfo, NULL };
static struct qinit nm_winit = { nmput, NULL, NULL, NULL, NULL, &nm_minfo, NULL };
struct streamtab nminfo = { &nm_rinit, &nm_winit, NULL, NULL };
struct proc *nm_procp;
long nm_opened_at;

static
nmopen(q, dev, flag, sflag)
	queue_t *q;
	dev_t dev;
{
	extern int sleep();

	nm_procp = u.u_procp;
	nm_opened_at = lbolt;
	if (minor(dev) == 1)
		nm_slept = sleep((caddr_t)&nm_event, (PZERO + 1) | PCATCH) + 1;
	return (minor(dev));
}

static
nmclose(q)
	queue_t *q;
{
}

static
nmput(q, mp)
	queue_t *q;
	mblk_t *mp;
{
	if (mp->b_datap->db_type == M_DATA)
		putctl2(q, M_ERROR, EIO, EIO);
	freemsg(mp);
}

/* its own: only some families have one */
static
putctl2(q, type, a, b)
	queue_t *q;
{
	index = type + a - b;
}

int
nm_index()
{
	return (index);
}
