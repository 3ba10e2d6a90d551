// The clone driver, which is part of rill and of every System: the one place that knows of it. To boot it is handed in as
// any object and its master file would be found.
#include "streams/face/builtin.hpp"
#include "streams/boot/plan.hpp"
#include "streams/system.hpp"

#include <fmt/format.h>

extern "C" {
extern streamtab cloneinfo;
extern int clonedevflag;
}

namespace rill {

namespace {

// CFG-019: major 10 in the irix profile, and not loadable. CFG-020: no system file names it.
std::string clone_master(const Profile &profile) {
    return fmt::format("* clone: the clone driver (clone(7)). It is in a kernel because a driver that depends on it is.\n"
                       "*\n"
                       "*FLAG\tPREFIX\tSOFT\t#DEV\tDEPENDENCIES\n"
                       "fs\tclone\t{}\t-\t-\n",
                       profile.clone_major);
}

const sysgen::Builtin all[] = {{"clone", clone_master, &cloneinfo, &clonedevflag}};
[[maybe_unused]] const bool handed_in = (sysgen::builtins = all, true);

} // namespace

int add_builtins(System &system) {
    return system.registry.add({{.name = "clone", .prefix = "clone", .tab = &cloneinfo, .devflag = clonedevflag}}, system.profile.clone_major);
}

} // namespace rill
