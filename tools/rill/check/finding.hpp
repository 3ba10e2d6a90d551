// Something that is wrong, in parts; whoever reports it puts them together.
#pragma once

#include <string>
#include <string_view>

namespace rill::tool {

struct Finding {
    std::string who;          // "driver D, put procedure"; empty: no fault of the driver's, the check cannot go on
    std::string what;
    std::string rule = {};    // the clauses it breaks: "CLN-057", "FLW-030, FLW-037"
    std::string at = {};      // the call it happened in
    std::string details = {}; // lines
    int line = 0;             // the call's number, from 1; 0: none, or the one that runs
    std::string instead = {}; // a line in its place that fails as long as the fault is there

    std::string headline() const { return (who.empty() ? "" : who + ": ") + what + (rule.empty() ? "" : " (" + rule + ")"); }
    std::string text() const { return headline() + (details.empty() ? "" : "\n" + details); }
    // Two of the same are one fault: what breaks the same clause in the same procedure, whatever the sizes in between.
    std::string identity() const { return rule.empty() ? headline() : who + " (" + rule + ")"; }
};

inline std::string procedure_of(std::string_view driver, std::string_view procedure) {
    return std::string("driver ").append(driver).append(", ").append(procedure);
}

} // namespace rill::tool
