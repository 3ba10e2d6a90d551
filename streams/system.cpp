#include "streams/system.hpp"
#include "streams/queue/procedure.hpp"

#include <fmt/format.h>
#include <utility>

namespace rill {

std::string Census::text() const {
    std::string s;
    auto add = [&](const char *name, long n) {
        if (!n) return;
        std::string_view noun = name; // one of them has no plural
        if (n == 1) noun.remove_suffix(noun.ends_with('s'));
        s += fmt::format("{}{} {}", s.empty() ? "" : ", ", n, noun);
    };
    add("message blocks", messages);
    add("kmem allocations", kmem);
    add("queue pairs", queues);
    add("streams", streams);
    add("pipes", fifos);
    add("devices", specials);
    add("files", files);
    add("descriptors", descriptors);
    add("timers", timers);
    add("bufcalls", bufcalls);
    add("parked calls", calls);
    add("minors", minors);
    add("nodes", nodes);
    add("attached names", names);
    add("links", links);
    add("signal registrations", signals);
    add("driver holds", holds);
    return s.empty() ? "nothing" : s;
}

Census Census::beyond(const Census &before) const {
    Census more{};
    const auto *a = reinterpret_cast<const long *>(this), *b = reinterpret_cast<const long *>(&before);
    auto *m = reinterpret_cast<long *>(&more);
    for (std::size_t i = 0; i < sizeof more / sizeof(long); ++i) m[i] = a[i] > b[i] ? a[i] - b[i] : 0;
    return more;
}

// --- what the layers below ask ---

namespace {

System &of(Kernel &kernel) { return static_cast<System &>(kernel); }
const System &of(const Kernel &kernel) { return static_cast<const System &>(kernel); }
Process &of(Caller &caller) { return static_cast<Process &>(caller); }

std::string history_of(const Kernel &k, const mblk_t *mp) { return of(k).checks.history(Block::of(const_cast<mblk_t *>(mp))); }

std::string owners_open(const Kernel &k) {
    std::vector<const Owner *> owners;
    const auto add = [&](const Owner *owner) {
        if (owner && std::find(owners.begin(), owners.end(), owner) == owners.end()) owners.push_back(owner);
    };
    for (const Stream &stream : of(k).streams) {
        const_cast<Stream &>(stream).for_each_pair([&](const QueuePair &pair) { add(pair.owner); });
        add(stream.driver);
    }
    std::string text;
    for (const Owner *owner : owners) text += (text.empty() ? "" : " or ") + owner->name;
    return text.empty() ? "?" : text;
}

constexpr Above above_this{
    .now = [](Kernel &k) { return of(k).sched.now(); },
    .limit_sleep = [](Kernel &k, Call &call, long ticks) { return of(k).sched.limit_sleep(call, ticks); },
    .end_limit = [](Kernel &k, Timer *timer) { of(k).sched.stop_timer(timer); },
    .make_ready = [](Kernel &k, Call &call) { of(k).sched.make_ready(call); },
    .thread_came = [](Kernel &) { arm_thread(); },
    .owner_of = [](queue_t *q) { return pair_of(q)->owner->name.c_str(); },
    .owners_open = owners_open,
    .history_of = history_of,
    .locks_are_held = [](Kernel &k, const char *what) { check_passing(of(k), what); },
    .run_free_routine = [](Kernel &k, const free_rtn &routine, const char *driver) { run_free_routine(of(k), routine, driver); },
    .module_named = [](Kernel &k, std::string_view name) { return of(k).registry.module(name); },
    .is_over_threshold = [](const Kernel &k, const Caller &process) { return process.cred.cr_uid != 0 && of(k).stream_bytes() > static_cast<std::size_t>(k.tunables.strthresh); },
    .signal_process = [](Kernel &k, int pid, int sig) { signal_process(of(k), pid, sig); },
    .signal_group = [](Kernel &k, int pgrp, int sig) { signal_group(of(k), pgrp, sig); },
    .orphaned = [](const Kernel &k, int pgrp) { return orphaned(of(k), pgrp); },
    .drop_file = [](Kernel &, Caller &process, File *file) { return drop_file(of(process), file); },
    .open_file = [](Caller &process, int fd) { return of(process).file(fd); },
    .install = [](Caller &process, File *file, int lowest) { return of(process).install(file, lowest); },
    .remove_descriptor = [](Caller &process, int fd) { return of(process).remove_descriptor(fd); },
};

} // namespace

System::System(const Profile &which, Tunables sizes)
    : Kernel(which, sizes, above_this), messages(*this, alloc),
      stream_pool(sizeof(Stream) + sizeof(QueuePair)), pair_pool(alloc), file_pool(alloc), sig_pool(alloc),
      band_pool(sizeof(Band)), fifo_pool(alloc), name_pool(alloc), sched(*this, alloc), registry(*this, sizes.drivers, sizes.modules),
      autopush(*this, sizes.autopush), nodes(*this, alloc) {
    gate_register();
    arm_crash_handler();
}

System::~System() {
    retire();
    Enter scope(*this);
    ending = true;
    trace.on = false;
    fault_policy = FaultPolicy::off;
    alloc.fail_nth(0);
    alloc.fail_seed(0, 0);
    alloc.ceiling(0);
    // Parked calls end if they can; one that cannot is forgotten with its stack.
    for (Background &b : backgrounds)
        if (b.call) finish(b);
    while (!processes.empty()) end_process(processes.front());
    wait_for_visitors(nullptr);
    drop_names(*this);
    drop_links(*this);
    while (!at_end.empty()) {
        auto f = std::move(at_end.back());
        at_end.pop_back();
        f();
    }
    drop_calls();
    disarm_crash_handler();
}

std::size_t System::stream_bytes() const {
    return messages.bytes() + static_cast<std::size_t>(stream_pool.out()) * stream_pool.size() +
           static_cast<std::size_t>(pair_pool.out()) * sizeof(QueuePair);
}

Census System::census() const {
    Census c{};
    c.messages = messages.blocks();
    c.kmem = kmem_allocations_out;
    c.queues = pair_pool.out();
    for (const Stream &stream : streams) c.queues += 1 + stream.has_driver;
    c.streams = stream_pool.out();
    c.fifos = fifo_pool.out();
    c.specials = nodes.specials_out();
    c.files = file_pool.out();
    for (const Process &p : processes) c.descriptors += p.descriptors_used;
    c.timers = sched.timers_out();
    c.bufcalls = sched.bufcalls_out();
    c.calls = calls_out_;
    c.minors = minors_out;
    c.nodes = static_cast<long>(nodes.nodes().size());
    c.names = name_pool.out();
    c.links = links_out;
    c.signals = sig_pool.out();
    for (const auto &row : registry.rows())
        if (row) c.holds += row->holds;
    for (const auto &m : registry.modules()) c.holds += m->holds;
    return c;
}

} // namespace rill
