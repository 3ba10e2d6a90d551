#ifndef LINUX_LINUX_LOOP_H
#define LINUX_LINUX_LOOP_H
#include_next <linux/loop.h>

#define LOOP_MAJOR 135 /* 7 in Linux, of block devices; rill opens drivers through character nodes only */
#define LOOP_CTRL_MINOR 237

#define loop_picked linux_loop_picked
int loop_picked(int number, const char *rule); /* told to the trace, with the rule that led to it; the number */

#endif
