// Locks, condition variables, priority levels: what a driver believes keeps others out.
//
// A System has one thread, so nothing here ever keeps anybody out except a call that went to sleep with a mutex or a
// sleep lock. What a lock would have done on a real machine is checked instead. The System keeps a list of what is
// held and by which procedure; `watch` counts it, and whoever runs a driver's procedure looks at it afterwards: 0 is
// the usual case and costs one branch. The rules: nothing is held twice (UTL-041, UTL-051), released by somebody
// else, or left held when a procedure returns; levels are put back (UTL-039); a basic lock is not held across a sleep
// or putnext (UTL-043). The C structures and procedures are those of <sys/ksynch.h> and <sys/ipl.h>.
#pragma once

#include "streams/base/fiber.hpp"

#include <vector>
#include <sys/stream.h>
#include <sys/types.h>

namespace rill {

class System;
struct Entry;

struct Held {
    void *lock;
    int sort;     // what kind of lock; see sync.cpp
    Entry *entry; // the procedure that took it
    Call *call;   // on whose stack, nullptr for the run loop's
};

// The level a procedure found when it first changed it.
struct Raised {
    Entry *entry;
    pl_t before;
};

struct Sync {
    std::vector<Held> held;
    std::vector<Raised> raised;
    pl_t level = 0;
    WaitQueue sleepers; // on any lock or variable; Call::event says on which
};

constexpr int held_frozen = 100; // the sort of a frozen stream

// May the driver that runs now go to sleep? A fault if not, or if it holds a basic lock. Outside a System nobody sleeps (UTL-085).
bool may_sleep_here(const char *rule, const char *call, const char *name = __builtin_FUNCTION());
// A driver's own sleep: the level and the user area are the sleeper's again afterwards.
Wake driver_sleep(WaitQueue &queue, const char *why, bool interruptible, long ticks);
// Sleep without PCATCH: a signal takes the call out of the driver's procedure, which never goes on (UTL-054).
[[noreturn]] void escape(Call &call, int error);

// Called when watch is not 0.
void check_return(System &system, Entry &entry); // a procedure has returned
void check_passing(System &system, const char *what); // a message is passed on, or the driver may sleep
void check_frozen(queue_t *q, const char *call);      // a call that must not be made with q's stream frozen (QUE-077)
void note_held(System &system, void *lock, int sort);
bool forget_held(System &system, void *lock);

} // namespace rill
