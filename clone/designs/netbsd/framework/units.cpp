#include "clone/designs/netbsd/framework/state.hpp"

namespace rill::designs {

int netbsd_detach_device(Process &process, const char *xname) {
    System &system = process.system;
    Enter scope(system);
    return system.run_call(process, "detach", [&]() -> int {
        for (netbsd::ConfDriver &d : netbsd::kernel().conf_drivers)
            for (device *dev : d.devices)
                if (std::strcmp(dev->xname, xname) == 0) return config_detach(dev, 0);
        return ENXIO;
    });
}

} // namespace rill::designs

using namespace rill;
using namespace rill::designs::netbsd;

EXPORT int config_cfdriver_attach(struct cfdriver *cd) {
    Netbsd &k = kernel();
    if (k.conf(cd->cd_name)) return EEXIST;
    auto units = MinorTable::make(k.system, cd->cd_name, static_cast<unsigned>(cd->cd_ndevs));
    if (!units) return ENOMEM;
    k.conf_drivers.push_back({cd, std::move(units), {}, {}});
    return 0;
}

EXPORT int config_cfdriver_detach(struct cfdriver *cd) {
    Netbsd &k = kernel();
    ConfDriver *d = k.conf(cd->cd_name);
    if (!d) return ENXIO;
    if (!d->devices.empty()) return EBUSY;
    k.conf_drivers.remove_if([&](const ConfDriver &each) { return &each == d; });
    return 0;
}

EXPORT int config_cfattach_attach(const char *driver, struct cfattach *ca) {
    ConfDriver *d = kernel().conf(driver);
    if (!d) return ESRCH;
    d->attachments.push_back(ca);
    return 0;
}

EXPORT int config_cfattach_detach(const char *driver, struct cfattach *ca) {
    ConfDriver *d = kernel().conf(driver);
    if (!d) return ESRCH;
    for (device *dev : d->devices)
        if (dev->attach == ca) return EBUSY; // NBSD-078
    std::erase(d->attachments, ca);
    return 0;
}

EXPORT device_t config_attach_pseudo(cfdata_t cf) {
    ConfDriver *d = kernel().conf(cf->cf_name);
    if (!d) return nullptr;
    auto ca = std::find_if(d->attachments.begin(), d->attachments.end(), [&](cfattach *a) { return std::strcmp(a->ca_name, cf->cf_atname) == 0; });
    if (ca == d->attachments.end()) return nullptr;
    auto unit = cf->cf_fstate == FSTATE_STAR ? d->units->take() : d->units->take_this(static_cast<minor_t>(cf->cf_unit));
    if (!unit) return nullptr;
    auto *dev = static_cast<device *>(kmem_zalloc(sizeof(device), KM_NOSLEEP));
    void *softc = dev ? kmem_zalloc((*ca)->ca_devsize, KM_NOSLEEP) : nullptr;
    if (!softc) {
        kmem_free(dev, sizeof *dev);
        return nullptr;
    }
    *dev = {d->cd, *ca, static_cast<int>((*unit).keep()), "", softc, false};
    std::snprintf(dev->xname, sizeof dev->xname, "%s%d", d->cd->cd_name, dev->unit);
    d->devices.push_back(dev);
    step(Event::drv_create, "the driver's instance is made", nullptr, dev->unit, dev->xname);
    (*ca)->ca_attach(nullptr, dev, nullptr);
    return dev;
}

EXPORT int config_detach(device_t dev, int flags) {
    ConfDriver *d = kernel().conf(dev->driver->cd_name);
    if (dev->going) return EBUSY;
    dev->going = true;
    if (int error = dev->attach->ca_detach ? dev->attach->ca_detach(dev, flags) : EOPNOTSUPP; error && !(flags & DETACH_FORCE)) {
        dev->going = false;
        return error;
    }
    step(Event::drv_destroy, "the driver's instance is gone", nullptr, dev->unit, dev->xname);
    std::erase(d->devices, dev);
    d->units->give(static_cast<minor_t>(dev->unit));
    kmem_free(dev->softc, dev->attach->ca_devsize);
    kmem_free(dev, sizeof *dev);
    return 0;
}

EXPORT void *device_private(device_t dev) { return dev ? dev->softc : nullptr; }
EXPORT int device_unit(device_t dev) { return dev->unit; }
EXPORT const char *device_xname(device_t dev) { return dev->xname; }

EXPORT void *device_lookup_private(struct cfdriver *cd, int unit) {
    ConfDriver *d = kernel().conf(cd->cd_name);
    if (!d) return nullptr;
    for (device *dev : d->devices)
        if (dev->unit == unit) return dev->softc;
    return nullptr;
}
