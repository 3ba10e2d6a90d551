#include "streams/file/cdev.hpp"
#include "streams/queue/procedure.hpp"
#include "streams/file/process.hpp"
#include "streams/system.hpp"

#include <algorithm>
#include <cerrno>
#include <sys/uio.h>

namespace rill {

namespace {

constexpr int otyp_chr = 2; // OTYP_CHR

template <class F> int run_entry(System &system, EntryKind kind, const char *what, Driver &driver, dev_t dev, F &&routine) {
    Procedure procedure(system, kind, driver.name.c_str(), {.dev = dev});
    int error = EIO; // of one that throws (UTL-083)
    procedure.call([&] { error = routine(); });
    return errno_of(system, driver, what, error);
}

} // namespace

int character_open(System &system, Driver &driver, dev_t *dev, int flag, cred_t &cred) {
    if (!driver.entry.open) return ENODEV;
    return run_entry(system, EntryKind::open, "open procedure", driver, *dev, [&] { return driver.entry.open(dev, flag, otyp_chr, &cred); });
}

int character_close(System &system, Driver &driver, dev_t dev, int flag, cred_t &cred) {
    if (!driver.entry.close) return ENODEV;
    return run_entry(system, EntryKind::close, "close procedure", driver, dev, [&] { return driver.entry.close(dev, flag, otyp_chr, &cred); });
}

int character_read(System &system, Driver &driver, dev_t dev, char *base, size_t *count, cred_t &cred, bool writing) {
    auto *entry = writing ? driver.entry.write : driver.entry.read;
    if (!entry) {
        *count = 0;
        return ENODEV; // DEV-022
    }
    iovec_t iov{base, *count};
    uio_t uio{&iov, 1, 0, UIO_USERSPACE, static_cast<short>(writing ? FWRITE : FREAD), 0, static_cast<ssize_t>(*count)};
    const int error = run_entry(system, EntryKind::open, writing ? "write procedure" : "read procedure", driver, dev, [&] { return entry(dev, &uio, &cred); });
    *count -= static_cast<size_t>(std::max<ssize_t>(uio.uio_resid, 0));
    return *count > 0 ? 0 : error;
}

int character_ioctl(System &system, Driver &driver, dev_t dev, int command, void *argument, int mode, cred_t &cred,
                    int *rval) {
    if (!driver.entry.ioctl) return ENODEV;
    return run_entry(system, EntryKind::open, "ioctl procedure", driver, dev,
                     [&] { return driver.entry.ioctl(dev, command, argument, mode, &cred, rval); });
}

} // namespace rill

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
