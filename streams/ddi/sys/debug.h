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
#endif
