#include "tools/rill/clause.hpp"
#include "streams/base/profile.hpp"
#include "streams/view/text.hpp"
#include "tools/rill/catalogue.hpp"
#include "tools/rill/commands.hpp"
#include "tools/rill/conform.hpp"
#include "tools/rill/exits.hpp"
#include "tools/rill/terminal.hpp"

#include <algorithm>
#include <cctype>
#include <fmt/format.h>
#include <fnmatch.h>
#include <map>
#include <sstream>
#include <thread>

namespace rill::tool {

namespace {

constexpr std::size_t label_width = 12;

struct Library {
    std::vector<ClauseFile> files;
    std::vector<SourceName> sources;
    std::vector<Case> cases;
    Suite suite; // to run; its cases are empty when it is not there

    bool read(const std::string &given, bool run, std::string &problem) {
        const std::string directory = given.empty() ? catalogue_directory() : given;
        if (!read_catalogue(directory, files, problem)) return false;
        sources = read_sources(directory);
        std::string ignored;
        cases = scan_cases();
        if ((run || cases.empty()) && suite.find(ignored) && !suite.list(ignored)) suite.cases.clear();
        if (cases.empty()) cases = suite.cases;
        return true;
    }
    std::vector<std::string> ids() const {
        std::vector<std::string> out;
        for (const ClauseFile &file : files)
            for (const Clause &c : file.clauses) out.push_back(c.id);
        return out;
    }
};

std::string unmarked(std::string text) {
    std::erase(text, '`');
    for (std::size_t at; (at = text.find("**")) != text.npos;) text.erase(at, 2);
    return text;
}

// A label, and beside it text as wide as the page goes.
void part(std::string &out, std::string_view label, std::string_view text, const Page &page, std::size_t deeper = 0) {
    const std::size_t margin = label_width + deeper;
    bool first = true;
    for (const std::string &line : view::wrap(text, page.width - margin)) {
        out += fmt::format("{}{:{}}{}\n", first ? page.faint(label) : "", "", margin - (first ? label.size() : 0), line);
        first = false;
    }
}

std::string status_of(const Library &library, const Clause &clause, bool run) {
    std::size_t named = 0;
    for (const Case &c : library.cases) named += std::count(c.ids.begin(), c.ids.end(), clause.id) > 0;
    if (run && !library.suite.cases.empty()) {
        std::vector<const Case *> cases;
        for (const Case &c : library.suite.cases)
            if (std::count(c.ids.begin(), c.ids.end(), clause.id)) cases.push_back(&c);
        std::string out;
        for (const Profile &p : profiles()) {
            std::vector<const Case *> which;
            std::copy_if(cases.begin(), cases.end(), std::back_inserter(which), [&](const Case *c) { return clause.binds_to(p.name) && c->runs_under(p.name); });
            const auto outcomes = library.suite.run(p.name, which, std::max(1u, std::thread::hardware_concurrency()), [](std::size_t) {});
            const Verdict verdict = judge(clause, p.name, cases, outcomes);
            out += fmt::format("{}{} {}{}", out.empty() ? "" : "; ", p.name, name_of(verdict.status), verdict.why.empty() ? "" : ": " + verdict.why);
        }
        return out;
    }
    if (named) return fmt::format("{} {} it (`rill conform {}` runs {})", named, named == 1 ? "case names" : "cases name", clause.id, named == 1 ? "it" : "them");
    return clause.binds_to("note")    ? "a note: it cannot be run"
           : clause.binds_to("later") ? "not built yet"
                                      : "not covered" + (clause.reason.empty() ? "" : ": " + clause.reason);
}

std::string whole(const Library &library, const ClauseFile &file, const Clause &clause, const Page &page, bool run) {
    std::string out;
    part(out, clause.id, unmarked(clause.requirement), page);
    if (clause.observable != "-") part(out, "observable", unmarked(clause.observable), page);
    std::istringstream sources(clause.source);
    bool first = true;
    for (std::string source; std::getline(sources, source, ';'); first = false) {
        source.erase(0, source.find_first_not_of(' '));
        if (source.empty()) continue;
        part(out, first ? "source" : "", unmarked(source), page);
        if (const std::string meaning = meaning_of(source, library.sources); !meaning.empty()) part(out, "", unmarked("= " + meaning), page, 2);
    }
    part(out, "systems", unmarked(clause.systems), page);
    std::string binds;
    for (const std::string &word : clause.binds) binds += (binds.empty() ? "" : " ") + word;
    part(out, "profiles", binds, page);
    part(out, "status", status_of(library, clause, run), page);
    first = true;
    for (const Case &c : library.cases) {
        if (!std::count(c.ids.begin(), c.ids.end(), clause.id)) continue;
        part(out, first ? "cases" : "", fmt::format("{}:{}", c.file, c.line), page);
        part(out, "", c.sentence(), page, 2);
        first = false;
    }
    part(out, "row", fmt::format("{}:{} ({})", file.name, clause.line, clause.section), page);
    return out;
}

std::string lower(std::string_view text) {
    std::string out(text);
    for (char &c : out) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    return out;
}

// Words that people use for what the documents say otherwise.
const std::map<std::string, std::vector<std::string>> meanings = {
    {"foreign", {"another driver", "another major", "not its own", "other than"}},
    {"full", {"no free", "exhausted", "high-water", "high water"}},
    {"exhausted", {"no free"}},
    {"hangup", {"hung-up", "m_hangup", "hung up"}},
    {"join", {"joins", "repeated open"}},
    {"reuse", {"handed out again"}},
    {"self", {"itself"}},
    {"timeout", {"etime"}},
};

bool speaks_of(const std::string &text, const std::string &word) {
    if (text.find(word) != text.npos) return true;
    const auto others = meanings.find(word);
    return others != meanings.end() &&
           std::any_of(others->second.begin(), others->second.end(), [&](const std::string &other) { return text.find(other) != text.npos; });
}

// Clauses that speak of every word, in their sentence, in what is observed, or in the names of their cases: in this order.
std::string search(const Library &library, const std::string &words, const Page &page) {
    std::vector<std::string> wanted;
    std::istringstream in(lower(words));
    for (std::string word; in >> word;) wanted.push_back(word);
    std::string first, second;
    for (const ClauseFile &file : library.files)
        for (const Clause &clause : file.clauses) {
            const auto all = [&](const std::string &text) {
                return std::all_of(wanted.begin(), wanted.end(), [&](const std::string &word) { return speaks_of(text, word); });
            };
            const std::string sentence = lower(clause.id + ' ' + clause.requirement);
            std::string rest = sentence + lower(' ' + clause.observable);
            for (const Case &c : library.cases)
                if (std::count(c.ids.begin(), c.ids.end(), clause.id)) rest += lower(' ' + c.name);
            if (all(sentence))
                part(first, clause.id, unmarked(clause.plain_requirement()), page);
            else if (all(rest))
                part(second, clause.id, unmarked(clause.plain_requirement()), page);
        }
    return first + second;
}

} // namespace

int clause(const ClauseOptions &options) {
    const auto failed = [](const std::string &problem) {
        fmt::print(stderr, "rill clause: {}\n", problem);
        return exit_unusable;
    };
    Library library;
    std::string problem, out;
    if (!library.read(options.catalogue, options.run && options.search.empty(), problem)) return failed(problem);
    const Page page = tool::page();
    if (!options.search.empty()) {
        out = search(library, options.search, page);
        if (out.empty()) return failed(fmt::format("no clause and no case speaks of \"{}\"", options.search)), exit_found;
    }
    for (const std::string &id : options.ids) {
        bool any = false;
        for (const ClauseFile &file : library.files)
            for (const Clause &each : file.clauses)
                if (fnmatch(id.c_str(), each.id.c_str(), 0) == 0) {
                    out += (out.empty() ? "" : "\n") + whole(library, file, each, page, options.run);
                    any = true;
                }
        if (!any) return failed(fmt::format("no clause is called {}{}", id, meant(id, library.ids())));
    }
    const Pager pager;
    put(out);
    return exit_fine;
}

bool clause_for_shell(const std::string &id, std::string &text) {
    Library library;
    if (!library.read({}, false, text)) return false;
    for (const ClauseFile &file : library.files)
        for (const Clause &each : file.clauses)
            if (each.id == id) {
                text = whole(library, file, each, page(), false);
                if (!text.empty()) text.pop_back();
                return true;
            }
    text = fmt::format("no clause is called {}{}", id, meant(id, library.ids()));
    return false;
}

std::vector<std::string> clause_ids() {
    static const std::vector<std::string> ids = [] {
        Library library;
        std::string ignored;
        return read_catalogue(catalogue_directory(), library.files, ignored) ? library.ids() : std::vector<std::string>();
    }();
    return ids;
}

} // namespace rill::tool
