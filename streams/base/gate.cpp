// The gate. Threads that use one System take turns; a thread whose call waits lets others in meanwhile. A thread counts
// as somebody who may still come from its first call until it ends.
//
// Most Systems are used by one thread only, in a program that has more. So the gate belongs at first to the thread that comes
// first: it notes that it is inside, and passes. The second thread takes this away for good, and from then on all of them
// lock. That the owner's note is seen by whoever takes the gate away, or the owner sees that it is taken away, is the
// business of membarrier(2) in the second thread: the owner pays for no fence.
#include "streams/base/caller.hpp"
#include "streams/base/kernel.hpp"

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <linux/membarrier.h>
#include <mutex>
#include <sys/syscall.h>
#include <unistd.h>

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

std::atomic<unsigned> threads_seen = 0;
constinit thread_local unsigned this_thread __attribute__((tls_model("initial-exec"))) = 0; // never that of another, dead or alive

bool membarrier(int command) { return ::syscall(SYS_membarrier, command, 0, 0) == 0; }

} // namespace

struct Kernel::Gate {
    static constexpr unsigned nobody = 0, not_yet = ~0u;

    std::recursive_mutex turn;
    std::condition_variable_any changed;
    std::atomic<unsigned> owner{not_yet}; // a thread
    std::atomic<unsigned> inside{nobody}; // the owner, while it is
    std::atomic<bool> taken_away{false};  // there is no owner any more, which it knows

    bool owner_is_inside() const { return this_thread && inside.load(std::memory_order_relaxed) == this_thread; }
    bool enter_as_owner() {
        if (owner_is_inside()) return true; // though it may have been taken away since
        if (this_thread == 0 || owner.load(std::memory_order_relaxed) != this_thread) return false;
        inside.store(this_thread, std::memory_order_relaxed);
        std::atomic_signal_fence(std::memory_order_seq_cst);
        if (owner.load(std::memory_order_relaxed) == this_thread) [[likely]]
            return true;
        leave_as_owner();
        return false;
    }
    void leave_as_owner() {
        inside.store(nobody, std::memory_order_release);
        std::atomic_signal_fence(std::memory_order_seq_cst);
        if (owner.load(std::memory_order_relaxed) != this_thread) [[unlikely]]
            inside.notify_all();
    }
    // The first thread that has locked and unlocks: nobody else is inside, or waits inside.
    void belongs_to_this_thread() {
        if (owner.load(std::memory_order_relaxed) != not_yet) return;
        if (this_thread == 0) this_thread = ++threads_seen;
        owner.store(membarrier(MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED) ? this_thread : nobody);
    }
    void lock() {
        while (true) {
            if (owner.load() != not_yet) take_away();
            turn.lock();
            if (owner.load() == not_yet || is_without_owner()) return;
            turn.unlock(); // its first thread has just become the owner; or another thread is taking it away, and it is still inside
        }
    }
    bool is_without_owner() const {
        return taken_away.load(std::memory_order_acquire) && inside.load(std::memory_order_acquire) == nobody;
    }
    void take_away() {
        if (!taken_away.load(std::memory_order_acquire)) {
            owner.store(nobody);
            if (!membarrier(MEMBARRIER_CMD_PRIVATE_EXPEDITED)) { // in a child of fork() it may have to be asked for again
                membarrier(MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED);
                membarrier(MEMBARRIER_CMD_PRIVATE_EXPEDITED);
            }
            taken_away.store(true, std::memory_order_release);
        }
        for (unsigned who; (who = inside.load(std::memory_order_acquire)) != nobody;) inside.wait(who, std::memory_order_acquire);
    }
    // This thread is inside, and others are about to be as well: from now on all of them lock, and an owner counts as one that
    // has, as often as it came in.
    void share(int depth, std::atomic<int> &visitors) {
        owner.store(nobody);
        if (!owner_is_inside()) return;
        for (int i = 0; i < depth; ++i) turn.lock(); // nobody has it while the owner is inside
        visitors += depth;
        taken_away.store(true, std::memory_order_release);
        leave_as_owner();
    }
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
    const auto others = [&] { return process ? process->visits > 0 : gate_visitors_ > !gate_->owner_is_inside(); };
    while (others() && wait_at_gate(true)) {}
}

void Kernel::gate_enter() {
    if (gate_->enter_as_owner()) [[likely]]
        return void(++gate_depth_);
    ++gate_visitors_;
    gate_->lock();
    if (gate_depth_++ == 0) gate_register();
}

void Kernel::gate_leave() {
    if (gate_->owner_is_inside()) [[likely]] {
        if (--gate_depth_ == 0) gate_->leave_as_owner();
        return;
    }
    if (--gate_depth_ == 0) {
        if (gate_blocked_ > 0) gate_->changed.notify_all();
        gate_->belongs_to_this_thread();
    }
    gate_->turn.unlock();
    --gate_visitors_;
}

void Kernel::gate_forget() {
    for (; gate_depth_ > 1; --gate_depth_)
        if (!gate_->owner_is_inside()) gate_->turn.unlock();
}

bool Kernel::wait_at_gate(bool leaving) {
    if (__libc_single_threaded || gate_depth_ == 0) return false;
    if (!leaving && gate_threads_ - gate_blocked_ <= 1) return false;
    gate_->share(gate_depth_, gate_visitors_);
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
