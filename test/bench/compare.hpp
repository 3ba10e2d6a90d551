// Two builds side by side. The other is a build's bench, which then takes turns with this one, both as children, so that
// both find the machine as it is; or what a run printed with --json.
#pragma once

#include "test/bench/report.hpp"

namespace rill::bench {

struct Options {
    std::string rows = "*", compare;
    int rounds = 0;
    bool instructions = false, json = false;
};

int compare(const Options &options); // the exit status

} // namespace rill::bench
