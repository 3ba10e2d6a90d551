/* Ethernet addresses and headers. */
#ifndef RILL_SYS_ETHERNET_H
#define RILL_SYS_ETHERNET_H
#include <sys/types.h>

#define ETHERADDRL 6
#define ETHERFCSL 4
#define ETHERMTU 1500
#define ETHERMIN 60
#define ETHERMAX 1514

typedef uchar_t ether_addr_t[ETHERADDRL];

struct ether_addr {
    ether_addr_t ether_addr_octet;
};

struct ether_header {
    struct ether_addr ether_dhost;
    struct ether_addr ether_shost;
    ushort_t ether_type;
};

struct ether_vlan_header {
    struct ether_addr ether_dhost;
    struct ether_addr ether_shost;
    ushort_t ether_tpid;
    ushort_t ether_tci;
    ushort_t ether_type;
};

#define ETHERTYPE_PUP 0x0200
#define ETHERTYPE_IP 0x0800
#define ETHERTYPE_ARP 0x0806
#define ETHERTYPE_REVARP 0x8035
#define ETHERTYPE_AT 0x809b
#define ETHERTYPE_AARP 0x80f3
#define ETHERTYPE_VLAN 0x8100
#define ETHERTYPE_IPV6 0x86dd
#define ETHERTYPE_SLOW 0x8809
#define ETHERTYPE_PPPOED 0x8863
#define ETHERTYPE_PPPOES 0x8864
#define ETHERTYPE_EAPOL 0x888e
#define ETHERTYPE_MAX 0xffff

#define ether_cmp(a, b) \
    (((const uchar_t *)(a))[0] != ((const uchar_t *)(b))[0] || ((const uchar_t *)(a))[1] != ((const uchar_t *)(b))[1] || \
     ((const uchar_t *)(a))[2] != ((const uchar_t *)(b))[2] || ((const uchar_t *)(a))[3] != ((const uchar_t *)(b))[3] || \
     ((const uchar_t *)(a))[4] != ((const uchar_t *)(b))[4] || ((const uchar_t *)(a))[5] != ((const uchar_t *)(b))[5])
#define ether_copy(from, to) ((void)__builtin_memcpy((to), (from), ETHERADDRL))
#define ether_bcopy(from, to) ether_copy(from, to)
#endif
