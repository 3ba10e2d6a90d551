// The NetBSD drivers as entries of the table.
#include "clone/designs/netbsd/include/sys/module.h"
#include "clone/designs/design.hpp"
#include "clone/designs/netbsd/netbsd.hpp"

#include <cerrno>

extern "C" {
int netbsd_fdclone_modcmd(modcmd_t, void *);
int netbsd_dupfd_modcmd(modcmd_t, void *);
int netbsd_tap_modcmd(modcmd_t, void *);
int netbsd_ptm_modcmd(modcmd_t, void *);
int netbsd_crypto_modcmd(modcmd_t, void *);
int netbsd_dmover_modcmd(modcmd_t, void *);
int netbsd_svr4net_modcmd(modcmd_t, void *);
}

namespace rill::designs {

namespace {

constexpr unsigned cloner = 0xfffff;

struct Name {
    const char *path;
    unsigned major, minor;
};

struct Parts {
    int (*modcmd)(modcmd_t, void *);
    unsigned usual; // instances
    std::vector<Name> names; // the first one is the driver's main node
};

const Parts &fdclone_parts() {
    static const Parts parts{netbsd_fdclone_modcmd, 16, {{"/dev/foo", 110, cloner}}};
    return parts;
}
const Parts &dupfd_parts() {
    // clang-format off
    static const Parts parts{netbsd_dupfd_modcmd, 0, {{"/dev/foo", 110, 0}, {"/dev/fd/0", 112, 0}, {"/dev/fd/1", 112, 1},
        {"/dev/fd/2", 112, 2}, {"/dev/fd/3", 112, 3}, {"/dev/fd/4", 112, 4}, {"/dev/fd/5", 112, 5}, {"/dev/fd/6", 112, 6}, {"/dev/fd/7", 112, 7}}};
    // clang-format on
    return parts;
}
const Parts &tap_parts() {
    // clang-format off
    static const Parts parts{netbsd_tap_modcmd, 16, {{"/dev/tap", 115, cloner}, {"/dev/tap0", 115, 0}, {"/dev/tap1", 115, 1},
        {"/dev/tap2", 115, 2}, {"/dev/tap3", 115, 3}, {"/dev/tap4", 115, 4}, {"/dev/ifconfig", 119, 0}}};
    // clang-format on
    return parts;
}
const Parts &ptm_parts() {
    static const Parts parts{netbsd_ptm_modcmd, 16, {{"/dev/ptmx", 113, 0}, {"/dev/ptm", 113, 1}}};
    return parts;
}
const Parts &crypto_parts() {
    static const Parts parts{netbsd_crypto_modcmd, 0, {{"/dev/crypto", 116, 0}}};
    return parts;
}
const Parts &dmover_parts() {
    static const Parts parts{netbsd_dmover_modcmd, 0, {{"/dev/dmover", 117, 0}}};
    return parts;
}
const Parts &svr4net_parts() {
    static const Parts parts{netbsd_svr4net_modcmd, 0, {{"/dev/tcp", 118, 6}, {"/dev/udp", 118, 17}}};
    return parts;
}

int detach(System &system, const Parts &parts) {
    if (!system.registry.by_external(parts.names[0].major)) return ENXIO;
    if (int error = parts.modcmd(MODULE_CMD_FINI, nullptr)) return error;
    for (const Name &name : parts.names) system.nodes.unlink(name.path);
    return 0;
}

int attach(System &system, const Parts &parts, unsigned bound) {
    if (system.registry.by_external(parts.names[0].major)) return EEXIST;
    int units = static_cast<int>(bound ? bound : parts.usual);
    if (int error = parts.modcmd(MODULE_CMD_INIT, &units)) return error;
    for (const Name &name : parts.names) {
        const int error = system.nodes.make(name.path, S_IFCHR | 0666, netbsd_device(name.major, name.minor), 0, 0);
        if (!error) continue;
        for (const Name *made = &parts.names[0]; made != &name; ++made) system.nodes.unlink(made->path);
        parts.modcmd(MODULE_CMD_FINI, nullptr);
        return error;
    }
    system.at_end.push_back([&system, &parts] { detach(system, parts); });
    return 0;
}

constexpr Design designs[] = {
    {
        .name = "netbsd-fd_clone",
        .system = "NetBSD",
        .path = "/dev/foo",
        .sentence = "the driver's open makes a file and a descriptor of its own, and the open call moves that descriptor to the process",
        .attach = [](System &system, unsigned bound) { return attach(system, fdclone_parts(), bound); },
        .detach = [](System &system) { return detach(system, fdclone_parts()); },
    },
    {
        .name = "netbsd-dupfd",
        .system = "NetBSD",
        .path = "/dev/foo",
        .sentence = "the driver's open names a descriptor that the process has, and the open call gives it a second one of the same file",
        .attach = [](System &system, unsigned bound) { return attach(system, dupfd_parts(), bound); },
        .detach = [](System &system) { return detach(system, dupfd_parts()); },
    },
    {
        .name = "netbsd-ptm",
        .system = "NetBSD",
        .path = "/dev/ptmx",
        .sentence = "the multiplexor opens the master of the lowest free pair and moves that descriptor to the process; the slave has a name",
        .attach = [](System &system, unsigned bound) { return attach(system, ptm_parts(), bound); },
        .detach = [](System &system) { return detach(system, ptm_parts()); },
        .model = false,
    },
    {
        .name = "netbsd-tun",
        .system = "NetBSD",
        .path = "/dev/tap",
        .sentence = "a network interface whose wire is a descriptor; the cloner makes both, and the interface goes with the descriptor",
        .attach = [](System &system, unsigned bound) { return attach(system, tap_parts(), bound); },
        .detach = [](System &system) { return detach(system, tap_parts()); },
        .model = false,
    },
    {
        .name = "netbsd-crypto",
        .system = "NetBSD",
        .path = "/dev/crypto",
        .sentence = "a session for each open, with no number and no name: only its descriptor leads to it",
        .attach = [](System &system, unsigned bound) { return attach(system, crypto_parts(), bound); },
        .detach = [](System &system) { return detach(system, crypto_parts()); },
        .model = false,
    },
    {
        .name = "netbsd-dmover",
        .system = "NetBSD",
        .path = "/dev/dmover",
        .sentence = "a session for each open, with no number and no name: only its descriptor leads to it",
        .attach = [](System &system, unsigned bound) { return attach(system, dmover_parts(), bound); },
        .detach = [](System &system) { return detach(system, dmover_parts()); },
        .model = false,
    },
    {
        .name = "netbsd-svr4net",
        .system = "NetBSD",
        .path = "/dev/tcp",
        .sentence = "the open makes a socket of the protocol that the minor names, and moves its descriptor to the process",
        .attach = [](System &system, unsigned bound) { return attach(system, svr4net_parts(), bound); },
        .detach = [](System &system) { return detach(system, svr4net_parts()); },
        .model = false,
    },
};

constexpr const Generation *generations[] = {&netbsd_now, &netbsd_old};

} // namespace

constinit const Family netbsd_family{.name = "netbsd", .designs = designs, .generations = generations};

} // namespace rill::designs
