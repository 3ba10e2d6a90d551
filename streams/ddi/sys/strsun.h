/* Solaris: macros and functions for the messages of ioctl processing (miocack(9F), mcopyin(9F), mexchange(9F), ...). */
#ifndef RILL_SYS_STRSUN_H
#define RILL_SYS_STRSUN_H
#include <sys/types.h>
#include <sys/stream.h>
#include <sys/stropts.h>

#ifdef __cplusplus
extern "C" {
#endif

#define DB_BASE(mp) ((mp)->b_datap->db_base)
#define DB_LIM(mp) ((mp)->b_datap->db_lim)
#define DB_REF(mp) ((mp)->b_datap->db_ref)
#define DB_TYPE(mp) ((mp)->b_datap->db_type)

#define MBLKL(mp) ((mp)->b_wptr - (mp)->b_rptr)      /* bytes between the pointers */
#define MBLKSIZE(mp) ((mp)->b_datap->db_lim - (mp)->b_datap->db_base)
#define MBLKHEAD(mp) ((mp)->b_rptr - (mp)->b_datap->db_base)
#define MBLKTAIL(mp) ((mp)->b_datap->db_lim - (mp)->b_wptr)
#define MBLKIN(mp, off, len) \
    (((off) <= MBLKL(mp)) && (((mp)->b_rptr + (off) + (len)) <= (mp)->b_wptr))
#define OFFSET(base, p) ((unsigned char *)(p) - (unsigned char *)(base))

struct iocblk;
void mcopyin(mblk_t *mp, void *priv, size_t size, void *uaddr);
void mcopyout(mblk_t *mp, void *priv, size_t size, void *uaddr, mblk_t *dp);
void mcopymsg(mblk_t *mp, void *buf); /* copies all bytes to buf and frees mp */
void mioc2ack(mblk_t *mp, mblk_t *dp, size_t count, int rval);
void miocack(queue_t *wq, mblk_t *mp, int count, int rval);
void miocnak(queue_t *wq, mblk_t *mp, int count, int error);
int miocpullup(mblk_t *mp, size_t size); /* 0, EINVAL or ENOMEM */
mblk_t *mexchange(queue_t *wq, mblk_t *mp, size_t size, int type, int primtype);
mblk_t *mexpandb(mblk_t *mp, size_t head, size_t tail);
int mblkin(mblk_t *mp, size_t off, size_t len);
void merror(queue_t *wq, mblk_t *mp, int error); /* M_ERROR up, in mp if it fits; mp is used up */
/* allocb for somebody: the credentials, and on newer systems a pid, are accepted and not kept */
mblk_t *allocb_cred(size_t size, cred_t *cr, ...);
mblk_t *allocb_tmpl(size_t size, const mblk_t *like); /* of the type of another */

#ifdef __cplusplus
}
#endif
#endif
