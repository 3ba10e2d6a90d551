#include "test/bench/row.hpp"
#include "test/bench/worlds.hpp"

#include <algorithm>
#include <fnmatch.h>
#include <set>
#include <sstream>

namespace rill::bench {

std::vector<Row> all_rows() {
    std::vector<Row> rows;
    for (auto *some : {hot_rows, growth_rows, design_rows})
        for (Row &row : some()) rows.push_back(std::move(row));
    return rows;
}

std::vector<Row> rows_like(const std::string &patterns) {
    const std::vector<Row> rows = all_rows();
    std::set<std::string> wanted;
    std::istringstream each(patterns);
    for (std::string pattern; std::getline(each, pattern, ',');) {
        const std::size_t before = wanted.size();
        bool fits = false;
        for (const Row &row : rows)
            if (!fnmatch(pattern.c_str(), row.id.c_str(), 0)) wanted.insert(row.id), fits = true;
        if (fits || wanted.size() > before) continue;
        std::string ids;
        for (const Row &row : rows) ids += " " + row.id;
        throw Unable("no row is called " + pattern + "; there are:" + ids);
    }
    std::vector<Row> some;
    std::copy_if(rows.begin(), rows.end(), std::back_inserter(some), [&](const Row &row) { return wanted.contains(row.id); });
    return some;
}

} // namespace rill::bench
