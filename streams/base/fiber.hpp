// A Call is one system call that may have to wait, as an object: the stack it runs on, what it waits for, how it ended.
//
// Calls come from a pool and run on their own stacks (Boost.Context). A running call parks itself with System::sleep();
// the run loop resumes it once it was woken. A parked call can be listed, interrupted by a signal, stepped by a test.
// Only the run loop, or the caller that starts a call, switches to one; a call never switches to another.
#pragma once

#include "streams/base/alloc.hpp"

#include <cassert>
#include <boost/context/detail/fcontext.hpp>
#include <boost/intrusive/list.hpp>
#include <cstddef>

#if defined(__SANITIZE_THREAD__)
#define RILL_TSAN 1
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define RILL_TSAN 1
#endif
#endif

namespace rill {

class Kernel;
class Caller;
class System;
class Call;
struct File;
struct Timer;

namespace intrusive = boost::intrusive;

using WaitHook = intrusive::list_member_hook<intrusive::link_mode<intrusive::safe_link>>;

enum class Wake : unsigned char {
    event,    // what was waited for happened, or may have
    signal,   // a caught signal
    timeout,  // the time given is over
    deadlock, // nothing runnable could ever wake it
};

class Call {
public:
    // A function for each event:
    //
    //   state                    event                                     next
    //   idle                     start(): its body begins                  running
    //   running                  it waits for something                    asleep
    //   asleep                   that happened, a signal, time             ready
    //   ready                    resume(): its turn has come               running
    //   running                  its body has returned                     done
    //   done                     whoever started it has seen that          idle
    //   running, asleep, ready   it can never end: its stack is left       abandoned
    enum class State : unsigned char {
        idle,
        ready,
        running,
        asleep,
        done,
        abandoned,
    };

    using Body = void (*)(void *);

    explicit Call(Kernel &kernel);
    ~Call();
    Call(const Call &) = delete;

    // Runs body(argument) on this call's stack until it ends or parks.
    void start(Caller *process, const char *name, Body body, void *argument);
    // Goes on where it parked.
    void resume();
    // Gives the processor back to whoever resumed this call. Called on its own stack.
    void park();
    void falls_asleep() {
        assert(state == State::running);
        state = State::asleep;
    }
    void becomes_ready() {
        assert(state == State::asleep);
        state = State::ready;
    }
    void is_given_up() {
        assert(state == State::running || state == State::asleep || state == State::ready);
        state = State::abandoned;
    }
    void is_free_again() {
        assert(state == State::done);
        state = State::idle;
    }
    bool on_stack(const void *p) const { return p >= stack_ && p < static_cast<char *>(stack_) + stack_size_; }
    bool in_guard(const void *p) const { return is_below(p, guard_bytes); }
    bool is_below(const void *p, std::size_t reach) const { return p < stack_ && p >= static_cast<char *>(stack_) - reach; }
    std::size_t stack_size() const { return stack_size_; }

    Kernel &kernel;
    Caller *process = nullptr;
    const char *name = "";
    int id = 0;
    State state = State::idle;
    Wake wake = Wake::event;
    bool interruptible = false;
    bool reaped = true; // goes back to the pool by itself when done
    const char *waiting_for = "";
    Timer *timer = nullptr;
    void *event = nullptr; // what sleep(D3) waits on
    int saved_depth = 0;
    int saved_face_depth = 0;
    void *saved_entry = nullptr;
    void **escape = nullptr; // where a sleep without PCATCH goes on a signal (sync)
    int escaped = 0;         // why it went there
    int reserved = -1;       // the descriptor of an open on its way, for drivers that may ask
    File *file = nullptr;    // that the call is made on, for drivers that may ask (FBSD-081)

    WaitHook wait_hook;  // in the WaitQueue it sleeps on
    WaitHook run_hook;   // in the scheduler's ready list
    WaitHook all_hook;   // in the System's list of live calls

private:
    // Below the stack lies memory that cannot be touched: wide, since a large array skips a single page (UTL-084).
    static constexpr std::size_t guard_bytes = 1024 * 1024;
    static void entry(boost::context::detail::transfer_t);
    void enter();

    boost::context::detail::fcontext_t context_ = nullptr;
    boost::context::detail::fcontext_t back_ = nullptr;
    void *stack_ = nullptr;
    std::size_t stack_size_ = 0;
    Body body_ = nullptr;
    void *argument_ = nullptr;
#ifdef RILL_ASAN
    void *fake_stack_ = nullptr;
    const void *back_bottom_ = nullptr;
    std::size_t back_size_ = 0;
#endif
#ifdef RILL_TSAN
    void *tsan_fiber_ = nullptr;
    void *tsan_back_ = nullptr;
#endif
    unsigned watched_stack_ = 0;

public:
    Call *next_idle = nullptr;   // in its System's pool
    Call *listed_next = nullptr; // of calls_listed
    Call **listed_link = nullptr;
};

// Every Call of the process, whatever its System: where a debugger begins (tools/gdb).
extern Call *calls_listed;

using WaitQueue =
    intrusive::list<Call, intrusive::member_hook<Call, WaitHook, &Call::wait_hook>, intrusive::constant_time_size<false>>;
using CallList =
    intrusive::list<Call, intrusive::member_hook<Call, WaitHook, &Call::run_hook>, intrusive::constant_time_size<false>>;
using AllCalls =
    intrusive::list<Call, intrusive::member_hook<Call, WaitHook, &Call::all_hook>, intrusive::constant_time_size<false>>;

} // namespace rill
