/* What the process whose call is served may do besides. */
#ifndef LINUX_LINUX_CAPABILITY_H
#define LINUX_LINUX_CAPABILITY_H

#define CAP_NET_ADMIN 12
#define CAP_SYS_ADMIN 21

#define capable linux_capable
int capable(int cap); /* the superuser may everything, and nobody else anything */

#endif
