// The drivers that `rill shell` and `rill run` have without a sysgen directory, and their nodes.
#pragma once

#include <rill.h>
#include <string>
#include <string_view>
#include <vector>

namespace rill::tool {

// 0, or an errno. All of them, or those that are named; a name that none has: ENXIO, and `unknown` says so.
int add_builtin_drivers(rill_system *system);
int add_builtin_drivers(rill_system *system, const std::vector<std::string> *names, std::string &unknown);

// What a scenario may add to any System: `attach carrier MAJOR` is a clone driver that gives data back, to push modules
// on and to link below others; `attach passer` is a module that passes everything on; `attach clone MAJOR` is the clone
// driver, for a System whose files leave it out.
bool is_helper(std::string_view name);
int attach_helper(rill_system *system, std::string_view name, long major); // 0, or an errno

} // namespace rill::tool
