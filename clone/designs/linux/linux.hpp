// Linux: nothing is cloned. Every open makes a struct file, every operation is given it, and a driver hangs the state
// of the open from its private_data. Beside it stand those that other designs are compared with: misc devices by minor,
// pseudo-terminals by the lowest free index, tun, whose interface is picked after the open, and loop, whose device is
// picked before it, through another one.
#pragma once

#include "clone/designs/design.hpp"

namespace rill::designs {

extern const Generation linux_6_1; // the default
extern const Generation linux_6_18;
extern const Generation linux_before_2016;

// Pseudo-terminals that there may be; while there is none. ENOMEM.
int limit_ptys(System &system, unsigned count);
// kernel.pty.max: one less than that, in all (LNX-105). 0: no such limit.
void set_pty_max(System &system, unsigned max);

// Interfaces by name, and routes that lead through them ("10.0.0.0/8 tun0").
std::vector<std::string> linux_interfaces(System &system);
int linux_interface_up(System &system, std::string_view interface, bool up); // ENODEV
int linux_add_route(System &system, std::string destination, std::string_view interface); // ENODEV
std::vector<std::string> linux_routes(System &system);

} // namespace rill::designs
