// NetBSD's ways (clauses/05, section 2): descriptors that a driver makes or names, the pty multiplexor, interface cloners.
#include "test/designs.hpp"
#include "clone/designs/netbsd/netbsd.hpp"
#include "clone/designs/netbsd/include/net/if.h"
#include "clone/designs/netbsd/include/sys/conf.h"
#include "clone/designs/netbsd/include/sys/filedesc.h"
#include "clone/designs/netbsd/include/sys/ttycom.h"
#include "clone/designs/drivers/body.h"

#include <random>
#include <set>
#include <thread>

using namespace rill;
using namespace rill::designs;
using namespace rill::test;

extern "C" {
int netbsd_ptyfs_mount(const char *path);
int netbsd_ptyfs_unmount(const char *path);
void netbsd_ptm_classic(bool on);
extern int netbsd_ptm_delay;
}

namespace {

constexpr unsigned tap_major = 115, pts_major = 114, ptc_major = 111, foo_major = 110;

// A driver whose open is the test's, with a node /dev/opener.
class Opener {
public:
    explicit Opener(Fixture &fixture) : f(fixture) {
        Enter scope(f.system);
        closes = file_closes = 0;
        open = nullptr;
        devmajor_t major = 119;
        REQUIRE(devsw_attach("opener", nullptr, nullptr, &table, &major) == 0);
        f.node("/dev/opener", netbsd_device(119, 0));
    }
    ~Opener() {
        Enter scope(f.system);
        CHECK(devsw_detach(nullptr, &table) == 0);
    }

    // A file of the driver's own, the usual way.
    static int make_file(const struct fileops *ops = &plain, int flag = FREAD | FWRITE) {
        file_t *fp;
        if (int error = fd_allocfile(&fp, &made)) return error;
        return fd_clone(fp, static_cast<unsigned>(made), flag, ops, nullptr);
    }

    static inline std::function<int(dev_t, int, lwp *)> open;
    static inline int closes, file_closes, made;
    static constexpr struct fileops plain = {"plain", fbadop_read, fbadop_write, fbadop_ioctl, fnullop_fcntl, fnullop_poll,
                                             fbadop_stat, [](struct file *) { return ++file_closes, 0; }, fnullop_kqfilter,
                                             fnullop_restart};
    Fixture &f;

private:
    static constexpr cdevsw table = {.d_open = [](dev_t dev, int flags, int, lwp *l) { return open ? open(dev, flags, l) : 0; },
                                     .d_close = [](dev_t, int, int, lwp *) { return ++closes, 0; }};
};

int descriptors(Fixture &f) { return static_cast<int>(f.census().descriptors); }

bool is_open(Fixture &f, int fd) { return outcome(rill_fcntl(handle(f.root), fd, F_GETFD, 0)) >= 0; }
bool closes_on_exec(Fixture &f, int fd) { return rill_fcntl(handle(f.root), fd, F_GETFD, 0) & FD_CLOEXEC; }

int unit_of(Fixture &f, int fd) { return netbsd_minor(f.fstat(fd).st_dev); }

short polled(Fixture &f, int fd, short events = POLLIN | POLLOUT) {
    pollfd p{fd, events, 0};
    CHECK(outcome(rill_poll(handle(f.root), &p, 1, 0)) >= 0);
    return p.revents;
}

// ifconfig's questions, of a descriptor of /dev/ifconfig.
int interface(Fixture &f, Process &p, int fd, unsigned command, const char *name) {
    netbsd_ifreq request = {};
    std::snprintf(request.ifr_name, sizeof request.ifr_name, "%s", name);
    return outcome(rill_ioctl(handle(p), fd, static_cast<int>(command), &request));
}
int create(Fixture &f, int fd, const char *name) { return interface(f, f.root, fd, NETBSD_SIOCIFCREATE, name); }
int destroy(Fixture &f, int fd, const char *name) { return interface(f, f.root, fd, NETBSD_SIOCIFDESTROY, name); }
bool exists(Fixture &f, const char *name) {
    Enter scope(f.system);
    return ifunit(name);
}
std::string interface_of(Fixture &f, int fd) {
    netbsd_ifreq request = {};
    CHECK(f.ioctl(fd, static_cast<int>(NETBSD_TAPGIFNAME), &request) == 0);
    return request.ifr_name;
}
int cloners(Fixture &f, Process &p, int fd, netbsd_if_clonereq &request) {
    return outcome(rill_ioctl(handle(p), fd, static_cast<int>(NETBSD_SIOCIFGCLONERS), &request));
}

} // namespace

// --- descriptors ---------------------------------------------------------------------------------------------------

TEST_CASE("NBSD-001 NBSD-004: a pseudo-error without a descriptor is the driver's fault, and an ordinary errno") {
    Fixture f;
    Opener driver(f);
    for (int code : {EMOVEFD, EDUPFD}) {
        const int error = code == EMOVEFD ? ENXIO : ENODEV;
        Opener::open = [code](dev_t, int, lwp *) { return code; };
        CHECK(f.open("/dev/opener") == -error);
        CHECK(f.why().find("NBSD-004") != std::string::npos);
        CHECK(f.took_fault("NBSD-004") == 1);
        CHECK(descriptors(f) == 0);
    }
}

TEST_CASE("NBSD-002: EDUPFD leaves the driver's descriptor, and the process gets a second one of the file") {
    Fixture f;
    Opener driver(f);
    Opener::open = [](dev_t, int, lwp *) { return Opener::make_file() == EMOVEFD ? EDUPFD : EIO; };
    const int fd = f.open("/dev/opener");
    CHECK(fd == 0);
    CHECK(Opener::made == 1);
    CHECK(f.root.file(fd) == f.root.file(Opener::made));
    CHECK(f.close(fd) == 0);
    CHECK(Opener::file_closes == 0);
    CHECK(f.close(Opener::made) == 0);
    CHECK(Opener::file_closes == 1);
}

TEST_CASE("NBSD-003 NBSD-006: EMOVEFD moves the driver's descriptor to the lowest free one") {
    DesignFixture f("netbsd-fd_clone");
    int fds[2];
    CHECK(outcome(rill_pipe(handle(f.root), fds)) == 0);
    CHECK(f.dup(fds[0]) == 2);
    const std::size_t before = f.steps.steps.size();
    CHECK(f.open("/dev/foo") == 3);
    CHECK(f.steps.steps[before + 3].word == Word::fd_alloc);
    CHECK(f.steps.steps[before + 3].number == 4);
    CHECK(f.steps.steps.back().word == Word::fd_move);
    CHECK(f.steps.steps.back().number == 3);
    CHECK(f.steps.steps.back().clause == "NBSD-003");
    CHECK_FALSE(is_open(f, 4));
    CHECK(descriptors(f) == 4);
}

TEST_CASE("NBSD-004 NBSD-005: l_dupfd is -N-1 when the driver is asked, and 0 after an ordinary success") {
    Fixture f;
    Opener driver(f);
    int seen = 0, after = -1, fd = -1;
    Opener::open = [&](dev_t, int, lwp *l) {
        seen = l->l_dupfd;
        return 0;
    };
    f.later(f.root, "open", [&] {
         fd = f.open("/dev/opener");
         after = netbsd_curlwp()->l_dupfd;
         return 0;
     }).finish();
    CHECK(fd == 0);
    CHECK(seen == -1);
    CHECK(after == 0);
    CHECK(f.close(fd) == 0);
    CHECK(Opener::closes == 1);
}

TEST_CASE("NBSD-007: a cloner needs two free descriptors for a moment, and the trace says so") {
    DesignFixture f("netbsd-fd_clone");
    const Census before = f.census();
    f.system.tunables.descriptors = 1;
    CHECK(f.open("/dev/foo") == -EMFILE);
    CHECK(std::any_of(f.steps.steps.begin(), f.steps.steps.end(), [](const Step &s) { return s.error == EMFILE && s.clause == "NBSD-007"; }));
    CHECK(f.steps.count(Word::pick) == 0);
    CHECK(f.census() == before);
    f.system.tunables.descriptors = 2;
    CHECK(f.open("/dev/foo") == 0);
}

TEST_CASE("NBSD-008: fd_allocfile answers EMFILE at the process limit and ENFILE when there is no file") {
    Fixture f;
    Opener driver(f);
    int error = 0;
    Opener::open = [&](dev_t, int, lwp *) {
        file_t *fp;
        int fd;
        return error = fd_allocfile(&fp, &fd);
    };
    f.system.tunables.descriptors = 1;
    CHECK(f.open("/dev/opener") == -EMFILE);
    CHECK(error == EMFILE);
    f.system.tunables.descriptors = 8;
    Opener::open = [&](dev_t, int, lwp *) {
        file_t *fp;
        int fd;
        f.system.alloc.fail_nth(1);
        return error = fd_allocfile(&fp, &fd);
    };
    CHECK(f.open("/dev/opener") == -ENFILE);
    CHECK(error == ENFILE);
    CHECK(descriptors(f) == 0);
}

TEST_CASE("NBSD-009: a driver that names a descriptor that is not open: EBADF") {
    Fixture f;
    Opener driver(f);
    Opener::open = [](dev_t, int, lwp *l) { return l->l_dupfd = 77, EDUPFD; };
    CHECK(f.open("/dev/opener") == -EBADF);
    CHECK(f.why().find("NBSD-009") != std::string::npos);
    CHECK(descriptors(f) == 0);
}

TEST_CASE("NBSD-010: EDUPFD gives no more access than the file has") {
    DesignFixture f("netbsd-dupfd");
    const int fd = f.open("/dev/foo", O_RDONLY);
    CHECK(f.open("/dev/fd/0", O_RDWR) == -EACCES);
    CHECK(f.open("/dev/fd/0", O_WRONLY) == -EACCES);
    CHECK(f.why().find("NBSD-010") != std::string::npos);
    CHECK(descriptors(f) == 1);
    const int second = f.open("/dev/fd/0", O_RDONLY);
    CHECK(second == 1);
    CHECK(f.root.file(fd) == f.root.file(second));
}

TEST_CASE("NBSD-011: with EMOVEFD the driver decides the mode; tap's file is for both whatever was asked") {
    DesignFixture f("netbsd-tun");
    const int fd = f.open("/dev/tap", O_RDONLY);
    CHECK(f.write(fd, "a frame") == 7);
    CHECK((rill_fcntl(handle(f.root), fd, F_GETFL, 0) & O_ACCMODE) == O_RDWR);
}

TEST_CASE("NBSD-012: close-on-exec is what the driver passes to fd_clone; tap loses the user's") {
    {
        DesignFixture f("netbsd-fd_clone");
        CHECK(closes_on_exec(f, f.open("/dev/foo", O_RDWR | O_CLOEXEC)));
        CHECK_FALSE(closes_on_exec(f, f.open("/dev/foo", O_RDWR)));
    }
    DesignFixture f("netbsd-tun");
    CHECK_FALSE(closes_on_exec(f, f.open("/dev/tap", O_RDWR | O_CLOEXEC)));
}

TEST_CASE("NBSD-013 NBSD-014: fd_clone returns EMOVEFD; the file is DTYPE_MISC, and fstat asks its fo_stat") {
    Fixture f;
    Opener driver(f);
    int type = 0, result = 0;
    Opener::open = [&](dev_t, int, lwp *) {
        file_t *fp;
        int fd;
        CHECK(fd_allocfile(&fp, &fd) == 0);
        result = fd_clone(fp, static_cast<unsigned>(fd), FREAD, &Opener::plain, nullptr);
        type = fp->f_type;
        return result;
    };
    const int fd = f.open("/dev/opener");
    CHECK(fd == 0);
    CHECK(result == EMOVEFD);
    CHECK(type == DTYPE_MISC);
    CHECK(f.root.file(fd)->special == nullptr);
    CHECK(f.root.file(fd)->node == nullptr);
    struct stat st;
    CHECK(outcome(rill_fstat(handle(f.root), fd, &st)) == -EOPNOTSUPP);
    CHECK(f.close(fd) == 0);
}

TEST_CASE("NBSD-015: a driver that fails gives its descriptor back, and the next open gets the same one") {
    DesignFixture f("netbsd-fd_clone", 1);
    const int first = f.open("/dev/foo");
    const Census before = f.census();
    const std::size_t from = f.steps.steps.size();
    CHECK(f.open("/dev/foo") == -ENXIO);
    CHECK(f.steps.words(from, true) == "FD_ALLOC LOOKUP DRV_OPEN FD_ALLOC FD_ABORT REFUSED FD_ABORT");
    CHECK(f.census() == before);
    CHECK(f.close(first) == 0);
    CHECK(f.open("/dev/foo") == first);
}

TEST_CASE("NBSD-015: one that forgets fd_abort leaks a slot, which the trace shows") {
    Fixture f;
    Opener driver(f);
    Steps steps;
    f.system.trace.attach(steps);
    file_t *fp = nullptr;
    int fd = -1;
    Opener::open = [&](dev_t, int, lwp *) { return fd_allocfile(&fp, &fd) ? EMFILE : EIO; };
    CHECK(f.open("/dev/opener") == -EIO);
    CHECK(descriptors(f) == 1);
    CHECK(steps.count(Word::fd_alloc) == 2);
    CHECK(steps.count(Word::fd_abort) == 1);
    f.system.trace.detach(steps);
    f.later(f.root, "abort", [&] { return fd_abort(nullptr, fp, static_cast<unsigned>(fd)), 0; }).finish();
    CHECK(descriptors(f) == 0);
}

TEST_CASE("NBSD-017: the cloning node never was open, so the driver's close is not called; the file's is") {
    Fixture f;
    Opener driver(f);
    Opener::open = [](dev_t, int, lwp *) { return Opener::make_file(); };
    const int fd = f.open("/dev/opener");
    CHECK(f.dup(fd) == 1);
    CHECK(f.close(1) == 0);
    CHECK(Opener::file_closes == 0);
    CHECK(f.close(fd) == 0);
    CHECK(Opener::file_closes == 1);
    CHECK(Opener::closes == 0);
}

TEST_CASE("NBSD-018 [old NetBSD]: ENXIO moves and ENODEV duplicates when l_dupfd was set") {
    Fixture f;
    Opener driver(f);
    netbsd_old.choose(f.system);
    int code = 0;
    Opener::open = [&](dev_t, int, lwp *) { return code = Opener::make_file(); };
    int fd = f.open("/dev/opener");
    CHECK(code == ENXIO);
    CHECK(fd == 0);
    CHECK_FALSE(is_open(f, Opener::made));
    CHECK(f.close(fd) == 0);
    Opener::open = [](dev_t, int, lwp *) { return Opener::make_file() == ENXIO ? ENODEV : EIO; };
    fd = f.open("/dev/opener");
    CHECK(f.root.file(fd) == f.root.file(Opener::made));
    CHECK(f.close(fd) == 0);
    CHECK(f.close(Opener::made) == 0);
    Opener::open = [](dev_t, int, lwp *) { return ENXIO; };
    CHECK(f.open("/dev/opener") == -ENXIO);
    CHECK(descriptors(f) == 0);
}

TEST_CASE("NBSD-018 [old NetBSD]: a real ENXIO is taken for a move if l_dupfd was set before, and the trace says so") {
    Fixture f;
    Opener driver(f);
    netbsd_old.choose(f.system);
    Recorder recorder;
    f.system.trace.attach(recorder);
    Opener::open = [](dev_t, int, lwp *) { // makes its file, then fails at something else
        Opener::make_file();
        return ENXIO;
    };
    const int fd = f.open("/dev/opener");
    CHECK(fd == 0);
    CHECK(std::any_of(recorder.lines.begin(), recorder.lines.end(), [](const Recorder::Line &l) {
        return l.event == Event::driver_of_design && l.clause == "NBSD-003";
    }));
    f.system.trace.detach(recorder);
    CHECK(f.close(fd) == 0);
}

TEST_CASE("NBSD-019: ERESTART from the driver's open is shown as EINTR") {
    Fixture f;
    Opener driver(f);
    Opener::open = [](dev_t, int, lwp *) { return -3; };
    CHECK(f.open("/dev/opener") == -EINTR);
    CHECK(descriptors(f) == 0);
}

TEST_CASE("NBSD-020: what a file's operations leave out is EOPNOTSUPP; fnullop_fcntl takes F_SETFL only") {
    Fixture f;
    Opener driver(f);
    Opener::open = [](dev_t, int, lwp *) { return Opener::make_file(); };
    const int fd = f.open("/dev/opener");
    CHECK(f.read(fd) == "-EOPNOTSUPP");
    CHECK(f.write(fd, "x") == -EOPNOTSUPP);
    CHECK(f.ioctl(fd, BODY_READS, nullptr) == -EOPNOTSUPP);
    CHECK(polled(f, fd) == 0);
    CHECK(outcome(rill_fcntl(handle(f.root), fd, F_SETFL, O_NONBLOCK)) == 0);
    CHECK((rill_fcntl(handle(f.root), fd, F_GETFL, 0) & O_NONBLOCK) != 0);
    CHECK(fnullop_fcntl(nullptr, F_SETFL, nullptr) == 0);
    CHECK(fnullop_fcntl(nullptr, F_GETLK, nullptr) == EOPNOTSUPP);
    CHECK(f.close(fd) == 0);
}

// --- /dev/fd -------------------------------------------------------------------------------------------------------

TEST_CASE("NBSD-030 CMP-010: /dev/fd/N is a second descriptor of the same open file") {
    DesignFixture f("netbsd-dupfd");
    const int fd = f.open("/dev/foo");
    CHECK(f.count(fd) == 1);
    const std::size_t before = f.steps.steps.size();
    const int second = f.open("/dev/fd/0");
    CHECK(f.steps.words(before, true) == "FD_ALLOC LOOKUP DRV_OPEN FD_ABORT FD_ALLOC");
    CHECK(second == 1);
    CHECK(f.root.file(second) == f.root.file(fd));
    CHECK(f.close(fd) == 0);
    CHECK(f.count(second) == 2);
}

TEST_CASE("NBSD-031: later calls reach the other driver; the fd device has an open and nothing else") {
    DesignFixture f("netbsd-dupfd");
    const int fd = f.open("/dev/foo");
    const int second = f.open("/dev/fd/0");
    CHECK(f.count(second) == 1);
    int reads = 0;
    CHECK(f.ioctl(second, BODY_READS, &reads) == 0);
    CHECK(reads == 1);
    CHECK(f.rdev(second) == netbsd_device(foo_major, 0));
    CHECK(f.rdev(second) == f.rdev(fd));
}

TEST_CASE("NBSD-032: /dev/fd of a closed descriptor: EBADF") {
    DesignFixture f("netbsd-dupfd");
    f.node("/dev/fd/77", netbsd_device(112, 77));
    CHECK(f.open("/dev/fd/77") == -EBADF);
    CHECK(f.open("/dev/fd/5") == -EBADF);
    CHECK(descriptors(f) == 0);
}

TEST_CASE("NBSD-033: an open may turn into a descriptor of any kind, such as a pipe's end") {
    Fixture f;
    Opener driver(f);
    int other = -1;
    Opener::open = [&](dev_t, int, lwp *l) {
        int ends[2];
        if (int error = f.root.pipe(ends)) return error;
        other = ends[1];
        l->l_dupfd = ends[0];
        return EMOVEFD;
    };
    const int fd = f.open("/dev/opener");
    CHECK(fd == 0);
    CHECK(S_ISFIFO(f.fstat(fd).st_mode));
    CHECK(f.root.file(fd)->special == nullptr);
    CHECK(f.write(other, "through") == 7);
    CHECK(f.read(fd) == "through");
    CHECK(f.close(fd) == 0);
    CHECK(f.close(other) == 0);
}

// --- pseudo-terminals ----------------------------------------------------------------------------------------------

TEST_CASE("NBSD-042: a minor that ptm does not have: ENODEV") {
    DesignFixture f("netbsd-ptm");
    f.node("/dev/ptm9", netbsd_device(113, 9));
    CHECK(f.open("/dev/ptm9") == -ENODEV);
    CHECK(descriptors(f) == 0);
}

TEST_CASE("NBSD-045: without a backend for names there are no ptys: EOPNOTSUPP") {
    DesignFixture f("netbsd-ptm");
    Enter scope(f.system);
    CHECK(netbsd_ptyfs_unmount("/dev/pts") == 0);
    CHECK(f.open("/dev/ptmx") == -EOPNOTSUPP);
    CHECK(descriptors(f) == 0);
}

TEST_CASE("NBSD-046: an ioctl that /dev/ptm does not know: EINVAL") {
    DesignFixture f("netbsd-ptm");
    const int fd = f.open("/dev/ptm");
    CHECK(f.ioctl(fd, 12345, nullptr) == -EINVAL);
    CHECK(descriptors(f) == 1);
}

TEST_CASE("NBSD-040: each open of /dev/ptmx is a master of another pty") {
    DesignFixture f("netbsd-ptm");
    const std::size_t before = f.steps.steps.size();
    const int a = f.open("/dev/ptmx");
    CHECK(f.steps.words(before, true) == "FD_ALLOC LOOKUP DRV_OPEN FD_ALLOC DRV_OPEN NODE+ FD_ABORT FD_MOVE");
    const int b = f.open("/dev/ptmx");
    CHECK(f.rdev(a) == netbsd_device(ptc_major, 0));
    CHECK(f.rdev(b) == netbsd_device(ptc_major, 1));
    CHECK(f.stat("/dev/ptmx").st_rdev == netbsd_device(113, 0));
    CHECK(descriptors(f) == 2);
}

TEST_CASE("NBSD-041: TIOCPTMGET makes a pair: two descriptors and two names") {
    DesignFixture f("netbsd-ptm");
    const int ptm = f.open("/dev/ptm");
    CHECK(f.rdev(ptm) == netbsd_device(113, 1));
    ptmget got = {};
    CHECK(f.ioctl(ptm, static_cast<int>(NETBSD_TIOCPTMGET), &got) == 0);
    CHECK(got.cfd == 1);
    CHECK(got.sfd == 2);
    CHECK(std::string(got.sn) == "/dev/pts/0");
    CHECK(f.write(got.cfd, "typed") == 5);
    CHECK(f.read(got.sfd) == "typed");
    CHECK(f.write(got.sfd, "shown") == 5);
    CHECK(f.read(got.cfd) == "shown");
    CHECK(f.rdev(got.sfd) == netbsd_device(pts_major, 0));
}

TEST_CASE("NBSD-042 NBSD-049: minor 2 is as minor 0, and the slave is the opener's") {
    DesignFixture f("netbsd-ptm");
    f.node("/dev/ptmx2", netbsd_device(113, 2));
    Process &user = f.process(7, 7);
    const int fd = f.open(user, "/dev/ptmx2");
    CHECK(fd == 0);
    CHECK(f.fstat(user, fd).st_rdev == netbsd_device(ptc_major, 0));
    CHECK(f.stat("/dev/pts/0").st_uid == 7);
    CHECK((f.stat("/dev/pts/0").st_mode & 07777) == 0620);
    rill_proc_exit(handle(user));
}

TEST_CASE("NBSD-043: the free pty with the lowest index is taken") {
    DesignFixture f("netbsd-ptm");
    const int a = f.open("/dev/ptmx"), b = f.open("/dev/ptmx");
    CHECK(f.close(a) == 0);
    CHECK(f.rdev(f.open("/dev/ptmx")) == netbsd_device(ptc_major, 0));
    CHECK(f.rdev(f.open("/dev/ptmx")) == netbsd_device(ptc_major, 2));
    CHECK(f.rdev(b) == netbsd_device(ptc_major, 1));
}

TEST_CASE("NBSD-044 CMP-007: two openers that picked one index get two; the loser picks again, as the trace shows") {
    DesignFixture f("netbsd-ptm");
    Process &p = f.process(), &q = f.process();
    const int ptm = f.open(q, "/dev/ptm");
    ptmget got = {};
    netbsd_ptm_delay = 5;
    Later first = f.later_open(p, "/dev/ptmx");
    Later second = f.later(q, "ioctl", [&] { return outcome(rill_ioctl(handle(q), ptm, static_cast<int>(NETBSD_TIOCPTMGET), &got)); });
    CHECK_FALSE(first.done());
    CHECK_FALSE(second.done());
    CHECK(first.finish() == 0);
    CHECK(second.finish() == 0);
    CHECK(f.fstat(p, 0).st_rdev == netbsd_device(ptc_major, 0));
    CHECK(f.fstat(q, got.cfd).st_rdev == netbsd_device(ptc_major, 1));
    const int masters = static_cast<int>(std::count_if(f.steps.steps.begin(), f.steps.steps.end(), [](const Step &s) {
        return s.word == Word::drv_open && external_major(s.dev) == ptc_major;
    }));
    CHECK(masters == 3);
    rill_proc_exit(handle(p));
    rill_proc_exit(handle(q));
}

TEST_CASE("NBSD-047 NBSD-090: the master is an open vnode without a name; the slave has one, for others too") {
    DesignFixture f("netbsd-ptm");
    const int master = f.open("/dev/ptmx");
    CHECK(f.root.file(master)->special != nullptr);
    CHECK(f.root.file(master)->node == nullptr);
    CHECK(S_ISCHR(f.fstat(master).st_mode));
    int named = 0;
    for (const auto &[path, node] : f.system.nodes.nodes()) named += node->rdev == netbsd_device(ptc_major, 0);
    CHECK(named == 0);
    Process &other = f.process();
    const int slave = f.open(other, "/dev/pts/0");
    CHECK(slave == 0);
    CHECK(f.write(master, "both ends") == 9);
    char data[16];
    CHECK(rill_read(handle(other), slave, data, sizeof data) == 9);
    rill_proc_exit(handle(other));
    CHECK(f.close(master) == 0);
    CHECK(f.system.nodes.find("/dev/pts/0") == nullptr);
}

TEST_CASE("NBSD-048: the master is opened for reading and writing whatever the caller asked") {
    DesignFixture f("netbsd-ptm");
    const int master = f.open("/dev/ptmx", O_RDONLY);
    CHECK((rill_fcntl(handle(f.root), master, F_GETFL, 0) & O_ACCMODE) == O_RDWR);
    CHECK(f.write(master, "x") == 1);
}

TEST_CASE("NBSD-049: granting a slave revokes whoever still has it open") {
    DesignFixture f("netbsd-ptm");
    const int ptm = f.open("/dev/ptm");
    ptmget got = {}, again = {};
    CHECK(f.ioctl(ptm, static_cast<int>(NETBSD_TIOCPTMGET), &got) == 0);
    CHECK(f.close(got.cfd) == 0);
    CHECK(f.ioctl(ptm, static_cast<int>(NETBSD_TIOCPTMGET), &again) == 0);
    CHECK(std::string(again.sn) == "/dev/pts/0");
    CHECK(f.write(again.cfd, "secret") == 6);
    CHECK(f.read(got.sfd) == "");
    CHECK(f.write(got.sfd, "x") == -EIO);
    CHECK(polled(f, got.sfd) == POLLHUP);
    CHECK(f.close(got.sfd) == 0);
    CHECK(f.read(again.sfd) == "secret");
}

TEST_CASE("NBSD-050: one pty in two mounts of ptyfs has two nodes") {
    DesignFixture f("netbsd-ptm");
    {
        Enter scope(f.system);
        CHECK(netbsd_ptyfs_mount("/jail/pts") == 0);
    }
    const int master = f.open("/dev/ptmx");
    const struct stat here = f.stat("/dev/pts/0"), there = f.stat("/jail/pts/0");
    CHECK(here.st_ino != there.st_ino);
    CHECK(here.st_rdev == there.st_rdev);
    const int slave = f.open("/jail/pts/0");
    CHECK(f.write(master, "one pty") == 7);
    CHECK(f.read(slave) == "one pty");
}

TEST_CASE("NBSD-051: the classic backend opens /dev/ptyXY and /dev/ttyXY by name, so they must exist") {
    DesignFixture f("netbsd-ptm");
    {
        Enter scope(f.system);
        CHECK(netbsd_ptyfs_unmount("/dev/pts") == 0);
        netbsd_ptm_classic(true);
    }
    CHECK(f.open("/dev/ptmx") == -ENOENT);
    CHECK(descriptors(f) == 0);
    f.node("/dev/ptyp0", netbsd_device(ptc_major, 0));
    f.node("/dev/ttyp0", netbsd_device(pts_major, 0));
    const int ptm = f.open("/dev/ptm");
    ptmget got = {};
    CHECK(f.ioctl(ptm, static_cast<int>(NETBSD_TIOCPTMGET), &got) == 0);
    CHECK(std::string(got.cn) == "/dev/ptyp0");
    CHECK(std::string(got.sn) == "/dev/ttyp0");
    CHECK(f.root.file(got.cfd)->node != nullptr);
    for (int fd = 0; fd < 3; ++fd) CHECK(f.close(fd) == 0);
}

// --- interface cloners ---------------------------------------------------------------------------------------------

TEST_CASE("NBSD-060 NBSD-067: the list of cloners; a NULL buffer asks for the number only, a negative count is EINVAL") {
    DesignFixture f("netbsd-tun");
    const int fd = f.open("/dev/ifconfig");
    netbsd_if_clonereq request = {};
    CHECK(cloners(f, f.root, fd, request) == 0);
    CHECK(request.ifcr_total == 1);
    if_clone other = IF_CLONE_INITIALIZER("gif", nullptr, nullptr);
    {
        Enter scope(f.system);
        if_clone_attach(&other);
    }
    char names[2][NETBSD_IFNAMSIZ] = {};
    request = {0, 2, names[0]};
    CHECK(cloners(f, f.root, fd, request) == 0);
    CHECK(request.ifcr_total == 2);
    CHECK(std::string(names[0]) == "tap");
    CHECK(std::string(names[1]) == "gif");
    {
        Enter scope(f.system);
        if_clone_detach(&other);
    }
    request = {0, -1, names[0]};
    CHECK(cloners(f, f.root, fd, request) == -EINVAL);
    request = {};
    CHECK(cloners(f, f.root, fd, request) == 0);
    CHECK(request.ifcr_total == 1);
}

TEST_CASE("NBSD-062 NBSD-063: names that are no cloner and unit: EINVAL") {
    DesignFixture f("netbsd-tun");
    const int fd = f.open("/dev/ifconfig");
    for (const char *name : {"tap", "xyz0", "tap4x", "tap4294967296", "tap-1", "tap 1", ""}) {
        CAPTURE(name);
        CHECK(create(f, fd, name) == -EINVAL);
    }
    CHECK(f.steps.count(Word::pick) == 0);
}

TEST_CASE("NBSD-061 NBSD-064: create makes the interface of that name, once") {
    DesignFixture f("netbsd-tun");
    const int fd = f.open("/dev/ifconfig");
    CHECK(create(f, fd, "tap4") == 0);
    CHECK(exists(f, "tap4"));
    CHECK(create(f, fd, "tap4") == -EEXIST);
    CHECK(f.steps.count(Word::drv_create) == 1);
    CHECK(destroy(f, fd, "tap4") == 0);
    CHECK_FALSE(exists(f, "tap4"));
}

TEST_CASE("NBSD-065: destroy of what is not there is ENXIO; a cloner without a destroy method, EOPNOTSUPP") {
    DesignFixture f("netbsd-tun");
    const int fd = f.open("/dev/ifconfig");
    CHECK(destroy(f, fd, "tap4") == -ENXIO);
    static ifnet only = {};
    std::snprintf(only.if_xname, sizeof only.if_xname, "fix0");
    if_clone fixed = IF_CLONE_INITIALIZER(
        "fix", [](if_clone *, int) { return if_attach(&only); }, nullptr);
    {
        Enter scope(f.system);
        if_clone_attach(&fixed);
    }
    CHECK(create(f, fd, "fix0") == 0);
    CHECK(destroy(f, fd, "fix0") == -EOPNOTSUPP);
    CHECK(exists(f, "fix0"));
    Enter scope(f.system);
    if_detach(&only);
    if_clone_detach(&fixed);
}

TEST_CASE("NBSD-066: only the superuser creates and destroys; anybody may ask for the list") {
    DesignFixture f("netbsd-tun");
    Process &user = f.process(7, 7);
    const int fd = f.open(user, "/dev/ifconfig");
    CHECK(interface(f, user, fd, NETBSD_SIOCIFCREATE, "tap4") == -EPERM);
    CHECK(interface(f, user, fd, NETBSD_SIOCIFDESTROY, "tap4") == -EPERM);
    netbsd_if_clonereq request = {};
    CHECK(cloners(f, user, fd, request) == 0);
    CHECK_FALSE(exists(f, "tap4"));
    rill_proc_exit(handle(user));
}

// --- tap -----------------------------------------------------------------------------------------------------------

TEST_CASE("NBSD-072: a numbered node without its interface: ENXIO") {
    DesignFixture f("netbsd-tun");
    f.node("/dev/tap9", netbsd_device(tap_major, 9));
    CHECK(f.open("/dev/tap9") == -ENXIO);
    CHECK(descriptors(f) == 0);
}

TEST_CASE("NBSD-073: an interface that has its descriptor: EBUSY for another opener") {
    DesignFixture f("netbsd-tun");
    const int control = f.open("/dev/ifconfig");
    CHECK(create(f, control, "tap0") == 0);
    const int numbered = f.open("/dev/tap0");
    CHECK(f.open("/dev/tap0") == -EBUSY);
    const int clone = f.open("/dev/tap");
    CHECK(interface_of(f, clone) == "tap1");
    CHECK(f.open("/dev/tap1") == -EBUSY);
    CHECK(f.close(numbered) == 0);
    CHECK(f.open("/dev/tap0") == numbered);
    CHECK(f.close(numbered) == 0);
    CHECK(destroy(f, control, "tap0") == 0);
}

TEST_CASE("NBSD-079 CMP-003: an instance that cannot be attached: ENXIO") {
    DesignFixture f("netbsd-tun", 2);
    f.open("/dev/tap");
    f.open("/dev/tap");
    const Census before = f.census();
    CHECK(f.open("/dev/tap") == -ENXIO);
    CHECK(f.census() == before);
    CHECK(create(f, f.open("/dev/ifconfig"), "tap7") == -ENXIO);
}

TEST_CASE("NBSD-070 NBSD-071 NBSD-077: minor 0xfffff makes an interface of the first free unit; TAPGIFNAME tells which") {
    DesignFixture f("netbsd-tun");
    CHECK(netbsd_minor(f.stat("/dev/tap").st_rdev) == 0xfffff);
    const int control = f.open("/dev/ifconfig");
    CHECK(create(f, control, "tap0") == 0);
    const std::size_t before = f.steps.steps.size();
    const int fd = f.open("/dev/tap");
    CHECK(f.steps.words(before, true) == "FD_ALLOC LOOKUP DRV_OPEN FD_ALLOC PICK DRV_CREATE FD_ABORT FD_MOVE");
    CHECK(interface_of(f, fd) == "tap1");
    CHECK(create(f, control, "tap4") == 0);
    const int numbered = f.open("/dev/tap4");
    CHECK(interface_of(f, numbered) == "tap4");
    CHECK(f.close(numbered) == 0);
    CHECK(destroy(f, control, "tap4") == 0);
    CHECK(destroy(f, control, "tap0") == 0);
}

TEST_CASE("NBSD-074: the cloner's interface goes with the last close of its descriptor, a created one stays") {
    DesignFixture f("netbsd-tun");
    const int control = f.open("/dev/ifconfig");
    CHECK(create(f, control, "tap4") == 0);
    const int numbered = f.open("/dev/tap4"), clone = f.open("/dev/tap");
    const int second = f.dup(clone);
    CHECK(f.close(clone) == 0);
    CHECK(exists(f, "tap0"));
    CHECK(f.close(second) == 0);
    CHECK_FALSE(exists(f, "tap0"));
    CHECK(f.close(numbered) == 0);
    CHECK(exists(f, "tap4"));
    CHECK(destroy(f, control, "tap4") == 0);
}

TEST_CASE("NBSD-075 CMP-008: an interface destroyed while its clone is open: no unit for later calls") {
    DesignFixture f("netbsd-tun");
    const int control = f.open("/dev/ifconfig"), fd = f.open("/dev/tap");
    CHECK(destroy(f, control, "tap0") == 0);
    CHECK(f.read(fd) == "-ENXIO");
    CHECK(f.write(fd, "x") == -ENXIO);
    netbsd_ifreq request = {};
    CHECK(f.ioctl(fd, static_cast<int>(NETBSD_TAPGIFNAME), &request) == -ENXIO);
    CHECK(polled(f, fd) == POLLERR);
    const int newer = f.open("/dev/tap"); // has the unit, but is not the old file's
    CHECK(interface_of(f, newer) == "tap0");
    CHECK(f.read(fd) == "-ENXIO");
    CHECK(f.close(fd) == -ENXIO);
    CHECK_FALSE(is_open(f, fd));
    CHECK(exists(f, "tap0"));
}

TEST_CASE("NBSD-075: a detach waits for the reader inside; a close meanwhile is not a second detach") {
    DesignFixture f("netbsd-tun");
    Process &reader = f.process();
    const int control = f.open("/dev/ifconfig"), fd = f.open(reader, "/dev/tap");
    char data[8];
    Later read = f.later(reader, "read", [&] { return outcome(static_cast<int>(rill_read(handle(reader), fd, data, sizeof data))); });
    CHECK_FALSE(read.done());
    CHECK(f.close(reader, fd) == 0); // the reader has the file still: the last close will be its own
    Later gone = f.later(f.root, "destroy", [&] { return destroy(f, control, "tap0"); });
    CHECK(gone.finish() == 0);
    CHECK(read.finish() == -ENXIO);
    CHECK_FALSE(exists(f, "tap0"));
    CHECK(f.steps.words().ends_with("REFUSED DRV_CLOSE DRV_DESTROY RELEASE"));
    CHECK(f.steps.count(Word::drv_destroy) == 1);
}

TEST_CASE("NBSD-076 CMP-005: fstat of a clone has st_dev of driver and unit, times, an owner, and no type") {
    DesignFixture f("netbsd-tun");
    f.system.advance(250);
    Process &user = f.process(7, 8);
    const int fd = f.open(user, "/dev/tap");
    const struct stat st = f.fstat(user, fd);
    CHECK(st.st_dev == netbsd_device(tap_major, 0));
    CHECK(st.st_rdev == 0);
    CHECK((st.st_mode & S_IFMT) == 0);
    CHECK_FALSE(S_ISCHR(st.st_mode));
    CHECK(st.st_uid == 7);
    CHECK(st.st_gid == 8);
    CHECK(st.st_mtim.tv_sec == 2);
    CHECK(f.stat("/dev/tap").st_rdev == netbsd_device(tap_major, 0xfffff));
    rill_proc_exit(handle(user));
}

TEST_CASE("NBSD-078: a driver with live instances is not unloaded") {
    DesignFixture f("netbsd-tun");
    const int fd = f.open("/dev/tap");
    CHECK(f.detach() == EBUSY);
    CHECK(f.write(fd, "still there") == 11);
    CHECK(f.read(fd) == "still there");
    CHECK(f.close(fd) == 0);
}

// --- kinds of cloners ----------------------------------------------------------------------------------------------

TEST_CASE("NBSD-090: an instance of kind B has no name that another process could open") {
    for (const char *name : {"netbsd-crypto", "netbsd-dmover", "netbsd-svr4net"}) {
        CAPTURE(name);
        DesignFixture f(name);
        const std::size_t names = f.system.nodes.nodes().size();
        const int fd = f.open(f.design.path);
        CHECK(f.system.nodes.nodes().size() == names);
        Process &other = f.process();
        const int theirs = f.open(other, f.design.path);
        CHECK(other.file(theirs)->data != f.root.file(fd)->data);
        rill_proc_exit(handle(other));
    }
}

TEST_CASE("NBSD-091: no instance before the first open and after the last close; each open has its own") {
    DesignFixture f("netbsd-fd_clone", 100);
    const Census before = f.census();
    std::set<int> units;
    std::vector<int> fds;
    for (int i = 0; i < 100; ++i) {
        fds.push_back(f.open("/dev/foo"));
        units.insert(unit_of(f, fds.back()));
    }
    CHECK(units.size() == 100);
    CHECK(f.census().minors == before.minors + 100);
    for (int fd : fds) CHECK(f.close(fd) == 0);
    CHECK(f.census() == before);
}

TEST_CASE("NBSD-091: nobody can reach an instance between its creation and the return of its open") {
    DesignFixture f("netbsd-tun");
    int found = 0;
    class Watcher : public Reader {
    public:
        std::function<void()> on_create;
        void record(const Record &r) override {
            if (r.event == Event::drv_create) on_create();
        }
    } watcher;
    Process &other = f.process();
    watcher.on_create = [&] {
        for (File *file : other.files) found += file != nullptr;
        for (std::size_t fd = 0; fd < f.root.files.size(); ++fd) found += f.root.file(static_cast<int>(fd)) != nullptr;
    };
    f.system.trace.attach(watcher);
    CHECK(f.open("/dev/tap") == 0);
    f.system.trace.detach(watcher);
    CHECK(found == 0);
    CHECK(f.open(other, "/dev/tap0") == -EBUSY);
    rill_proc_exit(handle(other));
}

TEST_CASE("NBSD-091: crypto's sessions belong to the open file") {
    DesignFixture f("netbsd-crypto");
    const int get = static_cast<int>(_IOWR('c', 101, char[12])), apply = static_cast<int>(_IOWR('c', 103, char[16]));
    const int fd = f.open("/dev/crypto"), other = f.open("/dev/crypto");
    struct {
        char key[8];
        unsigned number;
    } session = {{1, 2, 3, 4, 5, 6, 7, 8}, 0};
    CHECK(f.ioctl(fd, get, &session) == 0);
    CHECK(session.number == 1);
    struct {
        unsigned number;
        char data[12];
    } request = {1, "hello world"};
    CHECK(f.ioctl(other, apply, &request) == -EINVAL);
    CHECK(f.ioctl(fd, apply, &request) == 0);
    CHECK(std::string(request.data, 11) != "hello world");
    CHECK(f.ioctl(fd, apply, &request) == 0);
    CHECK(std::string(request.data) == "hello world");
    CHECK(f.read(fd) == "-EOPNOTSUPP");
}

TEST_CASE("NBSD-091: dmover's function belongs to the open file and is set once") {
    DesignFixture f("netbsd-dmover");
    const int set = static_cast<int>(_IOW('D', 1, char[16]));
    const int a = f.open("/dev/dmover"), b = f.open("/dev/dmover");
    char copy[16] = "copy", zero[16] = "zero", none[16] = "none";
    CHECK(f.write(a, "x") == -EINVAL);
    CHECK(f.ioctl(a, set, none) == -ESRCH);
    CHECK(f.ioctl(a, set, copy) == 0);
    CHECK(f.ioctl(a, set, zero) == -EBUSY);
    CHECK(f.ioctl(b, set, zero) == 0);
    CHECK(f.write(a, "data") == 4);
    CHECK(f.write(b, "data") == 4);
    CHECK(f.read(a) == "data");
    CHECK(f.read(b) == "0000");
}

TEST_CASE("NBSD-003 NBSD-033: an open of /dev/tcp is a socket, and two of them a connection") {
    DesignFixture f("netbsd-svr4net");
    const int listen = static_cast<int>(_IOW('S', 1, char[16])), connect = static_cast<int>(_IOW('S', 2, char[16])),
              accept = static_cast<int>(_IOR('S', 3, int));
    f.node("/dev/icmp", netbsd_device(118, 1));
    CHECK(f.open("/dev/icmp") == -ENXIO);
    char name[16] = "finger";
    const int client = f.open("/dev/tcp");
    CHECK(f.ioctl(client, connect, name) == -ECONNREFUSED);
    const int server = f.open("/dev/tcp");
    CHECK(S_ISSOCK(f.fstat(server).st_mode));
    CHECK(f.ioctl(server, listen, name) == 0);
    CHECK(f.ioctl(f.open("/dev/tcp"), listen, name) == -EADDRINUSE);
    CHECK(f.ioctl(client, connect, name) == 0);
    int peer = -1;
    CHECK(f.ioctl(server, accept, &peer) == 0);
    CHECK(f.write(client, "who?") == 4);
    CHECK(f.read(peer) == "who?");
    CHECK(f.close(peer) == 0);
    CHECK(f.read(client) == "");
    CHECK(f.write(client, "x") == -EPIPE);
}

TEST_CASE("NBSD-033: a udp socket receives what is sent to its name") {
    DesignFixture f("netbsd-svr4net");
    const int listen = static_cast<int>(_IOW('S', 1, char[16])), connect = static_cast<int>(_IOW('S', 2, char[16]));
    char name[16] = "syslog";
    const int log = f.open("/dev/udp"), sender = f.open("/dev/udp");
    CHECK(f.ioctl(log, listen, name) == 0);
    CHECK(f.ioctl(sender, connect, name) == 0);
    CHECK(f.write(sender, "a line") == 6);
    CHECK(f.read(log) == "a line");
}

// --- beside the other designs --------------------------------------------------------------------------------------

TEST_CASE("CMP-001 CMP-002: fd_clone counts for each open, dup shares; dupfd has one count for all") {
    {
        DesignFixture f("netbsd-fd_clone");
        const int a = f.open("/dev/foo"), b = f.open("/dev/foo");
        CHECK(f.count(a) == 1);
        CHECK(f.count(a) == 2);
        CHECK(f.count(a) == 3);
        CHECK(f.count(b) == 1);
        CHECK(f.count(f.dup(b)) == 2);
        Process &child = f.fork();
        char data[4] = {};
        CHECK(rill_read(handle(child), b, data, sizeof data) == 2);
        CHECK(data[0] == '3');
        rill_proc_exit(handle(child));
    }
    DesignFixture f("netbsd-dupfd");
    const int a = f.open("/dev/foo"), b = f.open("/dev/foo");
    CHECK(f.root.file(a) == f.root.file(b));
    CHECK(f.count(a) == 1);
    CHECK(f.count(b) == 2);
    CHECK(f.count(f.dup(a)) == 3);
}

TEST_CASE("CMP-003: the fifth open of four is ENXIO with fd_clone; dupfd has no bound but descriptors") {
    {
        DesignFixture f("netbsd-fd_clone", 4);
        for (int i = 0; i < 4; ++i) CHECK(f.open("/dev/foo") == i);
        CHECK(f.open("/dev/foo") == -ENXIO);
    }
    DesignFixture f("netbsd-dupfd", 4);
    for (int i = 0; i < 5; ++i) CHECK(f.open("/dev/foo") == i);
    f.system.tunables.descriptors = 5;
    CHECK(f.open("/dev/foo") == -EMFILE);
}

TEST_CASE("CMP-004: the number of the second of three comes back") {
    DesignFixture f("netbsd-fd_clone");
    const int fds[] = {f.open("/dev/foo"), f.open("/dev/foo"), f.open("/dev/foo")};
    for (int i = 0; i < 3; ++i) CHECK(unit_of(f, fds[i]) == i);
    CHECK(f.close(fds[1]) == 0);
    CHECK(unit_of(f, f.open("/dev/foo")) == 1);
}

TEST_CASE("CMP-005: fstat of fd_clone has st_dev and no st_rdev; of dupfd it is the duplicated file's") {
    {
        DesignFixture f("netbsd-fd_clone");
        const struct stat st = f.fstat(f.open("/dev/foo"));
        CHECK(st.st_rdev == 0);
        CHECK(st.st_dev == netbsd_device(foo_major, 0));
        CHECK(f.stat("/dev/foo").st_rdev == netbsd_device(foo_major, 0xfffff));
    }
    DesignFixture f("netbsd-dupfd");
    f.open("/dev/foo");
    CHECK(f.rdev(f.open("/dev/foo")) == f.stat("/dev/foo").st_rdev);
}

TEST_CASE("CMP-006: an open that fails at any allocation leaves nothing") {
    struct {
        const char *design, *path;
    } opens[] = {{"netbsd-fd_clone", "/dev/foo"}, {"netbsd-dupfd", "/dev/foo"}, {"netbsd-ptm", "/dev/ptmx"}, {"netbsd-ptm", "/dev/ptm"}, {"netbsd-tun", "/dev/tap"}, {"netbsd-crypto", "/dev/crypto"}, {"netbsd-dmover", "/dev/dmover"}, {"netbsd-svr4net", "/dev/tcp"}};
    for (const auto &each : opens) {
        CAPTURE(each.path);
        DesignFixture f(each.design);
        for_every_allocation(
            f, {ENFILE, ENXIO, ENOMEM, ENOBUFS}, [&] { return f.open(each.path); },
            [&](int fd) { CHECK(f.close(fd) == 0); });
    }
}

TEST_CASE("CMP-006: TIOCPTMGET that fails at any allocation leaves nothing") {
    DesignFixture f("netbsd-ptm");
    const int ptm = f.open("/dev/ptm");
    ptmget got = {};
    for_every_allocation(
        f, {ENFILE, ENOMEM}, [&] { return f.ioctl(ptm, static_cast<int>(NETBSD_TIOCPTMGET), &got); },
        [&](int) {
            CHECK(f.close(got.sfd) == 0);
            CHECK(f.close(got.cfd) == 0);
        });
}

TEST_CASE("CMP-007: two threads that open at once never get one unit") {
    constexpr int rounds = 500;
    DesignFixture f("netbsd-fd_clone", 2 * rounds);
    Process *users[] = {&f.process(), &f.process()};
    std::vector<std::thread> threads;
    for (Process *user : users)
        threads.emplace_back([user] {
            for (int i = 0; i < rounds; ++i) rill_open(handle(*user), "/dev/foo", O_RDWR);
        });
    for (std::thread &t : threads) t.join();
    std::set<int> units;
    for (Process *user : users)
        for (int fd = 0; fd < rounds; ++fd) units.insert(netbsd_minor(f.fstat(*user, fd).st_dev));
    CHECK(units.size() == 2 * rounds);
    for (Process *user : users) rill_proc_exit(handle(*user));
}

TEST_CASE("CMP-008 NBSD-078: a driver with instances is not unloaded; an instance detached while open is ENXIO for its file") {
    DesignFixture f("netbsd-fd_clone");
    const int fd = f.open("/dev/foo");
    CHECK(f.detach() == EBUSY);
    CHECK(f.count(fd) == 1);
    CHECK(netbsd_detach_device(f.root, "foo0") == 0);
    CHECK(netbsd_detach_device(f.root, "foo0") == ENXIO);
    CHECK(f.read(fd) == "-ENXIO");
    CHECK(f.write(fd, "x") == -ENXIO);
    int reads;
    CHECK(f.ioctl(fd, BODY_READS, &reads) == -ENXIO);
    CHECK(polled(f, fd) == POLLERR);
    CHECK(f.close(fd) == -ENXIO);
    CHECK(f.steps.count(Word::release) == 1);
}

TEST_CASE("CMP-009: stat of the name makes no instance") {
    for (const char *name : {"netbsd-fd_clone", "netbsd-dupfd"}) {
        DesignFixture f(name);
        f.stat("/dev/foo");
        CHECK(f.steps.count(Word::pick) == 0);
        CHECK(f.steps.count(Word::drv_open) == 0);
    }
}

TEST_CASE("CMP-010 NBSD-002 NBSD-003: the steps of one open of each") {
    {
        DesignFixture f("netbsd-fd_clone");
        const std::size_t before = f.steps.steps.size();
        CHECK(f.open("/dev/foo") == 0);
        CHECK(f.steps.words(before, true) == "FD_ALLOC LOOKUP DRV_OPEN FD_ALLOC PICK DRV_CREATE FD_ABORT FD_MOVE");
        const std::size_t open = f.steps.steps.size();
        CHECK(f.close(0) == 0);
        CHECK(f.steps.words(open, true) == "DRV_CLOSE DRV_DESTROY RELEASE");
    }
    DesignFixture f("netbsd-dupfd");
    f.open("/dev/foo"); // the one whose descriptor is there
    const std::size_t before = f.steps.steps.size();
    CHECK(f.open("/dev/foo") == 1);
    CHECK(f.steps.words(before, true) == "FD_ALLOC LOOKUP DRV_OPEN FD_ABORT FD_ALLOC");
}

// --- at random -----------------------------------------------------------------------------------------------------

TEST_CASE("NBSD-071 NBSD-074 NBSD-075: ten thousand random steps against a model") {
    constexpr unsigned bound = 8;
    DesignFixture f("netbsd-fd_clone", bound);
    struct Instance {
        int unit, files = 0, reads = 0;
        bool gone = false;
    };
    std::map<int, std::shared_ptr<Instance>> fds;
    std::map<int, std::shared_ptr<Instance>> units; // live ones
    std::mt19937 random(20241);
    auto any = [&](unsigned n) { return static_cast<int>(random() % n); };
    auto lowest = [&] {
        int fd = 0;
        while (fds.contains(fd)) ++fd;
        return fd;
    };
    for (int i = 0; i < 10'000; ++i) {
        CAPTURE(i);
        auto it = fds.begin();
        if (!fds.empty()) std::advance(it, any(static_cast<unsigned>(fds.size())));
        switch (any(8)) {
        case 0:
        case 1:
        case 2: {
            const int fd = f.open("/dev/foo");
            if (units.size() == bound) {
                CHECK(fd == -ENXIO);
                break;
            }
            int unit = 0;
            while (units.contains(unit)) ++unit;
            REQUIRE(fd == lowest());
            CHECK(unit_of(f, fd) == unit);
            units[unit] = fds[fd] = std::make_shared<Instance>(Instance{unit, 1});
            break;
        }
        case 3:
        case 4:
            if (fds.empty()) break;
            {
                auto instance = it->second;
                const bool last = --instance->files == 0;
                CHECK(f.close(it->first) == (last && instance->gone ? -ENXIO : 0));
                if (last && !instance->gone) units.erase(instance->unit);
                fds.erase(it);
            }
            break;
        case 5:
            if (fds.empty() || fds.size() > 40) break;
            {
                const int fd = f.dup(it->first);
                REQUIRE(fd == lowest());
                ++it->second->files;
                fds[fd] = it->second;
            }
            break;
        case 6:
            if (fds.empty()) break;
            if (it->second->gone) CHECK(f.read(it->first) == "-ENXIO");
            else CHECK(f.count(it->first) == ++it->second->reads);
            break;
        default: {
            const int unit = any(bound);
            const auto found = units.find(unit);
            CHECK(netbsd_detach_device(f.root, ("foo" + std::to_string(unit)).c_str()) == (found == units.end() ? ENXIO : 0));
            if (found == units.end()) break;
            found->second->gone = true;
            units.erase(found);
        }
        }
    }
    CHECK(f.census().minors == static_cast<long>(units.size()));
}
