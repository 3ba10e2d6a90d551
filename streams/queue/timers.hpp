// What is to happen at which tick: a list for each tick at which anything is, in the order of asking. The ticks are found by
// number at once, and in order. Setting and taking down a timer costs the same however many there are; the logarithm of
// the number of ticks is paid only by the first timer of a tick.
#pragma once

#include "streams/base/alloc.hpp"
#include "streams/base/fiber.hpp"
#include "streams/base/times.hpp"

#include <boost/intrusive/set.hpp>
#include <boost/intrusive/unordered_set.hpp>
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
    Timers() : buckets_(64), by_number_({buckets_.data(), buckets_.size()}) {}

    void add(Timer &timer) {
        const auto found = by_number_.find(timer.expires);
        timer.tick = found != by_number_.end() ? &*found : begin_tick(timer.expires);
        timer.tick->timers.push_back(timer);
    }
    void remove(Timer &timer) {
        TimersOfTick &tick = *timer.tick;
        tick.timers.erase(tick.timers.iterator_to(timer));
        if (tick.timers.empty()) end_tick(tick);
    }
    bool empty() const { return ticks_.empty(); }
    Timer &first() { return ticks_.begin()->timers.front(); }
    long first_tick() const { return ticks_.begin()->at; }

    // f(timer) may take down that timer; the walk ends when it returns true.
    template <class F> bool any(F &&f) {
        for (auto tick = ticks_.begin(); tick != ticks_.end();) {
            TimersOfTick &now = *tick++;
            for (auto timer = now.timers.begin(); timer != now.timers.end();) {
                Timer &t = *timer++;
                const bool last = timer == now.timers.end();
                if (f(t)) return true;
                if (last) break; // with its last timer the tick may be gone
            }
        }
        return false;
    }

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

    TimersOfTick *begin_tick(long at) {
        auto *tick = new (pool_.take()) TimersOfTick;
        tick->at = at;
        ticks_.insert(ticks_.end(), *tick); // where most belong
        if (by_number_.size() == buckets_.size()) {
            std::vector<ByNumber::bucket_type> more(2 * buckets_.size());
            by_number_.rehash({more.data(), more.size()});
            buckets_.swap(more);
        }
        by_number_.insert(*tick);
        return tick;
    }
    void end_tick(TimersOfTick &tick) {
        ticks_.erase(ticks_.iterator_to(tick));
        by_number_.erase(by_number_.iterator_to(tick));
        tick.~TimersOfTick();
        pool_.give(&tick);
    }

    RawPool pool_{sizeof(TimersOfTick)};
    intrusive::set<TimersOfTick, intrusive::key_of_value<Number>, intrusive::constant_time_size<false>> ticks_;
    std::vector<ByNumber::bucket_type> buckets_;
    ByNumber by_number_;
};

} // namespace rill
