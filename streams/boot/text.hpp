// What all configuration files have in common: lines, words that know where they stand, and the list of what is wrong.
//
// A parser never stops at the first problem of a file; it adds one line "file:line:column: expected ..., found ..." to
// Problems and goes on with the next line. Columns count bytes from 1; a tab is one.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace rill::sysgen {

struct Place {
    std::string file; // as shown: relative to the directory that is booted
    int line = 0;     // 0: the file as a whole
    int column = 0;
    std::string text() const;
};

struct Word {
    std::string text;
    Place place;
};

class Problems {
public:
    void add(const Place &place, std::string_view what);
    void expected(const Place &place, std::string_view what, std::string_view found);
    void expected(const Word &word, std::string_view what) { expected(word.place, what, word.text); }
    bool any() const { return !text_.empty(); }
    std::size_t size() const { return text_.size(); }
    const std::string &text() const { return text_; }

private:
    std::string text_;
};

struct Source {
    std::string file;
    std::vector<std::string> lines;
    Place at(std::size_t line, std::size_t column) const {
        return {file, static_cast<int>(line + 1), static_cast<int>(column + 1)};
    }
};

// The bytes of a regular file. 0, or an errno and in `problem` why not, in words: ENOENT when there is nothing by that
// name; EISDIR, and EINVAL for what else is no file: nothing of that kind is waited for or read; EFBIG above the limit.
constexpr std::size_t text_limit = std::size_t{16} << 20;
int read_file(const std::string &path, std::string &bytes, std::string &problem, std::size_t limit = text_limit);
// The same by lines. Any errno but ENOENT and ENOTDIR has added its problem.
int read_source(const std::string &path, const std::string &shown, Source &source, Problems &problems);
Source source_of(const std::string &shown, std::string_view text);

inline bool blank(char c) { return c == ' ' || c == '\t' || c == '\r'; }
bool is_blank(std::string_view line);
bool is_identifier(std::string_view word); // of C
bool is_file_name(std::string_view word);  // letters, digits, _ - + . and no leading dot
// The words of a line between blanks; separators (such as ",") end words too and are dropped.
std::vector<Word> split(const Source &source, std::size_t line, std::size_t from = 0, std::string_view separators = "");
// A whole word as a number, 0x and 0 forms too; base 8 for modes. False if it is none or above max.
bool number(std::string_view word, unsigned long max, unsigned long &value, int base = 0);

} // namespace rill::sysgen
