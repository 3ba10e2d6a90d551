#include "tools/rill/logs.hpp"
#include "tools/rill/evaluate.hpp"
#include "tools/rill/exits.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <filesystem>
#include <fmt/format.h>
#include <fstream>
#include <iterator>
#include <sys/log.h>

namespace rill::tool {

namespace fs = std::filesystem;

namespace {

constexpr const char *log_node = "/dev/log";

std::string printable(std::string text) {
    std::replace_if(
        text.begin(), text.end(), [](unsigned char c) { return c < ' ' || c == 0x7f; }, '?');
    return text;
}

// The time is that of Greenwich, so that a scenario tells the same everywhere.
std::tm broken_down(std::time_t when) {
    std::tm parts{};
    ::gmtime_r(&when, &parts);
    return parts;
}

constexpr Bit facilities[] = {{"kern", LOG_KERN}, {"user", LOG_USER}, {"mail", LOG_MAIL}, {"daemon", LOG_DAEMON}, {"auth", LOG_AUTH}, {"syslog", LOG_SYSLOG}, {"lpr", LOG_LPR}, {"news", LOG_NEWS}, {"uucp", LOG_UUCP}, {"cron", LOG_CRON}, {"local0", LOG_LOCAL0}, {"local1", LOG_LOCAL1}, {"local2", LOG_LOCAL2}, {"local3", LOG_LOCAL3}, {"local4", LOG_LOCAL4}, {"local5", LOG_LOCAL5}, {"local6", LOG_LOCAL6}, {"local7", LOG_LOCAL7}};
constexpr Bit levels[] = {{"emerg", LOG_EMERG}, {"alert", LOG_ALERT}, {"crit", LOG_CRIT}, {"err", LOG_ERR}, {"warning", LOG_WARNING}, {"notice", LOG_NOTICE}, {"info", LOG_INFO}, {"debug", LOG_DEBUG}};

int priority(const Word &word) {
    const std::size_t dot = word.text.find('.');
    if (dot == word.text.npos) throw SyntaxError(word.column, fmt::format("expected a priority as FACILITY.LEVEL, got {}", word.text));
    const Word facility{word.text.substr(0, dot), word.column, false}, level{word.text.substr(dot + 1), word.column + dot + 1, false};
    return static_cast<int>(bits(facility, facilities, std::size(facilities), "facility") | bits(level, levels, std::size(levels), "level"));
}

// Of LOG-030 the other way round: who is told what has this level. The console is told everything.
short flags_of(int pri) {
    switch (pri & LOG_PRIMASK) {
    case LOG_EMERG:
    case LOG_ALERT:
    case LOG_CRIT: return SL_CONSOLE | SL_ERROR | SL_FATAL;
    case LOG_ERR: return SL_CONSOLE | SL_ERROR;
    case LOG_WARNING: return SL_CONSOLE | SL_WARN;
    case LOG_NOTICE: return SL_CONSOLE | SL_NOTE;
    case LOG_DEBUG: return SL_CONSOLE | SL_TRACE;
    default: return SL_CONSOLE;
    }
}

// One conversion with its word; "" when the format ends inside it.
std::string converted(std::string_view &rest, unsigned word, bool &used) {
    const std::size_t end = rest.find_first_not_of("0123456789.-+ #lh", 1);
    if (end == rest.npos) return rest = {}, "";
    const char kind = rest[end];
    std::string spec(rest.substr(0, end));
    rest.remove_prefix(end + 1);
    if (kind == '%') return "%";
    std::erase_if(spec, [](char c) { return c == 'l' || c == 'h'; });
    if (spec.size() > 6) spec = "%";
    used = true;
    char text[256];
    switch (kind) {
    case 'd':
    case 'i': std::snprintf(text, sizeof text, (spec + "d").c_str(), static_cast<int>(word)); break;
    case 'u':
    case 'o':
    case 'x':
    case 'X': std::snprintf(text, sizeof text, (spec + kind).c_str(), word); break;
    case 'c': std::snprintf(text, sizeof text, (spec + "c").c_str(), static_cast<int>(word)); break;
    case 'p': std::snprintf(text, sizeof text, "%#x", word); break;
    default: return spec + kind; // LOG-042: %s and the like are not handled
    }
    return text;
}

std::string letters(const log_ctl &ctl, bool traces) {
    std::string out;
    if (traces ? ctl.flags & SL_ERROR : ctl.flags & SL_TRACE) out += traces ? 'E' : 'T';
    if (ctl.flags & SL_FATAL) out += 'F';
    if (ctl.flags & SL_NOTIFY) out += 'N';
    return out.empty() ? "-" : out;
}

Outcome done(std::string text) {
    Outcome o;
    o.text = std::move(text);
    return o;
}

// Opens the log driver for a new process, and makes it a logger; what is refused ends the process.
Outcome begin(Evaluator &e, Logger logger, int command, std::string &ids) {
    for (int n = 2; e.find_user(logger.process); ++n) logger.process = fmt::format("{}{}", logger.traces ? "strace" : "strerr", n);
    User &user = e.add_user({logger.process, rill_proc_new(e.handle(), 0, 0), {}});
    const auto refused = [&](int result) {
        Outcome o = outcome(user, result);
        e.end_user(user, "");
        return o;
    };
    logger.fd = rill_open(user.handle, log_node, O_RDWR | O_NONBLOCK);
    if (logger.fd < 0) return refused(-1);
    strioctl io{command, 0, static_cast<int>(ids.size()), ids.data()};
    if (rill_ioctl(user.handle, logger.fd, I_STR, &io) < 0) return refused(-1);
    user.descriptors["log"] = logger.fd;
    Outcome o = done(fmt::format("process {} reads the messages; exit {} ends it", logger.process, logger.process));
    e.loggers.push_back(std::move(logger));
    return o;
}

short trace_id(Words &words, const char *expected, long most) {
    return words.take_if("all") ? -1 : static_cast<short>(words.number(expected, -1, most));
}

struct Sent {
    log_ctl ctl{};
    std::vector<std::string> texts;
    std::string file;
    bool copies = false;
};

bool lines_of(const std::string &file, std::vector<std::string> &texts) {
    std::ifstream in(file);
    for (std::string line; std::getline(in, line);) texts.push_back(line);
    return in.eof();
}

Outcome send(User &user, Sent &sent) {
    if (!sent.file.empty() && !lines_of(sent.file, sent.texts)) {
        Outcome o;
        o.error = ENOENT;
        o.why = fmt::format("{} cannot be read", sent.file);
        return o;
    }
    const int fd = rill_open(user.handle, log_node, O_WRONLY);
    if (fd < 0) return outcome(user, fd);
    Outcome o;
    for (const std::string &text : sent.texts) {
        const strbuf ctl{0, sizeof sent.ctl, reinterpret_cast<char *>(&sent.ctl)}, data{0, static_cast<int>(text.size() + 1), const_cast<char *>(text.c_str())};
        o = outcome(user, rill_putmsg(user.handle, fd, &ctl, &data, 0));
        if (o.error) break;
        if (sent.copies) o.text += fmt::format("{}{}", o.text.empty() ? "" : "; ", log_line(sent.ctl, text, true));
    }
    rill_close(user.handle, fd);
    return o;
}

} // namespace

std::string log_text(std::string_view data) {
    const std::size_t end = data.find('\0');
    std::string_view rest = data.substr(0, end);
    const std::size_t words_at = (rest.size() + 1 + 3) / 4 * 4;
    if (end == data.npos || words_at >= data.size()) return std::string(rest);
    std::string out;
    std::size_t next = words_at;
    while (!rest.empty()) {
        if (rest[0] != '%') {
            out += rest[0];
            rest.remove_prefix(1);
            continue;
        }
        unsigned word = 0;
        if (next + sizeof word <= data.size()) std::memcpy(&word, data.data() + next, sizeof word);
        bool used = false;
        out += converted(rest, word, used);
        if (used) next += sizeof word;
    }
    return out;
}

std::string log_line(const log_ctl &ctl, std::string_view data, bool traces) {
    const std::tm t = broken_down(ctl.ttime);
    std::string text = log_text(data);
    while (text.ends_with('\n')) text.pop_back();
    const std::string level = traces ? fmt::format("{} ", static_cast<int>(ctl.level)) : "";
    return fmt::format("{} {:02}:{:02}:{:02} {} {}{} {} {} {}", ctl.seq_no, t.tm_hour, t.tm_min, t.tm_sec, ctl.ltime, level, letters(ctl, traces),
                       ctl.mid, ctl.sid, text);
}

std::string error_file(const std::string &directory, std::time_t when) {
    const std::tm t = broken_down(when);
    return fmt::format("{}/error.{:02}-{:02}", directory, t.tm_mon + 1, t.tm_mday);
}

// strace [all | MID SID LEVEL ...]
Outcome begin_strace(Evaluator &e, Words &words) {
    std::string ids;
    do {
        trace_ids id{};
        if (words.empty() || (words.left() % 3 && words.take_if("all")))
            id = {-1, -1, -1};
        else {
            id.ti_mid = trace_id(words, "a module's id, or all", 32767);
            id.ti_sid = trace_id(words, "a minor, or all", 32767);
            id.ti_level = static_cast<char>(trace_id(words, "the greatest level, or all", 127));
        }
        ids.append(reinterpret_cast<const char *>(&id), sizeof id);
    } while (!words.empty());
    return begin(e, {"strace", -1, true, ""}, I_TRCLOG, ids);
}

// strerr [-d DIR]
Outcome begin_strerr(Evaluator &e, Words &words) {
    std::string directory, none;
    if (words.take_if("-d")) {
        const std::size_t column = words.column();
        const Word &word = words.take("a directory of this machine");
        directory = word.text;
        std::error_code ignored;
        if (!fs::is_directory(directory, ignored)) throw SyntaxError(column, fmt::format("there is no directory {}", directory));
    }
    words.finish();
    return begin(e, {"strerr", -1, false, directory}, I_ERRLOG, none);
}

// strlog [-M MID] [-S SID] [-p FACILITY.LEVEL] [-f FILE] [-s] MESSAGE ...
Outcome send_strlog(Evaluator &e, Words &words) {
    Sent sent;
    int pri = LOG_USER | LOG_INFO;
    const auto option = [&](const char *name) { return words.take_if(name); };
    for (;;) {
        if (option("-M"))
            sent.ctl.mid = static_cast<short>(words.number("a module's id", 0, 32767));
        else if (option("-S"))
            sent.ctl.sid = static_cast<short>(words.number("a minor", 0, 32767));
        else if (option("-p"))
            pri = priority(words.take("FACILITY.LEVEL"));
        else if (option("-f"))
            sent.file = words.take("a file of this machine").text;
        else if (option("-s"))
            sent.copies = true;
        else if (!option("-t") && !option("-i") && !option("-u") && !option("-d"))
            break;
    }
    std::string text;
    if (sent.file.empty() && words.empty()) words.fail("expected a message, but the line ends here");
    while (!words.empty()) text += fmt::format("{}{}", text.empty() ? "" : " ", words.take("a word").text);
    if (!text.empty()) sent.texts.push_back(text);
    sent.ctl.pri = pri;
    sent.ctl.flags = flags_of(pri);
    sent.ctl.ltime = static_cast<int>(e.system().sched.now());
    sent.ctl.ttime = static_cast<int>(e.system().seconds());
    return send(e.acting(), sent);
}

// What the loggers of this System have read by now.
std::string Evaluator::read_loggers() {
    std::string lines;
    std::erase_if(loggers, [this](const Logger &l) { return !find_user(l.process); });
    for (const Logger &logger : loggers) {
        User &user = *find_user(logger.process);
        log_ctl ctl{};
        std::string text(LOGMSGSZ + NLOGARGS * sizeof(int), '\0');
        strbuf c{sizeof ctl, 0, reinterpret_cast<char *>(&ctl)}, d{static_cast<int>(text.size()), 0, text.data()};
        for (int flags = 0; rill_getmsg(user.handle, logger.fd, &c, &d, &flags) >= 0; flags = 0) {
            if (c.len != static_cast<int>(sizeof ctl)) continue;
            const std::string line = log_line(ctl, std::string_view(text).substr(0, static_cast<std::size_t>(std::max(d.len, 0))), logger.traces);
            lines += fmt::format("{}: {}\n", logger.process, printable(line));
            if (logger.directory.empty()) continue;
            std::ofstream out(error_file(logger.directory, ctl.ttime), std::ios::app);
            if (!(out << line << '\n')) lines += fmt::format("{}: {} cannot be written\n", logger.process, error_file(logger.directory, ctl.ttime));
        }
    }
    return lines;
}

int strclean(const CleanOptions &options) {
    std::error_code error;
    const auto oldest = fs::file_time_type::clock::now() - std::chrono::hours(24 * options.days);
    fs::directory_iterator files(options.directory, error), end;
    if (error) {
        fmt::print(stderr, "rill: {}: {}\n", options.directory, error.message());
        return exit_unusable;
    }
    int status = exit_fine;
    while (!error && files != end) {
        const fs::path file = files->path();
        const bool old = file.filename().string().starts_with("error.") && files->is_regular_file(error) && files->last_write_time(error) < oldest;
        if (old && !error && !fs::remove(file, error)) {
            fmt::print(stderr, "rill: {}: {}\n", file.string(), error.message());
            status = exit_found;
        }
        error.clear();
        files.increment(error);
    }
    return status;
}

} // namespace rill::tool
