/*
 * <stropts.h> as a system with STREAMS has it, for compiling the application cases where there is none: streamio(7)'s
 * names, and the prototypes of the calls. Nothing of rill is behind them.
 */
#ifndef POSIX_STROPTS_H
#define POSIX_STROPTS_H
#include "../../streams/ddi/sys/stropts.h"

#ifdef __cplusplus
extern "C" {
#endif

int getmsg(int fd, struct strbuf *ctl, struct strbuf *data, int *flags);
int getpmsg(int fd, struct strbuf *ctl, struct strbuf *data, int *band, int *flags);
int putmsg(int fd, const struct strbuf *ctl, const struct strbuf *data, int flags);
int putpmsg(int fd, const struct strbuf *ctl, const struct strbuf *data, int band, int flags);
int isastream(int fd);

#ifdef __cplusplus
}
#endif
#endif
