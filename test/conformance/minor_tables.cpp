// Bounded tables of minors, as drivers use them (clauses/01 section 10): the limit, the order, and that no minor is handed
// out twice however many callers ask at once.
#include "test/harness.hpp"

#include <set>
#include <thread>
#include <sys/ddi.h>
#include <sys/minor.h>

using namespace rill;
using namespace rill::test;

namespace {

constexpr major_t N = 61;

// A driver over rill's own minor table, which it allocates when it is first opened and keeps until the end.
struct Leased {
    Leased(Fixture &f, Probe &driver, unsigned size, int designated = -1) : fixture(f), probe(driver) {
        Enter scope(f.system);
        table = minor_table_alloc("leased", size);
        REQUIRE(table);
        if (designated >= 0) CHECK(minor_set_aside(table, static_cast<minor_t>(designated)) == 0);
        probe.on_open = [this, designated](queue_t *q, dev_t *devp, int, int sflag, cred_t *) {
            if (q->q_ptr) return 0;
            int m = static_cast<int>(geteminor(*devp));
            if (sflag == CLONEOPEN || m == designated) {
                m = minor_take(table);
                if (m < 0) return EBUSY;
            } else if (int error = minor_take_this(table, static_cast<minor_t>(m))) {
                return error;
            }
            if (pause) delay(1 + m % 3); // others come in between
            held.resize(std::max(held.size(), static_cast<std::size_t>(m) + 1));
            if (held[static_cast<std::size_t>(m)]++) twice = true;
            most = std::max(most, ++open);
            q->q_ptr = WR(q)->q_ptr = reinterpret_cast<void *>(static_cast<long>(m) + 1);
            qprocson(q);
            *devp = makedevice(getemajor(*devp), static_cast<minor_t>(m));
            return 0;
        };
        probe.on_close = [this](queue_t *q, int, cred_t *) {
            qprocsoff(q);
            auto m = reinterpret_cast<unsigned long>(q->q_ptr) - 1;
            if (pause) delay(1 + static_cast<clock_t>(m % 2));
            --held[m];
            --open;
            minor_give(table, static_cast<minor_t>(m));
            return 0;
        };
    }
    ~Leased() {
        for (int fd = 0; fd < static_cast<int>(fixture.root.files.size()); ++fd)
            if (fixture.root.file(fd)) fixture.close(fd);
        Enter scope(fixture.system);
        CHECK(open == 0);
        minor_table_free(table);
    }

    Fixture &fixture;
    Probe &probe;
    minor_table_t *table = nullptr;
    std::vector<int> held;
    bool twice = false, pause = false;
    int open = 0, most = 0;
};

} // namespace

TEST_SUITE_BEGIN("minor tables");

TEST_CASE("DEV-031: as many streams as the driver has minors; the next is EBUSY; a close makes room for one") {
    Fixture f;
    Probe &echo = f.driver("echo", N);
    Leased minors(f, echo, 4);
    f.node("/dev/echo", f.clone(N));
    int fd[4];
    for (int &each : fd) CHECK((each = f.open("/dev/echo")) >= 0);
    CHECK(f.open("/dev/echo") == -EBUSY);
    CHECK(f.close(fd[2]) == 0);
    fd[2] = f.open("/dev/echo");
    CHECK(f.rdev(fd[2]) == makedevice(N, 2));
    CHECK(f.open("/dev/echo") == -EBUSY);
    CHECK(f.census().minors == 4);
}

TEST_CASE("DEV-032: the lowest free minor first") {
    Fixture f;
    Probe &echo = f.driver("echo", N);
    Leased minors(f, echo, 100);
    f.node("/dev/echo", f.clone(N));
    int fd[3];
    for (int i = 0; i < 3; ++i) {
        fd[i] = f.open("/dev/echo");
        CHECK(f.rdev(fd[i]) == makedevice(N, static_cast<minor_t>(i)));
    }
    CHECK(f.close(fd[1]) == 0);
    CHECK(f.rdev(f.open("/dev/echo")) == makedevice(N, 1));
    CHECK(f.rdev(f.open("/dev/echo")) == makedevice(N, 3));
}

TEST_CASE("DEV-033: an explicit minor beyond the table is ENXIO") {
    Fixture f;
    Probe &echo = f.driver("echo", N);
    Leased minors(f, echo, 4);
    f.node("/dev/echo3", makedevice(N, 3));
    f.node("/dev/echo4", makedevice(N, 4));
    f.node("/dev/echomax", makedevice(N, 0x3ffff));
    Census before = f.census();
    CHECK(f.open("/dev/echo4") == -ENXIO);
    CHECK(f.open("/dev/echomax") == -ENXIO);
    CHECK(f.census() == before);
    CHECK(f.open("/dev/echo3") >= 0);
}

TEST_CASE("DEV-034: 64 callers open one clone device at once, the driver has no lock in its open: distinct minors, else EBUSY") {
    Fixture f;
    constexpr int k = 40;
    Probe &echo = f.driver("echo", N, k);
    // Looks for a free unit, sleeps, then takes it: wrong if two opens could come in between.
    echo.on_open = [&](queue_t *q, dev_t *devp, int, int, cred_t *) {
        minor_t m = 0;
        while (m < k && echo.units[m].taken) ++m;
        delay(1);
        if (m == k) return EBUSY;
        echo.take(m, q);
        qprocson(q);
        *devp = makedevice(N, m);
        return 0;
    };
    f.node("/dev/echo", f.clone(N));
    std::vector<Process *> processes;
    std::vector<Later> opens;
    for (int i = 0; i < 64; ++i) {
        processes.push_back(&f.process());
        opens.push_back(f.later_open(*processes.back(), "/dev/echo"));
    }
    std::set<dev_t> devices;
    int busy = 0;
    for (std::size_t i = 0; i < 64; ++i) {
        int fd = opens[i].finish();
        if (fd >= 0) CHECK(devices.insert(f.fstat(*processes[i], fd).st_rdev).second);
        else {
            CHECK(fd == -EBUSY);
            ++busy;
        }
    }
    CHECK(devices.size() == k);
    CHECK(busy == 64 - k);
}

TEST_CASE("DEV-034: 64 callers open and close through two clone devices and a designated minor: no minor twice") {
    Fixture f;
    constexpr int k = 4; // fewer than come at once
    constexpr minor_t d = 4; // the designated minor, besides the k others
    Probe &echo = f.driver("echo", 32);
    f.alias(32, 35);
    Leased minors(f, echo, k + 1, d);
    minors.pause = true;
    f.node("/dev/a", f.clone(32));
    f.node("/dev/b", f.clone(35));
    f.node("/dev/d", makedevice(32, d));
    int successes = 0, busy = 0;
    std::vector<Later> callers;
    for (int i = 0; i < 64; ++i) {
        Process &p = f.process();
        const char *path = i % 3 == 0   ? "/dev/a"
                           : i % 3 == 1 ? "/dev/b"
                                        : "/dev/d";
        callers.push_back(f.later(p, "open and close", [&, path] {
            for (int round = 0; round < 6; ++round) {
                int fd = f.open(p, path);
                if (fd == -EBUSY) ++busy;
                else if (fd < 0) return fd;
                delay(3);
                if (fd < 0) continue;
                ++successes;
                if (geteminor(f.fstat(p, fd).st_rdev) == d) return -EINVAL;
                if (int error = f.close(p, fd)) return error;
            }
            return 0;
        }));
    }
    for (Later &caller : callers) CHECK(caller.finish() == 0);
    CHECK_FALSE(minors.twice);
    CHECK(minors.most <= k);
    CHECK(successes + busy == 64 * 6);
    CHECK(successes >= k);
    CHECK(busy > 0); // there was a contest
}

TEST_CASE("DEV-034: application threads that share a System pass its gate: no two open descriptors share a device") {
    Fixture f;
    constexpr int k = 4, threads = 8;
    Probe &echo = f.driver("echo", N);
    Leased minors(f, echo, k);
    f.node("/dev/echo", f.clone(N));
    std::vector<Process *> processes;
    for (int i = 0; i < threads; ++i) processes.push_back(&f.process());
    std::vector<int> wrong(threads), opened(threads);
    std::vector<std::thread> all;
    for (std::size_t i = 0; i < threads; ++i)
        all.emplace_back([&, i] {
            for (int round = 0; round < 200; ++round) {
                int fd = rill_open(handle(*processes[i]), "/dev/echo", O_RDWR);
                if (fd < 0) {
                    if (errno != EBUSY) ++wrong[i];
                    continue;
                }
                ++opened[i];
                char byte = 'x';
                if (rill_write(handle(*processes[i]), fd, &byte, 1) != 1) ++wrong[i];
                if (rill_read(handle(*processes[i]), fd, &byte, 1) != 1) ++wrong[i];
                if (rill_close(handle(*processes[i]), fd) != 0) ++wrong[i];
            }
        });
    for (std::thread &thread : all) thread.join();
    int total = 0;
    for (std::size_t i = 0; i < threads; ++i) {
        CHECK(wrong[i] == 0);
        total += opened[i];
    }
    CHECK(total >= 200); // whoever is alone is never refused
    CHECK_FALSE(minors.twice);
    CHECK(minors.most <= k);
}

TEST_CASE("CLN-104 DEV-031: a minor set aside counts as none of the free ones") {
    Fixture f;
    Probe &echo = f.driver("echo", N);
    Leased minors(f, echo, 3, 1);
    f.node("/dev/echo", f.clone(N));
    CHECK(f.rdev(f.open("/dev/echo")) == makedevice(N, 0));
    CHECK(f.rdev(f.open("/dev/echo")) == makedevice(N, 2));
    CHECK(f.open("/dev/echo") == -EBUSY);
}

TEST_SUITE_END();
