// FreeBSD's designs (clauses/05, section 1): the dev_clone event, clone lists, the lifetime of devices, data of open files.
#include "clone/designs/freebsd/freebsd.hpp"
#include "test/designs.hpp"

#include <map>
#include <random>
#include <set>

#include "clone/designs/freebsd/include/sys/conf.h"
#include "clone/designs/freebsd/include/sys/module.h"
#include "clone/designs/freebsd/include/sys/systm.h"

extern "C" {
int freebsd_foo_attach();
int freebsd_foo_detach();
void freebsd_foo_destroy(int unit);
}

using namespace rill;
using namespace rill::test;
using designs::Word;

namespace {

// What the probe device does; empty: success.
struct Hooks {
    std::function<int(cdev *)> open, close, read, ioctl;
    std::function<void(cdev *)> purge;
    int opens = 0, closes = 0, purges = 0;
} *hooks;

int answer(const std::function<int(cdev *)> &f, cdev *dev) { return f ? f(dev) : 0; }

// A handler of dev_clone that logs what it is asked.
struct Handler {
    std::function<void(std::string name, cdev **cell)> body;
    std::vector<std::string> names;
    std::vector<bool> cell_was_set;
    uid_t uid = 1000;
};

void called(void *arg, ucred *cred, char *name, int namelen, cdev **cell) {
    auto &h = *static_cast<Handler *>(arg);
    h.names.emplace_back(name);
    CHECK(static_cast<std::size_t>(namelen) == h.names.back().size());
    h.cell_was_set.push_back(*cell != nullptr);
    h.uid = cred->cr_uid;
    if (h.body) h.body(name, cell);
}

void called_without_cred(void *arg, char *name, int, cdev **cell) {
    auto &h = *static_cast<Handler *>(arg);
    h.names.emplace_back(name);
    if (h.body) h.body(name, cell);
}

// A System with a probe device's switch and a clone list; the body of a test is its driver.
class Trial : public Fixture {
public:
    explicit Trial(const designs::Generation &g = designs::freebsd_5) : inside_(system) {
        g.choose(system);
        hooks = &device;
        csw.d_version = D_VERSION;
        csw.d_flags = D_NEEDMINOR;
        csw.d_name = "probe";
        csw.d_open = [](cdev *dev, int, int, thread *) { return ++hooks->opens, answer(hooks->open, dev); };
        csw.d_close = [](cdev *dev, int, int, thread *) { return ++hooks->closes, answer(hooks->close, dev); };
        csw.d_read = [](cdev *dev, struct uio *, int) { return answer(hooks->read, dev); };
        csw.d_write = [](cdev *, struct uio *, int) { return 0; };
        csw.d_ioctl = [](cdev *dev, u_long, caddr_t, int, thread *) { return answer(hooks->ioctl, dev); };
        clone_setup(&list);
        system.trace.attach(steps);
    }
    ~Trial() {
        for (int fd = 0; fd < static_cast<int>(root.files.size()); ++fd)
            if (root.file(fd)) close(fd);
        for (eventhandler_tag tag : tags) EVENTHANDLER_DEREGISTER(dev_clone, tag);
        clone_cleanup(&list);
        for (cdev *dev : made) destroy_dev(dev);
        system.trace.detach(steps);
        hooks = before_;
    }

    cdev *node(const char *name, int unit = 0) { return made.emplace_back(make_dev(&csw, unit, 0, 0, 0666, "%s", name)); }
    void destroy(cdev *dev) {
        std::erase(made, dev);
        destroy_dev(dev);
    }
    // Asks the list; what clone_create returned.
    int ask(int unit, int extra = 0) {
        wanted = unit;
        cell = nullptr;
        return clone_create(&list, &csw, &wanted, &cell, extra);
    }
    // As a handler does: reserves and names; the unit.
    int take(int unit, int extra = 0, int flags = MAKEDEV_REF) {
        if (ask(unit, extra) == 0) return -1;
        const int number = wanted | extra;
        cell = make_dev_credf(flags, &csw, unit2minor(number), nullptr, 0, 0, 0666, "%s", ("p" + std::to_string(number)).c_str());
        return number;
    }
    cdev *unit(int number) {
        ask(number);
        return cell;
    }
    void listen(Handler &h, int priority = 1000) { tags.push_back(EVENTHANDLER_REGISTER(dev_clone, called, &h, priority)); }
    // A handler that makes p0, p1 ... for the name p.
    void serve(Handler &h, int flags = MAKEDEV_REF) {
        h.body = [this, flags](std::string name, cdev **result) {
            int number = -1;
            if (*result || (name != "p" && dev_stdclone(name.data(), nullptr, "p", &number) != 1)) return;
            if (take(number, 0, flags) >= 0) cell->si_flags |= SI_CHEAPCLONE;
            *result = cell;
        };
        listen(h);
    }
    bool listed(const char *path) { return system.nodes.find(path); }
    int stat_of(const char *path) {
        struct stat st;
        return outcome(rill_stat(handle(root), path, &st));
    }
    int unlink(const char *path) { return outcome(rill_unlink(handle(root), path)); }

    Hooks device;
    cdevsw csw{};
    clonedevs *list = nullptr;
    std::vector<cdev *> made;
    std::vector<eventhandler_tag> tags;
    designs::Steps steps;
    int wanted = 0;
    cdev *cell = nullptr;

private:
    Enter inside_;
    Hooks *before_ = hooks; // of another Trial that is there
};

// dev_stdclone, with 77 for an untouched unit.
struct Parsed {
    int result, unit = 77;
    std::string rest;
};
Parsed parse(const char *text, const char *stem = "foo") {
    std::string name = text;
    char *rest = nullptr;
    Parsed p{};
    p.unit = 77;
    p.result = dev_stdclone(name.data(), &rest, stem, &p.unit);
    if (rest) p.rest = rest;
    return p;
}

std::string text_of(const designs::Steps &steps, Word word) {
    for (auto i = steps.steps.rbegin(); i != steps.steps.rend(); ++i)
        if (i->word == word) return i->what;
    return "";
}

std::string listing(System &system) {
    std::string out;
    for (auto &[path, node] : system.nodes.nodes())
        if (path.starts_with("/dev/") && !node->hidden) out += (out.empty() ? "" : " ") + path.substr(5);
    return out;
}

} // namespace

// --- when the handler runs ---

TEST_CASE("FBSD-001: a name that has an entry asks no handler") {
    Trial f;
    Handler h;
    f.serve(h);
    f.take(0);
    CHECK(f.open("/dev/p0") == 0);
    CHECK(h.names.empty());
    CHECK(f.steps.count(Word::miss) == 0);
}

TEST_CASE("FBSD-002: stat of a missing name asks the handlers, and the device is there although nothing was opened") {
    Trial f;
    Handler h;
    f.serve(h);
    CHECK(f.stat_of("/dev/p") == 0);
    CHECK(h.names.size() == 1);
    CHECK(f.listed("/dev/p0"));
    CHECK(f.device.opens == 0);
    CHECK(text_of(f.steps, Word::miss).find("drivers are asked") != std::string::npos); // the trace tells why
}

TEST_CASE("FBSD-003: a lookup for removal asks no handler; in 2000 it did") {
    Trial f;
    Handler h;
    f.listen(h);
    CHECK(f.unlink("/dev/p0") == -ENOENT);
    CHECK(h.names.empty());
    designs::freebsd_2000.choose(f.system);
    CHECK(f.unlink("/dev/p0") == -ENOENT);
    CHECK(h.names.size() == 1);
}

TEST_CASE("FBSD-004: the handler gets the path below /dev, without a slash in front") {
    Trial f;
    Handler h;
    f.listen(h);
    f.node("bar/x");
    CHECK(f.open("/dev/bar/foo") == -ENOENT);
    CHECK(h.names == std::vector<std::string>{"bar/foo"});
}

TEST_CASE("FBSD-005: a name too long for the buffer is not offered") {
    Trial f;
    Handler h;
    f.listen(h);
    const std::string fits(SPECNAMELEN, 'x');
    CHECK(f.open(("/dev/" + fits + "x").c_str()) == -ENOENT);
    CHECK(h.names.empty());
    CHECK(f.open(("/dev/" + fits).c_str()) == -ENOENT);
    CHECK(h.names.size() == 1);
}

TEST_CASE("FBSD-006: of a nested name the first missing component is offered") {
    Trial f;
    Handler h;
    f.listen(h);
    CHECK(f.open("/dev/tcp/client/host") == -ENOENT);
    CHECK(h.names == std::vector<std::string>{"tcp"});
    f.node("tcp/x");
    CHECK(f.open("/dev/tcp/client/host") == -ENOENT);
    CHECK(h.names.back() == "tcp/client");
    CHECK(f.open("/dev/tcp/x/y") == -ENOTDIR);
    CHECK(h.names.size() == 2);
}

TEST_CASE("FBSD-007: no handler made a device: ENOENT") {
    Trial f;
    Handler h;
    f.listen(h);
    CHECK(f.open("/dev/nosuch") == -ENOENT);
    CHECK(f.steps.words() == "LOOKUP MISS HANDLER REFUSED");
}

TEST_CASE("FBSD-008: all handlers are called; the later one sees the answer") {
    Trial f;
    Handler a, b;
    f.serve(a);
    f.listen(b);
    const int fd = f.open("/dev/p");
    CHECK(b.cell_was_set == std::vector<bool>{true});
    CHECK(f.rdev(fd) == f.stat("/dev/p0").st_rdev);
    CHECK(text_of(f.steps, Word::handler).find("leave that alone") != std::string::npos);
}

TEST_CASE("FBSD-009 FBSD-041: one handler serves all instances of a driver, until the last is gone") {
    DesignFixture f("freebsd-dev_clone");
    Enter scope(f.system);
    CHECK(freebsd_foo_attach() == 0);
    CHECK(freebsd_foo_attach() == 0);
    CHECK(designs::freebsd_handlers(f.system) == 1);
    CHECK(f.open("/dev/foo") >= 0);
    CHECK(f.steps.count(Word::handler) == 1);
    CHECK(freebsd_foo_detach() == 0);
    CHECK(freebsd_foo_detach() == 0);
    CHECK(f.open("/dev/foo") >= 0);
    CHECK(freebsd_foo_detach() == 0);
    CHECK(designs::freebsd_handlers(f.system) == 0);
    CHECK(f.open("/dev/foo") == -ENOENT);
    CHECK(freebsd_foo_attach() == 0); // the module's own
}

TEST_CASE("FBSD-010: the newer handler is told who looks, the older is not") {
    Trial f;
    Handler newer, older;
    f.listen(newer);
    f.tags.push_back(EVENTHANDLER_REGISTER_NOCRED(dev_clone, called_without_cred, &older, 1000));
    Process &user = f.process(7, 7);
    CHECK(f.open(user, "/dev/x") == -ENOENT);
    CHECK(newer.uid == 7);
    CHECK(older.names == std::vector<std::string>{"x"});
}

TEST_CASE("FBSD-011 FBSD-014: the lookup of p ends at p0, which is listed from then on; p never is") {
    Trial f;
    Handler h;
    f.serve(h);
    CHECK(listing(f.system) == "");
    CHECK(f.open("/dev/p") == 0);
    CHECK(listing(f.system) == "p0");
}

TEST_CASE("FBSD-012: in 2000 the name was searched again, in vain") {
    Trial f(designs::freebsd_2000);
    Handler h;
    f.serve(h);
    CHECK(f.open("/dev/p") == -ENOENT);
    CHECK(f.listed("/dev/p0"));
    CHECK(f.open("/dev/p1") == 0);
}

TEST_CASE("FBSD-013: each open of the generic name asks again and gets another unit") {
    Trial f;
    Handler h;
    f.serve(h);
    f.open("/dev/p");
    f.open("/dev/p");
    CHECK(listing(f.system) == "p0 p1");
    CHECK(h.names.size() == 2);
}

TEST_CASE("FBSD-015: a handler may take every name of a directory, once the directory is there") {
    Trial f;
    Handler h;
    f.listen(h);
    CHECK(f.open("/dev/rodent/any") == -ENOENT);
    CHECK(h.names.back() == "rodent");
    f.check_no_fault();
    DesignFixture r("freebsd-rodent");
    CHECK(r.stat("/dev/rodent").st_mode == (S_IFDIR | 0555));
    const int fd = r.open("/dev/rodent/any");
    CHECK(fd >= 0);
    CHECK(text_of(r.steps, Word::lookup) == "rodent/any"); // as the handler sees it
    CHECK(listing(r.system) == "rodent rodent/any rodent/ctl");
    CHECK(r.open("/dev/rodent/any") >= 0);
    CHECK(r.steps.count(Word::handler) == 1);
}

TEST_CASE("FBSD-016: handlers run by priority, and each gets its own argument") {
    Trial f;
    Handler a, b;
    f.listen(a, 2000);
    f.listen(b, 1000);
    b.body = [&](std::string, cdev **cell) { f.take(0), *cell = f.cell; };
    CHECK(f.open("/dev/x") == 0);
    CHECK(b.cell_was_set == std::vector<bool>{false});
    CHECK(a.cell_was_set == std::vector<bool>{true});
}

// --- names and units ---

TEST_CASE("FBSD-020 FBSD-021 FBSD-022 FBSD-023 FBSD-024 FBSD-034: dev_stdclone takes a name apart") {
    Trial f;
    struct Row {
        const char *name;
        int result, unit;
        const char *rest;
    };
    constexpr Row rows[] = {{"foo12", 1, 12, ""}, {"foo0", 1, 0, ""}, {"foo3a", 2, 3, "a"}, {"foo0a", 2, 0, "a"}, {"bar1", 0, 77, ""}, {"foo", 0, 77, ""}, {"fooa", 0, 77, ""}, {"foo01", 0, 77, ""}, {"foo00", 0, 77, ""}, {"foo16777215", 1, 16777215, ""}, {"foo16777216", 0, 77, ""}, {"foo4294967296", 0, 77, ""}, {"foo99999999999999999999", 0, 77, ""}};
    for (const Row &row : rows) {
        CAPTURE(row.name);
        const Parsed p = parse(row.name);
        CHECK(p.result == row.result);
        CHECK(p.unit == row.unit);
        CHECK(p.rest == row.rest);
    }
    int unit = 0;
    char name[] = "foo3a";
    CHECK(dev_stdclone(name, nullptr, "foo", &unit) == 2); // namep may be NULL
}

TEST_CASE("FBSD-024: in 2000 there was no limit but the integer") {
    Trial f(designs::freebsd_2000);
    CHECK(parse("foo16777216").unit == 16777216);
    CHECK(parse("foo4294967296").result == 0);
}

TEST_CASE("FBSD-025: the constants of units") {
    CHECK(CLONE_UNITMASK == 0xfffff);
    CHECK(CLONE_FLAG0 == 0x100000);
}

TEST_CASE("FBSD-026: extra bits within the unit mask are a fault; above it they make pairs on one list") {
    Trial f;
    f.ask(0, 1);
    CHECK(f.took_fault("FBSD-026") == 1);
    CHECK(designs::freebsd_units(f.list).empty());
    CHECK(f.take(2) == 2);
    CHECK(f.take(2, CLONE_FLAG0) == CLONE_FLAG0 + 2);
    CHECK(f.stat("/dev/p2").st_rdev != f.stat("/dev/p1048578").st_rdev);
    CHECK(f.open("/dev/p1048578") == 0);
    CHECK(f.rdev(0) == f.stat("/dev/p1048578").st_rdev);
}

TEST_CASE("FBSD-027 FBSD-064: any unit is the lowest free; a destroyed one comes back first") {
    Trial f;
    for (int i = 0; i < 3; ++i) CHECK(f.take(-1) == i);
    destroy_dev(f.unit(1));
    CHECK(text_of(f.steps, Word::release) != "");
    CHECK_FALSE(f.listed("/dev/p1"));
    CHECK(f.take(-1) == 1);
    CHECK(f.take(-1) == 3);
}

TEST_CASE("FBSD-028 FBSD-029: a unit asked for is that one; gaps stay, and the list is in order") {
    Trial f;
    CHECK(f.take(7) == 7);
    CHECK(f.take(-1) == 0);
    Trial g;
    for (int unit : {5, 0, 3}) g.take(unit);
    CHECK(designs::freebsd_units(g.list) == std::vector<int>{0, 3, 5});
    CHECK(g.take(-1) == 1); // the first gap
}

TEST_CASE("FBSD-030: a unit above the mask is a fault") {
    Trial f;
    CHECK(f.ask(0x100000) == 0);
    CHECK(f.took_fault("FBSD-030") == 1);
    CHECK(designs::freebsd_units(f.list).empty());
}

TEST_CASE("FBSD-031: when all units are in use the search wraps to one that is, which is a fault and no errno") {
    Trial f;
    designs::freebsd_unit_mask(f.system, 15);
    for (int i = 0; i < 16; ++i) CHECK(f.take(-1) == i);
    CHECK(f.ask(-1) == 0);
    CHECK(f.cell == nullptr);
    CHECK(f.took_fault("FBSD-031") == 1);
}

TEST_CASE("FBSD-032 CMP-003: the driver bounds its units by declining: ENOENT") {
    DesignFixture f("freebsd-dev_clone", 4);
    for (int i = 0; i < 4; ++i) CHECK(f.open("/dev/foo") == i);
    CHECK(f.open("/dev/foo") == -ENOENT);
    DesignFixture t("freebsd-tun", 4);
    CHECK(t.open("/dev/tun4") == -ENOENT);
    CHECK(t.open("/dev/tun3") == 0);
    CHECK(listing(t.system) == "tun3");
}

TEST_CASE("FBSD-033: any unit with extra bits, on a list with smaller ones, comes to a pair member that exists") {
    Trial f;
    f.take(0);
    f.take(0, CLONE_FLAG0);
    CHECK(f.ask(-1, CLONE_FLAG0) == 0);
    CHECK(f.took_fault("FBSD-033") == 1);
}

// --- what the driver writes ---

TEST_CASE("FBSD-040: a registration that is refused is a NULL tag, and the load ENOMEM") {
    Fixture f;
    Enter scope(f.system);
    for (const char *name : {"freebsd-dev_clone", "freebsd-rodent", "freebsd-tcp", "freebsd-tun"}) {
        CAPTURE(name);
        f.system.alloc.fail_nth(1);
        CHECK(designs::find(name)->attach(f.system, 0) == ENOMEM);
        f.system.alloc.fail_nth(0);
        CHECK(designs::find(name)->detach(f.system) == ENXIO);
    }
}

TEST_CASE("FBSD-042: clone_create without clone_setup, which the printed example leaves out, is a fault") {
    Trial f;
    clonedevs *none = nullptr;
    int unit = -1;
    cdev *cell = nullptr;
    Recorder recorder;
    f.system.trace.attach(recorder);
    CHECK(clone_create(&none, &f.csw, &unit, &cell, 0) == 0);
    f.system.trace.detach(recorder);
    CHECK(cell == nullptr);
    REQUIRE(recorder.count(Kind::fault) == 1);
    CHECK(recorder.lines.back().what.find("clone_setup") != std::string::npos);
    CHECK(f.took_fault("FBSD-042") == 1);
}

TEST_CASE("FBSD-043: 1 for a new unit, the cell unchanged; 0 for one that is there, in the cell") {
    Trial f;
    CHECK(f.ask(4) == 1);
    CHECK(f.cell == nullptr);
    cdev *made = make_dev(&f.csw, unit2minor(4), 0, 0, 0600, "p4");
    CHECK(f.ask(4) == 0);
    CHECK(f.cell == made);
}

TEST_CASE("FBSD-044: make_dev names the reserved device; one that was never named is a fault at clone_cleanup") {
    Trial f;
    CHECK(f.ask(1) == 1);
    CHECK((f.ask(1), f.cell->si_flags & SI_NAMED) == 0);
    cdev *reserved = f.cell;
    CHECK(make_dev(&f.csw, unit2minor(1), 0, 0, 0600, "p1") == reserved);
    CHECK(f.ask(2) == 1);
    clone_cleanup(&f.list);
    CHECK(f.took_fault("FBSD-044") == 1);
    CHECK_FALSE(f.listed("/dev/p1"));
}

TEST_CASE("FBSD-045: newer kernels want D_NEEDMINOR with clone_create") {
    Trial older;
    older.csw.d_flags = 0;
    CHECK(older.take(-1) == 0);
    Trial newer(designs::freebsd_newer);
    CHECK(newer.take(-1) == 0);
    newer.csw.d_flags = 0;
    newer.ask(-1);
    CHECK(newer.took_fault("FBSD-045") == 1);
    make_dev(&newer.csw, newer.wanted, 0, 0, 0600, "named");
}

TEST_CASE("FBSD-046: clone_cleanup destroys what is on the list, and the list; again it does nothing") {
    Trial f;
    f.take(0);
    f.take(1);
    clone_cleanup(&f.list);
    CHECK(f.list == nullptr);
    CHECK(listing(f.system) == "");
    clone_cleanup(&f.list);
    CHECK(f.list == nullptr);
}

TEST_CASE("FBSD-046: a driver that leaves out clone_cleanup leaves its nodes behind") {
    Trial f;
    Handler h;
    f.serve(h);
    f.open("/dev/p");
    f.close(0);
    EVENTHANDLER_DEREGISTER(dev_clone, f.tags.back());
    f.tags.clear();
    CHECK(f.listed("/dev/p0"));
    CHECK(f.steps.count(Word::release) == 0);
}

TEST_CASE("FBSD-047: at unload the handler goes first, then the devices with their state, then the list") {
    DesignFixture f("freebsd-dev_clone");
    f.open("/dev/foo");
    f.close(0);
    const std::size_t before = f.steps.steps.size();
    CHECK(f.detach() == 0);
    CHECK(f.steps.words(before) == "DRV_DESTROY NODE- RELEASE");
    CHECK(designs::freebsd_handlers(f.system) == 0);
    Enter scope(f.system);
    CHECK(f.design.attach(f.system, 0) == 0);
}

TEST_CASE("FBSD-048: drain_dev_clone_events waits for the handlers that run") {
    Trial f;
    Handler slow;
    int event = 0;
    slow.body = [&](std::string, cdev **) { f.nap(&event); };
    f.listen(slow);
    Later open = f.later_open(f.root, "/dev/x");
    CHECK_FALSE(open.done());
    Later drain = f.later(f.process(), "drain", [] { return drain_dev_clone_events(), 0; });
    CHECK(drain.waiting_for().find("handlers") != std::string::npos);
    f.wake(&event);
    CHECK(open.done());
    CHECK(open.result() == -ENOENT);
    CHECK(drain.done());
    drain_dev_clone_events(); // nobody is inside
}

TEST_CASE("FBSD-041 FBSD-048: a handler may be deregistered while it runs") {
    Trial f;
    Handler h;
    int event = 0;
    h.body = [&](std::string, cdev **) { f.nap(&event); };
    f.listen(h);
    Later open = f.later_open(f.root, "/dev/x");
    EVENTHANDLER_DEREGISTER(dev_clone, f.tags.back());
    f.tags.clear();
    f.wake(&event);
    CHECK(open.result() == -ENOENT);
    CHECK(f.open("/dev/x") == -ENOENT);
    CHECK(h.names.size() == 1);
}

TEST_CASE("FBSD-049: make_dev cannot fail; a duplicate or bad name is a fault") {
    Trial f;
    f.node("x", 0);
    f.node("x", 1);
    CHECK(f.took_fault("FBSD-049") == 1);
    f.node("a b", 2);
    CHECK(f.took_fault("FBSD-049") == 1);
    make_dev(&f.csw, 0, 0, 0, 0600, "other"); // the unit has a name
    CHECK(f.took_fault("FBSD-049") == 1);
    CHECK(listing(f.system) == "x");
}

TEST_CASE("FBSD-050: make_dev_p and make_dev_s say what is wrong with a name") {
    Trial f;
    f.csw.d_flags = 0;
    f.node("taken");
    const std::string longest(SPECNAMELEN, 'x'), longer(SPECNAMELEN + 1, 'x');
    struct Row {
        const char *name;
        int error;
    };
    const Row rows[] = {{longer.c_str(), ENAMETOOLONG}, {"", EINVAL}, {".", EINVAL}, {"a/..", EINVAL}, {"a/./b", EINVAL}, {"a/", EINVAL}, {"a b", EINVAL}, {"a\"b", EINVAL}, {"taken", EEXIST}, {"taken/x", EEXIST}};
    for (const Row &row : rows) {
        CAPTURE(row.name);
        cdev *dev = nullptr;
        CHECK(make_dev_p(0, &dev, &f.csw, nullptr, 0, 0, 0600, "%s", row.name) == row.error);
        CHECK(dev == nullptr);
        make_dev_args args;
        make_dev_args_init(&args);
        args.mda_devsw = &f.csw;
        CHECK(make_dev_s(&args, &dev, "%s", row.name) == row.error);
        CHECK(dev == nullptr);
    }
    CHECK(listing(f.system) == "taken");
    cdev *dev = nullptr;
    CHECK(make_dev_p(0, &dev, &f.csw, nullptr, 0, 0, 0600, "%s", longest.c_str()) == 0);
    f.made.push_back(dev);
    f.system.alloc.fail_nth(1);
    CHECK(make_dev_p(MAKEDEV_NOWAIT, &dev, &f.csw, nullptr, 0, 0, 0600, "y") == ENOMEM);
    f.system.alloc.fail_nth(0);
    CHECK_FALSE(f.listed("/dev/y"));
}

TEST_CASE("FBSD-051: a device made for a lookup without a reference is a fault") {
    Trial f;
    Handler h;
    f.serve(h, 0);
    CHECK(f.open("/dev/p") == 0);
    CHECK(f.took_fault("FBSD-051") == 1);
    Trial older(designs::freebsd_2000); // nothing is dropped there
    Handler same;
    older.serve(same, 0);
    CHECK(older.open("/dev/p0") == 0);
    CHECK(older.unit(0)->si_refcount == 0);
}

TEST_CASE("FBSD-052 FBSD-053: the driver's pointers are NULL at first; make_dev_s fills them before anybody can open") {
    Trial f;
    f.csw.d_flags = 0;
    CHECK(f.node("x")->si_drv1 == nullptr);
    CHECK(f.made[0]->si_drv2 == nullptr);
    make_dev_args args;
    make_dev_args_init(&args);
    args.mda_devsw = &f.csw;
    args.mda_si_drv1 = &f;
    cdev *dev = nullptr;
    CHECK(make_dev_s(&args, &dev, "y") == 0);
    CHECK(dev->si_drv1 == &f);
    f.made.push_back(dev);
}

TEST_CASE("FBSD-054: the node has the owner and mode of make_dev; who may not open it has made it all the same") {
    DesignFixture f("freebsd-dev_clone");
    Process &user = f.process(7, 7);
    CHECK(f.open(user, "/dev/foo") == -EACCES);
    CHECK(f.stat("/dev/foo0").st_mode == (S_IFCHR | 0600));
    CHECK(f.stat("/dev/foo0").st_uid == 0);
    CHECK(f.stat("/dev/foo0").st_gid == 0);
    CHECK(f.steps.count(Word::pick) == 1);
    CHECK(f.steps.count(Word::drv_open) == 0);
}

TEST_CASE("FBSD-055: unit2minor leaves bits 8 to 15 free") {
    Trial f;
    CHECK(unit2minor(255) == 255);
    CHECK(unit2minor(256) == 0x10000);
    CHECK(unit2minor(0x1234) == 0x120034);
    for (int unit : {0, 255, 256, 0x1234, 0xfffff}) {
        CAPTURE(unit);
        CHECK(dev2unit(f.node(("x" + std::to_string(unit)).c_str(), unit2minor(unit))) == unit);
        const int fd = f.open(("/dev/x" + std::to_string(unit)).c_str());
        CHECK(f.rdev(fd) == f.stat(("/dev/x" + std::to_string(unit)).c_str()).st_rdev);
    }
    unit2minor(0x1000000);
    CHECK(f.took_fault("FBSD-055") == 1);
    Trial newer(designs::freebsd_newer);
    CHECK(unit2minor(256) == 256);
}

// --- lifetime ---

TEST_CASE("FBSD-060: in 2000 a cheap clone that nobody opened goes with its vnode") {
    for (bool year_2000 : {true, false}) {
        CAPTURE(year_2000);
        Trial f(year_2000 ? designs::freebsd_2000 : designs::freebsd_5);
        Handler h;
        f.serve(h);
        CHECK(f.stat_of("/dev/p0") == 0);
        designs::freebsd_reclaim_vnodes(f.system);
        CHECK(f.listed("/dev/p0") == !year_2000);
        CHECK(designs::freebsd_units(f.list).size() == (year_2000 ? 0 : 1));
    }
}

TEST_CASE("FBSD-061 FBSD-062: make_dev again on a cheap clone is the same device; opened it is cheap no more") {
    Trial f;
    cdev *dev = f.node("x", 3);
    dev->si_flags |= SI_CHEAPCLONE;
    CHECK(make_dev(&f.csw, 3, 0, 0, 0600, "x") == dev);
    f.check_no_fault();
    DesignFixture d("freebsd-tun");
    Enter scope(d.system);
    d.stat("/dev/tun0");
    const std::size_t before = d.steps.steps.size();
    d.open("/dev/tun0");
    CHECK(d.steps.words(before) == "LOOKUP DRV_OPEN");
}

TEST_CASE("FBSD-062: the driver clears SI_CHEAPCLONE when it attaches state") {
    Trial f;
    Handler h;
    f.serve(h);
    f.device.open = [](cdev *dev) { return dev->si_flags &= ~static_cast<u_int>(SI_CHEAPCLONE), 0; };
    f.stat_of("/dev/p");
    CHECK((f.unit(0)->si_flags & SI_CHEAPCLONE) != 0);
    f.open("/dev/p0");
    CHECK((f.unit(0)->si_flags & SI_CHEAPCLONE) == 0);
}

TEST_CASE("FBSD-063 CMP-004: closing frees no unit; after 0, 1, 2 comes 3") {
    DesignFixture f("freebsd-dev_clone");
    for (int i = 0; i < 3; ++i) f.open("/dev/foo");
    CHECK(f.close(1) == 0);
    f.open("/dev/foo");
    CHECK(listing(f.system) == "foo0 foo1 foo2 foo3");
    CHECK(f.steps.count(Word::release) == 0); // units pile up
}

TEST_CASE("FBSD-064: what destroy_dev frees is the next unit") {
    DesignFixture f("freebsd-dev_clone");
    f.open("/dev/foo");
    f.close(0);
    {
        Enter scope(f.system);
        freebsd_foo_destroy(0);
    }
    CHECK(f.open("/dev/foo") == 0);
    CHECK(listing(f.system) == "foo0");
}

TEST_CASE("FBSD-065: d_close comes with the last close of the device; with D_TRACKCLOSE with each") {
    for (bool each : {false, true}) {
        CAPTURE(each);
        Trial f;
        if (each) f.csw.d_flags |= D_TRACKCLOSE;
        f.node("x");
        const int a = f.open("/dev/x"), b = f.open("/dev/x"), c = f.dup(b);
        f.close(a);
        CHECK(f.device.closes == (each ? 1 : 0));
        f.close(b);
        CHECK(f.device.closes == (each ? 1 : 0)); // the file is open yet
        f.close(c);
        CHECK(f.device.closes == (each ? 2 : 1));
    }
}

TEST_CASE("FBSD-066: destroy_dev waits for the reader inside, and d_purge gets it out") {
    Trial f;
    int event = 0;
    f.device.read = [&](cdev *) { return f.nap(&event), EIO; };
    f.csw.d_purge = [](cdev *dev) {
        if (++hooks->purges == 3) hooks->purge(dev);
    };
    f.device.purge = [&](cdev *) { freebsd_wakeup(&event); };
    cdev *dev = f.node("x");
    const int fd = f.open("/dev/x");
    Later read = f.later(f.root, "read", [&] { return f.read(fd) == "-EIO" ? 5 : 6; });
    CHECK_FALSE(read.done());
    const long began = f.system.sched.now();
    f.destroy(dev);
    CHECK(read.result() == 5);
    CHECK(f.device.purges == 3);
    CHECK(f.system.sched.now() - began == 2 * ticks_a_second / 10);
    CHECK(f.read(fd) == "-ENXIO");
}

TEST_CASE("FBSD-066: without d_purge it waits until the thread leaves by itself") {
    Trial f;
    int event = 0;
    f.device.read = [&](cdev *) { return f.nap(&event), 0; };
    cdev *dev = f.node("x");
    f.open("/dev/x");
    Later read = f.later(f.root, "read", [&] { return f.read(0) == "" ? 0 : 1; });
    Later destroy = f.later(f.process(), "destroy", [&] { return f.destroy(dev), 0; });
    CHECK_FALSE(destroy.done());
    CHECK_FALSE(f.listed("/dev/x")); // the name is gone at once
    f.wake(&event);
    CHECK(destroy.done());
    CHECK(read.result() == 0);
}

TEST_CASE("FBSD-066: who waits for a thread that can never leave is told") {
    Trial f;
    int event = 0;
    f.device.read = [&](cdev *) { return f.nap(&event), 0; };
    cdev *dev = f.node("x");
    f.open("/dev/x");
    Later read = f.later(f.root, "read", [&] { return f.read(0) == "" ? 0 : 1; });
    f.destroy(dev);
    CHECK(f.took_fault("FBSD-066") == 1);
    f.wake(&event);
    CHECK(read.done());
}

TEST_CASE("FBSD-067: destroy_dev inside d_close is a fault; destroy_dev_sched_cb does it afterwards") {
    Trial f;
    static int done;
    done = 0;
    cdev *dev = f.node("x");
    f.device.close = [](cdev *d) { return destroy_dev(d), 0; };
    f.open("/dev/x");
    CHECK(f.close(0) == 0);
    CHECK(f.took_fault("FBSD-067") == 1);
    CHECK(f.listed("/dev/x"));
    f.device.close = [](cdev *d) { return destroy_dev_sched_cb(
                                              d, [](void *p) { ++*static_cast<int *>(p); }, &done),
                                          0; };
    f.open("/dev/x");
    CHECK(f.close(0) == 0);
    CHECK(done == 0);
    CHECK(f.open("/dev/x") == -ENXIO); // it is on its way
    std::erase(f.made, dev);
    rill_advance(handle(f.system), 10);
    CHECK(done == 1);
    CHECK_FALSE(f.listed("/dev/x"));
}

TEST_CASE("FBSD-067: destroy_dev_sched waits for threads too, and destroy_dev_drain for it") {
    Trial f;
    int event = 0;
    f.device.read = [&](cdev *) { return f.nap(&event), 0; };
    cdev *dev = f.node("x");
    f.open("/dev/x");
    Later read = f.later(f.root, "read", [&] { return f.read(0) == "" ? 0 : 1; });
    destroy_dev_sched(dev);
    std::erase(f.made, dev);
    rill_advance(handle(f.system), 100);
    CHECK(f.listed("/dev/x"));
    CHECK(f.read(0) == "-ENXIO");
    f.wake(&event);
    destroy_dev_drain(&f.csw);
    CHECK_FALSE(f.listed("/dev/x"));
    CHECK(read.done());
}

TEST_CASE("FBSD-068 CMP-008: after destroy_dev calls on what is open fail with ENXIO") {
    for (const char *name : {"freebsd-dev_clone", "freebsd-cdevpriv"}) {
        CAPTURE(name);
        DesignFixture f(name);
        const int fd = f.open("/dev/foo");
        CHECK(f.count(fd) == 1);
        CHECK(f.detach() == 0);
        CHECK(f.read(fd) == "-ENXIO");
        CHECK(f.why().find("FBSD-068") != std::string::npos);
        CHECK(f.write(fd, "x") == -ENXIO);
        int reads = 0;
        CHECK(f.ioctl(fd, 'B' << 8 | 1, &reads) == -ENXIO);
        pollfd p{fd, POLLIN, 0};
        CHECK(outcome(rill_poll(handle(f.root), &p, 1, 0)) == -ENXIO);
        CHECK(f.open("/dev/foo") == -ENOENT);
        CHECK(f.close(fd) == 0);
        Enter scope(f.system);
        CHECK(f.design.attach(f.system, 0) == 0);
    }
}

TEST_CASE("FBSD-075: newer devfs answers from a dead vnode: EIO, POLLHUP, a terminal reads end of file; ioctl stays ENXIO") {
    for (bool terminal : {false, true}) {
        CAPTURE(terminal);
        Trial f(designs::freebsd_newer);
        if (terminal) f.csw.d_flags |= D_TTY;
        cdev *dev = f.node("x");
        f.open("/dev/x");
        f.destroy(dev);
        CHECK(f.read(0) == (terminal ? "" : "-EIO"));
        CHECK(f.write(0, "x") == -EIO);
        pollfd p{0, POLLIN, 0};
        CHECK(outcome(rill_poll(handle(f.root), &p, 1, 0)) == 1);
        CHECK(p.revents == POLLHUP);
        CHECK(f.ioctl(0, 1, 0L) == -ENXIO);
    }
}

TEST_CASE("FBSD-069: destroy_dev clears the driver's pointers") {
    Trial f;
    static void *seen;
    cdev *dev = f.node("x");
    dev->si_drv1 = dev->si_drv2 = &f;
    f.open("/dev/x"); // keeps the device in memory
    f.destroy(dev);
    seen = dev->si_drv1;
    CHECK(seen == nullptr);
    CHECK(dev->si_drv2 == nullptr);
    CHECK(dev->si_devsw == nullptr);
}

TEST_CASE("FBSD-070: a node whose device is gone: ENXIO") {
    Trial f;
    cdev *dev = f.node("x");
    const dev_t number = f.stat("/dev/x").st_rdev;
    f.Fixture::node("/dev/stale", number);
    CHECK(f.open("/dev/stale") == -ENXIO);
    CHECK(f.why().find("FBSD-070") != std::string::npos);
    CHECK(f.device.opens == 0);
    f.destroy(dev);
}

TEST_CASE("FBSD-071: ERESTART of d_open is EINTR to the caller") {
    Trial f;
    f.node("x");
    f.device.open = [](cdev *) { return -1; };
    CHECK(f.open("/dev/x") == -EINTR);
    CHECK(f.device.closes == 0);
}

TEST_CASE("FBSD-051: a lookup that finds a device of the name's unit makes none, and nobody is blamed") {
    DesignFixture f("freebsd-tun");
    CHECK(f.open("/dev/tun3") == 0);
    CHECK(outcome(rill_unlink(handle(f.root), "/dev/tun3")) == 0);
    const struct stat before = f.fstat(0);
    CHECK(f.open("/dev/tun3") == -ENOENT); // its entry is gone, and the device has no other
    CHECK(f.fstat(0).st_rdev == before.st_rdev);
    CHECK(f.system.faults.empty());
}

TEST_CASE("FBSD-072 FBSD-073: a tunnel is its owner's; a child is refused what it has open, and the marker outlives the owner") {
    DesignFixture f("freebsd-tun");
    Process &parent = f.process();
    CHECK(f.open(parent, "/dev/tun0") == 0);
    Process *child;
    {
        Enter scope(f.system);
        child = &f.system.fork_process(parent);
    }
    CHECK(f.open(*child, "/dev/tun0") == -EBUSY);
    CHECK(f.open(parent, "/dev/tun0") == 1);
    Recorder recorder;
    f.system.trace.attach(recorder);
    rill_proc_exit(handle(parent));
    CHECK(f.open(*child, "/dev/tun0") == -EBUSY); // nobody but the child has it
    f.system.trace.detach(recorder);
    const auto said = std::find_if(recorder.lines.begin(), recorder.lines.end(), [](auto &l) { return l.kind == Kind::log; });
    REQUIRE(said != recorder.lines.end());
    CHECK(said->text.find("pid marker") != std::string::npos);
    CHECK(f.close(*child, 0) == 0); // now it is the last close
    CHECK(f.open(*child, "/dev/tun0") == 0);
}

TEST_CASE("FBSD-053 FBSD-073: two first opens at once both find no state") {
    Trial f;
    f.node("x");
    static int states;
    states = 0;
    int event = 0;
    f.device.open = [&](cdev *dev) {
        if (dev->si_drv1) return 0;
        f.nap(&event);
        ++states;
        dev->si_drv1 = &states;
        return 0;
    };
    Later a = f.later_open(f.root, "/dev/x"), b = f.later_open(f.process(), "/dev/x");
    f.wake(&event);
    CHECK(a.result() >= 0);
    CHECK(b.result() >= 0);
    CHECK(states == 2);
    CHECK(text_of(f.steps, Word::drv_open).find("both may find it without state") != std::string::npos);
}

TEST_CASE("FBSD-088 FBSD-063: all opens of one node share what si_drv1 points to, and the trace says so") {
    DesignFixture f("freebsd-dev_clone");
    const int a = f.open("/dev/foo0"), b = f.open("/dev/foo0");
    CHECK(f.count(a) == 1);
    CHECK(f.count(b) == 2);
    CHECK(text_of(f.steps, Word::drv_open).find("share") != std::string::npos);
}

// --- data of an open file ---

namespace {
int ended; // destructors run
void count_end(void *) { ++ended; }
} // namespace

TEST_CASE("FBSD-080 FBSD-081 FBSD-082: each open file has its own data, set once") {
    Trial f;
    f.node("x");
    ended = 0;
    static int next;
    next = 0;
    static int marks[2];
    int before = -1, twice = -1;
    void *data = nullptr;
    f.device.open = [&](cdev *) {
        before = devfs_get_cdevpriv(&data);
        const int error = devfs_set_cdevpriv(&marks[next++], count_end);
        twice = devfs_set_cdevpriv(&marks[0], count_end);
        return error;
    };
    f.device.read = [&](cdev *) { return devfs_get_cdevpriv(&data); };
    CHECK(f.open("/dev/x") == 0);
    CHECK(before == ENOENT);
    CHECK(twice == EBUSY);
    CHECK(f.open("/dev/x") == 1);
    CHECK(f.read(0) == "");
    CHECK(data == &marks[0]);
    CHECK(f.read(1) == "");
    CHECK(data == &marks[1]);
    CHECK(devfs_set_cdevpriv(&marks[0], count_end) == ENOENT); // no call with a file
    CHECK(devfs_get_cdevpriv(&data) == EBADF);
    f.close(0);
    f.close(1);
    CHECK(ended == 2);
}

TEST_CASE("FBSD-083: clear runs the destructor at once, and the data is gone") {
    Trial f;
    f.node("x");
    ended = 0;
    f.device.open = [&](cdev *) { return devfs_set_cdevpriv(&f, count_end); };
    int after = 0;
    f.device.read = [&](cdev *) {
        devfs_clear_cdevpriv();
        void *data;
        after = devfs_get_cdevpriv(&data);
        return 0;
    };
    f.open("/dev/x");
    f.read(0);
    CHECK(ended == 1);
    CHECK(after == ENOENT);
    f.close(0);
    CHECK(ended == 1);
}

TEST_CASE("FBSD-084: the destructor runs with the last close, after d_close") {
    Trial f;
    f.node("x");
    ended = 0;
    int at_close = -1;
    f.device.open = [&](cdev *) { return devfs_set_cdevpriv(&f, count_end); };
    f.device.close = [&](cdev *) { return at_close = ended, 0; };
    f.open("/dev/x");
    const std::size_t before = f.steps.steps.size();
    f.close(0);
    CHECK(at_close == 0);
    CHECK(ended == 1);
    CHECK(f.steps.words(before) == "DRV_CLOSE DRV_DESTROY");
}

TEST_CASE("FBSD-085 CMP-006: a d_open that fails after set leaves nothing") {
    Trial f;
    f.node("x");
    ended = 0;
    f.device.open = [&](cdev *) { return devfs_set_cdevpriv(&f, count_end), EIO; };
    const Census before = f.census();
    CHECK(f.open("/dev/x") == -EIO);
    CHECK(ended == 1);
    CHECK(f.census() == before);
}

TEST_CASE("FBSD-086: destroy_dev ends the data of all files open on the device, once") {
    Trial f;
    cdev *dev = f.node("x");
    ended = 0;
    f.device.open = [&](cdev *) { return devfs_set_cdevpriv(&f, count_end); };
    for (int i = 0; i < 3; ++i) f.open("/dev/x");
    f.destroy(dev);
    CHECK(ended == 3);
    for (int i = 0; i < 3; ++i) f.close(i);
    CHECK(ended == 3);
    CHECK(f.device.closes == 0);
}

TEST_CASE("FBSD-087 CMP-002: dup and fork share the data of the file") {
    for (const char *name : {"freebsd-dev_clone", "freebsd-cdevpriv"}) {
        CAPTURE(name);
        DesignFixture f(name);
        const int fd = f.open("/dev/foo"), other = f.dup(fd);
        CHECK(f.count(fd) == 1);
        CHECK(f.count(other) == 2);
        Process &child = f.fork();
        char data[8] = {};
        CHECK(rill_read(handle(child), fd, data, sizeof data) == 2);
        CHECK(std::atoi(data) == 3);
        f.close(fd);
        CHECK(f.count(other) == 4);
    }
}

TEST_CASE("FBSD-088 CMP-003: a thousand opens of one node, and nothing is picked") {
    DesignFixture f("freebsd-cdevpriv", 4);
    for (int i = 0; i < 1000; ++i) CHECK(f.open("/dev/foo") == i);
    CHECK(listing(f.system) == "foo");
    CHECK(f.steps.count(Word::pick) == 0);
}

// --- the designs beside others ---

TEST_CASE("CMP-001: instances count on their own") {
    for (const char *name : {"freebsd-dev_clone", "freebsd-cdevpriv"}) {
        CAPTURE(name);
        DesignFixture f(name);
        const int a = f.open("/dev/foo"), b = f.open("/dev/foo");
        f.count(a);
        f.count(a);
        CHECK(f.count(a) == 3);
        CHECK(f.count(b) == 1);
        CHECK(f.write(b, "hello") == 5);
        CHECK(f.read(b) == "hello");
        int reads = 0;
        CHECK(f.ioctl(a, 'B' << 8 | 1, &reads) == 0);
        CHECK(reads == 3);
        CHECK(f.ioctl(a, 5, &reads) == -ENOTTY);
    }
}

TEST_CASE("CMP-004: with cdevpriv there are no numbers") {
    DesignFixture f("freebsd-cdevpriv");
    for (int i = 0; i < 3; ++i) f.open("/dev/foo");
    f.close(1);
    CHECK(f.open("/dev/foo") == 1);
    CHECK(f.rdev(1) == f.rdev(0));
    CHECK(f.count(1) == 1); // a new instance
}

TEST_CASE("CMP-005: fstat is that of foo0; with cdevpriv that of foo") {
    DesignFixture f("freebsd-dev_clone");
    const int fd = f.open("/dev/foo");
    CHECK(f.rdev(fd) == f.stat("/dev/foo0").st_rdev);
    CHECK(f.fstat(fd).st_ino == f.stat("/dev/foo0").st_ino);
    DesignFixture p("freebsd-cdevpriv");
    CHECK(p.rdev(p.open("/dev/foo")) == p.stat("/dev/foo").st_rdev);
}

TEST_CASE("CMP-006: of an open that fails, node and unit stay until destroy_dev") {
    DesignFixture f("freebsd-dev_clone");
    f.stat("/dev/foo0");
    const Census before = f.census();
    f.system.alloc.fail_nth(4);
    CHECK(f.open("/dev/foo0") == -ENOMEM);
    f.system.alloc.fail_nth(0);
    CHECK(f.census() == before);
    CHECK(listing(f.system) == "foo0");
}

TEST_CASE("CMP-007: opens at once never get one unit") {
    DesignFixture f("freebsd-dev_clone", 1000);
    std::set<dev_t> seen;
    for (int i = 0; i < 1000; ++i) {
        Later open = f.later_open(f.root, "/dev/foo");
        CHECK(seen.insert(f.rdev(open.finish())).second);
    }
}

TEST_CASE("CMP-009: stat of the generic name picks a unit") {
    DesignFixture f("freebsd-dev_clone");
    f.stat("/dev/foo");
    CHECK(f.steps.count(Word::pick) == 1);
    DesignFixture p("freebsd-cdevpriv");
    p.stat("/dev/foo");
    CHECK(p.steps.count(Word::pick) == 0);
}

TEST_CASE("CMP-010: the steps of one open") {
    DesignFixture f("freebsd-dev_clone");
    f.open("/dev/foo");
    CHECK(f.steps.words() == "LOOKUP MISS HANDLER PICK NODE+ DRV_OPEN");
    DesignFixture p("freebsd-cdevpriv");
    p.open("/dev/foo");
    CHECK(p.steps.words() == "LOOKUP DRV_OPEN");
}

TEST_CASE("FBSD-054 FBSD-080: whichever allocation of an open fails, nothing is left, and the next open succeeds") {
    for (const char *name : {"freebsd-dev_clone", "freebsd-cdevpriv", "freebsd-rodent", "freebsd-tcp", "freebsd-tun"}) {
        CAPTURE(name);
        DesignFixture f(name);
        // What the lookup makes stays (CMP-006): the device goes and comes again with the driver.
        const auto path = f.design.model ? f.design.path : std::string_view(name) == "freebsd-tun" ? "/dev/tun"
                                                       : std::string_view(name) == "freebsd-tcp"   ? "/dev/tcp/server/host"
                                                                                                   : "/dev/rodent/jerry";
        const auto again = [&] {
            CHECK(f.detach() == 0);
            Enter scope(f.system);
            f.system.alloc.fail_nth(0);
            CHECK(f.design.attach(f.system, 0) == 0);
        };
        for_every_allocation(
            f, {ENFILE, ENOMEM, ENOENT},
            [&] {
                const int result = f.open(path);
                if (result < 0) again();
                return result;
            },
            [&](int fd) {
                f.close(fd);
                again();
            });
    }
}

// --- the authors' devices ---

TEST_CASE("FBSD-006 FBSD-015: a connection is made by opening names; what one end writes the other reads") {
    DesignFixture f("freebsd-tcp");
    CHECK(f.open("/dev/tcp/client/mars") == -ENOENT);
    const int server = f.open("/dev/tcp/server/mars");
    CHECK(f.read(f.open("/dev/tcp/server/ctl", O_RDONLY)) == "mars listens\n");
    Process &other = f.process();
    const int client = f.open(other, "/dev/tcp/client/mars");
    CHECK(client >= 0);
    CHECK(f.open(other, "/dev/tcp/client/mars") == -EBUSY); // openers of a name would share a connection
    Later read = f.later(f.root, "read", [&] { return f.read(server) == "hello" ? 0 : 1; });
    CHECK_FALSE(read.done());
    CHECK(rill_write(handle(other), client, "hello", 5) == 5);
    CHECK(read.finish() == 0);
    CHECK(f.write(server, "yes") == 3);
    char data[8] = {};
    CHECK(rill_read(handle(other), client, data, sizeof data) == 3);
    f.close(other, client);
    CHECK(f.read(server) == "");
    CHECK(f.write(server, "x") == -EPIPE);
    rill_advance(handle(f.system), 10);
    CHECK(listing(f.system) == "tcp tcp/client tcp/client/ctl tcp/server tcp/server/ctl tcp/server/mars");
    CHECK(f.open(other, "/dev/tcp/client/mars") >= 0); // it listens again
}

TEST_CASE("FBSD-066: unloading the driver gets blocked readers and writers of a connection out") {
    DesignFixture f("freebsd-tcp");
    const int server = f.open("/dev/tcp/server/mars"), client = f.open("/dev/tcp/client/mars");
    Later read = f.later(f.process(), "read", [&] { return f.read(server) == "" ? 0 : 1; });
    const std::string much(300, 'x');
    Later write = f.later(f.process(), "write", [&] { return f.write(server, much); });
    CHECK_FALSE(write.done());
    CHECK(f.detach() == 0);
    CHECK(read.done());
    CHECK(write.done());
    CHECK(f.read(client) == "-ENXIO");
    Enter scope(f.system);
    CHECK(f.design.attach(f.system, 0) == 0);
}

TEST_CASE("FBSD-027 FBSD-064: a rodent that its ctl removes gives its unit to the next; who has it open sees ENXIO") {
    DesignFixture f("freebsd-rodent");
    const int ctl = f.open("/dev/rodent/ctl");
    const int tom = f.open("/dev/rodent/tom"), jerry = f.open("/dev/rodent/jerry");
    const dev_t number = f.rdev(tom);
    CHECK(f.read(ctl) == "2 rodents\n");
    CHECK(f.write(ctl, "tom\n") == 4);
    CHECK(f.read(tom) == "-ENXIO");
    CHECK(f.count(jerry) == 1);
    CHECK(f.rdev(f.open("/dev/rodent/mickey")) == number);
    CHECK(f.write(ctl, "tom") == -ENOENT);
}

// --- many steps ---

TEST_CASE("FBSD-027 FBSD-064 CMP-007: 10,000 random steps: no unit is lost or given twice, none is used after destroy") {
    constexpr unsigned bound = 12;
    DesignFixture f("freebsd-dev_clone", bound);
    f.system.trace.detach(f.steps);
    struct Open {
        int unit;
        int life; // of the unit
    };
    std::map<int, Open> open;          // descriptor -> what it refers to
    std::map<int, int> lives, counts;  // unit -> which life; instance's reads
    int next_life = 1;
    std::mt19937 random(20041201);
    const auto draw = [&](int n) { return static_cast<int>(random() % static_cast<unsigned>(n)); };
    const auto some = [&] { return std::next(open.begin(), draw(static_cast<int>(open.size()))); };
    for (int step = 0; step < 10000; ++step) {
        const int what = draw(100);
        if (what < 30) {
            const bool any = draw(2);
            int unit = draw(bound + 2);
            if (any)
                for (unit = 0; lives.contains(unit);) ++unit;
            const int fd = f.open(any ? "/dev/foo" : ("/dev/foo" + std::to_string(unit)).c_str());
            const bool room = lives.contains(unit) || (unit < static_cast<int>(bound) && lives.size() < bound);
            REQUIRE((fd >= 0) == room);
            if (fd < 0) {
                REQUIRE(fd == -ENOENT);
                continue;
            }
            if (!lives.contains(unit)) lives[unit] = next_life++, counts[unit] = 0;
            REQUIRE(external_minor(f.rdev(fd)) == static_cast<minor_t>(unit));
            REQUIRE(open.emplace(fd, Open{unit, lives[unit]}).second);
        } else if (what < 55 && !open.empty()) {
            const auto it = some();
            REQUIRE(f.close(it->first) == 0);
            open.erase(it);
        } else if (what < 65 && !open.empty()) {
            const auto it = some();
            const Open same = it->second;
            REQUIRE(open.emplace(f.dup(it->first), same).second);
        } else if (what < 90 && !open.empty()) {
            const auto it = some();
            const auto [unit, life] = it->second;
            if (lives.contains(unit) && lives[unit] == life)
                REQUIRE(f.count(it->first) == ++counts[unit]);
            else
                REQUIRE(f.read(it->first) == "-ENXIO");
        } else if (what < 99 && !lives.empty()) {
            const auto it = std::next(lives.begin(), draw(static_cast<int>(lives.size())));
            Enter scope(f.system);
            freebsd_foo_destroy(it->first);
            lives.erase(it);
        } else if (what == 99 && draw(4) == 0) {
            REQUIRE(f.detach() == 0);
            Enter scope(f.system);
            REQUIRE(f.design.attach(f.system, bound) == 0);
            lives.clear();
        }
        REQUIRE(f.system.minors_out == static_cast<long>(lives.size()));
    }
    f.system.trace.attach(f.steps);
}
