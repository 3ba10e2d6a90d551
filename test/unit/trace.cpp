// The trace: readers come and go, records are numbered, and a System without a reader says nothing.
#include "streams/view/json.hpp"
#include "streams/view/text.hpp"
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
    for (int kind = 0; kind < trace_kind_count; ++kind, ++kinds) {
        const char *name = name_of(static_cast<Kind>(kind));
        REQUIRE(name);
        names.insert(name);
    }
    CHECK(names.size() == static_cast<std::size_t>(kinds));
}

TEST_CASE("every event has a name of its own and belongs to a kind; no kind is without events") {
    std::set<std::string> names;
    std::set<Kind> kinds;
    for (int event = 0; event < trace_event_count; ++event) {
        const std::string name = name_of(static_cast<Event>(event));
        CAPTURE(name);
        CHECK_FALSE(name.empty());
        CHECK(name.find_first_not_of("abcdefghijklmnopqrstuvwxyz_") == name.npos);
        names.insert(name);
        kinds.insert(kind_of(static_cast<Event>(event)));
    }
    CHECK(names.size() == static_cast<std::size_t>(trace_event_count));
    CHECK(kinds.size() == static_cast<std::size_t>(trace_kind_count));
}

TEST_CASE("every event has words of its own in the trace, or those of its emitter") {
    System system(*find_profile("irix"));
    Recorder recorder;
    system.trace.attach(recorder);
    std::set<std::string> texts;
    for (int event = 0; event < trace_event_count; ++event) {
        const EventRow &row = row_of(static_cast<Event>(event));
        system.trace.emit({.event = static_cast<Event>(event), .name = row.name ? nullptr : "given", .what = row.what ? nullptr : "reason", .number = 1});
        const Recorder::Line &line = recorder.lines.back();
        CAPTURE(name_of(line.event));
        CHECK(line.kind == row.kind);
        CHECK(line.name == (row.name ? row.name : "given"));
        CHECK(line.what == (row.what ? row.what : "reason"));
        if (!row.what) continue;
        CHECK(*row.what);
        CHECK(texts.insert(std::string(name_of(row.kind)) + ": " + row.what).second); // within its kind
    }
    system.trace.detach(recorder);
}

TEST_CASE("every event is a sentence for people; where the words are the event's, it is no other event's sentence") {
    System system(*find_profile("irix"));
    view::Text text(true, 0);
    system.trace.attach(text);
    std::set<std::string> said;
    for (int event = 0; event < trace_event_count; ++event) {
        const EventRow &row = row_of(static_cast<Event>(event));
        CAPTURE(row.id);
        system.trace.emit({.event = static_cast<Event>(event), .name = row.name ? nullptr : "given", .what = row.what ? nullptr : "reason", .number = 1, .text = "details"});
        std::string sentence;
        for (const std::string &line : text.take()) sentence += line + ' ';
        CHECK_FALSE(sentence.empty());
        if (row.what) CHECK(said.insert(sentence).second);
    }
    system.trace.detach(text);
}

TEST_CASE("a record in JSON ends with the name of its event, and else has the fields that it had") {
    CHECK(view::json({.event = Event::minor_taken, .name = "echo", .what = "taken", .number = 3, .sequence = 7, .tick = 2, .pid = 1}) ==
          R"({"sequence":7,"tick":2,"pid":1,"kind":"minor","name":"echo","what":"taken","number":3,"event":"minor_taken"})");
    Fixture f;
    f.driver("echo", 61);
    f.node("/dev/echo", f.clone(61));
    std::string lines;
    view::Json json([&](std::string_view line) { lines += std::string(line) + '\n'; });
    f.system.trace.attach(json);
    f.close(f.open("/dev/echo"));
    f.system.trace.detach(json);
    for (const char *part : {R"("kind":"rung","name":"descriptor","what":"reserved, with a file","event":"descriptor_reserved"})",
                             R"("kind":"qinit","name":"clone","what":"echo","stream":1,"clause":"CLN-022","event":"queues_swapped"})",
                             R"("event":"stream_freed"})"}) {
        CAPTURE(part);
        CHECK(lines.find(part) != lines.npos);
    }
}

TEST_SUITE_END();
