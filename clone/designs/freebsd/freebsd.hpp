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
// waits for the threads, then lets go; what is still open sees ENXIO. The C functions are those of ddi/freebsd/sys/conf.h.
#pragma once

#include <vector>

struct freebsd_moduledata;
struct freebsd_clonedevs;

namespace rill {
class System;
}

namespace rill::designs {

// What changed in the course of years.
struct Generation {
    bool answers_with_entry = true;    // the lookup ends at the returned cdev (FBSD-011), not in a second search (FBSD-012)
    bool removal_asks = false;         // a lookup for removal asks handlers (FBSD-003)
    bool cheap_reclaimed = false;      // an unused clone goes with its vnode (FBSD-060)
    bool lookup_drops_reference = true; // FBSD-051
    bool needs_minor = false;          // clone_create wants D_NEEDMINOR (FBSD-045)
    bool minors_spread = true;         // unit2minor leaves bits 8 to 15 free (FBSD-055)
    bool dead_vnode = false;           // after destroy_dev: EIO and POLLHUP (FBSD-075) instead of ENXIO (FBSD-068)
    int largest_stdclone = 0xffffff;   // of dev_stdclone; -1: no limit (FBSD-024)
    int unit_mask = 0xfffff;           // of a clone list (FBSD-025)
};
constexpr Generation freebsd_default{};
constexpr Generation freebsd_2000{.answers_with_entry = false, .removal_asks = true, .cheap_reclaimed = true,
                                  .lookup_drops_reference = false, .largest_stdclone = -1};
constexpr Generation freebsd_newer{.needs_minor = true, .minors_spread = false, .dead_vnode = true};

Generation &freebsd_generation(System &);

// A module comes and goes: MOD_LOAD, MOD_UNLOAD, or the latter when the System ends. EEXIST, ENXIO, or the module's errno.
bool freebsd_loaded(System &, freebsd_moduledata &);
int freebsd_load(System &, freebsd_moduledata &);
int freebsd_unload(System &, freebsd_moduledata &);

// Vnodes that nobody has open are reused (FBSD-060).
void freebsd_reclaim_vnodes(System &);

std::vector<int> freebsd_units(const freebsd_clonedevs *); // of a list, in its order (FBSD-029)
int freebsd_handlers(System &);                            // registered for dev_clone

} // namespace rill::designs
