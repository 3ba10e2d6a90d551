// Messages as drivers meet them: the types and what becomes of each, what an ioctl's copy requests and links carry,
// buffers of the driver's own, waiting for memory (clauses/03 sections 1.1 to 3). The utilities are in unit/message.cpp.
#include "test/headcalls.hpp"

#include <sys/strsun.h>

using namespace rill;
using namespace rill::test;

extern "C" {
extern struct streamtab echoinfo, loopinfo, nulsinfo, passmodinfo, pipemodinfo;
extern int echodevflag, loopdevflag, nulsdevflag, passmoddevflag, pipemoddevflag;
// test/drivers/order_svr4.c, order_solaris.c
toid_t sv_bufcall(queue_t *q, int size);
bufcall_id_t so_bufcall(queue_t *q, size_t size);
}

namespace {

constexpr int command = 'm' << 8;

// A System that a case makes messages in, outside all streams.
struct Messages {
    explicit Messages(const char *profile = nullptr) : f(profile) {}
    void run() { f.system.run_until_idle(); }
    void free_some() { // what a bufcall waits for
        freemsg(allocb(16, BPRI_MED));
        run();
    }
    long waiting() { return f.system.census().bufcalls; }
    Fixture f;
    Enter scope{f.system};
};

// The standard drivers, which know no ioctl of ours, and the modules that pass on what they do not know.
struct Standard : Fixture {
    Standard() {
        CHECK(rill_driver_add(handle(system), "echo", 61, &echoinfo, echodevflag, 4) == 0);
        CHECK(rill_driver_add(handle(system), "loop", 62, &loopinfo, loopdevflag, 4) == 0);
        CHECK(rill_driver_add(handle(system), "nuls", 66, &nulsinfo, nulsdevflag, 4) == 0);
        CHECK(rill_module_add(handle(system), "passmod", &passmodinfo, passmoddevflag) == 0);
        CHECK(rill_module_add(handle(system), "pipemod", &pipemodinfo, pipemoddevflag) == 0);
        node("/dev/echo", clone(61));
        node("/dev/loop", clone(62));
        node("/dev/nuls", clone(66));
    }
    int str(int fd) {
        strioctl io{command, 0, 0, nullptr};
        return ioctl(fd, I_STR, &io);
    }
};

// A driver whose answers to ioctls a case makes.
struct Answers : OneStream {
    Answers() : ioctls(dev) {}
    ~Answers() { ioctls.drop(f); }
    Later later_str(std::string_view data = {}) {
        return f.later(root, "ioctl", [this, data] { return str(command, data); });
    }
    // Sends up a held M_IOCTL as this answer.
    void answer(mblk_t *mp, int type, int error, int rval, unsigned id_offset = 0) {
        Enter scope(f.system);
        auto *io = reinterpret_cast<iocblk *>(mp->b_rptr);
        mp->b_datap->db_type = static_cast<unsigned char>(type);
        io->ioc_error = error;
        io->ioc_rval = rval;
        io->ioc_id += id_offset;
        putnext(rq, mp);
        f.system.run_until_idle();
    }
    Ioctls ioctls;
};

// A process that hears of S_MSG.
struct Hears : OneStream {
    Hears() {
        f.catch_signal(root, SIGPOLL);
        CHECK(ioctl(I_SETSIG, S_MSG) == 0);
    }
};

struct Callback {
    int runs = 0;
    std::function<void()> body;
    static void run(void *p) {
        auto *c = static_cast<Callback *>(p);
        ++c->runs;
        if (c->body) c->body();
    }
    static void run_free(char *p) { run(p); }
};

void check_private(const mblk_t *mp) {
    CHECK(mp->b_next == nullptr);
    CHECK(mp->b_prev == nullptr);
    CHECK(bytes_of(mp) == "private");
    CHECK(mp->b_band == 3);
}

} // namespace

TEST_SUITE_BEGIN("message");

// --- blocks ---

TEST_CASE("MSG-003: what lies behind b_flag means nothing to a driver: a header kept whole and put back later is the "
          "same message") {
    OneStream s;
    Enter scope(s.f.system);
    mblk_t *mp = message(M_DATA, "private", 3);
    const mblk_t kept = *mp;
    CHECK(putq(s.wq(), mp) == 1);
    CHECK(getq(s.wq()) == mp);
    *mp = kept;
    check_private(mp);
    CHECK(putq(s.wq(), mp) == 1);
    CHECK(getq(s.wq()) == mp);
    mblk_t *dup = dupmsg(mp);
    check_private(dup);
    freemsg(mp);
    check_private(dup);
    freemsg(dup);
}

TEST_CASE("MSG-005: b_wptr - b_rptr is the length of the data") {
    Messages m;
    mblk_t *mp = message(M_DATA, "hello");
    CHECK(MBLKL(mp) == 5);
    mp->b_rptr += 2;
    CHECK(mp->b_wptr - mp->b_rptr == 3);
    CHECK(MBLKL(mp) == 3);
    CHECK(msgdsize(mp) == 3);
    mp->b_wptr = mp->b_rptr;
    CHECK(MBLKL(mp) == 0);
    freemsg(mp);
}

TEST_CASE("MSG-104: both pullupmsg and msgpullup are offered and give the same bytes") {
    Messages m;
    mblk_t *mp = chain({{M_DATA, "ab"}, {M_DATA, "cd"}, {M_DATA, "ef"}});
    mblk_t *pulled = msgpullup(mp, 4);
    REQUIRE(pulled);
    CHECK(pullupmsg(mp, 4) == 1);
    CHECK(bytes_of(mp) == "abcdef");
    CHECK(bytes_of(pulled) == "abcdef");
    CHECK(MBLKL(mp) >= 4);
    CHECK(MBLKL(pulled) >= 4);
    freemsg(mp);
    freemsg(pulled);
}

// --- types ---

TEST_CASE("MSG-052 MSG-053 MSG-054 MSG-055 MSG-056 MSG-057 MSG-058 MSG-059 MSG-060 MSG-061 MSG-062 MSG-063 MSG-064 "
          "MSG-065 "
          "MSG-066 MSG-067 MSG-068 MSG-069 MSG-070 MSG-071 MSG-072 MSG-073 MSG-074 MSG-075 MSG-076 MSG-077: each type "
          "has its "
          "number, and goes to the front of a queue exactly when it is high priority") {
    const struct {
        const char *name;
        int type, number;
        bool high;
    // clang-format off
    } types[] = {{"M_DATA", M_DATA, 0x00, false},       {"M_PROTO", M_PROTO, 0x01, false},
                 {"M_BREAK", M_BREAK, 0x08, false},     {"M_PASSFP", M_PASSFP, 0x09, false},
                 {"M_SIG", M_SIG, 0x0b, false},         {"M_DELAY", M_DELAY, 0x0c, false},
                 {"M_CTL", M_CTL, 0x0d, false},         {"M_IOCTL", M_IOCTL, 0x0e, false},
                 {"M_SETOPTS", M_SETOPTS, 0x10, false}, {"M_RSE", M_RSE, 0x11, false},
                 {"M_IOCACK", M_IOCACK, 0x81, true},    {"M_IOCNAK", M_IOCNAK, 0x82, true},
                 {"M_PCPROTO", M_PCPROTO, 0x83, true},  {"M_PCSIG", M_PCSIG, 0x84, true},
                 {"M_READ", M_READ, 0x85, true},        {"M_FLUSH", M_FLUSH, 0x86, true},
                 {"M_STOP", M_STOP, 0x87, true},        {"M_START", M_START, 0x88, true},
                 {"M_HANGUP", M_HANGUP, 0x89, true},    {"M_ERROR", M_ERROR, 0x8a, true},
                 {"M_COPYIN", M_COPYIN, 0x8b, true},    {"M_COPYOUT", M_COPYOUT, 0x8c, true},
                 {"M_IOCDATA", M_IOCDATA, 0x8d, true},  {"M_PCRSE", M_PCRSE, 0x8e, true},
                 {"M_STOPI", M_STOPI, 0x8f, true},      {"M_STARTI", M_STARTI, 0x90, true}};
    // clang-format on
    OneStream s;
    Enter scope(s.f.system);
    for (const auto &t : types) {
        CAPTURE(t.name);
        CHECK(t.type == t.number);
        CHECK(pcmsg(t.type) == t.high);
        mblk_t *before = message(M_DATA, "before"), *mp = message(t.type, "x");
        CHECK(queclass(mp) == (t.high ? QPCTL : QNORM));
        CHECK(putq(s.wq(), before) == 1);
        CHECK(putq(s.wq(), mp) == 1);
        CHECK(s.wq()->q_first == (t.high ? mp : before));
        CHECK(s.wq()->q_last == (t.high ? before : mp));
        for (int i = 0; i < 2; ++i) freemsg(getq(s.wq()));
        CHECK(s.wq()->q_first == nullptr);
    }
}

TEST_CASE("MSG-054 MSG-057 MSG-058 MSG-061 MSG-068 MSG-069 MSG-075 MSG-076 MSG-077: the head discards what is not for "
          "it: "
          "M_BREAK, M_DELAY, M_CTL, M_RSE, M_STOP, M_START, M_PCRSE, M_STOPI, M_STARTI") {
    OneStream s;
    set_flags(s.root, s.fd, O_NONBLOCK);
    const Census before = s.f.census();
    for (int type : {M_BREAK, M_DELAY, M_CTL, M_RSE, M_STOP, M_START, M_PCRSE, M_STOPI, M_STARTI}) {
        CAPTURE(type);
        s.up(type, "x");
        CHECK(s.f.census() == before);
        CHECK(unread(s.f, s.fd) == 0);
        CHECK(s.f.read(s.fd) == "-EAGAIN");
        CHECK(s.shows(POLLIN | POLLPRI | POLLRDNORM | POLLRDBAND) == 0);
        CHECK(s.dev.count("wput") == 0);
    }
    CHECK(s.f.write(s.fd, "on") == 2);
}

TEST_CASE("MSG-053 MSG-064: putmsg of a control part is an M_PROTO, with RS_HIPRI an M_PCPROTO") {
    Watched w;
    CHECK(putmsg_as(w.root, w.fd(), "ctl", nullptr, 0) == "0");
    CHECK(w.down.all() == "PROTO(ctl)");
    CHECK(putmsg_as(w.root, w.fd(), "ctl", nullptr, RS_HIPRI) == "0");
    CHECK(w.down.all() == "PCPROTO(ctl)");
}

TEST_CASE("MSG-055: M_PASSFP is queued at the head and received with I_RECVFD") {
    OneStream s;
    int ends[2];
    REQUIRE(outcome(rill_pipe(handle(s.root), ends)) == 0);
    CHECK(s.f.ioctl(ends[0], I_SENDFD, s.fd) == 0);
    const mblk_t *first = s.f.stream(ends[1])->read_queue()->q_first;
    REQUIRE(first);
    CHECK(first->b_datap->db_type == M_PASSFP);
    CHECK(unread(s.f, ends[1]) == 1);
    strrecvfd received{};
    CHECK(s.f.ioctl(ends[1], I_RECVFD, &received) == 0);
    CHECK(s.f.stream(received.fd) == &s.stream());
    CHECK(s.f.stream(ends[1])->read_queue()->q_first == nullptr);
}

TEST_CASE("MSG-056 MSG-083: M_SIG carries its signal in one byte; it acts at arrival, or behind data once that is "
          "read") {
    Hears s;
    int length = 0, value = 0;
    s.dev.on_rput = [&](queue_t *q, mblk_t *mp) {
        length = static_cast<int>(mp->b_wptr - mp->b_rptr);
        value = *mp->b_rptr;
        putnext(q, mp);
    };
    {
        Enter scope(s.f.system);
        CHECK(putctl1(s.rq, M_SIG, SIGPOLL) == 1);
        s.f.system.run_until_idle();
    }
    CHECK(length == 1);
    CHECK(value == SIGPOLL);
    CHECK(sent(s.root) == "POLL");
    s.up(M_DATA, "ab");
    s.up(M_SIG, std::string(1, SIGPOLL));
    CHECK(sent(s.root) == "");
    CHECK(s.f.read(s.fd) == "ab");
    CHECK(sent(s.root) == "POLL");
    CHECK(s.f.census().messages == 0);
}

TEST_CASE("MSG-065: M_PCSIG acts at arrival, data before it or not") {
    Hears s;
    s.up(M_DATA, "ab");
    s.up(M_PCSIG, std::string(1, SIGPOLL));
    CHECK(sent(s.root) == "POLL");
    CHECK(unread(s.f, s.fd) == 1);
    CHECK(s.f.read(s.fd) == "ab");
    CHECK(sent(s.root) == "");
}

TEST_CASE("MSG-059: an unknown M_IOCTL is refused by the standard drivers and passed on by the modules above them") {
    Standard f;
    for (const char *path : {"/dev/echo", "/dev/loop", "/dev/nuls"}) {
        CAPTURE(path);
        const int fd = f.open(path);
        CHECK(f.str(fd) == -EINVAL);
        CHECK(f.ioctl(fd, I_PUSH, "passmod") == 0);
        CHECK(f.ioctl(fd, I_PUSH, "pipemod") == 0);
        CHECK(f.str(fd) == -EINVAL);
        CHECK(f.census().timers == 0);
    }
}

TEST_CASE("MSG-060: the head applies the stroptions of an M_SETOPTS") {
    OneStream s;
    stroptions o = options(SO_HIWAT | SO_LOWAT | SO_READOPT);
    o.so_hiwat = 777;
    o.so_lowat = 77;
    o.so_readopt = RMSGN;
    s.up_options(o);
    CHECK(s.stream().read_queue()->q_hiwat == 777);
    CHECK(s.stream().read_queue()->q_lowat == 77);
    int mode = -1;
    CHECK(s.ioctl(I_GRDOPT, &mode) == 0);
    CHECK((mode & RMODEMASK) == RMSGN);
    CHECK(s.f.census().messages == 0);
}

TEST_CASE("MSG-062: M_IOCACK completes the ioctl whose ioc_id it has, and no other") {
    Answers s;
    Later call = s.later_str();
    REQUIRE(s.ioctls.held.size() == 1);
    mblk_t *mp = s.ioctls.take();
    {
        Enter scope(s.f.system);
        mblk_t *other = copymsg(mp);
        s.answer(other, M_IOCACK, 0, 5, 1);
    }
    CHECK_FALSE(call.done());
    s.answer(mp, M_IOCACK, 0, 6);
    REQUIRE(call.done());
    CHECK(call.result() == 6);
    CHECK(s.f.census().messages == 0);
}

TEST_CASE("MSG-063: M_IOCNAK fails the ioctl with ioc_error, EINVAL for 0; ioc_rval and the data behind it are freed") {
    for (int error : {EBUSY, 0}) {
        CAPTURE(error);
        Answers s;
        char buffer[] = "mine";
        Later call = s.later_str({buffer, 4});
        mblk_t *mp = s.ioctls.take();
        {
            Enter scope(s.f.system);
            if (mp->b_cont) freemsg(unlinkb(mp));
            mp->b_cont = message(M_DATA, "theirs");
            reinterpret_cast<iocblk *>(mp->b_rptr)->ioc_count = 6;
        }
        s.answer(mp, M_IOCNAK, error, 9);
        CHECK(call.result() == -(error ? error : EINVAL));
        CHECK(std::string(buffer) == "mine");
        CHECK(s.f.census().messages == 0);
    }
}

TEST_CASE("MSG-066: M_READ is sent only with SO_MREADON") {
    Watched w;
    set_flags(w.root, w.fd(), O_NONBLOCK);
    CHECK(w.f.read(w.fd(), 10) == "-EAGAIN");
    CHECK(w.down.all() == "");
    set(w.s, SO_MREADON);
    CHECK(w.f.read(w.fd(), 10) == "-EAGAIN");
    CHECK(w.down.all() == "READ 10");
    set(w.s, SO_MREADOFF);
    CHECK(w.f.read(w.fd(), 10) == "-EAGAIN");
    CHECK(w.down.all() == "");
}

TEST_CASE("MSG-067: the first byte of M_FLUSH says which sides; with FLUSHBAND the second is the band") {
    CHECK(FLUSHR == 1);
    CHECK(FLUSHW == 2);
    CHECK(FLUSHBAND == 4);
    OneStream s;
    std::string seen;
    s.dev.on_wput = [&](queue_t *q, mblk_t *mp) {
        if (mp->b_datap->db_type == M_FLUSH) seen = bytes_of(mp);
        s.dev.standard_put(q, mp);
    };
    CHECK(s.ioctl(I_FLUSH, FLUSHRW) == 0);
    CHECK(seen == std::string{3});
    bandinfo band{9, FLUSHW};
    CHECK(s.ioctl(I_FLUSHBAND, &band) == 0);
    CHECK(seen == std::string{FLUSHW | FLUSHBAND, 9});
}

TEST_CASE("MSG-070: after M_HANGUP writes fail; reads drain what is queued, then give 0") {
    OneStream s;
    s.up(M_DATA, "last");
    s.up(M_HANGUP);
    CHECK(s.f.write(s.fd, "x") == (s.f.system.profile.write_hangup_eio ? -EIO : -ENXIO)); // WR-051, WR-050
    CHECK(s.dev.count("wput") == 0);
    CHECK(s.f.read(s.fd) == "last");
    CHECK(s.f.read(s.fd) == "");
    CHECK(s.f.read(s.fd) == "");
}

TEST_CASE("MSG-071: M_ERROR of one byte marks both sides, of two bytes each its own") {
    {
        OneStream s;
        s.up_error(EPROTO);
        CHECK(s.f.read(s.fd) == "-EPROTO");
        CHECK(s.f.write(s.fd, "x") == -EPROTO);
    }
    {
        OneStream s;
        s.up_errors(ECOMM, NOERROR);
        CHECK(s.f.read(s.fd) == "-ECOMM");
        CHECK(s.f.write(s.fd, "x") == 1);
    }
    OneStream s;
    set_flags(s.root, s.fd, O_NONBLOCK);
    s.up_errors(NOERROR, ECOMM);
    CHECK(s.f.read(s.fd) == "-EAGAIN");
    CHECK(s.f.write(s.fd, "x") == -ECOMM);
}

TEST_CASE("MSG-085: the standard drivers turn M_FLUSH of both sides round as FLUSHR, and free one of the write side") {
    Standard f;
    std::vector<int> down, up;
    Probe &between = f.module("between");
    between.on_wput = [&](queue_t *q, mblk_t *mp) {
        if (mp->b_datap->db_type == M_FLUSH) down.push_back(*mp->b_rptr);
        putnext(q, mp);
    };
    between.on_rput = [&](queue_t *q, mblk_t *mp) {
        if (mp->b_datap->db_type == M_FLUSH) up.push_back(*mp->b_rptr);
        putnext(q, mp);
    };
    for (const char *path : {"/dev/echo", "/dev/nuls"}) {
        CAPTURE(path);
        const int fd = f.open(path);
        CHECK(f.ioctl(fd, I_PUSH, "between") == 0);
        CHECK(f.ioctl(fd, I_FLUSH, FLUSHRW) == 0);
        CHECK(f.ioctl(fd, I_FLUSH, FLUSHW) == 0);
        CHECK(f.ioctl(fd, I_FLUSH, FLUSHR) == 0);
        CHECK(down == std::vector<int>{FLUSHRW, FLUSHW, FLUSHR});
        CHECK(up == std::vector<int>{FLUSHR, FLUSHR});
        CHECK(f.census().messages == 0);
        down.clear();
        up.clear();
    }
}

TEST_CASE("MSG-087: of what comes up, M_DATA, M_PROTO, one M_PCPROTO and a deferred M_SIG are queued; the rest is "
          "not") {
    Hears s;
    s.up(M_DATA, "d");
    s.up(M_PROTO, "p");
    s.up(M_PCPROTO, "pc");
    s.up(M_CTL, "c");
    s.up(M_BREAK);
    CHECK(unread(s.f, s.fd) == 3);
    s.up(M_PCPROTO, "second");
    CHECK(unread(s.f, s.fd) == 3);
    s.up(M_SIG, std::string(1, SIGPOLL));
    s.up(M_SETOPTS, raw(options(SO_MREADOFF)));
    std::vector<int> queued;
    for (const mblk_t *mp = s.stream().read_queue()->q_first; mp; mp = mp->b_next)
        queued.push_back(mp->b_datap->db_type);
    CHECK(queued == std::vector<int>{M_PCPROTO, M_DATA, M_PROTO, M_SIG});
    CHECK(get_message(s.root, s.fd) == "pc|-");
}

// --- copy requests ---

TEST_CASE("MSG-029 MSG-030 MSG-072 MSG-073 MSG-074: M_COPYIN and M_COPYOUT with cq_flag 0 move the user's data; an "
          "M_IOCDATA "
          "with cp_rval 0 answers each") {
    CHECK(STRCANON == 0x01);
    CHECK(RECOPY == 0x02);
    Answers s;
    int number = 21;
    s.ioctls.answer = [&](queue_t *q, mblk_t *mp) {
        const Ioctls::Seen &seen = s.ioctls.seen.back();
        if (seen.type == M_IOCTL) return copy_in(q, mp, seen.value(), sizeof number);
        if (seen.data.empty()) return ack(q, mp, 4);
        int value;
        std::memcpy(&value, seen.data.data(), sizeof value);
        value *= 2;
        copy_out(q, mp, &number, raw(value));
    };
    CHECK(s.ioctl(command, &number) == 4);
    CHECK(number == 42);
    REQUIRE(s.ioctls.seen.size() == 3);
    CHECK(s.ioctls.seen[1].type == M_IOCDATA);
    CHECK(s.ioctls.seen[1].rval == 0);
    CHECK(s.ioctls.seen[2].type == M_IOCDATA);
    CHECK(s.ioctls.seen[2].rval == 0);
}

TEST_CASE("MSG-030 MSG-031: a copy that fails: EFAULT; the driver sees cp_rval not 0, frees the M_IOCDATA, answers "
          "nothing") {
    for (bool transparent : {true, false}) {
        for (int type : {M_COPYIN, M_COPYOUT}) {
            CAPTURE(transparent);
            CAPTURE(type);
            Answers s;
            Page nowhere;
            s.ioctls.answer = [&](queue_t *q, mblk_t *mp) {
                if (s.ioctls.seen.back().type == M_IOCDATA) return freemsg(mp);
                if (type == M_COPYIN) copy_in(q, mp, nowhere.at(), 8);
                else copy_out(q, mp, nowhere.at(), "12345678");
            };
            CHECK((transparent ? s.ioctl(command, nowhere.at()) : s.str(command)) == -EFAULT);
            REQUIRE(s.ioctls.seen.size() == 2);
            CHECK(s.ioctls.seen[1].type == M_IOCDATA);
            CHECK(s.ioctls.seen[1].rval != 0);
            CHECK(s.f.census().messages == 0);
            s.ioctls.answer = [](queue_t *q, mblk_t *mp) { ack(q, mp, 3); };
            CHECK(s.str(command) == 3); // the stream goes on
        }
    }
}

// --- links ---

TEST_CASE("MSG-033 MSG-034 MSG-035: linkblk: l_qtop is the multiplexor's write queue, NULL for a persistent link; "
          "l_qbot the "
          "lower stream's; l_index what the call returns, no two alike") {
    OneStream s;
    Probe &mux = s.f.driver("mux", 62), &lower = s.f.loose("lower", Probe::Sort::driver);
    mux.tab.st_muxrinit = &lower.read_init;
    mux.tab.st_muxwinit = &lower.write_init;
    linkblk seen{};
    qinit *read_info = nullptr;
    mux.on_wput = [&](queue_t *q, mblk_t *mp) {
        if (mp->b_datap->db_type != M_IOCTL || !mp->b_cont) return mux.standard_put(q, mp);
        std::memcpy(&seen, mp->b_cont->b_rptr, sizeof seen);
        read_info = RD(seen.l_qbot)->q_qinfo;
        ack(q, mp);
    };
    s.f.node("/dev/mux", s.f.clone(62));
    s.f.node("/dev/dev2", makedevice(OneStream::major, 2));
    const int ctl = s.f.open("/dev/mux");
    queue_t *top = WR(mux.last("open").q);
    const int lowers[] = {s.fd, s.f.open("/dev/dev1"), s.f.open("/dev/dev2")};
    int ids[3];
    for (int i = 0; i < 3; ++i) {
        CAPTURE(i);
        const bool persistent = i == 2;
        ids[i] = s.f.ioctl(ctl, persistent ? I_PLINK : I_LINK, lowers[i]);
        CHECK(ids[i] > 0);
        CHECK(ids[i] == seen.l_index);
        CHECK(seen.l_qtop == (persistent ? nullptr : top));
        CHECK(seen.l_qbot == s.f.stream(lowers[i])->write_queue());
        CHECK(read_info == &lower.read_init);
    }
    CHECK(ids[0] != ids[1]);
    CHECK(ids[0] != ids[2]);
    CHECK(ids[1] != ids[2]);
    CHECK(s.f.ioctl(ctl, I_UNLINK, ids[0]) == 0);
    CHECK(s.f.ioctl(ctl, I_UNLINK, ids[1]) == 0);
    CHECK(s.f.ioctl(ctl, I_PUNLINK, ids[2]) == 0);
    CHECK(s.f.close(ctl) == 0);
}

// --- a driver's own buffers ---

TEST_CASE("ALC-015: a free routine that sleeps is a fault, even in an open; it has no user context") {
    Fixture f;
    Probe &dev = f.driver("dev", 61);
    f.node("/dev/dev", f.clone(61));
    unsigned char buffer[8];
    Callback callback;
    long pid = -7;
    int result = 0;
    callback.body = [&] {
        delay(5);
        result = drv_getparm(PPID, &pid);
    };
    dev.on_open = [&](queue_t *, dev_t *, int, int, cred_t *) {
        frtn_t routine{Callback::run_free, reinterpret_cast<char *>(&callback)};
        freeb(esballoc(buffer, sizeof buffer, BPRI_MED, &routine));
        return EPERM;
    };
    CHECK(f.open("/dev/dev") == -EPERM);
    CHECK(callback.runs == 1);
    CHECK(now(f) == 0);
    CHECK(result == -1);
    CHECK(pid == -7);
    REQUIRE(f.system.faults.size() == 1);
    CHECK(f.system.faults[0].entry == "free routine");
    CHECK(f.took_fault("UTL-027") == 1);
}

TEST_CASE("ALC-016: when control is back at user level the free routine of the last reference has run, once") {
    OneStream s;
    static unsigned char buffer[8];
    Callback callback;
    frtn_t routine{Callback::run_free, reinterpret_cast<char *>(&callback)};
    mblk_t *second = nullptr;
    s.dev.on_wput = [&](queue_t *, mblk_t *mp) {
        freemsg(mp);
        if (second) return freeb(std::exchange(second, nullptr));
        mblk_t *first = esballoc(buffer, sizeof buffer, BPRI_MED, &routine);
        second = dupb(first);
        freeb(first);
    };
    CHECK(s.f.write(s.fd, "a") == 1);
    CHECK(callback.runs == 0);
    CHECK(s.f.write(s.fd, "b") == 1);
    CHECK(callback.runs == 1);
}

TEST_CASE("ALC-019 [solaris]: a block of esballoca has two references from the start; its routine runs at the last "
          "freeb all the same") {
    Messages m("solaris");
    unsigned char buffer[8];
    Callback callback;
    frtn_t routine{Callback::run_free, reinterpret_cast<char *>(&callback)};
    m.f.system.alloc.fail_nth(1);
    CHECK(esballoca(buffer, sizeof buffer, BPRI_MED, &routine) == nullptr);
    mblk_t *mp = esballoca(buffer, sizeof buffer, BPRI_MED, &routine);
    REQUIRE(mp);
    CHECK(mp->b_rptr == buffer);
    CHECK(mp->b_datap->db_ref == 2);
    mblk_t *dup = dupb(mp);
    CHECK(mp->b_datap->db_ref == 3);
    freeb(mp);
    CHECK(dup->b_datap->db_ref == 2);
    CHECK(callback.runs == 0);
    freeb(dup);
    CHECK(callback.runs == 1);
}

// --- waiting for memory ---

TEST_CASE("ALC-032: bufcall that is refused gives 0, and nothing runs") {
    Messages m;
    Callback callback;
    m.f.system.alloc.fail_nth(1);
    CHECK(bufcall(64, BPRI_LO, Callback::run, &callback) == 0);
    m.free_some();
    CHECK(callback.runs == 0);
}

TEST_CASE("ALC-032 ALC-034: a bufcall runs once, when memory came back and its size may be had") {
    Messages m;
    Callback callback;
    m.f.system.alloc.ceiling(1000);
    CHECK(bufcall(4096, BPRI_LO, Callback::run, &callback) != 0);
    m.free_some();
    CHECK(callback.runs == 0);
    m.f.system.alloc.ceiling(0);
    CHECK(callback.runs == 0);
    m.free_some();
    CHECK(callback.runs == 1);
    m.free_some();
    CHECK(callback.runs == 1);
    CHECK(m.waiting() == 0);
}

TEST_CASE("ALC-033: allocb may fail in the callback again; a callback that arms another gets its memory then") {
    Messages m;
    mblk_t *had = nullptr;
    Callback callback;
    int refused = 0;
    callback.body = [&] {
        if (callback.runs == 1) m.f.system.alloc.fail_nth(1);
        had = allocb(64, BPRI_LO);
        if (had) return;
        ++refused;
        CHECK(bufcall(64, BPRI_LO, Callback::run, &callback) != 0);
    };
    CHECK(bufcall(64, BPRI_LO, Callback::run, &callback) != 0);
    m.free_some();
    m.free_some();
    CHECK(callback.runs == 2);
    CHECK(refused == 1);
    REQUIRE(had);
    freemsg(had);
    CHECK(m.waiting() == 0);
}

TEST_CASE("ALC-034: a bufcall callback has no user context; one that sleeps is a fault") {
    Fixture f;
    Probe &dev = f.driver("dev", 61);
    f.node("/dev/dev", f.clone(61));
    Callback callback;
    long pid = -7;
    int result = 0;
    callback.body = [&] {
        delay(5);
        result = drv_getparm(PPID, &pid);
    };
    dev.on_open = [&](queue_t *, dev_t *, int, int, cred_t *) {
        CHECK(bufcall(8, BPRI_LO, Callback::run, &callback) != 0);
        return EPERM;
    };
    CHECK(f.open("/dev/dev") == -EPERM);
    f.run();
    CHECK(callback.runs == 1);
    CHECK(now(f) == 0);
    CHECK(result == -1);
    CHECK(pid == -7);
    REQUIRE(f.system.faults.size() == 1);
    CHECK(f.system.faults[0].driver == "dev");
    CHECK(f.system.faults[0].entry == "bufcall callback");
    CHECK(f.took_fault("UTL-027") == 1);
}

TEST_CASE("ALC-035: esbbcall waits for headers only") {
    Messages m;
    Callback headers, data;
    m.f.system.alloc.ceiling(1000);
    CHECK(bufcall(4096, BPRI_LO, Callback::run, &data) != 0);
    CHECK(esbbcall(BPRI_LO, Callback::run, &headers) != 0);
    m.free_some();
    CHECK(headers.runs == 1);
    CHECK(data.runs == 0);
    m.f.system.alloc.ceiling(0);
    m.free_some();
    CHECK(data.runs == 1);
}

TEST_CASE("ALC-036: after unbufcall the callback will not run; inside the callback it returns at once") {
    Messages m;
    Callback first, second;
    bufcall_id_t own = bufcall(64, BPRI_LO, Callback::run, &first);
    const bufcall_id_t other = bufcall(64, BPRI_LO, Callback::run, &second);
    CHECK(own != other);
    first.body = [&] {
        unbufcall(own);
        unbufcall(other); // due at the same moment
    };
    m.free_some();
    CHECK(first.runs == 1);
    CHECK(second.runs == 0);
    CHECK(m.waiting() == 0);
}

TEST_CASE("ALC-037: unbufcall of 0, of an id nobody has, of one that ran: no effect") {
    Messages m;
    Callback callback, waits;
    const bufcall_id_t ran = bufcall(64, BPRI_LO, Callback::run, &callback);
    m.free_some();
    CHECK(callback.runs == 1);
    m.f.system.alloc.ceiling(1000);
    const bufcall_id_t id = bufcall(4096, BPRI_LO, Callback::run, &waits);
    for (bufcall_id_t nobodys : {bufcall_id_t{0}, id + 99, ran, bufcall_id_t{-1}}) unbufcall(nobodys);
    CHECK(m.waiting() == 1);
    m.f.system.alloc.ceiling(0);
    m.free_some();
    CHECK(waits.runs == 1);
}

TEST_CASE("ALC-038: bcid_t, bufcall_id_t and toid_t exist, and each fits a long") {
    CHECK(sizeof(bcid_t) <= sizeof(long));
    CHECK(sizeof(bufcall_id_t) <= sizeof(long));
    CHECK(sizeof(toid_t) <= sizeof(long));
    Messages m;
    Callback callback;
    const toid_t as_toid = bufcall(64, BPRI_LO, Callback::run, &callback);
    const bcid_t as_bcid = as_toid;
    unbufcall(as_bcid);
    CHECK(m.waiting() == 0);
}

TEST_CASE("ALC-039 ALC-040: qenable itself is the callback, its argument a long as in SVR4 or a pointer as on "
          "Solaris") {
    for (bool as_long : {true, false}) {
        CAPTURE(as_long);
        OneStream s(nullptr, [](Probe &p) { p.give_service_procedures(); });
        s.dev.on_wput = [&](queue_t *q, mblk_t *mp) {
            s.f.system.alloc.ceiling(1000);
            noenable(q); // putq does not schedule
            putq(q, mp);
            CHECK((as_long ? sv_bufcall(q, 4096) : so_bufcall(q, 4096)) != 0);
        };
        int served = 0;
        s.dev.on_wsrv = [&](queue_t *q) {
            ++served;
            freemsg(getq(q));
        };
        CHECK(s.f.write(s.fd, "x") == 1);
        CHECK(served == 0);
        s.f.system.alloc.ceiling(0);
        Enter scope(s.f.system);
        freemsg(allocb(16, BPRI_MED));
        s.f.system.run_until_idle();
        CHECK(served == 1);
    }
}

TEST_SUITE_END();
