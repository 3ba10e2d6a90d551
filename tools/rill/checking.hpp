// `rill --checking ...`: the same command from a checking build, installed beside this one or built beside it.
#pragma once

namespace rill::tool {

// Becomes that command, without the first word of its arguments. Comes back only when there is none (2).
int run_checking(char **argv);

} // namespace rill::tool
