/*
 * What a STREAMS driver or module is written against: messages, queues, the structures that name its procedures, and
 * the utilities that move messages (queue(D4), msgb(D4), datab(D4), qinit(D4), streamtab(D4), the D3 pages).
 *
 * A message is a chain of blocks through b_cont; the first block decides its type, band and queueing class. A queue pair
 * is two adjacent queue_t, the read queue first. Documented fields stand first, in the documented order; what follows
 * them belongs to the system.
 */
#ifndef RILL_SYS_STREAM_H
#define RILL_SYS_STREAM_H
#include <sys/types.h>
#include <sys/errno.h>
#include <sys/cred.h>
#include <sys/stropts.h>
#include <sys/mkdev.h>

#ifdef __cplusplus
extern "C" {
#define RILL_NAME const char *
#define RILL_ARGS(list) list
#else
#define RILL_NAME char *
/* Legacy code declares its procedures without prototypes; the pointers to them must take both kinds. */
#define RILL_ARGS(list) ()
#endif

typedef struct queue queue_t;
typedef struct msgb mblk_t;
typedef struct datab dblk_t;
typedef struct free_rtn frtn_t;
typedef struct qband qband_t;

struct free_rtn {
    void(*free_func) RILL_ARGS((char *));
    char *free_arg;
};

struct datab {
    union {
        struct datab *freep;
        struct free_rtn *frtnp;
    } db_f;
    unsigned char *db_base; /* first byte of the buffer */
    unsigned char *db_lim;  /* one past its last */
    unsigned char db_ref;   /* blocks that share it, at most 255 */
    unsigned char db_type;
    unsigned char db_iswhat;
    unsigned char db_filler2;
    unsigned int db_size;
    char *db_msgaddr;
};
#define db_freep db_f.freep
#define db_frtnp db_f.frtnp

struct msgb {
    struct msgb *b_next;
    struct msgb *b_prev;
    struct msgb *b_cont;
    unsigned char *b_rptr; /* first unread byte */
    unsigned char *b_wptr; /* first unwritten byte */
    struct datab *b_datap;
    unsigned char b_band;
    unsigned char b_pad1;
    unsigned short b_flag;
    unsigned int b_pad2;
};

/* b_flag */
#define MSGMARK 0x01
#define MSGNOLOOP 0x02
#define MSGDELIM 0x04
#define MSGNOGET 0x08

/* db_type: below QPCTL ordinary, from it on high priority */
#define QNORM 0x00
#define QPCTL 0x80
#define M_DATA 0x00
#define M_PROTO 0x01
#define M_BREAK 0x08
#define M_PASSFP 0x09
#define M_EVENT 0x0a
#define M_SIG 0x0b
#define M_DELAY 0x0c
#define M_CTL 0x0d
#define M_IOCTL 0x0e
#define M_SETOPTS 0x10
#define M_RSE 0x11
#define M_IOCACK 0x81
#define M_IOCNAK 0x82
#define M_PCPROTO 0x83
#define M_PCSIG 0x84
#define M_READ 0x85
#define M_FLUSH 0x86
#define M_STOP 0x87
#define M_START 0x88
#define M_HANGUP 0x89
#define M_ERROR 0x8a
#define M_COPYIN 0x8b
#define M_COPYOUT 0x8c
#define M_IOCDATA 0x8d
#define M_PCRSE 0x8e
#define M_STOPI 0x8f
#define M_STARTI 0x90
#define M_PCEVENT 0x91
#define M_UNHANGUP 0x92 /* Solaris */
/* Of UnixWare and OpenSS7, where they are 0x91 and 0x92, which others have for what stands above (HDR-053) */
#define M_PCCTL 0x94
#define M_PCSETOPTS 0x95

struct module_info {
    unsigned short mi_idnum;
    RILL_NAME mi_idname;
    ssize_t mi_minpsz;
    ssize_t mi_maxpsz;
    size_t mi_hiwat;
    size_t mi_lowat;
};

struct module_stat {
    long ms_pcnt;
    long ms_scnt;
    long ms_ocnt;
    long ms_ccnt;
    long ms_acnt;
    char *ms_xptr;
    short ms_xsize;
};

struct qinit {
    int(*qi_putp) RILL_ARGS((queue_t *, mblk_t *));
    int(*qi_srvp) RILL_ARGS((queue_t *));
    int(*qi_qopen) RILL_ARGS((queue_t *, dev_t *, int, int, cred_t *));
    int(*qi_qclose) RILL_ARGS((queue_t *, int, cred_t *));
    int(*qi_qadmin) RILL_ARGS((void));
    struct module_info *qi_minfo;
    struct module_stat *qi_mstat;
};

struct streamtab {
    struct qinit *st_rdinit;
    struct qinit *st_wrinit;
    struct qinit *st_muxrinit;
    struct qinit *st_muxwinit;
};

struct qband {
    struct qband *qb_next;
    size_t qb_count;
    struct msgb *qb_first;
    struct msgb *qb_last;
    size_t qb_hiwat;
    size_t qb_lowat;
    unsigned int qb_flag;
    unsigned int qb_pad1;
};

struct queue {
    struct qinit *q_qinfo;
    struct msgb *q_first;
    struct msgb *q_last;
    struct queue *q_next;
    struct queue *q_link;
    void *q_ptr; /* the driver's or module's own */
    size_t q_count;
    unsigned int q_flag;
    ssize_t q_minpsz;
    ssize_t q_maxpsz;
    size_t q_hiwat;
    size_t q_lowat;
    struct qband *q_bandp;
    unsigned char q_nband;
    unsigned char q_pad1[3];
    unsigned int q_pad2;
};

/* q_flag */
#define QENAB 0x01  /* its service procedure is scheduled */
#define QWANTR 0x02 /* a getq found it empty */
#define QWANTW 0x04 /* somebody was told that it is full */
#define QFULL 0x08
#define QREADR 0x10
#define QUSE 0x20
#define QNOENB 0x40
#define QBACK 0x100

#define QB_FULL 0x01
#define QB_WANTW 0x02
#define QB_BACK 0x04
#define NBAND 256

struct iocblk {
    int ioc_cmd;
    cred_t *ioc_cr;
    unsigned int ioc_id;
    unsigned int ioc_count;
    int ioc_error;
    int ioc_rval;
    int ioc_filler[4];
};
/*
 * Structures have one layout, the SVR4 one, for drivers of all systems in one program and the stream head between them.
 * Members that only Solaris has go by their names, with or without _SOLARIS_DDI; its order of members in iocblk (MSG-019),
 * copyreq and copyresp is not offered: these are filled in by name.
 */
#define ioc_flag ioc_filler[0] /* the data model; 0 and IOC_NONE are the native one */
#define b_tag b_pad1
#define IOC_NONE 0
#define IOC_ILP32 0x00100000
#define IOC_LP64 0x00200000
#define IOC_NATIVE IOC_LP64
#define IOC_MODELS 0x0ff00000
#define ioc_uid ioc_cr->cr_uid
#define ioc_gid ioc_cr->cr_gid
#define TRANSPARENT ((unsigned int)-1)

struct copyreq {
    int cq_cmd;
    cred_t *cq_cr;
    unsigned int cq_id;
    char *cq_addr;
    unsigned int cq_size;
    int cq_flag;
    mblk_t *cq_private;
    int cq_filler[4];
};
#define cq_uid cq_cr->cr_uid
#define cq_gid cq_cr->cr_gid
#define STRCANON 0x01
#define RECOPY 0x02

struct copyresp {
    int cp_cmd;
    cred_t *cp_cr;
    unsigned int cp_id;
    char *cp_rval; /* 0: the copy succeeded */
    unsigned int cp_pad1;
    int cp_pad2;
    mblk_t *cp_private;
    int cp_filler[4];
};
#define cp_flag cp_pad2
#define cp_uid cp_cr->cr_uid
#define cp_gid cp_cr->cr_gid

union ioctypes {
    struct iocblk iocblk;
    struct copyreq copyreq;
    struct copyresp copyresp;
};

struct linkblk {
    queue_t *l_qtop; /* lowest write queue of the upper stream, null for a persistent link */
    queue_t *l_qbot; /* highest write queue of the lower stream */
    int l_index;
};

struct stroptions {
    unsigned int so_flags;
    short so_readopt;
    unsigned short so_wroff;
    ssize_t so_minpsz;
    ssize_t so_maxpsz;
    size_t so_hiwat;
    size_t so_lowat;
    unsigned char so_band;
    unsigned short so_erropt; /* from here on Solaris only (MSG-037) */
    ssize_t so_maxblk;        /* this and the rest: without effect */
    unsigned short so_copyopt;
    size_t so_tail;
};
#define SO_ALL 0x003f
#define SO_READOPT 0x0001
#define SO_WROFF 0x0002
#define SO_MINPSZ 0x0004
#define SO_MAXPSZ 0x0008
#define SO_HIWAT 0x0010
#define SO_LOWAT 0x0020
#define SO_MREADON 0x0040
#define SO_MREADOFF 0x0080
#define SO_NDELON 0x0100
#define SO_NDELOFF 0x0200
#define SO_ISTTY 0x0400
#define SO_ISNTTY 0x0800
#define SO_TOSTOP 0x1000
#define SO_TONSTOP 0x2000
#define SO_BAND 0x4000
#define SO_DELIM 0x8000
#define SO_NODELIM 0x010000
#define SO_STRHOLD 0x020000
#define SO_ERROPT 0x040000 /* Solaris */

/* sflag of an open procedure; what an SVR3 open returns when it fails */
#define DRVOPEN 0
#define MODOPEN 1
#define CLONEOPEN 2
#define OPENFAIL (-1)

#define BPRI_LO 1
#define BPRI_MED 2
#define BPRI_HI 3
#define INFPSZ (-1)
#define STRHIGH 5120
#define STRLOW 1024
#define STRMINPSZ 0
#define STRMAXPSZ 4096
#define FLUSHALL 1
#define FLUSHDATA 0
#define NOERROR ((unsigned char)-1)

typedef enum qfields { QHIWAT = 0, QLOWAT, QMAXPSZ, QMINPSZ, QCOUNT, QFIRST, QLAST, QFLAG, QBAD } qfields_t;

#define queclass(bp) (((bp)->b_datap->db_type >= QPCTL) ? QPCTL : QNORM)
#define datamsg(type) ((type) == M_DATA || (type) == M_PROTO || (type) == M_PCPROTO || (type) == M_DELAY)
#define pcmsg(type) ((type) >= QPCTL)
#define canenable(q) (!((q)->q_flag & QNOENB))
#define bpsize(bp) ((unsigned int)((bp)->b_datap->db_lim - (bp)->b_datap->db_base))
#define straln(a) (char *)((long)(a) & ~((long)sizeof(int) - 1))

/* Messages: allocb(D3), esballoc(D3), dupb(D3), ... Failure is NULL or 0. */
mblk_t *allocb(size_t size, unsigned int pri);
mblk_t *esballoc(unsigned char *base, size_t size, int pri, frtn_t *frtn);
mblk_t *desballoc(unsigned char *base, size_t size, int pri, frtn_t *frtn);
mblk_t *esballoca(unsigned char *base, size_t size, int pri, frtn_t *frtn); /* Solaris: db_ref is 2 */
mblk_t *allocb_wait(size_t size, unsigned int pri, unsigned int flags, int *error);
int testb(size_t size, unsigned int pri);
void freeb(mblk_t *bp);
void freemsg(mblk_t *mp);
mblk_t *dupb(mblk_t *bp);
mblk_t *dupmsg(mblk_t *mp);
mblk_t *copyb(mblk_t *bp);
mblk_t *copymsg(mblk_t *mp);
void linkb(mblk_t *mp, mblk_t *tail);
mblk_t *unlinkb(mblk_t *mp);
mblk_t *rmvb(mblk_t *mp, mblk_t *bp);
int adjmsg(mblk_t *mp, ssize_t len);
int pullupmsg(mblk_t *mp, ssize_t len);
mblk_t *msgpullup(mblk_t *mp, ssize_t len);
size_t msgdsize(mblk_t *mp);
size_t msgsize(mblk_t *mp);
size_t xmsgsize(mblk_t *mp);
mblk_t *mkiocb(unsigned int cmd);
#define STR_NOSIG 0x1

/* Waiting for memory: bufcall(D3). Ids are not 0; 0 is failure. */
bufcall_id_t bufcall(unsigned int size, int pri, void(*func) RILL_ARGS((void *)), void *arg);
bufcall_id_t esbbcall(int pri, void(*func) RILL_ARGS((void *)), void *arg);
void unbufcall(bufcall_id_t id);

/* Queues: putq(D3), getq(D3), ... 1 on success, 0 when a band cannot be allocated. */
int putq(queue_t *q, mblk_t *mp);
mblk_t *getq(queue_t *q);
int putbq(queue_t *q, mblk_t *mp);
int insq(queue_t *q, mblk_t *emp, mblk_t *mp);
int appq(queue_t *q, mblk_t *emp, mblk_t *mp);
void rmvq(queue_t *q, mblk_t *mp);
void flushq(queue_t *q, int flag);
void flushband(queue_t *q, unsigned char band, int flag);
int qsize(queue_t *q);
int strqget(queue_t *q, qfields_t what, unsigned char band, long *valp); /* 0 or a positive errno */
int strqset(queue_t *q, qfields_t what, unsigned char band, long val);
queue_t *backq(queue_t *q);
int SAMESTR(queue_t *q);
queue_t *RD(queue_t *q);
queue_t *WR(queue_t *q);
queue_t *OTHERQ(queue_t *q);

/* Flow control: canput(D3), bcanput(D3). 1 when there is room. */
int canput(queue_t *q);
int canputnext(queue_t *q);
int bcanput(queue_t *q, unsigned char band);
int bcanputnext(queue_t *q, unsigned char band);

/* Scheduling: qenable(D3), noenable(D3), qprocson(D3), ... */
void qenable(queue_t *q);
void noenable(queue_t *q);
void enableok(queue_t *q);
void qprocson(queue_t *q);
void qprocsoff(queue_t *q);

/* Passing on: put(D3), putnext(D3), qreply(D3), putctl(D3). */
void put(queue_t *q, mblk_t *mp);
void putnext(queue_t *q, mblk_t *mp);
void qreply(queue_t *q, mblk_t *mp);
int putctl(queue_t *q, int type);
int putctl1(queue_t *q, int type, int param);
int putnextctl(queue_t *q, int type);
int putnextctl1(queue_t *q, int type, int param);
/* Not of every family (PUT-017): gnu89 and LiS call them undeclared, and a driver there may have its own. */
#if defined(__cplusplus) || (defined(__STDC_VERSION__) && !defined(LIS))
int putctl2(queue_t *q, int type, int param1, int param2);
int putnextctl2(queue_t *q, int type, int param1, int param2);
#endif

#ifdef __cplusplus
}
#endif
#endif
