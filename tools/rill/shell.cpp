#include "tools/rill/shell.hpp"
#include "streams/base/attention.hpp"
#include "tools/paths.hpp"
#include "tools/rill/exits.hpp"
#include "tools/rill/scenario.hpp"

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fmt/format.h>
#include <histedit.h>
#include <string>
#include <unistd.h>

namespace rill::tool {

namespace fs = std::filesystem;

namespace {

// $XDG_STATE_HOME/rill/history, or where that is by default; empty when it cannot be written.
std::string history_file() {
    const char *state = std::getenv("XDG_STATE_HOME"), *home = std::getenv("HOME");
    fs::path directory;
    if (state && *state == '/')
        directory = state;
    else if (home && *home)
        directory = fs::path(home) / ".local/state";
    else
        return {};
    directory /= "rill";
    std::error_code error;
    fs::create_directories(directory, error);
    const fs::path file = directory / "history";
    const bool usable = !error && (fs::exists(file, error) ? access(file.c_str(), R_OK | W_OK) : access(directory.c_str(), W_OK)) == 0;
    return usable ? file.string() : std::string();
}

// The first Ctrl-C ends the call's sleep or the clock's way; a driver that never returns cannot be ended, so that the second
// one ends the command.
void interrupted(int) {
    if (!attention) {
        attention = 1;
        return;
    }
    constexpr char text[] = "\nrill: the driver does not return; the shell ends\n";
    if (::write(STDERR_FILENO, text, sizeof text - 1) < 0) std::_Exit(130);
    std::_Exit(130);
}

struct Editor {
    Editor(Scenario &scenario, const std::string &prompt);
    ~Editor();
    // false at the end of the input.
    bool read(std::string &line);

    static Editor &of(EditLine *el) {
        Editor *self = nullptr;
        el_get(el, EL_CLIENTDATA, &self);
        return *self;
    }
    static char *prompt_of(EditLine *el) { return of(el).prompt.data(); }
    static unsigned char complete(EditLine *el, int);
    static unsigned char cancel(EditLine *el, int);

    Scenario &scenario;
    std::string prompt, file;
    EditLine *el;
    History *history;
    bool cancelled = false;
};

Editor::Editor(Scenario &playing, const std::string &text)
    : scenario(playing), prompt(text), file(history_file()), el(el_init("rill", stdin, stdout, stderr)), history(history_init()) {
    HistEvent event;
    ::history(history, &event, H_SETSIZE, 1000);
    ::history(history, &event, H_SETUNIQUE, 1);
    if (!file.empty()) ::history(history, &event, H_LOAD, file.c_str());
    el_set(el, EL_CLIENTDATA, this);
    el_set(el, EL_PROMPT, prompt_of);
    el_set(el, EL_EDITOR, "emacs");
    el_set(el, EL_HIST, ::history, history);
    el_set(el, EL_ADDFN, "rill-complete", "Completes the word", complete);
    el_set(el, EL_ADDFN, "rill-cancel", "Throws the line away", cancel);
    el_set(el, EL_BIND, "^I", "rill-complete", nullptr);
    el_set(el, EL_BIND, "^C", "rill-cancel", nullptr);
    el_set(el, EL_BIND, "^R", "em-inc-search-prev", nullptr);
    el_set(el, EL_SETTY, "-d", "-isig", nullptr); // Ctrl-C is a key while a line is edited, and a signal while a call runs
    el_source(el, nullptr);
}

Editor::~Editor() {
    HistEvent event;
    if (!file.empty()) ::history(history, &event, H_SAVE, file.c_str());
    history_end(history);
    el_end(el);
}

bool Editor::read(std::string &line) {
    int count = 0;
    cancelled = false;
    el_set(el, EL_PREP_TERM, 1); // before the prompt is seen, so that what is typed at once is keys already
    attention = 0;
    const char *text = el_gets(el, &count);
    if (cancelled) return line.clear(), true;
    if (!text || count <= 0) return false;
    line.assign(text, static_cast<std::size_t>(count));
    while (!line.empty() && (line.back() == '\n' || line.back() == '\r')) line.pop_back();
    HistEvent event;
    if (line.find_first_not_of(" \t") != line.npos) ::history(history, &event, H_ENTER, line.c_str());
    return true;
}

unsigned char Editor::cancel(EditLine *el, int) {
    const LineInfo *info = el_line(el);
    el_cursor(el, static_cast<int>(info->lastchar - info->cursor));
    el_deletestr(el, static_cast<int>(info->lastchar - info->buffer));
    put("^C\n");
    std::fflush(stdout);
    of(el).cancelled = true;
    return CC_EOF;
}

unsigned char Editor::complete(EditLine *el, int) {
    Editor &self = of(el);
    const LineInfo *info = el_line(el);
    const std::string_view line(info->buffer, static_cast<std::size_t>(info->cursor - info->buffer));
    std::size_t from = 0;
    const std::vector<std::string> names = completions(self.scenario.evaluator(), line, from);
    if (names.empty()) return CC_REFRESH_BEEP;
    std::string common = names[0];
    for (const std::string &name : names)
        common.resize(static_cast<std::size_t>(std::mismatch(common.begin(), common.end(), name.begin(), name.end()).first - common.begin()));
    std::string more = common.substr(line.size() - from);
    if (names.size() == 1 && common.back() != '/') more += ' ';
    if (!more.empty()) return el_insertstr(el, more.c_str()) == 0 ? CC_REFRESH : CC_ERROR;
    std::size_t widest = 0;
    for (const std::string &name : names) widest = std::max(widest, name.size() + 2);
    const std::size_t columns = std::max<std::size_t>(page().width / widest, 1);
    put("\n");
    constexpr std::size_t most = 100;
    for (std::size_t i = 0; i < names.size() && i < most; ++i)
        put(fmt::format("{:<{}}{}", names[i], widest, (i + 1) % columns == 0 || i + 1 == std::min(names.size(), most) ? "\n" : ""));
    if (names.size() > most) put(fmt::format("... and {} more\n", names.size() - most));
    std::fflush(stdout);
    return CC_REDISPLAY;
}

} // namespace

int shell(Scenario &scenario, bool json) {
    if (!json) put(fmt::format("rill {}: help lists the calls, Tab completes, quit ends\n", RILL_VERSION));
    std::fflush(stdout);
    struct sigaction action = {};
    action.sa_handler = interrupted;
    sigaction(SIGINT, &action, nullptr);
    scenario.repeats_lines = false;
    Editor editor(scenario, "rill> ");
    for (std::string line; !scenario.over() && editor.read(line);) scenario.line(line);
    if (!scenario.over()) put("\n");
    return exit_fine;
}

} // namespace rill::tool
