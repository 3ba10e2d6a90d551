// What the driver under test did that no manual allows. A fault names the driver, the entry point, the rule and what was
// seen; it is not an errno and not an assertion of ours. Policy per System: report and go on, or stop at the first.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace rill {

enum class FaultPolicy : unsigned char {
    report,
    stop,
    off,
};

inline std::optional<FaultPolicy> fault_policy_named(std::string_view name) {
    if (name == "report") return FaultPolicy::report;
    if (name == "stop") return FaultPolicy::stop;
    return name == "off" ? std::optional(FaultPolicy::off) : std::nullopt;
}

struct Fault {
    std::string driver;
    std::string entry;  // "open", "put", "service", "close", "timeout", ...
    std::string rule;   // clause id
    std::string what;
    std::string history; // checking builds: the life of the message it is about, a line each step
    std::string before;  // checking builds: the last trace records, a line each
};

} // namespace rill
