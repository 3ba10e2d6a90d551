#include "tools/rill/conform.hpp"
#include "tools/rill/exits.hpp"
#include "tools/rill/terminal.hpp"

#include "streams/base/profile.hpp"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fmt/format.h>
#include <fnmatch.h>
#include <fstream>
#include <set>
#include <sys/ioctl.h>
#include <thread>
#include <unistd.h>

namespace rill::tool {

namespace {

int failed(const std::string &problem) {
    fmt::print(stderr, "rill conform: {}\n", problem);
    return exit_unusable;
}

bool selected(const std::string &id, const std::vector<std::string> &patterns) {
    return patterns.empty() || std::any_of(patterns.begin(), patterns.end(), [&](const std::string &pattern) {
               return fnmatch(pattern.c_str(), id.c_str(), 0) == 0;
           });
}

std::string joined(const std::vector<std::string> &words) {
    std::string out;
    for (const std::string &word : words) out += (out.empty() ? "" : ", ") + word;
    return out;
}

// Cases that cite what the catalogue does not have, and reasons that are none any more.
void complain(const Suite &suite, const std::vector<ClauseFile> &files) {
    std::set<std::string> known;
    std::map<std::string, std::vector<const Case *>> citing;
    for (const ClauseFile &file : files)
        for (const Clause &clause : file.clauses) known.insert(clause.id);
    for (const Case &c : suite.cases)
        for (const std::string &id : c.ids) {
            citing[id].push_back(&c);
            if (!known.count(id))
                fmt::print(stderr, "rill conform: {}:{}: no clause is called {}\n", c.file, c.line, id);
        }
    const auto covered = [&](const Clause &clause, const Profile &p) {
        const std::vector<const Case *> &cases = citing[clause.id];
        return !clause.binds_to(p.name) ||
               std::any_of(cases.begin(), cases.end(), [&](const Case *c) { return c->runs_under(p.name); });
    };
    for (const ClauseFile &file : files)
        for (const Clause &clause : file.clauses)
            if (!clause.reason.empty() && std::all_of(profiles().begin(), profiles().end(),
                                                      [&](const Profile &p) { return covered(clause, p); }))
                fmt::print(stderr, "rill conform: uncovered.md has {}, but a case names it\n", clause.id);
}

std::size_t terminal_width() {
    winsize size = {};
    if (!isatty(STDOUT_FILENO)) return 120;
    return ::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col >= 60 ? size.ws_col : 120;
}

int deliver(const ConformOptions &options, const std::string &text) {
    if (options.output.empty()) {
        const Pager pager(options.format == "text");
        put(text);
        return 0;
    }
    std::ofstream out(options.output);
    out << text;
    out.close();
    if (out) return 0;
    failed(fmt::format("cannot write {}: {}", options.output, std::strerror(errno)));
    return exit_unwritten;
}

} // namespace

Verdict judge(const Clause &clause, std::string_view profile, const std::vector<const Case *> &named,
              const std::map<const Case *, CaseOutcome> &outcomes) {
    Verdict verdict;
    const bool nobody = clause.binds_to("note") || clause.binds_to("later");
    if (!nobody && !clause.binds_to(profile)) {
        verdict.status = Status::other_system;
        verdict.why = clause.binds_to("other") ? "binds systems that have no profile: " + clause.systems
                                               : "binds " + joined(clause.binds);
        return verdict;
    }
    for (const Case *c : named)
        if (outcomes.count(c)) verdict.cases.push_back(c);
    if (verdict.cases.empty()) {
        verdict.status = clause.binds_to("note")    ? Status::note
                         : clause.binds_to("later") ? Status::not_built
                                                    : Status::not_covered;
        verdict.why = clause.reason;
        return verdict;
    }
    verdict.status = Status::passed;
    for (const Case *c : verdict.cases) {
        if (outcomes.at(c).passed) continue;
        verdict.status = Status::failed;
        verdict.why = fmt::format("{}:{}: {}", c->file, c->line, c->name);
        break;
    }
    return verdict;
}

std::string_view name_of(Status status) {
    switch (status) {
    case Status::passed:
        return "passed";
    case Status::failed:
        return "failed";
    case Status::not_covered:
        return "not covered";
    case Status::other_system:
        return "does not apply";
    case Status::note:
        return "a note";
    case Status::not_built:
        return "not built yet";
    }
    return "";
}

std::array<int, all_statuses.size()> Findings::sums(const ClauseFile *file, std::size_t profile) const {
    std::array<int, all_statuses.size()> out = {};
    for (const ClauseFile &each : files)
        if (!file || &each == file)
            for (const Clause &clause : each.clauses) ++out[static_cast<std::size_t>(verdict(clause, profile).status)];
    return out;
}

double Findings::seconds(const Verdict &verdict, std::size_t profile) const {
    double sum = 0;
    for (const Case *c : verdict.cases) sum += outcomes[profile].at(c).seconds;
    return sum;
}

int conform(const ConformOptions &options) {
    if (options.list_profiles) return deliver(options, profiles_as_text(options.format == "markdown"));

    Findings findings;
    for (const Profile &p : profiles())
        if (options.profile == p.name || options.profile == "all") findings.profiles.emplace_back(p.name);
    if (findings.profiles.empty())
        return failed(fmt::format("no profile is called {} (there are irix, svr4, solaris, and all)", options.profile));

    std::string problem;
    Suite suite;
    std::vector<ClauseFile> files;
    if (!read_catalogue(options.catalogue.empty() ? catalogue_directory() : options.catalogue, files, problem) ||
        (!options.cases.empty() && !suite.add_scenarios(options.cases, problem)))
        return failed(problem);
    if (suite.find(problem) ? !suite.list(problem) : options.cases.empty()) return failed(problem);
    complain(suite, files);

    std::set<std::string> wanted;
    for (ClauseFile &file : files) {
        std::erase_if(file.clauses, [&](const Clause &clause) { return !selected(clause.id, options.patterns); });
        for (const Clause &clause : file.clauses) wanted.insert(clause.id);
    }
    std::erase_if(files, [](const ClauseFile &file) { return file.clauses.empty(); });
    if (files.empty()) return failed(fmt::format("no clause is called {}", joined(options.patterns)));
    findings.files = std::move(files);
    for (const Case &c : suite.cases)
        for (const std::string &id : c.ids)
            if (wanted.count(id)) findings.cases[id].push_back(&c);

    const unsigned jobs = options.jobs ? options.jobs : std::max(1u, std::thread::hardware_concurrency());
    const bool person = isatty(STDERR_FILENO);
    for (const std::string &profile : findings.profiles) {
        std::vector<const Case *> which;
        for (const Case &c : suite.cases)
            if (c.runs_under(profile) &&
                std::any_of(c.ids.begin(), c.ids.end(), [&](const std::string &id) { return wanted.count(id) != 0; }))
                which.push_back(&c);
        findings.outcomes.push_back(suite.run(profile, which, jobs, [&](std::size_t done) {
            if (person) fmt::print(stderr, "\r\033[K{}: {} of {} cases", profile, done, which.size());
        }));
        if (person) fmt::print(stderr, "\r\033[K");
    }
    bool bad = false;
    for (const ClauseFile &file : findings.files)
        for (const Clause &clause : file.clauses)
            for (std::size_t i = 0; i < findings.profiles.size(); ++i) {
                Verdict verdict = judge(clause, findings.profiles[i], findings.cases[clause.id], findings.outcomes[i]);
                bad |= verdict.status == Status::failed || (options.strict && verdict.status == Status::not_covered);
                findings.verdicts[clause.id].push_back(std::move(verdict));
            }

    const std::string text = options.format == "tap"        ? as_tap(findings, options.strict)
                             : options.format == "junit"    ? as_junit(findings)
                             : options.format == "markdown" ? as_markdown(findings)
                             : options.format == "html"     ? as_html(findings, options)
                                                            : as_text(findings, terminal_width());
    if (const int error = deliver(options, text)) return error;
    return bad ? exit_found : exit_fine;
}

} // namespace rill::tool
