/* The Solaris name for what <sys/ksynch.h> has. */
#include <sys/ksynch.h>
