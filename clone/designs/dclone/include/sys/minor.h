/* The unit table that this kernel lends a driver whose d_clone wants the lowest free number. */
#ifndef DCLONE_SYS_MINOR_H
#define DCLONE_SYS_MINOR_H

struct minor_table;

struct minor_table *minor_table_alloc(const char *name, unsigned int count); /* NULL: no memory */
void minor_table_free(struct minor_table *table);
int minor_take(struct minor_table *table); /* the lowest free one; -1: none left */
void minor_give(struct minor_table *table, unsigned int minor);

#endif
