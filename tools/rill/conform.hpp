// `rill conform`: what the clause catalogue says, and whether the suite's cases find it so.
//
// A clause passes when cases that name it ran under the profile, each asserted something, and none failed. What no case
// names is not covered, never passed.
#pragma once

#include "tools/rill/catalogue.hpp"
#include "tools/rill/suite.hpp"

#include <array>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace rill::tool {

struct ConformOptions {
    std::vector<std::string> patterns; // of clause ids: "CLN-0*"; none: all
    std::string profile = "irix";      // or "all"
    std::string format = "text";       // tap, junit, markdown, html
    std::string catalogue;             // directory; empty: where it was built or installed
    std::string output;                // a file instead of standard output
    std::string cases;                 // directory of scenarios that are cases too
    std::string sources;               // what links to a case's line begin with; empty: the source tree, from the report's place
    unsigned jobs = 0;                 // 0: one for each processor
    bool strict = false;               // not covered is a failure
    bool list_profiles = false;
};

enum class Status {
    passed,
    failed,
    not_covered,
    other_system,
    note,
    not_built,
};
inline constexpr std::array<Status, 6> all_statuses = {Status::passed, Status::failed, Status::not_covered,
                                                       Status::other_system, Status::note, Status::not_built};
std::string_view name_of(Status status); // "does not apply"

// One clause under one profile.
struct Verdict {
    Status status = Status::not_covered;
    std::string why; // for a reader, one line; of a failure the first that failed
    std::vector<const Case *> cases;
};

// What the formats are made of.
struct Findings {
    std::vector<std::string> profiles;                         // that were run, in this order
    std::vector<ClauseFile> files;                             // the selected clauses
    std::map<std::string, std::vector<Verdict>> verdicts;      // by id; one for each profile
    std::vector<std::map<const Case *, CaseOutcome>> outcomes; // one for each profile
    std::map<std::string, std::vector<const Case *>> cases;    // by id, of every profile

    const Verdict &verdict(const Clause &clause, std::size_t profile) const { return verdicts.at(clause.id)[profile]; }
    double seconds(const Verdict &verdict, std::size_t profile) const; // that its cases took
    // How many clauses of a file, or of all (nullptr), have each status.
    std::array<int, all_statuses.size()> sums(const ClauseFile *file, std::size_t profile) const;
};

std::string as_text(const Findings &findings, std::size_t width);
std::string as_tap(const Findings &findings, bool strict);
std::string as_junit(const Findings &findings);
std::string as_markdown(const Findings &findings);
std::string as_html(const Findings &findings, const ConformOptions &options);
// The points on which profiles differ; `markdown` for a table in Markdown.
std::string profiles_as_text(bool markdown);

// What became of a clause, when these of the cases that name it ended so.
Verdict judge(const Clause &clause, std::string_view profile, const std::vector<const Case *> &named,
              const std::map<const Case *, CaseOutcome> &outcomes);

// Exit status: 0 no clause failed, 1 some did, 2 it could not be found out.
int conform(const ConformOptions &options);

} // namespace rill::tool
