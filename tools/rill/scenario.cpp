#include "tools/rill/scenario.hpp"
#include "tools/rill/catalogue.hpp"

#include <algorithm>
#include <cstdio>
#include <fmt/format.h>
#include <iostream>
#include <unistd.h>
#include <utility>

namespace rill::tool {

namespace {

constexpr const char *indent = "    ";

std::string_view first_word(std::string_view text) {
    return text.substr(0, text.find_first_of(" \t"));
}

// The clause ids at the end of a line of the trace.
std::size_t ids_of(std::string_view line) {
    std::size_t from = line.size();
    for (;;) {
        const std::size_t end = line.find_last_not_of(' ', from ? from - 1 : 0);
        if (from == 0 || end == line.npos) return from;
        const std::size_t blank = line.find_last_of(' ', end);
        const std::size_t at = blank == line.npos ? 0 : blank + 1;
        if (!is_clause_id(line.substr(at, end + 1 - at))) return from;
        from = at;
    }
}

// A prediction: an errno, ok, "data", (MAJOR,MINOR), or a number: of an open the minor, else what the call returns.
bool parse_answer(std::string_view text, const Outcome &ended, Want &want) {
    Words words(split(text), text.size() + 1);
    if (words.empty()) return false;
    long number = 0;
    if (words.left() == 1 && !words.peek()->quoted && parse_number(words.peek()->text, &number)) {
        if (ended.device && !ended.error)
            want.device = makedevice(getmajor(*ended.device), static_cast<minor_t>(number));
        else
            want.value = number;
        return true;
    }
    want = parse_want(words);
    words.finish();
    return true;
}

} // namespace

Scenario::Scenario(rill_system *system, Show show, std::string source, Page page)
    : system_(*reinterpret_cast<System *>(system)), show_(show), source_(std::move(source)), page_(page),
      json_([](std::string_view line) { put(fmt::format("{}\n", line)); }), html_([](std::string_view text) { put(text); }), evaluator_(system) {
    text_.width = page_.width;
    text_.whose = [this](int pid) { return evaluator_.whose(pid); };
    if (show_ == Show::all) system_.trace.attach(text_);
    if (show_ == Show::json) system_.trace.attach(json_);
    if (show_ == Show::html) {
        html_.begin(std::string_view(source_).substr(source_.rfind('/') + 1));
        system_.trace.attach(html_);
    }
    system_.console_sink = [this](int, std::string_view text) {
        if (text.starts_with("fault: ") && show_ == Show::all) { // its first line is a record of its own
            const std::size_t first = text.find('\n');
            if (first == text.npos) return;
            say(fmt::format("{}fault: {}", indent, text.substr(7, first - 7)));
            return say(std::string(text.substr(first + 1)));
        }
        if (records_alone())
            fmt::print(stderr, "{}\n", text);
        else
            say(fmt::format("{}console: {}", indent, text));
    };
}

Scenario::~Scenario() {
    text_.whose = [](int) { return std::string(); }; // the processes go one by one; none is looked up by now
    evaluator_.end();
    system_.console_sink = nullptr;
    if (show_ == Show::all) system_.trace.detach(text_);
    if (show_ == Show::json) system_.trace.detach(json_);
    if (show_ != Show::html) return;
    system_.trace.detach(html_);
    html_.end();
}

bool Scenario::run(std::istream &in, bool go_on) {
    bool good = true;
    for (std::string text; !over_ && std::getline(in, text);) {
        if (line(text)) continue;
        good = false;
        if (!go_on) break;
    }
    tell_prose();
    if (answers_) say(fmt::format("\n{} of {} predictions right", right_, answers_));
    return good;
}

bool Scenario::line(std::string_view text) {
    ++number_;
    if (heading(trimmed(text))) return true;
    std::string call;
    const Command *command = predicts || steps ? evaluator_.command_of(text, &call) : nullptr;
    if (predicts && command && command->asks && !hidden()) ask(*command, call);
    const Outcome ended = evaluator_.evaluate(text);
    begun_ |= ended.kind != Outcome::Kind::nothing;
    const bool good = told(ended);
    tell_loggers();
    if (steps && !hidden() && (ended.kind == Outcome::Kind::call || ended.kind == Outcome::Kind::table)) wait_for_key();
    flush();
    return good;
}

bool Scenario::heading(std::string_view shown) {
    if (shown.starts_with(">|")) { // a line of a table
        tell_prose();
        if (show_ == Show::all) say(shown.substr(2));
        return true;
    }
    if (shown.starts_with('>')) {
        prose_ += ' ';
        prose_ += trimmed(shown.substr(1));
        if (trimmed(shown.substr(1)).empty()) tell_prose();
        return true;
    }
    tell_prose();
    if (!needs_met || begun_) return false;
    const Command *command = find_command(first_word(shown));
    if (!command || !command->need) return false;
    if (show_ == Show::all && repeats_lines) say(page_.strong(fmt::format("$ {}", shown)));
    return true;
}

bool Scenario::told(const Outcome &ended) {
    switch (ended.kind) {
    case Outcome::Kind::nothing:
        break;
    case Outcome::Kind::call:
        if (std::exchange(told_steps_, evaluator_.steps) != evaluator_.steps && show_ == Show::all && repeats_lines)
            say(page_.faint(evaluator_.steps ? "  (with steps)" : "  (without steps)"));
        show(ended.shown, ended);
        show_trace();
        mark(ended);
        break;
    case Outcome::Kind::table:
        show_table(ended.shown, ended.text);
        show_trace();
        break;
    case Outcome::Kind::note:
        say(ended.text);
        break;
    case Outcome::Kind::mistake:
        text_.take();
        asked_ = false;
        break;
    case Outcome::Kind::over:
        over_ = true;
        break;
    }
    if (ended.complaint.empty()) return true;
    flush();
    fmt::print(stderr, "{}:{}:{}: {}\n", source_, number_, ended.column, ended.complaint);
    return false;
}

// --- what a reader does --------------------------------------------------------------------------------------------

void Scenario::wait_for_key() {
    const bool person = page_.colours;
    if (person) put("-- any key goes on, q ends --");
    const int got = key();
    if (person) put("\r\033[K");
    if (got == 'q' || got == 'Q') over_ = true;
    if (got < 0) steps = false;
}

// Shows the call without what it expects, and keeps what the reader thinks will come of it.
void Scenario::ask(const Command &command, const std::string &call) {
    say(page_.strong(fmt::format("$ {}", call)));
    put(fmt::format("  {} ", command.asks));
    flush();
    asked_ = true;
    answer_.clear();
    int c;
    while ((c = std::fgetc(stdin)) != EOF && c != '\n') answer_ += static_cast<char>(c);
    if (c == EOF && answer_.empty()) predicts = false; // the score stands
    if (!isatty(STDIN_FILENO)) put(fmt::format("{}\n", answer_));
}

void Scenario::mark(const Outcome &ended) {
    if (!std::exchange(asked_, false) || trimmed(answer_).empty()) return;
    Want want;
    try {
        if (!parse_answer(answer_, ended, want)) return;
    } catch (const SyntaxError &e) {
        return say(fmt::format("  not counted: {}", e.what()));
    }
    ++answers_;
    const bool right = want.met(ended);
    right_ += right;
    const std::string came = ended.error    ? view::errno_name(ended.error)
                             : ended.device ? device_text(*ended.device)
                                            : ended.result();
    say(right ? page_.good("  right") : page_.bad(fmt::format("  you said {}, and it was {}", trimmed(answer_), came)));
}

// --- printing ------------------------------------------------------------------------------------------------------

void Scenario::say(std::string_view text) {
    if (hidden() || (text.empty() && blank_)) return;
    blank_ = text.empty();
    put(fmt::format("{}\n", text));
}

void Scenario::tell_prose() {
    if (prose_.empty()) return;
    const std::string prose = std::exchange(prose_, {});
    if (show_ != Show::all) return;
    say("");
    for (const std::string &l : view::wrap(prose, std::min<std::size_t>(page_.width, 80) - 2)) say(l);
    say("");
}

// What strace and strerr have read. The steps of their own calls are nobody's question.
void Scenario::tell_loggers() {
    if (evaluator_.loggers.empty()) return;
    const std::string all = evaluator_.read_loggers();
    text_.take();
    for (std::string_view lines = all; !lines.empty(); lines.remove_prefix(lines.find('\n') + 1)) {
        const std::string line = fmt::format("{}{}", indent, lines.substr(0, lines.find('\n')));
        if (records_alone())
            fmt::print(stderr, "{}\n", trimmed(line));
        else
            say(line);
    }
}

void Scenario::show(std::string_view shown, const Outcome &ended) {
    if (records_alone()) return;
    const std::string result = ended.result();
    if (show_ == Show::quiet)
        return say(repeats_lines ? fmt::format("{} -> {}", trimmed(shown), result) : fmt::format("-> {}", result));
    if (repeats_lines && !asked_) say(page_.strong(fmt::format("$ {}", trimmed(shown))));
    const auto lines = view::wrap(result, page_.width - 8);
    for (std::size_t i = 0; i < lines.size(); ++i) {
        const std::string line = fmt::format("  {} {}", i ? "  " : "->", lines[i]);
        say(ended.error ? page_.bad(line) : page_.good(line));
    }
}

void Scenario::show_trace() {
    if (show_ != Show::all) return;
    for (const std::string &l : text_.take()) {
        if (!evaluator_.steps) continue;
        const std::size_t ids = page_.colours ? ids_of(l) : l.size();
        say(l.substr(0, ids) + page_.faint(l.substr(ids)));
    }
}

void Scenario::show_table(std::string_view shown, std::string_view table) {
    if (records_alone()) return;
    if (repeats_lines) say(page_.strong(fmt::format("{}{}", show_ == Show::all ? "$ " : "", trimmed(shown))));
    while (!table.empty()) {
        const std::size_t end = table.find('\n');
        const std::string_view row = table.substr(0, end);
        std::size_t margin = 4;
        std::string_view rest = row;
        do { // what does not fit goes on below, set in
            std::size_t cut = rest.size();
            if (margin + rest.size() > page_.width)
                if (const std::size_t blank = rest.rfind(' ', page_.width - margin); blank != rest.npos && blank > 0) cut = blank;
            say(fmt::format("{:{}}{}", "", margin, rest.substr(0, cut)));
            rest.remove_prefix(cut);
            rest.remove_prefix(std::min(rest.find_first_not_of(' '), rest.size()));
            margin = 8;
        } while (!rest.empty());
        table.remove_prefix(end == table.npos ? table.size() : end + 1);
    }
}

} // namespace rill::tool
