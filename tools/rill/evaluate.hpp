// Evaluates lines of a scenario: a line in, an Outcome out. One line is one call of one process.
//
// A line is parsed before anything is done, so that a mistake in it does nothing; then the call is made through the C
// face (<rill.h>), as an application would. It is made at once, or in the background (a trailing `&`), where it may
// sleep until another line wakes it. Nothing here prints: that is Scenario's part (scenario.hpp).
#pragma once

#include "streams/system.hpp"
#include "streams/view/text.hpp"
#include "tools/rill/check/watch.hpp"
#include "tools/rill/commands.hpp"
#include "tools/rill/logs.hpp"

#include <functional>
#include <list>
#include <map>
#include <optional>
#include <rill.h>
#include <string>

namespace rill::tool {

struct User {
    std::string name; // "" for the first process
    rill_proc *handle;
    std::map<std::string, int> descriptors;

    Process &process() { return *reinterpret_cast<Process *>(handle); }
};

int descriptor(User &user, Words &words, const char *expected = "a descriptor");
Want parse_want(Words &words);
Outcome outcome(User &user, long result); // of a C call that returned this just now

class Evaluator {
public:
    explicit Evaluator(rill_system *system);
    ~Evaluator();
    Evaluator(const Evaluator &) = delete;

    Outcome evaluate(std::string_view line);
    void end(); // of all processes, and of what they had
    // The command of a line, and the line without what it expects; nullptr for a comment and for a line that is wrong.
    const Command *command_of(std::string_view line, std::string *call = nullptr);

    std::string whose(int pid) const; // "" for the process whose call is evaluated
    bool steps = true;                // `show steps`, `show calls`: what the reader wants
    // What `help CLN-022` tells; false: no such clause. Unset: no catalogue is at hand.
    std::function<bool(const std::string &id, std::string &text)> clause;

    // Where a file lies that a line names; unset: as it is named.
    std::function<std::string(const std::string &name)> find_file;

    std::optional<Census> counted; // the last census that was asked for
    std::vector<Logger> loggers;   // of strace and strerr
    std::string read_loggers();    // what they got since, in lines (logs.cpp)
    void watch(const std::string &driver); // what `rill check` finds of it beside faults becomes one

    // For the functions of the table.
    rill_system *handle() { return handle_; }
    System &system() { return system_; }
    User &acting() { return *acting_; }
    User &first() { return users_.front(); }
    User *find_user(std::string_view name);
    User &user(Words &words);
    std::list<User> &users() { return users_; }
    User &add_user(User user) { return users_.emplace_back(std::move(user)); }
    Stream &stream(Words &words);
    Outcome wait(User &user);                               // for its oldest call that sleeps, or what the last one came to
    std::string end_user(User &user, const std::string &how); // how its sleeping calls ended, "" when it had none

private:
    struct Line { // a line that is a call
        User *user = nullptr;
        std::string shown;  // as written
        std::string assign; // the descriptor's name, or nothing
        std::optional<Want> want;
    };
    struct Job { // a call in the background
        Line line;
        Action action;
        Outcome ended;
        Background *background = nullptr;
    };
    struct Parsed {
        Line line;
        const Command *command = nullptr;
        bool background = false;
        std::size_t column = 1; // where the call begins: behind what it expects
    };
    Parsed parse(Words &words, std::string_view shown);
    Outcome start(Line line, Action action, const char *name);
    Outcome finish(const Line &line, Outcome ended);
    void tell_watched();

    rill_system *handle_;
    System &system_;
    std::list<User> users_;
    User *acting_ = nullptr;
    std::list<Job> jobs_;
    std::map<std::string, Outcome> done_; // by process: its last background call that ended at once
    std::list<User> gone_;                // a call that its driver never lets go still refers to them
    Actor entered_;                       // for the watch, which goes first
    std::unique_ptr<Watch> watch_;
};

} // namespace rill::tool
