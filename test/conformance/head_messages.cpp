// What a driver sends up that the stream head would have to believe, made wrong: short, empty, chained, without the data
// that its type promises (IOC-320 to IOC-328, SIG-052). Each is refused, named, and has no effect.
#include "test/streamio.hpp"

#include <limits>

using namespace rill;
using namespace rill::test;

namespace {

constexpr int command = 0x7a01;

struct Head : OneStream {
    using OneStream::OneStream;
    // Takes the one fault there is, which must be the driver's.
    void blamed(const char *rule, const char *entry = "") {
        CAPTURE(rule);
        REQUIRE(f.system.faults.size() == 1);
        CHECK(f.system.faults[0].driver == "dev");
        CHECK(f.system.faults[0].entry == entry);
        CHECK(f.took_fault(rule) == 1);
    }
    // The messages that are there, before and after, are the same.
    template <class F> void refuses(const char *rule, F &&send) {
        const Census before = f.census();
        send();
        blamed(rule);
        CHECK(f.census() == before);
        CHECK(shows(POLLIN | POLLOUT | POLLPRI) == POLLOUT);
    }
    void chained(int type, std::string_view first, std::string_view second) {
        Enter scope(f.system);
        mblk_t *mp = message(type, first);
        mp->b_cont = message(M_DATA, second);
        putnext(rq, mp);
        f.system.run_until_idle();
    }
};

} // namespace

TEST_SUITE_BEGIN("head_messages");

TEST_CASE("IOC-320: an M_PASSFP that a driver made carries no file: refused, whatever bytes are in it; never followed") {
    Head s;
    struct {
        void *file, *more[8];
    } forged{};
    std::memset(&forged, 0x5a, sizeof forged);
    for (std::string_view bytes : {std::string_view(), std::string_view("x"), raw(forged)})
        s.refuses("IOC-320", [&] { s.up(M_PASSFP, bytes); });
    s.refuses("IOC-320", [&] { s.chained(M_PASSFP, "", raw(forged)); });
    strrecvfd received;
    const int fd = s.open_nonblocking();
    CHECK(s.f.ioctl(fd, I_RECVFD, &received) == -EAGAIN);
}

TEST_CASE("IOC-320: a copy of a passed descriptor carries none, and a second message of one only while it was not received") {
    for (bool duplicate : {false, true}) {
        OneStream s;
        int p[2];
        REQUIRE(rill_pipe(handle(s.root), p) == 0);
        CHECK(s.f.ioctl(p[0], I_SENDFD, s.fd) == 0);
        File *file = s.root.file(s.fd);
        CHECK(file->refs == 2);
        Stream &end = *s.f.stream(p[1]);
        {
            Enter scope(s.f.system);
            mblk_t *mp = end.read_queue()->q_first, *second = duplicate ? dupmsg(mp) : copymsg(mp);
            putnext(s.f.stream(p[0])->write_queue(), second);
        }
        CHECK(s.f.took_fault("IOC-320") == (duplicate ? 0 : 1));
        CHECK(file->refs == 2);
        strrecvfd received;
        CHECK(s.f.ioctl(p[1], I_RECVFD, &received) == 0);
        CHECK(s.root.file(received.fd) == file);
        s.root.file(p[1])->flags |= FNONBLOCK;
        CHECK(s.f.ioctl(p[1], I_RECVFD, &received) == -EAGAIN);
        CHECK(s.f.took_fault("IOC-320") == (duplicate ? 1 : 0));
        CHECK(file->refs == 2);
    }
}

TEST_CASE("CLS-015: a passed descriptor that a multiplexor frees is closed") {
    OneStream s;
    Probe &mux = s.f.driver("mux", 62), &low = s.f.loose("low", Probe::Sort::driver);
    low.give_service_procedures();
    mux.tab.st_muxrinit = &low.read_init;
    mux.tab.st_muxwinit = &low.write_init;
    low.on_rsrv = [](queue_t *q) {
        while (mblk_t *mp = getq(q)) freemsg(mp);
    };
    low.on_wsrv = [](queue_t *) {};
    mux.on_wput = [&mux](queue_t *q, mblk_t *mp) {
        if (mp->b_datap->db_type == M_IOCTL) ack(q, mp);
        else mux.standard_put(q, mp);
    };
    s.f.node("/dev/mux", s.f.clone(62));
    const int ctl = s.f.open("/dev/mux");
    int p[2];
    REQUIRE(rill_pipe(handle(s.root), p) == 0);
    CHECK(s.f.ioctl(p[0], I_SENDFD, s.fd) == 0);
    CHECK(s.f.close(s.fd) == 0);
    CHECK(s.dev.count("close") == 0);
    const int id = s.f.ioctl(ctl, I_LINK, p[1]);
    CHECK(id > 0);
    CHECK(s.dev.count("close") == 1);
    CHECK(s.f.ioctl(ctl, I_UNLINK, id) == 0);
    CHECK(s.f.close(ctl) == 0);
}

TEST_CASE("IOC-322: an M_FLUSH without a byte, or with FLUSHBAND and no band, flushes nothing and does not come back") {
    Head s;
    const std::string band_only{static_cast<char>(FLUSHRW | FLUSHBAND)};
    s.refuses("IOC-322", [&] { s.up(M_FLUSH); });
    s.refuses("IOC-322", [&] { s.up(M_FLUSH, band_only); });
    s.refuses("IOC-322", [&] { s.chained(M_FLUSH, "", "\3"); });
    s.up(M_DATA, "kept");
    s.up(M_FLUSH, band_only);
    s.blamed("IOC-322");
    CHECK(s.f.read(s.fd) == "kept");
    CHECK(s.dev.count("wput") == 0);
}

TEST_CASE("IOC-322: the same on a pipe whose other end is closed") {
    OneStream s;
    int p[2];
    REQUIRE(rill_pipe(handle(s.root), p) == 0);
    CHECK(s.f.close(p[1]) == 0);
    Enter scope(s.f.system);
    putnext(s.f.stream(p[0])->write_queue(), message(M_FLUSH));
    CHECK(s.f.took_fault("IOC-322") == 1);
}

TEST_CASE("IOC-323: an M_SETOPTS whose first block is shorter than the SVR4 members sets nothing") {
    Head s;
    stroptions options{};
    options.so_flags = SO_ALL | SO_ISTTY;
    options.so_hiwat = 1;
    const std::string_view bytes = raw(options);
    for (std::size_t length : {std::size_t{0}, std::size_t{1}, offsetof(stroptions, so_band) - 1})
        s.refuses("IOC-323", [&] { s.up(M_SETOPTS, bytes.substr(0, length)); });
    s.refuses("IOC-323", [&] { s.chained(M_SETOPTS, bytes.substr(0, 8), bytes.substr(8)); });
    CHECK(s.stream().read_queue()->q_hiwat == STRHIGH);
    CHECK_FALSE(s.stream().options.istty);
    s.up(M_SETOPTS, bytes.substr(0, offsetof(stroptions, so_band)));
    CHECK(s.stream().read_queue()->q_hiwat == 1);
    s.f.check_no_fault();
}

TEST_CASE("IOC-324: an M_ERROR of neither one nor two bytes puts the stream into no error") {
    Head s;
    s.refuses("IOC-324", [&] { s.up(M_ERROR); });
    s.refuses("IOC-324", [&] { s.up(M_ERROR, "\5\5\5"); });
    s.refuses("IOC-324", [&] { s.chained(M_ERROR, "", "\5"); });
    CHECK(s.f.write(s.fd, "x") == 1);
    CHECK(s.f.read(s.fd) == "x");
}

TEST_CASE("SIG-052: a signal message without a byte, or whose byte is no signal, signals nobody and is not queued") {
    Head s;
    Terminal tty(s);
    for (int type : {M_SIG, M_PCSIG}) {
        s.refuses("SIG-052", [&] { s.up(type); });
        for (char number : {'\0', '\x41', '\xff'}) s.refuses("SIG-052", [&] { s.up(type, std::string(1, number)); });
        s.refuses("SIG-052", [&] { s.chained(type, "", "\2"); });
    }
    CHECK(sent(tty.leader) == "");
    CHECK(sent(s.root) == "");
}

TEST_CASE("IOC-325: an answer to an M_IOCTL, or a copy request, that is too short ends the ioctl with EPROTO; no byte of it is believed") {
    for (int type : {M_IOCACK, M_IOCNAK, M_COPYIN, M_COPYOUT})
        for (std::size_t length : {std::size_t{0}, std::size_t{4}, offsetof(iocblk, ioc_rval)})
            for (bool transparent : {false, true}) {
                CAPTURE(type);
                CAPTURE(length);
                Head s;
                Ioctls asked(s.dev);
                asked.answer = [&](queue_t *q, mblk_t *mp) {
                    mp->b_datap->db_type = static_cast<unsigned char>(type);
                    mp->b_wptr = mp->b_rptr + length;
                    qreply(q, mp);
                };
                CHECK((transparent ? s.ioctl(command, 0) : s.str(command, "abc")) == -EPROTO);
                s.blamed("IOC-325", "put procedure");
                CHECK(asked.seen.size() == 1);
                asked.answer = [](queue_t *q, mblk_t *mp) { ack(q, mp, 7); };
                CHECK(s.str(command) == 7); // and the next one works
            }
}

TEST_CASE("IOC-325: nobody waits: a short answer, copy request or M_IOCTL is freed and named") {
    Head s;
    for (int type : {M_IOCACK, M_IOCNAK, M_COPYIN, M_COPYOUT, M_IOCTL})
        for (std::string_view bytes : {std::string_view(), std::string_view("abcd")}) s.refuses("IOC-325", [&] { s.up(type, bytes); });
    CHECK(s.dev.count("wput") == 0);
}

TEST_CASE("IOC-325: a copy request in a block that has no room for the answer") {
    Head s;
    Ioctls asked(s.dev);
    mblk_t *small = nullptr;
    asked.answer = [&](queue_t *q, mblk_t *mp) {
        copyreq request = {};
        std::memcpy(&request, mp->b_rptr, sizeof(iocblk));
        freemsg(mp);
        small = message(M_COPYIN, raw(request).substr(0, offsetof(copyreq, cq_filler)));
        small->b_datap->db_lim = small->b_wptr;
        qreply(q, small);
    };
    CHECK(s.ioctl(command, 0) == -EPROTO);
    s.blamed("IOC-325", "put procedure");
}

TEST_CASE("IOC-326: a block that ends before it begins is empty, and its sender's fault; nothing beside it is read") {
    Head s;
    {
        Enter scope(s.f.system);
        mblk_t *mp = message(M_DATA, "abcd");
        mp->b_cont = message(M_DATA, "efgh");
        mp->b_rptr += 4;
        mp->b_wptr -= 2;
        putnext(s.rq, mp);
    }
    CHECK(s.f.read(s.fd) == "efgh");
    CHECK(s.f.took_fault("IOC-326") == 1);
}

TEST_CASE("IOC-326 IOC-328: both are found when the block arrives, so that the fault names the procedure that sent it") {
    for (const bool outside : {true, false}) {
        CAPTURE(outside);
        Head s;
        s.dev.on_wput = [&](queue_t *q, mblk_t *mp) {
            mp->b_cont = message(M_DATA, "efgh");
            if (outside) mp->b_rptr = reinterpret_cast<unsigned char *>(8);
            mp->b_wptr = outside ? mp->b_rptr + 8 : mp->b_rptr - 1;
            qreply(q, mp);
        };
        CHECK(s.f.write(s.fd, "abcd") == 4);
        s.blamed(outside ? "IOC-328" : "IOC-326", "put procedure");
        CHECK(s.f.read(s.fd) == "efgh");
    }
}

TEST_CASE("IOC-328: a message of any type, and any block of it; what is empty may point anywhere") {
    Head s;
    for (int type : {M_DATA, M_PROTO, M_HANGUP, M_SIG, M_IOCACK}) {
        CAPTURE(type);
        Enter scope(s.f.system);
        mblk_t *mp = message(type, "ab");
        mp->b_cont = message(M_DATA, "cd");
        mp->b_cont->b_rptr = reinterpret_cast<unsigned char *>(8);
        mp->b_cont->b_wptr = reinterpret_cast<unsigned char *>(16);
        putnext(s.rq, mp);
        CHECK(s.f.took_fault("IOC-328") == 1);
        s.f.system.faults.clear(); // what the type makes of the rest
    }
    Head other;
    {
        Enter scope(other.f.system);
        mblk_t *mp = message(M_DATA, "ab");
        mp->b_cont = message(M_DATA, "");
        mp->b_cont->b_rptr = mp->b_cont->b_wptr = reinterpret_cast<unsigned char *>(8);
        putnext(other.rq, mp);
    }
    CHECK(other.f.read(other.fd) == "ab");
}

TEST_CASE("IOC-327: M_COPYOUT with fewer bytes than cq_size: those are copied, and it is the driver's fault") {
    for (bool none : {false, true}) {
        Head s;
        Ioctls asked(s.dev);
        char user[8] = "-------";
        asked.answer = [&](queue_t *q, mblk_t *mp) {
            if (mp->b_datap->db_type == M_IOCTL) ask_copy(q, mp, M_COPYOUT, user, 7, none ? "" : "abc");
            else ack(q, mp);
        };
        strioctl io{command, 0, 0, nullptr};
        CHECK(s.ioctl(I_STR, &io) == 0);
        s.blamed("IOC-327", "put procedure");
        CHECK(std::string(user) == (none ? "-------" : "abc----"));
        CHECK(io.ic_len == (none ? 0 : 3));
    }
}

TEST_CASE("IOC-327: data of an M_IOCACK: never more than its blocks hold, whatever ioc_count says") {
    Head s;
    Ioctls asked(s.dev);
    char user[16] = "---------------";
    asked.answer = [&](queue_t *q, mblk_t *mp) {
        freemsg(mp->b_cont);
        mp->b_cont = message(M_DATA, "abc");
        mp->b_datap->db_type = M_IOCACK;
        reinterpret_cast<iocblk *>(mp->b_rptr)->ioc_count = std::numeric_limits<int>::max();
        reinterpret_cast<iocblk *>(mp->b_rptr)->ioc_error = 0;
        qreply(q, mp);
    };
    strioctl io{command, 0, 4, user};
    CHECK(s.ioctl(I_STR, &io) == 0);
    CHECK(io.ic_len == 3);
    CHECK(std::string(user, 15) == "abc------------");
}

TEST_SUITE_END();
