#include "streams/base/dev.hpp"
#include "streams/system.hpp"

#include <cerrno>
#include <fmt/format.h>

namespace rill {

std::string device_text(dev_t dev) {
    if (dev == no_device) return "NODEV";
    return fmt::format("({},{})", external_major(dev), shown_minor(dev));
}

} // namespace rill

using namespace rill;

#define EXPORT extern "C" __attribute__((visibility("default")))

EXPORT dev_t makedevice(major_t major, minor_t minor) { return make_device(major, minor); }
EXPORT major_t getemajor(dev_t dev) { return external_major(dev); }
EXPORT minor_t geteminor(dev_t dev) { return external_minor(dev); }
EXPORT minor_t getminor(dev_t dev) { return external_minor(dev); }

EXPORT major_t getmajor(dev_t dev) {
    const major_t external = external_major(dev);
    if (current && current->profile.one_kind_of_major) return external;
    const Driver *driver = current ? current->registry.by_external(external) : nullptr;
    // An unconfigured major gets a number beyond every row, so that it matches no driver (DEV-013).
    return driver ? driver->internal : MAXMAJ + 1 + external;
}

EXPORT int etoimajor(major_t external) {
    const Driver *driver = current ? current->registry.by_external(external) : nullptr;
    if (!driver) return static_cast<int>(NODEV);
    return static_cast<int>(current->profile.one_kind_of_major ? external : driver->internal);
}

EXPORT int itoemajor(major_t internal, int previous) {
    const bool one_kind = current && current->profile.one_kind_of_major;
    const Driver *driver = !current ? nullptr : one_kind ? current->registry.by_external(internal) : current->registry.row(internal);
    if (!driver) return static_cast<int>(NODEV);
    if (one_kind) return static_cast<int>(previous == static_cast<int>(NODEV) ? internal : static_cast<major_t>(NODEV));
    bool take_next = previous == static_cast<int>(NODEV);
    for (major_t external : driver->externals) {
        if (take_next) return static_cast<int>(external);
        take_next = static_cast<int>(external) == previous;
    }
    return static_cast<int>(NODEV);
}

EXPORT o_dev_t cmpdev(dev_t dev) {
    const major_t major = external_major(dev);
    const minor_t minor = external_minor(dev);
    if (major > OMAXMAJ || minor > OMAXMIN) return static_cast<o_dev_t>(NODEV);
    return static_cast<o_dev_t>((major << ONBITSMINOR) | minor);
}

// makedev(3C), as programs have it: refused when a part is too large or the result would be NODEV (DEV-020).
EXPORT dev_t rill_makedev(major_t major, minor_t minor) {
    const dev_t dev = major > MAXMAJ || minor > MAXMIN ? no_device : make_device(major, minor);
    if (dev == no_device) errno = EINVAL;
    return dev;
}
EXPORT major_t rill_major(dev_t dev) {
    if (dev != no_device) return external_major(dev);
    errno = EINVAL;
    return static_cast<major_t>(NODEV);
}
EXPORT minor_t rill_minor(dev_t dev) {
    if (dev != no_device) return external_minor(dev);
    errno = EINVAL;
    return static_cast<minor_t>(NODEV);
}

EXPORT dev_t expdev(o_dev_t dev) {
    const auto bits = static_cast<unsigned short>(dev);
    return make_device((bits >> ONBITSMINOR) & OMAXMAJ, bits & OMAXMIN);
}
