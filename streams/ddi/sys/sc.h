/*
 * sc(4): the ioctl of the module sc, which lists the STREAMS drivers and modules that are in memory. Documented are SC_IOC_LIST,
 * the fields of sc_list, and what an entry has; the command's number and the names in an entry are rill's.
 */
#ifndef RILL_SYS_SC_H
#define RILL_SYS_SC_H
#include <sys/types.h>
#include <sys/stream.h>

#ifdef __cplusplus
extern "C" {
#endif

#define SC_IOC (('s' << 16) | ('c' << 8))
#define SC_IOC_LIST (SC_IOC | 1) /* a transparent ioctl: its argument is the address of a struct sc_list */

/* Of sc_info and sc_stat */
#define SC_RD 0
#define SC_WR 1
#define SC_MUXR 2
#define SC_MUXW 3

struct sc_mlist {
    int sc_major;                  /* 0: a module */
    char sc_name[32];
    struct module_info sc_info[4]; /* mi_idname is null: it is the name above. All is 0 for a side that is not there */
    struct module_stat sc_stat[4]; /* all is 0 where nothing is counted */
};

struct sc_list {
    int sc_nmods;              /* room at sc_mlist; afterwards how many there are. 0 and a null sc_mlist: only that */
    struct sc_mlist *sc_mlist;
};

/* For drivers: how many there are, and the entry of one, in order: drivers by major, then modules. ENXIO beyond the last. */
int sc_count(void);
int sc_entry(int index, struct sc_mlist *entry);

#ifdef __cplusplus
}
#endif
#endif
