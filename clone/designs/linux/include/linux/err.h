/* A pointer, or an errno in its place. */
#ifndef LINUX_LINUX_ERR_H
#define LINUX_LINUX_ERR_H

static inline int IS_ERR(const void *p) { return (unsigned long)p >= (unsigned long)-4095; }
static inline long PTR_ERR(const void *p) { return (long)p; }
static inline void *ERR_PTR(long error) { return (void *)error; }

#endif
