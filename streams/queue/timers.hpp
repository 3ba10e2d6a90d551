// What is to happen at which tick: a list for each tick at which anything is, in the order of asking. The ticks are found by
// number at once, and in order. Setting and taking down a timer costs the same however many there are; the logarithm of
// the number of ticks is paid only by the first timer of a tick.
#pragma once

#include "streams/base/alloc.hpp"
#include "streams/base/fiber.hpp"
#include "streams/base/times.hpp"

#include <boost/intrusive/set.hpp>
#include <boost/intrusive/unordered_set.hpp>
#include <functional>
#include <vector>
#include <sys/stream.h>

namespace rill {

struct TimersOfTick;

struct Timer : intrusive::list_base_hook<intrusive::link_mode<intrusive::safe_link>> {
    long expires = 0;
    TimersOfTick *tick = nullptr;
    toid_t id = 0;
    void (*function)(void *) = nullptr;
    void *argument = nullptr;
    Call *call = nullptr;        // a sleep's time limit
    const char *owner = nullptr; // driver that asked
    queue_t *queue = nullptr;    // qtimeout: runs inside the perimeter of this queue
};

struct TimersOfTick : intrusive::set_base_hook<intrusive::link_mode<intrusive::safe_link>>,
                      intrusive::unordered_set_base_hook<intrusive::link_mode<intrusive::safe_link>> {
    long at = 0;
    intrusive::list<Timer, intrusive::constant_time_size<false>> timers;
};

class Timers {
public:
    Timers();
    ~Timers();
    Timers(const Timers &) = delete;

    void add(Timer &timer);
    void remove(Timer &timer);
    bool empty() const;
    Timer &first();
    long first_tick() const;
    // In order. f(timer) may take down that timer; the walk ends when it returns true.
    bool any(const std::function<bool(Timer &)> &f);

private:
    struct Number {
        using type = long;
        long operator()(const TimersOfTick &tick) const { return tick.at; }
    };
    struct Hash {
        std::size_t operator()(long tick) const { return static_cast<std::size_t>(tick); } // ticks follow one another
    };
    using ByNumber = intrusive::unordered_set<TimersOfTick, intrusive::key_of_value<Number>, intrusive::hash<Hash>,
                                              intrusive::power_2_buckets<true>>;

    TimersOfTick *begin_tick(long at);
    void end_tick(TimersOfTick &tick);

    RawPool pool_{sizeof(TimersOfTick)};
    intrusive::set<TimersOfTick, intrusive::key_of_value<Number>, intrusive::constant_time_size<false>> ticks_;
    std::vector<ByNumber::bucket_type> buckets_;
    ByNumber by_number_;
};

} // namespace rill
