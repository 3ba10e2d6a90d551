#include "tools/rill/check/ioctls.hpp"

#include "streams/base/scratch.hpp"
#include "tools/rill/cc.hpp"
#include "tools/rill/check/check.hpp"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fmt/format.h>
#include <fstream>
#include <set>
#include <sstream>

namespace rill::tool {

namespace fs = std::filesystem;

namespace {

constexpr std::size_t most_commands = 48;

std::string slurp(const fs::path &path) {
    std::ifstream in(path, std::ios::binary);
    std::ostringstream all;
    all << in.rdbuf();
    return all.str();
}

// Comments and literals are no places for labels.
std::string bare(const std::string &c) {
    std::string out;
    for (std::size_t i = 0; i < c.size(); ++i) {
        if (c.compare(i, 2, "/*") == 0) {
            const std::size_t end = c.find("*/", i + 2);
            i = end == c.npos ? c.size() : end + 1;
            out += ' ';
        } else if (c.compare(i, 2, "//") == 0) {
            i = std::min(c.find('\n', i), c.size()) - 1;
        } else if (c[i] == '"') {
            while (++i < c.size() && c[i] != '"')
                if (c[i] == '\\') ++i;
        } else if (c[i] == '\'') { // a label may hold one
            const std::size_t from = i;
            while (++i < c.size() && c[i] != '\'')
                if (c[i] == '\\') ++i;
            out.append(c, from, i + 1 - from);
        } else {
            out += c[i];
        }
    }
    return out;
}

// From here to where an operand of == ends.
std::string operand(const std::string &text, std::size_t from) {
    int depth = 0;
    std::size_t end = from;
    for (; end < text.size(); ++end) {
        depth += text[end] == '(';
        if ((text[end] == ')' && depth-- == 0) || std::strchr(";?{}", text[end]) || text.compare(end, 2, "&&") == 0 ||
            text.compare(end, 2, "||") == 0)
            break;
    }
    return text.substr(from, end - from);
}

// What stands between `case` and its colon, and what ioc_cmd is compared with. Message types and the stream head's own
// commands are none of the driver's.
std::vector<std::string> labels(const std::string &source) {
    const std::string text = bare(source);
    std::vector<std::string> out;
    auto in_word = [](unsigned char c) { return std::isalnum(c) || c == '_'; };
    auto take = [&](std::string label) {
        std::replace(label.begin(), label.end(), '\n', ' ');
        const std::size_t first = label.find_first_not_of(" \t(");
        if (first == label.npos || label.compare(first, 2, "M_") == 0 || label.compare(first, 2, "I_") == 0) return;
        if (label.find(';') == label.npos && std::find(out.begin(), out.end(), label) == out.end()) out.push_back(label);
    };
    for (std::size_t at = 0; (at = text.find("ioc_cmd", at)) != text.npos; at += 7) {
        const std::size_t sign = text.find_first_not_of(" \t\n", at + 7);
        if (sign != text.npos && (text.compare(sign, 2, "==") == 0 || text.compare(sign, 2, "!=") == 0))
            take(operand(text, sign + 2));
    }
    for (std::size_t at = 0; (at = text.find("case", at)) != text.npos; at += 4) {
        if ((at > 0 && in_word(text[at - 1])) || at + 4 >= text.size() || in_word(text[at + 4])) continue;
        std::size_t end = at + 4;
        while (end < text.size() && (text[end] != ':' || (text[end - 1] == '\'' && text[end + 1] == '\''))) ++end;
        take(text.substr(at + 4, end - at - 4));
    }
    return out;
}

bool to_assembly(const fs::path &scratch, const std::string &text, std::string &assembly) {
    const fs::path source = scratch / "cases.c", output = scratch / "cases.s";
    std::ofstream(source) << text;
    Compile what;
    what.sources = {source.string()};
    what.output = output.string();
    what.more = {"-w", "-S"};
    what.quiet = true;
    const bool good = compile(what) == 0;
    assembly = slurp(output);
    return good;
}

// The values of labels, as the compiler has them: no code of the driver runs.
bool values(const fs::path &scratch, const fs::path &source, const std::vector<std::string> &labels, std::vector<long> &out) {
    std::string text = fmt::format("#include \"{}\"\nunsigned int rill_check_cases[] = {{\n", source.string());
    for (const std::string &label : labels) text += fmt::format("(unsigned int)({}),\n", label);
    std::string assembly;
    if (!to_assembly(scratch, text + "0xfeedfeed };\n", assembly)) return false;
    std::istringstream lines(assembly.substr(std::min(assembly.find("\nrill_check_cases:"), assembly.size())));
    std::vector<long> found;
    for (std::string word; lines >> word;) {
        if (word == ".zero") {
            long bytes = 0;
            for (lines >> bytes; bytes >= 4; bytes -= 4) found.push_back(0);
        } else if (word == ".long") {
            long value = 0;
            lines >> value;
            if (static_cast<unsigned>(value) == 0xfeedfeed) break;
            found.push_back(static_cast<int>(value));
        }
    }
    if (found.size() != labels.size()) return false;
    out.insert(out.end(), found.begin(), found.end());
    return true;
}

void from_source(const fs::path &source, std::vector<long> &out) {
    std::vector<std::string> all = labels(slurp(source));
    if (all.empty()) return;
    all.resize(std::min(all.size(), 2 * most_commands));
    Scratch scratch;
    if (scratch.make("rill-check") != 0) return;
    std::error_code ignored;
    const fs::path path = fs::absolute(source, ignored);
    if (values(scratch.path(), path, all, out) || !values(scratch.path(), path, {}, out)) return;
    for (const std::string &label : all) values(scratch.path(), path, {label}, out); // one of them has no value there
}

// Sources that the debug information names, as far as they are still there.
std::vector<fs::path> sources_of(const fs::path &object) {
    const std::string bytes = slurp(object);
    std::set<std::string> files;
    std::vector<fs::path> directories{object.parent_path(), "."};
    for (std::size_t at = 0; at < bytes.size();) {
        const std::size_t end = std::min(bytes.find('\0', at), bytes.size());
        const std::string_view word(bytes.data() + at, end - at);
        at = end + 1;
        if (word.size() < 2 || word.size() > 4095) continue;
        if (word.ends_with(".c")) files.emplace(word);
        std::error_code ignored;
        if (word[0] == '/' && directories.size() < 16 && fs::is_directory(word, ignored)) directories.emplace_back(word);
    }
    std::vector<fs::path> out;
    for (const std::string &file : files)
        for (const fs::path &directory : directories) {
            std::error_code ignored;
            const fs::path path = directory / file;
            if (!fs::is_regular_file(path, ignored)) continue;
            out.push_back(path);
            break;
        }
    return out;
}

} // namespace

bool read_commands(const std::string &text, std::vector<long> &commands) {
    std::string line;
    for (std::istringstream lines(text); std::getline(lines, line);) {
        std::replace(line.begin(), line.end(), ',', ' ');
        std::istringstream words(line.substr(0, line.find_first_of("#*")));
        for (std::string word; words >> word;) {
            char *end = nullptr;
            errno = 0;
            const long value = std::strtol(word.c_str(), &end, 0);
            if (errno || *end || value < INT32_MIN || value > static_cast<long>(UINT32_MAX)) return false;
            commands.push_back(static_cast<int>(value));
        }
    }
    return true;
}

std::optional<std::string> find_commands(const CheckOptions &o, const std::string &beside, std::vector<long> &commands) {
    std::error_code ignored;
    const fs::path file = beside + ".ioctls", source = beside + ".c", object = beside + ".so";
    if (!o.ioctls.empty()) {
        for (const std::string &word : o.ioctls) read_commands(word, commands);
    } else if (fs::exists(file, ignored)) {
        if (!read_commands(slurp(file), commands)) return fmt::format("{}: expected numbers", file.string());
    } else if (fs::exists(source, ignored)) {
        from_source(source, commands);
    } else {
        for (const fs::path &path : sources_of(object)) from_source(path, commands);
    }
    std::sort(commands.begin(), commands.end());
    commands.erase(std::unique(commands.begin(), commands.end()), commands.end());
    commands.resize(std::min(commands.size(), most_commands));
    return {};
}

} // namespace rill::tool
