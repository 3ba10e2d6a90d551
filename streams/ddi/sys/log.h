/* log(7): the commands of the log driver, for I_STR; what it sends stands in <sys/strlog.h>. Priorities are those of syslog. */
#ifndef RILL_SYS_LOG_H
#define RILL_SYS_LOG_H
#include <sys/types.h>
#include <sys/strlog.h>
#include <syslog.h>

#define LOGCTL ('L' << 8)
#define I_TRCLOG (LOGCTL | 1)
#define I_ERRLOG (LOGCTL | 2)
#define I_CONSLOG (LOGCTL | 3)
#define LOG_MAXPS 1024
#endif
