#include "tools/rill/scenario.hpp"

#include "clone/designs/design.hpp"
#include "tools/rill/builtin.hpp"
#include "clone/minor_table.hpp"
#include "streams/view/dot.hpp"

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <fmt/format.h>
#include <fmt/ostream.h>
#include <iostream>
#include <utility>

namespace rill::tool {

namespace {

constexpr const char *indent = "    ";

struct Unmet : std::runtime_error {
    Unmet(std::size_t at, const std::string &what) : std::runtime_error(what), column(at) {}
    std::size_t column;
};

std::string_view trimmed(std::string_view text) {
    const std::size_t from = text.find_first_not_of(" \t\r");
    if (from == text.npos) return {};
    return text.substr(from, text.find_last_not_of(" \t\r") - from + 1);
}

std::string result_text(const Outcome &ended) {
    if (ended.error) {
        const std::string name = view::errno_name(ended.error);
        if (ended.error == EDEADLK) return fmt::format("{}: nothing could ever end the wait; {}", name, ended.why);
        return ended.why.empty() ? name : fmt::format("{}: {}", name, ended.why);
    }
    return ended.text.empty() ? std::to_string(ended.value) : ended.text;
}

int errno_number(std::string_view name) {
    for (int e = 1; e < 140; ++e)
        if (view::errno_name(e) == name) return e;
    return name == "EWOULDBLOCK" ? EAGAIN : 0;
}

bool device_number(std::string_view text, dev_t *dev) {
    if (text.size() < 5 || text.front() != '(' || text.back() != ')') return false;
    const std::size_t comma = text.find(',');
    long major = 0, minor = 0;
    if (comma == text.npos || !parse_number(text.substr(1, comma - 1), &major) ||
        !parse_number(text.substr(comma + 1, text.size() - comma - 2), &minor))
        return false;
    *dev = makedevice(static_cast<major_t>(major), static_cast<minor_t>(minor));
    return true;
}

Want parse_want(Words &words) {
    Want want;
    want.column = words.column();
    if (words.take_if("=")) {
        want.value = words.number("the number that the call should return");
        want.shown = std::to_string(*want.value);
        return want;
    }
    const Word &word = words.take("an errno, ok, = N, \"data\" or (MAJOR,MINOR)");
    want.shown = word.quoted ? view::quoted(word.text) : word.text;
    dev_t dev = no_device;
    if (word.quoted)
        want.data = word.text;
    else if (device_number(word.text, &dev))
        want.device = dev;
    else if (word.text == "ok")
        want.error = 0;
    else if (const int error = errno_number(word.text))
        want.error = error;
    else
        throw SyntaxError(word.column,
                          fmt::format("expected an errno, ok, = N, \"data\" or (MAJOR,MINOR), got {}", word.text));
    return want;
}

int signal_number(const Word &word) {
    long number = 0;
    if (parse_number(word.text, &number) && number > 0 && number < 65) return static_cast<int>(number);
    for (int s = 1; s < 32; ++s)
        if (const char *name = sigabbrev_np(s); name && word.text == fmt::format("SIG{}", name)) return s;
    throw SyntaxError(word.column, fmt::format("no signal is called {}", word.text));
}

// A minor table as a row of cells: one for each minor.
std::string minors(System &system, const std::string &name) {
    const MinorTable *table = MinorTable::find(system, name);
    if (!table) return fmt::format("no minor table is called {}\n", name);
    std::string cells, taken, aside;
    unsigned count = 0;
    for (minor_t m = 0; m < table->count(); ++m) {
        if (m < 64) cells += table->is_set_aside(m) ? '*' : table->is_taken(m) ? '#' : '.';
        if (table->is_set_aside(m)) aside += fmt::format(" {}", m);
        if (!table->is_taken(m)) continue;
        if (++count <= 64) taken += fmt::format(" {}", m);
    }
    std::string out = fmt::format("{}: {} of {} minors in use, {} free   [{}{}]\n", name, count, table->count(),
                                  table->free(), cells, table->count() > 64 ? "..." : "");
    if (count) out += fmt::format("in use (#):{}{}\n", taken, count > 64 ? " ..." : "");
    if (!aside.empty()) out += fmt::format("set aside (*), never handed out:{}\n", aside);
    return out;
}

constexpr std::string_view questions = R"(questions about the System
  minors DRIVER     strconf FD     dot     ls -l PATH     cdevsw     ps     fds     calls     census
time, order and failure
  run     advance TICKS     fail N (the N-th allocation from now fails)
processes
  proc NAME [uid N] [gid N]     NAME: CALL     NAME: CALL &     wait NAME     signal NAME SIGUSR1     exit NAME
  fork CHILD [of NAME] (shares its parent's files)
drivers
  attach DESIGN [BOUND]     detach DESIGN (`rill designs --list` names them)     unload DRIVER
what is shown
  show calls     show steps
what a call should do
  expect EBUSY CALL     expect ok CALL     expect = 5 CALL     expect "hello" CALL     expect (61,0) CALL
  # a comment     > a sentence of narration
)";

} // namespace

bool Want::met(const Outcome &ended) const {
    if (error) return *error == ended.error;
    if (ended.error) return false;
    if (value) return *value == ended.value;
    if (data) return ended.data == data;
    return ended.device == device;
}

Scenario::Scenario(rill_system *system, Show show, std::string source)
    : handle_(system), system_(*reinterpret_cast<System *>(system)), show_(show), source_(std::move(source)),
      json_([](std::string_view line) { fmt::print("{}\n", line); }) {
    users_.push_back({"", rill_proc_new(handle_, 0, 0), {}});
    acting_ = &users_.front();
    text_.whose = [this](int pid) { return whose(pid); };
    if (show_ == Show::all) system_.trace.attach(text_);
    if (show_ == Show::json) system_.trace.attach(json_);
    system_.console_sink = [this](int, std::string_view text) {
        if (text.starts_with("fault: ") && show_ == Show::all) { // its first line is a record of its own
            const std::size_t first = text.find('\n');
            if (first == text.npos) return;
            say(fmt::format("{}fault: {}", indent, text.substr(7, first - 7)));
            return say(std::string(text.substr(first + 1)));
        }
        if (show_ == Show::json)
            fmt::print(stderr, "{}\n", text);
        else
            say(fmt::format("{}console: {}", indent, text));
    };
}

Scenario::~Scenario() {
    for (Job &job : jobs_) { // a call that sleeps refers to its job: it has to end first
        Enter scope(system_);
        system_.finish(*job.background);
    }
    text_.whose = [](int) { return std::string(); }; // the processes go one by one; none is looked up by now
    for (User &u : users_) rill_proc_exit(u.handle);
    system_.console_sink = nullptr;
    if (show_ == Show::all) system_.trace.detach(text_);
    if (show_ == Show::json) system_.trace.detach(json_);
}

bool Scenario::run(std::istream &in, bool go_on, const char *prompt) {
    bool good = true;
    echo_ = !prompt;
    std::string text;
    for (;;) {
        if (prompt) fmt::print("{}", prompt);
        std::fflush(stdout);
        if (!std::getline(in, text)) break;
        if (trimmed(text) == "quit" || trimmed(text) == "exit") break;
        if (line(text)) continue;
        good = false;
        if (!go_on) return false;
    }
    tell_prose();
    return good;
}

bool Scenario::evaluate(std::string_view text, std::optional<Outcome> *ended) {
    ended_.reset();
    const bool understood = line(text);
    *ended = std::exchange(ended_, {});
    return understood;
}

bool Scenario::line(std::string_view text) {
    ++number_;
    const std::string_view shown = trimmed(text);
    if (shown.starts_with('>')) {
        prose_ += ' ';
        prose_ += shown.substr(1);
        if (trimmed(shown.substr(1)).empty()) tell_prose();
        return true;
    }
    tell_prose();
    try {
        Words words(split(text), text.size() + 1);
        if (!words.empty()) execute(words, shown.substr(0, shown.find(" #")));
        return true;
    } catch (const SyntaxError &e) {
        if (show_ != Show::nothing) fmt::print(stderr, "{}:{}:{}: {}\n", source_, number_, e.column, e.what());
    } catch (const Unmet &e) {
        if (show_ != Show::nothing) fmt::print(stderr, "{}:{}:{}: {}\n", source_, number_, e.column, e.what());
    }
    text_.take();
    return false;
}

void Scenario::execute(Words &words, std::string_view shown) {
    acting_ = &users_.front();
    if (question(words, shown)) return;
    static constexpr std::string_view controls[] = {"run",    "advance", "fail", "proc", "wait",
                                                    "signal", "exit",    "show", "help",
                                                    "fork",   "attach",  "detach", "unload"};
    for (std::string_view word : controls)
        if (words.peek()->is(word)) return control(words.name("a word"), words, shown);
    call(words, shown);
}

// --- calls ---------------------------------------------------------------------------------------------------------

void Scenario::call(Words &words, std::string_view shown) {
    Line line;
    line.shown = trimmed(shown);
    auto actor = [&] {
        const Word *word = words.peek();
        if (!word || word->quoted || word->text.size() < 2 || word->text.back() != ':') return;
        User *found = find_user(word->text.substr(0, word->text.size() - 1));
        if (!found) words.fail(fmt::format("no process is called {} (proc NAME makes one)", word->text));
        acting_ = found;
        words.take("a process");
    };
    actor();
    if (words.take_if("expect")) {
        line.want = parse_want(words);
        actor();
    }
    line.user = acting_;
    if (words.peek(1) && words.peek(1)->is("=")) {
        line.assign = words.name("a name for the descriptor");
        words.take("=");
    }
    const bool background = words.take_last_if("&");
    const char *name = "";
    Action action = parse_call(*line.user, words, &name);
    words.finish();
    if (background) return start(std::move(line), std::move(action), name);
    const Outcome ended = action();
    finish(line, ended);
}

void Scenario::start(Line line, Action action, const char *name) {
    Job &job = jobs_.emplace_back(Job{std::move(line), std::move(action), name, {}, nullptr});
    {
        Enter scope(system_);
        job.background = &system_.start(job.line.user->process(), name, [&job] { job.ended = job.action(); });
    }
    if (!job.background->done) {
        const Call *call = job.background->call;
        show(job.line.shown, fmt::format("sleeps: waits for {}", call ? call->waiting_for : "its turn"));
        show_trace();
        return;
    }
    const Job done = std::move(job);
    system_.forget(*done.background);
    jobs_.pop_back();
    finish(done.line, done.ended);
}

void Scenario::finish(const Line &line, const Outcome &ended) {
    acting_ = line.user;
    ended_ = ended;
    if (!line.assign.empty() && !ended.error && ended.descriptor)
        line.user->descriptors[line.assign] = static_cast<int>(ended.value);
    if (show_ != Show::json) show(line.shown, result_text(ended));
    show_trace();
    if (!line.want || line.want->met(ended)) return;
    const std::string got = ended.error        ? result_text(ended)
                            : ended.descriptor ? fmt::format("fd {}", ended.value)
                                               : result_text(ended);
    throw Unmet(line.want->column, fmt::format("expected {}, got {}", line.want->shown, got));
}

void Scenario::wait_for(User &user, std::string_view shown) {
    for (auto it = jobs_.begin(); it != jobs_.end(); ++it) {
        if (it->line.user != &user) continue;
        {
            Enter scope(system_);
            system_.finish(*it->background);
        }
        acting_ = &user;
        Job job = std::move(*it);
        if (!job.background->done) job.ended = {.error = EDEADLK, .why = "nothing could ever end the wait"};
        system_.forget(*job.background);
        jobs_.erase(it);
        job.line.shown = fmt::format("{}   ({})", shown, job.line.shown);
        return finish(job.line, job.ended);
    }
    throw Unmet(1, fmt::format("process {} has no call in the background", user.name));
}

// --- everything that is not a call ---------------------------------------------------------------------------------

Stream &Scenario::stream(Words &words) {
    const std::size_t column = words.column();
    File *file = acting_->process().file(descriptor(*acting_, words));
    if (!file || !file->stream) throw SyntaxError(column, "expected a descriptor of an open stream");
    return *file->stream;
}

bool Scenario::question(Words &words, std::string_view shown) {
    std::size_t first = 0;
    if (const Word *word = words.peek(); word && !word->quoted && word->text.ends_with(':')) {
        if (User *found = find_user(word->text.substr(0, word->text.size() - 1))) {
            acting_ = found;
            first = 1;
        }
    }
    const Word *word = words.peek(first);
    auto is = [&](std::string_view name) {
        if (!word || !word->is(name)) return false;
        while (first-- > 0) words.take("a process");
        words.take("a question");
        return true;
    };
    std::string table;
    if (is("minors"))
        table = minors(system_, words.name("a driver"));
    else if (is("strconf"))
        table = view::strconf(stream(words));
    else if (is("dot"))
        table = view::topology_dot(system_);
    else if (is("ls")) {
        words.take_if("-l");
        table = view::nodes(system_, words.empty() ? "/dev" : words.name("a path"));
    } else if (is("cdevsw"))
        table = view::cdevsw(system_);
    else if (is("ps"))
        table = view::processes(system_);
    else if (is("fds"))
        table = view::descriptors(acting_->process());
    else if (is("calls"))
        table = view::calls(system_);
    else if (is("census")) {
        table = system_.census().text();
        table = table.empty() ? "nothing is in use\n" : table + '\n';
    } else {
        acting_ = &users_.front();
        return false;
    }
    words.finish();
    show_table(shown, table);
    return true;
}

void Scenario::control(const std::string &word, Words &words, std::string_view shown) {
    if (word == "help") return say(fmt::format("calls\n{}{}", call_help(), trimmed(questions)));
    if (word == "proc") return new_process(words, shown);
    if (word == "exit") return end_process(words, shown);
    if (word == "signal") return signal(words, shown);
    if (word == "show") {
        steps_ = words.take_if("steps");
        if (!steps_ && !words.take_if("calls")) words.fail("expected steps or calls");
        return words.finish();
    }
    if (word == "wait") {
        User &user = this->user(words);
        words.finish();
        return wait_for(user, shown);
    }
    if (word == "fork") return fork_process(words, shown);
    if (word == "attach" || word == "detach") return design(word, words, shown);
    if (word == "unload") {
        const std::size_t column = words.column();
        const std::string name = words.name("a driver");
        words.finish();
        Enter scope(system_);
        Driver *driver = system_.registry.by_name(name);
        if (!driver) throw SyntaxError(column, fmt::format("no driver is called {}", name));
        const int error = system_.registry.unload(*driver);
        show(shown, error ? view::errno_name(error) : "ok");
        return show_trace();
    }
    if (word == "run") {
        words.finish();
        rill_run(handle_);
        show(shown, "idle");
    } else {
        const long count = words.number(word == "fail" ? "which allocation" : "how many ticks", 0, 1'000'000'000);
        words.finish();
        if (word == "fail") {
            rill_fail_nth(handle_, count);
            show(shown, count ? fmt::format("allocation {} from now will fail", count) : "no allocation will fail");
        } else {
            rill_advance(handle_, count);
            show(shown, fmt::format("the clock is at {}", system_.sched.now()));
        }
    }
    show_trace();
}

// attach NAME [BOUND], detach NAME: a driver of clone/designs.
void Scenario::design(const std::string &word, Words &words, std::string_view shown) {
    const std::size_t column = words.column();
    const std::string name = words.name("a design");
    if (word == "attach" && is_helper(name)) {
        const long major = words.number_or(0);
        words.finish();
        const int error = attach_helper(handle_, name, major);
        show(shown, error ? view::errno_name(error) : "ok");
        return show_trace();
    }
    const designs::Design *found = designs::find(name);
    if (!found) {
        std::string names;
        for (const designs::Design &each : designs::all()) names += fmt::format("{}{}", names.empty() ? "" : ", ", each.name);
        throw SyntaxError(column, fmt::format("no design is called {}; there are: {}", name, names));
    }
    const long bound = word == "attach" ? words.number_or(0) : 0;
    words.finish();
    Enter scope(system_);
    const int error = word == "attach" ? found->attach(system_, static_cast<unsigned>(bound)) : found->detach(system_);
    show(shown, error ? view::errno_name(error) : word == "attach" ? fmt::format("{} is there", found->path) : "ok");
    show_trace();
}

// fork CHILD [of NAME]: a process that shares the files of the first one, or of NAME.
void Scenario::fork_process(Words &words, std::string_view shown) {
    const std::size_t column = words.column();
    std::string name = words.name("a name for the child");
    if (find_user(name)) throw SyntaxError(column, fmt::format("a process is called {} already", name));
    User *parent = &users_.front();
    if (words.take_if("of")) parent = &user(words);
    words.finish();
    Enter scope(system_);
    Process &child = system_.fork_process(parent->process());
    users_.push_back({name, reinterpret_cast<rill_proc *>(&child), parent->descriptors});
    show(shown, fmt::format("process {} with the files of its parent", name));
    show_trace();
}

void Scenario::new_process(Words &words, std::string_view shown) {
    const std::size_t column = words.column();
    std::string name = words.name("a name for the process");
    if (find_user(name)) throw SyntaxError(column, fmt::format("a process is called {} already", name));
    long uid = 0, gid = 0;
    while (!words.empty()) {
        if (words.take_if("uid"))
            uid = words.number("a uid");
        else if (words.take_if("gid"))
            gid = words.number("a gid");
        else
            words.fail("expected uid N or gid N");
    }
    users_.push_back({std::move(name), rill_proc_new(handle_, static_cast<uid_t>(uid), static_cast<gid_t>(gid)), {}});
    show(shown, fmt::format("process {}", users_.back().process().pid));
}

void Scenario::end_process(Words &words, std::string_view shown) {
    User &gone = user(words);
    words.finish();
    if (&gone == &users_.front()) throw SyntaxError(1, "the first process stays");
    for (const Job &job : jobs_)
        if (job.line.user == &gone) throw Unmet(1, "the process has a call in the background: wait for it first");
    acting_ = &gone;
    rill_proc_exit(gone.handle);
    show(shown, "gone, with all its descriptors");
    show_trace();
    users_.remove_if([&](const User &u) { return &u == &gone; });
    acting_ = &users_.front();
}

void Scenario::signal(Words &words, std::string_view shown) {
    User &to = user(words);
    const int sig = signal_number(words.take("a signal"));
    words.finish();
    rill_signal(to.handle, sig, [](int) {}); // caught: otherwise it would interrupt nothing
    rill_kill(to.handle, sig);
    rill_run(handle_);
    show(shown, "sent (the process has a handler for it)");
    show_trace();
}

User *Scenario::find_user(std::string_view name) {
    for (User &u : users_)
        if (u.name == name && !name.empty()) return &u;
    return nullptr;
}

User &Scenario::user(Words &words) {
    const std::size_t column = words.column();
    const std::string name = words.name("a process");
    if (User *found = find_user(name)) return *found;
    throw SyntaxError(column, fmt::format("no process is called {}", name));
}

std::string Scenario::whose(int pid) const {
    for (const User &u : users_)
        if (const_cast<User &>(u).process().pid == pid)
            return &u == acting_ ? "" : u.name.empty() ? "the first process" : u.name;
    return "";
}

// --- printing ------------------------------------------------------------------------------------------------------

void Scenario::say(std::string_view text) {
    if ((text.empty() && blank_) || show_ == Show::nothing) return;
    blank_ = text.empty();
    fmt::print("{}\n", text);
}

void Scenario::tell_prose() {
    if (prose_.empty()) return;
    const std::string prose = std::exchange(prose_, {});
    if (show_ != Show::all) return;
    say("");
    for (const std::string &l : view::wrap(prose, 78)) say(l);
    say("");
}

void Scenario::show(std::string_view shown, std::string_view result) {
    if (show_ == Show::json) return;
    if (show_ == Show::quiet)
        return say(echo_ ? fmt::format("{} -> {}", trimmed(shown), result) : fmt::format("-> {}", result));
    if (echo_) say(fmt::format("$ {}", trimmed(shown)));
    const auto lines = view::wrap(result, view::page_width - 8);
    for (std::size_t i = 0; i < lines.size(); ++i) say(fmt::format("  {} {}", i ? "  " : "->", lines[i]));
}

void Scenario::show_trace() {
    if (show_ != Show::all) return;
    for (const std::string &l : text_.take())
        if (steps_) say(l);
}

void Scenario::show_table(std::string_view shown, std::string_view table) {
    if (show_ == Show::json) return;
    if (echo_) say(fmt::format("{}{}", show_ == Show::all ? "$ " : "", trimmed(shown)));
    while (!table.empty()) {
        const std::size_t end = table.find('\n');
        say(fmt::format("{}{}", indent, table.substr(0, end)));
        table.remove_prefix(end == table.npos ? table.size() : end + 1);
    }
}

} // namespace rill::tool
