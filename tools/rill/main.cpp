// The `rill` command: makes a System, fills it with drivers, and gives it a scenario to run.
#include "tools/rill/builtin.hpp"
#include "tools/paths.hpp"
#include "tools/rill/cc.hpp"
#include "tools/rill/check/check.hpp"
#include "tools/rill/conform.hpp"
#include "tools/rill/designs.hpp"
#include "tools/rill/scenario.hpp"

#include <CLI/CLI.hpp>
#include <cstdlib>
#include <cstring>
#include <fmt/format.h>
#include <fstream>
#include <iostream>
#include <memory>
#include <unistd.h>


namespace {

using namespace rill;

struct Options {
    std::string file;      // the scenario; empty for standard input
    std::string directory; // sysgen; empty for the built-in drivers
    std::string profile = "irix";
    bool quiet = false, json = false;
    std::optional<unsigned long long> seed;
};

struct Free {
    void operator()(rill_system *system) const { rill_system_free(system); }
};
using Owned = std::unique_ptr<rill_system, Free>;

int failed(const std::string &message) {
    fmt::print(stderr, "rill: {}\n", message);
    return 1;
}

// Objects that a directory has not in its own boot/ are looked for where the standard drivers were built and installed.
void extend_boot_path() {
    const char *given = std::getenv("RILL_BOOT_PATH");
    const std::string path = (given && *given ? std::string(given) + ":" : std::string()) + RILL_BOOT_DIRS;
    ::setenv("RILL_BOOT_PATH", path.c_str(), 1);
}

bool fill(rill_system *system, const Options &options) {
    if (!options.directory.empty()) {
        extend_boot_path();
        if (!tool::rebuild(options.directory)) return false;
        return rill_sysgen(system, options.directory.c_str()) == 0; // it has told why
    }
    if (const int error = tool::add_builtin_drivers(system)) {
        failed(fmt::format("the built-in drivers cannot be added: {}", std::strerror(error)));
        return false;
    }
    return true;
}

int play(rill_system *system, const Options &options) {
    const tool::Show show = options.json ? tool::Show::json : options.quiet ? tool::Show::quiet : tool::Show::all;
    if (!options.file.empty()) {
        std::ifstream in(options.file);
        if (!in) return failed(fmt::format("cannot read the scenario {}: {}", options.file, std::strerror(errno)));
        return tool::Scenario(system, show, options.file).run(in, false) ? 0 : 1;
    }
    const bool person = isatty(STDIN_FILENO);
    if (person && !options.json) fmt::print("rill {}: help lists the calls, quit ends\n", RILL_VERSION);
    const bool good = tool::Scenario(system, show, "<stdin>").run(std::cin, true, person ? "rill> " : nullptr);
    return person || good ? 0 : 1;
}

int start(const Options &options) {
    Owned system(rill_system_new(options.profile.c_str()));
    if (!system) return failed(fmt::format("no profile is called {} (there are irix, svr4, solaris)", options.profile));
    if (options.seed) reinterpret_cast<System *>(system.get())->sched.seed(*options.seed);
    if (!fill(system.get(), options)) return 1;
    return play(system.get(), options);
}

void cc_command(CLI::App &app, tool::Compile &what) {
    CLI::App *cc = app.add_subcommand("cc", "Compile a driver's C files into a shared object that a sysgen directory can boot");
    cc->add_option("FILE.c", what.sources, "the driver's source files; all go into one object")->required()->check(CLI::ExistingFile);
    cc->add_option("-o,--output", what.output, "the object; without it the first source's name with .so");
    cc->add_option("--std", what.standard, "the C dialect: gnu89, c99, c17 ...")->capture_default_str();
    cc->add_flag("--checking", what.checking, "no optimisation, all warnings, -DDEBUG");
    cc->add_option("-D", what.more, "define, passed on to the compiler");
    cc->footer("Example:\n  rill cc foo.c && rill check foo.so");
}

void check_command(CLI::App &app, tool::CheckOptions &what) {
    CLI::App *check = app.add_subcommand("check", "Exercise a driver or module that nobody prepared, and report its faults");
    check->add_option("DRIVER", what.target, "DRIVER.so, or DIR:NAME for one of a sysgen directory")->required();
    check->add_flag("--tap", what.tap, "report as TAP");
    check->add_option("--junit", what.junit, "also write a JUnit report to this file");
    check->add_option("--seed", what.seed, "of the random steps")->capture_default_str();
    check->add_option("--profile", what.profile, "which system to be: irix, svr4, solaris")->capture_default_str();
    check->add_option("--prefix", what.prefix, "of the driver's public names, if it is not the object's name");
    check->add_option("--major", what.major, "external major to give it")->capture_default_str();
    check->add_option("--devices", what.devices, "#DEV to give it")->capture_default_str();
    check->add_option("--out", what.out, "directory for the scenarios that reproduce faults (default: NAME.check)");
    check->add_option("--ioctl", what.ioctls, "its own ioctl commands, N,... (default: NAME.ioctls beside it, or the cases of its source)")
        ->delimiter(',');
    check->add_option("--seconds", what.seconds, "that one step may take")->capture_default_str();
    check->add_flag("--module", what.module, "it is a module: push it");
    check->footer("Exit status: 0 no fault, 1 faults, 2 the check could not be made.\n"
                  "Example:\n  rill check foo.so --junit foo.xml");
}

void designs_command(CLI::App &app, tool::DesignsOptions &what) {
    CLI::App *designs = app.add_subcommand("designs", "Put one device through every cloning design, and show them side by side");
    designs->add_option("NAME", what.names, "only these (--list names them); without any, all nine");
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
        app.add_subcommand("conform", "Run the cases of the suite that name clauses, and tell of each clause whether it holds");
    conform->add_option("PATTERN", what.patterns, "ids of clauses, with * and ? ('CLN-0*'); none: all");
    conform->add_option("--profile", what.profile, "which system to be: irix, svr4, solaris; all: one after the other")
        ->capture_default_str();
    conform->add_option("--format", what.format, "text, tap, junit, markdown (the matrix), html (one file with filters)")
        ->check(CLI::IsMember({"text", "tap", "junit", "markdown", "html"}))
        ->capture_default_str();
    conform->add_option("-o,--output", what.output, "write to this file");
    conform->add_option("-j,--jobs", what.jobs, "how many files' cases run at a time; 0: one for each processor")
        ->capture_default_str();
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
                    "  rill conform --profiles                              where irix, svr4 and solaris differ");
}

void common(CLI::App &command, Options &options) {
    auto *quiet = command.add_flag("-q,--quiet", options.quiet, "calls and their results only");
    command.add_flag("--json", options.json, "trace records only, one JSON object a line")->excludes(quiet);
    command.add_option("--profile", options.profile, "which system to be: irix, svr4, solaris")->capture_default_str();
    command.add_option("--seed", options.seed, "draw the order of what is runnable from this seed");
}

} // namespace

int main(int argc, char **argv) {
    CLI::App app("SVR4/IRIX STREAMS in a process, built around clone opens: make calls and see each step of them.");
    app.name("rill");
    app.set_version_flag("--version", "rill " RILL_VERSION);
    app.require_subcommand(1);
    app.footer("Examples:\n"
               "  rill shell                                        try calls by hand; help lists them\n"
               "  rill run hello.rill                               a scenario with the built-in drivers\n"
               "  rill boot examples/sysgen -s s1-clone-open.rill   a scenario in a configured system\n"
               "  rill boot examples/sysgen                         a shell in it\n"
               "A scenario is one call a line:\n"
               "  fd = open /dev/echo rdwr\n"
               "  write fd \"hello\"\n"
               "  expect \"hello\" read fd 64\n"
               "  expect (61,0) fstat fd");

    Options options;
    CLI::App *run = app.add_subcommand("run", "Run a scenario with the built-in drivers echo, loop, nuls, mux and pipemod");
    run->add_option("FILE", options.file, "the scenario")->required();
    run->footer("Example:\n  rill run --quiet hello.rill");
    CLI::App *boot = app.add_subcommand("boot", "Boot a sysgen directory, then run a scenario or read calls");
    boot->add_option("DIR", options.directory, "system/*.sm, master.d/, boot/*.so and the node table dev")->required();
    boot->add_option("-s,--scenario", options.file, "the scenario; without it, calls are read from standard input");
    boot->footer("Example:\n  echo 'ls -l /dev' | rill boot examples/sysgen");
    CLI::App *shell = app.add_subcommand("shell", "Read calls from standard input, with the built-in drivers");
    shell->footer("Example:\n  echo 'fd = open /dev/echo' | rill shell --json");
    for (CLI::App *command : {run, boot, shell}) common(*command, options);

    tool::Compile compile;
    cc_command(app, compile);
    tool::CheckOptions check;
    check_command(app, check);
    tool::ConformOptions conform;
    conform_command(app, conform);

    tool::DesignsOptions designs;
    designs_command(app, designs);

    CLI11_PARSE(app, argc, argv);
    if (app.got_subcommand("designs")) return tool::designs(designs);
    if (app.got_subcommand("cc")) {
        for (std::string &define : compile.more) define.insert(0, "-D");
        return tool::compile(compile);
    }
    if (app.got_subcommand("check")) {
        extend_boot_path();
        return tool::check(check);
    }
    if (app.got_subcommand("conform")) return tool::conform(conform);
    return start(options);
}
