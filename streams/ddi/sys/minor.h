/*
 * rill's minor table, the one thing here that is not in the manuals: a bounded table of unused minors for drivers that
 * answer clone opens. It hands out the lowest free minor first (DEV-032); a full table answers -1, which a driver turns
 * into EBUSY (CLN-057).
 */
#ifndef RILL_SYS_MINOR_H
#define RILL_SYS_MINOR_H
#include <sys/types.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct minor_table minor_table_t;

/* A table of count minors, 0 to count-1, count from 1 to 0x40000; name appears in traces. NULL when there is no memory. */
minor_table_t *minor_table_alloc(const char *name, unsigned int count);
void minor_table_free(minor_table_t *table);
int minor_take(minor_table_t *table);                         /* lowest free minor, or -1: none left */
int minor_take_this(minor_table_t *table, minor_t minor);     /* 0, EBUSY when taken or set aside, ENXIO beyond the table */
int minor_set_aside(minor_table_t *table, minor_t minor);     /* never handed out again (CLN-104); errno as above */
void minor_give(minor_table_t *table, minor_t minor);         /* back to the table; a fault if it was not taken */
int minor_is_taken(minor_table_t *table, minor_t minor);
unsigned int minors_free(minor_table_t *table);

#ifdef __cplusplus
}
#endif
#endif
