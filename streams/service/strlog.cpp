// strlog(D3): a driver's messages for people, and those of processes, which the log driver hands in. Each goes to the readers
// that its flags name (UTL-016), a driver's also to the trace, and to the console if it asks for that and nobody reads for the
// console (LOG-038).
#include "streams/service/strlog.hpp"
#include "streams/system.hpp"

#include <algorithm>
#include <cerrno>
#include <cstdarg>
#include <cstdio>
#include <cstring>
#include <string_view>
#include <sys/log.h>

using namespace rill;

#define EXPORT extern "C" __attribute__((visibility("default")))

static_assert(sizeof(log_ctl) == 24 && sizeof(trace_ids) == 6); // LOG-041

namespace {

constexpr unsigned kinds[] = {SL_ERROR, SL_TRACE, SL_CONSOLE};

int console_level(unsigned flags) { // LOG-030
    if (flags & SL_FATAL) return LOG_CRIT;
    if (flags & SL_ERROR) return LOG_ERR;
    if (flags & SL_WARN) return LOG_WARNING;
    if (flags & SL_NOTE) return LOG_NOTICE;
    return flags & SL_TRACE ? LOG_DEBUG : LOG_INFO;
}

int level_for(unsigned kind, unsigned flags) { // LOG-031
    return kind == SL_ERROR ? LOG_ERR : kind == SL_TRACE ? LOG_DEBUG
                                                         : console_level(flags);
}

int give_to_readers(unsigned kind, const log_ctl &ctl, std::string_view data) {
    int answer = LOG_NOBODY;
    const auto readers = current->log_readers; // a reader may detach
    for (const LogReader &reader : readers) {
        if (!(reader.flags & kind)) continue;
        const int one = reader.function(reader.argument, static_cast<int>(kind), &ctl, data.data(), data.size());
        if (one != LOG_NOBODY) answer = answer == LOG_NOBODY ? one : std::min(answer, one);
    }
    return answer;
}

// The data part of a message (LOG-022): text that ends with a null byte, and words of 32 bits from the next boundary on.
class Data {
public:
    explicit Data(std::string_view text) : size_(std::min(text.size(), sizeof bytes_ - sizeof words_)) { std::memcpy(bytes_, text.data(), size_); }
    void end_text() {
        size_ = std::min<std::size_t>(size_, LOGMSGSZ - 1); // LOG-039
        bytes_[size_++] = '\0';
    }
    void add(unsigned long argument) {
        while (size_ % sizeof(unsigned)) bytes_[size_++] = '\0';
        const auto word = static_cast<unsigned>(argument); // LOG-043
        std::memcpy(bytes_ + size_, &word, sizeof word);
        size_ += sizeof word;
    }
    std::string_view view() const { return {bytes_, size_}; }

private:
    using Words = unsigned[NLOGARGS];
    static constexpr std::size_t words_ = sizeof(Words);
    char bytes_[LOGMSGSZ + sizeof(Words)];
    std::size_t size_;
};

// How many arguments a format takes.
int words_of(const char *format) {
    int words = 0;
    for (const char *at = format; (at = std::strchr(at, '%')); ++at) {
        for (++at; *at && std::strchr("-+ #0123456789.*lhzjt", *at); ++at) words += *at == '*';
        if (!*at) break;
        words += *at != '%';
    }
    return words;
}

// Whether every kind of it was taken. With a facility, each kind has a pri of its own.
bool send(System &system, log_ctl ctl, const int *facility, std::string_view data, const char *for_console) {
    ctl.ltime = static_cast<int>(system.sched.now());
    ctl.ttime = static_cast<int>(system.seconds());
    const auto flags = static_cast<unsigned short>(ctl.flags);
    bool all = true;
    for (unsigned kind : kinds) {
        if (!(flags & kind)) continue;
        if (facility) ctl.pri = *facility | level_for(kind, flags);
        const int answer = give_to_readers(kind, ctl, data);
        if (answer == LOG_NOBODY && kind == SL_CONSOLE && for_console) system.console(1, for_console, false, true);
        else all = all && answer == LOG_TAKEN;
    }
    return all;
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
    if (system.trace.on) [[unlikely]]
        system.trace.emit({.event = Event::logged, .name = system.acting_driver(), .number = flags, .extra = level, .text = text});
    Data data(system.profile.log_expands ? text : format);
    data.end_text();
    if (!system.profile.log_expands) {
        const int given = words_of(format); // behind these is what the caller did not pass
        for (int i = 0; i < NLOGARGS; ++i) data.add(i < given ? va_arg(again, unsigned long) : 0);
    }
    va_end(again);
    log_ctl ctl{};
    ctl.mid = mid;
    ctl.sid = sid;
    ctl.level = level;
    ctl.flags = static_cast<short>(flags);
    const int facility = LOG_KERN;
    return send(system, ctl, &facility, data.view(), text) || system.profile.strlog_always_one;
}

EXPORT int rill_log_send(const struct log_ctl *ctl, const char *bytes, unsigned long size) {
    System &system = this_system();
    const std::string_view all(bytes, size);
    Data data(all);
    if (all.substr(0, LOGMSGSZ).find('\0') == all.npos) data.end_text();
    const int facility = LOG_USER;
    return send(system, *ctl, ctl->pri == LOG_NO_PRI ? &facility : nullptr, data.view(), nullptr);
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
