#include "streams/queue/sched.hpp"
#include "streams/base/attention.hpp"
#include "streams/queue/perimeter.hpp"
#include "streams/queue/procedure.hpp"
#include "streams/system.hpp"

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <fmt/format.h>
#include <new>
#include <time.h>
#include <sys/systm.h>

extern "C" {
extern __attribute__((visibility("default"))) clock_t rill_lbolt;
extern __attribute__((visibility("default"))) time_t rill_time;
clock_t rill_lbolt = 0;
time_t rill_time = 0;
}

namespace rill {

// Two variables with the time that SVR3 drivers have (<sys/systm.h>). They are one for all Systems: that of the System whose clock
// moved last, or that made an open.
void show_clock(long ticks) {
    rill_lbolt = ticks;
    rill_time = ::time(nullptr);
}

namespace {

long real_ticks() {
    timespec t;
    ::clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * ticks_a_second + t.tv_nsec / (1'000'000'000 / ticks_a_second);
}

} // namespace

Scheduler::Scheduler(System &system, Alloc &alloc)
    : system_(system), alloc_(alloc), bufcall_pool_(alloc), real_start_(real_ticks()) {
    begin_budget();
}

Scheduler::~Scheduler() {
    enabled_.clear();
    ready_.clear();
    while (!timers_.empty()) stop_timer(&timers_.any_one());
    while (!bufcalls_.empty()) forget(bufcalls_.front());
}

std::size_t Scheduler::choose(std::size_t count) {
    if (!seeded_ || count < 2) return 0;
    return random_.below(count);
}

void Scheduler::remove(RunItem &item) {
    if (item.is_linked()) enabled_.erase(enabled_.iterator_to(item));
    if (item.queue) item.queue->q_flag &= ~static_cast<unsigned>(QENAB);
}

void Scheduler::make_ready(Call &call) {
    call.becomes_ready();
    ready_.push_back(call);
}

void Scheduler::run_service(RunItem &item) {
    enabled_.erase(enabled_.iterator_to(item));
    queue_t *q = item.queue;
    q->q_flag &= ~static_cast<unsigned>(QENAB | QBACK); // before the call: an enable from inside counts (SCH-005)
    QueuePair *pair = pair_of(q);
    if (!pair->procs_on && !pair->is_head) return; // MP-002
    if (!system_.checks.may_run(q)) return;
    if (pair->guard) [[unlikely]] {
        if (!enter_service(*pair, q)) return;
        run_service_procedure(*pair, q);
        return leave(*pair, q, false);
    }
    run_service_procedure(*pair, q);
}

void Scheduler::run_bufcalls() {
    bufcalls_due_ = false;
    std::size_t count = bufcalls_.size();
    while (count-- > 0 && !bufcalls_.empty()) {
        Bufcall &b = bufcalls_.front();
        if (!alloc_.would_allow(b.size)) {
            bufcalls_.splice(bufcalls_.end(), bufcalls_, bufcalls_.begin());
            continue;
        }
        const Bufcall due = b;
        forget(b);
        call_back(EntryKind::bufcall, due.queue, due.owner, due.function, due.argument, due.id);
    }
}

void Scheduler::run_one_queue() {
    auto item = enabled_.begin();
    if (seeded_) std::advance(item, choose(enabled_.size()));
    run_service(*item);
}

void Scheduler::begin_budget() {
    ++budgets_;
    steps_left_ = system_.tunables.steps;
}

// What would run next goes on for ever, as far as can be told: it is dropped, with a fault that names it.
[[gnu::cold]] void Scheduler::drop_next() {
    begin_budget();
    auto told = [&](const char *driver, EntryKind kind, const char *rule, const char *then) {
        system_.fault(Fault{driver, name_of(kind), rule, fmt::format("{} procedures were run in a row and there is no end to it; {}", system_.tunables.steps, then), {}, {}});
    };
    if (!enabled_.empty()) {
        RunItem &item = enabled_.front();
        remove(item);
        told(pair_of(item.queue)->owner->name.c_str(), EntryKind::service, "SCH-050",
             "this one, which is scheduled each time, is not called until it is scheduled anew");
    } else if (bufcalls_due_ && !bufcalls_.empty()) {
        const Bufcall &due = bufcalls_.front();
        const char *owner = due.owner;
        unbufcall(due.id);
        bufcalls_due_ = !bufcalls_.empty();
        told(owner, EntryKind::bufcall, "SCH-051", "this bufcall, which is made anew each time, is cancelled");
    } else if (!ready_.empty()) {
        Call &call = ready_.front();
        ready_.pop_front();
        call.is_given_up();
        if (call.process) call.process->refuse(EDEADLK, call.name, "it is woken and goes back to sleep for ever", "SCH-050");
        const auto *entry = static_cast<const Entry *>(call.saved_entry);
        told(system_.driver_of(entry), entry ? entry->kind : EntryKind::none, "SCH-050",
             "this call, which is woken each time and goes back to sleep, is left asleep");
    }
}

bool Scheduler::step() {
    if (over_budget()) [[unlikely]]
        drop_next();
    if (!enabled_.empty()) {
        run_one_queue();
        return true;
    }
    if (bufcalls_due_) {
        run_bufcalls();
        return true;
    }
    if (!ready_.empty()) {
        auto item = ready_.begin();
        if (seeded_) std::advance(item, choose(ready_.size()));
        Call &call = *item;
        ready_.erase(item);
        system_.switch_to(call, false, nullptr, nullptr, nullptr, nullptr);
        return true;
    }
    return fire_due();
}

void Scheduler::run_queues() {
    while (!enabled_.empty() || bufcalls_due_) {
        if (over_budget()) [[unlikely]]
            drop_next();
        else if (enabled_.empty())
            run_bufcalls();
        else
            run_one_queue();
    }
}

long Scheduler::now() {
    if (real_time) [[unlikely]]
        now_ = std::max(now_, real_ticks() - real_start_);
    return now_;
}

void Scheduler::fire(Timer &timer) {
    Call *call = timer.call;
    auto function = timer.function;
    void *argument = timer.argument;
    queue_t *queue = timer.queue;
    const char *owner = timer.owner;
    const toid_t id = timer.id;
    take_down(timer);
    if (call) {
        call->timer = nullptr;
        system_.wake(*call, Wake::timeout, "the time is over");
        return;
    }
    call_back(EntryKind::timeout, queue, owner, function, argument, id);
}

// A callback of qtimeout or qbufcall runs inside the perimeters of its queue, or once they are free.
void Scheduler::call_back(EntryKind kind, queue_t *q, const char *owner, void (*function)(void *), void *argument, toid_t id) {
    QueuePair *guarded = q && pair_of(q)->guard ? pair_of(q) : nullptr;
    if (guarded && !enter_callback(*guarded, q, function, argument, id)) return;
    Stream *stream = q ? pair_of(q)->stream : nullptr;
    run_callback(system_, kind, q, owner, function, argument);
    if (guarded) leave(*guarded, q, false);
    if (stream && !stream->procedures.empty()) system_.wake_all(stream->procedures, "a callback of the queue ran"); // MP-019
}

void Scheduler::drop_callbacks_of(QueuePair &pair) {
    auto is_its = [&](queue_t *q) { return q && pair_of(q) == &pair; };
    auto forgotten = [&](const char *what) { system_.fault("MP-021", what, pair.read()); };
    timers_.any([&](Timer &t) {
        if (!is_its(t.queue)) return false;
        forgotten("a qtimeout was not cancelled in close");
        stop_timer(&t);
        return false;
    });
    for (auto it = bufcalls_.begin(); it != bufcalls_.end();) {
        Bufcall &b = *it++;
        if (!is_its(b.queue)) continue;
        forgotten("a qbufcall was not cancelled in close");
        forget(b);
    }
}

bool Scheduler::fire_due() {
    Timer *timer = timers_.empty() ? nullptr : timers_.due(now());
    if (!timer) return false;
    fire(*timer);
    return true;
}

void Scheduler::advance_to(long tick) {
    while (timers_.is_due(tick)) {
        if (attention) [[unlikely]]
            return;
        Timer &timer = *timers_.due(tick);
        now_ = std::max(now_, timer.expires);
        show_clock(now_);
        begin_budget();
        bufcalls_due_ |= !bufcalls_.empty();
        fire(timer);
        while (step()) {}
    }
    now_ = std::max(now_, tick);
    show_clock(now_);
    begin_budget();
    bufcalls_due_ |= !bufcalls_.empty();
    while (step()) {}
}

void Scheduler::advance_to_next() {
    Timer &timer = *timers_.due(timers_.first_tick());
    now_ = std::max(now_, timer.expires);
    show_clock(now_);
    begin_budget();
    bufcalls_due_ |= !bufcalls_.empty();
    fire(timer);
}

Timer *Scheduler::limit_sleep(Call &call, long ticks) {
    auto *timer = new (timer_pool_.take()) Timer;
    timer->expires = sum_of(now(), std::max(ticks, 1L));
    timer->call = &call;
    timers_.add(*timer);
    return timer;
}

void Scheduler::take_down(Timer &timer) {
    timers_.remove(timer);
    if (timer.id) {
        slot_of(timer.id) = nullptr;
        --slots_taken_;
    }
    if (timer.queue) --queue_callbacks_;
    if (!timer.call) --timers_out_;
    timer_pool_.give(&timer);
}

void Scheduler::stop_timer(Timer *timer) { take_down(*timer); }

Timer *Scheduler::timer_of(toid_t id) {
    Timer *timer = by_slot_.empty() ? nullptr : slot_of(id);
    return timer && timer->id == id ? timer : nullptr;
}

toid_t Scheduler::next_timer_id() {
    if (2 * slots_taken_ >= by_slot_.size()) {
        std::vector<Timer *> old(std::max<std::size_t>(2 * by_slot_.size(), 16));
        old.swap(by_slot_);
        for (Timer *timer : old)
            if (timer) slot_of(timer->id) = timer;
    }
    do next_timer_ = next_timer_ % std::numeric_limits<std::int32_t>::max() + 1; // ids are above 0
    while (slot_of(next_timer_));
    return next_timer_;
}

toid_t Scheduler::timeout(void (*function)(void *), void *argument, long ticks, queue_t *queue, const char *owner) {
    if (!alloc_.allow(sizeof(Timer))) return 0; // UTL-020
    const toid_t id = next_timer_id();
    auto *timer = new (timer_pool_.take()) Timer;
    timer->expires = sum_of(now(), std::max(ticks, 1L)); // UTL-088
    timer->id = id;
    timer->function = function;
    timer->argument = argument;
    timer->queue = queue;
    if (queue) ++queue_callbacks_;
    timer->owner = owner;
    slot_of(id) = timer;
    ++slots_taken_;
    timers_.add(*timer);
    ++timers_out_;
    return timer->id;
}

long Scheduler::untimeout(toid_t id) {
    Timer *timer = timer_of(id);
    if (!timer) return -1;
    const long left = std::max(timer->expires - now(), 0L);
    stop_timer(timer);
    return left;
}

toid_t Scheduler::bufcall(std::size_t size, void (*function)(void *), void *argument, const char *owner, queue_t *queue) {
    Bufcall *b = bufcall_pool_.make();
    if (!b) return 0;
    b->id = ++next_id_;
    b->size = size;
    b->function = function;
    b->argument = argument;
    b->owner = owner;
    b->queue = queue;
    if (queue) ++queue_callbacks_;
    bufcalls_.push_back(*b);
    bufcalls_by_id_.insert(bufcalls_by_id_.end(), *b);
    bufcalls_due_ = bufcalls_due_ || alloc_.would_allow(size);
    return b->id;
}

void Scheduler::forget(Bufcall &b) {
    if (b.queue) --queue_callbacks_;
    bufcalls_.erase(bufcalls_.iterator_to(b));
    bufcalls_by_id_.erase(bufcalls_by_id_.iterator_to(b));
    bufcall_pool_.free(&b);
}

void Scheduler::unbufcall(toid_t id) {
    if (const auto b = bufcalls_by_id_.find(id); b != bufcalls_by_id_.end()) forget(*b);
}

void schedule(queue_t *q, Event why) {
    if (!q->q_qinfo->qi_srvp || (q->q_flag & QENAB)) return; // SCH-001, SCH-003
    q->q_flag |= QENAB;
    QueuePair *pair = pair_of(q);
    RunItem &item = pair->run[(q->q_flag & QREADR) ? 0 : 1];
    pair->system->sched.add(item);
    if (pair->system->trace.on) [[unlikely]]
        pair->system->trace.emit({.event = why, .name = pair->owner->name.c_str(), .number = (q->q_flag & QREADR) ? 0 : 1});
}

} // namespace rill

using namespace rill;

#define EXPORT extern "C" __attribute__((visibility("default")))

EXPORT void qenable(queue_t *q) {
    if (may_change(q, "qenable")) schedule(q, Event::enabled_by_qenable);
}
EXPORT void noenable(queue_t *q) {
    if (may_use(q, "noenable")) q->q_flag |= QNOENB;
}
EXPORT void enableok(queue_t *q) {
    if (may_use(q, "enableok")) q->q_flag &= ~static_cast<unsigned>(QNOENB);
}

EXPORT toid_t timeout(void (*function)(void *), void *argument, clock_t ticks) {
    System &system = this_system();
    return system.sched.timeout(function, argument, ticks, nullptr, system.acting_driver());
}
EXPORT toid_t itimeout(void (*function)(void *), void *argument, clock_t ticks, pl_t) {
    return timeout(function, argument, ticks);
}
EXPORT toid_t dtimeout(void (*function)(void *), void *argument, clock_t ticks, pl_t, processorid_t) {
    return timeout(function, argument, ticks);
}
EXPORT clock_t untimeout(toid_t id) { return this_system().sched.untimeout(id); }

EXPORT bufcall_id_t bufcall(unsigned int size, int, void (*function)(void *), void *argument) {
    System &system = this_system();
    return system.sched.bufcall(size, function, argument, system.acting_driver());
}
EXPORT bufcall_id_t esbbcall(int, void (*function)(void *), void *argument) {
    return bufcall(1, BPRI_LO, function, argument);
}
EXPORT void unbufcall(bufcall_id_t id) { this_system().sched.unbufcall(id); }
