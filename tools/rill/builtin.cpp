#include "tools/rill/builtin.hpp"
#include "streams/system.hpp"

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <iterator>
#include <string_view>
#include <sys/stream.h>

extern "C" {
extern struct streamtab cloneinfo, delayinfo, echoinfo, loopinfo, muxinfo, nsdevinfo, nulsinfo, passmodinfo, pipemodinfo, scinfo;
extern int clonedevflag, delaydevflag, echodevflag, loopdevflag, muxdevflag, nsdevdevflag, nulsdevflag, passmoddevflag, pipemoddevflag, scdevflag;
}

namespace rill::tool {

namespace {

constexpr int minors = 16;      // #DEV of each, as the drivers have it when nothing configures them

const struct {
    const char *prefix;
    int major;
    streamtab *info;
    const int *devflag;
    const char *node; // for clone opens; null: its nodes depend on what they shall stand for
} drivers[] = {
    {"echo", 61, &echoinfo, &echodevflag, "/dev/echo"},
    {"loop", 62, &loopinfo, &loopdevflag, "/dev/loop"},
    {"nuls", 64, &nulsinfo, &nulsdevflag, "/dev/nuls"},
    {"mux", 66, &muxinfo, &muxdevflag, "/dev/mux"},
    {"nsdev", 71, &nsdevinfo, &nsdevdevflag, nullptr},
};

const struct {
    const char *name;
    streamtab *info;
    const int *devflag;
} modules[] = {
    {"pipemod", &pipemodinfo, &pipemoddevflag},
    {"delay", &delayinfo, &delaydevflag},
    {"sc", &scinfo, &scdevflag},
};

bool is_builtin(std::string_view name) {
    return std::any_of(std::begin(drivers), std::end(drivers), [&](const auto &d) { return name == d.prefix; }) ||
           std::any_of(std::begin(modules), std::end(modules), [&](const auto &m) { return name == m.name; });
}

} // namespace

int add_builtin_drivers(rill_system *system) {
    std::string unknown;
    return add_builtin_drivers(system, nullptr, unknown);
}

int add_builtin_drivers(rill_system *system, const std::vector<std::string> *names, std::string &unknown) {
    const auto wanted = [&](std::string_view name) { return !names || std::find(names->begin(), names->end(), name) != names->end(); };
    if (names)
        for (const std::string &name : *names)
            if (!is_builtin(name)) {
                unknown = "no built-in driver or module is called " + name + " (there are";
                for (const auto &d : drivers) unknown += std::string(" ") + d.prefix;
                for (const auto &m : modules) unknown += std::string(" ") + m.name;
                unknown += ")";
                return ENXIO;
            }
    const major_t clone_major = reinterpret_cast<System *>(system)->profile.clone_major; // CLN-002, CLN-003
    rill_proc *maker = rill_proc_new(system, 0, 0);
    if (!maker) return ENOMEM;
    int result = 0;
    for (const auto &d : drivers) {
        if (!wanted(d.prefix)) continue;
        result |= rill_driver_add(system, d.prefix, d.major, d.info, *d.devflag, minors);
        if (d.node) result |= rill_mknod(maker, d.node, S_IFCHR | 0666, makedevice(clone_major, static_cast<minor_t>(d.major)));
    }
    for (const auto &m : modules)
        if (wanted(m.name)) result |= rill_module_add(system, m.name, m.info, *m.devflag);
    const int error = errno;
    rill_proc_exit(maker);
    return result ? error : 0;
}

bool is_helper(std::string_view name) { return name == "carrier" || name == "passer" || name == "clone"; }

int attach_helper(rill_system *system, std::string_view name, long major) {
    int failed = 0;
    if (name == "carrier")
        failed = rill_driver_add(system, "carrier", static_cast<int>(major), &echoinfo, echodevflag, minors);
    else if (name == "clone")
        failed = rill_driver_add(system, "clone", static_cast<int>(major), &cloneinfo, clonedevflag, 0);
    else
        failed = rill_module_add(system, "passer", &passmodinfo, passmoddevflag);
    return failed ? errno : 0;
}

} // namespace rill::tool
