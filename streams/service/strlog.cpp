// strlog(D3): a driver's messages for people. Each goes to the trace, to the readers its flags name (UTL-016), and
// without any reader to the console if it asks for that (LOG-038).
#include "streams/service/strlog.hpp"
#include "streams/system.hpp"

#include <algorithm>
#include <cerrno>
#include <cstdarg>
#include <cstdio>
#include <ctime>
#include <sys/log.h>

using namespace rill;

#define EXPORT extern "C" __attribute__((visibility("default")))

namespace {

constexpr unsigned kinds[] = {SL_ERROR, SL_TRACE, SL_CONSOLE};

int priority_of(unsigned flags) { // LOG-030
    if (flags & SL_FATAL) return LOG_CRIT;
    if (flags & SL_ERROR) return LOG_ERR;
    if (flags & SL_WARN) return LOG_WARNING;
    if (flags & SL_NOTE) return LOG_NOTICE;
    return flags & SL_TRACE ? LOG_DEBUG : LOG_INFO;
}

// Whether every reader of this kind took it; there must be one.
bool all_took(unsigned kind, log_ctl ctl, const char *format, unsigned long *words) {
    bool any = false, all = true;
    const auto readers = current->log_readers; // a reader may detach
    for (const LogReader &reader : readers) {
        if (!(reader.flags & kind)) continue;
        any = true;
        all = reader.function(reader.argument, &ctl, format, words) && all;
    }
    return any && all;
}

} // namespace

EXPORT int strlog(short mid, short sid, char level, unsigned short flags, const char *format, ...) {
    System &system = this_system();
    va_list args;
    va_start(args, format);
    va_list again;
    va_copy(again, args);
    char text[LOGMSGSZ];
    std::vsnprintf(text, sizeof text, format, args);
    va_end(args);
    unsigned long words[NLOGARGS];
    for (unsigned long &word : words) word = va_arg(again, unsigned long);
    va_end(again);

    if (system.trace.on) [[unlikely]]
        system.trace.emit({.event = Event::logged, .name = system.acting_driver(), .number = flags, .extra = level, .text = text});
    log_ctl ctl{};
    ctl.mid = mid;
    ctl.sid = sid;
    ctl.level = level;
    ctl.flags = static_cast<short>(flags);
    ctl.ltime = system.sched.now();
    ctl.ttime = ::time(nullptr);
    ctl.pri = LOG_KERN | priority_of(flags);
    bool all = true;
    for (unsigned kind : kinds) {
        if (!(flags & kind)) continue;
        bool took = all_took(kind, ctl, format, words);
        if (!took && kind == SL_CONSOLE) {
            system.console(1, text, false, true);
            took = true;
        }
        all = all && took;
    }
    return all;
}

EXPORT int rill_log_attach(unsigned short flags, rill_log_reader_t function, void *arg) {
    System &system = this_system();
    if (!system.alloc.allow(sizeof(LogReader))) return ENOMEM;
    system.log_readers.push_back({flags, function, arg});
    return 0;
}

EXPORT void rill_log_detach(rill_log_reader_t function, void *arg) {
    std::erase_if(this_system().log_readers, [&](const LogReader &r) { return r.function == function && r.argument == arg; });
}
