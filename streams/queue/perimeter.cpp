#include "streams/queue/perimeter.hpp"
#include "streams/queue/procedure.hpp"
#include "streams/queue/sync.hpp"
#include "streams/system.hpp"

#include <algorithm>
#include <cerrno>
#include <fmt/format.h>
#include <sys/conf.h>
#include <sys/ddi.h>
#undef sleep

namespace rill {

namespace {

int side_of(const queue_t *q) { return (q->q_flag & QREADR) ? 0 : 1; }

Perimeter *inner_of(QueuePair &pair, const queue_t *q) { return pair.guard->inner[side_of(q)].get(); }

bool shares(const QueuePair &pair, bool is_put) { return is_put && (pair.owner->devflag & D_MTPUTSHARED); }

bool is_busy(const Perimeter &p, bool shared) { return p.exclusive || (!shared && p.sharers > 0); }

// The perimeter that keeps a procedure out, nullptr if it may go in. What arrives later waits behind what was deferred.
Perimeter *blocker(QueuePair &pair, const queue_t *q, bool shared, bool was_deferred) {
    Perimeter *inner = inner_of(pair, q), *outer = pair.guard->outer.get();
    if (inner && (is_busy(*inner, shared) || (!was_deferred && !inner->deferred.empty()))) return inner;
    if (outer && (outer->exclusive || (!was_deferred && !outer->deferred.empty()))) return outer;
    return nullptr;
}

void go_in(Perimeter *p, bool shared) {
    if (!p) return;
    if (shared) ++p->sharers;
    else p->exclusive = true;
}

void go_out(Perimeter *p, bool shared) {
    if (!p) return;
    if (shared) --p->sharers;
    else p->exclusive = false;
}

bool run_deferred(const Deferred &item, bool front);

void drain(System &system, const std::shared_ptr<Perimeter> &p) {
    if (!p || p->draining) return;
    p->draining = true;
    while (!p->exclusive && !p->deferred.empty()) {
        const Deferred item = p->deferred.front();
        p->deferred.pop_front();
        if (!run_deferred(item, true)) break;
    }
    p->draining = false;
    if (!p->exclusive && !p->waiters.empty()) system.wake_one(p->waiters, "the perimeter is free");
}

// Runs one of a pair's procedures inside its perimeters.
template <class F> void inside(QueuePair &pair, const queue_t *q, bool shared, F &&procedure) {
    const std::shared_ptr<Guard> guard = pair.guard; // the pair may be gone afterwards
    System &system = *pair.system;
    const int side = side_of(q);
    go_in(guard->inner[side].get(), shared);
    go_in(guard->outer.get(), true);
    procedure();
    go_out(guard->outer.get(), true);
    go_out(guard->inner[side].get(), shared);
    drain(system, guard->inner[side]);
    drain(system, guard->outer);
}

// qwriter's function, alone at the outer perimeter if so asked.
void run_writer(QueuePair &pair, const Deferred &item) {
    System &system = *pair.system;
    const std::shared_ptr<Perimeter> outer = item.outer ? pair.guard->outer : nullptr;
    if (outer) outer->exclusive = true;
    {
        Procedure procedure(system, item.q, item.mp);
        procedure.call([&] { item.writer(item.q, item.mp); });
    }
    if (outer) outer->exclusive = false;
}

bool run_deferred(const Deferred &item, bool front) {
    QueuePair &pair = *item.pair;
    const bool shared = shares(pair, item.what == Deferred::What::put);
    Perimeter *blocked = blocker(pair, item.q, shared, true);
    if (!blocked && item.outer && pair.guard->outer && pair.guard->outer->sharers > 0) blocked = pair.guard->outer.get();
    if (blocked) {
        if (front) blocked->deferred.push_front(item);
        else blocked->deferred.push_back(item);
        return false;
    }
    if (!pair.procs_on) { // switched off meanwhile (MP-006)
        if (item.mp) freemsg(item.mp);
        return true;
    }
    ++pair.guard->ran;
    inside(pair, item.q, shared, [&] {
        switch (item.what) {
        case Deferred::What::put: run_put_procedure(pair, item.q, item.mp); break;
        case Deferred::What::service: run_service_procedure(pair, item.q); break;
        case Deferred::What::callback:
            run_callback(*pair.system, EntryKind::timeout, item.q, pair.owner->name.c_str(), item.function, item.argument);
            break;
        case Deferred::What::writer: run_writer(pair, item); break;
        }
    });
    return true;
}

// Goes in, or defers the item.
bool enter(const Deferred &item, bool shared) {
    QueuePair &pair = *item.pair;
    if (Perimeter *blocked = blocker(pair, item.q, shared, false)) {
        blocked->deferred.push_back(item);
        return false;
    }
    go_in(inner_of(pair, item.q), shared);
    go_in(pair.guard->outer.get(), true);
    return true;
}

template <class F> void for_each_perimeter(QueuePair &pair, F &&f) {
    if (!pair.guard) return;
    if (pair.guard->inner[0]) f(pair.guard->inner[0]);
    if (pair.guard->inner[1] && pair.guard->inner[1] != pair.guard->inner[0]) f(pair.guard->inner[1]);
    if (pair.guard->outer) f(pair.guard->outer);
}

bool alone_outside(const QueuePair &pair) { return pair.owner->devflag & D_MTOCEXCL; }

// Is a procedure that entered this perimeter running, innermost of all or further out?
bool caller_is_inside(System &system, QueuePair &pair, const queue_t *q) {
    for (const Entry *e = system.entry; e; e = e->outer) {
        if (!e->queue || !pair_of(e->queue)->guard) continue;
        if (e->kind == EntryKind::open || e->kind == EntryKind::close) {
            if (pair_of(e->queue)->guard->inner[0].get() == inner_of(pair, q) || pair_of(e->queue) == &pair) return true;
        } else if (inner_of(*pair_of(e->queue), e->queue) == inner_of(pair, q)) {
            return true;
        }
    }
    return false;
}

} // namespace

void guard_pair(QueuePair &pair, const Owner &owner) {
    const int flags = owner.devflag;
    if (!(flags & (D_MTPERQ | D_MTQPAIR | D_MTPERMOD | D_MTOUTPERIM))) {
        pair.guard.reset();
        return;
    }
    auto whole_owner = [&] {
        if (!owner.perimeter) owner.perimeter = std::make_shared<Perimeter>();
        return owner.perimeter;
    };
    pair.guard = std::make_shared<Guard>();
    Guard &g = *pair.guard;
    if (flags & D_MTPERMOD) {
        g.inner[0] = g.inner[1] = whole_owner();
        return;
    }
    if (flags & (D_MTPERQ | D_MTQPAIR)) {
        g.inner[0] = std::make_shared<Perimeter>();
        g.inner[1] = flags & D_MTPERQ ? std::make_shared<Perimeter>() : g.inner[0];
    }
    if (flags & D_MTOUTPERIM) g.outer = whole_owner();
}

void drop_deferred(QueuePair &pair) {
    for_each_perimeter(pair, [&](const std::shared_ptr<Perimeter> &p) {
        std::erase_if(p->deferred, [&](const Deferred &item) {
            if (item.pair != &pair) return false;
            if (item.mp) freemsg(item.mp);
            return true;
        });
    });
}

bool enter_put(QueuePair &pair, queue_t *q, mblk_t *mp) {
    return enter({.what = Deferred::What::put, .pair = &pair, .q = q, .mp = mp}, shares(pair, true));
}

bool enter_service(QueuePair &pair, queue_t *q) {
    return enter({.what = Deferred::What::service, .pair = &pair, .q = q}, false);
}

bool enter_callback(QueuePair &pair, queue_t *q, void (*function)(void *), void *argument, toid_t id) {
    return enter({.what = Deferred::What::callback, .pair = &pair, .q = q, .function = function, .argument = argument, .id = id}, false);
}

void leave(QueuePair &pair, queue_t *q, bool was_put) {
    const std::shared_ptr<Guard> guard = pair.guard;
    System &system = *pair.system;
    go_out(guard->outer.get(), true);
    go_out(guard->inner[side_of(q)].get(), shares(pair, was_put));
    drain(system, guard->inner[side_of(q)]);
    drain(system, guard->outer);
}

int enter_call(QueuePair &pair, bool closing, bool *inside) {
    System &system = *pair.system;
    *inside = false;
    for (;;) {
        Perimeter *blocked = nullptr;
        bool own = false; // its own call is in already
        for_each_perimeter(pair, [&](const std::shared_ptr<Perimeter> &p) {
            const bool shared = p == pair.guard->outer && !alone_outside(pair);
            if (!is_busy(*p, shared)) return;
            if (p->call && p->call == system.running) own = true;
            else blocked = p.get();
        });
        if (own) return 0;
        if (!blocked) break;
        if (!system.running) {
            system.fault("MP-014", "a perimeter is occupied and its open or close cannot wait", pair.read());
            return 0;
        }
        const Wake wake = system.sleep(blocked->waiters, "the driver's perimeter (MP-014)", false);
        if (wake == Wake::deadlock && !closing) return EDEADLK;
    }
    for_each_perimeter(pair, [&](const std::shared_ptr<Perimeter> &p) {
        go_in(p.get(), p == pair.guard->outer && !alone_outside(pair));
        if (p->exclusive) p->call = system.running;
    });
    *inside = true;
    return 0;
}

void leave_call(QueuePair &pair) {
    const std::shared_ptr<Guard> guard = pair.guard;
    System &system = *pair.system;
    std::vector<std::shared_ptr<Perimeter>> left;
    for_each_perimeter(pair, [&](const std::shared_ptr<Perimeter> &p) {
        if (p->exclusive) p->call = nullptr;
        go_out(p.get(), p == guard->outer && !alone_outside(pair));
        left.push_back(p);
    });
    for (const auto &p : left) drain(system, p);
}

} // namespace rill

using namespace rill;

#define EXPORT extern "C" __attribute__((visibility("default")))

namespace {

void qwait_in(queue_t *q, bool interruptible, bool *signalled) {
    *signalled = false;
    if (!may_use(q, "qwait")) return;
    if (!may_sleep_here("MP-019", "qwait() outside open and close")) return;
    QueuePair *pair = pair_of(q);
    const std::shared_ptr<Guard> guard = pair->guard;
    const unsigned long before = guard ? guard->ran : 0;
    if (guard) leave_call(*pair);
    System &system = *pair->system;
    ++system.procedures_awaited;
    if (!guard || guard->ran == before)
        *signalled = driver_sleep(pair->stream->procedures, "a put or service procedure to run (qwait)", interruptible,
                                  forever) != Wake::event;
    --system.procedures_awaited;
    bool inside;
    if (guard) enter_call(*pair, true, &inside);
}

} // namespace

EXPORT void qwait(queue_t *q) {
    bool signalled;
    qwait_in(q, false, &signalled);
}

EXPORT int qwait_sig(queue_t *q) { // MP-020
    bool signalled;
    qwait_in(q, true, &signalled);
    return !signalled;
}

EXPORT void qwriter(queue_t *q, mblk_t *mp, void (*func)(queue_t *, mblk_t *), int perimeter) {
    if (!may_use(q, "qwriter")) return freemsg(mp);
    QueuePair &pair = *pair_of(q);
    if (!pair.guard) return func(q, mp);
    System &system = *pair.system;
    Perimeter *inner = inner_of(pair, q);
    const std::shared_ptr<Perimeter> outer = perimeter == PERIM_OUTER ? pair.guard->outer : nullptr;
    const Deferred item{.what = Deferred::What::writer, .pair = &pair, .q = q, .mp = mp, .writer = func, .outer = outer != nullptr};
    const bool in = caller_is_inside(system, pair, q);
    if (!in) {
        if (Perimeter *blocked = blocker(pair, q, false, false)) return blocked->deferred.push_back(item);
        run_deferred(item, false);
        return;
    }
    // The caller is in; it must be the only one.
    const bool inner_free = !inner || inner->exclusive || inner->sharers == 1;
    const bool outer_free = !outer || outer->exclusive || outer->sharers == 1;
    if (!inner_free) return inner->deferred.push_back(item);
    if (!outer_free) return outer->deferred.push_back(item);
    auto alone = [](Perimeter *p) { // from shared to exclusive, if it was that
        if (!p || p->exclusive) return false;
        p->sharers = 0;
        return p->exclusive = true;
    };
    auto shared_again = [](Perimeter *p, bool changed) {
        if (!changed) return;
        p->exclusive = false;
        p->sharers = 1;
    };
    const bool inner_changed = alone(inner), outer_changed = alone(outer.get());
    func(q, mp);
    shared_again(outer.get(), outer_changed);
    shared_again(inner, inner_changed);
}

EXPORT timeout_id_t qtimeout(queue_t *q, void (*func)(void *), void *arg, clock_t ticks) {
    if (!may_use(q, "qtimeout")) return 0;
    System &system = *pair_of(q)->system;
    return system.sched.timeout(func, arg, ticks, q, pair_of(q)->owner->name.c_str());
}

EXPORT clock_t quntimeout(queue_t *q, timeout_id_t id) {
    if (!may_use(q, "quntimeout")) return -1;
    QueuePair &pair = *pair_of(q);
    for_each_perimeter(pair, [&](const std::shared_ptr<Perimeter> &p) {
        std::erase_if(p->deferred, [&](const Deferred &item) { return item.what == Deferred::What::callback && item.id == id; });
    });
    return pair.system->sched.untimeout(id);
}

EXPORT bufcall_id_t qbufcall(queue_t *q, size_t size, unsigned int, void (*func)(void *), void *arg) {
    if (!may_use(q, "qbufcall")) return 0;
    System &system = *pair_of(q)->system;
    return system.sched.bufcall(size, func, arg, pair_of(q)->owner->name.c_str(), q);
}

EXPORT void qunbufcall(queue_t *q, bufcall_id_t id) {
    if (!may_use(q, "qunbufcall")) return;
    quntimeout(q, id);
    pair_of(q)->system->sched.unbufcall(id);
}
