// Trace records as JSON, one object a line, keys always in the same order: for programs that read a trace.
//
// Keys that say nothing are left out, except sequence, tick, kind and event, which every line has: a program asks what
// happened by event (base/event has them all), the texts are for people. Text that is not ASCII is taken byte by byte
// (\u0080 to \u00ff), so that a message's bytes survive whatever they are.
#pragma once

#include "streams/base/trace.hpp"

#include <functional>
#include <string>

namespace rill::view {

std::string json(const Record &record); // one line, without the newline

class Json : public Reader {
public:
    using Sink = std::function<void(std::string_view line)>;
    explicit Json(Sink sink) : sink_(std::move(sink)) {}
    void record(const Record &record) override { sink_(json(record)); }

private:
    Sink sink_;
};

} // namespace rill::view
