// Moving: messages on a queue, and from one queue to the next (clauses/03 sections 4, 6 and 7).
//
// A queue is one chain through b_next and b_prev: high-priority messages, then bands 255 to 1, then band 0, each class in
// order of arrival (QUE-039). A band's qb_first and qb_last point into the chain; q_bandp lists the bands upwards from 1.
// Everything that puts a message on goes through put_on(), everything that takes one off through take_off(): the two
// that let flow know. A putter decides for itself whether the service procedure is scheduled (SCH-012 to SCH-035). The
// last high-priority message is kept by the pair, so that no place in the chain has to be looked for (FLW-081).
// Passing on is a plain call: putnext() ends in deliver(), which notes whose put procedure runs.
#include "streams/queue/queue.hpp"
#include "streams/message/message.hpp"
#include "streams/message/usercopy.hpp"
#include "streams/queue/perimeter.hpp"
#include "streams/queue/procedure.hpp"
#include "streams/system.hpp"

#include <bit>
#include <cerrno>
#include <fmt/format.h>
#include <new>
#include <sys/cmn_err.h>
#include <sys/conf.h>

namespace rill {

namespace {

System &system_of(queue_t *q) { return *pair_of(q)->system; }

// Also called where current may be another System, or none.
[[gnu::cold, gnu::noinline]] void fault(const char *rule, const char *what, queue_t *q) {
    System *system = q ? pair_of(q)->system : current;
    if (system) system->fault(rule, what, q);
}

// Whose queue it is does not matter: the fault is the caller's, where there is one.
[[gnu::cold, gnu::noinline]] void callers_fault(const char *rule, const char *what, queue_t *q) {
    System &system = system_of(q);
    system.fault(rule, what, system.entry ? nullptr : q);
}

// --- the chain ---

bool in_band(const mblk_t *mp, unsigned char band) { return mp->b_band == band && !is_high_priority(mp); }

mblk_t *&hipri_slot(queue_t *q) { return pair_of(q)->last_hipri[(q->q_flag & QREADR) ? 0 : 1]; }

mblk_t *last_high_priority(queue_t *q) {
    if (!(q->q_flag & q_hipri)) [[likely]]
        return nullptr;
    return q->q_first ? hipri_slot(q) : nullptr; // a driver may have emptied it by hand
}

void set_last_high_priority(queue_t *q, mblk_t *mp) {
    hipri_slot(q) = mp;
    q->q_flag = mp ? q->q_flag | q_hipri : q->q_flag & ~q_hipri;
}

// mp is on the queue and was put there as a high-priority message.
void note_high_priority(queue_t *q, mblk_t *mp) {
    if (last_high_priority(q) == mp->b_prev) set_last_high_priority(q, mp);
}

BandIndex *index_of(const queue_t *q) {
    return q->q_nband > few_bands ? reinterpret_cast<Band *>(q->q_bandp)->index : nullptr;
}

// A band has its first message, or lost its last one.
void note_busy(const queue_t *q, unsigned char band, bool busy) {
    BandIndex *index = index_of(q);
    if (!index) return;
    const std::uint64_t bit = std::uint64_t{1} << band % 64;
    if (busy) index->busy[band / 64] |= bit;
    else index->busy[band / 64] &= ~bit;
}

// The last message of all classes above a band; nullptr when there is none.
mblk_t *last_above(queue_t *q, unsigned char band) {
    if (const BandIndex *index = index_of(q)) {
        const unsigned from = band + 1u;
        std::uint64_t above = from < NBAND ? index->busy[from / 64] >> from % 64 << from % 64 : 0;
        for (unsigned word = from / 64; word < 4; above = ++word < 4 ? index->busy[word] : 0)
            for (; above; above &= above - 1)
                if (mblk_t *last = index->at[word * 64 + static_cast<unsigned>(std::countr_zero(above))]->qb_last) return last;
        return last_high_priority(q);
    }
    qband_t *b = band ? find_band(q, band)->qb_next : q->q_bandp;
    for (; b; b = b->qb_next)
        if (b->qb_last) return b->qb_last;
    return last_high_priority(q);
}

bool is_on(queue_t *q, const mblk_t *mp) { return mp->b_prev ? mp->b_prev->b_next == mp : q->q_first == mp; }

// May it be on a queue already? A checking build knows; here its neighbours, and q, may say so.
[[gnu::always_inline]] inline bool seems_queued(queue_t *q, const mblk_t *mp) { return !checking && (mp->b_next || mp->b_prev || mp == q->q_last); }

// True after a fault: it is on a queue, and stays there (PUT-006). What a driver left in b_next and b_prev of a message in its
// hands, or in q_last of a queue that it has emptied, may be anything, and is nothing afterwards.
[[gnu::cold, gnu::noinline]] bool stays_where_it_is(queue_t *q, mblk_t *mp) {
    const mblk_t *next_of_that = nullptr;
    const bool here = q->q_first && (q->q_first == mp || q->q_last == mp);
    if (here || (mp->b_prev && copy_from_user(&next_of_that, &mp->b_prev->b_next, sizeof next_of_that) && next_of_that == mp)) {
        callers_fault("PUT-006", "a message was put on a queue while it was on one", q);
        return true;
    }
    mp->b_next = mp->b_prev = nullptr;
    if (!q->q_first) q->q_last = nullptr;
    return false;
}

[[gnu::cold, gnu::noinline]] int put_if_on_none(int (*put)(queue_t *, mblk_t *), queue_t *q, mblk_t *mp) {
    return stays_where_it_is(q, mp) ? 1 : put(q, mp);
}

// Puts mp behind another message, at the front when that is nullptr.
void put_on(queue_t *q, mblk_t *before, mblk_t *mp) {
    mblk_t *next = before ? before->b_next : q->q_first;
    mp->b_prev = before;
    mp->b_next = next;
    (before ? before->b_next : q->q_first) = mp;
    (next ? next->b_prev : q->q_last) = mp;
    note_added(q, mp);
}

// mp is out of the chain; these were its neighbours.
[[gnu::noinline]] void leave_band(queue_t *q, mblk_t *mp, mblk_t *prev, mblk_t *next) {
    qband_t *b = find_band(q, mp->b_band);
    if (b && b->qb_first == b->qb_last) {
        b->qb_first = b->qb_last = nullptr;
        note_busy(q, mp->b_band, false);
    } else if (b && b->qb_first == mp) {
        while (!in_band(next, mp->b_band)) next = next->b_next;
        b->qb_first = next;
    } else if (b && b->qb_last == mp) {
        while (!in_band(prev, mp->b_band)) prev = prev->b_prev;
        b->qb_last = prev;
    }
}

void take_off(queue_t *q, mblk_t *mp) {
    mblk_t *next = mp->b_next, *prev = mp->b_prev;
    (prev ? prev->b_next : q->q_first) = next;
    (next ? next->b_prev : q->q_last) = prev;
    if (mp->b_band && !is_high_priority(mp)) [[unlikely]]
        leave_band(q, mp, prev, next);
    mp->b_next = mp->b_prev = nullptr;
    system_of(q).checks.taken_off(q, mp);
    note_removed(q, mp);
}

// The same from where getq() does not take it: the last high-priority message may be this.
void take_out(queue_t *q, mblk_t *mp) {
    if ((q->q_flag & q_hipri) && hipri_slot(q) == mp) [[unlikely]] {
        mblk_t *last = mp->b_prev;
        while (last && !is_high_priority(last)) last = last->b_prev; // a queue out of order (QUE-081)
        set_last_high_priority(q, last);
    }
    take_off(q, mp);
}

// A message's band as the queue sees it, made if need be. False when it cannot be had.
bool settle_band(queue_t *q, mblk_t *mp, qband_t **band) {
    *band = nullptr;
    if (is_high_priority(mp))
        mp->b_band = 0; // QUE-040
    else if (mp->b_band) [[unlikely]]
        return (*band = make_band(q, mp->b_band)) != nullptr;
    return true;
}

// mp has its place in the chain: is it the first or the last of its band? Its neighbours tell, but where a queue is out of
// order (QUE-081).
void join_band(queue_t *q, qband_t &band, mblk_t *mp) {
    if (!band.qb_first) {
        band.qb_first = band.qb_last = mp;
        return note_busy(q, mp->b_band, true);
    }
    const mblk_t *before = mp->b_prev, *behind = mp->b_next;
    if (!(before && in_band(before, mp->b_band)) && !(behind && in_band(behind, mp->b_band))) {
        while (before && !in_band(before, mp->b_band)) before = before->b_prev;
        while (behind && !in_band(behind, mp->b_band)) behind = behind->b_next;
    }
    if (!before || behind == band.qb_first) band.qb_first = mp;
    if (!behind || before == band.qb_last) band.qb_last = mp;
}

// What insq and appq have in common once the place is known.
int insert(queue_t *q, mblk_t *before, mblk_t *mp) {
    qband_t *band;
    if (!settle_band(q, mp, &band)) return 0;
    if (seems_queued(q, mp) && stays_where_it_is(q, mp)) return 1;
    if (!system_of(q).checks.may_be_queued(q, mp)) return 1;
    put_on(q, before, mp);
    if (is_high_priority(mp)) note_high_priority(q, mp);
    if (band) join_band(q, *band, mp);
    bool always = is_high_priority(mp) && system_of(q).profile.insq_hipri_schedules; // SCH-023, SCH-035
    if (always || (q->q_flag & (QWANTR | QNOENB)) == QWANTR) schedule(q, Event::enabled_by_inserted_message);
    return 1;
}

// May mp stand between two messages, either of them possibly missing (QUE-052, QUE-053, QUE-081)?
bool fits(queue_t *q, const mblk_t *before, const mblk_t *mp, const mblk_t *behind) {
    if (is_high_priority(mp)) return !before || is_high_priority(before);
    if (before && !is_high_priority(before) && before->b_band < mp->b_band) return false;
    if (!behind) return true;
    if (is_high_priority(behind)) return system_of(q).profile.insq_bands_only;
    return mp->b_band >= behind->b_band;
}

// Whether flushing with this flag frees a message (QUE-060, QUE-061).
bool flushes(int flag, const mblk_t *mp) { return flag == FLUSHALL || datamsg(mp->b_datap->db_type); }

// From one message to another, which may be the whole queue.
template <class Which> void flush(queue_t *q, mblk_t *first, const mblk_t *last, Which which) {
    for (mblk_t *mp = first, *next; mp; mp = next) {
        next = mp == last ? nullptr : mp->b_next;
        if (!which(mp)) continue;
        take_out(q, mp);
        freemsg(mp);
    }
}

// --- delivery ---

[[gnu::cold, gnu::noinline]] void undeliverable(const char *rule, const char *what, queue_t *q, mblk_t *mp) {
    fault(rule, what, q);
    freemsg(mp);
}

[[gnu::cold, gnu::noinline]] void put_guarded(QueuePair &pair, queue_t *q, mblk_t *mp) {
    if (!enter_put(pair, q, mp)) return;
    run_put_procedure(pair, q, mp);
    leave(pair, q, true);
}

int put_control(queue_t *q, int type, std::initializer_list<int> bytes) {
    if (!q) return fault("PUT-001", "putnextctl was called where there is no next queue", nullptr), 0;
    if (!may_use(q, "putctl")) return 0;
    if (datamsg(type) && type != M_DELAY) return 0; // PUT-012, PUT-013
    mblk_t *mp = allocb(bytes.size(), BPRI_HI);
    if (!mp) return 0;
    mp->b_datap->db_type = static_cast<unsigned char>(type);
    for (int byte : bytes) *mp->b_wptr++ = static_cast<unsigned char>(byte);
    deliver(q, mp);
    return 1;
}

int put_control_to_next(queue_t *q, int type, std::initializer_list<int> bytes) {
    if (!q->q_next && !may_use(q, "putnextctl")) return 0;
    return put_control(q->q_next, type, bytes);
}

// A queue that is gone takes no message: it ends here, and is no more its sender's.
int not_taken(mblk_t *mp) {
    freemsg(mp);
    return 1;
}

} // namespace

[[gnu::cold, gnu::noinline]] bool refuse_queue(queue_t *q, const char *call) {
    if (!current || !pair_of(q)->gone) outside_system(call); // or it is no queue of a stream
    current->fault("MP-024", fmt::format("{} was given a queue that is gone: its stream was closed, or its module popped", call).c_str());
    return false;
}

void deliver(queue_t *q, mblk_t *mp) {
    auto putp = q->q_qinfo->qi_putp;
    if (!putp || !mp) [[unlikely]]
        return mp ? undeliverable("QUE-022", "a message was put to a queue without a put procedure", q, mp) : callers_fault("PUT-001", "no message was put", q);
    QueuePair *pair = pair_of(q);
    System &system = *pair->system;
    if (!system.checks.may_be_put(q, mp)) return;
    if (system.watch) [[unlikely]]
        check_passing(system, "passes a message on");
    if (pair->guard) [[unlikely]]
        return put_guarded(*pair, q, mp);
    run_put_procedure(*pair, q, mp);
}

// --- pairs and bands ---

void set_queues(QueuePair &pair, const Owner &owner, qinit *rinit, qinit *winit) {
    pair.owner = &owner;
    if (pair.guard || (owner.devflag & (D_MTPERQ | D_MTQPAIR | D_MTPERMOD | D_MTOUTPERIM))) [[unlikely]]
        guard_pair(pair, owner);
    qinit *info[2] = {rinit, winit};
    for (int side = 0; side < 2; ++side) {
        queue_t &q = pair.q[side];
        q.q_qinfo = info[side];
        q.q_flag |= QUSE | QWANTR | (side == 0 ? QREADR : 0);
        if (const module_info *limits = info[side]->qi_minfo) {
            q.q_minpsz = limits->mi_minpsz;
            q.q_maxpsz = limits->mi_maxpsz;
            q.q_hiwat = limits->mi_hiwat;
            q.q_lowat = limits->mi_lowat;
        }
        pair.run[side].queue = &q;
    }
}

[[gnu::cold, gnu::noinline]] static void free_bands(System &system, queue_t &q) {
    delete index_of(&q);
    while (qband_t *b = q.q_bandp) {
        q.q_bandp = b->qb_next;
        system.band_pool.give(b);
    }
}

static void empty(QueuePair &pair, System &system) {
    if (pair.guard) [[unlikely]]
        drop_deferred(pair);
    if (system.sched.has_queue_callbacks()) [[unlikely]]
        system.sched.drop_callbacks_of(pair);
    for (int side = 0; side < 2; ++side) {
        queue_t &q = pair.q[side];
        if (!q.q_first && !q.q_bandp && !q.q_count && !(q.q_flag & (QENAB | QFULL | QWANTW))) [[likely]]
            continue;
        while (mblk_t *mp = q.q_first) {
            q.q_first = mp->b_next;
            mp->b_next = mp->b_prev = nullptr;
            if (checking) Block::of(mp)->on_queue = false;
            freemsg(mp);
        }
        if (q.q_bandp) [[unlikely]]
            free_bands(system, q);
        q.q_last = nullptr;
        q.q_count = 0;
        q.q_nband = 0;
        q.q_pad2 = 0;
        q.q_flag &= ~static_cast<unsigned>(QENAB | QFULL | QWANTW | q_hipri);
        if (pair.run[side].is_linked()) [[unlikely]]
            system.sched.remove(pair.run[side]);
    }
}

void empty_pair(QueuePair &pair) { empty(pair, *pair.system); }

void end_pair(QueuePair &pair) {
    System &system = *pair.system;
    pair.system = nullptr;
    pair.gone = true;
    pair.read()->q_next = pair.write()->q_next = nullptr; // where putnext() looks
    empty(pair, system);
}

void hipri_taken(queue_t *q, const mblk_t *mp) {
    if (hipri_slot(q) == mp) set_last_high_priority(q, nullptr);
}

qband_t *find_band(queue_t *q, unsigned char band) {
    if (band == 0 || band > q->q_nband) return nullptr;
    if (const BandIndex *index = index_of(q)) return index->at[band];
    qband_t *b = q->q_bandp;
    while (--band) b = b->qb_next;
    return b;
}

// The band that was made last.
static void enter_in_index(queue_t *q, qband_t *made) {
    if (q->q_nband <= few_bands) return;
    BandIndex *&index = reinterpret_cast<Band *>(q->q_bandp)->index;
    if (!index) {
        index = new BandIndex;
        unsigned char number = 1;
        for (qband_t *b = q->q_bandp; b; b = b->qb_next) {
            index->at[number] = b;
            if (b->qb_last) note_busy(q, number, true);
            ++number;
        }
    }
    index->at[q->q_nband] = made;
}

// New bands take the queue's water marks of this moment (QUE-042, FLW-038).
qband_t *make_band(queue_t *q, unsigned char band) {
    if (qband_t *b = find_band(q, band)) return b;
    System &system = system_of(q);
    qband_t *last = find_band(q, q->q_nband);
    while (q->q_nband < band) {
        if (!system.alloc.allow(sizeof(qband_t))) return nullptr;
        qband_t *b = &(new (system.band_pool.take()) Band)->seen;
        b->qb_hiwat = q->q_hiwat;
        b->qb_lowat = q->q_lowat;
        (last ? last->qb_next : q->q_bandp) = b;
        last = b;
        ++q->q_nband;
        enter_in_index(q, b);
    }
    return last;
}

} // namespace rill

using namespace rill;

#define EXPORT extern "C" __attribute__((visibility("default")))

// --- putting on ---

EXPORT int putq(queue_t *q, mblk_t *mp) {
    if (!may_change(q, "putq")) return not_taken(mp);
    if (seems_queued(q, mp)) [[unlikely]]
        return put_if_on_none(putq, q, mp);
    qband_t *band;
    if (!settle_band(q, mp, &band)) [[unlikely]]
        return 0;
    if (!system_of(q).checks.may_be_queued(q, mp)) return 1;
    if (is_high_priority(mp)) [[unlikely]] {
        put_on(q, last_high_priority(q), mp);
        set_last_high_priority(q, mp);
        schedule(q, Event::enabled_by_priority_message); // SCH-012
    } else if (band) [[unlikely]] {
        put_on(q, band->qb_last ? band->qb_last : last_above(q, mp->b_band), mp);
        if (!band->qb_first) {
            band->qb_first = mp;
            note_busy(q, mp->b_band, true);
        }
        band->qb_last = mp;
        if (!(q->q_flag & QNOENB)) schedule(q, Event::enabled_by_banded_message); // SCH-016, SCH-019
    } else {
        put_on(q, q->q_last, mp);
        if ((q->q_flag & (QWANTR | QNOENB)) == QWANTR) schedule(q, Event::enabled_by_message); // SCH-013
    }
    return 1;
}

EXPORT int putbq(queue_t *q, mblk_t *mp) {
    if (!may_change(q, "putbq")) return not_taken(mp);
    if (seems_queued(q, mp)) [[unlikely]]
        return put_if_on_none(putbq, q, mp);
    qband_t *band;
    if (!settle_band(q, mp, &band)) [[unlikely]]
        return 0;
    if (!system_of(q).checks.may_be_queued(q, mp)) return 1;
    if (is_high_priority(mp)) {
        put_on(q, nullptr, mp);
        note_high_priority(q, mp);
        schedule(q, Event::enabled_by_priority_message_back); // SCH-021
        return 1;
    }
    put_on(q, last_above(q, mp->b_band), mp);
    if (band) {
        if (!band->qb_last) {
            band->qb_last = mp;
            note_busy(q, mp->b_band, true);
        }
        band->qb_first = mp;
    }
    if ((q->q_flag & (QWANTR | QNOENB)) == QWANTR) schedule(q, Event::enabled_by_message_back); // SCH-020
    return 1;
}

EXPORT int insq(queue_t *q, mblk_t *emp, mblk_t *mp) {
    if (!may_use(q, "insq")) return not_taken(mp);
    if (emp && !is_on(q, emp)) return fault("QUE-055", "insq was given a message that is not on the queue", q), 0;
    if (!emp && is_high_priority(mp)) return insert(q, last_high_priority(q), mp); // as putq places it
    mblk_t *before = emp ? emp->b_prev : q->q_last;
    if (fits(q, before, mp, emp)) return insert(q, before, mp);
    if (system_of(q).profile.insq_warns) cmn_err(CE_WARN, "insq: a message of band %d would be out of order", mp->b_band);
    return 0;
}

EXPORT int appq(queue_t *q, mblk_t *emp, mblk_t *mp) {
    if (!may_use(q, "appq")) return not_taken(mp);
    if (emp && !is_on(q, emp)) return fault("QUE-055", "appq was given a message that is not on the queue", q), 0;
    mblk_t *before = emp ? emp : q->q_last;
    return fits(q, before, mp, before ? before->b_next : nullptr) ? insert(q, before, mp) : 0;
}

// --- taking off ---

EXPORT mblk_t *getq(queue_t *q) {
    if (!may_change(q, "getq")) return nullptr;
    mblk_t *mp = q->q_first;
    if (!mp) {
        q->q_flag |= QWANTR;
        check_back_enable(q, 0); // FLW-019
        return nullptr;
    }
    q->q_flag &= ~static_cast<unsigned>(QWANTR);
    take_off(q, mp);
    return mp;
}

EXPORT void rmvq(queue_t *q, mblk_t *mp) {
    if (!may_use(q, "rmvq")) return;
    if (!mp || !is_on(q, mp)) return fault("QUE-058", "rmvq was given a message that is not on the queue", q);
    take_out(q, mp);
}

EXPORT void flushq(queue_t *q, int flag) {
    if (!may_change(q, "flushq")) return;
    flush(q, q->q_first, nullptr, [flag](const mblk_t *mp) { return flushes(flag, mp); });
}

EXPORT void flushband(queue_t *q, unsigned char band, int flag) {
    if (!may_change(q, "flushband") || band > q->q_nband) return;
    const qband_t *b = q->q_first ? find_band(q, band) : nullptr;
    flush(q, b ? b->qb_first : q->q_first, b ? b->qb_last : nullptr, [=](const mblk_t *mp) { // high-priority messages have band 0: QUE-063
        return mp->b_band == band && flushes(flag, mp);
    });
}

// --- asking and setting ---

EXPORT int qsize(queue_t *q) {
    if (!may_change(q, "qsize")) return 0;
    int messages = 0;
    for (mblk_t *mp = q->q_first; mp; mp = mp->b_next) ++messages;
    return messages;
}

EXPORT int strqget(queue_t *q, qfields_t what, unsigned char band, long *valp) {
    if (what >= QBAD || !may_use(q, "strqget")) return EINVAL;
    bool packet = what == QMAXPSZ || what == QMINPSZ;
    if (band && packet) return EINVAL;
    qband_t *b = band ? make_band(q, band) : nullptr;
    if (band && !b) return EAGAIN;
    switch (what) {
    case QHIWAT: *valp = static_cast<long>(b ? b->qb_hiwat : q->q_hiwat); break;
    case QLOWAT: *valp = static_cast<long>(b ? b->qb_lowat : q->q_lowat); break;
    case QMAXPSZ: *valp = q->q_maxpsz; break;
    case QMINPSZ: *valp = q->q_minpsz; break;
    case QCOUNT: *valp = static_cast<long>(b ? b->qb_count : q->q_count); break;
    case QFIRST: *valp = reinterpret_cast<long>(b ? b->qb_first : q->q_first); break;
    case QLAST: *valp = reinterpret_cast<long>(b ? b->qb_last : q->q_last); break;
    case QFLAG: *valp = static_cast<long>(b ? b->qb_flag : q->q_flag); break;
    case QBAD: break;
    }
    return 0;
}

EXPORT int strqset(queue_t *q, qfields_t what, unsigned char band, long val) {
    if (what >= QBAD || !may_use(q, "strqset")) return EINVAL;
    bool packet = what == QMAXPSZ || what == QMINPSZ;
    if (!packet && what != QHIWAT && what != QLOWAT) return EPERM; // QUE-067
    if (band && packet) return EINVAL;                             // QUE-068
    qband_t *b = band ? make_band(q, band) : nullptr;
    if (band && !b) return EAGAIN;
    if (what == QHIWAT) (b ? b->qb_hiwat : q->q_hiwat) = static_cast<size_t>(val);
    if (what == QLOWAT) (b ? b->qb_lowat : q->q_lowat) = static_cast<size_t>(val);
    if (what == QMAXPSZ) q->q_maxpsz = val;
    if (what == QMINPSZ) q->q_minpsz = val;
    return 0;
}

// --- neighbours ---

EXPORT queue_t *RD(queue_t *q) { return (q->q_flag & QREADR) ? q : q - 1; }
EXPORT queue_t *WR(queue_t *q) { return (q->q_flag & QREADR) ? q + 1 : q; }
EXPORT queue_t *OTHERQ(queue_t *q) { return (q->q_flag & QREADR) ? q + 1 : q - 1; }

EXPORT queue_t *backq(queue_t *q) {
    queue_t *other = OTHERQ(q)->q_next;
    return other ? OTHERQ(other) : nullptr;
}

EXPORT int SAMESTR(queue_t *q) { return q->q_next && !((q->q_flag ^ q->q_next->q_flag) & QREADR); }

// --- passing on ---

EXPORT void put(queue_t *q, mblk_t *mp) {
    if (!may_change(q, "put")) return freemsg(mp);
    deliver(q, mp);
}

namespace {

[[gnu::cold, gnu::noinline]] void nowhere_to(queue_t *q, mblk_t *mp, const char *call) {
    if (!may_use(q, call)) return freemsg(mp);
    undeliverable("PUT-001", "putnext was called where there is no next queue", q, mp);
}

[[gnu::always_inline]] inline void pass_on(queue_t *q, mblk_t *mp, const char *call) {
    queue_t *next = q->q_next;
    if (!next) [[unlikely]]
        return nowhere_to(q, mp, call);
    system_of(q).checks.sent_from(q);
    if (!may_change(q, call)) return freemsg(mp);
    deliver(next, mp);
}

} // namespace

EXPORT void putnext(queue_t *q, mblk_t *mp) { pass_on(q, mp, "putnext"); }
EXPORT void qreply(queue_t *q, mblk_t *mp) { pass_on(OTHERQ(q), mp, "qreply"); }

EXPORT int putctl(queue_t *q, int type) { return put_control(q, type, {}); }
EXPORT int putctl1(queue_t *q, int type, int param) { return put_control(q, type, {param}); }
EXPORT int putctl2(queue_t *q, int type, int param1, int param2) { return put_control(q, type, {param1, param2}); }
EXPORT int putnextctl(queue_t *q, int type) { return put_control_to_next(q, type, {}); }
EXPORT int putnextctl1(queue_t *q, int type, int param) { return put_control_to_next(q, type, {param}); }
EXPORT int putnextctl2(queue_t *q, int type, int param1, int param2) {
    return put_control_to_next(q, type, {param1, param2});
}
