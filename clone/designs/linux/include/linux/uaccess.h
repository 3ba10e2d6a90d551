#ifndef LINUX_LINUX_UACCESS_H
#define LINUX_LINUX_UACCESS_H
#include <stddef.h>

/* How many bytes could not be copied. */
#define copy_from_user linux_copy_from_user
#define copy_to_user linux_copy_to_user
unsigned long copy_from_user(void *to, const void *from, unsigned long n);
unsigned long copy_to_user(void *to, const void *from, unsigned long n);

#endif
