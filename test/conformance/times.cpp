// Every argument that is a time, at its extremes (SCH-071), and timers without number (SCH-072).
#include "test/streamio.hpp"

#include <array>
#include <chrono>
#include <limits>
#include <set>
#include <sys/ddi.h>
#include <sys/ksynch.h>
#include <sys/sunddi.h>
#undef sleep

using namespace rill;
using namespace rill::test;

namespace {

constexpr long longest = std::numeric_limits<long>::max(), shortest = std::numeric_limits<long>::min();
int fired;
void count(void *) { ++fired; }

// The shortest of some turns, none of which is long: the others may have been interrupted.
template <class F> std::chrono::nanoseconds shortest_of(F &&turn) {
    auto least = std::chrono::nanoseconds::max();
    for (int i = 0; i < 15; ++i) {
        const auto begin = std::chrono::steady_clock::now();
        turn();
        least = std::min<std::chrono::nanoseconds>(least, std::chrono::steady_clock::now() - begin);
    }
    return least;
}

} // namespace

TEST_SUITE_BEGIN("times");

TEST_CASE("SCH-071: sums, differences and products of times saturate") {
    CHECK(sum_of(longest, 1) == longest);
    CHECK(sum_of(longest, longest) == longest);
    CHECK(sum_of(shortest, -1) == shortest);
    CHECK(sum_of(longest, shortest) == -1);
    CHECK(difference_of(shortest, 1) == shortest);
    CHECK(difference_of(longest, -1) == longest);
    CHECK(difference_of(0, shortest) == longest);
    CHECK(product_of(longest, 2) == longest);
    CHECK(product_of(shortest, 2) == shortest);
    CHECK(product_of(shortest, -1) == longest);
    CHECK(ticks_of_ms(1) == 1);
    CHECK(ticks_of_ms(10) == 1);
    CHECK(ticks_of_ms(11) == 2);
    CHECK(ticks_of_ms(longest) == longest / 1000);
}

TEST_CASE("SCH-071: timeout, itimeout, dtimeout and qtimeout of the longest time: it does not come; of the shortest: after one tick") {
    OneStream s;
    Enter scope(s.f.system);
    fired = 0;
    for (long ticks : {longest, longest - 1}) {
        const std::array<toid_t, 3> ids{timeout(count, nullptr, ticks), itimeout(count, nullptr, ticks, 0), dtimeout(count, nullptr, ticks, 0, 0)};
        const timeout_id_t q = qtimeout(s.rq, count, nullptr, ticks);
        advance(s.f, 1000);
        CHECK(fired == 0);
        CHECK(quntimeout(s.rq, q) >= longest - now(s.f) - 1);
        for (toid_t id : ids) CHECK(untimeout(id) >= longest - now(s.f) - 1);
    }
    for (long ticks : {0L, -1L, shortest}) timeout(count, nullptr, ticks);
    s.f.system.run_until_idle();
    CHECK(fired == 0); // UTL-088
    advance(s.f, 1);
    CHECK(fired == 3);
    CHECK(s.f.census().timers == 0);
}

TEST_CASE("SCH-071: the clock moves as far as it goes, and calls that wait go on from there") {
    OneStream s;
    fired = 0;
    toid_t never = 0;
    {
        Enter scope(s.f.system);
        never = timeout(count, nullptr, longest);
        timeout(count, nullptr, 1L << 40);
    }
    advance(s.f, longest);
    CHECK(now(s.f) == last_tick);
    CHECK(fired == 1);
    for (int i = 0; i < 3; ++i) advance(s.f, longest);
    CHECK(fired == 1);
    const long before = now(s.f);
    pollfd entry{s.fd, POLLIN, 0};
    CHECK(poll_of(s.root, &entry, 1, 100) == 0);
    CHECK(now(s.f) == before + 10);
    Enter scope(s.f.system);
    timeout(count, nullptr, 3);
    advance(s.f, 3);
    CHECK(fired == 2);
    CHECK(gethrtime() == longest);
    toid_t last = timeout(count, nullptr, longest);
    CHECK(untimeout(last) == longest - now(s.f));
    CHECK(untimeout(last) == -1);
    CHECK(untimeout(never) == longest - now(s.f));
}

TEST_CASE("SCH-071: poll, ic_timout and the close time at their longest wait so long; what has no limit is beyond the patience of a call") {
    OneStream s(nullptr, hold_writes);
    constexpr int most = std::numeric_limits<int>::max(), least = std::numeric_limits<int>::min();
    pollfd entry{s.fd, POLLIN, 0};
    const long before = now(s.f);
    CHECK(poll_of(s.root, &entry, 1, most) == 0);
    CHECK(now(s.f) - before == (static_cast<long>(most) + 9) / 10);
    CHECK(poll_of(s.root, &entry, 1, least) == -EDEADLK);
    {
        Enter scope(s.f.system);
        int ready = -1;
        CHECK(s.root.poll(&entry, 1, longest, false, &ready) == must_sleep);
        CHECK(s.root.poll(&entry, 1, shortest, false, &ready) == must_sleep);
    }
    Ioctls asked(s.dev);
    CHECK(s.str(0x7a01, "", most) == -ETIME);
    asked.drop(s.f);
    s.f.took_fault("IOC-122");
    int ms = most;
    CHECK(s.ioctl(I_SETCLTIME, &ms) == 0);
    ms = 0;
    CHECK(s.ioctl(I_GETCLTIME, &ms) == 0);
    CHECK(ms == most);
    ms = least;
    CHECK(s.ioctl(I_SETCLTIME, &ms) == -EINVAL);
    {
        Enter scope(s.f.system);
        putq(s.wq(), message(M_DATA, "x")); // what close waits for
    }
    CHECK(s.f.close(s.fd) == 0);
    CHECK(s.f.census().streams == 0);
}

TEST_CASE("SCH-071: delay, cv_timedwait and the conversions at their extremes") {
    OneStream s;
    long results[6] = {};
    s.dev.on_open = [&](queue_t *q, dev_t *devp, int oflag, int sflag, cred_t *credp) {
        kmutex_t mutex;
        kcondvar_t cv;
        mutex_init(&mutex, nullptr, static_cast<kmutex_type_t>(MUTEX_DEFAULT), nullptr);
        cv_init(&cv, nullptr, CV_DEFAULT, nullptr);
        for (long ticks : {shortest, -1L, 0L, longest}) delay(ticks);
        mutex_enter(&mutex);
        results[0] = cv_timedwait(&cv, &mutex, shortest);
        results[1] = cv_timedwait(&cv, &mutex, longest);
        results[2] = cv_reltimedwait(&cv, &mutex, longest, TR_SEC);
        results[3] = cv_reltimedwait(&cv, &mutex, shortest, TR_SEC);
        results[4] = cv_reltimedwait(&cv, &mutex, longest, TR_NANOSEC);
        mutex_exit(&mutex);
        cv_destroy(&cv);
        mutex_destroy(&mutex);
        return s.dev.standard_open(q, devp, oflag, sflag, credp);
    };
    const int fd = s.f.open("/dev/dev1");
    CHECK((fd >= 0 || fd == -EDEADLK));
    CHECK(results[0] == -1);
    CHECK(results[3] == -1);
    CHECK(drv_hztousec(longest) == longest);
    CHECK(drv_hztousec(shortest) == shortest);
    CHECK(drv_usectohz(longest) == longest / 10000);
    CHECK(drv_usectohz(shortest) <= shortest / 10000 + 1);
}

TEST_CASE("SCH-072: as many timers as memory holds, each with an id of its own; the cost of one does not grow with their number") {
    OneStream s;
    Enter scope(s.f.system);
    fired = 0;
    constexpr int many = 100000;
    std::set<toid_t> ids;
    for (int i = 0; i < many; ++i) ids.insert(timeout(count, nullptr, 1 + i % 1000));
    CHECK(ids.size() == many);
    CHECK(*ids.begin() > 0);
    CHECK(s.f.census().timers == many);
    const toid_t old = *ids.begin();
    CHECK(untimeout(old) >= 0);
    const toid_t again = timeout(count, nullptr, 5000);
    CHECK(again != old);
    CHECK(untimeout(old) == -1); // an old id never names a new timer
    CHECK(untimeout(again) == 5000);
    auto pairs = [] {
        for (int i = 0; i < 50; ++i) untimeout(timeout(count, nullptr, 1 + i * 20));
    };
    const auto crowded = shortest_of(pairs);
    advance(s.f, 1000);
    CHECK(fired == many - 1);
    CHECK(s.f.census().timers == 0);
    CHECK(crowded < 20 * shortest_of(pairs));
}

TEST_CASE("SCH-072: bufcalls likewise") {
    OneStream s;
    Enter scope(s.f.system);
    fired = 0;
    s.f.system.alloc.ceiling(1000);
    constexpr int many = 50000;
    std::vector<bufcall_id_t> ids;
    auto pairs = [] {
        for (int i = 0; i < 50; ++i) unbufcall(bufcall(2000, BPRI_LO, count, nullptr));
    };
    const auto alone = shortest_of(pairs);
    for (int i = 0; i < many; ++i) ids.push_back(bufcall(2000, BPRI_LO, count, nullptr));
    CHECK(shortest_of(pairs) < 20 * alone);
    for (int i = 0; i < many; i += 2) unbufcall(ids[static_cast<std::size_t>(i)]);
    s.f.system.alloc.ceiling(0);
    s.f.system.sched.memory_came_back();
    s.f.system.run_until_idle();
    CHECK(fired == many / 2);
    CHECK(s.f.census().bufcalls == 0);
}

TEST_SUITE_END();
