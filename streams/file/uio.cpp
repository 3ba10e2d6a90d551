// uiomove(D3) and its kin: between a driver's buffer and what a read or write was given.
#include "streams/message/usercopy.hpp"

#include <algorithm>
#include <cerrno>
#include <sys/uio.h>

#define EXPORT extern "C" __attribute__((visibility("default")))

EXPORT int uiomove(caddr_t kernel, long count, enum uio_rw rw, uio_t *uio) {
    while (count > 0 && uio->uio_resid > 0 && uio->uio_iovcnt > 0) {
        iovec_t &iov = *uio->uio_iov;
        const size_t n = std::min(static_cast<size_t>(std::min<ssize_t>(count, uio->uio_resid)), iov.iov_len);
        if (n == 0) {
            ++uio->uio_iov;
            --uio->uio_iovcnt;
            continue;
        }
        const bool moved = rw == UIO_READ ? rill::copy_to_user(iov.iov_base, kernel, n)
                                          : rill::copy_from_user(kernel, iov.iov_base, n);
        if (!moved) return EFAULT;
        iov.iov_base = static_cast<char *>(iov.iov_base) + n;
        iov.iov_len -= n;
        kernel += n;
        count -= static_cast<long>(n);
        uio->uio_resid -= static_cast<ssize_t>(n);
        uio->uio_offset += static_cast<off_t>(n);
    }
    return 0;
}

EXPORT int ureadc(int c, uio_t *uio) {
    char byte = static_cast<char>(c);
    return uiomove(&byte, 1, UIO_READ, uio);
}

EXPORT int uwritec(uio_t *uio) {
    char byte = 0;
    if (uio->uio_resid <= 0 || uiomove(&byte, 1, UIO_WRITE, uio)) return -1;
    return static_cast<unsigned char>(byte);
}
