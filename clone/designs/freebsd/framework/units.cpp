#include "clone/designs/freebsd/framework/state.hpp"

namespace rill::designs::freebsd {

void Freebsd::pick(Cdev &c, clonedevs &list, const char *what, const char *clause) {
    const auto at = std::upper_bound(list.cdevs.begin(), list.cdevs.end(), unit_of(c), [&](int unit, Cdev *o) { return unit < unit_of(*o); });
    list.cdevs.insert(at, &c);
    c.list = &list;
    c.si_flags |= SI_CLONELIST;
    ++system.minors_out;
    tell(Event::pick, what, c, fmt::format("{} {}", c.sw->name, unit_of(c)), clause);
}

} // namespace rill::designs::freebsd

namespace rill::designs {

using namespace freebsd;

void freebsd_unit_mask(System &system, int mask) { part(system).generation.unit_mask = mask; }

std::vector<int> freebsd_units(const freebsd_clonedevs *list) {
    std::vector<int> units;
    for (const Cdev *c : list->cdevs) units.push_back(here().unit_of(*c));
    return units;
}

} // namespace rill::designs

using namespace rill;
using namespace rill::designs::freebsd;

EXPORT int dev2unit(cdev *dev) { return here().unit_of(of(dev)); }

EXPORT int unit2minor(int unit) {
    if (unit < 0 || unit > 0xffffff) this_system().fault("FBSD-055", "unit2minor of a unit above 0xffffff");
    return here().minor_of(unit);
}

EXPORT void clone_setup(clonedevs **list) {
    *list = new clonedevs;
    ++this_system().kmem_allocations_out;
}

// A unit of the list: the one asked for, or for -1 the lowest free from `extra` upward. 0: it is there, and in the cell;
// 1: it is reserved now.
EXPORT int clone_create(clonedevs **list, cdevsw *csw, int *unit, cdev **cell, int extra) {
    Freebsd &f = here();
    const int mask = f.generation.unit_mask;
    if (!*list) return this_system().fault("FBSD-042", "clone_create on a list that clone_setup has not made"), 0;
    if (extra & mask) return this_system().fault("FBSD-026", "clone_create: extra has bits of the unit"), 0;
    if (*unit > mask) return this_system().fault("FBSD-030", "clone_create of a unit above CLONE_UNITMASK"), 0;
    if (f.generation.needs_minor && !(csw->d_flags & D_NEEDMINOR)) this_system().fault("FBSD-045", "clone_create with a cdevsw that lacks D_NEEDMINOR");
    auto &cdevs = (*list)->cdevs;
    const bool any = *unit == -1;
    int wanted = *unit | extra;
    if (any) {
        int low = extra;
        for (auto i = cdevs.begin(); i != cdevs.end() && f.unit_of(**i) == low; ++i) ++low;
        *unit = low & mask;
        wanted = *unit | extra;
    }
    const auto at = std::lower_bound(cdevs.begin(), cdevs.end(), wanted, [&](Cdev *c, int u) { return f.unit_of(*c) < u; });
    if (at != cdevs.end() && f.unit_of(**at) == wanted) {
        if (any)
            return this_system().fault(cdevs.front() && f.unit_of(*cdevs.front()) < extra ? "FBSD-033" : "FBSD-031",
                                       "clone_create of any unit: the one it comes to is on the list already"),
                   0;
        *cell = *at;
        return 0;
    }
    Cdev *c = f.reserve(csw, f.minor_of(wanted));
    f.pick(*c, **list, any ? "the lowest unit that is not in use" : "the unit that was asked for", any ? "FBSD-027" : "FBSD-028");
    return 1;
}

EXPORT void clone_cleanup(clonedevs **list) {
    clonedevs *emptied = std::exchange(*list, nullptr);
    if (!emptied) return;
    while (!emptied->cdevs.empty()) {
        Cdev &c = *emptied->cdevs.front();
        if (!(c.si_flags & SI_NAMED)) this_system().fault("FBSD-044", "clone_cleanup: a unit was reserved and never named by make_dev");
        if (here().destroy(c) || emptied->cdevs.empty() || emptied->cdevs.front() != &c) continue;
        emptied->cdevs.erase(emptied->cdevs.begin());
        c.list = nullptr;
        --this_system().minors_out;
    }
    delete emptied;
    --this_system().kmem_allocations_out;
}
