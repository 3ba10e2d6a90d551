// Making time pass: what is runnable is run until a call has ended, or nothing is left to run.
#include "streams/base/attention.hpp"
#include "streams/queue/sched.hpp"
#include "streams/system.hpp"

#include <algorithm>
#include <cerrno>
#include <time.h>

namespace rill {

Background &System::start(Process &process, const char *name, std::function<void()> body) {
    Background &b = backgrounds.emplace_back();
    b.body = std::move(body);
    Call *call = take_call();
    call->reaped = true;
    call->saved_face_depth = 0;
    b.call = call;
    switch_to(
        *call, true, &process, name, [](void *p) {
            auto *background = static_cast<Background *>(p);
            background->body();
            background->call = nullptr;
            background->done = true;
        },
        &b);
    run_pending();
    return b;
}

void System::finish(Background &background) {
    while (!background.done) {
        Call *call = background.call;
        if (!call || call->state == Call::State::abandoned) return;
        drive(*call);
    }
}

void System::forget(Background &background) {
    for (auto it = backgrounds.begin(); it != backgrounds.end(); ++it)
        if (&*it == &background) {
            backgrounds.erase(it);
            return;
        }
}

// Runs what is runnable, lets time pass, waits at the gate, until the call has ended. When none of that can help, the
// call is woken with Wake::deadlock; a driver that goes back to sleep regardless is left asleep for good.
void System::drive(Call &call) {
    const long began = sched.now();
    int strikes = 0;
    sched.begin_budget();
    const int id = call.id;
    while (call.id == id && call.state != Call::State::done && call.state != Call::State::idle) {
        if (call.state == Call::State::abandoned) return;
        if (attention && call.process) [[unlikely]] {
            attention = 0;
            interrupt(*call.process);
        }
        if (sched.step()) continue;
        const bool its_own_limit = call.timer && call.timer->expires == sched.next_expiry();
        if (sched.has_timers() && sched.next_expiry() != forever && (its_own_limit || sched.next_expiry() - began <= tunables.patience)) {
            if (!sched.real_time) {
                sched.advance_to_next();
                continue;
            }
            const long ticks = std::max(sched.next_expiry() - sched.now(), 1L);
            timespec wait{ticks / ticks_a_second, (ticks % ticks_a_second) * (1'000'000'000 / ticks_a_second)};
            if (::nanosleep(&wait, nullptr) < 0 && call.process) interrupt(*call.process);
            continue;
        }
        if (sched.has_bufcalls() && strikes == 0) {
            sched.memory_came_back();
            ++strikes;
            continue;
        }
        if (!(call.process && call.process->killed) && wait_at_gate()) continue;
        wake_deadlocked(call, strikes++);
    }
}

void System::wake_deadlocked(Call &call, int strikes) {
    if (strikes < 4 && call.state == Call::State::asleep) {
        if (call.process) call.process->refuse(EDEADLK, call.name, call.waiting_for, nullptr);
        wake(call, Wake::deadlock, "nothing could ever end the wait");
        return;
    }
    give_up(call);
}

void System::run_pending() {
    sched.begin_budget();
    if (running) {
        sched.run_queues();
        return;
    }
    while (sched.step()) {}
}

void System::run_until_idle() { run_pending(); }

void System::advance(long ticks) {
    constexpr long day = 24L * 3600 * ticks_a_second;
    run_pending();
    const long end = std::max(last_tick, sum_of(sched.now(), day)); // a clock that was moved so far still goes on
    sched.advance_to(std::min(sum_of(sched.now(), std::max(ticks, 0L)), end));
}

} // namespace rill
