// Kernel memory: kmem_alloc(D3) and its like. Each allocation knows its size and its System.
#include "streams/base/kernel.hpp"

#include <cstdlib>
#include <cstring>
#include <sys/kmem.h>

using namespace rill;

#define EXPORT extern "C" __attribute__((visibility("default")))

namespace {

// Stands before each allocation, so that kmem_free can tell a wrong size.
struct alignas(16) Kmem {
    std::uint32_t magic;
    std::uint32_t serial;
    std::size_t size;
    Kernel *owner;
};
constexpr std::uint32_t kmem_live = 0x6b6d'656d, kmem_dead = 0x6b64'6561;

} // namespace

EXPORT void *kmem_alloc(size_t size, int flag) {
    if (size == 0) return nullptr; // UTL-003
    Kernel &kernel = this_kernel("kmem_alloc");
    if (flag & KM_NOSLEEP) {
        if (!kernel.alloc.allow(size)) return nullptr;
    } else if (kernel.in_put_or_service()) {
        kernel.fault("UTL-006", "kmem_alloc with KM_SLEEP where sleeping is not allowed");
    } else if (kernel.watch) {
        kernel.locks_are_held("calls kmem_alloc with KM_SLEEP");
    }
    auto *head = static_cast<Kmem *>(std::malloc(sizeof(Kmem) + size));
    if (!head) return nullptr;
    *head = {kmem_live, 0, size, &kernel};
    ++kernel.kmem_allocations_out;
    if (checking) kernel.kmem_out_at[head + 1] = size;
    return head + 1;
}

EXPORT void *kmem_zalloc(size_t size, int flag) {
    void *p = kmem_alloc(size, flag);
    if (p) std::memset(p, 0, size);
    return p;
}

EXPORT void kmem_free(void *ptr, size_t size) {
    if (!ptr) return; // UTL-005
    Kmem *head = static_cast<Kmem *>(ptr) - 1;
    if (head->magic != kmem_live) {
        if (Kernel *kernel = current_kernel()) kernel->fault("UTL-004", head->magic == kmem_dead ? "kmem_free of memory freed before" : "kmem_free of memory that is not from kmem_alloc");
        return;
    }
    if (head->size != size && current) current_kernel()->fault("UTL-004", "kmem_free with a size other than the allocation's");
    head->magic = kmem_dead;
    if (checking) head->owner->kmem_out_at.erase(ptr);
    --head->owner->kmem_allocations_out;
    std::free(head);
}
