// The suite's random numbers: one engine, a seed written in the case, and its raw values, which the standard specifies
// exactly, so that a seed means the same case everywhere.
#pragma once

#include <random>

namespace rill::test {

class Random : public std::mt19937 {
public:
    explicit Random(unsigned seed) : std::mt19937(seed) {}
    int below(int n) { return static_cast<int>((*this)() % static_cast<unsigned>(n)); }
};

} // namespace rill::test
