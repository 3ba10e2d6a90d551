// What runs next: enabled service procedures, calls that were woken, bufcalls, timeouts; and the clock.
//
// FIFO by default; with a seed the next item is drawn, the same way each time. Service procedures go before calls: what
// is enabled runs before anything returns to user level (SCH-007). The clock is virtual unless real time was asked for:
// it moves when nothing is runnable and somebody waits, or when System::advance() says so.
#pragma once

#include "streams/base/times.hpp"
#include "streams/queue/queue.hpp"
#include "streams/queue/timers.hpp"

#include <boost/intrusive/set.hpp>
#include <cstdint>
#include <vector>
#include <limits>

namespace rill {

struct Bufcall : intrusive::list_base_hook<intrusive::link_mode<intrusive::safe_link>>,
                 intrusive::set_base_hook<intrusive::link_mode<intrusive::safe_link>> {
    toid_t id = 0; // the key
    std::size_t size = 0;
    void (*function)(void *) = nullptr;
    void *argument = nullptr;
    const char *owner = nullptr;
    queue_t *queue = nullptr;    // qbufcall
};
struct IdOfBufcall {
    using type = toid_t;
    toid_t operator()(const Bufcall &b) const { return b.id; }
};

enum class EntryKind : unsigned char;

void show_clock(long ticks); // lbolt and time of SVR3 drivers

class Scheduler {
public:
    Scheduler(System &system, Alloc &alloc);
    ~Scheduler();

    // Queues and calls.
    void add(RunItem &item) { enabled_.push_back(item); }
    void remove(RunItem &item);
    void make_ready(Call &call);
    bool runnable() const { return !enabled_.empty() || !ready_.empty() || bufcalls_due_; }
    bool queues_enabled() const { return !enabled_.empty(); }
    // Runs one item; false when there was none.
    bool step();
    // Runs service procedures and bufcalls only, until none is enabled.
    void run_queues();

    // Time, in ticks since boot.
    long now();
    bool has_timers() const { return !timers_.empty(); }
    long next_expiry() const { return timers_.first_tick(); }
    void advance_to(long tick); // virtual clock; fires what comes due, one after another, running what that enables
    bool fire_due();            // fires what is due now; false when nothing was
    void advance_to_next();     // virtual clock: to the next timer

    Timer *limit_sleep(Call &call, long ticks); // wakes the call when the time is over
    void stop_timer(Timer *timer);
    toid_t timeout(void (*function)(void *), void *argument, long ticks, queue_t *queue, const char *owner);
    long untimeout(toid_t id);

    toid_t bufcall(std::size_t size, void (*function)(void *), void *argument, const char *owner, queue_t *queue = nullptr);
    void unbufcall(toid_t id);
    // Of drivers' timers and bufcalls, one for which test(argument, queue) holds: is there one; stop it, false if none.
    template <class F> bool has_one_of(F &&test) {
        if (timers_.any([&](const Timer &t) { return !t.call && test(t.argument, t.queue); })) return true;
        for (const Bufcall &b : bufcalls_)
            if (test(b.argument, nullptr)) return true;
        return false;
    }
    template <class F> bool stop_one_of(F &&test) {
        return timers_.any([&](Timer &t) { return !t.call && test(t.argument, t.queue) && (stop_timer(&t), true); });
    }
    template <class F> bool drop_one_of(F &&test) {
        for (Bufcall &b : bufcalls_)
            if (test(b.argument, nullptr)) return unbufcall(b.id), true;
        return false;
    }
    bool has_bufcalls() const { return !bufcalls_.empty(); }
    void memory_came_back() { bufcalls_due_ = !bufcalls_.empty(); }

    long timers_out() const { return timers_out_; } // of drivers: sleeps do not count
    long bufcalls_out() const { return bufcall_pool_.out(); }

    // Callbacks of qtimeout and qbufcall: those left when their pair goes are faults.
    bool has_queue_callbacks() const { return queue_callbacks_ > 0; }
    void drop_callbacks_of(QueuePair &pair);

    void seed(std::uint64_t seed) {
        random_ = RandomEngine(seed);
        seeded_ = true;
    }
    bool real_time = false;

    // Something other than procedures happens: a call is made, time passes. Until the next such event the run loop takes
    // no more than tunables.steps steps (SCH-050); what would be the next one is named and dropped.
    void begin_budget();
    // Changes with each step, and with each budget.
    struct Stamp {
        unsigned long budgets;
        long left;
        bool operator==(const Stamp &) const = default;
    };
    Stamp stamp() const { return {budgets_, steps_left_}; }

private:
    bool over_budget() { return --steps_left_ < 0; }
    void drop_next();
    std::size_t choose(std::size_t count);
    void run_one_queue();
    void run_service(RunItem &item);
    void run_bufcalls();
    void forget(Bufcall &bufcall);
    Timer *timer_of(toid_t id);
    void take_down(Timer &timer);
    Timer *&slot_of(toid_t id) { return by_slot_[static_cast<std::size_t>(id) & (by_slot_.size() - 1)]; }
    toid_t next_timer_id();
    void fire(Timer &timer);
    void call_back(EntryKind kind, queue_t *q, const char *owner, void (*function)(void *), void *argument, toid_t id);

    System &system_;
    Alloc &alloc_;
    RawPool timer_pool_{sizeof(Timer)};
    long timers_out_ = 0;
    Pool<Bufcall> bufcall_pool_;
    RunList enabled_;
    CallList ready_;
    Timers timers_;
    intrusive::list<Bufcall, intrusive::constant_time_size<false>> bufcalls_; // in the order in which they are tried
    intrusive::set<Bufcall, intrusive::key_of_value<IdOfBufcall>> bufcalls_by_id_;
    // A timer's id is a count that fits an int (UTL-120). It stands in the slot that its low bits name; the table is at most
    // half full and a power of two, so that the next count whose slot is free is near, and an old id names no new timer.
    std::vector<Timer *> by_slot_;
    std::size_t slots_taken_ = 0;
    long queue_callbacks_ = 0;
    bool bufcalls_due_ = false;
    long now_ = 0;
    long real_start_ = 0;
    unsigned long budgets_ = 0;
    long steps_left_ = 0;
    std::uint32_t next_timer_ = 0;
    toid_t next_id_ = 0; // of a bufcall
    bool seeded_ = false;
    RandomEngine random_{0};
};

} // namespace rill
