#include "streams/queue/timers.hpp"

#include <algorithm>
#include <bit>
#include <cassert>
#include <vector>

namespace rill {

Timers::Timers() = default;
Timers::~Timers() = default;

void Timers::add(Timer &timer) {
    assert(timer.expires >= at_);
    const auto differs = static_cast<std::uint64_t>(timer.expires ^ at_);
    const unsigned ring = differs ? (static_cast<unsigned>(std::bit_width(differs)) - 1) / digit_bits : 0;
    const unsigned slot = digit_of(timer.expires, ring);
    if (!rings_[ring]) [[unlikely]]
        rings_[ring] = std::make_unique<Ring>();
    timer.ring = static_cast<unsigned char>(ring);
    timer.slot = static_cast<unsigned char>(slot);
    rings_[ring]->slots[slot].push_back(timer);
    rings_[ring]->busy |= std::uint64_t{1} << slot;
    rings_busy_ |= 1u << ring;
    if (first_ && first_->ring == ring && first_->slot == slot && timer.expires < first_->expires) first_ = &timer;
}

void Timers::remove(Timer &timer) {
    List &slot = rings_[timer.ring]->slots[timer.slot];
    slot.erase(slot.iterator_to(timer));
    if (first_ == &timer) first_ = nullptr;
    if (slot.empty()) note_empty(timer.ring, timer.slot);
}

void Timers::note_empty(unsigned ring, unsigned slot) {
    rings_[ring]->busy &= ~(std::uint64_t{1} << slot);
    if (!rings_[ring]->busy) rings_busy_ &= ~(1u << ring);
}

// What is in a lower ring comes before what is in a higher one, which differs from where the wheel stands in a higher digit.
const Timers::List &Timers::first_slot() const {
    const Ring &ring = *rings_[static_cast<unsigned>(std::countr_zero(rings_busy_))];
    return ring.slots[static_cast<unsigned>(std::countr_zero(ring.busy))];
}

long Timers::begin_of_first() const {
    const Timer &one = first_slot().front();
    const unsigned below = one.ring * digit_bits;
    return one.expires >> below << below;
}

Timer &Timers::any_one() { return const_cast<List &>(first_slot()).front(); }

long Timers::first_tick() const {
    const List &slot = first_slot();
    const Timer &one = slot.front();
    if (one.ring == 0) return one.expires;
    if (!first_ || first_->ring != one.ring || first_->slot != one.slot)
        first_ = &*std::min_element(slot.begin(), slot.end(), [](const Timer &a, const Timer &b) { return a.expires < b.expires; });
    return first_->expires;
}

Timer *Timers::due(long tick) {
    while (!empty() && begin_of_first() <= tick) {
        at_ = begin_of_first();
        Timer &one = any_one();
        if (one.ring == 0) return &one;
        spread(rings_[one.ring]->slots[one.slot]);
    }
    return nullptr;
}

// The wheel has come to a slot of a higher ring.
void Timers::spread(List &slot) {
    List timers;
    timers.swap(slot);
    note_empty(timers.front().ring, timers.front().slot);
    first_ = nullptr;
    while (!timers.empty()) {
        Timer &timer = timers.front();
        timers.pop_front();
        add(timer);
    }
}

bool Timers::any(const std::function<bool(Timer &)> &f) {
    for (const auto &ring : rings_) {
        if (!ring) continue;
        for (std::uint64_t busy = ring->busy; busy; busy &= busy - 1) {
            std::vector<Timer *> in_order;
            for (Timer &timer : ring->slots[static_cast<unsigned>(std::countr_zero(busy))]) in_order.push_back(&timer);
            std::ranges::stable_sort(in_order, {}, &Timer::expires);
            for (Timer *timer : in_order)
                if (f(*timer)) return true;
        }
    }
    return false;
}

} // namespace rill
