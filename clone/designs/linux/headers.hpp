// The family's own headers in C++, where the tags that the host or rill have too get other names.
#pragma once

#include <fcntl.h>
#include <sys/types.h>

#define file linux_file
#define ifreq linux_ifreq
#define net_device linux_net_device
#include "clone/designs/linux/include/linux/fs.h"
#include "clone/designs/linux/include/linux/if.h"
#include "clone/designs/linux/include/linux/if_tun.h"
#include "clone/designs/linux/include/linux/miscdevice.h"
#include "clone/designs/linux/include/linux/module.h"
#include "clone/designs/linux/include/linux/netdevice.h"
#undef file
#undef ifreq
#undef net_device
#undef loff_t
