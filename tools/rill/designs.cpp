#include "tools/rill/designs.hpp"
#include "clone/designs/compare.hpp"
#include "streams/view/escape.hpp"
#include "streams/view/table.hpp"
#include "tools/rill/commands.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <optional>
#include <sys/ioctl.h>
#include <unistd.h>

namespace rill::tool {

namespace {

using designs::Comparison;
using designs::Step;
using designs::Word;
using Column = std::vector<Comparison>;
using Cells = std::vector<std::string>;

constexpr const char *open_title = "The second open, step by step";
constexpr const char *script_title = "The script, call by call";
constexpr const char *table_title = "What was new with the second open, who decided, and how it ends";

// Descriptor steps say something only where the design moves or duplicates the descriptor.
std::vector<Word> shown_steps(const Comparison &c) {
    const bool all = std::find(c.one_open.begin(), c.one_open.end(), Word::fd_move) != c.one_open.end() ||
                     std::count(c.one_open.begin(), c.one_open.end(), Word::fd_alloc) >
                         std::count(c.one_open.begin(), c.one_open.end(), Word::lookup);
    std::vector<Word> out;
    for (const Word word : c.one_open)
        if (all || !is_of_descriptor(word)) out.push_back(word);
    return out;
}

// One open of each design, a row a step: what stands in one part of it (before the driver's open, inside it ...) begins at
// one row in all columns.
struct OpenRow {
    const char *part; // empty below the first row of a part
    Cells cells;
};

std::vector<OpenRow> open_rows(const Column &all) {
    std::vector<OpenRow> rows;
    std::vector<std::vector<Word>> steps;
    std::vector<std::vector<designs::Place>> places;
    for (const Comparison &c : all) {
        steps.push_back(shown_steps(c));
        places.push_back(designs::places(steps.back()));
    }
    using designs::Place;
    for (const auto &[place, name] : {std::pair{Place::before, "before it"}, {Place::call, "driver's open"}, {Place::inside, "inside it"}, {Place::after, "after it"}}) {
        std::vector<Cells> part(all.size());
        std::size_t most = 0;
        for (std::size_t i = 0; i < all.size(); ++i) {
            for (std::size_t s = 0; s < steps[i].size(); ++s)
                if (places[i][s] == place) part[i].push_back(name_of(steps[i][s]));
            most = std::max(most, part[i].size());
        }
        for (std::size_t r = 0; r < most; ++r) {
            OpenRow row{r ? "" : name, {}};
            for (const Cells &words : part) row.cells.push_back(r < words.size() ? words[r] : "");
            rows.push_back(std::move(row));
        }
    }
    return rows;
}

// What the words of the tables mean: of the steps those that are shown, of the questions all.
struct Meaning {
    std::string word, text;
};

std::vector<Meaning> step_meanings(const Column &all, bool trace) {
    std::vector<Word> words;
    auto note = [&](Word word) {
        if (std::find(words.begin(), words.end(), word) == words.end()) words.push_back(word);
    };
    for (const Comparison &c : all) {
        for (const Word word : shown_steps(c)) note(word);
        if (trace)
            for (const Step &step : c.steps) note(step.word);
    }
    std::vector<Meaning> out;
    for (const Word word : words) out.push_back({name_of(word), meaning_of(word)});
    return out;
}

std::vector<Meaning> question_meanings() {
    std::vector<Meaning> out;
    for (const designs::Question &q : designs::questions()) out.push_back({q.name, fmt::format("{}{}{}", q.asks, *q.cells ? ". " : "", q.cells)});
    return out;
}

// The script as all designs ran it: their lines agree until a refusal, an extra name or a descriptor makes one differ.
struct Row {
    std::string text;
    Cells cells;
};

// A line without what differs between designs: descriptors and instances' names.
std::string key_of(const std::string &text) {
    std::string out;
    for (char c : text)
        if (c < '0' || c > '9') out += c;
    if (const std::size_t path = out.find("/dev/"); path != out.npos) out.resize(path);
    return out;
}

std::vector<Row> rows_of(const Column &all, bool trace) {
    std::vector<std::size_t> next(all.size(), 0);
    std::vector<Row> rows;
    for (;;) {
        // The next row is the first design's next line; a design whose next line is another one sits it out.
        const Comparison *leader = nullptr;
        std::size_t leads = 0;
        for (std::size_t i = 0; i < all.size(); ++i)
            if (next[i] < all[i].lines.size() && (!leader || all[i].lines.size() - next[i] > leader->lines.size() - next[leads]))
                leader = &all[i], leads = i;
        if (!leader) return rows;
        const std::string key = key_of(leader->lines[next[leads]].text);
        Row row{leader->lines[next[leads]].text, Cells(all.size())};
        for (std::size_t i = 0; i < all.size(); ++i) {
            if (next[i] >= all[i].lines.size() || key_of(all[i].lines[next[i]].text) != key) continue;
            const designs::Line &line = all[i].lines[next[i]++];
            if (trace)
                for (std::size_t s = line.first; s < line.last; ++s) row.cells[i] += std::string(name_of(all[i].steps[s].word)) + '\n';
            row.cells[i] += (trace ? "= " : "") + line.outcome;
        }
        rows.push_back(std::move(row));
    }
}

// --- text ---

// How to read the tables; the one text for all forms.
constexpr const char *introduction =
    "One device, /dev/foo (foo0 ... where it has several), in every design that a kernel has for giving each open an "
    "instance of its own. A column is a design; all run the same script.";
constexpr const char *open_note =
    "Steps inside the driver's open are between its call and its end. Where the program ends on the descriptor that was "
    "reserved first, reserving it is not shown. An empty cell: nothing happens there. linux-loop-control: the "
    "control device is looked up, opened and asked before the device is, and closed after it.";
constexpr const char *script_note =
    "Two processes, A and B. An open has a name: 1st, 2nd, 3rd (B's), more (until it is refused), again (after the 2nd was "
    "closed), last. A read gives how often the instance was read. A driver with a bound has room for 4. An empty cell: the "
    "call does not come in this design. In linux-loop-control an open is four calls: the control device is opened as the "
    "lowest free descriptor, asked for a number, the device of that number is opened and bound, and the control device "
    "closed; so its descriptors are one higher.";

// Where a design is shown at work, call by call.
const char *page_of(std::string_view design) {
    static constexpr std::pair<std::string_view, const char *> pages[] = {
        {"irix-clone", "page s1-clone-open"},
        {"irix-designated", "page s5-clone-or-designated"},
        {"freebsd-dev_clone", "pages d-rodent, d-freebsd-tun, d-tcp"},
        {"netbsd-fd_clone", "pages d-tap, d-crypto, d-dmover, d-ptm, d-svr4net"},
        {"d_clone", "page d-ethfoo"},
        {"dragonfly-dev_data", "page d-kqemu"},
        {"dragonfly-devfs", "page d-ptmx"},
        {"linux-loop-control", "page d-loop-control"},
    };
    for (const auto &[name, page] : pages)
        if (name == design) return page;
    return "no page";
}

class Sheet {
public:
    Sheet(const Column &all, unsigned width) : all_(all), width_(std::max(width, 2 * label)) {
        const unsigned fits = width > label + cell ? (width - label) / cell : 1;
        per_panel_ = std::max(1u, fits);
        const unsigned panels = (static_cast<unsigned>(all.size()) + per_panel_ - 1) / per_panel_;
        per_panel_ = (static_cast<unsigned>(all.size()) + panels - 1) / panels; // panels of about one size
    }

    void print(bool trace) {
        paragraph(introduction);
        fmt::print("\nThe columns\n\n");
        for (const Comparison &c : all_)
            paragraph(fmt::format("{} ({}; {}): {}.", c.design->name, c.design->system, page_of(c.design->name), c.design->sentence));
        fmt::print("\n");
        legend("The steps", step_meanings(all_, trace));
        paragraph(open_note);
        fmt::print("\n");
        legend("The questions, and what stands in their rows", question_meanings());
        paragraph(script_note);
        fmt::print("\n");
        for (std::size_t from = 0; from < all_.size(); from += per_panel_) {
            const std::size_t to = std::min(all_.size(), from + per_panel_);
            panel(Column(all_.begin() + static_cast<std::ptrdiff_t>(from), all_.begin() + static_cast<std::ptrdiff_t>(to)), trace);
        }
    }

private:
    static constexpr unsigned label = 17, cell = 12;

    void paragraph(const std::string &text) const {
        for (const std::string &line : wrapped(text, width_)) fmt::print("{}\n", line);
    }

    // Words of at most `width` characters a line; a longer word is cut.
    static Cells wrapped(std::string_view text, std::size_t width) {
        Cells lines;
        while (!text.empty()) {
            const std::size_t newline = text.find('\n');
            std::string_view line = text.substr(0, newline);
            text = newline == text.npos ? std::string_view{} : text.substr(newline + 1);
            while (line.size() > width) {
                std::size_t at = line.rfind(' ', width);
                if (at == line.npos || at == 0) at = line.find_last_of(",-", width - 1) + 1; // a device number, a name
                if (at == 0) at = width;
                lines.emplace_back(line.substr(0, at));
                line.remove_prefix(std::min(line.size(), at + (line[at] == ' ')));
            }
            lines.emplace_back(line);
        }
        return lines;
    }
    static void row(std::string_view name, const Cells &cells) {
        std::vector<Cells> parts{wrapped(name, label - 1)};
        std::size_t height = std::max<std::size_t>(1, parts[0].size());
        for (const std::string &text : cells) {
            parts.push_back(wrapped(text, cell - 1));
            height = std::max(height, parts.back().size());
        }
        for (std::size_t line = 0; line < height; ++line) {
            std::string out;
            for (std::size_t i = 0; i < parts.size(); ++i)
                out += fmt::format("{:<{}}", line < parts[i].size() ? parts[i][line] : "", i ? cell : label);
            out.resize(out.find_last_not_of(' ') + 1);
            fmt::print("{}\n", out);
        }
    }
    static void heading(const char *title, const Column &some) {
        fmt::print("{}\n\n", title);
        Cells names;
        for (const Comparison &c : some) {
            std::string name = c.design->name;
            if (const std::size_t dash = name.find('-'); dash != name.npos) name.replace(dash, 1, "-\n");
            else name.insert(0, "\n");
            names.push_back(name);
        }
        row("", names);
        row(std::string(label - 2, '-'), Cells(some.size(), std::string(cell - 2, '-')));
    }
    static void panel(const Column &some, bool trace) {
        heading(open_title, some);
        for (const OpenRow &r : open_rows(some)) row(r.part, r.cells);
        fmt::print("\n");

        heading(script_title, some);
        for (const Row &r : rows_of(some, trace)) row(r.text, r.cells);
        fmt::print("\n");

        heading(table_title, some);
        const auto questions = designs::questions();
        for (std::size_t q = 0; q < questions.size(); ++q) {
            Cells cells;
            for (const Comparison &c : some) cells.push_back(c.answers[q]);
            row(questions[q].name, cells);
        }
        fmt::print("\n");
    }
    void legend(const char *title, const std::vector<Meaning> &all) const {
        fmt::print("{}\n\n", title);
        for (const Meaning &m : all) {
            const Cells lines = wrapped(m.text, per_panel_ * cell);
            for (std::size_t i = 0; i < lines.size(); ++i) fmt::print("{:<{}}{}\n", i ? "" : m.word, label, lines[i]);
        }
        fmt::print("\n");
    }

    const Column &all_;
    unsigned width_;
    unsigned per_panel_;
};

// --- the other forms ---

void print_json(const Column &all) {
    using Json = nlohmann::ordered_json;
    Json out;
    for (const Comparison &c : all) {
        Json design;
        const auto set = [](Json &object, const char *key, std::string value) { object[key] = std::move(value); };
        set(design, "design", c.design->name);
        set(design, "system", c.design->system);
        set(design, "path", c.design->path);
        set(design, "sentence", c.design->sentence);
        for (const Word word : c.one_open) design["open"].push_back(name_of(word));
        for (const designs::Line &line : c.lines) {
            Json call;
            set(call, "call", line.text);
            set(call, "outcome", line.outcome);
            Json &steps = call["steps"] = Json::array();
            for (std::size_t s = line.first; s < line.last; ++s) {
                const Step &step = c.steps[s];
                Json one;
                set(one, "step", name_of(step.word));
                set(one, "what", step.what);
                if (step.number >= 0) one["number"] = step.number;
                if (step.dev != no_device) set(one, "device", device_text(step.dev));
                if (!step.clause.empty()) set(one, "clause", step.clause);
                steps.push_back(std::move(one));
            }
            design["script"].push_back(std::move(call));
        }
        const auto questions = designs::questions();
        for (std::size_t q = 0; q < questions.size(); ++q) set(design["answers"], questions[q].name, c.answers[q]);
        out.push_back(std::move(design));
    }
    fmt::print("{}\n", out.dump(2));
}

// One of the two markups.
struct Markup {
    bool html;

    void title(std::string_view what) const { fmt::print("{}", html ? fmt::format("<h2>{}</h2>\n", view::html_text(what)) : fmt::format("## {}\n\n", what)); }
    void paragraph(std::string_view what) const { fmt::print("{}", html ? fmt::format("<p>{}</p>\n", view::html_text(what)) : fmt::format("{}\n\n", what)); }
    void table(const view::Table &table) const {
        fmt::print("{}\n", html ? fmt::format("<div class=\"wide\">{}</div>", table.html()) : table.markdown());
    }
};

Cells with_label(std::string label, const Cells &cells) {
    Cells out{std::move(label)};
    out.insert(out.end(), cells.begin(), cells.end());
    return out;
}

void print_markup(const Column &all, bool html, bool trace) {
    const Markup out{html};
    if (html)
        fmt::print(R"(<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>Cloning designs, side by side</title>
<style>
body {{ font: 15px/1.45 system-ui, sans-serif; margin: 2rem auto; max-width: 90rem; padding: 0 1rem; color: #1c2630; background: #fbfbf9 }}
h1 {{ font-size: 1.5rem }} h2 {{ font-size: 1.1rem; margin-top: 2rem }}
.wide {{ overflow-x: auto }}
table {{ border-collapse: collapse; font-size: 13px }}
th, td {{ text-align: left; vertical-align: top; padding: .3rem .6rem; border-bottom: 1px solid #dcdfe0 }}
tr:first-child th {{ border-bottom: 2px solid #6a7a86; white-space: nowrap }}
td {{ font-family: ui-monospace, monospace }} tr:hover td {{ background: #f0f3ef }}
</style></head><body>
<h1>Cloning designs, side by side</h1>
)");
    else fmt::print("# Cloning designs, side by side\n\n");
    const auto by_design = [&](const char *label) {
        Cells names;
        for (const Comparison &c : all) names.emplace_back(c.design->name);
        return view::Table(with_label(label, names));
    };
    view::Table columns({"design", "system", "shown on", "where an instance comes from"});
    for (const Comparison &c : all) columns.row({c.design->name, c.design->system, page_of(c.design->name), c.design->sentence});
    out.table(columns);

    out.title("The steps");
    view::Table steps({"step", "what it is"});
    for (const Meaning &m : step_meanings(all, trace)) steps.row({m.word, m.text});
    out.table(steps);
    out.title("The questions");
    view::Table questions({"question", "what is asked, and what stands in its row"});
    for (const Meaning &m : question_meanings()) questions.row({m.word, m.text});
    out.table(questions);

    out.title(open_title);
    out.paragraph(open_note);
    view::Table open = by_design("step");
    for (const OpenRow &r : open_rows(all)) open.row(with_label(r.part, r.cells));
    out.table(open);

    out.title(script_title);
    out.paragraph(script_note);
    view::Table script = by_design("call");
    for (const Row &r : rows_of(all, trace)) script.row(with_label(r.text, r.cells));
    out.table(script);

    out.title(table_title);
    view::Table answers = by_design("question");
    for (std::size_t q = 0; q < designs::questions().size(); ++q) {
        Cells cells;
        for (const Comparison &c : all) cells.push_back(c.answers[q]);
        answers.row(with_label(designs::questions()[q].name, cells));
    }
    out.table(answers);
    if (html) fmt::print("</body></html>\n");
}

} // namespace

int designs(const DesignsOptions &options) {
    if (options.list) {
        for (const designs::Design &d : designs::all())
            fmt::print("{:<22} {:<24} {}\n", d.name, d.path, d.model ? "" : "a device of its authors'");
        return 0;
    }
    Column all;
    for (const std::string &name : options.names) {
        const designs::Design *found = designs::find(name);
        if (!found || !found->model) {
            std::vector<std::string> names;
            for (const designs::Design &d : designs::all()) names.emplace_back(d.name);
            fmt::print(stderr, "rill designs: no design is called {}{}; there are:", name, meant(name, names));
            for (const designs::Design &d : designs::all())
                if (d.model) fmt::print(stderr, " {}", d.name);
            fmt::print(stderr, "\n");
            return 2;
        }
        all.push_back(designs::compare(*found));
    }
    if (options.names.empty())
        for (const designs::Design &d : designs::all())
            if (d.model) all.push_back(designs::compare(d));
    if (options.json) print_json(all);
    else if (options.markdown || options.html) print_markup(all, options.html, options.trace);
    else Sheet(all, options.width ? options.width : 80).print(options.trace);
    return 0;
}

} // namespace rill::tool
