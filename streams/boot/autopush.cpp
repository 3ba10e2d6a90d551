#include "streams/boot/autopush.hpp"

#include <cctype>
#include <cerrno>
#include <cstring>
#include <fmt/format.h>

namespace rill::sysgen {

namespace {

bool minor_of(const Word &word, const char *what, int least, Problems &problems, int &value) {
    unsigned long number_read = 0;
    if (least < 0 && word.text == "-1")
        value = -1;
    else if (number(word.text, MAXMIN, number_read))
        value = static_cast<int>(number_read);
    else
        return problems.expected(word, fmt::format("{} of at most {}", what, MAXMIN)), false;
    return true;
}

bool read_major(const Word &word, const MajorOf &major_of, Problems &problems, int &value) {
    unsigned long major = 0;
    if (!std::isdigit(static_cast<unsigned char>(word.text[0]))) {
        if (!major_of(word, major)) return false;
    } else if (!number(word.text, MAXMAJ, major)) {
        return problems.expected(word, fmt::format("a major of at most {}, or a driver's name", MAXMAJ)), false;
    }
    value = static_cast<int>(major);
    return true;
}

bool read_modules(const std::vector<Word> &words, Problems &problems, strapush_v1 &entry) {
    for (std::size_t i = 3; i < words.size(); ++i) {
        const std::string &name = words[i].text;
        if (name == "[anchor]") {
            if (entry.sap_npush == 0 || entry.sap_anchor) return problems.expected(words[i], "one anchor at most, behind a module (AUT-039)"), false;
            entry.sap_anchor = entry.sap_npush;
        } else if (entry.sap_npush == MAXAPUSH) {
            return problems.expected(words[i], fmt::format("at most {} modules", MAXAPUSH)), false;
        } else if (name.size() > FMNAMESZ) {
            return problems.expected(words[i], fmt::format("a module's name, of at most {} letters", FMNAMESZ)), false;
        } else {
            name.copy(entry.sap_list[entry.sap_npush++], FMNAMESZ);
        }
    }
    return true;
}

} // namespace

void parse_autopush(const Source &source, const MajorOf &major_of, Problems &problems, std::vector<AutopushLine> &lines) {
    static const char *const columns[] = {"a major, or a driver's name", "a minor, or -1 for all", "a last minor, or 0", "a module"};
    for (std::size_t n = 0; n < source.lines.size(); ++n) {
        const std::vector<Word> words = split(source, n);
        if (words.empty() || source.lines[n][0] == '#' || source.lines[n][0] == '*') continue;
        if (words.size() < std::size(columns)) {
            problems.expected(source.at(n, source.lines[n].size()), columns[words.size()], "");
            continue;
        }
        AutopushLine line{{}, words[0].place};
        strapush_v1 &entry = line.entry;
        if (!read_major(words[0], major_of, problems, entry.sap_major) || !minor_of(words[1], "a minor, or -1 for all,", -1, problems, entry.sap_minor) ||
            !minor_of(words[2], "a last minor", 0, problems, entry.sap_lastminor) || !read_modules(words, problems, entry))
            continue;
        entry.sap_cmd = entry.sap_minor < 0 ? SAP_ALL : entry.sap_lastminor ? SAP_RANGE
                                                                            : SAP_ONE;
        if (entry.sap_cmd == SAP_RANGE && entry.sap_lastminor <= entry.sap_minor) {
            problems.expected(words[2], "a last minor above the first, or 0 for one minor (AUT-015)");
            continue;
        }
        if (entry.sap_cmd == SAP_ALL) entry.sap_minor = 0;
        lines.push_back(line);
    }
}

int set_autopush(const std::vector<AutopushLine> &lines, Problems &problems, const std::function<int(const strapush_v1 &)> &set) {
    int first = 0;
    for (const AutopushLine &line : lines) {
        const int error = set(line.entry);
        if (!error) continue;
        if (!first) first = error;
        problems.add(line.place, fmt::format("{} ({})", autopush_refusal(error), strerrorname_np(error)));
    }
    return first;
}

std::string_view autopush_refusal(int error) {
    switch (error) {
    case EINVAL: return "no driver has this major, or a module is not there, or there is an anchor and this system has none";
    case ENOSTR: return "the driver is not a STREAMS driver";
    case EEXIST: return "modules are configured already, for one of the minors at least";
    case ENODEV: return "no modules are configured";
    case ERANGE: return "a range goes by its first minor, and ends behind it";
    case ENOSR: return "the autopush table is full, or there is no memory";
    default: return std::strerror(error);
    }
}

} // namespace rill::sysgen
