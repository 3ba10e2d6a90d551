// The words that a line of a scenario may begin with, in one table: dispatch, help, completion and the search for the
// nearest word read it. A new one: a function, and a row in commands.cpp.
#pragma once

#include "tools/rill/outcome.hpp"
#include "tools/rill/words.hpp"

#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace rill::tool {

class Evaluator;
struct Needs;
struct User;

using Action = std::function<Outcome()>;

enum class Part {
    call,
    question,
    time,
    process,
    driver,
    log,
    administration,
    shown,
    need,
};

struct Command {
    const char *name;
    Part part;
    const char *arguments; // what stands behind the name: FD, PATH, DRIVER, PROCESS ... are what completion offers there
    const char *help;      // a sentence
    const char *example;   // lines that work with the drivers that are built in
    // A system call: reads its words and returns what will make it. Nothing is done yet.
    Action (*call)(User &, Words &) = nullptr;
    // Anything else is done at once.
    Outcome (*act)(Evaluator &, Words &) = nullptr;
    const char *asks = nullptr; // what `--predict` asks before it
    // What a scenario needs is read before the System is made.
    void (*need)(Needs &, std::string_view line, int number) = nullptr;
};

std::span<const Command> commands();
const Command *find_command(std::string_view name);

// Those of streamio(7) that `ioctl FD` knows by name.
struct StreamioName {
    const char *name, *arguments;
};
std::vector<StreamioName> streamio_names();

std::string help();                          // all of them, by part
std::string help_of_needs();                 // those of a scenario's first lines
std::string help_of(const Command &command); // usage, sentence, example
// "" when nothing is near. Candidates in the order of the table, so that the same word always has the same answer.
std::string nearest(std::string_view word, const std::vector<std::string> &candidates);
// "; is open meant?" or "".
std::string meant(std::string_view word, const std::vector<std::string> &candidates);
std::vector<std::string> command_names();

// calls.cpp
Action open_call(User &, Words &), close_call(User &, Words &), read_call(User &, Words &), write_call(User &, Words &),
    stat_call(User &, Words &), fstat_call(User &, Words &), dup_call(User &, Words &), fcntl_call(User &, Words &),
    mknod_call(User &, Words &), unlink_call(User &, Words &), ioctl_call(User &, Words &), isastream_call(User &, Words &),
    strchg_call(User &, Words &), pipe_call(User &, Words &), fattach_call(User &, Words &), fdetach_call(User &, Words &), chmod_call(User &, Words &), chown_call(User &, Words &),
    putmsg_call(User &, Words &), getmsg_call(User &, Words &), poll_call(User &, Words &);
// strchg.cpp: the topmost module, or whether this one is on the stream.
std::string strconf_answer(User &user, int fd, const std::string *module);
Action parse_streamio(User &user, int fd, Words &words);

// needs.cpp
void need_system(Needs &, std::string_view, int), need_profile(Needs &, std::string_view, int), need_drivers(Needs &, std::string_view, int),
    need_seed(Needs &, std::string_view, int), need_faults(Needs &, std::string_view, int), need_clause(Needs &, std::string_view, int);

// controls.cpp
Outcome ask_minors(Evaluator &, Words &), ask_strconf(Evaluator &, Words &), ask_dot(Evaluator &, Words &),
    ask_ls(Evaluator &, Words &), ask_cdevsw(Evaluator &, Words &), ask_ps(Evaluator &, Words &), ask_fds(Evaluator &, Words &),
    ask_calls(Evaluator &, Words &), ask_census(Evaluator &, Words &);
Outcome run_idle(Evaluator &, Words &), advance(Evaluator &, Words &), fail_allocation(Evaluator &, Words &);
Outcome new_process(Evaluator &, Words &), fork_process(Evaluator &, Words &), wait_for(Evaluator &, Words &),
    signal_process(Evaluator &, Words &), kill_process(Evaluator &, Words &), exit_process(Evaluator &, Words &);
Outcome attach(Evaluator &, Words &), detach(Evaluator &, Words &), unload(Evaluator &, Words &), watch(Evaluator &, Words &);
Outcome begin_strace(Evaluator &, Words &), begin_strerr(Evaluator &, Words &),
    send_strlog(Evaluator &, Words &); // logs.cpp
Outcome autopush(Evaluator &, Words &); // autopush.cpp
Outcome show_what(Evaluator &, Words &), tell_help(Evaluator &, Words &), quit(Evaluator &, Words &);

} // namespace rill::tool
