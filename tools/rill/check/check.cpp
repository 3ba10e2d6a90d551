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

bool is_fault(const Step &step) { return !step.found.empty() && step.found.front().text.starts_with("driver "); }

// What the directory makes of the target: which major it has, whether it is a module, which major the carrier may have.
// In words, why nothing can be said.
std::string look(const Runner &runner, Target &target) {
    Step step;
    step.look = [&looked = std::as_const(target)](System &s) {
        unsigned free = looked.carrier_major;
        while (s.registry.by_external(free)) ++free;
        const std::vector<Finding> rest{{s.registry.by_external(looked.clone_major) ? "has a clone driver" : "", ""},
                                        {"", std::to_string(free)}};
        if (Driver *d = s.registry.by_name(looked.name); d && d->installs_module && !looked.object.empty())
            return std::vector<Finding>{{"it installs a module and no driver", ""}};
        else if (d)
            return std::vector<Finding>{{"is a driver", std::to_string(d->externals.front())}, rest[0], rest[1]};
        if (s.registry.module(looked.name)) return std::vector<Finding>{{"is a module", "0"}, rest[0], rest[1]};
        return std::vector<Finding>{{fmt::format("{} has no driver or module called {}", looked.directory, looked.name), ""}};
    };
    runner.run(target, step);
    if (is_fault(step)) return {}; // for the report
    if (step.found.size() != 3) return step.found.empty() ? "the system does not boot" : step.found.front().text;
    target.module = target.module || step.found[0].text == "is a module";
    target.major = static_cast<unsigned>(std::stoul(step.found[0].at));
    target.has_clone = !step.found[1].text.empty();
    target.carrier_major = static_cast<unsigned>(std::stoul(step.found[2].at));
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
        if (is_fault(step)) return {};
        const std::string said = step.found.empty() ? "nothing" : step.found.front().text;
        if (said == "opened") return {};
        all += (all.empty() ? "" : "\n  ") + said;
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
