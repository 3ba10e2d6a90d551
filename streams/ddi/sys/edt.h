/*
 * edt.h: what pfxedtinit(D2) gets for each VECTOR line whose hardware was found. Only what a VECTOR line can say is
 * filled in: bus type, adapter, controller, unit, and the base address as that of the first space.
 */
#ifndef RILL_SYS_EDT_H
#define RILL_SYS_EDT_H
#include <sys/types.h>

#ifdef __cplusplus
extern "C" {
#endif

#define NBASE 3

/* e_bus_type; the numbers are rill's own */
#define ADAP_NULL 0
#define ADAP_VME 1
#define ADAP_GIO 2
#define ADAP_EISA 3
#define ADAP_PCI 4
#define ADAP_SCSI 5

typedef unsigned long iopaddr_t;

typedef struct iospace {
    unchar ios_type;
    iopaddr_t ios_iopaddr;
    ulong_t ios_size;
    caddr_t ios_vaddr;
} iospace_t;

typedef struct edt {
    uint_t e_bus_type;
    uint_t e_adap;
    uint_t e_ctlr;
    uint_t e_unit;
    void *e_bus_info;
    iospace_t e_space[NBASE];
} edt_t;

#ifdef __cplusplus
}
#endif
#endif
