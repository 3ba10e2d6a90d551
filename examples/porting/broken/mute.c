/* Frees ioctls that it does not know, instead of refusing them: the caller waits for an answer. */
#define NAME mute
#define ON_IOCTL(q, mp) freemsg(mp)
#include "skeleton.h"
