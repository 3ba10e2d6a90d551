// Times are in ticks since boot, of which a second has so many. Their arithmetic saturates.
#pragma once

#include <limits>
#include <time.h>

namespace rill {

constexpr long ticks_a_second = 100;
constexpr long forever = std::numeric_limits<long>::max();

// Arithmetic of times saturates (SCH-071): what is too late is `forever`, which never comes.
constexpr long sum_of(long a, long b) {
    long sum;
    if (!__builtin_add_overflow(a, b, &sum)) return sum;
    return b > 0 ? forever : std::numeric_limits<long>::min();
}
constexpr long difference_of(long a, long b) {
    long difference;
    if (!__builtin_sub_overflow(a, b, &difference)) return difference;
    return b < 0 ? forever : std::numeric_limits<long>::min();
}
constexpr long product_of(long a, long b) {
    long product;
    if (!__builtin_mul_overflow(a, b, &product)) return product;
    return (a < 0) == (b < 0) ? forever : std::numeric_limits<long>::min();
}
// The first tick at which so many milliseconds are over.
constexpr long ticks_of_ms(long ms) { return sum_of(product_of(ms, ticks_a_second), 999) / 1000; }
// As file times tell it.
constexpr timespec time_of(long ticks) {
    return {ticks / ticks_a_second, ticks % ticks_a_second * (1'000'000'000 / ticks_a_second)};
}
// Where advance() stops: what waits from there on still has as long a time ahead.
constexpr long last_tick = forever / 2;

} // namespace rill
