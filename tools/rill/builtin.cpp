#include "tools/rill/builtin.hpp"
#include "streams/system.hpp"

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <iterator>
#include <string_view>
#include <sys/sad.h>
#include <sys/stream.h>

extern "C" {
extern struct streamtab cloneinfo, connldinfo, delayinfo, echoinfo, loginfo, loopinfo, muxinfo, nsdevinfo, nulsinfo, passmodinfo, pipemodinfo, sadinfo,
    scinfo, spxinfo;
extern int clonedevflag, connlddevflag, delaydevflag, echodevflag, logdevflag, loopdevflag, muxdevflag, nsdevdevflag, nulsdevflag, passmoddevflag,
    pipemoddevflag, saddevflag, scdevflag, spxdevflag;
extern void loginit(void), logunload(void);
}

namespace rill::tool {

namespace {

constexpr int minors = 16;      // #DEV of each, as the drivers have it when nothing configures them

const struct {
    const char *prefix;
    int major;
    streamtab *info;
    const int *devflag;
    const char *node; // for clone opens; nullptr: it has nodes of its own, or they depend on what they shall stand for
    bool Profile::*clones_itself = nullptr; // then its minor 0 is the node
    void (*init)(void) = nullptr, (*unload)(void) = nullptr;
} drivers[] = {
    {"echo", 61, &echoinfo, &echodevflag, "/dev/echo"},
    {"loop", 62, &loopinfo, &loopdevflag, "/dev/loop"},
    {"nuls", 64, &nulsinfo, &nulsdevflag, "/dev/nuls"},
    {"mux", 66, &muxinfo, &muxdevflag, "/dev/mux"},
    {"spx", 67, &spxinfo, &spxdevflag, "/dev/spx"},
    {"sad", 69, &sadinfo, &saddevflag, nullptr},
    {"nsdev", 71, &nsdevinfo, &nsdevdevflag, nullptr},
    {"log", 73, &loginfo, &logdevflag, "/dev/log", &Profile::log_clones_itself, loginit, logunload},
};

const struct {
    const char *name;
    streamtab *info;
    const int *devflag;
} modules[] = {
    {"pipemod", &pipemodinfo, &pipemoddevflag},
    {"connld", &connldinfo, &connlddevflag},
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
    const Profile &profile = reinterpret_cast<System *>(system)->profile;
    rill_proc *maker = rill_proc_new(system, 0, 0);
    if (!maker) return ENOMEM;
    int result = 0;
    for (const auto &d : drivers) {
        if (!wanted(d.prefix)) continue;
        result |= rill_driver_add(system, d.prefix, d.major, d.info, *d.devflag, minors);
        const auto major = static_cast<major_t>(d.major);
        if (d.info == &sadinfo) {
            result |= rill_mknod(maker, USERDEV, S_IFCHR | 0666, makedevice(major, USRMIN));
            result |= rill_mknod(maker, ADMINDEV, S_IFCHR | 0600, makedevice(major, ADMMIN));
        }
        if (!d.node) continue;
        const bool itself = d.clones_itself && profile.*d.clones_itself;
        result |= rill_mknod(maker, d.node, S_IFCHR | 0666, itself ? makedevice(major, 0) : makedevice(profile.clone_major, major)); // CLN-002, CLN-003
        if (d.init || d.unload) result |= rill_driver_start(system, d.prefix, d.init, d.unload);
        if (d.info == &loginfo) result |= rill_mknod(maker, "/dev/conslog", S_IFCHR | 0222, makedevice(major, 1));
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
