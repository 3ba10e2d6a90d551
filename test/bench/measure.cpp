#include "test/bench/measure.hpp"
#include "test/bench/child.hpp"
#include "test/bench/worlds.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdlib>
#include <unistd.h>

namespace rill::bench {
namespace {

// A cost with its worlds, for as many rounds as are wanted.
class Runner {
public:
    Runner(const Cost &cost, int n) : cost_(cost), n_(n) {
        work_ = cost.make();
        if (cost.less) less_ = cost.less();
    }
    double round() {
        const double all = nanoseconds(work_), less = cost_.less ? nanoseconds(less_) : 0;
        if (cost_.fresh) work_ = nullptr, work_ = cost_.make();
        return (all - less) / n_ / cost_.per;
    }

private:
    double nanoseconds(const Work &work) const {
        const auto begin = std::chrono::steady_clock::now();
        work(n_);
        return std::chrono::duration<double, std::nano>(std::chrono::steady_clock::now() - begin).count();
    }

    const Cost &cost_;
    int n_;
    Work work_, less_;
};

// Callgrind's total for one side of the row, or what was wrong.
double total(const Row &row, const std::string &side, int n) {
    std::vector<std::string> words{valgrind_path(), "--tool=callgrind", "--callgrind-out-file=/dev/null", self_path()};
    if (small_worlds) words.push_back("--small");
    const std::string digits = std::to_string(n);
    const std::string number = std::string(8 - digits.size(), '0') + digits; // of one length, so that the stack begins at one place
    for (const std::string &word : {std::string("--run"), row.id, side, number}) words.push_back(word);
    const Outcome ended = run_program(words);
    const std::size_t at = ended.errors.find("Collected :");
    if (ended.status || at == std::string::npos) throw Unable("callgrind: " + ended.errors.substr(0, 500));
    return std::strtod(ended.errors.c_str() + at + 11, nullptr);
}

double count(const Row &row, const std::string &name, const Cost &cost) {
    const int more = std::min(row.n, 3000), few = more / 3;
    auto each = [&](const std::string &side) { return (total(row, side, more) - total(row, side, few)) / (more - few); };
    return (each(name) - (cost.less ? each(name + "-less") : 0)) / cost.per;
}

void by_clock(const Row &row, int rounds, Measured &found) {
    Runner subject(row.subject, row.n);
    std::optional<Runner> baseline, floor;
    if (row.baseline) baseline.emplace(row.baseline, row.n);
    if (row.floor) floor.emplace(row.floor, row.n);
    std::vector<double> reached, subjects, baselines, floors;
    for (int i = 0; i < rounds; ++i) {
        if (baseline) baselines.push_back(baseline->round());
        subjects.push_back(subject.round());
        if (floor) floors.push_back(floor->round());
        reached.push_back(row.unit == Unit::microseconds ? subjects.back() / 1000 : subjects.back() / baselines.back());
    }
    found.reached = spread_of(reached);
    found.subject = spread_of(subjects);
    if (baseline) found.baseline = spread_of(baselines);
    if (floor) found.floor = spread_of(floors);
}

void by_instructions(const Row &row, Measured &found) {
    found.subject_count = count(row, "subject", row.subject);
    if (row.baseline && !row.host) found.baseline_count = count(row, "baseline", row.baseline);
    if (row.floor) found.floor_count = count(row, "floor", row.floor);
}

} // namespace

const std::vector<std::string> sides{"subject", "subject-less", "baseline", "baseline-less", "floor", "floor-less"};

Spread spread_of(std::vector<double> values) {
    std::sort(values.begin(), values.end());
    auto at = [&](double part) { return values[static_cast<std::size_t>(std::lround(part * static_cast<double>(values.size() - 1)))]; };
    return {at(0.5), at(0.25), at(0.75)};
}

Measured measure(const Row &row, int rounds, bool instructions) {
    Measured found;
    try {
        if (row.value) {
            const double value = row.value();
            found.reached = Spread{value, value, value};
            return found;
        }
        by_clock(row, rounds ? rounds : row.rounds, found);
        if (instructions && row.counted) by_instructions(row, found);
    } catch (const Unable &e) {
        found.unable = e.what();
    }
    return found;
}

bool run(const Row &row, const std::string &side, int n) {
    if (row.value) return side == "subject" && (row.value(), true);
    const Cost &cost = side.starts_with("subject") ? row.subject : side.starts_with("baseline") ? row.baseline
                                                                                                : row.floor;
    const Make &make = side.ends_with("-less") ? cost.less : cost.make;
    if (make) make()(n);
    return bool(make);
}

std::string self_path() {
    char path[4096];
    const ssize_t length = ::readlink("/proc/self/exe", path, sizeof path);
    return std::string(path, length < 0 ? 0 : static_cast<std::size_t>(length));
}

std::string valgrind_path() {
    std::string path = std::getenv("PATH") ? std::getenv("PATH") : "";
    for (std::size_t at = 0; at <= path.size();) {
        const std::size_t end = std::min(path.find(':', at), path.size());
        const std::string candidate = path.substr(at, end - at) + "/valgrind";
        if (!::access(candidate.c_str(), X_OK)) return candidate;
        at = end + 1;
    }
    return "";
}

} // namespace rill::bench
