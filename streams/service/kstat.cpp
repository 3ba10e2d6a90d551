// Statistics that drivers of Solaris publish (kstat_create(9F)): kept in order of their ids until kstat_delete, for whoever asks
// by name. A name is taken from kstat_create on, found only after kstat_install, and its data are the driver's to write.
#include "streams/system.hpp"

#include <cstring>
#include <list>
#include <sys/kmem.h>
#include <sys/kstat.h>

using namespace rill;

#define EXPORT extern "C" __attribute__((visibility("default")))

namespace {

struct Kstats {
    explicit Kstats(System &) {}
    std::list<kstat_t *> all;
    kid_t next = 1;
};

std::list<kstat_t *> &all() { return current->part<Kstats>().all; }

template <std::size_t N> void put_name(char (&to)[N], const char *name) {
    std::strncpy(to, name ? name : "", N - 1);
    to[N - 1] = '\0';
}

template <std::size_t N> bool is_named(const char (&has)[N], const char *name) { return std::strncmp(has, name ? name : "", N - 1) == 0; }

kstat_t *find(const char *module, int instance, const char *name) {
    for (kstat_t *k : all())
        if (k->ks_instance == instance && is_named(k->ks_module, module) && is_named(k->ks_name, name)) return k;
    return nullptr;
}

std::size_t size_of(uchar_t type, uint_t ndata) {
    switch (type) {
    case KSTAT_TYPE_RAW: return ndata;
    case KSTAT_TYPE_NAMED: return ndata * sizeof(kstat_named_t);
    case KSTAT_TYPE_INTR: return ndata * sizeof(kstat_intr_t);
    case KSTAT_TYPE_IO: return ndata * sizeof(kstat_io_t);
    default: return 0;
    }
}

bool owns_data(const kstat_t *k) { return k->ks_data && !(k->ks_flags & KSTAT_FLAG_VIRTUAL); }

} // namespace

EXPORT kstat_t *kstat_create(const char *module, int instance, const char *name, const char *ks_class, uchar_t type, uint_t ndata,
                             uchar_t flags) {
    if (!current || type > KSTAT_TYPE_IO || find(module, instance, name)) return nullptr;
    if ((type == KSTAT_TYPE_INTR || type == KSTAT_TYPE_IO) && ndata != 1) return nullptr;
    auto *k = static_cast<kstat_t *>(kmem_zalloc(sizeof(kstat_t), KM_NOSLEEP));
    if (!k) return nullptr;
    k->ks_data_size = size_of(type, ndata);
    if (!(flags & KSTAT_FLAG_VIRTUAL) && k->ks_data_size) {
        k->ks_data = kmem_zalloc(k->ks_data_size, KM_NOSLEEP);
        if (!k->ks_data) return kmem_free(k, sizeof(kstat_t)), nullptr;
    }
    k->ks_kid = current->part<Kstats>().next++;
    put_name(k->ks_module, module);
    put_name(k->ks_name, name);
    put_name(k->ks_class, ks_class);
    k->ks_instance = instance;
    k->ks_type = type;
    k->ks_ndata = ndata;
    k->ks_flags = static_cast<uchar_t>(flags | KSTAT_FLAG_INVALID);
    k->ks_crtime = current->sched.now() * (1'000'000'000LL / ticks_a_second);
    all().push_back(k);
    return k;
}

EXPORT void kstat_install(kstat_t *k) {
    if (k) k->ks_flags = static_cast<uchar_t>(k->ks_flags & ~KSTAT_FLAG_INVALID);
}

EXPORT void kstat_delete(kstat_t *k) {
    if (!k || !current) return;
    all().remove(k);
    if (owns_data(k)) kmem_free(k->ks_data, k->ks_data_size);
    kmem_free(k, sizeof(kstat_t));
}

EXPORT void kstat_named_init(kstat_named_t *entry, const char *name, uchar_t data_type) {
    *entry = {};
    put_name(entry->name, name);
    entry->data_type = data_type;
}

EXPORT void kstat_named_setstr(kstat_named_t *entry, const char *text) {
    entry->data_type = KSTAT_DATA_STRING;
    entry->value.str.addr.ptr = const_cast<char *>(text);
    entry->value.str.len = text ? static_cast<uint32_t>(std::strlen(text) + 1) : 0;
}

EXPORT kstat_t *kstat_hold_byname(const char *module, int instance, const char *name, int) {
    kstat_t *k = current ? find(module, instance, name) : nullptr;
    if (!k || k->ks_flags & KSTAT_FLAG_INVALID) return nullptr;
    if (k->ks_lock) mutex_enter(static_cast<kmutex_t *>(k->ks_lock));
    if (k->ks_update) k->ks_update(k, KSTAT_READ);
    k->ks_snaptime = current->sched.now() * (1'000'000'000LL / ticks_a_second);
    return k;
}

EXPORT void kstat_rele(kstat_t *k) {
    if (k && k->ks_lock) mutex_exit(static_cast<kmutex_t *>(k->ks_lock));
}
