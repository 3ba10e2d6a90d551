#include "tools/rill/suite.hpp"
#include "tools/paths.hpp"

#include "streams/base/profile.hpp"
#include "streams/view/tap.hpp"
#include "tools/rill/catalogue.hpp"
#include "tools/rill/needs.hpp"
#include "tools/rill/subprocess.hpp"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <filesystem>
#include <fmt/format.h>
#include <fstream>
#include <list>
#include <poll.h>
#include <sstream>
#include <sys/wait.h>
#include <unistd.h>

namespace rill::tool {

namespace fs = std::filesystem;

namespace {

using Clock = std::chrono::steady_clock;
constexpr auto longest_silence = std::chrono::seconds(300);

// It reads nothing, and its standard output comes through a pipe.
constexpr Subprocess::Streams told{Subprocess::Stream::null, Subprocess::Stream::pipe, Subprocess::Stream::null};
constexpr Subprocess::Streams all_told{Subprocess::Stream::null, Subprocess::Stream::pipe, Subprocess::Stream::pipe};

std::string how_it_ended(int status) {
    if (WIFSIGNALED(status)) return fmt::format("the case ended the process: {}", strsignal(WTERMSIG(status)));
    return fmt::format("the case ended the process: exit status {}", WEXITSTATUS(status));
}

// doctest's patterns know * and ? and are separated by commas.
std::string pattern_of(const Case &c) {
    std::string out;
    for (char letter : c.name) out += std::strchr(",\\\"*", letter) ? '?' : letter;
    return out;
}

// The cases of one source file that are still to be run.
struct Batch {
    std::deque<const Case *> left;
    Subprocess child;
    std::string text;        // what came and was no whole line yet
    std::string told;        // diagnostics since the last result
    bool crash_told = false; // the last result was a crash
    Clock::time_point heard;
    Clock::time_point began; // the case that runs
};

} // namespace

bool Case::read_name() {
    std::istringstream head(name.substr(0, name.find(':'))); // [freebsd] is a design, no profile
    for (std::string word; head >> word;) {
        if (word.back() == ',') word.pop_back();
        if (is_clause_id(word))
            ids.push_back(word);
        else if (word.size() > 2 && word.front() == '[' && find_profile(word.substr(1, word.size() - 2)))
            profiles.push_back(word.substr(1, word.size() - 2));
    }
    return !ids.empty();
}

bool Case::runs_under(std::string_view profile) const {
    return profiles.empty() || std::find(profiles.begin(), profiles.end(), profile) != profiles.end();
}

std::string Case::sentence() const {
    const std::size_t colon = name.find(": ");
    return colon == name.npos ? name : name.substr(colon + 2);
}

bool Suite::find(std::string &problem) {
    std::vector<fs::path> places;
    if (const char *given = std::getenv("RILL_SUITE"); given && *given) {
        places = {given};
    } else {
        std::error_code ignored;
        places = {fs::read_symlink("/proc/self/exe", ignored).parent_path() / "../test/rill-tests",
                  RILL_LIBEXEC "/rill-tests"};
    }
    for (const fs::path &place : places)
        if (access(place.c_str(), X_OK) == 0) {
            executable = place.lexically_normal().string();
            return true;
        }
    problem = "the suite is not there (RILL_SUITE can name it); looked for";
    for (const fs::path &place : places) problem += "\n  " + place.lexically_normal().string();
    return false;
}

bool Suite::list(std::string &problem) {
    Subprocess child;
    if (const int error = child.start({executable, "--where"}, told))
        return problem = fmt::format("cannot start {}: {}", executable, std::strerror(error)), false;
    const std::string text = child.read_all();
    if (const int status = child.wait(); status != 0)
        return problem = fmt::format("{} does not list its cases: {}", executable, how_it_ended(status)), false;
    std::istringstream in(text);
    for (std::string line;
         std::getline(in, line);) { // ../test/conformance/write.cpp:140<tab>WR-051 [solaris]: write ...
        const std::size_t tab = line.find('\t'), colon = line.rfind(':', tab);
        if (tab == line.npos || colon == line.npos) continue;
        Case c;
        c.name = line.substr(tab + 1);
        c.path = line.substr(0, colon);
        c.line = std::atoi(line.c_str() + colon + 1);
        const std::size_t from = c.path.rfind("test/");
        c.file = from == c.path.npos ? c.path : c.path.substr(from);
        if (c.read_name()) cases.push_back(std::move(c));
    }
    return true;
}

bool Suite::add_scenarios(const std::string &directory, std::string &problem) {
    std::error_code error;
    std::vector<fs::path> paths;
    for (const fs::directory_entry &entry : fs::directory_iterator(directory, error))
        if (entry.path().extension() == ".rill") paths.push_back(entry.path());
    if (error) return problem = fmt::format("cannot read {}: {}", directory, error.message()), false;
    std::sort(paths.begin(), paths.end());
    for (const fs::path &path : paths) {
        std::string text;
        Needs needs;
        if (!read_text(path, text, problem) || !read_needs(text, path.string(), needs, problem)) return false;
        for (const Needs::Cited &cited : needs.clauses) {
            Case c;
            c.name = cited.text;
            c.path = c.file = path.string();
            c.line = cited.line;
            c.scenario = true;
            c.expects = needs.expects;
            if (!c.read_name()) continue;
            if (!needs.profile.empty()) c.profiles = {needs.profile};
            cases.push_back(std::move(c));
        }
    }
    return true;
}

namespace {

CaseOutcome run_scenario(const Case &c, std::string_view profile) {
    if (!c.expects) return {false, "no line of it expects anything\n"};
    std::error_code ignored;
    Subprocess child;
    if (child.start({fs::read_symlink("/proc/self/exe", ignored).string(), "run", "--quiet", fmt::format("--profile={}", profile), c.path}, all_told))
        return {false, "it does not start\n"};
    const std::string text = child.read_all();
    const int status = child.wait();
    if (status == 0) return {true, ""};
    return {false, WIFEXITED(status) ? text : text + how_it_ended(status) + '\n'};
}

} // namespace

std::vector<Case> scan_cases() {
    constexpr std::string_view begin = "TEST_CASE(\"";
    const fs::path root = RILL_SOURCE_DIR;
    std::vector<Case> out;
    std::error_code error;
    for (fs::recursive_directory_iterator it(root / "test", error), end; !error && it != end; it.increment(error)) {
        if (it->path().extension() != ".cpp") continue;
        std::ifstream in(it->path());
        int number = 0;
        for (std::string line; std::getline(in, line);) {
            ++number;
            const std::size_t at = line.find(begin);
            if (at == line.npos) continue;
            Case c;
            for (std::size_t i = at + begin.size(); i < line.size() && line[i] != '"'; ++i) c.name += line[i] == '\\' && i + 1 < line.size() ? line[++i] : line[i];
            c.path = it->path().string();
            c.file = fs::relative(it->path(), root, error).generic_string();
            c.line = number;
            if (c.read_name()) out.push_back(std::move(c));
        }
    }
    std::sort(out.begin(), out.end(), [](const Case &a, const Case &b) { return a.file != b.file ? a.file < b.file : a.line < b.line; });
    return out;
}

std::map<const Case *, CaseOutcome> Suite::run(std::string_view profile, const std::vector<const Case *> &which,
                                               unsigned at_a_time,
                                               const std::function<void(std::size_t)> &progress) const {
    std::map<const Case *, CaseOutcome> outcomes;
    std::map<std::string, Batch> by_file;
    for (const Case *c : which) {
        if (!c->scenario) {
            by_file[c->path].left.push_back(c);
            continue;
        }
        const Clock::time_point began = Clock::now();
        outcomes[c] = run_scenario(*c, profile);
        outcomes[c].seconds = std::chrono::duration<double>(Clock::now() - began).count();
        progress(outcomes.size());
    }
    std::vector<Batch> waiting;
    for (auto &[file, batch] : by_file) {
        std::sort(batch.left.begin(), batch.left.end(), [](const Case *a, const Case *b) { return a->line < b->line; });
        waiting.push_back(std::move(batch));
    }
    // The longest last, from where they are taken.
    std::sort(waiting.begin(), waiting.end(), [](const Batch &a, const Batch &b) {
        return a.left.size() != b.left.size() ? a.left.size() < b.left.size()
                                              : a.left.front()->path > b.left.front()->path;
    });
    std::list<Batch> running;

    const auto settle = [&](Batch &batch, const Case *c, CaseOutcome outcome) {
        std::erase(batch.left, c);
        outcome.seconds = std::chrono::duration<double>(Clock::now() - batch.began).count();
        batch.began = Clock::now();
        outcomes[c] = std::move(outcome);
        batch.told.clear();
        progress(outcomes.size());
    };
    const auto hear = [&](Batch &batch, const std::string &line) {
        const bool bad = line.starts_with("not ok ");
        if (line.starts_with("# ")) batch.told += line.substr(2) + '\n';
        if (!bad && !line.starts_with("ok ")) return;
        const std::size_t dash = line.find(" - ");
        if (dash == line.npos) return;
        const std::string_view name = std::string_view(line).substr(dash + 3);
        const auto found = std::find_if(batch.left.begin(), batch.left.end(),
                                        [&](const Case *c) { return view::tap_name(c->name) == name; });
        batch.crash_told = batch.told.find("crashed: ") != batch.told.npos;
        if (found != batch.left.end()) settle(batch, *found, {!bad, bad ? batch.told : ""});
    };

    while (!waiting.empty() || !running.empty()) {
        while (!waiting.empty() && running.size() < at_a_time) {
            Batch batch = std::move(waiting.back());
            waiting.pop_back();
            std::string patterns;
            for (const Case *c : batch.left) patterns += (patterns.empty() ? "" : ",") + pattern_of(*c);
            batch.text.clear();
            batch.told.clear();
            batch.crash_told = false;
            batch.heard = batch.began = Clock::now();
            if (batch.child.start({executable, fmt::format("--profile={}", profile), "--order-by=file", "--test-case=" + patterns,
                                   batch.left.front()->path},
                                  told))
                while (!batch.left.empty()) settle(batch, batch.left.front(), {false, "the suite does not start\n"});
            else
                running.push_back(std::move(batch));
        }
        std::vector<pollfd> fds;
        for (const Batch &batch : running) fds.push_back({batch.child.out, POLLIN, 0});
        ::poll(fds.data(), fds.size(), 1000);
        auto fd = fds.begin();
        for (auto it = running.begin(); it != running.end(); ++fd) {
            Batch &batch = *it;
            char part[65536];
            ssize_t n = 1;
            if (fd->revents) {
                n = ::read(batch.child.out, part, sizeof part);
                batch.heard = Clock::now();
            }
            const bool silent = Clock::now() - batch.heard > longest_silence;
            if (fd->revents && n > 0) {
                batch.text.append(part, static_cast<std::size_t>(n));
                for (std::size_t end; (end = batch.text.find('\n')) != batch.text.npos; batch.text.erase(0, end + 1))
                    hear(batch, batch.text.substr(0, end));
            }
            if (n > 0 && !silent) {
                ++it;
                continue;
            }
            if (silent) ::kill(batch.child.pid, SIGKILL);
            const int status = batch.child.wait();
            // A case that ended it without a word is the first of those that are left.
            if (!batch.left.empty() && !batch.crash_told)
                settle(batch, batch.left.front(),
                       {false,
                        batch.told + (silent ? "no answer for a long time: stopped" : how_it_ended(status)) + "\n"});
            if (!batch.left.empty()) waiting.push_back(std::move(batch));
            it = running.erase(it);
        }
    }
    return outcomes;
}

} // namespace rill::tool
