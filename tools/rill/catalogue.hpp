// The clause catalogue: tables that people read and this parses (test/conformance/clauses/README.md tells the columns).
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace rill::tool {

struct Clause {
    std::string id, requirement, observable, source, systems;
    std::vector<std::string> binds; // profiles; or "lis", "oss7", "other"; or "note", "later" alone
    std::string reason;             // why nothing covers it (uncovered.md)
    std::string section;
    int line = 0;

    bool binds_to(std::string_view word) const;
    std::string plain_requirement() const; // without marks
    // Its start, in at most so many characters.
    std::string short_requirement(std::size_t most) const;
};

struct ClauseFile {
    std::string name, title;
    std::vector<Clause> clauses;
};

// "CLN-001", at the start of a word.
bool is_clause_id(std::string_view word);

// Reads DIR/[0-9]*.md and DIR/uncovered.md. false: `problem` tells file, line and what is wrong.
bool read_catalogue(const std::string &directory, std::vector<ClauseFile> &files, std::string &problem);

// A short name of the column `source`, and what it stands for (README.md of the catalogue).
struct SourceName {
    std::string name, meaning;
    std::vector<std::string> keys; // how it may appear in a source
};
std::vector<SourceName> read_sources(const std::string &directory);
// What a source stands for; "" when it says so itself.
std::string meaning_of(std::string_view source, const std::vector<SourceName> &names);

// The source tree's, or the installed one.
std::string catalogue_directory();

} // namespace rill::tool
