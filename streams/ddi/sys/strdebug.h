/* The debugging macros of OpenSS7: what they state is checked when DEBUG is defined, what they print goes to the console. */
#ifndef RILL_SYS_STRDEBUG_H
#define RILL_SYS_STRDEBUG_H
#include <sys/debug.h>
#include <sys/linuxkern.h>

#ifndef __cplusplus
#define rill_debug_word(call) printk call
#ifdef DEBUG
#define printd(call) ((void)rill_debug_word(call))
#else
#define printd(call) ((void)0)
#endif
#define ptrace(call) printd(call)
#define trace() ((void)0)
#define swerr() ((void)printk("software error: %s, line %d\n", __FILE__, __LINE__))
#define pswerr(call) ((void)rill_debug_word(call))
#define never() ASSERT(0)
#define assure(ex) ASSERT(ex)
#ifndef assert
#define assert(ex) ASSERT(ex)
#endif
#define ensure(ex, otherwise) do { if (!(ex)) { otherwise; } } while (0)
#define unless(ex, otherwise) ensure(ex, otherwise)
#define usual(ex) ((void)(ex))
#define unusual(ex) ((void)(ex))
#define normal(ex) ((void)(ex))
#define abnormal(ex) ((void)(ex))
#define rare() ((void)0)
#define seldom() ((void)0)
#define todo(call) ((void)0)
#define fixme(call) ((void)0)
#endif
#endif
