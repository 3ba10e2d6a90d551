// By whose conventions a driver is called, where its object does not tell, or tells what is not so (CFG-082):
//
//   boot/foo.like      beside boot/foo.so and boot/foo.c: one word, svr3, svr4, solaris, lis or openss7. The file is read as
//                      the others are: lines that begin with * are comments. `rill boot` compiles boot/foo.c by it, too.
//   like = WORD        a line of master.d/foo below the descriptive one, where the file is not there (CFG-121)
//   rill_like_WORD     a public name of the object; `rill cc --like WORD` puts it there
//
// The file goes before the line, that before the name, and all before <prefix>devflag. An object's _init or init_module runs whatever is said.
#pragma once

#include "streams/file/registry.hpp"
#include "streams/boot/text.hpp"

namespace rill::sysgen {

constexpr const char *like_words = "svr3, svr4, solaris, lis or openss7";

// 0 with Convention::unsaid when there is no such file; an errno with a problem added.
int read_like(const std::string &path, const std::string &shown, Problems &problems, Convention &convention);

// What a master file of either form says, for whoever compiles boot/foo.c; unsaid when it is not there or is wrong.
Convention like_of_master(const std::string &path);

} // namespace rill::sysgen
