/*
 * Device numbers (mkdev, makedevice(D3), getemajor(D3)).
 *
 * An external device number has 14 bits of major and 18 of minor in 32 bits (DEV-001); NODEV is -1 of the type in use.
 * External numbers are what users see and what entry points are passed; getmajor() gives the internal one, the row of
 * the switch table (DEV-013). The calls that map between the two ask the current System.
 */
#ifndef RILL_SYS_MKDEV_H
#define RILL_SYS_MKDEV_H
#include <sys/types.h>

#ifdef __cplusplus
extern "C" {
#endif

#ifndef NODEV
#define NODEV ((dev_t)-1)
#endif

#define ONBITSMAJOR 7
#define ONBITSMINOR 8
#define OMAXMAJ 0x7f
#define OMAXMIN 0xff
#define NBITSMAJOR 14
#define NBITSMINOR 18
#define MAXMAJ 0x3fff
#define MAXMIN 0x3ffff
#define L_BITSMAJOR NBITSMAJOR
#define L_BITSMINOR NBITSMINOR
#define L_MAXMAJ MAXMAJ
#define L_MAXMIN MAXMIN

dev_t makedevice(major_t major, minor_t minor); /* validates nothing; the minor is masked (DEV-002) */
major_t getemajor(dev_t dev);
minor_t geteminor(dev_t dev);
major_t getmajor(dev_t dev);            /* internal major; matches no driver when the external one has none */
minor_t getminor(dev_t dev);
int etoimajor(major_t external);        /* NODEV (-1) when no driver has it (DEV-016) */
int itoemajor(major_t internal, int previous); /* enumerates; NODEV to begin and at the end (DEV-017) */
o_dev_t cmpdev(dev_t dev);              /* old form, or NODEV when it does not fit (DEV-010) */
dev_t expdev(o_dev_t dev);

/* makedev(3C) for programs in C: NODEV and EINVAL when a part is too large or the result is NODEV (DEV-020). Driver code
   has the kernel's, from <sys/ddi.h>; in C++ the names stay the host's. */
dev_t rill_makedev(major_t major, minor_t minor);
major_t rill_major(dev_t dev);
minor_t rill_minor(dev_t dev);

#ifdef __cplusplus
}
#elif !defined(_KERNEL) && !defined(RILL_SYS_STREAM_H) && !defined(RILL_SYS_DDI_H)
#include <sys/sysmacros.h>
#undef major
#undef minor
#undef makedev
#define major(dev) rill_major(dev)
#define minor(dev) rill_minor(dev)
#define makedev(maj, min) rill_makedev(maj, min)
#endif
#endif
