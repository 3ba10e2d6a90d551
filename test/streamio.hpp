// For the cases about a stream head as programs see it: a System with one stream on one probe driver, messages sent up,
// a driver that answers ioctls as it is told, bad addresses, signals and virtual time.
#pragma once

#include "test/harness.hpp"

#include <cstring>
#include <sys/ddi.h>
#include <sys/mman.h>
#include <sys/strsubr.h>

namespace rill::test {

// --- addresses a process may not use

class Page {
public:
    explicit Page(int protection = PROT_NONE)
        : at_(::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)) {
        REQUIRE(at_ != MAP_FAILED);
        REQUIRE(::mprotect(at_, size, protection) == 0);
    }
    ~Page() { ::munmap(at_, size); }
    Page(const Page &) = delete;
    char *at() const { return static_cast<char *>(at_); }
    void allow(int protection) { REQUIRE(::mprotect(at_, size, protection) == 0); }

    static constexpr std::size_t size = 4096;

private:
    void *at_;
};

// --- calls that Fixture has no word for

template <class T> int ioctl_of(Process &p, int fd, int command, T argument) {
    return outcome(rill_ioctl(handle(p), fd, command, argument));
}

inline int poll_of(Process &p, pollfd *fds, nfds_t count, int timeout = 0) {
    return outcome(rill_poll(handle(p), fds, count, timeout));
}

// What one descriptor shows at once; -errno for a poll that fails.
inline int revents(Process &p, int fd, int events) {
    pollfd entry{fd, static_cast<short>(events), -1};
    int result = poll_of(p, &entry, 1);
    if (result < 0) return result;
    CHECK(result == (entry.revents != 0));
    return entry.revents;
}

// putpmsg: parts that are null are not sent; band -1 makes it a high-priority message.
inline int put_message(Process &p, int fd, const char *ctl, std::string_view data, int band = 0) {
    strbuf c{0, ctl ? static_cast<int>(std::strlen(ctl)) : -1, const_cast<char *>(ctl)};
    strbuf d{0, static_cast<int>(data.size()), const_cast<char *>(data.data())};
    return outcome(rill_putpmsg(handle(p), fd, ctl ? &c : nullptr, data.data() ? &d : nullptr, band < 0 ? 0 : band,
                                band < 0 ? MSG_HIPRI : MSG_BAND));
}

// getmsg of any message, without waiting if the descriptor does not: "control|data", "-" for a part that is not there,
// or "-ENAME".
inline std::string get_message(Process &p, int fd) {
    char c[256], d[4096];
    strbuf ctl{sizeof c, 0, c}, data{sizeof d, 0, d};
    int flags = 0;
    if (rill_getmsg(handle(p), fd, &ctl, &data, &flags) < 0) return std::string("-") + strerrorname_np(errno);
    auto part = [](const struct strbuf &b) {
        return b.len < 0 ? std::string("-") : std::string(b.buf, static_cast<std::size_t>(b.len));
    };
    return part(ctl) + "|" + part(data);
}

inline std::string top_module(Process &p, int fd) {
    char name[FMNAMESZ + 1] = "?";
    int result = ioctl_of(p, fd, I_LOOK, name);
    return result == 0 ? name : std::string("-") + strerrorname_np(-result);
}

// --- messages, time, signals

// A message of this type; bytes that belong to a control type go into its first block.
inline mblk_t *message(int type, std::string_view bytes = {}, int band = 0, int flag = 0) {
    mblk_t *mp = allocb(bytes.size(), BPRI_MED);
    REQUIRE(mp);
    mp->b_datap->db_type = static_cast<unsigned char>(type);
    mp->b_wptr = std::copy(bytes.begin(), bytes.end(), mp->b_wptr);
    mp->b_band = static_cast<unsigned char>(band);
    mp->b_flag |= static_cast<unsigned short>(flag);
    return mp;
}
inline std::string bytes_of(const mblk_t *mp) {
    std::string text;
    for (; mp; mp = mp->b_cont)
        text.append(reinterpret_cast<const char *>(mp->b_rptr), static_cast<std::size_t>(mp->b_wptr - mp->b_rptr));
    return text;
}
template <class T> std::string_view raw(const T &value) {
    return {reinterpret_cast<const char *>(&value), sizeof value};
}

inline long now(Fixture &f) {
    Enter scope(f.system);
    return f.system.sched.now();
}
inline void advance(Fixture &f, long ticks) { CHECK(rill_advance(handle(f.system), ticks) == 0); }

// The signals posted to a process since it was last asked, in order.
inline std::string sent(Process &p) {
    std::string text;
    for (const Process::Sent &s : p.signals_seen) text += std::string(text.empty() ? "" : " ") + sigabbrev_np(s.sig);
    p.signals_seen.clear();
    return text;
}

// --- a driver's ways

// Keeps what is written; nothing of it goes on before empty_queue().
inline void hold_writes(Probe &probe) {
    probe.give_service_procedures();
    probe.on_wput = [&probe](queue_t *q, mblk_t *mp) {
        if (mp->b_datap->db_type == M_DATA || mp->b_datap->db_type == M_PROTO) putq(q, mp);
        else probe.standard_put(q, mp);
    };
    probe.on_wsrv = [](queue_t *) {};
}
inline void empty_queue(Fixture &f, queue_t *q) {
    Enter scope(f.system);
    while (mblk_t *mp = getq(q)) freemsg(mp);
    f.system.run_until_idle();
}

// Answers to an M_IOCTL or to an M_IOCDATA; the message is theirs.
inline void ack(queue_t *q, mblk_t *mp, int rval = 0, int error = 0, std::string_view data = {}) {
    if (mp->b_cont) freemsg(mp->b_cont);
    mp->b_cont = data.empty() ? nullptr : message(M_DATA, data);
    mp->b_datap->db_type = M_IOCACK;
    mp->b_wptr = mp->b_rptr + sizeof(iocblk);
    auto *io = reinterpret_cast<iocblk *>(mp->b_rptr);
    io->ioc_count = static_cast<unsigned>(data.size());
    io->ioc_rval = rval;
    io->ioc_error = error;
    qreply(q, mp);
}
inline void nak(queue_t *q, mblk_t *mp, int error = 0) {
    mp->b_datap->db_type = M_IOCNAK;
    mp->b_wptr = mp->b_rptr + sizeof(iocblk);
    reinterpret_cast<iocblk *>(mp->b_rptr)->ioc_error = error;
    qreply(q, mp);
}
inline void ask_copy(queue_t *q, mblk_t *mp, int type, void *address, std::size_t size, std::string_view data = {}) {
    if (mp->b_cont) freemsg(mp->b_cont);
    mp->b_cont = data.empty() ? nullptr : message(M_DATA, data);
    mp->b_datap->db_type = static_cast<unsigned char>(type);
    mp->b_wptr = mp->b_rptr + sizeof(copyreq);
    auto *request = reinterpret_cast<copyreq *>(mp->b_rptr);
    request->cq_addr = static_cast<char *>(address);
    request->cq_size = static_cast<unsigned>(size);
    request->cq_flag = 0;
    request->cq_private = nullptr;
    qreply(q, mp);
}
inline void copy_in(queue_t *q, mblk_t *mp, void *address, std::size_t size) {
    ask_copy(q, mp, M_COPYIN, address, size);
}
inline void copy_out(queue_t *q, mblk_t *mp, void *address, std::string_view data) {
    ask_copy(q, mp, M_COPYOUT, address, data.size(), data);
}

// What a driver was asked: M_IOCTL and M_IOCDATA messages in order, each handed to `answer`, or kept in `held`.
class Ioctls {
public:
    struct Seen {
        int type, command;
        unsigned id, count;
        int error, rval; // of an M_IOCDATA: rval is cp_rval
        uid_t uid;
        gid_t gid;
        std::string data;
        void *value() const {
            void *v = nullptr;
            std::memcpy(&v, data.data(), std::min(sizeof v, data.size()));
            return v;
        }
    };
    std::vector<Seen> seen;
    std::deque<mblk_t *> held;
    std::function<void(queue_t *, mblk_t *)> answer;

    explicit Ioctls(Probe &probe) {
        probe.on_wput = [this, &probe](queue_t *q, mblk_t *mp) {
            const int type = mp->b_datap->db_type;
            if (type != M_IOCTL && type != M_IOCDATA) return probe.standard_put(q, mp);
            note(mp);
            if (answer) answer(q, mp);
            else held.push_back(mp);
        };
    }
    // The oldest message kept.
    mblk_t *take() {
        REQUIRE_FALSE(held.empty());
        mblk_t *mp = held.front();
        held.pop_front();
        return mp;
    }
    void drop(Fixture &f) {
        Enter scope(f.system);
        while (!held.empty()) freemsg(take());
    }

private:
    void note(const mblk_t *mp) {
        const auto *io = reinterpret_cast<const iocblk *>(mp->b_rptr);
        Seen s{mp->b_datap->db_type, io->ioc_cmd, io->ioc_id, io->ioc_count, io->ioc_error,
               io->ioc_rval, io->ioc_cr->cr_uid, io->ioc_cr->cr_gid, bytes_of(mp->b_cont)};
        if (s.type == M_IOCDATA)
            s.rval =
                static_cast<int>(reinterpret_cast<intptr_t>(reinterpret_cast<const copyresp *>(mp->b_rptr)->cp_rval));
        seen.push_back(std::move(s));
    }
};

// --- one stream

// A System, a driver "dev" with minors 0 to 15 at major 61, and a stream that root has open on /dev/dev0.
class OneStream {
public:
    static constexpr major_t major = 61;

    using Setup = std::function<void(Probe &)>;
    explicit OneStream(const char *profile = nullptr, Setup setup = {}, Tunables tunables = {})
        : f(profile, tunables), root(f.root), dev(f.driver("dev", major)) {
        if (setup) setup(dev);
        f.node("/dev/dev0", makedevice(major, 0));
        f.node("/dev/dev1", makedevice(major, 1));
        fd = f.open("/dev/dev0");
        REQUIRE(fd >= 0);
        rq = dev.last("open").q;
    }
    OneStream(Setup setup) : OneStream(nullptr, std::move(setup)) {}

    int open_as(Process &p, int oflag = O_RDWR) { return f.open(p, "/dev/dev0", oflag); }
    // Another descriptor of root's on the same stream, that does not wait.
    int open_nonblocking() { return f.open("/dev/dev0", O_RDWR | O_NONBLOCK); }

    // Sends a message up from the driver, and runs what that starts.
    void up(int type, std::string_view bytes = {}, int band = 0, int flag = 0) {
        Enter scope(f.system);
        putnext(rq, message(type, bytes, band, flag));
        f.system.run_until_idle();
    }
    void up_error(int error) { up(M_ERROR, std::string(1, static_cast<char>(error))); }
    void up_errors(int read, int write) { up(M_ERROR, std::string{static_cast<char>(read), static_cast<char>(write)}); }
    // A message with a control part and, if there is any, data.
    void up_control(int type, std::string_view ctl, std::string_view data = {}) {
        Enter scope(f.system);
        mblk_t *mp = message(type, ctl);
        if (!data.empty()) mp->b_cont = message(M_DATA, data);
        putnext(rq, mp);
        f.system.run_until_idle();
    }
    void up_options(const stroptions &options) { up(M_SETOPTS, raw(options)); }

    template <class T> int ioctl(int command, T argument) { return f.ioctl(fd, command, argument); }
    int str(int command, std::string_view data = {}, int timeout = 0) {
        strioctl io{command, timeout, static_cast<int>(data.size()), const_cast<char *>(data.data())};
        return f.ioctl(fd, I_STR, &io);
    }
    Stream &stream() { return *f.stream(fd); }
    queue_t *wq() { return WR(rq); }
    int shows(int events) { return revents(root, fd, events); }

    Fixture f;
    Process &root;
    Probe &dev;
    int fd = -1;
    queue_t *rq = nullptr; // the driver's
};

// The stream of a OneStream as the controlling terminal of a session with a foreground and a background process.
class Terminal {
public:
    explicit Terminal(OneStream &s) : leader(s.f.process()), back(child(s)) {
        stroptions tty{};
        tty.so_flags = SO_ISTTY;
        s.up_options(tty);
        leader_fd = s.open_as(leader);
        back.controlling_terminal = leader.controlling_terminal;
        back_fd = s.open_as(back);
        CHECK(leader.controlling_terminal == &s.stream());
    }
    Process &leader, &back;
    int leader_fd = -1, back_fd = -1;

private:
    Process &child(OneStream &s) {
        Enter scope(s.f.system);
        Process &p = s.f.system.new_process(0, 0, &leader);
        p.pgrp = p.pid;
        return p;
    }
};

} // namespace rill::test
