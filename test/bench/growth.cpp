// Does what an operation costs depend on how much there is already? A row is an operation and some numbers N of what there is;
// it shows the cost at each N over the cost at the smallest.
//
//   growth [ROW...] [--instructions] [--rounds N] [--json] [--svg FILE] [--list] [--threads]
//
// By time (the default) the N of a row take turns in each round, and a ratio is the median of the rounds'. By instructions
// each N runs in a process of its own under callgrind, which gives the same number each time and sees no cache: a cost that is
// flat in instructions and not in time is that of memory which is too much for the caches.
#include "streams/system.hpp"
#include "streams/view/html.hpp"
#include "test/minordriver.hpp"
#include "streams/view/json.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <cmath>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <fmt/format.h>
#include <functional>
#include <malloc.h>
#include <memory>
#include <numeric>
#include <rill.h>
#include <string>
#include <thread>
#include <sys/ddi.h>
#include <sys/minor.h>
#include <sys/stat.h>
#include <time.h>
#include <vector>

extern "C" streamtab passmodinfo;
extern "C" int passmoddevflag;

namespace {

using rill::Enter;
using rill::System;

// --- the drivers: minors, an echo, a multiplexor that keeps nothing ---

using minordriver::minors;
int drop_put(queue_t *, mblk_t *mp) {
    freemsg(mp);
    return 0;
}
int no_service(queue_t *) { return 0; }

module_info info{0, "growth", 0, INFPSZ, 1 << 30, 1 << 29};
qinit read_init{nullptr, nullptr, minordriver::open, minordriver::close, nullptr, &info, nullptr};
qinit write_init{minordriver::put, nullptr, nullptr, nullptr, nullptr, &info, nullptr};
qinit lower_init{drop_put, nullptr, nullptr, nullptr, nullptr, &info, nullptr};
streamtab driver_tab{&read_init, &write_init, nullptr, nullptr};
streamtab mux_tab{&read_init, &write_init, &lower_init, &lower_init};
qinit holding_init{drop_put, no_service, nullptr, nullptr, nullptr, &info, nullptr};
streamtab holding_tab{&read_init, &holding_init, nullptr, nullptr};

[[noreturn]] void fail(const std::string &what) {
    fmt::print(stderr, "growth: {}\n", what);
    std::exit(1);
}

constexpr unsigned most_minors = 262144;

struct World {
    World() : system(rill_system_new(nullptr)), proc(rill_proc_new(system, 0, 0)) {
        self().tunables.descriptors = 1'000'000;
        self().tunables.push_limit = 64;
        rill_driver_add(system, "growth", 61, &driver_tab, 0, most_minors);
        rill_driver_add(system, "mux", 62, &mux_tab, 0, most_minors);
        rill_driver_add(system, "holding", 63, &holding_tab, 0, 4);
        rill_module_add(system, "passmod", &passmodinfo, passmoddevflag);
        node("/dev/growth", makedevice(10, 61));
        node("/dev/mux", makedevice(10, 62));
        node("/dev/holding", makedevice(63, 0));
        Enter scope(self());
        minors = table = minor_table_alloc("growth", most_minors);
    }
    ~World() {
        minors = table;
        rill_system_free(system);
        minor_table_free(table);
    }
    World(const World &) = delete;

    System &self() const { return *reinterpret_cast<System *>(system); }
    rill::Process &process() const { return *reinterpret_cast<rill::Process *>(proc); }
    void node(const std::string &path, dev_t dev) const {
        if (rill_mknod(proc, path.c_str(), S_IFCHR | 0666, dev)) fail(fmt::format("mknod {}: {}", path, rill_why(proc)));
    }
    int open(const char *path = "/dev/growth") const { return good(rill_open(proc, path, O_RDWR), path); }
    int good(int result, const char *what) const {
        if (result < 0) fail(fmt::format("{}: {}", what, rill_why(proc)));
        return result;
    }
    void use() const { minors = table; }

    rill_system *system;
    rill_proc *proc;
    minor_table_t *table = nullptr;
};

// --- how it is measured ---

// At one N: before() is not measured; work() is, and says how many operations it was.
struct Case {
    std::function<void()> before;
    std::function<long()> work;
};

struct Row {
    const char *name, *what, *unit; // the operation, and of what there are N
    double must;
    std::vector<long> n;
    std::function<Case(long n)> make;
    bool whole = false; // an operation on each of the N: one pass is enough
    bool drawn = true;
    long most_instructions = 1'000'000; // the largest N that callgrind is asked about
};

struct Cost {
    double nanoseconds = 0, instructions = 0, ratio = 0;
};

extern "C" [[gnu::noinline]] long growth_measured(const std::function<long()> &work) { return work(); }

// Of this thread, in ns: what others do on the machine is seen in the caches only.
double processor_time() {
    timespec t;
    ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return 1e9 * static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_nsec);
}

double nanoseconds(Case &c, bool whole) {
    long operations = 0;
    double spent = 0;
    do {
        if (c.before) c.before();
        const double begin = processor_time();
        operations += growth_measured(c.work);
        spent += processor_time() - begin;
    } while (operations < 4000 || (!whole && spent < 3e6));
    return spent / static_cast<double>(operations);
}

double median(std::vector<double> v) {
    std::nth_element(v.begin(), v.begin() + static_cast<long>(v.size() / 2), v.end());
    return v[v.size() / 2];
}

std::vector<Cost> by_time(const Row &row, int rounds) {
    const std::size_t count = row.n.size();
    std::vector<std::vector<double>> spent(count), ratios(count);
    std::vector<Case> cases;
    if (!row.whole)
        for (const long n : row.n) cases.push_back(row.make(n));
    for (int round = -1; round < rounds; ++round) // one to warm up
        for (std::size_t i = 0; i < count; ++i) {
            Case fresh = row.whole ? row.make(row.n[i]) : Case{};
            const double ns = nanoseconds(row.whole ? fresh : cases[i], row.whole);
            if (round < 0) continue;
            spent[i].push_back(ns);
            ratios[i].push_back(ns / spent[0].back());
        }
    std::vector<Cost> out(count);
    for (std::size_t i = 0; i < count; ++i) out[i] = {median(spent[i]), 0, median(ratios[i])};
    return out;
}

// In the process that callgrind watches.
void run_one(const Row &row, long n) {
    Case c = row.make(n);
    for (int pass = 0; pass < 2; ++pass) { // the first is for what is made once
        if (c.before) c.before();
        if (pass == 0) {
            c.work();
            continue;
        }
        std::printf("operations %ld\n", growth_measured(c.work));
    }
    std::fflush(stdout);
    std::_Exit(0);
}

double instructions(const char *self, const Row &row, long n) {
    const std::string command = fmt::format(
        "valgrind --tool=callgrind --toggle-collect=growth_measured --callgrind-out-file=/dev/null {} --one '{}' {} 2>&1", self, row.name, n);
    std::unique_ptr<FILE, int (*)(FILE *)> out(::popen(command.c_str(), "r"), ::pclose);
    double operations = 0, collected = 0;
    std::string all;
    for (char line[400]; out && std::fgets(line, sizeof line, out.get());) {
        all += line;
        std::sscanf(line, "operations %lf", &operations);
        if (const char *at = std::strstr(line, "Collected : ")) collected = std::atof(at + 12);
    }
    if (operations <= 0 || collected <= 0) fail(fmt::format("{} with {} under callgrind:\n{}", row.name, n, all));
    return collected / operations;
}

std::vector<Cost> by_instructions(const char *self, const Row &row) {
    std::vector<Cost> out;
    for (const long n : row.n) {
        if (n > row.most_instructions) break;
        const double count = instructions(self, row, n);
        out.push_back({0, count, out.empty() ? 1 : count / out.front().instructions});
    }
    return out;
}

// --- the rows ---

template <class T> std::shared_ptr<T> shared(T *p) { return std::shared_ptr<T>(p); }

// An order that is not that of making, the same each time: k * step modulo n, which visits each when they have no factor.
long step_for(long n) {
    long step = n * 618 / 1000 | 1;
    while (std::gcd(step, n) != 1) step += 2;
    return step;
}

Case opens(long n) {
    auto world = std::make_shared<World>();
    world->use();
    for (long i = 1; i < n; ++i) world->open();
    return {[world] { world->use(); },
            [world] {
                for (int i = 0; i < 2000; ++i) rill_close(world->proc, world->open());
                return 2000L;
            }};
}

std::string name_of(long i) { return fmt::format("/dev/n{}", i); }

Case trips(long) {
    auto world = std::make_shared<World>();
    return {{}, [world, fd = world->open()] {
                char bytes[64] = {};
                for (int i = 0; i < 2000; ++i)
                    if (rill_write(world->proc, fd, bytes, sizeof bytes) < 0 || rill_read(world->proc, fd, bytes, sizeof bytes) < 0) fail("a trip");
                return 2000L;
            }};
}

Case names(long n) {
    auto world = std::make_shared<World>();
    for (long i = 0; i < n; ++i) world->node(name_of(i), makedevice(61, static_cast<minor_t>(i)));
    return {{}, [world, n, step = step_for(n), at = 0L]() mutable {
                for (int i = 0; i < 2000; ++i) {
                    at = (at + step) % n;
                    char path[32] = "/dev/n";
                    *fmt::format_to(path + 6, "{}", at) = 0;
                    rill_close(world->proc, world->open(path));
                }
                return 2000L;
            }};
}

// mknod and unlink of one more name; the names above it are looked at for what is no directory.
Case more_names(long n) {
    auto world = std::make_shared<World>();
    for (long i = 0; i < n; ++i) world->node(name_of(i), makedevice(61, static_cast<minor_t>(i)));
    return {{}, [world] {
                for (int i = 0; i < 2000; ++i) {
                    const std::string path = name_of(i * 49) + "x";
                    world->node(path, makedevice(61, 7));
                    rill_unlink(world->proc, path.c_str());
                }
                return 2000L;
            }};
}

// --- messages ---

enum class Class { ordinary,
                   banded,
                   priority };
constexpr long bands = 200;

mblk_t *message(Class c, long i) {
    mblk_t *mp = allocb(8, BPRI_MED);
    mp->b_datap->db_type = c == Class::priority ? M_PCPROTO : M_DATA;
    if (c == Class::banded) mp->b_band = static_cast<unsigned char>(1 + i % bands);
    return mp;
}

struct Queue : World {
    Queue() { q = process().file(open("/dev/holding"))->stream->driver_pair()->write(); }
    void fill(Class c, long n) const {
        for (long i = 0; i < n; ++i) putq(q, message(c, i * 7));
    }
    queue_t *q;
};

// Turns on a queue that has n messages on it.
template <class Turn> Case on_queue(Class c, long n, Turn turn) {
    auto world = std::make_shared<Queue>();
    Enter scope(world->self());
    world->fill(c, n);
    auto middle = world->q->q_first;
    for (long i = 0; i < n / 2; ++i) middle = middle->b_next;
    mblk_t *own = message(c, c == Class::banded ? middle->b_band - 1 : 0);
    return {{}, [=, at = 0L]() mutable {
                Enter inside(world->self());
                for (int i = 0; i < 2000; ++i) turn(world->q, own, middle, at++);
                return 2000L;
            }};
}
// n messages are put on, and then taken off.
template <class Take> Case off_queue(Class c, long n, Take take) {
    auto world = std::make_shared<Queue>();
    return {[=] {
                Enter inside(world->self());
                world->fill(c, n);
            },
            [=] {
                Enter inside(world->self());
                take(world->q);
                return n;
            }};
}

void give_band(mblk_t *mp, Class c, long at) {
    if (c == Class::banded) mp->b_band = static_cast<unsigned char>(1 + at * 7 % bands);
}
auto put_and_take(Class c) {
    return [c](queue_t *q, mblk_t *own, mblk_t *, long at) {
        give_band(own, c, at);
        putq(q, own);
        rmvq(q, own);
    };
}
auto put_back_and_take(Class c) {
    return [c](queue_t *q, mblk_t *own, mblk_t *, long at) {
        give_band(own, c, at);
        putbq(q, own);
        rmvq(q, own);
    };
}
void insert_and_take(queue_t *q, mblk_t *own, mblk_t *middle, long) {
    insq(q, middle, own);
    rmvq(q, own);
}
// From the front to the back: each message comes round in its turn.
void get_and_put(queue_t *q, mblk_t *, mblk_t *, long) { putq(q, getq(q)); }
void flush_all(queue_t *q) { flushq(q, FLUSHALL); }
void flush_bands(queue_t *q) {
    for (long band = 1; band <= bands; ++band) flushband(q, static_cast<unsigned char>(band), FLUSHALL);
}
void get_all(queue_t *q) {
    while (mblk_t *mp = getq(q)) freemsg(mp);
}

// --- timers ---

void nothing(void *) {}

// n are pending, over so many ticks; one more is asked for and taken down again, anywhere among them.
Case timers(long n, long ticks) {
    auto world = std::make_shared<World>();
    Enter scope(world->self());
    const long step = step_for(ticks);
    for (long i = 0, at = 0; i < n; ++i, at = (at + step) % ticks) timeout(nothing, nullptr, 1 + 2 * at);
    return {{}, [world, ticks, at = 0L]() mutable {
                Enter inside(world->self());
                for (int i = 0; i < 2000; ++i) {
                    at = (at + 7919) % ticks;
                    untimeout(timeout(nothing, nullptr, 2 + 2 * at));
                }
                return 2000L;
            }};
}

// n are asked for in no order, and fire.
Case firing(long n) {
    auto world = std::make_shared<World>();
    const long step = step_for(n);
    return {[=] {
                Enter inside(world->self());
                for (long i = 0, at = 0; i < n; ++i, at = (at + step) % n) timeout(nothing, nullptr, 1 + at);
            },
            [=] {
                rill_advance(world->system, n + 1);
                return n;
            }};
}

// --- streams ---

// The cost of a module, which is that of a write and read through n of them less that through none, and of one more on top.
Case modules(long n) {
    auto world = std::make_shared<World>();
    const int fd = world->open();
    for (long i = 0; i < n; ++i) world->good(rill_ioctl(world->proc, fd, I_PUSH, "passmod"), "I_PUSH");
    rill::Stream &stream = *world->process().file(fd)->stream;
    return {{}, [=, &stream] {
                Enter inside(world->self());
                queue_t *q = stream.top()->write();
                mblk_t *mp = message(Class::ordinary, 0);
                for (int i = 0; i < 2000; ++i) {
                    put(q, mp); // down, and up again
                    mp = getq(stream.read_queue());
                }
                freemsg(mp);
                return 2000 * n;
            }};
}
Case pushes(long n) {
    auto world = std::make_shared<World>();
    const int fd = world->open();
    for (long i = 1; i < n; ++i) world->good(rill_ioctl(world->proc, fd, I_PUSH, "passmod"), "I_PUSH");
    return {{}, [=] {
                for (int i = 0; i < 1000; ++i) {
                    rill_ioctl(world->proc, fd, I_PUSH, "passmod");
                    rill_ioctl(world->proc, fd, I_POP, 0);
                }
                return 1000L;
            }};
}

struct Links : World {
    explicit Links(long n) : mux(open("/dev/mux")) {
        for (long i = 0; i < n; ++i) lower.push_back(open());
        spare = open();
    }
    int link(int fd) const { return good(rill_ioctl(proc, mux, I_LINK, fd), "I_LINK"); }
    void unlink(int id) const { good(rill_ioctl(proc, mux, I_UNLINK, id), "I_UNLINK"); }
    int mux, spare;
    std::vector<int> lower, ids;
};
Case one_link(long n) {
    auto world = std::make_shared<Links>(n);
    for (const int fd : world->lower) world->link(fd);
    return {{}, [=] {
                for (int i = 0; i < 500; ++i) world->unlink(world->link(world->spare));
                return 500L;
            }};
}
// Each of n links is made, and undone, the last first.
Case all_links(long n) {
    auto world = std::make_shared<Links>(n);
    return {{}, [=] {
                world->ids.clear();
                for (const int fd : world->lower) world->ids.push_back(world->link(fd));
                while (!world->ids.empty()) {
                    world->unlink(world->ids.back());
                    world->ids.pop_back();
                }
                return n;
            }};
}
// As many multiplexors, with a link each, of which each but the last closes.
Case closed_links(long n) {
    struct Muxes : Links {
        explicit Muxes(long count) : Links(count) {}
        std::vector<int> muxes;
    };
    auto world = std::make_shared<Muxes>(n);
    return {[=] {
                for (const int fd : world->lower) {
                    world->muxes.push_back(world->open("/dev/mux"));
                    world->good(rill_ioctl(world->proc, world->muxes.back(), I_LINK, fd), "I_LINK");
                }
            },
            [=] {
                while (!world->muxes.empty()) {
                    rill_close(world->proc, world->muxes.back());
                    world->muxes.pop_back();
                }
                return n;
            }};
}

// --- signals ---

long signals_handled;

struct Registered : World {
    explicit Registered(long n) {
        fd = open();
        procs.push_back(proc);
        for (long i = 1; i < n; ++i) {
            Enter scope(self());
            procs.push_back(reinterpret_cast<rill_proc *>(&self().fork_process(process())));
        }
        for (rill_proc *p : procs) {
            rill_signal(p, SIGPOLL, [](int) { ++signals_handled; });
            rill_ioctl(p, fd, I_SETSIG, S_INPUT);
        }
    }
    int fd;
    std::vector<rill_proc *> procs;
};
Case signal_delivery(long n) {
    auto world = std::make_shared<Registered>(n);
    return {{}, [=] {
                const long before = signals_handled;
                const long turns = std::max(1L, 2000 / n);
                char byte = 0;
                for (long i = 0; i < turns; ++i) {
                    rill_write(world->proc, world->fd, &byte, 1);
                    rill_read(world->proc, world->fd, &byte, 1);
                    for (rill_proc *p : world->procs) rill_close(p, -1); // returns to user level, where the handler runs
                }
                if (signals_handled - before != turns * n) fail(fmt::format("{} signals instead of {}", signals_handled - before, turns * n));
                return turns * n;
            }};
}
Case registration(long n) {
    auto world = std::make_shared<Registered>(n);
    return {{}, [=] {
                for (int i = 0; i < 500; ++i) {
                    rill_proc *p = world->procs[static_cast<std::size_t>(i * 97L % n)];
                    rill_ioctl(p, world->fd, I_SETSIG, 0);
                    rill_ioctl(p, world->fd, I_SETSIG, S_INPUT);
                }
                return 500L;
            }};
}

// --- minors ---

Case minors_taken(long n) {
    auto world = std::make_shared<World>();
    {
        Enter scope(world->self());
        for (long i = 0; i < n; ++i) minor_take(world->table);
    }
    return {{}, [=] {
                Enter inside(world->self());
                for (int i = 0; i < 2000; ++i) minor_give(world->table, static_cast<minor_t>(minor_take(world->table)));
                return 2000L;
            }};
}

// --- passed descriptors ---

// n pipes: an end of each waits on the next, and is open nowhere else. They are closed in one order or another, and all go
// with the last.
Case passed(long n, int order) {
    struct Pipes : World {
        std::vector<std::array<int, 2>> ends;
    };
    auto world = std::make_shared<Pipes>();
    world->ends.resize(static_cast<std::size_t>(n) + 1);
    auto at = [step = step_for(n), n, order](long i) { return static_cast<std::size_t>(order == 0 ? i : order == 1 ? n - 1 - i
                                                                                                                   : i * step % n); };
    return {[=] {
                for (auto &p : world->ends) world->good(rill_pipe(world->proc, p.data()), "pipe");
            },
            [=] {
                auto &ends = world->ends;
                for (std::size_t i = 0; i + 1 < ends.size(); ++i) world->good(rill_ioctl(world->proc, ends[i + 1][0], I_SENDFD, ends[i][1]), "I_SENDFD");
                for (std::size_t i = 1; i < ends.size(); ++i) rill_close(world->proc, ends[i][0]);
                for (long i = 0; i < n; ++i) rill_close(world->proc, ends[at(i)][1]);
                rill_close(world->proc, ends.back()[1]);
                rill_close(world->proc, ends[0][0]);
                if (const long left = world->self().census().files) fail(fmt::format("{} files are left of a chain of {}", left, n));
                return n;
            }};
}

// --- the trace ---

long written;

// A trace of n records is read by one that writes it away.
template <class Reader> Case traced(long n) {
    struct Read : World {
        Read() : reader([](std::string_view text) { written += static_cast<long>(text.size()); }) { self().trace.attach(reader); }
        ~Read() { self().trace.detach(reader); }
        Reader reader;
    };
    auto world = std::make_shared<Read>();
    world->use();
    return {{}, [=] {
                Enter inside(world->self());
                const rill::Record record{.event = rill::Event::minor_taken, .name = "growth", .number = 17};
                for (long i = 0; i < n; ++i) world->self().trace.emit(record);
                return n;
            }};
}

const std::vector<Row> &rows() {
    using enum Class;
    const std::vector<long> messages{100, 1000, 10'000, 100'000, 1'000'000};
    static const std::vector<Row> all{
        {"open", "clone open and close", "streams open", 1.25, {1, 100, 10'000, 100'000, 200'000}, opens},
        {"names", "open and close by name", "nodes", 1.3, {100, 1000, 10'000, 100'000}, names},
        {"mknod", "mknod and unlink", "nodes", 1.25, {100, 1000, 10'000, 100'000}, more_names, false, false},
        {"putq", "putq and rmvq, band 0", "messages queued", 1.25, messages, [](long n) { return on_queue(ordinary, n, put_and_take(ordinary)); }},
        {"putq-bands", "putq and rmvq, 200 bands", "messages queued", 1.25, messages, [](long n) { return on_queue(banded, n, put_and_take(banded)); }},
        {"putq-hipri", "putq and rmvq, high priority", "messages queued", 1.25, messages, [](long n) { return on_queue(priority, n, put_and_take(priority)); }},
        {"putbq", "putbq and rmvq, band 0", "messages queued", 1.25, messages, [](long n) { return on_queue(ordinary, n, put_back_and_take(ordinary)); }, false, false},
        {"putbq-bands", "putbq and rmvq, 200 bands", "messages queued", 1.25, messages, [](long n) { return on_queue(banded, n, put_back_and_take(banded)); }, false, false},
        {"putbq-hipri", "putbq and rmvq, high priority", "messages queued", 1.25, messages, [](long n) { return on_queue(priority, n, put_back_and_take(priority)); }, false, false},
        {"insq", "insq and rmvq in the middle, band 0", "messages queued", 1.25, messages, [](long n) { return on_queue(ordinary, n, insert_and_take); }, false, false},
        {"insq-bands", "insq and rmvq in the middle, 200 bands", "messages queued", 1.25, messages, [](long n) { return on_queue(banded, n, insert_and_take); }, false, false},
        {"insq-hipri", "insq and rmvq in the middle, high priority", "messages queued", 1.25, messages, [](long n) { return on_queue(priority, n, insert_and_take); }, false, false},
        {"getq", "getq and putq, band 0", "messages queued", 1.25, messages, [](long n) { return on_queue(ordinary, n, get_and_put); }},
        {"getq-bands", "each message by getq, 200 bands", "messages", 1.25, messages, [](long n) { return off_queue(banded, n, get_all); }, true, false},
        {"getq-hipri", "getq and putq, high priority", "messages queued", 1.25, messages, [](long n) { return on_queue(priority, n, get_and_put); }, false, false},
        {"flushq", "flushq, a message", "messages", 1.25, messages, [](long n) { return off_queue(ordinary, n, flush_all); }, true},
        {"flushq-bands", "flushq, a message, 200 bands", "messages", 1.25, messages, [](long n) { return off_queue(banded, n, flush_all); }, true, false},
        {"flushq-hipri", "flushq, a message, high priority", "messages", 1.25, messages, [](long n) { return off_queue(priority, n, flush_all); }, true, false},
        {"flushband", "flushband of each of 200 bands, a message", "messages", 1.25, {1000, 10'000, 100'000, 1'000'000}, [](long n) { return off_queue(banded, n, flush_bands); }, true},
        {"timers", "timeout and untimeout", "pending in 1,000 ticks", 1.25, messages, [](long n) { return timers(n, 1000); }},
        {"timers-ticks", "timeout and untimeout", "pending, a tick each", 1.25, messages, [](long n) { return timers(n, n); }},
        {"timers-fire", "timeout, and that it fires", "pending, a tick each", 1.25, messages, firing, true, false},
        {"modules", "a message through a module and back", "modules", 1.25, {1, 8, 64}, modules},
        {"push", "I_PUSH and I_POP", "modules", 1.25, {1, 8, 64}, pushes},
        {"link", "I_LINK and I_UNLINK", "links", 1.25, {1, 100, 1000, 10'000}, one_link},
        {"links", "I_LINK and I_UNLINK of each", "links", 1.25, {1, 100, 1000, 10'000}, all_links, true, false},
        {"links-close", "close of a multiplexor with one link", "of them", 1.25, {10, 100, 1000, 10'000}, closed_links, true, false},
        {"signals", "a signal of S_INPUT, with its handler", "processes registered", 1.25, {1, 100, 1000, 10'000}, signal_delivery},
        {"setsig", "I_SETSIG off and on", "processes registered", 1.25, {1, 100, 1000, 10'000}, registration, false, false},
        {"minors", "minor_take and minor_give", "minors taken", 1.25, {1, 100, 10'000, 262'143}, minors_taken},
        {"passed", "a passed descriptor, closed from the front", "in a chain", 1.25, {100, 1000, 10'000, 100'000}, [](long n) { return passed(n, 0); }, true},
        {"passed-back", "a passed descriptor, closed from the back", "in a chain", 1.25, {100, 1000, 10'000, 100'000}, [](long n) { return passed(n, 1); }, true, false},
        {"passed-mixed", "a passed descriptor, closed in no order", "in a chain", 1.25, {100, 1000, 10'000, 100'000}, [](long n) { return passed(n, 2); }, true, false},
        {"json", "a record, to JSON", "records", 1.25, {10'000, 1'000'000, 10'000'000}, traced<rill::view::Json>, true, true, 100'000},
        {"html", "a record, to HTML", "records", 1.25, {10'000, 1'000'000, 10'000'000}, traced<rill::view::Html>, true, true, 100'000},
    };
    return all;
}

// --- what is used, not spent ---

struct Memory {
    const char *what;
    double mib, must;
};

double in_use() { return static_cast<double>(mallinfo2().uordblks + mallinfo2().hblkhd) / (1 << 20); }

Memory memory_of_streams() {
    World world;
    const double before = in_use();
    for (int i = 0; i < 250'000; ++i) world.open();
    return {"250,000 open streams, MiB", in_use() - before, 256};
}
template <class Reader> Memory memory_of_trace(const char *what) {
    Case c = traced<Reader>(1'000'000);
    c.work();
    const double before = in_use();
    c.work();
    return {what, in_use() - before, 1};
}

// --- a System in each of two threads ---

// What two threads do over what one does, from the processor time that an operation takes: on a machine where others work
// too it is that which sharing costs, not that a processor was had.
struct Speedup {
    const char *what;
    Case (*make)(long);
    double alone = 0, both = 0;
    double ratio() const { return 2 * alone / both; }
};

double with_threads(Case (*make)(long), int threads) {
    std::atomic<int> ready = 0;
    const auto measure = [&] {
        Case c = make(1);
        if (c.before) c.before();
        c.work();
        for (++ready; ready < threads;) {}
        std::vector<double> spent;
        for (int i = 0; i < 100; ++i) {
            const double begin = processor_time();
            const long operations = c.work();
            spent.push_back((processor_time() - begin) / static_cast<double>(operations));
        }
        for (++ready; ready < 2 * threads;) {}
        return median(std::move(spent));
    };
    if (threads == 1) return measure();
    double other = 0;
    std::thread second([&] { other = measure(); });
    const double own = measure();
    second.join();
    return (own + other) / 2;
}

// One alone comes first: a program that never had a second thread does not pass the gate.
std::vector<Speedup> measure_speedups() {
    std::vector<Speedup> all{{"write and read through a driver", trips}, {"clone open and close", opens}};
    for (const int threads : {1, 2})
        for (Speedup &s : all) {
            std::vector<double> spent;
            for (int round = 0; round < 5; ++round) spent.push_back(with_threads(s.make, threads));
            (threads == 1 ? s.alone : s.both) = median(spent);
        }
    return all;
}

// --- what is shown ---

std::string with_commas(long n) {
    std::string text = std::to_string(n);
    for (std::size_t at = text.size(); at > 3;) text.insert(at -= 3, ",");
    return text;
}

struct Result {
    const Row &row;
    std::vector<Cost> costs;
    double worst() const {
        return std::max_element(costs.begin(), costs.end(), [](const Cost &a, const Cost &b) { return a.ratio < b.ratio; })->ratio;
    }
};

void print(const Result &r, bool by_count) {
    std::string line = fmt::format("| {:<43} | {:>9.0f} |", r.row.what, by_count ? r.costs[0].instructions : r.costs[0].nanoseconds);
    for (std::size_t i = 1; i < r.costs.size(); ++i) line += fmt::format(" {}: {:.2f}{}", with_commas(r.row.n[i]), r.costs[i].ratio, i + 1 < r.costs.size() ? "," : "");
    std::printf("%s | %s, from %s | %.2f |\n", line.c_str(), r.row.unit, with_commas(r.row.n[0]).c_str(), r.row.must);
    std::fflush(stdout);
}

void print_json(const std::vector<Result> &results, const std::vector<Memory> &memories, const std::vector<Speedup> &speedups, bool by_count) {
    std::string out = fmt::format("{{\"measure\":\"{}\",\"rows\":[", by_count ? "instructions" : "nanoseconds");
    for (const Result &r : results) {
        out += fmt::format("{}\n{{\"name\":\"{}\",\"what\":\"{}\",\"unit\":\"{}\",\"must\":{},\"points\":[", &r == &results.front() ? "" : ",", r.row.name, r.row.what, r.row.unit, r.row.must);
        for (std::size_t i = 0; i < r.costs.size(); ++i)
            out += fmt::format("{}{{\"n\":{},\"cost\":{:.1f},\"ratio\":{:.3f}}}", i ? "," : "", r.row.n[i], by_count ? r.costs[i].instructions : r.costs[i].nanoseconds, r.costs[i].ratio);
        out += "]}";
    }
    out += "],\n\"memory\":[";
    for (const Memory &m : memories) out += fmt::format("{}{{\"what\":\"{}\",\"value\":{:.1f},\"must\":{}}}", &m == &memories.front() ? "" : ",", m.what, m.mib, m.must);
    out += "],\n\"threads\":[";
    for (const Speedup &s : speedups) out += fmt::format("{}{{\"what\":\"{}\",\"alone\":{:.1f},\"both\":{:.1f},\"times\":{:.2f}}}", &s == &speedups.front() ? "" : ",", s.what, s.alone, s.both, s.ratio());
    std::printf("%s]}\n", out.c_str());
}

// One picture: N to the right, each decade as wide; upwards the cost over that at the smallest N, each doubling as high.
class Picture {
public:
    explicit Picture(bool by_count) : by_count_(by_count) {}

    std::string of(const std::vector<Result> &results) {
        std::vector<const Result *> drawn;
        for (const Result &r : results)
            if (r.row.drawn && r.costs.size() > 1) drawn.push_back(&r);
        const double legend = bottom + 62, line = 17;
        const auto lines = static_cast<double>((drawn.size() + 1) / 2);
        out_ = fmt::format("<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {0} {1}\" width=\"{0}\" height=\"{1}\" "
                           "font-family=\"system-ui, sans-serif\" font-size=\"12\">\n"
                           "<rect width=\"{0}\" height=\"{1}\" fill=\"#fff\"/>\n",
                           width, legend + lines * line + 6);
        text(left, 20, "start", "#111", fmt::format("What an operation costs, by how much there is ({})", by_count_ ? "instructions" : "time"), "font-weight=\"600\" font-size=\"14\"");
        grid();
        for (std::size_t i = 0; i < drawn.size(); ++i) {
            curve(*drawn[i], i);
            const double at = legend + static_cast<double>(i % static_cast<std::size_t>(lines)) * line;
            const double from = left + (i < static_cast<std::size_t>(lines) ? 0 : (width - left) / 2);
            out_ += fmt::format("<line x1=\"{}\" y1=\"{}\" x2=\"{}\" y2=\"{}\" {}/>\n", from, at - 4, from + 22, at - 4, stroke(i));
            text(from + 28, at, "start", "#333", fmt::format("{:.2f}  {}: {}", drawn[i]->costs.back().ratio, drawn[i]->row.what, drawn[i]->row.unit));
        }
        return out_ + "</svg>\n";
    }

private:
    static constexpr double width = 860, left = 46, right = 840, top = 40, bottom = 300, lowest = 0.5, highest = 4, decades = 7;

    static double x_of(double n) { return left + (right - left) * std::log10(n) / decades; }
    static double y_of(double ratio) {
        return bottom - (bottom - top) * std::log2(std::clamp(ratio, lowest, highest) / lowest) / std::log2(highest / lowest);
    }
    static std::string stroke(std::size_t i) {
        static constexpr const char *colours[] = {"#1f77b4", "#d62728", "#2ca02c", "#9467bd", "#ff7f0e", "#17becf", "#8c564b", "#e377c2", "#bcbd22", "#555555"};
        return fmt::format("fill=\"none\" stroke=\"{}\" stroke-width=\"2\" stroke-linejoin=\"round\"{}", colours[i % std::size(colours)], i >= std::size(colours) ? " stroke-dasharray=\"6 3\"" : "");
    }
    void text(double x, double y, const char *anchor, const char *colour, const std::string &what, const char *more = "") {
        out_ += fmt::format("<text x=\"{:.0f}\" y=\"{:.0f}\" text-anchor=\"{}\" fill=\"{}\" {}>{}</text>\n", x, y, anchor, colour, more, what);
    }
    void grid() {
        for (const double ratio : {0.5, 1.0, 2.0, 4.0}) {
            out_ += fmt::format("<line x1=\"{}\" y1=\"{:.1f}\" x2=\"{}\" y2=\"{:.1f}\" stroke=\"#ddd\"/>\n", left, y_of(ratio), right, y_of(ratio));
            text(left - 6, y_of(ratio) + 4, "end", "#333", fmt::format("{:g}", ratio));
        }
        out_ += fmt::format("<line x1=\"{}\" y1=\"{:.1f}\" x2=\"{}\" y2=\"{:.1f}\" stroke=\"#c00\" stroke-dasharray=\"3 3\"/>\n", left, y_of(1.25), right, y_of(1.25));
        text(left - 6, y_of(1.25) + 4, "end", "#c00", "1.25");
        for (int decade = 0; decade <= static_cast<int>(decades); ++decade) {
            const double n = std::pow(10, decade);
            out_ += fmt::format("<line x1=\"{0:.1f}\" y1=\"{1}\" x2=\"{0:.1f}\" y2=\"{2}\" stroke=\"#eee\"/>\n", x_of(n), top, bottom);
            text(x_of(n), bottom + 18, "middle", "#333", with_commas(static_cast<long>(n)));
        }
        text((left + right) / 2, bottom + 36, "middle", "#333", "how much there is");
    }
    void curve(const Result &r, std::size_t i) {
        std::string points;
        for (std::size_t p = 0; p < r.costs.size(); ++p) points += fmt::format("{:.1f},{:.1f} ", x_of(static_cast<double>(r.row.n[p])), y_of(r.costs[p].ratio));
        out_ += fmt::format("<polyline points=\"{}\" {}/>\n", points, stroke(i));
    }

    bool by_count_;
    std::string out_;
};

} // namespace

int main(int argc, char **argv) {
    bool by_count = false, json = false, threads = false;
    int rounds = 5;
    std::string svg;
    std::vector<std::string> wanted;
    auto row_named = [](const std::string &name) -> const Row & {
        for (const Row &row : rows())
            if (name == row.name) return row;
        fail(fmt::format("no row is called {}; --list lists them", name));
    };
    for (int i = 1; i < argc; ++i) {
        const std::string word = argv[i];
        if (word == "--one" && i + 2 < argc) run_one(row_named(argv[i + 1]), std::atol(argv[i + 2]));
        if (word == "--instructions") by_count = true;
        else if (word == "--json") json = true;
        else if (word == "--threads") threads = true;
        else if (word == "--svg" && i + 1 < argc) svg = argv[++i];
        else if (word == "--rounds" && i + 1 < argc) rounds = std::max(1, std::atoi(argv[++i]));
        else if (word == "--list") {
            for (const Row &row : rows()) std::printf("%-14s %s; %s\n", row.name, row.what, row.unit);
            return 0;
        } else if (word.starts_with('-')) fail(fmt::format("{} is no option", word));
        else wanted.push_back(row_named(word).name);
    }
    std::vector<Result> results;
    std::vector<Memory> memories;
    std::vector<Speedup> speedups;
    if (!json) std::printf("| %-43s | %9s | cost at N / cost at the smallest N | N | must |\n|-|-|-|-|-|\n", "operation", by_count ? "instr." : "ns");
    for (const Row &row : rows()) {
        if (threads || (!wanted.empty() && std::find(wanted.begin(), wanted.end(), row.name) == wanted.end())) continue;
        results.push_back({row, by_count ? by_instructions(argv[0], row) : by_time(row, rounds)});
        if (!json) print(results.back(), by_count);
        ::malloc_trim(0);
    }
    if (wanted.empty() || threads)
        speedups = measure_speedups();
    for (const Speedup &s : speedups)
        if (!json) std::printf("| %-43s | %9.0f | two Systems in two threads: %.2f times one | | 1.9 |\n", s.what, s.alone, s.ratio());
    if (wanted.empty() && !threads) {
        memories = {memory_of_streams(), memory_of_trace<rill::view::Json>("a million records more to JSON, MiB kept"),
                    memory_of_trace<rill::view::Html>("a million records more to HTML, MiB kept")};
        for (const Memory &m : memories)
            if (!json) std::printf("| %-43s | %9.1f | | | %.0f |\n", m.what, m.mib, m.must);
    }
    if (json) print_json(results, memories, speedups, by_count);
    if (!svg.empty()) {
        std::unique_ptr<FILE, int (*)(FILE *)> file(std::fopen(svg.c_str(), "w"), std::fclose);
        if (!file) fail(fmt::format("{}: {}", svg, std::strerror(errno)));
        fmt::print(file.get(), "{}", Picture(by_count).of(results));
    }
    return 0;
}
