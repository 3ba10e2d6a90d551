// The gate. Threads that use one System take turns; a thread whose call waits lets others in meanwhile. A thread counts
// as somebody who may still come from its first call until it ends.
#include "streams/base/caller.hpp"
#include "streams/base/kernel.hpp"

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <mutex>

namespace rill {

namespace {

struct Visits {
    std::vector<std::pair<Kernel *, std::uint64_t>> systems;
    ~Visits();
};
thread_local bool visits_over = false; // a System that outlives its thread's locals is not visited any more
thread_local Visits visits;
std::mutex systems_alive_lock;
std::vector<std::pair<Kernel *, std::uint64_t>> systems_alive;

Visits::~Visits() {
    visits_over = true;
    std::lock_guard lock(systems_alive_lock);
    for (const auto &visit : systems)
        if (std::find(systems_alive.begin(), systems_alive.end(), visit) != systems_alive.end())
            visit.first->thread_ended();
}

} // namespace

struct Kernel::Gate {
    std::recursive_mutex turn;
    std::condition_variable_any changed;
};

void Kernel::gate_register() {
    if (visits_over) return;
    for (const auto &visit : visits.systems)
        if (visit.first == this && visit.second == serial_) return;
    visits.systems.emplace_back(this, serial_);
    ++gate_threads_;
    above_.thread_came(*this);
}

Kernel::Kernel(const Profile &which, const Tunables &sizes, const Above &above)
    : profile(which), tunables(sizes), trace(*this), above_(above), gate_(std::make_unique<Gate>()) {
    static std::uint64_t serials = 0;
    std::lock_guard lock(systems_alive_lock);
    serial_ = ++serials;
    systems_alive.emplace_back(this, serial_);
}

Kernel::~Kernel() = default;

void Kernel::thread_ended() {
    --gate_threads_;
    gate_->changed.notify_all();
}

void Kernel::retire() {
    std::lock_guard lock(systems_alive_lock);
    std::erase(systems_alive, std::pair{static_cast<Kernel *>(this), serial_});
}

bool Kernel::is_live(const Kernel *system) {
    std::lock_guard lock(systems_alive_lock);
    return std::any_of(systems_alive.begin(), systems_alive.end(), [&](const auto &alive) { return alive.first == system; });
}

void Kernel::wait_for_visitors(const Caller *process) {
    if (__libc_single_threaded) return;
    const auto others = [&] { return process ? process->visits > 0 : gate_visitors_ > 1; };
    while (others() && wait_at_gate(true)) {}
}

void Kernel::gate_enter() {
    ++gate_visitors_;
    gate_->turn.lock();
    if (gate_depth_++ == 0) gate_register();
}

void Kernel::gate_leave() {
    if (--gate_depth_ == 0 && gate_blocked_ > 0) gate_->changed.notify_all();
    gate_->turn.unlock();
    --gate_visitors_;
}

void Kernel::gate_forget() {
    for (; gate_depth_ > 1; --gate_depth_) gate_->turn.unlock();
}

bool Kernel::wait_at_gate(bool leaving) {
    if (__libc_single_threaded || gate_depth_ == 0) return false;
    if (!leaving && gate_threads_ - gate_blocked_ <= 1) return false;
    Entry *saved_entry = entry;
    Caller *saved_process = on_main;
    const int depth = gate_depth_;
    System *self = current;
    const int faces = std::exchange(face_depth, 0);
    entry = nullptr;
    on_main = nullptr;
    ++gate_blocked_;
    gate_depth_ = 0;
    gate_->changed.notify_all();
    for (int i = 1; i < depth; ++i) gate_->turn.unlock();
    gate_->changed.wait_for(gate_->turn, std::chrono::milliseconds(50));
    for (int i = 1; i < depth; ++i) gate_->turn.lock();
    gate_depth_ = depth;
    --gate_blocked_;
    entry = saved_entry;
    on_main = saved_process;
    face_depth = faces;
    current = self;
    return true;
}

} // namespace rill
