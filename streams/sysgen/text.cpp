#include "streams/sysgen/text.hpp"

#include <cctype>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <memory>

namespace rill::sysgen {

std::string Place::text() const {
    if (line == 0) return file;
    return file + ":" + std::to_string(line) + ":" + std::to_string(column);
}

void Problems::add(const Place &place, std::string_view what) {
    if (!text_.empty()) text_ += '\n';
    text_ += place.text();
    text_ += ": ";
    text_ += what;
}

void Problems::expected(const Place &place, std::string_view what, std::string_view found) {
    std::string message = "expected ";
    message += what;
    if (found.empty()) {
        message += ", found the end of the line";
    } else {
        message += ", found '";
        message += found;
        message += "'";
    }
    add(place, message);
}

Source source_of(const std::string &shown, std::string_view text) {
    Source source{shown, {}};
    while (!text.empty()) {
        const std::size_t end = text.find('\n');
        std::string line(text.substr(0, end));
        while (!line.empty() && line.back() == '\r') line.pop_back();
        source.lines.push_back(std::move(line));
        text.remove_prefix(end == text.npos ? text.size() : end + 1);
    }
    return source;
}

int read_source(const std::string &path, const std::string &shown, Source &source) {
    std::unique_ptr<std::FILE, int (*)(std::FILE *)> file(std::fopen(path.c_str(), "re"), std::fclose);
    if (!file) return errno;
    std::string text;
    char buffer[8192];
    while (std::size_t count = std::fread(buffer, 1, sizeof buffer, file.get())) text.append(buffer, count);
    if (std::ferror(file.get())) return errno ? errno : EIO;
    source = source_of(shown, text);
    return 0;
}

bool is_blank(std::string_view line) {
    for (char c : line)
        if (!blank(c)) return false;
    return true;
}

bool is_identifier(std::string_view word) {
    if (word.empty() || std::isdigit(static_cast<unsigned char>(word[0]))) return false;
    for (char c : word)
        if (!std::isalnum(static_cast<unsigned char>(c)) && c != '_') return false;
    return true;
}

bool is_file_name(std::string_view word) {
    if (word.empty() || word[0] == '.' || word[0] == '-') return false;
    for (char c : word)
        if (!std::isalnum(static_cast<unsigned char>(c)) && std::string_view("_-+.").find(c) == std::string_view::npos)
            return false;
    return true;
}

std::vector<Word> split(const Source &source, std::size_t line, std::size_t from, std::string_view separators) {
    const std::string &text = source.lines[line];
    auto ends = [&](char c) { return blank(c) || separators.find(c) != separators.npos; };
    std::vector<Word> words;
    for (std::size_t at = from; at < text.size();) {
        if (ends(text[at])) {
            ++at;
            continue;
        }
        std::size_t end = at;
        while (end < text.size() && !ends(text[end])) ++end;
        words.push_back({text.substr(at, end - at), source.at(line, at)});
        at = end;
    }
    return words;
}

bool number(std::string_view word, unsigned long max, unsigned long &value, int base) {
    if (word.empty() || !std::isdigit(static_cast<unsigned char>(word[0]))) return false;
    const std::string copy(word);
    char *end = nullptr;
    errno = 0;
    value = std::strtoul(copy.c_str(), &end, base);
    return *end == '\0' && errno == 0 && value <= max;
}

} // namespace rill::sysgen
