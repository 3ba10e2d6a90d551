// Random programs of calls by the C face, over the shipped drivers, in Systems that live side by side: alone, with an
// allocation failing now and then, and with the n-th allocation failing for every n.
#include "test/attack/world.hpp"

#include <memory>

using namespace rill::test;

namespace {

const char *profile_of(unsigned seed) {
    static const char *const profiles[] = {"irix", "svr4", "solaris"};
    return profiles[seed % 3];
}

} // namespace

TEST_CASE("attack: 120,000 random calls in Systems side by side: each failure has an errno, and nothing is left") {
    long calls = 0, succeeded = 0;
    for (unsigned seed = 1; seed <= 40; ++seed) {
        CAPTURE(seed);
        World one(seed, profile_of(seed)), two(1000 + seed, profile_of(seed / 3));
        for (int i = 0; i < 1500; ++i) one.call(), two.call();
        one.settle();
        for (int i = 0; i < 100; ++i) two.call();
        two.settle();
        calls += one.calls + two.calls;
        succeeded += one.succeeded + two.succeeded;
    }
    CHECK(calls > 120000);
    CHECK(succeeded > calls / 4); // most of it was not refused at the door
}

TEST_CASE("attack: a System that is freed in the middle of a program takes everything with it") {
    for (unsigned seed = 1; seed <= 60; ++seed) {
        World w(seed, profile_of(seed));
        for (unsigned i = 0; i < 20 + seed * 5; ++i) w.call();
        CHECK(w.unnamed == 0);
    }
}

TEST_CASE("attack: random calls while allocations fail: what was not done is undone") {
    long refused = 0;
    for (unsigned seed = 1; seed <= 15; ++seed) {
        CAPTURE(seed);
        World w(seed, profile_of(seed));
        for (int i = 0; i < 1000; ++i) {
            if (w.chance(2)) rill_fail_nth(w.system, 1 + w.below(8));
            w.call();
        }
        w.settle();
        refused += static_cast<long>(w.inner().alloc.refused);
    }
    CHECK(refused > 500);
}

TEST_CASE("attack: the n-th allocation fails, for every n of a program") {
    bool hit = true;
    for (long n = 1; hit; ++n) {
        CAPTURE(n);
        World w(7, "irix");
        rill_fail_nth(w.system, n);
        for (int i = 0; i < 120; ++i) w.call();
        hit = w.inner().alloc.refused > 0;
        w.settle();
    }
}
