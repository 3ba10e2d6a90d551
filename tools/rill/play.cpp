#include "tools/rill/play.hpp"
#include "streams/base/scratch.hpp"
#include "streams/queue/crash.hpp"
#include "streams/boot/sysgen.hpp"
#include "tools/paths.hpp"
#include "tools/rill/builtin.hpp"
#include "tools/rill/cc.hpp"
#include "tools/rill/clause.hpp"
#include "tools/rill/exits.hpp"
#include "tools/rill/needs.hpp"
#include "tools/rill/scenario.hpp"
#include "tools/rill/shell.hpp"

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fmt/format.h>
#include <iostream>
#include <memory>
#include <sstream>
#include <unistd.h>

namespace rill::tool {

namespace fs = std::filesystem;

namespace {

struct Free {
    void operator()(rill_system *system) const { rill_system_free(system); }
};
using Owned = std::unique_ptr<rill_system, Free>;

constexpr long steps_shown = 100'000; // each is some lines of the trace

int failed(const std::string &message) {
    fmt::print(stderr, "rill: {}{}", message, message.ends_with('\n') ? "" : "\n");
    return exit_unusable;
}

std::string profile_names() {
    std::string names;
    for (const Profile &p : profiles()) names += fmt::format("{}{}", names.empty() ? "" : ", ", p.name);
    return names;
}

// The end of a path, part by part: build/examples/sysgen is a laid-out examples/sysgen.
bool ends_with(const fs::path &path, const fs::path &end) {
    std::vector<fs::path> have(path.begin(), path.end()), want(end.begin(), end.end());
    std::erase_if(have, [](const fs::path &part) { return part.empty() || part == "."; });
    std::erase_if(want, [](const fs::path &part) { return part.empty() || part == "."; });
    return want.size() <= have.size() && std::equal(want.rbegin(), want.rend(), have.rbegin());
}

// Whether the system that was asked for is the one that the scenario is written for; where it names one and none was
// asked for, it is taken.
bool settle(const Needs &needs, const fs::path &file, PlayOptions &options, std::string &problem) {
    const auto place = [&](const char *need) { return fmt::format("{}:{}", options.file, needs.lines.at(need)); };
    std::error_code ignored;
    if (!needs.profile.empty()) {
        if (!options.profile.empty() && options.profile != needs.profile)
            return problem = fmt::format("{}: this scenario is for the profile {}, and was given {}", place("profile"), needs.profile, options.profile), false;
        options.profile = needs.profile;
    }
    if (!needs.system.empty()) {
        const fs::path named = find_place(needs.system, file);
        if (!options.directory.empty()) {
            const fs::path got = fs::weakly_canonical(options.directory, ignored);
            if (!ends_with(got, fs::path(needs.system)) && (named.empty() || !fs::equivalent(named, got, ignored)))
                return problem = fmt::format("{}: this scenario is for the system {}, and was given {} (`rill run` finds its own)", place("system"),
                                             needs.system, options.directory),
                       false;
        } else if (named.empty()) {
            return problem = fmt::format("{}: the system {} is neither at the scenario or above it, nor in {} or {}", place("system"), needs.system,
                                         RILL_SOURCE_DIR, RILL_DATA_DIR),
                   false;
        } else {
            options.directory = named.lexically_normal().string();
        }
    } else if (needs.drivers && !options.directory.empty()) {
        return problem = fmt::format("{}: this scenario is for the built-in drivers, and was given the system {}", place("drivers"), options.directory), false;
    }
    if (needs.seed && !options.seed) options.seed = needs.seed;
    return true;
}

bool fill(rill_system *system, const PlayOptions &options, const Needs &needs) {
    if (!options.directory.empty()) {
        extend_boot_path();
        std::error_code ignored;
        if (!fs::is_directory(options.directory, ignored)) {
            failed(fmt::format("{} is no directory to boot", options.directory));
            return false;
        }
        if (!rebuild(options.directory)) return false;
        auto &s = *reinterpret_cast<System *>(system);
        Enter scope(s);
        if (sysgen::boot(s, options.directory.c_str(), &s.sysgen_error) == 0) {
            for (const std::string &note : s.registry.boot_notes) fmt::print(stderr, "rill: {}\n", note);
            return anything_booted(system, options.directory);
        }
        failed(fmt::format("{} cannot be booted:\n{}", options.directory, s.sysgen_error));
        return false;
    }
    std::string unknown;
    if (const int error = add_builtin_drivers(system, needs.drivers ? &*needs.drivers : nullptr, unknown)) {
        failed(unknown.empty() ? fmt::format("the built-in drivers cannot be added: {}", std::strerror(error)) : unknown);
        return false;
    }
    return true;
}

// A signal that ends the command ends it as ever, but leaves no temporary files.
void clean_up_on_signals() {
    const auto catch_it = [](int sig) {
        struct sigaction now {};
        if (::sigaction(sig, nullptr, &now) != 0 || (now.sa_flags & SA_SIGINFO) || now.sa_handler != SIG_DFL) return;
        now.sa_sigaction = [](int s, siginfo_t *info, void *) {
            tell_own_signal(s, info);
            Scratch::remove_all();
            ::signal(s, SIG_DFL);
            ::raise(s);
        };
        now.sa_flags = SA_ONSTACK | SA_SIGINFO;
        ::sigaction(sig, &now, nullptr);
    };
    for (int sig : {SIGHUP, SIGINT, SIGQUIT, SIGPIPE, SIGALRM, SIGTERM, SIGUSR1, SIGUSR2, SIGPROF, SIGVTALRM, SIGIO, SIGPWR, SIGSTKFLT,
                    SIGTRAP, SIGSYS, SIGXCPU, SIGXFSZ})
        catch_it(sig);
    for (int sig = SIGRTMIN; sig <= SIGRTMAX; ++sig) catch_it(sig);
}

// What is told at the end, for a reader of the last lines, and of the exit status.
bool is_at_fault(const System &system) {
    if (system.faults.empty()) return false;
    const Fault &first = system.faults.front();
    const std::size_t more = system.faults.size() - 1;
    flush();
    fmt::print(stderr, "rill: a driver is at fault: {}, {}: {} ({}){}\n", first.driver,
               first.entry.empty() ? "outside its procedures" : first.entry, first.what, first.rule,
               more ? fmt::format(", and {} more", more) : "");
    return true;
}

} // namespace

void extend_boot_path() {
    const char *given = std::getenv("RILL_BOOT_PATH");
    std::error_code ignored;
    const fs::path moved = fs::read_symlink("/proc/self/exe", ignored).parent_path().parent_path() / RILL_LIBDIR / "rill" / "boot";
    std::string path = (given && *given ? std::string(given) + ":" : std::string()) + RILL_BOOT_DIRS;
    if (fs::is_directory(moved, ignored)) path += ":" + moved.string(); // an installation that was moved as a whole
    ::setenv("RILL_BOOT_PATH", path.c_str(), 1);
}

int play(const PlayOptions &asked) {
    PlayOptions options = asked;
    Needs needs;
    std::string text, problem;
    if (!options.file.empty()) {
        const fs::path file = find_scenario(options.file);
        if (!read_text(file, text, problem)) return failed(problem);
        options.file = file.string();
        if (!read_needs(text, options.file, needs, problem)) return fmt::print(stderr, "{}\n", problem), exit_unusable;
        if (!settle(needs, file, options, problem)) return failed(problem);
        const auto count = std::count(text.begin(), text.end(), '\n') + (text.back() != '\n');
        if (options.from > count) return failed(fmt::format("--from {}: {} has {} line{}", options.from, options.file, count, count == 1 ? "" : "s"));
    }
    if (options.profile.empty()) options.profile = "irix";
    struct Watched {
        explicit Watched(unsigned seconds) { watch_procedures(seconds); }
        ~Watched() { watch_procedures(0); }
    } const watched(options.watchdog);
    clean_up_on_signals();
    Owned system(rill_system_new(options.profile.c_str()));
    if (!system) return failed(fmt::format("no profile is called {} (there are {})", options.profile, profile_names()));
    rill_budget(system.get(), steps_shown);
    auto &s = *reinterpret_cast<System *>(system.get());
    s.trace.keep_last();
    if (!options.file.empty()) s.booted_at = 0; // a scenario tells the same at any time
    if (options.seed) s.sched.seed(*options.seed);
    if (needs.faults && !std::getenv("RILL_FAULTS")) s.fault_policy = *needs.faults;
    if (!fill(system.get(), options, needs)) return exit_unusable;

    Page page = tool::page();
    if (options.width) page.width = options.width;
    const Show show = options.json    ? Show::json
                      : options.html  ? Show::html
                      : options.quiet ? Show::quiet
                                      : Show::all;
    const bool person = options.file.empty() && isatty(STDIN_FILENO);
    const Pager pager(!options.file.empty() && !options.step && !options.predict && show < Show::json);
    bool good = false;
    {
        Scenario scenario(system.get(), show, options.file.empty() ? "<stdin>" : options.file, page);
        scenario.evaluator().clause = clause_for_shell;
        if (!options.file.empty())
            scenario.evaluator().find_file = [file = fs::path(options.file)](const std::string &name) {
                std::error_code ignored;
                const fs::path found = fs::exists(name, ignored) ? fs::path() : find_place(name, file);
                return found.empty() ? name : found.string();
            };
        if (person) return shell(scenario, show >= Show::json);
        scenario.from = options.from;
        scenario.steps = options.step;
        scenario.predicts = options.predict;
        scenario.needs_met = !options.file.empty();
        std::istringstream lines(text);
        good = options.file.empty() ? scenario.run(std::cin, true) : scenario.run(lines, false);
    } // its processes end, and may find something
    return is_at_fault(s) || !good ? exit_found : exit_fine;
}

} // namespace rill::tool
