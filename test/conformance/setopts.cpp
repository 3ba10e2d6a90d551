// M_SETOPTS: what each option does to the stream head (clauses/02, M_SETOPTS effects).
#include "test/headcalls.hpp"

using namespace rill;
using namespace rill::test;

namespace {

int read_options(OneStream &s) {
    int value = -1;
    CHECK(s.ioctl(I_GRDOPT, &value) == 0);
    return value;
}
void set_read_options(OneStream &s, int value) {
    stroptions o = options(SO_READOPT);
    o.so_readopt = static_cast<short>(value);
    s.up_options(o);
}
bool room(OneStream &s, int band = 0) {
    Enter scope(s.f.system);
    return bcanputnext(s.rq, static_cast<unsigned char>(band));
}

} // namespace

TEST_SUITE_BEGIN("setopts");

TEST_CASE("IOC-250: SO_READOPT sets read and control mode; bad combinations are ignored without an error") {
    OneStream s;
    set_read_options(s, RMSGN | RPROTDIS);
    CHECK(read_options(s) == (RMSGN | RPROTDIS));
    set_read_options(s, (RMSGN | RMSGD) | RPROTDAT); // the modes are bad, the other is not
    CHECK(read_options(s) == (RMSGN | RPROTDAT));
    set_read_options(s, RMSGD | RPROTDAT | RPROTDIS);
    CHECK(read_options(s) == (RMSGD | RPROTDAT));
    set_read_options(s, RNORM | RPROTNORM);
    CHECK(read_options(s) == (RNORM | RPROTNORM));
    set(s, SO_NDELON); // without SO_READOPT nothing of it
    CHECK(read_options(s) == (RNORM | RPROTNORM));
    CHECK(s.f.census().messages == 0);
}

TEST_CASE("IOC-252: SO_MINPSZ and SO_MAXPSZ set the head's own packet sizes; they bind a sender only across a bare pipe") {
    Watched w;
    stroptions o = options(SO_MINPSZ | SO_MAXPSZ);
    o.so_minpsz = 2;
    o.so_maxpsz = 4;
    w.s.up_options(o);
    CHECK(w.s.stream().read_queue()->q_minpsz == 2);
    CHECK(w.s.stream().read_queue()->q_maxpsz == 4);
    CHECK(write_as(w.root, w.fd(), "a") == "1");
    CHECK(write_as(w.root, w.fd(), "abcdef") == "6");
    CHECK(w.down.all() == "DATA(a) DATA(abcdef)");

    Fixture f;
    int end[2];
    CHECK(rill_pipe(handle(f.root), end) == 0);
    {
        Enter scope(f.system);
        putnext(f.stream(end[1])->write_queue(), message(M_SETOPTS, raw(o))); // reaches the head of end[0]
    }
    f.run();
    CHECK(write_as(f.root, end[1], "a") == "-ERANGE");
    CHECK(write_as(f.root, end[1], "abcdef") == "-ERANGE");
    CHECK(write_as(f.root, end[1], "abc") == "3");
    CHECK(write_as(f.root, end[0], "abcdef") == "6"); // the other way is free
    CHECK(read_as(f.root, end[0]) == "abc");
}

TEST_CASE("IOC-253 [irix] [svr4]: SO_HIWAT and SO_LOWAT set the read queue's water marks, with SO_BAND those of the band") {
    OneStream s;
    stroptions o = options(SO_HIWAT | SO_LOWAT);
    o.so_hiwat = 10;
    o.so_lowat = 3;
    s.up_options(o);
    s.up(M_DATA, "1234567");
    s.up(M_DATA, "89");
    CHECK(room(s));
    s.up(M_DATA, "0");
    CHECK_FALSE(room(s));
    CHECK(read_as(s.root, s.fd, 7).size() == 7);
    CHECK_FALSE(room(s)); // 3 left: not below the low mark
    CHECK(read_as(s.root, s.fd, 1).size() == 1);
    CHECK(room(s));
    CHECK(read_as(s.root, s.fd).size() == 2);

    stroptions band = options(SO_HIWAT | SO_LOWAT | SO_BAND);
    band.so_band = 2;
    band.so_hiwat = 4;
    band.so_lowat = 1;
    s.up_options(band);
    s.up(M_DATA, "1234", 2);
    CHECK_FALSE(room(s, 2));
    CHECK(room(s, 1));
    CHECK(room(s, 0));
    CHECK(read_as(s.root, s.fd) == "1234");
    CHECK(room(s, 2));
}

TEST_CASE("IOC-254: a sender held back is back-enabled when the new marks allow it, and not when they do not") {
    for (int band : {0, 2}) {
        CAPTURE(band);
        OneStream s([&](Probe &p) {
            p.give_service_procedures();
            p.on_rsrv = [](queue_t *q) {
                while (q->q_first && bcanputnext(q, q->q_first->b_band)) putnext(q, getq(q));
            };
        });
        stroptions o = options(SO_HIWAT | SO_LOWAT | (band ? SO_BAND : 0));
        o.so_band = static_cast<unsigned char>(band);
        o.so_hiwat = 4;
        o.so_lowat = 1;
        s.up_options(o);
        {
            Enter scope(s.f.system);
            putq(s.rq, message(M_DATA, "1234", band));
            putq(s.rq, message(M_DATA, "held", band));
        }
        s.f.run();
        CHECK(s.rq->q_first != nullptr);
        const int ran = s.dev.count("rsrv");
        o.so_hiwat = 3; // still full
        s.up_options(o);
        CHECK(s.dev.count("rsrv") == ran);
        o.so_hiwat = 100;
        o.so_lowat = 50;
        s.up_options(o);
        CHECK(s.dev.count("rsrv") > ran);
        CHECK(s.rq->q_first == nullptr);
        CHECK(read_as(s.root, s.fd) == "1234held");
    }
}

TEST_CASE("IOC-255: each pair switches its option; with both bits the off bit wins") {
    const struct {
        unsigned on, off;
        bool HeadOptions::*option;
    } pairs[] = {{SO_MREADON, SO_MREADOFF, &HeadOptions::mreadon}, {SO_NDELON, SO_NDELOFF, &HeadOptions::ndelon}, {SO_ISTTY, SO_ISNTTY, &HeadOptions::istty}, {SO_TOSTOP, SO_TONSTOP, &HeadOptions::tostop}, {SO_DELIM, SO_NODELIM, &HeadOptions::delim}};
    OneStream s;
    for (const auto &pair : pairs) {
        CAPTURE(pair.on);
        auto on = [&] { return s.stream().options.*pair.option; };
        CHECK_FALSE(on());
        set(s, pair.on);
        CHECK(on());
        set(s, 0);
        CHECK(on());
        for (const auto &other : pairs) // nothing else moved
            if (other.on != pair.on) CHECK_FALSE(s.stream().options.*other.option);
        set(s, pair.on | pair.off);
        CHECK_FALSE(on());
        set(s, pair.on);
        set(s, pair.off);
        CHECK_FALSE(on());
    }
}

TEST_CASE("IOC-255: seen from the calls: SO_NDELON, SO_MREADON and SO_DELIM with their off bits leave the calls as before") {
    Watched w;
    set(w.s, SO_NDELON | SO_NDELOFF | SO_MREADON | SO_MREADOFF | SO_DELIM | SO_NODELIM);
    CHECK(set_flags(w.root, w.fd(), RILL_O_NDELAY) >= 0);
    CHECK(read_as(w.root, w.fd()) == "-EAGAIN");
    CHECK(write_as(w.root, w.fd(), "ab") == "2");
    CHECK(w.down.all() == "DATA(ab)");
}

TEST_CASE("IOC-257: SO_STRHOLD is accepted and has no effect: two writes are two messages") {
    Watched w;
    set(w.s, SO_STRHOLD);
    CHECK(write_as(w.root, w.fd(), "a") == "1");
    CHECK(w.down.all() == "DATA(a)");
    CHECK(write_as(w.root, w.fd(), "b") == "1");
    CHECK(w.down.all() == "DATA(b)");
}

TEST_CASE("IOC-258: M_SETOPTS is consumed and never queued, even behind data; a short one changes nothing") {
    OneStream s;
    s.up(M_DATA, "ab");
    int bytes = -1;
    CHECK(s.ioctl(I_NREAD, &bytes) == 1);
    CHECK(bytes == 2);
    const long messages = s.f.census().messages;
    set_read_options(s, RMSGN);
    s.up(M_SETOPTS, "short");
    s.up(M_SETOPTS);
    CHECK(s.f.took_fault("IOC-323") == 2);
    CHECK(s.ioctl(I_NREAD, &bytes) == 1);
    CHECK(bytes == 2);
    CHECK(s.f.census().messages == messages);
    CHECK(read_options(s) == (RMSGN | RPROTNORM));
    CHECK(read_as(s.root, s.fd) == "ab");
}

TEST_CASE("IOC-259 ERR-005 [solaris]: SO_ERROPT sets error persistence: an error is cleared once reported") {
    OneStream s("solaris");
    stroptions o = options(0x40000); // SO_ERROPT
    o.so_erropt = RERRNONPERSIST;
    s.up_options(o);
    CHECK(set_flags(s.root, s.fd, O_NONBLOCK) >= 0);
    s.up_error(EPROTO);
    CHECK(read_as(s.root, s.fd) == "-EPROTO");
    CHECK(read_as(s.root, s.fd) == "-EAGAIN");
    CHECK(write_as(s.root, s.fd, "ab") == "-EPROTO"); // the write side persists
    CHECK(write_as(s.root, s.fd, "ab") == "-EPROTO");
    int value = 0;
    CHECK(s.ioctl(I_GERROPT, &value) == -EPROTO); // the stored write error is an ioctl's too
    s.up_errors(NOERROR, 0);
    CHECK(s.ioctl(I_GERROPT, &value) == 0);
    CHECK(value == (RERRNONPERSIST | WERRNORM));
}

TEST_SUITE_END();
