// What a stream is made of is changed by one call at a time: the one that opens it, pushes, pops or links. The others wait
// for it or are refused (OPN-012, OPN-013, IOC-026, MUX-076).
//
//   state      event                                     next
//   settled    an open, push, pop, link or unlink begins  changing
//   changing   it ends                                   settled: who waits is woken
#pragma once

#include "streams/base/fiber.hpp"

#include <cassert>

namespace rill {

struct Plumbing {
    enum class State : unsigned char {
        settled,
        changing,
    } state = State::settled;
    WaitQueue waiters; // for settled

    bool busy() const { return state == State::changing; }
    void begin() {
        assert(state == State::settled);
        state = State::changing;
    }
    void end() {
        assert(state == State::changing);
        state = State::settled;
    }
};

} // namespace rill
