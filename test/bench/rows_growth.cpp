// What may become many: the cost at a large number in that at a small one, which stays near 1.
#include "test/bench/row.hpp"
#include "test/bench/worlds.hpp"

#include <sys/stream.h>

namespace rill::bench {
namespace {

// An operation of worlds of two sizes.
template <class W, class F, class... More> Row row(const char *id, const char *what, int n, F operation, int large, int little, More... more) {
    return {.id = id,
            .what = what,
            .n = n,
            .subject = {in<W>(operation, many(large), more...)},
            .baseline = {in<W>(operation, many(little), more...)},
            .reached = {1.25, 1.1},
            .counted = false};
}
Row within(Row row, Limits limits) {
    row.reached = limits;
    return row;
}
// Each operation is one of so many that are done together, so that a round is a whole turn.
Row whole(Row row) {
    row.n = many(row.n);
    row.rounds = 3;
    return row;
}
Row modules() {
    constexpr int deep = 64, few = 4;
    auto each = [](int count) { return Cost{in<Loop>(&Loop::trip, std::size_t{64}, count), in<Loop>(&Loop::trip), count}; };
    return {.id = "modules-64", .what = "each pass-through module, 64 of them / 4", .n = 10000, .subject = each(deep), .baseline = each(few), .reached = {1.25, 1.1}};
}

} // namespace

std::vector<Row> growth_rows() {
    constexpr int thousand = 1000, million = 1000000;
    Row minors{.id = "minors", .what = "clone open+close, one free minor of 262,144 / of 16", .n = 20000, .reached = {1.5, 1.1}};
    minors.subject = {in<Full>(&World::open_close, static_cast<unsigned>(many(262144)))};
    minors.baseline = {in<Full>(&World::open_close, 16u)};
    minors.counted = false;
    return {
        within(row<Opened>("streams-10k", "clone open+close, 10,000 streams open / none open", 20000, &World::open_close, 10 * thousand, 0), {1.5, 1.1}),
        row<Opened>("streams-200k", "clone open+close, 200,000 streams open / 1", 20000, &World::open_close, 200 * thousand, 1),
        minors,
        within(row<Named>("names-10k", "open+close by name in turn, 10,000 names / 100", 20000, &Named::open_close, 10 * thousand, 100), {1.3, 1.1}),
        within(row<Named>("names-100k", "open+close by name in turn, 100,000 names / 100", 20000, &Named::open_close, 100 * thousand, 100), {1.3, 1.1}),
        within(row<Crowd>("hipri", "putq+rmvq of a high-priority message, 100,000 of them queued / 100", 20000, &Crowd::put_remove, 100 * thousand, 100, M_PCPROTO), {2, 1.1}),
        within(row<Crowd>("putbq", "putbq+rmvq of an ordinary message behind them, 100,000 / 100", 20000, &Crowd::back_remove, 100 * thousand, 100, M_PCPROTO), {2, 1.1}),
        within(row<Timers>("timers", "timeout+untimeout, 100,000 pending / 100", 20000, &Timers::set_cancel, 100 * thousand, 100), {2, 1.5}),
        row<Crowd>("hipri-1m", "putq+rmvq of a high-priority message, 1,000,000 / 100", 20000, &Crowd::put_remove, million, 100, M_PCPROTO),
        row<Crowd>("putbq-1m", "putbq+rmvq of an ordinary message behind them, 1,000,000 / 100", 20000, &Crowd::back_remove, million, 100, M_PCPROTO),
        row<Crowd>("band0-1m", "putq+getq in band 0, 1,000,000 queued / 100", 20000, &Crowd::put_get, million, 100, M_DATA),
        row<Crowd>("bands-1m", "putq+rmvq in each of 200 bands, 1,000,000 queued / 200", 1000, &Crowd::put_remove, million, 200, M_DATA, 200),
        row<Crowd>("insq-1m", "insq in the middle, and rmvq, 1,000,000 queued / 100", 20000, &Crowd::insert_remove, million, 100, M_DATA),
        whole(row<Crowd>("flush-1m", "putq and flushq, each message, 1,000,000 together / 100", million, &Crowd::flush, million, 100, M_DATA)),
        row<Timers>("timers-1m", "timeout+untimeout, 1,000,000 pending / 100", 20000, &Timers::set_cancel, million, 100),
        modules(),
        row<Linked>("links-10k", "I_LINK+I_UNLINK, 10,000 linked / 1", 500, &Linked::link_unlink, 10 * thousand, 1),
        row<Watched>("setsig-10k", "I_SETSIG and back, 10,000 processes have asked / 1", 2000, &Watched::register_cancel, 10 * thousand, 1),
        whole(row<Chains>("passed", "I_SENDFD into the next pipe, each of a chain of 300 / 30", 300, &Chains::pass_close, 300, 30)), // cubic today: 100,000 is asked for
    };
}

} // namespace rill::bench
