// One line of a scenario as words, each with the column it stands in, so that an error can point at it. A word in
// double quotes is bytes, with the escapes of C; a lone `=` and a trailing `&` are words of their own; `#` starts a
// comment.
#pragma once

#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace rill::tool {

struct SyntaxError : std::runtime_error {
    SyntaxError(std::size_t at, const std::string &what) : std::runtime_error(what), column(at) {}
    std::size_t column; // from 1
};

struct Word {
    std::string text;
    std::size_t column = 1;
    bool quoted = false;

    bool is(std::string_view word) const { return !quoted && text == word; }
};

std::vector<Word> split(std::string_view line);
std::string_view trimmed(std::string_view text); // without blanks at its ends

// The words of a line, taken from the left. What a call expects and does not find is a SyntaxError that says so.
class Words {
public:
    explicit Words(std::vector<Word> words, std::size_t end) : words_(std::move(words)), end_(end) {}

    bool empty() const { return next_ >= words_.size(); }
    std::size_t left() const { return words_.size() - next_; }
    std::size_t column() const { return empty() ? end_ : words_[next_].column; }
    const Word *peek(std::size_t ahead = 0) const {
        return next_ + ahead < words_.size() ? &words_[next_ + ahead] : nullptr;
    }
    const Word &take(const char *expected);
    bool take_if(std::string_view word);
    bool take_last_if(std::string_view word); // from the right
    std::string bytes(const char *expected);  // a quoted word
    std::string name(const char *expected);   // an unquoted one
    long number(const char *expected);        // decimal, 0x, 0 octal; also negative
    long number(const char *expected, long low, long high);
    long number_or(long otherwise);           // when the next word is a number
    long number_or(long otherwise, const char *expected, long low, long high);
    void finish() const;                      // nothing may be left
    [[noreturn]] void fail(const std::string &what) const { throw SyntaxError(column(), what); }

private:
    std::vector<Word> words_;
    std::size_t next_ = 0;
    std::size_t end_;
};

bool parse_number(std::string_view text, long *value);

// Names joined by `|`, each with its bits.
struct Bit {
    const char *name;
    long value;
};
long bits(const Word &word, const Bit *names, std::size_t count, const char *what);

} // namespace rill::tool
