/* Console messages: cmn_err(D3). A leading '!' goes to the log only, '^' to the console only. */
#ifndef RILL_SYS_CMN_ERR_H
#define RILL_SYS_CMN_ERR_H
#include <stdarg.h>

#ifdef __cplusplus
extern "C" {
#endif

#define CE_CONT 0
#define CE_NOTE 1
#define CE_WARN 2
#define CE_PANIC 3 /* does not return: the System stops */
#define CE_IGNORE 4

void cmn_err(int level, const char *format, ...) __attribute__((format(printf, 2, 3)));
void vcmn_err(int level, const char *format, va_list args);

#ifdef __cplusplus
}
#endif
#endif
