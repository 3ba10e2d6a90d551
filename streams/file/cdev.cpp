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
