// The ioctl commands of a driver's own, which no manual lists. From the first of these that there is:
//
//   --ioctl N,...     given
//   NAME.ioctls       a file beside the object: numbers, `*` or `#` begins a comment
//   its source        the `case` labels of NAME.c beside the object, or of the sources that its debug information names:
//                     compiled, so that macros and enumerations have their values
#pragma once

#include <optional>
#include <string>
#include <vector>

namespace rill::tool {

struct CheckOptions;

// Numbers as C writes them, between blanks or commas. False when a word is none.
bool read_commands(const std::string &text, std::vector<long> &commands);
// `beside`: the object's path without its .so. An unreadable or wrong NAME.ioctls, in words.
std::optional<std::string> find_commands(const CheckOptions &options, const std::string &beside, std::vector<long> &commands);

} // namespace rill::tool
