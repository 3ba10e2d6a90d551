// I_FDINSERT: a message that carries a value for another stream (clauses/02, section of that name).
#include "test/streamio.hpp"

#include <limits>

using namespace rill;
using namespace rill::test;

namespace {

struct Inserting : OneStream {
    explicit Inserting(const char *profile = nullptr, Setup setup = {}, Tunables tunables = {})
        : OneStream(profile, setup, tunables) {
        other = f.open("/dev/dev1");
        other_rq = dev.last("open").q;
    }
    // ctl and data lengths, offset, flags; the control part is filled with 'c', the data with 'd'.
    int insert(int ctl, int data, int offset, t_uscalar_t flags = 0, int at = -1) {
        std::memset(control, 'c', sizeof control);
        std::memset(body, 'd', sizeof body);
        strfdinsert fi{{0, ctl, control}, {0, data, body}, flags, other, offset};
        return f.ioctl(at < 0 ? fd : at, I_FDINSERT, &fi);
    }
    int with_target(int fildes) {
        strfdinsert fi{{0, 8, control}, {0, -1, nullptr}, 0, fildes, 0};
        return ioctl(I_FDINSERT, &fi);
    }
    void other_up(int type, std::string_view bytes = {}) {
        Enter scope(f.system);
        putnext(other_rq, message(type, bytes));
        f.system.run_until_idle();
    }
    int other = -1;
    queue_t *other_rq = nullptr;
    char control[2048] = "", body[8192] = "";
};

} // namespace

TEST_SUITE_BEGIN("ioctl_fdinsert");

TEST_CASE("IOC-181: offset below 0, not aligned, or a control part too short for the value: EINVAL") {
    Inserting s;
    for (auto [ctl, offset] : {std::pair<int, int>{8, -1},
                               {8, -4},
                               {8, 1},
                               {8, 2},
                               {8, 3},
                               {8, 5},
                               {8, 8},
                               {7, 4},
                               {3, 0},
                               {0, 0},
                               {-1, 0},
                               {8, std::numeric_limits<int>::max() - 3},
                               {std::numeric_limits<int>::min(), 0}}) {
        CAPTURE_BINDING(ctl);
        CAPTURE_BINDING(offset);
        CHECK(s.insert(ctl, -1, offset) == -EINVAL);
    }
    CHECK(s.dev.count("wput") == 0);
    CHECK(s.insert(8, -1, 4) == 0);
    CHECK(s.insert(4, -1, 0) == 0);
}

TEST_CASE("IOC-182: fildes not open, or not a stream: EINVAL") {
    Inserting s;
    for (int fildes : {-1, 99}) CHECK(s.with_target(fildes) == -EINVAL);
    int plain = outcome(rill_open(handle(s.root), "/plain", O_RDWR | O_CREAT, 0600));
    REQUIRE(plain >= 0);
    CHECK(s.with_target(plain) == -EINVAL);
    CHECK(s.f.close(plain) == 0);
    CHECK(outcome(rill_unlink(handle(s.root), "/plain")) == 0);
    CHECK(s.with_target(s.other) == 0);
    CHECK(s.with_target(s.fd) == 0); // the stream itself is a stream
}

TEST_CASE("IOC-183: flags other than 0 or RS_HIPRI: EINVAL") {
    Inserting s;
    for (t_uscalar_t flags : {2u, 3u, 4u, ~0u, 1u << 31}) CHECK(s.insert(8, -1, 0, flags) == -EINVAL);
    CHECK(s.dev.count("wput") == 0);
}

TEST_CASE("IOC-184: a hangup on either stream: ENXIO; a stored error on either: that; the other linked below: EINVAL") {
    {
        Inserting s;
        s.other_up(M_HANGUP);
        CHECK(s.insert(8, -1, 0) == -ENXIO);
    }
    {
        Inserting s;
        s.up(M_HANGUP);
        CHECK(s.insert(8, -1, 0) == -ENXIO);
    }
    for (auto bytes : {std::string{static_cast<char>(EPROTO), static_cast<char>(NOERROR)},
                       {static_cast<char>(NOERROR), static_cast<char>(EPROTO)}}) {
        Inserting s;
        s.other_up(M_ERROR, bytes);
        CHECK(s.insert(8, -1, 0) == -EPROTO);
        s.other_up(M_ERROR, std::string(2, 0));
        CHECK(s.insert(8, -1, 0) == 0);
        s.up(M_ERROR, bytes);
        CHECK(s.insert(8, -1, 0) == -EPROTO);
    }
    Inserting s;
    s.f.stream(s.other)->linked_below = true;
    CHECK(s.insert(8, -1, 0) == -EINVAL);
    s.f.stream(s.other)->linked_below = false;
    CHECK(s.dev.count("wput") == 0);
}

TEST_CASE("IOC-185: sizes outside the limits: ERANGE; the minimum is checked even without data") {
    Tunables tunables;
    tunables.strctlsz = 64;
    Inserting s(
        nullptr, [](Probe &dev) {
            dev.write_limits.mi_minpsz = 10;
            dev.write_limits.mi_maxpsz = 100;
        },
        tunables);
    CHECK(s.insert(8, 9, 0) == -ERANGE);
    CHECK(s.insert(8, 101, 0) == -ERANGE);
    CHECK(s.insert(8, -1, 0) == -ERANGE);
    CHECK(s.insert(65, 10, 0) == -ERANGE);
    CHECK(s.dev.count("wput") == 0);
    CHECK(s.insert(64, 10, 0) == 0);
    CHECK(s.insert(8, 100, 0) == 0);
}

TEST_CASE("IOC-186: a full queue: the call waits, EAGAIN when non-blocking; RS_HIPRI goes through") {
    Inserting s(nullptr, hold_writes);
    int quick = s.open_nonblocking();
    CHECK(s.f.write(s.fd, std::string(2048, 'x')) == 2048);
    const Census before = s.f.census();
    CHECK(s.insert(8, 4, 0, 0, quick) == -EAGAIN);
    CHECK(s.f.census() == before);
    CHECK(s.insert(8, 4, 0, RS_HIPRI, quick) == 0);
    CHECK(s.dev.last("wput").type == M_PCPROTO);
    Later waits = s.f.later(s.root, "ioctl", [&] { return s.insert(8, 4, 0); });
    CHECK_FALSE(waits.done());
    empty_queue(s.f, s.wq());
    CHECK(waits.result() == 0);
    CHECK(s.dev.last("wput").type == M_PROTO);
}

TEST_CASE("IOC-008: I_FDINSERT with a part that cannot be read: EFAULT, nothing goes down, nothing is held") {
    Inserting s;
    Page none;
    const Census before = s.f.census();
    strfdinsert bad_control{{0, 8, none.at()}, {0, -1, nullptr}, 0, s.other, 0};
    strfdinsert bad_data{{0, 8, s.control}, {0, 4, none.at()}, 0, s.other, 0};
    CHECK(s.ioctl(I_FDINSERT, &bad_control) == -EFAULT);
    CHECK(s.ioctl(I_FDINSERT, &bad_data) == -EFAULT);
    CHECK(s.f.census() == before);
    CHECK(s.dev.count("wput") == 0);
}

TEST_CASE("IOC-180: the message is as putmsg's, with a value for fildes' stream at offset of the control part") {
    Inserting s;
    std::vector<std::string> seen;
    s.dev.on_wput = [&](queue_t *, mblk_t *mp) {
        CHECK(mp->b_datap->db_type == M_PROTO);
        CHECK(mp->b_band == 0);
        seen.push_back(bytes_of(mp));
        freemsg(mp);
    };
    auto value_at = [](const std::string &text, std::size_t offset) {
        unsigned value;
        std::memcpy(&value, text.data() + offset, sizeof value);
        return value;
    };
    CHECK(s.insert(12, 3, 4) == 0);
    CHECK(s.insert(8, 3, 0) == 0);
    REQUIRE(seen.size() == 2);
    CHECK(seen[0].size() == 15);
    CHECK(seen[0].substr(0, 4) == "cccc");
    CHECK(seen[0].substr(8) == "ccccddd");
    CHECK(value_at(seen[0], 4) == value_at(seen[1], 0)); // the same stream, the same value
    int again = s.f.open("/dev/dev1"), third = s.f.open("/dev/dev0");
    CHECK(s.with_target(again) == 0);
    CHECK(value_at(seen[2], 0) == value_at(seen[0], 4)); // through any descriptor of it
    CHECK(s.with_target(third) == 0);
    CHECK(value_at(seen[3], 0) != value_at(seen[0], 4)); // another stream, another value
    CHECK(s.control[0] == 'c');                          // the caller's buffer is left alone
}

static void no_data_part(const char *profile) {
    for (int length : {0, -1}) {
        Inserting s(profile);
        bool data = true;
        s.dev.on_wput = [&](queue_t *, mblk_t *mp) {
            data = mp->b_cont != nullptr;
            freemsg(mp);
        };
        CHECK(s.insert(8, length, 0) == 0);
        CHECK_FALSE(data);
        CHECK(s.insert(8, 1, 0) == 0);
        CHECK(data);
    }
}

TEST_CASE("IOC-187 [irix]: a data length of 0, or below, means that no data part is sent") {
    no_data_part("irix");
}

TEST_CASE("IOC-187 [svr4]: a data length of 0, or below, means that no data part is sent") {
    no_data_part("svr4");
}

TEST_CASE("IOC-188 [solaris]: a data length of 0, or below, sends an empty M_DATA block") {
    for (int length : {0, -1}) {
        Inserting s("solaris");
        int blocks = 0, bytes = -1;
        s.dev.on_wput = [&](queue_t *, mblk_t *mp) {
            for (mblk_t *b = mp; b; b = b->b_cont) ++blocks;
            bytes = mp->b_cont ? static_cast<int>(msgdsize(mp)) : -1;
            freemsg(mp);
        };
        CHECK(s.insert(8, length, 0) == 0);
        CHECK(blocks == 2);
        CHECK(bytes == 0);
    }
}

TEST_CASE("IOC-180 by allocation: I_FDINSERT survives the failure of every allocation: it waits for memory") {
    Inserting s;
    s.dev.on_wput = [](queue_t *, mblk_t *mp) { freemsg(mp); };
    const Census before = s.f.census();
    std::uint64_t refused = s.f.system.alloc.refused;
    for (long n = 1; n < 8; ++n) {
        s.f.system.alloc.fail_nth(n);
        int result = s.insert(8, 4, 0);
        s.f.system.alloc.fail_nth(0);
        CHECK(result == 0);
        CHECK(s.f.census() == before);
    }
    CHECK(s.f.system.alloc.refused >= refused + 2);
}
