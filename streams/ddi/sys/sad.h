/* sad(7): the administrative driver, which keeps the modules to push at open (autopush). */
#ifndef RILL_SYS_SAD_H
#define RILL_SYS_SAD_H
#include <sys/types.h>
#include <sys/stropts.h>

#ifdef __cplusplus
extern "C" {
#endif

#define MAXAPUSH 8
#define SADIOC ('D' << 8)
#define SAD_SAP (SADIOC | 1)
#define SAD_GAP (SADIOC | 2)
#define SAD_VML (SADIOC | 3)

/* sap_cmd */
#define SAP_CLEAR 0
#define SAP_ONE 1
#define SAP_RANGE 2
#define SAP_ALL 3

struct apcommon {
    uint_t apc_cmd;
    int apc_major;
    int apc_minor;
    int apc_lastminor;
    uint_t apc_npush;
};

struct strapush {
    struct apcommon sap_common;
    char sap_list[MAXAPUSH][FMNAMESZ + 1];
};
#define sap_cmd sap_common.apc_cmd
#define sap_major sap_common.apc_major
#define sap_minor sap_common.apc_minor
#define sap_lastminor sap_common.apc_lastminor
#define sap_npush sap_common.apc_npush

#ifdef __cplusplus
}
#endif
#endif
