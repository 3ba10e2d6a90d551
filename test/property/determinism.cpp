// Same seed, same trace, byte for byte: in two runs, and in two Systems that take turns.
#include "test/harness.hpp"
#include "test/random.hpp"

#include <sys/ddi.h>

using namespace rill;
using namespace rill::test;

namespace {

// A busy System driven by random calls: opens that sleep, writes through service procedures, pushes, timeouts, refused
// allocations, signals, exits.
class Scenario {
public:
    explicit Scenario(unsigned seed, bool failing_memory) : random_(seed) {
        f.system.trace.attach(trace);
        f.system.sched.seed(seed);
        Probe &echo = f.driver("echo", 61, 6);
        echo.give_service_procedures();
        echo.on_wput = [&echo](queue_t *q, mblk_t *mp) {
            if (mp->b_datap->db_type == M_DATA) putq(q, mp);
            else echo.standard_put(q, mp);
        };
        Probe &slow = f.driver("slow", 62, 8);
        slow.on_open = [&slow](queue_t *q, dev_t *devp, int oflag, int sflag, cred_t *crp) {
            if (!q->q_ptr) delay(1 + slow.count("open") % 4);
            return slow.standard_open(q, devp, oflag, sflag, crp);
        };
        slow.on_close = [&slow](queue_t *q, int flag, cred_t *crp) {
            int error = slow.standard_close(q, flag, crp);
            delay(2);
            return error;
        };
        Probe &pass = f.module("pass");
        pass.give_service_procedures();
        pass.on_rput = [](queue_t *q, mblk_t *mp) {
            if (mp->b_datap->db_type < QPCTL) putq(q, mp);
            else putnext(q, mp);
        };
        f.autopush(61, 3, {"pass"});
        f.node("/dev/echo", f.clone(61));
        f.node("/dev/slow", f.clone(62));
        f.node("/dev/echo3", makedevice(61, 3));
        f.node("/dev/none", f.clone(99));
        for (int i = 0; i < 4; ++i) {
            processes_.push_back(&f.process());
            f.catch_signal(*processes_.back(), SIGUSR1);
        }
        if (failing_memory) f.system.alloc.fail_seed(seed, 40);
    }
    ~Scenario() {
        f.system.alloc.fail_seed(0, 0);
        for (Later &call : calls_) call.finish();
        f.system.trace.detach(trace);
    }

    void step() {
        Process &p = *processes_[random_() % processes_.size()];
        const char *path[] = {"/dev/echo", "/dev/slow", "/dev/echo3", "/dev/none"};
        const int fd = static_cast<int>(random_() % 6);
        switch (random_() % 9) {
        case 0:
        case 1: f.open(p, path[random_() % 4], O_RDWR | O_NONBLOCK); break;
        case 2: calls_.push_back(f.later_open(p, path[random_() % 4], O_RDWR | O_NONBLOCK)); break;
        case 3: f.close(p, fd); break;
        case 4: rill_write(handle(p), fd, "some data", 1 + random_() % 9); break;
        case 5: {
            char data[16];
            rill_read(handle(p), fd, data, sizeof data);
            break;
        }
        case 6: rill_ioctl(handle(p), fd, random_() % 2 ? I_PUSH : I_POP, "pass"); break;
        case 7: f.kill(p, SIGUSR1); break;
        case 8: rill_advance(handle(f.system), static_cast<long>(random_() % 4)); break;
        }
    }

    Recorder trace;
    Fixture f;

private:
    Random random_;
    std::vector<Process *> processes_;
    std::vector<Later> calls_;
};

constexpr int steps = 400;

std::string alone(unsigned seed, bool failing_memory) {
    Scenario scenario(seed, failing_memory);
    for (int i = 0; i < steps; ++i) scenario.step();
    return scenario.trace.text();
}

// The first line that differs, for the reader of a failure.
std::string difference(const std::string &a, const std::string &b) {
    std::istringstream left(a), right(b);
    std::string l, r;
    while (true) {
        bool more = static_cast<bool>(std::getline(left, l)), other = static_cast<bool>(std::getline(right, r));
        if (!more && !other) return "";
        if (!more || !other || l != r) return (more ? l : "(end)") + "\n   against\n" + (other ? r : "(end)");
    }
}

} // namespace

TEST_CASE("same seed, same trace, byte for byte, in two runs") {
    for (bool failing_memory : {false, true})
        for (unsigned seed = 1; seed <= 10; ++seed) {
            CAPTURE(seed);
            CAPTURE(failing_memory);
            std::string first = alone(seed, failing_memory), second = alone(seed, failing_memory);
            CHECK(first.size() > 10000); // something was traced
            CHECK(difference(first, second) == "");
        }
}

TEST_CASE("same seed, same trace, byte for byte, in two Systems that take turns") {
    for (unsigned seed = 1; seed <= 10; ++seed) {
        CAPTURE(seed);
        std::string expected = alone(seed, false), other = alone(seed + 100, false);
        Scenario a(seed, false), b(seed, false), c(seed + 100, false);
        for (int i = 0; i < steps; ++i) {
            a.step();
            c.step();
            b.step();
        }
        CHECK(difference(a.trace.text(), expected) == "");
        CHECK(difference(b.trace.text(), expected) == "");
        CHECK(difference(c.trace.text(), other) == "");
    }
}

TEST_CASE("another seed gives another trace") {
    CHECK(difference(alone(1, false), alone(2, false)) != "");
}
