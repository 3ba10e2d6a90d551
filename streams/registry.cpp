#include "streams/registry.hpp"
#include "streams/system.hpp"

#include <algorithm>
#include <cerrno>
#include <limits>

namespace rill {

int errno_of(System &system, const Owner &owner, const char *procedure, int result) {
    if (result >= 0) [[likely]] return result;
    if (!owner.negative_errnos) {
        Fault fault;
        fault.driver = owner.name;
        fault.entry = procedure;
        fault.rule = "NBSD-082";
        fault.what = "it answered with a negative number, " + std::to_string(result) + ", and errnos are positive here";
        system.fault(std::move(fault));
    }
    return -std::max(result, -std::numeric_limits<int>::max());
}

Registry::Registry(System &system, unsigned rows, unsigned modules)
    : system_(system), rows_(rows), by_external_(system.profile.major_max + 1), modules_max_(modules) {}

int Registry::add(Driver driver, major_t external, Driver **added) {
    if (external >= by_external_.size() || driver.prefix.empty()) return EINVAL;
    if (by_external_[external]) return EBUSY;
    auto free_row = std::find(rows_.begin(), rows_.end(), nullptr);
    if (free_row == rows_.end()) return ENOSPC;
    if (!system_.alloc.allow(sizeof(Driver))) return ENOMEM;
    *free_row = std::make_unique<Driver>(std::move(driver));
    Driver &row = **free_row;
    row.internal = static_cast<major_t>(free_row - rows_.begin());
    row.externals.assign(1, external);
    if (row.name.empty()) row.name = row.prefix;
#if RILL_CHECKING
    row.make_tag();
#endif
    by_external_[external] = &row;
    if (system_.trace.on)
        system_.trace.emit({.kind = Kind::driver, .name = row.name.c_str(), .what = "configured",
                            .dev = make_device(external, 0), .number = row.internal});
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
    return 0;
}

int Registry::add_module(Module module) {
    if (module.name.empty() || module.name.size() > FMNAMESZ || !module.tab) return EINVAL;
    if (this->module(module.name)) return EEXIST;
    if (modules_.size() >= modules_max_) return ENOSPC;
    if (!system_.alloc.allow(sizeof(Module))) return ENOMEM;
    modules_.push_back(std::make_unique<Module>(std::move(module)));
#if RILL_CHECKING
    modules_.back()->make_tag();
#endif
    if (system_.trace.on)
        system_.trace.emit({.kind = Kind::driver, .name = modules_.back()->name.c_str(), .what = "module configured"});
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
    if (!row->tab && row->load) {
        auto load = row->load;
        if (system_.trace.on)
            system_.trace.emit({.kind = Kind::driver, .name = row->name.c_str(), .what = "loading", .clause = "CLN-029"});
        if (load(*row) != 0) {
            --row->holds;
            return ENXIO;
        }
        row->load = nullptr;
    }
    *driver = row;
    return 0;
}

int Registry::unload(Driver &driver) {
    if (!driver.loadable) return EINVAL;
    if (driver.holds > 0) return EBUSY;
    return remove(driver);
}

int Registry::autopush(AutopushRule rule) {
    if (rule.modules.empty() || static_cast<int>(rule.modules.size()) > 8) return EINVAL;
    for (const std::string &name : rule.modules)
        if (!module(name)) return EINVAL;
    autopush_clear(rule.major, rule.minor);
    autopush_.push_back(std::move(rule));
    return 0;
}

int Registry::autopush_clear(major_t major, int minor) {
    const auto before = autopush_.size();
    std::erase_if(autopush_, [&](const AutopushRule &r) { return r.major == major && r.minor == minor; });
    return autopush_.size() == before ? ENOENT : 0;
}

const AutopushRule *Registry::autopush_for(dev_t dev) const {
    if (autopush_.empty()) [[likely]] return nullptr;
    const AutopushRule *all = nullptr;
    for (const AutopushRule &r : autopush_) {
        if (r.major != external_major(dev)) continue;
        if (r.minor < 0) all = &r;
        const minor_t minor = external_minor(dev);
        if (r.minor >= 0 && minor >= static_cast<minor_t>(r.minor) &&
            minor <= std::max(r.last_minor, static_cast<minor_t>(r.minor)))
            return &r;
    }
    return all;
}

} // namespace rill
