// A driver with nothing but minors, for programs that link librill as a stranger's would (<rill.h> and the DDI alone): a clone
// open takes one from the thread's table, what is written comes back, an ioctl is acknowledged.
#pragma once

#include <cerrno>
#include <sys/ddi.h>
#include <sys/minor.h>
#include <sys/stream.h>
#include <sys/stropts.h>

namespace minordriver {

inline thread_local minor_table_t *minors = nullptr; // by whoever opens

inline int open(queue_t *q, dev_t *devp, int, int sflag, cred_t *) {
    if (sflag == CLONEOPEN) {
        const int minor = minor_take(minors);
        if (minor < 0) return EBUSY;
        *devp = makedevice(getemajor(*devp), static_cast<minor_t>(minor));
    }
    q->q_ptr = WR(q)->q_ptr = reinterpret_cast<void *>(sflag == CLONEOPEN ? static_cast<long>(geteminor(*devp)) + 1 : -1L);
    qprocson(q);
    return 0;
}

inline int close(queue_t *q, int, cred_t *) {
    qprocsoff(q);
    if (const long minor = reinterpret_cast<long>(q->q_ptr); minor > 0) minor_give(minors, static_cast<minor_t>(minor - 1));
    q->q_ptr = WR(q)->q_ptr = nullptr;
    return 0;
}

inline int put(queue_t *q, mblk_t *mp) {
    if (mp->b_datap->db_type == M_IOCTL) {
        mp->b_datap->db_type = M_IOCACK;
        reinterpret_cast<iocblk *>(mp->b_rptr)->ioc_count = 0;
    } else if (mp->b_datap->db_type != M_DATA) {
        return freemsg(mp), 0;
    }
    qreply(q, mp);
    return 0;
}

} // namespace minordriver
