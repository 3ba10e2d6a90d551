// What SVR3 drivers have under names of libc (<sys/klibc.h>, <sys/systm.h>): signals to a process or a group, and two variables with
// the time. The variables are one for all Systems: that of the System whose clock moved last, or that made an open.
#include "streams/system.hpp"

#include <algorithm>
#include <time.h>
#include <sys/systm.h>

using namespace rill;

#define EXPORT extern "C" __attribute__((visibility("default")))

extern "C" {
extern __attribute__((visibility("default"))) clock_t rill_lbolt;
extern __attribute__((visibility("default"))) time_t rill_time;
clock_t rill_lbolt = 0;
time_t rill_time = 0;
}

void rill::show_clock(long ticks) {
    rill_lbolt = ticks;
    rill_time = ::time(nullptr);
}

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
