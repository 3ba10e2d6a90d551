// What SVR3 drivers have under names of libc (<sys/klibc.h>, <sys/systm.h>): signals to a process or a group.
#include "streams/system.hpp"

#include <algorithm>
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

// Functions of the kernel, which a source of SVR3 calls without a header; <sys/ddi.h> has macros of these names.
extern "C" __attribute__((visibility("default"))) int rill_min(int a, int b) __asm__("min");
extern "C" __attribute__((visibility("default"))) int rill_max(int a, int b) __asm__("max");
int rill_min(int a, int b) {
    return static_cast<int>(std::min(static_cast<unsigned>(a), static_cast<unsigned>(b)));
}
int rill_max(int a, int b) {
    return static_cast<int>(std::max(static_cast<unsigned>(a), static_cast<unsigned>(b)));
}
