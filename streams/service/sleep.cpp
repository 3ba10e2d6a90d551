// sleep(D3), wakeup and delay: waiting in a driver for an event that is an address, or for a time.
#include "streams/system.hpp"

#include <cerrno>
#include <vector>
#include <sys/user.h>

using namespace rill;

#define EXPORT extern "C" __attribute__((visibility("default")))

// Priorities above PZERO let signals in. Who asks for PCATCH is told; otherwise the procedure ends here and now, and its
// open or close with EINTR (UTL-054). A sleep that nothing could ever end is left the same way.
EXPORT int rill_sleep(char *event, int priority) {
    constexpr int pcatch = 0x8000, mask = 0x7f, pzero = 25;
    this_system("sleep");
    if (!may_sleep_here("UTL-056", "sleep() outside open and close")) return 0;
    Call *call = current->running;
    call->event = event;
    const bool catches = priority & pcatch, interruptible = catches || (priority & mask) > pzero;
    const Wake wake = driver_sleep(current->event_sleepers, "wakeup() of the event its driver sleeps on", interruptible, forever);
    call->event = nullptr;
    if (wake != Wake::event && interruptible && !catches && call->escape) escape(*call, wake == Wake::signal ? EINTR : EDEADLK);
    return wake != Wake::event && (priority & pcatch);
}

EXPORT void wakeup(char *event) {
    System &system = this_system();
    // Each may go back to sleep on the same event; only those asleep now are woken.
    std::vector<Call *> asleep;
    for (Call &call : system.event_sleepers)
        if (call.event == event) asleep.push_back(&call);
    for (Call *call : asleep) system.wake(*call, Wake::event, "wakeup()");
}

EXPORT void delay(clock_t ticks) {
    this_system();
    if (ticks <= 0 || !may_sleep_here("UTL-027", "delay() where sleeping is not allowed")) return;
    WaitQueue nobody;
    driver_sleep(nobody, "the time given to delay()", false, ticks);
}
