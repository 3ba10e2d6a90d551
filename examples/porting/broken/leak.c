/* Forgets what is written to it: neither passed on, nor queued, nor freed. */
#define NAME leak
#define ON_DATA(q, mp) ((void)0)
#include "skeleton.h"
