#include "streams/boot/solaris.hpp"
#include "streams/queue/procedure.hpp"
#include "streams/system.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fmt/format.h>
#include <sys/strconf.h>
#include <sys/sunddi.h>
#undef sleep
#undef major
#undef minor
#undef makedev

using namespace rill;

#define EXPORT extern "C" __attribute__((visibility("default")))

extern "C" {
__attribute__((visibility("default"))) struct mod_ops mod_driverops = {1};
__attribute__((visibility("default"))) struct mod_ops mod_strmodops = {2};
__attribute__((visibility("default"))) struct mod_ops mod_miscops = {3};
}

namespace rill {

namespace {

Installed &installed(System &system) {
    if (!system.installed) system.installed = std::make_shared<Installed>();
    return *system.installed;
}

Loadable *find(System &system, const modlinkage *linkage) {
    for (const auto &l : installed(system).all)
        if (l->linkage == linkage) return l.get();
    return nullptr;
}

void forget(System &system, const Loadable &which) {
    std::erase_if(installed(system).all, [&](const auto &l) { return l.get() == &which; });
}

// "echo driver 1.0" is the echo driver.
std::string first_word(const char *info) {
    std::string name(info ? info : "");
    name.resize(std::min(name.find(' '), name.size()));
    return name;
}

std::string name_of_driver(const modlinkage *linkage) {
    for (void *const *entry = linkage->ml_linkage; *entry; ++entry)
        if (*static_cast<mod_ops **>(*entry) == &mod_driverops) return first_word(static_cast<modldrv *>(*entry)->drv_linkinfo);
    return "";
}

// Without a boot: to the tables at once.
int register_now(System &system, Loadable &l, const std::string &driver, major_t external = 0) {
    if (l.module) {
        Module module;
        module.name = l.module->f_name;
        module.prefix = module.name;
        module.tab = l.module->f_str;
        module.devflag = l.module->f_flag;
        module.convention = l.convention;
        module.convention_reason = l.reason;
        module.negative_errnos = l.negative_errnos();
        if (int error = system.registry.add_module(std::move(module))) return error;
    }
    l.registered = true;
    if (!l.driver_tab()) return 0;
    Driver row;
    row.name = row.prefix = driver;
    row.tab = l.driver_tab();
    row.devflag = l.driver_flags();
    row.convention = l.convention;
    row.convention_reason = l.reason;
    row.negative_errnos = l.negative_errnos();
    if (external == 0) external = 1;
    while (external <= system.profile.major_max && system.registry.by_external(external)) ++external;
    if (int error = system.registry.add(std::move(row), external)) {
        if (l.module) system.registry.remove_module(l.module->f_name);
        return error;
    }
    return attach_solaris(system, l, external, driver);
}

int unregister(System &system, Loadable &l) {
    Driver *row = l.driver_tab() ? system.registry.by_external(l.device.major) : nullptr;
    if (row && row->holds > 0) return EBUSY;
    if (l.module)
        if (int error = system.registry.remove_module(l.module->f_name)) return error;
    return row ? system.registry.remove(*row) : 0;
}

int detach(Loadable &l) {
    if (!l.attached || !l.ops || !l.ops->devo_detach) return 0;
    if (l.ops->devo_detach(&l.device, DDI_DETACH) != DDI_SUCCESS) return EBUSY;
    l.attached = false;
    return 0;
}

} // namespace

Loadable *load_solaris(System &system, int (*init)(), int *error) {
    Installed &in = installed(system);
    const std::size_t before = in.before = in.all.size();
    in.booting = true;
    *error = std::abs(init()); // LiS and OpenSS7 return a negative errno
    in.booting = false;
    return *error || in.all.size() == before ? nullptr : in.all.back().get();
}

int attach_solaris(System &system, Loadable &l, major_t external, const std::string &name) {
    l.device.driver = name;
    l.device.major = external;
    if (!l.ops || !l.ops->devo_attach) return 0;
    int result = DDI_FAILURE;
    Procedure procedure(system, EntryKind::init, l.device.driver.c_str());
    procedure.call([&] { result = l.ops->devo_attach(&l.device, DDI_ATTACH); });
    l.attached = result == DDI_SUCCESS;
    return l.attached ? 0 : ENXIO;
}

int unload_solaris(System &system, Loadable &l, int (*fini)()) {
    if (int error = detach(l)) return error;
    ddi_remove_minor_node(&l.device, nullptr);
    installed(system).ending = true;
    if (fini) fini();
    installed(system).ending = false;
    forget(system, l);
    return 0;
}

} // namespace rill

// --- mod_install(9F) ---

EXPORT int mod_install(modlinkage *linkage) {
    if (!current || !linkage || linkage->ml_rev != MODREV_1) return EINVAL;
    System &system = this_system();
    if (find(system, linkage)) return EBUSY;
    auto l = std::make_unique<Loadable>();
    l->linkage = linkage;
    for (void **entry = linkage->ml_linkage; *entry; ++entry) {
        const mod_ops *kind = *static_cast<mod_ops **>(*entry); // the first member of each kind
        if (kind == &mod_driverops) l->ops = static_cast<modldrv *>(*entry)->drv_dev_ops;
        if (kind == &mod_strmodops) l->module = static_cast<modlstrmod *>(*entry)->strmod_fmodsw;
    }
    if (!installed(system).booting)
        if (int error = register_now(system, *l, name_of_driver(linkage))) return error;
    installed(system).all.push_back(std::move(l));
    return 0;
}

EXPORT int mod_remove(modlinkage *linkage) {
    Loadable *l = find(this_system(), linkage);
    if (!l) return EINVAL;
    if (installed(*current).ending) return 0;
    Driver *row = l->driver_tab() ? current->registry.by_external(l->device.major) : nullptr;
    if (row && row->holds > 0) return EBUSY;
    if (int error = detach(*l)) return error;
    if (l->registered)
        if (int error = unregister(*current, *l)) return error;
    ddi_remove_minor_node(&l->device, nullptr);
    forget(*current, *l);
    return 0;
}

EXPORT int mod_info(modlinkage *linkage, modinfo *info) {
    if (!linkage || !info) return 0;
    info->mi_rev = linkage->ml_rev;
    int n = 0;
    for (void **entry = linkage->ml_linkage; *entry && n < MODMAXLINK; ++entry, ++n) {
        const char *words = static_cast<modldrv *>(*entry)->drv_linkinfo; // at the same place in all kinds
        std::snprintf(info->mi_msinfo[n].msi_linkinfo, MODMAXLINKINFOLEN, "%s", words ? words : "");
    }
    return 1;
}

EXPORT const char *mod_modname(modlinkage *linkage) {
    Loadable *l = find(this_system(), linkage);
    if (!l) return nullptr;
    return l->module ? l->module->f_name : l->device.driver.c_str();
}

// --- LiS and OpenSS7: a driver's init routine registers it (HDR-015) ---

namespace {

std::unique_ptr<Loadable> loadable(Convention convention, const char *reason) {
    auto l = std::make_unique<Loadable>();
    l->convention = convention;
    l->reason = reason;
    return l;
}

// A major or 0, or a negative errno as these systems have it.
int register_one(std::unique_ptr<Loadable> l, const char *name, major_t external) {
    System &system = this_system();
    const bool driver = l->tab != nullptr;
    if (!installed(system).booting) {
        if (driver && external && system.registry.by_external(external)) return -EBUSY;
        if (int error = register_now(system, *l, name, external)) return -error;
        external = l->device.major;
    }
    Installed &in = installed(system);
    if (in.booting && in.all.size() > in.before) { // one object may be a driver and a module
        Loadable &same = *in.all.back();
        if (driver) same.tab = l->tab, same.flags = l->flags;
        else if (l->module != &l->own_module) same.module = l->module;
        else same.own_module = l->own_module, same.module = &same.own_module;
    } else {
        in.all.push_back(std::move(l));
    }
    return static_cast<int>(driver ? external : 0);
}

template <class Which> int unregister_one(Which &&which) {
    auto &all = installed(this_system()).all;
    const auto found = std::find_if(all.begin(), all.end(), [&](const auto &l) { return which(*l); });
    if (found == all.end()) return -ENXIO;
    if (installed(*current).ending) return 0;
    if ((*found)->registered)
        if (int error = unregister(*current, **found)) return -error;
    all.erase(found);
    return 0;
}

} // namespace

EXPORT int register_strdev(cdevsw *driver, major_t major) {
    if (!driver || !driver->d_str || !driver->d_name) return -EINVAL;
    auto l = loadable(Convention::openss7, "register_strdev() registered it");
    l->tab = driver->d_str;
    l->flags = static_cast<int>(driver->d_flag);
    return register_one(std::move(l), driver->d_name, major);
}
EXPORT int unregister_strdev(cdevsw *driver, major_t) {
    return unregister_one([driver](const Loadable &l) { return driver && l.tab && l.tab == driver->d_str; });
}
EXPORT int register_strmod(fmodsw *module) {
    if (!module || !module->f_str) return -EINVAL;
    auto l = loadable(Convention::openss7, "register_strmod() registered it");
    l->module = module;
    return register_one(std::move(l), module->f_name, 0);
}
EXPORT int unregister_strmod(fmodsw *module) {
    return unregister_one([module](const Loadable &l) { return module && l.module == module; });
}

EXPORT int lis_register_strdev(major_t major, streamtab *tab, int, const char *name) {
    if (!tab || !name) return -EINVAL;
    auto l = loadable(Convention::lis, "lis_register_strdev() registered it");
    l->tab = tab;
    return register_one(std::move(l), name, major);
}
EXPORT int lis_unregister_strdev(major_t major) {
    return unregister_one([major](const Loadable &l) { // at a boot the master file's major went before
        return l.tab && (installed(*current).ending || l.device.major == major);
    });
}
EXPORT int lis_register_strmod(streamtab *tab, const char *name) {
    if (!tab || !name || std::strlen(name) > FMNAMESZ) return -EINVAL;
    auto l = loadable(Convention::lis, "lis_register_strmod() registered it");
    std::strcpy(l->own_module.f_name, name);
    l->own_module.f_str = tab;
    l->module = &l->own_module;
    return register_one(std::move(l), name, 0);
}
EXPORT int lis_unregister_strmod(streamtab *tab) {
    return unregister_one([tab](const Loadable &l) { return l.module && l.module->f_str == tab; });
}

int rill::register_loadable(std::unique_ptr<Loadable> l, const char *name, major_t external) {
    return register_one(std::move(l), name, external);
}
int rill::unregister_loadable(const char *name) {
    return unregister_one([name](const Loadable &l) {
        return l.module ? std::strcmp(l.module->f_name, name) == 0 : l.tab && (installed(*current).ending || l.device.driver == name);
    });
}

// --- device nodes and instances ---

EXPORT int ddi_create_minor_node(dev_info_t *dip, const char *name, int spec_type, minor_t minor, const char *, int flag) {
    System &system = this_system();
    const dev_t dev = flag & CLONE_DEV ? makedevice(system.profile.clone_major, dip->major) : makedevice(dip->major, minor);
    const mode_t mode = static_cast<mode_t>(spec_type ? spec_type : S_IFCHR) | 0666;
    const std::string device = fmt::format("/devices/pseudo/{}@{}:{}", dip->driver, dip->instance, name);
    if (system.nodes.make(device, mode, dev, 0, 0) != 0) return DDI_FAILURE;
    dip->nodes.emplace_back(name, device);
    const std::string link = fmt::format("/dev/{}", name);
    if (system.nodes.make(link, mode, dev, 0, 0) == 0) dip->nodes.emplace_back(name, link); // the boot's own goes before
    return DDI_SUCCESS;
}

EXPORT void ddi_remove_minor_node(dev_info_t *dip, const char *name) {
    if (!current || !dip) return;
    std::erase_if(dip->nodes, [name](const auto &node) {
        if (name && node.first != name) return false;
        current->nodes.unlink(node.second);
        return true;
    });
}

EXPORT int ddi_get_instance(dev_info_t *dip) { return dip->instance; }
EXPORT const char *ddi_get_name(dev_info_t *dip) { return dip->driver.c_str(); }
EXPORT const char *ddi_driver_name(dev_info_t *dip) { return dip->driver.c_str(); }
EXPORT major_t ddi_driver_major(dev_info_t *dip) { return dip->major; }
EXPORT void *ddi_get_driver_private(dev_info_t *dip) { return dip->driver_private; }
EXPORT void ddi_set_driver_private(dev_info_t *dip, void *data) { dip->driver_private = data; }
EXPORT void ddi_report_dev(dev_info_t *) {}
EXPORT int ddi_prop_op() { return DDI_FAILURE; }
EXPORT int ddi_prop_get_int(dev_t, dev_info_t *, uint_t, const char *, int otherwise) { return otherwise; }
EXPORT int ddi_prop_lookup_string(dev_t, dev_info_t *, uint_t, const char *, char **) { return DDI_PROP_NOT_FOUND; }
EXPORT void ddi_prop_free(void *) {}
EXPORT int qassociate(queue_t *, int instance) { return instance == 0 || instance == -1 ? 0 : -1; } // one instance

// --- soft state ---

namespace {

struct SoftState {
    size_t size;
    std::vector<void *> items;
};

} // namespace

EXPORT int ddi_soft_state_init(void **statep, size_t size, size_t n_items) {
    if (!statep || size == 0) return EINVAL;
    *statep = new SoftState{size, std::vector<void *>(n_items)};
    return 0;
}

EXPORT int ddi_soft_state_zalloc(void *state, int item) {
    auto *s = static_cast<SoftState *>(state);
    if (!s || item < 0) return DDI_FAILURE;
    const auto i = static_cast<size_t>(item);
    if (i >= s->items.size()) s->items.resize(i + 1);
    if (s->items[i]) return DDI_FAILURE;
    s->items[i] = kmem_zalloc(s->size, KM_NOSLEEP);
    return s->items[i] ? DDI_SUCCESS : DDI_FAILURE;
}

EXPORT void *ddi_get_soft_state(void *state, int item) {
    auto *s = static_cast<SoftState *>(state);
    return s && item >= 0 && static_cast<size_t>(item) < s->items.size() ? s->items[static_cast<size_t>(item)] : nullptr;
}

EXPORT void ddi_soft_state_free(void *state, int item) {
    void *memory = ddi_get_soft_state(state, item);
    if (!memory) return;
    auto *s = static_cast<SoftState *>(state);
    kmem_free(memory, s->size);
    s->items[static_cast<size_t>(item)] = nullptr;
}

EXPORT void ddi_soft_state_fini(void **statep) {
    auto *s = static_cast<SoftState *>(*statep);
    if (!s) return;
    for (size_t i = 0; i < s->items.size(); ++i) ddi_soft_state_free(s, static_cast<int>(i));
    delete s;
    *statep = nullptr;
}

// --- the clock, the caller, user memory ---

EXPORT hrtime_t gethrtime() { return product_of(this_system().sched.now(), 1'000'000'000L / ticks_a_second); }
EXPORT clock_t ddi_get_lbolt() { return this_system().sched.now(); }
EXPORT time_t ddi_get_time() { return ::time(nullptr); }
EXPORT pid_t ddi_get_pid() {
    const Process *process = this_system().caller();
    return process ? process->pid : 0;
}
EXPORT cred_t *ddi_get_cred() {
    Process *process = this_system().caller();
    return process ? &process->cred : &current->kernel_cred;
}
EXPORT int ddi_copyin(const void *user, void *kernel, size_t count, int mode) {
    if (!(static_cast<unsigned>(mode) & FKIOCTL)) return copyin(user, kernel, count);
    std::memcpy(kernel, user, count);
    return 0;
}
EXPORT int ddi_copyout(const void *kernel, void *user, size_t count, int mode) {
    if (!(static_cast<unsigned>(mode) & FKIOCTL)) return copyout(kernel, user, count);
    std::memcpy(user, kernel, count);
    return 0;
}

// --- numbers in text ---

namespace {

template <class T> int number_in(const char *text, char **end, int base, T *value, T (*parse)(const char *, char **, int)) {
    char *stopped = nullptr;
    if (!text || !value || base < 0 || base == 1 || base > 36) return EINVAL;
    errno = 0;
    const T got = parse(text, &stopped, base);
    if (end) *end = stopped;
    if (stopped == text) return EINVAL;
    if (errno == ERANGE) return ERANGE;
    *value = got;
    return 0;
}

} // namespace

EXPORT int ddi_strtol(const char *text, char **end, int base, long *value) {
    return number_in<long>(text, end, base, value, std::strtol);
}
EXPORT int ddi_strtoul(const char *text, char **end, int base, unsigned long *value) {
    return number_in<unsigned long>(text, end, base, value, std::strtoul);
}
