#include "streams/system.hpp"
#include "streams/queue/crash.hpp"
#include "streams/base/attention.hpp"

#include <algorithm>
#include <cassert>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fmt/format.h>
#include <set>
#include <time.h>
#include <utility>

namespace rill {

volatile std::sig_atomic_t attention = 0;
constinit thread_local System *current __attribute__((tls_model("initial-exec"))) = nullptr;

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
    case EntryKind::init: return "start-up routine";
    }
    return "?";
}

std::string Census::text() const {
    std::string s;
    auto add = [&](const char *name, long n) {
        if (n) s += fmt::format("{}{} {}", s.empty() ? "" : ", ", n, name);
    };
    add("message blocks", messages);
    add("kmem allocations", kmem);
    add("queue pairs", queues);
    add("streams", streams);
    add("devices", specials);
    add("files", files);
    add("descriptors", descriptors);
    add("timers", timers);
    add("bufcalls", bufcalls);
    add("parked calls", calls);
    add("minors", minors);
    add("nodes", nodes);
    add("links", links);
    add("signal registrations", signals);
    add("driver holds", holds);
    return s.empty() ? "nothing" : s;
}

System::System(const Profile &which, Tunables sizes)
    : profile(which), tunables(sizes), trace(*this), messages(*this, alloc),
      stream_pool(sizeof(Stream) + sizeof(QueuePair)), pair_pool(alloc), file_pool(alloc), sig_pool(alloc),
      band_pool(sizeof(qband_t)), sched(*this, alloc), registry(*this, sizes.drivers, sizes.modules), nodes(*this, alloc) {
    announce();
    arm_crash_handler();
}

System::~System() {
    retire();
    Enter scope(*this);
    ending = true;
    trace.on = false;
    fault_policy = FaultPolicy::off;
    alloc.fail_nth(0);
    alloc.fail_seed(0, 0);
    alloc.ceiling(0);
    // Parked calls end if they can; one that cannot is forgotten with its stack.
    for (Background &b : backgrounds)
        if (b.call) finish(b);
    while (!processes.empty()) end_process(processes.front());
    wait_for_visitors(nullptr);
    drop_links(*this);
    while (!at_end.empty()) {
        auto f = std::move(at_end.back());
        at_end.pop_back();
        f();
    }
    while (!idle_calls_.empty()) {
        Call *call = &idle_calls_.front();
        idle_calls_.pop_front();
        delete call;
    }
    calls.clear_and_dispose([](Call *call) {
        take_off<CallList>(*call);
        take_off<WaitQueue>(*call);
        delete call;
    });
    disarm_crash_handler();
}

Process &System::new_process(uid_t uid, gid_t gid, Process *parent) {
    Process &p = processes.emplace_back(*this, next_pid_++, uid, gid);
    if (parent) {
        p.ppid = parent->pid;
        p.pgrp = parent->pgrp;
        p.sid = parent->sid;
    }
    return p;
}

Process &System::fork_process(Process &parent) {
    Process &child = new_process(parent.cred.cr_uid, parent.cred.cr_gid, &parent);
    for (int fd = 0; fd < static_cast<int>(parent.files.size()); ++fd)
        if (File *f = parent.file(fd)) {
            child.dup_into(*f, fd);
            child.set_close_on_exec(fd, parent.close_on_exec(fd));
        }
    return child;
}

// Ends the calls of a process that sleep: those a signal may end, at once; the others as they end by themselves.
void System::end_calls(Process &process) {
    if (running) return;
    process.killed = true;
    interrupt(process);
    for (bool again = true; again;) {
        again = false;
        for (Call &call : calls)
            if (call.process == &process && call.state != Call::State::abandoned && call.state != Call::State::done) {
                drive(call); // what another thread waits for is given back by that thread
                again = true;
                break;
            }
    }
    process.killed = false;
}

void System::end_process(Process &process) {
    end_calls(process);
    Process *before = on_main;
    if (!running) on_main = &process;
    run_call(process, "exit", [&] {
        process.exit();
        return 0;
    });
    if (!late_closes.empty()) close_late();
    on_main = before == &process ? nullptr : before;
    run_pending();
    wait_for_visitors(&process);
    constexpr std::size_t kept = 64;
    process.ended = true;
    for (auto it = processes.begin(); it != processes.end(); ++it)
        if (&*it == &process) {
            ended_processes.splice(ended_processes.end(), processes, it);
            break;
        }
    if (ended_processes.size() > kept) ended_processes.pop_front();
}

Call *System::take_call() {
    Call *call;
    if (idle_calls_.empty()) {
        call = new Call(*this);
    } else {
        call = &idle_calls_.front();
        idle_calls_.pop_front();
    }
    call->id = next_call_id_++;
    call->reaped = false;
    calls.push_back(*call);
    ++calls_out_;
    return call;
}

void System::give_call(Call *call) {
    calls.erase(calls.iterator_to(*call));
    call->state = Call::State::idle;
    call->process = nullptr;
    call->event = nullptr;
    call->saved_entry = nullptr;
    call->saved_depth = 0;
    idle_calls_.push_front(*call);
    --calls_out_;
}

void System::switch_to(Call &call, bool fresh, Process *process, const char *name, Call::Body body, void *argument) {
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

Background &System::start(Process &process, const char *name, std::function<void()> body) {
    Background &b = backgrounds.emplace_back();
    b.body = std::move(body);
    Call *call = take_call();
    call->reaped = true;
    call->saved_face_depth = 0;
    b.call = call;
    switch_to(*call, true, &process, name, [](void *p) {
        auto *background = static_cast<Background *>(p);
        background->body();
        background->call = nullptr;
        background->done = true;
    }, &b);
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
        if (sched.has_timers() && sched.next_expiry() != forever && sched.next_expiry() - began <= tunables.patience) {
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
    call.state = Call::State::abandoned;
    take_off<WaitQueue>(call);
    if (call.timer) {
        sched.stop_timer(call.timer);
        call.timer = nullptr;
    }
}

Wake System::sleep(WaitQueue &queue, const char *why, bool interruptible, long ticks) {
    assert(running);
    Call &call = *running;
    if (interruptible && call.process && call.process->signal_pending()) return Wake::signal;
    call.state = Call::State::asleep;
    call.interruptible = interruptible;
    call.waiting_for = why;
    call.wake = Wake::event;
    queue.push_back(call);
    if (ticks != forever) call.timer = sched.limit_sleep(call, ticks);
    if (trace.on) [[unlikely]] trace.emit({.kind = Kind::sleep, .name = call.name, .what = why});
    call.saved_depth = trace.depth;
    call.saved_entry = entry;
    call.park();
    return call.wake;
}

void System::wake(Call &call, Wake how, const char *why) {
    if (call.state != Call::State::asleep) return;
    take_off<WaitQueue>(call);
    if (call.timer) {
        sched.stop_timer(call.timer);
        call.timer = nullptr;
    }
    call.wake = how;
    if (trace.on) [[unlikely]] trace.emit({.kind = Kind::wake, .name = call.name, .what = why, .number = call.id});
    sched.make_ready(call);
}

void System::wake_one(WaitQueue &queue, const char *why) {
    if (!queue.empty()) wake(queue.front(), Wake::event, why);
}

void System::wake_all(WaitQueue &queue, const char *why) {
    while (!queue.empty()) wake(queue.front(), Wake::event, why);
}

void System::interrupt(Process &process) {
    for (Call &call : calls)
        if (call.process == &process && call.state == Call::State::asleep && call.interruptible)
            wake(call, Wake::signal, "a signal");
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

const char *driver_of(const Entry *e) {
    if (!e) return "?";
    if (const char *driver = e->named()) return driver;
    return e->queue ? pair_of(e->queue)->owner->name.c_str() : "?";
}

const char *System::acting_driver() const { return driver_of(entry); }

void System::close_passed(File *file) {
    if (file->refs == 1) return late_closes.push_back(file); // its driver's close may sleep: not here
    --file->refs;
    reference_gone(*file);
}

// Upwards, from the file to the ends on which it waits and to their files: does a file that something else refers to hold
// one of these? Each file is visited once.
static bool is_held(File &file) {
    std::vector<File *> reached{&file};
    std::set<const File *> seen{&file};
    for (std::size_t i = 0; i < reached.size(); ++i) {
        if (reached[i]->refs != reached[i]->passed) return true;
        for (const PassedFile *p = reached[i]->messages; p; p = p->next) {
            File *holder = p->at ? p->at->end : nullptr;
            if (!holder) return true;
            if (seen.insert(holder).second) reached.push_back(holder);
        }
    }
    return false;
}

void System::reference_gone(File &file) {
    if (file.passed == 0 || file.refs != file.passed || !file.stream || file.stream->passed_here == 0) [[likely]] return;
    circles.push_back(&file);
    if (circles.size() > 1) return; // what is collected leads here
    for (std::size_t i = 0; i < circles.size(); ++i)
        if (circles[i]->refs == circles[i]->passed && !is_held(*circles[i])) circles[i]->stream->drop_passed();
    circles.clear();
}

void System::close_late() {
    Process *kernel = caller() ? caller() : processes.empty() ? nullptr : &processes.front();
    while (kernel && !late_closes.empty()) {
        File *file = late_closes.back();
        late_closes.pop_back();
        run_call(*kernel, "close", [&] { return drop_file(*kernel, file); });
    }
}

void System::fault(const char *rule, const char *what, queue_t *q, const mblk_t *mp) {
    if (fault_policy == FaultPolicy::off) return;
    Fault f;
    f.driver = q ? pair_of(q)->owner->name : acting_driver();
    f.entry = entry ? name_of(entry->kind) : "";
    f.rule = rule;
    f.what = what;
#if RILL_CHECKING
    if (mp) f.history = checks.history(Block::of(const_cast<mblk_t *>(mp)));
#endif
    fault(std::move(f));
}

void System::fault(Fault f) {
    if (fault_policy == FaultPolicy::off) return;
#if RILL_CHECKING
    f.before = trace.before();
#endif
    if (trace.on)
        trace.emit({.kind = Kind::fault, .name = f.driver.c_str(), .what = f.what.c_str(), .clause = f.rule.c_str(),
                    .text = f.entry});
    std::string told = fmt::format("fault: driver {}, {}: {} ({})", f.driver,
                                   f.entry.empty() ? "outside its procedures" : f.entry, f.what, f.rule);
    if (!f.history.empty()) told += "\n  the message:\n" + f.history;
    if (!f.before.empty()) told += "\n  before that:\n" + f.before;
    console(2, told, false, true); // it has a record of its own
    faults.push_back(std::move(f));
    if (fault_policy == FaultPolicy::stop) std::abort();
}

void System::console(int level, std::string_view text, bool to_log, bool to_console) {
    if (trace.on && to_log) trace.emit({.kind = Kind::log, .number = level, .text = text});
    if (!to_console) return;
    if (console_sink) {
        console_sink(level, text);
        return;
    }
    std::fwrite(text.data(), 1, text.size(), stderr);
    if (text.empty() || text.back() != '\n') std::fputc('\n', stderr);
}

std::size_t System::stream_bytes() const {
    return messages.bytes() + static_cast<std::size_t>(stream_pool.out()) * stream_pool.size() +
           static_cast<std::size_t>(pair_pool.out()) * sizeof(QueuePair);
}

bool System::is_over_threshold(const Process &process) const {
    return process.cred.cr_uid != 0 && stream_bytes() > static_cast<std::size_t>(tunables.strthresh);
}

Census System::census() const {
    Census c{};
    c.messages = messages.blocks();
    c.kmem = kmem_allocations_out;
    c.queues = pair_pool.out();
    for (const Stream &stream : streams) c.queues += 1 + stream.has_driver;
    c.streams = stream_pool.out();
    c.specials = nodes.specials_out();
    c.files = file_pool.out();
    for (const Process &p : processes) c.descriptors += p.descriptors_used;
    c.timers = sched.timers_out();
    c.bufcalls = sched.bufcalls_out();
    c.calls = calls_out_;
    c.minors = minors_out;
    c.nodes = static_cast<long>(nodes.nodes().size());
    c.links = links_out;
    c.signals = sig_pool.out();
    for (const auto &row : registry.rows())
        if (row) c.holds += row->holds;
    for (const auto &m : registry.modules()) c.holds += m->holds;
    return c;
}

// The gate. Threads that use one System take turns; a thread whose call waits lets others in meanwhile. A thread counts
// as somebody who may still come from its first call until it ends.
namespace {

struct Visits {
    std::vector<std::pair<System *, std::uint64_t>> systems;
    ~Visits();
};
thread_local bool visits_over = false; // a System that outlives its thread's locals is not visited any more
thread_local Visits visits;
std::mutex systems_alive_lock;
std::vector<std::pair<System *, std::uint64_t>> systems_alive;

Visits::~Visits() {
    visits_over = true;
    std::lock_guard lock(systems_alive_lock);
    for (const auto &visit : systems)
        if (std::find(systems_alive.begin(), systems_alive.end(), visit) != systems_alive.end())
            visit.first->thread_ended();
}

} // namespace

void System::gate_register() {
    if (visits_over) return;
    for (const auto &visit : visits.systems)
        if (visit.first == this && visit.second == serial_) return;
    visits.systems.emplace_back(this, serial_);
    ++gate_threads_;
    arm_thread();
}

void System::announce() {
    static std::uint64_t serials = 0;
    std::lock_guard lock(systems_alive_lock);
    serial_ = ++serials;
    systems_alive.emplace_back(this, serial_);
    gate_register();
}

void System::retire() {
    std::lock_guard lock(systems_alive_lock);
    std::erase(systems_alive, std::pair{this, serial_});
}

bool System::is_live(const System *system) {
    std::lock_guard lock(systems_alive_lock);
    return std::any_of(systems_alive.begin(), systems_alive.end(), [&](const auto &alive) { return alive.first == system; });
}

void System::wait_for_visitors(Process *process) {
    if (__libc_single_threaded) return;
    const auto others = [&] { return process ? process->visits > 0 : gate_visitors_ > 1; };
    while (others() && wait_at_gate(true)) {}
}

void System::gate_enter() {
    ++gate_visitors_;
    gate_.lock();
    if (gate_depth_++ == 0) gate_register();
}

void System::gate_leave() {
    if (--gate_depth_ == 0 && gate_blocked_ > 0) gate_changed_.notify_all();
    gate_.unlock();
    --gate_visitors_;
}

void System::gate_forget() {
    for (; gate_depth_ > 1; --gate_depth_) gate_.unlock();
}

void System::abandon_running() {
    running->state = Call::State::abandoned;
    running = nullptr;
}

// Lets other threads in until one of them has done something. False when no other thread could come; leaving: those that
// wait for calls of theirs count too, since they are on their way out.
bool System::wait_at_gate(bool leaving) {
    if (__libc_single_threaded || gate_depth_ == 0) return false;
    if (!leaving && gate_threads_ - gate_blocked_ <= 1) return false;
    Entry *saved_entry = entry;
    Process *saved_process = on_main;
    const int depth = gate_depth_;
    System *self = current;
    const int faces = std::exchange(face_depth, 0);
    entry = nullptr;
    on_main = nullptr;
    ++gate_blocked_;
    gate_depth_ = 0;
    gate_changed_.notify_all();
    for (int i = 1; i < depth; ++i) gate_.unlock();
    gate_changed_.wait_for(gate_, std::chrono::milliseconds(50));
    for (int i = 1; i < depth; ++i) gate_.lock();
    gate_depth_ = depth;
    --gate_blocked_;
    entry = saved_entry;
    on_main = saved_process;
    face_depth = faces;
    current = self;
    return true;
}

} // namespace rill
