#include "streams/boot/like.hpp"

#include <cerrno>

namespace rill::sysgen {

int read_like(const std::string &path, const std::string &shown, Problems &problems, Convention &convention) {
    convention = Convention::unsaid;
    Source source;
    if (const int error = read_source(path, shown, source, problems)) return error == ENOENT || error == ENOTDIR ? 0 : error;
    for (std::size_t line = 0; line < source.lines.size(); ++line) {
        if (is_blank(source.lines[line]) || source.lines[line][0] == '*') continue;
        for (const Word &word : split(source, line)) {
            const Convention said = convention_named(word.text);
            if (said == Convention::unsaid) problems.expected(word, like_words);
            else if (convention != Convention::unsaid) problems.expected(word.place, "one word", word.text);
            else {
                convention = said;
                continue;
            }
            return EINVAL;
        }
    }
    if (convention != Convention::unsaid) return 0;
    problems.add({shown, 0, 0}, std::string("expected ") + like_words + ", found the end of the file");
    return EINVAL;
}

} // namespace rill::sysgen
