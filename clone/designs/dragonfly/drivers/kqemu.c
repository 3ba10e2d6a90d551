/*
 * kqemu: a virtual machine for each opener; the device for which the change of 2007 was asked. "ram N" written to it makes
 * a machine of N megabytes, "run" runs it, a read tells of it. The question is where a call finds its machine:
 *
 *   KQEMU_SHARED   one machine, and the process that made it: a second process gets EBUSY
 *   KQEMU_PIDS     a list of processes and their machines: a child has none, and a second open in one process collides
 *   KQEMU_CLONES   si_drv1 of the device, which D_MAKECLONE gives each file
 */
#define DRAGONFLY_2007
#include <sys/param.h>
#include <sys/conf.h>
#include <sys/malloc.h>
#include <sys/proc.h>
#include <sys/uio.h>
#include <stdio.h>
#include <string.h>
#include "kqemu.h"

struct machine {
    struct machine *m_next;
    cdev_t m_dev;
    pid_t m_pid;
    int m_ram;
    int m_runs;
};

static d_open_t kqemu_open;
static d_close_t kqemu_close;
static d_read_t kqemu_read;
static d_write_t kqemu_write;

static struct dev_ops kqemu_ops = {
    { "kqemu", 0, 0 },
    .d_open = kqemu_open,
    .d_close = kqemu_close,
    .d_read = kqemu_read,
    .d_write = kqemu_write,
};

static cdev_t kqemu_dev;
static int kqemu_way;
static struct machine *kqemu_machines; /* of KQEMU_SHARED, at most one */

static struct machine *
kqemu_find(cdev_t dev)
{
    struct machine *m;

    switch (kqemu_way) {
    case KQEMU_CLONES:
        return dev->si_drv1;
    case KQEMU_PIDS:
        for (m = kqemu_machines; m != NULL && m->m_pid != curproc->p_pid; m = m->m_next)
            ;
        return m;
    default:
        return kqemu_machines;
    }
}

static void
kqemu_free(struct machine *m)
{
    struct machine **link;

    for (link = &kqemu_machines; *link != m; link = &(*link)->m_next)
        ;
    *link = m->m_next;
    m->m_dev->si_drv1 = NULL;
    kfree(m, M_DEVBUF);
}

static int
kqemu_open(struct dev_open_args *ap)
{
    return 0;
}

/* The last close of the device: no machine can be reached any more. */
static int
kqemu_close(struct dev_close_args *ap)
{
    struct machine *m, *next;

    for (m = kqemu_machines; m != NULL; m = next) {
        next = m->m_next;
        if (m->m_dev == ap->a_head.a_dev)
            kqemu_free(m);
    }
    return 0;
}

static int
kqemu_make(cdev_t dev, int ram)
{
    struct machine *m;

    if (kqemu_find(dev) != NULL)
        return EBUSY;
    if ((m = kmalloc(sizeof *m, M_DEVBUF, M_NOWAIT | M_ZERO)) == NULL)
        return ENOMEM;
    m->m_dev = dev;
    m->m_pid = curproc->p_pid;
    m->m_ram = ram;
    m->m_next = kqemu_machines;
    kqemu_machines = m;
    dev->si_drv1 = m;
    return 0;
}

static int
kqemu_write(struct dev_write_args *ap)
{
    cdev_t dev = ap->a_head.a_dev;
    struct machine *m;
    char text[16] = "";
    int error, ram;

    if (ap->a_uio->uio_resid >= sizeof text)
        return EINVAL;
    if ((error = uiomove(text, ap->a_uio->uio_resid, ap->a_uio)) != 0)
        return error;
    if (sscanf(text, "ram %d", &ram) == 1)
        return kqemu_make(dev, ram);
    if (strcmp(text, "run") != 0)
        return EINVAL;
    if ((m = kqemu_find(dev)) == NULL)
        return ENXIO;
    if (kqemu_way == KQEMU_SHARED && m->m_pid != curproc->p_pid)
        return EBUSY;
    m->m_runs++;
    return 0;
}

static int
kqemu_read(struct dev_read_args *ap)
{
    struct machine *m = kqemu_find(ap->a_head.a_dev);
    char text[64];

    if (m == NULL)
        return ENXIO;
    snprintf(text, sizeof text, "%d MB, ran %d times", m->m_ram, m->m_runs);
    return uiomove(text, strlen(text), ap->a_uio);
}

int
dragonfly_kqemu_attach(int maj, int way)
{
    int error;

    kqemu_way = way;
    kqemu_machines = NULL;
    kqemu_ops.head.maj = maj;
    if ((error = dev_ops_add(&kqemu_ops, 0, 0)) != 0)
        return error;
    kqemu_dev = reference_dev(make_dev(&kqemu_ops, 0, 0, 0, 0666, "kqemu"));
    if (way == KQEMU_CLONES)
        kqemu_dev->si_flags |= D_MAKECLONE;
    return 0;
}

int
dragonfly_kqemu_detach(void)
{
    int error = dev_ops_remove(&kqemu_ops, 0, 0);

    if (error == 0)
        destroy_dev(kqemu_dev);
    return error;
}
