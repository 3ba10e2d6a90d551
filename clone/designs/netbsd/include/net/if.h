/*
 * Network interfaces and their cloners. The System has no protocols: what an interface takes in (if_input), it is told to
 * send again.
 */
#ifndef NETBSD_NET_IF_H
#define NETBSD_NET_IF_H
#include "../types.h"
#include "../sys/ioccom.h"
#include "../sys/proc.h"

#ifdef __cplusplus
extern "C" {
#endif

#define NETBSD_IFNAMSIZ 16
#ifndef __cplusplus
#define IFNAMSIZ NETBSD_IFNAMSIZ
#endif

struct ifnet {
    char if_xname[NETBSD_IFNAMSIZ];
    void *if_softc;
    uint64_t if_ipackets, if_opackets;
    void (*if_output)(struct ifnet *ifp, const void *packet, size_t len);
    struct if_clone *if_cloner;
    struct ifnet *if_next;
};

struct if_clone {
    struct if_clone *ifc_next;
    const char *ifc_name;
    int (*ifc_create)(struct if_clone *ifc, int unit);
    int (*ifc_destroy)(struct ifnet *ifp); /* NULL: they cannot be destroyed */
};
#define IF_CLONE_INITIALIZER(name, create, destroy) { NULL, name, create, destroy }

void if_clone_attach(struct if_clone *ifc);
void if_clone_detach(struct if_clone *ifc);

int if_attach(struct ifnet *ifp); /* EEXIST */
void if_detach(struct ifnet *ifp);
struct ifnet *ifunit(const char *name);
void if_input(struct ifnet *ifp, const void *packet, size_t len);

struct netbsd_ifreq {
    char ifr_name[NETBSD_IFNAMSIZ];
    char ifr_data[16];
};
struct netbsd_if_clonereq {
    int ifcr_total;    /* returned: how many there are */
    int ifcr_count;    /* room for names */
    char *ifcr_buffer; /* NULL: only the total is wanted */
};
#define NETBSD_SIOCIFCREATE _IOW('i', 122, struct netbsd_ifreq)
#define NETBSD_SIOCIFDESTROY _IOW('i', 121, struct netbsd_ifreq)
#define NETBSD_SIOCIFGCLONERS _IOWR('i', 120, struct netbsd_if_clonereq)
#define NETBSD_TAPGIFNAME _IOR('e', 0, struct netbsd_ifreq)
#ifndef __cplusplus
#define ifreq netbsd_ifreq
#define if_clonereq netbsd_if_clonereq
#define SIOCIFCREATE NETBSD_SIOCIFCREATE
#define SIOCIFDESTROY NETBSD_SIOCIFDESTROY
#define SIOCIFGCLONERS NETBSD_SIOCIFGCLONERS
#define TAPGIFNAME NETBSD_TAPGIFNAME
#endif

/* The commands above, as a program's socket passes them on. */
int ifioctl(u_long cmd, void *data, struct lwp *l);

#ifdef __cplusplus
}
#endif
#endif
