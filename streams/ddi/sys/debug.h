/* ASSERT(D3): active only when DEBUG is defined (UTL-064). */
#ifndef RILL_SYS_DEBUG_H
#define RILL_SYS_DEBUG_H
#ifdef __cplusplus
extern "C" {
#endif
void rill_assfail(const char *expression, const char *file, int line);
#ifdef __cplusplus
}
#endif
#undef ASSERT
#ifdef DEBUG
#define ASSERT(ex) ((void)((ex) || (rill_assfail(#ex, __FILE__, __LINE__), 0)))
#else
#define ASSERT(ex) ((void)0)
#endif
/* Solaris: VERIFY is always active; the forms with 3 compare, with 0 ask for nothing. */
#define VERIFY(ex) ((void)((ex) || (rill_assfail(#ex, __FILE__, __LINE__), 0)))
#define VERIFY3S(left, op, right) VERIFY((long)(left) op (long)(right))
#define VERIFY3U(left, op, right) VERIFY((unsigned long)(left) op (unsigned long)(right))
#define VERIFY3P(left, op, right) VERIFY((unsigned long)(left) op (unsigned long)(right))
#define VERIFY0(x) VERIFY((x) == 0)
#define ASSERT3S(left, op, right) ASSERT((long)(left) op (long)(right))
#define ASSERT3U(left, op, right) ASSERT((unsigned long)(left) op (unsigned long)(right))
#define ASSERT3P(left, op, right) ASSERT((unsigned long)(left) op (unsigned long)(right))
#define ASSERT0(x) ASSERT((x) == 0)
#define IMPLY(a, b) ASSERT(!(a) || (b))
#define EQUIV(a, b) ASSERT(!(a) == !(b))
#endif
