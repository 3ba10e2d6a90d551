// Zones of Solaris: there is the global one. Data by zone (zone_key_create) are made for it at once.
#include "streams/system.hpp"

#include <cstring>
#include <map>
#include <sys/zone.h>

using namespace rill;

#define EXPORT extern "C" __attribute__((visibility("default")))

extern "C" {
extern __attribute__((visibility("default"))) zone_t rill_global_zone;
extern __attribute__((visibility("default"))) cred_t rill_kcred;
zone_t rill_global_zone = {GLOBAL_ZONEID, "global", GLOBAL_ZONEUNIQID};
cred_t rill_kcred = {};
}

namespace {

struct Zones {
    explicit Zones(System &) {}
    struct Key {
        void (*shutdown)(zoneid_t, void *);
        void (*destroy)(zoneid_t, void *);
        void *data;
    };
    std::map<zone_key_t, Key> keys;
    zone_key_t next = 1;
};

Zones::Key *find(zone_key_t key, const zone_t *zone) {
    if (!current || zone != &rill_global_zone) return nullptr;
    auto &keys = current->part<Zones>().keys;
    const auto found = keys.find(key);
    return found == keys.end() ? nullptr : &found->second;
}

} // namespace

EXPORT zone_t *zone_find_by_id(zoneid_t id) { return id == GLOBAL_ZONEID ? &rill_global_zone : nullptr; }
EXPORT zone_t *zone_find_by_name(const char *name) {
    return name && std::strcmp(name, rill_global_zone.zone_name) == 0 ? &rill_global_zone : nullptr;
}

EXPORT void zone_key_create(zone_key_t *key, void *(*create)(zoneid_t), void (*shutdown)(zoneid_t, void *),
                            void (*destroy)(zoneid_t, void *)) {
    if (!current) return;
    Zones &zones = current->part<Zones>();
    *key = zones.next++;
    zones.keys[*key] = {shutdown, destroy, nullptr};
    if (create) zones.keys[*key].data = create(GLOBAL_ZONEID);
}

EXPORT int zone_key_delete(zone_key_t key) {
    Zones::Key *found = find(key, &rill_global_zone);
    if (!found) return -1;
    const Zones::Key gone = *found;
    current->part<Zones>().keys.erase(key);
    if (gone.data && gone.shutdown) gone.shutdown(GLOBAL_ZONEID, gone.data);
    if (gone.data && gone.destroy) gone.destroy(GLOBAL_ZONEID, gone.data);
    return 0;
}

EXPORT void *zone_getspecific(zone_key_t key, zone_t *zone) {
    Zones::Key *found = find(key, zone);
    return found ? found->data : nullptr;
}

EXPORT int zone_setspecific(zone_key_t key, zone_t *zone, const void *data) {
    Zones::Key *found = find(key, zone);
    if (!found) return -1;
    found->data = const_cast<void *>(data);
    return 0;
}
