// Signals from handlers, to processes that end, while calls sleep and other handlers run.
#include "test/random.hpp"
#include "test/said.hpp"
#include "test/streamio.hpp"

using namespace rill;
using namespace rill::test;

namespace {

// Handlers have no argument of their own: what they are to do stands here.
struct Storm {
    Fixture f;
    Random random{0};
    std::vector<Process *> processes;
    int fds[2] = {-1, -1};
    long posted = 0, handled = 0, budget = 0, depth = 0, deepest = 0;

    Process &someone() { return *processes[random() % processes.size()]; }
    void post() {
        const int sig = random() % 2 ? SIGUSR1 : SIGUSR2;
        if (rill_kill(handle(someone()), sig) == 0) ++posted;
    }
} *storm;

// Each signal posts more while the budget lasts, and makes calls, one of which sleeps for a while.
void handler(int) {
    Storm &s = *storm;
    ++s.handled;
    s.deepest = std::max(s.deepest, ++s.depth);
    for (int i = 0; i < 2 && s.budget > 0; ++i, --s.budget) s.post();
    rill_proc *p = handle(*s.processes[0]);
    char byte = 'x';
    rill_write(p, s.fds[1], &byte, 1);
    rill_read(p, s.fds[0], &byte, 1);
    --s.depth;
}

} // namespace

TEST_CASE("attack: handlers that signal one another and make calls: each signal has its turn, and the calls come back") {
    for (unsigned seed = 1; seed <= 30; ++seed) {
        CAPTURE(seed);
        Storm s;
        storm = &s;
        s.random.seed(seed);
        for (int i = 0; i < 3; ++i) s.processes.push_back(&s.f.process());
        REQUIRE(rill_pipe(handle(*s.processes[0]), s.fds) == 0);
        for (Process *p : s.processes)
            for (int sig : {SIGUSR1, SIGUSR2}) REQUIRE(rill_signal(handle(*p), sig, handler) == 0);
        for (int round = 0; round < 50; ++round) {
            s.budget = 20;
            for (int i = 0; i < 5; ++i) s.post();
            for (Process *p : s.processes) {
                pollfd entry{0, POLLPRI, 0};
                rill_poll(handle(*p), &entry, 1, 10);
            }
        }
        for (int i = 0; i < 10000 && s.handled < s.posted; ++i)
            for (Process *p : s.processes) rill_isastream(handle(*p), 0);
        CHECK(s.handled == s.posted);
        CHECK(s.posted >= 50 * 20);
        CHECK(s.depth == 0);
    }
}

TEST_CASE("attack: signals with no handler, ignored, to a process that has ended, and of no number") {
    Fixture f;
    rill_proc *p = handle(f.process()), *ended = handle(f.process());
    rill_proc_exit(ended);
    for (long n = 0; n < 200000; ++n) {
        const int sig = static_cast<int>(n % 70) - 2;
        const int expected = sig < 1 || sig > 64 ? -EINVAL : 0;
        if (n % 3 == 0) REQUIRE((rill_signal(p, SIGUSR1, n % 2 ? SIG_IGN : SIG_DFL) == 0));
        if (sig == SIGUSR1 || expected) REQUIRE(outcome(rill_kill(p, sig)) == expected);
    }
    const std::string told = said([&] { CHECK(outcome(rill_kill(ended, SIGUSR1)) == -ESRCH); });
    CHECK(told.find("has ended") != std::string::npos);
}
