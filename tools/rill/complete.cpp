// Completion: the arguments of the table of commands say what may stand where.
#include "clone/designs/design.hpp"
#include "tools/rill/catalogue.hpp"
#include "tools/rill/clause.hpp"
#include "tools/rill/evaluate.hpp"
#include "tools/rill/shell.hpp"

#include <algorithm>
#include <set>
#include <sstream>

namespace rill::tool {

namespace {

using Names = std::set<std::string>;

std::vector<std::string> words_of(std::string_view text) {
    std::istringstream in{std::string(text)};
    std::vector<std::string> out;
    for (std::string word; in >> word;) out.push_back(word);
    return out;
}

void add_nodes(System &system, Names &names) {
    for (const auto &[path, node] : system.nodes.nodes())
        if (!node->hidden) names.insert(path);
}

void add_drivers(System &system, Names &names) {
    for (const auto &driver : system.registry.rows())
        if (driver) names.insert(driver->name);
}

// `token` as it stands in the table: "[COUNT]", "in|out|pri", "FD".
void add_kind(Evaluator &e, User &user, std::string token, Names &names) {
    std::erase_if(token, [](char c) { return c == '[' || c == ']'; });
    if (token == "FD")
        for (const auto &[name, fd] : user.descriptors) names.insert(name);
    else if (token == "PATH")
        add_nodes(e.system(), names);
    else if (token == "DRIVER")
        add_drivers(e.system(), names);
    else if (token == "PROCESS")
        for (const User &u : e.users()) names.insert(u.name);
    else if (token == "DESIGN")
        for (const designs::Design &d : designs::all()) names.insert(d.name);
    else if (token == "SIGNAL")
        names.insert({"SIGHUP", "SIGINT", "SIGKILL", "SIGTERM", "SIGUSR1", "SIGUSR2", "SIGPOLL"});
    else if (token == "COMMAND")
        for (const StreamioName &s : streamio_names()) names.insert(s.name);
    else if (token == "MODULE")
        for (const auto &module : e.system().registry.modules()) names.insert(module->name);
    else if (token == "CALL") {
        for (const Command &c : commands()) names.insert(c.name);
        for (const StreamioName &s : streamio_names()) names.insert(s.name);
        for (const std::string &id : clause_ids()) names.insert(id);
    } else if (token.find_first_of("|") != token.npos || (!token.empty() && std::islower(static_cast<unsigned char>(token[0])))) {
        std::istringstream parts(token);
        for (std::string part; std::getline(parts, part, '|');)
            if (!part.empty() && part.find_first_of("\".") == part.npos) names.insert(part);
    }
}

} // namespace

std::vector<std::string> completions(Evaluator &e, std::string_view line, std::size_t &from) {
    from = line.find_last_of(" \t");
    from = from == line.npos ? 0 : from + 1;
    std::string start(line.substr(from));
    std::vector<std::string> before = words_of(line.substr(0, from));
    User *user = &e.first();
    std::size_t at = 0;
    const auto actor = [&] {
        if (at >= before.size() || before[at].back() != ':') return;
        if (User *found = e.find_user(before[at].substr(0, before[at].size() - 1))) user = found;
        ++at;
    };
    actor();
    bool want = false;
    if (at < before.size() && before[at] == "expect") {
        ++at;
        want = at >= before.size();
        at += at < before.size() && before[at] == "=" ? 2 : 1;
        at = std::min(at, before.size());
        actor();
    }
    if (at + 1 < before.size() && before[at + 1] == "=") at += 2;
    before.erase(before.begin(), before.begin() + static_cast<long>(std::min(at, before.size())));

    Names names;
    if (want) {
        names.insert("ok");
        for (int error = 1; error < 134; ++error)
            if (std::string name = view::errno_name(error); !name.starts_with("errno")) names.insert(name);
    } else if (before.empty()) {
        for (const Command &c : commands())
            if (!c.need) names.insert(c.name);
        names.insert("expect");
        for (const User &u : e.users())
            if (!u.name.empty()) names.insert(u.name + ":");
    } else if (const Command *command = find_command(before[0])) {
        const std::vector<std::string> tokens = words_of(command->arguments);
        const std::size_t place = before.size() - 1;
        if (command->call == ioctl_call && place >= 2) {
            for (const StreamioName &s : streamio_names())
                if (before[2] == s.name)
                    if (const auto arguments = words_of(s.arguments); place - 2 < arguments.size()) add_kind(e, *user, arguments[place - 2], names);
        } else if (place < tokens.size()) {
            add_kind(e, *user, tokens[place], names);
            // What may be left out: the next one may stand here too.
            for (std::size_t i = place; i + 1 < tokens.size() && tokens[i].starts_with('['); ++i) add_kind(e, *user, tokens[i + 1], names);
        }
        // rdwr|nonb: each of the names
        if (const std::size_t bar = start.rfind('|'); bar != start.npos) {
            from += bar + 1;
            start.erase(0, bar + 1);
        }
    }
    std::vector<std::string> out;
    for (const std::string &name : names)
        if (!name.empty() && name.starts_with(start)) out.push_back(name);
    return out;
}

} // namespace rill::tool
