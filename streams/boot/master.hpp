// A descriptive file of master.d: what one driver or module is (master(4)).
//
//   IRIX   FLAG PREFIX SOFT #DEV DEPENDENCIES            bcnsw  rd_  77  4
//   SVR4   FLAG #VEC PREFIX SOFT #DEV IPL DEPENDENCIES/VARIABLES
//
// The first line that is neither blank nor a comment (`*` in column 1) is the descriptive one. Lines up to the `$` line
// name stub routines; in the SVR4 form they may declare variables too. What follows `$$$` is C text (IRIX) or gives
// values to names (SVR4, after `$$$$`). CFG-003 to CFG-020, CFG-045, CFG-046.
//
// One line of ours may stand among the stubs: `like = WORD`, which is no stub, dependency or variable of either form (CFG-121).
#pragma once

#include "streams/boot/like.hpp"

#include <optional>

namespace rill::sysgen {

enum class Form : unsigned char {
    irix,
    svr4,
};

// A routine that stands in for one of a module that is not configured (CFG-004, CFG-029).
//   name   name()   name() {}        returns 0
//   name() {nosys} {nodev} {nopkg}   returns that errno;  {true} returns 1, {false} 0
struct Stub {
    std::string name;
    std::string value; // C expression
    Place place;
};

// An SVR4 variable (CFG-046): name[count](format) = {initial}
struct Variable {
    std::string name;
    std::string count;   // C expression; empty for one that is not an array
    std::string format;  // of one element: letters i l s c
    std::string initial; // what stands between the braces; empty for none
    Place place;
};

struct Master {
    std::string name; // of the file, and of the module and its object (CFG-001)
    std::string file; // as shown
    Place place;      // of the descriptive line
    std::string flags;
    Place flags_place;
    std::string prefix;
    std::vector<unsigned long> majors; // several are aliases of the first
    Place soft_place;
    unsigned long devices = 0;
    std::vector<Word> dependencies;
    std::vector<Stub> stubs;
    std::vector<Variable> variables;
    std::vector<std::pair<std::string, std::string>> values;
    Convention like = Convention::unsaid;
    Place like_place;
    std::string text; // C, with ## forms still in it
    int text_line = 0;

    bool has(char flag) const { return flags.find(flag) != flags.npos; }
    bool is_driver() const { return !has('x') && (has('b') || has('c') || has('f')); }
    bool is_module() const { return has('m'); }
    bool is_streams() const { return has('f') || has('m'); }
};

// The form that the descriptive line has by its columns, when it can be no other: in an SVR4 file the second word is a
// number or '-' and the third the prefix, in an IRIX one the second is the prefix and the third a major or '-'.
std::optional<Form> form_of(const Source &source);
const char *columns_of(Form form); // "FLAG PREFIX SOFT #DEV DEPENDENCIES"

// False, with problems added, when the file is wrong. major_max is the profile's (DEV-006).
bool parse_master(const Source &source, const std::string &name, Form form, unsigned long major_max,
                  Problems &problems, Master &master);

// The C that a configured file contributes: its variables and its text after replacement of ##D, ##E, ##C (CFG-017).
// Empty when there is nothing to compile.
std::string c_text(const Master &master, unsigned long controllers);
std::string c_stub(const Stub &stub);

} // namespace rill::sysgen
