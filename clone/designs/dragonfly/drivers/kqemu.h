/* The ways in which kqemu finds a machine. */
#ifndef DESIGNS_KQEMU_H
#define DESIGNS_KQEMU_H

#define KQEMU_SHARED 0
#define KQEMU_PIDS 1
#define KQEMU_CLONES 2

#endif
