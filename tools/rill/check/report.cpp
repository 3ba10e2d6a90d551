#include "tools/rill/check/report.hpp"

#include "streams/view/tap.hpp"
#include "tools/rill/check/check.hpp"
#include "tools/rill/check/target.hpp"
#include "tools/rill/junit.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <fstream>

namespace rill::tool {

namespace {

std::string indented(std::string_view text, std::string_view by) {
    std::string out;
    while (!text.empty()) {
        const std::size_t end = text.find('\n');
        out += fmt::format("{}{}\n", by, text.substr(0, end));
        text.remove_prefix(end == text.npos ? text.size() : end + 1);
    }
    return out;
}

} // namespace

Report::Report(const Target &target, const CheckOptions &options) : target_(target), options_(options) {}

std::string Report::again(const Step &step) const {
    return fmt::format("rill{} boot {}{} -s {}", checking ? " --checking" : "", target_.directory,
                       options_.profile == "irix" ? "" : " --profile " + options_.profile, step.file);
}

void Report::begin(std::size_t steps) const {
    if (options_.tap) return fmt::print("{}{}", view::tap_version, view::tap_plan(steps));
    fmt::print("rill check: {} {}, {} profile, seed {}{}\n", target_.module ? "module" : "driver", target_.name,
               options_.profile, options_.seed,
#if RILL_CHECKING
               ""
#else
               "; not a checking build: some faults cannot be seen"
#endif
    );
    if (target_.ioctls.empty())
        fmt::print("no ioctl commands of its own are known: --ioctl N,... or a file {}.ioctls tells them\n", target_.name);
    else
        fmt::print("its own ioctl commands, as far as known: {}\n", target_.ioctls.size());
}

void Report::tell(const Step &step) {
    ++number_;
    bad_ += !step.found.empty();
    if (options_.tap)
        tell_tap(step);
    else
        tell_text(step);
    std::fflush(stdout);
}

void Report::tell_text(const Step &step) {
    std::vector<std::size_t> again_here;
    std::string news;
    for (const Finding &f : step.found) {
        auto told = std::find_if(told_.begin(), told_.end(), [&](const Told &t) { return t.identity == f.identity(); });
        if (told == told_.end()) {
            told = told_.insert(told_.end(), {f.identity()});
            news += fmt::format("        {}. {}", told_.size(), indented(f.text(), "        ").substr(8));
            if (!f.at.empty())
                news += fmt::format("          in the call: {}\n", f.at.size() > 90 ? f.at.substr(0, 90) + "..." : f.at);
        } else if (told->last != number_) {
            again_here.push_back(static_cast<std::size_t>(told - told_.begin()) + 1);
        }
        told->steps += told->last != number_;
        told->last = number_;
    }
    fmt::print("{:6}{}{}\n", step.found.empty() ? "ok" : "FAULT", step.name,
               again_here.empty() ? "" : fmt::format(": {} again", fmt::join(again_here, ", ")));
    if (!news.empty()) fmt::print("{}          again: {}\n", news, again(step));
}

void Report::tell_tap(const Step &step) const {
    fmt::print("{}", view::tap_point(step.found.empty(), number_, step.name));
    for (const Finding &f : step.found) fmt::print("{}{}", view::tap_notes(f.text()), f.at.empty() ? "" : view::tap_notes("in the call: " + f.at));
    if (!step.found.empty()) fmt::print("{}", view::tap_notes("again: " + again(step)));
}

void Report::end() const {
    if (options_.tap) return;
    fmt::print("{} of {} checks passed, {}\n", number_ - bad_, number_,
               told_.empty() ? "no fault"
                             : fmt::format("{} different fault{}", told_.size(), told_.size() == 1 ? "" : "s"));
    for (std::size_t i = 0; i < told_.size(); ++i)
        fmt::print("{}. in {} check{}\n", i + 1, told_[i].steps, told_[i].steps == 1 ? "" : "s");
}

bool Report::write_junit(const std::string &path, const std::vector<Step> &steps) const {
    JunitSuite suite{"rill check " + target_.name, target_.name, {}};
    for (const Step &s : steps) {
        JunitCase &c = suite.cases.emplace_back(JunitCase{s.name});
        if (s.found.empty()) continue;
        c.status = JunitCase::Status::failed;
        c.message = s.found.front().headline();
        for (const Finding &f : s.found) c.text += fmt::format("{}\nin the call: {}\n", f.text(), f.at);
        c.text += "again: " + again(s);
    }
    std::ofstream file(path);
    file << junit(suite);
    file.close();
    return file.good();
}

} // namespace rill::tool
