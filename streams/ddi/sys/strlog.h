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

/* What a logger reads as control part (log(7)): 24 bytes, as its times have 32 bits on any system (LOG-041) */
struct log_ctl {
    short mid;
    short sid;
    char level;
    short flags;
    int ltime; /* ticks since boot */
    int ttime; /* seconds since 1970 */
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
 * The log driver's side, rill's own: function is called for each message, once for each of its kinds (SL_ERROR, SL_TRACE,
 * SL_CONSOLE) that flags hold. It gets the control part (seq_no is the driver's to fill in) and the data part: the text, and
 * the words of its arguments. Removing needs the same function and argument.
 */
#define LOG_NOBODY (-1) /* nobody wants it */
#define LOG_LOST 0      /* somebody who wants it has not got it */
#define LOG_TAKEN 1
typedef int (*rill_log_reader_t)(void *arg, int kind, const struct log_ctl *ctl, const char *data, unsigned long size);
int rill_log_attach(unsigned short flags, rill_log_reader_t function, void *arg); /* 0 or ENOMEM */
void rill_log_detach(rill_log_reader_t function, void *arg);

/* A process's message, on its way to the same functions. Times are filled in, and with a pri of LOG_NO_PRI that too; what is
   longer than LOGMSGSZ is cut, and a text without a null byte gets one. As strlog. */
#define LOG_NO_PRI (-1)
int rill_log_send(const struct log_ctl *ctl, const char *data, unsigned long size);

#ifdef __cplusplus
}
#endif
#endif
