// FreeBSD: devfs has a node for each device, and a name that has none is offered to the drivers (clauses/05, section 1). The
// handler of a driver makes a device of that name, and the lookup goes on with it: an instance comes into being before
// anything is opened, has a node of its own, and stays until destroy_dev.
//
//   cdev            a device: name, switch, unit, two pointers of the driver's
//   dev_clone       the event of a missing name; handlers in order of priority, one result cell (FBSD-001 to 016)
//   clonedevs       a driver's list of units in use (FBSD-026 to 031)
//   cdevpriv        data of one open file instead of a device of its own (FBSD-080 to 088)
//
// A cdev lives while its name, an open file or a thread inside a method refers to it. destroy_dev takes the name at once,
// waits for the threads, then lets go; what is still open sees ENXIO. The C functions are those of
// include/sys/conf.h.
#pragma once

#include "clone/designs/design.hpp"

#include <vector>

struct freebsd_moduledata;
struct freebsd_clonedevs;

namespace rill::designs {

extern const Generation freebsd_5;     // the default
extern const Generation freebsd_2000;  // the first devfs
extern const Generation freebsd_newer; // units are minors; a destroyed device leaves a dead vnode
void freebsd_unit_mask(System &, int mask); // the bits of a clone list's unit, where there are to be fewer

// A module comes and goes: MOD_LOAD, MOD_UNLOAD, or the latter when the System ends. EEXIST, ENXIO, or the module's errno.
bool freebsd_loaded(System &, freebsd_moduledata &);
int freebsd_load(System &, freebsd_moduledata &);
int freebsd_unload(System &, freebsd_moduledata &);

// Vnodes that nobody has open are reused (FBSD-060).
void freebsd_reclaim_vnodes(System &);

std::vector<int> freebsd_units(const freebsd_clonedevs *); // of a list, in its order (FBSD-029)
int freebsd_handlers(System &);                            // registered for dev_clone

} // namespace rill::designs
