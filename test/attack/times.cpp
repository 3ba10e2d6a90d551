// Every argument that is a time, with the numbers at which arithmetic breaks, against a model that counts in 128 bits.
#include "test/random.hpp"
#include "test/streamio.hpp"

#include <climits>
#include <map>
#include <sys/ddi.h>

using namespace rill;
using namespace rill::test;

namespace {

constexpr long day = 24L * 3600 * ticks_a_second; // what a clock still goes on that was moved to its end
constexpr long odd[] = {LONG_MIN, LONG_MIN + 1, INT_MIN, -1, 0, 1, 2, 3, 99, 100, INT_MAX, 1L << 32, LONG_MAX / 2 - 1, LONG_MAX / 2,
                        LONG_MAX / 2 + 1, LONG_MAX - 1, LONG_MAX};
int fired;

} // namespace

TEST_CASE("attack: timeouts and steps of the clock of any length: each fires at its tick and never before") {
    for (unsigned seed = 1; seed <= 40; ++seed) {
        CAPTURE(seed);
        Fixture f;
        Random random(seed);
        const auto some = [&] { return random() % 3 ? static_cast<long>(random() % 50) : odd[random() % std::size(odd)]; };
        std::multimap<__int128, toid_t> due;
        __int128 now = 0;
        fired = 0;
        int expected = 0;
        for (int i = 0; i < 300; ++i) {
            switch (random() % 4) {
            case 0:
            case 1: {
                Enter scope(f.system);
                const long ticks = some();
                const toid_t id = timeout([](void *) { ++fired; }, nullptr, ticks);
                REQUIRE(id != 0);
                due.emplace(now + std::max(ticks, 1L), id);
                break;
            }
            case 2:
                if (!due.empty()) {
                    Enter scope(f.system);
                    auto it = std::next(due.begin(), static_cast<long>(random() % due.size()));
                    REQUIRE(untimeout(it->second) >= 0);
                    REQUIRE(untimeout(it->second) == -1);
                    due.erase(it);
                }
                break;
            default: {
                const long ticks = random() % 8 ? static_cast<long>(random() % 60) : some();
                const int result = rill_advance(handle(f.system), ticks);
                if (result == 0 && ticks > 0) now = std::min<__int128>(now + ticks, std::max<__int128>(last_tick, now + day));
                for (; !due.empty() && due.begin()->first <= now; due.erase(due.begin())) ++expected;
            }
            }
            REQUIRE(fired == expected);
        }
        Enter scope(f.system);
        for (const auto &[tick, id] : due) CHECK(untimeout(id) >= 0);
    }
}

TEST_CASE("attack: calls with a time limit of any length end, in virtual time, with what they are to give") {
    OneStream s([](Probe &dev) { dev.on_wput = [](queue_t *, mblk_t *mp) { freemsg(mp); }; }); // nothing is ever answered
    for (const long time : odd) {
        CAPTURE(time);
        const int limit = static_cast<int>(time);
        strioctl io{0x7a00, limit, 0, nullptr};
        if (limit < -1) CHECK(s.ioctl(I_STR, &io) == -EINVAL);
        else if (limit > 0) CHECK(s.ioctl(I_STR, &io) == -ETIME);
        pollfd entry{s.fd, POLLIN, 0};
        const int polled = outcome(rill_poll(handle(s.f.root), &entry, 1, limit));
        if (limit >= 0) CHECK(polled == 0);
        else CHECK((polled == -EDEADLK || polled == -EINVAL));
        int close_time = limit;
        const int set = s.ioctl(I_SETCLTIME, &close_time);
        if (set == 0) {
            CHECK(s.ioctl(I_GETCLTIME, &close_time) == 0);
            CHECK(std::abs(static_cast<long>(close_time) - limit) < 10); // in whole ticks
        } else {
            CHECK(set == -EINVAL);
        }
    }
#if RILL_CHECKING
    s.f.system.faults.clear(); // it sees that the driver frees its ioctls
#endif
}
