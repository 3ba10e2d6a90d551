/* Driver flags (devflag(D1)) and the names of switch-table entries. */
#ifndef RILL_SYS_CONF_H
#define RILL_SYS_CONF_H
#include <sys/types.h>

struct streamtab;

#ifndef FMNAMESZ
#define FMNAMESZ 8
#endif

/* pfxdevflag: 0 is the SVR4 interface; no pfxdevflag at all means D_OLD (CFG-038) */
#define D_NEW 0x00
#define D_OLD 0x01
#define D_MP 0x02
#define D_WBACK 0x04
#define D_MT 0x08
#define D_DMA 0x10
#define D_TAPE 0x20
#define D_64BIT 0x200
#define D_HOTPLUG 0x400
/* Solaris perimeters (mt-streams) */
#define D_MTSAFE D_MP
#define D_MTPERQ 0x1000
#define D_MTQPAIR 0x2000
#define D_MTPERMOD 0x4000
#define D_MTOUTPERIM 0x8000
#define D_MTOCEXCL 0x10000
#define D_MTPUTSHARED 0x20000
#define D_MTPUTSHR D_MTPUTSHARED

/* A loadable module's entry as Solaris declares it (fmodsw, <sys/modctl.h>) */
struct fmodsw {
    char f_name[FMNAMESZ + 1];
    struct streamtab *f_str;
    int f_flag;
    void *f_kmod; /* Linux only */
};

#endif
