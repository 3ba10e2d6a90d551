/* Byte order: htons(9F) and the like. */
#ifndef RILL_SYS_BYTEORDER_H
#define RILL_SYS_BYTEORDER_H
#include <sys/types.h>
#include <netinet/in.h>

#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#define _LITTLE_ENDIAN 1
#define BE_16(x) __builtin_bswap16((uint16_t)(x))
#define BE_32(x) __builtin_bswap32((uint32_t)(x))
#define BE_64(x) __builtin_bswap64((uint64_t)(x))
#define LE_16(x) ((uint16_t)(x))
#define LE_32(x) ((uint32_t)(x))
#define LE_64(x) ((uint64_t)(x))
#else
#define _BIG_ENDIAN 1
#define BE_16(x) ((uint16_t)(x))
#define BE_32(x) ((uint32_t)(x))
#define BE_64(x) ((uint64_t)(x))
#define LE_16(x) __builtin_bswap16((uint16_t)(x))
#define LE_32(x) __builtin_bswap32((uint32_t)(x))
#define LE_64(x) __builtin_bswap64((uint64_t)(x))
#endif
#define BSWAP_16(x) __builtin_bswap16((uint16_t)(x))
#define BSWAP_32(x) __builtin_bswap32((uint32_t)(x))
#define BSWAP_64(x) __builtin_bswap64((uint64_t)(x))
#define htonll(x) BE_64(x)
#define ntohll(x) BE_64(x)

/* One byte after another, at any address */
#define BE_IN8(p) (*(const uint8_t *)(p))
#define BE_IN16(p) ((uint16_t)((BE_IN8(p) << 8) | BE_IN8((const uint8_t *)(p) + 1)))
#define BE_IN32(p) (((uint32_t)BE_IN16(p) << 16) | BE_IN16((const uint8_t *)(p) + 2))
#define BE_OUT8(p, v) (*(uint8_t *)(p) = (uint8_t)(v))
#define BE_OUT16(p, v) (BE_OUT8((uint8_t *)(p) + 1, (v)), BE_OUT8((p), (v) >> 8))
#define BE_OUT32(p, v) (BE_OUT16((uint8_t *)(p) + 2, (v)), BE_OUT16((p), (uint32_t)(v) >> 16))
#endif
