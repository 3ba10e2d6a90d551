// Random programs of queue operations against a model made of a list and a few flags: the order of messages, the counts
// of each band, QFULL and QB_FULL, QWANTR, what is scheduled and in which order, who is back-enabled.
//
// The marks are odd and the sizes even, so that no count stands exactly on a mark (FLW-005, FLW-014).
#include "test/property/rapid.hpp"
#include "test/unit/pairs.hpp"

#include <list>

using namespace rill;
using namespace rill::test;

namespace {

struct Do {
    enum What {
        put,
        put_back,
        get,
        insert,
        remove,
        flush_queue,
        flush_band,
        room,
        no_enable,
        enable_ok,
        enable,
        marks,
        run,
        count
    };
    int what, type, band, size, place, flag;
};
constexpr int types[] = {M_DATA, M_DATA, M_PROTO, M_PCPROTO, M_CTL, M_IOCACK};
constexpr const char *names[] = {"putq", "putbq", "getq", "insq", "rmvq", "flushq", "flushband",
                                 "bcanput", "noenable", "enableok", "qenable", "strqset", "run"};

// What ought to be. Band 0 is that of the queue itself; high-priority messages belong to it.
class Model {
public:
    struct Item {
        mblk_t *mp;
        int type;
        unsigned band;
        std::size_t size;
        bool high() const { return type >= QPCTL; }
        // Higher goes first (QUE-039).
        unsigned rank() const { return high() ? 256 : band; }
    };
    struct Level {
        std::size_t count = 0, hiwat = 0, lowat = 0;
        bool full = false, wanted = false;
    };

    Model(std::size_t hiwat, std::size_t lowat, bool insq_schedules) : insq_schedules_(insq_schedules) {
        levels.push_back({0, hiwat, lowat, false, false});
    }

    std::list<Item> items;
    std::vector<Level> levels; // by band; QUE-042
    bool wants_reader = true, stopped = false;
    std::vector<std::string> enabled; // in the order in which they will run

    void schedule(const char *queue) { // SCH-002, SCH-003
        if (std::find(enabled.begin(), enabled.end(), queue) == enabled.end()) enabled.emplace_back(queue);
    }
    bool has_band(unsigned band) const { return band < levels.size(); }
    void make_bands(unsigned band) {
        while (!has_band(band)) levels.push_back({0, levels[0].hiwat, levels[0].lowat, false, false});
    }
    void add(std::list<Item>::iterator before, Item item) {
        if (item.high()) item.band = 0; // QUE-040
        make_bands(item.band);
        Level &level = levels[item.band];
        level.count += item.size;
        if (level.count >= level.hiwat) level.full = true; // FLW-005
        items.insert(before, item);
    }
    void put(const Item &item) {
        auto at = items.begin();
        while (at != items.end() && at->rank() >= item.rank()) ++at;
        add(at, item);
        if (item.high() || (!stopped && (item.band || wants_reader)))
            schedule("w1 service"); // SCH-012, SCH-013, SCH-016, SCH-019
    }
    void put_back(const Item &item) {
        auto at = items.begin();
        while (at != items.end() && at->rank() > item.rank()) ++at;
        add(at, item);
        if (item.high() || (!stopped && wants_reader)) schedule("w1 service"); // SCH-020, SCH-021
    }
    // QUE-052, QUE-053, QUE-081
    bool insert(std::list<Item>::iterator emp, const Item &item) {
        const Item *before = emp == items.begin() ? nullptr : &*std::prev(emp),
                   *behind = emp == items.end() ? nullptr : &*emp;
        if (before && before->rank() < item.rank()) return false;
        if (behind && item.rank() < behind->rank()) return false;
        add(emp, item);
        if ((item.high() && insq_schedules_) || (!stopped && wants_reader)) schedule("w1 service"); // SCH-023, SCH-035
        return true;
    }
    void relax(Level &level) { // FLW-011, FLW-014, FLW-017, FLW-018
        if (level.count != 0 && level.count >= level.lowat) return;
        level.full = false;
        if (level.wanted) schedule("w0 service"); // FLW-020
        level.wanted = false;
    }
    std::list<Item>::iterator take(std::list<Item>::iterator at) {
        Level &level = levels[at->band];
        level.count -= at->size;
        auto next = items.erase(at);
        relax(level);
        return next;
    }
    mblk_t *get() {
        if (items.empty()) {
            wants_reader = true;
            relax(levels[0]); // FLW-019
            return nullptr;
        }
        wants_reader = false;
        mblk_t *mp = items.front().mp;
        take(items.begin());
        return mp;
    }
    template <class Which> void flush(int flag, Which which) { // QUE-060 to QUE-063
        for (auto at = items.begin(); at != items.end();) {
            const bool data = at->type == M_DATA || at->type == M_PROTO || at->type == M_PCPROTO || at->type == M_DELAY;
            at = which(*at) && (flag == FLUSHALL || data) ? take(at) : std::next(at);
        }
    }
    bool room(unsigned band) { // FLW-025, FLW-031, FLW-033, FLW-035
        if (!has_band(band) || !levels[band].full) return true;
        levels[band].wanted = true;
        return false;
    }

private:
    const bool insq_schedules_;
};

class Program {
public:
    explicit Program(const char *profile)
        : pairs_(2, profile), q_(pairs_.write(1)), model_(101, 41, pairs_.f.system.profile.insq_hipri_schedules) {
        pairs_.marks(q_, 101, 41);
    }
    std::string run(const std::vector<Do> &steps) {
        for (std::size_t i = 0; i < steps.size() && problem_.empty(); ++i) {
            step(steps[i]);
            compare();
            if (!problem_.empty())
                problem_ = "step " + std::to_string(i) + ", " + names[steps[i].what] + ": " + problem_;
        }
        return problem_;
    }

private:
    void expect(bool holds, const char *clause) {
        if (!holds && problem_.empty()) problem_ = clause;
    }
    std::list<Model::Item>::iterator item(int place) {
        return std::next(model_.items.begin(), place % static_cast<int>(model_.items.size()));
    }

    void step(const Do &d) {
        const auto band = static_cast<unsigned char>(d.band);
        const auto size = static_cast<std::size_t>(d.size);
        switch (d.what) {
        case Do::put:
        case Do::put_back:
        case Do::insert: {
            mblk_t *mp = pairs_.message(size, types[d.type], band);
            const Model::Item item{mp, types[d.type], band, size};
            if (d.flag == 0 && !item.high() && !model_.has_band(band)) { // QUE-041, QUE-050
                pairs_.f.system.alloc.fail_nth(1);
                expect((d.what == Do::put_back ? putbq : putq)(q_, mp) == 0,
                       "QUE-041 QUE-050: 0 when a band cannot be had");
                expect(mp->b_band == band && !mp->b_next && !mp->b_prev, "QUE-041: the message stays the caller's");
                pairs_.f.system.alloc.fail_nth(0);
                return freemsg(mp);
            }
            if (d.what == Do::put) {
                model_.put(item);
                expect(putq(q_, mp) == 1, "QUE-041 FLW-010: putq takes a message, full or not");
            } else if (d.what == Do::put_back) {
                model_.put_back(item);
                expect(putbq(q_, mp) == 1, "QUE-050: putbq takes a message");
            } else {
                insert(d, item);
            }
            return;
        }
        case Do::get: {
            mblk_t *expected = model_.get(), *mp = getq(q_);
            expect(mp == expected, "QUE-045: getq gives the first message, or NULL");
            if (!mp || !problem_.empty()) return;
            expect(!mp->b_next && !mp->b_prev, "QUE-045: what getq gives is linked to nothing");
            return freemsg(mp);
        }
        case Do::remove: {
            if (model_.items.empty()) return;
            auto which = item(d.place);
            mblk_t *mp = which->mp;
            model_.take(which);
            rmvq(q_, mp); // QUE-057
            return freemsg(mp);
        }
        case Do::flush_queue:
            model_.flush(d.flag ? FLUSHALL : FLUSHDATA, [](const Model::Item &) { return true; });
            return flushq(q_, d.flag ? FLUSHALL : FLUSHDATA);
        case Do::flush_band:
            model_.flush(d.flag ? FLUSHALL : FLUSHDATA, [&](const Model::Item &i) { return i.band == band; });
            return flushband(q_, band, d.flag ? FLUSHALL : FLUSHDATA);
        case Do::room: {
            const bool room = model_.room(band);
            const int answer = band == 0 && d.flag ? canput(q_)
                               : d.place % 2       ? bcanputnext(pairs_.write(0), band)
                                                   : bcanput(q_, band);
            return expect(answer == room, "FLW-025 FLW-029 FLW-030 FLW-031 FLW-033 FLW-035: is there room");
        }
        case Do::no_enable:
            model_.stopped = true;
            return noenable(q_);
        case Do::enable_ok:
            model_.stopped = false;
            return enableok(q_);
        case Do::enable:
            model_.schedule("w1 service");
            return qenable(q_); // SCH-008
        case Do::marks: {
            const std::size_t mark = d.flag == 0 && d.place < 5 ? 0 : size | 1;      // FLW-017
            model_.make_bands(band);                                                 // QUE-069
            (d.flag ? model_.levels[band].hiwat : model_.levels[band].lowat) = mark; // QUE-071: the flag stays
            return expect(strqset(q_, d.flag ? QHIWAT : QLOWAT, band, static_cast<long>(mark)) == 0,
                          "QUE-008: strqset");
        }
        case Do::run:
            pairs_.log.clear();
            pairs_.run();
            expect(pairs_.log == model_.enabled, "SCH-002 SCH-003 SCH-004: what was enabled runs once, in that order");
            return model_.enabled.clear();
        default:
            return;
        }
    }
    void insert(const Do &d, const Model::Item &item) {
        const bool at_end = model_.items.empty() || d.flag == 1;
        if (at_end && item.high()) return freemsg(item.mp); // QUE-053 leaves it open
        auto emp = at_end ? model_.items.end() : this->item(d.place);
        mblk_t *before = at_end ? nullptr : emp->mp;
        const bool fits = model_.insert(emp, item);
        expect(insq(q_, before, item.mp) == fits, "QUE-051 QUE-052 QUE-053 QUE-081: insq keeps the order");
        if (!fits && problem_.empty()) freemsg(item.mp);
    }

    void compare() {
        mblk_t *mp = q_->q_first, *prev = nullptr;
        std::vector<std::pair<mblk_t *, mblk_t *>> ends(model_.levels.size());
        for (const Model::Item &i : model_.items) {
            expect(mp == i.mp, "QUE-039 QUE-048: the order of messages");
            if (!problem_.empty()) return;
            expect(mp->b_prev == prev && mp->b_band == i.band, "MSG-004 QUE-040: links and band");
            if (!i.high()) {
                if (!ends[i.band].first) ends[i.band].first = mp;
                ends[i.band].second = mp;
            }
            prev = mp;
            mp = mp->b_next;
        }
        expect(mp == nullptr && q_->q_last == prev, "QUE-039: the end of the queue");
        expect(qsize(q_) == static_cast<int>(model_.items.size()), "QUE-065: qsize");
        expect(q_->q_nband == model_.levels.size() - 1, "QUE-042 FLW-031: bands up to the highest that was used");
        if (!problem_.empty()) return;
        const Model::Level &own = model_.levels[0];
        expect(q_->q_count == own.count, "FLW-001 FLW-004 FLW-039: q_count");
        expect(q_->q_hiwat == own.hiwat && q_->q_lowat == own.lowat, "QUE-008: the marks");
        expect(Pairs::full(q_) == own.full, "FLW-005 FLW-011: QFULL");
        expect(bool(q_->q_flag & QWANTW) == own.wanted, "FLW-018 FLW-025: QWANTW");
        expect(bool(q_->q_flag & QWANTR) == model_.wants_reader, "FLW-040: QWANTR");
        expect(bool(q_->q_flag & QNOENB) == model_.stopped, "SCH-009: QNOENB");
        const qband_t *b = q_->q_bandp;
        for (std::size_t band = 1; band < model_.levels.size(); ++band, b = b->qb_next) {
            const Model::Level &level = model_.levels[band];
            expect(b->qb_count == level.count, "FLW-003: qb_count");
            expect(b->qb_hiwat == level.hiwat && b->qb_lowat == level.lowat, "FLW-038: a band's marks");
            expect(bool(b->qb_flag & QB_FULL) == level.full, "FLW-037: QB_FULL");
            expect(bool(b->qb_flag & QB_WANTW) == level.wanted, "FLW-033 FLW-037: QB_WANTW");
            expect(b->qb_first == ends[band].first && b->qb_last == ends[band].second, "QUE-035: qb_first and qb_last");
        }
        for (auto [queue, name] : {std::pair{pairs_.write(0), "w0 service"}, {q_, "w1 service"}}) {
            const bool due = std::find(model_.enabled.begin(), model_.enabled.end(), name) != model_.enabled.end();
            expect(Pairs::enabled(queue) == due, queue == q_
                                                     ? "SCH-012 to SCH-035: is the queue scheduled"
                                                     : "FLW-014 FLW-017 FLW-020: is the queue behind back-enabled");
        }
    }

    Pairs pairs_;
    queue_t *q_;
    Model model_;
    std::string problem_;
};

void showValue(const Do &d, std::ostream &out) {
    out << names[d.what] << "(" << type_name(types[d.type]) << " band " << d.band << " size " << d.size << " place "
        << d.place << " flag " << d.flag << ")";
}

rc::Gen<Do> any_step() {
    using rc::gen::inRange;
    // Few bands, so that they meet; sizes that make a queue full after a few messages.
    const auto band = rc::gen::weightedElement<int>({{6, 0}, {3, 1}, {3, 2}, {1, 3}, {1, 7}, {1, 255}});
    return rc::gen::map(rc::gen::tuple(inRange<int>(0, Do::count), inRange<int>(0, static_cast<int>(std::size(types))),
                                       band, inRange<int>(0, 40), inRange<int>(0, 20), inRange<int>(0, 4)),
                        [](const std::tuple<int, int, int, int, int, int> &t) {
                            return Do{std::get<0>(t), std::get<1>(t), std::get<2>(t),
                                      2 * std::get<3>(t), std::get<4>(t), std::get<5>(t)};
                        });
}

void random_programs(const char *profile) {
    holds(std::string("programs of queue operations, ") + profile, 2000, [&] {
        // more putting than anything else: half the steps are putq
        const auto steps =
            *rc::gen::container<std::vector<Do>>(rc::gen::oneOf(any_step(), rc::gen::map(any_step(), [](Do d) {
                                                                    d.what = Do::put;
                                                                    return d;
                                                                })));
        const std::string problem = Program(profile).run(steps);
        if (!problem.empty()) RC_FAIL(problem);
    });
}

} // namespace

TEST_CASE("QUE-039 QUE-042 QUE-045 QUE-048 QUE-051 QUE-052 QUE-057 QUE-060 QUE-061 QUE-062 QUE-063 QUE-081 FLW-001 "
          "FLW-003 FLW-005 FLW-011 "
          "FLW-014 FLW-018 FLW-020 FLW-031 FLW-035 FLW-037 FLW-040 SCH-012 SCH-013 SCH-016 SCH-019 SCH-020 SCH-035: "
          "random programs of queue operations agree with a list") {
    random_programs("irix");
}

TEST_CASE("QUE-039 QUE-052 SCH-023 [svr4]: random programs of queue operations agree with a list") {
    random_programs("svr4");
}
