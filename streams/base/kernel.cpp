#include "streams/base/kernel.hpp"
#include "streams/base/attention.hpp"
#include "streams/base/caller.hpp"

#include <cassert>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fmt/format.h>
#include <unistd.h>

namespace rill {

volatile std::sig_atomic_t attention = 0;
constinit thread_local System *current __attribute__((tls_model("initial-exec"))) = nullptr;
void (*crash_told)(const char *text, std::size_t size) = nullptr;

void tell_crash(const char *text, std::size_t size) {
    for (std::size_t at = 0; at < size;) {
        const ssize_t w = ::write(STDERR_FILENO, text + at, size - at);
        if (w < 0 && errno == EINTR) continue;
        if (w <= 0) break;
        at += static_cast<std::size_t>(w);
    }
    if (crash_told) crash_told(text, size);
}

// Takes an element out of whichever list of that type it is on. The lists keep no size, so none has to be named.
template <class List> static void take_off(typename List::reference element) {
    auto node = List::value_traits::to_node_ptr(element);
    if (List::node_algorithms::inited(node)) return;
    List::node_algorithms::unlink(node);
    List::node_algorithms::init(node);
}

const char *name_of(EntryKind kind) {
    switch (kind) {
    case EntryKind::none: return "";
    case EntryKind::open: return "open procedure";
    case EntryKind::close: return "close procedure";
    case EntryKind::put: return "put procedure";
    case EntryKind::service: return "service procedure";
    case EntryKind::timeout: return "timeout callback";
    case EntryKind::bufcall: return "bufcall callback";
    case EntryKind::free_routine: return "free routine";
    case EntryKind::object_code: return "constructor or destructor";
    case EntryKind::init: return "start-up routine";
    case EntryKind::unload: return "unload routine";
    }
    return "?";
}

void Kernel::drop_calls() {
    while (Call *call = idle_calls_) {
        idle_calls_ = call->next_idle;
        delete call;
    }
    calls.clear_and_dispose([](Call *call) {
        take_off<CallList>(*call);
        take_off<WaitQueue>(*call);
        delete call;
    });
}

// --- calls ---

Call *Kernel::take_call() {
    Call *call = idle_calls_;
    if (!call) [[unlikely]]
        call = new Call(*this);
    else idle_calls_ = call->next_idle;
    call->id = next_call_id_++;
    call->reaped = false;
    calls.push_back(*call);
    ++calls_out_;
    return call;
}

void Kernel::give_call(Call *call) {
    calls.erase(calls.iterator_to(*call));
    call->is_free_again();
    call->process = nullptr;
    call->event = nullptr;
    call->saved_entry = nullptr;
    call->saved_depth = 0;
    call->next_idle = idle_calls_;
    idle_calls_ = call;
    --calls_out_;
}

void Kernel::switch_to(Call &call, bool fresh, Caller *process, const char *name, Call::Body body, void *argument) {
    assert(!running);
    Entry *outer = entry;
    const int depth = trace.depth;
    const int faces = std::exchange(face_depth, call.saved_face_depth);
    entry = static_cast<Entry *>(call.saved_entry);
    if (!fresh) trace.depth = call.saved_depth;
    running = &call;
    if (fresh)
        call.start(process, name, body, argument);
    else
        call.resume();
    running = nullptr;
    entry = outer;
    trace.depth = depth;
    call.saved_face_depth = std::exchange(face_depth, faces);
    if (call.state == Call::State::done && call.reaped) give_call(&call);
}

void Kernel::abandon_running() {
    running->is_given_up();
    running = nullptr;
}

// --- sleeping ---

Wake Kernel::sleep(WaitQueue &queue, const char *why, bool interruptible, long ticks) {
    assert(running);
    Call &call = *running;
    if (interruptible && call.process && call.process->signal_pending()) return Wake::signal;
    call.falls_asleep();
    call.interruptible = interruptible;
    call.waiting_for = why;
    call.wake = Wake::event;
    queue.push_back(call);
    if (ticks != forever) call.timer = above_.limit_sleep(*this, call, ticks);
    if (trace.on) [[unlikely]]
        trace.emit({.event = Event::call_sleeps, .name = call.name, .what = why});
    call.saved_depth = trace.depth;
    call.saved_entry = entry;
    call.park();
    return call.wake;
}

// The queue that it sleeps on and the limit of its sleep forget it.
void Kernel::end_wait(Call &call) {
    take_off<WaitQueue>(call);
    if (call.timer) {
        above_.end_limit(*this, call.timer);
        call.timer = nullptr;
    }
}

void Kernel::wake(Call &call, Wake how, const char *why) {
    if (call.state != Call::State::asleep) return;
    end_wait(call);
    call.wake = how;
    if (trace.on) [[unlikely]] // the sleeper's, whoever woke it
        trace.emit({.event = Event::call_woken, .name = call.name, .what = why, .number = call.id, .pid = call.process ? call.process->pid : 0});
    above_.make_ready(*this, call);
}

void Kernel::interrupt(const Caller &process) {
    for (Call &call : calls)
        if (call.process == &process && call.state == Call::State::asleep && call.interruptible)
            wake(call, Wake::signal, "a signal");
}

void Kernel::give_up(Call &call) {
    call.is_given_up();
    end_wait(call);
}

// --- what is told ---

const char *Kernel::driver_of(const Entry *e) const {
    if (!e) return "?";
    if (const char *driver = e->named()) return driver;
    return e->queue ? owner_of(e->queue) : "?";
}

void Kernel::fault(const char *rule, const char *what, queue_t *q, const mblk_t *mp) {
    if (fault_policy == FaultPolicy::off) return;
    // What the head's procedure was given wrong is not the head's fault: whoever called it is named.
    const Entry *actor = entry;
    while (!q && actor && actor->outer && actor->by_queue() && std::strcmp(owner_of(actor->queue), "stream head") == 0) actor = actor->outer;
    Fault f;
    if (q || actor || !caller()) f.driver = q ? owner_of(q) : driver_of(actor);
    else f.driver = above_.owners_open(*this); // the head found in a call what one of them did before
    f.entry = actor ? name_of(actor->kind) : "";
    f.rule = rule;
    f.what = what;
    if (mp) f.history = above_.history_of(*this, mp);
    fault(std::move(f));
}

void Kernel::fault(Fault f) {
    if (fault_policy == FaultPolicy::off) return;
    if (checking) f.before = trace.before();
    if (trace.on)
        trace.emit({.event = Event::faulted, .name = f.driver.c_str(), .what = f.what.c_str(), .clause = f.rule.c_str(), .text = f.entry});
    std::string told = fmt::format("fault: driver {}, {}: {} ({})", f.driver,
                                   f.entry.empty() ? "outside its procedures" : f.entry, f.what, f.rule);
    if (!f.history.empty()) told += "\n  the message:\n" + f.history;
    if (!f.before.empty()) told += "\n  before that:\n" + f.before;
    console(2, told, false, true); // it has a record of its own
    faults.push_back(std::move(f));
    if (fault_policy == FaultPolicy::stop) std::abort();
}

void Kernel::console(int level, std::string_view text, bool to_log, bool to_console) {
    if (trace.on && to_log) trace.emit({.event = Event::logged, .number = level, .text = text});
    if (!to_console) return;
    if (console_sink) {
        console_sink(level, text);
        return;
    }
    std::fwrite(text.data(), 1, text.size(), stderr);
    if (text.empty() || text.back() != '\n') std::fputc('\n', stderr);
}

[[gnu::cold, gnu::noinline]] void outside_system(const char *call) {
    const std::string text = fmt::format(fmt::runtime(current ? "rill: {} was given a queue that is no stream's (UTL-085)\n"
                                                              : "rill: {} was called outside a System: only driver code may call it, or a "
                                                                "program between rill_enter() and rill_leave() (UTL-085)\n"),
                                         call);
    tell_crash(text.data(), text.size());
    std::abort();
}

} // namespace rill
