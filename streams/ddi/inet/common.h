/* Solaris: what the headers of <inet/> have in common. */
#ifndef RILL_INET_COMMON_H
#define RILL_INET_COMMON_H
#include <sys/types.h>
#include <sys/stream.h>
#include <netinet/in.h>

#define INET_MIN(a, b) ((a) < (b) ? (a) : (b))
#define INET_MAX(a, b) ((a) > (b) ? (a) : (b))
#define ABE16_TO_U16(p) ((uint16_t)((((const uchar_t *)(p))[0] << 8) | ((const uchar_t *)(p))[1]))
#define ABE32_TO_U32(p) (((uint32_t)ABE16_TO_U16(p) << 16) | ABE16_TO_U16((const uchar_t *)(p) + 2))
#define U16_TO_ABE16(value, p) \
    (((uchar_t *)(p))[0] = (uchar_t)((value) >> 8), ((uchar_t *)(p))[1] = (uchar_t)(value))
#define U32_TO_ABE32(value, p) \
    (U16_TO_ABE16((uint32_t)(value) >> 16, (p)), U16_TO_ABE16((value), (uchar_t *)(p) + 2))
#endif
