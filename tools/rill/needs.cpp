#include "tools/rill/needs.hpp"
#include "streams/boot/text.hpp"
#include "tools/paths.hpp"
#include "tools/rill/catalogue.hpp"
#include "tools/rill/commands.hpp"
#include "tools/rill/words.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fmt/format.h>
#include <fstream>
#include <limits>
#include <sstream>

namespace rill::tool {

namespace fs = std::filesystem;

namespace {

// The words behind the need's name. It stands once.
Words words_of(Needs &needs, std::string_view line, int number) {
    Words words(split(line), line.size() + 1);
    const std::string name = words.name("a need");
    if (!needs.lines.emplace(name, number).second) throw SyntaxError(1, fmt::format("{} stands here a second time", name));
    return words;
}

bool is_expectation(std::string_view line) {
    if (line.starts_with("expect ")) return true;
    const std::size_t colon = line.find(": ");
    return colon != line.npos && trimmed(line.substr(colon + 1)).starts_with("expect ");
}

} // namespace

void need_system(Needs &needs, std::string_view line, int number) {
    Words words = words_of(needs, line, number);
    needs.system = words.name("a sysgen directory");
    words.finish();
}

void need_profile(Needs &needs, std::string_view line, int number) {
    Words words = words_of(needs, line, number);
    needs.profile = words.name("a profile");
    words.finish();
}

void need_drivers(Needs &needs, std::string_view line, int number) {
    Words words = words_of(needs, line, number);
    needs.drivers.emplace();
    do needs.drivers->push_back(words.name("a driver, or none"));
    while (!words.empty());
    if (std::count(needs.drivers->begin(), needs.drivers->end(), "none")) needs.drivers->clear();
}

void need_seed(Needs &needs, std::string_view line, int number) {
    Words words = words_of(needs, line, number);
    needs.seed = static_cast<unsigned long long>(words.number("a seed", 0, std::numeric_limits<long>::max()));
    words.finish();
}

void need_faults(Needs &needs, std::string_view line, int number) {
    Words words = words_of(needs, line, number);
    const std::size_t column = words.column();
    const std::string word = words.name("report, stop or off");
    needs.faults = fault_policy_named(word);
    if (!needs.faults) throw SyntaxError(column, fmt::format("expected report, stop or off, got {}", word));
    words.finish();
}

// Behind its colon stands a sentence, which may hold anything.
void need_clause(Needs &needs, std::string_view line, int number) {
    const std::size_t at = line.find("clause") + 6, column = at + 2;
    const std::string_view rest = trimmed(line.substr(at));
    const std::size_t colon = rest.find(": ");
    std::istringstream head{std::string(rest.substr(0, colon))};
    bool any = false;
    for (std::string word; head >> word;) {
        if (word.back() == ',') word.pop_back();
        if (word.starts_with('[') && word.ends_with(']')) continue;
        if (!is_clause_id(word)) throw SyntaxError(column, fmt::format("expected ids of clauses, then a colon and a sentence; {} is no id", word));
        any = true;
    }
    if (!any || colon == rest.npos || trimmed(rest.substr(colon + 1)).empty())
        throw SyntaxError(column, "expected ids of clauses, then a colon and a sentence");
    needs.clauses.push_back({std::string(rest), number});
}

bool read_text(const fs::path &path, std::string &text, std::string &problem) {
    std::error_code ignored;
    const std::string name = path.string();
    if (fs::is_directory(path, ignored)) return problem = fmt::format("{} is a directory, not a scenario", name), false;
    constexpr std::size_t longest = std::size_t{64} << 20;
    std::string why;
    if (sysgen::read_file(name, text, why, longest) != 0) {
        const bool is_file = !fs::exists(path, ignored) || fs::is_regular_file(path, ignored);
        problem = fmt::format("cannot read the scenario {}: {}{}", name, why, is_file ? "" : " (lines from a program come by standard input)");
        return false;
    }
    if (text.empty()) return problem = fmt::format("{} is no scenario: it is empty", name), false;
    const auto odd = std::find_if(text.begin(), text.end(), [](unsigned char c) { return (c < ' ' && !std::strchr("\t\n\r\f\033", c)) || c == 0x7f || c == 0; });
    if (odd != text.end())
        return problem = fmt::format("{} is no scenario: it is not text (byte {} is {:#04x})", name, odd - text.begin(), static_cast<unsigned char>(*odd)), false;
    return true;
}

bool read_needs(std::string_view text, const std::string &source, Needs &needs, std::string &problem) {
    std::istringstream in{std::string(text)};
    bool heading = true;
    int number = 0;
    for (std::string line; std::getline(in, line);) {
        ++number;
        const std::string_view shown = trimmed(line);
        if (shown.empty() || shown[0] == '#' || shown[0] == '>') continue;
        needs.expects |= is_expectation(shown);
        if (!heading) continue;
        const Command *command = find_command(shown.substr(0, shown.find_first_of(" \t")));
        if (!command || !command->need) {
            heading = false;
            continue;
        }
        try {
            command->need(needs, line, number);
            if (needs.drivers && !needs.system.empty()) throw SyntaxError(1, "drivers are of the built-in ones: not with a system directory");
        } catch (const SyntaxError &e) {
            problem = fmt::format("{}:{}:{}: {}", source, number, e.column, e.what());
            return false;
        }
    }
    return true;
}

fs::path find_place(const fs::path &relative, const fs::path &scenario) {
    std::error_code ignored;
    if (relative.is_absolute()) return fs::exists(relative, ignored) ? relative : fs::path{};
    std::vector<fs::path> bases;
    const auto upward = [&](fs::path from) {
        for (;; from = from.parent_path()) {
            bases.push_back(from);
            bases.push_back(from / "share" / "rill");
            if (from == from.parent_path()) return;
        }
    };
    if (!scenario.empty()) upward(fs::weakly_canonical(fs::absolute(scenario, ignored), ignored).parent_path());
    bases.push_back(RILL_SOURCE_DIR);
    bases.push_back(RILL_DATA_DIR);
    upward(fs::read_symlink("/proc/self/exe", ignored).parent_path());
    for (const fs::path &base : bases)
        if (fs::exists(base / relative, ignored)) return base / relative;
    return {};
}

fs::path find_scenario(const std::string &name) {
    std::error_code ignored;
    if (fs::exists(name, ignored) || name.find('/') != name.npos) return name;
    for (const char *ending : {"", ".rill"})
        if (const fs::path found = find_place(fs::path("examples/scenarios") / (name + ending)); !found.empty() && !fs::is_directory(found, ignored))
            return found;
    return name;
}

} // namespace rill::tool
