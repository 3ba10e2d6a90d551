// What a scenario says that it needs, in its first lines: the system it is written for, the clauses it is a case of.
//
//   system examples/sysgen     a sysgen directory: from the scenario's place upward, or where rill and its data are
//   profile solaris            drivers echo loop           seed 7           faults off
//   clause CLN-006: a clone open has a minor of its own
//
// They stand before the first line that does something, and are read before there is a System.
#pragma once

#include "streams/base/fault.hpp"

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace rill::tool {

struct Needs {
    std::string system, profile;
    std::optional<std::vector<std::string>> drivers;
    std::optional<unsigned long long> seed;
    std::optional<FaultPolicy> faults;
    std::map<std::string, int> lines; // where each stands
    struct Cited {
        std::string text; // as a case of the suite is named: "CLN-006 [svr4]: sentence"
        int line;
    };
    std::vector<Cited> clauses;
    bool expects = false; // some line of it expects something
};

// A text file as a whole. false: `problem` says why it is none.
bool read_text(const std::filesystem::path &path, std::string &text, std::string &problem);
// false: `problem` begins with "SOURCE:LINE: ".
bool read_needs(std::string_view text, const std::string &source, Needs &needs, std::string &problem);

// The place that a relative name means for a scenario: at the scenario or above it, at the command or above it, where rill
// was built, where its data is installed. Empty: nowhere.
std::filesystem::path find_place(const std::filesystem::path &relative, const std::filesystem::path &scenario = {});
// A scenario by its path, or one of examples/scenarios by its name.
std::filesystem::path find_scenario(const std::string &name);

} // namespace rill::tool
