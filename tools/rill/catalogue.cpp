#include "tools/rill/catalogue.hpp"
#include "tools/paths.hpp"
#include "tools/rill/words.hpp"

#include "streams/base/profile.hpp"

#include <algorithm>
#include <cctype>
#include <filesystem>
#include <fmt/format.h>
#include <fstream>
#include <map>
#include <sstream>
#include <unistd.h>

namespace rill::tool {

namespace fs = std::filesystem;

namespace {

constexpr std::size_t columns = 6;

// | a | b \| c | -> "a", "b | c"
std::vector<std::string> cells(std::string_view line) {
    std::vector<std::string> out;
    std::string cell;
    for (std::size_t i = 1; i < line.size(); ++i) {
        if (line[i] == '\\' && i + 1 < line.size() && line[i + 1] == '|') {
            cell += line[++i];
        } else if (line[i] == '|') {
            out.emplace_back(trimmed(cell));
            cell.clear();
        } else {
            cell += line[i];
        }
    }
    return out;
}

std::vector<std::string> words(const std::string &text) {
    std::istringstream in(text);
    std::vector<std::string> out;
    for (std::string word; in >> word;) out.push_back(word);
    return out;
}

bool known_word(std::string_view word) {
    for (std::string_view other : {"lis", "oss7", "other", "note", "later"})
        if (word == other) return true;
    return find_profile(word) != nullptr;
}

// What is wrong with the last column, or nothing.
std::string judged(const Clause &clause) {
    if (clause.binds.empty()) return "the column profiles is empty";
    for (const std::string &word : clause.binds) {
        if (!known_word(word)) return fmt::format("no profile is called {}", word);
        if ((word == "note" || word == "later") && clause.binds.size() > 1)
            return fmt::format("{} stands alone in the column profiles", word);
    }
    return {};
}

using Index = std::map<std::string, Clause *>;

bool read_reasons(const fs::path &path, const Index &index, std::string &problem) {
    std::ifstream in(path);
    int number = 0;
    for (std::string line; std::getline(in, line);) {
        ++number;
        if (line.empty() || line[0] != '|') continue;
        const std::vector<std::string> row = cells(line);
        if (row.empty() || !is_clause_id(row[0])) continue;
        const auto found = index.find(row[0]);
        if (row.size() != 2 || row[1].empty() || found == index.end())
            return problem = fmt::format("{}:{}: expected the id of a clause and a reason", path.string(), number),
                   false;
        found->second->reason = row[1];
    }
    return true;
}

// A clause of a profile's point binds the profiles that give its answer, and no others.
bool agrees_with_profiles(const Index &index, std::string &problem) {
    for (const ProfilePoint &point : profile_points()) {
        const auto *flag = std::get_if<bool Profile::*>(&point.value);
        if (!flag) continue;
        const std::vector<std::string> no = words(point.no_clauses), yes = words(point.yes_clauses);
        for (const bool side : {false, true}) {
            const std::vector<std::string> &other = side ? no : yes;
            for (const std::string &id : side ? yes : no) {
                const auto found = index.find(id);
                if (found == index.end()) continue; // a catalogue of somebody's own
                const bool both = std::find(other.begin(), other.end(), id) != other.end();
                for (const Profile &p : profiles())
                    if (found->second->binds_to(p.name) != (both || p.**flag == side))
                        return problem =
                                   fmt::format("{}: its row and the profile {} disagree ({})", id, p.name, point.field),
                               false;
            }
        }
    }
    return true;
}

} // namespace

bool is_clause_id(std::string_view word) {
    const std::size_t dash = word.find('-');
    if (dash == word.npos || dash < 2 || dash + 1 == word.size()) return false;
    return std::all_of(word.begin(), word.begin() + static_cast<long>(dash),
                       [](unsigned char c) { return std::isupper(c); }) &&
           std::all_of(word.begin() + static_cast<long>(dash) + 1, word.end(),
                       [](unsigned char c) { return std::isdigit(c); });
}

bool Clause::binds_to(std::string_view word) const {
    return std::find(binds.begin(), binds.end(), word) != binds.end();
}

std::string Clause::plain_requirement() const {
    std::string text;
    for (std::size_t i = 0; i < requirement.size(); ++i) {
        const char c = requirement[i];
        if (c == '`' || (c == '*' && (requirement.compare(i, 2, "**") == 0 || (i > 0 && requirement[i - 1] == '*'))))
            continue;
        text += c;
    }
    for (const std::string_view mark : {"[default] ", "[alt] ", "[SOL] ", "[note] "})
        if (text.starts_with(mark)) text.erase(0, mark.size());
    return text;
}

std::string Clause::short_requirement(std::size_t most) const {
    std::string text = plain_requirement();
    if (text.size() <= most) return text;
    text.resize(most - 3);
    if (const std::size_t blank = text.rfind(' '); blank != text.npos) text.resize(blank);
    return text + "...";
}

bool read_catalogue(const std::string &directory, std::vector<ClauseFile> &files, std::string &problem) {
    std::error_code error;
    std::vector<fs::path> paths;
    for (const fs::directory_entry &entry : fs::directory_iterator(directory, error))
        if (entry.path().extension() == ".md" &&
            std::isdigit(static_cast<unsigned char>(entry.path().filename().string()[0])))
            paths.push_back(entry.path());
    if (error) return problem = fmt::format("cannot read {}: {}", directory, error.message()), false;
    if (paths.empty())
        return problem = fmt::format("{} has no catalogue: no file is called 01-NAME.md", directory), false;
    std::sort(paths.begin(), paths.end());

    for (const fs::path &path : paths) {
        ClauseFile &file = files.emplace_back();
        file.name = path.filename().string();
        std::ifstream in(path);
        std::string section;
        int number = 0;
        for (std::string line; std::getline(in, line);) {
            ++number;
            if (line.starts_with("# "))
                file.title = line.substr(2);
            else if (line.starts_with("##"))
                section = line.substr(line.find_first_not_of("# "));
            if (line.empty() || line[0] != '|') continue;
            std::vector<std::string> row = cells(line);
            if (row.empty() || !is_clause_id(row[0])) continue;
            if (row.size() != columns)
                return problem = fmt::format("{}:{}: expected {} columns, got {}", path.string(), number, columns,
                                             row.size()),
                       false;
            Clause clause{row[0], row[1], row[2], row[3], row[4], words(row[5]), {}, section, number};
            if (const std::string wrong = judged(clause); !wrong.empty())
                return problem = fmt::format("{}:{}: {}: {}", path.string(), number, clause.id, wrong), false;
            file.clauses.push_back(std::move(clause));
        }
    }
    Index index;
    for (ClauseFile &file : files)
        for (Clause &clause : file.clauses)
            if (!index.emplace(clause.id, &clause).second)
                return problem = fmt::format("{}/{}:{}: {} stands here a second time", directory, file.name,
                                             clause.line, clause.id),
                       false;
    return read_reasons(fs::path(directory) / "uncovered.md", index, problem) && agrees_with_profiles(index, problem);
}

// | DDPG, IRIX DDPG | ... | -> "DDPG", "IRIX DDPG"; what stands for a page's name in the table is left out of the key.
std::vector<SourceName> read_sources(const std::string &directory) {
    std::vector<SourceName> out;
    std::ifstream in(fs::path(directory) / "README.md");
    bool there = false;
    for (std::string line; std::getline(in, line);) {
        if (line.starts_with("## ")) there = line == "## Sources";
        if (!there || line.empty() || line[0] != '|') continue;
        const std::vector<std::string> row = cells(line);
        if (row.size() != 2 || row[0] == "short name" || row[0].starts_with("--")) continue;
        SourceName source{row[0], row[1], {}};
        if (row[0] == "S1 to S5") {
            source.keys = {"S1", "S2", "S3", "S4", "S5"};
        } else {
            std::istringstream parts(row[0]);
            for (std::string part; std::getline(parts, part, ',');) {
                std::string key;
                for (const std::string &word : words(part)) {
                    const bool stands_for_one = word == "page" || word.starts_with("page(") || word == "name" || word == "section" || word == "x" ||
                                                word.starts_with("x(") || word == "f()" || word[0] == '`';
                    if (stands_for_one) continue;
                    key += (key.empty() ? "" : " ") + (word.ends_with("-x") ? word.substr(0, word.size() - 1) : word);
                }
                if (!key.empty()) source.keys.push_back(key);
            }
        }
        out.push_back(std::move(source));
    }
    return out;
}

std::string meaning_of(std::string_view source, const std::vector<SourceName> &names) {
    const auto in_word = [](char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0; };
    const SourceName *best = nullptr;
    std::size_t longest = 0;
    for (const SourceName &name : names)
        for (const std::string &key : name.keys)
            for (std::size_t at = 0; (at = source.find(key, at)) != source.npos; ++at) {
                const std::size_t end = at + key.size();
                const bool whole = (at == 0 || !in_word(source[at - 1])) && (key.back() == '-' || end == source.size() || !in_word(source[end]));
                // At the start it is the source's own name; elsewhere it may be a release that is spoken of.
                const bool code = source.find(".c") != source.npos && name.meaning.find("kernel source") != name.meaning.npos;
                const std::size_t weight = 2 * key.size() + (at == 0 ? 200 : 0) + code;
                if (!whole || weight <= longest) continue;
                longest = weight;
                best = &name;
            }
    return best ? best->meaning : "";
}

std::string catalogue_directory() {
    const std::string places = RILL_CATALOGUE_DIRS;
    for (std::size_t at = 0; at < places.size();) {
        const std::size_t end = std::min(places.find(':', at), places.size());
        if (const std::string place = places.substr(at, end - at); access(place.c_str(), R_OK) == 0) return place;
        at = end + 1;
    }
    return places.substr(places.rfind(':') + 1);
}

} // namespace rill::tool
