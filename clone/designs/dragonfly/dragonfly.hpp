// DragonFly, twice. The kernel of 2007 with the proposal of that year (dragonfly07.cpp): the file carries the device, and
// a device that says so is cloned for each further open. And devfs (dragonfly.cpp): a handler, found by the exact name of
// the node that is opened, makes a device with a node of its own, and the open goes on with the vnode of that node.
#pragma once

#include "streams/system.hpp"

#include <functional>

struct cdev;

namespace rill::designs {

struct DevfsVariant {
    const char *name;
    bool base_opens = false; // no clone: the open goes on with the base device, which refuses (ENODEV); false: ENXIO
                             // DFLY-025, DFLY-026
};
extern const DevfsVariant devfs_manual; // the default: what make_autoclone_dev(9) says
extern const DevfsVariant devfs_as_coded;

struct Dragonfly07Variant {
    const char *name;
    bool dev_data = true; // the file is a DTYPE_DEV with dev_data; false: a vnode, as it was   DFLY-004, DFLY-012
};
extern const Dragonfly07Variant dragonfly07_dev_data; // the default
extern const Dragonfly07Variant dragonfly07_vnode;

// While no file is open.
void set_variant(System &system, const DevfsVariant &variant);
void set_variant(System &system, const Dragonfly07Variant &variant);

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
