/* Solaris: the header of a TCP segment, as <inet/tcp.h> names it: bytes, at any address. */
#ifndef RILL_INET_TCP_H
#define RILL_INET_TCP_H
#include <inet/common.h>

#define TCP_MIN_HEADER_LENGTH 20
#define TCP_MAX_HDR_LENGTH 60

typedef struct tcphdr_s {
    uint8_t th_lport[2];
    uint8_t th_fport[2];
    uint8_t th_seq[4];
    uint8_t th_ack[4];
    uint8_t th_offset_and_rsrvd[1];
    uint8_t th_flags[1];
    uint8_t th_win[2];
    uint8_t th_sum[2];
    uint8_t th_urp[2];
} tcph_t;

#ifndef TH_FIN
#define TH_FIN 0x01
#define TH_SYN 0x02
#define TH_RST 0x04
#define TH_PUSH 0x08
#define TH_ACK 0x10
#define TH_URG 0x20
#endif
#define TCP_HDR_LENGTH(tcph) (((tcph)->th_offset_and_rsrvd[0] >> 2) & (0x0f << 2))
#endif
