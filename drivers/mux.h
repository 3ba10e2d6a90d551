/* mux's own commands, for I_STR. */
#ifndef RILL_DRIVERS_MUX_H
#define RILL_DRIVERS_MUX_H

#define MUX_BIND (('M' << 8) | 1) /* int: the id of a link that this stream's data shall use; 0: any */

#endif
