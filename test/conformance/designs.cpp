// All designs beside each other (clauses/05, sections 7 and 7.1): one body, one script, and what differs is the design.
#include "clone/designs/compare.hpp"
#include "test/designs.hpp"

#include <map>
#include <set>

using namespace rill;
using namespace rill::test;
using designs::Word;

namespace {

using Expected = std::map<std::string, std::string>;

std::string answer(const designs::Comparison &c, std::string_view question) {
    const auto questions = designs::questions();
    for (std::size_t i = 0; i < questions.size(); ++i)
        if (questions[i].name == question) return c.answers[i];
    FAIL("no such question: " << question);
    return {};
}

const designs::Comparison &run_of(const std::string &name) {
    static std::map<std::string, designs::Comparison> runs;
    auto it = runs.find(name);
    if (it == runs.end()) it = runs.emplace(name, designs::compare(*designs::find(name))).first;
    return it->second;
}

constexpr const char *models[] = {"irix-clone", "irix-designated", "freebsd-dev_clone", "freebsd-cdevpriv", "netbsd-fd_clone",
                                  "netbsd-dupfd", "d_clone", "dragonfly-dev_data", "dragonfly-devfs", "linux-loop-control"};

void check_answers(const char *question, const Expected &expected) {
    for (const char *name : models) {
        CAPTURE(name);
        REQUIRE(expected.contains(name));
        CHECK(answer(run_of(name), question) == expected.at(name));
    }
}

// Steps of one open without what the descriptor does.
std::string steps_of(const std::string &name, bool descriptors) {
    std::string out;
    for (const Word word : run_of(name).one_open)
        if (descriptors || !is_of_descriptor(word)) out += (out.empty() ? "" : " ") + std::string(name_of(word));
    return out;
}

} // namespace

TEST_CASE("the ten designs stand in the table under their names, in order") {
    std::vector<std::string> names;
    for (const designs::Design &d : designs::all())
        if (d.model) names.emplace_back(d.name);
    CHECK(names == std::vector<std::string>(std::begin(models), std::end(models)));
}

TEST_CASE("CMP-001: the same driver body counts apart for two opens through every cloning design; dupfd shares one count") {
    Expected expected;
    for (const char *name : models) expected[name] = "yes";
    expected["netbsd-dupfd"] = "shared";
    check_answers("own data", expected);
}

TEST_CASE("CMP-002: a duplicate of a clone's descriptor shares the instance") {
    Expected expected;
    for (const char *name : models) expected[name] = "yes";
    check_answers("dup shares", expected);
}

TEST_CASE("CMP-003 FBSD-032: with room for four, the fifth open fails as each design has it") {
    check_answers("exhausted", {{"irix-clone", "4, EBUSY"},
                                {"irix-designated", "4, EBUSY"},
                                {"freebsd-dev_clone", "3, ENOENT"}, // the script's stat took one

                                {"freebsd-cdevpriv", "no bound"},
                                {"netbsd-fd_clone", "4, ENXIO"},
                                {"netbsd-dupfd", "no bound"},
                                {"d_clone", "4, EBUSY"},
                                {"dragonfly-dev_data", "4, EBUSY"},
                                {"dragonfly-devfs", "4, ENXIO"},
                                {"linux-loop-control", "4, ENOSPC"}});
    DesignFixture f("freebsd-dev_clone", 4);
    for (int i = 0; i < 4; ++i) CHECK(f.open("/dev/foo") >= 0);
    CHECK(f.open("/dev/foo") == -ENOENT);
}

TEST_CASE("CMP-004: after the second of the instances is closed, the next open gets its number again, where numbers come back") {
    for (const char *name : {"irix-clone", "irix-designated", "netbsd-fd_clone", "d_clone", "dragonfly-devfs"}) {
        CAPTURE(name);
        DesignFixture f(name, 8);
        int fds[3];
        std::vector<long> picked;
        auto open = [&] {
            const std::size_t before = f.steps.steps.size();
            const int fd = f.open(f.design.path);
            for (std::size_t i = before; i < f.steps.steps.size(); ++i)
                if (f.steps.steps[i].word == Word::pick) picked.push_back(f.steps.steps[i].number);
            return fd;
        };
        for (int &fd : fds) fd = open();
        CHECK(f.close(fds[1]) == 0);
        CHECK(open() >= 0);
        CHECK(picked == std::vector<long>{0, 1, 2, 1});
    }
    DesignFixture f("freebsd-dev_clone", 8);
    std::vector<std::string> seen;
    int fds[3];
    for (int &fd : fds) fd = f.open("/dev/foo");
    CHECK(f.close(fds[1]) == 0);
    CHECK(f.open("/dev/foo") >= 0);
    CHECK(f.system.nodes.find("/dev/foo3") != nullptr); // FBSD-063: closing frees nothing
    for (const char *name : {"freebsd-cdevpriv", "netbsd-dupfd"}) {
        CAPTURE(name);
        CHECK(answer(run_of(name), "reuse") == "no numbers");
    }
}

TEST_CASE("CMP-004 LNX-117: loop-control has two rules: what is free comes first, or the lowest hole") {
    CHECK(answer(run_of("linux-loop-control"), "picked by") == "another device");
    CHECK(answer(run_of("linux-loop-control"), "reuse") == "1 again");
    CHECK(answer(run_of("linux-loop-control"), "a hole") == "GET_FREE 3, ADD 1");
    CHECK(answer(run_of("irix-clone"), "a hole") == "-");
}

TEST_CASE("CMP-005: whether fstat shows another device than stat of the path") {
    check_answers("new minor", {{"irix-clone", "yes"},
                                {"irix-designated", "yes"},
                                {"freebsd-dev_clone", answer(run_of("freebsd-dev_clone"), "new minor")}, // below
                                {"freebsd-cdevpriv", "no"},
                                {"netbsd-fd_clone", "yes"},
                                {"netbsd-dupfd", answer(run_of("netbsd-dupfd"), "new minor")}, // that of the duplicated file
                                {"d_clone", "yes"},
                                {"dragonfly-dev_data", "no"},
                                {"dragonfly-devfs", "yes"},
                                {"linux-loop-control", "yes"}});
    {
        DesignFixture f("freebsd-dev_clone");
        const int fd = f.open("/dev/foo");
        CHECK(f.rdev(fd) == f.stat("/dev/foo0").st_rdev);
    }
    DesignFixture f("netbsd-fd_clone");
    const struct stat st = f.fstat(f.open("/dev/foo"));
    CHECK(st.st_rdev == 0);
    CHECK(st.st_dev != 0);
    CHECK_FALSE(S_ISCHR(st.st_mode)); // NBSD-076
}

TEST_CASE("CMP-007: opens that are under way together never get one instance") {
    for (const char *name : models) {
        if (std::string_view(name) == "netbsd-dupfd") continue; // shares one on purpose
        if (designs::find(name)->ask) continue;                 // LNX-117: whoever binds first has it
        CAPTURE(name);
        DesignFixture f(name, 8);
        Process &other = f.process();
        int distinct = 0;
        for (int round = 0; round < 100; ++round) {
            Later one = f.later_open(f.root, f.design.path), two = f.later_open(other, f.design.path);
            const int a = one.finish(), b = two.finish();
            if (a < 0 || b < 0) break; // dev_clone's numbers do not come back
            const int first = f.count(a);
            char data[16] = {};
            REQUIRE(rill_read(handle(other), b, data, sizeof data) > 0);
            distinct += first == 1 && std::atoi(data) == 1;
            f.close(a);
            f.close(other, b);
        }
        CHECK(distinct == (std::string_view(name) == "freebsd-dev_clone" ? 4 : 100));
    }
}

TEST_CASE("CMP-008: the driver goes while an instance is open: refused, or the next read says so") {
    check_answers("detach", {{"irix-clone", "EBUSY"},
                             {"irix-designated", "EBUSY"},
                             {"freebsd-dev_clone", "done"},
                             {"freebsd-cdevpriv", "done"},
                             {"netbsd-fd_clone", answer(run_of("netbsd-fd_clone"), "detach")},
                             {"netbsd-dupfd", answer(run_of("netbsd-dupfd"), "detach")},
                             {"d_clone", answer(run_of("d_clone"), "detach")},
                             {"dragonfly-dev_data", answer(run_of("dragonfly-dev_data"), "detach")},
                             {"dragonfly-devfs", "done"},
                             {"linux-loop-control", "EBUSY"}});
    CHECK(answer(run_of("freebsd-dev_clone"), "then read") == "ENXIO"); // FBSD-068
    CHECK(answer(run_of("freebsd-cdevpriv"), "then read") == "ENXIO");
    CHECK(answer(run_of("dragonfly-devfs"), "then read") == "EBADF"); // DFLY-034
    CHECK(answer(run_of("irix-clone"), "then read") == "works");
}

TEST_CASE("CMP-009 FBSD-002: stat of the generic name makes an instance in dev_clone only") {
    Expected expected;
    for (const char *name : models) expected[name] = "nothing";
    expected["freebsd-dev_clone"] = "foo0";
    check_answers("stat makes", expected);
}

TEST_CASE("CMP-010: whose choice the number is, is read from the run: a driver's table, or a step of the kernel's") {
    check_answers("picked by", {
        // clang-format off
        {"irix-clone", "driver's open"},
        {"irix-designated", "driver's open"},
        {"freebsd-dev_clone", "a handler"},
        {"freebsd-cdevpriv", "nobody"},
        {"netbsd-fd_clone", "driver's open"},
        {"netbsd-dupfd", "nobody"},
        {"d_clone", "asked before"},
        {"dragonfly-dev_data", "kernel"},
        {"dragonfly-devfs", "a handler"},
        {"linux-loop-control", "another device"},
    });
        // clang-format on
}

TEST_CASE("CMP-010: a driver that picks while its open runs is shown doing so inside it; what the kernel does then, after it") {
    auto inside = [](const char *name) {
        const std::vector<Word> &words = run_of(name).one_open;
        const std::vector<designs::Place> places = designs::places(words);
        REQUIRE(places.size() == words.size());
        std::string out;
        for (std::size_t i = 0; i < words.size(); ++i)
            if (places[i] == designs::Place::inside) out += (out.empty() ? "" : " ") + std::string(name_of(words[i]));
        return out;
    };
    CHECK(inside("irix-clone") == "PICK");
    CHECK(inside("irix-designated") == "PICK");
    CHECK(inside("netbsd-fd_clone") == "FD_ALLOC PICK DRV_CREATE");
    for (const char *name : {"freebsd-dev_clone", "freebsd-cdevpriv", "netbsd-dupfd", "d_clone", "dragonfly-dev_data", "dragonfly-devfs", "linux-loop-control"}) {
        CAPTURE(name);
        CHECK(inside(name).empty());
    }
}

TEST_CASE("every step and every question of the comparison has a meaning to print") {
    for (const char *name : models)
        for (const designs::Step &step : run_of(name).steps) {
            CAPTURE(name_of(step.word));
            CHECK(meaning_of(step.word)[0] != 0);
        }
    for (const designs::Question &q : designs::questions()) CHECK(q.asks[0] != 0);
}

TEST_CASE("CMP-010: the steps of one open come in the order that each design has") {
    const Expected expected{
        {"irix-clone", "LOOKUP DRV_OPEN PICK VNODE_SWAP"},
        {"irix-designated", "LOOKUP DRV_OPEN PICK VNODE_SWAP"},
        {"freebsd-dev_clone", "LOOKUP MISS HANDLER PICK NODE+ DRV_OPEN"},
        {"freebsd-cdevpriv", "LOOKUP DRV_OPEN"},
        {"d_clone", "LOOKUP PICK VNODE_SWAP DRV_OPEN"},
        {"dragonfly-devfs", "LOOKUP HANDLER PICK NODE+ VNODE_SWAP DRV_OPEN"},
        {"linux-loop-control", "LOOKUP DRV_OPEN PICK NODE+ LOOKUP DRV_OPEN DRV_CLOSE"},
    };
    for (const auto &[name, steps] : expected) {
        const std::string &design = name;
        CAPTURE(design);
        CHECK(steps_of(name, false) == steps);
    }
    CHECK(steps_of("netbsd-fd_clone", true) == "FD_ALLOC LOOKUP DRV_OPEN FD_ALLOC PICK DRV_CREATE FD_ABORT FD_MOVE");
    CHECK(steps_of("netbsd-dupfd", true) == "FD_ALLOC LOOKUP DRV_OPEN FD_ABORT FD_ALLOC");
}
