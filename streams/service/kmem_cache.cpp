// Object caches of Solaris, kmem_cache_create(9F): a cache keeps its objects constructed, in use or not.
//
// To have an object, take one that came back, else make one: memory from kmem_alloc, then the constructor. An object that
// comes back is kept as it is. What is free goes, through the destructor, when the cache is reaped or destroyed. Every
// object is remembered, so that one given back twice, or to another cache, is the driver's fault and changes nothing.
#include "streams/system.hpp"

#include <algorithm>
#include <cstdint>
#include <fmt/format.h>
#include <string>
#include <unordered_map>
#include <vector>
#include <sys/kmem.h>

using namespace rill;

#define EXPORT extern "C" __attribute__((visibility("default")))

struct kmem_cache {
    std::string name;
    std::size_t size;
    std::size_t align;
    int (*constructor)(void *, void *, int);
    void (*destructor)(void *, void *);
    void *arg;
    System *owner;
    struct Object {
        void *memory; // from kmem_alloc
        bool out;
    };
    std::unordered_map<void *, Object> objects;
    std::vector<void *> free; // the last that came back goes first

    std::size_t memory_size() const { return align > 16 ? size + align : size; }
};

namespace {

void complain(const char *rule, const kmem_cache &cache, const char *what) {
    if (current) current->fault(rule, fmt::format("cache {}: {}", cache.name, what).c_str());
}

void let_go(kmem_cache &cache, void *object) {
    const auto found = cache.objects.find(object);
    void *memory = found->second.memory;
    cache.objects.erase(found);
    if (cache.destructor) cache.destructor(object, cache.arg);
    kmem_free(memory, cache.memory_size());
}

} // namespace

EXPORT kmem_cache_t *kmem_cache_create(const char *name, size_t size, size_t align, int (*constructor)(void *, void *, int),
                                       void (*destructor)(void *, void *), void (*)(void *), void *arg, void *, int) {
    if (!current || size == 0 || (align & (align - 1))) return nullptr;
    ++current->kmem_allocations_out;
    return new kmem_cache{name ? name : "?", size, align, constructor, destructor, arg, current, {}, {}};
}

EXPORT void *kmem_cache_alloc(kmem_cache_t *cache, int flag) {
    if (!cache) return nullptr;
    if (!cache->free.empty()) {
        if ((flag & KM_NOSLEEP) && current && !current->alloc.allow(cache->size)) return nullptr;
        void *object = cache->free.back();
        cache->free.pop_back();
        cache->objects.find(object)->second.out = true;
        return object;
    }
    void *memory = kmem_alloc(cache->memory_size(), flag);
    if (!memory) return nullptr;
    void *object = memory;
    if (cache->align > 16) {
        const auto at = reinterpret_cast<std::uintptr_t>(memory);
        object = reinterpret_cast<void *>((at + cache->align - 1) & ~(static_cast<std::uintptr_t>(cache->align) - 1));
    }
    if (cache->constructor && cache->constructor(object, cache->arg, flag) != 0) { // nothing to destruct
        kmem_free(memory, cache->memory_size());
        return nullptr;
    }
    cache->objects[object] = {memory, true};
    return object;
}

EXPORT void kmem_cache_free(kmem_cache_t *cache, void *object) {
    if (!cache) return;
    const auto found = cache->objects.find(object);
    if (found == cache->objects.end()) return complain("UTL-101", *cache, "kmem_cache_free of what is none of its objects");
    if (!found->second.out) return complain("UTL-101", *cache, "kmem_cache_free of an object that has come back before");
    found->second.out = false;
    cache->free.push_back(object);
}

EXPORT void kmem_cache_reap_now(kmem_cache_t *cache) {
    if (!cache) return;
    while (!cache->free.empty()) {
        void *object = cache->free.back();
        cache->free.pop_back();
        let_go(*cache, object);
    }
}

EXPORT void kmem_cache_destroy(kmem_cache_t *cache) {
    if (!cache) return;
    kmem_cache_reap_now(cache);
    if (!cache->objects.empty())
        complain("UTL-102", *cache, fmt::format("destroyed with {} objects in use", cache->objects.size()).c_str());
    while (!cache->objects.empty()) kmem_free(cache->objects.begin()->second.memory, cache->memory_size()), cache->objects.erase(cache->objects.begin());
    --cache->owner->kmem_allocations_out;
    delete cache;
}
