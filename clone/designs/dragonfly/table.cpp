// The DragonFly drivers as entries of the table.
#include "clone/designs/design.hpp"
#include "clone/designs/dragonfly/dragonfly.hpp"
#include "clone/designs/dragonfly/drivers/kqemu.h"

extern "C" {
int dragonfly_foo_attach(int maj, int limit);
void dragonfly_foo_detach();
int dragonfly07_foo_attach(int maj);
int dragonfly07_foo_detach();
int dragonfly_kqemu_attach(int maj, int way);
int dragonfly_kqemu_detach();
int dragonfly_ptmx_attach(int maj_master, int maj_slave);
void dragonfly_ptmx_detach();
}

namespace rill::designs {

namespace {

constexpr int major_devfs = major_dragonfly, major_kqemu = major_dragonfly + 1, major_ptm = major_dragonfly + 2,
              major_pts = major_dragonfly + 3, major_dev_data = major_dragonfly + 4;

bool has(System &system, int major) { return system.registry.by_external(static_cast<major_t>(major)); }

// devfs: the driver makes its nodes.
template <int (*Attach)(unsigned), void (*Detach)(), int Major> struct WithDevfs {
    static int attach(System &system, const char *path, unsigned bound) {
        if (has(system, Major) || system.nodes.find(path)) return EEXIST;
        if (int error = Attach(bound)) return error;
        system.at_end.push_back([&system] { detach(system); });
        return 0;
    }
    static int detach(System &system) {
        if (!has(system, Major)) return ENXIO;
        Detach();
        return 0;
    }
};

// 2007: nodes are made by hand.
template <int (*Attach)(), int (*Detach)(), int Major> struct With2007 {
    static int attach(System &system, const char *path, unsigned bound) {
        if (has(system, Major)) return EEXIST;
        if (int error = system.nodes.make(path, S_IFCHR | 0666, make_device(Major, 0), 0, 0)) return error;
        if (int error = Attach()) {
            system.nodes.unlink(path);
            return error;
        }
        if (bound) limit_devices(system, bound);
        system.at_end.push_back([&system, path] { detach(system, path); });
        return 0;
    }
    static int detach(System &system, const char *path) {
        if (!has(system, Major)) return ENXIO;
        if (int error = Detach()) return error;
        limit_devices(system, 0);
        system.nodes.unlink(path);
        return 0;
    }
};

// A limit is the highest unit, and 0 is none: a bitmap for a single unit cannot be had.
int attach_foo(unsigned bound) { return bound == 1 ? EINVAL : dragonfly_foo_attach(major_devfs, bound ? static_cast<int>(bound) - 1 : 15); }
int attach_ptmx(unsigned) { return dragonfly_ptmx_attach(major_ptm, major_pts); }
int attach_foo07() { return dragonfly07_foo_attach(major_dev_data); }
template <int Way> int attach_kqemu() {
    (Way == KQEMU_CLONES ? dragonfly2007_dev_data : dragonfly2007_vnode).choose(this_system());
    return dragonfly_kqemu_attach(major_kqemu, Way);
}

using Foo = WithDevfs<attach_foo, dragonfly_foo_detach, major_devfs>;
using Ptmx = WithDevfs<attach_ptmx, dragonfly_ptmx_detach, major_ptm>;
using Foo07 = With2007<attach_foo07, dragonfly07_foo_detach, major_dev_data>;
template <int Way> using Kqemu = With2007<attach_kqemu<Way>, dragonfly_kqemu_detach, major_kqemu>;

constexpr Design designs_2007[] = {
    {
        .name = "dragonfly-dev_data",
        .system = "DragonFly (proposed 2007)",
        .path = "/dev/foo",
        .sentence = "the file carries the device; a device that may be cloned is cloned for each open beyond the first",
        .attach = [](System &system, unsigned bound) { return Foo07::attach(system, "/dev/foo", bound); },
        .detach = [](System &system) { return Foo07::detach(system, "/dev/foo"); },
    },
    {
        .name = "dragonfly-kqemu-shared",
        .system = "DragonFly before 2007",
        .path = "/dev/kqemu",
        .sentence = "none: one device for all, which the first process to use it keeps",
        .attach = [](System &system, unsigned) { return Kqemu<KQEMU_SHARED>::attach(system, "/dev/kqemu", 0); },
        .detach = [](System &system) { return Kqemu<KQEMU_SHARED>::detach(system, "/dev/kqemu"); },
        .model = false,
    },
    {
        .name = "dragonfly-kqemu-pids",
        .system = "DragonFly before 2007",
        .path = "/dev/kqemu",
        .sentence = "the driver keeps a list of processes, each with its instance",
        .attach = [](System &system, unsigned) { return Kqemu<KQEMU_PIDS>::attach(system, "/dev/kqemu", 0); },
        .detach = [](System &system) { return Kqemu<KQEMU_PIDS>::detach(system, "/dev/kqemu"); },
        .model = false,
    },
    {
        .name = "dragonfly-kqemu",
        .system = "DragonFly (proposed 2007)",
        .path = "/dev/kqemu",
        .sentence = "the device says D_MAKECLONE, and each file has a clone of it",
        .attach = [](System &system, unsigned) { return Kqemu<KQEMU_CLONES>::attach(system, "/dev/kqemu", 0); },
        .detach = [](System &system) { return Kqemu<KQEMU_CLONES>::detach(system, "/dev/kqemu"); },
        .model = false,
    },
};

constexpr Design designs_devfs[] = {
    {
        .name = "dragonfly-devfs",
        .system = "DragonFly 2.3",
        .path = "/dev/foo",
        .sentence = "a handler for the exact name makes a device with a node of its own, and the open goes on with that node's vnode",
        .attach = [](System &system, unsigned bound) { return Foo::attach(system, "/dev/foo", bound); },
        .detach = [](System &system) { return Foo::detach(system); },
    },
    {
        .name = "dragonfly-ptmx",
        .system = "DragonFly 2.3",
        .path = "/dev/ptmx",
        .sentence = "a handler makes the two devices of a pseudo-terminal; the opener gets the master",
        .attach = [](System &system, unsigned bound) { return Ptmx::attach(system, "/dev/ptmx", bound); },
        .detach = [](System &system) { return Ptmx::detach(system); },
        .model = false,
    },
};

constexpr const Generation *generations_2007[] = {&dragonfly2007_dev_data, &dragonfly2007_vnode};

constexpr const Generation *generations_devfs[] = {&devfs_manual, &devfs_as_coded};

} // namespace

constinit const Family dragonfly2007_family{.name = "dragonfly 2007", .designs = designs_2007, .generations = generations_2007};
constinit const Family devfs_family{.name = "dragonfly", .designs = designs_devfs, .generations = generations_devfs};

} // namespace rill::designs
