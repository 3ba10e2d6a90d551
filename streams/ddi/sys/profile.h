/*
 * What a driver may ask of the system that it runs in, where systems differ. It does not ask which system that is: each point
 * has a name (the first column of `rill conform --profiles`), and a driver that serves several systems asks for the points
 * that it has to know.
 *
 *     if (profile_value("log_takes_writes") > 0) ...
 *
 * rill's own, as <sys/minor.h> is. The answer is the current System's; a driver that is linked once and runs in several
 * Systems keeps none of it in its variables.
 */
#ifndef RILL_SYS_PROFILE_H
#define RILL_SYS_PROFILE_H

#ifdef __cplusplus
extern "C" {
#endif

int profile_value(const char *field); /* 0 or 1, or a number; -1: there is no such point */

#ifdef __cplusplus
}
#endif
#endif
