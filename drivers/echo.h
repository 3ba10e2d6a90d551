/* echo.h: the ioctls of the echo driver, for I_STR. */
#ifndef RILL_DRIVERS_ECHO_H
#define RILL_DRIVERS_ECHO_H

#define ECHO_IOC ('e' << 8)
#define ECHO_MINOR (ECHO_IOC | 1) /* the call returns the minor of this stream */
#define ECHO_BYTES (ECHO_IOC | 2) /* ic_dp: unsigned long, bytes of data echoed since the first open */

#endif
