// What every layer needs of the System it runs in, without the tables: whose code runs, the calls and how they sleep and
// wake, the record of what happens, faults, memory, the sizes, and the gate through which application threads pass.
//
// `current` is the System whose code runs on this thread. To wait: kernel.sleep(queue, why, interruptible, ticks); whoever
// makes it true calls wake_one() or wake_all(). What a lower layer wants of a higher one is asked through the table
// Above, which System registers; there is no other way up.
#pragma once

#include "streams/base/alloc.hpp"
#include "streams/base/dev.hpp"
#include "streams/base/fault.hpp"
#include "streams/base/fiber.hpp"
#include "streams/base/profile.hpp"
#include "streams/base/times.hpp"
#include "streams/base/trace.hpp"

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>
#include <sys/single_threaded.h>
#include <sys/stream.h>

namespace rill {

class System;
struct File;
struct Module;
class Caller;

// Sizes set at boot (DEV-023, IOC-023, PM-042, PM-043).
struct Tunables {
    unsigned drivers = 128;        // rows of cdevsw
    unsigned modules = 128;        // rows of fmodsw
    int push_limit = 9;            // NSTRPUSH
    unsigned autopush = 32;        // entries of the autopush table, where it is bounded (AUT-034)
    long strmsgsz = 0x10000;       // largest data part; 0: no limit
    long strctlsz = 1024;          // largest control part
    long strthresh = 0;            // bytes of STREAMS memory above which only a privileged process gets more; 0: any (WR-019)
    unsigned descriptors = 65536;  // per process
    long patience = 24L * 3600 * ticks_a_second; // virtual time one call may wait on timers of others alone before EDEADLK
    long steps = 4'000'000;          // procedures that the run loop may call before anything else happens (SCH-050)
    long copies = 65'536;            // copy requests of one ioctl (SCH-052)
    std::size_t stack = 256 * 1024;  // bytes, of a call that may sleep and the procedures it runs (UTL-084)
};

enum class EntryKind : unsigned char {
    none,
    open,
    close,
    put,
    service,
    timeout,
    bufcall,
    free_routine,
    object_code, // constructors and destructors of a shared object
    init,
    unload,
};
const char *name_of(EntryKind kind);

// Which driver procedure is running, innermost first; made by queue/procedure alone.
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

class Kernel;

// What the layers below ask of those above: a table that System registers, so that no lower file names a higher one.
struct Above {
    long (*now)(Kernel &);
    Timer *(*limit_sleep)(Kernel &, Call &, long ticks);
    void (*end_limit)(Kernel &, Timer *);
    void (*make_ready)(Kernel &, Call &);
    void (*thread_came)(Kernel &); // first seen inside
    const char *(*owner_of)(queue_t *);
    std::string (*owners_open)(const Kernel &); // of all queues of open streams: "a or b"
    std::string (*history_of)(const Kernel &, const mblk_t *); // checking builds: the life of the message
    void (*locks_are_held)(Kernel &, const char *what);
    void (*run_free_routine)(Kernel &, const free_rtn &, const char *driver);
    Module *(*module_named)(Kernel &, std::string_view name);
    bool (*is_over_threshold)(const Kernel &, const Caller &);
    void (*signal_process)(Kernel &, int pid, int sig);
    void (*signal_group)(Kernel &, int pgrp, int sig);
    bool (*orphaned)(const Kernel &, int pgrp);
    // A process's descriptors.
    int (*drop_file)(Kernel &, Caller &, File *);
    File *(*open_file)(Caller &, int fd);
    int (*install)(Caller &, File *, int lowest);
    File *(*remove_descriptor)(Caller &, int fd);
};

class Kernel {
public:
    Kernel(const Profile &profile, const Tunables &tunables, const Above &above);
    ~Kernel();
    Kernel(const Kernel &) = delete;

    // --- sleeping ---
    // Parks the running call until it is woken. Interruptible sleeps end with Wake::signal on a caught signal.
    Wake sleep(WaitQueue &queue, const char *why, bool interruptible, long ticks = forever);
    bool may_sleep() const { return running != nullptr; }
    void wake_one(WaitQueue &queue, const char *why) {
        if (!queue.empty()) wake(queue.front(), Wake::event, why);
    }
    void wake_all(WaitQueue &queue, const char *why) {
        while (!queue.empty()) wake(queue.front(), Wake::event, why);
    }
    void wake(Call &call, Wake how, const char *why);
    void interrupt(const Caller &process); // ends its interruptible sleeps
    void end_wait(Call &call);             // its queue and its time limit let go of it
    void give_up(Call &call);              // nothing can end its sleep: it is left as it is, for good

    // --- calls: taken from a pool, each on a stack of its own ---
    Call *take_call();
    void give_call(Call *call);
    void switch_to(Call &call, bool fresh, Caller *process, const char *name, Call::Body body, void *argument);
    void abandon_running(); // the running call was left by longjmp
    // The process whose call is being made.
    Caller *caller() { return running ? running->process : on_main; }

    // --- whose code runs ---
    const char *driver_of(const Entry *entry) const; // "?" for none
    const char *acting_driver() const { return driver_of(entry); }
    bool in_put_or_service() const { // or another procedure that has no user
        return entry && entry->kind != EntryKind::open && entry->kind != EntryKind::close && entry->kind < EntryKind::init;
    }

    // --- what is told ---
    // The driver is q's, or the one whose procedure runs; mp is the message it is about. The second form names both itself.
    void fault(const char *rule, const char *what, queue_t *q = nullptr, const mblk_t *mp = nullptr);
    void fault(Fault fault);
    void console(int level, std::string_view text, bool to_log, bool to_console);

    // --- the gate: threads that use one System take turns ---
    void gate_enter();
    void gate_leave();
    void gate_forget(); // the passages of calls that were left by longjmp
    // Lets other threads in until one of them has done something. False when no other thread could come; leaving: those that
    // wait for calls of theirs count too, since they are on their way out.
    bool wait_at_gate(bool leaving = false);
    void wait_for_visitors(const Caller *process); // until no other thread makes a call for it; nullptr: for any
    void thread_ended();
    static bool is_live(const Kernel *kernel); // made and not yet ended

    // --- the way up ---
    long now() { return above_.now(*this); } // ticks since boot
    const char *owner_of(queue_t *q) const { return above_.owner_of(q); } // the name of its driver or module
    void locks_are_held(const char *what) { above_.locks_are_held(*this, what); } // a driver may sleep, or passes a message on
    void run_free_routine(const free_rtn &routine, const char *driver) { above_.run_free_routine(*this, routine, driver); }
    Module *module_named(std::string_view name) { return above_.module_named(*this, name); }
    int drop_file(Caller &process, File *file) { return above_.drop_file(*this, process, file); } // one reference less; the last one closes
    void signal_process(int pid, int sig) { above_.signal_process(*this, pid, sig); }
    void signal_group(int pgrp, int sig) { above_.signal_group(*this, pgrp, sig); }
    bool orphaned(int pgrp) { return above_.orphaned(*this, pgrp); } // no member has a parent in another group of the same session
    // STRTHRESH keeps this process from more (WR-019).
    bool over_threshold(const Caller &process) { return tunables.strthresh && above_.is_over_threshold(*this, process); }

    const Profile &profile;
    Tunables tunables;
    Alloc alloc;
    Trace trace;
    AllCalls calls;
    Call *running = nullptr;
    Entry *entry = nullptr;
    unsigned procedures_awaited = 0; // calls that wait for a procedure of some stream to run (qwait, the drain of a close)
    unsigned watch = 0; // locks held, levels raised: looked at when a procedure returns (sync)
    Caller *on_main = nullptr; // whose call runs on the caller's own stack
    // Calls of the C face that are under way on the stack that runs: a second one comes from a driver or from a host signal
    // handler, and is refused. A rill signal handler may make calls.
    int face_depth = 0;
    bool ending = false;
    long kmem_allocations_out = 0;
    std::map<void *, std::size_t> kmem_out_at; // kept in checking builds only
    std::vector<Fault> faults;
    FaultPolicy fault_policy = FaultPolicy::report;
    std::function<void(int level, std::string_view)> console_sink; // default: stderr

    const Above &above() const { return above_; }

protected:
    void gate_register(); // this thread counts
    void retire();        // no thread does any more
    void drop_calls();
    long calls_out_ = 0;

private:
    const Above &above_;
    Call *idle_calls_ = nullptr;
    int next_call_id_ = 1;
    struct Gate;
    std::unique_ptr<Gate> gate_;
    std::atomic<int> gate_threads_ = 0;   // threads that have ever come in and still live
    std::atomic<int> gate_visitors_ = 0;  // threads inside, or waiting to come in
    int gate_blocked_ = 0;                // of these, waiting outside for their call
    int gate_depth_ = 0;
    std::uint64_t serial_ = 0; // tells a System from a later one at the same address
};

extern constinit thread_local System *current __attribute__((tls_model("initial-exec")));

// A DDI call outside every System is named, and the program stops (UTL-085).
[[noreturn]] void outside_system(const char *call);
inline Kernel *current_kernel() { return reinterpret_cast<Kernel *>(current); } // nullptr outside; Kernel is System's one base
inline Kernel &this_kernel(const char *call = __builtin_FUNCTION()) {
    if (!current) [[unlikely]]
        outside_system(call);
    return *current_kernel();
}

// What ends the process is told on stderr, and here too; for a program whose stderr nobody reads. May be called inside a
// signal handler.
extern void (*crash_told)(const char *text, std::size_t size);
void tell_crash(const char *text, std::size_t size);

} // namespace rill
