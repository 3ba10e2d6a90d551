// The suite as the `rill` command sees it: the cases of rill-tests, by the clauses they name, and a way to run them.
//
// Each source file runs in a process of its own. A case that crashes or hangs ends that process; the cases behind it
// are given to another one.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace rill::tool {

struct Case {
    std::string name; // "WR-051 [solaris]: write on a hung-up stream ..."
    std::string path; // as the executable knows it
    std::string file; // "test/conformance/write.cpp"
    int line = 0;
    std::vector<std::string> ids, profiles; // what stands before the colon; no profile: any

    bool scenario = false; // a file of `rill conform --cases`
    bool expects = true;   // a scenario without an expectation proves nothing

    // Takes ids and profiles from the name; false when it cites no clause.
    bool read_name();
    bool runs_under(std::string_view profile) const;
    std::string sentence() const; // behind the colon
};

struct CaseOutcome {
    bool passed = false;
    std::string told;   // why not, several lines
    double seconds = 0;
};

class Suite {
public:
    // The executable, from RILL_SUITE, beside the command, or where it is installed. false: `problem`.
    bool find(std::string &problem);
    // Asks for its cases and keeps those that name clauses.
    bool list(std::string &problem);
    // The scenarios of a directory that are cases of clauses.
    bool add_scenarios(const std::string &directory, std::string &problem);
    // Runs these cases, so many processes at a time; `progress` hears how many are done.
    std::map<const Case *, CaseOutcome> run(std::string_view profile, const std::vector<const Case *> &which,
                                            unsigned at_a_time, const std::function<void(std::size_t)> &progress) const;

    std::string executable;
    std::vector<Case> cases;
};

// The cases as they stand in the source tree; empty when it is not there.
std::vector<Case> scan_cases();

} // namespace rill::tool
