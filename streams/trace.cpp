#include "streams/trace.hpp"
#include "streams/system.hpp"

#include <algorithm>

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
#if !RILL_CHECKING
    on = !readers_.empty();
#endif
}

void Trace::emit(const Record &record) {
    ++sequence_;
#if RILL_CHECKING
    system_.checks.record(record, sequence_);
#endif
    if (has_readers()) tell(record);
}

void Trace::tell(Record record) {
    record.sequence = sequence_;
    record.tick = system_.sched.now();
    if (const Call *call = system_.running) {
        record.call = call->id;
        if (call->process) record.pid = call->process->pid;
    } else if (const Process *process = system_.on_main) {
        record.pid = process->pid;
    }
    record.depth = depth;
    for (Reader *reader : readers_) reader->record(record);
}

} // namespace rill
