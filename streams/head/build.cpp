// Building a stream and taking it apart: first and further opens, modules, the last close.
#include "streams/head/head.hpp"
#include "streams/queue/procson.hpp"
#include "streams/head/mux.hpp"
#include "streams/queue/perimeter.hpp"
#include "streams/queue/procedure.hpp"
#include "streams/system.hpp"

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <new>
#include <sys/conf.h>
#include <sys/user.h>

namespace rill {

struct HeadProcedures {
    static Stream &stream_of(queue_t *q) { return *pair_of(q)->stream; }
    static int read_put(queue_t *q, mblk_t *mp) {
        stream_of(q).arrived(mp);
        return 0;
    }
    static int write_service(queue_t *q) {
        stream_of(q).writable_again();
        return 0;
    }
};

namespace {

module_info head_info{0, "strhead", 0, INFPSZ, STRHIGH, STRLOW};
qinit head_read{HeadProcedures::read_put, nullptr, nullptr, nullptr, nullptr, &head_info, nullptr};
qinit head_write{nullptr, HeadProcedures::write_service, nullptr, nullptr, nullptr, &head_info, nullptr};

void trace_stream(System &system, const Stream &stream, Event event, const char *clause, dev_t dev) {
    if (system.trace.on) [[unlikely]]
        system.trace.emit({.event = event, .clause = clause, .dev = dev, .stream = stream.id});
}

} // namespace

streamtab head_streamtab{&head_read, &head_write, nullptr, nullptr};

const Owner &head_owner() {
    static const Owner owner = [] {
        Owner head{"stream head", "strhead", &head_streamtab};
        head.make_tag();
        return head;
    }();
    return owner;
}

Stream::Stream(System &owner, int number) : system(owner), id(number) {
    head.system = &owner;
    head.stream = this;
    head.is_head = true;
    head.procs_on = true;
    set_queues(head, head_owner(), &head_read, &head_write);
    owner.streams.push_back(*this);
}

Stream::~Stream() { system.streams.erase(system.streams.iterator_to(*this)); }

QueuePair *Stream::top() {
    queue_t *below = head.write()->q_next;
    if (!below) return nullptr;
    QueuePair *pair = pair_of(below);
    return pair->is_head ? nullptr : pair;
}

// --- calling open and close procedures ---

// The user area as an SVR3 procedure finds it.
static void fill_user_area(const cred_t &cred) {
    u = {};
    u.u_uid = static_cast<unsigned short>(cred.cr_uid);
    u.u_gid = static_cast<unsigned short>(cred.cr_gid);
    u.u_ruid = static_cast<unsigned short>(cred.cr_ruid);
    u.u_rgid = static_cast<unsigned short>(cred.cr_rgid);
    u.u_procp = reinterpret_cast<proc *>(current->caller());
    show_clock(current->sched.now());
}

// The SVR3 interface takes the device by value and answers with a minor or OPENFAIL (CLN-123, CLN-124).
static int call_old_open(QueuePair &pair, dev_t *dev, int oflag, int sflag, const cred_t &cred) {
    using OldOpen = int (*)(queue_t *, dev_t, int, int);
    auto open = reinterpret_cast<OldOpen>(reinterpret_cast<void *>(pair.read()->q_qinfo->qi_qopen));
    fill_user_area(cred);
    const int minor = open(pair.read(), *dev, oflag, sflag);
    if (minor == OPENFAIL) return u.u_error ? u.u_error : ENXIO; // CLN-081, OPN-003
    if (minor < 0) return minor; // no minor, and not how an SVR3 open tells an errno
    if (sflag != MODOPEN) *dev = make_device(external_major(*dev), static_cast<minor_t>(minor));
    return 0;
}

// Runs a driver's open or close so that a sleep without PCATCH can leave it (UTL-054). The errno of that, or what the
// procedure returned; EIO if it threw (UTL-083). Nothing between here and that sleep but the driver's own frames may need to be
// unwound.
template <class F> [[gnu::noinline]] int run_escapable(System &system, F &&procedure) {
    int error = EIO;
    Call *const call = system.running;
    if (!call) {
        run_driver(system, [&] { error = procedure(); });
        return error;
    }
    void *frame[5];
    void **const outer = call->escape;
    Entry *const entry = system.entry;
    const int depth = system.trace.depth;
    call->escape = frame;
    if (__builtin_setjmp(frame) == 0) {
        run_driver(system, [&] { error = procedure(); });
    } else {
        Call &escaped = *current->running; // registers are lost: everything anew
        error = escaped.escaped;
    }
    call->escape = outer;
    system.entry = entry;
    system.trace.depth = depth;
    return error;
}

static int run_open(System &system, QueuePair &pair, dev_t *dev, int oflag, int sflag, cred_t &cred) {
    return run_escapable(system, [&] {
        return pair.owner->devflag & D_OLD ? call_old_open(pair, dev, oflag, sflag, cred)
                                           : pair.read()->q_qinfo->qi_qopen(pair.read(), dev, oflag, sflag, &cred);
    });
}

static int run_close(System &system, QueuePair &pair, int flag, cred_t &cred) {
    return run_escapable(system, [&] {
        auto *close = pair.read()->q_qinfo->qi_qclose;
        if (!(pair.owner->devflag & D_OLD)) return close(pair.read(), flag, &cred);
        using OldClose = int (*)(queue_t *, int);
        fill_user_area(cred);
        return reinterpret_cast<OldClose>(reinterpret_cast<void *>(close))(pair.read(), flag);
    });
}

int call_open(QueuePair &pair, dev_t *dev, int oflag, int sflag, cred_t &cred) {
    System &system = *pair.system;
    const char *name = pair.owner->name.c_str();
    if (system.trace.on) [[unlikely]] {
        system.trace.emit({.event = Event::open_called, .name = name, .clause = sflag == CLONEOPEN ? "CLN-017 CLN-018" : nullptr, .dev = *dev, .number = oflag, .extra = sflag, .stream = pair.stream->id});
        ++system.trace.depth;
    }
    int error = ENOPKG; // QUE-021
    if (pair.read()->q_qinfo->qi_qopen) {
        bool inside = false;
        error = pair.guard ? enter_call(pair, false, &inside) : 0;
        if (!error) {
            const Procedure procedure(system, EntryKind::open, name, {.queue = pair.read(), .dev = *dev});
            error = run_open(system, pair, dev, oflag, sflag, cred);
        }
        if (error < 0) [[unlikely]]
            error = errno_of(system, *pair.owner, name_of(EntryKind::open), error);
        if (inside) leave_call(pair);
    }
    if (system.trace.on) [[unlikely]] {
        if (system.trace.depth > 0) --system.trace.depth;
        system.trace.emit({.event = Event::open_returned, .name = name, .error = error, .dev = *dev, .stream = pair.stream->id});
    }
    if (error == 0) {
        pair.opened = true;
        system.checks.sent_in_open_is_fine(pair);
        if (!pair.procs_on) {
            if (system.trace.on && !(pair.owner->devflag & D_OLD)) [[unlikely]]
                system.trace.emit({.event = Event::procedures_switched_on, .name = name, .clause = "MP-004", .stream = pair.stream->id});
            qprocson(pair.read());
        }
    }
    return error;
}

void call_close(QueuePair &pair, int flag, cred_t &cred) {
    System &system = *pair.system;
    const char *name = pair.owner->name.c_str();
    pair.opened = false;
    if (!pair.read()->q_qinfo->qi_qclose) return;
    if (system.trace.on) [[unlikely]] {
        system.trace.emit({.event = Event::close_called, .name = name, .dev = pair.stream->dev(), .stream = pair.stream->id});
        ++system.trace.depth;
    }
    bool inside = false;
    if (pair.guard) enter_call(pair, true, &inside);
    {
        const Procedure procedure(system, EntryKind::close, name, {.queue = pair.read(), .dev = pair.stream->dev()});
        const int error = run_close(system, pair, flag, cred);
        if (error < 0 && !(pair.owner->devflag & D_OLD)) [[unlikely]] // an SVR3 close returns nothing
            errno_of(system, *pair.owner, name_of(EntryKind::close), error);
    }
    if (inside) leave_call(pair);
    if (system.trace.on) [[unlikely]] {
        if (system.trace.depth > 0) --system.trace.depth;
        system.trace.emit({.event = Event::close_returned, .name = name, .stream = pair.stream->id});
    }
}

// --- first open ---

void Stream::attach_driver(Driver &row) {
    auto *pair = new (static_cast<void *>(this + 1)) QueuePair;
    has_driver = true;
    pair->system = &system;
    pair->stream = this;
    set_queues(*pair, row, row.tab->st_rdinit, row.tab->st_wrinit);
    pair->read()->q_next = head.read();
    driver = &row;
    ++row.holds;
}

void Stream::attach_to(Special &device) {
    assert(!device.stream);
    special = &device;
    device.stream = this;
}

void Stream::leave_device() {
    assert(special->stream == this);
    std::exchange(special, nullptr)->stream = nullptr;
}

// Before the stream is there:
//   memory                  ENOSR          OPN-004
//   the driver's open       its errno      OPN-002; its close is not called
int Stream::open_first(System &system, Special &special, Driver &row, dev_t *dev, int oflag, Caller &process,
                       Stream **built) {
    if (!system.alloc.allow(sizeof(Stream) + sizeof(QueuePair)))
        return process.refuse(ENOSR, "stream open", "no memory for a stream head and a queue pair", "OPN-004");
    auto *stream = new (system.stream_pool.take()) Stream(system, system.next_stream_id++);
    stream->attach_to(special);
    stream->attach_driver(row);
    trace_stream(system, *stream, Event::stream_built, "OPN-001", special.dev);
    stream->plumbing.begin();
    const int error = call_open(*stream->driver_pair(), dev, driver_flags(oflag), 0, process.cred);
    stream->plumbing.end();
    if (error) return stream->driver_refused(process, error);
    *built = stream;
    return 0;
}

// The way back of a first open whose driver refused: the stream is gone.
int Stream::driver_refused(Caller &process, int error) {
    if (process.refusal.error != error)
        process.refuse(error, "driver open", "the driver's open returned this error; its close is not called", "OPN-002");
    if (driver_pair()->procs_on) {
        if (system.trace.on) [[unlikely]]
            system.trace.emit({.event = Event::procedures_switched_off, .name = driver->name.c_str(), .clause = "CLN-061"});
        unlink_neighbours(*driver_pair());
    }
    trace_stream(system, *this, Event::stream_taken_apart, driver->name == "clone" ? "CLN-062" : "OPN-002", dev());
    discard();
    return error;
}

void Stream::move_to(Special &device) {
    leave_device();
    attach_to(device);
    Driver *row = system.registry.by_external(external_major(device.dev));
    ++row->holds;
    --driver->holds;
    driver = row;
}

void Stream::abandon(Caller &process, int oflag) {
    closes();
    while (QueuePair *pair = top()) detach(*pair, driver_flags(oflag), process);
    trace_stream(system, *this, Event::stream_taken_apart, nullptr, dev());
    discard();
}

// --- open of a stream that is there ---

int Stream::start_plumbing(bool no_wait, const char *why) {
    while (plumbing.busy()) {
        if (no_wait) return EAGAIN;
        const Wake wake = system.sleep(plumbing.waiters, why, true);
        if (wake == Wake::signal) return EINTR;
        if (wake == Wake::deadlock && plumbing.busy()) return EDEADLK;
    }
    if (linked_below) return EINVAL; // meanwhile (IOC-236)
    plumbing.begin();
    return 0;
}

void Stream::end_plumbing() {
    plumbing.end();
    if (!plumbing.waiters.empty()) system.wake_all(plumbing.waiters, "the stream's modules are settled");
}

//   linked below                                EINVAL          IOC-002; while it is being unlinked the open waits (MUX-076)
//   stored error                                EIO             OPN-009
//   hung-up terminal, not its session leader    EIO             OPN-026
//   push, pop or link going on                  EAGAIN, EINTR   OPN-012 to OPN-014
//   linked below meanwhile                      EINVAL          IOC-236
//   each open procedure, from the top down      its errno       OPN-006 to OPN-008
int Stream::open_again(Caller &process, dev_t dev, int oflag) {
    trace_stream(system, *this, fifo ? Event::pipe_joined : Event::stream_joined, "OPN-006", dev);
    if (linked_below && !plumbing.busy())
        return process.refuse(EINVAL, "stream open", "the stream is linked below a multiplexor", "IOC-002");
    if (read_error || own_write_error())
        return process.refuse(EIO, "stream open", "the stream holds an error", "OPN-009");
    if (hung_up && options.istty && process.controlling_terminal != this && terminal.session != 0 && process.pid != terminal.session)
        return process.refuse(EIO, "stream open", "a hung-up terminal is re-opened by its session leader only", "OPN-026");
    if (int error = start_plumbing(oflag & (FNDELAY | FNONBLOCK), "a push or pop on the stream"))
        return process.refuse(error, "stream open", "a push, pop or link is in progress on the stream", "OPN-012 OPN-014");
    int error = 0;
    for (queue_t *w = head.write()->q_next; w && !error && !(w->q_flag & QREADR); w = w->q_next) {
        QueuePair *pair = pair_of(w);
        if (pair->stream != this) break;
        const bool is_driver = pair == driver_pair();
        dev_t copy = dev; // a changed device is ignored (CLN-107, OPN-007)
        error = call_open(*pair, &copy, is_driver ? driver_flags(oflag) : 0, is_driver ? 0 : MODOPEN, process.cred);
        if (is_driver) break;
    }
    end_plumbing();
    if (error)
        return process.refuse(error, "driver open", "an open procedure on the stream refused; the stream stays", "OPN-008");
    if (hung_up && !fifo) {
        hung_up = false;
        read_error = write_error = 0;
    }
    return 0;
}

// A terminal becomes the controlling terminal of a session leader that has none (OPN-025).
void Stream::offer_terminal(Caller &process, int oflag) {
    if (!options.istty || (oflag & FNOCTTY) || process.pid != process.sid || process.controlling_terminal || terminal.session) return;
    process.controlling_terminal = this;
    terminal.become_of(process);
}

// --- modules ---

// Was a sender told that this queue, or a band of it, is full?
static bool is_wanted(const queue_t *q) {
    bool wanted = q->q_flag & QWANTW;
    for (const qband_t *b = q->q_bandp; b; b = b->qb_next) wanted |= (b->qb_flag & QB_WANTW) != 0;
    return wanted;
}

int Stream::push(Caller &process, Module &module, dev_t device, bool *refused) {
    QueuePair *pair = system.pair_pool.make();
    if (!pair) return ENOSR;
    pair->system = &system;
    pair->stream = this;
    ++module.holds;
    set_queues(*pair, module, module.tab->st_rdinit, module.tab->st_wrinit);
    pair->write()->q_next = head.write()->q_next;
    pair->read()->q_next = head.read();
    const int error = call_open(*pair, &device, 0, MODOPEN, process.cred);
    if (error) {
        *refused = true;
        if (pair->procs_on) unlink_neighbours(*pair);
        end_pair(*pair);
        system.checks.left(*pair, system.checks.leaving(*pair));
        system.pair_pool.free(pair);
        --module.holds;
        return error;
    }
    ++pushed;
    // Who was held back by the queue above the new module waits for the module now (IOC-028).
    if (queue_t *above = pair->read()->q_next; above && pair->read()->q_qinfo->qi_srvp && is_wanted(above)) back_enable(pair->read(), 0);
    if (system.trace.on) [[unlikely]]
        system.trace.emit({.event = Event::module_pushed, .name = module.name.c_str(), .dev = dev(), .number = pushed, .stream = id});
    return 0;
}

void Stream::pop_top(Caller &process) {
    QueuePair *pair = top();
    if (system.trace.on) [[unlikely]]
        system.trace.emit({.event = Event::module_popped, .name = pair->owner->name.c_str(), .dev = dev(), .number = pushed - 1, .stream = id});
    detach(*pair, 0, process);
}

int Stream::autopush(Caller &process, dev_t dev, const strapush_v1 &entry) {
    const strapush_v1 list = entry; // a module's open may sleep, and the entry may be cleared meanwhile
    if (system.trace.on) [[unlikely]]
        system.trace.emit({.event = Event::autopush_found, .clause = "AUT-036", .dev = dev, .number = static_cast<long>(list.sap_npush), .stream = id});
    if (static_cast<int>(list.sap_npush) > system.tunables.push_limit)
        return process.refuse(EINVAL, "autopush", "the list is longer than the push limit", "OPN-019 AUT-047");
    for (unsigned i = 0; i < list.sap_npush; ++i) {
        const char *name = list.sap_list[i];
        if (hung_up) return process.refuse(ENXIO, "autopush", "the stream hung up", "OPN-018 AUT-047", name);
        if (read_error || own_write_error())
            return process.refuse(EIO, "autopush", "the stream holds an error", "OPN-018 AUT-047", name);
        Module *module = system.module_named(name);
        if (!module) return process.refuse(EINVAL, "autopush", "no module has this name any more", "AUT-047", name);
        bool refused = false;
        if (int error = push(process, *module, dev, &refused))
            return process.refuse(error, "autopush", refused ? "a module's open refused" : "no memory for a module's queues",
                                  "OPN-020 AUT-038", name);
        if (i + 1 == list.sap_anchor) place_anchor(name);
    }
    return 0;
}

void Stream::place_anchor(const char *module) {
    anchor = pushed;
    if (system.trace.on) [[unlikely]]
        system.trace.emit({.event = Event::anchor_placed, .name = module, .clause = "AUT-039", .dev = dev(), .number = pushed, .stream = id});
}

void Stream::remove_anchor(const char *module) {
    anchor = 0;
    if (system.trace.on) [[unlikely]]
        system.trace.emit({.event = Event::anchor_removed, .name = module, .clause = "AUT-039", .dev = dev(), .number = pushed, .stream = id});
}

// Takes a pair off the stream: its close procedure, then its neighbours, then what is left on its queues.
void Stream::detach(QueuePair &pair, int flag, Caller &process) {
    const Checks::Leaving before = system.checks.leaving(pair);
    if (pair.opened) call_close(pair, flag, process.cred);
    if (pair.procs_on) unlink_neighbours(pair);
    if (&pair != driver_pair() && is_wanted(pair.read())) back_enable(pair.read(), 0); // held back by what goes now
    end_pair(pair);
    system.checks.left(pair, before);
    if (&pair == driver_pair()) {
        head.write()->q_next = nullptr;
        return;
    }
    --pushed;
    --const_cast<Owner *>(pair.owner)->holds;
    system.pair_pool.free(&pair);
    schedule(write_queue(), Event::enabled_by_modules);
}

// --- close ---

void Stream::process_closed(Caller &process) {
    if (signals.empty()) [[likely]]
        return;
    signals.remove_and_dispose_if([&](const SigEntry &e) { return e.process == &process; },
                                  [&](SigEntry *e) { system.sig_pool.free(e); });
}

// Waits until the write queue of a pair is empty, at most the close time (CLS-006 to CLS-010).
int Stream::drain(QueuePair &pair) {
    if (!pair.write()->q_first) [[likely]]
        return 0;
    const long until = sum_of(system.sched.now(), ticks_of_ms(close_ms));
    while (pair.write()->q_first) {
        const long left = until - system.sched.now();
        if (left <= 0) break;
        ++system.procedures_awaited;
        const Wake wake = system.sleep(procedures, "the write queue to drain before close", true, left);
        --system.procedures_awaited;
        if (wake == Wake::signal) return EINTR;
        if (wake != Wake::event) break;
    }
    return 0;
}

// From the top down: each module, then the driver, drained first unless the file does not wait or a signal is pending
// (CLS-005 to CLS-010). True when a signal ended a drain.
bool Stream::take_apart(Caller &process, int oflag) {
    const bool wait = !(oflag & (FNDELAY | FNONBLOCK)) && close_ms > 0;
    bool signalled = false;
    while (QueuePair *pair = top()) {
        if (pair->stream != this) break; // a pipe's other end
        if (wait && !process.signal_pending() && drain(*pair) == EINTR) signalled = true;
        detach(*pair, driver_flags(oflag), process);
    }
    return signalled;
}

int Stream::close(Caller &process, int oflag) {
    trace_stream(system, *this, Event::stream_closing, "CLS-002", dev());
    closes();
    if (links_above > 0) unlink_all_on_close(process, *this);
    const bool interrupted = take_apart(process, oflag) && !system.profile.close_signal_ignored;
    trace_stream(system, *this, Event::stream_freed, nullptr, dev());
    discard();
    return interrupted ? process.refuse(EINTR, "close", "a signal ended the drain; the stream is gone", "CLS-010") : 0;
}

// Frees the stream itself: what is on the head's queues, a held reply, registrations.
void Stream::discard() {
    Driver *row = driver;
    wake_all("the stream is gone");
    while (head.read()->q_first) free_at_head(getq(head.read()));
    if (in_ioctl.reply) freemsg(in_ioctl.reply);
    signals.clear_and_dispose([&](SigEntry *e) { system.sig_pool.free(e); });
    while (!pollers.empty()) pollers.pop_front();
    if (terminal.session) [[unlikely]]
        for (Caller &p : system.processes)
            if (p.controlling_terminal == this) p.controlling_terminal = nullptr;
    end_pair(head);
    if (has_driver) {
        if (!driver_pair()->gone) end_pair(*driver_pair()); // it was not detached: its open failed
        system.checks.left(*driver_pair(), system.checks.leaving(*driver_pair())); // its open may have failed
        driver_pair()->~QueuePair();
    }
    if (row) --row->holds;
    if (special) leave_device();
    System &owner = system;
    this->~Stream();
    owner.stream_pool.give(this);
}

void Stream::free_at_head(mblk_t *mp) {
    if (mp == last_mark) last_mark = nullptr;
    freemsg(mp);
}

} // namespace rill
