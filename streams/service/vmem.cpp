// Arenas of numbers (vmem_create(9F), id_space(9F)): a driver of Solaris takes its minors and ids from one.
//
// An arena is what is free of it, as pieces by their first number, and what is out, as allocations. A piece that comes back
// joins its neighbours. Which piece is taken is the caller's choice (VM_BESTFIT, VM_NEXTFIT); the lowest otherwise.
#include "streams/system.hpp"
#include "streams/queue/sync.hpp"

#include <cstdint>
#include <fmt/format.h>
#include <map>
#include <string>
#include <sys/vmem.h>

using namespace rill;

#define EXPORT extern "C" __attribute__((visibility("default")))

struct vmem {
    std::string name;
    std::uintptr_t quantum;
    System *owner;
    std::map<std::uintptr_t, std::uintptr_t> free; // first, size
    std::map<std::uintptr_t, std::uintptr_t> out;
    std::uintptr_t next = 0; // where VM_NEXTFIT goes on
    WaitQueue waiting;

    void give(std::uintptr_t first, std::uintptr_t size) {
        auto after = free.lower_bound(first);
        if (after != free.end() && first + size == after->first) {
            size += after->second;
            after = free.erase(after);
        }
        if (after != free.begin()) {
            auto before = std::prev(after);
            if (before->first + before->second == first) {
                before->second += size;
                return;
            }
        }
        free.emplace(first, size);
    }

    bool take(std::uintptr_t size, int flag, std::uintptr_t *first) {
        auto best = free.end();
        if (flag & VM_NEXTFIT) {
            if (take_from(next, size, first)) return true;
            return take_from(0, size, first);
        }
        for (auto piece = free.begin(); piece != free.end(); ++piece) {
            if (piece->second < size) continue;
            if (best == free.end() || piece->second < best->second) best = piece;
            if (!(flag & VM_BESTFIT)) break;
        }
        if (best == free.end()) return false;
        *first = best->first;
        cut(*first, size);
        return true;
    }

private:
    bool take_from(std::uintptr_t least, std::uintptr_t size, std::uintptr_t *first) {
        for (const auto &[begin, length] : free) {
            const std::uintptr_t at = std::max(begin, least);
            if (at >= begin + length || begin + length - at < size) continue;
            *first = at;
            cut(at, size);
            return true;
        }
        return false;
    }
    void cut(std::uintptr_t first, std::uintptr_t size) {
        auto piece = std::prev(free.upper_bound(first));
        const std::uintptr_t begin = piece->first, end = begin + piece->second;
        free.erase(piece);
        if (begin < first) free.emplace(begin, first - begin);
        if (first + size < end) free.emplace(first + size, end - first - size);
        out.emplace(first, size);
        next = first + size;
    }
};

namespace {

// VM_SLEEP waits where the caller may; elsewhere it is a fault and gets nothing.
bool take_waiting(vmem &arena, std::uintptr_t size, int flag, std::uintptr_t *first) {
    if (size == 0) return false;
    size = (size + arena.quantum - 1) / arena.quantum * arena.quantum;
    if ((flag & VM_NOSLEEP) && current && !current->alloc.allow(sizeof(arena))) return false;
    while (!arena.take(size, flag, first)) {
        if ((flag & VM_NOSLEEP) || !may_sleep_here("UTL-104", "vmem_alloc with VM_SLEEP where sleeping is not allowed")) return false;
        if (driver_sleep(arena.waiting, "numbers of an arena (vmem_alloc)", false, forever) != Wake::event) return false;
    }
    return true;
}

} // namespace

EXPORT vmem_t *vmem_create(const char *name, void *base, size_t size, size_t quantum, void *, void *, vmem_t *, size_t, int) {
    if (!current || quantum == 0) return nullptr;
    ++current->kmem_allocations_out;
    auto *arena = new vmem{};
    arena->name = name ? name : "?";
    arena->quantum = quantum;
    arena->owner = current;
    if (size) arena->give(reinterpret_cast<std::uintptr_t>(base), size);
    return arena;
}

EXPORT void *vmem_add(vmem_t *arena, void *base, size_t size, int) {
    arena->give(reinterpret_cast<std::uintptr_t>(base), size);
    arena->owner->wake_all(arena->waiting, "vmem_add");
    return base;
}

EXPORT void vmem_destroy(vmem_t *arena) {
    if (!arena) return;
    if (!arena->out.empty() && current)
        current->fault("UTL-105", fmt::format("arena {} destroyed with {} allocations out", arena->name, arena->out.size()).c_str());
    --arena->owner->kmem_allocations_out;
    delete arena;
}

EXPORT void *vmem_alloc(vmem_t *arena, size_t size, int flag) {
    std::uintptr_t first = 0;
    return arena && take_waiting(*arena, size, flag, &first) ? reinterpret_cast<void *>(first) : nullptr;
}

EXPORT void vmem_free(vmem_t *arena, void *start, size_t size) {
    if (!arena) return;
    const auto found = arena->out.find(reinterpret_cast<std::uintptr_t>(start));
    size = (size + arena->quantum - 1) / arena->quantum * arena->quantum;
    if (found == arena->out.end() || found->second != size) {
        if (current)
            current->fault("UTL-105", fmt::format("arena {}: vmem_free of what was not allocated so", arena->name).c_str());
        return;
    }
    arena->give(found->first, found->second);
    arena->out.erase(found);
    arena->owner->wake_all(arena->waiting, "vmem_free");
}

EXPORT size_t vmem_size(vmem_t *arena, int which) {
    std::size_t total = 0;
    if (which & VMEM_ALLOC)
        for (const auto &[first, size] : arena->out) total += size;
    if (which & VMEM_FREE)
        for (const auto &[first, size] : arena->free) total += size;
    return total;
}

// --- id_space(9F): an arena of ids, which may begin at 0; hence every number in it is one higher ---

EXPORT id_space_t *id_space_create(const char *name, id_t low, id_t high) {
    return low < high ? vmem_create(name, reinterpret_cast<void *>(static_cast<std::uintptr_t>(low) + 1), high - low, 1, nullptr, nullptr,
                                    nullptr, 0, VM_SLEEP | VMC_IDENTIFIER)
                      : nullptr;
}
EXPORT void id_space_destroy(id_space_t *space) { vmem_destroy(space); }
static id_t id_from(id_space_t *space, int flag) {
    const auto number = reinterpret_cast<std::uintptr_t>(vmem_alloc(space, 1, flag));
    return number ? static_cast<id_t>(number - 1) : static_cast<id_t>(-1);
}
EXPORT id_t id_alloc(id_space_t *space) { return id_from(space, VM_SLEEP | VM_NEXTFIT); }
EXPORT id_t id_alloc_nosleep(id_space_t *space) { return id_from(space, VM_NOSLEEP | VM_NEXTFIT); }
EXPORT id_t id_allocff(id_space_t *space) { return id_from(space, VM_SLEEP | VM_FIRSTFIT); }
EXPORT id_t id_allocff_nosleep(id_space_t *space) { return id_from(space, VM_NOSLEEP | VM_FIRSTFIT); }
EXPORT void id_free(id_space_t *space, id_t id) { vmem_free(space, reinterpret_cast<void *>(static_cast<std::uintptr_t>(id) + 1), 1); }
