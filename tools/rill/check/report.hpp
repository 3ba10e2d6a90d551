// What was found, for people, as TAP and as JUnit. One and the same fault is told once; where it is seen again, its number
// stands.
#pragma once

#include "tools/rill/check/steps.hpp"

#include <string>
#include <vector>

namespace rill::tool {

class Report {
public:
    Report(const Target &target, const CheckOptions &options);

    void begin(std::size_t steps) const;
    void tell(const Step &step);
    void end() const;
    bool write_junit(const std::string &path, const std::vector<Step> &steps) const;
    bool clean() const { return bad_ == 0; }

private:
    struct Told { // a fault
        std::string identity;
        unsigned steps = 0;   // in which it was seen
        std::size_t last = 0; // the number of the last of them
    };
    void tell_text(const Step &step);
    void tell_tap(const Step &step) const;
    std::string again(const Step &step) const; // the command that does it again

    const Target &target_;
    const CheckOptions &options_;
    std::size_t number_ = 0, bad_ = 0;
    std::vector<Told> told_;
};

} // namespace rill::tool
