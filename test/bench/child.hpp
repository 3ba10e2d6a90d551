// Other programs that the bench runs: itself under callgrind, and another build of it.
#pragma once

#include <string>
#include <vector>

namespace rill::bench {

struct Outcome {
    int status = 0; // as wait(2) has it
    std::string output, errors;
};

// To its end, with an environment that is always the same: its length would move the stack, and with it a count.
Outcome run_program(const std::vector<std::string> &words);

} // namespace rill::bench
