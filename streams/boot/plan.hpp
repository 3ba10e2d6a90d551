// What a directory asks for, read and checked before anything is loaded: which modules, in which order, with which stubs
// in place of those that stay out, which nodes, and what is pushed at open. lboot's part of the work.
//
// Order of the units: as the system files name them, what a unit depends on before it (CFG-018), `u` units last (CFG-010).
#pragma once

#include "streams/boot/autopush.hpp"
#include "streams/boot/like.hpp"
#include "streams/boot/master.hpp"
#include "streams/boot/nodes.hpp"
#include "streams/boot/systemfile.hpp"

#include <span>
#include <string>

struct streamtab;

namespace rill {
struct Profile;
}

namespace rill::sysgen {

// An object that is part of rill, and the master file that is shipped with it.
struct Builtin {
    std::string_view name;
    std::string (*master)(const Profile &);
    streamtab *info;
    int *devflag;
};
// Those that there are, handed in by who knows them (face/builtin).
extern std::span<const Builtin> builtins;
const Builtin *find_builtin(std::string_view name);

struct Unit {
    Master master;
    std::string object; // path of the shared object; empty for a built-in one
    std::string object_shown;
    const Builtin *builtin = nullptr;
    Convention like = Convention::unsaid; // what a file beside the object says, or else the master file
    std::string like_said;                // which of them
    std::vector<Vector> vectors; // the VECTOR lines whose probe found something, in order
    Place asked;                 // the directive, or the dependency, that brought it in
};

struct Plan {
    std::vector<Unit> units;
    std::vector<Stub> stubs; // of the modules that stay out
    std::vector<NodeLine> nodes;
    std::vector<AutopushLine> autopush;
    SystemFile system;
    std::vector<std::string> notes; // what stays out although a line of a system file names it, and why
};

// 0, or an errno with problems added: ENOENT when the directory is none, EINVAL when its contents are wrong.
int read_plan(const std::string &directory, const Profile &profile, Problems &problems, Plan &plan);

} // namespace rill::sysgen
