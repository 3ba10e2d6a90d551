#include "streams/base/random.hpp"

#include <random>

namespace rill {

namespace {
// Knuth's MMIX generator, modulus 2^64; its state is the last number. The standard specifies its numbers exactly (a
// distribution's it does not).
using Engine = std::linear_congruential_engine<std::uint64_t, 6364136223846793005u, 1442695040888963407u, 0>;
} // namespace

std::uint64_t RandomEngine::below(std::uint64_t n) {
    Engine engine(state_);
    state_ = engine();
    return (state_ >> 33) % n; // the low bits are poor
}

} // namespace rill
