// I_SRDOPT, I_GRDOPT, I_SWROPT, I_GWROPT, I_SERROPT, I_GERROPT, I_SETCLTIME and I_GETCLTIME (clauses/02).
#include "test/streamio.hpp"

#include <limits>

using namespace rill;
using namespace rill::test;

namespace {

// What one of the commands that get an int stores, or -errno.
int gives(OneStream &s, int command, int fd = -1) {
    int number = -77;
    int result = s.f.ioctl(fd < 0 ? s.fd : fd, command, &number);
    return result < 0 ? result : number;
}

} // namespace

TEST_SUITE_BEGIN("ioctl_options");

TEST_CASE("IOC-091: I_SRDOPT with bits outside 0x1f: EINVAL, and nothing changes") {
    OneStream s;
    CHECK(s.ioctl(I_SRDOPT, RMSGN | RPROTDIS) == 0);
    for (int bits : {0x20, 0x40, 0x21, -1, 0x4000}) CHECK(s.ioctl(I_SRDOPT, bits) == -EINVAL);
    CHECK(gives(s, I_GRDOPT) == (RMSGN | RPROTDIS));
}

TEST_CASE("IOC-092: I_SRDOPT with RMSGD and RMSGN together: EINVAL, and nothing changes") {
    OneStream s;
    CHECK(s.ioctl(I_SRDOPT, RMSGD | RMSGN) == -EINVAL);
    CHECK(s.ioctl(I_SRDOPT, RMSGD | RMSGN | RPROTDAT) == -EINVAL);
    CHECK(gives(s, I_GRDOPT) == (RNORM | RPROTNORM));
}

TEST_CASE("IOC-090: I_SRDOPT sets read mode and control mode") {
    OneStream s;
    for (int mode : {RNORM, RMSGD, RMSGN})
        for (int control : {RPROTDAT, RPROTDIS, RPROTNORM}) {
            CHECK(s.ioctl(I_SRDOPT, mode | control) == 0);
            CHECK(gives(s, I_GRDOPT) == (mode | control));
        }
    CHECK((RMSGN | RPROTDAT) == 6);
    CHECK(s.ioctl(I_SRDOPT, RMSGN | RPROTDAT) == 0);
    s.up_control(M_PROTO, "control", "data");
    s.up(M_DATA, "next");
    CHECK(s.f.read(s.fd, 100) == "controldata"); // both have effect
}

TEST_CASE("IOC-094: without an RPROT bit the control mode stays as it is") {
    OneStream s;
    CHECK(s.ioctl(I_SRDOPT, RPROTDIS) == 0);
    CHECK(s.ioctl(I_SRDOPT, RMSGN) == 0);
    CHECK(gives(s, I_GRDOPT) == (RMSGN | RPROTDIS));
}

TEST_CASE("IOC-096: more than one RPROT bit changes nothing in the control mode, without error") {
    OneStream s;
    CHECK(s.ioctl(I_SRDOPT, RPROTDIS) == 0);
    for (int bits : {RPROTDAT | RPROTDIS, RPROTDAT | RPROTNORM, RPROTMASK}) {
        CHECK(s.ioctl(I_SRDOPT, bits) == 0);
        CHECK(gives(s, I_GRDOPT) == (RNORM | RPROTDIS));
    }
    CHECK(s.ioctl(I_SRDOPT, RMSGD | RPROTDAT | RPROTNORM) == 0); // the read mode is set all the same
    CHECK(gives(s, I_GRDOPT) == (RMSGD | RPROTDIS));
}

TEST_CASE("IOC-097: I_GRDOPT reports exactly one control bit; a new stream gives 16, a pipe too") {
    OneStream s;
    CHECK(gives(s, I_GRDOPT) == 16);
    int p[2];
    CHECK(outcome(rill_pipe(handle(s.root), p)) == 0);
    CHECK(gives(s, I_GRDOPT, p[0]) == 16);
    for (int bits : {0, RPROTDAT, RPROTDIS | RPROTDAT, RPROTDIS, RMSGN}) {
        CHECK(s.ioctl(I_SRDOPT, bits) == 0);
        CHECK(__builtin_popcount(static_cast<unsigned>(gives(s, I_GRDOPT) & RPROTMASK)) == 1);
    }
}

TEST_CASE("IOC-100: I_SWROPT with bits other than SNDZERO and SNDPIPE: EINVAL, and nothing changes") {
    OneStream s;
    CHECK(s.ioctl(I_SWROPT, SNDZERO) == 0);
    for (int bits : {4, 5, 8, -1, 0x100}) CHECK(s.ioctl(I_SWROPT, bits) == -EINVAL);
    CHECK(gives(s, I_GWROPT) == SNDZERO);
}

TEST_CASE("IOC-101: I_GWROPT returns the options in force; 0 on a new device stream") {
    OneStream s;
    CHECK(gives(s, I_GWROPT) == 0);
    CHECK(s.ioctl(I_SWROPT, SNDZERO | SNDPIPE) == 0);
    CHECK(gives(s, I_GWROPT) == 3);
}

TEST_CASE("IOC-098: I_SWROPT replaces the write options") {
    OneStream s;
    CHECK(s.ioctl(I_SWROPT, SNDZERO) == 0);
    CHECK(gives(s, I_GWROPT) == 1);
    CHECK(s.ioctl(I_SWROPT, SNDPIPE) == 0);
    CHECK(gives(s, I_GWROPT) == 2);
    CHECK(s.ioctl(I_SWROPT, 0) == 0);
    CHECK(gives(s, I_GWROPT) == 0);
}

static void sndpipe_from_the_start(const char *profile) {
    OneStream s(profile);
    int p[2];
    CHECK(outcome(rill_pipe(handle(s.root), p)) == 0);
    CHECK(gives(s, I_GWROPT, p[0]) == SNDPIPE);
    CHECK(gives(s, I_GWROPT, p[1]) == SNDPIPE);
}

TEST_CASE("IOC-102 [irix]: on a pipe SNDPIPE is on from the start") {
    sndpipe_from_the_start("irix");
}

TEST_CASE("IOC-102 [solaris]: on a pipe SNDPIPE is on from the start") {
    sndpipe_from_the_start("solaris");
}

static void error_options(const char *profile) {
    OneStream s(profile);
    CHECK(gives(s, I_GERROPT) == 5);
    for (int bits : {0x10, 0x1f, -1}) CHECK(s.ioctl(I_SERROPT, bits) == -EINVAL);
    CHECK(gives(s, I_GERROPT) == 5);
    CHECK(s.ioctl(I_SERROPT, RERRNONPERSIST) == 0);
    CHECK(gives(s, I_GERROPT) == (RERRNONPERSIST | WERRNORM));
    CHECK(s.ioctl(I_SERROPT, WERRNONPERSIST) == 0);
    CHECK(gives(s, I_GERROPT) == (RERRNONPERSIST | WERRNONPERSIST));
    CHECK(s.ioctl(I_SERROPT, 0) == 0);
    CHECK(gives(s, I_GERROPT) == (RERRNONPERSIST | WERRNONPERSIST));
    s.up_errors(EPROTO, ECOMM);
    CHECK(gives(s, I_GRDOPT) == -EPROTO);
    CHECK(gives(s, I_GRDOPT) == -ECOMM); // the read error was reported once and is gone
    CHECK(gives(s, I_GRDOPT) == 16);
}

TEST_CASE("IOC-103 [irix]: I_SERROPT chooses persistent or one-shot errors a side; others: EINVAL; default 5") {
    error_options("irix");
}

TEST_CASE("IOC-103 [solaris]: I_SERROPT chooses persistent or one-shot errors a side; others: EINVAL; default 5") {
    error_options("solaris");
}

TEST_CASE("IOC-223: I_SETCLTIME of a negative time: EINVAL, and nothing changes; 0 turns the drain wait off") {
    OneStream s(hold_writes);
    for (int ms : {-1, std::numeric_limits<int>::min()}) CHECK(s.ioctl(I_SETCLTIME, &ms) == -EINVAL);
    CHECK(gives(s, I_GETCLTIME) == 15000);
    int none = 0;
    CHECK(s.ioctl(I_SETCLTIME, &none) == 0);
    CHECK(gives(s, I_GETCLTIME) == 0);
    CHECK(s.f.write(s.fd, "never drained") == 13);
    const long began = now(s.f);
    CHECK(s.f.close(s.fd) == 0);
    CHECK(now(s.f) == began);
}

TEST_CASE("IOC-220: I_SETCLTIME takes a pointer to milliseconds, rounded up to the clock's tick of 10 ms") {
    OneStream s;
    for (auto [set, got] : {std::pair<int, int>{250, 250}, {251, 260}, {1, 10}, {10, 10}, {0, 0}}) {
        CHECK(s.ioctl(I_SETCLTIME, &set) == 0);
        CHECK(gives(s, I_GETCLTIME) == got);
    }
}

TEST_CASE("IOC-221: the argument of I_SETCLTIME and I_GETCLTIME points to an int: no more than that is touched") {
    OneStream s;
    int set[2] = {500, -1}, got[2] = {-1, -1};
    CHECK(s.ioctl(I_SETCLTIME, set) == 0);
    CHECK(s.ioctl(I_GETCLTIME, got) == 0);
    CHECK(got[0] == 500);
    CHECK(got[1] == -1);
}

static void no_upper_limit(const char *profile) {
    OneStream s(profile);
    int ms = 400000;
    CHECK(s.ioctl(I_SETCLTIME, &ms) == 0);
    CHECK(gives(s, I_GETCLTIME) == 400000);
    ms = std::numeric_limits<int>::max();
    CHECK(s.ioctl(I_SETCLTIME, &ms) == 0);
    CHECK(gives(s, I_GETCLTIME) > 2147483000);
}

TEST_CASE("IOC-224: I_SETCLTIME has no upper limit") {
    no_upper_limit(nullptr);
}

TEST_CASE("IOC-224 [solaris]: I_SETCLTIME has no upper limit") {
    no_upper_limit("solaris");
}

TEST_CASE("IOC-225: I_GETCLTIME stores the delay in milliseconds: 15000 on a new stream, on a pipe too") {
    OneStream s;
    CHECK(gives(s, I_GETCLTIME) == 15000);
    int p[2];
    CHECK(outcome(rill_pipe(handle(s.root), p)) == 0);
    CHECK(gives(s, I_GETCLTIME, p[0]) == 15000);
    int ms = 100;
    CHECK(s.ioctl(I_SETCLTIME, &ms) == 0);
    CHECK(gives(s, I_GETCLTIME) == 100);
    CHECK(gives(s, I_GETCLTIME, p[0]) == 15000); // each stream has its own
}
