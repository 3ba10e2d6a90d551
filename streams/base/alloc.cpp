#include "streams/base/alloc.hpp"
#include "streams/base/checking.hpp"

#include <cstdlib>
#include <cstring>

namespace rill {

void Alloc::fail_nth(long n) {
    nth_ = n;
    limited_ = nth_ > 0 || one_in_ || ceiling_;
}

void Alloc::fail_seed(std::uint64_t seed, unsigned one_in) {
    random_ = RandomEngine(seed);
    one_in_ = one_in;
    limited_ = nth_ > 0 || one_in_ || ceiling_;
}

void Alloc::ceiling(std::size_t bytes) {
    ceiling_ = bytes;
    limited_ = nth_ > 0 || one_in_ || ceiling_;
}

bool Alloc::decide(std::size_t size) {
    bool refuse = ceiling_ && size > ceiling_;
    if (nth_ > 0 && --nth_ == 0) {
        refuse = true;
        fail_nth(0);
    }
    if (one_in_) refuse |= random_.below(one_in_) == 0;
    refused += refuse;
    return !refuse;
}

RawPool::~RawPool() {
    while (slabs_) {
        Slab *next = slabs_->next;
        RILL_UNPOISON(slabs_, slabs_->bytes);
        std::free(slabs_);
        slabs_ = next;
    }
}

void RawPool::grow() {
    constexpr std::size_t header = (sizeof(Slab) + 15) & ~std::size_t{15};
    std::size_t count = size_ >= 4096 ? 4 : 16384 / size_;
    std::size_t bytes = header + count * size_;
    auto *slab = static_cast<Slab *>(std::malloc(bytes));
    if (!slab) std::abort();
    if (checking) std::memset(slab, 0, bytes); // what an earlier pool left here looks like freed objects
    *slab = {slabs_, bytes};
    slabs_ = slab;
    for (std::size_t i = count; i-- > 0;) {
        auto *object = reinterpret_cast<Free *>(reinterpret_cast<char *>(slab) + header + i * size_);
        object->next = free_;
        free_ = object;
        RILL_POISON(reinterpret_cast<char *>(object) + sizeof(Free), size_ - sizeof(Free));
    }
}

} // namespace rill
