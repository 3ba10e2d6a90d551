// The Constants section of clauses/02: numbers and argument structures that applications are compiled with, and the habits
// of legacy calls: an int where an address could stand, no third argument at all. The tables are data for headers, not
// clauses; IOC-143, POL-008 and the like rest on them.
#include "test/streamio.hpp"

#include <sys/conf.h>

using namespace rill;
using namespace rill::test;

TEST_SUITE_BEGIN("constants");

TEST_CASE("constants: the ioctl commands, from 0x5301 on") {
    struct {
        const char *name;
        int value, number;
    } const commands[] = {
        {"I_NREAD", I_NREAD, 0x5301},
        {"I_PUSH", I_PUSH, 0x5302},
        {"I_POP", I_POP, 0x5303},
        {"I_LOOK", I_LOOK, 0x5304},
        {"I_FLUSH", I_FLUSH, 0x5305},
        {"I_SRDOPT", I_SRDOPT, 0x5306},
        {"I_GRDOPT", I_GRDOPT, 0x5307},
        {"I_STR", I_STR, 0x5308},
        {"I_SETSIG", I_SETSIG, 0x5309},
        {"I_GETSIG", I_GETSIG, 0x530a},
        {"I_FIND", I_FIND, 0x530b},
        {"I_LINK", I_LINK, 0x530c},
        {"I_UNLINK", I_UNLINK, 0x530d},
        {"I_RECVFD", I_RECVFD, 0x530e},
        {"I_PEEK", I_PEEK, 0x530f},
        {"I_FDINSERT", I_FDINSERT, 0x5310},
        {"I_SENDFD", I_SENDFD, 0x5311},
        {"I_O_RECVFD", I_O_RECVFD, 0x5312},
        {"I_SWROPT", I_SWROPT, 0x5313},
        {"I_GWROPT", I_GWROPT, 0x5314},
        {"I_LIST", I_LIST, 0x5315},
        {"I_PLINK", I_PLINK, 0x5316},
        {"I_PUNLINK", I_PUNLINK, 0x5317},
        {"I_FLUSHBAND", I_FLUSHBAND, 0x531c},
        {"I_CKBAND", I_CKBAND, 0x531d},
        {"I_GETBAND", I_GETBAND, 0x531e},
        {"I_ATMARK", I_ATMARK, 0x531f},
        {"I_SETCLTIME", I_SETCLTIME, 0x5320},
        {"I_GETCLTIME", I_GETCLTIME, 0x5321},
        {"I_CANPUT", I_CANPUT, 0x5322},
        {"I_SERROPT", I_SERROPT, 0x5323},
        {"I_GERROPT", I_GERROPT, 0x5324},
        {"I_ESETSIG", I_ESETSIG, 0x5325},
        {"I_EGETSIG", I_EGETSIG, 0x5326},
        {"I_ANCHOR", I_ANCHOR, 0x5318},
        {"__I_PUSH_NOCTTY", __I_PUSH_NOCTTY, 0x5327},
    };
    for (auto &c : commands) {
        CAPTURE(c.name);
        CHECK(c.value == c.number);
    }
}

TEST_CASE("constants: options, flags and events") {
    CHECK((RNORM == 0 && RMSGD == 1 && RMSGN == 2 && RMODEMASK == 3));
    CHECK((RPROTDAT == 4 && RPROTDIS == 8 && RPROTNORM == 0x10 && RPROTMASK == 0x1c));
    CHECK((SNDZERO == 1 && SNDPIPE == 2));
    CHECK((FLUSHR == 1 && FLUSHW == 2 && FLUSHRW == 3 && FLUSHBAND == 4));
    CHECK((S_INPUT == 1 && S_HIPRI == 2 && S_OUTPUT == 4 && S_MSG == 8 && S_WRNORM == S_OUTPUT));
    CHECK((S_ERROR == 0x10 && S_HANGUP == 0x20 && S_RDNORM == 0x40 && S_RDBAND == 0x80));
    CHECK((S_WRBAND == 0x100 && S_BANDURG == 0x200 && S_ALL == 0x3ff));
    CHECK((RS_HIPRI == 1 && MSG_HIPRI == 1 && MSG_ANY == 2 && MSG_BAND == 4));
    CHECK((MORECTL == 1 && MOREDATA == 2 && ANYMARK == 1 && LASTMARK == 2));
    CHECK((MUXID_ALL == -1 && INFTIM == -1 && FMNAMESZ == 8));
    CHECK((RERRNORM == 1 && RERRNONPERSIST == 2 && WERRNORM == 4 && WERRNONPERSIST == 8));
    CHECK((INFPSZ == -1 && TRANSPARENT == static_cast<unsigned>(-1) && static_cast<unsigned char>(NOERROR) == 0xff));
    CHECK((MODOPEN == 1 && CLONEOPEN == 2 && OPENFAIL == -1));
}

TEST_CASE("constants: message types and flags as they reach the stream head") {
    CHECK((M_DATA == 0 && M_PROTO == 1 && M_BREAK == 8 && M_PASSFP == 9 && M_SIG == 0x0b));
    CHECK((M_DELAY == 0x0c && M_CTL == 0x0d && M_IOCTL == 0x0e && M_SETOPTS == 0x10 && M_RSE == 0x11));
    CHECK((M_IOCACK == 0x81 && M_IOCNAK == 0x82 && M_PCPROTO == 0x83 && M_PCSIG == 0x84));
    CHECK((M_READ == 0x85 && M_FLUSH == 0x86 && M_STOP == 0x87 && M_START == 0x88));
    CHECK((M_HANGUP == 0x89 && M_ERROR == 0x8a && M_COPYIN == 0x8b && M_COPYOUT == 0x8c && M_IOCDATA == 0x8d));
    CHECK((M_PCRSE == 0x8e && M_STOPI == 0x8f && M_STARTI == 0x90));
    CHECK((MSGMARK == 1 && MSGNOLOOP == 2 && MSGDELIM == 4 && MSGNOGET == 8));
}

TEST_CASE("constants: so_flags of struct stroptions") {
    CHECK(
        (SO_READOPT == 1 && SO_WROFF == 2 && SO_MINPSZ == 4 && SO_MAXPSZ == 8 && SO_HIWAT == 0x10 && SO_LOWAT == 0x20));
    CHECK((SO_ALL == 0x3f && SO_MREADON == 0x40 && SO_MREADOFF == 0x80 && SO_NDELON == 0x100 && SO_NDELOFF == 0x200));
    CHECK((SO_ISTTY == 0x400 && SO_ISNTTY == 0x800 && SO_TOSTOP == 0x1000 && SO_TONSTOP == 0x2000));
    CHECK((SO_BAND == 0x4000 && SO_DELIM == 0x8000 && SO_NODELIM == 0x10000 && SO_STRHOLD == 0x20000));
}

TEST_CASE("constants: poll bits that System V and the host share") {
    CHECK((POLLIN == 1 && POLLPRI == 2 && POLLOUT == 4 && POLLERR == 8 && POLLHUP == 0x10 && POLLNVAL == 0x20));
    CHECK((POLLRDNORM == 0x40 && POLLRDBAND == 0x80));
}

TEST_CASE("constants: limits: 15 seconds, 5120 and 1024, 256 bands, 65536, 1024 and 9") {
    Tunables tunables;
    CHECK(tunables.push_limit == 9);
    CHECK(tunables.strmsgsz == 65536);
    CHECK(tunables.strctlsz == 1024);
    CHECK((STRHIGH == 5120 && STRLOW == 1024 && NBAND == 256));
    OneStream s;
    CHECK(s.stream().read_queue()->q_hiwat == STRHIGH);
    CHECK(s.stream().close_ms == 15000);
}

TEST_CASE("constants: argument structures have their documented members, in order, of the documented types") {
    CHECK((offsetof(strbuf, maxlen) == 0 && offsetof(strbuf, len) == 4 && offsetof(strbuf, buf) == 8));
    CHECK((offsetof(strioctl, ic_cmd) == 0 && offsetof(strioctl, ic_timout) == 4 && offsetof(strioctl, ic_len) == 8 &&
           offsetof(strioctl, ic_dp) == 16));
    CHECK((offsetof(strpeek, ctlbuf) == 0 && offsetof(strpeek, databuf) == sizeof(struct strbuf) &&
           offsetof(strpeek, flags) == 2 * sizeof(struct strbuf)));
    CHECK((offsetof(strfdinsert, ctlbuf) == 0 && offsetof(strfdinsert, databuf) == sizeof(struct strbuf) &&
           offsetof(strfdinsert, flags) == 2 * sizeof(struct strbuf) &&
           offsetof(strfdinsert, fildes) == 36 && offsetof(strfdinsert, offset) == 40));
    CHECK((offsetof(strrecvfd, fd) == 0 && offsetof(strrecvfd, uid) < offsetof(strrecvfd, gid) &&
           sizeof(strrecvfd::fill) == 8));
    CHECK((sizeof(o_strrecvfd::uid) == 2 && sizeof(o_strrecvfd::gid) == 2 && sizeof(o_strrecvfd::fill) == 8));
    CHECK(sizeof(str_mlist) == FMNAMESZ + 1);
    CHECK((offsetof(str_list, sl_nmods) == 0 && offsetof(str_list, sl_modlist) == 8));
    CHECK((offsetof(bandinfo, bi_pri) == 0 && sizeof(bandinfo::bi_pri) == 1 && offsetof(bandinfo, bi_flag) == 4));
    CHECK((std::is_same_v<decltype(strpeek::flags), t_uscalar_t> && sizeof(strpeek::flags) == 4));
    CHECK((sizeof(strfdinsert::flags) == 4 && sizeof(strpeek) == 40 && sizeof(strfdinsert) == 48));
    CHECK(std::is_same_v<decltype(bandinfo::bi_flag), int>);
}

// --- legacy argument habits: what stands in the upper half of the third argument's place is chance

TEST_CASE("constants: a command that takes a value looks at an int's worth of its argument") {
    OneStream s;
    s.f.module("m");
    const long upper = 0x7a7a7a7aL << 32;
    CHECK(s.ioctl(I_SRDOPT, upper | RMSGN) == 0);
    CHECK(s.ioctl(I_SWROPT, upper | SNDZERO) == 0);
    CHECK(s.ioctl(I_FLUSH, upper | FLUSHRW) == 0);
    CHECK(s.ioctl(I_SETSIG, upper | S_INPUT) == 0);
    s.up(M_DATA, "x", 2, MSGMARK);
    CHECK(s.ioctl(I_CKBAND, upper | 2) == 1);
    CHECK(s.ioctl(I_ATMARK, upper | ANYMARK) == 1);
    CHECK(s.ioctl(I_CANPUT, upper | 1) == 1);
    CHECK(s.ioctl(I_SERROPT, upper | RERRNONPERSIST) == 0);
    CHECK(s.ioctl(I_CKBAND, upper | 0xffffffffL) == -EINVAL); // -1 in an int
    int p[2];
    CHECK(outcome(rill_pipe(handle(s.root), p)) == 0);
    CHECK(s.f.ioctl(p[0], I_SENDFD, upper | s.fd) == 0);
    int options = 0;
    CHECK(s.ioctl(I_GRDOPT, &options) == 0);
    CHECK(options == (RMSGN | RPROTNORM));
}

TEST_CASE("constants: I_POP and I_LIST's forms without use for an argument are called without one") {
    OneStream s;
    s.f.module("m");
    CHECK(s.ioctl(I_PUSH, "m") == 0);
    CHECK(outcome(rill_ioctl(handle(s.root), s.fd, I_POP)) == 0);
    CHECK(top_module(s.root, s.fd) == "-EINVAL");
    Ioctls asked(s.dev);
    asked.answer = [](queue_t *q, mblk_t *mp) { ack(q, mp, 4); };
    CHECK(outcome(rill_ioctl(handle(s.root), s.fd, 0x7a01)) == 4); // whatever the value, it goes down
    CHECK(asked.seen[0].count == TRANSPARENT);
}

TEST_CASE("constants: an int given to a transparent ioctl is found by a driver that reads an int") {
    OneStream s;
    Ioctls asked(s.dev);
    asked.answer = [](queue_t *q, mblk_t *mp) {
        int value;
        std::memcpy(&value, mp->b_cont->b_rptr, sizeof value);
        ack(q, mp, value);
    };
    CHECK(s.ioctl(0x7a01, 41) == 41);
    CHECK(s.ioctl(0x7a01, 1000000L) == 1000000);
}
