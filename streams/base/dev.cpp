#include "streams/base/dev.hpp"

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
