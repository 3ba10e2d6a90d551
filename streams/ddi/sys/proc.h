/* Processes, as a driver names them: proc_ref(D3), and what SVR3 code expects of struct proc. */
#ifndef RILL_SYS_PROC_H
#define RILL_SYS_PROC_H
#include <sys/types.h>

#ifdef __cplusplus
extern "C" {
#endif

struct proc; /* opaque */
typedef struct proc proc_t;

/* For drivers that are not STREAMS; a STREAMS driver sends M_SIG or M_PCSIG (UTL-057). */
void *proc_ref(void);                 /* NULL without user context */
int proc_signal(void *pref, int sig); /* 0, or -1 when the process is gone */
void proc_unref(void *pref);

#ifdef __cplusplus
}
#endif
#endif
