// The drivers that `rill shell` and `rill run` have without a sysgen directory, and their nodes.
#pragma once

#include <rill.h>
#include <string>
#include <vector>

namespace rill::tool {

// 0, or an errno. All of them, or those that are named; a name that none has: ENXIO, and `unknown` says so.
int add_builtin_drivers(rill_system *system);
int add_builtin_drivers(rill_system *system, const std::vector<std::string> *names, std::string &unknown);

} // namespace rill::tool
