// What a row costs. By the clock: rounds in which baseline, subject and floor take turns, so that what disturbs one disturbs
// all; the ratio of each round, and of the ratios median and quartiles. By instructions: the bench runs itself under
// callgrind with two numbers of operations and divides the difference, so that making the world does not count. Those
// repeat to the last digit, on one machine with one compiler.
#pragma once

#include "test/bench/row.hpp"

#include <optional>

namespace rill::bench {

struct Spread {
    double median = 0, low = 0, high = 0; // the quartiles
};
Spread spread_of(std::vector<double> values);

struct Measured {
    std::optional<Spread> reached, subject, baseline, floor; // the last three in ns
    std::optional<double> subject_count, baseline_count, floor_count; // instructions
    std::string unable; // why there is nothing, or not all
};

Measured measure(const Row &row, int rounds, bool instructions); // 0 rounds: the row's own number

// The n operations of one side of a row and nothing else: subject, baseline, floor, with "-less" what is taken off.
// False when the row has no such side.
bool run(const Row &row, const std::string &side, int n);
extern const std::vector<std::string> sides;

// The path of this program, and of valgrind along PATH (empty: there is none).
std::string self_path(), valgrind_path();

} // namespace rill::bench
