#include "tools/rill/evaluate.hpp"

#include "streams/view/escape.hpp"

#include <cctype>
#include <cerrno>
#include <fmt/format.h>
#include <utility>

namespace rill::tool {

namespace {

// The line up to its comment, which begins outside of quotes.
std::string_view uncommented(std::string_view line) {
    bool quoted = false;
    for (std::size_t i = 0; i < line.size(); ++i) {
        if (quoted && line[i] == '\\')
            ++i;
        else if (line[i] == '"')
            quoted = !quoted;
        else if (line[i] == '#' && !quoted)
            return trimmed(line.substr(0, i));
    }
    return trimmed(line);
}

bool is_name(std::string_view text) {
    for (unsigned char c : text)
        if (!std::isalnum(c) && c != '_') return false;
    return !text.empty() && !std::isdigit(static_cast<unsigned char>(text[0]));
}

// fd=open, fd= open and fd =open are fd = open.
std::vector<Word> with_blanks(std::vector<Word> words) {
    std::size_t at = 0;
    while (at < words.size() && !words[at].quoted && words[at].text.size() > 1 && words[at].text.back() == ':') ++at;
    if (at < words.size() && words[at].is("expect")) {
        ++at;
        if (at < words.size() && !words[at].quoted && words[at].text.size() > 1 && words[at].text[0] == '=') { // expect =6
            Word number{words[at].text.substr(1), words[at].column + 1, false};
            words[at].text = "=";
            words.insert(words.begin() + static_cast<long>(at) + 1, std::move(number));
        }
        at += at < words.size() && words[at].is("=") ? 2 : 1;
        while (at < words.size() && !words[at].quoted && words[at].text.size() > 1 && words[at].text.back() == ':') ++at;
    }
    for (std::size_t i = at; i < words.size() && i < at + 2; ++i) {
        const Word word = words[i];
        const std::size_t sign = word.text.find('=');
        if (word.quoted || sign == word.text.npos || word.text.size() == 1) continue;
        if (i == at ? !is_name(word.text.substr(0, sign)) : sign != 0 || !is_name(words[at].text)) continue;
        std::vector<Word> parts;
        if (sign > 0) parts.push_back({word.text.substr(0, sign), word.column, false});
        parts.push_back({"=", word.column + sign, false});
        if (sign + 1 < word.text.size()) parts.push_back({word.text.substr(sign + 1), word.column + sign + 1, false});
        words.erase(words.begin() + static_cast<long>(i));
        words.insert(words.begin() + static_cast<long>(i), parts.begin(), parts.end());
        break;
    }
    return words;
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

Outcome mistake(std::size_t column, const std::string &what) {
    Outcome o;
    o.kind = Outcome::Kind::mistake;
    o.column = column;
    o.complaint = what;
    return o;
}

} // namespace

std::string Outcome::result() const {
    if (error) {
        const std::string name = view::errno_name(error);
        return why.empty() ? name : fmt::format("{}: {}", name, why);
    }
    return text.empty() ? std::to_string(value) : text;
}

bool Want::met(const Outcome &ended) const {
    if (other) {
        Want it = *this;
        it.other = false;
        return !it.met(ended);
    }
    if (error) return *error == ended.error;
    if (ended.error) return false;
    if (value) return *value == ended.value;
    if (data) return ended.data == data;
    return ended.device == device;
}

Want parse_want(Words &words) {
    Want want;
    want.column = words.column();
    if (words.take_if("=")) {
        want.value = words.number("the number that the call should return");
        want.shown = std::to_string(*want.value);
        return want;
    }
    Word word = words.take("an errno, ok, = N, \"data\" or (MAJOR,MINOR)");
    want.shown = word.quoted ? view::quoted(word.text) : word.text;
    if (!word.quoted && word.text.starts_with('!')) {
        want.other = true;
        word.text.erase(0, 1);
    }
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

Outcome outcome(User &user, long result) {
    Outcome o;
    if (result < 0) {
        o.error = errno ? errno : EIO;
        o.why = rill_why(user.handle);
        if (const std::string name = view::errno_name(o.error) + ": "; o.why.starts_with(name)) o.why.erase(0, name.size());
    }
    o.value = result;
    return o;
}

int descriptor(User &user, Words &words, const char *expected) {
    const std::size_t column = words.column();
    const std::string name = words.name(expected);
    long number = 0;
    if (parse_number(name, &number)) return static_cast<int>(number);
    const auto it = user.descriptors.find(name);
    if (it != user.descriptors.end()) return it->second;
    std::vector<std::string> names;
    for (const auto &[each, fd] : user.descriptors) names.push_back(each);
    throw SyntaxError(column, fmt::format("expected {}: this process has none called \"{}\"{}", expected, name, meant(name, names)));
}

Evaluator::Evaluator(rill_system *system) : handle_(system), system_(*reinterpret_cast<System *>(system)) {
    users_.push_back({"", rill_proc_new(handle_, 0, 0), {}});
    acting_ = &users_.front();
}

Evaluator::~Evaluator() { end(); }

void Evaluator::end() {
    for (Job &job : jobs_) { // a call that sleeps refers to its job: it has to end first
        Enter scope(system_);
        system_.finish(*job.background);
    }
    jobs_.clear();
    for (User &u : users_) rill_proc_exit(u.handle);
    users_.clear();
}

Outcome Evaluator::evaluate(std::string_view text) {
    acting_ = &users_.front();
    const std::string shown(uncommented(text));
    Outcome ended;
    try {
        Words words(with_blanks(split(text)), text.size() + 1);
        if (words.empty()) {
            ended.kind = Outcome::Kind::nothing;
            return ended;
        }
        Parsed parsed = parse(words, shown);
        acting_ = parsed.line.user;
        const Command &command = *parsed.command;
        if (command.call) {
            Action action = command.call(*acting_, words);
            words.finish();
            ended = parsed.background ? start(std::move(parsed.line), std::move(action), command.name)
                                      : finish(parsed.line, action());
        } else if (command.act) {
            if (!parsed.line.assign.empty()) throw SyntaxError(1, fmt::format("{} makes no descriptor", command.name));
            if (parsed.background) throw SyntaxError(1, fmt::format("{} is no call that could sleep", command.name));
            ended = command.act(*this, words);
            // A wait's result is the call's own, and a table may deliver data; anything else returns nothing that one could expect.
            if (parsed.line.want && ended.kind != Outcome::Kind::call && !ended.data)
                throw SyntaxError(parsed.line.want->column, fmt::format("{} has no result to expect", command.name));
            if (parsed.line.want && !parsed.line.want->met(ended) && ended.complaint.empty()) {
                ended.column = parsed.line.want->column;
                ended.complaint = fmt::format("expected {}, got {}", parsed.line.want->shown, ended.result());
            }
        } else {
            throw SyntaxError(1, fmt::format("{} stands in the first lines of a scenario, before anything is done", command.name));
        }
    } catch (const SyntaxError &e) {
        ended = mistake(e.column, e.what());
    }
    if (ended.shown.empty()) ended.shown = shown;
    tell_watched();
    return ended;
}

void Evaluator::watch(const std::string &driver) { watch_ = std::make_unique<Watch>(system_, driver, &entered_); }

void Evaluator::tell_watched() {
    if (auto fault = watch_ ? watch_->fault() : std::nullopt) system_.fault(std::move(*fault));
}

// [PROCESS:] [expect WANT] [PROCESS:] [NAME =] COMMAND ... [&]. The words of the command's arguments are left.
Evaluator::Parsed Evaluator::parse(Words &words, std::string_view shown) {
    Parsed parsed;
    parsed.line.shown = shown;
    parsed.line.user = &users_.front();
    auto actor = [&] {
        const Word *word = words.peek();
        if (!word || word->quoted || word->text.size() < 2 || word->text.back() != ':') return;
        User *found = find_user(word->text.substr(0, word->text.size() - 1));
        if (!found) words.fail(fmt::format("no process is called \"{}\" (proc NAME makes one)", word->text.substr(0, word->text.size() - 1)));
        parsed.line.user = found;
        words.take("a process");
    };
    actor();
    if (words.take_if("expect")) {
        parsed.line.want = parse_want(words);
        actor();
    }
    parsed.column = words.column();
    if (words.peek(1) && words.peek(1)->is("=")) {
        parsed.line.assign = words.name("a name for the descriptor");
        words.take("=");
    }
    const std::size_t column = words.column();
    const std::string name = words.name("a call");
    parsed.command = find_command(name);
    if (!parsed.command)
        throw SyntaxError(column, fmt::format("no call is named \"{}\"{} (help lists them)", name, meant(name, command_names())));
    parsed.background = words.take_last_if("&");
    return parsed;
}

const Command *Evaluator::command_of(std::string_view text, std::string *call) try {
    Words words(with_blanks(split(text)), text.size() + 1);
    if (words.empty()) return nullptr;
    const Parsed parsed = parse(words, text);
    if (call) { // what it expects would give the answer away
        const std::string &name = parsed.line.user->name;
        const bool cut = parsed.line.want.has_value();
        *call = cut && !name.empty() ? name + ": " : "";
        *call += uncommented(cut ? text.substr(parsed.column - 1) : text);
    }
    return parsed.command;
} catch (const SyntaxError &) {
    return nullptr;
}

Outcome Evaluator::start(Line line, Action action, const char *name) {
    Job &job = jobs_.emplace_back(Job{std::move(line), std::move(action), {}, nullptr});
    {
        Enter scope(system_);
        job.background = &system_.start(job.line.user->process(), name, [&job] { job.ended = job.action(); });
    }
    if (!job.background->done) {
        const Call *call = job.background->call;
        Outcome asleep;
        asleep.text = fmt::format("sleeps: waits for {}", call ? call->waiting_for : "its turn");
        asleep.shown = job.line.shown;
        return asleep;
    }
    const Job done = std::move(job);
    system_.forget(*done.background);
    jobs_.pop_back();
    Outcome ended = finish(done.line, done.ended);
    done_[done.line.user->name] = ended;
    return ended;
}

// The call has ended: its descriptor gets its name, and what was expected is compared.
Outcome Evaluator::finish(const Line &line, Outcome ended) {
    acting_ = line.user;
    if (!line.assign.empty() && !ended.error && ended.descriptor)
        line.user->descriptors[line.assign] = static_cast<int>(ended.value);
    ended.shown = line.shown;
    if (!line.want || line.want->met(ended)) return ended;
    const std::string got = !ended.error && ended.descriptor ? fmt::format("fd {}", ended.value) : ended.result();
    ended.column = line.want->column;
    ended.complaint = fmt::format("expected {}, got {}", line.want->shown, got);
    return ended;
}

Outcome Evaluator::wait(User &user) {
    for (auto it = jobs_.begin(); it != jobs_.end(); ++it) {
        if (it->line.user != &user) continue;
        acting_ = &user; // in what is shown the call's own steps bear no name
        {
            Enter scope(system_);
            system_.finish(*it->background);
        }
        Job job = std::move(*it);
        if (!job.background->done) {
            job.ended.error = EDEADLK;
            job.ended.why = "nothing could ever end the wait";
        }
        system_.forget(*job.background);
        jobs_.erase(it);
        return finish(job.line, job.ended);
    }
    if (const auto done = done_.find(user.name); done != done_.end()) {
        Outcome ended = std::move(done->second);
        done_.erase(done);
        ended.complaint.clear(); // it was told when the call ended
        return ended;
    }
    throw SyntaxError(1, fmt::format("process {} has no call in the background", user.name));
}

std::string Evaluator::end_user(User &user, const std::string &how) {
    acting_ = &user;
    rill_proc_exit(user.handle);
    std::string told;
    for (auto it = jobs_.begin(); it != jobs_.end();) {
        if (it->line.user != &user) {
            ++it;
            continue;
        }
        if (it->background->done) {
            told += fmt::format("{}{}: {}", told.empty() ? "" : "; ", it->line.shown, view::errno_name(it->ended.error));
            if (!it->ended.error) told += it->ended.result();
            system_.forget(*it->background);
            it = jobs_.erase(it);
        } else { // a driver sleeps on whatever comes: the job stays, its process is gone
            told += fmt::format("{}{}: its driver goes on sleeping", told.empty() ? "" : "; ", it->line.shown);
            ++it;
        }
    }
    done_.erase(user.name);
    acting_ = &users_.front();
    for (auto it = users_.begin(); it != users_.end(); ++it)
        if (&*it == &user) {
            gone_.splice(gone_.end(), users_, it);
            break;
        }
    return told.empty() ? how : fmt::format("{}; its calls ended: {}", how, told);
}

Stream &Evaluator::stream(Words &words) {
    const std::size_t column = words.column();
    File *file = acting_->process().file(descriptor(*acting_, words));
    if (!file || !file->stream) throw SyntaxError(column, "expected a descriptor of an open stream");
    return *file->stream;
}

User *Evaluator::find_user(std::string_view name) {
    for (User &u : users_)
        if (u.name == name && !name.empty()) return &u;
    return nullptr;
}

User &Evaluator::user(Words &words) {
    const std::size_t column = words.column();
    const std::string name = words.name("a process");
    if (User *found = find_user(name)) return *found;
    throw SyntaxError(column, fmt::format("no process is called {}", name));
}

std::string Evaluator::whose(int pid) const {
    for (const User &u : users_)
        if (const_cast<User &>(u).process().pid == pid)
            return &u == acting_    ? ""
                   : u.name.empty() ? "first process"
                                    : u.name;
    return "";
}

} // namespace rill::tool
