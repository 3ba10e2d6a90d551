/* Solaris: the header of an IP datagram, as <inet/ip.h> names it. */
#ifndef RILL_INET_IP_H
#define RILL_INET_IP_H
#include <inet/common.h>

#ifndef RILL_IPADDR_T
#define RILL_IPADDR_T
typedef uint32_t ipaddr_t;
#endif

#define IP_VERSION 4
#define IPV4_VERSION 4
#define IPV6_VERSION 6
#define IP_SIMPLE_HDR_LENGTH 20
#define IP_SIMPLE_HDR_LENGTH_IN_WORDS 5
#define IP_SIMPLE_HDR_VERSION ((IP_VERSION << 4) | IP_SIMPLE_HDR_LENGTH_IN_WORDS)
#define IP_MAX_HDR_LENGTH 60
#define IP_ADDR_LEN 4
#define IPV6_HDR_LEN 40

#define IPH_DF 0x4000
#define IPH_MF 0x2000
#define IPH_OFFSET 0x1fff

typedef struct ipha_s {
    uint8_t ipha_version_and_hdr_length;
    uint8_t ipha_type_of_service;
    uint16_t ipha_length;
    uint16_t ipha_ident;
    uint16_t ipha_fragment_offset_and_flags;
    uint8_t ipha_ttl;
    uint8_t ipha_protocol;
    uint16_t ipha_hdr_checksum;
    ipaddr_t ipha_src;
    ipaddr_t ipha_dst;
} ipha_t;

#define IPH_HDR_VERSION(ipha) ((((const ipha_t *)(ipha))->ipha_version_and_hdr_length >> 4) & 0x0f)
#define IPH_HDR_LENGTH(ipha) ((((const ipha_t *)(ipha))->ipha_version_and_hdr_length & 0x0f) << 2)
#endif
