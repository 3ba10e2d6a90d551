// The life of one ioctl that goes down a stream. At most one is in progress on a stream; others wait for their turn.
//
//   state      event                 next       what happens
//   idle       a caller's turn       taken      others wait
//   taken      the request           awaiting   M_IOCTL goes down with a fresh id
//   awaiting   M_IOCACK, M_IOCNAK    answered   the caller is woken
//   awaiting   M_COPYIN, M_COPYOUT   answered   the caller is woken, copies, answers M_IOCDATA: awaiting again
//   awaiting   time, signal, error   idle       the call fails; what comes later has no owner any more
//   answered   another answer        answered   it is freed, a copy request refused (IOC-129, IOC-137)
//   any        a wrong id            same       it is freed, a copy request refused
#pragma once

#include "streams/base/fiber.hpp"
#include "streams/message/usercopy.hpp"

#include <cassert>
#include <cstddef>
#include <sys/stream.h>
#include <utility>

namespace rill {

// An argument in the application's memory. False: a bad address.
template <class T> bool get(T &kernel, const void *user) { return copy_from_user(&kernel, user, sizeof kernel); }
template <class T> bool set(void *user, const T &kernel) { return copy_to_user(user, &kernel, sizeof kernel); }

constexpr long ioctl_turn_seconds = 15; // IOC-126
constexpr long ioctl_default_seconds = 15;

struct IoctlRequest {
    int command = 0;
    long ticks = 0;            // time limit for each answer
    bool transparent = false;  // the argument goes down as it is, data moves by M_COPYIN and M_COPYOUT
    void *argument = nullptr;
    char *data = nullptr;      // user data that goes down, and where it comes back
    int length = 0;
    bool data_is_kernel = false;
    bool copied_out = false; // an M_COPYOUT has set length already
    bool interruptible = true;
    bool answered = false;   // by M_IOCACK or M_IOCNAK
    bool closing = false;    // hangup and errors do not end the wait (CLS-004)
};

// Where the stream's one ioctl is: a function for each event, which asserts the state that it is allowed in.
struct IoctlExchange {
    enum class State : unsigned char {
        idle,
        taken,
        awaiting,
        answered,
    } state = State::idle;
    unsigned id = 0;         // of the request that is answered now
    mblk_t *reply = nullptr; // answered: what came; nullptr, too, when it was broken
    WaitQueue turn;          // who waits for idle
    WaitQueue answer;        // who waits for answered

    bool busy() const { return state != State::idle; }
    void take() {
        assert(state == State::idle);
        state = State::taken;
    }
    void sent() { // the request, or the M_IOCDATA that goes on with it
        assert(state == State::taken || state == State::answered);
        state = State::awaiting;
    }
    void answered(mblk_t *mp) {
        assert(state == State::awaiting && !reply);
        reply = mp;
        state = State::answered;
    }
    mblk_t *take_reply() {
        assert(state == State::answered);
        return std::exchange(reply, nullptr);
    }
    void end() { // in whatever state it is; a reply that nobody took goes
        assert(busy());
        if (reply) freemsg(std::exchange(reply, nullptr));
        id = 0;
        state = State::idle;
    }
};

} // namespace rill
