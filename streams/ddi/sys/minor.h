/*
 * rill's minor table, the one thing here that is not in the manuals: a bounded table of unused minors for drivers that
 * answer clone opens. It hands out the lowest free minor first (DEV-032); a full table answers -1, which a driver turns
 * into EBUSY (CLN-057).
 *
 *     MINOR_TABLE(echo, 16);                            one line, outside all functions: the table echo_minors
 *     minor = minor_take(echo_minors);                  in the open procedure
 *     minor_give(echo_minors, minor);                   in the close procedure
 *
 * What is named here is a handle. The table behind it belongs to the System that the driver runs in: it is made when it is
 * first asked for something and goes with the System, or when minor_table_free() is called in the driver's unload. So one
 * driver, linked into a program once, has a table of its own in each System, one after the other or side by side.
 *
 *     MINOR_UNITS(echo, echo_devices, struct echo);     the same, and a zeroed struct echo for each minor
 *     struct echo *unit = minor_unit(echo_minors, minor);
 *
 * A driver's own variables are shared by all Systems of a program that links it; what differs between them belongs in a
 * unit, or in memory that q_ptr points at. A System booted from a directory has a private copy of the whole object.
 *
 * Every call is one for the current System, from driver code or between rill_enter() and rill_leave().
 */
#ifndef RILL_SYS_MINOR_H
#define RILL_SYS_MINOR_H
#include <sys/types.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Fields are filled by the macros and by minor_table_alloc(); drivers look at none of them. */
typedef struct minor_table {
    const char *mt_name;           /* appears in traces */
    unsigned int (*mt_count)(void);
    unsigned int mt_fixed;         /* the count, when there is no mt_count */
    unsigned int mt_state;
    unsigned long mt_unit;         /* bytes of a unit, or 0 */
    unsigned long mt_serial;       /* tells a handle from an earlier one at the same address */
} minor_table_t;

/* The table NAME_minors of minors 0 to COUNT - 1; COUNT is any expression from 1 to 0x40000, looked at when a System's table
   is made. */
#define MINOR_TABLE(NAME, COUNT) RILL_MINOR_TABLE(NAME, COUNT, 0)
#define MINOR_UNITS(NAME, COUNT, TYPE) RILL_MINOR_TABLE(NAME, COUNT, sizeof(TYPE))
#define RILL_MINOR_TABLE(NAME, COUNT, UNIT)                                                                            \
    static unsigned int NAME##_minors_count(void) { return (unsigned int)(COUNT); }                                    \
    static minor_table_t NAME##_minors[1] = { { #NAME, NAME##_minors_count, 0, 0, UNIT, 0 } }

/* A handle made at run time, with its table in this System. NULL when there is no memory or count is not 1 to 0x40000. */
minor_table_t *minor_table_alloc(const char *name, unsigned int count);
/* Drops this System's table, and a handle that minor_table_alloc() made; using that afterwards is a fault (CLN-092). */
void minor_table_free(minor_table_t *table);

int minor_take(minor_table_t *table);                         /* lowest free minor; -1: none left; -2: no memory for the table */
int minor_take_this(minor_table_t *table, minor_t minor);     /* 0; EBUSY when taken or set aside; ENXIO beyond the table; ENOMEM */
int minor_set_aside(minor_table_t *table, minor_t minor);     /* never handed out again (CLN-104); errno as above */
void minor_give(minor_table_t *table, minor_t minor);         /* back to the table; a fault if it was not taken */
int minor_is_taken(minor_table_t *table, minor_t minor);
unsigned int minors_free(minor_table_t *table);
unsigned int minors_count(minor_table_t *table);              /* in all; 0 when there is no memory for the table */
void *minor_unit(minor_table_t *table, minor_t minor);        /* taken or not; NULL beyond the table, or no memory for it */

#ifdef __cplusplus
}
#endif
#endif
