// freezestr(D3).
//
// One thread: nobody else could change anything. What is left of it is that the caller keeps to the calls it may make.
#include "streams/queue/sync.hpp"
#include "streams/system.hpp"

#include <fmt/format.h>
#include <sys/ddi.h>
#undef sleep

using namespace rill;

#define EXPORT extern "C" __attribute__((visibility("default")))

namespace {

// What is frozen: the stream, or a pair that has none.
void *frozen_thing(QueuePair &pair) { return pair.stream ? static_cast<void *>(pair.stream) : &pair; }

} // namespace

void rill::check_frozen(queue_t *q, const char *call) {
    QueuePair &pair = *pair_of(q);
    System &system = *pair.system;
    for (const Held &h : system.sync.held)
        if (h.sort == held_frozen && h.entry == system.entry && h.lock == frozen_thing(pair))
            return system.fault("QUE-077", fmt::format("{} was called with the stream frozen (freezestr)", call).c_str());
}

EXPORT pl_t freezestr(queue_t *q) {
    if (!may_use(q, "freezestr")) return plstr;
    QueuePair &pair = *pair_of(q);
    System &system = *pair.system;
    for (const Held &h : system.sync.held)
        if (h.sort == held_frozen && h.lock == frozen_thing(pair)) {
            system.fault("QUE-078", "freezestr of a stream that it has frozen already", q);
            return plstr;
        }
    note_held(system, frozen_thing(pair), held_frozen);
    return splstr();
}

EXPORT void unfreezestr(queue_t *q, ...) {
    if (!may_use(q, "unfreezestr")) return;
    QueuePair &pair = *pair_of(q);
    if (!forget_held(*pair.system, frozen_thing(pair)))
        return pair.system->fault("QUE-076", "unfreezestr of a stream that is not frozen", q);
    const auto &raised = pair.system->sync.raised; // back to what this procedure found
    for (const Raised &r : raised)
        if (r.entry == pair.system->entry) splx(r.before);
}
