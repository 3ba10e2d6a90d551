// One step, in a child process that may be lost. Nothing it says is believed but what it wrote into the file of its
// findings, and that it came to its end only when it said so last:
//
//   its end          a mark in shared memory; without it the child ended by a signal, by exit(), or not at all
//   where it was     the line of the scenario and the procedure that ran, in shared memory too
//   what it prints   goes to a file, and is shown when the child was lost; its input is empty
//   time             the parent's clock. Then the child is asked where it is (SIGALRM), and killed
//   processes        it is a group of its own, which is killed as a whole; what it left behind is told
//   memory, files    bounded, except under a sanitizer, which maps more than there is; temporary files lie in a directory of
//                    the parent's
#pragma once

#include "streams/base/scratch.hpp"
#include "tools/rill/check/steps.hpp"

#include <string>

namespace rill::tool {

struct CheckOptions;
struct Target;

class Runner {
public:
    explicit Runner(const CheckOptions &options);
    Runner(const Runner &) = delete;

    // Runs the step and fills in what was found; writes its scenario to step.file when that is set and there is a fault.
    void run(const Target &target, Step &step) const;

private:
    struct Ended {
        int status = 0;
        bool late = false; // it was made to end
    };
    Ended wait_for(pid_t pid) const;
    Finding end_of(const Target &target, const Step &step, const Ended &ended, const std::string &printed) const;

    const CheckOptions &options_;
    Scratch scratch_;                 // for temporary files
    mutable unsigned seconds_a_loop_; // that one procedure may take; less when one of this driver's has looped already
};

} // namespace rill::tool
