#include "tools/rill/words.hpp"

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <fmt/format.h>

namespace rill::tool {

namespace {

bool is_hex(char c) {
    return std::string_view("0123456789abcdefABCDEF").find(c) != std::string_view::npos;
}

// Reads the escape after a backslash; i stands on its first character and is left behind its last.
char escape(std::string_view line, std::size_t &i) {
    const char c = line[i++];
    switch (c) {
    case 'n':
        return '\n';
    case 't':
        return '\t';
    case 'r':
        return '\r';
    case '0':
        return '\0';
    case '\\':
        return '\\';
    case '"':
        return '"';
    case 'x': {
        std::string digits;
        while (digits.size() < 2 && i < line.size() && is_hex(line[i])) digits += line[i++];
        if (digits.empty()) throw SyntaxError(i + 1, "\\x wants hexadecimal digits after it");
        return static_cast<char>(std::strtoul(digits.c_str(), nullptr, 16));
    }
    default:
        throw SyntaxError(i, fmt::format("no escape \\{} (there are \\n \\t \\r \\0 \\\\ \\\" \\xHH)", c));
    }
}

Word quoted_word(std::string_view line, std::size_t &i) {
    Word word{{}, i + 1, true};
    for (++i; i < line.size();) {
        if (line[i] == '"') {
            ++i;
            return word;
        }
        if (line[i] != '\\') {
            word.text += line[i++];
            continue;
        }
        if (++i < line.size()) word.text += escape(line, i);
    }
    throw SyntaxError(word.column, "the quoted text has no closing \"");
}

} // namespace

std::vector<Word> split(std::string_view line) {
    std::vector<Word> words;
    for (std::size_t i = 0; i < line.size();) {
        if (line[i] == ' ' || line[i] == '\t' || line[i] == '\r') {
            ++i;
        } else if (line[i] == '#') {
            break;
        } else if (line[i] == '"') {
            words.push_back(quoted_word(line, i));
        } else {
            const std::size_t end = std::min(line.find_first_of(" \t\r\"#", i), line.size());
            words.push_back({std::string(line.substr(i, end - i)), i + 1, false});
            i = end;
        }
    }
    return words;
}

std::string_view trimmed(std::string_view text) {
    const std::size_t from = text.find_first_not_of(" \t\r");
    if (from == text.npos) return {};
    return text.substr(from, text.find_last_not_of(" \t\r") - from + 1);
}

const Word &Words::take(const char *expected) {
    if (empty()) fail(fmt::format("expected {}, but the line ends here", expected));
    return words_[next_++];
}

bool Words::take_if(std::string_view word) {
    if (empty() || !words_[next_].is(word)) return false;
    ++next_;
    return true;
}

bool Words::take_last_if(std::string_view word) {
    if (empty() || !words_.back().is(word)) return false;
    end_ = words_.back().column;
    words_.pop_back();
    return true;
}

std::string Words::bytes(const char *expected) {
    const Word &word = take(expected);
    if (!word.quoted)
        throw SyntaxError(word.column, fmt::format("expected {} in double quotes, got {}", expected, word.text));
    return word.text;
}

std::string Words::name(const char *expected) {
    const Word &word = take(expected);
    if (word.quoted) throw SyntaxError(word.column, fmt::format("expected {}, got quoted text", expected));
    return word.text;
}

bool parse_number(std::string_view text, long *value) {
    const std::string copy(text);
    if (copy.empty()) return false;
    char *end = nullptr;
    errno = 0;
    *value = std::strtol(copy.c_str(), &end, 0);
    return !errno && *end == '\0';
}

long Words::number(const char *expected) {
    const Word &word = take(expected);
    long value = 0;
    if (word.quoted || !parse_number(word.text, &value))
        throw SyntaxError(word.column, fmt::format("expected {} (a number), got {}", expected, word.text));
    return value;
}

long Words::number(const char *expected, long low, long high) {
    const std::size_t at = column();
    const long value = number(expected);
    if (value < low || value > high)
        throw SyntaxError(at, fmt::format("expected {} from {} to {}, got {}", expected, low, high, value));
    return value;
}

long Words::number_or(long otherwise) {
    const Word *word = peek();
    long value = 0;
    if (!word || word->quoted || !parse_number(word->text, &value)) return otherwise;
    ++next_;
    return value;
}

long Words::number_or(long otherwise, const char *expected, long low, long high) {
    const std::size_t at = column();
    const long value = number_or(otherwise);
    if (value != otherwise && (value < low || value > high))
        throw SyntaxError(at, fmt::format("expected {} from {} to {}, got {}", expected, low, high, value));
    return value;
}

void Words::finish() const {
    if (!empty()) fail(fmt::format("the call is complete before \"{}\"", words_[next_].text));
}

long bits(const Word &word, const Bit *names, std::size_t count, const char *what) {
    long result = 0;
    std::string_view text = word.text;
    std::size_t column = word.column;
    while (!text.empty()) {
        const std::string_view part = text.substr(0, text.find('|'));
        long value = 0;
        bool known = parse_number(part, &value);
        for (std::size_t i = 0; i < count && !known; ++i)
            if (part == names[i].name) {
                value = names[i].value;
                known = true;
            }
        if (!known) {
            std::string all;
            for (std::size_t i = 0; i < count; ++i) all += fmt::format("{}{}", i ? " " : "", names[i].name);
            throw SyntaxError(column, fmt::format("no {} is called \"{}\"; there are: {}", what, part, all));
        }
        result |= value;
        const std::size_t step = std::min(part.size() + 1, text.size());
        text.remove_prefix(step);
        column += step;
    }
    return result;
}

} // namespace rill::tool
