/* strlog(D3): messages to the log driver's readers, and to rill's trace. */
#ifndef RILL_SYS_STRLOG_H
#define RILL_SYS_STRLOG_H
#include <sys/types.h>

#ifdef __cplusplus
extern "C" {
#define RILL_LOG_NAME const char *
#else
#define RILL_LOG_NAME char *
#endif

/* AT&T's values (LOG-040); OpenSS7 has others. */
#define SL_FATAL 0x01
#define SL_NOTIFY 0x02
#define SL_ERROR 0x04
#define SL_TRACE 0x08
#define SL_CONSOLE 0x10
#define SL_WARN 0x20
#define SL_NOTE 0x40

#ifndef NLOGARGS
#define NLOGARGS 3
#endif
#define LOGMSGSZ 1024

/* What a logger reads as control part (log(7)) */
struct log_ctl {
    short mid;
    short sid;
    char level;
    short flags;
    clock_t ltime;
    time_t ttime;
    int seq_no;
    int pri;
};

struct trace_ids {
    short ti_mid;
    short ti_sid;
    char ti_level;
};

/* 1 when all readers that flags name got the message, else 0 */
int strlog(short mid, short sid, char level, unsigned short flags, RILL_LOG_NAME format, ...);

/*
 * The log driver's side: function is called for each message of any kind in flags; it gets the control part (seq_no is
 * the driver's to fill in), the format and NLOGARGS words, and returns not 0 when its reader has the message.
 * Removing needs the same function and argument.
 */
typedef int (*rill_log_reader_t)(void *arg, struct log_ctl *ctl, const char *format, unsigned long *words);
int rill_log_attach(unsigned short flags, rill_log_reader_t function, void *arg); /* 0 or ENOMEM */
void rill_log_detach(rill_log_reader_t function, void *arg);

#ifdef __cplusplus
}
#endif
#endif
