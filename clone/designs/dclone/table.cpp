// The d_clone drivers as entries of the table.
#include "clone/designs/dclone/dclone.hpp"
#include "clone/designs/design.hpp"

extern "C" {
int dclone_foo_attach(int cmajor, unsigned devices);
int dclone_foo_detach();
int ethfoo_attach(int cmajor, unsigned interfaces);
int ethfoo_detach();
}

namespace rill::designs {

namespace {

constexpr minor_t cloning_minor = 255; // of the node; units are below it

struct Parts {
    major_t major;
    const char *path;
    int (*attach)(int, unsigned);
    int (*detach)();
};
constexpr Parts foo{major_dclone, "/dev/foo", dclone_foo_attach, dclone_foo_detach};
constexpr Parts ethfoo{major_dclone + 1, "/dev/ethfoo", ethfoo_attach, ethfoo_detach};

int detach(System &system, const Parts &parts) {
    if (!system.registry.by_external(parts.major)) return ENXIO;
    if (int error = parts.detach()) return error;
    system.nodes.unlink(parts.path);
    return 0;
}

int attach(System &system, const Parts &parts, unsigned bound) {
    if (system.registry.by_external(parts.major)) return EEXIST;
    if (bound > cloning_minor) return EINVAL;
    if (int error = system.nodes.make(parts.path, S_IFCHR | 0666, make_device(parts.major, cloning_minor), 0, 0)) return error;
    if (int error = parts.attach(static_cast<int>(parts.major), bound ? bound : 16)) {
        system.nodes.unlink(parts.path);
        return error;
    }
    if (bound) limit_clones(system, parts.major, bound);
    system.at_end.push_back([&system, &parts] { detach(system, parts); });
    return 0;
}

constexpr Design designs[] = {
    {
        .name = "d_clone",
        .system = "NetBSD (proposed 2004)",
        .path = "/dev/foo",
        .sentence = "spec_open asks the driver's d_clone for a new minor and goes on with a vnode of that number",
        .attach = [](System &system, unsigned bound) { return attach(system, foo, bound); },
        .detach = [](System &system) { return detach(system, foo); },
    },
    {
        .name = "dclone-ethfoo",
        .system = "NetBSD (proposed 2004)",
        .path = "/dev/ethfoo",
        .sentence = "d_clone makes an Ethernet interface for each open",
        .attach = [](System &system, unsigned bound) { return attach(system, ethfoo, bound); },
        .detach = [](System &system) { return detach(system, ethfoo); },
        .model = false,
    },
};

constexpr const Generation *generations[] = {&dclone_proposal, &dclone_naive, &dclone_openbsd_2007, &dclone_openbsd};

} // namespace

constinit const Family dclone_family{.name = "dclone", .designs = designs, .generations = generations};

} // namespace rill::designs
