// A queue pair: the two queue_t a driver sees, and behind them what only the framework knows.
//
// A pair belongs to a stream and was made for an Owner: a driver, a module, or the stream head. Neighbours point at a
// pair only between qprocson() and qprocsoff() (MP-002, MP-007); its own q_next are set from attach to detach, so that a
// module may still send its last messages (MP-008). Queue chains are kept by hand, here only.
#pragma once

#include "streams/base/event.hpp"
#include "streams/base/fiber.hpp"

#include <cstdint>
#include <memory>
#include <sys/stream.h>

namespace rill {

class Stream;
struct Owner;
struct Guard; // queue/perimeter

using RunHook = intrusive::list_base_hook<intrusive::link_mode<intrusive::safe_link>>;

struct RunItem : RunHook {
    queue_t *queue = nullptr;
};
using RunList = intrusive::list<RunItem, intrusive::constant_time_size<false>>;

struct QueuePair {
    queue_t q[2] = {}; // read, write: must be first
    System *system = nullptr;
    Stream *stream = nullptr;
    const Owner *owner = nullptr;
    RunItem run[2];
    mblk_t *last_hipri[2] = {}; // of each queue whose q_flag has q_hipri
    bool procs_on = false;
    bool is_head = false;
    bool taking = false;    // a message is off the queue whose rest may come back: flow waits with its decision
    bool opened = false;    // its open procedure has succeeded
    bool gone = false;      // end_pair() was here; system is null then. Pools keep the memory, so that a queue kept too long still tells
    std::shared_ptr<Guard> guard; // perimeters; null for most

    queue_t *read() { return &q[0]; }
    queue_t *write() { return &q[1]; }
};

// In q_flag, and ours: there are high-priority messages on the queue. A driver sees the flag and need not know it.
constexpr unsigned q_hipri = 0x8000'0000;

// The bands of a queue that has more than a few, by number, and which of them have messages. The chain from q_bandp on, which
// drivers see, is walked where there are few.
struct BandIndex {
    std::uint64_t busy[4] = {}; // a bit each
    qband_t *at[NBAND] = {};
};
constexpr unsigned few_bands = 4;

// A band as it is allocated: behind the first of a queue's is the index.
struct Band {
    qband_t seen{};
    BandIndex *index = nullptr;
};

inline QueuePair *pair_of(queue_t *q) {
    return reinterpret_cast<QueuePair *>((q->q_flag & QREADR) ? q : q - 1);
}

// Sets both queues up for an owner's qinits: limits from each side's own module_info, QWANTR on (QUE-013, QUE-014).
void set_queues(QueuePair &pair, const Owner &owner, qinit *rinit, qinit *winit);
// Calls the put procedure of q itself.
void deliver(queue_t *q, mblk_t *mp);
// A high-priority message left the front of q.
void hipri_taken(queue_t *q, const mblk_t *mp);
// Frees every message and band of both queues, unschedules them.
void empty_pair(QueuePair &pair);
// The same for the last time: from here on the DDI refuses its queues, also to the free routines of its last messages (MP-024).
void end_pair(QueuePair &pair);
qband_t *find_band(queue_t *q, unsigned char band);             // nullptr when it does not exist
qband_t *make_band(queue_t *q, unsigned char band);             // makes all up to it; nullptr when refused
void note_added(queue_t *q, mblk_t *mp);                        // flow: counts, QFULL
void note_removed(queue_t *q, mblk_t *mp);                      // flow: counts, QFULL, back-enabling
void check_back_enable(queue_t *q, unsigned char band);         // flow: after a limit changed or a queue was found empty
void back_enable(queue_t *q, unsigned char band);               // flow: schedules the nearest service procedure behind
void schedule(queue_t *q, Event why);                           // sched: to the tail of the run list unless on it

} // namespace rill
