// The one way into driver code. Each call of a driver's open, close, put or service procedure, of a callback, free routine
// or start-up routine is made inside a Procedure: while it lives, System::entry says whose procedure runs and with what,
// so that a fault, a crash or a hang can name it; when it ends, what the procedure left behind is looked at.
//
//   Procedure procedure(system, EntryKind::open, name, {.queue = q, .dev = dev});
//   procedure.call([&] { error = open(q, &dev, oflag, sflag, &cred); });
//
// What the driver throws ends in call() (UTL-083): no exception crosses a C frame. Routines of the devices that work as
// in other systems are called without it; what they throw ends the program, which names them too (queue/crash).
// Put and service procedures have functions of their own, which is the hot path: four stores, and one branch afterwards.
#pragma once

#include "streams/queue/sync.hpp"
#include "streams/system.hpp"

#include <cxxabi.h>

// For who runs a driver's callback: its function may be of another type, above all qenable (ALC-040).
#ifdef __clang__
#define RILL_ANY_CALLBACK __attribute__((no_sanitize("function")))
#else
#define RILL_ANY_CALLBACK
#endif

namespace rill {

// An exception left the innermost procedure. Called where it is caught.
void threw(System &system);

// driver: who made the message.
void run_free_routine(System &system, const free_rtn &routine, const char *driver);

// The errno that a procedure of the owner meant. A negative one of a driver that has none is a fault (NBSD-082).
int errno_of(System &system, const Owner &owner, const char *procedure, int result);

// The trace of a put or service procedure begins; what follows when one has returned and somebody is interested.
void trace_put(QueuePair &pair, queue_t *q, mblk_t *mp);
void trace_service(QueuePair &pair, queue_t *q);
void after_put(QueuePair &pair, Entry &entry, bool traced);

// Runs what may be a driver's C++ code.
template <class F> [[gnu::always_inline]] inline void run_driver(System &system, F &&body) {
    try {
        body();
    } catch (abi::__forced_unwind &) {
        throw; // the thread ends
    } catch (...) {
        threw(system);
    }
}

[[gnu::always_inline]] inline void run_put_procedure(QueuePair &pair, queue_t *q, mblk_t *mp) {
    System &system = *pair.system;
    Entry entry{EntryKind::put, q, mp, system.entry};
    system.entry = &entry;
    const bool traced = system.trace.on;
    if (traced) [[unlikely]]
        trace_put(pair, q, mp);
    run_driver(system, [&] { (*q->q_qinfo->qi_putp)(q, mp); });
    if (traced | system.watch | system.procedures_awaited) [[unlikely]]
        after_put(pair, entry, traced);
    system.entry = entry.outer;
}

inline void run_service_procedure(QueuePair &pair, queue_t *q) {
    System &system = *pair.system;
    Entry entry{EntryKind::service, q, nullptr, system.entry};
    system.entry = &entry;
    const bool traced = system.trace.on;
    if (traced) [[unlikely]]
        trace_service(pair, q);
    Stream *stream = pair.stream;
    run_driver(system, [&] { (*q->q_qinfo->qi_srvp)(q); });
    if (!(q->q_flag & QENAB)) system.checks.progress();
    if (traced && system.trace.depth > 0) [[unlikely]]
        --system.trace.depth;
    if (system.watch) [[unlikely]]
        check_return(system, entry);
    system.entry = entry.outer;
    if (stream && !stream->procedures.empty()) [[unlikely]]
        system.wake_all(stream->procedures, "a service procedure ran");
}

// What another procedure is called with, as far as it is told.
struct Given {
    queue_t *queue = nullptr;
    dev_t dev = no_device;
    void *argument = nullptr;
    bool deepens = false; // trace records that follow stand below it
};

// Any other procedure.
class Procedure {
public:
    // driver: nullptr for the queue's owner.
    Procedure(System &system, EntryKind kind, const char *driver, Given given = {})
        : system_(system), entry_(kind, given.queue, driver, system.entry, given.dev, given.argument),
          depth_(system.trace.depth), deepens_(given.deepens) {
        system_.entry = &entry_;
        if (deepens_) ++system_.trace.depth;
    }
    // qwriter's function, which is a put procedure's other half.
    Procedure(System &system, queue_t *q, mblk_t *mp) : system_(system), entry_(EntryKind::put, q, mp, system.entry) {
        system_.entry = &entry_;
    }
    ~Procedure() {
        if (system_.watch) [[unlikely]]
            check_return(system_, entry_);
        system_.entry = entry_.outer;
        if (deepens_) system_.trace.depth = depth_;
    }
    Procedure(const Procedure &) = delete;

    template <class F> void call(F &&body) { run_driver(system_, body); }

private:
    System &system_;
    Entry entry_;
    int depth_ = 0;
    bool deepens_ = false;
};

// A callback with its argument.
inline void run_callback(System &system, EntryKind kind, queue_t *q, const char *owner, void (*function)(void *), void *argument) {
    Procedure procedure(system, kind, owner, {.queue = q, .argument = argument});
    procedure.call([&]() RILL_ANY_CALLBACK { function(argument); });
}

} // namespace rill
