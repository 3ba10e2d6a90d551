#include "streams/queue/procson.hpp"
#include "streams/queue/checks.hpp"
#include "streams/system.hpp"

namespace rill {

// The queue that feeds q: the other side of what q's own other side feeds.
static queue_t *feeder(queue_t *q) {
    queue_t *next = OTHERQ(q)->q_next;
    return next ? OTHERQ(next) : nullptr;
}

void link_neighbours(QueuePair &pair) {
    const bool turns = pair.write()->q_next && pair.write()->q_next == pair.read()->q_next; // the lowest of a FIFO
    if (queue_t *above = feeder(pair.write())) above->q_next = pair.write();
    if (turns) pair.write()->q_next = pair.read();
    else if (queue_t *below = feeder(pair.read())) below->q_next = pair.read();
    pair.procs_on = true;
}

void unlink_neighbours(QueuePair &pair) {
    const bool turns = pair.write()->q_next == pair.read();
    if (queue_t *above = feeder(pair.write())) above->q_next = turns ? pair.read()->q_next : pair.write()->q_next;
    if (turns) pair.write()->q_next = pair.read()->q_next;
    else if (queue_t *below = feeder(pair.read())) below->q_next = pair.read()->q_next;
    pair.procs_on = false;
    pair.system->sched.remove(pair.run[0]);
    pair.system->sched.remove(pair.run[1]);
}

} // namespace rill

using namespace rill;

#define EXPORT extern "C" __attribute__((visibility("default")))

EXPORT void qprocson(queue_t *q) {
    if (!may_change(q, "qprocson")) return;
    QueuePair *pair = pair_of(q);
    pair->system->checks.switched_on(*pair);
    if (!pair->procs_on) link_neighbours(*pair); // a second call does nothing (MP-005)
    // What was put to its queues before runs now.
    for (queue_t *side : {pair->read(), pair->write()})
        if (side->q_first) schedule(side, Event::enabled_by_qprocson);
}

EXPORT void qprocsoff(queue_t *q) {
    if (!may_change(q, "qprocsoff")) return;
    QueuePair *pair = pair_of(q);
    if (pair->procs_on) unlink_neighbours(*pair);
}
