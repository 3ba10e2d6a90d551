// Process groups: who is in one, and whether anybody outside of it looks after it.
#include "streams/file/process.hpp"
#include "streams/system.hpp"

namespace rill {

void signal_group(System &system, int pgrp, int sig) {
    for (Process &p : system.processes)
        if (p.pgrp == pgrp) p.post(sig);
}

bool orphaned(const System &system, int pgrp) {
    for (const Process &p : system.processes) {
        if (p.pgrp != pgrp) continue;
        for (const Process &parent : system.processes)
            if (parent.pid == p.ppid && parent.pgrp != pgrp && parent.sid == p.sid) return false;
    }
    return true;
}

} // namespace rill
