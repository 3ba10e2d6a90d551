/* struct module_stat stands in <sys/stream.h>. */
#include <sys/stream.h>
