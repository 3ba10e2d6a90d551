// What drivers of other kernels bring along: names that libc has too, the headers and services of Solaris, Linux and HP-UX
// (clauses/03 sections 9 and 10, HDR-040 on, UTL-100 on). The drivers are C, in test/drivers and examples/porting.
#include "test/harness.hpp"

#include <csignal>
#include <cstddef>
#include <cstring>
#include <ctime>
#include <set>
#include <sys/cmn_err.h>
#include <sys/conf.h>
#include <sys/ddi.h>
#include <sys/io.h>
#include <sys/kmem.h>
#include <sys/kstat.h>
#include <sys/vmem.h>
#undef sleep
#undef major
#undef minor
#undef makedev
#undef getmajor

using namespace rill;
using namespace rill::test;

extern "C" {
// test/drivers/libcnames.c, libcprocs.c
struct driver_name {
    int (*check)();
    const char *called;
};
extern driver_name libc_names[], libc_procedures[];
// test/drivers/names.c
extern struct streamtab nminfo;
extern int nm_event, nm_slept;
extern void *nm_procp;
extern long nm_opened_at;
int nm_members(int value);
long nm_lbolt();
long nm_time();
int nm_signal(int pgrp, int sig);
int nm_psignal(void *procp, int sig);
int nm_least(int a, int b, int c);
int nm_index();
// test/drivers/sunmore.c
extern int sm_constructed, sm_destructed, sm_refuse, sm_flags;
int sm_error();
int sm_cache_make(size_t align);
void *sm_cache_take(int flag);
int sm_object_made(void *object);
void sm_cache_give(void *object);
void sm_cache_reap();
void sm_cache_end();
void sm_arena_make(int minors);
int sm_arena_take(int count, int flag);
void sm_arena_give(int minor, int count);
int sm_arena_left();
void sm_arena_end();
int sm_ids();
int sm_kstat_make(int packets);
void sm_kstat_show();
void sm_kstat_end();
int sm_zones();
int sm_policy(cred_t *cr);
int sm_constants();
int sm_models(mblk_t *mp);
void sm_say(char *text, int level);
// test/drivers/linuxnames.c
extern int ln_got;
int ln_types();
int ln_say(int n);
void ln_queue(queue_t *q, mblk_t *mp, int back);
int ln_memory();
int ln_devices();
int ln_spin();
void ln_forget();
void ln_recover();
void ln_sem_make(int count);
int ln_down();
void ln_up();
int ln_sem_memory();
int ln_mknod(dev_t dev);
int ln_unlink();
// examples/porting/sluice.c
int sluice_install();
}

namespace {

constexpr major_t N = 61;

// A driver whose open, or put procedure, runs what a test gives it.
struct Inside : Fixture {
    Inside() : echo(driver("echo", N)) {
        node("/dev/echo", clone(N));
        echo.on_open = [this](queue_t *q, dev_t *devp, int oflag, int sflag, cred_t *crp) {
            if (!body) return echo.standard_open(q, devp, oflag, sflag, crp);
            const int error = std::exchange(body, nullptr)(q);
            return error ? error : echo.standard_open(q, devp, oflag, sflag, crp);
        };
        echo.on_wput = [this](queue_t *q, mblk_t *mp) {
            if (body && mp->b_datap->db_type == M_DATA) {
                freemsg(mp);
                std::exchange(body, nullptr)(q);
            } else {
                echo.standard_put(q, mp);
            }
        };
    }
    Probe &echo;
    std::function<int(queue_t *)> body;
};

} // namespace

TEST_CASE("HDR-040 HDR-041: names of libc are a driver's own: parameter, variable, member, of the file, a procedure") {
    int seen = 0;
    for (const driver_name *names : {libc_names, libc_procedures})
        for (const driver_name *each = names; each->check; ++each, ++seen) {
            CAPTURE(each->called);
            CHECK(each->check() == 0);
        }
    CHECK(seen > 200);
    CHECK(nm_members(11) == 48); // errno, time, sleep, minor and select are members of one structure
}

TEST_CASE("HDR-042: SVR3's sleep, min, max, time, lbolt, declared without prototypes, are the kernel's") {
    Fixture f;
    CHECK(nm_least(7, 3, 5) == 3007);
    REQUIRE(rill_driver_add(handle(f.system), "nm", static_cast<int>(N), &nminfo, D_OLD, 4) == 0);
    f.node("/dev/nm0", makedevice(N, 0));
    f.node("/dev/nm1", makedevice(N, 1));
    rill_advance(handle(f.system), 250);
    CHECK(nm_lbolt() == 250);
    CHECK(nm_time() >= ::time(nullptr) - 2);
    CHECK(nm_time() <= ::time(nullptr));
    const int fd = f.open("/dev/nm0");
    REQUIRE(fd >= 0);
    CHECK(nm_opened_at == 250);
    nm_slept = 0;
    Later later = f.later_open(f.root, "/dev/nm1");
    CHECK(!later.done());
    {
        Enter scope(f.system);
        wakeup(reinterpret_cast<char *>(&nm_event));
    }
    f.run();
    REQUIRE(later.done());
    CHECK(nm_slept == 1); // sleep returned 0
    CHECK(f.close(later.result()) == 0);
    CHECK(f.close(fd) == 0);
}

TEST_CASE("HDR-042: SVR3's signal goes to a process group, psignal to a process, and neither to the host's own") {
    static int got;
    Fixture f;
    REQUIRE(rill_driver_add(handle(f.system), "nm", static_cast<int>(N), &nminfo, D_OLD, 4) == 0);
    f.node("/dev/nm0", makedevice(N, 0));
    const int fd = f.open("/dev/nm0");
    REQUIRE(fd >= 0);
    CHECK(nm_procp == &f.root);
    const auto before = std::signal(SIGHUP, SIG_DFL);
    std::signal(SIGHUP, before);
    got = 0;
    CHECK(rill_signal(handle(f.root), SIGHUP, [](int) { ++got; }) == 0);
    {
        Enter scope(f.system);
        nm_signal(f.root.pgrp, SIGHUP);
        nm_signal(f.root.pgrp + 40, SIGHUP);
    }
    f.stat("/dev/nm0"); // the next call delivers it
    CHECK(got == 1);
    {
        Enter scope(f.system);
        nm_psignal(nm_procp, SIGHUP);
        nm_psignal(&got, SIGHUP); // no process
    }
    f.stat("/dev/nm0");
    CHECK(got == 2);
    const bool kept = std::signal(SIGHUP, before) == before; // the host knows nothing of it
    CHECK(kept);
    CHECK(f.close(fd) == 0);
}

TEST_CASE("HDR-043: a K&R driver's own putctl2 is the one that it calls") {
    Fixture f;
    REQUIRE(rill_driver_add(handle(f.system), "nm", static_cast<int>(N), &nminfo, D_OLD, 4) == 0);
    f.node("/dev/nm0", makedevice(N, 0));
    const int fd = f.open("/dev/nm0");
    CHECK(f.write(fd, "x") == 1);
    CHECK(nm_index() == M_ERROR);
    CHECK(f.write(fd, "x") == 1); // no M_ERROR came up
    CHECK(f.close(fd) == 0);
}

TEST_CASE("HDR-044 HDR-046 HDR-053: types, errno numbers and locks from stream.h and ddi.h; constants of the other headers") {
    Inside f;
    int error = 0;
    f.body = [&](queue_t *) { return error = sm_error(), 0; };
    const int fd = f.open("/dev/echo");
    CHECK(fd >= 0);
    CHECK(error == EINVAL);
    CHECK(sm_constants() == 0);
    CHECK((M_PCCTL >= QPCTL && M_PCSETOPTS >= QPCTL));
    const int types[] = {M_STARTI, M_PCEVENT, M_UNHANGUP, M_PCCTL, M_PCSETOPTS, M_STOPI};
    CHECK(std::set<int>(std::begin(types), std::end(types)).size() == 6);
}

TEST_CASE("HDR-047: I_ANCHOR, __I_PUSH_NOCTTY; the flags of strpeek and strfdinsert have 32 bits, fildes stands at offset 36") {
    CHECK(I_ANCHOR == 0x5318);
    CHECK(__I_PUSH_NOCTTY == 0x5327);
    CHECK((sizeof(strpeek::flags) == 4 && offsetof(strpeek, flags) == 32));
    CHECK((sizeof(strfdinsert::flags) == 4 && offsetof(strfdinsert, fildes) == 36 && offsetof(strfdinsert, offset) == 40));
    Fixture f;
    f.driver("echo", N);
    f.node("/dev/echo", f.clone(N));
    const int fd = f.open("/dev/echo");
    struct { // what stands behind the flags is not read as part of them
        strpeek peek;
        int behind;
    } request{{{0, 0, nullptr}, {0, 0, nullptr}, 0}, -1};
    std::memset(reinterpret_cast<char *>(&request.peek.flags) + sizeof request.peek.flags, 0xff, sizeof(strpeek) - 36);
    CHECK(f.ioctl(fd, I_PEEK, &request.peek) == 0);
    CHECK(f.close(fd) == 0);
}

TEST_CASE("HDR-045: ioc_flag and cp_flag go by their names without a macro; the data model is the native one") {
    Fixture f;
    Enter scope(f.system);
    mblk_t *mp = mkiocb(7);
    REQUIRE(mp);
    CHECK(sm_models(mp) == 1);
    CHECK(reinterpret_cast<copyresp *>(mp->b_rptr)->cp_pad2 == 5);
    freemsg(mp);
}

TEST_CASE("UTL-100: a '?' before a CE_CONT message keeps it off solaris' console; elsewhere, and at other levels, it is text") {
    Fixture f;
    Recorder trace;
    std::string console;
    Enter scope(f.system);
    f.system.console_sink = [&](int, std::string_view text) { console += std::string(text) + ";"; };
    f.system.trace.attach(trace);
    char quiet[] = "?unit %d", warning[] = "?warning %d";
    sm_say(quiet, CE_CONT);
    sm_say(warning, CE_WARN);
    f.system.trace.detach(trace);
    REQUIRE(trace.count(Kind::log) == 2);
    if (std::string_view(f.system.profile.name) == "solaris") {
        CHECK(console == "WARNING: ?warning 7;");
        CHECK(trace.lines[0].text == "unit 7");
    } else {
        CHECK(console == "?unit 7;WARNING: ?warning 7;");
        CHECK(trace.lines[0].text == "?unit 7");
    }
}

// --- object caches ---

TEST_CASE("UTL-101 UTL-102: a cache constructs an object once, gives it back as it was, and destructs it when it is reaped or ends") {
    Fixture f;
    Enter scope(f.system);
    const auto before = f.census();
    REQUIRE(sm_cache_make(0) == 1);
    void *a = sm_cache_take(KM_NOSLEEP), *b = sm_cache_take(KM_NOSLEEP);
    REQUIRE((a && b && a != b));
    CHECK(sm_flags == KM_NOSLEEP);
    CHECK(sm_object_made(a) == 101);
    CHECK(sm_object_made(b) == 102);
    sm_cache_give(a);
    CHECK(sm_cache_take(KM_NOSLEEP) == a);
    CHECK(sm_object_made(a) == 101);
    CHECK((sm_constructed == 2 && sm_destructed == 0));
    sm_cache_give(b);
    sm_cache_reap();
    CHECK(sm_destructed == 1);
    sm_cache_give(a);
    sm_cache_end();
    CHECK(sm_destructed == 2);
    CHECK(f.census() == before);
}

TEST_CASE("UTL-101: an object is aligned as its cache was asked for") {
    Fixture f;
    Enter scope(f.system);
    const auto before = f.census();
    REQUIRE(sm_cache_make(256) == 1);
    void *objects[3];
    for (void *&o : objects) {
        o = sm_cache_take(KM_NOSLEEP);
        CHECK(reinterpret_cast<std::uintptr_t>(o) % 256 == 0);
    }
    for (void *o : objects) sm_cache_give(o);
    sm_cache_end();
    CHECK(f.census() == before);
}

TEST_CASE("UTL-101: an object that comes back twice, or is none, is the driver's fault and changes nothing") {
    Fixture f;
    Enter scope(f.system);
    REQUIRE(sm_cache_make(0) == 1);
    void *a = sm_cache_take(KM_NOSLEEP);
    int none = 0;
    sm_cache_give(&none);
    CHECK(f.took_fault("UTL-101"));
    sm_cache_give(a);
    sm_cache_give(a);
    CHECK(f.took_fault("UTL-101"));
    void *first = sm_cache_take(KM_NOSLEEP), *second = sm_cache_take(KM_NOSLEEP);
    CHECK(first != second); // not handed out twice
    sm_cache_give(first);
    sm_cache_give(second);
    sm_cache_end();
}

TEST_CASE("UTL-102: a cache that is destroyed with an object in use is a fault") {
    Fixture f;
    Enter scope(f.system);
    const auto before = f.census();
    REQUIRE(sm_cache_make(0) == 1);
    sm_cache_take(KM_NOSLEEP);
    sm_cache_end();
    CHECK(f.took_fault("UTL-102"));
    CHECK(f.census() == before);
}

TEST_CASE("UTL-103: without memory, or when the constructor refuses, there is no object and nothing is left") {
    Fixture f;
    Enter scope(f.system);
    REQUIRE(sm_cache_make(0) == 1);
    const auto before = f.census();
    sm_refuse = 1;
    CHECK(sm_cache_take(KM_NOSLEEP) == nullptr);
    sm_refuse = 0;
    f.system.alloc.fail_nth(1);
    CHECK(sm_cache_take(KM_NOSLEEP) == nullptr);
    CHECK(f.census() == before);
    CHECK((sm_constructed == 0 && sm_destructed == 0));
    sm_cache_end();
    CHECK(sm_destructed == 0);
}

// --- arenas of numbers ---

TEST_CASE("UTL-104: an arena hands out its numbers, the lowest first, and none when all are out; what comes back joins its neighbours") {
    Fixture f;
    Enter scope(f.system);
    const auto before = f.census();
    sm_arena_make(6);
    CHECK(sm_arena_take(2, VM_NOSLEEP) == 1);
    CHECK(sm_arena_take(1, VM_NOSLEEP) == 3);
    CHECK(sm_arena_take(3, VM_NOSLEEP) == 4);
    CHECK(sm_arena_take(1, VM_NOSLEEP) == 0);
    sm_arena_give(1, 2);
    sm_arena_give(4, 3);
    CHECK(sm_arena_take(2, VM_NOSLEEP | VM_BESTFIT) == 1);
    sm_arena_give(1, 2);
    CHECK(sm_arena_take(1, VM_NOSLEEP | VM_BESTFIT) == 1);
    sm_arena_give(1, 1);
    sm_arena_give(3, 1);
    CHECK(sm_arena_left() == 6);
    CHECK(sm_arena_take(6, VM_NOSLEEP) == 1);
    sm_arena_give(1, 6);
    f.system.alloc.fail_nth(1);
    CHECK(sm_arena_take(1, VM_NOSLEEP) == 0);
    CHECK(sm_arena_take(1, VM_NOSLEEP | VM_NEXTFIT) == 1);
    sm_arena_give(1, 1);
    CHECK(sm_arena_take(1, VM_NOSLEEP | VM_NEXTFIT) == 2);
    sm_arena_give(2, 1);
    CHECK(sm_ids() == 1);
    sm_arena_end();
    CHECK(f.census() == before);
}

TEST_CASE("UTL-104: VM_SLEEP in an open waits until a number comes back; in a put procedure it is a fault and gets nothing") {
    Inside f;
    {
        Enter scope(f.system);
        sm_arena_make(1);
        CHECK(sm_arena_take(1, VM_NOSLEEP) == 1);
    }
    const int first = f.open("/dev/echo");
    int got = -1;
    f.body = [&](queue_t *) { return got = sm_arena_take(1, VM_SLEEP), 0; };
    CHECK(f.write(first, "x") == 1);
    CHECK(got == 0);
    CHECK(f.took_fault("UTL-104"));
    got = -1;
    f.body = [&](queue_t *) { return got = sm_arena_take(1, VM_SLEEP), 0; };
    Later later = f.later_open(f.root, "/dev/echo");
    CHECK(!later.done());
    {
        Enter scope(f.system);
        sm_arena_give(1, 1);
    }
    f.run();
    REQUIRE(later.done());
    CHECK(got == 1);
    CHECK(f.close(later.result()) == 0);
    CHECK(f.close(first) == 0);
    Enter scope(f.system);
    sm_arena_give(1, 1);
    sm_arena_end();
}

TEST_CASE("UTL-105: what was not allocated so cannot be freed, and an arena ends with everything back") {
    Fixture f;
    Enter scope(f.system);
    sm_arena_make(4);
    const int two = sm_arena_take(2, VM_NOSLEEP);
    sm_arena_give(two, 1);
    CHECK(f.took_fault("UTL-105"));
    sm_arena_give(two + 2, 1);
    CHECK(f.took_fault("UTL-105"));
    CHECK(sm_arena_left() == 2);
    sm_arena_end();
    CHECK(f.took_fault("UTL-105"));
}

// --- statistics, zones ---

TEST_CASE("UTL-106: a kstat has its name to itself, is found once installed, brought up to date, and gone after kstat_delete") {
    Fixture f;
    Enter scope(f.system);
    const auto before = f.census();
    CHECK(sm_kstat_make(42) == 0);
    CHECK(kstat_create("sm", 0, "counts", "net", KSTAT_TYPE_NAMED, 1, 0) == nullptr);
    CHECK(kstat_hold_byname("sm", 0, "counts", 0) == nullptr);
    sm_kstat_show();
    kstat_t *k = kstat_hold_byname("sm", 0, "counts", 0);
    REQUIRE(k);
    CHECK(k->ks_ndata == 2);
    CHECK(k->ks_data_size == 2 * sizeof(kstat_named_t));
    CHECK(k->ks_kid != 0);
    CHECK(KSTAT_NAMED_PTR(k)[0].value.ui64 == 42);
    CHECK(std::string(KSTAT_NAMED_PTR(k)[0].name) == "packets");
    CHECK(std::string(KSTAT_NAMED_STR_PTR(&KSTAT_NAMED_PTR(k)[1])) == "sm0");
    CHECK(KSTAT_NAMED_STR_BUFLEN(&KSTAT_NAMED_PTR(k)[1]) == 4);
    kstat_rele(k);
    CHECK(kstat_hold_byname("sm", 1, "counts", 0) == nullptr);
    sm_kstat_end();
    CHECK(kstat_hold_byname("sm", 0, "counts", 0) == nullptr);
    for (long n : {1, 2}) { // the structure, then its data
        f.system.alloc.fail_nth(n);
        CHECK(sm_kstat_make(1) == ENOMEM);
        CHECK(f.census() == before);
    }
    f.system.alloc.fail_nth(0);
}

TEST_CASE("UTL-107: data by zone are made for the global zone at once, and end by shutdown and destroy; policy asks for the superuser") {
    Fixture f;
    Enter scope(f.system);
    CHECK(sm_zones() == 123);
    cred_t root{}, user{};
    user.cr_uid = 5;
    CHECK(sm_policy(&root) == 0);
    CHECK(sm_policy(&user) == 5 * EPERM);
}

// --- Linux ---

TEST_CASE("HDR-048: a driver in the spelling of LiS and OpenSS7 finds its words and numbers") {
    CHECK(ln_types() == 1);
    CHECK(ln_devices() == 1);
}

TEST_CASE("UTL-108: lis_down sleeps in an open until lis_up; a signal ends it with EINTR; in a put procedure it is a fault") {
    Inside f;
    const int first = f.open("/dev/echo");
    ln_sem_make(1);
    {
        Enter scope(f.system);
        CHECK(ln_down() == 0);
        CHECK(ln_sem_memory() == 1);
    }
    f.body = [](queue_t *) { return ln_down(); };
    Later later = f.later_open(f.root, "/dev/echo");
    CHECK(!later.done());
    CHECK(ln_got == 1);
    {
        Enter scope(f.system);
        ln_up();
    }
    f.run();
    REQUIRE(later.done());
    CHECK(ln_got == 2);
    CHECK(f.close(later.result()) == 0);
    f.catch_signal(f.root, SIGUSR1);
    f.body = [](queue_t *) { return ln_down(); };
    Later broken = f.later_open(f.root, "/dev/echo");
    CHECK(!broken.done());
    f.system.signal_process(f.root.pid, SIGUSR1);
    f.run();
    REQUIRE(broken.done());
    CHECK(broken.result() == -EINTR);
    int result = 0;
    f.body = [&](queue_t *) { return result = ln_down(); };
    CHECK(f.write(first, "x") == 1);
    CHECK(result == EAGAIN);
    CHECK(f.took_fault("UTL-108"));
    CHECK(f.close(first) == 0);
}

TEST_CASE("UTL-109: spin locks are basic locks: they nest with flags, and one that is left held is a fault") {
    Inside f;
    const int fd = f.open("/dev/echo");
    int good = 0;
    f.body = [&](queue_t *) { return good = ln_spin(), 0; };
    CHECK(f.write(fd, "x") == 1);
    CHECK(good == 1);
    f.body = [](queue_t *) { return ln_forget(), 0; };
    CHECK(f.write(fd, "x") == 1);
    CHECK(f.took_fault("UTL-041"));
    ln_recover();
    CHECK(f.close(fd) == 0);
}

TEST_CASE("UTL-110: putqf and putbqf queue a message, and free it when its band finds no memory") {
    Inside f;
    const int fd = f.open("/dev/echo");
    std::size_t queued = 0;
    for (int back = 0; back < 2; ++back) {
        f.body = [&](queue_t *q) {
            mblk_t *kept = allocb(4, BPRI_MED), *lost = allocb(4, BPRI_MED);
            noenable(q);
            ln_queue(q, kept, back);
            queued += q->q_first == kept;
            lost->b_band = static_cast<unsigned char>(3 + back);
            f.system.alloc.fail_nth(1);
            ln_queue(q, lost, back);
            f.system.alloc.fail_nth(0);
            queued += q->q_first == kept && q->q_last == kept;
            flushq(q, FLUSHALL);
            return 0;
        };
        CHECK(f.write(fd, "x") == 1);
    }
    CHECK(queued == 4);
    CHECK(f.close(fd) == 0);
    CHECK(f.census().messages == 0);
}

TEST_CASE("UTL-111: printk writes to the console without its level; memory needs no size; lis_mknod and lis_unlink") {
    Inside f;
    std::string said;
    f.system.console_sink = [&](int, std::string_view text) { said += text; };
    {
        Enter scope(f.system);
        const auto before = f.census();
        CHECK(ln_say(3) == 6);
        CHECK(said == "ln: 3\n");
        CHECK(ln_memory() == 1);
        CHECK(f.census() == before);
        CHECK(ln_mknod(makedevice(N, 1)) == 0);
    }
    const int fd = f.open("/dev/ln");
    CHECK(fd >= 0);
    CHECK(f.close(fd) == 0);
    Enter scope(f.system);
    CHECK(ln_unlink() == 0);
    CHECK(ln_unlink() == -ENOENT);
}

// --- HP-UX ---

TEST_CASE("HDR-049: an HP-UX driver's install routine makes it known; str_install wants install_driver first") {
    Fixture f;
    {
        Enter scope(f.system);
        streams_info_t stranger{"nobody", -1, {}, STR_IS_DEVICE | STR_SYSV4_OPEN, SQLVL_QUEUE, nullptr};
        CHECK(str_install(&stranger) == ENXIO);
        stranger.streams_flags = STR_SYSV4_OPEN;
        CHECK(str_install(&stranger) == EINVAL);
        CHECK(sluice_install() == 0);
        CHECK(sluice_install() == EEXIST);
    }
    Driver *row = f.system.registry.by_name("sluice");
    REQUIRE(row);
    CHECK(row->devflag == (D_MP | D_MTQPAIR));
    f.node("/dev/sluice", f.clone(row->externals[0]));
    const int fd = f.open("/dev/sluice"), second = f.open("/dev/sluice");
    CHECK(fd >= 0);
    CHECK(geteminor(f.rdev(second)) == 1);
    CHECK(f.write(fd, "water") == 5);
    CHECK(f.read(fd) == "water");
    {
        Enter scope(f.system);
        CHECK(str_uninstall("sluice") == EBUSY);
    }
    CHECK(f.close(fd) == 0);
    CHECK(f.close(second) == 0);
    Enter scope(f.system);
    CHECK(str_uninstall("sluice") == 0);
    CHECK(f.system.registry.by_name("sluice") == nullptr);
}

TEST_CASE("HDR-049: a module of HP-UX is pushed by its name; without STR_SYSV4_OPEN a driver is one of SVR3") {
    Fixture f;
    f.driver("echo", N);
    f.node("/dev/echo", f.clone(N));
    Probe &module = f.loose("hpmod", Probe::Sort::module, 0);
    streams_info_t info{"hpmod", 0, module.tab, STR_IS_MODULE | STR_SYSV4_OPEN, SQLVL_MODULE, nullptr};
    drv_info_t drv{"nmhp", "pseudo", DRV_CHAR | DRV_PSEUDO, -1, 70, nullptr, nullptr, nullptr};
    streams_info_t old{"nmhp", -1, nminfo, STR_IS_DEVICE, SQLVL_DEFAULT, nullptr};
    {
        Enter scope(f.system);
        CHECK(str_install(&info) == 0);
        CHECK(install_driver(&drv, nullptr) == 0);
        CHECK(str_install(&old) == 0);
    }
    const int fd = f.open("/dev/echo");
    CHECK(f.ioctl(fd, I_PUSH, "hpmod") == 0);
    CHECK(f.close(fd) == 0);
    CHECK(module.count("open") == 1);
    Driver *row = f.system.registry.by_name("nmhp");
    REQUIRE(row);
    CHECK(row->externals[0] == 70);
    CHECK(row->devflag == D_OLD);
    f.node("/dev/nmhp", makedevice(70, 0));
    const int old_fd = f.open("/dev/nmhp");
    CHECK(old_fd >= 0);
    CHECK(f.close(old_fd) == 0);
    Enter scope(f.system);
    CHECK(str_uninstall("nmhp") == 0);
    CHECK(uninstall_driver(&drv) == 0);
    CHECK(str_uninstall("hpmod") == 0);
}
