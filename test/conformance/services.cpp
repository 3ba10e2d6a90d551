// General services of the DDI/DKI: sleeping, locks, levels, logging, loadable modules, headers (clauses/03 sections 9, 10).
#include "test/harness.hpp"

#include "streams/boot/solaris.hpp"
#include "streams/boot/manual.hpp"

#include <climits>
#include <cstdio>
#include <cstring>
#include <set>
#include <unistd.h>
#include <sys/ddi.h>
#include <sys/ksynch.h>
#include <sys/file.h>
#include <sys/log.h>
#include <sys/proc.h>
#include <sys/resource.h>
#include <sys/sad.h>
#include <sys/strlog.h>
#include <sys/sunddi.h>
#include <sys/tihdr.h>
#include <sys/wait.h>
#undef sleep
#undef major
#undef minor
#undef makedev
#undef getmajor

using namespace rill;
using namespace rill::test;

extern "C" {
// test/drivers/svr3.c
extern struct streamtab s3info;
extern int s3_event, s3_came_back, s3_result, s3_uid, s3_closed;
// test/drivers/locks.c
extern lock_t *lk_lock;
extern sv_t *lk_sv;
extern mutex_t *lk_mutex;
extern sleep_t *lk_sleep;
extern rwlock_t *lk_rw;
extern kmutex_t lk_kmutex;
extern kcondvar_t lk_cv;
extern krwlock_t lk_krw;
extern int lk_ready;
void lk_make();
void lk_unmake();
sv_t *lk_svr4_sv();
int lk_wait_irix();
int lk_wait_svr4();
int lk_wait_mutex();
void lk_wake();
int lk_cv_wait();
int lk_freeze(queue_t *q);
// test/drivers/ssun.c
int ss_init() __asm__("rill_mod_init");
int ss_fini() __asm__("rill_mod_fini");
int ss_modinfo(struct modinfo *info) __asm__("rill_mod_info");
extern int ss_events;
// test/drivers/order_svr4.c, order_irix.c, order_solaris.c
int sv_pairs(queue_t *q);
int sv_minor(int major, int minor);
int sv_major(int major, int minor);
int sv_hz();
long sv_stream_h();
int sv_getparm(unsigned long *values);
int sv_min(int a, int b);
int sv_max(int a, int b);
int sv_strings();
int sv_assert();
int ir_memory();
int ir_locks();
void ir_say();
extern int ir_devflag;
const char *so_module();
int so_mutex();
void so_options(struct stroptions *options);
int so_flag(mblk_t *mp);
void so_assert(int value);
}

namespace {

constexpr major_t N = 61;

struct Svr3 : Fixture {
    Svr3() {
        CHECK(rill_driver_add(handle(system), "s3", static_cast<int>(N), &s3info, D_OLD, 16) == 0);
        for (minor_t m = 0; m < 10; ++m) node(("/dev/s3." + std::to_string(m)).c_str(), makedevice(N, m));
        s3_came_back = s3_result = s3_closed = 0;
    }
    ~Svr3() { took_fault("MP-004"); }
    Later open_minor(Process &p, int m) { return later_open(p, ("/dev/s3." + std::to_string(m)).c_str()); }
};

struct Callback {
    int runs = 0;
    long at = 0; // the tick of the last run
    std::function<void()> body;
    static void run(void *p) {
        auto *c = static_cast<Callback *>(p);
        ++c->runs;
        c->at = current->sched.now();
        if (c->body) c->body();
    }
};

// A driver whose open runs what a test gives it, with the locks of locks.c made.
struct Locks : Fixture {
    Locks() : echo(driver("echo", N)) {
        node("/dev/echo", clone(N));
        echo.on_open = [this](queue_t *q, dev_t *devp, int oflag, int sflag, cred_t *crp) {
            if (!next) return echo.standard_open(q, devp, oflag, sflag, crp);
            const int result = (*std::exchange(next, nullptr))();
            return result ? result : EPERM;
        };
        Enter scope(system);
        lk_make();
    }
    ~Locks() {
        Enter scope(system);
        lk_unmake();
    }
    // Runs body in an open procedure of another process; what it returns is the open's errno, EPERM for 0: nothing stays open.
    Later in_open(std::function<int()> body) {
        next = &bodies.emplace_back(std::move(body));
        const auto unit = static_cast<minor_t>(bodies.size()); // opens of one node wait for each other
        const std::string &path = units.emplace_back("/dev/unit" + std::to_string(unit));
        node(path.c_str(), makedevice(N, unit));
        return later_open(process(), path.c_str());
    }
    void in_put(std::function<void()> body) {
        if (fd < 0) fd = open("/dev/echo");
        echo.on_wput = [body = std::move(body)](queue_t *, mblk_t *mp) {
            freemsg(mp);
            body();
        };
        write(fd, "x");
    }
    // Runs body as a timeout's callback.
    void in_timeout(std::function<void()> body) {
        Callback callback;
        callback.body = std::move(body);
        {
            Enter scope(system);
            CHECK(timeout(Callback::run, &callback, 1) != 0);
        }
        rill_advance(handle(system), 1);
        CHECK(callback.runs == 1);
    }
    // The process of the call started last.
    Process &last_process() { return static_cast<Process &>(*system.backgrounds.back().call->process); }
    Probe &echo;
    int fd = -1;
    std::deque<std::function<int()>> bodies; // those that sleep are still needed
    std::deque<std::string> units;
    std::function<int()> *next = nullptr;
};

} // namespace

TEST_SUITE_BEGIN("services");

// --- the SVR3 interface ---

TEST_CASE("OPN-003 PUT-029: an old open that returns OPENFAIL fails with u.u_error, or ENXIO when that is 0") {
    Svr3 f;
    CHECK(f.open("/dev/s3.1") == -EBUSY);
    CHECK(f.open("/dev/s3.2") == -ENXIO);
    CHECK(s3_closed == 0);
}

TEST_CASE("PUT-029: u.u_uid is the caller's, suser() sets EPERM, the minor returned is the device's") {
    Svr3 f;
    Process &other = f.process(5, 5);
    CHECK(f.open(other, "/dev/s3.8") == -EPERM);
    CHECK(s3_uid == 5);
    const int fd = f.open("/dev/s3.8");
    CHECK(fd >= 0);
    CHECK(s3_uid == 0);
    CHECK(f.rdev(fd) == makedevice(N, 8));
    CHECK(f.write(fd, "old") == 3);
    CHECK(f.read(fd) == "old");
}

TEST_CASE("UTL-054: sleep without PCATCH: a caught signal never returns to the driver, the open fails EINTR") {
    Svr3 f;
    Process &p = f.process();
    f.catch_signal(p, SIGUSR1);
    Later open = f.open_minor(p, 3);
    REQUIRE_FALSE(open.done());
    f.kill(p, SIGUSR1);
    f.run();
    REQUIRE(open.done());
    CHECK(open.result() == -EINTR);
    CHECK(s3_came_back == 0);
    CHECK(f.system.entry == nullptr);
    CHECK(f.open("/dev/s3.0") >= 0); // the System goes on
}

TEST_CASE("UTL-054: sleep without PCATCH that nothing can end: EDEADLK, not a hanging process") {
    Svr3 f;
    CHECK(f.open("/dev/s3.3") == -EDEADLK);
    CHECK(s3_came_back == 0);
}

TEST_CASE("UTL-054: sleep with PCATCH returns 1 for a signal, 0 for a wakeup") {
    Svr3 f;
    Process &p = f.process();
    f.catch_signal(p, SIGUSR1);
    Later open = f.open_minor(p, 4);
    f.kill(p, SIGUSR1);
    f.run();
    CHECK(open.result() == -EINTR);
    CHECK(s3_result == 1);
    Later second = f.open_minor(p, 4);
    f.wake(&s3_event);
    CHECK(second.done());
    CHECK(second.result() >= 0);
    CHECK(s3_result == 0);
}

TEST_CASE("UTL-054: a priority of at most PZERO is not woken by signals") {
    Svr3 f;
    Process &p = f.process();
    f.catch_signal(p, SIGUSR1);
    Later open = f.open_minor(p, 5);
    f.kill(p, SIGUSR1);
    f.run();
    CHECK_FALSE(open.done());
    f.wake(&s3_event);
    CHECK(open.result() >= 0);
    CHECK(s3_came_back == 1);
}

TEST_CASE("UTL-055: wakeup wakes every sleeper on the address and nobody else") {
    Svr3 f;
    Later a = f.open_minor(f.process(), 4), b = f.open_minor(f.process(), 5);
    f.wake(&s3_came_back);
    CHECK_FALSE(a.done());
    f.wake(&s3_event);
    CHECK(a.done());
    CHECK(b.done());
}

TEST_CASE("UTL-039: the level is put aside while its holder sleeps and is its own again afterwards: no fault") {
    Svr3 f;
    Later open = f.open_minor(f.process(), 6);
    REQUIRE_FALSE(open.done());
    {
        Enter scope(f.system);
        CHECK(splhi() == 0); // lowered for the others
        splx(0);
    }
    s3_result = 1;
    f.wake(&s3_event);
    CHECK(open.result() >= 0);
    f.took_fault("MP-004");
    f.check_no_fault();
}

TEST_CASE("UTL-039: a level raised and not put back when the procedure returns is a fault") {
    Svr3 f;
    CHECK(f.open("/dev/s3.7") >= 0);
    CHECK(f.took_fault("UTL-039") == 1);
    Enter scope(f.system);
    CHECK(splx(0) == 0);
}

TEST_CASE("UTL-039: spl calls nest and give the level before") {
    Fixture f;
    Enter scope(f.system);
    const int s1 = splstr(), s2 = splhi();
    CHECK(s1 == 0);
    CHECK(s2 == plstr);
    CHECK(spl1() == plhi); // raises only
    CHECK(splx(s2) == plhi);
    CHECK(splx(s1) == plstr);
    CHECK(spl0() == 0);
    CHECK(f.system.watch <= 1);
}

TEST_CASE("UTL-040: levels nest over procedures that call each other: nothing waits, each has its own again") {
    Locks f;
    Probe &above = f.module("above");
    pl_t inside = -1, after = -1;
    above.on_rput = [&](queue_t *, mblk_t *mp) {
        inside = splstr();
        const pl_t s = splhi();
        freemsg(mp);
        splx(s);
        splx(inside);
    };
    f.in_put([] {});
    CHECK(f.ioctl(f.fd, I_PUSH, "above") == 0);
    f.echo.on_wput = [&](queue_t *q, mblk_t *mp) {
        const pl_t s = splstr();
        qreply(q, mp);
        after = splstr();
        splx(s);
    };
    CHECK(f.write(f.fd, "x") == 1);
    CHECK(inside == plstr);
    CHECK(after == plstr);
    Enter scope(f.system);
    CHECK(splx(0) == 0);
}

// --- basic locks ---

TEST_CASE("UTL-041: LOCK gives the level before, TRYLOCK invpl when it is held, UNLOCK puts the level back") {
    Locks f;
    pl_t first = -9, busy = 0, after = -9;
    f.in_put([&] {
        first = LOCK(lk_lock, plstr);
        busy = TRYLOCK(lk_lock, plstr);
        UNLOCK(lk_lock, first);
        after = TRYLOCK(lk_lock, plstr);
        UNLOCK(lk_lock, after);
    });
    CHECK(first == plbase);
    CHECK(busy == invpl);
    CHECK(after == plbase);
}

TEST_CASE("UTL-041: a lock taken twice, left held, or released by nobody is a fault each") {
    Locks f;
    f.in_put([&] { UNLOCK(lk_lock, plbase); });
    CHECK(f.took_fault("UTL-041") == 1);
    f.in_put([&] { LOCK(lk_lock, plstr); });
    CHECK(f.took_fault("UTL-041") == 1);
    CHECK(f.took_fault("UTL-039") == 1);
    CHECK(f.system.watch == 0);
    f.in_put([&] { // and is free again
        const pl_t pl = LOCK(lk_lock, plstr);
        LOCK(lk_lock, plstr);
        UNLOCK(lk_lock, pl);
        UNLOCK(lk_lock, pl);
    });
    CHECK(f.took_fault("UTL-041") == 1);
    f.check_no_fault();
}

TEST_CASE("UTL-043: a basic lock held across putnext is a fault, a Solaris mutex is not") {
    Locks f;
    f.in_put([] {});
    f.echo.on_wput = [&](queue_t *q, mblk_t *mp) {
        const pl_t pl = LOCK(lk_lock, plstr);
        qreply(q, mp);
        UNLOCK(lk_lock, pl);
    };
    f.write(f.fd, "a");
    CHECK(f.took_fault("UTL-043") == 1);
    f.echo.on_wput = [&](queue_t *q, mblk_t *mp) {
        mutex_enter(&lk_kmutex);
        qreply(q, mp);
        mutex_exit(&lk_kmutex);
    };
    f.write(f.fd, "b");
    f.check_no_fault();
}

TEST_CASE("UTL-043: a sleep with a basic lock held is a fault; so is kmem_alloc that may sleep") {
    Locks f;
    Later open = f.in_open([] {
        const pl_t pl = LOCK(lk_lock, plstr);
        delay(2);
        UNLOCK(lk_lock, pl);
        return 0;
    });
    CHECK(open.finish() == -EPERM);
    CHECK(f.took_fault("UTL-043") == 1);
    open = f.in_open([] {
        const pl_t pl = LOCK(lk_lock, plstr);
        kmem_free(kmem_alloc(8, KM_SLEEP), 8);
        UNLOCK(lk_lock, pl);
        return 0;
    });
    CHECK(open.finish() == -EPERM);
    CHECK(f.took_fault("UTL-043") == 1);
}

TEST_CASE("UTL-044: readers share a read/write lock, a writer has it alone") {
    Locks f;
    pl_t second = 0, writer = 0, alone = 0, reader = 0;
    f.in_put([&] {
        const pl_t pl = RW_RDLOCK(lk_rw, plstr);
        second = RW_TRYRDLOCK(lk_rw, plstr);
        writer = RW_TRYWRLOCK(lk_rw, plstr);
        RW_UNLOCK(lk_rw, plstr);
        RW_UNLOCK(lk_rw, pl);
        alone = RW_WRLOCK(lk_rw, plstr);
        reader = RW_TRYRDLOCK(lk_rw, plstr);
        RW_UNLOCK(lk_rw, alone);
    });
    CHECK(second == plstr);
    CHECK(writer == invpl);
    CHECK(alone == plbase);
    CHECK(reader == invpl);
}

TEST_CASE("UTL-042: hierarchy, minimum level and lkinfo of an allocation may be anything") {
    Fixture f;
    Enter scope(f.system);
    static lkinfo_t info{"name", 0x7fff, {1, 2}};
    for (int hierarchy : {0, 1, 255})
        for (pl_t least : {pl_t{plbase}, pl_t{plhi}, pl_t{-5}})
            for (lkinfo_t *lkinfo : {static_cast<lkinfo_t *>(nullptr), &info}) {
                lock_t *lock = LOCK_ALLOC(static_cast<uchar_t>(hierarchy), least, lkinfo, KM_NOSLEEP);
                REQUIRE(lock);
                const pl_t pl = LOCK(lock, plstr);
                CHECK(pl == plbase);
                CHECK(LOCK_OWNED(lock));
                UNLOCK(lock, pl);
                CHECK_FALSE(LOCK_OWNED(lock));
                LOCK_DEALLOC(lock);
            }
}

TEST_CASE("UTL-041: a lock destroyed while held is a fault") {
    Fixture f;
    Enter scope(f.system);
    lock_t *lock = LOCK_ALLOC(1, plstr, nullptr, KM_SLEEP);
    LOCK(lock, plstr);
    LOCK_DEALLOC(lock);
    splx(0);
    CHECK(f.took_fault("UTL-041") == 1);
}

// --- sleep locks, synchronization variables ---

TEST_CASE("UTL-045: a second SLEEP_LOCK waits until the first holder, which may sleep, releases it") {
    Locks f;
    int event = 0, order = 0, first = 0, second = 0;
    Later a = f.in_open([&] {
        SLEEP_LOCK(lk_sleep, 10);
        f.nap(&event);
        first = ++order;
        SLEEP_UNLOCK(lk_sleep);
        return 0;
    });
    Later b = f.in_open([&] {
        CHECK(SLEEP_TRYLOCK(lk_sleep) == 0);
        SLEEP_LOCK(lk_sleep, 10);
        second = ++order;
        SLEEP_UNLOCK(lk_sleep);
        return 0;
    });
    CHECK_FALSE(b.done());
    f.wake(&event);
    CHECK(a.done());
    CHECK(b.done());
    CHECK(first == 1);
    CHECK(second == 2);
}

TEST_CASE("UTL-045: SLEEP_LOCK_SIG gives 0 when a signal came, 1 when it got the lock") {
    Locks f;
    int event = 0, got = -1;
    Later a = f.in_open([&] {
        CHECK(SLEEP_LOCK_SIG(lk_sleep, 10) == 1);
        f.nap(&event);
        SLEEP_UNLOCK(lk_sleep);
        return 0;
    });
    Later b = f.in_open([&] { return (got = SLEEP_LOCK_SIG(lk_sleep, 10)) ? 0 : EINTR; });
    Process &p = f.last_process();
    f.catch_signal(p, SIGUSR1);
    f.kill(p, SIGUSR1);
    f.run();
    CHECK(b.result() == -EINTR);
    CHECK(got == 0);
    f.wake(&event);
    CHECK(a.done());
}

TEST_CASE("UTL-045: a sleeping lock in a put procedure is a fault, nothing hangs") {
    Locks f;
    f.in_put([] { SLEEP_LOCK(lk_sleep, 10); });
    CHECK(f.took_fault("UTL-045") == 1);
}

TEST_CASE("UTL-045: a sleep lock left held on return is a fault, and the lock is free again") {
    Locks f;
    Later open = f.in_open([] {
        SLEEP_LOCK(lk_sleep, 10);
        return 0;
    });
    CHECK(open.done());
    CHECK(f.took_fault("UTL-045") == 1);
    f.in_put([] { CHECK(SLEEP_TRYLOCK(lk_sleep) == 1); });
    CHECK(f.took_fault("UTL-045") == 1);
    open = f.in_open([] {
        CHECK(SLEEP_LOCKAVAIL(lk_sleep));
        SLEEP_LOCK(lk_sleep, 10);
        SLEEP_UNLOCK(lk_sleep);
        return 0;
    });
    CHECK(open.done());
    CHECK(f.system.watch == 0);
}

TEST_CASE("UTL-045: a put procedure may release the sleep lock of a call that sleeps") {
    Locks f;
    int event = 0;
    Later a = f.in_open([&] {
        SLEEP_LOCK(lk_sleep, 10);
        f.nap(&event);
        return 0;
    });
    Later b = f.in_open([&] {
        SLEEP_LOCK(lk_sleep, 10);
        SLEEP_UNLOCK(lk_sleep);
        return 0;
    });
    CHECK_FALSE(b.done());
    f.in_put([] { SLEEP_UNLOCK(lk_sleep); });
    CHECK(b.done());
    f.wake(&event);
    CHECK(a.done());
    f.check_no_fault();
}

TEST_CASE("UTL-047 UTL-050: SV_WAIT in IRIX order: woken with the lock free; a signal with no waiter is lost") {
    Locks f;
    {
        Enter scope(f.system);
        CHECK(SV_SIGNAL(lk_sv) == 0); // nobody: lost
    }
    int result = -1;
    Later open = f.in_open([&] { return (result = lk_wait_irix()) ? 0 : EINTR; });
    CHECK_FALSE(open.done());
    f.in_put([] { lk_wake(); });
    CHECK(open.done());
    CHECK(result == 1);
    f.check_no_fault();
}

TEST_CASE("UTL-046: SV_WAIT in SVR4 MP order, told apart by its arguments: the lock is not held, the level is plbase") {
    Locks f;
    int result = -2;
    Later open = f.in_open([&] {
        result = lk_wait_svr4();
        return 0;
    });
    CHECK_FALSE(open.done());
    f.in_put([] { lk_wake(); });
    CHECK(open.done());
    CHECK(result == plbase);
}

TEST_CASE("UTL-047: SV_WAIT with a mutex leaves the mutex free") {
    Locks f;
    int owned = -1;
    Later open = f.in_open([&] {
        owned = lk_wait_mutex();
        return 0;
    });
    CHECK_FALSE(open.done());
    f.in_put([] {
        MUTEX_LOCK(lk_mutex, 0); // nobody has it while the other sleeps
        MUTEX_UNLOCK(lk_mutex);
        lk_wake();
    });
    CHECK(open.done());
    CHECK(owned == 0);
}

TEST_CASE("UTL-048: SV_WAIT_SIG gives 0 when a signal ended the wait") {
    Locks f;
    int result = -1;
    Later open = f.in_open([&] { return (result = lk_wait_irix()) ? 0 : EINTR; });
    Process &p = f.last_process();
    f.catch_signal(p, SIGUSR1);
    f.kill(p, SIGUSR1);
    f.run();
    CHECK(open.result() == -EINTR);
    CHECK(result == 0);
}

TEST_CASE("UTL-046: SV_ALLOC takes the flag alone as well") {
    Fixture f;
    Enter scope(f.system);
    sv_t *sv = lk_svr4_sv();
    REQUIRE(sv);
    SV_DEALLOC(sv);
}

// --- Solaris ---

TEST_CASE("UTL-051: mutex_enter twice is a fault, mutex_tryenter gives 0; left held is a fault") {
    Locks f;
    int tried = -1, owned = -1;
    f.in_put([&] {
        mutex_enter(&lk_kmutex);
        tried = mutex_tryenter(&lk_kmutex);
        owned = mutex_owned(&lk_kmutex);
        mutex_exit(&lk_kmutex);
    });
    CHECK(tried == 0);
    CHECK(owned == 1);
    f.check_no_fault();
    f.in_put([] {
        mutex_enter(&lk_kmutex);
        mutex_enter(&lk_kmutex);
        mutex_exit(&lk_kmutex);
        mutex_exit(&lk_kmutex);
    });
    CHECK(f.took_fault("UTL-051") == 1);
    f.in_put([] { mutex_enter(&lk_kmutex); });
    CHECK(f.took_fault("UTL-051") == 1);
    f.in_put([] { mutex_exit(&lk_kmutex); });
    CHECK(f.took_fault("UTL-051") == 1);
}

TEST_CASE("UTL-051: a second open waits for a mutex that a sleeping open holds") {
    Locks f;
    int event = 0;
    bool second = false;
    Later a = f.in_open([&] {
        mutex_enter(&lk_kmutex);
        f.nap(&event);
        mutex_exit(&lk_kmutex);
        return 0;
    });
    Later b = f.in_open([&] {
        mutex_enter(&lk_kmutex);
        second = true;
        mutex_exit(&lk_kmutex);
        return 0;
    });
    CHECK_FALSE(second);
    f.wake(&event);
    CHECK(a.done());
    CHECK(b.done());
    CHECK(second);
}

TEST_CASE("UTL-052: cv_wait_sig drops the mutex and has it again, 0 for a signal") {
    Locks f;
    int result = -1;
    Later open = f.in_open([&] { return (result = lk_cv_wait()) ? 0 : EINTR; });
    f.in_put([] {
        mutex_enter(&lk_kmutex);
        lk_ready = 1;
        cv_broadcast(&lk_cv);
        mutex_exit(&lk_kmutex);
    });
    CHECK(open.done());
    CHECK(result == 1);
    lk_ready = 0;
    open = f.in_open([&] { return (result = lk_cv_wait()) ? 0 : EINTR; });
    Process &p = f.last_process();
    f.catch_signal(p, SIGUSR1);
    f.kill(p, SIGUSR1);
    f.run();
    CHECK(open.result() == -EINTR);
    CHECK(result == 0);
}

TEST_CASE("UTL-052: cv_timedwait takes an absolute tick and gives -1 when that has come") {
    Locks f;
    clock_t result = 0, passed = 0, late = 0;
    Later open = f.in_open([&] {
        const clock_t began = ddi_get_lbolt();
        mutex_enter(&lk_kmutex);
        result = cv_timedwait(&lk_cv, &lk_kmutex, began + 30);
        passed = ddi_get_lbolt() - began;
        late = cv_timedwait(&lk_cv, &lk_kmutex, began);
        CHECK(mutex_owned(&lk_kmutex));
        mutex_exit(&lk_kmutex);
        return 0;
    });
    open.finish();
    CHECK(result == -1);
    CHECK(passed == 30);
    CHECK(late == -1);
}

TEST_CASE("UTL-052: cv_wait in a put procedure is a fault; the mutex is held afterwards") {
    Locks f;
    int owned = 0;
    f.in_put([&] {
        mutex_enter(&lk_kmutex);
        cv_wait(&lk_cv, &lk_kmutex);
        owned = mutex_owned(&lk_kmutex);
        mutex_exit(&lk_kmutex);
    });
    CHECK(f.took_fault("UTL-052") == 1);
    CHECK(owned == 1);
}

TEST_CASE("UTL-053: rw_enter, rw_tryenter, rw_downgrade, rw_tryupgrade, rw_exit") {
    Locks f;
    f.in_put([] {
        rw_enter(&lk_krw, RW_READER);
        CHECK(rw_tryenter(&lk_krw, RW_WRITER) == 0);
        CHECK(rw_tryenter(&lk_krw, RW_READER) != 0);
        CHECK(rw_tryupgrade(&lk_krw) == 0);
        rw_exit(&lk_krw);
        CHECK(rw_tryupgrade(&lk_krw) != 0);
        CHECK(rw_tryenter(&lk_krw, RW_READER) == 0);
        rw_downgrade(&lk_krw);
        CHECK(rw_tryenter(&lk_krw, RW_READER) != 0);
        rw_exit(&lk_krw);
        rw_exit(&lk_krw);
        CHECK(rw_lock_held(&lk_krw) == 0);
    });
    f.check_no_fault();
}

TEST_CASE("QUE-076 QUE-077 QUE-078: both forms of unfreezestr; putnext to a frozen stream, freezing twice, leaving it frozen") {
    Locks f;
    f.in_put([] {});
    f.echo.on_wput = [](queue_t *q, mblk_t *mp) {
        freemsg(mp);
        CHECK(lk_freeze(q) == 2048);
    };
    f.write(f.fd, "x");
    f.check_no_fault();
    f.echo.on_wput = [once = false](queue_t *q, mblk_t *mp) mutable {
        if (once) return freemsg(mp);
        once = true;
        freezestr(q);
        freezestr(q);
        put(q, mp);
    };
    f.write(f.fd, "x");
    CHECK(f.took_fault("QUE-078") == 1);
    CHECK(f.took_fault("QUE-077") == 1);
    CHECK(f.took_fault("QUE-076") == 1);
    f.took_fault("UTL-039");
}

// --- kernel memory ---

TEST_CASE("UTL-001 UTL-003: kmem_alloc that is refused with KM_NOSLEEP gives NULL, with KM_SLEEP it never fails; size "
          "0 gives NULL") {
    Locks f;
    void *refused = &f, *had = nullptr, *again = nullptr, *none = &f;
    Later open = f.in_open([&] {
        f.system.alloc.fail_nth(1);
        had = kmem_alloc(16, KM_SLEEP);
        refused = kmem_alloc(16, KM_NOSLEEP);
        again = kmem_alloc(16, KM_NOSLEEP);
        none = kmem_alloc(0, KM_SLEEP);
        kmem_free(had, 16);
        kmem_free(again, 16);
        return 0;
    });
    CHECK(open.result() == -EPERM);
    CHECK(had);
    CHECK(refused == nullptr);
    CHECK(again);
    CHECK(none == nullptr);
}

TEST_CASE("UTL-002 UTL-008: kmem_zalloc gives zeroed memory, all of it aligned for any C type") {
    Fixture f;
    Enter scope(f.system);
    for (size_t size : {1, 3, 17, 100, 5000}) {
        CAPTURE(size);
        auto *dirty = static_cast<char *>(kmem_alloc(size, KM_NOSLEEP));
        CHECK(reinterpret_cast<std::uintptr_t>(dirty) % 8 == 0);
        std::memset(dirty, 0x5a, size);
        kmem_free(dirty, size);
        auto *p = static_cast<char *>(kmem_zalloc(size, KM_NOSLEEP));
        CHECK(reinterpret_cast<std::uintptr_t>(p) % 8 == 0);
        CHECK(std::count(p, p + size, 0) == static_cast<long>(size));
        kmem_free(p, size);
    }
    f.system.alloc.fail_nth(1);
    CHECK(kmem_zalloc(8, KM_NOSLEEP) == nullptr);
}

TEST_CASE("UTL-004 UTL-005: kmem_free with another size than the allocation's is a fault; of NULL and 0 it is legal") {
    Fixture f;
    Enter scope(f.system);
    kmem_free(nullptr, 0);
    f.check_no_fault();
    void *p = kmem_alloc(24, KM_NOSLEEP);
    kmem_free(p, 25);
    CHECK(f.took_fault("UTL-004") == 1);
    CHECK(f.system.census().kmem == 0);
}

TEST_CASE("UTL-006: KM_SLEEP in a put or service procedure or a callback is a fault, in an open it is not") {
    Locks f;
    f.echo.give_service_procedures();
    auto sleeping = [] { kmem_free(kmem_alloc(8, KM_SLEEP), 8); };
    auto not_sleeping = [] { kmem_free(kmem_alloc(8, KM_NOSLEEP), 8); };
    f.in_put(not_sleeping);
    f.in_timeout(not_sleeping);
    CHECK(f.in_open([&] { return sleeping(), 0; }).done());
    f.check_no_fault();
    f.in_put(sleeping);
    CHECK(f.took_fault("UTL-006") == 1);
    f.in_timeout(sleeping);
    CHECK(f.took_fault("UTL-006") == 1);
    f.echo.on_wsrv = [&](queue_t *) { sleeping(); };
    f.echo.on_wput = [&](queue_t *q, mblk_t *mp) {
        freemsg(mp);
        qenable(q);
    };
    f.write(f.fd, "x");
    CHECK(f.took_fault("UTL-006") == 1);
}

// --- the console ---

TEST_CASE("UTL-009 UTL-015: what cmn_err prints for each level; an unknown one is a warning") {
    Fixture f;
    Enter scope(f.system);
    std::vector<std::string> said;
    f.system.console_sink = [&](int, std::string_view text) { said.emplace_back(text); };
    cmn_err(CE_CONT, "plain %d", 1);
    cmn_err(CE_NOTE, "note %s", "two");
    cmn_err(CE_WARN, "warn");
    cmn_err(77, "odd");
    CHECK(said == std::vector<std::string>{"plain 1", "NOTICE: note two", "WARNING: warn", "WARNING: odd"});
}

TEST_CASE("UTL-011: a leading ! sends the text to the log only, a leading ^ to the console only; neither is printed") {
    Fixture f;
    Recorder trace;
    std::string console;
    Enter scope(f.system);
    f.system.console_sink = [&](int, std::string_view text) { console += std::string(text) + ";"; };
    f.system.trace.attach(trace);
    cmn_err(CE_CONT, "!log");
    cmn_err(CE_CONT, "^console");
    cmn_err(CE_CONT, "both!");
    f.system.trace.detach(trace);
    CHECK(console == "console;both!;");
    REQUIRE(trace.count(Kind::log) == 2);
    CHECK(trace.lines[0].text == "log");
    CHECK(trace.lines[1].text == "both!");
}

namespace {

// What body writes to standard error.
std::string written(const std::function<void()> &body) {
    std::FILE *file = std::tmpfile();
    REQUIRE(file);
    std::fflush(stderr);
    const int before = ::dup(STDERR_FILENO);
    ::dup2(::fileno(file), STDERR_FILENO);
    body();
    std::fflush(stderr);
    ::dup2(before, STDERR_FILENO);
    ::close(before);
    std::rewind(file);
    std::string text(1000, 0);
    text.resize(std::fread(text.data(), 1, text.size(), file));
    std::fclose(file);
    return text;
}

} // namespace

TEST_CASE("UTL-013: each message is a line, its newline after it") {
    Fixture f;
    Enter scope(f.system);
    f.system.console_sink = nullptr;
    CHECK(written([] {
              cmn_err(CE_NOTE, "one");
              cmn_err(CE_WARN, "two\n");
              cmn_err(CE_CONT, "three");
          }) == "NOTICE: one\nWARNING: two\nthree\n");
}

TEST_CASE("UTL-009 UTL-010: CE_PANIC says why and does not return: the program ends") {
    Fixture f;
    int ends[2];
    REQUIRE(::pipe(ends) == 0);
    const pid_t child = ::fork();
    if (child == 0) {
        std::signal(SIGABRT, SIG_DFL);
        const rlimit none{0, 0};
        ::setrlimit(RLIMIT_CORE, &none);
        auto tell = [&](std::string_view text) {
            if (::write(ends[1], text.data(), text.size()) < 0) ::_exit(1);
        };
        f.system.console_sink = [&](int level, std::string_view text) {
            if (level == CE_PANIC) tell(text);
        };
        Enter scope(f.system);
        cmn_err(CE_PANIC, "no way %s", "on");
        tell(", it returned");
        ::_exit(0);
    }
    REQUIRE(child > 0);
    ::close(ends[1]);
    std::string said;
    char byte;
    while (::read(ends[0], &byte, 1) == 1) said += byte;
    ::close(ends[0]);
    int status = 0;
    CHECK(::waitpid(child, &status, 0) == child);
    CHECK(said == "PANIC: no way on");
    CHECK(WIFSIGNALED(status));
    CHECK(WTERMSIG(status) == SIGABRT);
}

// --- time ---

TEST_CASE("UTL-020: no room for a timer: timeout, itimeout and dtimeout give 0, and nothing runs") {
    Fixture f;
    Callback callback;
    {
        Enter scope(f.system);
        f.system.alloc.fail_nth(1);
        CHECK(timeout(Callback::run, &callback, 1) == 0);
        f.system.alloc.fail_nth(1);
        CHECK(itimeout(Callback::run, &callback, 1, plstr) == 0);
        f.system.alloc.fail_nth(1);
        CHECK(dtimeout(Callback::run, &callback, 1, plstr, 0) == 0);
    }
    rill_advance(handle(f.system), 10);
    CHECK(callback.runs == 0);
}

TEST_CASE("UTL-120: the id of a timeout fits an int, as SVR3 and SVR4 drivers keep it") {
    Fixture f;
    Callback callback;
    std::set<int> pending;
    {
        Enter scope(f.system);
        std::vector<int> ids;
        for (int i = 0; i < 3000; ++i) {
            const toid_t id = timeout(Callback::run, &callback, i % 5 ? 10 : 1000);
            REQUIRE(id > 0);
            REQUIRE(id <= INT_MAX);
            ids.push_back(static_cast<int>(id));
            CHECK(pending.insert(ids.back()).second);
        }
        for (int i = 0; i < 3000; ++i)
            if (i % 3) CHECK(untimeout(ids[static_cast<std::size_t>(i)]) >= 0);
        for (int i = 0; i < 3000; ++i) {
            const toid_t id = timeout(Callback::run, &callback, 1000);
            REQUIRE(id <= INT_MAX);
            CHECK(pending.insert(static_cast<int>(id)).second); // an id that was given back names no new timer
            CHECK(untimeout(static_cast<int>(id)) >= 0);
            CHECK(untimeout(static_cast<int>(id)) == -1);
        }
        for (int i = 0; i < 3000; i += 3) CHECK(untimeout(ids[static_cast<std::size_t>(i)]) >= 0);
    }
    rill_advance(handle(f.system), 2000);
    CHECK(callback.runs == 0);
}

TEST_CASE("UTL-018 UTL-024: timeout, itimeout and dtimeout run their function once, not before its time, with an id "
          "that is not 0") {
    for (int which : {0, 1, 2}) {
        CAPTURE(which);
        Fixture f;
        Callback callback;
        long began;
        {
            Enter scope(f.system);
            began = f.system.sched.now();
            const toid_t id = which == 0   ? timeout(Callback::run, &callback, 7)
                              : which == 1 ? itimeout(Callback::run, &callback, 7, plstr)
                                           : dtimeout(Callback::run, &callback, 7, plstr, 3);
            CHECK(id != 0);
        }
        rill_advance(handle(f.system), 6);
        CHECK(callback.runs == 0);
        rill_advance(handle(f.system), 1);
        CHECK(callback.runs == 1);
        CHECK(callback.at - began >= 7);
        rill_advance(handle(f.system), 100);
        CHECK(callback.runs == 1);
    }
}

TEST_CASE("UTL-019 UTL-033: a timeout's callback may not sleep and has no user context") {
    Locks f;
    long lbolt = -7, pid = -7, before = 0, after = 0;
    int known = -7, unknown = -7;
    f.in_timeout([&] {
        before = f.system.sched.now();
        delay(5);
        after = f.system.sched.now();
        known = drv_getparm(LBOLT, &lbolt);
        unknown = drv_getparm(PPID, &pid);
    });
    REQUIRE(f.system.faults.size() == 1);
    CHECK(f.system.faults[0].entry == "timeout callback");
    CHECK(f.took_fault("UTL-027") == 1);
    CHECK(after == before);
    CHECK(known == 0);
    CHECK(lbolt == before);
    CHECK(unknown == -1);
    CHECK(pid == -7);
}

TEST_CASE("UTL-021: untimeout cancels; a second time, of an id that has run, and of one nobody has it is harmless") {
    Fixture f;
    Callback cancelled, ran, stays;
    toid_t old;
    {
        Enter scope(f.system);
        const toid_t id = timeout(Callback::run, &cancelled, 2);
        untimeout(id);
        untimeout(id);
        old = timeout(Callback::run, &ran, 2);
    }
    rill_advance(handle(f.system), 5);
    CHECK(cancelled.runs == 0);
    CHECK(ran.runs == 1);
    {
        Enter scope(f.system);
        const toid_t id = timeout(Callback::run, &stays, 2);
        for (toid_t nobodys : {toid_t{0}, old, id + 1, toid_t{-1}}) untimeout(nobodys);
    }
    rill_advance(handle(f.system), 5);
    CHECK(stays.runs == 1);
}

TEST_CASE("UTL-022: after untimeout the callback will not run, though its time has come; inside it untimeout returns "
          "at once") {
    Fixture f;
    Callback first, second;
    toid_t own = 0, other = 0;
    first.body = [&] {
        untimeout(own);
        untimeout(other);
    };
    {
        Enter scope(f.system);
        own = timeout(Callback::run, &first, 3);
        other = timeout(Callback::run, &second, 3);
    }
    rill_advance(handle(f.system), 10);
    CHECK(first.runs == 1);
    CHECK(second.runs == 0);
}

TEST_CASE("UTL-027: delay in an open returns no earlier than asked; in a put procedure it is a fault and no time "
          "passes") {
    Locks f;
    long before = 0, after = 0;
    Later open = f.in_open([&] {
        before = f.system.sched.now();
        delay(12);
        after = f.system.sched.now();
        return 0;
    });
    CHECK_FALSE(open.done());
    CHECK(open.finish() == -EPERM);
    CHECK(after - before >= 12);
    f.check_no_fault();
    f.in_put([&] {
        before = f.system.sched.now();
        delay(12);
        after = f.system.sched.now();
    });
    CHECK(after == before);
    CHECK(f.took_fault("UTL-027") == 1);
}

TEST_CASE("UTL-028: ticks and microseconds convert both ways") {
    CHECK(HZ == 100);
    CHECK(drv_hztousec(1) == 10'000);
    for (clock_t ticks : {0, 1, 3, 100, 12'345}) CHECK(drv_usectohz(drv_hztousec(ticks)) == ticks);
    CHECK(drv_usectohz(1'000'000) == HZ);
    CHECK(drv_hztousec(drv_usectohz(1)) >= 1);
}

TEST_CASE("UTL-029: drv_usecwait is allowed in open, put and callback") {
    Locks f;
    int returned = 0;
    auto wait = [&] {
        drv_usecwait(50);
        ++returned;
    };
    f.in_put(wait);
    f.in_timeout(wait);
    CHECK(f.in_open([&] { return wait(), 0; }).done());
    CHECK(returned == 3);
    f.check_no_fault();
}

// --- parameters, processes, memory calls ---

TEST_CASE("UTL-031 UTL-032: drv_getparm in an open knows LBOLT, PPGRP, UPROCP, PPID, PSID, TIME and UCRED, numbered 1 "
          "to 7") {
    const int numbers[] = {LBOLT, PPGRP, UPROCP, PPID, PSID, TIME, UCRED};
    for (int i = 0; i < 7; ++i) CHECK(numbers[i] == i + 1);
    Locks f;
    Process &p = f.process(5, 6);
    rill_advance(handle(f.system), 42);
    unsigned long v[7] = {};
    int count = 0;
    uid_t uid = 0;
    f.echo.on_open = [&](queue_t *, dev_t *, int, int, cred_t *) {
        count = sv_getparm(v);
        uid = reinterpret_cast<cred_t *>(v[UCRED - 1])->cr_uid;
        return EPERM;
    };
    const time_t before = ::time(nullptr);
    CHECK(f.open(p, "/dev/echo") == -EPERM);
    CHECK(count == 7);
    CHECK(v[LBOLT - 1] >= 42);
    CHECK(v[PPGRP - 1] == static_cast<unsigned long>(p.pgrp));
    CHECK(v[UPROCP - 1] != 0);
    CHECK(v[PPID - 1] == static_cast<unsigned long>(p.pid));
    CHECK(v[PSID - 1] == static_cast<unsigned long>(p.sid));
    CHECK(v[TIME - 1] >= static_cast<unsigned long>(before));
    CHECK(uid == 5);
    f.echo.on_open = {};
}

TEST_CASE("UTL-033: a parameter of the process is -1 in a put procedure; LBOLT and TIME are had anywhere") {
    Locks f;
    f.in_put([] {
        for (unsigned parm : {PPGRP, UPROCP, PPID, PSID, UCRED}) {
            CAPTURE(parm);
            long value = -7;
            CHECK(drv_getparm(parm, &value) == -1);
            CHECK(value == -7);
        }
        for (unsigned parm : {LBOLT, TIME}) {
            long value = -7;
            CHECK(drv_getparm(parm, &value) == 0);
            CHECK(value >= 0);
        }
    });
}

TEST_CASE("UTL-035: drv_priv is EPERM for an ordinary credential, 0 for a privileged one") {
    cred_t cred{};
    cred.cr_uid = 5;
    CHECK(drv_priv(&cred) == EPERM);
    cred.cr_uid = 0;
    CHECK(drv_priv(&cred) == 0);
}

TEST_CASE("UTL-036 UTL-038: device numbers are built and taken apart; NODEV where there is no other number") {
    Fixture f;
    f.driver("echo", N);
    Enter scope(f.system);
    const dev_t dev = makedevice(N, 7);
    CHECK(getminor(makedevice(10, 7)) == 7);
    CHECK(getminor(dev) == 7);
    CHECK(geteminor(dev) == 7);
    CHECK(getemajor(dev) == N);
    const int internal = etoimajor(N);
    CHECK(internal >= 0);
    CHECK(getmajor(dev) == static_cast<major_t>(internal));
    CHECK(itoemajor(static_cast<major_t>(internal), -1) == static_cast<int>(N));
    CHECK(itoemajor(static_cast<major_t>(internal), static_cast<int>(N)) == -1);
    CHECK(etoimajor(N + 1) == -1);
    CHECK(static_cast<dev_t>(-1) == NODEV);
}

TEST_CASE("UTL-037: major, minor and makedev are the SVR3 names") {
    Fixture f;
    f.driver("echo", N);
    Enter scope(f.system);
    CHECK(sv_minor(N, 7) == 7);
    CHECK(sv_major(N, 7) == static_cast<int>(getmajor(makedevice(N, 7))));
}

TEST_CASE("UTL-062 UTL-063: copyin has the user's address first, copyout second; a bad one is not 0; neither is for "
          "put procedures") {
    Locks f;
    char user[8] = "in", kernel[8] = "?";
    auto *bad = reinterpret_cast<char *>(8);
    int in = -7, out = -7, bad_in = 0, bad_out = 0;
    Later open = f.in_open([&] {
        in = copyin(user, kernel, sizeof kernel);
        out = copyout("out", user, 4);
        bad_in = copyin(bad, kernel, 4);
        bad_out = copyout(kernel, bad, 4);
        return 0;
    });
    CHECK(open.done());
    CHECK(in == 0);
    CHECK(std::string(kernel) == "in");
    CHECK(out == 0);
    CHECK(std::string(user) == "out");
    CHECK(bad_in != 0);
    CHECK(bad_out != 0);
    f.check_no_fault();
    f.in_put([&] {
        in = copyin(user, kernel, sizeof kernel);
        out = copyout("put", user, 4);
    });
    CHECK(in != 0);
    CHECK(out != 0);
    CHECK(std::string(kernel) == "in");
    CHECK(std::string(user) == "out");
    CHECK(f.took_fault("UTL-062") == 2);
}

TEST_CASE("UTL-060 UTL-061: min, max and the string calls of a kernel") {
    CHECK(sv_min(2, 3) == 2);
    CHECK(sv_min(3, -2) == -2);
    CHECK(sv_max(2, 3) == 3);
    CHECK(sv_max(3, -2) == 3);
    CHECK(sv_strings() == 0);
}

TEST_CASE("UTL-064 HDR-011: ASSERT of <sys/debug.h> is a fault when it fails, with DEBUG; without it nothing is "
          "evaluated") {
    Locks f;
    CHECK(sv_assert() == 0);
    f.in_put([] { so_assert(1); });
    f.check_no_fault();
    f.in_put([] { so_assert(2); });
    CHECK(f.took_fault("UTL-064") == 1);
}

TEST_CASE("UTL-030: drv_getparm and drv_setparm of an unknown parameter: -1") {
    Fixture f;
    Enter scope(f.system);
    long value = 0;
    CHECK(drv_getparm(999, &value) == -1);
    CHECK(drv_setparm(999, 1) == -1);
    CHECK(drv_setparm(SYSRAWC, 1) == 0);
}

TEST_CASE("UTL-057: proc_ref in open, proc_signal from anywhere until the process is gone, then -1") {
    Locks f;
    void *ref = nullptr;
    Process &p = f.process();
    f.echo.on_open = [&](queue_t *, dev_t *, int, int, cred_t *) {
        ref = proc_ref();
        return EPERM;
    };
    CHECK(f.open(p, "/dev/echo") == -EPERM);
    f.echo.on_open = {};
    REQUIRE(ref);
    f.in_put([&] {
        CHECK(proc_ref() == nullptr); // no user context
        CHECK(proc_signal(ref, SIGUSR1) == 0);
    });
    REQUIRE(p.signals_seen.size() == 1);
    CHECK(p.signals_seen[0].sig == SIGUSR1);
    {
        Enter scope(f.system);
        f.system.end_process(p);
        CHECK(proc_signal(ref, SIGUSR1) == -1);
    }
    proc_unref(ref);
}

TEST_CASE("UTL-058 UTL-059: bcopy has its source first and may overlap; bcmp of 0 bytes is equal") {
    char text[8] = "abcdef";
    bcopy(text, text + 1, 5);
    CHECK(std::string(text) == "aabcde");
    bzero(text, 2);
    CHECK(text[0] == 0);
    CHECK(bcmp("x", "y", 0) == 0);
    CHECK(bcmp("x", "y", 1) != 0);
}

// --- strlog ---

namespace {

struct Logged {
    int count = 0, answer = LOG_TAKEN;
    log_ctl ctl{};
    std::string text;
};

int log_reader(void *arg, int, const struct log_ctl *ctl, const char *data, unsigned long) {
    auto *l = static_cast<Logged *>(arg);
    ++l->count;
    l->ctl = *ctl;
    l->text = data;
    return l->answer;
}

} // namespace

TEST_CASE("UTL-017: three arguments of strlog reach the trace, and the reader") {
    Fixture f;
    Recorder trace;
    Enter scope(f.system);
    Logged l;
    CHECK(rill_log_attach(SL_TRACE, log_reader, &l) == 0);
    f.system.trace.attach(trace);
    CHECK(strlog(5, 2, 3, SL_TRACE, "x=%d y=%d z=%d", 1, 2, 3) == 1);
    f.system.trace.detach(trace);
    rill_log_detach(log_reader, &l);
    CHECK(l.count == 1);
    CHECK(l.ctl.mid == 5);
    CHECK(l.ctl.sid == 2);
    CHECK(l.ctl.level == 3);
    CHECK(l.text == (f.system.profile.log_expands ? "x=1 y=2 z=3" : "x=%d y=%d z=%d"));
    REQUIRE(trace.count(Kind::log) == 1);
    CHECK(trace.lines.back().text == "x=1 y=2 z=3");
}

TEST_CASE("UTL-016 [irix] [svr4]: strlog is 1 when all named readers got it, 0 without one") {
    Fixture f;
    Enter scope(f.system);
    CHECK(strlog(5, 2, 3, SL_TRACE, "nobody") == 0);
    Logged l;
    CHECK(rill_log_attach(SL_TRACE, log_reader, &l) == 0);
    CHECK(strlog(5, 2, 3, SL_TRACE, "got") == 1);
    CHECK(strlog(5, 2, 3, SL_TRACE | SL_ERROR, "both") == 0); // no error reader
    CHECK(l.count == 2);
    l.answer = LOG_LOST;
    CHECK(strlog(5, 2, 3, SL_TRACE, "full") == 0);
    Logged second;
    CHECK(rill_log_attach(SL_TRACE, log_reader, &second) == 0);
    CHECK(strlog(5, 2, 3, SL_TRACE, "one of two") == 0);
    rill_log_detach(log_reader, &second);
    l.answer = LOG_NOBODY;
    CHECK(strlog(5, 2, 3, SL_TRACE, "not wanted") == 0);
    rill_log_detach(log_reader, &l);
    CHECK(strlog(5, 2, 3, SL_TRACE, "gone") == 0);
    CHECK(l.count == 5);
    std::string said;
    f.system.console_sink = [&](int, std::string_view text) { said = text; };
    CHECK(strlog(5, 2, 3, SL_CONSOLE, "on the console %d", 4) == 1);
    CHECK(said == "on the console 4");
}

// --- loadable modules ---

TEST_CASE("HDR-015: _init registers driver and module through mod_install, attach makes a clone node, _fini is refused while in use") {
    Fixture f;
    ss_events = 0;
    {
        Enter scope(f.system);
        CHECK(ss_init() == 0);
        CHECK(ss_events == 1);
        Driver *row = f.system.registry.by_name("ssun");
        REQUIRE(row);
        CHECK(row->devflag == (D_MP | D_MTPERMOD));
        CHECK(f.system.registry.module("ssunmod") != nullptr);
        struct modinfo info {};
        CHECK(ss_modinfo(&info) != 0);
        CHECK(std::string(info.mi_msinfo[0].msi_linkinfo) == "ssun driver 1.0");
    }
    CHECK(getemajor(f.stat("/devices/pseudo/ssun@0:ssun").st_rdev) == f.system.profile.clone_major);
    const int fd = f.open("/dev/ssun"), second = f.open("/dev/ssun"), third = f.open("/dev/ssun");
    CHECK(fd >= 0);
    CHECK(geteminor(f.rdev(fd)) == 1);
    CHECK(geteminor(f.rdev(third)) == 3);
    CHECK(f.open("/dev/ssun") == -EBUSY);
    CHECK(f.ioctl(fd, I_PUSH, "ssunmod") == 0);
    CHECK(f.write(fd, "sun") == 3);
    CHECK(f.read(fd) == "sun");
    {
        Enter scope(f.system);
        CHECK(ss_fini() == EBUSY);
    }
    for (int d : {fd, second, third}) CHECK(f.close(d) == 0);
    Enter scope(f.system);
    CHECK(ss_fini() == 0);
    CHECK(ss_events == 7);
    CHECK(f.system.registry.by_name("ssun") == nullptr);
    CHECK(f.system.registry.module("ssunmod") == nullptr);
}

TEST_CASE("HDR-015: soft state: an item is had once, is zero, and is gone after its free") {
    Fixture f;
    Enter scope(f.system);
    void *state = nullptr;
    CHECK(ddi_soft_state_init(&state, 0, 4) != 0);
    CHECK(ddi_soft_state_init(&state, 16, 2) == 0);
    CHECK(ddi_get_soft_state(state, 40) == nullptr);
    CHECK(ddi_soft_state_zalloc(state, 40) == DDI_SUCCESS);
    CHECK(ddi_soft_state_zalloc(state, 40) == DDI_FAILURE);
    auto *item = static_cast<char *>(ddi_get_soft_state(state, 40));
    REQUIRE(item);
    CHECK(std::count(item, item + 16, 0) == 16);
    f.system.alloc.fail_nth(1);
    CHECK(ddi_soft_state_zalloc(state, 1) == DDI_FAILURE);
    ddi_soft_state_free(state, 40);
    CHECK(ddi_get_soft_state(state, 40) == nullptr);
    ddi_soft_state_zalloc(state, 1);
    ddi_soft_state_fini(&state); // frees what is left
    CHECK(state == nullptr);
}

TEST_CASE("HDR-015: an undefined symbol is explained: its manual page, what rill has instead, what is near") {
    CHECK(sysgen::about("physio").find("physio(D3): not in rill") != std::string::npos);
    CHECK(sysgen::about("putnxt").find("near it: putnext(D3)") != std::string::npos);
    CHECK(sysgen::about("SLEEPLOCK").find("SLEEP_LOCK(D3)") != std::string::npos);
    CHECK(sysgen::about("there_is_no_such_routine").find("near it") == std::string::npos);
}

// --- headers (that each compiles, alone and twice, is test/headers) ---

TEST_CASE("LOG-040: the flags of strlog and the commands of the log driver have the numbers of AT&T's headers") {
    CHECK(SL_FATAL == 0x01);
    CHECK(SL_NOTIFY == 0x02);
    CHECK(SL_ERROR == 0x04);
    CHECK(SL_TRACE == 0x08);
    CHECK(SL_CONSOLE == 0x10);
    CHECK(SL_WARN == 0x20);
    CHECK(SL_NOTE == 0x40);
    CHECK(I_TRCLOG == 0x4c01);
    CHECK(I_ERRLOG == 0x4c02);
    CHECK(I_CONSLOG == 0x4c03);
}

TEST_CASE("HDR-003 HDR-008 HDR-009 HDR-010: what drivers take from stropts.h, file.h, conf.h, strlog.h, log.h, sad.h, tihdr.h") {
    CHECK(FLUSHRW == (FLUSHR | FLUSHW));
    CHECK(FREAD == 1);
    CHECK(FWRITE == 2);
    CHECK((FNDELAY & FNONBLOCK) == 0);
    CHECK(FMNAMESZ == 8);
    CHECK(D_NEW == 0);
    CHECK((D_OLD & D_MP) == 0);
    CHECK(NLOGARGS == 3);
    CHECK(sizeof(strapush::sap_list) == MAXAPUSH * (FMNAMESZ + 1));
    CHECK(T_CONN_REQ == 0);
    CHECK(T_ORDREL_IND == 23);
    CHECK(TS_DATA_XFER == 9);
    const int flags[] = {D_MTPERQ, D_MTQPAIR, D_MTPERMOD, D_MTOUTPERIM, D_MTOCEXCL, D_MTPUTSHARED};
    int all = 0;
    for (int flag : flags) { // MP-023: by name, and no two alike
        CHECK((all & flag) == 0);
        all |= flag;
    }
}

TEST_CASE("HDR-001 HDR-002 HDR-012 MSG-012: an SVR4 driver's headers, ddi.h last, which takes back macros that are "
          "functions; the "
          "structures, types and calls are stream.h's, hz is param.h's") {
    Locks f;
    int pairs = -1;
    long left = -1;
    f.in_put([] {});
    f.echo.on_wput = [&](queue_t *q, mblk_t *mp) {
        freemsg(mp);
        pairs = sv_pairs(q);
        left = sv_stream_h();
    };
    f.write(f.fd, "x");
    CHECK(pairs == 0);
    CHECK(left == 13);
    CHECK(sv_hz() == HZ);
    CHECK(f.census().messages == 0);
}

TEST_CASE("HDR-004 HDR-006 HDR-007 UTL-007: an IRIX driver's headers: kmem.h has the KM_ flags, IRIX's two included, "
          "ksynch.h LOCK, "
          "MUTEX and SV_, cmn_err.h the levels; ddi.h goes with them") {
    CHECK(ir_devflag == D_MP);
    CHECK(KM_SLEEP == 0);
    CHECK((KM_NOSLEEP & (KM_PHYSCONTIG | KM_CACHEALIGN)) == 0);
    CHECK((KM_PHYSCONTIG & KM_CACHEALIGN) == 0);
    const int levels[] = {CE_CONT, CE_NOTE, CE_WARN, CE_PANIC};
    for (int i = 0; i < 4; ++i) CHECK(levels[i] == i);
    Locks f;
    int memory = 0;
    pl_t pl = -1;
    std::string said;
    f.system.console_sink = [&](int, std::string_view text) { said = text; };
    Later open = f.in_open([&] {
        memory = ir_memory();
        pl = ir_locks();
        ir_say();
        return 0;
    });
    CHECK(open.done());
    CHECK(memory == 2);
    CHECK(pl == plbase);
    CHECK(said == "NOTICE: unit 3");
}

TEST_CASE("HDR-005 HDR-007 HDR-013: a Solaris driver's headers: modctl.h and conf.h have fmodsw and the D_ flags, "
          "ksynch.h kmutex, "
          "strsubr.h and the rest are there") {
    CHECK(std::string(so_module()) == "so");
    Locks f;
    int held = 0;
    f.in_put([&] { held = so_mutex(); });
    CHECK(held == 1);
}

TEST_CASE("HDR-005: with _SOLARIS_DDI the members that only Solaris has go by their names; the layout stays the one "
          "of all") {
    Fixture f;
    stroptions options{};
    so_options(&options);
    CHECK(options.so_flags == 0x40000);
    CHECK(options.so_erropt == RERRNONPERSIST);
    CHECK(options.so_maxblk == INFPSZ);
    CHECK(offsetof(stroptions, so_erropt) > offsetof(stroptions, so_band));
    Enter scope(f.system);
    mblk_t *mp = mkiocb(7);
    REQUIRE(mp);
    CHECK(so_flag(mp) == 0);
    reinterpret_cast<iocblk *>(mp->b_rptr)->ioc_filler[0] = 5;
    CHECK(so_flag(mp) == 5);
    CHECK(reinterpret_cast<iocblk *>(mp->b_rptr)->ioc_cmd == 7);
    freemsg(mp);
}
