/*
 * sad(7): the STREAMS administrative driver, which keeps the modules to push at open (autopush).
 *
 * Applications and drivers include it. The commands are ioctls with the address of a structure (transparent; not through
 * I_STR). A command of a later version has its number in bits 4 to 7: SAD_SAP | SAD_VERSION(1) takes a strapush_v1.
 */
#ifndef RILL_SYS_SAD_H
#define RILL_SYS_SAD_H
#include <sys/types.h>
#include <sys/stropts.h>

#ifdef __cplusplus
extern "C" {
#endif

#define USERDEV "/dev/sad/user"
#define ADMINDEV "/dev/sad/admin"
#define USRMIN 0
#define ADMMIN 1

#define MAXAPUSH 8 /* modules of one entry */

#define SADIOC ('D' << 8)
#define SAD_SAP (SADIOC | 1) /* set, or clear, what is pushed; struct strapush */
#define SAD_GAP (SADIOC | 2) /* get it; struct strapush */
#define SAD_VML (SADIOC | 3) /* are these modules? struct str_list; returns 0 or 1 */

#define AP_VERSION 1 /* the newest there is */
#define SAD_VERSION(version) ((version) << 4)
#define SAD_VER(command) ((command) >> 4 & 0xf)
#define SAD_CMD(command) ((command) & ~0xf0)

/* sap_cmd */
#define SAP_CLEAR 0
#define SAP_ONE 1
#define SAP_RANGE 2
#define SAP_ALL 3

struct apcommon {
    uint_t apc_cmd;
    int apc_major;
    int apc_minor;
    int apc_lastminor; /* of a range */
    uint_t apc_npush;
};
struct apdata {
    uint_t apd_anchor; /* the anchor stands after so many modules; 0: there is none */
};

struct strapush {
    struct apcommon sap_common;
    char sap_list[MAXAPUSH][FMNAMESZ + 1]; /* in the order in which they are pushed */
};
struct strapush_v1 { /* Solaris */
    struct apcommon sap_common;
    char sap_list[MAXAPUSH][FMNAMESZ + 1];
    struct apdata sap_ex;
};
#define sap_cmd sap_common.apc_cmd
#define sap_major sap_common.apc_major
#define sap_minor sap_common.apc_minor
#define sap_lastminor sap_common.apc_lastminor
#define sap_npush sap_common.apc_npush
#define sap_anchor sap_ex.apd_anchor

#ifdef __cplusplus
}
#endif
#endif
