/*
 * An SVR3 driver, K&R and all: D_OLD open that returns a minor or OPENFAIL with u.u_error, void put procedures, sleep
 * with two arguments, spl. What it does is asked for by the minor that is opened.
 */
#include "sys/types.h"
#include "sys/param.h"
#include "sys/sysmacros.h"
#include "sys/systm.h"
#include "sys/immu.h"
#include "sys/region.h"
#include "sys/proc.h"
#include "sys/signal.h"
#include "sys/dir.h"
#include "sys/user.h"
#include "sys/errno.h"
#include "sys/stream.h"
#include "sys/stropts.h"
#include "sys/conf.h"
#include "sys/debug.h"
#include "sys/ddi.h"

extern struct user u;

static struct module_info s3_minfo = { 0x5300, "s3", 0, INFPSZ, 512, 128 };
int s3open(), s3close();
static int s3wput();
static struct qinit s3_rinit = { NULL, NULL, s3open, s3close, NULL, &s3_minfo, NULL };
static struct qinit s3_winit = { s3wput, NULL, NULL, NULL, NULL, &s3_minfo, NULL };
struct streamtab s3info = { &s3_rinit, &s3_winit, NULL, NULL };

int s3_event;		/* slept on */
int s3_came_back;	/* a sleep returned */
int s3_result;		/* what it returned */
int s3_uid;
int s3_closed;

s3open(q, dev, flag, sflag)
queue_t *q;
dev_t dev;
int flag, sflag;
{
	register int s;

	s3_uid = u.u_uid;
	switch (minor(dev)) {
	case 1:			/* a reason */
		u.u_error = EBUSY;
		return (OPENFAIL);
	case 2:			/* none */
		return (OPENFAIL);
	case 3:			/* a signal never returns from this */
		sleep((caddr_t)&s3_event, PZERO + 1);
		s3_came_back = 1;
		break;
	case 4:			/* it does from this */
		s3_result = sleep((caddr_t)&s3_event, (PZERO + 1) | PCATCH);
		s3_came_back = 1;
		if (s3_result) {
			u.u_error = EINTR;
			return (OPENFAIL);
		}
		break;
	case 5:			/* and cannot end this */
		s3_result = sleep((caddr_t)&s3_event, PZERO - 1);
		s3_came_back = 1;
		break;
	case 6:			/* the old idiom: raised while looking, sleep puts it aside */
		s = splstr();
		while (!s3_result)
			sleep((caddr_t)&s3_event, PZERO + 1);
		splx(s);
		break;
	case 7:			/* forgets splx */
		splhi();
		break;
	case 8:
		if (!suser())
			return (OPENFAIL);
		break;
	}
	return (minor(dev));
}

s3close(q, flag)
queue_t *q;
{
	s3_closed++;
}

static
s3wput(q, mp)
queue_t *q;
mblk_t *mp;
{
	switch (mp->b_datap->db_type) {
	case M_DATA:
		qreply(q, mp);
		break;
	default:
		freemsg(mp);
		break;
	}
}
