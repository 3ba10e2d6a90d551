/* Looks at a message, and sends it, after having freed it. */
#define NAME after
#define ON_DATA(q, mp) (freemsg(mp), qreply(q, mp))
#include "skeleton.h"
