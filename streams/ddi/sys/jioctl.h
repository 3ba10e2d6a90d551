/* Commands of layered and of windowing terminals. */
#ifndef RILL_SYS_JIOCTL_H
#define RILL_SYS_JIOCTL_H
#include <sys/types.h>

#define jTYPE ('j' << 8)
#define JBOOT (jTYPE | 1)
#define JTERM (jTYPE | 2)
#define JMPX (jTYPE | 3)
#define JTIMO (jTYPE | 4)
#define JWINSIZE (jTYPE | 5)
#define JTIMOM (jTYPE | 6)
#define JZOMBOOT (jTYPE | 7)
#define JAGENT (jTYPE | 9)
#define JTRUN (jTYPE | 10)
#define JXTPROTO (jTYPE | 11)

struct jwinsize {
    char bytesx, bytesy; /* columns, rows */
    short bitsx, bitsy;
};
#endif
