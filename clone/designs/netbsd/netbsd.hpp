// What a System keeps for NetBSD drivers, as far as tests and the table of designs need it. Drivers see ddi/netbsd.
#pragma once

#include "streams/system.hpp"

namespace rill::designs {

// Where releases differ.
struct NetbsdVariant {
    bool old_codes = false; // ENODEV and ENXIO stand for EDUPFD and EMOVEFD when l_dupfd was set: NBSD-018
};
NetbsdVariant &netbsd_variant(System &system);

// What drvctl -d does: the device of this name ("foo1") is detached though it may be open. ENXIO, or the driver's errno.
int netbsd_detach_device(Process &process, const char *xname);

// A device number with 20 bits of minor.
dev_t netbsd_device(unsigned major, unsigned minor);

} // namespace rill::designs
