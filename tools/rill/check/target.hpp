// What is under test, and where: a driver or module of a sysgen directory (DIR:NAME), or a lone object, for which a
// directory is made. What the object needs of the system about it comes from the scenarios (`attach carrier`).
#pragma once

#include <optional>
#include <string>
#include <vector>
#include <sys/types.h>

namespace rill::tool {

struct CheckOptions;

struct Target {
    std::string name, directory;
    std::string object;               // the lone object; empty: one of the directory's
    unsigned major = 0, clone_major = 0, carrier_major = 0;
    bool module = false;
    bool has_clone = true;            // its system has the clone driver
    std::string node = "/dev/check";  // /dev/check0 for a driver that knows no clone opens
    std::vector<long> ioctls;         // commands of its own
};

// Options that make no sense, in words.
std::optional<std::string> nonsense(const CheckOptions &options);
// The target by its name. A directory's objects are made from their sources, as `rill boot` does. What went wrong, in words.
std::optional<std::string> find_target(const CheckOptions &options, const std::string &out, Target &target);
// A directory for a lone object, as a driver or as a module.
std::optional<std::string> lay_out(const CheckOptions &options, const std::string &out, bool module, Target &target);

} // namespace rill::tool
