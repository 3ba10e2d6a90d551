// How a driver of HP-UX makes itself known (<sys/io.h>): its install routine calls install_driver() with its switch-table entry and
// str_install() with its streamtab. Only the second makes a STREAMS driver or module; what the first named is the major
// that it then has. From there on it is kept as the drivers of Solaris and Linux are (solaris.hpp).
#include "streams/boot/solaris.hpp"
#include "streams/system.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <string>
#include <sys/conf.h>
#include <sys/io.h>

using namespace rill;

#define EXPORT extern "C" __attribute__((visibility("default")))

namespace {

struct SwitchTable {
    explicit SwitchTable(System &) {}
    std::vector<drv_info_t *> entries;
    drv_info_t *find(const char *name) {
        for (drv_info_t *entry : entries)
            if (std::strcmp(entry->name, name) == 0) return entry;
        return nullptr;
    }
};

SwitchTable &table() { return current->part<SwitchTable>(); }

// Levels of synchronisation are perimeters. One that spans several modules (global, elsewhere) is one round each.
int flags_of(const streams_info_t &info) {
    if (!(info.streams_flags & STR_SYSV4_OPEN)) return D_OLD; // uniprocessor (CFG-037)
    switch (info.sync_level) {
    case SQLVL_QUEUE: return D_MP | D_MTPERQ;
    case SQLVL_QUEUEPAIR: return D_MP | D_MTQPAIR;
    case SQLVL_NOSYNC: return info.streams_flags & MGR_IS_MP ? D_MP : D_NEW;
    default: return D_MP | D_MTPERMOD;
    }
}

} // namespace

EXPORT int install_driver(drv_info_t *info, drv_ops_t *) {
    if (!current) return ENODEV;
    if (!info || !info->name || !(info->flags & (DRV_CHAR | DRV_BLOCK))) return EINVAL;
    if (table().find(info->name)) return EEXIST;
    table().entries.push_back(info);
    return 0;
}

EXPORT int uninstall_driver(drv_info_t *info) {
    if (!current) return ENODEV;
    return std::erase(table().entries, info) ? 0 : EINVAL;
}

EXPORT int str_install(streams_info_t *info) {
    if (!current) return ENODEV;
    if (!info || !info->name || std::strlen(info->name) > FMNAMESZ) return EINVAL;
    const unsigned kind = info->streams_flags & (STR_IS_DEVICE | STR_IS_MODULE);
    if (kind != STR_IS_DEVICE && kind != STR_IS_MODULE) return EINVAL;
    const drv_info_t *entry = table().find(info->name);
    if (kind == STR_IS_DEVICE && !entry) return ENXIO; // it has no switch-table entry
    auto l = std::make_unique<Loadable>();
    major_t external = 0;
    if (kind == STR_IS_DEVICE) {
        const int major = info->major > 0 ? info->major : entry->c_major;
        external = major > 0 ? static_cast<major_t>(major) : 0;
        l->tab = &info->streamtab;
        l->flags = flags_of(*info);
    } else {
        std::strcpy(l->own_module.f_name, info->name);
        l->own_module.f_str = &info->streamtab;
        l->own_module.f_flag = flags_of(*info);
        l->module = &l->own_module;
    }
    l->convention = Convention::hpux;
    l->reason = info->streams_flags & STR_SYSV4_OPEN ? "it registered with STR_SYSV4_OPEN" : "it registered without STR_SYSV4_OPEN";
    const int result = register_loadable(std::move(l), info->name, external);
    return result < 0 ? -result : 0;
}

EXPORT int str_uninstall(const char *name) {
    if (!current || !name) return EINVAL;
    return -unregister_loadable(name);
}
