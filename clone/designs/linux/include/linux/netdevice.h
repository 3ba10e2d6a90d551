/* Network interfaces, as far as a driver makes them and takes them away. */
#ifndef LINUX_LINUX_NETDEVICE_H
#define LINUX_LINUX_NETDEVICE_H
#include "if.h"

#ifdef __cplusplus
extern "C" {
#endif

struct net_device {
    char name[IFNAMSIZ];
    unsigned int flags; /* IFF_UP: in this System from the beginning */
    struct net_device *next;
};

#define register_netdevice linux_register_netdevice
#define unregister_netdevice linux_unregister_netdevice
#define __dev_get_by_name linux_dev_get_by_name
/* A name with %d is completed by the lowest free number. 0; -EEXIST; -EINVAL for what is no name. */
int register_netdevice(struct net_device *dev);
void unregister_netdevice(struct net_device *dev); /* its routes go with it */
struct net_device *__dev_get_by_name(const char *name);

#ifdef __cplusplus
}
#endif
#endif
