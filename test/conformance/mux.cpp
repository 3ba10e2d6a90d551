// drivers/mux, the small multiplexor among the standard drivers, over echo, loop and pipes; and the pictures of links.
#include "test/harness.hpp"

#include "drivers/loop.h"
#include "drivers/mux.h"
#include "streams/view/dot.hpp"
#include "streams/view/tables.hpp"

#include <cstring>

extern "C" {
extern struct streamtab echoinfo, loopinfo, muxinfo;
extern int echodevflag, loopdevflag, muxdevflag;
extern int echo_devices, echo_clone_minor, loop_devices, mux_devices;
}

namespace {

using namespace rill;
using namespace rill::test;

struct Drivers : Fixture {
    explicit Drivers(const char *profile = nullptr) : Fixture(profile) {
        echo_devices = loop_devices = mux_devices = 4;
        echo_clone_minor = -1;
        auto add = [&](const char *name, int major, streamtab *tab, int flag) {
            CHECK(rill_driver_add(handle(system), name, major, tab, flag, 4) == 0);
            node((std::string("/dev/") + name).c_str(), clone(static_cast<major_t>(major)));
        };
        add("echo", 61, &echoinfo, echodevflag);
        add("loop", 62, &loopinfo, loopdevflag);
        add("mux", 66, &muxinfo, muxdevflag);
    }
    int str(int fd, int command, int value) {
        strioctl s{command, 0, sizeof value, reinterpret_cast<char *>(&value)};
        return ioctl(fd, I_STR, &s);
    }
    // Two loop streams joined: what is written on one comes out of the other.
    std::pair<int, int> loop() {
        int a = open("/dev/loop"), b = open("/dev/loop");
        CHECK(str(a, LOOP_SET, static_cast<int>(geteminor(rdev(b)))) == 0);
        return {a, b};
    }
    int no_wait(int fd) { return outcome(rill_fcntl(handle(root), fd, F_SETFL, O_RDWR | O_NONBLOCK)); }
};

} // namespace

TEST_CASE("MUX-040: mux refuses more links than it has room for, and what is no linkblk; nothing is left below") {
    Drivers f;
    int ctl = f.open("/dev/mux");
    for (int i = 0; i < 4; ++i) CHECK(f.ioctl(ctl, I_LINK, f.open(i % 2 ? "/dev/echo" : "/dev/loop")) > 0);
    int fifth = f.open("/dev/echo");
    CHECK(f.ioctl(ctl, I_LINK, fifth) == -EAGAIN);
    CHECK(f.write(fifth, "x") == 1);
    CHECK(f.read(fifth) == "x");
    CHECK(f.str(ctl, MUX_BIND, 99) == -ENXIO);
    CHECK(f.str(ctl, 1, 0) == -EINVAL);
    CHECK(f.ioctl(ctl, I_UNLINK, MUXID_ALL) == 0);
    CHECK(f.ioctl(ctl, I_LINK, fifth) > 0);
}

TEST_CASE("CLN-059: a mux open that finds no memory fails and leaves nothing") {
    Drivers f;
    for_every_allocation(
        f, {ENFILE, ENOMEM, ENOSR, EAGAIN}, [&] { return f.open("/dev/mux"); },
        [&](int fd) { CHECK(f.close(fd) == 0); });
}

TEST_CASE("MUX-071 MUX-072: several upper streams share one lower stream, each gets its own back") {
    for (const char *profile : {"irix", "svr4", "solaris"}) {
        Drivers f(profile);
        int a = f.open("/dev/mux"), b = f.open("/dev/mux"), c = f.open("/dev/mux");
        int id = f.ioctl(b, I_LINK, f.open("/dev/echo"));
        REQUIRE(id > 0);
        CHECK(f.write(a, "for a") == 5);
        CHECK(f.write(c, "for c") == 5);
        CHECK(f.write(b, "for b") == 5);
        CHECK(f.read(c) == "for c");
        CHECK(f.read(b) == "for b");
        CHECK(f.read(a) == "for a");
        CHECK(f.ioctl(b, I_UNLINK, id) == 0);
    }
}

TEST_CASE("MUX-071: a frame begins with the minor of its upper stream; one for nobody is freed") {
    Drivers f;
    int ctl = f.open("/dev/mux"), other = f.open("/dev/mux");
    auto [below, far] = f.loop();
    REQUIRE(f.ioctl(ctl, I_LINK, below) > 0);
    CHECK(f.write(other, "hi") == 2);
    CHECK(f.read(far) == std::string("\1hi", 3));
    const Census before = f.census();
    CHECK(f.write(far, std::string("\3nobody", 7)) == 7);
    CHECK(f.write(far, std::string("\377nobody", 7)) == 7);
    CHECK(f.census() == before);
    CHECK(f.write(far, std::string("\0yes", 4)) == 4);
    CHECK(f.read(ctl) == "yes");
}

TEST_CASE("MUX-028: MUX_BIND routes an upper stream by l_index, over two lower streams") {
    Drivers f;
    int a = f.open("/dev/mux"), b = f.open("/dev/mux");
    auto [low1, far1] = f.loop();
    auto [low2, far2] = f.loop();
    int id1 = f.ioctl(a, I_LINK, low1), id2 = f.ioctl(a, I_PLINK, low2);
    REQUIRE(id1 > 0);
    REQUIRE(id2 > 0);
    CHECK(f.str(b, MUX_BIND, id2) == 0);
    CHECK(f.write(a, "a") == 1);
    CHECK(f.write(b, "b") == 1);
    CHECK(f.read(far1) == std::string("\0a", 2));
    CHECK(f.read(far2) == std::string("\1b", 2));
    CHECK(f.str(b, MUX_BIND, 0) == 0); // any: the first
    CHECK(f.write(b, "c") == 1);
    CHECK(f.read(far1) == std::string("\1c", 2));
    CHECK(f.ioctl(b, I_PUNLINK, id2) == 0);
}

TEST_CASE("MUX-075: flow control passes through the multiplexor in both directions, and nothing is lost") {
    Drivers f;
    int upper = f.open("/dev/mux");
    auto [low, far] = f.loop();
    REQUIRE(f.ioctl(upper, I_LINK, low) > 0);
    for (int fd : {upper, far}) {
        int from = fd, to = fd == upper ? far : upper;
        CHECK(f.no_wait(from) == 0);
        CHECK(f.no_wait(to) == 0);
        int sent = 0;
        const std::string header = from == far ? std::string(1, '\0') : std::string();
        for (; sent < 1000; ++sent)
            if (f.write(from, header + std::string(500, static_cast<char>('a' + sent % 26))) < 0) break;
        CHECK(sent > 10);
        CHECK(sent < 1000); // it was held back
        int got = 0;
        for (std::string text; (text = f.read(to, from == far ? 500 : 501)) != "-EAGAIN"; ++got) {
            CHECK(text.back() == static_cast<char>('a' + got % 26)); // in order
            f.run();
        }
        CHECK(got == sent);
        CHECK(f.write(from, header + "x") > 0); // and released
        CHECK(f.read(to) == (from == far ? "x" : std::string("\0x", 2)));
    }
}

TEST_CASE("STD-013: the upper streams bound to a link that is unlinked are hung up, and no other") {
    Drivers f;
    int ctl = f.open("/dev/mux"), bound = f.open("/dev/mux");
    int id = f.ioctl(ctl, I_LINK, f.open("/dev/echo"));
    REQUIRE(id > 0);
    REQUIRE(f.ioctl(ctl, I_LINK, f.open("/dev/echo")) > 0);
    CHECK(f.str(bound, MUX_BIND, id) == 0);
    CHECK(f.ioctl(ctl, I_UNLINK, id) == 0);
    pollfd both[] = {{bound, POLLIN, 0}, {ctl, POLLIN, 0}};
    CHECK(outcome(rill_poll(handle(f.root), both, 2, 0)) == 1);
    CHECK((both[0].revents & POLLHUP) != 0);
    CHECK(both[1].revents == 0);
    CHECK(f.write(ctl, "on") == 2);
    CHECK(f.read(ctl) == "on");
}

TEST_CASE("MUX-071: with no link data waits on the upper stream, and goes when one is made") {
    Drivers f;
    int upper = f.open("/dev/mux"), ctl = f.open("/dev/mux");
    CHECK(f.write(upper, "early") == 5);
    CHECK(f.ioctl(ctl, I_LINK, f.open("/dev/echo")) > 0);
    f.run();
    CHECK(f.read(upper) == "early");
}

TEST_CASE("MUX-073: a hangup below reaches the streams bound to that link; the others go over to another") {
    Drivers f;
    int ctl = f.open("/dev/mux"), bound = f.open("/dev/mux");
    auto [low, far] = f.loop();
    int dead = f.ioctl(ctl, I_LINK, low), alive = f.ioctl(ctl, I_LINK, f.open("/dev/echo"));
    REQUIRE(dead > 0);
    REQUIRE(alive > 0);
    CHECK(f.str(bound, MUX_BIND, dead) == 0);
    CHECK(f.close(far) == 0); // loop hangs up its peer
    CHECK(f.write(bound, "x") == (f.system.profile.write_hangup_eio ? -EIO : -ENXIO)); // WR-051, WR-050
    CHECK(f.read(bound) == "");
    CHECK(f.write(ctl, "over") == 4);
    CHECK(f.read(ctl) == "over");
    CHECK(f.ioctl(ctl, I_UNLINK, dead) == 0);
}

TEST_CASE("MUX-072: mux turns M_FLUSH round above and below") {
    Drivers f;
    int upper = f.open("/dev/mux");
    CHECK(f.write(upper, "waits") == 5);
    CHECK(f.ioctl(upper, I_FLUSH, FLUSHRW) == 0);
    auto [low, far] = f.loop();
    REQUIRE(f.ioctl(upper, I_LINK, low) > 0);
    CHECK(f.no_wait(far) == 0);
    CHECK(f.read(far) == "-EAGAIN"); // it had been flushed
    CHECK(f.no_wait(upper) == 0);
    CHECK(f.write(far, std::string("\0read me", 8)) == 8);
    CHECK(f.ioctl(upper, I_FLUSH, FLUSHR) == 0);
    CHECK(f.read(upper) == "-EAGAIN");
    CHECK(f.ioctl(far, I_FLUSH, FLUSHW) == 0); // reaches the lower half as FLUSHR
    CHECK(f.write(far, std::string("\0after", 6)) == 6);
    CHECK(f.read(upper) == "after");
}

TEST_CASE("MUX-018 MUX-077: mux over a pipe; its other end is refused ioctls by the lower half") {
    Drivers f;
    int ctl = f.open("/dev/mux"), p[2];
    REQUIRE(rill_pipe(handle(f.root), p) == 0);
    REQUIRE(f.ioctl(ctl, I_LINK, p[0]) > 0);
    CHECK(f.str(p[1], 1, 0) == -EINVAL);
    CHECK(f.write(ctl, "down") == 4);
    CHECK(f.read(p[1]) == std::string("\0down", 5));
    CHECK(f.write(p[1], std::string("\0up", 3)) == 3);
    CHECK(f.read(ctl) == "up");
}

TEST_CASE("MUX-069: mux keeps its tables while a persistent link is all that is left of it") {
    Drivers f;
    const Census before = f.census();
    int ctl = f.open("/dev/mux"), low = f.open("/dev/echo");
    int id = f.ioctl(ctl, I_PLINK, low);
    CHECK(f.close(ctl) == 0);
    CHECK(f.close(low) == 0);
    int a = f.open("/dev/mux");
    CHECK(f.write(a, "still") == 5);
    CHECK(f.read(a) == "still");
    CHECK(f.ioctl(a, I_PUNLINK, id) == 0);
    CHECK(f.close(a) == 0);
    CHECK(f.census() == before);
}

TEST_CASE("MUX-001 MUX-002: strconf and the DOT graph show what is linked below what") {
    Drivers f;
    int ctl = f.open("/dev/mux"), low = f.open("/dev/echo"), kept = f.open("/dev/loop");
    const std::string c = std::to_string(f.stream(ctl)->id), l = std::to_string(f.stream(low)->id),
                      k = std::to_string(f.stream(kept)->id);
    CHECK(view::topology_dot(f.system).find("link") == std::string::npos);
    CHECK(view::strconf(*f.stream(ctl)) == "stream head\n    |\ndriver mux (66,0)\n");
    const std::string id = std::to_string(f.ioctl(ctl, I_LINK, low)), pid = std::to_string(f.ioctl(ctl, I_PLINK, kept));
    const std::string dot = view::topology_dot(f.system);
    CHECK(dot.starts_with("digraph rill {\n"));
    CHECK(dot.ends_with("}\n"));
    CHECK(std::count(dot.begin(), dot.end(), '{') == std::count(dot.begin(), dot.end(), '}'));
    CHECK(dot.find("s" + c + "_driver -> s" + l + "_head [label=\"link " + id + "\"];") != std::string::npos);
    CHECK(dot.find(" -> s" + k + "_head [label=\"link " + pid + "\", style=dashed];") != std::string::npos);
    CHECK(view::strconf(*f.stream(ctl)) == "stream head\n    |\ndriver mux (66,0)\n    +-- link " + id + ": stream " + l +
                                               ": driver echo (61,0)\n    +-- link " + pid + ", persistent: stream " + k +
                                               ": driver loop (62,0)\n");
    CHECK(view::strconf(*f.stream(low)) == "stream head (below link " + id + ")\n    |\ndriver echo (61,0)\n");
    CHECK(f.ioctl(ctl, I_PUNLINK, MUXID_ALL) == 0);
}
