// One emulated kernel. A System is a value: it owns every table, and two of them live side by side in one program.
//
// DDI calls that take no context find theirs through rill::current, set on entry to a System and restored on return.
// A System is single-threaded and deterministic; application threads that share one pass through its gate.
// To make a system call for a process: Enter scope(system); error = process.open(...) inside run_call().
#pragma once

#include "streams/base/kernel.hpp"
#include "streams/head/head.hpp"
#include "streams/message/message.hpp"
#include "streams/head/mux.hpp"
#include "streams/file/autopush.hpp"
#include "streams/file/names.hpp"
#include "streams/file/node.hpp"
#include "streams/file/process.hpp"
#include "streams/file/registry.hpp"
#include "streams/queue/crash.hpp"
#include "streams/queue/sched.hpp"
#include "streams/service/strlog.hpp"
#include "streams/queue/sync.hpp"

#include <ctime>
#include <algorithm>
#include <cerrno>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <string>

namespace rill {

struct Installed; // boot/solaris

// What is out at the moment; equal before and after means that nothing was left.
struct Census {
    long messages, kmem, queues, streams, fifos, specials, files, descriptors, timers, bufcalls, calls, minors, nodes, names, links,
        signals, holds;
    bool operator==(const Census &) const = default;
    std::string text() const; // only what is not 0
    Census beyond(const Census &before) const; // what is more
};

// A call started on its own, to be looked at while it sleeps.
struct Background {
    Call *call = nullptr;
    std::function<void()> body;
    bool done = false;
};

class System : public Kernel {
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

    void close_passed(File *file);               // a passed descriptor nobody received
    void close_late();                           // those whose last close had to wait for a call
    std::vector<File *> late_closes;             // nullptr: circles are looked for
    // A file lost a reference and has others, or one of its messages came to wait somewhere. If it is left with passed
    // descriptors, which wait where none but they themselves lead, nobody can ever receive them: they go before the call
    // ends, and the file with them (IOC-321).
    void reference_gone(File &file) {
        if (file.passed == 0 || file.refs != file.passed || !file.stream || file.stream->passed_here == 0) [[likely]]
            return;
        passed_files.suspect(file);
        look_for_circles();
    }
    void note_circle(); // there may be one anywhere
    void look_for_circles();
    void collect_circles();
    PassedFiles passed_files;
    Pool<PassedFile> passed_pool{alloc};
    void forget_signals(Process &process);       // its registrations on all streams

    void run_until_idle();
    void advance(long ticks);
    // What must run before control returns to user level.
    void before_user_level(Process &process) {
        if (sched.runnable()) [[unlikely]]
            run_pending();
        if (process.signal_pending()) [[unlikely]]
            process.deliver_signals();
    }
    void run_pending(); // service procedures; on the caller's own stack woken calls too

    Census census() const;
    std::size_t stream_bytes() const; // in messages, streams and modules
    [[no_unique_address]] Checks checks{*this};
    MessagePool messages;
    RawPool stream_pool;
    Pool<QueuePair> pair_pool;
    Pool<File> file_pool;
    Pool<SigEntry> sig_pool;
    RawPool band_pool;
    Pool<Fifo> fifo_pool;
    Pool<NameNode> name_pool;
    std::map<ino_t, NameNode *> attached_names;
    Scheduler sched;
    Registry registry;
    AutopushTable autopush;
    NodeTable nodes;
    StreamList streams;
    LinkTable links;
    std::list<Process> processes;
    std::list<Process> ended_processes; // the last few
    std::list<Background> backgrounds;
    unsigned next_ioctl_id = 1;
    int next_stream_id = 1;
    int next_link_id = 1;
    long minors_out = 0;
    long links_out = 0;
    WaitQueue event_sleepers; // sleep(D3)
    Sync sync;
    std::vector<LogReader> log_readers; // the log driver's (strlog)
    std::time_t booted_at = std::time(nullptr);
    std::time_t seconds() { return booted_at + sched.now() / ticks_a_second; } // since 1970, by the System's own clock
    std::shared_ptr<Installed> installed; // Solaris modules (solaris)
    std::string sysgen_error;
    std::vector<std::function<void()>> at_end; // run when the System ends, last first
    void *minor_tables = nullptr; // clone/minor_table's list
    // What a layer above keeps for this System, made when it is first asked for; it goes when the System does.
    template <class T> T &part() {
        static char type; // where it stands tells the type
        std::shared_ptr<void> &kept = parts_[&type];
        if (!kept) kept = std::make_shared<T>(*this);
        return *static_cast<T *>(kept.get());
    }
    cred_t kernel_cred{};

    // The process whose call is being made.
    Process *caller() { return static_cast<Process *>(Kernel::caller()); }

private:
    std::map<const char *, std::shared_ptr<void>> parts_;
    void drive(Call &call);
    void end_calls(Process &process);
    void wake_deadlocked(Call &call, int strikes);

    int next_pid_ = 1;
};

// The System whose code runs, for calls that need one. Outside any the call is named and the program stops (UTL-085).
inline System &this_system(const char *call = __builtin_FUNCTION()) {
    if (!current) [[unlikely]]
        outside_system(call);
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
        if (before_ && system.entry && left_by_jump(system, __builtin_frame_address(0))) [[unlikely]]
            before_ = nullptr;
        current = &system;
        // Above this is the application's: not what lies unused in the frame of the call that was made.
        if (!before_) system.checks.entered_at(std::max<const void *>(this, __builtin_frame_address(0)));
    }
    ~Enter() {
        current = before_;
        if (gated_) [[unlikely]]
            system_.gate_leave();
    }
    Enter(const Enter &) = delete;

private:
    System &system_;
    System *before_;
    bool gated_ = false;
};

inline void Stream::opened_by(File &file) {
    file.next_of_stream = files;
    file.link_of_stream = &files;
    if (files) files->link_of_stream = &file.next_of_stream;
    files = &file;
}

inline void Stream::closed_by(File &file) {
    *file.link_of_stream = file.next_of_stream;
    if (file.next_of_stream) file.next_of_stream->link_of_stream = file.link_of_stream;
    if (files && passed_here > 0) [[unlikely]]
        system.note_circle();
}

// A DDI call was given a queue whose pair has no System: a fault and false if it is gone (MP-024), else it is no stream's.
bool refuse_queue(queue_t *q, const char *call);

// Each DDI call that is given a queue begins with this. False: it has no effect.
inline bool may_use(queue_t *q, const char *call) {
    if (!pair_of(q)->system) [[unlikely]]
        return refuse_queue(q, call);
    return true;
}

// The same for a call that a driver must not make with its stream frozen.
inline bool may_change(queue_t *q, const char *call) {
    const System *system = pair_of(q)->system;
    if (!system) [[unlikely]]
        return refuse_queue(q, call);
    if (system->watch) [[unlikely]]
        check_frozen(q, call);
    return true;
}

inline int Process::read(int fd, Transfer &transfer, bool may_sleep) {
    File *f = file(fd);
    if (f && f->stream && f->readable()) [[likely]]
        return f->stream->read(*this, *f, transfer, may_sleep);
    return read_other(f, transfer, may_sleep);
}

inline int Process::write(int fd, Transfer &transfer, bool may_sleep) {
    File *f = file(fd);
    if (f && f->stream && f->writable()) [[likely]]
        return f->stream->write(*this, *f, transfer, may_sleep);
    return write_other(f, transfer, may_sleep);
}

template <class F> int System::run_call(Process &process, const char *name, F &&body) {
    if (running) return body();
    struct Frame {
        F &body;
        int error;
    } frame{body, 0};
    Call *call = take_call();
    call->saved_face_depth = face_depth;
    switch_to(
        *call, true, &process, name, [](void *p) {
            auto *f = static_cast<Frame *>(p);
            f->error = f->body();
        },
        &frame);
    if (call->state != Call::State::done) [[unlikely]]
        drive(*call);
    if (call->state != Call::State::done) [[unlikely]]
        return EDEADLK; // abandoned
    int error = frame.error;
    give_call(call);
    return error;
}

} // namespace rill
