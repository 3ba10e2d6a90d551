#include "streams/file/autopush.hpp"
#include "streams/system.hpp"

#include <algorithm>
#include <cassert>
#include <cerrno>
#include <cstring>
#include <fmt/format.h>
#include <limits>
#include <sys/apush.h>

namespace rill {

namespace {

// A name as sad(7) takes it: cut to FMNAMESZ letters, zeros behind it (AUT-020).
void put_name(char (&to)[FMNAMESZ + 1], const char (&from)[FMNAMESZ + 1]) {
    const std::size_t length = strnlen(from, FMNAMESZ);
    std::memcpy(to, from, length);
    std::memset(to + length, 0, sizeof to - length);
}

std::string text_of(const AutopushEntry &entry) {
    std::string text = entry.sap_cmd == SAP_ALL   ? "all minors:"
                       : entry.sap_cmd == SAP_ONE ? fmt::format("minor {}:", entry.sap_minor)
                                                  : fmt::format("minors {} to {}:", entry.sap_minor, entry.sap_lastminor);
    for (unsigned i = 0; i < entry.sap_npush; ++i)
        text += fmt::format(" {}{}", entry.sap_list[i], i + 1 == entry.sap_anchor ? " [anchor]" : "");
    return text;
}

dev_t device_of(const AutopushEntry &entry) {
    return make_device(static_cast<major_t>(entry.sap_major), static_cast<minor_t>(entry.sap_minor));
}

} // namespace

// Tells why, for there is no Caller here who could be refused: the request comes in a message.
int AutopushTable::refuse(int error, const char *what, const char *clause, const AutopushEntry &about) {
    why = what;
    if (system_.trace.on) [[unlikely]]
        system_.trace.emit({.event = Event::refused, .name = "autopush table", .what = what, .clause = clause, .error = error, .dev = device_of(about)});
    return error;
}

int AutopushTable::check_major(major_t major, const char *clause, const AutopushEntry &about) {
    const Driver *driver = system_.registry.by_external(major);
    if (!driver) return refuse(EINVAL, "no driver is configured at this major", clause, about);
    // What one that is not loaded yet turns out to be, its open will tell.
    return driver->tab || driver->load ? 0 : refuse(ENOSTR, "the driver is not a STREAMS driver", clause, about);
}

int AutopushTable::check_names(const AutopushEntry &entry) const {
    for (unsigned i = 0; i < entry.sap_npush; ++i)
        if (!system_.registry.module(entry.sap_list[i])) return EINVAL;
    return 0;
}

const AutopushTable::Kept *AutopushTable::covering(major_t major, minor_t minor) const {
    if (major >= by_major_.size() || !by_major_[major]) return nullptr;
    const Minors &minors = *by_major_[major];
    const auto after = std::upper_bound(minors.begin(), minors.end(), minor, [](minor_t m, const Kept &k) { return m < k.first; });
    return after != minors.begin() && minor <= std::prev(after)->last ? &*std::prev(after) : nullptr;
}

const AutopushEntry *AutopushTable::find(dev_t dev) const {
    const Kept *kept = covering(external_major(dev), external_minor(dev));
    return kept ? &kept->entry : nullptr;
}

int AutopushTable::set(const AutopushEntry &wanted) {
    Kept kept{};
    AutopushEntry &entry = kept.entry;
    entry.sap_common = wanted.sap_common;
    switch (wanted.sap_cmd) {
    case SAP_ONE:
        kept.first = kept.last = static_cast<minor_t>(wanted.sap_minor);
        entry.sap_lastminor = 0; // AUT-017
        break;
    case SAP_RANGE:
        kept.first = static_cast<minor_t>(wanted.sap_minor);
        kept.last = static_cast<minor_t>(wanted.sap_lastminor);
        break;
    case SAP_ALL:
        kept.last = std::numeric_limits<minor_t>::max();
        entry.sap_minor = entry.sap_lastminor = 0; // AUT-016
        break;
    default: return refuse(EINVAL, "no entry is made by this command", "AUT-023", wanted);
    }
    if (wanted.sap_npush == 0 || wanted.sap_npush > MAXAPUSH || static_cast<int>(wanted.sap_npush) > system_.tunables.push_limit)
        return refuse(EINVAL, "so many modules cannot be pushed", "AUT-019", wanted);
    if (wanted.sap_anchor > wanted.sap_npush) return refuse(EINVAL, "the anchor is beyond the last module", "AUT-039", wanted);
    if (wanted.sap_cmd == SAP_RANGE && kept.last <= kept.first)
        return refuse(ERANGE, "the range does not end behind its beginning", "AUT-015", wanted);
    for (unsigned i = 0; i < wanted.sap_npush; ++i) put_name(entry.sap_list[i], wanted.sap_list[i]);
    entry.sap_anchor = wanted.sap_anchor;
    if (check_names(entry)) return refuse(EINVAL, "no module has this name", "AUT-020", wanted);
    const auto major = static_cast<major_t>(wanted.sap_major);
    if (int error = check_major(major, "AUT-021", wanted)) return error;

    if (major < by_major_.size() && by_major_[major]) {
        const Minors &minors = *by_major_[major];
        if (std::any_of(minors.begin(), minors.end(), [&](const Kept &k) { return k.first <= kept.last && kept.first <= k.last; }))
            return refuse(EEXIST, "a device has modules configured already", "AUT-018", wanted);
    }
    if (!system_.profile.autopush_unbounded && used_ >= entries_max_)
        return refuse(ENOSR, "the autopush table is full", "AUT-034", wanted);
    if (!system_.alloc.allow(sizeof(Kept))) return refuse(ENOSR, "no memory for an entry", "AUT-034", wanted);
    if (major >= by_major_.size()) by_major_.resize(major + 1);
    if (!by_major_[major]) by_major_[major] = std::make_unique<Minors>();
    Minors &minors = *by_major_[major];
    minors.insert(std::upper_bound(minors.begin(), minors.end(), kept.first, [](minor_t m, const Kept &k) { return m < k.first; }), kept);
    ++used_;
    if (system_.trace.on) [[unlikely]]
        system_.trace.emit({.event = Event::autopush_set, .name = "autopush", .clause = "AUT-012 AUT-014 AUT-016", .dev = device_of(entry), .number = static_cast<long>(entry.sap_npush), .text = text_of(entry)});
    return 0;
}

int AutopushTable::clear(major_t major, minor_t minor) {
    AutopushEntry about{};
    about.sap_major = static_cast<int>(major);
    about.sap_minor = static_cast<int>(minor);
    if (int error = check_major(major, "AUT-021", about)) return error;
    const Kept *kept = covering(major, minor);
    if (!kept) return refuse(ENODEV, "nothing is configured for this device", "AUT-026", about);
    if (kept->entry.sap_cmd == SAP_RANGE && minor != kept->first)
        return refuse(ERANGE, "a range goes by its first minor", "AUT-025", about);
    if (kept->entry.sap_cmd == SAP_ALL && minor != 0)
        return refuse(EINVAL, "an entry for all minors goes by minor 0", "AUT-024", about);
    const AutopushEntry gone = kept->entry;
    Minors &minors = *by_major_[major];
    minors.erase(minors.begin() + (kept - minors.data()));
    if (minors.empty()) by_major_[major].reset();
    assert(used_ > 0);
    if (--used_ == 0) by_major_.clear();
    if (system_.trace.on) [[unlikely]]
        system_.trace.emit({.event = Event::autopush_cleared, .name = "autopush", .clause = "AUT-024 AUT-025", .dev = device_of(gone), .text = text_of(gone)});
    return 0;
}

int AutopushTable::get(major_t major, minor_t minor, AutopushEntry *entry) {
    AutopushEntry about{};
    about.sap_major = static_cast<int>(major);
    about.sap_minor = static_cast<int>(minor);
    if (int error = check_major(major, "AUT-029", about)) return error;
    const Kept *kept = covering(major, minor);
    if (!kept) return refuse(ENODEV, "nothing is configured for this device", "AUT-029", about);
    *entry = kept->entry;
    return 0;
}

} // namespace rill

using namespace rill;

#define EXPORT extern "C" __attribute__((visibility("default")))

// --- <sys/apush.h> ---

EXPORT int apush_set(const strapush_v1 *ap) {
    AutopushTable &table = this_system().autopush;
    return ap->sap_cmd == SAP_CLEAR ? table.clear(static_cast<major_t>(ap->sap_major), static_cast<minor_t>(ap->sap_minor)) : table.set(*ap);
}

EXPORT int apush_get(strapush_v1 *ap) {
    return this_system().autopush.get(static_cast<major_t>(ap->sap_major), static_cast<minor_t>(ap->sap_minor), ap);
}

EXPORT int apush_vml(const str_mlist *list, int n) {
    Registry &registry = this_system().registry;
    for (int i = 0; i < n; ++i) {
        char name[FMNAMESZ + 1] = {};
        put_name(name, list[i].l_name);
        if (!registry.module(name)) return 1;
    }
    return 0;
}

EXPORT int apush_version() { return this_system().profile.has_anchors; }
