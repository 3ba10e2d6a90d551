// `rill check`: exercises a driver that nobody prepared.
//
// Each step is a scenario (steps.hpp), which `rill boot -s` does again. It runs in a child process (child.hpp): a driver
// that crashes, hangs, exits or leaves processes behind spoils that child, and the parent tells which call and which
// procedure it was in. The child looks at the faults that the System recorded, at what went through the queues
// (watch.hpp), and runs the scenario a second time: what the System holds more than after the first run was lost by it
// (a driver may keep what it likes, once). What is under test, and which ioctls it has: target.hpp, ioctls.hpp.
#pragma once

#include <string>
#include <vector>

namespace rill::tool {

struct CheckOptions {
    std::string target;         // DRIVER.so or DIR:NAME
    std::string profile = "irix";
    std::string prefix;         // of the driver's public names; empty: found
    std::string out;            // where the scenarios go; empty: NAME.check in the current directory
    std::string junit;
    std::vector<std::string> ioctls; // commands of its own; empty: looked for
    bool tap = false;
    bool module = false;
    long major = 61;
    long devices = 8;           // #DEV
    long seconds = 20;          // for one step
    int allocations = 24;       // how many of them are made to fail, one after the other
    unsigned long long seed = 1;
};

// Exit status: 0 no fault, 1 faults, 2 the check could not be made, 3 the output could not be written.
int check(const CheckOptions &options);

} // namespace rill::tool
