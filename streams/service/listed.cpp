// What a driver may ask about names: by which one it is opened (<sys/nsdev.h>), and which drivers and modules there are
// (<sys/sc.h>).
#include "streams/file/node.hpp"
#include "streams/system.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <sys/nsdev.h>
#include <sys/sc.h>

using namespace rill;

#define EXPORT extern "C" __attribute__((visibility("default")))

namespace {

// Each STREAMS driver in memory, then each module, until f says that it has what it wanted.
template <class F> void each_listed(const Registry &registry, F f) {
    for (const auto &row : registry.rows())
        if (row && row->tab && f(*row, static_cast<int>(row->externals.empty() ? row->internal : row->externals.front()))) return;
    for (const auto &module : registry.modules())
        if (module->tab && f(*module, 0)) return;
}

} // namespace

EXPORT int open_name(queue_t *q, char *name, size_t size) {
    const Special *special = pair_of(q)->stream->special;
    if (!special || !special->opening) return ENXIO;
    const std::string_view path = special->opening->path;
    const std::string_view last = path.substr(path.rfind('/') + 1);
    if (last.size() >= size) return ENAMETOOLONG;
    last.copy(name, last.size());
    name[last.size()] = '\0';
    return 0;
}

EXPORT int sc_count() {
    int count = 0;
    each_listed(current->registry, [&](const Owner &, int) { return ++count, false; });
    return count;
}

EXPORT int sc_entry(int index, sc_mlist *entry) {
    bool found = false;
    each_listed(current->registry, [&](const Owner &owner, int major) {
        if (index-- != 0) return false;
        std::memset(entry, 0, sizeof *entry);
        entry->sc_major = major;
        owner.name.copy(entry->sc_name, sizeof entry->sc_name - 1);
        const qinit *const sides[] = {owner.tab->st_rdinit, owner.tab->st_wrinit, owner.tab->st_muxrinit, owner.tab->st_muxwinit};
        for (int i = 0; i < 4; ++i) {
            if (!sides[i]) continue;
            if (const module_info *info = sides[i]->qi_minfo) {
                entry->sc_info[i] = *info;
                entry->sc_info[i].mi_idname = nullptr;
            }
            if (sides[i]->qi_mstat) entry->sc_stat[i] = *sides[i]->qi_mstat;
        }
        return found = true;
    });
    return found ? 0 : ENXIO;
}
