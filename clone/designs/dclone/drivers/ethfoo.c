/*
 * ethfoo: an Ethernet interface for each open of /dev/ethfoo, all on one cable. A frame written on one interface is read on
 * every other. The unit is made by d_clone; the numbered driver below it was there before and did not change.
 */
#include <sys/param.h>
#include <sys/conf.h>
#include <sys/malloc.h>
#include <sys/minor.h>
#include <sys/proc.h>
#include <sys/uio.h>
#include <string.h>

#define ETHFOO_MTU 128
#define ETHFOO_QUEUE 4 /* frames an interface keeps for its reader; more are dropped, as on any cable */

struct ethfoo {
    struct ethfoo *eth_next;
    int eth_unit;
    int eth_count;
    struct {
        size_t len;
        char data[ETHFOO_MTU];
    } eth_queue[ETHFOO_QUEUE];
};

static struct ethfoo *ethfoo_cable;
static struct minor_table *ethfoo_units;

static struct ethfoo *
ethfoo_find(dev_t dev)
{
    struct ethfoo *eth;

    for (eth = ethfoo_cable; eth != NULL && eth->eth_unit != minor(dev); eth = eth->eth_next)
        ;
    return eth;
}

static void
ethfoo_destroy(struct ethfoo *eth)
{
    struct ethfoo **link;

    for (link = &ethfoo_cable; *link != eth; link = &(*link)->eth_next)
        ;
    *link = eth->eth_next;
    minor_give(ethfoo_units, (unsigned int)eth->eth_unit);
    free(eth, M_DEVBUF);
}

static int
ethfoo_clone(dev_t dev, int *clonep, int oflags, struct proc *p)
{
    int unit = minor_take(ethfoo_units);
    struct ethfoo *eth;

    if (unit < 0)
        return EBUSY;
    if ((eth = malloc(sizeof *eth, M_DEVBUF, M_NOWAIT | M_ZERO)) == NULL) {
        minor_give(ethfoo_units, (unsigned int)unit);
        return ENOMEM;
    }
    eth->eth_unit = unit;
    eth->eth_next = ethfoo_cable;
    ethfoo_cable = eth;
    *clonep = unit;
    return 0;
}

static int
ethfoo_open(dev_t dev, int oflags, int devtype, struct proc *p)
{
    return ethfoo_find(dev) != NULL ? 0 : ENXIO;
}

static int
ethfoo_close(dev_t dev, int fflag, int devtype, struct proc *p)
{
    ethfoo_destroy(ethfoo_find(dev));
    return 0;
}

static int
ethfoo_write(dev_t dev, struct uio *uio, int ioflag)
{
    struct ethfoo *from = ethfoo_find(dev), *eth;
    char frame[ETHFOO_MTU];
    size_t len = uio->uio_resid;
    int error;

    if (len > ETHFOO_MTU)
        return EMSGSIZE;
    if ((error = uiomove(frame, len, uio)) != 0)
        return error;
    for (eth = ethfoo_cable; eth != NULL; eth = eth->eth_next) {
        if (eth == from || eth->eth_count == ETHFOO_QUEUE)
            continue;
        memcpy(eth->eth_queue[eth->eth_count].data, frame, len);
        eth->eth_queue[eth->eth_count++].len = len;
    }
    return 0;
}

static int
ethfoo_read(dev_t dev, struct uio *uio, int ioflag)
{
    struct ethfoo *eth = ethfoo_find(dev);
    size_t len = eth->eth_queue[0].len;
    int error;

    if (eth->eth_count == 0)
        return EWOULDBLOCK;
    error = uiomove(eth->eth_queue[0].data, len < uio->uio_resid ? len : uio->uio_resid, uio);
    memmove(eth->eth_queue, eth->eth_queue + 1, --eth->eth_count * sizeof eth->eth_queue[0]);
    return error;
}

static const struct cdevsw ethfoo_cdevsw = {
    .d_open = ethfoo_open,
    .d_close = ethfoo_close,
    .d_read = ethfoo_read,
    .d_write = ethfoo_write,
    .d_clone = ethfoo_clone,
};

int
ethfoo_attach(int cmajor, unsigned int interfaces)
{
    int error;

    ethfoo_cable = NULL;
    if ((ethfoo_units = minor_table_alloc("ethfoo", interfaces)) == NULL)
        return ENOMEM;
    if ((error = devsw_attach("ethfoo", &ethfoo_cdevsw, cmajor)) != 0)
        minor_table_free(ethfoo_units);
    return error;
}

int
ethfoo_detach(void)
{
    int error = devsw_detach(&ethfoo_cdevsw);

    if (error != 0)
        return error;
    while (ethfoo_cable != NULL)
        ethfoo_destroy(ethfoo_cable);
    minor_table_free(ethfoo_units);
    return 0;
}
