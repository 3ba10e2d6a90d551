// What is to happen at which tick: a hierarchical timing wheel.
//
// A tick is a number of eleven digits, of 64 values each. The wheel stands at a tick; a timer is in the ring of the highest
// digit in which its tick differs from that, in the slot of that digit. When the wheel comes to a slot of a higher ring, the
// timers of that slot go to the rings below. So setting a timer and taking it down cost the same however many there are,
// and those of one tick are always in one list, in the order of asking.
#pragma once

#include "streams/base/fiber.hpp"
#include "streams/base/times.hpp"

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <sys/stream.h>

namespace rill {

struct Timer : intrusive::list_base_hook<intrusive::link_mode<intrusive::safe_link>> {
    long expires = 0;
    toid_t id = 0;
    void (*function)(void *) = nullptr;
    void *argument = nullptr;
    Call *call = nullptr;        // a sleep's time limit
    const char *owner = nullptr; // driver that asked
    queue_t *queue = nullptr;    // qtimeout: runs inside the perimeter of this queue
    unsigned char ring = 0, slot = 0;
};

class Timers {
public:
    Timers();
    ~Timers();
    Timers(const Timers &) = delete;

    void add(Timer &timer); // not earlier than where the wheel stands
    void remove(Timer &timer);
    bool empty() const { return rings_busy_ == 0; }
    long first_tick() const; // there is one
    bool is_due(long tick) const { return !empty() && begin_of_first() <= tick && first_tick() <= tick; }
    // The first of those whose tick is not after this one; nullptr when there is none. The wheel moves, no further than this tick.
    Timer *due(long tick);
    Timer &any_one(); // there is one
    // In order. f(timer) may take down that timer; the walk ends when it returns true.
    bool any(const std::function<bool(Timer &)> &f);

private:
    using List = intrusive::list<Timer, intrusive::constant_time_size<false>>;
    static constexpr unsigned digit_bits = 6, digits = 11;
    struct Ring {
        std::uint64_t busy = 0; // slots with timers, a bit each
        std::array<List, 1u << digit_bits> slots;
    };

    static unsigned digit_of(long tick, unsigned ring) { return static_cast<unsigned>(tick >> ring * digit_bits) & 63; }
    const List &first_slot() const; // of the next timers
    long begin_of_first() const;    // the first tick of that slot
    void note_empty(unsigned ring, unsigned slot);
    void spread(List &slot);

    long at_ = 0;
    mutable const Timer *first_ = nullptr; // the first of some slot of a higher ring, or not known
    unsigned rings_busy_ = 0;              // rings with timers, a bit each
    std::array<std::unique_ptr<Ring>, digits> rings_; // each made when it is first needed
};

} // namespace rill
