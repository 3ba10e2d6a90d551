// Plays a scenario: lines go to the Evaluator, and what comes out is printed, with the steps of each call below it.
//
// The Evaluator does the work and prints nothing; here is all the paper: narration, `$ call`, `-> result`, the trace as
// text or JSON, tables, complaints with file, line and column (to standard error), and what `--step`, `--predict` and
// `--from` add.
#pragma once

#include "streams/view/html.hpp"
#include "streams/view/json.hpp"
#include "streams/view/text.hpp"
#include "tools/rill/evaluate.hpp"
#include "tools/rill/terminal.hpp"

#include <iosfwd>
#include <string>

namespace rill::tool {

enum class Show {
    all,
    quiet,
    json, // trace records alone, from here on
    html,
};

class Scenario {
public:
    Scenario(rill_system *system, Show show, std::string source, Page page = {});
    ~Scenario();
    Scenario(const Scenario &) = delete;

    // All lines up to the end; false when an expectation failed or a line could not be understood (the message went to
    // stderr). A shell goes on after a failure.
    bool run(std::istream &in, bool go_on);
    // One line; `over` when it was the last one.
    bool line(std::string_view text);
    bool over() const { return over_; }

    Evaluator &evaluator() { return evaluator_; }
    bool repeats_lines = true; // a person sees what he has typed
    bool needs_met = false;    // its first lines have been read before the System was made
    int from = 0;              // the first line that is shown
    bool steps = false;        // a key after each call
    bool predicts = false;     // the reader is asked first

private:
    bool heading(std::string_view shown); // narration, or what the scenario needs
    bool told(const Outcome &ended);
    void say(std::string_view text);
    void tell_prose();
    void tell_loggers();
    void show(std::string_view shown, const Outcome &ended);
    void show_trace();
    void show_table(std::string_view shown, std::string_view table);
    void wait_for_key();
    void ask(const Command &command, const std::string &call);
    void mark(const Outcome &ended);
    bool hidden() const { return number_ < from; }
    bool records_alone() const { return show_ >= Show::json; }

    System &system_;
    Show show_;
    std::string source_;
    Page page_;
    bool blank_ = false; // the last line printed was empty
    bool over_ = false;
    bool begun_ = false; // a line was more than a heading
    int number_ = 0;
    std::string prose_;
    std::string answer_; // to the question before this call
    bool asked_ = false;
    int right_ = 0, answers_ = 0;
    bool told_steps_ = true; // what the reader last saw: calls with their steps, or without
    view::Text text_;
    view::Json json_;
    view::Html html_;
    Evaluator evaluator_; // ends before what reads its trace
};

} // namespace rill::tool
