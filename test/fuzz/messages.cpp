// libFuzzer: the input is a program of message operations, four bytes each, for the model of test/property; its first
// byte picks the profile. Nothing may be left in the System afterwards.
#include "test/property/message_model.hpp"

#include <cstdio>
#include <cstdlib>

using namespace rill;
using namespace rill::test;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t *data, std::size_t size) {
    static System &irix = *new System(*find_profile("irix")),
                  &solaris = *new System(*find_profile("solaris")); // to the end
    if (size == 0) return 0;
    System &system = data[0] % 2 ? solaris : irix;
    std::vector<Step> steps;
    for (std::size_t i = 1; i + 4 <= size && steps.size() < 512; i += 4)
        steps.push_back({data[i], data[i + 1], data[i + 2], data[i + 3]});
    Enter scope(system);
    const Census before = system.census();
    std::string problem = MessageProgram(system).run(steps);
    system.alloc.fail_nth(0);
    if (problem.empty() && system.census() != before) problem = "left over: " + system.census().text();
    if (problem.empty() && !system.faults.empty()) problem = "a fault: " + system.faults.front().what;
    if (problem.empty()) return 0;
    std::fprintf(stderr, "%s, %s\n", system.profile.name, problem.c_str());
    for (const Step &step : steps) std::fprintf(stderr, "  %s\n", MessageProgram::name(step).c_str());
    std::abort();
}
