#include "streams/queue/checks.hpp"

#if RILL_CHECKING

#include "streams/base/watched.hpp"
#include "streams/system.hpp"

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <fmt/format.h>
#include <link.h>
#include <pthread.h>

namespace rill {

namespace {

constexpr unsigned char guard = 0xfd, pattern = 0xdb;
constexpr std::size_t looked_at = 256; // of a freed block's data
constexpr long too_often = 20'000;     // runs of one service procedure, none of which moved a message

// The rest of Block in a state of its own is known only when its data is.
bool owns_data(const Block *block) {
    return block->dblk_used && !block->dblk.db_frtnp;
}

std::uint32_t sum_of(const unsigned char *from, const unsigned char *to) {
    std::uint64_t sum = 0xcbf29ce484222325u;
    for (; to - from >= 8; from += 8) {
        std::uint64_t word;
        std::memcpy(&word, from, 8);
        sum = (sum ^ word) * 0x100000001b3u;
    }
    for (; from < to; ++from) sum = (sum ^ *from) * 0x100000001b3u;
    return static_cast<std::uint32_t>(sum ^ sum >> 32);
}

// The first byte that is not this one; eight are looked at together.
inline const unsigned char *first_other(const unsigned char *from, const unsigned char *end, unsigned char byte) {
    const std::uint64_t eight = 0x0101010101010101u * byte;
    for (std::uint64_t word; end - from >= 8; from += 8) {
        std::memcpy(&word, from, 8);
        if (word != eight) break;
    }
    return std::find_if(from, end, [byte](unsigned char c) { return c != byte; });
}

template <std::size_t n> const char *copy(char (&to)[n], const char *from) {
    const std::size_t length = std::min(std::strlen(from), n - 1);
    std::memcpy(to, from, length);
    to[length] = 0;
    return to;
}

const char *side(bool read_side) {
    return read_side ? "read" : "write";
}

std::string actor(const LifeStep &s) {
    if (!*s.by) return "by the stream head";
    return fmt::format("by {} in its {}", s.by, name_of(static_cast<EntryKind>(s.entry)));
}

std::string told(const LifeStep &s) {
    const char *type = type_name(s.type);
    switch (s.what) {
    case LifeStep::allocated:
        return fmt::format("allocated {}", actor(s));
    case LifeStep::duplicated:
        return fmt::format("duplicated {} ({})", actor(s), type);
    case LifeStep::put:
        return fmt::format("put to {} ({} side) {} ({})", s.to, side(s.read_side), actor(s), type);
    case LifeStep::queued:
        return fmt::format("put on {}'s {} queue {} ({})", s.to, side(s.read_side), actor(s), type);
    case LifeStep::taken:
        return fmt::format("taken off {}'s {} queue {}", s.to, side(s.read_side), actor(s));
    case LifeStep::freed:
        return fmt::format("freed {} ({})", actor(s), type);
    }
    return {};
}

} // namespace

// --- the life of a block ---

void Checks::handed_out(Block *block, std::size_t size, std::size_t room, bool used_before) {
    Life &life = block->life;
    if (used_before && life.patterned) {
        const unsigned char *data = block->data(), *end = data + std::min(life.patterned, looked_at);
        const unsigned char *bad = first_other(data, end, pattern);
        if (bad != end)
            fault_found_late("PUT-006", fmt::format("data of a message was written (at byte {}) after the message was freed", bad - data), block);
    }
    life.prev = nullptr;
    life.next = out_;
    if (out_) out_->life.prev = block;
    out_ = block;
    life.size = size;
    life.patterned = 0;
    life.ioctl_id = 0;
    life.sum_from = life.sum_to = nullptr;
    life.steps_made = 0;
    const Entry *e = system_.entry;
    life.holder = e && e->queue && !pair_of(e->queue)->is_head ? pair_of(e->queue) : nullptr;
    std::memset(block->data() + size, guard, guard_bytes);
    step(block, LifeStep::allocated, nullptr, nullptr);
    RILL_POISON(block->data() + size, room - size);
}

void Checks::data_freed(Block *block) { std::memset(block->data(), pattern, block->life.patterned = block->life.size); }

void Checks::given_back(Block *block) {
    Life &life = block->life;
    (life.prev ? life.prev->life.next : out_) = life.next;
    if (life.next) life.next->life.prev = life.prev;
    step(block, LifeStep::freed, nullptr, nullptr);
    progress();
}

// A name of as many bytes as a step has for it, in one go.
static void copy_name(char (&to)[16], const Owner *owner) {
    static constexpr char none[16] = {};
    if (owner && !*owner->tag) copy(to, owner->name.c_str());
    else std::memcpy(to, owner ? owner->tag : none, sizeof to);
}

// Whose procedure runs, as System::acting_driver() has it.
static void copy_actor(char (&to)[16], const Kernel &kernel, const Entry *e) {
    if (!e) return copy_name(to, nullptr);
    const Owner *owner = e->queue ? pair_of(e->queue)->owner : nullptr;
    if (owner && (!e->named() || e->named() == owner->name.c_str())) return copy_name(to, owner);
    copy(to, kernel.driver_of(e));
}

void Checks::step(Block *block, LifeStep::What what, const mblk_t *mp, queue_t *to) {
    Life &life = block->life;
    LifeStep &s = life.steps[life.steps_made++ % Life::steps_kept];
    const Entry *e = system_.entry;
    s.what = what;
    s.entry = static_cast<std::uint8_t>(e ? e->kind : EntryKind::none);
    s.type = mp                        ? mp->b_datap->db_type
             : what == LifeStep::freed ? block->dblk.db_type
                                       : static_cast<unsigned char>(M_DATA);
    s.read_side = to && (to->q_flag & QREADR);
    copy_actor(s.by, system_, e);
    copy_name(s.to, to ? pair_of(to)->owner : nullptr);
}

std::string Checks::history(const Block *block) const {
    Life life;
    watched::peek(&life, &block->life, sizeof life);
    std::string out;
    const unsigned first = life.steps_made > Life::steps_kept ? life.steps_made - Life::steps_kept : 0;
    if (life.steps_made > first + Life::steps_kept) return {};
    if (first) out += fmt::format("    ({} earlier steps)", first);
    for (unsigned i = first; i < life.steps_made; ++i)
        out += fmt::format("{}    {}", out.empty() ? "" : "\n", told(life.steps[i % Life::steps_kept]));
    return out;
}

// What is found where no driver runs was done before: by whom is not known, but who had the message last is.
void Checks::fault_found_late(const char *rule, const std::string &what, const Block *block) {
    const Life &life = block->life;
    const unsigned kept = std::min<unsigned>(life.steps_made, Life::steps_kept);
    const LifeStep *last = nullptr;
    for (unsigned i = life.steps_made - kept; i < life.steps_made; ++i)
        if (const LifeStep &s = life.steps[i % Life::steps_kept]; *s.by) last = &s;
    const bool by_a_driver = system_.entry && std::strcmp(system_.driver_of(system_.entry), head_owner().name.c_str()) != 0;
    if (by_a_driver || !last) return system_.fault(rule, what.c_str(), nullptr, &block->mblk);
    system_.fault(Fault{last->by, name_of(static_cast<EntryKind>(last->entry)), rule, what, history(block), {}});
}

bool Checks::check_ends(const mblk_t *mp) {
    const dblk_t *dp = mp->b_datap;
    if (mp->b_wptr > dp->db_lim) {
        system_.fault(
            "MSG-009",
            fmt::format("a message block's b_wptr is {} bytes beyond its db_lim", mp->b_wptr - dp->db_lim).c_str(),
            nullptr, mp);
        return false;
    }
    Block *data = Block::of(const_cast<dblk_t *>(dp));
    if (!owns_data(data)) return true;
#ifndef RILL_ASAN // which watches these bytes itself
    unsigned char *behind = data->data() + data->life.size;
    if (first_other(behind, behind + guard_bytes, guard) != behind + guard_bytes) {
        fault_found_late("MSG-009", fmt::format("a message block of {} bytes was written beyond its db_lim", data->life.size), Block::of(const_cast<mblk_t *>(mp)));
        std::memset(behind, guard, guard_bytes);
    }
#endif
    return true;
}

void Checks::duplicated(mblk_t *from, Block *to) {
    check_sum(from);
    Life &life = Block::of(from->b_datap)->life;
    life.sum_from = life.sum_from ? std::min(life.sum_from, from->b_rptr) : from->b_rptr;
    life.sum_to = std::max(life.sum_to, from->b_wptr);
    life.sum = sum_of(life.sum_from, life.sum_to);
    step(to, LifeStep::duplicated, &to->mblk, nullptr);
    to->life.holder = Block::of(from)->life.holder;
    const Entry *e = system_.entry;
    if (e && e->queue && !pair_of(e->queue)->is_head) to->life.holder = pair_of(e->queue);
}

// M_FLUSH is left out: its one flag byte is what the stream head itself turns round in place.
void Checks::check_sum(const mblk_t *mp) {
    dblk_t *dp = mp->b_datap;
    Life &life = Block::of(dp)->life;
    if (!life.sum_from) return;
    if (dp->db_ref < 2) {
        life.sum_from = life.sum_to = nullptr;
        return;
    }
    if (dp->db_frtnp || dp->db_type == M_FLUSH || sum_of(life.sum_from, life.sum_to) == life.sum) return;
    system_.fault("MSG-010", fmt::format("data was changed while {} messages shared it (db_ref)", dp->db_ref).c_str(),
                  nullptr, mp);
    life.sum = sum_of(life.sum_from, life.sum_to);
}

void Checks::forget_sum(dblk_t *dp) {
    Life &life = Block::of(dp)->life;
    life.sum_from = life.sum_to = nullptr;
}

bool Checks::may_be_freed(Block *block, mblk_t *mp) {
    if (block->on_queue) {
        system_.fault("PUT-006", "a message was freed that is on a queue", nullptr, mp);
        return false;
    }
    check_ends(mp);
    check_sum(mp);
    if (mp->b_datap->db_ref == 2) forget_sum(mp->b_datap); // one sharer stays: the data is its own
    if (block->life.ioctl_id && mp->b_datap->db_type == M_IOCTL && system_.entry)
        freed_ioctls_[block->life.ioctl_id] = {system_.acting_driver(), name_of(system_.entry->kind)};
    return true;
}

void Checks::check_message(const mblk_t *mp) {
    for (; mp; mp = mp->b_cont) {
        check_ends(mp);
        check_sum(mp);
    }
}

void Checks::hold(mblk_t *mp, QueuePair *pair) {
    for (; mp; mp = mp->b_cont) Block::of(mp)->life.holder = pair->is_head ? nullptr : pair;
}

namespace {

__attribute__((no_sanitize("address"))) bool alive(const Block *block) {
    return block->magic == Block::live && block->mblk_used;
}

const mblk_t *first_dead(const mblk_t *mp) {
    const mblk_t *mark = nullptr; // the chain may lead back into itself: the mark moves on at 1, 2, 4, ... blocks
    for (std::size_t seen = 0, next = 1; mp && mp != mark; mp = mp->b_cont) {
        if (!alive(Block::of(const_cast<mblk_t *>(mp)))) return mp;
        if (++seen == next) mark = mp, next *= 2;
    }
    return nullptr;
}

} // namespace

bool Checks::may_be_put(queue_t *q, mblk_t *mp) {
    progress();
    if (const mblk_t *dead = first_dead(mp)) {
        system_.fault("PUT-006", "a message was passed on that had been freed", nullptr, dead);
        return false;
    }
    cut_circle(mp);
    if (Block::of(mp)->on_queue) {
        system_.fault("PUT-006", "a message was passed on that is still on a queue", nullptr, mp);
        return false;
    }
    check_message(mp);
    step(Block::of(mp), LifeStep::put, mp, q);
    hold(mp, pair_of(q));
    return true;
}

bool Checks::may_be_queued(queue_t *q, mblk_t *mp) {
    Block *block = Block::of(mp);
    if (const mblk_t *dead = first_dead(mp)) {
        system_.fault("PUT-006", "a message was queued that had been freed", q, dead);
        return false;
    }
    cut_circle(mp);
    if (block->on_queue) {
        system_.fault("PUT-006", "a message was put on a queue while it was on one", q, mp);
        return false;
    }
    check_message(mp);
    step(block, LifeStep::queued, mp, q);
    hold(mp, pair_of(q));
    return block->on_queue = true;
}

void Checks::taken_off(queue_t *q, mblk_t *mp) {
    Block::of(mp)->on_queue = false;
    step(Block::of(mp), LifeStep::taken, mp, q);
}

// --- queues ---

// A driver that calls qprocson() sends nothing before (MP-001); one that never calls it may send in its open (MP-004).
void Checks::sent_from(queue_t *q) {
    const Entry *e = system_.entry;
    QueuePair *pair = pair_of(q);
    if (pair->procs_on || pair->is_head || !e || e->kind != EntryKind::open || !e->queue || pair_of(e->queue) != pair)
        return;
    if (std::find(sent_early_.begin(), sent_early_.end(), pair) == sent_early_.end()) sent_early_.push_back(pair);
}

void Checks::switched_on(QueuePair &pair) {
    if (std::erase(sent_early_, &pair) == 0) return;
    system_.fault("MP-001", "a message was sent before qprocson", pair.read());
}

Checks::Leaving Checks::leaving(QueuePair &pair) const {
    Leaving now{{pair.read()->q_ptr, pair.write()->q_ptr}, {}};
    for (int i = 0; i < 2; ++i) now.was_kmem[i] = system_.kmem_out_at.count(now.ptr[i]) > 0;
    return now;
}

void Checks::left(QueuePair &pair, const Leaving &before) {
    check_timers(pair, before);
    std::vector<Block *> held;
    for (Block *b = out_; b; b = b->life.next)
        if (b->life.holder == &pair) held.push_back(b);
    for (Block *b : held)
        if (b->mblk_used && !b->on_queue && !reachable(b)) lost(pair, b);
    for (Block *b : held) b->life.holder = nullptr;
    std::erase(sent_early_, &pair);
}

void Checks::forget(QueuePair &pair) {
    for (Block *b = out_; b; b = b->life.next)
        if (b->life.holder == &pair) b->life.holder = nullptr;
    std::erase(sent_early_, &pair);
}

void Checks::lost(QueuePair &pair, Block *block) {
    const Life &life = block->life;
    const LifeStep &last = life.steps[(life.steps_made - 1) % Life::steps_kept];
    Fault f;
    f.driver = pair.owner->name;
    f.entry = name_of(last.what == LifeStep::put ? EntryKind::put : static_cast<EntryKind>(last.entry));
    const unsigned char type = block->mblk.b_datap->db_type;
    f.rule = "PUT-009";
    f.what =
        type == M_IOCTL && life.ioctl_id
            ? "an M_IOCTL was never answered, nor passed on, queued or freed; the queue is gone"
            : fmt::format("a message ({}) was neither passed on, queued nor freed; the queue is gone", type_name(type));
    f.history = history(block);
    system_.fault(std::move(f));
}

// What would run for a queue that is no more is stopped here, so that the report is not the last thing that is seen.
void Checks::check_timers(QueuePair &pair, const Leaving &before) {
    auto of_pair = [&](const void *argument, const queue_t *queue) {
        if (argument == pair.read() || argument == pair.write() ||
            (queue && pair_of(const_cast<queue_t *>(queue)) == &pair))
            return true;
        for (int i = 0; i < 2; ++i)
            if (argument && argument == before.ptr[i] && before.was_kmem[i] && !system_.kmem_out_at.count(before.ptr[i])) return true;
        return false;
    };
    auto told = [&](const char *what) {
        system_.fault(Fault{pair.owner->name, name_of(EntryKind::close), "ALC-041", what, {}, {}});
    };
    while (system_.sched.stop_one_of(of_pair))
        told("a timeout was left pending whose argument is gone (it has been cancelled)");
    while (system_.sched.drop_one_of(of_pair))
        told("a bufcall was left pending whose argument is gone (it has been cancelled)");
}

bool Checks::may_run(queue_t *q) {
    if (q != running_) {
        running_ = q;
        idle_runs_ = 0;
        return true;
    }
    if (++idle_runs_ < too_often) return true;
    idle_runs_ = 0;
    system_.fault(
        Fault{pair_of(q)->owner->name,
              name_of(EntryKind::service),
              "SCH-021",
              fmt::format(
                  "it was scheduled {} times in a row and moved no message: does it put back a high-priority message? "
                  "(it is not called again)",
                  too_often),
              q->q_first ? history(Block::of(q->q_first)) : std::string(),
              {}});
    return false;
}

// --- opens ---

void Checks::foreign_device(const Owner &driver, dev_t dev, const char *rule) {
    if (dev == no_device) return;
    system_.fault(Fault{driver.name, name_of(EntryKind::open), rule, fmt::format("its open returned device ({},{}), whose major is not its own", external_major(dev), external_minor(dev)), {}, {}});
}

// --- ioctls ---

void Checks::ioctl_sent(mblk_t *mp, unsigned id) {
    Block::of(mp)->life.ioctl_id = id;
}

void Checks::ioctl_broken_off(unsigned id) {
    const auto freed = freed_ioctls_.find(id);
    if (freed == freed_ioctls_.end()) return;
    system_.fault(Fault{freed->second.driver, freed->second.entry, "IOC-122", "an M_IOCTL was freed and never answered", {}, {}});
    freed_ioctls_.erase(freed);
}

void Checks::ioctl_unanswered(unsigned id) {
    if (freed_ioctls_.count(id)) return ioctl_broken_off(id);
    for (Block *b = out_; b; b = b->life.next) {
        if (b->life.ioctl_id != id || !b->mblk_used || b->on_queue || !b->life.holder || reachable(b)) continue;
        const Life &life = b->life;
        const LifeStep &last = life.steps[(life.steps_made - 1) % Life::steps_kept];
        system_.fault(Fault{life.holder->owner->name,
                            name_of(last.what == LifeStep::put ? EntryKind::put : static_cast<EntryKind>(last.entry)),
                            "IOC-122",
                            "an M_IOCTL was dropped: never answered, nor passed on, queued or freed",
                            history(b),
                            {}});
        b->life.holder = nullptr;
        return;
    }
}

// --- who points at a block ---

using Word = std::uintptr_t __attribute__((may_alias)); // whatever type was stored there

__attribute__((no_sanitize("address"))) static bool points_into(const void *from, std::size_t bytes, std::uintptr_t low,
                                                                std::uintptr_t high, std::uintptr_t data_low,
                                                                std::uintptr_t data_high) {
    auto at = (reinterpret_cast<std::uintptr_t>(from) + 7) & ~std::uintptr_t{7};
    const auto end = reinterpret_cast<std::uintptr_t>(from) + bytes;
    for (; at + 8 <= end; at += 8) {
        const auto word = *reinterpret_cast<const volatile Word *>(at);
        if ((word >= low && word < high) || (word >= data_low && word < data_high)) return true;
    }
    return false;
}

// Interior pointers count: to the mblk_t, the dblk_t or the data.
bool Checks::refers(const void *from, std::size_t bytes, const Block *block) const {
    const auto low = reinterpret_cast<std::uintptr_t>(&block->mblk);
    const auto *dp = block->mblk.b_datap;
    return points_into(from, bytes, low, reinterpret_cast<std::uintptr_t>(&block->dblk + 1),
                       reinterpret_cast<std::uintptr_t>(dp->db_base), reinterpret_cast<std::uintptr_t>(dp->db_lim) + 1);
}

// In a frame of the application, which is above the outermost entry to the System.
bool Checks::on_stack(const Block *block) const {
    pthread_attr_t attributes;
    if (pthread_getattr_np(pthread_self(), &attributes) != 0) return false;
    void *low = nullptr;
    std::size_t size = 0;
    pthread_attr_getstack(&attributes, &low, &size);
    pthread_attr_destroy(&attributes);
    const char *end = static_cast<char *>(low) + size, *from = static_cast<const char *>(entered_);
    return from > low && from < end && refers(from, static_cast<std::size_t>(end - from), block);
}

bool Checks::reachable(const Block *block) const {
    if (on_stack(block)) return true;
    for (const auto &[p, size] : system_.kmem_out_at)
        if (refers(p, size, block)) return true;
    for (Block *b = out_; b; b = b->life.next) {
        if (b == block) continue;
        if (b->mblk_used &&
            (b->mblk.b_cont == &block->mblk || b->mblk.b_next == &block->mblk || b->mblk.b_prev == &block->mblk))
            return true;
        if (owns_data(b) && &b->dblk != block->mblk.b_datap && refers(b->data(), b->life.size, block)) return true;
    }
    auto is_it = [&](const void *argument, const queue_t *) {
        return argument && refers(&argument, sizeof argument, block);
    };
    if (system_.sched.has_one_of(is_it)) return true;
    for (Stream &s : system_.streams) {
        bool found = false;
        s.for_each_pair(
            [&](QueuePair &p) { found |= is_it(p.read()->q_ptr, nullptr) || is_it(p.write()->q_ptr, nullptr); });
        if (found) return true;
    }
    struct Search {
        const Checks *checks;
        const Block *block;
    } search{this, block};
    return dl_iterate_phdr(
               [](dl_phdr_info *info, std::size_t, void *p) {
                   const auto *s = static_cast<Search *>(p);
                   for (int i = 0; i < info->dlpi_phnum; ++i) {
                       const auto &h = info->dlpi_phdr[i];
                       if (h.p_type != PT_LOAD || !(h.p_flags & PF_W)) continue;
                       if (s->checks->refers(reinterpret_cast<void *>(info->dlpi_addr + h.p_vaddr), h.p_memsz,
                                             s->block))
                           return 1;
                   }
                   return 0;
               },
               &search) != 0;
}

} // namespace rill

#endif
