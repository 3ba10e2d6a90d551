// A report as JUnit has it, for whoever collects results: suites of cases, each passed, failed or skipped.
#pragma once

#include <optional>
#include <string>
#include <vector>

namespace rill::tool {

struct JunitCase {
    enum class Status {
        passed,
        failed,
        skipped,
    };
    std::string name;
    Status status = Status::passed;
    std::string message = {}; // why it failed, or was skipped
    std::string text = {};    // of one that passed what it tells, of one that failed the details
    std::optional<double> seconds = {};
    std::string file = {};
    int line = 0;
};

struct JunitSuite {
    std::string name, classname; // the latter of its cases
    std::vector<JunitCase> cases;
};

std::string junit(const JunitSuite &suite);
std::string junit(const std::string &name, const std::vector<JunitSuite> &suites);

} // namespace rill::tool
