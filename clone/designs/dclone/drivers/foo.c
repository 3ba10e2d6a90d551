/*
 * d_clone: a driver of numbered units to which one function was added. d_clone makes a unit and answers with its minor;
 * all the rest finds a unit by the minor, as it did before, and does not know that the unit was made for one open. For
 * OpenBSD the flag D_CLONE is the whole change: d_open then sees a number nobody has, and makes the unit itself.
 */
#include <sys/param.h>
#include <sys/conf.h>
#include <sys/malloc.h>
#include <sys/minor.h>
#include <sys/proc.h>
#include <sys/uio.h>
#include "body.h"

struct foo_softc {
    struct foo_softc *sc_next;
    int sc_minor;
    int sc_leased; /* its minor is from foo_minors */
    struct body *sc_body;
};

static struct foo_softc *foo_units;
static struct minor_table *foo_minors;
int dclone_foo_fails; /* errno of the next d_open: for tests */

static struct foo_softc *
foo_find(int unit)
{
    struct foo_softc *sc;

    for (sc = foo_units; sc != NULL && sc->sc_minor != unit; sc = sc->sc_next)
        ;
    return sc;
}

static struct foo_softc *
foo_create(int unit, int leased)
{
    struct foo_softc *sc = malloc(sizeof *sc, M_DEVBUF, M_NOWAIT | M_ZERO);

    if (sc == NULL)
        return NULL;
    if ((sc->sc_body = body_create()) == NULL) {
        free(sc, M_DEVBUF);
        return NULL;
    }
    sc->sc_minor = unit;
    sc->sc_leased = leased;
    sc->sc_next = foo_units;
    foo_units = sc;
    return sc;
}

static void
foo_destroy(struct foo_softc *sc)
{
    struct foo_softc **link;

    for (link = &foo_units; *link != sc; link = &(*link)->sc_next)
        ;
    *link = sc->sc_next;
    if (sc->sc_leased)
        minor_give(foo_minors, (unsigned int)sc->sc_minor);
    body_destroy(sc->sc_body);
    free(sc, M_DEVBUF);
}

static int
foo_clone(dev_t dev, int *clonep, int oflags, struct proc *p)
{
    int unit = minor_take(foo_minors);

    if (unit < 0)
        return EBUSY;
    if (foo_create(unit, 1) == NULL) {
        minor_give(foo_minors, (unsigned int)unit);
        return ENOMEM;
    }
    *clonep = unit;
    return 0;
}

static int
foo_open(dev_t dev, int oflags, int devtype, struct proc *p)
{
    struct foo_softc *sc = foo_find(minor(dev));
    int error = dclone_foo_fails;

    dclone_foo_fails = 0;
    if (error == 0 && sc == NULL && (sc = foo_create(minor(dev), 0)) == NULL)
        error = ENOMEM;
    if (error != 0 && sc != NULL)
        foo_destroy(sc);
    return error;
}

static int
foo_close(dev_t dev, int fflag, int devtype, struct proc *p)
{
    foo_destroy(foo_find(minor(dev)));
    return 0;
}

static int
foo_read(dev_t dev, struct uio *uio, int ioflag)
{
    char data[BODY_BUFFER];
    int n = uio->uio_resid < sizeof data ? (int)uio->uio_resid : (int)sizeof data;

    n = body_read(foo_find(minor(dev))->sc_body, data, n);
    return uiomove(data, (size_t)n, uio);
}

static int
foo_write(dev_t dev, struct uio *uio, int ioflag)
{
    char data[BODY_BUFFER];
    size_t n = uio->uio_resid < sizeof data ? uio->uio_resid : sizeof data;
    int error = uiomove(data, n, uio);

    if (error == 0)
        uio->uio_resid += n - (size_t)body_write(foo_find(minor(dev))->sc_body, data, (int)n);
    return error;
}

static int
foo_ioctl(dev_t dev, unsigned long cmd, void *data, int fflag, struct proc *p)
{
    if (cmd != BODY_READS)
        return ENOTTY;
    **(int **)data = body_reads(foo_find(minor(dev))->sc_body);
    return 0;
}

static const struct cdevsw foo_cdevsw = {
    .d_open = foo_open,
    .d_close = foo_close,
    .d_read = foo_read,
    .d_write = foo_write,
    .d_ioctl = foo_ioctl,
    .d_clone = foo_clone,
    .d_flags = D_CLONE,
};

int
dclone_foo_attach(int cmajor, unsigned int devices)
{
    int error;

    foo_units = NULL;
    dclone_foo_fails = 0;
    if ((foo_minors = minor_table_alloc("foo", devices)) == NULL)
        return ENOMEM;
    if ((error = devsw_attach("foo", &foo_cdevsw, cmajor)) != 0)
        minor_table_free(foo_minors);
    return error;
}

int
dclone_foo_detach(void)
{
    int error = devsw_detach(&foo_cdevsw);

    if (error != 0)
        return error;
    while (foo_units != NULL) /* those whose d_close never came */
        foo_destroy(foo_units);
    minor_table_free(foo_minors);
    return 0;
}
