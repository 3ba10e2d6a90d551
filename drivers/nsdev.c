/*
 * nsdev: chooses a driver by the name of the node that is opened.
 *
 * A node with nsdev's major needs no number of the driver that it stands for: the part of its name before the first dot says
 * which driver, its minor which device of it. /dev/echo.1, device (nsdev,1), is device 1 of echo. Nothing more is needed for
 * two ways to clone:
 *
 *     super clone    node "loop", device (clone,nsdev): the clone driver opens nsdev with CLONEOPEN, which passes that on to loop
 *     named clone    node "clone.x", device (nsdev,62): passes the open on to the driver clone with minor 62, the major of loop
 *
 * nsdev only opens. chain_open gives the stream to the other driver, and no procedure of nsdev is entered for it again; so there
 * is no close, no put procedure and nothing to remember.
 */
#include <sys/types.h>
#include <sys/param.h>
#include <sys/errno.h>
#include <sys/conf.h>
#include <sys/cred.h>
#include <sys/stream.h>
#include <sys/nsdev.h>
#include <sys/ddi.h>

#define NSDEV_NAME 64

int nsdevopen(queue_t *, dev_t *, int, int, cred_t *);

static struct module_info nsdev_minfo = { 0x6e73, "nsdev", 0, INFPSZ, 0, 0 };
static struct qinit nsdev_rinit = { NULL, NULL, nsdevopen, NULL, NULL, &nsdev_minfo, NULL };
static struct qinit nsdev_winit = { NULL, NULL, NULL, NULL, NULL, &nsdev_minfo, NULL };
struct streamtab nsdevinfo = { &nsdev_rinit, &nsdev_winit, NULL, NULL };
int nsdevdevflag = D_MP;

int
nsdevopen(queue_t *q, dev_t *devp, int oflag, int sflag, cred_t *credp)
{
    char name[NSDEV_NAME];
    char *end;

    if (sflag == MODOPEN)
        return ENXIO;
    if (open_name(q, name, sizeof name) != 0) /* a name as long as that is no driver's */
        return ENXIO;
    for (end = name; *end != '\0' && *end != '.'; end++)
        ;
    *end = '\0';
    return chain_open(q, name, devp, oflag, sflag, credp);
}
