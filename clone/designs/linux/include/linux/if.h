#ifndef LINUX_LINUX_IF_H
#define LINUX_LINUX_IF_H

#define IFNAMSIZ 16
#define IFF_UP 0x0001

struct ifreq {
    char ifr_name[IFNAMSIZ];
    union {
        short ifr_flags;
        char ifr_space[24];
    };
};

#endif
