#include "tools/rill/check/watch.hpp"

#include "streams/system.hpp"

#include <algorithm>
#include <cstring>
#include <fmt/format.h>
#include <sys/conf.h>
#include <utility>

namespace rill::tool {

namespace {

template <std::size_t n> void copy(char (&to)[n], const char *from) {
    const std::size_t length = std::min(std::strlen(from), n - 1);
    std::memcpy(to, from, length);
    to[length] = 0;
}

template <class F> void for_each_queue(System &system, F &&f) {
    for (Stream &stream : system.streams) {
        f(stream.head, *stream.head.read());
        f(stream.head, *stream.head.write());
        stream.for_each_pair([&](QueuePair &pair) {
            f(pair, *pair.read());
            f(pair, *pair.write());
        });
    }
}

template <class F> void for_each_band(const queue_t &q, F &&f) {
    for (const qband_t *b = q.q_bandp; b; b = b->qb_next) f(*b);
}

bool waits_for_room(const queue_t &q) {
    bool out = q.q_flag & QWANTW;
    for_each_band(q, [&](const qband_t &b) { out |= (b.qb_flag & QB_WANTW) != 0; });
    return out;
}

// Whether the queue that decides about q's next one (FLW-024) would take a message of this band. canput() would leave a
// mark there.
bool has_room_above(const queue_t &q, unsigned char band) {
    queue_t *next = q.q_next;
    while (next->q_next && !next->q_qinfo->qi_srvp) next = next->q_next;
    if (band == 0) return !(next->q_flag & QFULL);
    const qband_t *b = find_band(next, band);
    return !b || !(b->qb_flag & QB_FULL);
}

} // namespace

Actor actor_of(const Kernel &in, const Entry *entry) {
    Actor out;
    if (!entry) return out;
    copy(out.driver, in.driver_of(entry));
    copy(out.procedure, name_of(entry->kind));
    return out;
}

Watch::Watch(System &system, const std::string &target, Actor *last_entered)
    : system_(system), target_(target), last_entered_(last_entered) {
    system_.trace.attach(*this);
}

Watch::~Watch() { system_.trace.detach(*this); }

bool Watch::is_target(const char *name) const { return name && target_ == name; }

void Watch::record(const Record &r) {
    switch (r.kind) {
    case Kind::put:
        put(r);
        break;
    case Kind::srv:
        *last_entered_ = actor_of(system_, system_.entry);
        break;
    case Kind::qopen:
    case Kind::qclose:
        copy(last_entered_->driver, r.name ? r.name : "?");
        copy(last_entered_->procedure, name_of(r.kind == Kind::qopen ? EntryKind::open : EntryKind::close));
        break;
    case Kind::qopened:
        if (is_target(r.name)) opened_ = r.name, opened_dev_ = r.dev;
        [[fallthrough]];
    case Kind::qclosed:
    case Kind::ret:
        *last_entered_ = {};
        break;
    case Kind::driver:
        if (is_target(r.name) && r.event == Event::procedures_switched_on) {
            const Owner *owner = system_.registry.by_name(target_);
            if (!owner) owner = system_.registry.module(target_);
            if (owner && (owner->devflag & D_MP) && owner->convention != Convention::hpux) // it has no qprocson there
                open_fault_ = fault_of(EntryKind::open, "MP-001", "its flags have D_MP, and it did not call qprocson");
        }
        break;
    case Kind::refuse:
        if (is_target(opened_.c_str()) && r.event == Event::device_is_open)
            open_fault_ = fault_of(EntryKind::open, "CLN-006",
                                   fmt::format("it answered with a device that is open already, ({},{}): does it store the minor that it "
                                               "chose through devp?",
                                               external_major(opened_dev_), external_minor(opened_dev_)));
        break;
    case Kind::call:
        opened_.clear();
        break;
    default:
        break;
    }
}

void Watch::put(const Record &r) {
    const Entry *into = system_.entry;
    *last_entered_ = actor_of(system_, into);
    const Entry *from = into ? into->outer : nullptr;
    const bool by_target = from && from->queue && pair_of(from->queue)->owner &&
                           is_target(pair_of(from->queue)->owner->name.c_str());
    const bool up = r.event == Event::put_up;
    if (r.number == M_FLUSH) {
        if (is_target(r.name)) (up ? seen_.flush_in_up : seen_.flush_in_down) = true;
        if (by_target) (up ? seen_.flush_out_up : seen_.flush_out_down) = true;
    } else if (r.number == M_IOCTL && !up) {
        seen_.ioctl_at = procedure_of(r.name, name_of(EntryKind::put));
    } else if (r.number == M_DATA && by_target) {
        seen_.actor = name_of(from->kind);
    }
}

void Watch::measure() {
    for_each_queue(system_, [&](QueuePair &, const queue_t &q) {
        seen_.most[0] = std::max(seen_.most[0], static_cast<std::size_t>(q.q_count));
        for_each_band(q, [&](const qband_t &b) {
            seen_.most[1] = std::max(seen_.most[1], static_cast<std::size_t>(b.qb_count));
        });
    });
}

Seen Watch::take() {
    measure();
    return std::exchange(seen_, {});
}

std::optional<Fault> Watch::fault() {
    if (open_fault_) return std::exchange(open_fault_, {});
    return told_stall_ ? std::nullopt : stalled();
}

bool Watch::is_wanted_elsewhere(const queue_t &q) {
    bool out = false;
    for_each_queue(system_, [&](QueuePair &, const queue_t &other) { out |= &other != &q && waits_for_room(other); });
    return out;
}

// Messages that lie on a queue of the target while nothing is left that will ever run its service procedure: it is not
// scheduled, no full queue will schedule it when it has room again, and no timer or bufcall is pending.
std::optional<Fault> Watch::stalled() {
    if (system_.sched.runnable() || system_.sched.has_timers() || system_.sched.has_bufcalls()) return {};
    std::optional<Fault> out;
    for_each_queue(system_, [&](QueuePair &pair, queue_t &q) {
        if (!out && pair.owner && is_target(pair.owner->name.c_str())) out = stalled(pair, q);
    });
    told_stall_ = out.has_value();
    return out;
}

std::optional<Fault> Watch::stalled(QueuePair &pair, queue_t &q) {
    if (!q.q_first || !q.q_qinfo->qi_srvp || !pair.procs_on || (q.q_flag & (QENAB | QNOENB | QWANTR))) return {};
    if (is_wanted_elsewhere(q)) return {};
    const mblk_t *first = q.q_first;
    const auto count = q.q_count;
    const unsigned char band = first->b_band;
    const char *side = (q.q_flag & QREADR) ? "read" : "write";
    {
        Enter scope(system_);
        schedule(&q, Event::enabled_by_hand);
        system_.sched.run_queues();
    }
    if (q.q_first != first || q.q_count != count) // it only had to be told
        return fault_of(EntryKind::service, "SCH-027, SCH-028",
                        fmt::format("it left messages on its {} queue that it could have passed on, and nothing schedules it again", side));
    if (!q.q_next || !has_room_above(q, band)) return {}; // it may wait for something else
    return fault_of(EntryKind::service, "SCH-022",
                    fmt::format("it puts a message back on its {} queue while the next queue has room, and nothing schedules it again", side));
}

} // namespace rill::tool
