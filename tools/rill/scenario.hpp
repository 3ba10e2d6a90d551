// A scenario: calls in, annotated text out. One line is one call of one process.
//
// A line is parsed into an Action before anything is done, so that a mistake in it does nothing; the action makes the
// call through the C face (<rill.h>), as an application would, and says how it ended. The same action runs at once, or
// in the background (a trailing `&`), where it may sleep until another line wakes it. Calls stand in calls.cpp, the
// streamio commands in streamio.cpp, questions about the System (minors, strconf, ...) in scenario.cpp.
#pragma once

#include "streams/system.hpp"
#include "streams/view/json.hpp"
#include "streams/view/tables.hpp"
#include "streams/view/text.hpp"
#include "tools/rill/words.hpp"

#include <functional>
#include <iosfwd>
#include <list>
#include <map>
#include <optional>
#include <rill.h>
#include <string>

namespace rill::tool {

enum class Show { all, quiet, json, nothing };

// How a call ended.
struct Outcome {
    int error = 0;
    long value = 0;                  // what the call returned
    std::string text;                // what the reader is shown; the value if empty
    std::optional<std::string> data; // bytes it delivered
    std::optional<dev_t> device;     // a device it told
    bool descriptor = false;         // value is a new descriptor
    std::string why;                 // after a failure
};

// What an `expect` asks for: one of these.
struct Want {
    std::string shown;        // as written
    std::optional<int> error; // 0: any success
    std::optional<long> value;
    std::optional<std::string> data;
    std::optional<dev_t> device;
    std::size_t column = 1;

    bool met(const Outcome &ended) const;
};

struct User {
    std::string name; // "" for the first process
    rill_proc *handle;
    std::map<std::string, int> descriptors;

    Process &process() { return *reinterpret_cast<Process *>(handle); }
};

using Action = std::function<Outcome()>;

// Reads the words of a call and returns what will make it. Nothing is done yet.
Action parse_call(User &user, Words &words, const char **name);
Action parse_streamio(User &user, int fd, Words &words);
int descriptor(User &user, Words &words, const char *expected = "a descriptor");
Outcome outcome(User &user, long result); // of a C call that returned this just now
std::string call_help();                  // a line for each call

class Scenario {
public:
    Scenario(rill_system *system, Show show, std::string source);
    ~Scenario();
    Scenario(const Scenario &) = delete;

    // All lines up to the end; false when an expectation failed or a line could not be understood (the message went to
    // stderr). A shell goes on after a failure. A prompt means that a person types: lines are not repeated.
    bool run(std::istream &in, bool go_on, const char *prompt = nullptr);
    // One line, for a program. False: it could not be understood, and nothing was done. `ended` is how its call ended, if
    // it is one that did.
    bool evaluate(std::string_view text, std::optional<Outcome> *ended);

private:
    struct Line { // a line that is a call, parsed
        User *user = nullptr;
        std::string shown;  // as written
        std::string assign; // the descriptor's name, or nothing
        std::optional<Want> want;
    };
    struct Job { // a call in the background
        Line line;
        Action action;
        const char *name; // of the call
        Outcome ended;
        Background *background = nullptr;
    };

    bool line(std::string_view text);
    void execute(Words &words, std::string_view shown);
    bool question(Words &words, std::string_view shown); // false if the word is none of these
    void control(const std::string &word, Words &words, std::string_view shown);
    void call(Words &words, std::string_view shown);
    void start(Line line, Action action, const char *name);
    void finish(const Line &line, const Outcome &ended);
    void wait_for(User &user, std::string_view shown);
    void design(const std::string &word, Words &words, std::string_view shown);
    void fork_process(Words &words, std::string_view shown);
    void new_process(Words &words, std::string_view shown);
    void end_process(Words &words, std::string_view shown);
    void signal(Words &words, std::string_view shown);
    Stream &stream(Words &words);

    void say(std::string_view text);
    void tell_prose();
    void show(std::string_view shown, std::string_view result);
    void show_trace();
    void show_table(std::string_view shown, std::string_view table);
    User *find_user(std::string_view name);
    User &user(Words &words);
    std::string whose(int pid) const;

    rill_system *handle_;
    System &system_;
    Show show_;
    std::string source_;
    bool echo_ = true;
    bool steps_ = true;  // `show steps`, `show calls`
    bool blank_ = false; // the last line printed was empty
    int number_ = 0;
    std::optional<Outcome> ended_;
    std::string prose_;
    std::list<User> users_;
    User *acting_ = nullptr;
    std::list<Job> jobs_;
    view::Text text_;
    view::Json json_;
};

} // namespace rill::tool
