// What a driver says: cmn_err(D3) in its levels, and the ASSERT of <sys/debug.h>. Kernel::console is where it goes; outside a
// System it goes to stderr.
#include "streams/base/kernel.hpp"

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fmt/format.h>
#include <string>
#include <sys/cmn_err.h>
#include <sys/debug.h>

using namespace rill;

#define EXPORT extern "C" __attribute__((visibility("default")))

EXPORT void vcmn_err(int level, const char *format, va_list args) {
    Kernel *kernel = current_kernel();
    const bool verbose_only = *format == '?' && level == CE_CONT && kernel && kernel->profile.cmn_err_quiet; // UTL-100
    const bool log_only = *format == '!' || verbose_only;
    const bool console_only = *format == '^';
    if (log_only || console_only) ++format; // UTL-011
    char text[1024];
    std::vsnprintf(text, sizeof text, format, args);
    std::string line = level == CE_NOTE    ? "NOTICE: "
                       : level == CE_CONT  ? ""
                       : level == CE_PANIC ? "PANIC: "
                                           : "WARNING: ";
    line += text;
    if (kernel) kernel->console(level, line, !console_only, !log_only);
    else std::fprintf(stderr, "%s%s", line.c_str(), line.ends_with('\n') ? "" : "\n");
    if (level == CE_PANIC) {
        for (std::size_t end = std::strlen(text); end > 0 && text[end - 1] == '\n';) text[--end] = 0;
        if (kernel) kernel->fault("UTL-010", (std::string("cmn_err(CE_PANIC): ") + text).c_str());
        std::abort();
    }
}

EXPORT void cmn_err(int level, const char *format, ...) {
    va_list args;
    va_start(args, format);
    vcmn_err(level, format, args);
    va_end(args);
}

EXPORT void rill_assfail(const char *expression, const char *file, int line) {
    const std::string text = fmt::format("assertion failed: {}, file {}, line {}", expression, file, line);
    if (Kernel *kernel = current_kernel())
        kernel->fault("UTL-064", text.c_str());
    else
        std::fprintf(stderr, "rill: %s\n", text.c_str());
}
