// What a seed stands for: the order of what is runnable, the allocations that fail. A seed means the same everywhere. A seed
// of its own for each thing that is drawn.
#pragma once

#include <cstdint>

namespace rill {

class RandomEngine {
public:
    explicit RandomEngine(std::uint64_t seed) : state_(seed) {}
    std::uint64_t below(std::uint64_t n);

private:
    std::uint64_t state_;
};

} // namespace rill
