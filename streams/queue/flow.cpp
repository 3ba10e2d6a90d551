// Holding back: when a queue is full, and who is told when it no longer is (clauses/03 section 5).
//
// A queue counts the bytes of its band-0 and high-priority messages, each band those of its own; the same rules hold for
// both (FLW-037), so both are a Level here. The states of a Level are its two flags:
//   event                                            full (QFULL, QB_FULL)    wanted (QWANTW, QB_WANTW)
//   a message is added, count at or above hiwat      set                      -
//   canput finds it full                             -                        set
//   a message is removed, count at its low mark      cleared                  cleared, after back-enabling
//   the same, count just below hiwat (FLW-012)       cleared                  -
//   the last message is removed (FLW-080)            cleared                  cleared, after back-enabling
// Each flag changes in one function, set_full and set_wanted. Whoever was told "full" and is a service procedure
// behind is scheduled by back_enable(); the stream head's write queue has one, which wakes writers.
#include "streams/queue/queue.hpp"
#include "streams/message/message.hpp"
#include "streams/system.hpp"

namespace rill {

namespace {

struct Level {
    queue_t *q;
    unsigned char band;
    unsigned full, wanted;
    unsigned &flags;
    size_t &count;
    unsigned &blocks; // kept under profile.count_blocks only
    size_t hiwat, lowat;
};

[[gnu::always_inline]] inline Level level_of(queue_t *q) {
    return {q, 0, QFULL, QWANTW, q->q_flag, q->q_count, q->q_pad2, q->q_hiwat, q->q_lowat};
}

Level level_of(queue_t *q, unsigned char band, qband_t *b) {
    return {q, band, QB_FULL, QB_WANTW, b->qb_flag, b->qb_count, b->qb_pad1, b->qb_hiwat, b->qb_lowat};
}

Level level_of(queue_t *q, unsigned char band) {
    return band ? level_of(q, band, find_band(q, band)) : level_of(q);
}

const Profile &profile_of(const Level &level) { return pair_of(level.q)->system->profile; }

[[gnu::cold, gnu::noinline]] void trace_change(const Level &level, Event event) {
    QueuePair *pair = pair_of(level.q);
    pair->system->trace.emit({.event = event,
                              .name = pair->owner->name.c_str(),
                              .number = level.band,
                              .extra = static_cast<long>(level.count),
                              .stream = pair->stream ? pair->stream->id : 0,
                              .text = (level.q->q_flag & QREADR) ? "read" : "write"});
}

// True when there is a change to trace.
bool set_flag(Level &level, unsigned flag, bool on) {
    if (bool(level.flags & flag) == on) return false;
    level.flags ^= flag;
    return pair_of(level.q)->system->trace.on;
}

void set_full(Level &level, bool on) {
    if (set_flag(level, level.full, on)) [[unlikely]]
        trace_change(level, on ? Event::full : Event::no_longer_full);
}

void set_wanted(Level &level, bool on) {
    if (set_flag(level, level.wanted, on)) [[unlikely]]
        trace_change(level, on ? Event::wanted : Event::no_longer_wanted);
}

bool at_high_mark(const Level &level) { // FLW-005, FLW-007
    return level.count >= level.hiwat || (profile_of(level).count_blocks && level.blocks >= level.hiwat);
}

bool at_low_mark(const Level &level) { // FLW-011, FLW-014, FLW-017
    const Profile &profile = profile_of(level);
    if (level.lowat == 0 && profile.lowat_zero_any_removal) return true;
    if (profile.count_blocks && level.blocks >= level.lowat && level.blocks) return false;
    return level.count < level.lowat || level.count == 0;
}

[[gnu::noinline]] void relax(queue_t *q, unsigned char band) {
    if (pair_of(q)->taking) return; // settled once the rest is back, or gone
    Level level = level_of(q, band);
    const bool empty = band ? !find_band(q, band)->qb_first : !q->q_first;
    if (empty) level.count = level.blocks = 0; // a driver may have trimmed what was queued
    bool low = at_low_mark(level) || empty;
    if (empty) set_full(level, false);
    if ((level.flags & level.full) && (profile_of(level).full_clears_below_hiwat ? !at_high_mark(level) : low))
        set_full(level, false);
    if (low && (level.flags & level.wanted)) {
        set_wanted(level, false); // FLW-018
        back_enable(q, band);
    }
}

unsigned count_blocks(const mblk_t *mp) {
    unsigned blocks = 0;
    for (; mp; mp = mp->b_cont) ++blocks;
    return blocks;
}

[[gnu::noinline]] void fill(queue_t *q, unsigned char band) {
    Level level = level_of(q, band);
    set_full(level, true);
}

[[gnu::noinline]] void want(queue_t *q, unsigned char band) {
    Level level = level_of(q, band);
    set_wanted(level, true);
}

// Inline, and whatever changes a flag makes its own Level, so that here a Level is nothing but registers.
[[gnu::always_inline]] inline void add(const Level &level, mblk_t *mp) {
    level.count += message_bytes(mp);
    if (profile_of(level).count_blocks) [[unlikely]]
        level.blocks += count_blocks(mp);
    if (!(level.flags & level.full) && at_high_mark(level)) [[unlikely]]
        fill(level.q, level.band);
}

[[gnu::always_inline]] inline void subtract(const Level &level, mblk_t *mp) {
    size_t bytes = message_bytes(mp);
    level.count -= bytes < level.count ? bytes : level.count; // a driver may have trimmed what was queued
    if (profile_of(level).count_blocks) [[unlikely]] {
        unsigned blocks = count_blocks(mp);
        level.blocks -= blocks < level.blocks ? blocks : level.blocks;
    }
}

// The same test serves for whatever is not usual about a removal: that it makes room, or of a high-priority message.
[[gnu::always_inline]] inline bool is_unusual(const Level &level, unsigned more = 0) {
    return level.flags & (level.full | level.wanted | more);
}

[[gnu::noinline]] void settle_removal(queue_t *q, const mblk_t *mp) {
    if (q->q_flag & q_hipri) hipri_taken(q, mp);
    if (q->q_flag & (QFULL | QWANTW)) relax(q, 0);
}

// The queue that decides whether there is room: the first from q on with a service procedure, or the last (FLW-024).
queue_t *deciding(queue_t *q) {
    while (!q->q_qinfo->qi_srvp && q->q_next) q = q->q_next;
    return q;
}

[[gnu::always_inline]] inline bool has_room(const Level &level) {
    if (!(level.flags & level.full)) [[likely]]
        return true;
    want(level.q, level.band);
    return false;
}

[[gnu::cold, gnu::noinline]] int no_queue(const char *what) {
    if (current) current->fault("FLW-034", what);
    return 0;
}

} // namespace

void note_added(queue_t *q, mblk_t *mp) {
    if (mp->b_band == 0 || is_high_priority(mp)) [[likely]]
        return add(level_of(q), mp);
    add(level_of(q, mp->b_band, find_band(q, mp->b_band)), mp);
}

void note_removed(queue_t *q, mblk_t *mp) {
    if (mp->b_band == 0 || is_high_priority(mp)) [[likely]] {
        const Level level = level_of(q);
        subtract(level, mp);
        if (is_unusual(level, q_hipri)) [[unlikely]]
            settle_removal(q, mp);
        return;
    }
    qband_t *band = find_band(q, mp->b_band);
    if (!band) return;
    const Level level = level_of(q, mp->b_band, band);
    subtract(level, mp);
    if (is_unusual(level)) relax(q, mp->b_band);
}

void check_back_enable(queue_t *q, unsigned char band) {
    if (band == 0 && !(q->q_flag & (QFULL | QWANTW))) [[likely]]
        return;
    if (band && !find_band(q, band)) return;
    relax(q, band);
}

// Behind means against the flow: a queue that noenable() stopped is scheduled all the same (FLW-022).
void back_enable(queue_t *q, unsigned char) {
    for (q = backq(q); q; q = backq(q))
        if (q->q_qinfo->qi_srvp) return schedule(q, Event::enabled_by_room);
}

} // namespace rill

using namespace rill;

#define EXPORT extern "C" __attribute__((visibility("default")))

EXPORT int canput(queue_t *q) {
    if (!q) [[unlikely]]
        return no_queue("canput was given no queue");
    if (!may_change(q, "canput")) return 0;
    return has_room(level_of(deciding(q)));
}

EXPORT int bcanput(queue_t *q, unsigned char band) {
    if (!q) [[unlikely]]
        return no_queue("bcanput was given no queue");
    if (!may_change(q, "bcanput")) return 0;
    q = deciding(q);
    if (band == 0) return has_room(level_of(q));
    qband_t *b = find_band(q, band);
    return !b || has_room(level_of(q, band, b)); // FLW-031
}

EXPORT int canputnext(queue_t *q) {
    if (!q->q_next && !may_use(q, "canputnext")) return 0;
    return canput(q->q_next);
}

EXPORT int bcanputnext(queue_t *q, unsigned char band) {
    if (!q->q_next && !may_use(q, "bcanputnext")) return 0;
    return bcanput(q->q_next, band);
}
