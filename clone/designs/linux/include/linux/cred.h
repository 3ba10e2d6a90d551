#ifndef LINUX_LINUX_CRED_H
#define LINUX_LINUX_CRED_H

#define current_euid linux_current_euid
unsigned int current_euid(void);

#endif
