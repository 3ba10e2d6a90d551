// The timing wheel against a list that is kept in order: what is first, what is due, and in which order.
#include "streams/base/random.hpp"
#include "streams/queue/timers.hpp"
#include "test/harness.hpp"

#include <deque>
#include <map>

using namespace rill;
using namespace rill::test;

namespace {

struct Wheel {
    ~Wheel() {
        while (!timers.empty()) timers.remove(timers.any_one());
    }
    Timer &add(long tick) {
        Timer &timer = all.emplace_back();
        timer.expires = tick;
        timers.add(timer);
        order.emplace(tick, &timer); // behind those of the same tick
        return timer;
    }
    void remove(Timer &timer) {
        timers.remove(timer);
        for (auto at = order.lower_bound(timer.expires); at != order.end(); ++at)
            if (at->second == &timer) return void(order.erase(at));
    }
    std::deque<Timer> all;
    Timers timers;
    std::multimap<long, Timer *> order;
};

} // namespace

TEST_SUITE_BEGIN("timers");

TEST_CASE("whatever is asked for and taken down, the first is the first, and those of a tick come in the order of asking") {
    for (int spread : {3, 60, 5000, 300'000'000}) {
        CAPTURE(spread);
        Wheel w;
        RandomEngine random(static_cast<std::uint64_t>(spread));
        auto below = [&](long n) { return static_cast<long>(random.below(static_cast<std::uint64_t>(n))); };
        long now = 0;
        for (int step = 0; step < 4000; ++step) {
            switch (below(5)) {
            case 0:
            case 1:
                w.add(now + 1 + below(spread));
                break;
            case 2:
                if (Timer &timer = w.all.empty() ? w.add(now + 1) : w.all[static_cast<std::size_t>(below(static_cast<long>(w.all.size())))]; timer.is_linked())
                    w.remove(timer);
                break;
            case 3: { // time passes, to a timer or not
                const long to = below(2) && !w.order.empty() ? w.order.begin()->first : now + below(spread);
                while (!w.order.empty() && w.order.begin()->first <= to) {
                    REQUIRE(w.timers.is_due(to));
                    REQUIRE(w.timers.due(to) == w.order.begin()->second);
                    w.remove(*w.order.begin()->second);
                }
                CHECK_FALSE(w.timers.is_due(to));
                CHECK(w.timers.due(to) == nullptr);
                now = std::max(now, to);
                break;
            }
            case 4: {
                auto expected = w.order.begin();
                w.timers.any([&](Timer &timer) {
                    REQUIRE(expected != w.order.end());
                    REQUIRE(&timer == expected++->second);
                    return false;
                });
                CHECK(expected == w.order.end());
                break;
            }
            }
            REQUIRE(w.timers.empty() == w.order.empty());
            if (!w.order.empty()) REQUIRE(w.timers.first_tick() == w.order.begin()->first);
        }
    }
}

TEST_CASE("the last tick there is, and one that is next") {
    Wheel w;
    w.add(forever);
    w.add(forever);
    CHECK(w.timers.first_tick() == forever);
    CHECK_FALSE(w.timers.is_due(last_tick));
    Timer &next = w.add(1);
    CHECK(w.timers.due(1) == &next);
    w.remove(next);
    CHECK(w.timers.due(last_tick) == nullptr);
    CHECK(w.timers.due(forever) == w.order.begin()->second);
}

TEST_SUITE_END();
