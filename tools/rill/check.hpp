// `rill check`: exercises a driver that nobody prepared.
//
// Each step is a scenario, written to a file before it runs, so that what goes wrong can be done again with `rill boot
// -s`. It runs in a child process of its own: a driver that crashes, hangs or asserts ends that child, and the parent
// tells which call it was in. Afterwards the child looks at the faults that were recorded, and runs the scenario a second
// time: what the System holds more than after the first run was lost by it (a driver may keep what it likes, once).
#pragma once

#include <optional>
#include <string>

namespace rill::tool {

struct CheckOptions {
    std::string target;         // DRIVER.so or DIR:NAME
    std::string profile = "irix";
    std::string prefix;         // of the driver's public names; empty: found
    std::string out;            // where the scenarios go; empty: NAME.check in the current directory
    std::string junit;
    bool tap = false;
    bool module = false;
    int major = 61;
    int devices = 8;            // #DEV
    int allocations = 24;       // how many of them are made to fail, one after the other
    unsigned long long seed = 1;
};

// Exit status: 0 no fault, 1 faults, 2 the check could not be made.
int check(const CheckOptions &options);

} // namespace rill::tool
