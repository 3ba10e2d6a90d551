// DragonFly, twice. The kernel of 2007 with the proposal of that year (kernel2007.cpp): the file carries the device, and
// a device that says so is cloned for each further open. And devfs (devfs.cpp): a handler, found by the exact name of
// the node that is opened, makes a device with a node of its own, and the open goes on with the vnode of that node.
#pragma once

#include "clone/designs/design.hpp"

#include <functional>

struct cdev;

namespace rill::designs {

extern const Generation devfs_manual;           // the default: what make_autoclone_dev(9) says
extern const Generation devfs_as_coded;         // no clone: the open goes on with the base device   DFLY-025, DFLY-026
extern const Generation dragonfly2007_dev_data; // the default of 2007: the file is a DTYPE_DEV with dev_data
extern const Generation dragonfly2007_vnode;    // a vnode, as it was                                DFLY-004, DFLY-012

// 2007: devices of one node, its own counted; 0: no bound (project choice: none is given).
void limit_devices(System &system, unsigned count);
// 2007, vnode files: the vnode's open routine may install the vnode of another device (DFLY-012).
void set_vnode_open(System &system, std::function<cdev *(cdev *)> choose);

// A minor may be wider than what the key of a vnode has for it.
inline dev_t device_key(int major, int minor) {
    return make_device(static_cast<major_t>(major), static_cast<minor_t>(minor)) |
           static_cast<dev_t>(static_cast<unsigned>(minor) >> NBITSMINOR) << 32;
}

} // namespace rill::designs
