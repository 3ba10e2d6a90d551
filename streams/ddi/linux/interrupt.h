/* Linux: No interrupts; see <sys/linuxkern.h>. */
#ifndef RILL_LINUX_INTERRUPT_H
#define RILL_LINUX_INTERRUPT_H
#include <sys/linuxkern.h>
#endif
