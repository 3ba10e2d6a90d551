// strchg(1): changes which modules a stream has, from what the command line says, by I_PUSH and I_POP; the first that fails
// ends it. strconf(1)'s options ask by I_LOOK and I_FIND.
#include "tools/rill/evaluate.hpp"

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <fstream>
#include <fmt/format.h>

namespace rill::tool {

namespace {

int pop(User &user, int fd) { return rill_ioctl(user.handle, fd, I_POP, 0); }

int push(User &user, int fd, const std::string &module) { return rill_ioctl(user.handle, fd, I_PUSH, module.c_str()); }

// The name of the topmost module; "" when there is none.
std::string top(User &user, int fd) {
    char name[FMNAMESZ + 1] = {};
    return rill_ioctl(user.handle, fd, I_LOOK, name) < 0 ? "" : name;
}

Outcome refused(User &user, int result, const std::string &module) {
    Outcome o = outcome(user, result);
    o.why = fmt::format("{}: {}", module, o.why);
    return o;
}

Action push_all(User &user, int fd, std::vector<std::string> modules) {
    return [&user, fd, modules = std::move(modules)] {
        for (const std::string &module : modules)
            if (const int result = push(user, fd, module); result < 0) return refused(user, result, module);
        return outcome(user, 0);
    };
}

Action pop_until(User &user, int fd, std::string module) { // "": all
    return [&user, fd, module = std::move(module)] {
        if (!module.empty())
            if (const int found = rill_ioctl(user.handle, fd, I_FIND, module.c_str()); found <= 0) {
                Outcome o = outcome(user, found);
                if (!o.error) { // nothing is popped for a module that is not there
                    o.error = EINVAL;
                    o.why = "strchg: the module is not on the stream";
                }
                return o;
            }
        for (std::string name = top(user, fd); !name.empty() && name != module; name = top(user, fd))
            if (const int result = pop(user, fd); result < 0) return outcome(user, result);
        return outcome(user, 0);
    };
}

} // namespace

Action strchg_call(User &user, Words &words) {
    if (words.take_if("-h")) {
        const std::string list = words.name("modules, with commas between");
        std::vector<std::string> modules(1);
        for (char c : list)
            if (c == ',') modules.emplace_back();
            else modules.back() += c;
        return push_all(user, descriptor(user, words), std::move(modules));
    }
    if (words.take_if("-p")) {
        if (words.take_if("-a")) return pop_until(user, descriptor(user, words), "");
        if (words.take_if("-u")) {
            std::string module = words.name("a module");
            return pop_until(user, descriptor(user, words), std::move(module));
        }
        const int fd = descriptor(user, words);
        return [&user, fd] { return outcome(user, pop(user, fd)); };
    }
    if (!words.take_if("-f")) words.fail("expected -h MODULE,..., -p, -p -a, -p -u MODULE, or -f FILE");
    const std::size_t column = words.column();
    const std::string path = words.name("a file");
    std::ifstream in(path);
    if (!in || std::filesystem::is_directory(path)) throw SyntaxError(column, fmt::format("cannot read {}", path));
    std::vector<std::string> modules; // the topmost first
    for (std::string line; std::getline(in, line);)
        if (!line.empty() && line[0] != '#') modules.push_back(line);
    std::reverse(modules.begin(), modules.end());
    const int fd = descriptor(user, words);
    return [&user, fd, modules] {
        for (const std::string &module : modules) // nothing changes for one that is not there
            if (const int found = rill_ioctl(user.handle, fd, I_FIND, module.c_str()); found < 0) return refused(user, found, module);
        const Outcome popped = pop_until(user, fd, "")();
        return popped.error ? popped : push_all(user, fd, modules)();
    };
}

std::string strconf_answer(User &user, int fd, const std::string *module) {
    if (!module) return top(user, fd) + '\n';
    return rill_ioctl(user.handle, fd, I_FIND, module->c_str()) > 0 ? "yes\n" : "no\n";
}

} // namespace rill::tool
