// A device number: an external major, which names a driver to users, and a minor, which is one unit of that driver.
// 14 and 18 bits (DEV-001). The C functions that take numbers apart are declared in <sys/mkdev.h> and defined here; those
// that map external to internal majors, in file/registry.
#pragma once

#include <string>
#include <sys/mkdev.h>

namespace rill {

constexpr dev_t no_device = static_cast<dev_t>(-1);

constexpr dev_t make_device(major_t major, minor_t minor) {
    dev_t packed = (static_cast<dev_t>(major & MAXMAJ) << NBITSMINOR) | (minor & MAXMIN);
    return packed == 0xffffffff ? no_device : packed;
}
constexpr major_t external_major(dev_t dev) { return static_cast<major_t>(dev >> NBITSMINOR) & MAXMAJ; }
constexpr minor_t external_minor(dev_t dev) { return static_cast<minor_t>(dev) & MAXMIN; }

// Minors of other systems are wider; what does not fit into 18 bits stands above the first 32 (clone/designs).
constexpr unsigned long shown_minor(dev_t dev) { return (dev >> 32 << NBITSMINOR) | external_minor(dev); }

std::string device_text(dev_t dev); // "(10,61)", "NODEV"

} // namespace rill
