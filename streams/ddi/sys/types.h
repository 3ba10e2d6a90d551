/* Names that SVR4 kernels define here, added to the host's header. */
#ifndef RILL_SYS_TYPES_H
#define RILL_SYS_TYPES_H
#pragma GCC system_header
#include_next <sys/types.h>
#include <time.h>

#ifdef __cplusplus
extern "C" {
#endif

#ifndef __USE_MISC /* strict ISO modes hide these */
typedef char *caddr_t;
typedef unsigned short ushort;
typedef unsigned int uint;
typedef unsigned long ulong;
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

#ifndef RILL_NO_BOOLEAN_T
typedef enum { B_FALSE = 0, B_TRUE = 1 } boolean_t;
#endif

#ifdef __cplusplus
}
#endif
#endif
