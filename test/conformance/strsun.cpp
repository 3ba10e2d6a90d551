// The Solaris message helpers, as a driver in C uses them (test/drivers/ssun.c) and on their own (MSG-116 to MSG-123).
#include "test/harness.hpp"

#include <cstring>
#include <sys/dlpi.h>
#include <sys/strsun.h>

using namespace rill;
using namespace rill::test;

extern "C" {
extern struct streamtab ss_info; // test/drivers/ssun.c
extern int ss_pull;
extern void *ss_uaddr;
}

namespace {

constexpr major_t N = 61;
constexpr int SS_ACK = ('s' << 8) | 1, SS_NAK = ('s' << 8) | 2, SS_GET = ('s' << 8) | 3, SS_PULL = ('s' << 8) | 4;

// ssun's write side pushed as a module over an echo driver would pass all on; as a driver it answers. Its soft state needs
// attach, so a probe driver with its put procedure stands for it.
struct Sun : Fixture {
    Sun() : echo(driver("echo", N)) {
        echo.on_wput = [](queue_t *q, mblk_t *mp) { ss_info.st_wrinit->qi_putp(q, mp); };
        node("/dev/echo", clone(N));
        fd = open("/dev/echo");
    }
    int str(int command, void *data, int length) {
        strioctl io{command, 0, length, static_cast<char *>(data)};
        const int result = ioctl(fd, I_STR, &io);
        left = io.ic_len;
        return result;
    }
    Probe &echo;
    int fd, left = 0;
};

mblk_t *block(std::string_view text, size_t size = 64) {
    mblk_t *mp = allocb(size, BPRI_MED);
    std::memcpy(mp->b_wptr, text.data(), text.size());
    mp->b_wptr += text.size();
    return mp;
}

} // namespace

TEST_SUITE_BEGIN("strsun");

TEST_CASE("MSG-116: the macros: DB_TYPE, MBLKL, MBLKHEAD, MBLKTAIL, MBLKSIZE, MBLKIN") {
    Fixture f;
    Enter scope(f.system);
    mblk_t *mp = block("abcdef", 64);
    mp->b_rptr += 2;
    CHECK(DB_TYPE(mp) == M_DATA);
    CHECK(DB_REF(mp) == 1);
    CHECK(DB_BASE(mp) + 2 == mp->b_rptr);
    CHECK(MBLKL(mp) == 4);
    CHECK(MBLKHEAD(mp) == 2);
    CHECK(MBLKSIZE(mp) == DB_LIM(mp) - DB_BASE(mp));
    CHECK(MBLKHEAD(mp) + MBLKL(mp) + MBLKTAIL(mp) == MBLKSIZE(mp));
    CHECK(MBLKIN(mp, 1, 3));
    CHECK_FALSE(MBLKIN(mp, 1, 4));
    CHECK_FALSE(MBLKIN(mp, 5, 0));
    CHECK(mblkin(mp, 0, 4) == 1);
    CHECK(mblkin(mp, 3, 2) == 0);
    freemsg(mp);
}

TEST_CASE("MSG-118: miocnak: the ioctl fails with its error; error 0 with EINVAL") {
    Sun f;
    CHECK(f.str(SS_NAK, nullptr, 0) == -EPROTO);
    f.echo.on_wput = [](queue_t *q, mblk_t *mp) { miocnak(q, mp, 0, 0); };
    CHECK(f.str(SS_NAK, nullptr, 0) == -EINVAL);
}

TEST_CASE("MSG-117: miocack: the ioctl returns rval and no data") {
    Sun f;
    char data[4] = "abc";
    CHECK(f.str(SS_ACK, data, 3) == 7);
    CHECK(f.left == 0);
}

TEST_CASE("MSG-120: miocpullup: short data or none is EINVAL, data in two blocks becomes one, no memory is ENOMEM") {
    Sun f;
    short little = 1;
    CHECK(f.str(SS_PULL, &little, sizeof little) == -EINVAL);
    CHECK(ss_pull == EINVAL);
    CHECK(f.ioctl(f.fd, SS_PULL, &little) == -EINVAL); // transparent

    Enter scope(f.system);
    mblk_t *mp = mkiocb(SS_PULL);
    CHECK(miocpullup(mp, 1) == EINVAL);
    mp->b_cont = block("ab");
    mp->b_cont->b_cont = block("cdef");
    reinterpret_cast<iocblk *>(mp->b_rptr)->ioc_count = 6;
    f.system.alloc.fail_nth(1);
    CHECK(miocpullup(mp, 4) == ENOMEM);
    CHECK(MBLKL(mp->b_cont) == 2); // untouched
    CHECK(miocpullup(mp, 4) == 0);
    CHECK(std::string(reinterpret_cast<char *>(mp->b_cont->b_rptr), 4) == "abcd");
    CHECK(msgdsize(mp) == 6);
    CHECK(miocpullup(mp, 7) == EINVAL);
    freemsg(mp);
}

TEST_CASE("MSG-119: mioc2ack: the answer carries the new data and rval, the old data is freed") {
    Sun f;
    int value = 41;
    CHECK(f.str(SS_PULL, &value, sizeof value) == 41);
    CHECK(f.left == sizeof value);
    CHECK(value == 42);
}

TEST_CASE("MSG-121 MSG-122: mcopyin takes a transparent ioctl's address from b_cont, mcopyout brings data there") {
    Sun f;
    int value = 21;
    ss_uaddr = &value;
    CHECK(f.ioctl(f.fd, SS_GET, &value) == 0);
    CHECK(value == 42);
    CHECK(f.str(SS_GET, &value, sizeof value) == -EINVAL); // not transparent
    CHECK(f.ioctl(f.fd, SS_GET, reinterpret_cast<void *>(8)) == -EFAULT);
}

TEST_CASE("MSG-121: mcopyin fills in the request in place: address, size, private, no data") {
    Fixture f;
    Enter scope(f.system);
    mblk_t *mp = mkiocb(SS_GET);
    reinterpret_cast<iocblk *>(mp->b_rptr)->ioc_count = TRANSPARENT;
    const unsigned id = reinterpret_cast<iocblk *>(mp->b_rptr)->ioc_id;
    char *address = reinterpret_cast<char *>(0x1234);
    mp->b_cont = block(std::string_view(reinterpret_cast<char *>(&address), sizeof address));
    int priv = 0;
    mcopyin(mp, &priv, 12, nullptr);
    const auto *request = reinterpret_cast<copyreq *>(mp->b_rptr);
    CHECK(DB_TYPE(mp) == M_COPYIN);
    CHECK(request->cq_id == id);
    CHECK(request->cq_addr == address);
    CHECK(request->cq_size == 12);
    CHECK(reinterpret_cast<void *>(request->cq_private) == &priv);
    CHECK(request->cq_flag == 0);
    CHECK(mp->b_cont == nullptr);
    CHECK(MBLKL(mp) == static_cast<long>(sizeof(copyreq)));
    freemsg(mp);
}

TEST_CASE("MSG-123: mexchange reuses a block that is large enough and not shared, else replaces it; failure sends M_ERROR ENOSR") {
    Fixture f;
    Probe &echo = f.driver("echo", N);
    f.node("/dev/echo", f.clone(N));
    const int fd = f.open("/dev/echo");
    {
        Enter scope(f.system);
        mblk_t *mp = block("abcdef", 64), *same = mexchange(nullptr, mp, 8, M_PROTO, 5);
        CHECK(same == mp);
        CHECK(DB_TYPE(same) == M_PROTO);
        CHECK(MBLKL(same) == 8);
        int type;
        std::memcpy(&type, same->b_rptr, sizeof type);
        CHECK(type == 5);
        mblk_t *shared = dupmsg(same);
        mblk_t *other = mexchange(nullptr, same, 8, M_PCPROTO, -1);
        CHECK(DB_BASE(other) != DB_BASE(shared));
        CHECK(DB_TYPE(shared) == M_PROTO);
        freemsg(shared);
        mblk_t *large = mexchange(nullptr, other, 5000, M_DATA, -1);
        REQUIRE(large);
        CHECK(MBLKL(large) == 5000);
        f.system.alloc.fail_nth(1);
        CHECK(mexchange(nullptr, large, 20000, M_DATA, -1) == nullptr); // and large is gone
        f.system.alloc.fail_nth(1);
        CHECK(mexchange(WR(echo.last("open").q), nullptr, 8, M_DATA, -1) == nullptr);
    }
    CHECK(f.write(fd, "x") == -ENOSR);
}

TEST_CASE("UTL-121: acknowledgements of a DLPI provider: each takes the request with its data, and sends what its name says") {
    Fixture f;
    Probe &echo = f.driver("echo", N);
    f.node("/dev/echo", f.clone(N));
    const int fd = f.open("/dev/echo");
    queue_t *wq = WR(echo.last("open").q);
    const auto next = [&](auto &ack, std::string &rest) {
        char text[128];
        strbuf ctl{sizeof text, 0, text};
        int flags = 0;
        REQUIRE(rill_getmsg(handle(f.root), fd, &ctl, nullptr, &flags) == 0);
        CHECK(flags == RS_HIPRI);
        REQUIRE(ctl.len >= static_cast<int>(sizeof ack));
        std::memcpy(&ack, text, sizeof ack);
        rest.assign(text + sizeof ack, static_cast<std::size_t>(ctl.len) - sizeof ack);
    };
    const auto request = [&] {
        mblk_t *mp = block("request of a user", 64);
        DB_TYPE(mp) = M_PROTO;
        mp->b_cont = block("data");
        return mp;
    };
    std::string rest;
    {
        Enter scope(f.system);
        dlokack(wq, request(), DL_ATTACH_REQ);
    }
    dl_ok_ack_t ok;
    next(ok, rest);
    CHECK(ok.dl_primitive == DL_OK_ACK);
    CHECK(ok.dl_correct_primitive == DL_ATTACH_REQ);
    {
        Enter scope(f.system);
        dlerrorack(wq, request(), DL_BIND_REQ, DL_SYSERR, ENOMEM);
    }
    dl_error_ack_t error;
    next(error, rest);
    CHECK(error.dl_primitive == DL_ERROR_ACK);
    CHECK(error.dl_error_primitive == DL_BIND_REQ);
    CHECK(error.dl_errno == DL_SYSERR);
    CHECK(error.dl_unix_errno == ENOMEM);
    {
        Enter scope(f.system);
        dlbindack(wq, request(), 0x800, "abcdef", 6, 1, 0);
    }
    dl_bind_ack_t bound;
    next(bound, rest);
    CHECK(bound.dl_primitive == DL_BIND_ACK);
    CHECK(bound.dl_sap == 0x800);
    CHECK(bound.dl_addr_length == 6);
    CHECK(bound.dl_addr_offset == sizeof bound);
    CHECK(rest == "abcdef");
    {
        Enter scope(f.system);
        dlphysaddrack(wq, nullptr, "123456", 6);
    }
    dl_phys_addr_ack_t address;
    next(address, rest);
    CHECK(address.dl_primitive == DL_PHYS_ADDR_ACK);
    CHECK(address.dl_addr_length == 6);
    CHECK(rest == "123456");
    {
        Enter scope(f.system);
        f.system.alloc.fail_nth(1);
        dlokack(wq, nullptr, DL_ATTACH_REQ);
    }
    CHECK(f.write(fd, "x") == -ENOSR);
}

TEST_CASE("MSG-123: mcopymsg takes the bytes of all blocks and frees the message") {
    Fixture f;
    Enter scope(f.system);
    mblk_t *mp = block("ab");
    mp->b_cont = block("cde");
    char text[6] = {};
    mcopymsg(mp, text);
    CHECK(std::string(text) == "abcde");
}
