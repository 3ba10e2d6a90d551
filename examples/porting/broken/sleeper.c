/* Waits in its put procedure. */
#define NAME sleeper
#define ON_DATA(q, mp) (delay(1), qreply(q, mp))
#include "skeleton.h"
