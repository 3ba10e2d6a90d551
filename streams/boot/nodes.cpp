#include "streams/boot/nodes.hpp"

#include <cctype>
#include <iterator>
#include <set>

namespace rill::sysgen {

namespace {

bool type_of(const Word &word, Problems &problems, mode_t &mode) {
    if (word.text == "c") mode |= S_IFCHR;
    else if (word.text == "b") mode |= S_IFBLK;
    else {
        problems.expected(word, "b or c");
        return false;
    }
    return true;
}

} // namespace

namespace {

// A line in parts, before it is believed.
struct Draft {
    NodeLine node;
    unsigned long major = 0, minor = 0, mode = 0666, uid = 0, gid = 0;
};

bool number_of(const Word &word, unsigned long max, const char *what, Problems &problems, unsigned long &value, int base = 0) {
    if (number(word.text, max, value, base)) return true;
    problems.expected(word, what);
    return false;
}

// PATH TYPE MAJOR MINOR MODE UID GID
bool read_full(const std::vector<Word> &words, const MajorOf &major_of, Problems &problems, Draft &draft) {
    auto device_part = [&](const Word &word, unsigned long max, const char *what, unsigned long &value) {
        if (!std::isdigit(static_cast<unsigned char>(word.text[0]))) return major_of(word, value);
        return number_of(word, max, (std::string(what) + " of at most " + std::to_string(max)).c_str(), problems, value);
    };
    draft.node.path = words[0].text;
    return type_of(words[1], problems, draft.node.mode) && device_part(words[2], MAXMAJ, "a major", draft.major) &&
           device_part(words[3], MAXMIN, "a minor", draft.minor) &&
           number_of(words[4], 07777, "a mode, octal, of at most 7777", problems, draft.mode, 8) &&
           number_of(words[5], 0x7fffffff, "a uid", problems, draft.uid) && number_of(words[6], 0x7fffffff, "a gid", problems, draft.gid);
}

// DRIVER NODE TYPE MINOR
bool read_svr4(const std::vector<Word> &words, const MajorOf &major_of, Problems &problems, Draft &draft) {
    draft.node.path = "/dev/" + words[1].text;
    if (words[1].text[0] == '/' || words[1].text.find("..") != std::string::npos) {
        problems.expected(words[1], "the name of a node under /dev");
        return false;
    }
    return major_of(words[0], draft.major) && type_of(words[2], problems, draft.node.mode) &&
           number_of(words[3], 255, "a minor of at most 255 (CFG-051)", problems, draft.minor);
}

} // namespace

void parse_nodes(const Source &source, const MajorOf &major_of, Problems &problems, std::vector<NodeLine> &nodes) {
    static const char *const columns[] = {"a path", "b or c", "a major", "a minor", "a mode, octal", "a uid", "a gid"};
    static const char *const columns_svr4[] = {"a driver", "a node under /dev", "b or c", "a minor"};
    std::set<std::string> paths;
    for (const NodeLine &node : nodes) paths.insert(node.path);
    for (std::size_t line = 0; line < source.lines.size(); ++line) {
        const std::vector<Word> words = split(source, line);
        if (words.empty() || source.lines[line][0] == '*') continue;
        const bool full = words[0].text[0] == '/';
        const std::size_t wanted = full ? std::size(columns) : std::size(columns_svr4);
        if (words.size() < wanted) {
            problems.expected(source.at(line, source.lines[line].size()), full ? columns[words.size()] : columns_svr4[words.size()], "");
            continue;
        }
        if (words.size() > wanted) {
            problems.expected(words[wanted].place, "the end of the line", words[wanted].text);
            continue;
        }
        Draft draft;
        if (!(full ? read_full(words, major_of, problems, draft) : read_svr4(words, major_of, problems, draft))) continue;
        NodeLine &node = draft.node;
        node.place = words[0].place;
        node.dev = make_device(static_cast<major_t>(draft.major), static_cast<minor_t>(draft.minor));
        if (node.path.back() == '/' || node.path.size() >= 1024) {
            problems.expected(words[0], "the path of a node");
        } else if (node.dev == no_device) {
            problems.add(words[full ? 2 : 3].place, "expected a device number, found the value of NODEV (DEV-001)");
        } else if (!paths.insert(node.path).second) {
            problems.add(words[full ? 0 : 1].place, "expected a new path, found '" + node.path + "' for the second time");
        } else {
            node.mode |= static_cast<mode_t>(draft.mode);
            node.uid = static_cast<uid_t>(draft.uid);
            node.gid = static_cast<gid_t>(draft.gid);
            nodes.push_back(std::move(node));
        }
    }
}

} // namespace rill::sysgen
