#ifndef LINUX_LINUX_POLL_H
#define LINUX_LINUX_POLL_H
#include <poll.h>
#include <linux/wait.h>

typedef struct poll_table_struct poll_table;

#endif
