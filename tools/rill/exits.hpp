// How the `rill` command ends; `rill --help` shows the same table.
#pragma once

namespace rill::tool {

enum Exit : int {
    exit_fine = 0,
    exit_found = 1,     // an expectation was not met, a line of a scenario is wrong, faults, a clause that failed
    exit_unusable = 2,  // wrong options; what was named is not there or cannot be used; nothing was done
    exit_unwritten = 3, // the output could not be written
};

} // namespace rill::tool
