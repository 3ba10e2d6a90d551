#include "streams/boot/text.hpp"

#include <cctype>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <memory>
#include <sys/stat.h>
#include <unistd.h>

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

namespace {

const char *kind_of(mode_t mode) {
    if (S_ISDIR(mode)) return "a directory";
    if (S_ISFIFO(mode)) return "a FIFO";
    if (S_ISSOCK(mode)) return "a socket";
    return "a device";
}

} // namespace

int read_file(const std::string &path, std::string &bytes, std::string &problem, std::size_t limit) {
    const auto failed = [&problem](int error) {
        problem = std::strerror(error);
        return error;
    };
    struct stat st {};
    // Looked at before it is opened: the open of a FIFO or device may wait, or do something.
    if (::stat(path.c_str(), &st) != 0) {
        const int error = errno;
        if (error != ENOENT || ::lstat(path.c_str(), &st) != 0) return failed(error);
        problem = "expected a file, found a symbolic link that leads to none";
        return EINVAL;
    }
    int fd = -1;
    if (S_ISREG(st.st_mode)) {
        fd = ::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
        if (fd < 0) return failed(errno);
        if (::fstat(fd, &st) != 0) st.st_mode = 0;
    }
    std::unique_ptr<int, void (*)(int *)> closing(&fd, [](int *open) {
        if (*open >= 0) ::close(*open);
    });
    if (!S_ISREG(st.st_mode)) {
        problem = std::string("expected a file, found ") + kind_of(st.st_mode);
        return S_ISDIR(st.st_mode) ? EISDIR : EINVAL;
    }
    bytes.clear();
    char buffer[65536];
    for (;;) {
        const ssize_t count = ::read(fd, buffer, sizeof buffer);
        if (count == 0) return 0;
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) return failed(errno);
        if (bytes.size() + static_cast<std::size_t>(count) > limit) {
            problem = "expected a file of at most " + std::to_string(limit >> 20) + " MB, found a greater one";
            return EFBIG;
        }
        bytes.append(buffer, static_cast<std::size_t>(count));
    }
}

int read_source(const std::string &path, const std::string &shown, Source &source, Problems &problems) {
    std::string text, problem;
    const int error = read_file(path, text, problem);
    if (!error) source = source_of(shown, text);
    else if (error != ENOENT && error != ENOTDIR) problems.add({shown, 0, 0}, problem);
    return error;
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
