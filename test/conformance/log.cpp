// The log driver: /dev/log and /dev/conslog, loggers, what strlog(D3) and processes send them. clauses/04 section 5.
#include "test/streamio.hpp"

#include <cstddef>
#include <cstring>
#include <sys/log.h>

extern "C" {
extern struct streamtab loginfo;
extern int logdevflag, log_devices;
void loginit(void);
void logunload(void);
}

namespace {

using namespace rill;
using namespace rill::test;

constexpr major_t log_major = 71;

// What a logger got: a message, or why there is none.
struct Got {
    std::string error; // "-EAGAIN"
    int ctl_length = 0, flags = 0, band = 0;
    log_ctl ctl{};
    std::string data;

    bool came() const { return error.empty(); }
    std::string text() const { return data.substr(0, data.find('\0')); }
    unsigned word(std::size_t n) const {
        unsigned value = 0;
        const std::size_t at = (text().size() + 4) / 4 * 4 + n * sizeof value;
        REQUIRE(at + sizeof value <= data.size());
        std::memcpy(&value, data.data() + at, sizeof value);
        return value;
    }
};

struct Log : Fixture {
    explicit Log(const char *profile_name = nullptr, int devices = 4) : Fixture(profile_name) {
        log_devices = devices;
        CHECK(rill_driver_add(handle(system), "log", log_major, &loginfo, logdevflag, devices) == 0);
        CHECK(rill_driver_start(handle(system), "log", loginit, logunload) == 0);
        itself = system.profile.log_clones_itself;
        node("/dev/log", itself ? makedevice(log_major, 0) : clone(log_major));
        node("/dev/conslog", makedevice(log_major, 1), S_IFCHR | 0222);
    }
    int open_log(int flags = O_RDWR | O_NONBLOCK) { return open("/dev/log", flags); }
    int str(int fd, int command, void *data = nullptr, int length = 0) {
        strioctl s{command, 0, length, static_cast<char *>(data)};
        return ioctl(fd, I_STR, &s);
    }
    int trace(int fd, std::vector<trace_ids> ids) { return str(fd, I_TRCLOG, ids.data(), static_cast<int>(ids.size() * sizeof(trace_ids))); }
    int logger(int command) {
        const int fd = open_log();
        CHECK((command == I_TRCLOG ? trace(fd, {{-1, -1, -1}}) : str(fd, command)) == 0);
        return fd;
    }
    template <class... A> int log(short mid, short sid, char level, unsigned short flags, const char *format, A... arguments) {
        int result;
        {
            Enter scope(system);
            result = strlog(mid, sid, level, flags, format, arguments...);
        }
        run();
        return result;
    }
    int send(int fd, const log_ctl &ctl, std::string_view text, int length = sizeof(log_ctl)) {
        char control[sizeof(log_ctl) + 8] = {};
        std::memcpy(control, &ctl, sizeof ctl);
        strbuf c{0, length, control}, d{0, static_cast<int>(text.size()), const_cast<char *>(text.data())};
        return outcome(rill_putmsg(handle(root), fd, &c, text.data() ? &d : nullptr, 0));
    }
    Got get(int fd) {
        Got got;
        char data[4096], ctl[256];
        strbuf c{sizeof ctl, 0, ctl}, d{sizeof data, 0, data};
        got.flags = MSG_ANY;
        if (rill_getpmsg(handle(root), fd, &c, &d, &got.band, &got.flags) < 0) {
            got.error = std::string("-") + strerrorname_np(errno);
            return got;
        }
        got.ctl_length = c.len;
        std::memcpy(&got.ctl, ctl, sizeof got.ctl);
        if (d.len > 0) got.data.assign(data, static_cast<std::size_t>(d.len));
        return got;
    }
    std::string text(int fd) {
        const Got got = get(fd);
        return got.came() ? got.text() : got.error;
    }
    // Error messages until one is lost: how many were not.
    int fill() {
        const std::string text(900, 'x');
        for (int n = 0;; ++n) {
            REQUIRE(n < 5000);
            const long messages = census().messages;
            log(1, 1, 1, SL_ERROR, text.c_str());
            if (census().messages == messages) return n;
        }
    }
    bool itself;
};

unsigned short kind_of(int command) { return command == I_ERRLOG ? SL_ERROR : command == I_TRCLOG ? SL_TRACE
                                                                                                  : SL_CONSOLE; }

log_ctl control(char level, int flags, int pri = 0) {
    log_ctl ctl{};
    ctl.mid = 77;
    ctl.sid = 78;
    ctl.level = level;
    ctl.flags = static_cast<short>(flags);
    ctl.pri = pri;
    ctl.ltime = ctl.ttime = ctl.seq_no = 12345;
    return ctl;
}

} // namespace

// --- opens ---

TEST_CASE("LOG-003 [irix] [svr4]: no free minor: EBUSY, as CLN-057; minor 0 and a push: ENXIO; a free minor may be opened by its number") {
    Log f(nullptr, 3);
    int fds[3];
    for (int i = 0; i < 3; ++i) {
        fds[i] = f.open_log();
        CHECK(f.rdev(fds[i]) == makedevice(log_major, static_cast<minor_t>(2 + i)));
    }
    CHECK(f.open_log() == -EBUSY);
    CHECK(f.close(fds[1]) == 0);
    f.node("/dev/log0", makedevice(log_major, 0));
    f.node("/dev/log3", makedevice(log_major, 3));
    f.node("/dev/log5", makedevice(log_major, 5));
    CHECK(f.open("/dev/log0") == -ENXIO);
    CHECK(f.open("/dev/log5") == -ENXIO);
    const int third = f.open("/dev/log3");
    CHECK(f.rdev(third) == makedevice(log_major, 3));
    CHECK(f.open_log() == -EBUSY);
    CHECK(f.stream(f.open("/dev/log3")) == f.stream(third));
    CHECK(rill_module_add(handle(f.system), "log", &loginfo, logdevflag) == 0);
    CHECK(f.ioctl(third, I_PUSH, "log") == -ENXIO);
    f.close(fds[0]);
    CHECK(f.open_log() >= 0);
}

TEST_CASE("LOG-002 LOG-004 [solaris]: log through the clone driver, pushed, beyond its 16 streams, or by another minor: ENXIO") {
    Log f("solaris", 16);
    f.node("/dev/cloned", f.clone(log_major));
    f.node("/dev/log3", makedevice(log_major, 3));
    f.node("/dev/log9", makedevice(log_major, 40));
    CHECK(f.open("/dev/cloned") == -ENXIO);
    CHECK(f.open("/dev/log3") == -ENXIO);
    CHECK(f.open("/dev/log9") == -ENXIO);
    int fds[16];
    for (int &fd : fds) CHECK((fd = f.open_log()) >= 0);
    CHECK(f.open("/dev/log3") == -ENXIO); // in use
    CHECK(f.open_log() == -ENXIO);
    CHECK(rill_module_add(handle(f.system), "log", &loginfo, logdevflag) == 0);
    CHECK(f.ioctl(fds[0], I_PUSH, "log") == -ENXIO);
    CHECK(f.close(fds[7]) == 0);
    CHECK(f.open_log() >= 0);
}

TEST_CASE("LOG-001 [irix] [svr4]: /dev/log is a clone node: each open gives a stream and a minor of its own") {
    Log f;
    const int a = f.open_log(), b = f.open_log();
    CHECK(getemajor(f.rdev(a)) == log_major);
    CHECK(getemajor(f.rdev(b)) == log_major);
    CHECK(geteminor(f.rdev(a)) != geteminor(f.rdev(b)));
    CHECK(f.stream(a) != f.stream(b));
    CHECK(f.stat("/dev/log").st_rdev == f.clone(log_major));
}

TEST_CASE("LOG-002 [solaris]: /dev/log is a minor of log, which clones itself") {
    Log f("solaris");
    const int a = f.open_log(), b = f.open_log();
    CHECK(getemajor(f.rdev(a)) == log_major);
    CHECK(geteminor(f.rdev(a)) != geteminor(f.rdev(b)));
    CHECK(f.stream(a) != f.stream(b));
    CHECK(getemajor(f.stat("/dev/log").st_rdev) == log_major);
}

TEST_CASE("LOG-005: /dev/conslog is to be written only: an open for reading is EINVAL, also while it is open") {
    Log f;
    CHECK(f.open("/dev/conslog", O_RDWR) == -EINVAL);
    CHECK(f.open("/dev/conslog", O_RDONLY) == -EINVAL);
    const int fd = f.open("/dev/conslog", O_WRONLY);
    CHECK(fd >= 0);
    CHECK(f.open("/dev/conslog", O_RDWR) == -EINVAL);
    CHECK(f.open("/dev/conslog", O_WRONLY) >= 0);
}

TEST_CASE("LOG-036: I_STR on a conslog stream: EINVAL, and it is no logger") {
    Log f;
    const int fd = f.open("/dev/conslog", O_WRONLY);
    for (int command : {I_ERRLOG, I_CONSLOG, 99}) CHECK(f.str(fd, command) == -EINVAL);
    CHECK(f.trace(fd, {{-1, -1, -1}}) == -EINVAL);
    CHECK(f.str(f.open_log(), I_ERRLOG) == 0);
}

TEST_CASE("LOG-037: a module may be pushed on a log stream, and messages pass it") {
    Log f;
    f.module("through");
    const int fd = f.logger(I_ERRLOG);
    CHECK(f.ioctl(fd, I_PUSH, "through") == 0);
    f.log(1, 2, 3, SL_ERROR, "passed");
    CHECK(f.text(fd) == "passed");
}

TEST_CASE("CLN-059 LOG-007: an open, and an I_STR, that find no memory fail and leave nothing") {
    Log f;
    for_every_allocation(
        f, {ENOMEM, ENOSR, ENFILE, EAGAIN, EMFILE}, [&] { return f.open_log(); }, [&](int fd) { f.close(fd); });
    int fd = f.open_log();
    for (int command : {I_ERRLOG, I_TRCLOG}) {
        CAPTURE(command);
        for_every_allocation(
            f, {ENOMEM, ENOSR, EAGAIN}, [&] { return command == I_TRCLOG ? f.trace(fd, {{1, 1, 1}, {2, 2, 2}}) : f.str(fd, command); },
            [&](int) {
                CHECK(f.close(fd) == 0);
                fd = f.open_log();
            });
    }
}

// --- becoming a logger ---

TEST_CASE("LOG-012 [irix] [svr4]: I_TRCLOG without entries: ENXIO") {
    Log f;
    const int fd = f.open_log();
    trace_ids id{1, 1, 1};
    CHECK(f.str(fd, I_TRCLOG) == -ENXIO);
    CHECK(f.str(fd, I_TRCLOG, &id, 2) == -ENXIO);
    CHECK(f.trace(fd, {{-1, -1, -1}}) == 0);
}

TEST_CASE("LOG-013 [solaris]: I_TRCLOG without entries: EINVAL") {
    Log f("solaris");
    const int fd = f.open_log();
    CHECK(f.str(fd, I_TRCLOG) == -EINVAL);
    CHECK(f.trace(fd, {{-1, -1, -1}}) == 0);
}

TEST_CASE("LOG-008: an array of trace_ids that is cut inside an entry is EINVAL; the fields are mid, sid and level") {
    Log f;
    const int fd = f.open_log();
    trace_ids ids[2] = {{1, 2, 3}, {4, 5, 6}};
    CHECK(f.str(fd, I_TRCLOG, ids, sizeof ids - 1) == -EINVAL);
    CHECK(sizeof(ids[0].ti_mid) == 2);
    CHECK(sizeof(ids[0].ti_sid) == 2);
    CHECK(sizeof(ids[0].ti_level) == 1);
    CHECK(f.str(fd, I_TRCLOG, ids, sizeof ids) == 0);
}

TEST_CASE("LOG-014: an I_STR that log does not know: ENXIO by the documents, EINVAL in Solaris's code") {
    Log f;
    const int fd = f.open_log();
    const int expected = f.system.profile.log_einval ? -EINVAL : -ENXIO;
    CHECK(f.str(fd, 99) == expected);
    CHECK(f.str(fd, LOGCTL | 4) == expected);
}

TEST_CASE("LOG-015: a transparent ioctl: EINVAL, and the stream is no logger") {
    Log f;
    const int fd = f.open_log();
    CHECK(f.ioctl(fd, I_ERRLOG, 0) == -EINVAL);
    CHECK(f.ioctl(fd, 99, 0) == -EINVAL);
    f.log(1, 1, 1, SL_ERROR, "nobody's");
    CHECK(f.text(fd) == "-EAGAIN");
    CHECK(f.str(fd, I_ERRLOG) == 0);
}

TEST_CASE("LOG-016: a logger cannot become a second kind: EBUSY; of the same kind ENXIO, EBUSY in Solaris") {
    Log f;
    const int fd = f.logger(I_ERRLOG);
    CHECK(f.str(fd, I_CONSLOG) == -EBUSY);
    CHECK(f.trace(fd, {{-1, -1, -1}}) == -EBUSY);
    CHECK(f.str(fd, I_ERRLOG) == (f.system.profile.log_many_loggers ? -EBUSY : -ENXIO));
    f.log(1, 1, 1, SL_ERROR | SL_TRACE, "once");
    CHECK(f.text(fd) == "once");
    CHECK(f.text(fd) == "-EAGAIN");
}

TEST_CASE("LOG-017 LOG-052 [irix] [svr4]: one logger of each kind in the system: a second one is ENXIO, until the first is closed") {
    for (int command : {I_ERRLOG, I_CONSLOG, I_TRCLOG}) {
        CAPTURE(command);
        Log f;
        const int first = f.logger(command), second = f.open_log();
        const auto again = [&] { return command == I_TRCLOG ? f.trace(second, {{-1, -1, -1}}) : f.str(second, command); };
        CHECK(again() == -ENXIO);
        CHECK(f.close(first) == 0);
        CHECK(again() == 0);
    }
}

TEST_CASE("LOG-018 [solaris]: any number of loggers of a kind: each gets a copy, with one number") {
    Log f("solaris");
    for (int command : {I_ERRLOG, I_CONSLOG, I_TRCLOG}) {
        CAPTURE(command);
        const int a = f.logger(command), b = f.logger(command);
        f.log(1, 2, 3, kind_of(command), "to both");
        const Got at_a = f.get(a), at_b = f.get(b);
        CHECK(at_a.text() == "to both");
        CHECK(at_b.text() == "to both");
        CHECK(at_a.ctl.seq_no == at_b.ctl.seq_no);
        f.close(a);
        f.close(b);
    }
}

TEST_CASE("LOG-035 LOG-045: a logger's close ends its registration; there is no other way to a new one") {
    Log f;
    const int tracer = f.open_log();
    CHECK(f.trace(tracer, {{5, -1, -1}}) == 0);
    CHECK(f.trace(tracer, {{6, -1, -1}}) < 0);
    f.log(6, 1, 1, SL_TRACE, "not asked for");
    CHECK(f.text(tracer) == "-EAGAIN");
    CHECK(f.close(tracer) == 0);
    f.log(6, 1, 1, SL_TRACE, "nobody's");
    const int second = f.open_log();
    CHECK(f.trace(second, {{6, -1, -1}}) == 0);
    f.log(6, 1, 1, SL_TRACE, "asked for");
    CHECK(f.text(second) == "asked for");
    CHECK(f.text(second) == "-EAGAIN");
}

// --- what a logger gets ---

TEST_CASE("LOG-007 LOG-020 LOG-021: a logger of each kind reads a log_ctl and the text, with all fields") {
    for (int command : {I_ERRLOG, I_CONSLOG, I_TRCLOG}) {
        CAPTURE(command);
        Log f;
        const int fd = f.logger(command);
        const int flags = kind_of(command) | SL_NOTIFY;
        f.log(5, 2, 3, static_cast<unsigned short>(flags), "first");
        advance(f, 200);
        f.log(5, 2, 3, static_cast<unsigned short>(flags), "second");
        const Got one = f.get(fd), two = f.get(fd);
        REQUIRE(one.came());
        REQUIRE(two.came());
        CHECK(one.ctl_length == static_cast<int>(sizeof(log_ctl)));
        CHECK(one.text() == "first");
        CHECK(one.ctl.mid == 5);
        CHECK(one.ctl.sid == 2);
        CHECK(one.ctl.level == 3);
        CHECK(one.ctl.flags == flags);
        CHECK(two.ctl.ltime - one.ctl.ltime == 200);
        CHECK(two.ctl.ttime - one.ctl.ttime == 2);
        CHECK(one.ctl.ttime > 1'700'000'000);
        CHECK(one.ctl.ltime == static_cast<int>(now(f)) - 200);
        CHECK(two.ctl.seq_no == one.ctl.seq_no + 1);
    }
}

TEST_CASE("LOG-009: an entry passes a message of its mid and sid, up to its level") {
    Log f;
    const int fd = f.open_log();
    CHECK(f.trace(fd, {{5, 2, 3}}) == 0);
    const auto comes = [&](short mid, short sid, char level) {
        f.log(mid, sid, level, SL_TRACE, "x");
        return f.get(fd).came();
    };
    CHECK(comes(5, 2, 3));
    CHECK(comes(5, 2, 0));
    CHECK_FALSE(comes(5, 2, 4));
    CHECK_FALSE(comes(5, 1, 3));
    CHECK_FALSE(comes(4, 2, 3));
}

TEST_CASE("LOG-010: -1 in a field of an entry is any") {
    struct {
        trace_ids id;
        bool other_mid, other_sid, high_level;
    } const rows[] = {{{-1, -1, -1}, true, true, true}, {{-1, 2, 3}, true, false, false}, {{5, -1, 3}, false, true, false}, {{5, 2, -1}, false, false, true}};
    for (const auto &row : rows) {
        CAPTURE(row.id.ti_mid);
        CAPTURE(row.id.ti_sid);
        Log f;
        const int fd = f.open_log();
        CHECK(f.trace(fd, {row.id}) == 0);
        const auto comes = [&](short mid, short sid, char level) {
            f.log(mid, sid, level, SL_TRACE, "x");
            return f.get(fd).came();
        };
        CHECK(comes(5, 2, 3));
        CHECK(comes(6, 2, 3) == row.other_mid);
        CHECK(comes(5, 9, 3) == row.other_sid);
        CHECK(comes(5, 2, 100) == row.high_level);
    }
}

TEST_CASE("LOG-011: several entries accept what one of them does, and one copy comes") {
    Log f;
    const int fd = f.open_log();
    CHECK(f.trace(fd, {{5, 2, 3}, {5, -1, 1}, {7, -1, -1}}) == 0);
    f.log(5, 2, 1, SL_TRACE, "twice accepted");
    f.log(7, 9, 9, SL_TRACE, "by the third");
    f.log(8, 9, 9, SL_TRACE, "by none");
    CHECK(f.text(fd) == "twice accepted");
    CHECK(f.text(fd) == "by the third");
    CHECK(f.text(fd) == "-EAGAIN");
}

TEST_CASE("LOG-022 [irix] [svr4]: the data part is the format as it is, and three words of 32 bits from the next boundary on") {
    Log f;
    const int fd = f.logger(I_ERRLOG);
    f.log(1, 1, 1, SL_ERROR, "x=%d", 5);
    const Got got = f.get(fd);
    REQUIRE(got.came());
    CHECK(got.data.size() == 20);
    CHECK(got.data.substr(0, 8) == std::string("x=%d\0\0\0\0", 8));
    CHECK(got.word(0) == 5);
    f.log(1, 1, 1, SL_ERROR, "abc", 5); // its null byte is the last before the boundary
    CHECK(f.get(fd).data.size() == 16);
}

TEST_CASE("LOG-023 [solaris]: the data part is the text, expanded; no words follow") {
    Log f("solaris");
    const int fd = f.logger(I_ERRLOG);
    f.log(1, 1, 1, SL_ERROR, "x=%d", 5);
    CHECK(f.get(fd).data == std::string("x=5\0", 4));
}

TEST_CASE("LOG-042: NLOGARGS is 3; three integers become three words where the format is passed on") {
    CHECK(NLOGARGS == 3);
    Log f;
    const int fd = f.logger(I_TRCLOG);
    f.log(1, 1, 1, SL_TRACE, "%d %d %d", 7, 8, 9);
    const Got got = f.get(fd);
    REQUIRE(got.came());
    if (f.system.profile.log_expands) {
        CHECK(got.text() == "7 8 9");
        return;
    }
    CHECK(got.data.size() == 12 + 3 * sizeof(int));
    for (unsigned i = 0; i < 3; ++i) CHECK(got.word(i) == 7 + i);
}

TEST_CASE("LOG-043 [irix] [svr4]: of an argument of 64 bits the words have the lower 32") {
    Log f;
    const int fd = f.logger(I_ERRLOG);
    f.log(1, 1, 1, SL_ERROR, "%lx", 0x100000002L);
    CHECK(f.get(fd).word(0) == 2);
}

TEST_CASE("LOG-039: a format is cut at LOGMSGSZ bytes, with its null byte") {
    CHECK(LOGMSGSZ == 1024);
    Log f;
    const int fd = f.logger(I_ERRLOG);
    f.log(1, 1, 1, SL_ERROR, std::string(2000, 'x').c_str());
    CHECK(f.text(fd) == std::string(1023, 'x'));
    CHECK(f.send(fd, control(1, SL_ERROR), std::string(2000, 'y')) == 0);
    CHECK(f.text(fd) == std::string(1023, 'y'));
    CHECK(f.send(fd, control(1, SL_ERROR), "no null byte") == 0);
    CHECK(f.get(fd).data == std::string("no null byte\0", 13));
}

TEST_CASE("LOG-041: log_ctl has 24 bytes on 64 bits too, trace_ids 6") {
    CHECK(sizeof(log_ctl) == 24);
    CHECK(offsetof(log_ctl, mid) == 0);
    CHECK(offsetof(log_ctl, sid) == 2);
    CHECK(offsetof(log_ctl, level) == 4);
    CHECK(offsetof(log_ctl, flags) == 6);
    CHECK(offsetof(log_ctl, ltime) == 8);
    CHECK(offsetof(log_ctl, ttime) == 12);
    CHECK(offsetof(log_ctl, seq_no) == 16);
    CHECK(offsetof(log_ctl, pri) == 20);
    CHECK(sizeof(trace_ids) == 6);
    CHECK(offsetof(trace_ids, ti_mid) == 0);
    CHECK(offsetof(trace_ids, ti_sid) == 2);
    CHECK(offsetof(trace_ids, ti_level) == 4);
}

TEST_CASE("LOG-028: each flag names a reader; a message with two of them goes to both") {
    Log f;
    const int errors = f.logger(I_ERRLOG), traces = f.logger(I_TRCLOG), console = f.logger(I_CONSLOG);
    f.log(1, 1, 1, SL_ERROR | SL_TRACE | SL_FATAL | SL_NOTIFY, "two");
    f.log(1, 1, 1, SL_CONSOLE | SL_WARN, "console");
    CHECK(f.text(errors) == "two");
    CHECK(f.get(traces).ctl.flags == (SL_ERROR | SL_TRACE | SL_FATAL | SL_NOTIFY));
    CHECK(f.text(console) == "console");
    for (int fd : {errors, traces, console}) CHECK(f.text(fd) == "-EAGAIN");
}

TEST_CASE("LOG-027: a message that no logger wants is dropped at once") {
    Log f;
    f.system.console_sink = [](int, std::string_view) {};
    f.open_log();
    const Census before = f.census();
    for (int flags : {SL_TRACE, SL_ERROR, SL_ERROR | SL_TRACE, 0}) f.log(1, 1, 1, static_cast<unsigned short>(flags), "nobody's");
    CHECK(f.census() == before);
    const int fd = f.logger(I_TRCLOG);
    CHECK(f.text(fd) == "-EAGAIN");
}

TEST_CASE("LOG-024: each kind has numbers of its own") {
    Log f;
    const int errors = f.logger(I_ERRLOG), traces = f.logger(I_TRCLOG);
    f.log(1, 1, 1, SL_ERROR, "one");
    f.log(1, 1, 1, SL_TRACE, "between");
    f.log(1, 1, 1, SL_ERROR, "two");
    f.log(1, 1, 1, SL_TRACE, "after");
    const int first = f.get(errors).ctl.seq_no;
    CHECK(f.get(errors).ctl.seq_no == first + 1);
    const int first_trace = f.get(traces).ctl.seq_no;
    CHECK(f.get(traces).ctl.seq_no == first_trace + 1);
}

TEST_CASE("LOG-025: a message that a full queue drops has a number: the next one shows the gap") {
    Log f;
    f.system.console_sink = [](int, std::string_view) {};
    const int fd = f.logger(I_ERRLOG);
    const int kept = f.fill();
    CHECK(kept > 1);
    f.log(1, 1, 1, SL_ERROR, "lost too");
    int last = f.get(fd).ctl.seq_no, count = 1;
    for (Got got; (got = f.get(fd)).came(); ++count) CHECK(got.ctl.seq_no == ++last);
    CHECK(count == kept);
    f.log(1, 1, 1, SL_ERROR, "room again");
    const Got after = f.get(fd);
    CHECK(after.text() == "room again");
    CHECK(after.ctl.seq_no == last + 3); // two were lost
}

TEST_CASE("LOG-025: one that finds no logger of its kind has none") {
    Log f;
    const int first = f.logger(I_ERRLOG);
    f.log(1, 1, 1, SL_ERROR, "one");
    const int number = f.get(first).ctl.seq_no;
    f.close(first);
    f.log(1, 1, 1, SL_ERROR, "nobody's");
    const int second = f.logger(I_ERRLOG);
    f.log(1, 1, 1, SL_ERROR, "two");
    CHECK(f.get(second).ctl.seq_no == number + 1);
}

TEST_CASE("LOG-025: memory that is missing costs a message, and its number; the next one comes") {
    Log f;
    const int fd = f.logger(I_ERRLOG);
    f.log(1, 1, 1, SL_ERROR, "first");
    int last = f.get(fd).ctl.seq_no, lost = 0;
    const Census before = f.census();
    for (long n = 1; n < 50; ++n) {
        const std::uint64_t refused = f.system.alloc.refused;
        f.system.alloc.fail_nth(n);
        const int result = f.log(1, 1, 1, SL_ERROR, "perhaps");
        f.system.alloc.fail_nth(0);
        const bool hit = f.system.alloc.refused != refused;
        const Got got = f.get(fd);
        ++last;
        if (got.came()) CHECK(got.ctl.seq_no == last);
        else ++lost;
        CHECK((got.came() || hit));
        if (!f.system.profile.strlog_always_one) CHECK(result == got.came());
        CHECK(f.census() == before);
        if (!hit) break;
    }
    CHECK(lost == 2);
    f.log(1, 1, 1, SL_ERROR, "then");
    CHECK(f.get(fd).ctl.seq_no == last + 1);
}

TEST_CASE("LOG-044: a trace message that no entry accepts has no number; in Solaris it has one") {
    Log f;
    const int fd = f.open_log();
    CHECK(f.trace(fd, {{5, -1, -1}}) == 0);
    for (short mid : {5, 6, 5}) f.log(mid, 1, 1, SL_TRACE, "x");
    const int first = f.get(fd).ctl.seq_no;
    CHECK(f.get(fd).ctl.seq_no == first + (f.system.profile.log_counts_unwanted ? 2 : 1));
}

TEST_CASE("LOG-026 [irix] [svr4]: strlog is 1 when all loggers that its flags name got it, else 0") {
    Log f;
    f.logger(I_ERRLOG);
    CHECK(f.log(1, 1, 1, SL_ERROR, "got") == 1);
    CHECK(f.log(1, 1, 1, SL_ERROR | SL_TRACE, "no tracer") == 0);
    CHECK(f.log(1, 1, 1, SL_TRACE, "no tracer") == 0);
    f.fill();
    CHECK(f.log(1, 1, 1, SL_ERROR, "full") == 0);
    const int traces = f.open_log();
    CHECK(f.trace(traces, {{5, -1, -1}}) == 0);
    CHECK(f.log(5, 1, 1, SL_TRACE, "accepted") == 1);
    CHECK(f.log(6, 1, 1, SL_TRACE, "not accepted") == 0);
}

TEST_CASE("LOG-046 [solaris]: strlog is 1 whoever got it") {
    Log f("solaris");
    f.system.console_sink = [](int, std::string_view) {};
    CHECK(f.log(1, 1, 1, SL_ERROR, "nobody") == 1);
    f.logger(I_ERRLOG);
    f.fill();
    CHECK(f.log(1, 1, 1, SL_ERROR, "full") == 1);
}

TEST_CASE("LOG-038 [irix] [svr4]: without a log driver a message with SL_CONSOLE is printed, 1; another is not, 0") {
    Fixture f;
    std::string said;
    f.system.console_sink = [&](int, std::string_view text) { said += text; };
    Enter scope(f.system);
    CHECK(strlog(1, 1, 1, SL_CONSOLE, "printed %d", 1) == 1);
    CHECK(strlog(1, 1, 1, SL_ERROR, "not printed") == 0);
    CHECK(strlog(1, 1, 1, SL_TRACE, "not printed") == 0);
    CHECK(said == "printed 1");
}

TEST_CASE("LOG-030: at the console logger a driver's message has the level of its flags") {
    Log f;
    const int fd = f.logger(I_CONSLOG);
    struct {
        int flags, level;
    } const rows[] = {{SL_FATAL, LOG_CRIT}, {SL_ERROR, LOG_ERR}, {SL_WARN, LOG_WARNING}, {SL_NOTE, LOG_NOTICE}, {SL_TRACE, LOG_DEBUG}, {0, LOG_INFO}, {SL_FATAL | SL_WARN, LOG_CRIT}, {SL_ERROR | SL_WARN, LOG_ERR}};
    for (const auto &row : rows) {
        CAPTURE(row.flags);
        f.log(1, 1, 1, static_cast<unsigned short>(SL_CONSOLE | row.flags), "x");
        CHECK(f.get(fd).ctl.pri == (LOG_KERN | row.level));
    }
}

TEST_CASE("LOG-031: the error logger gets LOG_ERR, the trace logger LOG_DEBUG") {
    Log f;
    const int errors = f.logger(I_ERRLOG), traces = f.logger(I_TRCLOG);
    f.log(1, 1, 1, SL_ERROR | SL_TRACE | SL_FATAL, "x");
    CHECK(f.get(errors).ctl.pri == (LOG_KERN | LOG_ERR));
    CHECK(f.get(traces).ctl.pri == (LOG_KERN | LOG_DEBUG));
}

// --- messages of processes ---

TEST_CASE("LOG-006: text written to /dev/conslog is a console message, user.info, level 0; to /dev/log in Solaris only") {
    Log f;
    const int fd = f.logger(I_CONSLOG);
    CHECK(f.write(f.open("/dev/conslog", O_WRONLY), "hello") == 5);
    const Got got = f.get(fd);
    CHECK(got.text() == "hello");
    CHECK(got.ctl.pri == (LOG_USER | LOG_INFO));
    CHECK(got.ctl.flags == SL_CONSOLE);
    CHECK(got.ctl.level == 0);
    CHECK(f.write(f.open_log(), "to log") == 6);
    CHECK(f.text(fd) == (f.system.profile.log_takes_writes ? "to log" : "-EAGAIN"));
}

TEST_CASE("LOG-032: of a process's log_ctl level and flags are taken over, in Solaris the priority too; the rest is log's") {
    Log f;
    const bool pri_too = f.system.profile.log_takes_pri;
    const int errors = f.logger(I_ERRLOG), traces = f.logger(I_TRCLOG), console = f.logger(I_CONSLOG);
    for (int sender : {f.open_log(), f.open("/dev/conslog", O_WRONLY)}) {
        CHECK(f.send(sender, control(9, SL_ERROR | SL_TRACE | SL_CONSOLE | SL_NOTIFY, LOG_DAEMON | LOG_ALERT), "from a process") == 0);
        int numbers = 0;
        for (int fd : {errors, traces, console}) {
            const Got got = f.get(fd);
            REQUIRE(got.came());
            CHECK(got.text() == "from a process");
            CHECK(got.ctl.mid == 44);
            CHECK(got.ctl.sid == 0);
            CHECK(got.ctl.level == 9);
            CHECK(got.ctl.flags == (SL_ERROR | SL_TRACE | SL_CONSOLE | SL_NOTIFY));
            CHECK(got.ctl.ltime == static_cast<int>(now(f)));
            CHECK(got.ctl.ttime > 1'700'000'000);
            CHECK(got.ctl.seq_no != 12345);
            numbers += got.ctl.seq_no;
            const int level = fd == traces ? LOG_DEBUG : LOG_ERR;
            CHECK(got.ctl.pri == (pri_too ? LOG_DAEMON | LOG_ALERT : LOG_USER | level));
        }
        CHECK(numbers > 0);
    }
}

TEST_CASE("LOG-033: a process that says LOG_KERN is LOG_USER") {
    Log f;
    const int fd = f.logger(I_CONSLOG);
    CHECK(f.send(f.open_log(), control(0, SL_CONSOLE, LOG_KERN | LOG_CRIT), "x") == 0);
    CHECK((f.get(fd).ctl.pri & LOG_FACMASK) == LOG_USER);
}

TEST_CASE("LOG-034: a control part of another size, or no data part: dropped without a word") {
    Log f;
    const int fd = f.logger(I_ERRLOG), sender = f.open_log();
    const Census before = f.census();
    for (int length : {static_cast<int>(sizeof(log_ctl)) - 1, static_cast<int>(sizeof(log_ctl)) + 1, 1})
        CHECK(f.send(sender, control(1, SL_ERROR), "x", length) == 0);
    CHECK(f.send(sender, control(1, SL_ERROR), {}) == 0);
    CHECK(f.census() == before);
    CHECK(f.text(fd) == "-EAGAIN");
    CHECK(f.send(sender, control(1, SL_ERROR), "well formed") == 0);
    CHECK(f.text(fd) == "well formed");
}

TEST_CASE("LOG-032: a process's message that finds no memory is lost or fails, and leaves nothing") {
    Log f;
    const int fd = f.logger(I_ERRLOG), sender = f.open_log();
    const Census before = f.census();
    int arrived = 0;
    for (long n = 1; n < 100; ++n) {
        const std::uint64_t refused = f.system.alloc.refused;
        f.system.alloc.fail_nth(n);
        f.send(sender, control(1, SL_ERROR), "perhaps");
        f.system.alloc.fail_nth(0);
        const bool hit = f.system.alloc.refused != refused;
        arrived += f.get(fd).came();
        CHECK(f.census() == before);
        if (!hit) break;
    }
    CHECK(arrived > 0);
}

// --- what they look like on the stream ---

TEST_CASE("LOG-049: a message is in band 0 and of no high priority") {
    Log f;
    const int fd = f.logger(I_ERRLOG);
    f.log(1, 1, 1, SL_ERROR | SL_FATAL, "x");
    const Got got = f.get(fd);
    CHECK(got.flags == MSG_BAND);
    CHECK(got.band == 0);
}

TEST_CASE("LOG-050: read is EBADMSG unless RPROTDAT or RPROTDIS; a flush empties the queue") {
    Log f;
    const int fd = f.logger(I_ERRLOG);
    f.log(1, 1, 1, SL_ERROR, "x");
    CHECK(f.read(fd) == "-EBADMSG");
    CHECK(f.ioctl(fd, I_SRDOPT, RPROTDIS) == 0);
    CHECK(f.read(fd).substr(0, 2) == std::string("x\0", 2));
    for (int i = 0; i < 3; ++i) f.log(1, 1, 1, SL_ERROR, "flushed");
    CHECK(f.ioctl(fd, I_FLUSH, FLUSHR) == 0);
    CHECK(f.text(fd) == "-EAGAIN");
    f.fill();
    CHECK(f.ioctl(fd, I_FLUSH, FLUSHRW) == 0);
    CHECK(f.text(fd) == "-EAGAIN");
    f.log(1, 1, 1, SL_ERROR, "after");
    CHECK(f.text(fd) == "after");
}

TEST_CASE("LOG-047 [solaris]: console messages wait for the first console logger; what log's queue still has goes back at its close") {
    Log f("solaris");
    f.system.console_sink = [](int, std::string_view) {};
    f.log(1, 1, 1, SL_CONSOLE, "early");
    const int first = f.logger(I_CONSLOG);
    CHECK(f.text(first) == "early");
    const std::string long_one(900, 'y'); // more of them than the stream head takes
    for (int i = 0; i < 20; ++i) f.log(static_cast<short>(i), 1, 1, SL_CONSOLE, long_one.c_str());
    const int number = f.get(first).ctl.seq_no;
    CHECK(f.close(first) == 0);
    f.log(99, 1, 1, SL_CONSOLE, "between");
    const int second = f.logger(I_CONSLOG);
    Got got = f.get(second);
    CHECK(got.ctl.seq_no > number);
    int last = got.ctl.seq_no;
    for (Got next; (next = f.get(second)).came(); got = next) CHECK(next.ctl.seq_no == ++last);
    CHECK(got.text() == "between");
    CHECK(got.ctl.seq_no == number + 20);
}

TEST_CASE("LOG-047 [solaris]: what is still kept goes with the System") {
    rill_system *s = rill_system_new("solaris");
    CHECK(rill_driver_add(s, "log", log_major, &loginfo, logdevflag, 4) == 0);
    CHECK(rill_driver_start(s, "log", loginit, logunload) == 0);
    auto &system = *reinterpret_cast<System *>(s);
    system.console_sink = [](int, std::string_view) {};
    {
        Enter scope(system);
        strlog(1, 1, 1, SL_CONSOLE, "nobody came");
        CHECK(system.census().messages == 2); // its blocks
    }
    rill_system_free(s); // a checking build and ASan look
}

TEST_CASE("LOG-048 [solaris]: a logger's queue takes 1048576 bytes; the first message lost is told once, with the minor") {
    Log f("solaris");
    std::vector<std::string> said;
    f.system.console_sink = [&](int, std::string_view text) { said.emplace_back(text); };
    const int fd = f.logger(I_ERRLOG);
    const int kept = f.fill();
    CHECK(kept * (900 + static_cast<int>(sizeof(log_ctl))) >= 1048576);
    CHECK(kept < 1250);
    f.log(1, 1, 1, SL_ERROR, "lost as well");
    REQUIRE(said.size() == 1);
    CHECK(said[0].find("message overflow on /dev/log minor #2") != std::string::npos);
    CHECK(f.stream(fd)->driver_pair()->read()->q_lowat == 2048);
}
