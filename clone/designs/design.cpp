#include "clone/designs/design.hpp"

#include <algorithm>

namespace rill::designs {

std::span<const Family *const> families() {
    // clang-format off
    static constexpr const Family *list[] = {&irix_family,          &freebsd_family, &netbsd_family, &dclone_family,
                                             &dragonfly2007_family, &devfs_family,   &linux_family};
    // clang-format on
    return list;
}

std::span<const Design> all() {
    static const std::vector<Design> table = [] {
        std::vector<Design> designs;
        for (const Family *family : families())
            designs.insert(designs.end(), family->designs.begin(), family->designs.end());
        std::stable_partition(designs.begin(), designs.end(), [](const Design &design) { return design.model; });
        return designs;
    }();
    return table;
}

const Design *find(std::string_view name) {
    for (const Design &design : all())
        if (name == design.name) return &design;
    return nullptr;
}

} // namespace rill::designs
