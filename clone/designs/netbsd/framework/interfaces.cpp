#include "clone/designs/netbsd/framework/state.hpp"

using namespace rill;
using namespace rill::designs::netbsd;

EXPORT void if_clone_attach(struct if_clone *ifc) {
    Netbsd &k = kernel();
    if_clone **end = &k.cloners;
    while (*end) end = &(*end)->ifc_next;
    ifc->ifc_next = nullptr;
    *end = ifc;
}

EXPORT void if_clone_detach(struct if_clone *ifc) {
    for (if_clone **i = &kernel().cloners; *i; i = &(*i)->ifc_next)
        if (*i == ifc) {
            *i = ifc->ifc_next;
            return;
        }
}

EXPORT struct ifnet *ifunit(const char *name) {
    for (ifnet *i = kernel().interfaces; i; i = i->if_next)
        if (std::strncmp(i->if_xname, name, NETBSD_IFNAMSIZ) == 0) return i;
    return nullptr;
}

EXPORT int if_attach(struct ifnet *ifp) {
    Netbsd &k = kernel();
    if (ifunit(ifp->if_xname)) return EEXIST;
    ifnet **end = &k.interfaces;
    while (*end) end = &(*end)->if_next;
    ifp->if_next = nullptr;
    *end = ifp;
    return 0;
}

EXPORT void if_detach(struct ifnet *ifp) {
    for (ifnet **i = &kernel().interfaces; *i; i = &(*i)->if_next)
        if (*i == ifp) {
            *i = ifp->if_next;
            return;
        }
}

EXPORT void if_input(struct ifnet *ifp, const void *packet, size_t len) {
    ++ifp->if_ipackets;
    ++ifp->if_opackets;
    ifp->if_output(ifp, packet, len);
}

// The cloner whose name stands before the decimal unit; nullptr when there is none, or what follows is not a unit.
static if_clone *cloner_of(const char *name, int *unit) {
    const std::string_view whole(name, strnlen(name, NETBSD_IFNAMSIZ));
    for (if_clone *ifc = kernel().cloners; ifc; ifc = ifc->ifc_next) {
        if (!whole.starts_with(ifc->ifc_name)) continue;
        const std::string_view digits = whole.substr(std::strlen(ifc->ifc_name));
        long number = 0;
        if (digits.empty()) return nullptr; // NBSD-062
        for (char c : digits) {
            if (c < '0' || c > '9') return nullptr;
            number = number * 10 + (c - '0');
            if (number > INT32_MAX) return nullptr;
        }
        *unit = static_cast<int>(number);
        return ifc;
    }
    return nullptr;
}

static int list_cloners(netbsd_if_clonereq &req) {
    if (req.ifcr_count < 0) return EINVAL;
    int total = 0;
    for (if_clone *ifc = kernel().cloners; ifc; ifc = ifc->ifc_next, ++total) {
        if (!req.ifcr_buffer || total >= req.ifcr_count) continue;
        char name[NETBSD_IFNAMSIZ] = {};
        std::snprintf(name, sizeof name, "%s", ifc->ifc_name);
        if (!copy_to_user(req.ifcr_buffer + total * NETBSD_IFNAMSIZ, name, sizeof name)) return EFAULT;
    }
    req.ifcr_total = total;
    return 0;
}

EXPORT int ifioctl(u_long cmd, void *data, struct lwp *l) {
    if (cmd == NETBSD_SIOCIFGCLONERS) return list_cloners(*static_cast<netbsd_if_clonereq *>(data));
    if (cmd != NETBSD_SIOCIFCREATE && cmd != NETBSD_SIOCIFDESTROY) return epassthrough;
    if (int error = kauth_authorize_generic(l->l_cred, KAUTH_GENERIC_ISSUSER, nullptr)) return error; // NBSD-066
    const char *name = static_cast<netbsd_ifreq *>(data)->ifr_name;
    int unit = 0;
    if_clone *ifc = cloner_of(name, &unit);
    if (!ifc) return EINVAL; // NBSD-063
    ifnet *ifp = ifunit(name);
    if (cmd == NETBSD_SIOCIFCREATE) return ifp ? EEXIST : ifc->ifc_create(ifc, unit);
    if (!ifp) return ENXIO; // NBSD-065
    return ifc->ifc_destroy ? ifc->ifc_destroy(ifp) : EOPNOTSUPP;
}
