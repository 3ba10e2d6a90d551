// getmsg(2) and getpmsg(2): arguments, delivery, selection and waiting (clauses/02, getmsg and getpmsg).
#include "test/headcalls.hpp"

using namespace rill;
using namespace rill::test;

namespace {

std::string getm(OneStream &s, int flags = 0, Parts want = {}) { return getmsg_as(s.root, s.fd, flags, want); }
std::string getp(OneStream &s, int flags = MSG_ANY, int band = 0, Parts want = {}) {
    return getpmsg_as(s.root, s.fd, flags, band, want);
}
void do_not_wait(OneStream &s) { CHECK(set_flags(s.root, s.fd, O_NONBLOCK) >= 0); }
bool empty(OneStream &s) { return s.stream().read_queue()->q_first == nullptr; }

// A descriptor with no stream behind it.
int plain_file(Fixture &f) {
    static Driver plain;
    plain.name = plain.prefix = "plain";
    plain.entry.open = [](dev_t *, int, int, cred_t *) { return 0; };
    {
        Enter scope(f.system);
        CHECK(f.system.registry.add(plain, 62) == 0);
    }
    f.node("/dev/plain", makedevice(62, 0));
    return f.open("/dev/plain");
}

} // namespace

TEST_SUITE_BEGIN("getmsg");

// --- arguments

TEST_CASE("GM-001 GM-005: getmsg takes flags 0 or RS_HIPRI, any other is EINVAL, before the descriptor is looked at") {
    OneStream s;
    s.up_control(M_PCPROTO, "H", "ab");
    for (int flags : {2, 3, 4, 9, -1}) {
        CAPTURE(flags);
        CHECK(getm(s, flags) == "-EINVAL");
        CHECK(getmsg_as(s.root, -1, flags) == "-EINVAL");
    }
    CHECK(getmsg_as(s.root, -1, 0) == "-EBADF");
    CHECK(getmsg_as(s.root, -1, RS_HIPRI) == "-EBADF");
    CHECK(getm(s, RS_HIPRI) == "0 H|ab hipri");
}

TEST_CASE("GM-002: getpmsg takes exactly one of MSG_ANY, MSG_BAND, MSG_HIPRI, else EINVAL") {
    OneStream s;
    s.up(M_DATA, "ab");
    for (int flags : {0, MSG_ANY | MSG_BAND, MSG_ANY | MSG_HIPRI, MSG_BAND | MSG_HIPRI, 7, 8, MSG_ANY | 8}) {
        CAPTURE(flags);
        CHECK(getp(s, flags) == "-EINVAL");
    }
    CHECK(getp(s, MSG_ANY) == "0 -|ab band 0");
}

TEST_CASE("GM-003 GM-004: getpmsg: a band outside 0 to 255, or MSG_HIPRI with another band than 0: EINVAL") {
    OneStream s;
    s.up(M_DATA, "ab", 255);
    for (int band : {-1, 256, 1000}) CHECK(getp(s, MSG_BAND, band) == "-EINVAL");
    CHECK(getpmsg_as(s.root, -1, MSG_BAND, 256) == "-EINVAL"); // before the descriptor
    CHECK(getp(s, MSG_HIPRI, 1) == "-EINVAL");
    CHECK(getp(s, MSG_BAND, 255) == "0 -|ab band 255");
}

TEST_CASE("GM-006 GM-009: a bad address of flags, band or a strbuf: EFAULT, and the message stays") {
    OneStream s;
    do_not_wait(s);
    s.up_control(M_PROTO, "H", "ab");
    Page page;
    char c[8], d[8];
    strbuf ctl{8, 0, c}, data{8, 0, d};
    auto *bad = reinterpret_cast<struct strbuf *>(page.at());
    int *nowhere = reinterpret_cast<int *>(page.at());
    int flags = 0, any = MSG_ANY, band = 0;
    rill_proc *p = handle(s.root);
    CHECK(outcome(rill_getmsg(p, s.fd, &ctl, &data, nowhere)) == -EFAULT);
    CHECK(outcome(rill_getpmsg(p, s.fd, &ctl, &data, &band, nowhere)) == -EFAULT);
    CHECK(outcome(rill_getpmsg(p, s.fd, &ctl, &data, nowhere, &any)) == -EFAULT);
    CHECK(outcome(rill_getmsg(p, s.fd, bad, &data, &flags)) == -EFAULT);
    CHECK(outcome(rill_getmsg(p, s.fd, &ctl, bad, &flags)) == -EFAULT);
    CHECK(getm(s) == "0 H|ab normal");
}

TEST_CASE("GM-009: a strbuf that can be read and not written: EFAULT") {
    OneStream s;
    do_not_wait(s);
    s.up_control(M_PROTO, "H", "ab");
    Page page(PROT_READ | PROT_WRITE);
    char d[8];
    auto *data = reinterpret_cast<struct strbuf *>(page.at());
    *data = {8, 0, d};
    page.allow(PROT_READ);
    int flags = 0;
    CHECK(outcome(rill_getmsg(handle(s.root), s.fd, nullptr, data, &flags)) == -EFAULT);
}

TEST_CASE("GM-007: a descriptor not open, or not for reading: EBADF") {
    OneStream s;
    int fd = s.f.open("/dev/dev0", O_WRONLY);
    s.up(M_DATA, "ab");
    for (int each : {fd, -1, 99}) {
        CHECK(getmsg_as(s.root, each) == "-EBADF");
        CHECK(getpmsg_as(s.root, each) == "-EBADF");
    }
    CHECK(getm(s) == "0 -|ab normal");
}

TEST_CASE("GM-008: a descriptor with no stream behind it: ENOSTR") {
    Fixture f;
    int fd = plain_file(f);
    REQUIRE(fd >= 0);
    CHECK(getmsg_as(f.root, fd) == "-ENOSTR");
    CHECK(getpmsg_as(f.root, fd) == "-ENOSTR");
}

TEST_CASE("GM-011 GM-062 ERR-040: linked below, then a stored error, come before getpmsg's flags, after getmsg's") {
    OneStream s(swallow_flushes);
    s.up(M_DATA, "ab");
    s.up_error(EPROTO);
    CHECK(getm(s, 9) == "-EINVAL");
    CHECK(s.f.why().find("GM-001") != std::string::npos);
    CHECK(getm(s) == "-EPROTO");
    CHECK(getp(s, 0) == "-EPROTO");
    CHECK(getp(s, MSG_ANY, 256) == "-EINVAL"); // the band is looked at first
    s.stream().linked_below = true;
    CHECK(getm(s) == "-EINVAL");
    CHECK(s.f.why().find("GM-062") != std::string::npos);
    CHECK(getp(s) == "-EINVAL");
    s.stream().linked_below = false;
    s.up_errors(0, 0);
    CHECK(getm(s) == "0 -|ab normal");
}

TEST_CASE("GM-060: a stored read error makes the call fail, ahead of queued messages; a write error does not") {
    OneStream s(swallow_flushes);
    s.up(M_DATA, "ab");
    s.up_errors(EPROTO, NOERROR);
    CHECK(getm(s) == "-EPROTO");
    CHECK(getp(s) == "-EPROTO");
    s.up_errors(0, ESTALE);
    CHECK(getm(s) == "0 -|ab normal");
}

// --- delivery

TEST_CASE("GM-020 GM-030: control and data go to their buffers, len tells how much; flags tell the priority") {
    OneStream s;
    s.up_control(M_PROTO, "HH", "abc");
    CHECK(getm(s) == "0 HH|abc normal");
    s.up_control(M_PCPROTO, "HH", "abc");
    CHECK(getm(s) == "0 HH|abc hipri");
    CHECK(empty(s));
}

TEST_CASE("GM-031: getpmsg: MSG_HIPRI and band 0 for a high-priority message, else MSG_BAND and its band") {
    OneStream s;
    s.up_control(M_PCPROTO, "P");
    s.up(M_DATA, "ab", 5);
    s.up(M_DATA, "cd");
    CHECK(getp(s) == "0 P|- hipri");
    CHECK(getp(s) == "0 -|ab band 5");
    CHECK(getp(s) == "0 -|cd band 0");
}

TEST_CASE("GM-021 GM-022: len is -1 for a part that is not there, 0 for an empty one, which is removed even by maxlen 0") {
    OneStream s;
    s.up(M_DATA, "ab");
    CHECK(getm(s) == "0 -|ab normal");
    s.up_control(M_PROTO, "H");
    CHECK(getm(s) == "0 H|- normal");
    up_chain(s, {{M_PROTO, ""}});
    CHECK(getm(s, 0, {.ctl_max = 0}) == "0 |- normal");
    CHECK(empty(s));
    up_chain(s, {{M_PROTO, ""}, {M_DATA, ""}});
    CHECK(getm(s, 0, {.ctl_max = 0, .data_max = 0}) == "0 | normal");
    CHECK(empty(s));
}

TEST_CASE("GM-023: maxlen 0 and a part with bytes: it stays, len 0, MORE") {
    OneStream s;
    s.up_control(M_PROTO, "H", "abc");
    CHECK(getm(s, 0, {.ctl_max = 0, .data_max = 0}) == "3 | normal");
    CHECK(getm(s, 0, {.data_max = 0}) == "2 H| normal");
    CHECK(getm(s, 0, {.data_max = 0}) == "2 -| normal");
    CHECK(getm(s) == "0 -|abc normal");
}

TEST_CASE("GM-010 GM-024: maxlen -1 or a null pointer leaves that part, with MORE if it exists") {
    OneStream s;
    s.up_control(M_PROTO, "H", "abc");
    CHECK(getm(s, 0, {.ctl_max = -1, .data_max = -1}) == "3 -|- normal");
    CHECK(getm(s, 0, {.no_ctl = true, .no_data = true}) == "3 | normal");
    CHECK(getm(s, 0, {.no_ctl = true}) == "1 |abc normal");
    CHECK(getm(s, 0, {.no_data = true}) == "0 H| normal"); // no data is left
    CHECK(empty(s));
    s.up(M_DATA, "abc");
    CHECK(getm(s, 0, {.data_max = -1}) == "2 -|- normal");
    CHECK(getm(s, 0, {.no_ctl = true}) == "0 |abc normal");
}

TEST_CASE("GM-025 GM-026 GM-028: a part longer than maxlen comes in pieces; exactly maxlen is complete") {
    OneStream s;
    s.up_control(M_PROTO, "0123456789", "abcdef");
    CHECK(getm(s, 0, {.ctl_max = 4, .data_max = 4}) == "3 0123|abcd normal");
    CHECK(getm(s, 0, {.ctl_max = 4, .data_max = 4}) == "1 4567|ef normal");
    CHECK(getm(s) == "0 89|- normal");
    CHECK(empty(s));
    s.up_control(M_PROTO, "0123", "abcd");
    CHECK(getm(s, 0, {.ctl_max = 4, .data_max = 4}) == "0 0123|abcd normal");
    s.up_control(M_PROTO, "0123", "abcd");
    CHECK(getm(s, 0, {.ctl_max = 4, .data_max = 3}) == "2 0123|abc normal");
    CHECK(getm(s) == "0 -|d normal");
}

TEST_CASE("GM-027: data is taken past a control part left queued, which then stands alone") {
    OneStream s;
    s.up_control(M_PROTO, "H", "abc");
    CHECK(getm(s, 0, {.ctl_max = -1}) == "1 -|abc normal");
    CHECK(getm(s) == "0 H|- normal");
    CHECK(empty(s));
}

TEST_CASE("GM-029: a rest keeps its band; a message of a higher band that arrives meanwhile comes first") {
    OneStream s;
    s.up(M_DATA, "abcd", 1);
    CHECK(getp(s, MSG_ANY, 0, {.data_max = 2}) == "2 -|ab band 1");
    up_chain(s, {{M_PROTO, "H"}}, 3);
    s.up(M_DATA, "low");
    s.up(M_DATA, "same", 1);
    CHECK(getp(s) == "0 H|- band 3");
    CHECK(getp(s) == "0 -|cd band 1");
    CHECK(getp(s) == "0 -|same band 1");
    CHECK(getp(s) == "0 -|low band 0");
}

TEST_CASE("GM-029: a high-priority message overtakes the rest of a partly read one") {
    OneStream s;
    s.up_control(M_PROTO, "HHHH", "ab");
    CHECK(getm(s, 0, {.ctl_max = 2, .data_max = -1}) == "3 HH|- normal");
    s.up_control(M_PCPROTO, "P");
    CHECK(getm(s) == "0 P|- hipri");
    CHECK(getm(s) == "0 HH|ab normal");
}

TEST_CASE("GM-033: once its control part is taken the rest of a high-priority message is normal, in band 0") {
    OneStream s;
    s.up_control(M_PCPROTO, "PP", "ab");
    CHECK(getp(s, MSG_ANY, 0, {.ctl_max = 1, .data_max = -1}) == "3 P|- hipri");
    CHECK(getp(s, MSG_HIPRI, 0, {.data_max = -1}) == "2 P|- hipri"); // the control rest was still high priority
    do_not_wait(s);
    CHECK(getp(s, MSG_HIPRI) == "-EAGAIN");
    CHECK(getp(s) == "0 -|ab band 0");
}

static void nothing_wanted(const char *profile) {
    for (Parts want : {Parts{.ctl_max = 0, .data_max = 0}, Parts{.ctl_max = -1, .data_max = -1},
                       Parts{.no_ctl = true, .no_data = true}}) {
        OneStream s(profile);
        Sleeper reader(s.f, s.root, "getmsg", [&] { return getm(s, 0, want); });
        CHECK(reader.sleeps());
        s.up(M_DATA, "ab");
        CHECK(reader.text().substr(0, 1) == "2"); // MOREDATA
        CHECK(getm(s) == "0 -|ab normal");
    }
}

TEST_CASE("GM-034 [irix]: nothing wanted, on an empty queue: the call waits like any other") {
    nothing_wanted("irix");
}

TEST_CASE("GM-034 [svr4]: nothing wanted, on an empty queue: the call waits like any other") {
    nothing_wanted("svr4");
}

TEST_CASE("GM-035 [solaris]: both maxlens 0 on an empty queue: 0 at once, both lens 0, flags 0") {
    OneStream s("solaris");
    CHECK(getm(s, 0, {.ctl_max = 0, .data_max = 0}) == "0 | normal");
    CHECK(getp(s, MSG_BAND, 7, {.ctl_max = 0, .data_max = 0}) == "0 | none 7");
    do_not_wait(s);
    CHECK(getm(s, 0, {.ctl_max = 0}) == "-EAGAIN");
}

TEST_CASE("GM-036: a bad buffer: EFAULT, the message is lost, the high-priority place is free again") {
    for (int type : {M_PROTO, M_PCPROTO})
        for (bool control : {false, true})
            for (bool half : {false, true}) {
                CAPTURE(type);
                CAPTURE(control);
                CAPTURE(half);
                OneStream s;
                do_not_wait(s);
                s.up_control(type, "HHHH", "abcd");
                HalfPage memory;
                char good[8];
                char *bad = half ? memory.last(2) : memory.bad();
                strbuf ctl{8, 0, control ? bad : good}, data{8, 0, control ? good : bad};
                int flags = 0;
                CHECK(outcome(rill_getmsg(handle(s.root), s.fd, &ctl, &data, &flags)) == -EFAULT);
                if (half) CHECK(std::string(bad, 2) == (control ? "HH" : "ab"));
                CHECK(getm(s) == "-EAGAIN");
                s.up_control(M_PCPROTO, "P");
                CHECK(getm(s) == "0 P|- hipri");
            }
}

TEST_CASE("GM-037: a rest of nothing but empty data is dropped after some data was taken") {
    OneStream s;
    up_chain(s, {{M_DATA, "ab"}, {M_DATA, ""}});
    CHECK(getm(s, 0, {.data_max = 2}) == "0 -|ab normal");
    CHECK(empty(s));
}

TEST_CASE("GM-038: several control blocks at the start are one control part") {
    for (int type : {M_PROTO, M_PCPROTO}) {
        OneStream s;
        up_chain(s, {{type, "H"}, {type, "J"}, {M_DATA, "ab"}});
        CHECK(getm(s) == std::string("0 HJ|ab ") + (type == M_PROTO ? "normal" : "hipri"));
    }
}

// --- selection and waiting

TEST_CASE("GM-050 GM-051: high priority first, then bands downwards, first in first out within a band") {
    OneStream s;
    s.up(M_DATA, "a0");
    s.up(M_DATA, "a2", 2);
    s.up(M_DATA, "a1", 1);
    s.up(M_DATA, "b2", 2);
    s.up(M_DATA, "c255", 255);
    s.up_control(M_PCPROTO, "P");
    s.up(M_DATA, "b0");
    CHECK(getp(s) == "0 P|- hipri");
    CHECK(getp(s) == "0 -|c255 band 255");
    CHECK(getm(s) == "0 -|a2 normal"); // getmsg takes the first whatever it is
    CHECK(getp(s) == "0 -|b2 band 2");
    CHECK(getp(s) == "0 -|a1 band 1");
    CHECK(getp(s) == "0 -|a0 band 0");
    CHECK(getp(s) == "0 -|b0 band 0");
    CHECK(empty(s));
}

TEST_CASE("GM-052 GM-053: MSG_BAND takes the first message of at least that band, or high priority; else it waits") {
    OneStream s;
    do_not_wait(s);
    s.up(M_DATA, "one", 1);
    CHECK(getp(s, MSG_BAND, 2) == "-EAGAIN");
    CHECK(set_flags(s.root, s.fd, 0) >= 0);
    Sleeper reader(s.f, s.root, "getpmsg", [&] { return getp(s, MSG_BAND, 2); });
    s.up(M_DATA, "zero");
    s.up(M_DATA, "other", 1);
    CHECK(reader.sleeps());
    s.up(M_DATA, "three", 3);
    CHECK(reader.text() == "0 -|three band 3");
    s.up_control(M_PCPROTO, "P");
    CHECK(getp(s, MSG_BAND, 2) == "0 P|- hipri");
    CHECK(getp(s, MSG_BAND, 1) == "0 -|one band 1");
    CHECK(getp(s, MSG_BAND, 0) == "0 -|other band 1");
    CHECK(getp(s, MSG_BAND, 0) == "0 -|zero band 0");
}

TEST_CASE("GM-054: RS_HIPRI and MSG_HIPRI take only a high-priority message; one that waits is passed by the others") {
    OneStream s;
    do_not_wait(s);
    s.up(M_DATA, "ab");
    CHECK(getm(s, RS_HIPRI) == "-EAGAIN");
    CHECK(getp(s, MSG_HIPRI) == "-EAGAIN");
    Process &a = s.f.process(), &b = s.f.process();
    int fa = s.open_as(a), fb = s.open_as(b);
    Sleeper urgent(s.f, a, "getmsg", [&] { return getmsg_as(a, fa, RS_HIPRI); });
    CHECK(urgent.sleeps());
    CHECK(getmsg_as(b, fb) == "0 -|ab normal");
    Sleeper any(s.f, b, "getmsg", [&] { return getmsg_as(b, fb); });
    CHECK(any.sleeps());
    s.up(M_DATA, "cd");
    CHECK(any.text() == "0 -|cd normal");
    CHECK(urgent.sleeps());
    s.up_control(M_PCPROTO, "P");
    CHECK(urgent.text() == "0 P|- hipri");
}

TEST_CASE("GM-055: O_NDELAY or O_NONBLOCK and no suitable message: EAGAIN, SO_NDELON or not") {
    OneStream s;
    for (unsigned option : {SO_NDELOFF, SO_NDELON})
        for (int flags : {O_NONBLOCK, RILL_O_NDELAY}) {
            set(s, option);
            CHECK(set_flags(s.root, s.fd, flags) >= 0);
            CHECK(getm(s) == "-EAGAIN");
            CHECK(getp(s) == "-EAGAIN");
        }
    CHECK(read_as(s.root, s.fd) == ""); // O_NDELAY with SO_NDELON: read differs
}

TEST_CASE("GM-056: a caught signal while waiting: EINTR, and the arguments are as before") {
    OneStream s;
    s.f.catch_signal(s.root, SIGUSR1);
    char d[8];
    strbuf data{8, -7, d};
    int flags = MSG_BAND, band = 3;
    Later reader = s.f.later(s.root, "getpmsg", [&] {
        return outcome(rill_getpmsg(handle(s.root), s.fd, nullptr, &data, &band, &flags));
    });
    CHECK_FALSE(reader.done());
    s.f.kill(s.root, SIGUSR1);
    CHECK(reader.finish() == -EINTR);
    CHECK(data.len == -7);
    CHECK(flags == MSG_BAND);
    CHECK(band == 3);
}

TEST_CASE("GM-057 GM-059: after a hangup queued messages come, then 0 with both lens 0 and flags 0; the band is untouched") {
    OneStream s;
    s.up(M_DATA, "ab", 1);
    s.up(M_HANGUP);
    CHECK(getp(s, MSG_BAND, 2) == "0 | none 2"); // no suitable message
    CHECK(getm(s, RS_HIPRI) == "0 | normal");
    CHECK(getm(s) == "0 -|ab normal");
    CHECK(getm(s) == "0 | normal");
    CHECK(getp(s, MSG_ANY, 9) == "0 | none 9");
    CHECK(getp(s, MSG_HIPRI, 0) == "0 | none 0");
}

TEST_CASE("GM-057: a caller asleep when the hangup arrives wakes with 0 and both lens 0, with an error wakes with it") {
    for (bool hangup : {true, false}) {
        OneStream s;
        Sleeper reader(s.f, s.root, "getmsg", [&] { return getm(s); });
        CHECK(reader.sleeps());
        if (hangup) s.up(M_HANGUP);
        else s.up_errors(ESTALE, NOERROR);
        CHECK(reader.text() == (hangup ? "0 | normal" : "-ESTALE"));
    }
}

TEST_CASE("GM-058: a hangup differs from an empty data message: ctl.len -1 and data.len 0 there") {
    OneStream s;
    s.up(M_DATA, "");
    CHECK(getm(s) == "0 -| normal");
    s.up(M_HANGUP);
    CHECK(getm(s) == "0 | normal");
}

TEST_CASE("GM-063: getmsg sends no M_READ, even with SO_MREADON") {
    Watched w;
    set(w.s, SO_MREADON);
    CHECK(set_flags(w.root, w.fd(), O_NONBLOCK) >= 0);
    CHECK(getm(w.s) == "-EAGAIN");
    CHECK(getp(w.s) == "-EAGAIN");
    CHECK(set_flags(w.root, w.fd(), 0) >= 0);
    Sleeper reader(w.f, w.root, "getmsg", [&] { return getm(w.s); });
    CHECK(reader.sleeps());
    CHECK(w.down.all() == "");
    w.s.up(M_DATA, "ab");
    CHECK(reader.text() == "0 -|ab normal");
}

TEST_CASE("GM-064: read options do not touch getmsg") {
    for (int options : {RMSGN | RPROTDIS, RMSGD | RPROTDAT}) {
        OneStream s;
        CHECK(s.ioctl(I_SRDOPT, options) == 0);
        s.up_control(M_PROTO, "HH", "abcd");
        CHECK(getm(s, 0, {.ctl_max = 1, .data_max = 2}) == "3 H|ab normal");
        CHECK(getm(s) == "0 H|cd normal");
    }
}

TEST_CASE("GM-065: the head holds one high-priority message; a second one is thrown away, another after it was taken is not") {
    OneStream s;
    Census before = s.f.census();
    s.up_control(M_PCPROTO, "P");
    s.up_control(M_PCPROTO, "Q");
    CHECK(getm(s, 0, {.ctl_max = -1}) == "1 -|- hipri"); // looked at, not taken
    s.up_control(M_PCPROTO, "R");
    CHECK(getm(s) == "0 P|- hipri");
    CHECK(s.f.census() == before);
    s.up_control(M_PCPROTO, "S");
    CHECK(getm(s) == "0 S|- hipri");
}

// --- the table

TEST_CASE("GM-034 GM-055 GM-056 GM-057 GM-060 GM-062: getmsg, condition by mode") {
    // clang-format off
    static constexpr Row rows[] = {
        // condition                    blocking          O_NONBLOCK        O_NDELAY          signal pending
        {"empty",                       "sleeps",         "-EAGAIN",        "-EAGAIN",        "-EINTR"},
        {"data",                        "0 -|ab normal",  "0 -|ab normal",  "0 -|ab normal",  "0 -|ab normal"},
        {"control",                     "0 H|ab normal",  "0 H|ab normal",  "0 H|ab normal",  "0 H|ab normal"},
        {"priority",                    "0 P|ab hipri",   "0 P|ab hipri",   "0 P|ab hipri",   "0 P|ab hipri"},
        {"hangup",                      "0 | normal",     "0 | normal",     "0 | normal",     "0 | normal"},
        {"hangup, data",                "0 -|ab normal",  "0 -|ab normal",  "0 -|ab normal",  "0 -|ab normal"},
        {"read error",                  "-EPROTO",        "-EPROTO",        "-EPROTO",        "-EPROTO"},
        {"read error, data",            "-EPROTO",        "-EPROTO",        "-EPROTO",        "-EPROTO"},
        {"read error, hangup",          "-EPROTO",        "-EPROTO",        "-EPROTO",        "-EPROTO"},
        {"write error",                 "sleeps",         "-EAGAIN",        "-EAGAIN",        "-EINTR"},
        {"write error, data",           "0 -|ab normal",  "0 -|ab normal",  "0 -|ab normal",  "0 -|ab normal"},
        {"full",                        "sleeps",         "-EAGAIN",        "-EAGAIN",        "-EINTR"},
        {"linked below",                "-EINVAL",        "-EINVAL",        "-EINVAL",        "-EINVAL"},
        {"linked below, data",          "-EINVAL",        "-EINVAL",        "-EINVAL",        "-EINVAL"},
        {"linked below, read error",    "-EINVAL",        "-EINVAL",        "-EINVAL",        "-EINVAL"},
        {"pipe",                        "sleeps",         "-EAGAIN",        "-EAGAIN",        "-EINTR"},
        {"pipe, data",                  "0 -|ab normal",  "0 -|ab normal",  "0 -|ab normal",  "0 -|ab normal"},
        {"pipe, closed",                "0 | normal",     "0 | normal",     "0 | normal",     "0 | normal"},
        {"pipe, data, closed",          "0 -|ab normal",  "0 -|ab normal",  "0 -|ab normal",  "0 -|ab normal"},
    };
    // clang-format on
    for (const Row &row : rows)
        check_row(
            row, [](Bench &b) { return getmsg_as(b.root, b.on); }, [](Bench &b, const std::string &result) {
            const bool queued = b.f.stream(b.on)->read_queue()->q_first != nullptr;
            CHECK(queued == (b.had_message && result[0] == '-')); });
}

TEST_SUITE_END();
