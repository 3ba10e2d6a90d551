#include "tools/rill/check/check.hpp"

#include "streams/system.hpp"
#include "tools/rill/check/child.hpp"
#include "tools/rill/check/report.hpp"
#include "tools/rill/check/steps.hpp"
#include "tools/rill/check/target.hpp"
#include "tools/rill/exits.hpp"

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fmt/format.h>
#include <unistd.h>
#include <utility>

namespace rill::tool {

namespace fs = std::filesystem;

namespace {

// Of the driver's: for the report. Anything else that is found says why the check cannot be made.
bool is_fault(const Step &step) { return !step.found.empty() && !step.found.front().who.empty(); }

Installed installed(System &s, const Target &target) {
    Installed out;
    out.has_clone = s.registry.by_external(target.clone_major) != nullptr;
    out.carrier_major = target.carrier_major;
    while (s.registry.by_external(out.carrier_major)) ++out.carrier_major;
    if (Driver *d = s.registry.by_name(target.name); d && d->installs_module && !target.object.empty()) {
        out.kind = Installed::Kind::module_by_driver;
    } else if (d) {
        out.kind = Installed::Kind::driver;
        out.major = d->externals.front();
    } else if (s.registry.module(target.name)) {
        out.kind = Installed::Kind::module;
    }
    return out;
}

// What the directory makes of the target: which major it has, whether it is a module, which major the carrier may have.
// In words, why nothing can be said.
std::string look(const Runner &runner, Target &target) {
    Step step;
    step.look = [&looked = std::as_const(target)](System &s) { return installed(s, looked); };
    runner.run(target, step);
    if (is_fault(step)) return {};
    if (!step.found.empty()) return step.found.front().text();
    const Installed &there = step.installed;
    if (there.kind == Installed::Kind::module_by_driver) return "it installs a module and no driver";
    if (there.kind == Installed::Kind::nothing) return fmt::format("{} has no driver or module called {}", target.directory, target.name);
    target.module = target.module || there.kind == Installed::Kind::module;
    target.major = there.major;
    target.has_clone = there.has_clone;
    target.carrier_major = there.carrier_major;
    return {};
}

// Can it be opened: through the clone driver, by its own minor 0, or pushed? What the System says if not.
std::string open_somehow(const Runner &runner, const CheckOptions &options, Target &target) {
    if (std::string why = look(runner, target); !why.empty()) return why;
    std::string all;
    for (const char *node : {"/dev/check", "/dev/check0"}) {
        target.node = node;
        Step step = Steps(target, options).probe();
        runner.run(target, step);
        if (step.found.empty() || is_fault(step)) return {};
        all += (all.empty() ? "" : "\n  ") + step.found.front().text();
        if (target.module) break;
    }
    return all;
}

// A lone object that is no driver may be a module.
std::string settle(const Runner &runner, const CheckOptions &options, const std::string &out, Target &target) {
    const std::string as_driver = open_somehow(runner, options, target);
    if (as_driver.empty() || target.module || target.object.empty()) return as_driver;
    Target module = target;
    std::string as_module = lay_out(options, out, true, module).value_or("");
    if (as_module.empty()) as_module = open_somehow(runner, options, module);
    if (as_module.empty()) {
        target = module;
        return {};
    }
    lay_out(options, out, false, target);
    return fmt::format("as a driver: {}\n  as a module: {}", as_driver, as_module);
}

int failed(const std::string &why) {
    fmt::print(stderr, "rill check: {}\n", why);
    return exit_unusable;
}

} // namespace

int check(const CheckOptions &options) {
    if (const auto problem = nonsense(options)) return failed(*problem);
    const std::size_t colon = options.target.rfind(':');
    const std::string base = colon != std::string::npos && !fs::exists(options.target)
                                 ? options.target.substr(colon + 1)
                                 : fs::path(options.target).stem().string();
    const fs::path out = options.out.empty() ? fs::path(base + ".check") : fs::path(options.out);
    Target target;
    std::error_code error;
    fs::create_directories(out, error);
    if (error) return failed(fmt::format("cannot make {}: {}", out.string(), error.message()));
    if (const auto problem = find_target(options, out.string(), target)) {
        fs::remove(out, error); // if there is nothing in it
        return failed(*problem);
    }
    const Runner runner(options);
    if (const std::string closed = settle(runner, options, out.string(), target); !closed.empty()) {
        fs::remove(out, error);
        return failed(fmt::format("no stream with {} on it can be had, so that nothing can be tried:\n  {}", target.name, closed));
    }
    std::vector<Step> steps = Steps(target, options).make();
    Report report(target, options);
    report.begin(steps.size());
    const bool person = isatty(STDERR_FILENO) && !options.tap;
    std::size_t number = 0;
    for (Step &step : steps) {
        step.file = (out / fmt::format("{:02}.rill", ++number)).string();
        fs::remove(step.file, error); // of an earlier check
        if (person) fmt::print(stderr, "\r\033[K[{}/{}] {}", number, steps.size(), step.name);
        runner.run(target, step);
        if (person) fmt::print(stderr, "\r\033[K");
        report.tell(step);
    }
    report.end();
    if (report.clean()) fs::remove(out, error);
    if (!options.junit.empty() && !report.write_junit(options.junit, steps)) {
        failed(fmt::format("cannot write {}: {}", options.junit, std::strerror(errno)));
        return exit_unwritten;
    }
    return report.clean() ? exit_fine : exit_found;
}

} // namespace rill::tool
