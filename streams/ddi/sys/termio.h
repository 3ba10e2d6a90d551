/* The host's terminal structures and commands (TCGETA, struct termio, TCGETS, struct termios). */
#ifndef RILL_SYS_TERMIO_H
#define RILL_SYS_TERMIO_H
#include <termios.h>
#include <sys/ioctl.h>
#endif
