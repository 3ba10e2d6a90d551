// The session whose controlling terminal a stream is, and the process group in its foreground (OPN-025, OPN-026, RD-073).
#pragma once

#include "streams/base/caller.hpp"

namespace rill {

struct ControllingTerminal {
    int session = 0; // its leader; 0: nobody's
    int group = 0;   // in the foreground

    void become_of(const Caller &leader) { session = leader.pid, group = leader.pgrp; }
    // Of a process that has it as its controlling terminal: may not do what is for the foreground only.
    bool in_background(const Caller &process) const { return session && process.pgrp != group; }
};

} // namespace rill
