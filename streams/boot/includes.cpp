#include "streams/boot/includes.hpp"
#if __has_include("streams/boot/paths.hpp")
#include "streams/boot/paths.hpp"
#else
#define RILL_DDI_SOURCE "streams/ddi"
#define RILL_DDI_INSTALLED "streams/ddi"
#endif

#include <algorithm>
#include <cctype>
#include <filesystem>
#include <fmt/format.h>
#include <fstream>
#include <sys/stat.h>
#include <utility>
#include <vector>

namespace rill::sysgen {

namespace {

bool is_ddi_header(const std::string &name) {
    if (name.empty() || name[0] == '/' || ("/" + name + "/").find("/../") != std::string::npos) return false;
    for (const char *directory : {RILL_DDI_SOURCE, RILL_DDI_INSTALLED}) {
        struct stat st {};
        if (::stat((std::string(directory) + "/" + name).c_str(), &st) == 0 && S_ISREG(st.st_mode)) return true;
    }
    return false;
}

// The text as a preprocessor takes it: lines that a backslash continues are one, a comment is a blank. Each character
// keeps the line it came from.
class Lexed {
public:
    Lexed(const std::string &text, int line) : text_(text), line_(line) { read(); }

    std::string characters;
    std::vector<int> lines; // of each character

private:
    bool spliced() {
        std::size_t end = at_ + 1;
        while (end < text_.size() && blank(text_[end])) ++end;
        if (text_[at_] != '\\' || end >= text_.size() || text_[end] != '\n') return false;
        at_ = end + 1;
        ++line_;
        return true;
    }
    // The next character, 0 at the end. One that is put back is of the same line.
    char next() {
        if (put_back_) return std::exchange(put_back_, '\0');
        while (at_ < text_.size() && spliced()) {}
        if (at_ >= text_.size()) return '\0';
        if (text_[at_] == '\n') ++line_;
        return text_[at_] ? text_[at_++] : (++at_, ' ');
    }
    void put(char c) {
        characters += c;
        lines.push_back(c == '\n' ? line_ - 1 : line_);
    }
    void quoted(char quote) {
        for (char c = next(); c; c = next()) {
            put(c);
            if (c == quote || c == '\n') return; // a line ends a string that was not closed
            if (c == '\\') {
                c = next();
                if (c) put(c);
            }
        }
    }
    void comment(char kind) {
        put(' ');
        char before = '\0';
        for (char c = next(); c; before = std::exchange(c, next())) {
            if (kind == '*' && before == '*' && c == '/') return;
            if (c != '\n') continue;
            if (kind == '/') {
                put(c);
                return;
            }
        }
    }
    void read() {
        for (char c = next(); c; c = next()) {
            if (c != '/') {
                put(c);
                if (c == '"' || c == '\'') quoted(c);
                continue;
            }
            const char after = next();
            if (after == '*' || after == '/') {
                comment(after);
            } else {
                put(c);
                put_back_ = after;
            }
        }
    }

    const std::string &text_;
    std::size_t at_ = 0;
    int line_;
    char put_back_ = '\0';
};

} // namespace

void check_includes(const Master &master, Problems &problems) {
    const Lexed lexed(master.text, master.text_line);
    const std::string &c = lexed.characters;
    for (std::size_t begin = 0, end; begin < c.size(); begin = end + 1) {
        end = std::min(c.find('\n', begin), c.size());
        std::size_t at = begin;
        const auto skip = [&] {
            while (at < end && std::isspace(static_cast<unsigned char>(c[at]))) ++at;
        };
        skip();
        if (c.compare(at, 1, "#") == 0) at += 1;
        else if (c.compare(at, 2, "%:") == 0) at += 2;
        else continue;
        skip();
        const std::size_t word = at;
        while (at < end && (std::isalnum(static_cast<unsigned char>(c[at])) || c[at] == '_')) ++at;
        const std::string directive = c.substr(word, at - word);
        if (directive != "include" && directive != "include_next" && directive != "import" && directive != "embed") continue;
        skip();
        std::string rest = c.substr(at, end - at);
        while (!rest.empty() && std::isspace(static_cast<unsigned char>(rest.back()))) rest.pop_back();
        const char open = rest.empty() ? '\0' : rest[0], close = open == '<' ? '>' : '"';
        const std::size_t closed = open == '<' || open == '"' ? rest.find(close, 1) : rest.npos;
        if (closed == rest.npos || !is_ddi_header(rest.substr(1, closed - 1)))
            problems.add({master.file, lexed.lines[word], 1},
                         fmt::format("expected an #include of a header of the DDI, found {} (CFG-086)", rest.empty() ? "none" : rest));
    }
}

std::string header_with_macro(const std::string &name) {
    for (const char *top : {RILL_DDI_SOURCE, RILL_DDI_INSTALLED}) {
        std::vector<std::string> headers;
        std::error_code error;
        for (std::filesystem::directory_iterator at(std::string(top) + "/sys", error), end; !error && at != end; at.increment(error))
            if (at->path().extension() == ".h") headers.push_back(at->path().filename().string());
        std::sort(headers.begin(), headers.end());
        for (const std::string &header : headers) {
            std::ifstream in(std::string(top) + "/sys/" + header);
            for (std::string line; std::getline(in, line);)
                if (line.starts_with("#define " + name + "(")) return "sys/" + header;
        }
    }
    return {};
}

} // namespace rill::sysgen
