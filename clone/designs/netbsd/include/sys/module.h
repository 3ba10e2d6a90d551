#ifndef NETBSD_SYS_MODULE_H
#define NETBSD_SYS_MODULE_H

typedef enum modcmd { MODULE_CMD_INIT, MODULE_CMD_FINI } modcmd_t;

#endif
