// The standard drivers and modules that ask the system about names, nsdev and sc, and the module delay: clauses/04 section 8.
#include "test/harness.hpp"

#include "drivers/delay.h"

#include <cstring>
#include <sys/nsdev.h>
#include <sys/sc.h>

extern "C" {
extern struct streamtab delayinfo, echoinfo, loopinfo, muxinfo, nsdevinfo, nulsinfo, passmodinfo, scinfo;
extern int delaydevflag, echodevflag, loopdevflag, muxdevflag, nsdevdevflag, nulsdevflag, passmoddevflag, scdevflag;
extern int echo_devices, echo_clone_minor, loop_devices, mux_devices, nuls_devices;
}

namespace {

using namespace rill;
using namespace rill::test;

constexpr major_t echo_major = 61, loop_major = 62, nuls_major = 67, mux_major = 68, probe_major = 69, nsdev_major = 71;

struct Standard : Fixture {
    explicit Standard(const char *profile = nullptr) : Fixture(profile) {
        echo_devices = loop_devices = mux_devices = nuls_devices = 4;
        echo_clone_minor = -1;
        add("echo", echo_major, &echoinfo, echodevflag);
        add("loop", loop_major, &loopinfo, loopdevflag);
        add("nuls", nuls_major, &nulsinfo, nulsdevflag);
        add("mux", mux_major, &muxinfo, muxdevflag);
        add("nsdev", nsdev_major, &nsdevinfo, nsdevdevflag);
        CHECK(rill_module_add(handle(system), "sc", &scinfo, scdevflag) == 0);
        CHECK(rill_module_add(handle(system), "delay", &delayinfo, delaydevflag) == 0);
    }
    void add(const char *name, major_t major, streamtab *tab, int flag) {
        CHECK(rill_driver_add(handle(system), name, static_cast<int>(major), tab, flag, 4) == 0);
    }
    int str(int fd, int command, const void *data, int length) {
        strioctl s{command, 0, length, static_cast<char *>(const_cast<void *>(data))};
        return ioctl(fd, I_STR, &s);
    }
    int str(int fd, int command, int value) { return str(fd, command, &value, sizeof value); }
    void advance(long ticks) { CHECK(rill_advance(handle(system), ticks) == 0); }
    // An echo stream that does not wait.
    int echo(const char *module = nullptr) {
        node("/dev/e", clone(echo_major));
        const int fd = open("/dev/e", O_RDWR | O_NONBLOCK);
        if (module) CHECK(ioctl(fd, I_PUSH, module) == 0);
        return fd;
    }
    int no_wait(int fd) { return outcome(rill_fcntl(handle(root), fd, F_SETFL, O_RDWR | O_NONBLOCK)); }
};

} // namespace

// --- nsdev

TEST_CASE("STD-020: a node of nsdev whose name is no driver's is not opened: ENXIO; one that cannot be loaded neither") {
    Standard f;
    int asked = 0, answer = ENOENT;
    Driver lazy;
    lazy.name = lazy.prefix = "lazy";
    lazy.loadable = true;
    lazy.load = [&](Driver &d) {
        ++asked;
        if (answer) return answer;
        d.tab = &passmodinfo; // its open wants to be a module's: EIO
        return 0;
    };
    {
        Enter scope(f.system);
        CHECK(f.system.registry.add(lazy, probe_major) == 0);
    }
    for (const char *path : {"/dev/nobody", "/dev/nobody.1", "/dev/.echo", "/dev/ech", "/dev/nsdev", "/dev/nsdev.1", "/dev/lazy.0"}) {
        CAPTURE(path);
        f.node(path, makedevice(nsdev_major, 1));
        const Census before = f.census();
        CHECK(f.open(path) == -ENXIO);
        CHECK(f.census() == before);
    }
    f.node(("/dev/" + std::string(64, 'e')).c_str(), makedevice(nsdev_major, 2));
    CHECK(f.open(("/dev/" + std::string(64, 'e')).c_str()) == -ENXIO);
    CHECK(asked == 1);
    answer = 0;
    CHECK(f.open("/dev/lazy.0") == -EIO); // it was loaded, and asked
    CHECK(asked == 2);
}

TEST_CASE("STD-020: nsdev refuses to be a module, and a driver that is not STREAMS") {
    Standard f;
    CHECK(rill_module_add(handle(f.system), "nsdev", &nsdevinfo, nsdevdevflag) == 0);
    CHECK(f.ioctl(f.echo(), I_PUSH, "nsdev") == -ENXIO);
    Driver plain;
    plain.name = plain.prefix = "plain";
    plain.entry.open = [](dev_t *, int, int, cred_t *) { return 0; };
    {
        Enter scope(f.system);
        CHECK(f.system.registry.add(plain, probe_major) == 0);
    }
    f.node("/dev/plain.0", makedevice(nsdev_major, 0));
    CHECK(f.open("/dev/plain.0") == -ENXIO);
}

TEST_CASE("STD-019: what the driver that nsdev chose refuses, is the answer; the queues are as they were, its close is not called") {
    for (const bool cloned : {false, true}) {
        CAPTURE(cloned);
        Standard f;
        Probe &probe = f.driver("probe", probe_major, 4);
        std::vector<int> answers{EIO, EAGAIN, 0};
        probe.on_open = [&](queue_t *q, dev_t *devp, int oflag, int sflag, cred_t *crp) {
            const int answer = answers.front();
            answers.erase(answers.begin());
            return answer ? answer : probe.standard_open(q, devp, oflag, sflag, crp);
        };
        f.node("/dev/probe", cloned ? f.clone(nsdev_major) : makedevice(nsdev_major, 0));
        const Census before = f.census();
        CHECK(f.open("/dev/probe") == -EIO);
        CHECK(f.open("/dev/probe") == -EAGAIN);
        CHECK(probe.count("close") == 0);
        CHECK(f.census() == before);
        const int fd = f.open("/dev/probe");
        CHECK(fd >= 0);
        CHECK(probe.last("open").read_ptr == nullptr);
        CHECK(f.close(fd) == 0);
        CHECK(probe.count("close") == 1);
    }
}

TEST_CASE("STD-019: an open through nsdev that finds no memory fails and leaves nothing") {
    Standard f;
    f.node("/dev/echo.1", makedevice(nsdev_major, 1));
    f.node("/dev/loop", f.clone(nsdev_major));
    f.node("/dev/clone.x", makedevice(nsdev_major, loop_major));
    for (const char *path : {"/dev/echo.1", "/dev/loop", "/dev/clone.x"}) {
        CAPTURE(path);
        for_every_allocation(
            f, {ENOMEM, ENOSR, ENFILE, EAGAIN, EMFILE}, [&] { return f.open(path); }, [&](int fd) { CHECK(f.close(fd) == 0); });
    }
}

TEST_CASE("STD-019: a driver behind nsdev that answers with another driver's device is closed again: ENXIO") {
    for (const bool cloned : {false, true}) {
        CAPTURE(cloned);
        Standard f;
        Probe &probe = f.driver("probe", probe_major, 4);
        probe.on_open = [&](queue_t *q, dev_t *devp, int oflag, int sflag, cred_t *crp) {
            const int error = probe.standard_open(q, devp, oflag, sflag, crp);
            *devp = makedevice(echo_major, 1);
            return error;
        };
        f.node("/dev/probe", cloned ? f.clone(nsdev_major) : makedevice(nsdev_major, 0));
        CHECK(f.open("/dev/probe") == -ENXIO);
        CHECK(probe.count("close") == 1);
        CHECK(probe.units_taken() == 0);
        f.took_fault("CLN-070");
        f.took_fault("CLN-105");
    }
}

TEST_CASE("STD-019: nsdev opens the driver that the node's name says, up to the first dot, with the node's minor") {
    Standard f;
    Probe &probe = f.driver("probe", probe_major, 4);
    f.node("/dev/echo.1", makedevice(nsdev_major, 1));
    f.node("/dev/dir/probe.a.b", makedevice(nsdev_major, 3));
    const int fd = f.open("/dev/echo.1");
    REQUIRE(fd >= 0);
    CHECK(f.rdev(fd) == makedevice(echo_major, 1));
    CHECK(f.write(fd, "hello") == 5);
    CHECK(f.read(fd) == "hello");
    const int other = f.open("/dev/dir/probe.a.b");
    CHECK(f.rdev(other) == makedevice(probe_major, 3));
    CHECK(probe.last("open").dev == makedevice(probe_major, 3));
    CHECK(probe.last("open").sflag == 0);
    // Device 1 of echo is open; by its own node it is joined, through nsdev it is another stream's (CLN-073).
    f.node("/dev/same", makedevice(echo_major, 1));
    CHECK(f.stream(f.open("/dev/same")) == f.stream(fd));
    CHECK(f.open("/dev/echo.1") == -EBUSY);
    CHECK(f.write(fd, "still") == 5);
    CHECK(f.read(fd) == "still");
}

TEST_CASE("STD-021: a node (clone,nsdev) is opened with CLONEOPEN at the driver of its name") {
    Standard f;
    Probe &probe = f.driver("probe", probe_major, 4);
    f.node("/dev/loop", f.clone(nsdev_major));
    f.node("/dev/probe.any", f.clone(nsdev_major));
    f.node("/dev/nobody", f.clone(nsdev_major));
    f.node("/dev/nsdev", f.clone(nsdev_major));
    const int a = f.open("/dev/loop"), b = f.open("/dev/loop");
    CHECK(f.rdev(a) == makedevice(loop_major, 0));
    CHECK(f.rdev(b) == makedevice(loop_major, 1));
    CHECK(f.rdev(f.open("/dev/probe.any")) == makedevice(probe_major, 0));
    CHECK(probe.last("open").sflag == CLONEOPEN);
    CHECK(probe.last("open").dev == makedevice(probe_major, 0));
    CHECK(f.open("/dev/nobody") == -ENXIO);
    CHECK(f.open("/dev/nsdev") == -ENXIO);
}

TEST_CASE("STD-022: a node of nsdev called clone.x is a clone node: its minor is a driver's major") {
    Standard f;
    Probe &probe = f.driver("probe", probe_major, 2);
    f.node("/dev/clone.x", makedevice(nsdev_major, probe_major));
    f.node("/dev/clone.none", makedevice(nsdev_major, 99));
    f.node("/dev/clone.nsdev", makedevice(nsdev_major, nsdev_major));
    CHECK(f.rdev(f.open("/dev/clone.x")) == makedevice(probe_major, 0));
    CHECK(f.rdev(f.open("/dev/clone.x")) == makedevice(probe_major, 1));
    CHECK(probe.last("open").sflag == CLONEOPEN);
    CHECK(f.open("/dev/clone.x") == -EBUSY);
    CHECK(f.open("/dev/clone.none") == -ENXIO);
    CHECK(f.open("/dev/clone.nsdev") == -ENXIO);
}

TEST_CASE("STD-019: open_name is the last component, in an open only: ENXIO elsewhere, ENAMETOOLONG for a small buffer") {
    Standard f;
    Probe &probe = f.driver("probe", probe_major, 4);
    queue_t *queue = nullptr;
    char name[8] = {}, small[5] = {};
    int small_answer = 0;
    probe.on_open = [&](queue_t *q, dev_t *devp, int oflag, int sflag, cred_t *crp) {
        queue = q;
        small_answer = open_name(q, small, sizeof small);
        CHECK(open_name(q, name, sizeof name) == 0);
        return probe.standard_open(q, devp, oflag, sflag, crp);
    };
    f.node("/dev/sub/probe", makedevice(probe_major, 0));
    CHECK(f.open("/dev/sub/probe") >= 0);
    CHECK(std::string(name) == "probe");
    CHECK(small_answer == ENAMETOOLONG);
    Enter scope(f.system);
    CHECK(open_name(queue, name, sizeof name) == ENXIO);
}

// --- sc

TEST_CASE("STD-016: SC_IOC_LIST refuses I_STR, less than no room, and memory that is not there; nothing is left") {
    Standard f;
    f.node("/dev/nuls", f.clone(nuls_major));
    const int fd = f.open("/dev/nuls");
    CHECK(f.ioctl(fd, I_PUSH, "sc") == 0);
    sc_list list{};
    CHECK(f.str(fd, SC_IOC_LIST, &list, sizeof list) == -EINVAL);
    list.sc_nmods = -1;
    CHECK(f.ioctl(fd, SC_IOC_LIST, &list) == -EINVAL);
    CHECK(f.ioctl(fd, SC_IOC_LIST, static_cast<void *>(nullptr)) == -EFAULT);
    list.sc_nmods = 2;
    list.sc_mlist = reinterpret_cast<sc_mlist *>(8);
    CHECK(f.ioctl(fd, SC_IOC_LIST, &list) == -EFAULT);
    CHECK(f.ioctl(fd, SC_IOC_LIST + 1, &list) == -EINVAL); // nuls refused it
    sc_mlist entries[2];
    for_every_allocation(
        f, {ENOSR, EAGAIN, ENOMEM, EINVAL},
        [&] {
            list = {2, entries};
            return f.ioctl(fd, SC_IOC_LIST, &list);
        },
        [](int) {});
}

TEST_CASE("STD-016: sc gives as many entries as there is room for, and says how many there are") {
    Standard f;
    f.node("/dev/nuls", f.clone(nuls_major));
    const int fd = f.open("/dev/nuls");
    CHECK(f.ioctl(fd, I_PUSH, "sc") == 0);
    sc_list list{};
    CHECK(f.ioctl(fd, SC_IOC_LIST, &list) == 0);
    const int all = list.sc_nmods;
    CHECK(all == 8); // clone, the five drivers, the two modules
    std::vector<sc_mlist> entries(static_cast<std::size_t>(all) + 1);
    for (const int room : {0, 1, 3, all, all + 1}) {
        for (sc_mlist &entry : entries) std::memset(static_cast<void *>(&entry), 0x55, sizeof entry);
        list = {room, entries.data()};
        CHECK(f.ioctl(fd, SC_IOC_LIST, &list) == 0);
        CHECK(list.sc_nmods == all);
        CHECK(list.sc_mlist == entries.data());
        const auto given = std::count_if(entries.begin(), entries.end(), [](const sc_mlist &e) { return e.sc_major != 0x55555555; });
        CHECK(given == std::min(room, all));
    }
    list = {5, nullptr};
    CHECK(f.ioctl(fd, SC_IOC_LIST, &list) == 0);
    CHECK(list.sc_nmods == all);
}

TEST_CASE("STD-017: an entry has the major, 0 for a module, and module_info and module_stat of rd, wr, muxr and muxw") {
    Standard f;
    Probe &probe = f.driver("probe", probe_major, 4);
    module_stat counted{};
    counted.ms_ocnt = 42;
    probe.write_init.qi_mstat = &counted;
    f.node("/dev/nuls", f.clone(nuls_major));
    const int fd = f.open("/dev/nuls");
    CHECK(f.ioctl(fd, I_PUSH, "sc") == 0);
    std::vector<sc_mlist> entries(16);
    sc_list list{16, entries.data()};
    CHECK(f.ioctl(fd, SC_IOC_LIST, &list) == 0);
    const auto entry = [&](const char *name) {
        for (int i = 0; i < list.sc_nmods; ++i)
            if (std::string(entries[static_cast<std::size_t>(i)].sc_name) == name) return entries[static_cast<std::size_t>(i)];
        FAIL("no entry for " << name);
        return sc_mlist{};
    };
    CHECK(entry("echo").sc_major == static_cast<int>(echo_major));
    CHECK(entry("delay").sc_major == 0);
    CHECK(entry("sc").sc_info[SC_RD].mi_idnum == 0x7363);
    const sc_mlist mux = entry("mux"), echo = entry("echo"), counting = entry("probe");
    for (const int side : {SC_RD, SC_WR, SC_MUXR, SC_MUXW}) {
        CHECK(mux.sc_info[side].mi_hiwat == 4096);
        CHECK(mux.sc_info[side].mi_idname == nullptr);
        CHECK(echo.sc_info[side].mi_hiwat == (side < SC_MUXR ? 4096 : 0));
        CHECK(counting.sc_stat[side].ms_ocnt == (side == SC_WR ? 42 : 0));
    }
}

TEST_CASE("STD-018: sc passes messages and ioctls of others unchanged") {
    Standard f;
    const int fd = f.echo("sc");
    char c[] = "ctl", d[] = "data";
    strbuf ctl{0, 3, c}, dat{0, 4, d};
    CHECK(outcome(rill_putmsg(handle(f.root), fd, &ctl, &dat, 0)) == 0);
    char got_c[8] = {}, got_d[8] = {};
    strbuf into_c{8, 0, got_c}, into_d{8, 0, got_d};
    int flags = 0;
    CHECK(outcome(rill_getmsg(handle(f.root), fd, &into_c, &into_d, &flags)) == 0);
    CHECK(std::string(got_c) == "ctl");
    CHECK(std::string(got_d) == "data");
    CHECK(f.str(fd, 1, 0) == -EINVAL);
}

// --- delay

TEST_CASE("STD-037: delay is a module and no driver; its ioctls refuse a wrong size and less than 0") {
    Standard f;
    f.add("late", probe_major, &delayinfo, delaydevflag);
    f.node("/dev/late", makedevice(probe_major, 0));
    CHECK(f.open("/dev/late") == -EIO);
    const int fd = f.echo("delay");
    for (const int command : {DELAY_TICKS, DELAY_RATE}) {
        CHECK(f.str(fd, command, -1) == -EINVAL);
        CHECK(f.str(fd, command, "x", 1) == -EINVAL);
        CHECK(f.str(fd, command, nullptr, 0) == -EINVAL);
        CHECK(f.ioctl(fd, command, static_cast<void *>(nullptr)) == -EINVAL);
    }
    CHECK(f.write(fd, "as ever") == 7);
    CHECK(f.read(fd) == "as ever");
}

TEST_CASE("STD-037: delay holds each message so many ticks in each direction, in order; high priority does not wait") {
    Standard f;
    const int fd = f.echo("delay");
    CHECK(f.str(fd, DELAY_TICKS, 10) == 0);
    CHECK(f.write(fd, "one") == 3);
    f.advance(5);
    CHECK(f.write(fd, "two") == 3);
    f.advance(14);
    CHECK(f.read(fd) == "-EAGAIN");
    f.advance(1); // 20 for the first, 15 for the second
    CHECK(f.read(fd) == "one");
    char c[] = "now";
    strbuf ctl{0, 3, c};
    CHECK(outcome(rill_putmsg(handle(f.root), fd, &ctl, nullptr, RS_HIPRI)) == 0);
    char got[8] = {};
    strbuf into{8, 0, got};
    int flags = RS_HIPRI;
    CHECK(outcome(rill_getmsg(handle(f.root), fd, &into, nullptr, &flags)) == 0);
    CHECK(std::string(got) == "now");
    f.advance(4);
    CHECK(f.read(fd) == "-EAGAIN");
    f.advance(1);
    CHECK(f.read(fd) == "two");
    CHECK(f.str(fd, DELAY_TICKS, 0) == 0);
    CHECK(f.write(fd, "three") == 5);
    CHECK(f.read(fd) == "three");
}

TEST_CASE("STD-037: more messages than delay has room to write times for are late, never early, and none is lost") {
    Standard f;
    const int fd = f.echo("delay");
    CHECK(f.str(fd, DELAY_TICKS, 200) == 0);
    for (int i = 0; i < 100; ++i) {
        CHECK(f.write(fd, "x") == 1);
        f.advance(1);
    }
    f.advance(299); // 399 since the first
    CHECK(f.read(fd) == "-EAGAIN");
    f.advance(1);
    CHECK(f.read(fd) == "x");
    f.advance(400);
    std::string rest;
    for (std::string part; (part = f.read(fd))[0] == 'x';) rest += part;
    CHECK(rest.size() == 99);
}

TEST_CASE("STD-038: delay lets so many bytes a tick pass; a longer message passes and is paid for afterwards") {
    Standard f;
    const int fd = f.echo("delay");
    Probe &counter = f.module("counter"); // between delay and nothing else: it sees the writes that delay lets go
    std::vector<std::size_t> seen;
    CHECK(f.ioctl(fd, I_POP, 0) == 0);
    CHECK(f.ioctl(fd, I_PUSH, "counter") == 0);
    CHECK(f.ioctl(fd, I_PUSH, "delay") == 0);
    counter.on_wput = [&](queue_t *q, mblk_t *mp) {
        if (mp->b_datap->db_type == M_DATA) {
            seen.push_back(static_cast<std::size_t>(msgdsize(mp)));
            freemsg(mp);
        } else {
            putnext(q, mp);
        }
    };
    CHECK(f.str(fd, DELAY_RATE, 100) == 0);
    for (const int size : {100, 60, 60, 250, 10}) CHECK(f.write(fd, std::string(static_cast<std::size_t>(size), 'x')) == size);
    f.run();
    CHECK(seen == std::vector<std::size_t>{100});
    f.advance(1); // 100 more: 60, and 60 with the 40 that are left
    CHECK(seen == std::vector<std::size_t>{100, 60, 60});
    f.advance(1); // 80: the long one goes, and 170 are owed
    CHECK(seen == std::vector<std::size_t>{100, 60, 60, 250});
    f.advance(1);
    CHECK(seen.size() == 4);
    f.advance(1);
    CHECK(seen == std::vector<std::size_t>{100, 60, 60, 250, 10});
    f.advance(50); // a pause saves up one tick's bytes and no more
    for (int i = 0; i < 3; ++i) CHECK(f.write(fd, std::string(100, 'x')) == 100);
    f.run();
    CHECK(seen.size() == 6);
    f.advance(2);
    CHECK(seen.size() == 8);
}

TEST_CASE("STD-039: a writer is held back while delay is full, and goes on when messages have become due; nothing is lost") {
    Standard f;
    const int fd = f.echo("delay");
    CHECK(f.str(fd, DELAY_TICKS, 10) == 0);
    const std::string part(1000, 'x');
    std::size_t sent = 0, got = 0;
    while (f.write(fd, part) > 0) sent += part.size();
    CHECK(sent >= 4000);
    CHECK(sent <= 6000);
    CHECK(f.write(fd, part) == -EAGAIN);
    f.advance(10);
    CHECK(f.write(fd, part) == 1000);
    sent += part.size();
    f.advance(30);
    for (std::string data; (data = f.read(fd, 4096))[0] == 'x';) {
        got += data.size();
        f.advance(30);
    }
    CHECK(got == sent);
}

TEST_CASE("STD-039: a flush drops what delay holds, and what was due with it; a pop leaves nothing") {
    Standard f;
    const int fd = f.echo("delay");
    CHECK(f.str(fd, DELAY_TICKS, 10) == 0);
    CHECK(f.write(fd, "gone") == 4);
    CHECK(f.write(fd, "gone") == 4);
    f.advance(5);
    CHECK(f.ioctl(fd, I_FLUSH, FLUSHRW) == 0);
    CHECK(f.write(fd, "kept") == 4);
    f.advance(19); // the flushed ones would have been due
    CHECK(f.read(fd) == "-EAGAIN");
    f.advance(1);
    CHECK(f.read(fd) == "kept");
    CHECK(f.write(fd, "held") == 4);
    const Later pop = f.later(f.root, "pop", [&] { return f.ioctl(fd, I_POP, 0); });
    f.advance(5000);
    CHECK(pop.done());
    CHECK(pop.result() == 0);
}

TEST_CASE("STD-037: pushing delay, and holding a message, without memory fails or comes late, and leaves nothing") {
    Standard f;
    const int fd = f.echo();
    for_every_allocation(
        f, {ENOMEM, ENOSR, EAGAIN, ENXIO}, [&] { return f.ioctl(fd, I_PUSH, "delay"); }, [&](int) { CHECK(f.ioctl(fd, I_POP, 0) == 0); });
}
