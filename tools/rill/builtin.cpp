#include "tools/rill/builtin.hpp"
#include "streams/system.hpp"

#include <cerrno>
#include <cstddef>
#include <sys/stream.h>

extern "C" {
extern struct streamtab echoinfo, loopinfo, muxinfo, nulsinfo, pipemodinfo;
extern int echodevflag, loopdevflag, muxdevflag, nulsdevflag, pipemoddevflag;
}

namespace rill::tool {

namespace {

constexpr int minors = 16;      // #DEV of each, as the drivers have it when nothing configures them

const struct {
    const char *prefix;
    int major;
    streamtab *info;
    const int *devflag;
    const char *node;
} drivers[] = {
    {"echo", 61, &echoinfo, &echodevflag, "/dev/echo"},
    {"loop", 62, &loopinfo, &loopdevflag, "/dev/loop"},
    {"nuls", 64, &nulsinfo, &nulsdevflag, "/dev/nuls"},
    {"mux", 66, &muxinfo, &muxdevflag, "/dev/mux"},
};

} // namespace

int add_builtin_drivers(rill_system *system) {
    const major_t clone_major = reinterpret_cast<System *>(system)->profile.clone_major; // CLN-002, CLN-003
    rill_proc *maker = rill_proc_new(system, 0, 0);
    if (!maker) return ENOMEM;
    int result = 0;
    for (const auto &d : drivers) {
        result |= rill_driver_add(system, d.prefix, d.major, d.info, *d.devflag, minors);
        result |= rill_mknod(maker, d.node, S_IFCHR | 0666, makedevice(clone_major, static_cast<minor_t>(d.major)));
    }
    result |= rill_module_add(system, "pipemod", &pipemodinfo, pipemoddevflag);
    const int error = errno;
    rill_proc_exit(maker);
    return result ? error : 0;
}

} // namespace rill::tool
