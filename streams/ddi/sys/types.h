/* Names that SVR4 kernels define here, added to the host's header. */
#ifndef RILL_SYS_TYPES_H
#define RILL_SYS_TYPES_H
#pragma GCC system_header
#ifdef __cplusplus
#include_next <sys/types.h>
#include <time.h>
#else
/* It brings select() with it; who wants that one includes <sys/select.h>. */
#define select rill_host_select
#define pselect rill_host_pselect
#include_next <sys/types.h>
#undef select
#undef pselect
#endif
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#ifndef __USE_MISC /* strict ISO modes hide these */
#include <bits/types/clock_t.h>
#ifndef __id_t_defined
typedef __id_t id_t;
#define __id_t_defined
#endif
typedef char *caddr_t;
typedef unsigned short ushort;
typedef unsigned int uint;
typedef unsigned long ulong;
typedef unsigned char u_char;
typedef unsigned short u_short;
typedef unsigned int u_int;
typedef unsigned long u_long;
#endif
typedef unsigned char unchar;
typedef unsigned char uchar_t;
typedef unsigned short ushort_t;
typedef unsigned int uint_t;
typedef unsigned long ulong_t;
typedef unsigned int major_t;
typedef unsigned int minor_t;
typedef short o_dev_t;          /* SVR3 device number, 7 bits of major, 8 of minor (DEV-009) */
typedef int pl_t;               /* interrupt priority level */
typedef long toid_t;            /* what timeout() and bufcall() return */
typedef toid_t timeout_id_t;
typedef toid_t bufcall_id_t;
typedef toid_t bcid_t;
typedef int processorid_t;
typedef struct cred cred_t;
typedef long long longlong_t;
typedef unsigned long long u_longlong_t;
typedef long long offset_t;
typedef long long hrtime_t;
typedef unsigned long paddr_t;
typedef unsigned int cnt_t;
typedef unsigned long pgno_t;
typedef short pri_t;
typedef int t_scalar_t; /* 32 bits wherever it is used */
typedef unsigned int t_uscalar_t;
typedef struct dev_info dev_info_t;

/* What all locks are (<sys/ksynch.h>); its fields belong to the system. Zeroed memory is a free lock. */
#define RILL_LOCK_FIELDS \
    unsigned int lk_magic; \
    int lk_held; \
    int lk_sort; \
    pl_t lk_pl; \
    void *lk_holder;
typedef struct rill_kmutex { RILL_LOCK_FIELDS } kmutex_t;
typedef struct rill_krwlock { RILL_LOCK_FIELDS } krwlock_t;
typedef struct rill_kcondvar { unsigned int cv_magic; int cv_waiters; } kcondvar_t;

#ifndef RILL_NO_BOOLEAN_T
typedef enum { B_FALSE = 0, B_TRUE = 1 } boolean_t;
#endif

#ifdef __cplusplus
}
#endif
#endif
