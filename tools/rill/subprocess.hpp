// Other programs, each in a process of its own: started here, and found along PATH. A child that goes on in rill's own code
// is check/child's.
#pragma once

#include <string>
#include <sys/types.h>
#include <vector>

namespace rill::tool {

struct Subprocess {
    enum class Stream {
        ours,
        null,
        pipe,
    };
    struct Streams { // a pipe of errors is that of out
        Stream in = Stream::ours, out = Stream::ours, errors = Stream::ours;
    };

    int start(const std::vector<std::string> &words, const Streams &streams); // 0, or the errno that kept it from starting
    std::string read_all() const;                                             // from out, to its end
    int wait(); // closes the pipes, waits for its end: a status as waitpid(2) has it

    pid_t pid = -1;
    int in = -1, out = -1; // our ends of the pipes
};

} // namespace rill::tool
