// The drivers that `rill shell` and `rill run` have without a sysgen directory, and their nodes.
#pragma once

#include <rill.h>

namespace rill::tool {

// 0, or an errno.
int add_builtin_drivers(rill_system *system);

} // namespace rill::tool
