/* Frees a message that it has passed on: whoever has it now will free it again. */
#define NAME twice
#define ON_DATA(q, mp) (freemsg(mp), freemsg(mp))
#include "skeleton.h"
