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
            problems.expected(source.at(line, source.lines[line].size()),
                              full ? columns[words.size()] : columns_svr4[words.size()], "");
            continue;
        }
        if (words.size() > wanted) {
            problems.expected(words[wanted].place, "the end of the line", words[wanted].text);
            continue;
        }
        NodeLine node;
        node.place = words[0].place;
        unsigned long major = 0, minor = 0, mode = 0666, uid = 0, gid = 0;
        auto device_part = [&](const Word &word, unsigned long max, const char *what, unsigned long &value) {
            if (std::isdigit(static_cast<unsigned char>(word.text[0]))) {
                if (number(word.text, max, value)) return true;
                problems.expected(word, std::string(what) + " of at most " + std::to_string(max));
                return false;
            }
            return major_of(word, value);
        };
        if (full) {
            node.path = words[0].text;
            if (!type_of(words[1], problems, node.mode) || !device_part(words[2], MAXMAJ, "a major", major) ||
                !device_part(words[3], MAXMIN, "a minor", minor))
                continue;
            if (!number(words[4].text, 07777, mode, 8)) {
                problems.expected(words[4], "a mode, octal, of at most 7777");
                continue;
            }
            if (!number(words[5].text, 0x7fffffff, uid)) {
                problems.expected(words[5], "a uid");
                continue;
            }
            if (!number(words[6].text, 0x7fffffff, gid)) {
                problems.expected(words[6], "a gid");
                continue;
            }
        } else {
            node.path = "/dev/" + words[1].text;
            if (words[1].text[0] == '/' || words[1].text.find("..") != std::string::npos) {
                problems.expected(words[1], "the name of a node under /dev");
                continue;
            }
            if (!major_of(words[0], major) || !type_of(words[2], problems, node.mode)) continue;
            if (!number(words[3].text, 255, minor)) {
                problems.expected(words[3], "a minor of at most 255 (CFG-051)");
                continue;
            }
        }
        if (node.path.back() == '/' || node.path.size() >= 1024) {
            problems.expected(words[0], "the path of a node");
            continue;
        }
        if (make_device(static_cast<major_t>(major), static_cast<minor_t>(minor)) == no_device) {
            problems.add(words[full ? 2 : 3].place, "expected a device number, found the value of NODEV (DEV-001)");
            continue;
        }
        if (!paths.insert(node.path).second) {
            problems.add(words[full ? 0 : 1].place, "expected a new path, found '" + node.path + "' for the second time");
            continue;
        }
        node.mode |= static_cast<mode_t>(mode);
        node.uid = static_cast<uid_t>(uid);
        node.gid = static_cast<gid_t>(gid);
        node.dev = make_device(static_cast<major_t>(major), static_cast<minor_t>(minor));
        nodes.push_back(std::move(node));
    }
}

} // namespace rill::sysgen
