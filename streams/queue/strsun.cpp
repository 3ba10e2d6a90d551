// What Solaris adds for messages of ioctl processing: turning an M_IOCTL or M_IOCDATA into a request or an answer, in
// place (MSG-116 to MSG-123). The three structures in such a message begin alike, with command, credentials and id, so
// the block is reused and only what follows them is filled in anew.
#include "streams/message/message.hpp"

#include <cerrno>
#include <cstring>
#include <sys/dlpi.h>
#include <sys/strsun.h>

#define EXPORT extern "C" __attribute__((visibility("default")))

namespace {

copyreq *copy_request(mblk_t *mp, void *priv, size_t size, void *uaddr, int type) {
    auto *request = reinterpret_cast<copyreq *>(mp->b_rptr);
    request->cq_private = static_cast<mblk_t *>(priv);
    request->cq_size = static_cast<unsigned>(size);
    request->cq_addr = static_cast<char *>(uaddr);
    request->cq_flag = 0;
    mp->b_datap->db_type = static_cast<unsigned char>(type);
    mp->b_wptr = mp->b_rptr + sizeof(copyreq);
    return request;
}

// A transparent ioctl's argument lies in the next block.
void *address_in(const mblk_t *mp) {
    void *address = nullptr;
    const auto *io = reinterpret_cast<const iocblk *>(mp->b_rptr);
    if (mp->b_datap->db_type == M_IOCTL && io->ioc_count == TRANSPARENT && mp->b_cont)
        std::memcpy(&address, mp->b_cont->b_rptr, sizeof address);
    return address;
}

void replace_data(mblk_t *mp, mblk_t *dp) {
    if (mp->b_cont && mp->b_cont != dp) freemsg(mp->b_cont);
    mp->b_cont = dp;
}

void answer(mblk_t *mp, int type, unsigned count, int error, int rval) {
    auto *io = reinterpret_cast<iocblk *>(mp->b_rptr);
    io->ioc_count = count;
    io->ioc_error = error;
    io->ioc_rval = rval;
    mp->b_datap->db_type = static_cast<unsigned char>(type);
    mp->b_wptr = mp->b_rptr + sizeof(iocblk);
}

} // namespace

EXPORT void mcopyin(mblk_t *mp, void *priv, size_t size, void *uaddr) {
    copy_request(mp, priv, size, uaddr ? uaddr : address_in(mp), M_COPYIN);
    replace_data(mp, nullptr);
}

EXPORT void mcopyout(mblk_t *mp, void *priv, size_t size, void *uaddr, mblk_t *dp) {
    copy_request(mp, priv, size, uaddr ? uaddr : address_in(mp), M_COPYOUT);
    if (!dp) return; // the data is in b_cont already
    replace_data(mp, dp);
    dp->b_wptr = dp->b_rptr + size;
}

EXPORT void mcopymsg(mblk_t *mp, void *buf) {
    auto *to = static_cast<unsigned char *>(buf);
    for (const mblk_t *bp = mp; bp; bp = bp->b_cont) {
        const size_t n = rill::block_length(bp);
        std::memcpy(to, bp->b_rptr, n);
        to += n;
    }
    freemsg(mp);
}

EXPORT void mioc2ack(mblk_t *mp, mblk_t *dp, size_t count, int rval) {
    answer(mp, M_IOCACK, static_cast<unsigned>(count), 0, rval);
    replace_data(mp, dp);
    if (dp) dp->b_wptr = dp->b_rptr + count;
}

EXPORT void miocack(queue_t *wq, mblk_t *mp, int count, int rval) {
    answer(mp, M_IOCACK, static_cast<unsigned>(count), 0, rval);
    qreply(wq, mp);
}

EXPORT void miocnak(queue_t *wq, mblk_t *mp, int count, int error) {
    answer(mp, M_IOCNAK, static_cast<unsigned>(count), error, 0);
    qreply(wq, mp);
}

EXPORT int miocpullup(mblk_t *mp, size_t size) {
    const auto *io = reinterpret_cast<const iocblk *>(mp->b_rptr);
    if (!mp->b_cont) return EINVAL;
    if (mp->b_datap->db_type == M_IOCTL && (io->ioc_count == TRANSPARENT || io->ioc_count < size)) return EINVAL;
    if (rill::block_length(mp->b_cont) >= size) return 0;
    if (rill::message_bytes(mp->b_cont) < size) return EINVAL;
    mblk_t *data = msgpullup(mp->b_cont, static_cast<ssize_t>(size));
    if (!data) return ENOMEM;
    replace_data(mp, data);
    return 0;
}

EXPORT mblk_t *mexchange(queue_t *wq, mblk_t *mp, size_t size, int type, int primtype) {
    if (!mp || static_cast<size_t>(MBLKSIZE(mp)) < size || DB_REF(mp) > 1) {
        freemsg(mp);
        mp = allocb(size, BPRI_LO);
        if (!mp) {
            if (wq) putnextctl1(OTHERQ(wq), M_ERROR, ENOSR);
            return nullptr;
        }
    }
    mp->b_datap->db_type = static_cast<unsigned char>(type);
    mp->b_rptr = mp->b_datap->db_base;
    mp->b_wptr = mp->b_rptr + size;
    if (primtype >= 0) std::memcpy(mp->b_rptr, &primtype, sizeof primtype);
    return mp;
}

EXPORT void merror(queue_t *wq, mblk_t *mp, int error) {
    mp = mexchange(wq, mp, 1, M_ERROR, -1);
    if (!mp) return;
    *mp->b_rptr = static_cast<unsigned char>(error);
    qreply(wq, mp);
}

// --- acknowledgements of a DLPI provider ---

namespace {

template <class Ack> Ack *acknowledge(queue_t *wq, mblk_t *&mp, t_uscalar_t primitive, t_uscalar_t more = 0) {
    mp = mexchange(wq, mp, sizeof(Ack) + more, M_PCPROTO, static_cast<int>(primitive));
    if (!mp) return nullptr;
    if (mblk_t *rest = unlinkb(mp)) freemsg(rest); // data of the request
    auto *ack = reinterpret_cast<Ack *>(mp->b_rptr);
    std::memset(reinterpret_cast<char *>(ack) + sizeof primitive, 0, sizeof *ack - sizeof primitive);
    return ack;
}

void put_address(mblk_t *mp, std::size_t offset, const void *address, t_uscalar_t length) {
    if (address && length) std::memcpy(mp->b_rptr + offset, address, length);
}

} // namespace

EXPORT void dlokack(queue_t *wq, mblk_t *mp, t_uscalar_t correct_primitive) {
    auto *ack = acknowledge<dl_ok_ack_t>(wq, mp, DL_OK_ACK);
    if (!ack) return;
    ack->dl_correct_primitive = correct_primitive;
    qreply(wq, mp);
}

EXPORT void dlerrorack(queue_t *wq, mblk_t *mp, t_uscalar_t error_primitive, t_uscalar_t error, t_uscalar_t unix_errno) {
    auto *ack = acknowledge<dl_error_ack_t>(wq, mp, DL_ERROR_ACK);
    if (!ack) return;
    ack->dl_error_primitive = error_primitive;
    ack->dl_errno = error;
    ack->dl_unix_errno = unix_errno;
    qreply(wq, mp);
}

EXPORT void dlbindack(queue_t *wq, mblk_t *mp, t_uscalar_t sap, const void *address, t_uscalar_t length, t_uscalar_t max_conind,
                      t_uscalar_t xidtest) {
    auto *ack = acknowledge<dl_bind_ack_t>(wq, mp, DL_BIND_ACK, length);
    if (!ack) return;
    ack->dl_sap = sap;
    ack->dl_addr_length = length;
    ack->dl_addr_offset = sizeof *ack;
    ack->dl_max_conind = max_conind;
    ack->dl_xidtest_flg = xidtest;
    put_address(mp, sizeof *ack, address, length);
    qreply(wq, mp);
}

EXPORT void dlphysaddrack(queue_t *wq, mblk_t *mp, const void *address, t_uscalar_t length) {
    auto *ack = acknowledge<dl_phys_addr_ack_t>(wq, mp, DL_PHYS_ADDR_ACK, length);
    if (!ack) return;
    ack->dl_addr_length = length;
    ack->dl_addr_offset = length ? sizeof *ack : 0;
    put_address(mp, sizeof *ack, address, length);
    qreply(wq, mp);
}

EXPORT mblk_t *allocb_cred(size_t size, cred_t *, ...) { return allocb(size, BPRI_MED); }

EXPORT mblk_t *allocb_tmpl(size_t size, const mblk_t *like) {
    mblk_t *mp = allocb(size, BPRI_MED);
    if (mp) mp->b_datap->db_type = like->b_datap->db_type;
    return mp;
}

EXPORT int mblkin(mblk_t *mp, size_t off, size_t len) {
    const size_t length = rill::block_length(mp);
    return off <= length && len <= length - off;
}

// A copy of the first block with room before and behind its bytes; the old one is freed.
EXPORT mblk_t *mexpandb(mblk_t *mp, size_t head, size_t tail) {
    const size_t bytes = rill::block_length(mp);
    mblk_t *wide = allocb(head + bytes + tail, BPRI_MED);
    if (!wide) return nullptr;
    wide->b_datap->db_type = mp->b_datap->db_type;
    wide->b_band = mp->b_band;
    wide->b_flag = mp->b_flag;
    wide->b_rptr += head;
    std::memcpy(wide->b_rptr, mp->b_rptr, bytes);
    wide->b_wptr = wide->b_rptr + bytes;
    wide->b_cont = mp->b_cont;
    mp->b_cont = nullptr;
    freeb(mp);
    return wide;
}
