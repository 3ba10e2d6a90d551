// I_FLUSH and I_FLUSHBAND, and what the stream head does with M_FLUSH (clauses/02, section of that name).
#include "test/streamio.hpp"

using namespace rill;
using namespace rill::test;

namespace {

// Logs each M_FLUSH that reaches it: "down 3", "down 5,3"; passes everything on.
struct Flushes {
    std::vector<std::string> seen;
    bool no_loop = false; // of the last one
    static std::string text(const mblk_t *mp) {
        std::string bytes;
        for (const unsigned char *p = mp->b_rptr; p < mp->b_wptr; ++p)
            bytes += (bytes.empty() ? "" : ",") + std::to_string(*p);
        return bytes;
    }
    void watch(Probe &module) {
        module.on_wput = [this](queue_t *q, mblk_t *mp) {
            if (mp->b_datap->db_type == M_FLUSH) {
                seen.push_back("down " + text(mp));
                no_loop = mp->b_flag & MSGNOLOOP;
            }
            putnext(q, mp);
        };
        module.on_rput = [this](queue_t *q, mblk_t *mp) {
            if (mp->b_datap->db_type == M_FLUSH) seen.push_back("up " + text(mp));
            putnext(q, mp);
        };
    }
    std::string all() const {
        std::string text;
        for (const std::string &s : seen) text += (text.empty() ? "" : "; ") + s;
        return text;
    }
};

struct Watched : OneStream {
    explicit Watched(const char *profile = nullptr, Setup setup = {}) : OneStream(profile, setup) {
        flushes.watch(f.module("watch"));
        CHECK(ioctl(I_PUSH, "watch") == 0);
    }
    Flushes flushes;
};

int queued(OneStream &s, int fd = -1) {
    int bytes = 0;
    return s.f.ioctl(fd < 0 ? s.fd : fd, I_NREAD, &bytes);
}

// Memory is refused from now on, also what waiting for it takes.
struct NoMemory {
    explicit NoMemory(Fixture &fixture) : f(fixture) { f.system.alloc.fail_seed(1, 1); }
    ~NoMemory() { f.system.alloc.fail_seed(0, 0); }
    Fixture &f;
};

} // namespace

TEST_SUITE_BEGIN("ioctl_flush");

TEST_CASE("IOC-053: on a hung-up stream I_FLUSH fails with ENXIO, ahead of its argument; I_FLUSHBAND too") {
    Watched s;
    s.up(M_HANGUP);
    CHECK(s.ioctl(I_FLUSH, 4) == -ENXIO);
    CHECK(s.ioctl(I_FLUSH, FLUSHR) == -ENXIO);
    bandinfo band{1, 64};
    CHECK(s.ioctl(I_FLUSHBAND, &band) == -ENXIO);
    CHECK(s.flushes.all() == "");
}

TEST_CASE("IOC-051: I_FLUSH with bits other than FLUSHRW: EINVAL, nothing is flushed") {
    Watched s;
    s.up(M_DATA, "x");
    for (int bits : {FLUSHBAND, FLUSHR | FLUSHBAND, 8, -1, 0x10001}) {
        CAPTURE(bits);
        CHECK(s.ioctl(I_FLUSH, bits) == -EINVAL);
    }
    CHECK(s.flushes.all() == "");
    CHECK(s.f.read(s.fd) == "x");
}

TEST_CASE("IOC-052 [irix] [svr4]: I_FLUSH with argument 0: EINVAL") {
    for (const char *profile : {"irix", "svr4"}) {
        Watched s(profile);
        CHECK(s.ioctl(I_FLUSH, 0) == -EINVAL);
        CHECK(s.flushes.all() == "");
    }
}

TEST_CASE("IOC-052 [solaris]: I_FLUSH with argument 0 sends an M_FLUSH without bits") {
    Watched s("solaris");
    s.up(M_DATA, "x");
    CHECK(s.ioctl(I_FLUSH, 0) == 0);
    CHECK(s.flushes.all() == "down 0");
    CHECK(s.f.read(s.fd) == "x");
}

TEST_CASE("IOC-059 [irix] [svr4]: I_FLUSHBAND with bi_flag bits other than FLUSHRW: EINVAL") {
    Watched s;
    for (int bits : {4, 5, 8, -1}) {
        bandinfo band{1, bits};
        CHECK(s.ioctl(I_FLUSHBAND, &band) == -EINVAL);
    }
    bandinfo none{1, 0};
    CHECK(s.ioctl(I_FLUSHBAND, &none) == -EINVAL);
    CHECK(s.flushes.all() == "");
}

TEST_CASE("IOC-057: no memory for the message: ENOSR when there is none to wait with either") {
    Watched s;
    s.up(M_DATA, "x");
    bandinfo band{1, FLUSHR};
    {
        NoMemory none(s.f);
        CHECK(s.ioctl(I_FLUSH, FLUSHR) == -ENOSR);
        CHECK(s.ioctl(I_FLUSHBAND, &band) == -ENOSR);
    }
    CHECK(s.flushes.all() == "");
    CHECK(s.f.read(s.fd) == "x");
}

TEST_CASE("IOC-057: no memory for the message: the call waits for it, and a signal ends the wait with EINTR") {
    Watched s;
    s.f.catch_signal(s.root, SIGUSR1);
    s.f.kill(s.root, SIGUSR1); // pending when the call comes to wait
    s.f.system.alloc.fail_nth(1); // the message's; waiting for memory is possible
    CHECK(s.ioctl(I_FLUSH, FLUSHW) == -EINTR);
    CHECK(s.flushes.all() == "");
    CHECK(s.f.census().bufcalls == 0);
    Recorder recorder;
    s.f.system.trace.attach(recorder);
    s.f.system.alloc.fail_nth(1);
    CHECK(s.ioctl(I_FLUSH, FLUSHW) == 0);
    s.f.system.trace.detach(recorder);
    CHECK(recorder.count(Kind::sleep) == 1);
    CHECK(s.flushes.all() == "down 2");
}

TEST_CASE("IOC-057 by allocation: on a bare pipe I_FLUSH flushes both ends whatever allocation fails, or fails whole") {
    OneStream s;
    int p[2];
    CHECK(outcome(rill_pipe(handle(s.root), p)) == 0);
    for (long n = 1; n < 6; ++n) {
        CHECK(s.f.write(p[0], "to one") == 6);
        CHECK(s.f.write(p[1], "to nought") == 9);
        s.f.system.alloc.fail_nth(n);
        int result = s.f.ioctl(p[0], I_FLUSH, FLUSHRW);
        s.f.system.alloc.fail_nth(0);
        CHECK(result == 0); // it can wait for memory
        CHECK(queued(s, p[0]) == 0);
        CHECK(queued(s, p[1]) == 0);
    }
}

TEST_CASE("IOC-050: I_FLUSH sends M_FLUSH with its bits down; the head's read queue is flushed when it comes back up") {
    Watched s;
    s.up(M_DATA, "one");
    CHECK(s.ioctl(I_FLUSH, FLUSHW) == 0);
    CHECK(s.flushes.all() == "down 2"); // the driver turned nothing round
    CHECK(queued(s) == 1);
    s.flushes.seen.clear();
    CHECK(s.ioctl(I_FLUSH, FLUSHR) == 0);
    CHECK(s.flushes.all() == "down 1; up 1");
    CHECK(queued(s) == 0);
    s.flushes.seen.clear();
    s.up(M_DATA, "two");
    CHECK(s.ioctl(I_FLUSH, FLUSHRW) == 0);
    CHECK(s.flushes.all() == "down 3; up 1");
    CHECK(queued(s) == 0);
}

TEST_CASE("IOC-050: a driver that does not turn M_FLUSH round leaves the head's read queue as it is") {
    OneStream s([](Probe &dev) { dev.on_wput = [](queue_t *, mblk_t *mp) { freemsg(mp); }; });
    s.up(M_DATA, "one");
    CHECK(s.ioctl(I_FLUSH, FLUSHR) == 0);
    CHECK(s.f.read(s.fd) == "one");
}

TEST_CASE("IOC-050: I_FLUSH of the write side empties the driver's queue and lets a held-back writer go on") {
    OneStream s(hold_writes);
    CHECK(s.f.write(s.fd, std::string(2048, 'x')) == 2048);
    Process &p = s.f.process();
    int fd = s.open_as(p);
    Later writer = s.f.later(p, "write", [&] { return outcome(static_cast<int>(rill_write(handle(p), fd, "w", 1))); });
    CHECK_FALSE(writer.done());
    CHECK(s.ioctl(I_FLUSH, FLUSHW) == 0);
    CHECK(writer.result() == 1);
}

TEST_CASE("IOC-054: M_FLUSH with FLUSHW that comes up is sent down once, without FLUSHR and marked not to loop") {
    Watched s;
    bool again = true;
    s.dev.on_wput = [&](queue_t *q, mblk_t *mp) {
        if (mp->b_datap->db_type == M_FLUSH && std::exchange(again, false)) qreply(q, mp); // turned round as it is
        else freemsg(mp);
    };
    s.up(M_DATA, "x");
    s.up(M_FLUSH, std::string(1, FLUSHRW));
    CHECK(s.flushes.all() == "up 3; down 2; up 2"); // the second arrival is freed
    CHECK(s.flushes.no_loop);
    CHECK(queued(s) == 0);
    s.flushes.seen.clear();
    s.up(M_FLUSH, std::string(1, FLUSHR));
    CHECK(s.flushes.all() == "up 1"); // without FLUSHW nothing goes down
}

TEST_CASE("IOC-055: a full flush frees everything at the head, a passed descriptor too, and the high-priority slot") {
    OneStream s;
    int quick = s.open_nonblocking();
    s.up(M_DATA, "x");
    s.up_control(M_PROTO, "c", "d");
    s.up(M_DATA, "b", 4);
    s.up_control(M_PCPROTO, "urgent");
    CHECK(queued(s) == 4);
    s.up(M_FLUSH, std::string(1, FLUSHR));
    CHECK(queued(s) == 0);
    CHECK(get_message(s.root, quick) == "-EAGAIN");
    s.up_control(M_PCPROTO, "next"); // accepted: the slot is free
    CHECK(get_message(s.root, quick) == "next|-");

    int p[2], other = s.f.open("/dev/dev1");
    CHECK(outcome(rill_pipe(handle(s.root), p)) == 0);
    CHECK(s.f.ioctl(p[0], I_SENDFD, other) == 0);
    CHECK(s.f.close(other) == 0);
    CHECK(s.dev.count("close") == 0); // open as long as it is under way
    CHECK(s.f.ioctl(p[1], I_FLUSH, FLUSHR) == 0);
    CHECK(queued(s, p[1]) == 0);
    CHECK(s.dev.count("close") == 1);
}

TEST_CASE("IOC-055: a flush of the head's read queue lets a driver that it held back go on") {
    OneStream s([](Probe &dev) { dev.give_service_procedures(); });
    s.dev.on_rsrv = [](queue_t *q) {
        while (mblk_t *mp = getq(q)) {
            if (!canputnext(q)) return static_cast<void>(putbq(q, mp));
            putnext(q, mp);
        }
    };
    {
        Enter scope(s.f.system);
        for (int i = 0; i < 6; ++i) putq(s.rq, message(M_DATA, std::string(1024, static_cast<char>('a' + i))));
        s.f.system.run_until_idle();
    }
    CHECK(queued(s) == 5);
    s.up(M_FLUSH, std::string(1, FLUSHR));
    CHECK(queued(s) == 1);
    CHECK(s.f.read(s.fd, 1) == "f");
}

TEST_CASE("IOC-055 IOC-201: a mark that was flushed is forgotten: a later message in its place is not taken for it") {
    OneStream s;
    s.up(M_DATA, "first", 0, MSGMARK);
    s.up(M_DATA, "newest", 1, MSGMARK);
    std::string flush{static_cast<char>(FLUSHR | FLUSHBAND), 1};
    s.up(M_FLUSH, flush);
    for (int i = 0; i < 4; ++i) s.up(M_DATA, "pieces"); // one of them may lie where the marked one lay
    CHECK(s.f.read(s.fd, 5) == "first");
    CHECK(s.f.read(s.fd, 100) == "piecespiecespiecespieces"); // no mark inside ends the read
}

static void flush_keeps_high_priority(const char *profile) {
    OneStream s(profile);
    stroptions options{};
    options.so_flags = SO_READOPT;
    options.so_readopt = RNORM | RFLUSHPCPROT;
    s.up_options(options);
    s.up(M_DATA, "x");
    s.up_control(M_PCPROTO, "urgent");
    s.up(M_FLUSH, std::string(1, FLUSHR));
    CHECK(queued(s) == 1);
    CHECK(get_message(s.root, s.fd) == "urgent|-");
}

TEST_CASE("IOC-056 [irix]: with RFLUSHPCPROT set by M_SETOPTS a flush keeps a high-priority message") {
    flush_keeps_high_priority("irix");
}

TEST_CASE("IOC-056 [solaris]: with RFLUSHPCPROT set by M_SETOPTS a flush keeps a high-priority message") {
    flush_keeps_high_priority("solaris");
}

TEST_CASE("IOC-058: I_FLUSHBAND sends bi_flag with FLUSHBAND, then bi_pri") {
    Watched s;
    s.dev.on_wput = [](queue_t *, mblk_t *mp) { freemsg(mp); };
    bandinfo band{3, FLUSHR};
    CHECK(s.ioctl(I_FLUSHBAND, &band) == 0);
    band = {255, FLUSHW};
    CHECK(s.ioctl(I_FLUSHBAND, &band) == 0);
    band = {0, FLUSHRW};
    CHECK(s.ioctl(I_FLUSHBAND, &band) == 0);
    CHECK(s.flushes.all() == "down 5,3; down 6,255; down 7,0");
}

TEST_CASE("IOC-060: a band flush at the stream head removes the messages of that band only") {
    OneStream s;
    s.up(M_DATA, "nought");
    s.up(M_DATA, "two", 2);
    s.up(M_DATA, "three", 3);
    s.up_control(M_PCPROTO, "urgent");
    s.up(M_FLUSH, std::string{static_cast<char>(FLUSHR | FLUSHBAND), 2});
    CHECK(queued(s) == 3);
    CHECK(get_message(s.root, s.fd) == "urgent|-");
    CHECK(get_message(s.root, s.fd) == "-|three");
    s.up(M_DATA, "three", 3);
    s.up(M_FLUSH, std::string{static_cast<char>(FLUSHR | FLUSHBAND), 0}); // band 0 is a band like any other
    CHECK(get_message(s.root, s.fd) == "-|three");
    CHECK(queued(s) == 0);
}

TEST_CASE("IOC-062: on a bare pipe FLUSHR empties this end's read queue and FLUSHW the other end's") {
    OneStream s;
    int p[2];
    CHECK(outcome(rill_pipe(handle(s.root), p)) == 0);
    auto fill = [&] {
        CHECK(s.f.write(p[0], "x") == 1);
        CHECK(s.f.write(p[1], "y") == 1);
    };
    fill();
    CHECK(s.f.ioctl(p[0], I_FLUSH, FLUSHR) == 0);
    CHECK(queued(s, p[0]) == 0);
    CHECK(queued(s, p[1]) == 1);
    fill();
    CHECK(s.f.ioctl(p[0], I_FLUSH, FLUSHW) == 0);
    CHECK(queued(s, p[0]) == 1);
    CHECK(queued(s, p[1]) == 0);
    fill();
    CHECK(s.f.ioctl(p[1], I_FLUSH, FLUSHRW) == 0);
    CHECK(queued(s, p[0]) == 0);
    CHECK(queued(s, p[1]) == 0);
    bandinfo band{1, FLUSHRW};
    fill();
    CHECK(put_message(s.root, p[0], nullptr, "band", 1) == 0);
    CHECK(s.f.ioctl(p[0], I_FLUSHBAND, &band) == 0);
    CHECK(s.f.read(p[1]) == "x");
    CHECK(queued(s, p[0]) == 1);
}
