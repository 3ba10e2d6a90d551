// The formats of `rill conform` that are lines: text, TAP, JUnit, the Markdown matrix, and the table of profiles.
#include "tools/rill/conform.hpp"
#include "streams/view/text.hpp"

#include "streams/base/profile.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <sstream>

namespace rill::tool {

namespace {

std::string cell(std::string_view text) {
    std::string out;
    for (char c : text) out += c == '|' ? "\\|" : c == '<' ? "&lt;" : std::string(1, c);
    return out;
}

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

std::string sums_as_text(const Findings &findings, std::size_t profile) {
    std::string out = fmt::format("{:<30}", "profile " + findings.profiles[profile]);
    for (Status status : all_statuses) out += fmt::format("{:>16}", name_of(status));
    out += fmt::format("{:>9}\n", "clauses");
    const auto line = [&](const std::string &name, const ClauseFile *file) {
        const auto sums = findings.sums(file, profile);
        int all = 0;
        out += fmt::format("{:<30}", name);
        for (int sum : sums) {
            out += fmt::format("{:>16}", sum);
            all += sum;
        }
        out += fmt::format("{:>9}\n", all);
    };
    for (const ClauseFile &file : findings.files) line(file.name, &file);
    if (findings.files.size() > 1) line("all", nullptr);
    return out;
}

// What a profile takes at a point.
std::string answer(const ProfilePoint &point, const Profile &profile) {
    if (const auto *flag = std::get_if<bool Profile::*>(&point.value)) return profile.**flag ? point.yes : point.no;
    return std::to_string(profile.*std::get<unsigned Profile::*>(point.value));
}

std::string clauses_of(const ProfilePoint &point) {
    const std::string no = point.no_clauses, yes = point.yes_clauses;
    return no == yes || yes.empty() ? no : no.empty() ? yes : no + " / " + yes;
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
        out += sums_as_text(findings, i) + (i + 1 < findings.profiles.size() ? "\n" : "");
    return out;
}

std::string as_tap(const Findings &findings, bool strict) {
    std::string lines;
    int number = 0;
    for (const ClauseFile &file : findings.files)
        for (const Clause &clause : file.clauses)
            for (std::size_t i = 0; i < findings.profiles.size(); ++i) {
                const Verdict &verdict = findings.verdict(clause, i);
                std::string text =
                    fmt::format("{} [{}]: {}", clause.id, findings.profiles[i], clause.plain_requirement());
                for (std::size_t at = 0; (at = text.find('#', at)) != text.npos;) text.replace(at, 1, "no.");
                const bool missing = verdict.status == Status::not_covered;
                const bool ok = verdict.status != Status::failed && !missing;
                std::string directive;
                if (missing && !strict)
                    directive = " # TODO " + with_why(verdict);
                else if (ok && verdict.status != Status::passed)
                    directive = " # SKIP " + with_why(verdict);
                if (verdict.status == Status::failed)
                    for (const std::string &each : told(findings, verdict, i)) lines += "# " + each + '\n';
                lines += fmt::format("{} {} - {}{}\n", ok ? "ok" : "not ok", ++number, text, directive);
            }
    return fmt::format("TAP version 13\n1..{}\n", number) + lines;
}

std::string as_junit(const Findings &findings) {
    std::string out = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"rill conform\">\n";
    for (std::size_t i = 0; i < findings.profiles.size(); ++i)
        for (const ClauseFile &file : findings.files) {
            const auto sums = findings.sums(&file, i);
            const auto sum = [&](Status status) { return sums[static_cast<std::size_t>(status)]; };
            const int all = static_cast<int>(file.clauses.size());
            const std::string name =
                fmt::format("{}.{}", findings.profiles[i], file.name.substr(0, file.name.rfind('.')));
            double seconds = 0;
            for (const Clause &clause : file.clauses) seconds += findings.seconds(findings.verdict(clause, i), i);
            out += fmt::format("  <testsuite name=\"{}\" tests=\"{}\" failures=\"{}\" errors=\"0\" skipped=\"{}\" time=\"{:.3f}\">\n",
                               view::xml_text(name), all, sum(Status::failed), all - sum(Status::failed) - sum(Status::passed), seconds);
            for (const Clause &clause : file.clauses) {
                const Verdict &verdict = findings.verdict(clause, i);
                out += fmt::format("    <testcase classname=\"{}\" name=\"{}: {}\" time=\"{:.3f}\"", view::xml_text(name), clause.id,
                                   view::xml_text(clause.plain_requirement()), findings.seconds(verdict, i));
                std::string where; // every case; the attributes have room for one, the first that failed if any did
                const Case *first = nullptr;
                for (const Case *c : verdict.cases) {
                    where += fmt::format("{}:{}: {}\n", c->file, c->line, c->name);
                    if (!first || (findings.outcomes[i].at(first).passed && !findings.outcomes[i].at(c).passed)) first = c;
                }
                if (first) out += fmt::format(" file=\"{}\" line=\"{}\"", view::xml_text(first->file), first->line);
                if (verdict.status == Status::passed) {
                    out += fmt::format("><system-out>{}</system-out></testcase>\n", view::xml_text(where));
                } else if (verdict.status == Status::failed) {
                    std::string all_lines;
                    for (const std::string &each : told(findings, verdict, i)) all_lines += each + '\n';
                    out += fmt::format(">\n      <failure message=\"{}\">{}</failure>\n    </testcase>\n",
                                       view::xml_text(verdict.why), view::xml_text(all_lines));
                } else {
                    out += fmt::format("><skipped message=\"{}\"/></testcase>\n", view::xml_text(with_why(verdict)));
                }
            }
            out += "  </testsuite>\n";
        }
    return out + "</testsuites>\n";
}

std::string as_markdown(const Findings &findings) {
    std::string out =
        "# Conformance matrix\n\n"
        "Written by `rill conform`; do not edit. A clause passes when cases that name it ran and none failed. An\n"
        "empty cell: the clause does not bind that profile. `clauses/` has the whole sentences and their sources.\n\n";
    for (std::size_t i = 0; i < findings.profiles.size(); ++i) {
        out += fmt::format("| {} |", findings.profiles[i]);
        for (Status status : all_statuses) out += fmt::format(" {} |", name_of(status));
        out += "\n|---|";
        for (std::size_t n = 0; n < all_statuses.size(); ++n) out += "--:|";
        out += '\n';
        const auto line = [&](const std::string &name, const ClauseFile *file) {
            out += fmt::format("| {} |", name);
            for (int sum : findings.sums(file, i)) out += fmt::format(" {} |", sum);
            out += '\n';
        };
        for (const ClauseFile &file : findings.files) line(file.name, &file);
        line("all", nullptr);
        out += '\n';
    }
    for (const ClauseFile &file : findings.files) {
        out += fmt::format("## {}\n\n| id | requirement |", file.title);
        for (const std::string &profile : findings.profiles) out += fmt::format(" {} |", profile);
        out += " cases |\n|---|---|";
        for (std::size_t i = 0; i < findings.profiles.size(); ++i) out += "---|";
        out += "---|\n";
        for (const Clause &clause : file.clauses) {
            out += fmt::format("| {} | {} |", clause.id, cell(clause.plain_requirement()));
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
                    cases += fmt::format("{}{} ({})", cases.empty() ? "" : "<br>", cell(c->sentence()),
                                         c->file.substr(c->file.starts_with("test/") ? 5 : 0));
            if (cases.empty() && told_why) cases = cell(clause.reason);
            out += fmt::format(" {} |\n", cases);
        }
        out += '\n';
    }
    out.pop_back();
    return out;
}

std::string profiles_as_text(bool markdown) {
    std::vector<std::vector<std::string>> rows = {{"point"}};
    for (const Profile &p : profiles()) rows[0].emplace_back(p.name);
    rows[0].emplace_back("clauses");
    for (const ProfilePoint &point : profile_points()) {
        std::vector<std::string> &row = rows.emplace_back();
        row.emplace_back(point.question);
        for (const Profile &p : profiles()) row.push_back(answer(point, p));
        row.push_back(clauses_of(point));
    }
    std::vector<std::size_t> widths(rows[0].size());
    for (const auto &row : rows)
        for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], row[i].size());
    std::string out;
    for (std::size_t n = 0; n < rows.size(); ++n) {
        std::string line = markdown ? "|" : "";
        for (std::size_t i = 0; i < rows[n].size(); ++i)
            line += markdown ? fmt::format(" {} |", cell(rows[n][i])) : fmt::format("{:<{}}  ", rows[n][i], widths[i]);
        if (!markdown) line.erase(line.find_last_not_of(' ') + 1);
        out += line + '\n';
        if (markdown && n == 0) {
            out += '|';
            for (std::size_t i = 0; i < rows[0].size(); ++i) out += "---|";
            out += '\n';
        }
    }
    return out;
}

} // namespace rill::tool
