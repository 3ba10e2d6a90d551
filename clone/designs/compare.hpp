// One script through a design: two processes open the device, use it, exhaust it, close out of order, open again, and the
// driver goes while instances are open. What a person compares is computed from that run: nothing here knows an answer.
#pragma once

#include "clone/designs/design.hpp"
#include "clone/designs/steps.hpp"

#include <string>
#include <vector>

namespace rill::designs {

// One line of the script and what came of it.
struct Line {
    std::string text;    // "A: open /dev/foo"
    std::string outcome; // "fd 0", "EBUSY", "\"1\""
    std::size_t first;   // of Comparison::steps
    std::size_t last;
};

struct Comparison {
    const Design *design;
    std::vector<Line> lines;
    std::vector<Step> steps;
    std::vector<std::string> answers; // to questions(), in their order
    std::vector<Word> one_open;        // the words of the open that is looked at, the second
};

struct Question {
    const char *name;  // short: "new name"
    const char *asks;  // in full
    const char *cells; // what its answers mean, where they do not say it themselves; else empty
};
std::vector<Question> questions();

// Where a step of one open stands: before the driver's open, that call, inside it, or after it.
enum class Place {
    before,
    call,
    inside,
    after,
};
std::vector<Place> places(const std::vector<Word> &one_open);

constexpr unsigned script_bound = 4; // instances that a bounded driver has

Comparison compare(const Design &design);

// "foo0 foo1 foo3" and "foo": of many names the first and the last.
std::string few(const std::vector<std::string> &names);

} // namespace rill::designs
