#include "streams/queue/owner.hpp"

#include <sys/conf.h>

namespace rill {

namespace {

constexpr struct {
    Convention convention;
    const char *word;
    const char *name;
} conventions[] = {{Convention::svr3, "svr3", "SVR3"},
                   {Convention::svr4, "svr4", "SVR4"},
                   {Convention::solaris, "solaris", "Solaris"},
                   {Convention::lis, "lis", "LiS"},
                   {Convention::openss7, "openss7", "OpenSS7"},
                   {Convention::hpux, "hpux", "HP-UX"}};

} // namespace

const char *name_of(Convention convention) {
    for (const auto &c : conventions)
        if (c.convention == convention) return c.name;
    return "?";
}

const char *word_of(Convention convention) {
    for (const auto &c : conventions)
        if (c.convention == convention) return c.word;
    return "";
}

Convention convention_named(std::string_view word) {
    for (const auto &c : conventions)
        if (c.word == word) return c.convention;
    return Convention::unsaid;
}

void Owner::decide_convention() {
    if (convention != Convention::unsaid) return;
    convention = devflag & D_OLD ? Convention::svr3 : Convention::svr4;
    if (convention_reason.empty())
        convention_reason = devflag & D_OLD ? "its devflag has D_OLD" : "its devflag is without D_OLD";
}

} // namespace rill
