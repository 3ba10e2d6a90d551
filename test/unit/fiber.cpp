// Calls that sleep: parked, shown, woken, interrupted, timed out.
#include "test/harness.hpp"

using namespace rill;
using namespace rill::test;

namespace {

struct Sleeper {
    WaitQueue queue;
    std::vector<Wake> wakes;
    int sleep(Fixture &f, bool interruptible, long ticks = forever) {
        wakes.push_back(f.system.sleep(queue, "a test", interruptible, ticks));
        return 0;
    }
};

} // namespace

TEST_SUITE_BEGIN("fiber");

TEST_CASE("a call that sleeps is a value: it can be seen, and goes on when it is woken") {
    Fixture f;
    Sleeper s;
    Census before = f.census();
    Later call = f.later(f.root, "nap", [&] { return s.sleep(f, true); });
    CHECK_FALSE(call.done());
    CHECK(call.waiting_for() == "a test");
    CHECK(f.census().calls == before.calls + 1);
    f.run();
    CHECK_FALSE(call.done());
    {
        Enter scope(f.system);
        f.system.wake_one(s.queue, "the test");
    }
    CHECK(call.finish() == 0);
    CHECK(s.wakes == std::vector<Wake>{Wake::event});
}

TEST_CASE("a signal ends an interruptible sleep only") {
    Fixture f;
    f.catch_signal(f.root, SIGUSR1);
    Sleeper light, deep;
    Later first = f.later(f.root, "nap", [&] { return light.sleep(f, true); });
    Process &other = f.process();
    f.catch_signal(other, SIGUSR1);
    Later second = f.later(other, "nap", [&] { return deep.sleep(f, false); });
    f.kill(f.root, SIGUSR1);
    f.kill(other, SIGUSR1);
    f.run();
    CHECK(first.done());
    CHECK_FALSE(second.done());
    CHECK(light.wakes == std::vector<Wake>{Wake::signal});
    {
        Enter scope(f.system);
        f.system.wake_all(deep.queue, "the test");
    }
    CHECK(second.finish() == 0);
    CHECK(deep.wakes == std::vector<Wake>{Wake::event});
}

TEST_CASE("a sleep with a limit ends when the virtual clock says so, not before") {
    Fixture f;
    Sleeper s;
    Later call = f.later(f.root, "nap", [&] { return s.sleep(f, true, 7); });
    rill_advance(handle(f.system), 6);
    CHECK_FALSE(call.done());
    rill_advance(handle(f.system), 1);
    f.run();
    CHECK(call.done());
    CHECK(s.wakes == std::vector<Wake>{Wake::timeout});
}

TEST_CASE("a sleep that nothing could ever end is ended as a deadlock") {
    Fixture f;
    Sleeper s;
    Later call = f.later(f.root, "nap", [&] { return s.sleep(f, true); });
    call.finish();
    CHECK(s.wakes == std::vector<Wake>{Wake::deadlock});
}

TEST_CASE("sleepers are woken in the order they came") {
    Fixture f;
    WaitQueue queue;
    std::vector<int> order;
    std::vector<Later> calls;
    for (int i = 0; i < 5; ++i)
        calls.push_back(f.later(f.process(), "nap", [&, i] {
            f.system.sleep(queue, "a test", true);
            order.push_back(i);
            return 0;
        }));
    {
        Enter scope(f.system);
        f.system.wake_all(queue, "the test");
    }
    for (Later &call : calls) call.finish();
    CHECK(order == std::vector<int>{0, 1, 2, 3, 4});
}

TEST_CASE("a thousand calls sleep at once") {
    Fixture f;
    WaitQueue queue;
    int woken = 0;
    std::vector<Later> calls;
    Process &p = f.process();
    for (int i = 0; i < 1000; ++i)
        calls.push_back(f.later(p, "nap", [&] {
            f.system.sleep(queue, "a test", true);
            ++woken;
            return 0;
        }));
    CHECK(f.census().calls == 1000);
    {
        Enter scope(f.system);
        f.system.wake_all(queue, "the test");
    }
    for (Later &call : calls) call.finish();
    CHECK(woken == 1000);
}

TEST_SUITE_END();
