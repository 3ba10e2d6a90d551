// Opening through the clone driver: what a clone node is, what the target's open sees, what file comes out
// (clauses/01 sections 1 to 3). How it can fail stands in clone_failures.cpp.
#include "test/harness.hpp"

#include <sys/ddi.h>

using namespace rill;
using namespace rill::test;

namespace {

constexpr major_t N = 61;

// The cases that CLN-003 repeats with other clone majors take their Fixture as an argument.

void a_clone_node_leads_to_the_target(Fixture &f) {
    Probe &echo = f.driver("echo", N);
    f.node("/dev/echo", f.clone(N));
    int fd = f.open("/dev/echo");
    CHECK(fd >= 0);
    CHECK(echo.count("open") == 1);
    CHECK(f.close(fd) == 0);
    CHECK(echo.count("close") == 1);
    CHECK(echo.units_taken() == 0);
}

void each_open_is_another_minor_and_stream(Fixture &f) {
    Probe &echo = f.driver("echo", N);
    f.node("/dev/echo", f.clone(N));
    constexpr int k = 5;
    int fd[k];
    for (int i = 0; i < k; ++i) {
        fd[i] = f.open("/dev/echo", O_RDWR | O_NONBLOCK);
        CHECK(fd[i] >= 0);
    }
    for (int i = 0; i < k; ++i)
        for (int j = i + 1; j < k; ++j) {
            CHECK(f.rdev(fd[i]) != f.rdev(fd[j]));
            CHECK(f.stream(fd[i]) != f.stream(fd[j]));
        }
    CHECK(echo.units_taken() == k);
    CHECK(f.write(fd[1], "one") == 3);
    for (int i = 0; i < k; ++i)
        if (i != 1) CHECK(f.read(fd[i]) == "-EAGAIN");
    CHECK(f.read(fd[1]) == "one");
    for (int i = 0; i < k; ++i) CHECK(f.close(fd[i]) == 0);
    CHECK(echo.units_taken() == 0);
}

void the_target_is_told_it_is_a_clone_open(Fixture &f) {
    Probe &echo = f.driver("echo", N);
    f.node("/dev/echo", f.clone(N));
    CHECK(f.open("/dev/echo") >= 0);
    CHECK(echo.last("open").sflag == CLONEOPEN);
    CHECK(getemajor(echo.last("open").dev) == N);
    CHECK(geteminor(echo.last("open").dev) == 0);
    CHECK(echo.last("open").read_ptr == nullptr);
    CHECK(echo.last("open").write_ptr == nullptr);
}

void path_and_descriptor_show_different_devices(Fixture &f) {
    f.driver("echo", N);
    f.node("/dev/echo", f.clone(N));
    CHECK(f.stat("/dev/echo").st_rdev == f.clone(N));
    int other = f.open("/dev/echo"), fd = f.open("/dev/echo");
    CHECK(f.stat("/dev/echo").st_rdev == f.clone(N));
    CHECK(f.rdev(other) == makedevice(N, 0));
    CHECK(f.rdev(fd) == makedevice(N, 1));
    CHECK(f.close(fd) == 0);
    CHECK(f.stat("/dev/echo").st_rdev == f.clone(N));
}

void the_clone_node_stays_free(Fixture &f) {
    Probe &echo = f.driver("echo", N);
    f.node("/dev/echo", f.clone(N));
    Recorder trace;
    f.system.trace.attach(trace);
    int first = f.open("/dev/echo"), second = f.open("/dev/echo");
    f.system.trace.detach(trace);
    CHECK(first >= 0);
    CHECK(second >= 0);
    CHECK(echo.count("open") == 2);
    CHECK(echo.last("open").sflag == CLONEOPEN);
    CHECK(echo.last("open").read_ptr == nullptr);
    CHECK(trace.count(Kind::qopen, "clone") == 2);
    CHECK(trace.count(Kind::qopen, "echo") == 2);
}

void the_assigned_device_can_be_opened_directly(Fixture &f) {
    Probe &echo = f.driver("echo", N);
    f.node("/dev/echo", f.clone(N));
    int fd = f.open("/dev/echo");
    f.node("/dev/echo0", makedevice(N, 0));
    const Probe::Seen first = echo.last("open");
    int direct = f.open("/dev/echo0");
    CHECK(direct >= 0);
    CHECK(echo.count("open") == 2);
    CHECK(echo.last("open").sflag == 0);
    CHECK(echo.last("open").q == first.q);
    CHECK(echo.last("open").read_ptr != nullptr);
    CHECK(echo.last("open").dev == makedevice(N, 0));
    CHECK(f.stream(direct) == f.stream(fd));
    CHECK(f.write(direct, "shared") == 6);
    CHECK(f.read(fd) == "shared");
}

constexpr std::pair<const char *, void (*)(Fixture &)> core[] = {
    {"CLN-001", a_clone_node_leads_to_the_target},
    {"CLN-006", each_open_is_another_minor_and_stream},
    {"CLN-017 CLN-018 CLN-023", the_target_is_told_it_is_a_clone_open},
    {"CLN-035", path_and_descriptor_show_different_devices},
    {"CLN-038", the_clone_node_stays_free},
    {"CLN-039", the_assigned_device_can_be_opened_directly},
};

// A character driver that is not STREAMS.
int plain_opens;
int plain_open(dev_t *, int, int, cred_t *) {
    ++plain_opens;
    return 0;
}

} // namespace

TEST_SUITE_BEGIN("clone open");

// --- 1. What a clone node is

TEST_CASE("CLN-001: opening a character node (CL,N) opens driver N once") {
    Fixture f;
    a_clone_node_leads_to_the_target(f);
}

TEST_CASE("CLN-002 [irix]: in the irix profile the clone driver is at major 10 without any master file") {
    Fixture f("irix");
    Probe &echo = f.driver("echo", N);
    f.node("/dev/echo", makedevice(10, N));
    int fd = f.open("/dev/echo");
    CHECK(fd >= 0);
    CHECK(echo.last("open").sflag == CLONEOPEN);
    CHECK(f.rdev(fd) == makedevice(N, 0));
}

TEST_CASE("CLN-003: nothing in clone opens depends on the value of the clone major") {
    for (unsigned major : {63u, 72u, 11u, 0u, 511u})
        for (auto &[id, body] : core) {
            CAPTURE(major);
            CAPTURE_BINDING(id);
            Profile profile = *find_profile(Fixture::default_profile);
            profile.clone_major = major;
            Fixture f(profile);
            CHECK(f.clone(N) == makedevice(major, N));
            body(f);
        }
}

TEST_CASE("CLN-003 [svr4]: the profile's clone major is 63") {
    Fixture f("svr4");
    Probe &echo = f.driver("echo", N);
    f.node("/dev/echo", makedevice(63, N));
    CHECK(f.open("/dev/echo") >= 0);
    CHECK(echo.last("open").sflag == CLONEOPEN);
}

TEST_CASE("CLN-004: the clone driver is an open routine and nothing else") {
    Fixture f;
    Driver *clone = f.system.registry.by_external(f.system.profile.clone_major);
    REQUIRE(clone);
    REQUIRE(clone->tab);
    const qinit *r = clone->tab->st_rdinit, *w = clone->tab->st_wrinit;
    REQUIRE(r);
    REQUIRE(w);
    CHECK((r->qi_qopen != nullptr));
    CHECK((r->qi_putp == nullptr));
    CHECK((r->qi_srvp == nullptr));
    CHECK((r->qi_qclose == nullptr));
    CHECK((w->qi_qopen == nullptr));
    CHECK((w->qi_putp == nullptr));
    CHECK((w->qi_srvp == nullptr));
    CHECK((w->qi_qclose == nullptr));
    CHECK((clone->tab->st_muxrinit == nullptr));
    CHECK((clone->tab->st_muxwinit == nullptr));
    for (const module_info *info : {r->qi_minfo, w->qi_minfo}) {
        REQUIRE(info);
        CHECK(info->mi_idnum == 0);
        CHECK(info->mi_minpsz == 0);
        CHECK(info->mi_maxpsz == 0);
        CHECK(info->mi_hiwat == 0);
        CHECK(info->mi_lowat == 0);
    }
}

TEST_CASE("CLN-006: each clone open is a separate stream on a minor that was not in use") {
    Fixture f;
    each_open_is_another_minor_and_stream(f);
}

TEST_CASE("CLN-007: after the open every call is served by the target, none by the clone driver") {
    Fixture f;
    Probe &echo = f.driver("echo", N);
    f.node("/dev/echo", f.clone(N));
    Recorder opening, later;
    f.system.trace.attach(opening);
    int fd = f.open("/dev/echo");
    f.system.trace.detach(opening);
    CHECK(opening.count(Kind::qopen, "clone") == 1); // so that the zeros below mean something
    f.system.trace.attach(later);
    CHECK(f.write(fd, "x") == 1);
    CHECK(f.read(fd) == "x");
    strioctl command{.ic_cmd = 'x' << 8, .ic_timout = 0, .ic_len = 0, .ic_dp = nullptr};
    CHECK(f.ioctl(fd, I_STR, &command) == -EINVAL); // the probe NAKs
    pollfd p{fd, POLLOUT, 0};
    CHECK(outcome(rill_poll(handle(f.root), &p, 1, 0)) == 1);
    CHECK(f.close(fd) == 0);
    f.system.trace.detach(later);
    CHECK(later.count(Kind::put, "echo") > 0);
    CHECK(later.count(Kind::qclose, "echo") == 1);
    for (Kind kind : {Kind::qopen, Kind::qclose, Kind::put, Kind::srv}) CHECK(later.count(kind, "clone") == 0);
    CHECK(echo.count("close") == 1);
}

TEST_CASE("CLN-008: below the head of a cloned stream stands one queue pair, the target's") {
    Fixture f;
    f.driver("echo", N);
    f.node("/dev/echo", f.clone(N));
    int fd = f.open("/dev/echo");
    CHECK(f.ioctl(fd, I_LIST, static_cast<void *>(nullptr)) == 1);
    str_mlist names[2] = {};
    str_list list{2, names};
    CHECK(f.ioctl(fd, I_LIST, &list) == 0);
    CHECK(list.sl_nmods == 1);
    CHECK(std::string(names[0].l_name) == "echo");
}

TEST_CASE("CLN-009: a block node (CL,N) is refused with ENXIO") {
    Fixture f;
    Probe &echo = f.driver("echo", N);
    f.node("/dev/block", f.clone(N), S_IFBLK | 0666);
    f.node("/dev/echo", f.clone(N));
    Census before = f.census();
    CHECK(f.open("/dev/block") == -ENXIO);
    CHECK(echo.count("open") == 0);
    CHECK(f.census() == before);
    CHECK(f.open("/dev/echo") >= 0);
}

// --- 2. Steps of a clone open, in order

TEST_CASE("CLN-015: a number beyond the table is refused before a loader is asked") {
    Fixture f;
    int asked = 0;
    Driver lazy;
    lazy.name = lazy.prefix = "lazy";
    lazy.loadable = true;
    lazy.load = [&](Driver &) {
        ++asked;
        return ENOENT;
    };
    {
        Enter scope(f.system);
        CHECK(f.system.registry.add(lazy, N) == 0);
    }
    f.node("/dev/beyond", f.clone(0x3ffff));
    CHECK(f.open("/dev/beyond") == -ENXIO);
    CHECK(asked == 0);
    f.node("/dev/lazy", f.clone(N));
    CHECK(f.open("/dev/lazy") == -ENXIO);
    CHECK(asked == 1);
}

TEST_CASE("CLN-015: a loadable driver is loaded before it is found not to be STREAMS") {
    Fixture f;
    int loaded = 0;
    plain_opens = 0;
    Driver plain;
    plain.name = plain.prefix = "plain";
    plain.loadable = true;
    plain.load = [&](Driver &d) {
        ++loaded;
        d.entry.open = plain_open;
        return 0;
    };
    {
        Enter scope(f.system);
        CHECK(f.system.registry.add(plain, N) == 0);
    }
    f.node("/dev/plain", f.clone(N));
    CHECK(f.open("/dev/plain") == -ENXIO);
    CHECK(loaded == 1);
    CHECK(plain_opens == 0);
    f.node("/dev/plain0", makedevice(N, 0)); // the same driver, opened as what it is
    CHECK(f.open("/dev/plain0") >= 0);
    CHECK(plain_opens == 1);
}

TEST_CASE("CLN-016: the clone driver is reached as any driver is; at its old major another driver sees sflag 0") {
    Profile profile = *find_profile(Fixture::default_profile);
    profile.clone_major = 63;
    Fixture f(profile);
    Probe &probe = f.driver("probe", 10, 64);
    f.node("/dev/probe", makedevice(10, N));
    CHECK(f.open("/dev/probe") >= 0);
    CHECK(probe.count("open") == 1);
    CHECK(probe.last("open").sflag == 0);
    CHECK(probe.last("open").dev == makedevice(10, N));
}

TEST_CASE("CLN-016: the stream head calls the clone's open with sflag 0") {
    Fixture f;
    f.driver("echo", N);
    f.node("/dev/echo", f.clone(N));
    Recorder trace;
    f.system.trace.attach(trace);
    CHECK(f.open("/dev/echo") >= 0);
    f.system.trace.detach(trace);
    auto line = std::find_if(trace.lines.begin(), trace.lines.end(),
                             [](auto &l) { return l.kind == Kind::qopen && l.name == "clone"; });
    REQUIRE(line != trace.lines.end());
    CHECK(line->extra == 0);
    CHECK(line->dev == f.clone(N));
}

TEST_CASE("CLN-017 CLN-018 CLN-023: the target's open gets (N,0), CLONEOPEN and null q_ptr") {
    Fixture f;
    the_target_is_told_it_is_a_clone_open(f);
    CHECK(MODOPEN == 1);
    CHECK(CLONEOPEN == 2);
}

TEST_CASE("CLN-018: no open procedure is ever called with both MODOPEN and CLONEOPEN") {
    Fixture f;
    Probe &echo = f.driver("echo", N);
    Probe &pass = f.module("pass");
    f.autopush(N, -1, {"pass"});
    f.node("/dev/echo", f.clone(N));
    f.node("/dev/echo0", makedevice(N, 0));
    CHECK(f.open("/dev/echo") >= 0);
    CHECK(f.open("/dev/echo0") >= 0);
    CHECK(echo.count("open") == 2);
    CHECK(pass.count("open") == 2);
    for (Probe *probe : {&echo, &pass})
        for (const Probe::Seen &s : probe->log)
            if (s.what == "open") CHECK((s.sflag == 0 || s.sflag == MODOPEN || s.sflag == CLONEOPEN));
}

TEST_CASE("CLN-019: open flags and credentials reach the target, the create flag does not") {
    Fixture f;
    Probe &echo = f.driver("echo", N);
    f.node("/dev/echo", f.clone(N));
    Process &user = f.process(1007, 108);
    CHECK(f.open(user, "/dev/echo", O_RDWR | O_NDELAY) >= 0);
    Probe::Seen seen = echo.last("open");
    CHECK((seen.oflag & FREAD) != 0);
    CHECK((seen.oflag & FWRITE) != 0);
    CHECK((seen.oflag & FNDELAY) != 0);
    CHECK(seen.uid == 1007);
    CHECK(seen.gid == 108);
    CHECK(f.open(user, "/dev/echo", O_RDONLY) >= 0);
    CHECK((echo.last("open").oflag & (FREAD | FWRITE | FNDELAY | FNONBLOCK)) == FREAD);
    CHECK(f.open(user, "/dev/echo", O_WRONLY) >= 0);
    CHECK((echo.last("open").oflag & (FREAD | FWRITE | FNDELAY | FNONBLOCK)) == FWRITE);
    CHECK(f.open(user, "/dev/echo", O_RDWR | O_CREAT) >= 0);
    CHECK((echo.last("open").oflag & FCREAT) == 0);
    CHECK((echo.last("open").oflag & (FREAD | FWRITE)) == (FREAD | FWRITE));
}

TEST_CASE("CLN-021: a clone open allocates as many queue pairs as a direct open") {
    Fixture f;
    f.driver("echo", N);
    f.node("/dev/echo", f.clone(N));
    f.node("/dev/echo9", makedevice(N, 9));
    // A stream is one allocation with the driver's pair in it; further pairs are counted as queues.
    Census none = f.census();
    int direct = f.open("/dev/echo9");
    Census by_direct = f.census();
    CHECK(by_direct.streams == none.streams + 1);
    CHECK(f.close(direct) == 0);
    CHECK(f.census() == none);
    int cloned = f.open("/dev/echo");
    CHECK(f.census().streams == by_direct.streams);
    CHECK(f.census().queues == by_direct.queues);
    CHECK(f.ioctl(cloned, I_LIST, static_cast<void *>(nullptr)) == 1);
}

TEST_CASE("CLN-022: when the target's open runs the queues carry its qinit pair and limits") {
    Fixture f;
    Probe &echo = f.driver("echo", N);
    queue_t r{}, w{};
    echo.on_open = [&](queue_t *q, dev_t *devp, int oflag, int sflag, cred_t *crp) {
        r = *q;
        w = *WR(q);
        return echo.standard_open(q, devp, oflag, sflag, crp);
    };
    f.node("/dev/echo", f.clone(N));
    CHECK(f.open("/dev/echo") >= 0);
    CHECK(r.q_qinfo == &echo.read_init);
    CHECK(w.q_qinfo == &echo.write_init);
    CHECK(r.q_hiwat == echo.read_limits.mi_hiwat);
    CHECK(r.q_lowat == echo.read_limits.mi_lowat);
    CHECK(r.q_minpsz == echo.read_limits.mi_minpsz);
    CHECK(r.q_maxpsz == echo.read_limits.mi_maxpsz);
    CHECK(w.q_hiwat == echo.write_limits.mi_hiwat);
    CHECK(w.q_lowat == echo.write_limits.mi_lowat);
    CHECK(w.q_minpsz == echo.write_limits.mi_minpsz);
    CHECK(w.q_maxpsz == echo.write_limits.mi_maxpsz);
}

TEST_CASE("CLN-024: the device that the target stores is the device of the open") {
    Fixture f;
    Probe &echo = f.driver("echo", N);
    echo.on_open = [&](queue_t *q, dev_t *devp, int, int, cred_t *) {
        echo.take(7, q);
        qprocson(q);
        *devp = makedevice(N, 7);
        return 0;
    };
    f.node("/dev/echo", f.clone(N));
    int fd = f.open("/dev/echo");
    CHECK(f.rdev(fd) == makedevice(N, 7));
}

TEST_CASE("CLN-025: a stream linked below a clone-opened multiplexor gets the target's lower qinits") {
    Fixture f;
    Probe &mux = f.driver("mux", 62);
    qinit lower_read = mux.read_init, lower_write = mux.write_init;
    mux.tab.st_muxrinit = &lower_read;
    mux.tab.st_muxwinit = &lower_write;
    queue_t *bottom = nullptr;
    mux.on_wput = [&](queue_t *q, mblk_t *mp) {
        if (mp->b_datap->db_type != M_IOCTL) return mux.standard_put(q, mp);
        auto *command = reinterpret_cast<iocblk *>(mp->b_rptr);
        if (command->ioc_cmd == I_LINK) bottom = reinterpret_cast<linkblk *>(mp->b_cont->b_rptr)->l_qbot;
        mp->b_datap->db_type = M_IOCACK;
        command->ioc_count = 0;
        qreply(q, mp);
    };
    f.driver("echo", N);
    f.node("/dev/mux", f.clone(62));
    f.node("/dev/echo", f.clone(N));
    int upper = f.open("/dev/mux"), lower = f.open("/dev/echo");
    int id = f.ioctl(upper, I_LINK, lower);
    CHECK(id > 0);
    REQUIRE(bottom);
    CHECK(bottom->q_qinfo == &lower_write);
    CHECK(RD(bottom)->q_qinfo == &lower_read);
    CHECK(f.ioctl(upper, I_UNLINK, id) == 0);
}

TEST_CASE("CLN-026: autopush is looked up with the assigned device") {
    Fixture f;
    f.driver("echo", N);
    f.module("pass");
    f.autopush(N, -1, {"pass"});
    f.node("/dev/echo", f.clone(N));
    int fd = f.open("/dev/echo");
    char name[FMNAMESZ + 1] = "";
    CHECK(f.ioctl(fd, I_LOOK, name) == 0);
    CHECK(std::string(name) == "pass");
}

TEST_CASE("CLN-026: an autopush list for the clone's own major has no effect on clone opens") {
    Fixture f;
    f.driver("echo", N);
    Probe &pass = f.module("pass");
    f.autopush(f.system.profile.clone_major, -1, {"pass"});
    f.node("/dev/echo", f.clone(N));
    int fd = f.open("/dev/echo");
    CHECK(fd >= 0);
    CHECK(f.ioctl(fd, I_LIST, static_cast<void *>(nullptr)) == 1);
    CHECK(pass.count("open") == 0);
}

TEST_CASE("CLN-027: modules autopushed on a clone open see MODOPEN, oflag 0 and the assigned device") {
    Fixture f;
    Probe &echo = f.driver("echo", N);
    Probe &pass = f.module("pass");
    f.autopush(N, -1, {"pass"});
    f.node("/dev/echo", f.clone(N));
    CHECK(f.open("/dev/echo") >= 0);
    CHECK(f.open("/dev/echo") >= 0);
    CHECK(pass.count("open") == 2);
    CHECK(pass.last("open").sflag == MODOPEN);
    CHECK(pass.last("open").oflag == 0);
    CHECK(pass.last("open").dev == makedevice(N, 1));
    CHECK(order_of({&echo, &pass}) == "echo:open pass:open echo:open pass:open");
}

TEST_CASE("CLN-029: a target that is not in memory is loaded by the clone open") {
    Fixture f;
    Probe &late = f.loose("late", Probe::Sort::driver);
    int loads = 0;
    bool works = false;
    Driver driver;
    driver.name = driver.prefix = "late";
    driver.loadable = true;
    driver.load = [&](Driver &d) {
        ++loads;
        if (!works) return ENOEXEC;
        CHECK(late.count("open") == 0);
        d.tab = &late.tab;
        return 0;
    };
    {
        Enter scope(f.system);
        CHECK(f.system.registry.add(driver, N) == 0);
    }
    f.node("/dev/late", f.clone(N));
    Census before = f.census();
    CHECK(f.open("/dev/late") == -ENXIO);
    CHECK(loads == 1);
    CHECK(f.census() == before);
    works = true;
    int fd = f.open("/dev/late");
    CHECK(loads == 2);
    CHECK(f.rdev(fd) == makedevice(N, 0));
    CHECK(late.last("open").sflag == CLONEOPEN);
    CHECK(f.open("/dev/late") >= 0);
    CHECK(loads == 2); // it is in memory now
}

// --- 3. The returned device: file, node and stream

TEST_CASE("CLN-035: stat of the path keeps (CL,N), fstat of the descriptor has the assigned device") {
    Fixture f;
    path_and_descriptor_show_different_devices(f);
}

TEST_CASE("CLN-036: fstat of a cloned descriptor: a character device without permissions, owned by 0") {
    Fixture f;
    f.driver("echo", N);
    Process &owner = f.process(0, 33);
    CHECK(outcome(rill_mknod(handle(owner), "/dev/owned", S_IFCHR | 0640, f.clone(N))) == 0);
    int fd = f.open("/dev/owned");
    CHECK(fd >= 0);
    struct stat st = f.fstat(fd);
    CHECK(S_ISCHR(st.st_mode));
    CHECK((st.st_mode & 07777) == 0);
    CHECK(st.st_uid == 0);
    CHECK(st.st_gid == 0);
    st = f.stat("/dev/owned");
    CHECK(S_ISCHR(st.st_mode));
    CHECK((st.st_mode & 07777) == 0640);
    CHECK(st.st_uid == 0);
    CHECK(st.st_gid == 33);
    CHECK(f.close(fd) == 0);
    CHECK(outcome(rill_unlink(handle(f.root), "/dev/owned")) == 0);
}

TEST_CASE("CLN-037: the file's device is (N,m), its st_dev that of the clone node") {
    Fixture f;
    f.driver("echo", N);
    f.node("/dev/echo", f.clone(N));
    int fd = f.open("/dev/echo");
    CHECK(f.fstat(fd).st_rdev == makedevice(N, 0));
    CHECK(f.fstat(fd).st_dev == f.stat("/dev/echo").st_dev);
}

TEST_CASE("CLN-038: after a clone open no stream is on the clone node; the next open is a first open") {
    Fixture f;
    the_clone_node_stays_free(f);
    Enter scope(f.system);
    Special *special = f.system.nodes.find(f.clone(N));
    CHECK((special == nullptr || special->stream == nullptr));
}

TEST_CASE("CLN-039: a direct open of the assigned device joins the same stream") {
    Fixture f;
    the_assigned_device_can_be_opened_directly(f);
}

TEST_CASE("CLN-041: opens of one clone device are serialised for their whole duration; others go on") {
    Fixture f;
    Probe &echo = f.driver("echo", N);
    f.driver("other", 62);
    f.node("/dev/echo", f.clone(N));
    f.node("/dev/again", f.clone(N)); // a second name for the same number
    f.node("/dev/other", f.clone(62));
    echo.on_open = [&](queue_t *q, dev_t *devp, int oflag, int sflag, cred_t *crp) {
        if (echo.count("open") == 1) f.nap(&echo);
        return echo.standard_open(q, devp, oflag, sflag, crp);
    };
    Process &a = f.process(), &b = f.process(), &c = f.process(), &d = f.process();
    Later first = f.later_open(a, "/dev/echo");
    CHECK_FALSE(first.done());
    CHECK(echo.count("open") == 1);
    Later second = f.later_open(b, "/dev/echo", O_RDWR | O_NONBLOCK);
    Later third = f.later_open(c, "/dev/again", O_RDWR | O_NDELAY);
    Later other = f.later_open(d, "/dev/other");
    CHECK(other.done());
    CHECK(other.result() >= 0);
    f.run();
    CHECK_FALSE(first.done());
    CHECK_FALSE(second.done());
    CHECK_FALSE(third.done());
    CHECK(echo.count("open") == 1); // neither has entered the driver
    f.wake(&echo);
    CHECK(first.finish() >= 0);
    CHECK(second.finish() >= 0);
    CHECK(third.finish() >= 0);
    CHECK(echo.count("open") == 3);
    CHECK(f.fstat(a, first.result()).st_rdev == makedevice(N, 0));
    CHECK(f.fstat(b, second.result()).st_rdev != f.fstat(c, third.result()).st_rdev);
}

TEST_CASE("CLN-042: the wait for a clone device's lock can be interrupted") {
    Fixture f;
    Probe &echo = f.driver("echo", N);
    f.node("/dev/echo", f.clone(N));
    echo.on_open = [&](queue_t *q, dev_t *devp, int oflag, int sflag, cred_t *crp) {
        if (echo.count("open") == 1) f.nap(&echo);
        return echo.standard_open(q, devp, oflag, sflag, crp);
    };
    Process &a = f.process(), &b = f.process();
    f.catch_signal(b, SIGUSR1);
    Later first = f.later_open(a, "/dev/echo");
    Census before = f.census();
    Later second = f.later_open(b, "/dev/echo");
    CHECK_FALSE(second.done());
    f.kill(b, SIGUSR1);
    CHECK(second.finish() == -EINTR);
    CHECK(echo.count("open") == 1);
    CHECK_FALSE(first.done());
    CHECK(f.census() == before);
    f.wake(&echo);
    CHECK(first.finish() >= 0);
    CHECK(f.open(b, "/dev/echo") >= 0);
    CHECK(echo.count("open") == 2);
}

TEST_SUITE_END();
