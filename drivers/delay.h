/* delay.h: the ioctls of the module delay, for I_STR. */
#ifndef RILL_DRIVERS_DELAY_H
#define RILL_DRIVERS_DELAY_H

#define DELAY_IOC ('d' << 8)
#define DELAY_TICKS (DELAY_IOC | 1) /* ic_dp: int, how many ticks a message is held; 0: not at all */
#define DELAY_RATE (DELAY_IOC | 2)  /* ic_dp: int, bytes of data a tick in each direction; 0: no limit */

#endif
