// Solaris loadable modules: what _init gave to mod_install(9F), and the device instance it is attached as. Drivers of LiS
// and OpenSS7 register themselves in their init_module() and are kept the same way (HDR-015).
//
// A booted System calls _init, takes the streamtab and the flags from what was installed, puts it under the master
// file's major or name, then attaches instance 0. Without a boot (a program calls _init itself) mod_install registers
// modules and drivers at once, a driver at the first free external major.
#pragma once

#include "streams/file/registry.hpp"

#include <memory>
#include <string>
#include <vector>
#include <sys/modctl.h>

namespace rill {
class System;
struct Installed;
} // namespace rill

struct dev_info {
    std::string driver;
    int instance = 0;
    major_t major = 0;
    void *driver_private = nullptr;
    std::vector<std::pair<std::string, std::string>> nodes; // minor node's name, path
};

namespace rill {

struct Loadable {
    modlinkage *linkage = nullptr;
    dev_ops *ops = nullptr;
    fmodsw *module = nullptr;
    streamtab *tab = nullptr; // a driver that was registered without dev_ops: register_strdev()
    int flags = 0;
    fmodsw own_module = {};   // a module that LiS registered by name
    dev_info device;
    bool attached = false;
    bool registered = false; // by mod_install itself
    Convention convention = Convention::solaris;
    const char *reason = "mod_install(9F) registered it";

    streamtab *driver_tab() const { return ops && ops->devo_cb_ops ? ops->devo_cb_ops->cb_str : tab; }
    bool negative_errnos() const { return convention == Convention::lis || convention == Convention::openss7; }
    int driver_flags() const { return ops && ops->devo_cb_ops ? ops->devo_cb_ops->cb_flag : flags; }
};

struct Installed {
    std::vector<std::unique_ptr<Loadable>> all;
    bool booting = false; // sysgen registers
    std::size_t before = 0; // how many there were when this init routine began
    bool ending = false;  // sysgen unloads
};

// Calls _init and gives what it installed; nullptr and an errno if it refused, and 0 if it installed nothing.
Loadable *load_solaris(System &system, int (*init)(), int *error);
int attach_solaris(System &system, Loadable &loadable, major_t external, const std::string &name); // 0 or ENXIO
// Detaches, calls _fini, forgets it. EBUSY when the driver refuses.
int unload_solaris(System &system, Loadable &loadable, int (*fini)());
// By a call of the driver's own init routine: a major or 0, or a negative errno (HDR-015).
int register_loadable(std::unique_ptr<Loadable> loadable, const char *name, major_t external);
int unregister_loadable(const char *name);

} // namespace rill
