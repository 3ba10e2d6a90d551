// The words of the command line, and nothing else: each subcommand is a struct of options and a function (play.hpp,
// check.hpp ...). CLI11 takes long to compile, so that this is the one file that includes it, and includes little besides.
#include "tools/paths.hpp"
#include "tools/rill/cc.hpp"
#include "tools/rill/check/check.hpp"
#include "tools/rill/checking.hpp"
#include "tools/rill/clause.hpp"
#include "tools/rill/commands.hpp"
#include "tools/rill/conform.hpp"
#include "tools/rill/designs.hpp"
#include "tools/rill/exits.hpp"
#include "tools/rill/logs.hpp"
#include "tools/rill/play.hpp"
#include "tools/rill/terminal.hpp"
#include "tools/rill/words.hpp"
#include "streams/base/fault.hpp"
#include "streams/view/text.hpp"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <fmt/format.h>
#include <limits>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

namespace {

using namespace rill;

std::string scenario_names() {
    std::string text;
    for (const std::string &line : view::wrap(RILL_SCENARIOS, 76)) text += "  " + line + "\n";
    return text;
}

constexpr const char *exit_table = "Exit status:\n"
                                   "  0  all went well\n"
                                   "  1  something was found: an expectation was not met, a line of a\n"
                                   "     scenario is wrong, a driver is at fault, a clause failed\n"
                                   "  2  nothing could be done: wrong options or names, a file or directory\n"
                                   "     that cannot be used, a scenario run in another system or profile\n"
                                   "     than the one that its first lines ask for\n"
                                   "  3  the output could not be written\n\n";

// CLI11 takes -1 for the greatest of the unsigned numbers.
const CLI::Validator a_seed([](std::string &text) {
    long value = 0;
    return tool::parse_number(text, &value) && value >= 0 ? std::string() : fmt::format("expected a seed from 0 to {}, found {}", std::numeric_limits<long>::max(), text);
},
                            "");
const CLI::Validator not_negative([](std::string &text) { return text.starts_with('-') ? "expected 0 or more, found " + text : std::string(); }, "");

void cc_command(CLI::App &app, tool::Compile &what) {
    CLI::App *cc = app.add_subcommand("cc", "Compile a driver's C files into an object to boot");
    cc->add_option("FILE.c", what.sources, "the driver's source files; all go into one object")->required();
    cc->add_option("-o,--output", what.output, "the object; without it the first source's name with .so");
    cc->add_option("--like", what.like, "whose driver it is: svr3, svr4, solaris, lis, openss7");
    cc->add_option("--std", what.standard, "the C dialect: gnu89, c99, c17 ... (default: gnu89, or what --like takes)");
    cc->add_flag("--checking", what.checking, "no optimisation, all warnings, -DDEBUG");
    cc->footer(tool::compile_help);
}

void check_command(CLI::App &app, tool::CheckOptions &what) {
    CLI::App *check = app.add_subcommand("check", "Exercise a driver or module, and report its faults");
    check->add_option("DRIVER", what.target, "DRIVER.so, or DIR:NAME for one of a sysgen directory")->required();
    check->add_flag("--tap", what.tap, "report as TAP");
    check->add_option("--junit", what.junit, "also write a JUnit report to this file");
    check->add_option("--seed", what.seed, "of the random steps")->check(a_seed)->capture_default_str();
    check->add_option("--profile", what.profile, "which system to be: irix, svr4, solaris")->capture_default_str();
    check->add_option("--prefix", what.prefix, "of the driver's public names, if it is not the object's name");
    check->add_option("--major", what.major, "external major to give it, from 1 to the profile's greatest but the clone driver's")->capture_default_str();
    check->add_option("--devices", what.devices, "#DEV to give it, 1 or more")->capture_default_str();
    check->add_option("--out", what.out, "directory for the scenarios that reproduce faults (default: NAME.check)");
    check->add_option("--ioctl", what.ioctls, "its own ioctl commands, N,... (default: NAME.ioctls beside it, or the cases of its source)")
        ->delimiter(',');
    check->add_option("--seconds", what.seconds, "that one step may take, 1 to 86400")->capture_default_str();
    check->add_flag("--module", what.module, "it is a module: push it");
    check->footer("Exit status: 0 no fault, 1 faults, 2 the check could not be made, 3 the output could not be written.\n"
                  "Example:\n  rill check foo.so --junit foo.xml");
}

void designs_command(CLI::App &app, tool::DesignsOptions &what) {
    CLI::App *designs = app.add_subcommand("designs", "One device in every cloning design, side by side");
    designs->add_option("NAME", what.names, "only these (--list names them); without any, all ten");
    designs->add_flag("--list", what.list, "the designs, and the devices that their authors wrote about (for `attach` in scenarios)");
    designs->add_flag("--trace", what.trace, "under each line of the script, the steps that it took");
    designs->add_option("--width", what.width, "characters of a page of text (default: the terminal's, or 80)");
    auto *json = designs->add_flag("--json", what.json, "calls, steps and answers for programs");
    auto *markdown = designs->add_flag("--markdown", what.markdown, "tables in Markdown")->excludes(json);
    designs->add_flag("--html", what.html, "one HTML page")->excludes(json)->excludes(markdown);
    designs->footer("Everything shown is computed from the run: two processes open the device, use it, exhaust it, close out of\n"
                    "order and open again, and the driver is detached while an instance is open.\n"
                    "Examples:\n"
                    "  rill designs irix-clone freebsd-dev_clone --trace\n"
                    "  rill designs --html > designs.html");
}

void conform_command(CLI::App &app, tool::ConformOptions &what) {
    CLI::App *conform =
        app.add_subcommand("conform", "Run the suite, and tell of each clause if it holds");
    conform->add_option("PATTERN", what.patterns, "ids of clauses, with * and ? ('CLN-0*'); none: all");
    conform->add_option("--profile", what.profile, "which system to be: irix, svr4, solaris; all: one after the other")
        ->capture_default_str();
    conform->add_option("--format", what.format, "text, tap, junit, markdown (the matrix), html (one file with filters)")
        ->check(CLI::IsMember({"text", "tap", "junit", "markdown", "html"}))
        ->capture_default_str();
    conform->add_option("-o,--output", what.output, "write to this file");
    conform->add_option("-j,--jobs", what.jobs, "how many files' cases run at a time; 0: one for each processor")
        ->check(not_negative)
        ->capture_default_str();
    conform->add_option("--cases", what.cases, "also run the scenarios of this directory that have `clause ID: SENTENCE` lines");
    conform->add_option("--sources", what.sources, "what the HTML report's links to cases begin with (default: this source tree)");
    conform->add_flag("--strict", what.strict, "a clause that no case covers is a failure");
    conform->add_flag("--profiles", what.list_profiles, "instead: the table of points on which systems differ");
    conform->add_option("--catalogue", what.catalogue, "directory of the clauses")->check(CLI::ExistingDirectory);
    conform->footer("What is told of a clause:\n"
                    "  passed          cases that name it ran under the profile, each asserted something, none failed\n"
                    "  failed          one of them failed, crashed, or asserted nothing\n"
                    "  not covered     no case names it; never counted as passed\n"
                    "  does not apply  it binds other systems only\n"
                    "  a note          it cannot be run\n"
                    "  not built yet   it speaks of a part that rill does not have\n"
                    "Exit status: 0 no clause failed, 1 some did, 2 it could not be found out.\n"
                    "Examples:\n"
                    "  rill conform 'CLN-*'                                 what a clone open is, in the irix profile\n"
                    "  rill conform --profile all --format html -o all.html\n"
                    "  rill conform --cases my-cases                        with cases of one's own, without C++\n"
                    "  rill conform --profiles                              where irix, svr4 and solaris differ");
}

void clause_command(CLI::App &app, tool::ClauseOptions &what) {
    CLI::App *clause = app.add_subcommand("clause", "A clause: its sentence, sources, cases, if it holds");
    auto *ids = clause->add_option("ID", what.ids, "ids of clauses, with * and ?");
    clause->add_option("--search", what.search, "instead: clauses that have all these words, or whose cases do")->excludes(ids);
    clause->add_flag("!--no-run", what.run, "do not run the cases that name it");
    clause->add_option("--catalogue", what.catalogue, "directory of the clauses")->check(CLI::ExistingDirectory);
    clause->footer("Examples:\n  rill clause CLN-022\n  rill clause --search \"foreign major\"");
}

void strclean_command(CLI::App &app, tool::CleanOptions &what) {
    CLI::App *clean = app.add_subcommand("strclean", "Remove old files of strerr");
    clean->add_option("-a", what.days, "days, up to 36500; files that are older go")->check(CLI::Range(0, 36500))->capture_default_str();
    clean->add_option("-d", what.directory, "where they are")->capture_default_str();
    clean->footer("strerr, strace and strlog are commands of a scenario and of the shell (help strerr); strerr -d DIR writes\n"
                  "DIR/error.MM-DD.\nExit status: 0, 1 when a file could not be removed, 2 when the directory cannot be read.\n"
                  "Example:\n  rill strclean -a 7 -d logs");
}

void common(CLI::App &command, tool::PlayOptions &options) {
    auto *quiet = command.add_flag("-q,--quiet", options.quiet, "calls and their results only");
    auto *json = command.add_flag("--json", options.json, "trace records only, one JSON object a line")->excludes(quiet);
    command.add_flag("--html", options.html, "trace records only, as one HTML page")->excludes(quiet)->excludes(json);
    command.add_option("--profile", options.profile, "which system to be: irix, svr4, solaris (default: what the scenario asks for, or irix)");
    command.add_option("--watchdog", options.watchdog, "name a procedure that does not return for so many seconds, and end (0: never)")
        ->check(not_negative)
        ->capture_default_str();
    command.add_option("--seed", options.seed, "draw the order of what is runnable from this seed")->check(a_seed);
    command.add_option("--width", options.width, "characters of a line (default: the terminal's, or 80)")->check(CLI::Range(40, 1000));
}

void of_a_scenario(CLI::App &command, tool::PlayOptions &options) {
    command.add_option("--from", options.from, "show the lines of the scenario from this one on; those before it run silently");
    command.add_flag("--step", options.step, "wait for a key after each call; q ends");
    command.add_flag("--predict", options.predict, "ask first what a call will do, compare, and keep the score");
}

int failed(const std::string &message) {
    std::fprintf(stderr, "rill: %s\n", message.c_str());
    return tool::exit_unusable;
}

// Lines of at most 80 characters; the rest of a longer one stands below its own text, or its second column.
void print_folded(const std::string &text) {
    constexpr std::size_t width = 80;
    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line);) {
        const std::size_t margin = std::min(line.find_first_not_of(' '), line.size());
        const std::size_t gap = line.find("  ", margin);
        const std::size_t column = gap == line.npos ? line.npos : line.find_first_not_of(' ', gap);
        const std::size_t hang = margin == 0          ? 0
                                 : column < width / 2 ? column
                                                      : margin + 2;
        while (line.size() > width) {
            const std::size_t cut = line.rfind(' ', width);
            if (cut == line.npos || cut <= hang) break;
            std::printf("%s\n", line.substr(0, line.find_last_not_of(' ', cut) + 1).c_str());
            line = std::string(hang, ' ') + line.substr(cut + 1);
        }
        std::printf("%s\n", line.c_str());
    }
}

// The first word that is no option names the subcommand.
std::string unknown_command(CLI::App &app, int argc, char **argv) {
    if (argc < 2 || argv[1][0] == '-') return {};
    std::vector<std::string> names;
    for (const CLI::App *each : app.get_subcommands({})) {
        if (each->get_name() == argv[1]) return {};
        names.push_back(each->get_name());
    }
    if (tool::find_command(argv[1])) return fmt::format("{} is a word of scenarios and of the shell, no command (rill shell; help {})", argv[1], argv[1]);
    return std::string("no command is called ") + argv[1] + tool::meant(argv[1], names) + " (rill --help lists them)";
}

// What the words of the command line stand for.
struct Asked {
    tool::PlayOptions play;
    tool::Compile compile;
    tool::CheckOptions check;
    tool::ConformOptions conform;
    tool::ClauseOptions clause;
    tool::DesignsOptions designs;
    tool::CleanOptions clean;
};

void describe(CLI::App &app, bool &asked_checking) {
    app.name("rill");
    app.set_version_flag("--version", "rill " RILL_VERSION);
    app.require_subcommand(1);
    app.add_flag("--checking", asked_checking, "first word only: use the slower build that also\nfinds drivers' faults");
    app.footer(std::string(exit_table) +
               "Words:\n"
               "  scenario  a file of calls, one a line, with text between them\n"
               "  sysgen    the directory that a system is configured in: a file for each\n"
               "            driver, the drivers themselves, the nodes of /dev\n"
               "  clause    a sentence of the specification that rill follows\n"
               "  module    what is pushed between a stream's head and its driver\n"
               "\n"
               "Scenarios that come with rill (rill run NAME), in the order of reading:\n" +
               scenario_names() +
               "\n"
               "Environment:\n"
               "  RILL_FAULTS=report|stop|off  what happens when a driver does what no manual allows\n"
               "  RILL_RECORDS=on              programs too tell what came before a driver's crash\n"
               "  RILL_STACK=BYTES             of a call's stack (K and M are understood)\n"
               "  RILL_CC=COMPILER             the C compiler for drivers\n"
               "\n"
               "Examples:\n"
               "  rill shell                 try calls by hand; help lists them\n"
               "  rill run s1-clone-open     one of the scenarios that come with rill\n"
               "  rill run hello.rill        one of one's own\n"
               "  rill boot examples/sysgen  a shell in a configured system\n"
               "  rill clause CLN-022        what the number in a trace stands for\n"
               "\n"
               "What a scenario looks like:\n"
               "  fd = open /dev/echo rdwr\n"
               "  write fd \"hello\"\n"
               "  expect \"hello\" read fd 64\n"
               "  expect (61,0) fstat fd");
    app.get_formatter()->column_width(22);
}

void play_commands(CLI::App &app, tool::PlayOptions &options) {
    CLI::App *run = app.add_subcommand("run", "Run a scenario in the system that it names");
    run->add_option("FILE", options.file, "the scenario, or the name of one that comes with rill")->required();
    of_a_scenario(*run, options);
    run->footer("A scenario's first lines say what it needs:\n" + tool::help_of_needs() +
                "Examples:\n"
                "  rill run s2-table-full --predict\n"
                "  rill run --quiet hello.rill");
    CLI::App *boot = app.add_subcommand("boot", "Boot a sysgen directory, then run or read calls");
    boot->add_option("DIR", options.directory, "system/*.sm, master.d/, boot/*.so and the node table dev")->required();
    boot->add_option("-s,--scenario", options.file, "the scenario; without it, calls are read from standard input");
    of_a_scenario(*boot, options);
    boot->footer("Examples:\n"
                 "  echo 'ls -l /dev' | rill boot examples/sysgen\n"
                 "  rill boot examples/sysgen -s examples/scenarios/s1-clone-open.rill");
    CLI::App *shell = app.add_subcommand("shell", "Read calls, with the built-in drivers");
    shell->footer("At a terminal Tab completes, Ctrl-C ends a call, and lines are kept in $XDG_STATE_HOME/rill/history.\n"
                  "Example:\n  echo 'fd = open /dev/echo' | rill shell --json");
    for (CLI::App *command : {run, boot, shell}) common(*command, options);
}

int carry_out(const CLI::App &app, Asked &asked) {
    if (app.got_subcommand("designs")) {
        tool::DesignsOptions &designs = asked.designs;
        if (!designs.width) designs.width = tool::columns(); // of the terminal, before a pager stands before it
        const tool::Pager pager(!designs.json && !designs.markdown && !designs.html);
        return tool::designs(designs);
    }
    if (app.got_subcommand("cc")) return tool::compile(asked.compile);
    if (app.got_subcommand("check")) {
        tool::extend_boot_path();
        return tool::check(asked.check);
    }
    if (app.got_subcommand("clause")) {
        if (asked.clause.ids.empty() && asked.clause.search.empty()) return failed("expected ids of clauses, or --search (rill clause --help tells more)");
        return tool::clause(asked.clause);
    }
    if (app.got_subcommand("strclean")) return tool::strclean(asked.clean);
    if (app.got_subcommand("conform")) return tool::conform(asked.conform);
    if (app.got_subcommand("run") && asked.play.file.empty()) return failed("the name of the scenario is empty");
    if (asked.play.from < 0) return failed("--from is the number of a line");
    return tool::play(asked.play);
}

int run(int argc, char **argv) {
    CLI::App app("SVR4/IRIX STREAMS in a process, built around clone opens: one name in /dev,\na fresh unit for each open. Make calls, and see each step of them.");
    bool asked_checking = false; // told by the first argument, below
    describe(app, asked_checking);
    Asked asked;
    play_commands(app, asked.play);
    cc_command(app, asked.compile);
    check_command(app, asked.check);
    conform_command(app, asked.conform);
    clause_command(app, asked.clause);
    designs_command(app, asked.designs);
    strclean_command(app, asked.clean);

    const bool checking = argc > 1 && std::string_view(argv[1]) == "--checking";
#if RILL_CHECKING
    if (checking) argv[1] = argv[0], ++argv, --argc;
#else
    if (checking) return tool::run_checking(argv);
#endif
    if (const std::string wrong = unknown_command(app, argc, argv); !wrong.empty()) return failed(wrong);
    std::vector<char *> words(argv, argv + argc);
    if (argc > 1 && std::strcmp(argv[1], "cc") == 0) tool::take_compiler_words(words, asked.compile.more);
    try {
        app.parse(static_cast<int>(words.size()), words.data());
    } catch (const CLI::CallForHelp &) {
        print_folded(app.help());
        return tool::exit_fine;
    } catch (const CLI::ParseError &e) {
        if (e.get_exit_code() == 0) return app.exit(e); // --help, --version
        std::string name = "rill";
        for (const CLI::App *each : app.get_subcommands()) name += " " + each->get_name();
        return failed(std::string(e.what()) + " (" + name + " --help tells more)");
    }
    if (const char *policy = std::getenv("RILL_FAULTS"); policy && *policy && !fault_policy_named(policy))
        return failed(std::string("RILL_FAULTS=") + policy + ": expected report, stop or off");
    return carry_out(app, asked);
}

} // namespace

int main(int argc, char **argv) {
    try {
        return tool::ended(run(argc, argv));
    } catch (const std::exception &e) {
        const int status = tool::ended(tool::exit_unusable); // formatted output throws when it cannot be written
        return status == tool::exit_unwritten ? status : failed(e.what());
    }
}
