/* The Solaris DDI again. */
#ifndef RILL_SYS_ESUNDDI_H
#define RILL_SYS_ESUNDDI_H
#include <sys/sunddi.h>
#endif
