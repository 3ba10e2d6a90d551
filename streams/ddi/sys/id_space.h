/* id_space(9F) stands in <sys/vmem.h>. */
#include <sys/vmem.h>
