// The clone driver: one open routine, nothing else (CLN-004).
//
// A clone node's minor is the external major of another driver, the target. clone_open runs on the queue pair that the
// stream head made for it; it puts the target's qinits in and calls the target's open with (N,0) and CLONEOPEN, and the
// target answers with an unused minor. From then on the stream is the target's: no clone routine is entered again
// (CLN-007). On any refusal the pair is put back as it was (CLN-060) and the driver is released (CLN-064).
//
// To the framework this is an ordinary driver. What it uses (hold a driver, swap a pair's qinits, call an open
// procedure) any driver's open may use.
#include "streams/file/lease.hpp"
#include "streams/system.hpp"

#include <cerrno>
#include <sys/conf.h>
#include <sys/nsdev.h>

using namespace rill;

namespace {

int refuse(int error, const char *reason, const char *clause, const char *rung = "clone open") {
    if (Process *caller = current->caller()) return caller->refuse(error, rung, reason, clause);
    return error;
}

void swap(QueuePair &pair, const Owner &from, const Owner &to, streamtab &tab, Event event, const char *clause) {
    if (current->trace.on) [[unlikely]]
        current->trace.emit({.event = event, .name = from.name.c_str(), .what = to.name.c_str(), .clause = clause, .stream = pair.stream->id});
    set_queues(pair, to, tab.st_rdinit, tab.st_wrinit);
}

// The pair with the target's qinits. Unless it is kept: procedures off, the clone's qinits in again, nothing left on the
// queues (CLN-060, CLN-061).
class SwappedPair {
public:
    SwappedPair(QueuePair &pair, Driver &target) : pair_(pair), clone_(*pair.owner), target_(target) {
        swap(pair_, clone_, target_, *target_.tab, Event::queues_swapped, "CLN-022");
    }
    ~SwappedPair() {
        if (kept_) return;
        if (pair_.procs_on) qprocsoff(pair_.read());
        empty_pair(pair_);
        swap(pair_, target_, clone_, *clone_.tab, Event::queues_put_back, "CLN-060");
        pair_.read()->q_ptr = pair_.write()->q_ptr = nullptr;
        pair_.read()->q_next = pair_.write()->q_next = nullptr;
    }
    SwappedPair(const SwappedPair &) = delete;

    void keep() { kept_ = true; }

private:
    QueuePair &pair_;
    const Owner &clone_;
    Driver &target_;
    bool kept_ = false;
};

// Refuses early and in this order (CLN-015):
//   sflag is not 0                         ENXIO   CLN-078, CLN-079
//   number beyond the switch table         ENXIO   CLN-052
//   no driver, or it cannot be loaded      ENXIO   CLN-050, CLN-029
//   the driver has no streamtab            ENXIO   CLN-051
//   the driver's open                      its errno, unchanged   CLN-056
//   it returned a foreign device           ENXIO, its close called   CLN-070, CLN-080
int clone_open(queue_t *q, dev_t *devp, int oflag, int sflag, cred_t *credp) {
    if (sflag != 0) return refuse(ENXIO, "the clone driver is no module and no target of a clone", "CLN-078");
    System &system = this_system();
    const major_t target_major = geteminor(*devp); // clone(7): the node's minor is the target's major
    if (target_major > system.profile.major_max) return refuse(ENXIO, "the node's minor is beyond the switch table", "CLN-052");
    HeldDriver target(system.registry);
    if (int error = target.take(target_major))
        return refuse(error, "the node's minor names no configured driver", "CLN-050");
    if (!target->tab) return refuse(ENXIO, "the node's minor names a driver that is not a STREAMS driver", "CLN-051");
    QueuePair &pair = *pair_of(q);
    dev_t dev = make_device(target_major, 0); // CLN-017
    SwappedPair swapped(pair, *target);
    if (int error = call_open(pair, &dev, oflag, CLONEOPEN, *credp)) {
        if (Process *caller = system.caller(); caller && caller->refusal.error != error)
            caller->refuse(error, "driver open", "the driver refused the clone open; its close is not called", "CLN-056 CLN-059");
        return error;
    }
    // The pair is the target's, unless that passed the open on (chain_open): then it is whose the stream is now.
    const Owner &opened = *pair.owner;
    const bool own_row = dev != no_device && system.registry.by_external(external_major(dev)) == &opened;
    if (!own_row) system.checks.foreign_device(opened, dev, "CLN-070");
    if (!own_row || (system.profile.clone_compares_external && &opened == &*target && external_major(dev) != target_major)) {
        call_close(pair, oflag, *credp);
        if (Process *caller = system.caller())
            caller->refuse(ENXIO, "clone open", "the driver's open, which was closed again, returned a device that is not its own",
                           dev == no_device ? "CLN-080" : "CLN-070", system.registry.foreign_device(dev, opened, target_major));
        return ENXIO;
    }
    swapped.keep();
    *devp = dev; // CLN-024, CLN-063
    return 0;
}

// What is the same here whoever passes an open on to a driver that it names.
//   no such driver, it cannot be loaded    ENXIO   STD-020
//   it is no STREAMS driver, or the same   ENXIO
//   its open                               its errno, unchanged
int open_named(QueuePair &pair, const char *name, dev_t *devp, int oflag, int sflag, cred_t &cred) {
    System &system = this_system();
    const Driver *row = system.registry.by_name(name);
    HeldDriver next(system.registry);
    if (!row || row->externals.empty() || next.take(row->externals.front()))
        return refuse(ENXIO, "no driver has the name that the open is passed on to, or it cannot be loaded", "STD-020", "open by name");
    if (!next->tab || pair.owner == &*next) return refuse(ENXIO, "the open cannot be passed on to a driver that is not STREAMS, or to itself", "STD-019", "open by name");
    dev_t dev = make_device(row->externals.front(), geteminor(*devp));
    SwappedPair swapped(pair, *next);
    if (int error = call_open(pair, &dev, oflag, sflag, cred)) return error;
    swapped.keep();
    *devp = dev;
    return 0;
}

module_info clone_minfo{0, "clone", 0, 0, 0, 0};
qinit clone_rinit{nullptr, nullptr, clone_open, nullptr, nullptr, &clone_minfo, nullptr};
qinit clone_winit{nullptr, nullptr, nullptr, nullptr, nullptr, &clone_minfo, nullptr};

} // namespace

extern "C" {
__attribute__((visibility("default"))) streamtab cloneinfo{&clone_rinit, &clone_winit, nullptr, nullptr};
__attribute__((visibility("default"))) int clonedevflag = D_MP;

__attribute__((visibility("default"))) int chain_open(queue_t *q, const char *driver, dev_t *devp, int oflag, int sflag, cred_t *credp) {
    return open_named(*pair_of(q), driver, devp, oflag, sflag, *credp);
}
}
