// 100,000 random steps over five multiplexors and two drivers without a lower half: opens, closes, links and unlinks of
// both kinds, some refused by the driver, and messages sent down and up. A model made of maps says what each call
// returns, where each message comes out, and which streams live. At no time do the links make a cycle, and nothing is
// left at the end.
#include "test/harness.hpp"
#include "test/random.hpp"

#include "streams/head/mux.hpp"

#include <array>
#include <cstring>
#include <map>
#include <sys/ddi.h>

using namespace rill;
using namespace rill::test;

namespace {

constexpr int drivers = 7, multiplexors = 5;
constexpr unsigned minors = 12;
constexpr major_t first_major = 70;

// --- the drivers: they pass a message through their first link, or say that it came out there ---

struct Unit;
struct Lower {
    int id;
    queue_t *bottom;
    Unit *upper; // nullptr: persistent
};
using Lowers = std::map<int, Lower>;

struct Unit {
    int driver = 0;
    minor_t minor = 0;
    queue_t *read = nullptr;
    Lowers links;
};

struct Board { // what all of them share; one test at a time
    std::array<std::array<Unit, minors>, drivers> units;
    std::array<Lowers, drivers> persistent;
    int refuse = 0; // the error that link requests get now
    std::string out;
    int asked = 0;
} *board;

std::string name_of_unit(const Unit &u) { return std::to_string(u.driver) + ":" + std::to_string(u.minor); }

int unit_open(queue_t *q, dev_t *devp, int, int sflag, cred_t *) {
    const int driver = q->q_qinfo->qi_minfo->mi_idnum;
    auto &units = board->units[static_cast<std::size_t>(driver)];
    minor_t m = 0;
    while (m < minors && units[m].read) ++m;
    if (sflag != CLONEOPEN || m == minors) return EBUSY;
    units[m] = {driver, m, q, {}};
    q->q_ptr = WR(q)->q_ptr = &units[m];
    *devp = makedevice(getemajor(*devp), m);
    qprocson(q);
    return 0;
}

int unit_close(queue_t *q, int, cred_t *) {
    qprocsoff(q);
    auto *unit = static_cast<Unit *>(q->q_ptr);
    unit->read = nullptr;
    unit->links.clear(); // of refused unlinks
    return 0;
}

int link_request(Unit &unit, int command, const linkblk &link) {
    ++board->asked;
    if (board->refuse) return board->refuse;
    const bool persistent = command == I_PLINK || command == I_PUNLINK;
    Lowers &lowers = persistent ? board->persistent[static_cast<std::size_t>(unit.driver)] : unit.links;
    if (command == I_UNLINK || command == I_PUNLINK) return lowers.erase(link.l_index) ? 0 : EINVAL;
    Lower &lower = lowers[link.l_index] = {link.l_index, link.l_qbot, persistent ? nullptr : &unit};
    link.l_qbot->q_ptr = RD(link.l_qbot)->q_ptr = &lower;
    return 0;
}

int unit_wput(queue_t *q, mblk_t *mp) {
    auto &unit = *static_cast<Unit *>(q->q_ptr);
    if (mp->b_datap->db_type == M_DATA) {
        const Lowers &shared = board->persistent[static_cast<std::size_t>(unit.driver)];
        const Lowers &lowers = unit.links.empty() ? shared : unit.links;
        if (!lowers.empty()) return putnext(lowers.begin()->second.bottom, mp), 0;
        board->out = name_of_unit(unit) + " " + std::string(reinterpret_cast<char *>(mp->b_rptr), msgdsize(mp));
    } else if (mp->b_datap->db_type == M_IOCTL) {
        auto *io = reinterpret_cast<iocblk *>(mp->b_rptr);
        linkblk link;
        std::memcpy(&link, mp->b_cont->b_rptr, sizeof link);
        io->ioc_error = link_request(unit, io->ioc_cmd, link);
        io->ioc_count = 0;
        mp->b_datap->db_type = io->ioc_error ? M_IOCNAK : M_IOCACK;
        return qreply(q, mp), 0;
    }
    freemsg(mp);
    return 0;
}

int lower_rput(queue_t *q, mblk_t *mp) {
    const auto *lower = static_cast<Lower *>(q->q_ptr);
    if (lower && lower->upper) return putnext(lower->upper->read, mp), 0;
    board->out = "nobody " + std::string(reinterpret_cast<char *>(mp->b_rptr), msgdsize(mp));
    freemsg(mp);
    return 0;
}

struct Tab {
    module_info info;
    qinit read, write, low_read, low_write;
    streamtab tab;
};

// --- the model ---

struct Model {
    struct Node { // a stream
        int driver;
        minor_t minor;
        int fd;    // -1: closed, kept by its link
        int below; // id of the link it is below, or 0
    };
    struct Edge {
        int upper; // -1: persistent
        int driver, lower;
    };
    std::map<int, Node> nodes; // by a number of our own
    std::map<int, Edge> edges; // by id
    int next = 0, last_id = 0;

    bool reaches(int from, int to) const {
        if (from == to) return true;
        for (auto &[id, e] : edges)
            if (e.driver == from && reaches(nodes.at(e.lower).driver, to)) return true;
        return false;
    }
    // Why it must be refused, or 0; what the driver says comes last.
    int refusal(int upper, int lower) const {
        const Node &u = nodes.at(upper), &l = nodes.at(lower);
        return u.below || u.driver >= multiplexors || upper == lower || l.below || reaches(l.driver, u.driver) ? EINVAL : 0;
    }
    void cut(int id) {
        const int lower = edges.at(id).lower;
        edges.erase(id);
        nodes.at(lower).below = 0;
        if (nodes.at(lower).fd < 0) gone(lower);
    }
    void gone(int node) { // last close
        for (int id; (id = first_of(node)) != 0;) cut(id);
        nodes.erase(node);
    }
    void close(int node) {
        nodes.at(node).fd = -1;
        if (!nodes.at(node).below) gone(node);
    }
    int first_of(int node) const {
        for (auto &[id, e] : edges)
            if (e.upper == node) return id;
        return 0;
    }
    int first_persistent(int driver) const {
        for (auto &[id, e] : edges)
            if (e.upper < 0 && e.driver == driver) return id;
        return 0;
    }
    int bottom_of(int node) const {
        for (;;) {
            int id = first_of(node);
            if (!id) id = first_persistent(nodes.at(node).driver);
            if (!id) return node;
            node = edges.at(id).lower;
        }
    }
    int top_of(int node) const { // -1: nobody
        while (node >= 0 && nodes.at(node).below) node = edges.at(nodes.at(node).below).upper;
        return node;
    }
};

// Are the links of the System free of cycles, driver by driver? Drivers without links from above are taken away until
// none is left.
bool acyclic(const System &system) {
    std::vector<std::pair<const Driver *, const Driver *>> edges;
    for (const Link &link : system.links) edges.emplace_back(link.driver, link.lower->driver);
    while (!edges.empty()) {
        const auto before = edges.size();
        std::erase_if(edges, [&](const auto &e) {
            return std::none_of(edges.begin(), edges.end(), [&](const auto &other) { return other.second == e.first; });
        });
        if (edges.size() == before) return false;
    }
    return true;
}

} // namespace

TEST_CASE("MUX-003 MUX-016 MUX-044 MUX-059 MUX-071 MUX-072: 100,000 random links and unlinks agree with a model") {
    Board shared;
    board = &shared;
    static Tab tabs[drivers];
    Fixture f;
    for (int d = 0; d < drivers; ++d) {
        Tab &t = tabs[d];
        t.info = {static_cast<unsigned short>(d), "unit", 0, INFPSZ, 4096, 512};
        t.read = {nullptr, nullptr, unit_open, unit_close, nullptr, &t.info, nullptr};
        t.write = {unit_wput, nullptr, nullptr, nullptr, nullptr, &t.info, nullptr};
        t.low_read = {lower_rput, nullptr, nullptr, nullptr, nullptr, &t.info, nullptr};
        t.low_write = {nullptr, nullptr, nullptr, nullptr, nullptr, &t.info, nullptr};
        t.tab = {&t.read, &t.write, d < multiplexors ? &t.low_read : nullptr, d < multiplexors ? &t.low_write : nullptr};
        const std::string name = "unit" + std::to_string(d), path = "/dev/" + name;
        const int major = static_cast<int>(first_major) + d;
        REQUIRE(rill_driver_add(handle(f.system), name.c_str(), major, &t.tab, D_MP, static_cast<int>(minors)) == 0);
        f.node(path.c_str(), f.clone(static_cast<major_t>(major)));
    }
    const Census before = f.census();
    Random random(20240617);
    auto below = [&](int n) { return random.below(n); };
    Model model;
    int made = 0, cycles = 0, sent = 0, came_up = 0, refused = 0, passed_on = 0;
    bool agree = true;
    int step = 0;
    auto expect = [&](bool right, const char *what, long got, long wanted) {
        if (right) return;
        agree = false;
        FAIL_CHECK("step " << step << ": " << what << " gave " << got << ", the model says " << wanted);
    };
    auto any = [&](bool with_fd) { // a stream, or -1
        std::vector<int> all;
        for (auto &[n, node] : model.nodes)
            if (!with_fd || node.fd >= 0) all.push_back(n);
        return all.empty() ? -1 : all[static_cast<std::size_t>(below(static_cast<int>(all.size())))];
    };
    for (; step < 100000 && agree; ++step) {
        const int a = any(true), what = below(100);
        shared.refuse = below(10) == 0 ? EBUSY : 0;
        shared.out.clear();
        if (what < 30 || a < 0) {
            const int d = below(drivers);
            unsigned used = 0;
            for (auto &[n, node] : model.nodes) used += node.driver == d;
            int fd = f.open(("/dev/unit" + std::to_string(d)).c_str());
            expect((fd >= 0) == (used < minors), "open", fd, used < minors ? 0 : -EBUSY);
            if (fd >= 0) model.nodes[model.next++] = {d, getminor(f.rdev(fd)), fd, 0};
            else expect(fd == -EBUSY, "open", fd, -EBUSY);
        } else if (what < 42) {
            const int result = f.close(model.nodes.at(a).fd);
            expect(result == 0, "close", result, 0);
            model.close(a);
        } else if (what < 70) {
            const bool persistent = what < 45;
            const int b = any(true), upper_driver = model.nodes.at(a).driver;
            const int asked = shared.asked;
            int wanted = model.refusal(a, b);
            cycles += wanted && !model.nodes.at(a).below && !model.nodes.at(b).below && a != b && upper_driver < multiplexors;
            if (!wanted && shared.refuse) wanted = shared.refuse, ++refused;
            const int id = f.ioctl(model.nodes.at(a).fd, persistent ? I_PLINK : I_LINK, model.nodes.at(b).fd);
            expect(wanted ? id == -wanted : id > model.last_id, "link", id, -wanted);
            expect(shared.asked - asked == (!wanted || wanted == EBUSY), "requests to the driver", shared.asked - asked, !wanted);
            if (id > 0 && agree) {
                ++made;
                model.last_id = id;
                model.edges[id] = {persistent ? -1 : a, upper_driver, b};
                model.nodes.at(b).below = id;
            }
        } else if (what < 82) {
            const bool persistent = what < 73;
            int id = model.edges.empty() ? 1 : std::next(model.edges.begin(), below(static_cast<int>(model.edges.size())))->first;
            if (below(10) == 0) id = MUXID_ALL;
            const Model::Node &node = model.nodes.at(a);
            const int driver = node.driver;
            auto mine = [&](const Model::Edge &e) { return persistent ? e.upper < 0 && e.driver == driver : e.upper == a; };
            std::vector<int> named;
            for (auto &[n, e] : model.edges)
                if (mine(e) && (id == MUXID_ALL || n == id)) named.push_back(n);
            int wanted = node.below || (id != MUXID_ALL && named.empty()) ? EINVAL
                         : !named.empty()                                 ? shared.refuse
                                                                          : 0;
            const int result = f.ioctl(node.fd, persistent ? I_PUNLINK : I_UNLINK, id);
            expect(result == -wanted, "unlink", result, -wanted);
            if (!wanted)
                for (int n : named) model.cut(n);
        } else if (what < 92) {
            const std::string text = std::to_string(step);
            const Model::Node &from = model.nodes.at(a);
            const int result = f.write(from.fd, text);
            if (from.below) {
                expect(result == -EINVAL, "write", result, -EINVAL);
            } else {
                const int to = model.bottom_of(a);
                const Model::Node &node = model.nodes.at(to);
                expect(result == static_cast<int>(text.size()), "write", result, static_cast<long>(text.size()));
                const std::string place = std::to_string(node.driver) + ":" + std::to_string(node.minor) + " " + text;
                if (shared.out != place) {
                    agree = false;
                    FAIL_CHECK("step " << step << ": came out at " << shared.out << ", the model says " << place);
                }
                ++sent;
                passed_on += to != a;
            }
        } else {
            const int from = any(false), to = model.top_of(from);
            const std::string text = std::to_string(step);
            const Model::Node &node = model.nodes.at(from);
            {
                Enter scope(f.system);
                mblk_t *mp = allocb(text.size(), BPRI_MED);
                std::memcpy(mp->b_wptr, text.data(), text.size());
                mp->b_wptr += text.size();
                putnext(shared.units[static_cast<std::size_t>(node.driver)][node.minor].read, mp);
                f.system.run_until_idle();
            }
            const std::string got = to < 0 ? shared.out : f.read(model.nodes.at(to).fd);
            if (got != (to < 0 ? "nobody " + text : text)) {
                agree = false;
                FAIL_CHECK("step " << step << ": up came " << got << ", the model says " << text << " at " << to);
            }
            came_up += to != from;
        }
        if (!acyclic(f.system)) {
            agree = false;
            FAIL_CHECK("step " << step << ": the links make a cycle");
        }
        expect(f.system.links.size() == model.edges.size(), "links", static_cast<long>(f.system.links.size()),
               static_cast<long>(model.edges.size()));
        expect(f.system.stream_pool.out() == static_cast<long>(model.nodes.size()), "streams", f.system.stream_pool.out(),
               static_cast<long>(model.nodes.size()));
    }
    CHECK(agree);
    // It has to have been about something.
    CHECK(made > 1000);
    CHECK(cycles > 1000);
    CHECK(refused > 100);
    CHECK(sent > 1000);
    CHECK(passed_on > 500);
    CHECK(came_up > 500);
    shared.refuse = 0;
    while (agree && any(true) >= 0) {
        const int n = any(true);
        CHECK(f.close(model.nodes.at(n).fd) == 0);
        model.close(n);
    }
    CHECK(f.system.links.size() == model.edges.size()); // the persistent ones
    for (int d = 0; d < multiplexors; ++d) {
        // A table may be full of streams that links keep: then other drivers' go first. Twice over suffices for five.
        for (int again = 0; again < multiplexors; ++again)
            for (int e = 0; e < multiplexors; ++e)
                if (int fd = f.open(("/dev/unit" + std::to_string(e)).c_str()); fd >= 0) {
                    CHECK(f.ioctl(fd, I_PUNLINK, MUXID_ALL) == 0);
                    CHECK(f.close(fd) == 0);
                }
        if (f.system.links.empty()) break;
    }
    CHECK(f.census() == before);
}
