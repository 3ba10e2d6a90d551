// What a seed stands for: the order of what is runnable, the allocations that fail. The engine is the standard's, which
// specifies its numbers exactly (a distribution's it does not): a seed means the same everywhere. A seed of its own for each
// thing that is drawn.
#pragma once

#include <cstdint>
#include <random>

namespace rill {

// Knuth's MMIX generator; the modulus is 2^64.
class RandomEngine : std::linear_congruential_engine<std::uint64_t, 6364136223846793005u, 1442695040888963407u, 0> {
public:
    explicit RandomEngine(std::uint64_t seed) : linear_congruential_engine(seed) {}
    std::uint64_t below(std::uint64_t n) { return ((*this)() >> 33) % n; } // its low bits are poor
};

} // namespace rill
