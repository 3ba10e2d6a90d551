// A row of the bench is data: a question, what answers it in rill, what it is told in (the host's own answer, or rill's where
// there is little), the floor under it, and what must and what should be reached. A new one goes into the table of its kind:
// rows_hot.cpp, rows_growth.cpp, rows_designs.cpp.
#pragma once

#include <functional>
#include <limits>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace rill::bench {

using Work = std::function<void(int n)>; // the operation, n times
using Make = std::function<Work()>;      // a world, outside of any clock

// What one operation costs: n of them, less n of another where the difference is asked for, over `per`.
struct Cost {
    Make make = {};
    Make less = {};
    int per = 1;
    bool fresh = false; // each round has a world of its own
    explicit operator bool() const { return bool(make); }
};

inline Cost function(void (*f)(int)) {
    return {.make = [f] { return Work(f); }};
}
// An operation of a world that is made from these: in<World>(&World::open_close, 16).
template <class W, class F, class... Arguments> Make in(F operation, Arguments... arguments) {
    return [=] {
        auto world = std::make_shared<W>(arguments...);
        return Work([=](int n) { std::invoke(operation, *world, n); });
    };
}

struct Limits {
    double must = std::numeric_limits<double>::quiet_NaN(), aim = must;
};

enum class Unit { ratio,
                  bytes,
                  microseconds };

struct Row {
    std::string id, what;
    int n = 0;                   // operations of a round
    Cost subject = {};
    Cost baseline = {};          // of a ratio
    Cost floor = {};
    Limits reached = {};
    Limits instructions = {};
    bool host = false;           // the baseline is the host's: of that only the time counts
    bool counted = true;         // --instructions counts it: it takes no minutes there
    int rounds = 9;
    Unit unit = Unit::ratio;
    std::function<double()> value = {}; // instead of costs: the same whenever it is asked for
};

std::vector<Row> hot_rows(), growth_rows(), design_rows();

// All of them; or those whose id one of the patterns (a*,b?c,...) fits. Throws Unable when a pattern fits none.
std::vector<Row> all_rows();
std::vector<Row> rows_like(const std::string &patterns);

} // namespace rill::bench
