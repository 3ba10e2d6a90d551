// For the cases of read, write, getmsg and putmsg: their results in one text, what a driver was sent, and the table
// "condition x mode -> result" that each of these calls has.
#pragma once

#include "test/streamio.hpp"

namespace rill::test {

inline std::string error_name(int error) { return std::string("-") + strerrorname_np(error); }

// Memory that ends at a page a process does not have.
class HalfPage {
public:
    HalfPage() {
        void *at = ::mmap(nullptr, 2 * Page::size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        REQUIRE(at != MAP_FAILED);
        at_ = static_cast<char *>(at);
        REQUIRE(::mprotect(bad(), Page::size, PROT_NONE) == 0);
    }
    ~HalfPage() { ::munmap(at_, 2 * Page::size); }
    HalfPage(const HalfPage &) = delete;
    char *bad() const { return at_ + Page::size; }
    char *last(std::size_t good) const { return bad() - good; } // so many good bytes, then none

private:
    char *at_ = nullptr;
};

// --- calls of any process, as text: what came, or "-ENAME"

inline std::string read_as(Process &p, int fd, std::size_t size = 64) {
    std::string data(size, '?');
    ssize_t n = rill_read(handle(p), fd, data.data(), size);
    if (n < 0) return error_name(errno);
    data.resize(static_cast<std::size_t>(n));
    return data;
}

inline std::string write_as(Process &p, int fd, std::string_view data) {
    ssize_t n = rill_write(handle(p), fd, data.data(), data.size());
    return n < 0 ? error_name(errno) : std::to_string(n);
}

// What getmsg or getpmsg gives: "RESULT CONTROL|DATA KIND", "-" for a part of length -1, or "-ENAME". KIND is
// "hipri" or "normal", for getpmsg "hipri", "band N", or "none N" when it was a hangup; N is *bandp afterwards.
struct Parts {
    int ctl_max = 64, data_max = 64;
    bool no_ctl = false, no_data = false; // null pointers
};
inline std::string got(Process &p, int fd, int flags, const int *band, Parts want) {
    char c[256], d[8192];
    strbuf ctl{want.ctl_max, -7, c}, data{want.data_max, -7, d};
    int b = band ? *band : 0;
    struct strbuf *cp = want.no_ctl ? nullptr : &ctl, *dp = want.no_data ? nullptr : &data;
    int result = band ? rill_getpmsg(handle(p), fd, cp, dp, &b, &flags) : rill_getmsg(handle(p), fd, cp, dp, &flags);
    if (result < 0) return error_name(errno);
    CHECK(ctl.maxlen == want.ctl_max);
    CHECK(data.maxlen == want.data_max);
    CHECK((ctl.buf == c && data.buf == d));
    auto part = [](const struct strbuf &s, bool none) {
        if (none) return std::string(s.len == -7 ? "" : "?");
        return s.len < 0 ? std::string("-") : std::string(s.buf, static_cast<std::size_t>(s.len));
    };
    std::string text = std::to_string(result) + " " + part(ctl, want.no_ctl) + "|" + part(data, want.no_data);
    if (!band) return text + (flags == RS_HIPRI ? " hipri"
                              : flags == 0      ? " normal"
                                                : " ?");
    if (flags == MSG_HIPRI) return text + (b == 0 ? " hipri" : " ?");
    return text + (flags == MSG_BAND ? " band " : flags == 0 ? " none "
                                                             : " ? ") +
           std::to_string(b);
}
inline std::string getmsg_as(Process &p, int fd, int flags = 0, Parts want = {}) {
    return got(p, fd, flags, nullptr, want);
}
inline std::string getpmsg_as(Process &p, int fd, int flags = MSG_ANY, int band = 0, Parts want = {}) {
    return got(p, fd, flags, &band, want);
}

// A part to be sent; null text: a null pointer.
inline std::string putmsg_as(Process &p, int fd, const char *ctl, const char *data, int flags = 0) {
    strbuf c{-7, ctl ? static_cast<int>(std::strlen(ctl)) : 0, const_cast<char *>(ctl)};
    strbuf d{-7, data ? static_cast<int>(std::strlen(data)) : 0, const_cast<char *>(data)};
    int result = rill_putmsg(handle(p), fd, ctl ? &c : nullptr, data ? &d : nullptr, flags);
    return result < 0 ? error_name(errno) : std::to_string(result);
}
inline std::string putpmsg_as(Process &p, int fd, const char *ctl, const char *data, int band, int flags = MSG_BAND) {
    strbuf c{-7, ctl ? static_cast<int>(std::strlen(ctl)) : 0, const_cast<char *>(ctl)};
    strbuf d{-7, data ? static_cast<int>(std::strlen(data)) : 0, const_cast<char *>(data)};
    int result = rill_putpmsg(handle(p), fd, ctl ? &c : nullptr, data ? &d : nullptr, band, flags);
    return result < 0 ? error_name(errno) : std::to_string(result);
}

// --- a call that may sleep

class Sleeper {
public:
    Sleeper(Fixture &f, Process &p, const char *name, std::function<std::string()> body)
        : text_(std::make_shared<std::string>()),
          later_(f.later(p, name, [text = text_, body = std::move(body)] {
              *text = body();
              return 0;
          })) {}
    bool sleeps() const { return !later_.done(); }
    // Its result; "sleeps" as long as it does.
    std::string text() const { return sleeps() ? "sleeps" : *text_; }

private:
    std::shared_ptr<std::string> text_;
    Later later_;
};

// --- messages

// A message of several blocks.
struct Block {
    int type;
    std::string bytes;
};
inline mblk_t *chain(std::initializer_list<Block> blocks, int band = 0, int flag = 0) {
    mblk_t *mp = nullptr;
    for (const Block &b : blocks) {
        mblk_t *next = message(b.type, b.bytes);
        if (mp) linkb(mp, next);
        else mp = next;
    }
    mp->b_band = static_cast<unsigned char>(band);
    mp->b_flag |= static_cast<unsigned short>(flag);
    return mp;
}
inline void up_chain(OneStream &s, std::initializer_list<Block> blocks, int band = 0, int flag = 0) {
    Enter scope(s.f.system);
    putnext(s.rq, chain(blocks, band, flag));
    s.f.system.run_until_idle();
}

// A driver that does not turn M_FLUSH round, so that what is queued at the head outlives an M_ERROR (ERR-006).
inline void swallow_flushes(Probe &probe) {
    probe.on_wput = [&probe](queue_t *q, mblk_t *mp) {
        if (mp->b_datap->db_type == M_FLUSH) freemsg(mp);
        else probe.standard_put(q, mp);
    };
}

inline int unread(Fixture &f, int fd) {
    int bytes = 0;
    int count = f.ioctl(fd, I_NREAD, &bytes);
    return count;
}

inline std::string type_name(int type) {
    switch (type) {
    case M_DATA: return "DATA";
    case M_PROTO: return "PROTO";
    case M_PCPROTO: return "PCPROTO";
    case M_FLUSH: return "FLUSH";
    case M_READ: return "READ";
    case M_IOCTL: return "IOCTL";
    default: return std::to_string(type);
    }
}

// What came down to a driver, as "TYPE(bytes)" with "+" between blocks, " bN" for a band, " delim"; M_READ and M_FLUSH
// with their number. While `hold` is set, normal messages stay on its write queue and count against its water marks.
class Down {
public:
    void attach(Probe &probe, std::size_t hiwat, std::size_t lowat) {
        probe_ = &probe;
        probe.write_limits.mi_hiwat = hiwat;
        probe.write_limits.mi_lowat = lowat;
        probe.give_service_procedures();
        probe.on_wput = [this](queue_t *q, mblk_t *mp) { put(q, mp); };
        probe.on_wsrv = [this](queue_t *q) {
            while (!hold)
                if (mblk_t *mp = getq(q)) freemsg(mp);
                else break;
        };
    }
    // Lets go of what is held; writers behind go on.
    void release(Fixture &f, queue_t *q) {
        Enter scope(f.system);
        hold = false;
        qenable(q);
        f.system.run_until_idle();
    }
    std::string last() const { return seen.empty() ? "" : seen.back(); }
    std::string all() {
        std::string text;
        for (const std::string &one : seen) text += (text.empty() ? "" : " ") + one;
        seen.clear();
        return text;
    }

    bool hold = false;
    std::vector<std::string> seen;
    long headroom = 0;                              // of the last M_DATA block: b_rptr - db_base
    long buffer = 0;                                // of the last first block: db_lim - db_base
    std::function<bool(queue_t *, mblk_t *)> answer; // true: it took the message

private:
    void put(queue_t *q, mblk_t *mp) {
        note(mp);
        if (answer && answer(q, mp)) return;
        if (hold && mp->b_datap->db_type < QPCTL && mp->b_datap->db_type != M_IOCTL) {
            putq(q, mp);
            return;
        }
        if (mp->b_datap->db_type == M_IOCTL || mp->b_datap->db_type == M_FLUSH) return probe_->standard_put(q, mp);
        freemsg(mp);
    }
    void note(const mblk_t *mp) {
        buffer = mp->b_datap->db_lim - mp->b_datap->db_base;
        const int type = mp->b_datap->db_type;
        std::string text;
        if (type == M_FLUSH) {
            text = "FLUSH " + std::to_string(*mp->b_rptr);
        } else if (type == M_READ) {
            long wanted = -1;
            if (mp->b_wptr - mp->b_rptr == sizeof wanted) std::memcpy(&wanted, mp->b_rptr, sizeof wanted);
            text = "READ " + std::to_string(wanted);
        } else if (type == M_IOCTL) {
            text = "IOCTL";
        } else {
            for (const mblk_t *b = mp; b; b = b->b_cont) {
                const std::string_view bytes(reinterpret_cast<const char *>(b->b_rptr),
                                             static_cast<std::size_t>(b->b_wptr - b->b_rptr));
                text += (text.empty() ? "" : "+") + type_name(b->b_datap->db_type) + "(" + std::string(bytes) + ")";
                if (b->b_datap->db_type == M_DATA) headroom = b->b_rptr - b->b_datap->db_base;
            }
            if (mp->b_band) text += " b" + std::to_string(mp->b_band);
            if (mp->b_flag & MSGDELIM) text += " delim";
        }
        seen.push_back(text);
    }
    Probe *probe_ = nullptr;
};

// A OneStream whose driver's Down is looked at. Packet sizes and the like are set by `more`.
struct Watched {
    explicit Watched(std::size_t hiwat = 2048, std::size_t lowat = 256, const char *profile = nullptr,
                     std::function<void(Probe &)> more = {}, Tunables tunables = {})
        : s(
              profile, [&](Probe &p) {
                  down.attach(p, hiwat, lowat);
                  if (more) more(p);
              },
              tunables) {}
    int fd() const { return s.fd; }
    // The next write below finds no room in band 0.
    void fill() {
        down.hold = true;
        while (canputnext_now()) CHECK(s.f.write(s.fd, "f") == 1);
        down.seen.clear();
    }
    bool canputnext_now() {
        Enter scope(s.f.system);
        return canputnext(s.stream().write_queue());
    }
    void release() { down.release(s.f, s.wq()); }
    Down down; // outlives the stream
    OneStream s;
    Fixture &f = s.f;
    Process &root = s.root;
};

// --- options

inline stroptions options(unsigned flags) {
    stroptions o{};
    o.so_flags = flags;
    return o;
}
inline void set(OneStream &s, unsigned flags) { s.up_options(options(flags)); }
inline int set_flags(Process &p, int fd, int flags) { return outcome(rill_fcntl(handle(p), fd, F_SETFL, flags)); }

// --- the table

// One condition of the stream, and what the call gives in each mode: blocking; O_NONBLOCK; RILL_O_NDELAY; blocking with
// a caught signal already pending. "sleeps": it does, and a signal then ends it with EINTR.
struct Row {
    const char *condition;
    const char *blocking, *nonblock, *ndelay, *signalled;
};

// A stream or a pipe in this condition; the descriptor that the call is made on.
class Bench : public Watched {
public:
    explicit Bench(std::string_view condition) : Watched(4, 1) { prepare(condition); }
    int on = -1, other = -1; // other: the far end of a pipe
    bool had_message = false; // something was queued at the head to begin with

private:
    void prepare(std::string_view c) {
        OneStream &one = s;
        on = one.fd;
        auto has = [&](std::string_view word) { return c.find(word) != std::string_view::npos; };
        if (has("pipe")) {
            int ends[2];
            REQUIRE(outcome(rill_pipe(handle(one.root), ends)) == 0);
            on = ends[0];
            other = ends[1];
            if (has("data")) CHECK(one.f.write(other, "ab") == 2);
            if (has("full")) {
                set_flags(one.root, on, O_NONBLOCK);
                const std::string block(4096, 'f');
                while (one.f.write(on, block) > 0) {}
                set_flags(one.root, on, 0);
            }
            if (has("closed")) CHECK(one.f.close(other) == 0);
            had_message = has("data");
            return;
        }
        if (has("full")) {
            down.hold = true;
            CHECK(one.f.write(on, "full") == 4);
            down.seen.clear();
        }
        down.answer = [](queue_t *, mblk_t *mp) { // what is queued is to stay when an error comes
            if (mp->b_datap->db_type != M_FLUSH) return false;
            freemsg(mp);
            return true;
        };
        if (has("data")) one.up(M_DATA, "ab");
        if (has("control")) one.up_control(M_PROTO, "H", "ab");
        if (has("priority")) one.up_control(M_PCPROTO, "P", "ab");
        if (has("hangup")) one.up(M_HANGUP);
        if (has("read error")) one.up_errors(EPROTO, NOERROR);
        if (has("write error")) one.up_errors(NOERROR, ESTALE);
        if (has("linked below")) one.stream().linked_below = true;
        had_message = has("data") || has("control") || has("priority");
        down.seen.clear();
    }
};

// Checks one row. What the condition left unread or unsent is the caller's business: `after` sees each bench when the
// call has ended, with its result.
inline void check_row(const Row &row, const std::function<std::string(Bench &)> &call,
                      const std::function<void(Bench &, const std::string &)> &after = {}) {
    const struct {
        const char *name, *expected;
        int flags;
        bool signal;
    } modes[] = {{"blocking", row.blocking, 0, false},
                 {"O_NONBLOCK", row.nonblock, O_NONBLOCK, false},
                 {"O_NDELAY", row.ndelay, RILL_O_NDELAY, false},
                 {"signal pending", row.signalled, 0, true}};
    for (const auto &mode : modes) {
        CAPTURE(row.condition);
        CAPTURE(mode.name);
        Bench b{row.condition};
        CHECK(set_flags(b.root, b.on, mode.flags) >= 0);
        b.f.catch_signal(b.root, SIGUSR1);
        if (mode.signal) b.root.post(SIGUSR1);
        Sleeper sleeper(b.f, b.root, "the call", [&] { return call(b); });
        const std::string result = sleeper.text();
        CHECK(result == mode.expected);
        if (sleeper.sleeps()) {
            b.f.kill(b.root, SIGUSR1);
            b.f.run();
            CHECK(sleeper.text() == "-EINTR");
        }
        b.s.stream().linked_below = false;
        if (after) after(b, result);
    }
}

} // namespace rill::test
