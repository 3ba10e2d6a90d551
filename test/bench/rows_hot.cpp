// What programs do all day, each beside the host's own answer and its floor.
#include "test/bench/floors.hpp"
#include "test/bench/host.hpp"
#include "test/bench/row.hpp"
#include "test/bench/worlds.hpp"

#include <fcntl.h>
#include <rill.h>
#include <sys/ddi.h>

namespace rill::bench {
namespace {

constexpr int modules = 8;

void allocb_freeb(int n) {
    for (int i = 0; i < n; ++i) {
        mblk_t *mp = allocb(64, BPRI_MED);
        asm volatile(""
                     :
                     : "r"(mp)
                     : "memory");
        freeb(mp);
    }
}
struct Blocks : World {
    void turn(int n) {
        const Inside inside(system);
        allocb_freeb(n);
    }
};

double bytes_of_streams() {
    World world(20000);
    world.open_more(many(1000)); // what grows in steps has grown
    const std::size_t before = host_bytes();
    world.open_more(many(10000));
    return static_cast<double>(host_bytes() - before) / many(10000);
}
double bytes_of_modules() {
    const int streams = many(1100), first = many(100);
    World world(1200);
    world.open_more(streams);
    for (int fd = 0; fd < first; ++fd) world.push(fd, 1);
    const std::size_t before = host_bytes();
    for (int fd = first; fd < streams; ++fd) world.push(fd, 1);
    return static_cast<double>(host_bytes() - before) / std::max(1, streams - first);
}

Cost nested(int depth) {
    return {.make = [=] { return [=](int n) { floors::nested_calls(depth, n); }; },
            .less = [] { return [](int n) { floors::nested_calls(0, n); }; },
            .per = depth};
}

} // namespace

// Limits of instructions of I_STR and its like are 0.7 and 0.5 of what this bench counted at 69e5448.
std::vector<Row> hot_rows() {
    return {
        {.id = "clone",
         .what = "clone open+close / Linux open+close of /dev/null",
         .n = 20000,
         .subject = {in<World>(&World::open_close, 16u)},
         .baseline = function(host::open_close),
         .floor = function(floors::clone_open_close),
         .reached = {1.0, 0.3},
         .instructions = {2300, 1800},
         .host = true},
        {.id = "traced",
         .what = "clone open+close, a trace reader that drops records / none",
         .n = 20000,
         .subject = {in<Traced>(&World::open_close)},
         .baseline = {in<World>(&World::open_close, 16u)},
         .reached = {2.0, 1.5}},
        {.id = "autopush",
         .what = "clone open+close, three modules pushed at open / none",
         .n = 20000,
         .subject = {in<Autopushed>(&World::open_close)},
         .baseline = {in<World>(&World::open_close, 16u)},
         .reached = {2.5, 2.0}},
        {.id = "echo",
         .what = "write+read 64 B, sent back by a put procedure / Linux pipe 64 B",
         .n = 50000,
         .subject = {in<Line>(&Line::trip)},
         .baseline = {in<host::Pipe>(&host::Pipe::trip)},
         .floor = function(floors::trip),
         .instructions = {750, 550},
         .host = true},
        {.id = "service-echo",
         .what = "the same by a service procedure / by the put procedure",
         .n = 50000,
         .subject = {in<Line>(&Line::trip, World::service)},
         .baseline = {in<Line>(&Line::trip)},
         .floor = function(floors::service_trip),
         .reached = {1.3, 1.2}},
        {.id = "loop",
         .what = "write 64 B -> loop -> read 64 B, put path / Linux pipe 64 B",
         .n = 50000,
         .subject = {in<Loop>(&Loop::trip)},
         .baseline = {in<host::Pipe>(&host::Pipe::trip)},
         .floor = function(floors::trip),
         .reached = {0.45, 0.15},
         .host = true},
        {.id = "pipe",
         .what = "write 64 B -> pipe -> read 64 B / Linux pipe 64 B",
         .n = 50000,
         .subject = {in<Piped>(&Piped::trip)},
         .baseline = {in<host::Pipe>(&host::Pipe::trip)},
         .floor = function(floors::trip),
         .reached = {0.15, 0.1},
         .host = true},
        {.id = "name",
         .what = "fattach + open + close + fdetach / bind + connect + close + unlink of a Unix socket",
         .n = 10000,
         .subject = {in<Piped>(&Piped::name)},
         .baseline = {in<host::Named>(&host::Named::connect_close)},
         .reached = {0.3, 0.15},
         .host = true},
        {.id = "module",
         .what = "each pass-through module on that path / one nested indirect call",
         .n = 50000,
         .subject = {in<Loop>(&Loop::trip, std::size_t{64}, modules), in<Loop>(&Loop::trip), modules},
         .baseline = nested(modules),
         .floor = nested(modules),
         .reached = {2.5, 1.8}},
        {.id = "service",
         .what = "loop 64 B through a service procedure / Linux pipe 64 B",
         .n = 50000,
         .subject = {in<Echo>(&Echo::trip)},
         .baseline = {in<host::Pipe>(&host::Pipe::trip)},
         .floor = function(floors::service_trip),
         .reached = {0.65, 0.25},
         .host = true},
        {.id = "loop-4k",
         .what = "loop 4 KiB / Linux pipe 4 KiB",
         .n = 20000,
         .subject = {in<Loop>(&Loop::trip, std::size_t{4096})},
         .baseline = {in<host::Pipe>(&host::Pipe::trip, std::size_t{4096})},
         .reached = {0.6, 0.3},
         .host = true},
        {.id = "istr",
         .what = "I_STR round trip through one driver / Linux pipe 64 B",
         .n = 20000,
         .subject = {in<Line>(&Line::istr)},
         .baseline = {in<host::Pipe>(&host::Pipe::trip)},
         .floor = function(floors::ioctl),
         .reached = {0.6, 0.2},
         .instructions = {989, 706},
         .host = true},
        {.id = "nread",
         .what = "I_NREAD / FIONREAD on a Linux pipe",
         .n = 50000,
         .subject = {in<Line>(&Line::inread)},
         .baseline = {in<host::Pipe>(&host::Pipe::fionread)},
         .floor = function(floors::nread),
         .reached = {0.4, 0.1},
         .instructions = {398, 284},
         .host = true},
        {.id = "pushpop",
         .what = "I_PUSH+I_POP / Linux open+close of /dev/null",
         .n = 20000,
         .subject = {in<Line>(&Line::push_pop)},
         .baseline = function(host::open_close),
         .floor = function(floors::push_pop),
         .reached = {0.8, 0.25},
         .instructions = {1681, 1201},
         .host = true},
        {.id = "poll",
         .what = "poll of 1,000 descriptors, one ready / Linux poll of 1,000 pipes",
         .n = 500,
         .subject = {in<Ready>(&Ready::poll, many(1000))},
         .baseline = {in<host::Pipes>(&host::Pipes::poll, many(1000))},
         .reached = {1.0, 0.5},
         .host = true},
        {.id = "allocb",
         .what = "allocb+freeb of 64 B / malloc+free of 64 B",
         .n = 500000,
         .subject = {in<Blocks>(&Blocks::turn)},
         .baseline = function(host::malloc_free),
         .floor = function(floors::block),
         .reached = {0.6, 0.4}},
        {.id = "stream-bytes",
         .what = "bytes per idle open stream (allocator count)",
         .reached = {960, 832},
         .unit = Unit::bytes,
         .value = bytes_of_streams},
        {.id = "module-bytes",
         .what = "bytes per pushed module",
         .reached = {280, 224},
         .unit = Unit::bytes,
         .value = bytes_of_modules},
        {.id = "boot",
         .what = "boot: System, 64 drivers, first clone open (and its end), us",
         .n = 20,
         .subject = function(boot),
         .reached = {1000, 50},
         .unit = Unit::microseconds},
    };
}

} // namespace rill::bench
