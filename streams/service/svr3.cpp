// What SVR3 drivers have under names of libc (<sys/klibc.h>, <sys/systm.h>): signals to a process or a group.
#include "streams/system.hpp"

#include <sys/systm.h>

using namespace rill;

#define EXPORT extern "C" __attribute__((visibility("default")))

EXPORT void rill_signal_group(int pgrp, int sig) {
    if (current && pgrp > 0) current->signal_group(pgrp, sig);
}

// UPROCP of drv_getparm, u.u_procp, and no stranger.
EXPORT void rill_signal_proc(void *procp, int sig) {
    if (!current) return;
    for (Process &process : current->processes)
        if (&process == procp) {
            process.post(sig);
            return;
        }
}
