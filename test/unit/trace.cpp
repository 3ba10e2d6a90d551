// The trace: readers come and go, records are numbered, and a System without a reader says nothing.
#include "test/harness.hpp"

#include <set>

using namespace rill;
using namespace rill::test;

TEST_SUITE_BEGIN("trace");

// A checking build keeps the last records for what a fault tells.
#if RILL_CHECKING
constexpr bool kept_anyway = true;
#else
constexpr bool kept_anyway = false;
#endif

TEST_CASE("readers see each record once, in order; without a reader the trace is off") {
    Fixture f;
    f.driver("echo", 61);
    f.node("/dev/echo", f.clone(61));
    CHECK(f.system.trace.on == kept_anyway);
    Recorder a, b;
    f.system.trace.attach(a);
    CHECK(f.system.trace.on);
    int fd = f.open("/dev/echo");
    f.system.trace.attach(b);
    CHECK(f.close(fd) == 0);
    f.system.trace.detach(a);
    CHECK(f.system.trace.on);
    std::size_t seen = a.lines.size();
    f.close(f.open("/dev/echo"));
    CHECK(a.lines.size() == seen);
    f.system.trace.detach(b);
    CHECK(f.system.trace.on == kept_anyway);
    REQUIRE(seen > 5);
    for (std::size_t i = 1; i < a.lines.size(); ++i) CHECK(a.lines[i].sequence == a.lines[i - 1].sequence + 1);
    REQUIRE_FALSE(b.lines.empty());
    CHECK(b.lines.front().sequence > a.lines.front().sequence);
}

TEST_CASE("a clone open is told rung by rung, a refusal with its clause and errno") {
    Fixture f;
    Probe &echo = f.driver("echo", 61, 1);
    f.node("/dev/echo", f.clone(61));
    f.node("/dev/none", f.clone(99));
    Recorder trace;
    f.system.trace.attach(trace);
    int fd = f.open("/dev/echo");
    CHECK(fd >= 0);
    CHECK(trace.count(Kind::call) == 1);
    CHECK(trace.count(Kind::ret) == 1);
    CHECK(trace.count(Kind::rung) >= 3);
    CHECK(trace.count(Kind::qopen) == 2);
    CHECK(trace.count(Kind::qopened) == 2);
    CHECK(trace.count(Kind::qinit) == 1);
    CHECK(trace.count(Kind::refuse) == 0);
    trace.lines.clear();
    CHECK(f.open("/dev/none") == -ENXIO);
    CHECK(trace.refused("CLN-050", ENXIO));
    CHECK(trace.count(Kind::undo) >= 1);
    f.system.trace.detach(trace);
    CHECK(echo.count("open") == 1);
}

TEST_CASE("every kind of record has a name of its own") {
    std::set<std::string> names;
    int kinds = 0;
    for (int kind = 0; kind <= static_cast<int>(Kind::fault); ++kind, ++kinds) {
        const char *name = name_of(static_cast<Kind>(kind));
        REQUIRE(name);
        names.insert(name);
    }
    CHECK(names.size() == static_cast<std::size_t>(kinds));
}

TEST_SUITE_END();
