#include "streams/file/registry.hpp"
#include "streams/system.hpp"

#include <algorithm>
#include <cassert>
#include <cerrno>
#include <fmt/format.h>
#include <limits>
#include <sys/conf.h>

namespace rill {

namespace {

bool is_whole(const streamtab *tab) { return !missing_part(*tab); }

} // namespace

const char *missing_part(const streamtab &tab) {
    if (!tab.st_rdinit) return "st_rdinit";
    if (!tab.st_wrinit) return "st_wrinit";
    if (!tab.st_muxrinit && tab.st_muxwinit) return "st_muxrinit";
    if (tab.st_muxrinit && !tab.st_muxwinit) return "st_muxwinit";
    for (const qinit *init : {tab.st_rdinit, tab.st_wrinit, tab.st_muxrinit, tab.st_muxwinit})
        if (init && !init->qi_minfo) return "qi_minfo, in one of its qinits";
    return nullptr;
}

Registry::Registry(System &system, unsigned drivers, unsigned modules)
    : system_(system), drivers_max_(drivers), by_external_(system.profile.major_max + 1), modules_max_(modules) {}

int Registry::add(Driver driver, major_t external, Driver **added) {
    if (external >= by_external_.size() || driver.prefix.empty() || (driver.tab && !is_whole(driver.tab))) return EINVAL;
    if (by_external_[external]) return EBUSY;
    if (drivers_ == drivers_max_) return ENOSPC;
    if (!system_.alloc.allow(sizeof(Driver))) return ENOMEM;
    if (external >= rows_.size()) rows_.resize(external + 1);
    assert(!rows_[external]); // the driver of a row has that row's number among its externals
    rows_[external] = std::make_unique<Driver>(std::move(driver));
    ++drivers_;
    Driver &row = *rows_[external];
    row.internal = external;
    row.externals.assign(1, external);
    if (row.name.empty()) row.name = row.prefix;
    if (!row.load) row.decide_convention();
    row.make_tag();
    by_external_[external] = &row;
    if (system_.trace.on)
        system_.trace.emit({.event = Event::driver_configured, .name = row.name.c_str(), .dev = make_device(external, 0), .number = row.internal});
    if (added) *added = &row;
    return 0;
}

int Registry::alias(Driver &driver, major_t external) {
    if (external >= by_external_.size()) return EINVAL;
    if (by_external_[external]) return EBUSY;
    driver.externals.push_back(external);
    by_external_[external] = &driver;
    return 0;
}

int Registry::remove(Driver &driver) {
    if (driver.holds > 0) return EBUSY;
    for (major_t external : driver.externals) by_external_[external] = nullptr;
    if (driver.unload) driver.unload(driver);
    rows_[driver.internal].reset();
    --drivers_;
    return 0;
}

int Registry::add_module(Module module) {
    if (module.name.empty() || module.name.size() > FMNAMESZ || !module.tab || !is_whole(module.tab)) return EINVAL;
    if (this->module(module.name)) return EEXIST;
    if (modules_.size() >= modules_max_) return ENOSPC;
    if (!system_.alloc.allow(sizeof(Module))) return ENOMEM;
    modules_.push_back(std::make_unique<Module>(std::move(module)));
    modules_.back()->decide_convention();
    modules_.back()->make_tag();
    if (system_.trace.on)
        system_.trace.emit({.event = Event::module_configured, .name = modules_.back()->name.c_str()});
    return 0;
}

int Registry::remove_module(std::string_view name) {
    for (auto it = modules_.begin(); it != modules_.end(); ++it)
        if ((*it)->name == name) {
            if ((*it)->holds > 0) return EBUSY;
            modules_.erase(it);
            return 0;
        }
    return ENOENT;
}

Driver *Registry::row(major_t internal) { return internal < rows_.size() ? rows_[internal].get() : nullptr; }

std::string Registry::foreign_device(dev_t dev, const Owner &driver, major_t opened) {
    std::string text = device_text(dev);
    if (dev == no_device) return text;
    const major_t major = external_major(dev);
    const Driver *owner = by_external(major);
    if (!owner) return fmt::format("{}, and no driver has major {}", text, major);
    if (owner != &driver) return fmt::format("{}, which is a device of {}", text, owner->name);
    if (major == owner->internal)
        return fmt::format("{}: {} is its internal major, the external one by which it was opened is {}, as getemajor() gives it",
                           text, major, opened);
    return fmt::format("{}: it was opened by another of its majors, {}, as getemajor() gives it", text, opened);
}

Driver *Registry::by_name(std::string_view name) {
    for (const auto &row : rows_)
        if (row && (row->name == name || row->prefix == name)) return row.get();
    return nullptr;
}

Module *Registry::module(std::string_view name) {
    for (const auto &m : modules_)
        if (m->name == name) return m.get();
    return nullptr;
}

int Registry::hold(major_t external, Driver **driver) {
    Driver *row = by_external(external);
    if (!row) return ENXIO;
    ++row->holds; // before loading, which may sleep
    if (!row->tab && row->load) [[unlikely]]
        if (load(*row) != 0) {
            --row->holds;
            return ENXIO;
        }
    *driver = row;
    return 0;
}

int Registry::load(Driver &row) {
    auto load = row.load;
    if (system_.trace.on)
        system_.trace.emit({.event = Event::driver_loading, .name = row.name.c_str(), .clause = "CLN-029"});
    if (int error = load(row)) return error;
    row.load = nullptr;
    return 0;
}

int Registry::unload(Driver &driver) {
    if (!driver.loadable) return EINVAL;
    if (driver.holds > 0) return EBUSY;
    return remove(driver);
}

} // namespace rill

using namespace rill;

#define EXPORT extern "C" __attribute__((visibility("default")))

// --- majors, internal and external (<sys/mkdev.h>) ---

EXPORT major_t getmajor(dev_t dev) {
    const major_t external = external_major(dev);
    if (current && current->profile.one_kind_of_major) return external;
    const Driver *driver = current ? current->registry.by_external(external) : nullptr;
    // An unconfigured major gets a number beyond every row, so that it matches no driver (DEV-013).
    return driver ? driver->internal : MAXMAJ + 1 + external;
}

EXPORT int etoimajor(major_t external) {
    const Driver *driver = current ? current->registry.by_external(external) : nullptr;
    if (!driver) return static_cast<int>(NODEV);
    return static_cast<int>(current->profile.one_kind_of_major ? external : driver->internal);
}

EXPORT int itoemajor(major_t internal, int previous) {
    const bool one_kind = current && current->profile.one_kind_of_major;
    const Driver *driver = !current   ? nullptr
                           : one_kind ? current->registry.by_external(internal)
                                      : current->registry.row(internal);
    if (!driver) return static_cast<int>(NODEV);
    if (one_kind) return static_cast<int>(previous == static_cast<int>(NODEV) ? internal : static_cast<major_t>(NODEV));
    bool take_next = previous == static_cast<int>(NODEV);
    for (major_t external : driver->externals) {
        if (take_next) return static_cast<int>(external);
        take_next = static_cast<int>(external) == previous;
    }
    return static_cast<int>(NODEV);
}
