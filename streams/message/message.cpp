// Messages: having them, giving them away, taking them apart (clauses/03 sections 2 and 3).
//
// Two counts decide when memory goes. A Block goes back to its list when neither its mblk_t nor its dblk_t is in use;
// a dblk_t is in use as long as db_ref is not 0 (1 when it came from esballoca(), see db_filler2). The mblk_t and the
// dblk_t of one message block may lie in different Blocks: after dupb(), whose Block lends only its mblk_t, and after
// pullupmsg(), which keeps the mblk_t of the caller and puts it on the dblk_t of another Block. freeb() is the only
// place where either stops being used.
// A Block of esballoc() keeps its copy of the caller's free routine where its data would be (ALC-014), and who the caller was.
#include "streams/message/message.hpp"
#include "streams/queue/procedure.hpp"

#include <algorithm>
#include <bit>
#include <cstdlib>
#include <cstring>
#include <new>

namespace rill {

// --- the pool ---

struct alignas(16) MessagePool::Huge {
    Huge *next;
    Huge *prev;
    std::size_t bytes;

    Block *block() { return reinterpret_cast<Block *>(this + 1); }
    static Huge *of(Block *block) { return reinterpret_cast<Huge *>(block) - 1; }
};

MessagePool::~MessagePool() {
    while (huge_) {
        Huge *next = huge_->next;
        RILL_UNPOISON(huge_, huge_->bytes);
        huge_->next = huge_->prev = nullptr;
        if (!is_watched() || !watched::leaks_are_told) std::free(huge_);
        huge_ = next;
    }
}

inline std::uint8_t MessagePool::class_of(std::size_t size) {
    if (size == 0) return 0;
    const int bits = std::bit_width(size - 1); // four times the one before: two bits a class
    return static_cast<std::uint8_t>(bits <= 6 ? 1 : (bits - 5) / 2 + 1);
}

inline Block *MessagePool::take(std::size_t size) {
    if (!alloc_.allow(size)) [[unlikely]]
        return nullptr;
    Block *block;
    const std::size_t asked = size;
    size += Checks::guard_bytes;
    bool used_before = false;
    if (size >= unpooled_) [[unlikely]] {
        block = take_huge(size);
        if (!block) return nullptr;
    } else {
        std::uint8_t size_class = class_of(size);
        block = static_cast<Block *>(pools_[size_class].take());
        block->size_class = size_class;
        used_before = block->magic == Block::dead;
    }
    block->owner = &system_;
    system_.checks.handed_out(block, asked, block->size_class == huge ? size : sizes[block->size_class], used_before);
    block->magic = Block::live;
    block->on_queue = false;
    return block;
}

inline void MessagePool::give(Block *block) {
    system_.checks.given_back(block);
    block->magic = Block::dead;
    if (block->size_class == huge) [[unlikely]]
        give_huge(block);
    else
        pools_[block->size_class].give(block);
    system_.sched.memory_came_back();
}

Block *MessagePool::take_huge(std::size_t size) {
    if (size > static_cast<std::size_t>(-1) / 2) return nullptr;
    std::size_t bytes = sizeof(Huge) + sizeof(Block) + size;
    auto *header = static_cast<Huge *>(std::malloc(bytes));
    if (!header) return nullptr;
    *header = {huge_, nullptr, bytes};
    if (huge_) huge_->prev = header;
    huge_ = header;
    ++huge_out_;
    header->block()->size_class = huge;
    return header->block();
}

void MessagePool::give_huge(Block *block) {
    Huge *header = Huge::of(block);
    (header->prev ? header->prev->next : huge_) = header->next;
    if (header->next) header->next->prev = header->prev;
    --huge_out_;
    RILL_UNPOISON(header, header->bytes);
    std::free(header);
}

long MessagePool::blocks() const {
    long out = huge_out_;
    for (const RawPool &pool : pools_) out += pool.out();
    return out;
}

std::size_t MessagePool::bytes() const {
    std::size_t out = 0;
    for (const RawPool &pool : pools_) out += static_cast<std::size_t>(pool.out()) * pool.size();
    for (const Huge *huge = huge_; huge; huge = huge->next) out += huge->bytes;
    return out;
}

// --- what a message is ---

const char *type_name(int db_type) {
    switch (db_type) {
    case M_DATA: return "M_DATA";
    case M_PROTO: return "M_PROTO";
    case M_BREAK: return "M_BREAK";
    case M_PASSFP: return "M_PASSFP";
    case M_SIG: return "M_SIG";
    case M_DELAY: return "M_DELAY";
    case M_CTL: return "M_CTL";
    case M_IOCTL: return "M_IOCTL";
    case M_SETOPTS: return "M_SETOPTS";
    case M_RSE: return "M_RSE";
    case M_IOCACK: return "M_IOCACK";
    case M_IOCNAK: return "M_IOCNAK";
    case M_PCPROTO: return "M_PCPROTO";
    case M_PCSIG: return "M_PCSIG";
    case M_READ: return "M_READ";
    case M_FLUSH: return "M_FLUSH";
    case M_STOP: return "M_STOP";
    case M_START: return "M_START";
    case M_HANGUP: return "M_HANGUP";
    case M_ERROR: return "M_ERROR";
    case M_COPYIN: return "M_COPYIN";
    case M_COPYOUT: return "M_COPYOUT";
    case M_IOCDATA: return "M_IOCDATA";
    case M_PCRSE: return "M_PCRSE";
    case M_STOPI: return "M_STOPI";
    case M_STARTI: return "M_STARTI";
    default: return db_type >= QPCTL ? "a high-priority message of unknown type" : "a message of unknown type";
    }
}

[[gnu::cold, gnu::noinline]] bool cut_circle(mblk_t *mp) {
    mblk_t *slow = mp, *fast = mp;
    do {
        if (!fast->b_cont || !fast->b_cont->b_cont) return false;
        slow = slow->b_cont;
        fast = fast->b_cont->b_cont;
    } while (slow != fast);
    for (slow = mp; slow != fast; fast = fast->b_cont) slow = slow->b_cont; // where the circle begins
    while (fast->b_cont != slow) fast = fast->b_cont;
    if (current) current->fault("PUT-050", "b_cont of a message leads back into the message; it is cut there", nullptr, mp);
    fast->b_cont = nullptr;
    return true;
}

size_t long_message_bytes(const mblk_t *mp) {
    size_t bytes = 0;
    unsigned blocks = 0;
    for (const mblk_t *bp = mp; bp; bp = bp->b_cont) {
        bytes += block_length(bp);
        if (++blocks == long_chain && cut_circle(const_cast<mblk_t *>(mp))) return long_message_bytes(mp);
    }
    return bytes;
}

namespace {

int type_of(const mblk_t *mp) { return mp->b_datap->db_type; }
bool is_aligned(const unsigned char *p) { return reinterpret_cast<std::uintptr_t>(p) % sizeof(long) == 0; }

void set_mblk(mblk_t &mblk, dblk_t *dp, unsigned char *rptr, unsigned char *wptr) {
    mblk = {.b_next = nullptr,
            .b_prev = nullptr,
            .b_cont = nullptr,
            .b_rptr = rptr,
            .b_wptr = wptr,
            .b_datap = dp,
            .b_band = 0,
            .b_pad1 = 0,
            .b_flag = 0,
            .b_pad2 = 0};
}

mblk_t *set_block(Block *block, unsigned char *base, size_t size, frtn_t *frtn) {
    block->mblk_used = block->dblk_used = true;
    dblk_t &dblk = block->dblk;
    dblk.db_frtnp = frtn;
    dblk.db_base = base;
    dblk.db_lim = base + size;
    dblk.db_ref = 1;
    dblk.db_type = M_DATA;
    dblk.db_iswhat = dblk.db_filler2 = 0;
    dblk.db_size = static_cast<unsigned>(size);
    dblk.db_msgaddr = nullptr;
    set_mblk(block->mblk, &dblk, base, base);
    return &block->mblk;
}

// A block of the same type, band and flags as another.
mblk_t *allocb_like(size_t size, const mblk_t *like) {
    mblk_t *mp = allocb(size, BPRI_MED);
    if (!mp) return nullptr;
    mp->b_datap->db_type = like->b_datap->db_type;
    mp->b_band = like->b_band;
    mp->b_flag = like->b_flag;
    return mp;
}

// A whole message by the block: all of it or nothing (ALC-025, ALC-030).
template <mblk_t *(*one)(mblk_t *)> mblk_t *each_block(mblk_t *mp) {
    mblk_t *head = nullptr;
    mblk_t **end = &head;
    if (mp && mp->b_cont) message_bytes(mp); // it has an end (PUT-050)
    for (; mp; mp = mp->b_cont) {
        *end = one(mp);
        if (!*end) {
            freemsg(head);
            return nullptr;
        }
        end = &(*end)->b_cont;
    }
    return head;
}

// Reads what a free list may have poisoned.
__attribute__((no_sanitize("address"))) bool is_live(const Block *block) {
    return block->magic == Block::live && block->mblk_used;
}

[[gnu::cold, gnu::noinline]] void fault(const char *rule, const char *what, const mblk_t *mp = nullptr) {
    if (current) current->fault(rule, what, nullptr, mp);
}

struct FreeRoutine : frtn_t { // what db_frtnp points at
    const char *driver;
};

// The last reference to a dblk_t is gone.
[[gnu::noinline]] void release_dblk(Block *block) {
    if (frtn_t *frtn = block->dblk.db_frtnp) {
        const FreeRoutine copy = *static_cast<FreeRoutine *>(frtn);
        block->dblk.db_frtnp = nullptr;
        block->owner->run_free_routine(copy, copy.driver);
    } else {
        block->owner->checks.data_freed(block);
    }
    block->dblk_used = false;
    if (!block->mblk_used) block->owner->messages.give(block);
}

// The two halves one by one: shared, caller's buffer, or in different Blocks.
[[gnu::noinline]] void free_halves(Block *block, dblk_t *dp) {
    block->mblk_used = false;
    if (!block->dblk_used)
        block->owner->messages.give(block);
    else {
        RILL_POISON(&block->mblk, sizeof(mblk_t)); // in checking builds too
        if (block->owner->messages.is_watched()) watched::hide(&block->mblk, sizeof(mblk_t));
    }
    if (--dp->db_ref == dp->db_filler2) release_dblk(Block::of(dp));
}

} // namespace

} // namespace rill

using namespace rill;

#define EXPORT extern "C" __attribute__((visibility("default")))

// --- allocation and release ---

EXPORT mblk_t *allocb(size_t size, unsigned int) {
    Block *block = this_system().messages.take(size);
    if (!block) [[unlikely]]
        return nullptr;
    return set_block(block, block->data(), size, nullptr);
}

EXPORT mblk_t *esballoc(unsigned char *base, size_t size, int, frtn_t *frtn) {
    System &system = this_system();
    if (!base || !frtn || !frtn->free_func) return nullptr; // ALC-017
    Block *block = system.messages.take(sizeof(FreeRoutine));
    if (!block) return nullptr;
    auto *copy = new (block->data()) FreeRoutine{*frtn, system.acting_driver()};
    return set_block(block, base, size, copy);
}

EXPORT mblk_t *desballoc(unsigned char *base, size_t size, int pri, frtn_t *frtn) { return esballoc(base, size, pri, frtn); }

// One reference is nobody's, so that nobody takes the buffer for its own (ALC-019).
EXPORT mblk_t *esballoca(unsigned char *base, size_t size, int pri, frtn_t *frtn) {
    mblk_t *mp = esballoc(base, size, pri, frtn);
    if (!mp) return nullptr;
    mp->b_datap->db_ref = 2;
    mp->b_datap->db_filler2 = 1;
    return mp;
}

EXPORT mblk_t *allocb_wait(size_t size, unsigned int pri, unsigned int flags, int *error) {
    bool no_signals = flags & STR_NOSIG;
    int why = 0;
    mblk_t *mp = allocb(size, pri);
    while (!mp && !why) {
        EntryKind kind = current->entry ? current->entry->kind : EntryKind::none;
        bool sleeps = kind == EntryKind::none || kind == EntryKind::open || kind == EntryKind::close;
        if (!current->may_sleep() || !sleeps) {
            fault("ALC-008", "allocb_wait was called where nothing may sleep");
            why = EAGAIN;
            break;
        }
        WaitQueue waiters;
        Wake how = current->sleep(waiters, "memory", !no_signals, 1);
        if (how == Wake::signal) why = EINTR;
        if (how == Wake::deadlock) why = EDEADLK;
        mp = why ? nullptr : allocb(size, pri);
    }
    if (error) *error = why;
    return mp;
}

EXPORT int testb(size_t size, unsigned int) { return this_system().alloc.would_allow(size); }

EXPORT void freeb(mblk_t *mp) {
    if (!mp) [[unlikely]]
        return fault("ALC-020", "freeb was given no block");
    Block *block = Block::of(mp);
    if (!is_live(block)) [[unlikely]]
        return fault("ALC-020", "a message block was freed twice", mp);
    if (!block->owner->checks.may_be_freed(block, mp)) return;
    dblk_t *dp = mp->b_datap;
    if (dp != &block->dblk || dp->db_ref != 1 || dp->db_frtnp) [[unlikely]]
        return free_halves(block, dp);
    block->owner->checks.data_freed(block);
    block->mblk_used = block->dblk_used = false;
    block->owner->messages.give(block);
}

EXPORT void freemsg(mblk_t *mp) {
    while (mp) {
        if (!is_live(Block::of(mp))) [[unlikely]]
            return freeb(mp);
        mblk_t *rest = mp->b_cont;
        freeb(mp);
        mp = rest;
    }
}

EXPORT mblk_t *dupb(mblk_t *mp) {
    dblk_t *dp = mp->b_datap;
    System &system = this_system();
    if (dp->db_ref == 255) return nullptr; // ALC-024
    Block *block = system.messages.take(0);
    if (!block) return nullptr;
    block->mblk_used = true;
    block->dblk_used = false;
    ++dp->db_ref;
    set_mblk(block->mblk, dp, mp->b_rptr, mp->b_wptr);
    block->mblk.b_band = mp->b_band;
    block->mblk.b_flag = mp->b_flag;
    system.checks.duplicated(mp, block);
    return &block->mblk;
}

EXPORT mblk_t *dupmsg(mblk_t *mp) { return each_block<dupb>(mp); }

// The whole buffer, so that headroom is kept (ALC-029).
EXPORT mblk_t *copyb(mblk_t *mp) {
    const dblk_t *dp = mp->b_datap;
    size_t size = static_cast<size_t>(dp->db_lim - dp->db_base);
    mblk_t *copy = allocb_like(size, mp);
    if (!copy) return nullptr;
    if (size) std::memcpy(copy->b_rptr, dp->db_base, size);
    unsigned char *base = copy->b_datap->db_base;
    copy->b_rptr = base + (mp->b_rptr - dp->db_base);
    copy->b_wptr = base + (mp->b_wptr - dp->db_base);
    return copy;
}

EXPORT mblk_t *copymsg(mblk_t *mp) { return each_block<copyb>(mp); }

EXPORT mblk_t *mkiocb(unsigned int cmd) {
    mblk_t *mp = allocb(sizeof(union ioctypes), BPRI_MED);
    if (!mp) return nullptr;
    mp->b_datap->db_type = M_IOCTL;
    std::memset(mp->b_rptr, 0, sizeof(union ioctypes));
    mp->b_wptr += sizeof(iocblk);
    auto *ioc = reinterpret_cast<iocblk *>(mp->b_rptr);
    ioc->ioc_cmd = static_cast<int>(cmd);
    ioc->ioc_cr = &current->kernel_cred; // allocb has looked for it
    ioc->ioc_id = current->next_ioctl_id++;
    return mp;
}

// --- chains ---

EXPORT void linkb(mblk_t *mp, mblk_t *tail) {
    message_bytes(mp);
    while (mp->b_cont) mp = mp->b_cont;
    mp->b_cont = tail;
}

EXPORT mblk_t *unlinkb(mblk_t *mp) {
    mblk_t *rest = mp->b_cont;
    mp->b_cont = nullptr;
    return rest;
}

EXPORT mblk_t *rmvb(mblk_t *mp, mblk_t *bp) {
    message_bytes(mp);
    for (mblk_t **link = &mp; *link; link = &(*link)->b_cont) {
        if (*link != bp) continue;
        *link = bp->b_cont;
        bp->b_cont = nullptr;
        return mp;
    }
    return reinterpret_cast<mblk_t *>(-1);
}

// --- sizes ---

EXPORT size_t msgdsize(mblk_t *mp) {
    size_t bytes = 0;
    unsigned blocks = 0;
    for (mblk_t *bp = mp; bp; bp = bp->b_cont) {
        if (type_of(bp) == M_DATA) bytes += block_length(bp);
        if (++blocks == long_chain && cut_circle(mp)) return msgdsize(mp);
    }
    return bytes;
}

EXPORT size_t msgsize(mblk_t *mp) { return mp ? message_bytes(mp) : 0; }

EXPORT size_t xmsgsize(mblk_t *mp) {
    size_t bytes = 0;
    unsigned blocks = 0;
    for (const mblk_t *bp = mp; bp && type_of(bp) == type_of(mp); bp = bp->b_cont) {
        bytes += block_length(bp);
        if (++blocks == long_chain && cut_circle(mp)) return xmsgsize(mp);
    }
    return bytes;
}

// --- trimming and making contiguous ---

// Of the leading run of one type, the bytes from keep_from on up to keep_to stay (MSG-092 to MSG-094).
EXPORT int adjmsg(mblk_t *mp, ssize_t len) {
    size_t run = xmsgsize(mp);
    size_t cut = len < 0 ? -static_cast<size_t>(len) : static_cast<size_t>(len);
    if (cut > run) return 0;
    size_t keep_from = len > 0 ? cut : 0;
    size_t keep_to = len < 0 ? run - cut : run;
    bool free_emptied = Block::of(mp)->owner->profile.adjmsg_frees_emptied; // MSG-096
    int type = type_of(mp);
    mblk_t *before = nullptr;
    size_t at = 0;
    for (mblk_t *bp = mp; bp && type_of(bp) == type;) {
        size_t length = block_length(bp);
        size_t low = std::clamp(keep_from, at, at + length);
        size_t high = std::clamp(keep_to, low, at + length);
        bp->b_wptr = bp->b_rptr + (high - at);
        bp->b_rptr += low - at;
        at += length;
        mblk_t *next = bp->b_cont;
        if (free_emptied && before && length && low == high) {
            before->b_cont = next;
            freeb(bp);
        } else {
            before = bp;
        }
        bp = next;
    }
    return 1;
}

// mp changes places with the block that was allocated: it gets the new data block, the other gets the old one and heads
// what is still to be moved, so that the caller's pointer goes on heading the message (MSG-102).
EXPORT int pullupmsg(mblk_t *mp, ssize_t len) {
    int type = type_of(mp);
    bool all = len == -1;
    size_t run = xmsgsize(mp);
    size_t wanted = all ? run : static_cast<size_t>(len);
    if (wanted > run) return 0;
    bool together = all ? !mp->b_cont || type_of(mp->b_cont) != type : block_length(mp) >= wanted;
    if (together && is_aligned(mp->b_rptr)) return 1;
    mblk_t *rest = allocb(wanted, BPRI_MED);
    if (!rest) return 0;
    dblk_t *dp = rest->b_datap;
    dp->db_type = static_cast<unsigned char>(type);
    *rest = *mp;
    mp->b_datap = dp;
    mp->b_rptr = mp->b_wptr = dp->db_base;
    while (rest && type_of(rest) == type && (wanted || all)) {
        size_t n = std::min(block_length(rest), wanted);
        if (n) std::memcpy(mp->b_wptr, rest->b_rptr, n);
        mp->b_wptr += n;
        rest->b_rptr += n;
        wanted -= n;
        if (rest->b_rptr != rest->b_wptr) break;
        mblk_t *next = rest->b_cont;
        freeb(rest);
        rest = next;
    }
    mp->b_cont = rest;
    return 1;
}

// The whole leading run is pulled up, what follows is shared (MSG-106).
EXPORT mblk_t *msgpullup(mblk_t *mp, ssize_t len) {
    size_t run = xmsgsize(mp);
    if (len != -1 && static_cast<size_t>(len) > run) return nullptr;
    mblk_t *pulled = allocb_like(run, mp);
    if (!pulled) return nullptr;
    mblk_t *rest = mp;
    for (; rest && type_of(rest) == type_of(mp); rest = rest->b_cont) {
        size_t n = block_length(rest);
        if (n) std::memcpy(pulled->b_wptr, rest->b_rptr, n);
        pulled->b_wptr += n;
    }
    pulled->b_cont = dupmsg(rest);
    if (rest && !pulled->b_cont) {
        freeb(pulled);
        return nullptr;
    }
    return pulled;
}
