/*
 * ramd: a character driver that is not STREAMS. Its entry points are found by name, ramd_open, ramd_read and so on, and
 * data moves through a uio structure. Opening it through the clone driver is refused: there is no streamtab to put in.
 *
 * Each unit remembers the last thing written to it, up to RAMD_SIZE bytes; a read gives it out once. There is no ioctl
 * routine, so ioctl answers ENODEV.
 */
#include <sys/types.h>
#include <sys/param.h>
#include <sys/errno.h>
#include <sys/conf.h>
#include <sys/cred.h>
#include <sys/uio.h>
#include <sys/ddi.h>

#define RAMD_SIZE 512

int ramd_open(dev_t *, int, int, cred_t *);
int ramd_close(dev_t, int, int, cred_t *);
int ramd_read(dev_t, uio_t *, cred_t *);
int ramd_write(dev_t, uio_t *, cred_t *);
void ramd_init(void);
void ramd_unload(void);

int ramd_devflag = D_MP;
int ramd_devices __attribute__((weak)) = 4;

struct ramd {
    long r_length; /* written */
    long r_given;  /* of these, read */
    char r_data[RAMD_SIZE];
};

static struct ramd *ramd_units;
static int ramd_made;

void
ramd_init(void)
{
    if (ramd_units != NULL || ramd_devices <= 0)
        return;
    ramd_units = (struct ramd *)kmem_zalloc((size_t)ramd_devices * sizeof(struct ramd), KM_NOSLEEP);
    if (ramd_units != NULL)
        ramd_made = ramd_devices;
}

void
ramd_unload(void)
{
    if (ramd_units == NULL)
        return;
    kmem_free(ramd_units, (size_t)ramd_made * sizeof(struct ramd));
    ramd_units = NULL;
    ramd_made = 0;
}

int
ramd_open(dev_t *devp, int flag, int otyp, cred_t *credp)
{
    return geteminor(*devp) < (minor_t)ramd_made ? 0 : ENXIO;
}

int
ramd_close(dev_t dev, int flag, int otyp, cred_t *credp)
{
    return 0;
}

int
ramd_read(dev_t dev, uio_t *uiop, cred_t *credp)
{
    struct ramd *ramd = &ramd_units[geteminor(dev)];
    long count = min(ramd->r_length - ramd->r_given, (long)uiop->uio_resid);
    int error = 0;

    if (count > 0) {
        error = uiomove(&ramd->r_data[ramd->r_given], count, UIO_READ, uiop);
        if (error == 0)
            ramd->r_given += count;
    }
    return error;
}

int
ramd_write(dev_t dev, uio_t *uiop, cred_t *credp)
{
    struct ramd *ramd = &ramd_units[geteminor(dev)];
    long count = min((long)uiop->uio_resid, (long)RAMD_SIZE);
    int error;

    ramd->r_length = ramd->r_given = 0;
    if (count == 0)
        return 0;
    error = uiomove(ramd->r_data, count, UIO_WRITE, uiop);
    if (error == 0)
        ramd->r_length = count;
    return error;
}
