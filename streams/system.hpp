// One emulated kernel. A System is a value: it owns every table, and two of them live side by side in one program.
//
// DDI calls that take no context find theirs through rill::current, set on entry to a System and restored on return.
// A System is single-threaded and deterministic; application threads that share one pass through its gate.
// To make a system call for a process: Enter scope(system); error = process.open(...) inside run_call().
#pragma once

#include "streams/base/alloc.hpp"
#include "streams/base/fault.hpp"
#include "streams/base/fiber.hpp"
#include "streams/head/head.hpp"
#include "streams/message/message.hpp"
#include "streams/head/mux.hpp"
#include "streams/file/node.hpp"
#include "streams/file/process.hpp"
#include "streams/base/profile.hpp"
#include "streams/file/registry.hpp"
#include "streams/queue/sched.hpp"
#include "streams/service/strlog.hpp"
#include "streams/queue/sync.hpp"
#include "streams/base/trace.hpp"

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <condition_variable>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <typeindex>
#include <utility>
#include <sys/single_threaded.h>

namespace rill {

struct Installed; // streams/solaris

// Sizes set at boot (DEV-023, IOC-023, PM-042, PM-043).
struct Tunables {
    unsigned drivers = 128;        // rows of cdevsw
    unsigned modules = 128;        // rows of fmodsw
    int push_limit = 9;            // NSTRPUSH
    long strmsgsz = 0x10000;       // largest data part; 0: no limit
    long strctlsz = 1024;          // largest control part
    long strthresh = 0;            // bytes of STREAMS memory above which only a privileged process gets more; 0: any (WR-019)
    unsigned descriptors = 65536;  // per process
    long patience = 24L * 3600 * ticks_a_second; // virtual time one call may wait on timers alone before EDEADLK
    long steps = 4'000'000;          // procedures that the run loop may call before anything else happens (SCH-050)
    long copies = 65'536;            // copy requests of one ioctl (SCH-052)
    std::size_t stack = 256 * 1024;  // bytes, of a call that may sleep and the procedures it runs (UTL-084)
};

enum class EntryKind : unsigned char { none, open, close, put, service, timeout, bufcall, free_routine, init };
const char *name_of(EntryKind kind);

// Which driver procedure is running, innermost first; made by streams/procedure alone.
struct Entry {
    EntryKind kind;
    queue_t *queue;   // nullptr: a procedure of no queue
    mblk_t *message;  // put: what it was given
    Entry *outer;
    // Of put and service procedures nothing more is noted: the driver is the queue's owner.
    const char *driver; // nullptr: the queue's owner
    dev_t dev;          // open and close
    void *argument;     // timeout, bufcall, free routine

    Entry(EntryKind k, queue_t *q, mblk_t *mp, Entry *o) : kind(k), queue(q), message(mp), outer(o) {}
    Entry(EntryKind k, queue_t *q, const char *who, Entry *o, dev_t d, void *arg)
        : kind(k), queue(q), message(nullptr), outer(o), driver(who), dev(d), argument(arg) {}
    bool by_queue() const { return kind == EntryKind::put || kind == EntryKind::service; }
    const char *named() const { return by_queue() ? nullptr : driver; }
};
const char *driver_of(const Entry *entry); // "?" for none

// What is out at the moment; equal before and after means that nothing was left.
struct Census {
    long messages, kmem, queues, streams, specials, files, descriptors, timers, bufcalls, calls, minors, nodes, links,
        signals, holds;
    bool operator==(const Census &) const = default;
    std::string text() const; // only what is not 0
};

// A call started on its own, to be looked at while it sleeps.
struct Background {
    Call *call = nullptr;
    std::function<void()> body;
    bool done = false;
};

class System {
public:
    explicit System(const Profile &profile, Tunables tunables = {});
    ~System();
    System(const System &) = delete;

    Process &new_process(uid_t uid, gid_t gid, Process *parent = nullptr);
    Process &fork_process(Process &parent); // with its credentials; its descriptors refer to the same files
    void end_process(Process &process); // exits it; calls that other threads make for it end with EINTR and are waited for

    // Runs body as a call of process: at once if this is a call's stack already, else on a fresh one, driving the run
    // loop until it ends. EDEADLK wakes it when nothing else ever could.
    template <class F> int run_call(Process &process, const char *name, F &&body);
    // Starts body as a call of process and returns as soon as it parks or ends.
    Background &start(Process &process, const char *name, std::function<void()> body);
    void finish(Background &background); // runs until it is done
    void forget(Background &background);

    // Parks the running call until it is woken. Interruptible sleeps end with Wake::signal on a caught signal.
    Wake sleep(WaitQueue &queue, const char *why, bool interruptible, long ticks = forever);
    bool may_sleep() const { return running != nullptr; }
    void wake_one(WaitQueue &queue, const char *why);
    void wake_all(WaitQueue &queue, const char *why);
    void wake(Call &call, Wake how, const char *why);
    void interrupt(Process &process); // ends its interruptible sleeps

    int drop_file(Process &process, File *file); // one reference less; the last one closes
    void close_passed(File *file);               // a passed descriptor nobody received
    void close_late();                           // those whose last close had to wait for a call
    std::vector<File *> late_closes;
    // A file lost a reference and has others. If these are passed descriptors only, which wait where none but they
    // themselves lead, nobody can ever receive them: they go, and the file with them (IOC-321).
    void reference_gone(File &file);
    Pool<PassedFile> passed_pool{alloc};
    std::vector<File *> circles;
    void signal_process(int pid, int sig);
    void signal_group(int pgrp, int sig);
    bool orphaned(int pgrp) const;
    void forget_signals(Process &process);       // its registrations on all streams

    void run_until_idle();
    void advance(long ticks);
    // What must run before control returns to user level.
    void before_user_level(Process &process) {
        if (sched.runnable()) [[unlikely]] run_pending();
        if (process.signal_pending()) [[unlikely]] process.deliver_signals();
    }
    void run_pending(); // service procedures; on the caller's own stack woken calls too

    // The driver is q's, or the one whose procedure runs; mp is the message it is about. The second form names both itself.
    void fault(const char *rule, const char *what, queue_t *q = nullptr, const mblk_t *mp = nullptr);
    void fault(Fault fault);
    void console(int level, std::string_view text, bool to_log, bool to_console);

    Census census() const;
    std::size_t stream_bytes() const; // in messages, streams and modules
    // STRTHRESH keeps this process from more (WR-019).
    bool over_threshold(const Process &process) const {
        return tunables.strthresh && is_over_threshold(process);
    }

    const Profile &profile;
    Tunables tunables;
    Alloc alloc;
#if RILL_CHECKING
    Checks checks{*this};
#endif
    Trace trace;
    MessagePool messages;
    RawPool stream_pool;
    Pool<QueuePair> pair_pool;
    Pool<File> file_pool;
    Pool<SigEntry> sig_pool;
    RawPool band_pool;
    Scheduler sched;
    Registry registry;
    NodeTable nodes;
    StreamList streams;
    std::list<Link> links; // in order of their ids
    std::list<Process> processes;
    std::list<Process> ended_processes; // the last few
    std::list<Background> backgrounds;
    AllCalls calls;
    Call *running = nullptr;
    Entry *entry = nullptr;
    unsigned procedures_awaited = 0; // calls that wait for a procedure of some stream to run (qwait, the drain of a close)
    unsigned watch = 0; // locks held, levels raised: looked at when a procedure returns (sync)
    Process *on_main = nullptr; // whose call runs on the caller's own stack
    // Calls of the C face that are under way on the stack that runs: a second one comes from a driver or from a host signal
    // handler, and is refused. A rill signal handler may make calls.
    int face_depth = 0;
    bool ending = false;
    // The process whose call is being made.
    Process *caller() { return running ? running->process : on_main; }
    const char *acting_driver() const; // whose procedure runs; "?" outside all
    unsigned next_ioctl_id = 1;
    int next_stream_id = 1;
    int next_link_id = 1;
    long kmem_out = 0;
    long kmem_allocations_out = 0;
    long minors_out = 0;
    long links_out = 0;
    WaitQueue event_sleepers; // sleep(D3)
    Sync sync;
    std::vector<LogReader> log_readers; // the log driver's (strlog)
    std::shared_ptr<Installed> installed; // Solaris modules (solaris)
    std::vector<Fault> faults;
    FaultPolicy fault_policy = FaultPolicy::report;
    std::function<void(int level, std::string_view)> console_sink; // default: stderr
    std::string sysgen_error;
    std::vector<std::function<void()>> at_end; // run when the System ends, last first
    void *minor_tables = nullptr; // clone/minor_table's list
    // What a layer above keeps for this System, made when it is first asked for; it goes when the System does.
    template <class T> T &part() {
        std::shared_ptr<void> &kept = parts_[std::type_index(typeid(T))];
        if (!kept) kept = std::make_shared<T>(*this);
        return *static_cast<T *>(kept.get());
    }
    cred_t kernel_cred{};

    // The gate (application threads).
    void gate_enter();
    void gate_leave();
    static bool is_live(const System *system); // made and not yet ended
    void gate_forget(); // the passages of calls that were left by longjmp
    void abandon_running(); // the running call was left by longjmp

private:
    std::map<std::type_index, std::shared_ptr<void>> parts_;
    friend class Call;
    friend class Enter;
    bool is_over_threshold(const Process &process) const;
    Call *take_call();
    void give_call(Call *call);
    void switch_to(Call &call, bool fresh, Process *process, const char *name, Call::Body body, void *argument);
    void drive(Call &call);
    void end_calls(Process &process);
    void wake_deadlocked(Call &call, int strikes);
    bool wait_at_gate(bool leaving = false);

    CallList idle_calls_;
    long calls_out_ = 0;
    int next_call_id_ = 1;
    int next_pid_ = 1;
    friend class Scheduler;

    std::recursive_mutex gate_;
    std::condition_variable_any gate_changed_;
    std::atomic<int> gate_threads_ = 0;   // threads that have ever come in and still live
    std::atomic<int> gate_visitors_ = 0;  // threads inside, or waiting to come in
    int gate_blocked_ = 0;                // of these, waiting outside for their call
    int gate_depth_ = 0;
    std::uint64_t serial_ = 0; // tells a System from a later one at the same address
    void gate_register();
    void announce();
    void retire();
    void wait_for_visitors(Process *process); // until no other thread makes a call for it; nullptr: for any

public:
    void thread_ended() {
        --gate_threads_;
        gate_changed_.notify_all();
    }
};

extern constinit thread_local System *current __attribute__((tls_model("initial-exec")));

// The System whose code runs, for calls that need one. Outside any the call is named and the program stops (UTL-085).
[[noreturn]] void outside_system(const char *call);
inline System &this_system(const char *call = __builtin_FUNCTION()) {
    if (!current) [[unlikely]] outside_system(call);
    return *current;
}

// A System is entered while a procedure seems to run. True, after a fault, if that was left by longjmp (UTL-082).
bool left_by_jump(System &system, const void *frame);

// Inside a System: sets current, passes the gate.
class Enter {
public:
    explicit Enter(System &system) : system_(system), before_(current) {
        if (!__libc_single_threaded) [[unlikely]] {
            system.gate_enter();
            gated_ = true;
        }
        if (before_ && system.entry && left_by_jump(system, __builtin_frame_address(0))) [[unlikely]] before_ = nullptr;
        current = &system;
#if RILL_CHECKING
        // Above this is the application's: not what lies unused in the frame of the call that was made.
        if (!before_) system.checks.entered_at(std::max<const void *>(this, __builtin_frame_address(0)));
#endif
    }
    ~Enter() {
        current = before_;
        if (gated_) [[unlikely]] system_.gate_leave();
    }
    Enter(const Enter &) = delete;

private:
    System &system_;
    System *before_;
    bool gated_ = false;
};

// Each call that a driver must not make with its stream frozen begins with this.
inline void not_when_frozen(queue_t *q, const char *call) {
    if (pair_of(q)->system->watch) [[unlikely]] check_frozen(q, call);
}

template <class F> int System::run_call(Process &process, const char *name, F &&body) {
    if (running) return body();
    struct Frame {
        F &body;
        int error;
    } frame{body, 0};
    Call *call = take_call();
    call->saved_face_depth = face_depth;
    switch_to(*call, true, &process, name, [](void *p) {
        auto *f = static_cast<Frame *>(p);
        f->error = f->body();
    }, &frame);
    if (call->state != Call::State::done) [[unlikely]] drive(*call);
    if (call->state != Call::State::done) [[unlikely]] return EDEADLK; // abandoned
    int error = frame.error;
    give_call(call);
    return error;
}

} // namespace rill
