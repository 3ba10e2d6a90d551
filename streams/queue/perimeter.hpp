// Perimeters: how many procedures of a module may be inside at once (mt-streams(9F), MP-013 to MP-021).
//
// A module asks for them by devflag: an inner one per queue, pair or module (D_MTPERQ, D_MTQPAIR, D_MTPERMOD), and an
// outer one round all of them (D_MTOUTPERIM). Entering the inner one is exclusive (put procedures shared under
// D_MTPUTSHARED), entering the outer one shared (open and close exclusive under D_MTOCEXCL). In a System with one
// thread a perimeter is occupied when a procedure calls itself in a circle, or when an open or close sleeps inside.
//
// An open or close that finds it occupied waits. A put, service procedure or callback cannot wait: it is deferred, in
// order, and runs when the occupant leaves; so does the function given to qwriter(). qwait() leaves and comes back.
// Owners without these flags have no Guard: a pair's guard is null, and that is all the put path looks at.
#pragma once

#include "streams/queue/queue.hpp"

#include <deque>
#include <memory>

namespace rill {

struct Deferred {
    enum class What : unsigned char {
        put,
        service,
        callback,
        writer,
    } what;
    QueuePair *pair;
    queue_t *q;
    mblk_t *mp = nullptr;                            // put, writer
    void (*function)(void *) = nullptr;              // callback
    void *argument = nullptr;
    toid_t id = 0;                                   // callback: to be cancelled by
    void (*writer)(queue_t *, mblk_t *) = nullptr;
    bool outer = false;                              // writer: exclusive at the outer perimeter
};

struct Perimeter {
    bool exclusive = false;
    int sharers = 0;
    Call *call = nullptr; // the open or close inside, if it is one
    bool draining = false;
    std::deque<Deferred> deferred;
    WaitQueue waiters;    // opens and closes
};

// A pair's view of its perimeters.
struct Guard {
    std::shared_ptr<Perimeter> inner[2]; // by side; null for none
    std::shared_ptr<Perimeter> outer;
    unsigned long ran = 0;               // deferred procedures of this pair so far
};

void guard_pair(QueuePair &pair, const Owner &owner); // at set-up, and when a pair changes hands
void drop_deferred(QueuePair &pair);

// False: deferred.
bool enter_put(QueuePair &pair, queue_t *q, mblk_t *mp);
bool enter_service(QueuePair &pair, queue_t *q);
bool enter_callback(QueuePair &pair, queue_t *q, void (*function)(void *), void *argument, toid_t id);
void leave(QueuePair &pair, queue_t *q, bool was_put);

// Open and close: wait until they are let in. EDEADLK when that can never be (open only). `inside` says if leave_call()
// is due afterwards.
int enter_call(QueuePair &pair, bool closing, bool *inside);
void leave_call(QueuePair &pair);

} // namespace rill
