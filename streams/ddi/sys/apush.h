/*
 * The table of modules to push at open, for drivers: what sad(7) is made of, and any other driver that administers the
 * same table may use. OpenSS7 has functions of these names for its own sad driver.
 *
 *     struct strapush_v1 ap;                       a strapush (<sys/sad.h>) with its anchor, 0 for none
 *     error = apush_set(&ap);                      in a put procedure, say, when M_IOCDATA has brought it
 *
 * Each call is for the System that the driver runs in, sleeps nowhere, and answers 0 or an errno. Whom it lets do what is
 * the driver's to decide: there is no check of privilege below.
 */
#ifndef RILL_SYS_APUSH_H
#define RILL_SYS_APUSH_H
#include <sys/types.h>
#include <sys/sad.h>
#include <sys/stropts.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * What sap_cmd says. SAP_ONE, SAP_RANGE, SAP_ALL make an entry: EINVAL (count, anchor, a name, no such driver), ERANGE,
 * ENOSTR, EEXIST, ENOSR. SAP_CLEAR takes away the entry that covers sap_major, sap_minor: EINVAL, ENOSTR, ENODEV, ERANGE.
 */
int apush_set(const struct strapush_v1 *ap);

/* The entry that covers sap_major, sap_minor is put into *ap, unused names zeroed. EINVAL, ENOSTR, ENODEV. */
int apush_get(struct strapush_v1 *ap);

/* 0 when each of the n names is that of a module, 1 when one is not. */
int apush_vml(const struct str_mlist *list, int n);

/* The highest version of the structure that this system knows: 0, or 1 where it has anchors. */
int apush_version(void);

#ifdef __cplusplus
}
#endif
#endif
