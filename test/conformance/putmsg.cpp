// putmsg(2) and putpmsg(2): arguments, the message that is built, sizes, flow control, errors (clauses/02, putmsg and
// putpmsg).
#include "test/headcalls.hpp"

using namespace rill;
using namespace rill::test;

namespace {

std::string putm(Watched &w, const char *ctl, const char *data, int flags = 0) {
    return putmsg_as(w.root, w.fd(), ctl, data, flags);
}
std::string putp(Watched &w, const char *ctl, const char *data, int band, int flags = MSG_BAND) {
    return putpmsg_as(w.root, w.fd(), ctl, data, band, flags);
}
std::function<void(Probe &)> sizes(ssize_t min, ssize_t max) {
    return [=](Probe &p) {
        p.write_limits.mi_minpsz = min;
        p.write_limits.mi_maxpsz = max;
    };
}

} // namespace

TEST_SUITE_BEGIN("putmsg");

// --- arguments

TEST_CASE("PM-001 PM-002: putmsg takes flags 0 or RS_HIPRI, any other is EINVAL, before the descriptor is looked at") {
    Watched w;
    for (int flags : {2, 4, 9, -1}) {
        CHECK(putm(w, "H", "ab", flags) == "-EINVAL");
        CHECK(putmsg_as(w.root, -1, "H", "ab", flags) == "-EINVAL");
    }
    CHECK(putmsg_as(w.root, -1, "H", "ab", RS_HIPRI) == "-EBADF");
    CHECK(w.down.all() == "");
    CHECK(putm(w, "H", "ab", RS_HIPRI) == "0");
}

TEST_CASE("PM-003 PM-004: putpmsg takes MSG_HIPRI or MSG_BAND and a band from 0 to 255, else EINVAL") {
    Watched w;
    for (int flags : {0, MSG_ANY, MSG_HIPRI | MSG_BAND, MSG_BAND | MSG_ANY, 8}) {
        CAPTURE(flags);
        CHECK(putp(w, "H", "ab", 0, flags) == "-EINVAL");
    }
    for (int band : {-1, 256}) CHECK(putp(w, "H", "ab", band) == "-EINVAL");
    CHECK(putpmsg_as(w.root, -1, "H", "ab", 256) == "-EINVAL"); // before the descriptor
    CHECK(w.down.all() == "");
    CHECK(putp(w, "H", "ab", 255) == "0");
    CHECK(w.down.all() == "PROTO(H)+DATA(ab) b255");
}

TEST_CASE("PM-005 PM-006: high priority without a control part, or with another band than 0: EINVAL") {
    Watched w;
    CHECK(putm(w, nullptr, "ab", RS_HIPRI) == "-EINVAL");
    CHECK(putp(w, nullptr, "ab", 0, MSG_HIPRI) == "-EINVAL");
    CHECK(putm(w, nullptr, nullptr, RS_HIPRI) == "-EINVAL");
    strbuf none{8, -1, nullptr};
    CHECK(outcome(rill_putmsg(handle(w.root), w.fd(), &none, nullptr, RS_HIPRI)) == -EINVAL);
    CHECK(putp(w, "H", "ab", 1, MSG_HIPRI) == "-EINVAL");
    CHECK(w.down.all() == "");
    CHECK(putp(w, "H", "ab", 0, MSG_HIPRI) == "0");
    CHECK(putm(w, "", nullptr, RS_HIPRI) == "0"); // an empty control part is one
    CHECK(w.down.all() == "PCPROTO(H)+DATA(ab) PCPROTO()");
}

TEST_CASE("PM-007 PM-008 PM-023: len 0 is a part, null or len -1 none; maxlen is not looked at") {
    Watched w;
    CHECK(putm(w, nullptr, "") == "0");
    CHECK(putm(w, "H", "") == "0");
    CHECK(putm(w, "", "ab") == "0");
    CHECK(w.down.all() == "DATA() PROTO(H)+DATA() PROTO()+DATA(ab)");
    char c[] = "H", d[] = "ab";
    for (int maxlen : {-7, 0, 1, 1000}) {
        strbuf ctl{maxlen, -1, c}, data{maxlen, 2, d};
        CHECK(outcome(rill_putmsg(handle(w.root), w.fd(), &ctl, &data, 0)) == 0);
        CHECK(w.down.all() == "DATA(ab)");
    }
}

TEST_CASE("PM-009: not open for writing: EBADF; no stream: ENOSTR; a bad strbuf or buffer: EFAULT and nothing is sent") {
    Watched w;
    int reader = w.f.open("/dev/dev0", O_RDONLY);
    CHECK(putmsg_as(w.root, reader, "H", "ab") == "-EBADF");
    CHECK(putpmsg_as(w.root, 99, "H", "ab", 0) == "-EBADF");
    Driver plain;
    plain.name = plain.prefix = "plain";
    plain.entry.open = [](dev_t *, int, int, cred_t *) { return 0; };
    {
        Enter scope(w.f.system);
        CHECK(w.f.system.registry.add(plain, 62) == 0);
    }
    w.f.node("/dev/plain", makedevice(62, 0));
    int file = w.f.open("/dev/plain");
    REQUIRE(file >= 0);
    CHECK(putmsg_as(w.root, file, "H", "ab") == "-ENOSTR");

    Census before = w.f.census();
    HalfPage memory;
    char good[] = "good";
    auto *bad = reinterpret_cast<struct strbuf *>(memory.bad());
    strbuf fine{0, 4, good};
    rill_proc *p = handle(w.root);
    CHECK(outcome(rill_putmsg(p, w.fd(), bad, &fine, 0)) == -EFAULT);
    CHECK(outcome(rill_putmsg(p, w.fd(), &fine, bad, 0)) == -EFAULT);
    for (char *from : {memory.bad(), memory.last(2)}) {
        strbuf broken{0, 4, from};
        CHECK(outcome(rill_putmsg(p, w.fd(), &broken, &fine, 0)) == -EFAULT);
        CHECK(outcome(rill_putmsg(p, w.fd(), &fine, &broken, 0)) == -EFAULT);
        CHECK(outcome(rill_putpmsg(p, w.fd(), &broken, nullptr, 0, MSG_HIPRI)) == -EFAULT);
    }
    CHECK(w.f.census() == before);
    CHECK(w.down.all() == "");
}

TEST_CASE("PM-010 ERR-042: linked below, then the error, then putpmsg's flags, then sizes, then flow control; putmsg's flags first") {
    Watched w(4, 1, nullptr, sizes(2, 4));
    CHECK(set_flags(w.root, w.fd(), O_NONBLOCK) >= 0);
    w.down.hold = true;
    CHECK(putm(w, nullptr, "full") == "0");
    w.down.all();
    CHECK(putp(w, nullptr, "abcdef", 0, 0) == "-EINVAL"); // flags before sizes
    CHECK(putm(w, nullptr, "abcdef") == "-ERANGE");       // sizes before room
    CHECK(putm(w, nullptr, "abc") == "-EAGAIN");
    w.s.up_errors(NOERROR, EPROTO);
    CHECK(putm(w, nullptr, "abcdef", 4) == "-EINVAL"); // putmsg's flags before the error
    CHECK(putp(w, nullptr, "abcdef", 0, 0) == "-EPROTO");
    CHECK(putp(w, nullptr, "ab", 0, MSG_HIPRI) == "-EPROTO");
    w.s.stream().linked_below = true;
    CHECK(putp(w, nullptr, "abc", 0) == "-EINVAL");
    CHECK(w.f.why().find("PM-058") != std::string::npos);
    w.s.stream().linked_below = false;
}

// --- the message

TEST_CASE("PM-020 PM-021 PM-022: control makes M_PROTO, or M_PCPROTO for high priority, data M_DATA behind it") {
    Watched w;
    CHECK(putm(w, "H", "ab") == "0");
    CHECK(putm(w, "H", "ab", RS_HIPRI) == "0");
    CHECK(putm(w, nullptr, "ab") == "0");
    CHECK(putm(w, "H", nullptr) == "0");
    CHECK(putm(w, "H", nullptr, RS_HIPRI) == "0");
    CHECK(w.down.all() == "PROTO(H)+DATA(ab) PCPROTO(H)+DATA(ab) DATA(ab) PROTO(H) PCPROTO(H)");
}

TEST_CASE("PM-024: neither part, and flags 0 or MSG_BAND: nothing is sent, the call returns 0") {
    Watched w;
    CHECK(putm(w, nullptr, nullptr) == "0");
    CHECK(putp(w, nullptr, nullptr, 3) == "0");
    strbuf none{8, -1, nullptr};
    CHECK(outcome(rill_putmsg(handle(w.root), w.fd(), &none, &none, 0)) == 0);
    CHECK(w.down.all() == "");
}

TEST_CASE("PM-025: the band is the call's: 0 for putmsg and MSG_HIPRI") {
    Watched w;
    CHECK(putp(w, nullptr, "ab", 7) == "0");
    CHECK(putp(w, "H", "ab", 7) == "0");
    CHECK(putm(w, nullptr, "ab") == "0");
    CHECK(putp(w, "H", nullptr, 0, MSG_HIPRI) == "0");
    CHECK(w.down.all() == "DATA(ab) b7 PROTO(H)+DATA(ab) b7 DATA(ab) PCPROTO(H)");
}

TEST_CASE("PM-027: the write offset applies to the data block of a message") {
    Watched w;
    stroptions o = options(SO_WROFF);
    o.so_wroff = 16;
    CHECK(putm(w, "H", "ab") == "0");
    CHECK(w.down.headroom < 16);
    w.s.up_options(o);
    CHECK(putm(w, "H", "ab") == "0");
    CHECK(w.down.headroom >= 16);
    CHECK(w.down.all() == "PROTO(H)+DATA(ab) PROTO(H)+DATA(ab)");
}

TEST_CASE("PM-028: putmsg never sets MSGDELIM, SO_DELIM or not") {
    Watched w;
    set(w.s, SO_DELIM);
    CHECK(putm(w, nullptr, "ab") == "0");
    CHECK(putp(w, "H", "ab", 1) == "0");
    CHECK(w.down.all() == "DATA(ab) PROTO(H)+DATA(ab) b1");
}

TEST_CASE("PM-029: a control block has at least 64 bytes") {
    Watched w;
    for (int flags : {0, RS_HIPRI}) {
        w.down.buffer = 0;
        CHECK(putm(w, "HHHH", nullptr, flags) == "0");
        CHECK(w.down.buffer >= 64);
    }
}

// --- sizes

TEST_CASE("PM-026 PM-040 PM-041: a data part outside the topmost sizes: ERANGE, nothing is sent; without one no minimum") {
    Watched w(2048, 256, nullptr, sizes(2, 4));
    for (const char *data : {"", "a", "abcde"}) {
        CHECK(putm(w, nullptr, data) == "-ERANGE");
        CHECK(putm(w, "H", data, RS_HIPRI) == "-ERANGE");
    }
    CHECK(w.down.all() == "");
    CHECK(putm(w, "H", nullptr) == "0");
    CHECK(putm(w, nullptr, "ab") == "0");
    CHECK(putm(w, nullptr, "abcd") == "0");
    CHECK(w.down.all() == "PROTO(H) DATA(ab) DATA(abcd)");
}

TEST_CASE("PM-042 PM-043: a control part beyond STRCTLSZ, a data part beyond STRMSGSZ: ERANGE; data unlimited with 0") {
    Tunables t;
    t.strctlsz = 4;
    t.strmsgsz = 6;
    Watched w(2048, 256, nullptr, {}, t);
    CHECK(putm(w, "HHHHH", "ab") == "-ERANGE");
    CHECK(putm(w, "HHHHH", nullptr, RS_HIPRI) == "-ERANGE");
    CHECK(putm(w, "H", "abcdefg") == "-ERANGE");
    CHECK(w.down.all() == "");
    CHECK(putm(w, "HHHH", "abcdef") == "0");
    t.strmsgsz = 0;
    Watched unlimited(1 << 20, 256, nullptr, {}, t);
    CHECK(putm(unlimited, nullptr, std::string(70000, 'x').c_str()) == "0");
}

TEST_CASE("PM-044: a topmost maximum of 0: ERANGE even without data") {
    Watched w(2048, 256, nullptr, sizes(0, 0));
    CHECK(putm(w, "H", nullptr) == "-ERANGE");
    CHECK(putm(w, nullptr, "ab") == "-ERANGE");
    CHECK(putm(w, nullptr, "") == "-ERANGE");
    CHECK(w.down.all() == "");
}

// --- flow control

TEST_CASE("PM-045: a high-priority message ignores flow control") {
    Watched w(4, 1);
    w.fill();
    CHECK(set_flags(w.root, w.fd(), O_NONBLOCK) >= 0);
    CHECK(putm(w, nullptr, "ab") == "-EAGAIN");
    CHECK(putm(w, "H", "ab", RS_HIPRI) == "0");
    CHECK(putp(w, "J", nullptr, 0, MSG_HIPRI) == "0");
    CHECK(w.down.all() == "PCPROTO(H)+DATA(ab) PCPROTO(J)");
}

TEST_CASE("PM-046 PM-047: others wait while their own band is full below, or fail with EAGAIN") {
    for (int flags : {O_NONBLOCK, RILL_O_NDELAY}) {
        CAPTURE(flags);
        Watched w(4, 1);
        w.down.hold = true;
        CHECK(set_flags(w.root, w.fd(), flags) >= 0);
        CHECK(putp(w, nullptr, "full", 1) == "0");
        Census before = w.f.census();
        CHECK(putp(w, "H", "ab", 1) == "-EAGAIN");
        CHECK(w.f.census() == before);
        CHECK(putp(w, nullptr, "ab", 2) == "0");
        CHECK(putm(w, nullptr, "ab") == "0");
        CHECK(w.down.all() == "DATA(full) b1 DATA(ab) b2 DATA(ab)");
        CHECK(set_flags(w.root, w.fd(), 0) >= 0);
        Process &other = w.f.process();
        int fd = w.s.open_as(other);
        Sleeper first(w.f, w.root, "putpmsg", [&] { return putp(w, "H", "ab", 1); });
        Sleeper second(w.f, other, "putpmsg", [&] { return putpmsg_as(other, fd, "J", "cd", 1); });
        CHECK(first.sleeps());
        CHECK(second.sleeps());
        CHECK(putm(w, "P", nullptr, RS_HIPRI) == "0"); // overtakes both
        CHECK(w.down.all() == "PCPROTO(P)");
        w.release();
        CHECK(first.text() == "0");
        CHECK(second.text() == "0");
        CHECK(w.down.all() == "PROTO(H)+DATA(ab) b1 PROTO(J)+DATA(cd) b1");
    }
}

TEST_CASE("PM-048: SO_NDELON changes nothing: O_NDELAY gives EAGAIN for putmsg") {
    Watched w(4, 1);
    set(w.s, SO_NDELON);
    w.fill();
    CHECK(set_flags(w.root, w.fd(), RILL_O_NDELAY) >= 0);
    CHECK(putm(w, nullptr, "ab") == "-EAGAIN");
    CHECK(w.down.all() == "");
}

TEST_CASE("PM-050: a caught signal while putmsg waits: EINTR, nothing is sent, nothing is left") {
    Watched w(4, 1);
    w.f.catch_signal(w.root, SIGUSR1);
    w.fill();
    Census before = w.f.census();
    Sleeper writer(w.f, w.root, "putmsg", [&] { return putm(w, "H", "ab"); });
    CHECK(writer.sleeps());
    w.f.kill(w.root, SIGUSR1);
    w.f.run();
    CHECK(writer.text() == "-EINTR");
    CHECK(w.f.census().messages == before.messages);
    w.release();
    CHECK(w.down.all() == "");
}

// --- errors

TEST_CASE("PM-051: putmsg on a hung-up stream: ENXIO, in every profile and for high priority too") {
    for (const char *profile : {"irix", "svr4", "solaris"}) {
        Watched w(2048, 256, profile);
        w.s.up(M_HANGUP);
        CHECK(putm(w, "H", "ab") == "-ENXIO");
        CHECK(putm(w, "H", "ab", RS_HIPRI) == "-ENXIO");
        CHECK(putp(w, nullptr, "ab", 3) == "-ENXIO");
        CHECK(putm(w, nullptr, nullptr) == "-ENXIO"); // before PM-024
        CHECK(sent(w.root) == "");
        CHECK(w.down.all() == "");
    }
}

TEST_CASE("PM-052: a stored write error makes putmsg fail with it, a read error does not") {
    Watched w;
    w.s.up_errors(NOERROR, EPROTO);
    w.down.all();
    CHECK(putm(w, "H", "ab") == "-EPROTO");
    CHECK(putp(w, "H", "ab", 2) == "-EPROTO");
    CHECK(w.down.all() == "");
    CHECK(sent(w.root) == "");
    w.s.up_errors(ESTALE, 0);
    w.down.all();
    CHECK(putm(w, "H", "ab") == "0");
    CHECK(w.down.all() == "PROTO(H)+DATA(ab)");
}

TEST_CASE("PM-053: an M_ERROR after a hangup replaces ENXIO for putmsg, not for write; one before does not") {
    Watched w;
    w.s.up(M_HANGUP);
    CHECK(putm(w, "H", "ab") == "-ENXIO");
    w.s.up_error(EPROTO);
    CHECK(putm(w, "H", "ab") == "-EPROTO");
    CHECK(write_as(w.root, w.fd(), "ab") == (w.f.system.profile.write_hangup_eio ? "-EIO" : "-ENXIO")); // WR-051, WR-050
    Watched other;
    other.s.up_error(EPROTO);
    other.s.up(M_HANGUP);
    CHECK(putm(other, "H", "ab") == "-ENXIO");
}

TEST_CASE("PM-054: with SNDPIPE a putmsg refused for a write error sends SIGPIPE; the errno stays the error") {
    Watched w;
    CHECK(w.s.ioctl(I_SWROPT, SNDPIPE) == 0);
    w.s.up_errors(NOERROR, EPROTO);
    w.root.signals_seen.clear();
    CHECK(putm(w, "H", "ab") == "-EPROTO");
    CHECK(sent(w.root) == "PIPE");
}

TEST_CASE("PM-058: putmsg on a stream linked below: EINVAL") {
    Watched w;
    w.s.stream().linked_below = true;
    CHECK(putm(w, "H", "ab") == "-EINVAL");
    CHECK(putp(w, nullptr, "ab", 2) == "-EINVAL");
    CHECK(putm(w, "H", nullptr, RS_HIPRI) == "-EINVAL");
    CHECK(w.down.all() == "");
    w.s.stream().linked_below = false;
    CHECK(putm(w, "H", "ab") == "0");
}

static void putmsg_waits_for_memory(const char *profile) {
    for (int flags : {0, O_NONBLOCK})
        for (bool hipri : {false, true}) {
            CAPTURE(flags);
            CAPTURE(hipri);
            Watched w(2048, 256, profile);
            CHECK(set_flags(w.root, w.fd(), flags) >= 0);
            const std::string data(2000, 'x');
            w.f.system.alloc.ceiling(1000); // the control part can be had, the data not
            Sleeper writer(w.f, w.root, "putmsg", [&] { return putm(w, "H", data.c_str(), hipri ? RS_HIPRI : 0); });
            CHECK(writer.sleeps());
            CHECK(w.down.all() == "");
            w.f.system.alloc.ceiling(0);
            advance(w.f, 1);
            CHECK(writer.text() == "0");
            CHECK(w.down.all() == (hipri ? "PCPROTO(H)+DATA(" : "PROTO(H)+DATA(") + data + ")");
        }
}

TEST_CASE("PM-059 [irix]: no memory: putmsg waits for it, non-blocking and high priority too; nothing is sent in part") {
    putmsg_waits_for_memory("irix");
}

TEST_CASE("PM-059 [svr4]: no memory: putmsg waits for it, non-blocking and high priority too; nothing is sent in part") {
    putmsg_waits_for_memory("svr4");
}

TEST_CASE("PM-059: no memory, and none to wait with: ENOSR; every single failure is survived") {
    Watched w;
    Census before = w.f.census();
    w.f.system.alloc.fail_seed(1, 1);
    CHECK(putm(w, "H", "ab") == "-ENOSR");
    CHECK(putm(w, "H", "ab", RS_HIPRI) == "-ENOSR");
    w.f.system.alloc.fail_seed(0, 0);
    CHECK(w.f.census() == before);
    CHECK(w.down.all() == "");
    for (long n = 1; n < 12; ++n) {
        w.f.system.alloc.fail_nth(n);
        CHECK(putm(w, "H", "ab") == "0");
        w.f.system.alloc.fail_nth(0);
        CHECK(w.down.all() == "PROTO(H)+DATA(ab)");
    }
    CHECK(w.f.census() == before);
}

TEST_CASE("PM-059 PM-051: a hangup while putmsg waits for memory or room: ENXIO, nothing goes down, nothing is left") {
    for (bool memory : {false, true}) {
        Watched w(4, 1);
        if (memory) w.f.system.alloc.ceiling(1000);
        else w.fill();
        const long messages = w.f.census().messages;
        const std::string data(2000, 'x');
        Sleeper writer(w.f, w.root, "putmsg", [&] { return putm(w, "H", data.c_str()); });
        CHECK(writer.sleeps());
        w.s.up(M_HANGUP);
        w.f.system.alloc.ceiling(0);
        advance(w.f, 1);
        CHECK(writer.text() == "-ENXIO");
        CHECK(w.f.census().messages == messages);
        CHECK(w.down.all() == "");
    }
}

TEST_CASE("PM-061 [solaris]: a non-blocking putmsg that finds no memory: EAGAIN, nothing is left") {
    Watched w(2048, 256, "solaris");
    CHECK(set_flags(w.root, w.fd(), O_NONBLOCK) >= 0);
    Census before = w.f.census();
    w.f.system.alloc.ceiling(1000);
    CHECK(putm(w, "H", std::string(2000, 'x').c_str()) == "-EAGAIN");
    w.f.system.alloc.ceiling(0);
    CHECK(w.f.census() == before);
    CHECK(w.down.all() == "");
}

TEST_CASE("ERR-044: the control part is copied before room is asked for: full and a bad control buffer: EFAULT") {
    Watched w(4, 1);
    w.fill();
    CHECK(set_flags(w.root, w.fd(), O_NONBLOCK) >= 0);
    Census before = w.f.census();
    Page page;
    strbuf ctl{0, 4, page.at()};
    CHECK(outcome(rill_putmsg(handle(w.root), w.fd(), &ctl, nullptr, 0)) == -EFAULT);
    CHECK(w.f.census() == before);
    CHECK(putm(w, "H", nullptr) == "-EAGAIN");
    CHECK(w.f.census() == before);
}

// --- the table

TEST_CASE("PM-046 PM-047 PM-050 PM-051 PM-052 PM-057 PM-058 [irix] [solaris]: putmsg, condition by mode") {
    // clang-format off
    static constexpr Row rows[] = {
        // condition                    blocking    O_NONBLOCK  O_NDELAY    signal pending
        {"empty",                       "0",        "0",        "0",        "0"},
        {"data",                        "0",        "0",        "0",        "0"},
        {"full",                        "sleeps",   "-EAGAIN",  "-EAGAIN",  "-EINTR"},
        {"hangup",                      "-ENXIO",   "-ENXIO",   "-ENXIO",   "-ENXIO"},
        {"hangup, full",                "-ENXIO",   "-ENXIO",   "-ENXIO",   "-ENXIO"},
        {"read error",                  "0",        "0",        "0",        "0"},
        {"write error",                 "-ESTALE",  "-ESTALE",  "-ESTALE",  "-ESTALE"},
        {"hangup, write error",         "-ESTALE",  "-ESTALE",  "-ESTALE",  "-ESTALE"},
        {"linked below",                "-EINVAL",  "-EINVAL",  "-EINVAL",  "-EINVAL"},
        {"linked below, write error",   "-EINVAL",  "-EINVAL",  "-EINVAL",  "-EINVAL"},
        {"linked below, hangup, full",  "-EINVAL",  "-EINVAL",  "-EINVAL",  "-EINVAL"},
        {"pipe",                        "0",        "0",        "0",        "0"},
        {"pipe, full",                  "sleeps",   "-EAGAIN",  "-EAGAIN",  "-EINTR"},
        {"pipe, closed",                "-EPIPE",   "-EPIPE",   "-EPIPE",   "-EPIPE"},
        {"pipe, full, closed",          "-EPIPE",   "-EPIPE",   "-EPIPE",   "-EPIPE"},
    };
    // clang-format on
    for (const Row &row : rows)
        check_row(
            row, [](Bench &b) { return putmsg_as(b.root, b.on, "H", "ab"); },
            [](Bench &b, const std::string &result) {
                if (b.other < 0) CHECK(b.down.all() == (result == "0" ? "PROTO(H)+DATA(ab)" : ""));
                b.root.signals_seen.clear();
            });
}

TEST_SUITE_END();
