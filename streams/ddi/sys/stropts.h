/*
 * streamio(7): what applications and drivers share: ioctl commands, their arguments, options and flags.
 * Values are the SVR4 ones.
 */
#ifndef RILL_SYS_STROPTS_H
#define RILL_SYS_STROPTS_H
#include <sys/types.h>

#ifdef __cplusplus
extern "C" {
#endif

#define FMNAMESZ 8

#define STR ('S' << 8)
#define I_NREAD (STR | 01)
#define I_PUSH (STR | 02)
#define I_POP (STR | 03)
#define I_LOOK (STR | 04)
#define I_FLUSH (STR | 05)
#define I_SRDOPT (STR | 06)
#define I_GRDOPT (STR | 07)
#define I_STR (STR | 010)
#define I_SETSIG (STR | 011)
#define I_GETSIG (STR | 012)
#define I_FIND (STR | 013)
#define I_LINK (STR | 014)
#define I_UNLINK (STR | 015)
#define I_RECVFD (STR | 016)
#define I_PEEK (STR | 017)
#define I_FDINSERT (STR | 020)
#define I_SENDFD (STR | 021)
#define I_O_RECVFD (STR | 022) /* old programs: ids of 16 bits (IOC-172) */
#define I_SWROPT (STR | 023)
#define I_GWROPT (STR | 024)
#define I_LIST (STR | 025)
#define I_PLINK (STR | 026)
#define I_PUNLINK (STR | 027)
#define I_ANCHOR (STR | 030) /* Solaris */
#define I_FLUSHBAND (STR | 034)
#define I_CKBAND (STR | 035)
#define I_GETBAND (STR | 036)
#define I_ATMARK (STR | 037)
#define I_SETCLTIME (STR | 040)
#define I_GETCLTIME (STR | 041)
#define I_CANPUT (STR | 042)
#define I_SERROPT (STR | 043)
#define I_GERROPT (STR | 044)
#define I_ESETSIG (STR | 045)
#define I_EGETSIG (STR | 046)
#define __I_PUSH_NOCTTY (STR | 047) /* Solaris */

/* I_SRDOPT */
#define RNORM 0x000
#define RMSGD 0x001
#define RMSGN 0x002
#define RMODEMASK 0x003
#define RPROTDAT 0x004
#define RPROTDIS 0x008
#define RPROTNORM 0x010
#define RPROTMASK 0x01c
#define RFLUSHMASK 0x020
#define RFLUSHPCPROT 0x020

/* I_SWROPT */
#define SNDZERO 0x001
#define SNDPIPE 0x002

/* I_FLUSH */
#define FLUSHR 0x01
#define FLUSHW 0x02
#define FLUSHRW 0x03
#define FLUSHBAND 0x04

/* I_SETSIG */
#define S_INPUT 0x0001
#define S_HIPRI 0x0002
#define S_OUTPUT 0x0004
#define S_MSG 0x0008
#define S_ERROR 0x0010
#define S_HANGUP 0x0020
#define S_RDNORM 0x0040
#define S_WRNORM S_OUTPUT
#define S_RDBAND 0x0080
#define S_WRBAND 0x0100
#define S_BANDURG 0x0200
#define S_ALL 0x03ff

/* I_SERROPT */
#define RERRNORM 0x0001
#define RERRNONPERSIST 0x0002
#define RERRMASK 0x0003
#define WERRNORM 0x0004
#define WERRNONPERSIST 0x0008
#define WERRMASK 0x000c

/* getmsg, putmsg */
#define RS_HIPRI 0x01
#define MSG_HIPRI 0x01
#define MSG_ANY 0x02
#define MSG_BAND 0x04
#define MORECTL 1
#define MOREDATA 2

/* I_ATMARK, I_UNLINK, I_STR */
#define ANYMARK 0x01
#define LASTMARK 0x02
#define MUXID_ALL (-1)
#ifndef INFTIM
#define INFTIM (-1)
#endif

struct strbuf {
    int maxlen; /* bytes the buffer holds */
    int len;    /* bytes in it, -1 for no part */
    char *buf;
};

struct strioctl {
    int ic_cmd;
    int ic_timout; /* seconds; 0 the default of 15, -1 for ever */
    int ic_len;
    char *ic_dp;
};

struct strpeek {
    struct strbuf ctlbuf;
    struct strbuf databuf;
    unsigned int flags;
};

struct strfdinsert {
    struct strbuf ctlbuf;
    struct strbuf databuf;
    unsigned int flags;
    int fildes;
    int offset;
};

struct strrecvfd {
    int fd;
    uid_t uid;
    gid_t gid;
    char fill[8];
};

struct o_strrecvfd {
    int fd;
    unsigned short uid;
    unsigned short gid;
    char fill[8];
};

struct str_mlist {
    char l_name[FMNAMESZ + 1];
};

struct str_list {
    int sl_nmods;
    struct str_mlist *sl_modlist;
};

struct bandinfo {
    unsigned char bi_pri;
    int bi_flag;
};

struct strsigset {
    pid_t ss_pid;
    int ss_events;
};

#ifdef __cplusplus
}
#endif
#endif
