#include "streams/queue/timers.hpp"

namespace rill {

Timers::Timers() : buckets_(64), by_number_({buckets_.data(), buckets_.size()}) {}
Timers::~Timers() = default;

void Timers::add(Timer &timer) {
    const auto found = by_number_.find(timer.expires);
    timer.tick = found != by_number_.end() ? &*found : begin_tick(timer.expires);
    timer.tick->timers.push_back(timer);
}

void Timers::remove(Timer &timer) {
    TimersOfTick &tick = *timer.tick;
    tick.timers.erase(tick.timers.iterator_to(timer));
    if (tick.timers.empty()) end_tick(tick);
}

bool Timers::empty() const { return ticks_.empty(); }
Timer &Timers::first() { return ticks_.begin()->timers.front(); }
long Timers::first_tick() const { return ticks_.begin()->at; }

bool Timers::any(const std::function<bool(Timer &)> &f) {
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

TimersOfTick *Timers::begin_tick(long at) {
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

void Timers::end_tick(TimersOfTick &tick) {
    ticks_.erase(ticks_.iterator_to(tick));
    by_number_.erase(by_number_.iterator_to(tick));
    tick.~TimersOfTick();
    pool_.give(&tick);
}

} // namespace rill
