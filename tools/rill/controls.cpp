// What a scenario can do apart from system calls: questions about the System, time and failure, processes, drivers. Each
// function takes the words behind its name, and does it.
#include "clone/designs/design.hpp"
#include "clone/minor_table.hpp"
#include "streams/view/dot.hpp"
#include "streams/view/tables.hpp"
#include "streams/view/text.hpp"
#include "tools/rill/builtin.hpp"
#include "tools/rill/catalogue.hpp"
#include "tools/rill/evaluate.hpp"

#include <cerrno>
#include <csignal>
#include <cstring>
#include <fmt/format.h>
#include <rill.h>

namespace rill::tool {

namespace {

Outcome told(Outcome::Kind kind, std::string text) {
    Outcome o;
    o.kind = kind;
    o.text = std::move(text);
    return o;
}
Outcome table(std::string text) { return told(Outcome::Kind::table, std::move(text)); }
Outcome note(std::string text) { return told(Outcome::Kind::note, std::move(text)); }
Outcome done(std::string text) { return told(Outcome::Kind::call, std::move(text)); }
Outcome errno_or(int error, std::string text) {
    Outcome o = done(std::move(text));
    o.error = error;
    return o;
}

int signal_number(const Word &word) {
    long number = 0;
    if (parse_number(word.text, &number) && number > 0 && number < 65) return static_cast<int>(number);
    for (int s = 1; s < 32; ++s)
        if (const char *name = sigabbrev_np(s); name && word.text == fmt::format("SIG{}", name)) return s;
    throw SyntaxError(word.column, fmt::format("no signal is called {}", word.text));
}

// A minor table as a row of cells: one for each minor.
std::string minors_of(const MinorTable &table, const std::string &name) {
    std::string cells, taken, aside;
    unsigned count = 0;
    for (minor_t m = 0; m < table.count(); ++m) {
        if (m < 64) cells += table.is_set_aside(m) ? '*'
                             : table.is_taken(m)   ? '#'
                                                   : '.';
        if (table.is_set_aside(m)) aside += fmt::format(" {}", m);
        if (!table.is_taken(m)) continue;
        if (++count <= 64) taken += fmt::format(" {}", m);
    }
    std::string out = fmt::format("{}: {} of {} minors in use, {} free   [{}{}]\n", name, count, table.count(),
                                  table.free(), cells, table.count() > 64 ? "..." : "");
    if (count) out += fmt::format("in use (#):{}{}\n", taken, count > 64 ? " ..." : "");
    if (!aside.empty()) out += fmt::format("set aside (*), never handed out:{}\n", aside);
    return out;
}

// The first process makes the calls of every line that names none: it stays.
User &other_process(Evaluator &e, Words &words) {
    User &user = e.user(words);
    if (&user == &e.first()) throw SyntaxError(1, "the first process stays");
    return user;
}

std::string new_name(Evaluator &e, Words &words, const char *expected) {
    const std::size_t column = words.column();
    std::string name = words.name(expected);
    if (e.find_user(name)) throw SyntaxError(column, fmt::format("a process is called {} already", name));
    return name;
}

const designs::Design &design(Words &words) {
    const std::size_t column = words.column();
    const std::string name = words.name("a design");
    if (const designs::Design *found = designs::find(name)) return *found;
    std::string names;
    for (const designs::Design &each : designs::all()) names += fmt::format("{}{}", names.empty() ? "" : ", ", each.name);
    throw SyntaxError(column, fmt::format("no design is called {}; there are: {}", name, names));
}

// Signals whose default does not end a process.
bool harmless(int sig) {
    return sig == SIGCHLD || sig == SIGURG || sig == SIGWINCH || sig == SIGCONT || sig == SIGSTOP || sig == SIGTSTP ||
           sig == SIGTTIN || sig == SIGTTOU;
}

} // namespace

Outcome ask_minors(Evaluator &e, Words &words) {
    const std::string name = words.name("a driver");
    words.finish();
    const MinorTable *found = MinorTable::find(e.system(), name);
    return table(found ? minors_of(*found, name) : fmt::format("no minor table is called {}\n", name));
}

Outcome ask_strconf(Evaluator &e, Words &words) {
    const bool topmost = words.take_if("-t");
    std::string module;
    if (!topmost && words.take_if("-m")) module = words.name("a module");
    Words again = words;
    Stream &stream = e.stream(words);
    words.finish();
    if (!topmost && module.empty()) return table(view::strconf(stream));
    return table(strconf_answer(e.acting(), descriptor(e.acting(), again), topmost ? nullptr : &module));
}

Outcome ask_dot(Evaluator &e, Words &words) {
    words.finish();
    return table(view::topology_dot(e.system()));
}

Outcome ask_ls(Evaluator &e, Words &words) {
    words.take_if("-l");
    const std::string path = words.empty() ? "/dev" : words.name("a path");
    words.finish();
    return table(view::nodes(e.system(), path));
}

Outcome ask_cdevsw(Evaluator &e, Words &words) {
    words.finish();
    return table(view::cdevsw(e.system()));
}

Outcome ask_ps(Evaluator &e, Words &words) {
    words.finish();
    return table(view::processes(e.system()));
}

Outcome ask_fds(Evaluator &e, Words &words) {
    words.finish();
    return table(view::descriptors(e.acting().process()));
}

Outcome ask_calls(Evaluator &e, Words &words) {
    words.finish();
    return table(view::calls(e.system()));
}

Outcome ask_census(Evaluator &e, Words &words) {
    const std::size_t column = words.column();
    const bool compares = words.take_if("same");
    words.finish();
    if (compares && !e.counted) throw SyntaxError(column, "there was no census before, to compare with");
    const Census now = e.system().census();
    const std::string text = now.text();
    Outcome o = table(text.empty() ? "nothing is in use\n" : text + '\n');
    if (const Census more = compares ? now.beyond(*e.counted) : Census{}; more != Census{}) {
        o.column = column;
        o.complaint = fmt::format("more is in use than at the census before: {}", more.text());
    }
    e.counted = now;
    return o;
}

Outcome run_idle(Evaluator &e, Words &words) {
    words.finish();
    rill_run(e.handle());
    return done("idle");
}

Outcome advance(Evaluator &e, Words &words) {
    const long ticks = words.number("how many ticks", 0, 1'000'000'000);
    words.finish();
    const long to = e.system().sched.now() + ticks;
    rill_advance(e.handle(), ticks);
    const long now = e.system().sched.now();
    return done(fmt::format("the clock is at {}{}", now, now < to ? ": broken off" : ""));
}

Outcome fail_allocation(Evaluator &e, Words &words) {
    const long count = words.number("which allocation", 0, 1'000'000'000);
    words.finish();
    rill_fail_nth(e.handle(), count);
    return done(count ? fmt::format("allocation {} from now will fail", count) : "no allocation will fail");
}

// fork CHILD [of NAME]: a process that shares the files of the first one, or of NAME.
Outcome fork_process(Evaluator &e, Words &words) {
    std::string name = new_name(e, words, "a name for the child");
    User *parent = &e.first();
    if (words.take_if("of")) parent = &e.user(words);
    words.finish();
    Enter scope(e.system());
    Process &child = e.system().fork_process(parent->process());
    e.add_user({std::move(name), reinterpret_cast<rill_proc *>(&child), parent->descriptors});
    return done("process " + e.users().back().name + " with the files of its parent");
}

Outcome new_process(Evaluator &e, Words &words) {
    std::string name = new_name(e, words, "a name for the process");
    constexpr long most_id = 0xffff'fffe; // -1 is no user
    long uid = 0, gid = 0;
    while (!words.empty()) {
        if (words.take_if("uid"))
            uid = words.number("a uid", 0, most_id);
        else if (words.take_if("gid"))
            gid = words.number("a gid", 0, most_id);
        else
            words.fail("expected uid N or gid N");
    }
    User &made = e.add_user({std::move(name), rill_proc_new(e.handle(), static_cast<uid_t>(uid), static_cast<gid_t>(gid)), {}});
    return done(fmt::format("process {}", made.process().pid));
}

Outcome wait_for(Evaluator &e, Words &words) {
    User &user = e.user(words);
    words.finish();
    Outcome ended = e.wait(user);
    ended.shown = fmt::format("wait {}   ({})", user.name, ended.shown);
    return ended;
}

Outcome exit_process(Evaluator &e, Words &words) {
    if (words.empty() && &e.acting() == &e.first()) {
        if (e.find_file) words.fail("expected a process: exit B, or B: exit (quit ends the scenario)");
        return quit(e, words); // of a shell
    }
    User &gone = words.empty() ? e.acting() : other_process(e, words);
    words.finish();
    return done(e.end_user(gone, "gone, with all its descriptors"));
}

Outcome signal_process(Evaluator &e, Words &words) {
    User &to = e.user(words);
    const std::size_t column = words.column();
    const int sig = signal_number(words.take("a signal"));
    words.finish();
    if (sig == SIGKILL || sig == SIGSTOP)
        throw SyntaxError(column, "no process can have a handler for this signal (kill ends a process)");
    rill_signal(to.handle, sig, [](int) {}); // caught: otherwise it would interrupt nothing
    rill_kill(to.handle, sig);
    rill_run(e.handle());
    return done("sent (the process has a handler for it)");
}

Outcome kill_process(Evaluator &e, Words &words) {
    User &to = other_process(e, words);
    const int sig = words.empty() ? SIGTERM : signal_number(words.take("a signal"));
    words.finish();
    if (harmless(sig)) return done("sent (it ends no process)");
    return done(e.end_user(to, "killed; its descriptors are closed"));
}

Outcome attach(Evaluator &e, Words &words) {
    if (!words.empty() && is_helper(words.peek()->text)) {
        const std::string name = words.name("a helper");
        const long major = words.number_or(0, "the major", 0, MAXMAJ);
        words.finish();
        return errno_or(attach_helper(e.handle(), name, major), "ok");
    }
    const designs::Design &found = design(words);
    const long bound = words.number_or(0, "how many", 0, MAXMIN + 1L);
    words.finish();
    Enter scope(e.system());
    return errno_or(found.attach(e.system(), static_cast<unsigned>(bound)), fmt::format("{} can be opened", found.path));
}

Outcome detach(Evaluator &e, Words &words) {
    const designs::Design &found = design(words);
    words.finish();
    Enter scope(e.system());
    return errno_or(found.detach(e.system()), "ok");
}

Outcome unload(Evaluator &e, Words &words) {
    const std::size_t column = words.column();
    const std::string name = words.name("a driver");
    words.finish();
    Enter scope(e.system());
    Driver *driver = e.system().registry.by_name(name);
    if (!driver) throw SyntaxError(column, fmt::format("no driver is called {}", name));
    return errno_or(e.system().registry.unload(*driver), "ok");
}

Outcome watch(Evaluator &e, Words &words) {
    const std::size_t column = words.column();
    const std::string name = words.name("a driver or module");
    words.finish();
    Registry &registry = e.system().registry;
    if (!registry.by_name(name) && !registry.module(name)) throw SyntaxError(column, fmt::format("no driver or module is called {}", name));
    e.watch(name);
    return done(fmt::format("{} is watched", name));
}

Outcome show_what(Evaluator &e, Words &words) {
    e.steps = words.take_if("steps");
    if (!e.steps && !words.take_if("calls")) words.fail("expected steps or calls");
    words.finish();
    return told(Outcome::Kind::nothing, "");
}

Outcome tell_help(Evaluator &e, Words &words) {
    if (words.empty()) return note(help());
    const std::size_t column = words.column();
    const std::string name = words.name("a call");
    words.finish();
    if (const Command *found = find_command(name)) return note(help_of(*found));
    std::vector<std::string> known = command_names();
    for (const StreamioName &each : streamio_names()) {
        if (name == each.name) return note(fmt::format("ioctl FD {} {}", each.name, each.arguments));
        known.emplace_back(each.name);
    }
    if (is_clause_id(name)) {
        std::string text;
        if (!e.clause) throw SyntaxError(column, "the clauses are not at hand here (rill clause ID)");
        if (!e.clause(name, text)) throw SyntaxError(column, text);
        return note(std::move(text));
    }
    throw SyntaxError(column, fmt::format("no call, ioctl or clause is called \"{}\"{}", name, meant(name, known)));
}

Outcome quit(Evaluator &e, Words &words) {
    if (&e.acting() != &e.first()) words.fail("quit ends the scenario, not a process (exit does)");
    words.finish();
    return told(Outcome::Kind::over, "");
}

} // namespace rill::tool
