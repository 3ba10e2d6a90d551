// The drivers that `rill shell` and `rill run` have without a sysgen directory, and their nodes.
#pragma once

#include <rill.h>
#include <string_view>

namespace rill::tool {

// 0, or an errno.
int add_builtin_drivers(rill_system *system);

// What a scenario may add to any System: `attach carrier MAJOR` is a clone driver that gives data back, to push modules
// on and to link below others; `attach passer` is a module that passes everything on; `attach clone MAJOR` is the clone
// driver, for a System whose files leave it out.
bool is_helper(std::string_view name);
int attach_helper(rill_system *system, std::string_view name, long major); // 0, or an errno

} // namespace rill::tool
