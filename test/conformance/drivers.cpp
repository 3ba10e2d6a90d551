// The standard drivers and modules, linked into the program: clauses/04 section 8 as far as they follow it, and what their
// own comments promise.
#include "test/harness.hpp"

#include "drivers/echo.h"
#include "drivers/loop.h"

#include <cstring>

extern "C" {
extern struct streamtab echoinfo, loopinfo, muxinfo, nulsinfo, pipemodinfo, passmodinfo;
extern int echodevflag, loopdevflag, muxdevflag, nulsdevflag, pipemoddevflag, passmoddevflag;
extern int echo_devices, echo_clone_minor, loop_devices, mux_devices, nuls_devices;
}

namespace {

using namespace rill;
using namespace rill::test;

struct Drivers : Fixture {
    Drivers() {
        echo_devices = loop_devices = mux_devices = nuls_devices = 4;
        echo_clone_minor = -1;
        auto add = [&](const char *name, int major, streamtab *tab, int flag) {
            CHECK(rill_driver_add(handle(system), name, major, tab, flag, 4) == 0);
            node((std::string("/dev/") + name).c_str(), clone(static_cast<major_t>(major)));
        };
        add("echo", 61, &echoinfo, echodevflag);
        add("loop", 62, &loopinfo, loopdevflag);
        add("nuls", 67, &nulsinfo, nulsdevflag);
        add("mux", 68, &muxinfo, muxdevflag);
        CHECK(rill_module_add(handle(system), "pipemod", &pipemodinfo, pipemoddevflag) == 0);
        CHECK(rill_module_add(handle(system), "passmod", &passmodinfo, passmoddevflag) == 0);
    }
    int str(int fd, int command, void *data = nullptr, int length = 0) {
        strioctl s{command, 0, length, static_cast<char *>(data)};
        return ioctl(fd, I_STR, &s);
    }
    int join(int a, int b) {
        int minor = static_cast<int>(geteminor(rdev(b)));
        return str(a, LOOP_SET, &minor, sizeof minor);
    }
    int open_no_wait(const char *path) { return outcome(rill_open(handle(root), path, O_RDWR | O_NONBLOCK)); }
    int put(int fd, const char *control, const char *data, int flags = 0) {
        const std::string c = control, d = data;
        strbuf ctl{0, static_cast<int>(c.size()), const_cast<char *>(c.data())}, dat{0, static_cast<int>(d.size()), const_cast<char *>(d.data())};
        return outcome(rill_putmsg(handle(root), fd, &ctl, &dat, flags));
    }
    // A module that sends each M_DATA down as another type, and keeps the types of what comes up.
    struct Types {
        int down = M_DATA;
        std::vector<int> up;
        std::vector<int> flags;
    };
    void push_types(int fd, Types &types) {
        Probe &probe = module("types");
        probe.on_wput = [&types](queue_t *q, mblk_t *mp) {
            if (mp->b_datap->db_type == M_DATA) mp->b_datap->db_type = static_cast<unsigned char>(types.down);
            putnext(q, mp);
        };
        probe.on_rput = [&types](queue_t *q, mblk_t *mp) {
            types.up.push_back(mp->b_datap->db_type);
            types.flags.push_back(mp->b_flag);
            if (mp->b_datap->db_type == M_FLUSH || mp->b_datap->db_type == M_IOCACK || mp->b_datap->db_type == M_IOCNAK) putnext(q, mp);
            else freemsg(mp);
        };
        CHECK(ioctl(fd, I_PUSH, "types") == 0);
    }
    int write_some(int fd) { return write(fd, std::string(1000, 'x')); }
};

} // namespace

TEST_CASE("STD-002 STD-005: echo and nuls refuse an ioctl they do not know with EINVAL") {
    Drivers f;
    CHECK(f.str(f.open("/dev/echo"), 1) == -EINVAL);
    CHECK(f.str(f.open("/dev/nuls"), 1) == -EINVAL);
    CHECK(f.str(f.open("/dev/loop"), 1) == -EINVAL);
}

TEST_CASE("STD-026: a clone open takes the lowest free minor; none left: EBUSY; explicit beyond the table: ENXIO") {
    for (const char *name : {"echo", "loop", "nuls"}) {
        CAPTURE(name);
        Drivers f;
        const std::string path = std::string("/dev/") + name;
        int fds[4];
        for (int &fd : fds) CHECK((fd = f.open(path.c_str())) >= 0);
        CHECK(f.open(path.c_str()) == -EBUSY);
        const dev_t second = f.rdev(fds[1]);
        f.node("/dev/second", second);
        f.node("/dev/beyond", makedevice(getemajor(second), 4));
        CHECK(f.open("/dev/beyond") == -ENXIO);
        CHECK(f.close(fds[1]) == 0);
        const int again = f.open(path.c_str());
        CHECK(f.rdev(again) == second);
        CHECK(f.stream(f.open("/dev/second")) == f.stream(again));
    }
}

TEST_CASE("CLN-104: echo's designated minor, inside the table, is set aside; outside it, costs nothing") {
    for (int designated : {1, 4}) {
        Drivers f;
        echo_clone_minor = designated;
        f.node("/dev/any", makedevice(61, static_cast<minor_t>(designated)));
        int opens = 0, fd;
        while ((fd = f.open("/dev/any")) >= 0) {
            ++opens;
            CHECK(f.rdev(fd) != makedevice(61, static_cast<minor_t>(designated)));
        }
        CHECK(fd == -EBUSY);
        CHECK(f.open("/dev/echo") == -EBUSY);
        CHECK(opens == (designated < 4 ? 3 : 4));
    }
}

TEST_CASE("CLN-059: an echo, loop or nuls open that finds no memory fails and leaves nothing") {
    Drivers f;
    for (const char *path : {"/dev/echo", "/dev/loop", "/dev/nuls"}) {
        CAPTURE(path);
        for_every_allocation(
            f, {ENOMEM, ENOSR, ENFILE, EAGAIN, EMFILE}, [&] { return f.open(path); }, [&](int fd) { f.close(fd); });
    }
}

TEST_CASE("STD-001: what is written to echo comes back, with its control part and type") {
    Drivers f;
    const int fd = f.open("/dev/echo");
    CHECK(f.write(fd, "hello") == 5);
    CHECK(f.read(fd) == "hello");
    char control[] = "ctl", data[] = "data";
    strbuf ctl{0, 3, control}, dat{0, 4, data};
    for (int flags : {0, RS_HIPRI}) {
        CHECK(outcome(rill_putmsg(handle(f.root), fd, &ctl, &dat, flags)) == 0);
        char c[8] = {}, d[8] = {};
        strbuf into_c{8, 0, c}, into_d{8, 0, d};
        int got = 0;
        CHECK(outcome(rill_getmsg(handle(f.root), fd, &into_c, &into_d, &got)) == 0);
        CHECK(std::string(c) == "ctl");
        CHECK(std::string(d) == "data");
        CHECK(got == flags);
    }
}

TEST_CASE("STD-001: echo answers its ioctls: the minor, and the bytes echoed") {
    Drivers f;
    f.open("/dev/echo");
    const int fd = f.open("/dev/echo");
    CHECK(f.str(fd, ECHO_MINOR) == 1);
    f.write(fd, "12345");
    unsigned long bytes = 0;
    CHECK(f.str(fd, ECHO_BYTES, &bytes, sizeof bytes) == 0);
    CHECK(bytes == 5);
}

TEST_CASE("STD-009: a reader that does not read blocks the writer, on echo and across loop; draining lets it go on") {
    for (bool loop : {false, true}) {
        CAPTURE(loop);
        Drivers f;
        const int a = outcome(rill_open(handle(f.root), loop ? "/dev/loop" : "/dev/echo", O_RDWR | O_NONBLOCK));
        const int b = loop ? outcome(rill_open(handle(f.root), "/dev/loop", O_RDWR | O_NONBLOCK)) : a;
        if (loop) CHECK(f.join(a, b) == 0);
        int sent = 0, result;
        while ((result = f.write_some(a)) > 0 && sent < 1000) ++sent;
        CHECK(result == -EAGAIN);
        std::string all;
        for (std::string part; (part = f.read(b, 4096))[0] == 'x';) all += part;
        CHECK(all.size() == static_cast<std::size_t>(sent) * 1000);
        CHECK(f.write_some(a) == 1000);
    }
}

TEST_CASE("STD-029: echo flushes both its queues; FLUSHR goes up") {
    Drivers f;
    const int fd = outcome(rill_open(handle(f.root), "/dev/echo", O_RDWR | O_NONBLOCK));
    while (f.write_some(fd) > 0) {}
    CHECK(f.ioctl(fd, I_FLUSH, FLUSHRW) == 0);
    CHECK(f.read(fd) == "-EAGAIN");
    CHECK(f.write(fd, "after") == 5);
    CHECK(f.read(fd) == "after");
}

TEST_CASE("STD-024: LOOP_SET refuses a wrong size, a minor that is not open, and streams already joined") {
    Drivers f;
    const int a = f.open("/dev/loop"), b = f.open("/dev/loop"), c = f.open("/dev/loop");
    int minor = 3;
    CHECK(f.str(a, LOOP_SET, &minor, 1) == -EINVAL);
    CHECK(f.str(a, LOOP_SET) == -EINVAL);
    CHECK(f.str(a, LOOP_SET, &minor, sizeof minor) == -ENXIO);
    minor = 99;
    CHECK(f.str(a, LOOP_SET, &minor, sizeof minor) == -ENXIO);
    CHECK(f.ioctl(a, LOOP_SET, &minor) == -EINVAL); // transparent
    CHECK(f.join(a, b) == 0);
    CHECK(f.join(c, a) == -EBUSY);
    CHECK(f.join(b, c) == -EBUSY);
}

TEST_CASE("STD-006: LOOP_SET joins two streams: what is written on either is read on the other") {
    Drivers f;
    const int a = f.open("/dev/loop"), b = f.open("/dev/loop");
    CHECK(f.join(a, b) == 0);
    CHECK(f.write(a, "to b") == 4);
    CHECK(f.write(b, "to a") == 4);
    CHECK(f.read(b) == "to b");
    CHECK(f.read(a) == "to a");
}

TEST_CASE("STD-025: LOOP_SET takes a whole device number too") {
    Drivers f;
    const int a = f.open("/dev/loop"), b = f.open("/dev/loop");
    dev_t other = makedevice(61, 1);
    CHECK(f.str(a, LOOP_SET, &other, sizeof other) == -ENXIO);
    other = f.rdev(b);
    CHECK(f.str(a, LOOP_SET, &other, sizeof other) == 0);
    CHECK(f.write(b, "hello") == 5);
    CHECK(f.read(a) == "hello");
}

TEST_CASE("STD-007: data written to a loop stream that is not joined is freed, and later calls fail with ENXIO") {
    Drivers f;
    const int a = f.open("/dev/loop");
    f.write(a, "nowhere");
    f.run();
    CHECK(f.write(a, "again") == -ENXIO);
    CHECK(f.read(a) == "-ENXIO");
}

TEST_CASE("STD-008: closing one loop stream hangs the other up, which can then be closed and its minor had again") {
    Drivers f;
    const int a = f.open("/dev/loop"), b = f.open("/dev/loop");
    CHECK(f.join(a, b) == 0);
    CHECK(f.write(a, "last words") == 10);
    CHECK(f.close(a) == 0);
    CHECK(f.read(b) == "last words");
    CHECK(f.read(b) == "");
    CHECK(f.write(b, "x") == (f.system.profile.write_hangup_eio ? -EIO : -ENXIO)); // WR-051, WR-050
    CHECK(f.close(b) == 0);
    CHECK(f.rdev(f.open("/dev/loop")) == makedevice(62, 0));
}

TEST_CASE("STD-003: nuls takes everything, and a read is at the end of the file") {
    Drivers f;
    const int fd = f.open("/dev/nuls");
    CHECK(f.write(fd, "gone") == 4);
    CHECK(f.read(fd) == "");
    CHECK(f.read(fd) == "");
}

TEST_CASE("STD-015: modules can be pushed on each of them, pass everything, and are popped") {
    Drivers f;
    const int fd = f.open("/dev/echo");
    for (const char *module : {"passmod", "pipemod", "passmod"}) CHECK(f.ioctl(fd, I_PUSH, module) == 0);
    CHECK(f.write(fd, "through") == 7);
    CHECK(f.read(fd) == "through");
    CHECK(f.str(fd, ECHO_MINOR) == 0);
    CHECK(f.ioctl(fd, I_POP, 0) == 0);
    CHECK(f.write(fd, "two") == 3);
    CHECK(f.read(fd) == "two");
}

TEST_CASE("CLN-120: the drivers refuse MODOPEN with ENXIO, the modules anything else with EIO") {
    Drivers f;
    CHECK(rill_module_add(handle(f.system), "echo", &echoinfo, echodevflag) == 0);
    CHECK(rill_driver_add(handle(f.system), "pipemod", 70, &pipemodinfo, pipemoddevflag, 1) == 0);
    f.node("/dev/pm", makedevice(70, 0));
    CHECK(f.open("/dev/pm") == -EIO);
    CHECK(f.ioctl(f.open("/dev/nuls"), I_PUSH, "echo") == -ENXIO);
}

TEST_CASE("MSG-086: pipemod swaps FLUSHR and FLUSHW, unless both are set") {
    Drivers f;
    Probe &below = f.driver("below", 66, 4);
    std::vector<int> seen;
    below.on_wput = [&](queue_t *q, mblk_t *mp) {
        if (mp->b_datap->db_type == M_FLUSH) seen.push_back(*mp->b_rptr);
        below.standard_put(q, mp);
    };
    f.node("/dev/below", f.clone(66));
    const int fd = f.open("/dev/below");
    CHECK(f.ioctl(fd, I_PUSH, "pipemod") == 0);
    for (auto [sent, arrives] : {std::pair{FLUSHR, FLUSHW}, {FLUSHW, FLUSHR}, {FLUSHRW, FLUSHRW}}) {
        seen.clear(); // what comes back up is swapped once more, and may be turned round by the head
        CHECK(f.ioctl(fd, I_FLUSH, sent) == 0);
        REQUIRE(!seen.empty());
        CHECK(seen.front() == arrives);
    }
}

TEST_CASE("STD-004: nuls can have modules pushed and popped, be asked, and be linked below a multiplexor") {
    Drivers f;
    const int fd = f.open("/dev/nuls"), ctl = f.open("/dev/mux");
    CHECK(f.ioctl(fd, I_PUSH, "passmod") == 0);
    CHECK(f.ioctl(fd, I_FIND, "passmod") == 1);
    CHECK(f.write(fd, "gone") == 4);
    CHECK(f.read(fd) == "");
    CHECK(f.ioctl(fd, I_FLUSH, FLUSHRW) == 0);
    CHECK(f.ioctl(fd, I_POP, 0) == 0);
    const int id = f.ioctl(ctl, I_LINK, fd);
    CHECK(id > 0);
    CHECK(f.write(ctl, "gone too") == 8);
    CHECK(f.ioctl(ctl, I_UNLINK, id) == 0);
    CHECK(f.read(fd) == "");
}

TEST_CASE("STD-028: a second open of a stream's own device is answered with 0, and is the same stream and minor") {
    for (const char *name : {"echo", "loop", "nuls", "mux"}) {
        CAPTURE(name);
        Drivers f;
        const int fd = f.open((std::string("/dev/") + name).c_str());
        f.node("/dev/same", f.rdev(fd));
        const int again = f.open("/dev/same");
        CHECK(again >= 0);
        CHECK(f.stream(again) == f.stream(fd));
        CHECK(f.rdev(again) == f.rdev(fd));
        CHECK(f.close(fd) == 0);
        CHECK(f.ioctl(again, I_FLUSH, FLUSHRW) == 0); // the first close is not the last
    }
}

TEST_CASE("STD-030: echo and nuls answer M_READ with an empty M_DATA marked MSGDELIM") {
    for (const char *path : {"/dev/echo", "/dev/nuls"}) {
        CAPTURE(path);
        Drivers::Types types;
        Drivers f;
        int fd = f.open(path);
        types.down = M_READ;
        f.push_types(fd, types);
        CHECK(f.write(fd, "12345678") == 8);
        REQUIRE(types.up == std::vector<int>{M_DATA});
        CHECK((types.flags[0] & MSGDELIM) != 0);
        CHECK(f.close(fd) == 0);

        Probe &asking = f.module("asking");
        asking.on_open = [&](queue_t *q, dev_t *devp, int oflag, int sflag, cred_t *crp) {
            const int error = asking.standard_open(q, devp, oflag, sflag, crp);
            mblk_t *mp = error ? nullptr : allocb(sizeof(stroptions), BPRI_MED);
            if (!mp) return error;
            stroptions options{};
            options.so_flags = SO_MREADON;
            std::memcpy(mp->b_wptr, &options, sizeof options);
            mp->b_wptr += sizeof options;
            mp->b_datap->db_type = M_SETOPTS;
            putnext(q, mp);
            return 0;
        };
        fd = f.open(path);
        CHECK(f.ioctl(fd, I_PUSH, "asking") == 0);
        CHECK(f.read(fd) == "");
    }
}

TEST_CASE("STD-031: echo turns round data, protocol, control and M_RSE messages, and frees the rest") {
    for (const int type : {M_DATA, M_PROTO, M_PCPROTO, M_CTL, M_PCCTL, M_RSE, M_PCRSE, M_DELAY, M_BREAK, M_START, M_STOP, M_IOCDATA}) {
        CAPTURE(type);
        Drivers::Types types;
        Drivers f;
        types.down = type;
        const int fd = f.open("/dev/echo");
        f.push_types(fd, types);
        const Census before = f.census();
        CHECK(f.write(fd, std::string(sizeof(copyresp), 0)) == sizeof(copyresp));
        f.run();
        const bool back = type != M_DELAY && type != M_BREAK && type != M_START && type != M_STOP && type != M_IOCDATA;
        CHECK(types.up == (back ? std::vector<int>{type} : std::vector<int>{}));
        CHECK(f.census() == before);
    }
}

TEST_CASE("STD-031: with the reader full, all but a high-priority message wait in echo, until it reads") {
    Drivers f;
    const int fd = f.open_no_wait("/dev/echo");
    int sent = 0;
    while (f.write_some(fd) > 0) ++sent;
    CHECK(f.put(fd, "c", "d") == -EAGAIN);
    CHECK(f.put(fd, "high", "d", RS_HIPRI) == 0);
    char c[8] = {}, d[8] = {};
    strbuf ctl{8, 0, c}, dat{8, 0, d};
    int flags = RS_HIPRI;
    CHECK(outcome(rill_getmsg(handle(f.root), fd, &ctl, &dat, &flags)) == 0);
    CHECK(std::string(c) == "high");
    for (; sent > 0; --sent) CHECK(f.read(fd, 1000).size() == 1000);
    CHECK(f.read(fd) == "-EAGAIN");
    CHECK(f.put(fd, "c", "d") == 0);
}

TEST_CASE("STD-032: nuls frees every message that it does not answer; nothing comes back") {
    for (const int type : {M_DATA, M_PROTO, M_PCPROTO, M_CTL, M_PCCTL, M_RSE, M_PCRSE, M_DELAY, M_BREAK, M_START, M_STOP, M_IOCDATA}) {
        CAPTURE(type);
        Drivers::Types types;
        Drivers f;
        types.down = type;
        const int fd = f.open("/dev/nuls");
        f.push_types(fd, types);
        const Census before = f.census();
        CHECK(f.write(fd, std::string(sizeof(copyresp), 0)) == sizeof(copyresp));
        CHECK(f.put(fd, "ctl", "data") == 0);
        CHECK(f.put(fd, "ctl", "data", RS_HIPRI) == 0);
        f.run();
        CHECK(types.up.empty());
        CHECK(f.census() == before);
    }
}

TEST_CASE("STD-033: a loop stream that is not joined turns a flush round as a driver does") {
    Drivers::Types types;
    Drivers f;
    const int fd = f.open("/dev/loop");
    f.push_types(fd, types);
    CHECK(f.ioctl(fd, I_FLUSH, FLUSHW) == 0);
    CHECK(types.up.empty());
    CHECK(f.ioctl(fd, I_FLUSH, FLUSHRW) == 0);
    CHECK(types.up == std::vector<int>{M_FLUSH});
}

TEST_CASE("STD-033: across a joined loop a flush goes up the other stream with its bits exchanged") {
    Drivers f;
    const int a = f.open_no_wait("/dev/loop"), b = f.open_no_wait("/dev/loop");
    CHECK(f.join(a, b) == 0);
    const auto fill = [&] {
        CHECK(f.write(a, "to b") == 4);
        CHECK(f.write(b, "to a") == 4);
    };
    fill();
    CHECK(f.ioctl(a, I_FLUSH, FLUSHW) == 0);
    CHECK(f.read(b) == "-EAGAIN");
    CHECK(f.read(a) == "to a");
    fill();
    CHECK(f.ioctl(a, I_FLUSH, FLUSHR) == 0);
    CHECK(f.read(a) == "-EAGAIN");
    CHECK(f.read(b) == "to b");
    while (f.write_some(a) > 0) {} // the write queue of the driver too
    while (f.write_some(b) > 0) {}
    CHECK(f.ioctl(a, I_FLUSH, FLUSHRW) == 0);
    CHECK(f.read(a) == "-EAGAIN");
    CHECK(f.read(b) == "-EAGAIN");
    fill();
    CHECK(f.read(b) == "to b");
    CHECK(f.read(a) == "to a");
}

TEST_CASE("STD-034: M_ERROR of a loop stream names ENXIO for both sides, once for each data message; LOOP_SET does not clear it") {
    Drivers::Types types;
    Drivers f;
    const int a = f.open("/dev/loop"), b = f.open("/dev/loop");
    f.push_types(a, types);
    CHECK(f.write(a, "one") == 3);
    CHECK(f.write(a, "two") == 3);
    CHECK(types.up == std::vector<int>{M_ERROR, M_ERROR}); // neither reached the stream head
    CHECK(f.join(a, b) == 0);
    CHECK(f.close(a) == 0);
    CHECK(f.close(b) == 0);

    const int c = f.open("/dev/loop"), d = f.open("/dev/loop");
    f.write(c, "nowhere");
    CHECK(f.read(c) == "-ENXIO");
    CHECK(f.write(c, "x") == -ENXIO);
    CHECK(f.join(c, d) == -ENXIO);
    CHECK(f.join(d, c) == 0); // the other is in order
    CHECK(f.write(c, "x") == -ENXIO);
}

TEST_CASE("STD-035: a loop stream joined with itself behaves as echo, and is closed like any") {
    Drivers f;
    const int a = f.open_no_wait("/dev/loop"), b = f.open("/dev/loop");
    CHECK(f.join(a, a) == 0);
    CHECK(f.write(a, "to myself") == 9);
    CHECK(f.read(a) == "to myself");
    CHECK(f.join(b, a) == -EBUSY);
    while (f.write_some(a) > 0) {}
    for (const int what : {FLUSHR, FLUSHW, FLUSHRW}) {
        CHECK(f.ioctl(a, I_FLUSH, what) == 0);
        CHECK(f.read(a) == "-EAGAIN");
        CHECK(f.write(a, "again") == 5);
    }
    const dev_t dev = f.rdev(a);
    CHECK(f.close(a) == 0);
    CHECK(f.rdev(f.open("/dev/loop")) == dev);
}

TEST_CASE("STD-036: the clone table of each driver full: EBUSY; a close makes the next open succeed") {
    for (const char *name : {"echo", "loop", "nuls", "mux"}) {
        CAPTURE(name);
        Drivers f;
        echo_devices = loop_devices = mux_devices = nuls_devices = 3;
        const std::string path = std::string("/dev/") + name;
        int fds[3];
        for (int &fd : fds) CHECK((fd = f.open(path.c_str())) >= 0);
        CHECK(f.open(path.c_str()) == -EBUSY);
        CHECK(f.close(fds[1]) == 0);
        CHECK(f.open(path.c_str()) >= 0);
        CHECK(f.open(path.c_str()) == -EBUSY);
    }
}
