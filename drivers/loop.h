/* loop.h: the ioctl of the loop-around driver, for I_STR. */
#ifndef RILL_DRIVERS_LOOP_H
#define RILL_DRIVERS_LOOP_H

#define LOOP_IOC ('l' << 8)
#define LOOP_SET (LOOP_IOC | 1) /* ic_dp: int, the minor to join with; or dev_t, the whole device */

#endif
