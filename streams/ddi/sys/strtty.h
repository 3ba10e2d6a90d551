/* SVR4 line disciplines: the part of struct strtty that a terminal module keeps of its own stream. */
#ifndef RILL_SYS_STRTTY_H
#define RILL_SYS_STRTTY_H
#include <sys/types.h>
#include <sys/stream.h>
#include <sys/termio.h>

#ifdef __cplusplus
extern "C" {
#endif

/* line discipline commands sent as M_CTL */
#define MC_NO_CANON 0
#define MC_DO_CANON 1
#define MC_CANONQUERY 2
#define MC_SERVICEIMM 3
#define MC_SERVICEDEF 4
#define MC_PART_CANON 5

struct t_buf {
    mblk_t *bu_bp;
    unsigned char *bu_ptr;
    ushort_t bu_cnt;
};

struct strtty {
    struct t_buf t_in;
    struct t_buf t_out;
    queue_t *t_rdqp;
    mblk_t *t_ioctlp;
    mblk_t *t_lbuf;
    int t_dev;
    int t_iflag;
    int t_oflag;
    int t_cflag;
    int t_lflag;
    short t_state;
    char t_line;
    unsigned char t_cc[NCCS];
};

/* t_state */
#define TIMEOUT 01
#define WOPEN 02
#define ISOPEN 04
#define TBLOCK 010
#define CARR_ON 020
#define BUSY 040
#define WIOC 0100
#define WGETTY 0200
#define TTSTOP 0400
#define TACT 02000
#define CLESC 04000
#define RTO 010000
#define TTIOW 020000
#define TTXON 040000
#define TTXOFF 0100000

#ifdef __cplusplus
}
#endif
#endif
