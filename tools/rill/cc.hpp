// Compiling a driver: the C compiler (`cc`, or what RILL_CC names) with the flags its era asks for.
#pragma once

#include <string>
#include <vector>

namespace rill::tool {

struct Compile {
    std::vector<std::string> sources;
    std::string output;          // empty: the first source's name with .so
    std::string standard = "gnu89";
    bool checking = false;       // no optimisation, all warnings, -DDEBUG
    std::vector<std::string> more; // passed on as they are
};

// 0 or 1; the compiler's words go to stderr as they come.
int compile(const Compile &what);
// Makes boot/<name>.so of each boot/<name>.c of a sysgen directory that is newer, or has none. False when one failed.
bool rebuild(const std::string &directory);

} // namespace rill::tool
