// The suite's main: doctest, reported as TAP, so that each case is a subtest of `meson test`.
//
// rill-tests [FILE...] runs the cases of these source files ("conformance/clone_open.cpp"), or all. --profile=NAME is the
// system that cases run in which choose none themselves; those that name only others in brackets are left out. --where
// lists the cases with file and line instead. Other options that begin with a dash are doctest's own
// (--test-case='CLN-05*', --reporters=console).
// One line per case, flushed as it ends; the plan comes last, so that a crash in between shows as a missing plan. A case
// that executed no assertion proves nothing and counts as failed.
#define DOCTEST_CONFIG_IMPLEMENT
#include <doctest/doctest.h>

#include "streams/base/watched.hpp"
#include "streams/view/tap.hpp"
#include "test/harness.hpp"

#include <cstdio>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

namespace {

class TapReporter : public doctest::IReporter {
public:
    explicit TapReporter(const doctest::ContextOptions &) {}

    static inline std::size_t cases = 0, empty = 0;
    static inline bool where = false;

    void report_query(const doctest::QueryData &query) override {
        for (unsigned i = 0; i < query.num_data; ++i) {
            const doctest::TestCaseData &found = *query.data[i];
            if (where) std::printf("%s:%u\t", found.m_file.c_str(), found.m_line);
            std::printf("%s\n", found.m_name);
        }
    }
    void test_run_start() override {}
    void test_run_end(const doctest::TestRunStats &) override {
        std::fputs(rill::view::tap_plan(cases).c_str(), stdout);
        std::fflush(stdout);
    }
    void test_case_start(const doctest::TestCaseData &data) override { current_ = &data; }
    void test_case_reenter(const doctest::TestCaseData &) override {}
    void test_case_end(const doctest::CurrentTestCaseStats &stats) override {
        bool asserted = stats.numAssertsCurrentTest > 0;
        if (!asserted) {
            ++empty;
            diagnose("no assertion was executed");
        }
        std::fputs(rill::view::tap_point(stats.testCaseSuccess && asserted, ++cases, current_->m_name).c_str(), stdout);
        std::fflush(stdout);
    }
    void test_case_exception(const doctest::TestCaseException &exception) override {
        diagnose(std::string(exception.is_crash ? "crashed: " : "threw: ") + exception.error_string.c_str());
    }
    void subcase_start(const doctest::SubcaseSignature &) override {}
    void subcase_end() override {}
    void log_assert(const doctest::AssertData &data) override {
        if (!data.m_failed) return;
        std::string text = at(data.m_file, data.m_line) + doctest::assertString(data.m_at) + "( " + data.m_expr + " )";
        if (data.m_threw) text += std::string("\nthrew ") + data.m_exception.c_str();
        else if (data.m_decomp.size()) text += std::string("\nwhere ") + data.m_decomp.c_str();
        for (int i = 0; i < get_num_active_contexts(); ++i) {
            std::ostringstream note; // not doctest's own stream: it drops what a context writes
            get_active_contexts()[i]->stringify(&note);
            text += "\nwith " + note.str();
        }
        diagnose(text);
    }
    void log_message(const doctest::MessageData &data) override {
        diagnose(at(data.m_file, data.m_line) + data.m_string.c_str());
    }
    void test_case_skipped(const doctest::TestCaseData &) override {}

private:
    static std::string at(const char *file, int line) { return std::string(file) + ":" + std::to_string(line) + ": "; }
    static void diagnose(std::string_view text) {
        std::fputs(rill::view::tap_notes(text).c_str(), stdout);
        std::fflush(stdout);
    }

    const doctest::TestCaseData *current_ = nullptr;
};

REGISTER_REPORTER("tap", 1, TapReporter);

} // namespace

// A case whose name has profiles in brackets before its colon, but not this one, is for others.
static void skip_cases_of_others(std::string_view profile) {
    for (const doctest::detail::TestCase &each : doctest::detail::getRegisteredTests()) {
        std::string_view name = each.m_name;
        name = name.substr(0, name.find(':'));
        const auto has = [&](std::string_view p) { return name.find("[" + std::string(p) + "]") != name.npos; };
        bool others = false;
        for (const rill::Profile &p : rill::profiles()) others |= has(p.name);
        if (others && !has(profile)) const_cast<doctest::detail::TestCase &>(each).m_skip = true;
    }
}

int main(int argc, char **argv) {
    rill::watched::leaks_are_told = false; // cases look at what becomes of messages that are lost
    doctest::Context context;
    context.setOption("reporters", "tap");
    context.setOption("no-intro", true);
    context.setOption("no-path-filenames", false);
    std::vector<char *> own;
    char list_cases[] = "--list-test-cases";
    std::string files;
    for (int i = 0; i < argc; ++i) {
        const std::string_view word = argv[i];
        if (word.starts_with("--profile=")) {
            const rill::Profile *profile = rill::find_profile(word.substr(10));
            if (!profile) {
                std::fprintf(stderr, "rill-tests: no profile is called %s\n", argv[i] + 10);
                return 2;
            }
            rill::test::Fixture::default_profile = profile->name;
            skip_cases_of_others(profile->name);
        } else if (word == "--where") {
            TapReporter::where = true;
            own.push_back(list_cases);
        } else if (i == 0 || argv[i][0] == '-') {
            own.push_back(argv[i]);
        } else {
            files += (files.empty() ? "*" : ",*") + std::string(argv[i]);
        }
    }
    own.push_back(nullptr);
    if (!files.empty()) context.setOption("source-file", files.c_str());
    context.applyCommandLine(static_cast<int>(own.size()) - 1, own.data());
    int result = context.run();
    if (context.shouldExit()) return result;
    if (TapReporter::cases == 0 && !files.empty()) {
        std::printf("Bail out! no case in %s\n", files.c_str());
        return 1;
    }
    return result != 0 || TapReporter::empty != 0;
}
