// Whose a queue pair is: a driver, a module or the stream head; by what it is called, and by which conventions its procedures are.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <sys/stream.h>

namespace rill {

struct Perimeter;

// Whose calling conventions a driver follows: what its open and close are given and give back, who registered it.
enum class Convention : unsigned char {
    unsaid,  // until it is installed; then its devflag decides
    svr3,    // D_OLD: the device by value, a minor or OPENFAIL back (CFG-038)
    svr4,    // a dev_t *, an errno back; IRIX likewise
    solaris, // as svr4; _init installs it (HDR-015)
    lis,     // as svr4; lis_register_strdev(), lis_register_strmod()
    openss7, // as svr4; register_strdev(), register_strmod()
    hpux,    // as svr3 or svr4, by STR_SYSV4_OPEN; str_install()
};
const char *name_of(Convention convention); // "SVR3" ... "HP-UX"
// As it is written to say it: "svr3" ... "openss7"; unsaid for any other word.
Convention convention_named(std::string_view word);
const char *word_of(Convention convention);

// What a queue pair was made for, as far as a trace or a fault names it.
struct Owner {
    std::string name;    // the module or driver: mi_idname, or the prefix it was added with
    std::string prefix;
    streamtab *tab = nullptr;
    int devflag = 0;
    Convention convention = Convention::unsaid;
    std::string convention_reason; // "it has no foodevflag"
    int holds = 0;
    bool installs_module = false; // its _init installs a module and no driver, whatever it is configured as (CFG-120)
    bool negative_errnos = false; // registered by a call of LiS or OpenSS7: its procedures return -EBUSY (NBSD-081)
    mutable std::shared_ptr<Perimeter> perimeter; // round all its queues (D_MTPERMOD, D_MTOUTPERIM)
    char tag[16] = {}; // the name, as far as it fits (checks); made when the owner is installed
    void make_tag() { name.copy(tag, sizeof tag - 1); }
    void decide_convention(); // by devflag, unless it is said; a reason that is given already stays
};

} // namespace rill
