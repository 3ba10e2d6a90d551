// Linux: nothing is cloned. Every open makes a struct file, every operation is given it, and a driver hangs the state
// of the open from its private_data (linux.cpp). Beside it stand the three that other designs are compared with: misc
// devices by minor, pseudo-terminals by the lowest free index, and tun, whose interface is picked after the open.
#pragma once

#include "streams/system.hpp"

namespace rill::designs {

struct LinuxVariant {
    const char *name;
    int tun_again = EEXIST; // what a second TUNSETIFF on one file answers   LNX-014
};
extern const LinuxVariant linux_since_2016; // the default
extern const LinuxVariant linux_before_2016;

void set_variant(System &system, const LinuxVariant &variant);

// Pseudo-terminals that there may be; while there is none. ENOMEM.
int limit_ptys(System &system, unsigned count);

// Interfaces by name, and routes that lead through them ("10.0.0.0/8 tun0").
std::vector<std::string> linux_interfaces(System &system);
int linux_add_route(System &system, std::string destination, std::string_view interface); // ENODEV
std::vector<std::string> linux_routes(System &system);

} // namespace rill::designs
