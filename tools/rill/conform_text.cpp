// The formats of `rill conform` that are lines: text, TAP, JUnit, the Markdown matrix, and the table of profiles.
#include "tools/rill/conform.hpp"

#include "streams/view/escape.hpp"
#include "streams/view/table.hpp"
#include "streams/view/tap.hpp"
#include "tools/rill/junit.hpp"

#include "streams/base/profile.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <sstream>

namespace rill::tool {

namespace {

std::string with_why(const Verdict &verdict) {
    return verdict.why.empty() ? std::string(name_of(verdict.status))
                               : fmt::format("{}: {}", name_of(verdict.status), verdict.why);
}

// What the cases that failed told, a line each.
std::vector<std::string> told(const Findings &findings, const Verdict &verdict, std::size_t profile) {
    std::vector<std::string> lines;
    for (const Case *c : verdict.cases) {
        const CaseOutcome &outcome = findings.outcomes[profile].at(c);
        if (outcome.passed) continue;
        lines.push_back(fmt::format("{}:{}: {}", c->file, c->line, c->name));
        std::istringstream in(outcome.told);
        for (std::string line; std::getline(in, line);) lines.push_back("  " + line);
    }
    return lines;
}

std::string heading(const ClauseFile &file) {
    return fmt::format("{} ({})", file.title, file.name);
}

// How many clauses of each file are what, and of all together.
view::Table sums(const Findings &findings, std::size_t profile, const std::string &head, bool with_sum) {
    view::Table::Cells heads{head};
    for (Status status : all_statuses) heads.emplace_back(name_of(status));
    if (with_sum) heads.emplace_back("clauses");
    view::Table table(heads);
    table.numbers_from = 1;
    const auto row = [&](const std::string &name, const ClauseFile *file) {
        view::Table::Cells cells{name};
        int all = 0;
        for (int sum : findings.sums(file, profile)) {
            cells.push_back(std::to_string(sum));
            all += sum;
        }
        if (with_sum) cells.push_back(std::to_string(all));
        table.row(cells);
    };
    for (const ClauseFile &file : findings.files) row(file.name, &file);
    if (findings.files.size() > 1 || !with_sum) row("all", nullptr);
    return table;
}

// What a profile takes at a point.
std::string answer(const ProfilePoint &point, const Profile &profile) {
    if (const auto *flag = std::get_if<bool Profile::*>(&point.value)) return profile.**flag ? point.yes : point.no;
    return std::to_string(profile.*std::get<unsigned Profile::*>(point.value));
}

std::string clauses_of(const ProfilePoint &point) {
    const std::string no = point.no_clauses, yes = point.yes_clauses;
    return no == yes || yes.empty() ? no
           : no.empty()             ? yes
                                    : no + " / " + yes;
}

} // namespace

std::string as_text(const Findings &findings, std::size_t width) {
    std::string out;
    for (const ClauseFile &file : findings.files) {
        out += heading(file) + '\n';
        for (const Clause &clause : file.clauses)
            for (std::size_t i = 0; i < findings.profiles.size(); ++i) {
                const Verdict &verdict = findings.verdict(clause, i);
                std::string line = fmt::format("  {:<10}", clause.id);
                if (findings.profiles.size() > 1) line += fmt::format("{:<9}", findings.profiles[i]);
                line += fmt::format("{:<16}", name_of(verdict.status));
                // A reason is told whole, the requirement as far as the line goes.
                const std::string why =
                    verdict.why.empty() || verdict.status == Status::failed ? "" : " (" + verdict.why + ")";
                const std::size_t taken = line.size() + why.size();
                out += line + clause.short_requirement(std::max<std::size_t>(taken < width ? width - taken : 0, 40)) +
                       why + '\n';
                if (verdict.status == Status::failed)
                    for (const std::string &each : told(findings, verdict, i)) out += "      " + each + '\n';
            }
        out += '\n';
    }
    for (std::size_t i = 0; i < findings.profiles.size(); ++i)
        out += sums(findings, i, "profile " + findings.profiles[i], true).text() + (i + 1 < findings.profiles.size() ? "\n" : "");
    return out;
}

std::string as_tap(const Findings &findings, bool strict) {
    std::string lines;
    std::size_t number = 0;
    for (const ClauseFile &file : findings.files)
        for (const Clause &clause : file.clauses)
            for (std::size_t i = 0; i < findings.profiles.size(); ++i) {
                const Verdict &verdict = findings.verdict(clause, i);
                const bool missing = verdict.status == Status::not_covered;
                const bool ok = verdict.status != Status::failed && !missing;
                std::string directive;
                if (missing && !strict)
                    directive = "TODO " + with_why(verdict);
                else if (ok && verdict.status != Status::passed)
                    directive = "SKIP " + with_why(verdict);
                if (verdict.status == Status::failed)
                    for (const std::string &each : told(findings, verdict, i)) lines += view::tap_notes(each);
                lines += view::tap_point(ok, ++number, fmt::format("{} [{}]: {}", clause.id, findings.profiles[i], clause.plain_requirement()),
                                         directive);
            }
    return view::tap_version + view::tap_plan(number) + lines;
}

std::string as_junit(const Findings &findings) {
    std::vector<JunitSuite> suites;
    for (std::size_t i = 0; i < findings.profiles.size(); ++i)
        for (const ClauseFile &file : findings.files) {
            JunitSuite &suite = suites.emplace_back();
            suite.name = suite.classname = fmt::format("{}.{}", findings.profiles[i], file.name.substr(0, file.name.rfind('.')));
            for (const Clause &clause : file.clauses) {
                const Verdict &verdict = findings.verdict(clause, i);
                JunitCase &c = suite.cases.emplace_back();
                c.name = fmt::format("{}: {}", clause.id, clause.plain_requirement());
                c.seconds = findings.seconds(verdict, i);
                std::string where; // every case; the attributes have room for one, the first that failed if any did
                const Case *first = nullptr;
                for (const Case *each : verdict.cases) {
                    where += fmt::format("{}:{}: {}\n", each->file, each->line, each->name);
                    if (!first || (findings.outcomes[i].at(first).passed && !findings.outcomes[i].at(each).passed)) first = each;
                }
                if (first) c.file = first->file, c.line = first->line;
                if (verdict.status == Status::passed) {
                    c.text = where;
                } else if (verdict.status == Status::failed) {
                    c.status = JunitCase::Status::failed;
                    c.message = verdict.why;
                    for (const std::string &each : told(findings, verdict, i)) c.text += each + '\n';
                } else {
                    c.status = JunitCase::Status::skipped;
                    c.message = with_why(verdict);
                }
            }
        }
    return junit("rill conform", suites);
}

std::string as_markdown(const Findings &findings) {
    std::string out =
        "# Conformance matrix\n\n"
        "Written by `rill conform`; do not edit. A clause passes when cases that name it ran and none failed. An\n"
        "empty cell: the clause does not bind that profile. `clauses/` has the whole sentences and their sources.\n\n";
    for (std::size_t i = 0; i < findings.profiles.size(); ++i) out += sums(findings, i, findings.profiles[i], false).markdown() + '\n';
    for (const ClauseFile &file : findings.files) {
        out += fmt::format("## {}\n\n| id | requirement |", file.title);
        for (const std::string &profile : findings.profiles) out += fmt::format(" {} |", profile);
        out += " cases |\n|---|---|";
        for (std::size_t i = 0; i < findings.profiles.size(); ++i) out += "---|";
        out += "---|\n";
        for (const Clause &clause : file.clauses) {
            out += fmt::format("| {} | {} |", clause.id, view::markdown_cell(clause.plain_requirement()));
            bool told_why = false;
            for (std::size_t i = 0; i < findings.profiles.size(); ++i) {
                const Status status = findings.verdict(clause, i).status;
                out += status == Status::other_system ? std::string(" |")
                       : status == Status::failed     ? std::string(" **failed** |")
                                                      : fmt::format(" {} |", name_of(status));
                told_why |= status == Status::not_covered;
            }
            std::string cases;
            if (const auto found = findings.cases.find(clause.id); found != findings.cases.end())
                for (const Case *c : found->second)
                    cases += fmt::format("{}{} ({})", cases.empty() ? "" : "<br>", view::markdown_cell(c->sentence()),
                                         c->file.substr(c->file.starts_with("test/") ? 5 : 0));
            if (cases.empty() && told_why) cases = view::markdown_cell(clause.reason);
            out += fmt::format(" {} |\n", cases);
        }
        out += '\n';
    }
    out.pop_back();
    return out;
}

std::string profiles_as_text(bool markdown) {
    view::Table::Cells heads{"point"};
    for (const Profile &p : profiles()) heads.emplace_back(p.name);
    heads.emplace_back("clauses");
    view::Table table(heads);
    for (const ProfilePoint &point : profile_points()) {
        view::Table::Cells cells{point.question};
        for (const Profile &p : profiles()) cells.push_back(answer(point, p));
        cells.push_back(clauses_of(point));
        table.row(cells);
    }
    return markdown ? table.markdown() : table.text();
}

} // namespace rill::tool
