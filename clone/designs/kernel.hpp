// What the other kernels do alike around a driver's routines: uio, ioctl arguments, memory with its size before
// it, the trace of a routine that is entered.
#pragma once

#include "streams/queue/procedure.hpp"

#include <cstdint>
#include <cstring>
#include <utility>
#include <sys/kmem.h>
#include <sys/uio.h>

namespace rill::designs {

inline void step(System &system, Event word, const char *what, const char *clause = nullptr, dev_t dev = no_device,
                 long number = -1, std::string_view text = {}) {
    if (system.trace.on) [[unlikely]]
        system.trace.emit({.event = word, .what = what, .clause = clause, .dev = dev, .number = number, .text = text});
}

// While it lives, a driver's routine runs: faults name the driver, trace records stand below it.
class InDriver : public Procedure {
public:
    InDriver(System &system, EntryKind kind, const char *driver) : Procedure(system, kind, driver, {.deepens = true}) {}
};

// A last close and an open of the same device do not run side by side.
class VnodeLock {
public:
    VnodeLock(System &system, Special &special) : system_(system), special_(special), held_(!system.nodes.lock(special, false)) {}
    ~VnodeLock() {
        if (held_) system_.nodes.unlock(special_);
    }
    VnodeLock(const VnodeLock &) = delete;

private:
    System &system_;
    Special &special_;
    bool held_;
};

// One read or write as the driver's uio; Uio is the family's own structure. After part was moved only an interrupted or
// delayed transfer counts as a short one; any other error is told.
template <class Uio, class Routine> int with_uio(Transfer &transfer, bool writing, Routine &&routine) {
    iovec iov{transfer.base, transfer.count};
    Uio uio{};
    uio.uio_iov = &iov;
    uio.uio_iovcnt = 1;
    uio.uio_resid = transfer.count;
    uio.uio_rw = writing ? decltype(uio.uio_rw)::UIO_WRITE : decltype(uio.uio_rw)::UIO_READ;
    const int error = routine(&uio);
    transfer.done = error && error != EINTR && error != EWOULDBLOCK ? 0 : transfer.count - uio.uio_resid;
    return error;
}

// uiomove(9): 0 or EFAULT.
template <class Uio> int move_by(void *data, size_t count, Uio *uio) {
    char *kernel = static_cast<char *>(data);
    while (count > 0 && uio->uio_resid > 0 && uio->uio_iovcnt > 0) {
        iovec &iov = *uio->uio_iov;
        const size_t n = std::min({count, static_cast<size_t>(uio->uio_resid), iov.iov_len});
        if (n == 0) {
            ++uio->uio_iov;
            --uio->uio_iovcnt;
            continue;
        }
        const bool in = uio->uio_rw == decltype(uio->uio_rw)::UIO_WRITE;
        if (!(in ? copy_from_user(kernel, iov.iov_base, n) : copy_to_user(iov.iov_base, kernel, n))) return EFAULT;
        iov.iov_base = static_cast<char *>(iov.iov_base) + n;
        iov.iov_len -= n;
        kernel += n;
        count -= n;
        uio->uio_resid -= static_cast<decltype(uio->uio_resid)>(n);
        uio->uio_offset += static_cast<off_t>(n);
    }
    return 0;
}

// A BSD ioctl command tells how its argument travels: bits 31 and 30 into and out of the kernel, 16 to 28 its size.
// routine(data) gets a copy in the kernel; a command without a size gets the argument itself.
template <class Routine> int with_ioctl_data(int command, void *argument, Routine &&routine) {
    const unsigned word = static_cast<unsigned>(command), size = word >> 16 & 0x1fff;
    const bool in = word & 0x80000000u, out = word & 0x40000000u;
    if (size == 0 || !(in || out)) return routine(&argument);
    void *data = kmem_zalloc(size, KM_NOSLEEP);
    if (!data) return ENOMEM;
    int error = in && !copy_from_user(data, argument, size) ? EFAULT : routine(data);
    if (!error && out && !copy_to_user(argument, data, size)) error = EFAULT;
    kmem_free(data, size);
    return error;
}

inline void *sized_alloc(size_t size, bool may_fail, bool zero) {
    constexpr size_t head = 16;
    auto *p = static_cast<char *>(kmem_alloc(head + size, may_fail ? KM_NOSLEEP : KM_SLEEP));
    if (!p) return nullptr;
    std::memcpy(p, &size, sizeof size);
    return zero ? std::memset(p + head, 0, size) : p + head;
}

inline void sized_free(void *memory) {
    constexpr size_t head = 16;
    if (!memory) return;
    char *p = static_cast<char *>(memory) - head;
    size_t size;
    std::memcpy(&size, p, sizeof size);
    kmem_free(p, head + size);
}

inline timespec time_now(System &system) {
    return time_of(system.sched.now());
}

} // namespace rill::designs
