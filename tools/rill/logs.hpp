// The loggers of log(7) as commands of a scenario: strace and strerr are processes that read what comes, line by line, and
// strlog sends a message. `rill strclean` removes the files of strerr.
#pragma once

#include <cstddef>
#include <ctime>
#include <string>
#include <string_view>
#include <sys/strlog.h>

namespace rill::tool {

// A process that strace or strerr began. It ends when the process does.
struct Logger {
    std::string process;
    int fd;
    bool traces;           // strace: its lines have the level
    std::string directory; // of strerr's files; "" for none
};

// A message as a line: LOG-051. Data is the format, and behind it the words of its arguments.
std::string log_line(const log_ctl &ctl, std::string_view data, bool traces);
// The text of a message: the format with its words in it. Text that no words follow stands as it is.
std::string log_text(std::string_view data);
std::string error_file(const std::string &directory, std::time_t when); // DIR/error.mm-dd

struct CleanOptions {
    long days = 3;
    std::string directory = "/var/adm/streams";
};
int strclean(const CleanOptions &options); // exits.hpp

} // namespace rill::tool
