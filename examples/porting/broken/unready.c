/* Says D_MP and does not call qprocson: where nobody does that for it, its procedures never run. */
#define NAME unready
#define PROCS_ON(q) ((void)(q))
#include "skeleton.h"
