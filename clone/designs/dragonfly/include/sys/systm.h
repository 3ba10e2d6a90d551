#ifndef DRAGONFLY_SYS_SYSTM_H
#define DRAGONFLY_SYS_SYSTM_H

#define PCATCH 0x100
#define tsleep dragonfly_tsleep
#define wakeup dragonfly_wakeup
int tsleep(const volatile void *ident, int flags, const char *wmesg, int timo); /* 0; EINTR; EWOULDBLOCK */
void wakeup(const volatile void *ident);

#endif
