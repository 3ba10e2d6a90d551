// FreeBSD's drivers as entries of the table: modules, loaded and unloaded.
#include "clone/designs/design.hpp"
#include "clone/designs/freebsd/freebsd.hpp"

#include "clone/designs/freebsd/include/sys/module.h"

extern "C" {
extern moduledata_t foo_freebsd_mod, foopriv_freebsd_mod, rodent_freebsd_mod, tcp_freebsd_mod, tun_freebsd_mod;
extern int freebsd_foo_units, freebsd_rodent_max, freebsd_tcp_max, freebsd_tun_max;
}

namespace rill::designs {

namespace {

// The driver's own limit is set before it is loaded, as by the loader.
int load(System &system, moduledata_t &module, int *limit, unsigned bound, int usual) {
    if (limit && !freebsd_loaded(system, module)) *limit = bound ? static_cast<int>(bound) : usual;
    return freebsd_load(system, module);
}

constexpr Design designs[] = {
    {
        .name = "freebsd-dev_clone",
        .system = "FreeBSD 5 to 7",
        .path = "/dev/foo",
        .sentence = "the name is missing from /dev; the driver's dev_clone handler makes foo0, foo1 ..., and the lookup ends there",
        .attach = [](System &system, unsigned bound) { return load(system, foo_freebsd_mod, &freebsd_foo_units, bound, 16); },
        .detach = [](System &system) { return freebsd_unload(system, foo_freebsd_mod); },
    },
    {
        .name = "freebsd-cdevpriv",
        .system = "FreeBSD 7.1 on",
        .path = "/dev/foo",
        .sentence = "there is one device; the driver hangs an instance on the open file",
        .attach = [](System &system, unsigned) { return load(system, foopriv_freebsd_mod, nullptr, 0, 0); },
        .detach = [](System &system) { return freebsd_unload(system, foopriv_freebsd_mod); },
    },
    {
        .name = "freebsd-rodent",
        .system = "FreeBSD 5 to 7",
        .path = "/dev/rodent/ctl",
        .sentence = "any name below rodent/ becomes a device when it is looked up",
        .attach = [](System &system, unsigned bound) { return load(system, rodent_freebsd_mod, &freebsd_rodent_max, bound, 64); },
        .detach = [](System &system) { return freebsd_unload(system, rodent_freebsd_mod); },
        .model = false,
    },
    {
        .name = "freebsd-tcp",
        .system = "FreeBSD 5 to 7",
        .path = "/dev/tcp/server/ctl",
        .sentence = "tcp/server/HOST and tcp/client/HOST are made when they are looked up, and are the ends of a connection",
        .attach = [](System &system, unsigned bound) { return load(system, tcp_freebsd_mod, &freebsd_tcp_max, bound, 16); },
        .detach = [](System &system) { return freebsd_unload(system, tcp_freebsd_mod); },
        .model = false,
    },
    {
        .name = "freebsd-tun",
        .system = "FreeBSD 5",
        .path = "/dev/tun",
        .sentence = "tun means any tunnel, tun3 that one; a tunnel is its owner's, whom it knows by pid",
        .attach = [](System &system, unsigned bound) { return load(system, tun_freebsd_mod, &freebsd_tun_max, bound, 16); },
        .detach = [](System &system) { return freebsd_unload(system, tun_freebsd_mod); },
        .model = false,
    },
};

constexpr const Generation *generations[] = {&freebsd_5, &freebsd_2000, &freebsd_newer};

} // namespace

constinit const Family freebsd_family{.name = "freebsd", .designs = designs, .generations = generations};

} // namespace rill::designs
