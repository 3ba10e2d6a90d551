// Compiling a driver: the C compiler (`cc`, or what RILL_CC names) with the flags its era asks for.
//
// Words are given to it in this order, so that a later one goes before an earlier: rill's own, those of --like, the include
// directory of the DDI, the words of the user, sources, output.
#pragma once

#include "streams/file/registry.hpp"

#include <rill.h>
#include <string>
#include <vector>

namespace rill::tool {

struct Compile {
    std::vector<std::string> sources;
    std::string output;          // empty: the first source's name with .so
    std::string standard;        // empty: what --like says, else gnu89
    std::string like;            // a word of sysgen/like.hpp; empty: the object does not say
    bool checking = false;       // no optimisation, all warnings, -DDEBUG
    std::vector<std::string> more; // passed on as they are
    bool quiet = false;          // what the compiler has to say is not told
};

// Takes the compiler's own words out of a command line: what begins with one dash and is not -o or -h, and for those that
// need one the word behind it. The rest stays for the command to parse.
void take_compiler_words(std::vector<char *> &argv, std::vector<std::string> &more);

// 0 or 1; the compiler's words go to stderr as they come.
int compile(const Compile &what);
extern const char *const compile_help; // what stands below the options of `rill cc --help`

// Makes boot/<name>.so of each boot/<name>.c of a sysgen directory that is newer (or its boot/<name>.like is), or has
// none. False when one failed: which, and why, stands on stderr.
bool rebuild(const std::string &directory);
// False, with a word on stderr, when nothing that the directory names came in.
bool anything_booted(rill_system *system, const std::string &directory);

} // namespace rill::tool
