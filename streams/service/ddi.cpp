// General services of the DDI/DKI that change no noun of their own: times, and parameters of the caller.
#include "streams/system.hpp"

#include <cerrno>
#include <cstring>
#include <time.h>
#include <vector>
#include <sys/kmem.h>
#include <sys/user.h>

using namespace rill;

#define EXPORT extern "C" __attribute__((visibility("default")))

extern "C" __attribute__((visibility("default"))) int hz;
int hz = ticks_a_second;

// --- parameters ---

EXPORT clock_t drv_hztousec(clock_t ticks) { return product_of(ticks, 1'000'000 / ticks_a_second); }
EXPORT clock_t drv_usectohz(clock_t us) { return sum_of(us, 1'000'000 / ticks_a_second - 1) / (1'000'000 / ticks_a_second); }
EXPORT void drv_usecwait(clock_t) {} // time does not pass inside a procedure

EXPORT int nulldev() { return 0; }
EXPORT int nodev() { return ENODEV; }

// --- processes ---

// A reference is a pid, which no later process gets again.
EXPORT void *proc_ref() {
    System &system = this_system();
    const Process *process = system.in_put_or_service() ? nullptr : system.caller();
    return process ? reinterpret_cast<void *>(static_cast<long>(process->pid)) : nullptr;
}
EXPORT int proc_signal(void *ref, int sig) {
    System &system = this_system();
    if (!ref) return -1;
    const int pid = static_cast<int>(reinterpret_cast<long>(ref));
    for (const Process &process : system.processes)
        if (process.pid == pid && !process.exiting) {
            system.signal_process(pid, sig);
            return 0;
        }
    return -1;
}
EXPORT void proc_unref(void *) {}

EXPORT int suser() {
    System &system = this_system();
    const Process *process = system.in_put_or_service() ? nullptr : system.caller();
    if (process && process->cred.cr_uid == 0) return 1;
    u.u_error = EPERM;
    return 0;
}

EXPORT int drv_priv(cred_t *cr) { return cr && cr->cr_uid == 0 ? 0 : EPERM; }

// Statistics of terminal drivers; nobody reads them here.
EXPORT int drv_setparm(unsigned int parm, unsigned long) { return parm >= 101 && parm <= 106 ? 0 : -1; }

EXPORT int drv_getparm(unsigned int parm, void *valp) {
    System &system = this_system();
    const Process *process = system.in_put_or_service() ? nullptr : system.caller();
    auto give = [&](long value) {
        std::memcpy(valp, &value, sizeof value);
        return 0;
    };
    switch (parm) {
    case 1: return give(system.sched.now());
    case 6: return give(static_cast<long>(::time(nullptr)));
    default: break;
    }
    if (!process) return -1; // UTL-033
    switch (parm) {
    case 2: return give(process->pgrp);
    case 3: return give(reinterpret_cast<long>(process));
    case 4: return give(process->pid);
    case 5: return give(process->sid);
    case 7: return give(reinterpret_cast<long>(&process->cred));
    default: return -1; // UTL-030
    }
}
