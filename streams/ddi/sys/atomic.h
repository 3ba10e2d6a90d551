/* Solaris atomics: a System has one thread. */
#ifndef RILL_SYS_ATOMIC_H
#define RILL_SYS_ATOMIC_H
#include <sys/types.h>

#define atomic_inc_32(p) ((void)++*(p))
#define atomic_dec_32(p) ((void)--*(p))
#define atomic_add_32(p, n) ((void)(*(p) += (n)))
#define atomic_inc_uint(p) ((void)++*(p))
#define atomic_dec_uint(p) ((void)--*(p))
#define atomic_inc_32_nv(p) (++*(p))
#define atomic_dec_32_nv(p) (--*(p))
#define atomic_inc_uint_nv(p) (++*(p))
#define atomic_dec_uint_nv(p) (--*(p))
#define membar_enter() ((void)0)
#define membar_exit() ((void)0)
#endif
