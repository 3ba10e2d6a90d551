#include "streams/base/trace.hpp"
#include "streams/base/caller.hpp"

#include <algorithm>
#include <cstring>
#include <fmt/format.h>

namespace rill {

const char *name_of(Kind kind) {
    switch (kind) {
    case Kind::call: return "call";
    case Kind::ret: return "return";
    case Kind::rung: return "rung";
    case Kind::refuse: return "refuse";
    case Kind::undo: return "undo";
    case Kind::qopen: return "open";
    case Kind::qopened: return "opened";
    case Kind::qclose: return "close";
    case Kind::qclosed: return "closed";
    case Kind::qinit: return "qinit";
    case Kind::minor: return "minor";
    case Kind::node: return "node";
    case Kind::stream: return "stream";
    case Kind::file: return "file";
    case Kind::put: return "put";
    case Kind::srv: return "service";
    case Kind::flow: return "flow";
    case Kind::enable: return "enable";
    case Kind::sleep: return "sleep";
    case Kind::wake: return "wake";
    case Kind::push: return "push";
    case Kind::link: return "link";
    case Kind::ioctl: return "ioctl";
    case Kind::signal: return "signal";
    case Kind::head: return "head";
    case Kind::driver: return "driver";
    case Kind::log: return "log";
    case Kind::step: return "step";
    case Kind::fault: return "fault";
    }
    return "?";
}

void Trace::attach(Reader &reader) {
    readers_.push_back(&reader);
    on = true;
}

void Trace::detach(Reader &reader) {
    std::erase(readers_, &reader);
    on = keeps_ || !readers_.empty();
}

void Trace::emit(const Record &record) {
    ++sequence_;
    keep(record);
    if (has_readers()) tell(record);
}

namespace {

// Of these, which are most, what and clause are constants, as name is of calls.
bool has_constant_texts(Kind kind) {
    return kind == Kind::put || kind == Kind::srv || kind == Kind::flow || kind == Kind::enable;
}

const char *or_constant(const char *given, const char *constant) { return given      ? given
                                                                          : constant ? constant
                                                                                     : ""; }

template <std::size_t n> const char *copy(char (&to)[n], const char *from) {
    const std::size_t length = std::min(std::strlen(from), n - 1);
    std::memcpy(to, from, length);
    to[length] = 0;
    return to;
}

} // namespace

void Trace::keep(const Record &r) {
    Kept &k = ring_[recorded_++ % ring_size];
    const EventRow &row = row_of(r.event);
    k.event = r.event;
    k.error = r.error;
    k.stream = r.stream;
    k.sequence = sequence_;
    k.name = or_constant(r.name, row.name);
    k.what = or_constant(r.what, row.what);
    k.clause = r.clause ? r.clause : "";
    if (r.kind == Kind::call || r.kind == Kind::ret) return;
    k.name = copy(k.name_copy, k.name);
    if (has_constant_texts(r.kind)) return;
    k.what = copy(k.what_copy, k.what);
    k.clause = copy(k.clause_copy, k.clause);
}

std::string Trace::before() const {
    std::string out;
    for_each_kept([&](const Kept &k) {
        out += fmt::format("{}    {:>6} {:<8} {}{}{}", out.empty() ? "" : "\n", k.sequence, name_of(kind_of(k.event)), k.name,
                           *k.name && *k.what ? ": " : "", k.what);
        if (k.stream) out += fmt::format(", stream {}", k.stream);
        if (k.error) out += fmt::format(", error {}", k.error);
        if (*k.clause) out += fmt::format("  {}", k.clause);
    });
    return out;
}

void Trace::tell(Record record) {
    const EventRow &row = row_of(record.event);
    if (!record.name) record.name = row.name;
    if (!record.what) record.what = row.what;
    record.sequence = sequence_;
    record.tick = kernel_.now();
    if (const Call *call = kernel_.running) {
        record.call = call->id;
        if (call->process && !record.pid) record.pid = call->process->pid;
    } else if (const Caller *process = kernel_.on_main; process && !record.pid) {
        record.pid = process->pid;
    }
    record.depth = depth;
    for (Reader *reader : readers_) reader->record(record);
}

} // namespace rill
