#ifndef LINUX_LINUX_POLL_H
#define LINUX_LINUX_POLL_H
#include <poll.h>
#include <linux/wait.h>

#ifndef POLLRDNORM /* the host's, which it gives to X/Open programs */
#define POLLRDNORM 0x040
#define POLLWRNORM 0x100
#endif

typedef struct poll_table_struct poll_table;

#endif
