// Other programs, each in a process of its own, and directories that last as long as they are needed.
//
// Here a program is started, found along PATH. A child that goes on in rill's own code is check/child's.
#pragma once

#include <filesystem>
#include <string>
#include <sys/types.h>
#include <vector>

namespace rill::tool {

struct Subprocess {
    enum class Stream { ours, null, pipe };
    struct Streams { // a pipe of errors is that of out
        Stream in = Stream::ours, out = Stream::ours, errors = Stream::ours;
    };

    int start(const std::vector<std::string> &words, const Streams &streams); // 0, or the errno that kept it from starting
    std::string read_all() const;                                             // from out, to its end
    int wait(); // closes the pipes, waits for its end: a status as waitpid(2) has it

    pid_t pid = -1;
    int in = -1, out = -1; // our ends of the pipes
};

// Below $TMPDIR, and gone with the object.
class TemporaryDirectory {
public:
    explicit TemporaryDirectory(const char *purpose); // rill-PURPOSE-XXXXXX
    ~TemporaryDirectory() { remove(); }
    TemporaryDirectory(const TemporaryDirectory &) = delete;

    const std::filesystem::path &path() const { return path_; } // empty when it could not be made
    void remove() const;

private:
    std::filesystem::path path_;
};

} // namespace rill::tool
