// The one seam at which memory is had, and therefore the one at which it can be refused: every allocation that a
// documented call may report as failed asks allow() first. Pools keep what is given back, so that the steady state has
// no malloc; each pool counts what is out, which is how a test sees that nothing is left.
#pragma once

#include "streams/base/random.hpp"

#include <cstddef>
#include <cstdint>
#include <new>
#include <utility>

#if defined(__SANITIZE_ADDRESS__)
#define RILL_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define RILL_ASAN 1
#endif
#endif
#ifdef RILL_ASAN
#include <sanitizer/asan_interface.h>
#define RILL_POISON(p, n) __asan_poison_memory_region((p), (n))
#define RILL_UNPOISON(p, n) __asan_unpoison_memory_region((p), (n))
#else
#define RILL_POISON(p, n) ((void)0)
#define RILL_UNPOISON(p, n) ((void)0)
#endif

namespace rill {

class Alloc {
public:
    // May size more bytes be had? Counts the request either way.
    bool allow(std::size_t size) {
        ++requests;
        if (!limited_) [[likely]]
            return true;
        return decide(size);
    }
    // Would it allow(size)? Counts nothing; knows of the ceiling only.
    bool would_allow(std::size_t size) const { return !ceiling_ || size <= ceiling_; }
    void fail_nth(long n);                               // the n-th from now fails, once; 0: none
    void fail_seed(std::uint64_t seed, unsigned one_in); // each fails with probability 1/one_in; 0: none
    void ceiling(std::size_t bytes);                     // no single request above; 0: no ceiling

    std::uint64_t requests = 0;
    std::uint64_t refused = 0;

private:
    bool decide(std::size_t size);

    bool limited_ = false;
    long nth_ = 0;
    RandomEngine random_{0};
    unsigned one_in_ = 0;
    std::size_t ceiling_ = 0;
};

// Objects of one size, kept when given back. Memory goes to the host when the pool dies.
class RawPool {
public:
    explicit RawPool(std::size_t size) : size_(size < sizeof(Free) ? sizeof(Free) : (size + 15) & ~std::size_t{15}) {}
    RawPool(const RawPool &) = delete;
    ~RawPool();

    void *take() {
        if (!free_) [[unlikely]]
            grow();
        Free *object = free_;
        free_ = object->next;
        ++out_;
        RILL_UNPOISON(object, size_);
        return object;
    }
    // Of what is given, the first pointer's worth is overwritten; the rest stays as it was, poisoned.
    void give(void *p) {
        auto *object = static_cast<Free *>(p);
        object->next = free_;
        free_ = object;
        --out_;
        RILL_POISON(reinterpret_cast<char *>(object) + sizeof(Free), size_ - sizeof(Free));
    }
    long out() const { return out_; }
    std::size_t size() const { return size_; }

private:
    struct Free {
        Free *next;
    };
    struct Slab {
        Slab *next;
        std::size_t bytes;
    };
    void grow();

    std::size_t size_;
    Free *free_ = nullptr;
    Slab *slabs_ = nullptr;
    long out_ = 0;
};

template <class T> class Pool {
public:
    explicit Pool(Alloc &alloc) : alloc_(alloc) {}

    // nullptr when the seam refuses.
    template <class... Args> T *make(Args &&...args) {
        if (!alloc_.allow(sizeof(T))) [[unlikely]]
            return nullptr;
        return new (raw_.take()) T(std::forward<Args>(args)...);
    }
    void free(T *object) {
        object->~T();
        raw_.give(object);
    }
    long out() const { return raw_.out(); }

private:
    Alloc &alloc_;
    RawPool raw_{sizeof(T)};
};

} // namespace rill
