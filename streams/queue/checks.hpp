// What a checking build (-Dchecking=true) knows besides, to find drivers' mistakes: the life of each message block, the
// memory a driver owns, the last steps of the System. A plain build has none of it.
//
// The holder of a block is the queue pair whose driver has it in hand: the one whose put procedure was given it, whose
// procedure allocated it, or on whose queue it lies. Passing it on moves it to the next holder; freeing ends it. When a
// pair closes, a block still held by it that is on no queue and that nothing points at any more (no variable of a
// loaded object or of the application's frames, no kmem allocation, no other message, no timer) was neither passed,
// queued nor freed (PUT-009). To be found by pointer is enough to be innocent: a driver may keep a message as long as
// it likes.
//
// Behind the data of each block stand guard bytes (MSG-009). A freed block keeps its history and a pattern in its data,
// which is looked at when it is handed out again (PUT-006). While a data block is shared, a checksum says whether its
// bytes were changed (MSG-010); it is taken at dupb() and looked at whenever one of the sharers moves.
//
// Who calls a check calls it in every build: the class of a plain build, below, is empty, and so are its functions.
#pragma once

#include "streams/base/trace.hpp"

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <vector>
#include <sys/stream.h>

namespace rill {

struct Block;
struct Owner;
struct QueuePair;
struct Entry;
class System;

#if RILL_CHECKING

// One step in the life of a block.
struct LifeStep {
    enum What : std::uint8_t {
        allocated,
        duplicated,
        put,
        queued,
        taken,
        freed,
    };
    What what;
    std::uint8_t entry; // EntryKind of the procedure that did it
    std::uint8_t type;  // of the message, then
    bool read_side;     // put, queued: of the queue
    char by[16];        // driver whose procedure did it; "" for none
    char to[16];        // put, queued, taken: driver of the queue
};

struct Life {
    static constexpr unsigned steps_kept = 8;

    Block *next, *prev; // all that are out
    QueuePair *holder;
    std::size_t size;      // data bytes; the guard stands behind
    std::size_t patterned; // freed: bytes of data that hold the pattern
    unsigned ioctl_id;     // of the request that the stream head sent with it
    std::uint32_t sum;     // shared: of the bytes from sum_from to sum_to
    unsigned char *sum_from, *sum_to;
    std::uint32_t steps_made;
    LifeStep steps[steps_kept];
};

class Checks {
public:
    static constexpr std::size_t guard_bytes = 8; // behind the data

    explicit Checks(System &system) : system_(system) {}
    Checks(const Checks &) = delete;

    // --- the life of a block ---
    void handed_out(Block *block, std::size_t size, std::size_t room, bool used_before); // room: with the guard, at least
    void data_freed(Block *block); // its data is nobody's, whether or not the block is
    void given_back(Block *block);
    void duplicated(mblk_t *from, Block *to);
    bool may_be_freed(Block *block, mblk_t *mp);
    // A message is about to reach a put procedure, or a queue. False after a fault: leave it where it is.
    bool may_be_put(queue_t *q, mblk_t *mp);
    bool may_be_queued(queue_t *q, mblk_t *mp);
    void taken_off(queue_t *q, mblk_t *mp);
    void forget_sum(dblk_t *dp); // we changed the bytes ourselves

    // --- queues ---
    void sent_from(queue_t *q); // putnext: is it too early?
    void sent_in_open_is_fine(QueuePair &pair) { std::erase(sent_early_, &pair); }
    void switched_on(QueuePair &pair); // qprocson by the driver itself
    struct Leaving {                   // what a pair had before its close procedure ran
        void *ptr[2];
        bool was_kmem[2];
    };
    Leaving leaving(QueuePair &pair) const;
    void left(QueuePair &pair, const Leaving &before); // its close procedure has run, its queues are empty
    void forget(QueuePair &pair);
    // A service procedure is about to run. False when it has run so often, to no effect, that it never will have any.
    bool may_run(queue_t *q);
    void progress() { idle_runs_ = 0; }

    // --- opens ---
    void foreign_device(const Owner &driver, dev_t dev, const char *rule); // what its open answered with

    // --- ioctls ---
    void ioctl_sent(mblk_t *mp, unsigned id);
    void ioctl_ended(unsigned id) { freed_ioctls_.erase(id); }
    void ioctl_unanswered(unsigned id); // nobody waits for the answer any longer
    void ioctl_broken_off(unsigned id); // by a signal: an answer might have come yet, unless the request is freed

    // The application's own variables lie above this on its stack.
    void entered_at(const void *p) { entered_ = p; }

    // --- telling ---
    std::string history(const Block *block) const;

private:
    struct FreedIoctl {
        std::string driver, entry;
    };

    void step(Block *block, LifeStep::What what, const mblk_t *mp, queue_t *to);
    void hold(mblk_t *mp, QueuePair *pair);
    bool check_ends(const mblk_t *mp);
    void fault_found_late(const char *rule, const std::string &what, const Block *block);
    void check_sum(const mblk_t *mp);
    void check_message(const mblk_t *mp);
    bool reachable(const Block *block) const;
    bool refers(const void *from, std::size_t bytes, const Block *block) const;
    void lost(QueuePair &pair, Block *block);
    void check_timers(QueuePair &pair, const Leaving &before);

    System &system_;
    bool on_stack(const Block *block) const;

    const void *entered_ = nullptr;
    Block *out_ = nullptr;
    std::map<unsigned, FreedIoctl> freed_ioctls_;
    std::vector<QueuePair *> sent_early_;
    queue_t *running_ = nullptr;
    long idle_runs_ = 0;
};

#else

class Checks {
public:
    static constexpr std::size_t guard_bytes = 0;

    explicit Checks(System &) {}
    Checks(const Checks &) = delete;

    void handed_out(Block *, std::size_t, std::size_t, bool) {}
    void data_freed(Block *) {}
    void given_back(Block *) {}
    void duplicated(mblk_t *, Block *) {}
    bool may_be_freed(Block *, mblk_t *) { return true; }
    bool may_be_put(queue_t *, mblk_t *) { return true; }
    bool may_be_queued(queue_t *, mblk_t *) { return true; }
    void taken_off(queue_t *, mblk_t *) {}
    void sent_from(queue_t *) {}
    void sent_in_open_is_fine(QueuePair &) {}
    void switched_on(QueuePair &) {}
    struct Leaving {};
    Leaving leaving(QueuePair &) const { return {}; }
    void left(QueuePair &, const Leaving &) {}
    bool may_run(queue_t *) { return true; }
    void progress() {}
    void foreign_device(const Owner &, dev_t, const char *) {}
    void ioctl_sent(mblk_t *, unsigned) {}
    void ioctl_ended(unsigned) {}
    void ioctl_unanswered(unsigned) {}
    void ioctl_broken_off(unsigned) {}
    void entered_at(const void *) {}
    std::string history(const Block *) const { return {}; }
};

#endif

} // namespace rill
