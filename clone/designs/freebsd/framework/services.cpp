#include "clone/designs/freebsd/framework/state.hpp"

namespace rill::designs::freebsd {

std::string formatted(const char *fmt, va_list args) {
    char text[512];
    std::vsnprintf(text, sizeof text, fmt, args);
    return text;
}

} // namespace rill::designs::freebsd

namespace rill::designs {

using namespace freebsd;

bool freebsd_loaded(System &system, freebsd_moduledata &module) {
    const auto &modules = part(system).modules;
    return std::find(modules.begin(), modules.end(), &module) != modules.end();
}

int freebsd_load(System &system, freebsd_moduledata &module) {
    Freebsd &f = part(system);
    if (freebsd_loaded(system, module)) return EEXIST;
    {
        Inside inside(system, module.name, EntryKind::init);
        if (int error = module.evhand(&module, MOD_LOAD, module.priv)) return error;
    }
    f.modules.push_back(&module);
    system.at_end.push_back([&system, &module] { freebsd_unload(system, module); });
    return 0;
}

int freebsd_unload(System &system, freebsd_moduledata &module) {
    Freebsd &f = part(system);
    if (!freebsd_loaded(system, module)) return ENXIO;
    {
        Inside inside(system, module.name, EntryKind::init);
        if (int error = module.evhand(&module, MOD_UNLOAD, module.priv)) return error;
    }
    std::erase(f.modules, &module);
    return 0;
}

} // namespace rill::designs

using namespace rill;
using namespace rill::designs::freebsd;

namespace {
constexpr int pcatch = 0x100;
}

EXPORT int tsleep(const void *chan, int priority, const char *wmesg, int timo) {
    if (!may_sleep_here("FBSD-066", "tsleep outside a call")) return EWOULDBLOCK;
    Call *call = this_system().running;
    call->event = const_cast<void *>(chan);
    const char *why = here().kept(fmt::format("wakeup of its channel ({})", wmesg));
    const Wake wake = driver_sleep(this_system().event_sleepers, why, priority & pcatch, timo > 0 ? timo : forever);
    call->event = nullptr;
    switch (wake) {
    case Wake::event: return 0;
    case Wake::timeout: return EWOULDBLOCK;
    case Wake::signal: return EINTR;
    case Wake::deadlock: break;
    }
    return EDEADLK;
}

#undef wakeup
EXPORT void freebsd_wakeup(const void *chan) { ::wakeup(static_cast<char *>(const_cast<void *>(chan))); }

EXPORT int copyin(const void *uaddr, void *kaddr, size_t len) { return copy_from_user(kaddr, uaddr, len) ? 0 : EFAULT; }
EXPORT int copyout(const void *kaddr, void *uaddr, size_t len) { return copy_to_user(uaddr, kaddr, len) ? 0 : EFAULT; }

EXPORT int uiomove(void *cp, int n, struct uio *uio) {
    const std::size_t size = static_cast<std::size_t>(std::min<ssize_t>(std::max(n, 0), uio->uio_resid));
    iovec &iov = *uio->uio_iov; // there is one
    const bool moved = uio->uio_rw == FREEBSD_UIO_READ ? copy_to_user(iov.iov_base, cp, size) : copy_from_user(cp, iov.iov_base, size);
    if (!moved) return EFAULT;
    iov.iov_base = static_cast<char *>(iov.iov_base) + size;
    iov.iov_len -= size;
    uio->uio_resid -= static_cast<ssize_t>(size);
    uio->uio_offset += static_cast<off_t>(size);
    return 0;
}

namespace {
constexpr std::size_t kept_size = 16; // before each allocation: its size
}

EXPORT void *freebsd_malloc(size_t size, malloc_type *, int flags) {
    auto *p = static_cast<char *>(kmem_alloc(size + kept_size, (flags & M_NOWAIT) ? KM_NOSLEEP : KM_SLEEP));
    if (!p) return nullptr;
    if (flags & M_ZERO) std::memset(p, 0, size + kept_size);
    const std::size_t whole = size + kept_size;
    std::memcpy(p, &whole, sizeof whole);
    return p + kept_size;
}

EXPORT void freebsd_free(void *addr, malloc_type *) {
    if (!addr) return;
    char *p = static_cast<char *>(addr) - kept_size;
    std::size_t whole;
    std::memcpy(&whole, p, sizeof whole);
    kmem_free(p, whole);
}

EXPORT int freebsd_printf(const char *fmt, ...) {
    FORMATTED(text);
    this_system().console(1, text.substr(0, text.find_last_not_of('\n') + 1), true, false);
    return static_cast<int>(text.size());
}
