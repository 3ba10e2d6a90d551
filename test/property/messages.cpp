// Random programs of message operations against the model in message_model.hpp.
#include "test/property/message_model.hpp"
#include "test/property/rapid.hpp"

#include "test/harness.hpp"

using namespace rill;
using namespace rill::test;

namespace rc {
template <> struct Arbitrary<Step> {
    static Gen<Step> arbitrary() {
        const auto byte = gen::inRange<int>(0, 256);
        return gen::map(gen::tuple(gen::inRange<int>(0, MessageProgram::operations), byte, byte, byte),
                        [](const std::tuple<int, int, int, int> &t) {
                            return Step{
                                static_cast<std::uint8_t>(std::get<0>(t)), static_cast<std::uint8_t>(std::get<1>(t)),
                                static_cast<std::uint8_t>(std::get<2>(t)), static_cast<std::uint8_t>(std::get<3>(t))};
                        });
    }
};
} // namespace rc

namespace rill::test {
void showValue(const Step &step, std::ostream &out) {
    out << MessageProgram::name(step);
}
} // namespace rill::test

namespace {

// One System for all programs; each must leave it as it was.
void random_programs(const char *profile) {
    Fixture f(profile);
    Enter scope(f.system);
    const Census before = f.census();
    holds(std::string("programs of message operations, ") + profile, 4000, [&](const std::vector<Step> &steps) {
        std::string problem = MessageProgram(f.system).run(steps);
        if (problem.empty() && f.census() != before) problem = "left over: " + f.census().text();
        f.system.alloc.fail_nth(0);
        if (!problem.empty()) RC_FAIL(problem);
    });
}

} // namespace

TEST_CASE(
    "ALC-001 ALC-012 ALC-020 ALC-021 ALC-023 ALC-025 ALC-027 ALC-030 MSG-088 MSG-089 MSG-090 MSG-092 MSG-093 MSG-094 "
    "MSG-095 "
    "MSG-096 MSG-097 MSG-099 MSG-100 MSG-101 MSG-102 MSG-105 MSG-108 MSG-109: random chains behave as byte strings") {
    random_programs("irix");
}

TEST_CASE("MSG-092 MSG-096 [solaris]: random chains behave as byte strings, emptied blocks are freed") {
    random_programs("solaris");
}

TEST_CASE("ALC-024: a block is shared 255 times and no more, whatever duplicates it") {
    Fixture f;
    Enter scope(f.system);
    // one block, linked to a duplicate of itself until no duplicate can be had
    std::vector<Step> steps{{0, 0, 0, 5}};
    for (int i = 0; i < 260; ++i) steps.insert(steps.end(), {{5, 0, 0, 0}, {2, 0, 1, 0}});
    steps.insert(steps.end(), {{5, 0, 0, 1}, {6, 0, 0, 1}});
    CHECK(MessageProgram(f.system).run(steps) == "");
}
