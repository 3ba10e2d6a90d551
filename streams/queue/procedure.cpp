#include "streams/queue/procedure.hpp"
#include "streams/base/watched.hpp"

#include <algorithm>
#include <limits>
#include <exception>
#include <fmt/format.h>
#include <signal.h>

namespace rill {

[[gnu::cold, gnu::noinline]] void threw(System &system) {
    try {
        throw;
    } catch (const std::exception &e) {
        system.fault("UTL-083", fmt::format("it was left by a C++ exception: {}", e.what()).c_str());
    } catch (...) {
        system.fault("UTL-083", "it was left by a C++ exception");
    }
}

[[gnu::noinline]] void trace_put(QueuePair &pair, queue_t *q, mblk_t *mp) {
    const int type = mp->b_datap->db_type;
    const bool up = q->q_flag & QREADR;
    pair.system->trace.emit({.event = up ? Event::put_up : Event::put_down,
                             .name = pair.owner->name.c_str(),
                             .what = type_name(type),
                             .number = type,
                             .extra = static_cast<long>(message_bytes(mp)),
                             .stream = pair.stream ? pair.stream->id : 0,
                             .text = up ? "up" : "down"});
    ++pair.system->trace.depth;
}

[[gnu::noinline]] void trace_service(QueuePair &pair, queue_t *q) {
    pair.system->trace.emit({.event = (q->q_flag & QREADR) ? Event::read_service : Event::write_service, .name = pair.owner->name.c_str(), .stream = pair.stream ? pair.stream->id : 0});
    ++pair.system->trace.depth;
}

[[gnu::cold, gnu::noinline]] void after_put(QueuePair &pair, Entry &entry, bool traced) {
    System &system = *pair.system;
    if (traced && system.trace.depth > 0) --system.trace.depth;
    if (system.watch) check_return(system, entry);
    if (pair.stream && !pair.stream->procedures.empty())
        system.wake_all(pair.stream->procedures, "a put procedure ran");
}

int errno_of(System &system, const Owner &owner, const char *procedure, int result) {
    if (result >= 0) [[likely]]
        return result;
    if (!owner.negative_errnos) {
        Fault fault;
        fault.driver = owner.name;
        fault.entry = procedure;
        fault.rule = "NBSD-082";
        fault.what = "it answered with a negative number, " + std::to_string(result) + ", and errnos are positive here";
        system.fault(std::move(fault));
    }
    return -std::max(result, -std::numeric_limits<int>::max());
}

void run_free_routine(System &system, const free_rtn &routine, const char *driver) {
    System *before = current;
    current = &system;
    {
        Procedure procedure(system, EntryKind::free_routine, driver, {.argument = routine.free_arg});
        procedure.call([&] { routine.free_func(routine.free_arg); });
    }
    current = before;
}

// --- procedures that never come back ---

namespace {

bool on_alternate_stack() {
    stack_t now{};
    return ::sigaltstack(nullptr, &now) == 0 && (now.ss_flags & SS_ONSTACK);
}

// Whose procedure it was. The stack of a call is as it was left; of a frame on the program's own stack, what remains may have
// been used for something else since: if it cannot be believed, all are named of whom an open stream has a queue.
void name_who_left(System &system, const Entry &entry, Fault &fault) {
    const char *found = system.running ? system.driver_of(&entry) : nullptr;
    for (Stream &stream : system.streams)
        stream.for_each_pair([&](QueuePair &pair) {
            const std::string &name = pair.owner->name;
            const bool its = entry.queue == pair.read() || entry.queue == pair.write();
            if (its || (!entry.by_queue() && entry.driver == name.c_str())) found = name.c_str();
        });
    for (const auto &row : system.registry.rows())
        if (row && !entry.by_queue() && row->name.c_str() == entry.driver) found = entry.driver;
    if (found && entry.kind <= EntryKind::unload) {
        fault.driver = found;
        fault.entry = name_of(entry.kind);
        return;
    }
    fault.driver = system.above().owners_open(system);
    fault.entry = "a procedure";
}

} // namespace

[[gnu::cold, gnu::noinline]] bool left_by_jump(System &system, const void *frame) {
    if (on_alternate_stack()) return false; // the handler of a signal that came meanwhile
    if (system.running) {
        if (system.running->on_stack(frame) && static_cast<const void *>(system.entry) > frame) return false;
    } else {
        const auto *entry = reinterpret_cast<const char *>(system.entry), *here = static_cast<const char *>(frame);
        constexpr long farther_than_any_stack = 1L << 30; // a sanitizer's frame on the heap
        if (entry > here || here - entry > farther_than_any_stack) return false;
    }
    alignas(Entry) unsigned char left[sizeof(Entry)];
    watched::peek(left, system.entry, sizeof left);
    Fault fault;
    name_who_left(system, *reinterpret_cast<const Entry *>(left), fault);
    fault.rule = "UTL-082";
    fault.what = "it was left by longjmp";
    system.entry = nullptr;
    system.trace.depth = 0;
    system.sync.held.clear();
    system.sync.raised.clear();
    system.sync.level = 0;
    system.watch = 0;
    if (system.running) system.abandon_running();
    if (system.on_main) system.on_main->visits = 0;
    system.on_main = nullptr;
    system.face_depth = 0;
    system.gate_forget();
    system.fault(std::move(fault));
    return true;
}

} // namespace rill
