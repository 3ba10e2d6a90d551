/* Forgets to give its minor back when it is closed. */
#define NAME minors
#define ON_CLOSE(q) ((void)0)
#include "skeleton.h"
