// The two ways of IRIX and SVR4 as entries of the table: an ordinary STREAMS driver, reached through the clone driver's
// node or through a minor of its own that it set aside. Both are told in clone/clone.cpp and clauses/01.
#include "clone/designs/design.hpp"

#include <cerrno>
#include <sys/stream.h>

extern "C" {
extern struct streamtab iclinfo, idsinfo;
extern int icldevflag, idsdevflag, icl_devices, ids_devices;
void iclunload();
void idsunload();
}

namespace rill::designs {

namespace {

constexpr minor_t ids_any = 255; // IDS_ANY of the driver

struct Parts {
    const char *prefix;
    major_t major;
    streamtab *info;
    int *devflag;
    int *devices;
    void (*unload)();
    const char *path;
};
constexpr Parts clone_parts{"icl", major_irix_clone, &iclinfo, &icldevflag, &icl_devices, iclunload, "/dev/foo"};
constexpr Parts designated_parts{"ids", major_irix_designated, &idsinfo, &idsdevflag, &ids_devices, idsunload, "/dev/foo"};

int detach(System &system, const Parts &parts) {
    Driver *driver = system.registry.by_external(parts.major);
    if (!driver) return ENXIO;
    if (driver->holds) return EBUSY; // CLN-064
    if (int error = system.registry.remove(*driver)) return error;
    return system.nodes.unlink(parts.path);
}

int attach(System &system, const Parts &parts, dev_t node, unsigned bound) {
    if (system.registry.by_external(parts.major)) return EEXIST;
    if (int error = system.nodes.make(parts.path, S_IFCHR | 0666, node, 0, 0)) return error;
    Driver driver;
    driver.name = driver.prefix = parts.prefix;
    driver.tab = parts.info;
    driver.devflag = *parts.devflag;
    driver.devices = static_cast<int>(bound ? bound : 16);
    driver.loadable = true;
    driver.unload = [unload = parts.unload](Driver &) { unload(); };
    if (int error = system.registry.add(std::move(driver), parts.major)) {
        system.nodes.unlink(parts.path);
        return error;
    }
    *parts.devices = static_cast<int>(bound ? bound : 16);
    system.at_end.push_back([&system, &parts] { detach(system, parts); });
    return 0;
}

constexpr Design designs[] = {
    {
        .name = "irix-clone",
        .system = "IRIX, SVR4",
        .path = "/dev/foo",
        .sentence = "the clone driver passes CLONEOPEN to the driver whose major is the node's minor, and that driver answers with an unused minor",
        .attach = [](System &system, unsigned bound) { return attach(system, clone_parts, make_device(system.profile.clone_major, major_irix_clone), bound); },
        .detach = [](System &system) { return detach(system, clone_parts); },
    },
    {
        .name = "irix-designated",
        .system = "IRIX",
        .path = "/dev/foo",
        .sentence = "the driver knows one of its own minors to mean \"any\", and answers with an unused one",
        .attach = [](System &system, unsigned bound) { return attach(system, designated_parts, make_device(major_irix_designated, ids_any), bound); },
        .detach = [](System &system) { return detach(system, designated_parts); },
    },
};

} // namespace

constinit const Family irix_family{.name = "irix", .designs = designs};

} // namespace rill::designs
