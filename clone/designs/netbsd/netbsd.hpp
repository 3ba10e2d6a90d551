// What a System keeps for NetBSD drivers, as far as tests and the table of designs need it. Drivers see include/.
#pragma once

#include "clone/designs/design.hpp"

namespace rill::designs {

extern const Generation netbsd_now; // the default
extern const Generation netbsd_old; // ENODEV and ENXIO stand for EDUPFD and EMOVEFD when l_dupfd was set: NBSD-018

// What drvctl -d does: the device of this name ("foo1") is detached though it may be open. ENXIO, or the driver's errno.
int netbsd_detach_device(Process &process, const char *xname);

// A device number with 20 bits of minor.
dev_t netbsd_device(unsigned major, unsigned minor);

} // namespace rill::designs
