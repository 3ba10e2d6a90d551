// d_clone as it was proposed for NetBSD, and the clones of OpenBSD's special files (clauses/05, section 3).
#include "clone/designs/dclone/dclone.hpp"
#include "test/designs.hpp"

#include <random>

#define uio dclone_uio
#define proc dclone_proc
#include "clone/designs/dclone/include/sys/conf.h"
#include "clone/designs/dclone/include/sys/proc.h"
#undef uio
#undef proc

using namespace rill;
using namespace rill::test;
using designs::major_dclone;
using designs::Word;

extern "C" int dclone_foo_fails;

namespace {

class Dclone : public DesignFixture {
public:
    explicit Dclone(const designs::Generation &variant = designs::dclone_proposal, unsigned bound = 0, const char *name = "d_clone")
        : DesignFixture(name, bound) {
        variant.choose(system);
    }
    // The words of one successful open, which is closed again.
    std::string steps_of_open() {
        const std::size_t before = steps.steps.size();
        const int fd = open("/dev/foo");
        CHECK(fd >= 0);
        const std::string words = steps.words(before);
        close(fd);
        return words;
    }
    // Which clone an open of /dev/foo is: the minor that d_open saw.
    minor_t opened_as() const {
        for (auto s = steps.steps.rbegin(); s != steps.steps.rend(); ++s)
            if (s->word == Word::drv_open) return external_minor(s->dev);
        return ~0u;
    }
    bool traced(Word word, std::string_view clause, std::string_view part) const {
        return std::any_of(steps.steps.begin(), steps.steps.end(), [&](const designs::Step &s) {
            return s.word == word && s.clause.find(clause) != s.clause.npos && s.what.find(part) != s.what.npos;
        });
    }
};

// A driver of the test's own, at the second major of the family.
struct Seen {
    std::vector<minor_t> opened, closed;
    int open_error = 0, close_error = 0, clone_error = 0;
    int next_clone = 7;
} seen;

int test_open(dev_t dev, int, int, dclone_proc *) {
    seen.opened.push_back(external_minor(dev));
    return seen.open_error;
}
int test_close(dev_t dev, int, int, dclone_proc *) {
    seen.closed.push_back(external_minor(dev));
    return seen.close_error;
}
int test_clone(dev_t, int *clonep, int, dclone_proc *) {
    if (seen.clone_error) return seen.clone_error;
    *clonep = seen.next_clone++;
    return 0;
}
constexpr cdevsw plain_switch{.d_open = test_open, .d_close = test_close};
constexpr cdevsw clone_switch{.d_open = test_open, .d_close = test_close, .d_clone = test_clone};
constexpr cdevsw flag_switch{.d_open = test_open, .d_close = test_close, .d_flags = D_CLONE};
constexpr int test_major = major_dclone + 4;

class TestDriver : public Fixture {
public:
    TestDriver(const designs::Generation &variant, const cdevsw &which, minor_t minor = 3) : sw_(which) {
        Enter scope(system);
        seen = {};
        variant.choose(system);
        REQUIRE(devsw_attach("test", &sw_, test_major) == 0);
        node("/dev/test", makedevice(test_major, minor));
        system.trace.attach(steps);
    }
    ~TestDriver() {
        for (int fd = 0; fd < static_cast<int>(root.files.size()); ++fd)
            if (root.file(fd)) close(fd);
        system.trace.detach(steps);
        Enter scope(system);
        CHECK(devsw_detach(&sw_) == 0);
    }
    designs::Steps steps;

private:
    const cdevsw &sw_;
};

using Minors = std::vector<minor_t>;

} // namespace

// --- failures ---

TEST_CASE("DCLONE-004: the errno of d_clone is the result of the open, and d_open is not called") {
    TestDriver f(designs::dclone_proposal, clone_switch);
    seen.clone_error = ENOSPC;
    CHECK(f.open("/dev/test") == -ENOSPC);
    CHECK(f.why().find("DCLONE-004") != std::string::npos);
    CHECK(seen.opened.empty());
    CHECK(seen.closed.empty());
}

TEST_CASE("DCLONE-003: an answer with a minor that is open is the driver's fault") {
    TestDriver f(designs::dclone_proposal, clone_switch);
    CHECK(f.open("/dev/test") >= 0);
    seen.next_clone = 7;
    CHECK(f.open("/dev/test") >= 0);
    CHECK(f.took_fault("DCLONE-003") == 1);
}

TEST_CASE("DCLONE-021 DCLONE-004 CMP-003: with room for four the fifth open is EBUSY") {
    for (const auto *variant : {&designs::dclone_proposal, &designs::dclone_openbsd_2007, &designs::dclone_openbsd}) {
        CAPTURE(variant->name);
        Dclone f(*variant, 4);
        for (int i = 0; i < 4; ++i) CHECK(f.open("/dev/foo") == i);
        CHECK(f.open("/dev/foo") == -EBUSY);
        CHECK(f.why().find(variant == &designs::dclone_proposal ? "DCLONE-004" : "DCLONE-021") != std::string::npos);
        CHECK(f.read(3) == "1\n");
        f.close(2);
        CHECK(f.open("/dev/foo") == 2);
    }
}

TEST_CASE("DCLONE-023 CMP-006: d_open fails: its errno is passed on, and the next open gets the same number") {
    for (const auto *variant : {&designs::dclone_proposal, &designs::dclone_openbsd_2007, &designs::dclone_openbsd}) {
        CAPTURE(variant->name);
        Dclone f(*variant);
        const Census before = f.census();
        dclone_foo_fails = EIO;
        CHECK(f.open("/dev/foo") == -EIO);
        const minor_t failed = f.opened_as();
        CHECK(f.census() == before);
        CHECK(f.steps.count(Word::pick) == 1);
        CHECK(f.steps.count(Word::release) == 1);
        CHECK(f.steps.count(Word::drv_close) == 0);
        CHECK(f.open("/dev/foo") == 0);
        CHECK(f.opened_as() == failed);
    }
}

TEST_CASE("DCLONE-024: no vnode is to be had: ENOMEM, and the next open gets the number of the failed one") {
    TestDriver f(designs::dclone_openbsd, flag_switch);
    f.system.alloc.fail_nth(3); // a file, the node's vnode, the clone's
    CHECK(f.open("/dev/test") == -ENOMEM);
    CHECK(f.why().find("DCLONE-024") != std::string::npos);
    CHECK(seen.opened.empty());
    CHECK(f.open("/dev/test") == 0);
    CHECK(seen.opened == Minors{1 << 8 | 3});
}

TEST_CASE("DCLONE-024: an instance of d_clone for which no vnode is to be had is closed again") {
    TestDriver f(designs::dclone_proposal, clone_switch);
    f.system.alloc.fail_nth(3);
    CHECK(f.open("/dev/test") == -ENOMEM);
    CHECK(seen.opened.empty());
    CHECK(seen.closed == Minors{7});
}

TEST_CASE("CMP-006: whichever allocation fails, nothing of the open is left") {
    for (const auto *variant : {&designs::dclone_proposal, &designs::dclone_openbsd_2007, &designs::dclone_openbsd}) {
        CAPTURE(variant->name);
        Dclone f(*variant);
        for_every_allocation(
            f, {ENFILE, ENOMEM}, [&] { return f.open("/dev/foo"); }, [&](int fd) { f.close(fd); });
    }
}

TEST_CASE("DCLONE-027: a node whose minor does not fit 8 bits cannot be cloned: ENXIO, d_open is not called") {
    TestDriver f(designs::dclone_openbsd, flag_switch, 256);
    CHECK(f.open("/dev/test") == -ENXIO);
    CHECK(f.why().find("DCLONE-027") != std::string::npos);
    CHECK(seen.opened.empty());
    f.node("/dev/small", makedevice(test_major, 255));
    CHECK(f.open("/dev/small") == 0);
}

TEST_CASE("DCLONE-022 [openbsd-2007]: fstat of a clone is EBADF") {
    Dclone f(designs::dclone_openbsd_2007);
    const int fd = f.open("/dev/foo");
    struct stat st;
    CHECK(outcome(rill_fstat(handle(f.root), fd, &st)) == -EBADF);
    CHECK(f.read(fd) == "1\n");
}

// --- the proposal ---

TEST_CASE("DCLONE-001: a driver without d_clone is opened as ever") {
    TestDriver f(designs::dclone_proposal, plain_switch);
    const std::size_t before = f.steps.steps.size();
    CHECK(f.open("/dev/test") == 0);
    CHECK(f.steps.words(before) == "LOOKUP DRV_OPEN");
    CHECK(f.open("/dev/test") == 1);
    CHECK(seen.opened == Minors{3, 3});
    CHECK(f.rdev(0) == makedevice(test_major, 3));
    f.close(0);
    CHECK(seen.closed.empty());
    f.close(1);
    CHECK(seen.closed == Minors{3});
}

TEST_CASE("DCLONE-002 CMP-010: d_clone picks, the vnode is replaced, d_open comes last") {
    Dclone f;
    CHECK(f.steps_of_open() == "LOOKUP PICK VNODE_SWAP DRV_OPEN");
}

TEST_CASE("DCLONE-003: each open's d_open sees another minor") {
    TestDriver f(designs::dclone_proposal, clone_switch);
    CHECK(f.open("/dev/test") == 0);
    CHECK(f.open("/dev/test") == 1);
    CHECK(seen.opened == Minors{7, 8});
    f.close(1);
    CHECK(seen.closed == Minors{8});
}

TEST_CASE("DCLONE-005 DCLONE-011 CMP-001: each open has its instance, found by the minor in every later call") {
    Dclone f;
    const int a = f.open("/dev/foo"), b = f.open("/dev/foo");
    CHECK(f.count(a) == 1);
    CHECK(f.count(a) == 2);
    CHECK(f.count(b) == 1);
    CHECK(f.count(a) == 3);
    CHECK(f.write(b, "kept") == 4);
    CHECK(f.count(a) == 4);
    CHECK(f.read(b) == "kept");
    int reads = 0;
    CHECK(f.ioctl(a, 'B' << 8 | 1, &reads) == 0);
    CHECK(reads == 4);
}

TEST_CASE("DCLONE-005 CMP-002: a duplicate and a child share the instance, which ends with the last of them") {
    Dclone f;
    const int fd = f.open("/dev/foo"), copy = f.dup(fd);
    Process &child = f.fork();
    CHECK(f.count(fd) == 1);
    CHECK(f.count(copy) == 2);
    f.close(fd);
    f.close(copy);
    CHECK(f.steps.count(Word::drv_close) == 0);
    CHECK(f.close(child, fd) == 0);
    CHECK(f.steps.count(Word::drv_close) == 0);
    CHECK(f.close(child, copy) == 0);
    CHECK(f.steps.count(Word::drv_close) == 1);
    CHECK(f.steps.count(Word::release) == 1);
}

TEST_CASE("DCLONE-007 DCLONE-008 CMP-005: fstat has the new minor, the node keeps its own") {
    Dclone f;
    const dev_t node = f.stat("/dev/foo").st_rdev;
    const int a = f.open("/dev/foo"), b = f.open("/dev/foo");
    CHECK(f.rdev(a) == makedevice(major_dclone, 0));
    CHECK(f.rdev(b) == makedevice(major_dclone, 1));
    CHECK(f.stat("/dev/foo").st_rdev == node);
    CHECK(node != f.rdev(a));
    f.close(a);
    f.close(b);
    CHECK(f.stat("/dev/foo").st_rdev == node);
}

TEST_CASE("DCLONE-009: the clone's vnode is of another file system, and outlives the node") {
    TestDriver f(designs::dclone_proposal, clone_switch);
    f.system.nodes.make("/dev/gone", S_IFCHR | 0666, makedevice(test_major, 3), 0, 0);
    const int fd = f.open("/dev/gone");
    CHECK(f.fstat(fd).st_dev != f.stat("/dev/gone").st_dev);
    CHECK(rill_unlink(handle(f.root), "/dev/gone") == 0);
    CHECK(f.rdev(fd) == makedevice(test_major, 7));
    CHECK(f.close(fd) == 0);
    CHECK(seen.closed == Minors{7});
}

TEST_CASE("DCLONE-010 CMP-009: neither open nor stat makes a node, and stat asks nobody for an instance") {
    Dclone f;
    const long before = f.census().nodes;
    f.stat("/dev/foo");
    CHECK(f.steps.count(Word::pick) == 0);
    CHECK(f.open("/dev/foo") == 0);
    CHECK(f.census().nodes == before);
    CHECK(f.steps.count(Word::node_made) == 0);
}

TEST_CASE("CMP-004: the number of the second comes back") {
    Dclone f;
    Minors minors;
    for (int i = 0; i < 3; ++i) {
        f.open("/dev/foo");
        minors.push_back(f.opened_as());
    }
    CHECK(minors == Minors{0, 1, 2});
    f.close(1);
    f.open("/dev/foo");
    CHECK(f.opened_as() == 1);
}

TEST_CASE("CMP-007: opens of two processes never get one unit") {
    Dclone f;
    Process &other = f.process();
    for (int round = 0; round < 1000; ++round) {
        Later one = f.later_open(f.root, "/dev/foo"), two = f.later_open(other, "/dev/foo");
        const int a = one.finish(), b = two.finish();
        REQUIRE(a >= 0);
        REQUIRE(b >= 0);
        REQUIRE(f.rdev(a) != f.fstat(other, b).st_rdev);
        f.close(a);
        f.close(other, b);
    }
    CHECK(f.steps.count(Word::pick) == 2000);
    CHECK(f.steps.count(Word::release) == 2000);
}

TEST_CASE("CMP-008: a driver with open instances stays: EBUSY, and I/O goes on") {
    Dclone f;
    const int fd = f.open("/dev/foo");
    CHECK(f.detach() == EBUSY);
    CHECK(f.count(fd) == 1);
    CHECK(f.stat("/dev/foo").st_rdev == makedevice(major_dclone, 255));
}

// The vnode belongs to the file system and is shared, as the proposal's author says of it; the trace says why.
TEST_CASE("DCLONE-006 [naive]: without a vnode of its own, the second open takes the first one's calls along") {
    Dclone f(designs::dclone_naive);
    const int a = f.open("/dev/foo");
    CHECK(f.count(a) == 1);
    const int b = f.open("/dev/foo");
    CHECK(f.count(b) == 1);
    CHECK(f.count(a) == 2); // of the second instance
    CHECK(f.rdev(a) == makedevice(major_dclone, 1));
    CHECK(f.rdev(b) == makedevice(major_dclone, 1));
    CHECK(f.traced(Word::vnode_swap, "DCLONE-006", "their calls go there too"));
    f.close(a);
    CHECK(f.steps.count(Word::drv_close) == 0);
    f.close(b);
    CHECK(f.steps.count(Word::drv_close) == 1);
    CHECK(f.steps.count(Word::release) == 1); // the first instance is lost until the driver goes
}

// --- OpenBSD ---

TEST_CASE("CMP-010 [openbsd]: the vnode is replaced once d_open has succeeded") {
    for (const auto *variant : {&designs::dclone_openbsd_2007, &designs::dclone_openbsd}) {
        CAPTURE(variant->name);
        Dclone f(*variant);
        CHECK(f.steps_of_open() == "LOOKUP PICK DRV_OPEN VNODE_SWAP");
    }
}

TEST_CASE("DCLONE-020 CMP-004 [openbsd-2007]: numbers from 1, the lowest clear bit first") {
    TestDriver f(designs::dclone_openbsd_2007, flag_switch);
    for (int i = 0; i < 3; ++i) CHECK(f.open("/dev/test") == i);
    f.close(1);
    CHECK(f.open("/dev/test") == 1);
    CHECK(seen.opened == Minors{1, 2, 3, 2});
    CHECK(seen.closed == Minors{2});
}

TEST_CASE("DCLONE-020 [openbsd]: a close that failed keeps its number") {
    TestDriver f(designs::dclone_openbsd_2007, flag_switch);
    for (int i = 0; i < 3; ++i) CHECK(f.open("/dev/test") == i);
    seen.close_error = EIO;
    CHECK(f.close(1) == -EIO);
    seen.close_error = 0;
    CHECK(f.open("/dev/test") == 1);
    CHECK(seen.opened.back() == 4);
    CHECK(f.steps.count(Word::release) == 0);
}

TEST_CASE("DCLONE-022 CMP-005 [openbsd]: d_open sees two numbers, fstat of both the parent's") {
    Dclone f(designs::dclone_openbsd);
    const int a = f.open("/dev/foo"), b = f.open("/dev/foo");
    CHECK(f.opened_as() == (2 << 8 | 255));
    CHECK(f.rdev(a) == f.stat("/dev/foo").st_rdev);
    CHECK(f.rdev(b) == f.stat("/dev/foo").st_rdev);
    CHECK(f.fstat(a).st_mode == f.stat("/dev/foo").st_mode);
    CHECK(f.fstat(a).st_ino == f.stat("/dev/foo").st_ino);
}

TEST_CASE("DCLONE-022 CMP-001 CMP-002 [openbsd]: instances are apart, duplicates share one") {
    Dclone f(designs::dclone_openbsd);
    const int a = f.open("/dev/foo"), b = f.open("/dev/foo"), c = f.dup(a);
    CHECK(f.count(a) == 1);
    CHECK(f.count(b) == 1);
    CHECK(f.count(c) == 2);
}

TEST_CASE("DCLONE-025 [openbsd]: the number stands above 8 bits of the node's minor; 1023 clones, then EBUSY") {
    TestDriver f(designs::dclone_openbsd, flag_switch);
    for (int i = 0; i < 1023; ++i) REQUIRE(f.open("/dev/test") == i);
    CHECK(seen.opened.front() == (1 << 8) + 3);
    CHECK(seen.opened.back() == (1023 << 8) + 3);
    CHECK(f.open("/dev/test") == -EBUSY);
    CHECK(f.why().find("DCLONE-021") != std::string::npos);
}

TEST_CASE("DCLONE-026 [openbsd]: without D_CLONE all opens share the node's number") {
    TestDriver f(designs::dclone_openbsd, plain_switch);
    f.open("/dev/test");
    f.open("/dev/test");
    CHECK(seen.opened == Minors{3, 3});
    CHECK(f.steps.count(Word::pick) == 0);
}

TEST_CASE("DCLONE-026 [openbsd]: with D_CLONE each open has one") {
    TestDriver f(designs::dclone_openbsd_2007, flag_switch);
    f.open("/dev/test");
    f.open("/dev/test");
    CHECK(seen.opened == Minors{1, 2});
}

// --- the device of the proposal ---

TEST_CASE("DCLONE-011 DCLONE-003: ethfoo: an interface for each open; what one sends the others receive") {
    Dclone f(designs::dclone_proposal, 0, "dclone-ethfoo");
    const int a = f.open("/dev/ethfoo"), b = f.open("/dev/ethfoo"), c = f.open("/dev/ethfoo");
    CHECK(f.write(a, "frame") == 5);
    CHECK(f.read(a) == "-EAGAIN");
    CHECK(f.read(b) == "frame");
    f.close(b);
    CHECK(f.read(c) == "frame");
    CHECK(f.write(a, std::string(129, 'x')) == -EMSGSIZE);
    const int d = f.open("/dev/ethfoo");
    CHECK(f.rdev(d) == makedevice(major_dclone + 1, 1));
    CHECK(f.read(d) == "-EAGAIN");
}

// --- at random ---

TEST_CASE("CMP-001 CMP-002 CMP-004 CMP-008: ten thousand steps against a model: no unit lost, none given twice") {
    for (const auto *variant : {&designs::dclone_proposal, &designs::dclone_openbsd}) {
        CAPTURE(variant->name);
        constexpr unsigned bound = 8;
        Dclone f(*variant, bound);
        const unsigned lowest = variant == &designs::dclone_openbsd ? 1 : 0, shift = variant == &designs::dclone_openbsd ? 8 : 0;
        struct Instance {
            unsigned unit;
            int reads, descriptors;
        };
        std::map<int, std::shared_ptr<Instance>> open;
        auto units = [&] {
            std::vector<unsigned> in_use;
            for (auto &[fd, i] : open) in_use.push_back(i->unit);
            std::sort(in_use.begin(), in_use.end());
            in_use.erase(std::unique(in_use.begin(), in_use.end()), in_use.end());
            return in_use;
        };
        std::mt19937 random(20041117);
        bool attached = true;
        for (int n = 0; n < 10000; ++n) {
            CAPTURE(n);
            auto any = open.begin();
            if (!open.empty()) std::advance(any, static_cast<long>(random() % open.size()));
            switch (random() % 8) {
            case 0:
            case 1:
            case 2: {
                const auto in_use = units();
                const int fd = f.open("/dev/foo");
                if (!attached || in_use.size() == bound) {
                    REQUIRE(fd == (attached ? -EBUSY : -ENOENT));
                    break;
                }
                unsigned expected = lowest;
                for (unsigned u : in_use) expected += u == expected;
                REQUIRE(fd >= 0);
                REQUIRE((f.opened_as() >> shift) == expected);
                open[fd] = std::make_shared<Instance>(Instance{expected, 0, 1});
                break;
            }
            case 3:
            case 4:
                if (open.empty()) break;
                REQUIRE(f.close(any->first) == 0);
                open.erase(any);
                break;
            case 5:
                if (open.empty()) break;
                if (const int fd = f.dup(any->first); fd >= 0) open[fd] = any->second;
                break;
            case 6:
                if (open.empty()) break;
                REQUIRE(f.count(any->first) == ++any->second->reads);
                break;
            case 7:
                if (!attached) {
                    Enter scope(f.system);
                    REQUIRE(f.design.attach(f.system, bound) == 0);
                    attached = true;
                } else {
                    REQUIRE(f.detach() == (open.empty() ? 0 : EBUSY));
                    attached = !open.empty();
                }
            }
            REQUIRE(f.census().minors == static_cast<long>(units().size()));
        }
        CHECK(f.steps.count(Word::pick) - f.steps.count(Word::release) == static_cast<int>(units().size()));
        if (!attached) {
            Enter scope(f.system);
            CHECK(f.design.attach(f.system, bound) == 0);
        }
    }
}
