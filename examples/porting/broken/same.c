/* Chooses a minor and does not say which: the device stays as the clone driver gave it. */
#define NAME same
#define STORE(devp, m) ((void)(m))
#include "skeleton.h"
