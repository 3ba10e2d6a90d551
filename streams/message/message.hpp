// Messages. allocb() takes block header, data header and small data from one size-classed free list in one go: a Block.
//
// The mblk_t and dblk_t that a driver sees lie inside a Block, behind a header it does not see (so that copying a whole
// mblk_t, as legacy code does, harms nothing). A Block goes back to its list when neither of the two is in use: dupb()
// takes a Block of class 0 for its mblk_t alone and shares the dblk_t of another. b_next, b_prev and b_cont are kept by
// hand: C drivers walk them.
#pragma once

#include "streams/base/alloc.hpp"
#include "streams/queue/checks.hpp"
#include "streams/base/watched.hpp"

#include <array>
#include <memory>
#include <sys/stream.h>

namespace rill {

class System;

struct Block {
    static constexpr std::uint32_t live = 0x6d62'6c6b, dead = 0xdead'b10c;

    System *owner;       // first: a free list overwrites it and leaves the magic
    std::uint32_t magic;
    std::uint8_t size_class;
    bool mblk_used;
    bool dblk_used;
    bool on_queue;       // kept in checking builds only
#if RILL_CHECKING
    alignas(16) Life life;
#endif
    mblk_t mblk;
    dblk_t dblk;

    unsigned char *data() { return reinterpret_cast<unsigned char *>(this + 1); }
    static Block *of(mblk_t *mp) {
        return reinterpret_cast<Block *>(reinterpret_cast<char *>(mp) - __builtin_offsetof(Block, mblk));
    }
    static Block *of(dblk_t *dp) {
        return reinterpret_cast<Block *>(reinterpret_cast<char *>(dp) - __builtin_offsetof(Block, dblk));
    }
};

class MessagePool {
public:
    MessagePool(System &system, Alloc &alloc) : system_(system), alloc_(alloc) {}
    ~MessagePool();
    MessagePool(const MessagePool &) = delete;

    // A live Block with room for size bytes of data, its mblk_t and dblk_t not filled in; nullptr when refused.
    Block *take(std::size_t size);
    void give(Block *block);

    long blocks() const; // out at the moment
    std::size_t bytes() const;
    bool is_watched() const { return unpooled_ == 0; }

private:
    static constexpr std::array<std::size_t, 7> sizes{0, 64, 256, 1024, 4096, 16384, 65536};
    static constexpr std::uint8_t huge = 255; // from malloc

    static std::uint8_t class_of(std::size_t size);
    static constexpr std::size_t block_size(std::uint8_t size_class) { return sizeof(Block) + sizes[size_class]; }
    Block *take_huge(std::size_t size);
    void give_huge(Block *block);

    System &system_;
    Alloc &alloc_;
    const std::size_t unpooled_ = !checking && watched::memory() ? 0 : sizes.back() + 1; // from this size on they come from malloc
    RawPool pools_[sizes.size()]{RawPool(block_size(0)), RawPool(block_size(1)), RawPool(block_size(2)),
                                 RawPool(block_size(3)), RawPool(block_size(4)), RawPool(block_size(5)),
                                 RawPool(block_size(6))};
    struct Huge;
    Huge *huge_ = nullptr;
    long huge_out_ = 0;
};

inline size_t block_length(const mblk_t *mp) { return static_cast<size_t>(mp->b_wptr - mp->b_rptr); }
inline bool is_high_priority(const mblk_t *mp) { return mp->b_datap->db_type >= QPCTL; }
// Does b_cont lead back into the message? Then, after a fault, it is cut there (PUT-050).
bool cut_circle(mblk_t *mp);
// Whoever walks along b_cont looks at this block of it, once, whether the walk will end.
constexpr unsigned long_chain = 1024;
size_t long_message_bytes(const mblk_t *mp);
// Bytes of all blocks, whatever their type: what queue counts count (FLW-004).
inline size_t message_bytes(const mblk_t *mp) {
    return mp->b_cont ? long_message_bytes(mp) : block_length(mp);
}
const char *type_name(int db_type); // "M_DATA"

} // namespace rill
