// Clone opens by the hundred thousand: each gets the lowest free minor, the cost does not grow, nothing stays.
#include "test/harness.hpp"
#include "test/random.hpp"

#include "drivers/echo.h"

#include <chrono>
#include <sys/minor.h>

using namespace rill;
using namespace rill::test;

extern "C" {
extern struct streamtab echoinfo;
extern int echodevflag;
}

TEST_CASE("attack: 100,000 clone opens and closes through a table of 16 leave what was there before") {
    Fixture f;
    REQUIRE(rill_driver_add(handle(f.system), "echo", 61, &echoinfo, echodevflag, 16) == 0);
    f.node("/dev/echo", f.clone(61));
    Random random(1);
    std::vector<int> open;
    long full = 0, opens = 0;
    while (opens < 100000) {
        if (!open.empty() && random() % 9 < 4) {
            std::swap(open[random() % open.size()], open.back());
            REQUIRE(f.close(open.back()) == 0);
            open.pop_back();
            continue;
        }
        const int fd = f.open("/dev/echo");
        if (open.size() == 16) {
            REQUIRE(fd == -EBUSY);
            ++full;
            REQUIRE(f.close(open.back()) == 0);
            open.pop_back();
        } else {
            REQUIRE(fd >= 0);
            open.push_back(fd);
            ++opens;
        }
    }
    CHECK(full > 1000);
}

TEST_CASE("attack: 100,000 clones open at once, in processes that end in any order; the minors are the lowest ones again") {
    constexpr int processes = 200, each = 500;
    static minor_table_t *units;
    Fixture f;
    Probe &driver = f.driver("many", 61);
    {
        Enter scope(f.system);
        units = minor_table_alloc("many", processes * each);
    }
    driver.on_open = [&](queue_t *q, dev_t *devp, int, int, cred_t *) {
        const int minor = minor_take(units);
        if (minor < 0) return EBUSY;
        driver.log.clear();
        q->q_ptr = WR(q)->q_ptr = reinterpret_cast<void *>(static_cast<long>(minor) + 1);
        qprocson(q);
        *devp = makedevice(getemajor(*devp), static_cast<minor_t>(minor));
        return 0;
    };
    driver.on_close = [&](queue_t *q, int, cred_t *) {
        qprocsoff(q);
        driver.log.clear();
        minor_give(units, static_cast<minor_t>(reinterpret_cast<long>(q->q_ptr) - 1));
        q->q_ptr = WR(q)->q_ptr = nullptr;
        return 0;
    };
    f.node("/dev/many", f.clone(61));
    std::vector<Process *> all;
    for (int i = 0; i < processes; ++i) {
        Process &p = *all.emplace_back(&f.process());
        for (int n = 0; n < each; ++n) REQUIRE(f.open(p, "/dev/many") == n);
    }
    CHECK(f.open("/dev/many") == -EBUSY);
    CHECK(geteminor(f.fstat(*all.back(), each - 1).st_rdev) == processes * each - 1);
    Random random(2);
    for (; !all.empty(); all.pop_back()) { // in any order
        std::swap(all[random() % all.size()], all.back());
        rill_proc_exit(handle(*all.back()));
    }
    CHECK(geteminor(f.rdev(f.open("/dev/many"))) == 0);
    CHECK(f.close(0) == 0);
    Enter scope(f.system);
    minor_table_free(units);
}
