/* <stropts.h>: the application's name for streamio(7). */
#ifndef RILL_STROPTS_H
#define RILL_STROPTS_H
#include <sys/stropts.h>
#endif
