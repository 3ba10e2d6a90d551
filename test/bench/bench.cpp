// Measured ratios. Each row runs its subject and its baseline in this process, in turns, nine rounds, and prints the
// median of the rounds' ratios beside what must and what should be reached. It is never a pass or fail by the clock.
#include "clone/designs/design.hpp"
#include "drivers/loop.h"
#include "streams/system.hpp"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <fcntl.h>
#include <functional>
#include <malloc.h>
#include <poll.h>
#include <rill.h>
#include <sys/ddi.h>
#include <sys/ioctl.h>
#include <string>
#include <sys/minor.h>
#include <unistd.h>
#include <vector>

extern "C" streamtab echoinfo, loopinfo, passmodinfo;
extern "C" int echodevflag, loopdevflag, passmoddevflag;

namespace {

constexpr int rounds = 9;

double nanoseconds(const std::function<void()> &f) {
    const auto begin = std::chrono::steady_clock::now();
    f();
    return std::chrono::duration<double, std::nano>(std::chrono::steady_clock::now() - begin).count();
}

double median(std::vector<double> v) {
    std::nth_element(v.begin(), v.begin() + static_cast<long>(v.size() / 2), v.end());
    return v[v.size() / 2];
}

// A driver with nothing but minors: what is measured is the open, not the driver.
minor_table_t *minors;
int bench_open(queue_t *q, dev_t *devp, int, int sflag, cred_t *) {
    if (sflag == CLONEOPEN) {
        const int minor = minor_take(minors);
        if (minor < 0) return EBUSY;
        *devp = makedevice(getemajor(*devp), static_cast<minor_t>(minor));
    }
    q->q_ptr = WR(q)->q_ptr = reinterpret_cast<void *>(static_cast<long>(geteminor(*devp)) + 1);
    qprocson(q);
    return 0;
}
int bench_close(queue_t *q, int, cred_t *) {
    qprocsoff(q);
    minor_give(minors, static_cast<minor_t>(reinterpret_cast<long>(q->q_ptr) - 1));
    q->q_ptr = WR(q)->q_ptr = nullptr;
    return 0;
}
int bench_put(queue_t *, mblk_t *mp) {
    freemsg(mp);
    return 0;
}
int bench_ioctl_put(queue_t *q, mblk_t *mp) {
    if (mp->b_datap->db_type != M_IOCTL) return bench_put(q, mp);
    mp->b_datap->db_type = M_IOCACK;
    reinterpret_cast<iocblk *>(mp->b_rptr)->ioc_count = 0;
    qreply(q, mp);
    return 0;
}
module_info info{0, "bench", 0, INFPSZ, 4096, 1024};
qinit rinit{nullptr, nullptr, bench_open, bench_close, nullptr, &info, nullptr};
qinit winit{bench_ioctl_put, nullptr, nullptr, nullptr, nullptr, &info, nullptr};
streamtab benchinfo{&rinit, &winit, nullptr, nullptr};

struct World {
    explicit World(unsigned table) {
        system = rill_system_new(nullptr);
        proc = rill_proc_new(system, 0, 0);
        rill_driver_add(system, "bench", 61, &benchinfo, 0, static_cast<int>(table));
        rill::Enter scope(*reinterpret_cast<rill::System *>(system));
        minors = table_ = minor_table_alloc("bench", table);
        rill_mknod(proc, "/dev/bench", S_IFCHR | 0666, makedevice(10, 61));
    }
    ~World() {
        minors = table_;
        rill_proc_exit(proc);
        minor_table_free(table_);
        rill_system_free(system);
    }
    void use() { minors = table_; }
    double open_close(int n) {
        use();
        return nanoseconds([&] {
                   for (int i = 0; i < n; ++i) rill_close(proc, rill_open(proc, "/dev/bench", O_RDWR));
               }) /
               n;
    }
    void open_more(int n) {
        use();
        for (int i = 0; i < n; ++i)
            if (rill_open(proc, "/dev/bench", O_RDWR) < 0) {
                std::fprintf(stderr, "bench: open %d of %d: %s\n", i, n, rill_why(proc));
                std::exit(1);
            }
    }

    rill_system *system;
    rill_proc *proc;
    minor_table_t *table_;
};

struct LoopPair {
    LoopPair() {
        system = rill_system_new(nullptr);
        proc = rill_proc_new(system, 0, 0);
        rill_driver_add(system, "loop", 62, &loopinfo, loopdevflag, 16);
        rill_module_add(system, "passmod", &passmodinfo, passmoddevflag);
        rill_mknod(proc, "/dev/loop", S_IFCHR | 0666, makedevice(10, 62));
        a = rill_open(proc, "/dev/loop", O_RDWR);
        b = rill_open(proc, "/dev/loop", O_RDWR);
        struct stat st;
        rill_fstat(proc, b, &st);
        int minor = static_cast<int>(geteminor(st.st_rdev));
        strioctl io{LOOP_SET, 0, sizeof minor, reinterpret_cast<char *>(&minor)};
        if (a < 0 || b < 0 || rill_ioctl(proc, a, I_STR, &io) < 0) {
            std::fprintf(stderr, "bench: loop: %s\n", rill_why(proc));
            std::exit(1);
        }
    }
    ~LoopPair() {
        rill_proc_exit(proc);
        rill_system_free(system);
    }
    double trip(size_t size, int n) {
        std::vector<char> buffer(size);
        return nanoseconds([&] {
                   for (int i = 0; i < n; ++i) {
                       rill_write(proc, a, buffer.data(), size);
                       rill_read(proc, b, buffer.data(), size);
                   }
               }) /
               n;
    }
    rill_system *system;
    rill_proc *proc;
    int a, b;
};

// One stream on echo: what is written comes back through the driver's service procedure.
struct Echo {
    Echo() {
        system = rill_system_new(nullptr);
        proc = rill_proc_new(system, 0, 0);
        rill_driver_add(system, "echo", 61, &echoinfo, echodevflag, 16);
        rill_driver_add(system, "bench", 62, &benchinfo, 0, 16);
        rill_module_add(system, "passmod", &passmodinfo, passmoddevflag);
        rill_mknod(proc, "/dev/echo", S_IFCHR | 0666, makedevice(10, 61));
        rill_mknod(proc, "/dev/bench0", S_IFCHR | 0666, makedevice(62, 0));
        fd = rill_open(proc, "/dev/echo", O_RDWR);
        if (fd < 0) {
            std::fprintf(stderr, "bench: echo: %s\n", rill_why(proc));
            std::exit(1);
        }
    }
    ~Echo() {
        rill_proc_exit(proc);
        rill_system_free(system);
    }
    double trip(size_t size, int n) {
        std::vector<char> buffer(size);
        return nanoseconds([&] {
                   for (int i = 0; i < n; ++i)
                       if (rill_write(proc, fd, buffer.data(), size) < 0 || rill_read(proc, fd, buffer.data(), size) < 0) std::exit(1);
               }) /
               n;
    }
    double ioctls(int command, void *argument, int n) {
        return nanoseconds([&] {
                   for (int i = 0; i < n; ++i)
                       if (rill_ioctl(proc, fd, command, argument) < 0) std::exit(1);
               }) /
               n;
    }
    double push_pop(int n) {
        return nanoseconds([&] {
                   for (int i = 0; i < n; ++i)
                       if (rill_ioctl(proc, fd, I_PUSH, "passmod") < 0 || rill_ioctl(proc, fd, I_POP, 0) < 0) std::exit(1);
               }) /
               n;
    }
    rill_system *system;
    rill_proc *proc;
    int fd;
};

struct HostPipe {
    HostPipe() {
        if (::pipe(fd)) std::exit(1);
    }
    ~HostPipe() {
        ::close(fd[0]);
        ::close(fd[1]);
    }
    double trip(size_t size, int n) {
        std::vector<char> buffer(size);
        return nanoseconds([&] {
                   for (int i = 0; i < n; ++i)
                       if (::write(fd[1], buffer.data(), size) < 0 || ::read(fd[0], buffer.data(), size) < 0) std::exit(1);
               }) /
               n;
    }
    int fd[2];
};

double host_fionread(HostPipe &pipe, int n) {
    return nanoseconds([&] {
               int bytes;
               for (int i = 0; i < n; ++i) ::ioctl(pipe.fd[0], FIONREAD, &bytes);
           }) /
           n;
}

double allocb_freeb(int n) {
    return nanoseconds([&] {
               for (int i = 0; i < n; ++i) {
                   mblk_t *mp = allocb(64, BPRI_MED);
                   asm volatile(""
                                :
                                : "r"(mp)
                                : "memory");
                   freeb(mp);
               }
           }) /
           n;
}
double malloc_free(int n) {
    return nanoseconds([&] {
               for (int i = 0; i < n; ++i) {
                   void *p = std::malloc(64);
                   asm volatile(""
                                :
                                : "r"(p)
                                : "memory");
                   std::free(p);
               }
           }) /
           n;
}

double dev_null(int n) {
    return nanoseconds([&] {
               for (int i = 0; i < n; ++i) ::close(::open("/dev/null", O_RDWR));
           }) /
           n;
}

// A chain of indirect calls, each calling the next, as modules do.
struct Node {
    int (*f)(Node *, void *);
    Node *next;
};
__attribute__((noinline)) int pass(Node *n, void *p) {
    const int r = n->next->f(n->next, p);
    asm volatile(""
                 :
                 :
                 : "memory"); // a call that returns here, as a module's does, not a jump
    return r;
}
__attribute__((noinline)) int last(Node *, void *p) {
    asm volatile(""
                 :
                 : "r"(p)
                 : "memory");
    return 0;
}
double nested_call(int depth, int n) {
    std::vector<Node> chain(static_cast<size_t>(depth) + 1);
    for (int i = 0; i <= depth; ++i) chain[static_cast<size_t>(i)] = {i < depth ? pass : last, i < depth ? &chain[static_cast<size_t>(i) + 1] : nullptr};
    return nanoseconds([&] {
               for (int i = 0; i < n; ++i) {
                   Node *volatile first = &chain[0];
                   first->f(first, &chain);
               }
           }) /
           n;
}

void row(const char *what, const std::string &value, const char *must, const char *aim) {
    std::printf("| %-66s | %12s | %6s | %6s |\n", what, value.c_str(), must, aim);
    std::fflush(stdout);
}
std::string ratio(double r) {
    char text[32];
    std::snprintf(text, sizeof text, "%.3f", r);
    return text;
}

// The median over the rounds of subject/baseline.
std::string compare(const std::function<double()> &subject, const std::function<double()> &baseline, double *subject_ns = nullptr) {
    std::vector<double> ratios, times;
    for (int i = 0; i < rounds; ++i) {
        const double base = baseline();
        const double own = subject();
        ratios.push_back(own / base);
        times.push_back(own);
    }
    if (subject_ns) *subject_ns = median(times);
    return ratio(median(ratios));
}

// Open and close of a design's device, in a System of its own. The numbers of freebsd-dev_clone do not come back when a file
// is closed, so its opens are measured in Systems that have made no more than so many.
double design_open_close(const rill::designs::Design &design, int n) {
    rill_system *s = rill_system_new(nullptr);
    rill_proc *p = rill_proc_new(s, 0, 0);
    auto &system = *reinterpret_cast<rill::System *>(s);
    {
        rill::Enter scope(system);
        if (design.attach(system, static_cast<unsigned>(n) + 1)) {
            std::fprintf(stderr, "bench: %s cannot be attached with room for %d\n", design.name, n + 1);
            std::exit(1);
        }
    }
    const double spent = nanoseconds([&] {
        for (int i = 0; i < n; ++i) {
            const int fd = rill_open(p, design.path, O_RDWR);
            if (fd < 0) std::exit(1);
            rill_close(p, fd);
        }
    });
    rill_system_free(s);
    return spent / n;
}

// A queue of a stream on echo with so many high-priority messages on it, and as many timeouts pending.
struct Crowd {
    explicit Crowd(int count) {
        rill::Enter scope(system());
        q = reinterpret_cast<rill::Process *>(echo.proc)->file(echo.fd)->stream->driver_pair()->write();
        for (int i = 0; i < count; ++i) {
            putq(q, message(M_PCPROTO));
            timeout(nothing, nullptr, 1 + i % 1000);
        }
        hipri = message(M_PCPROTO);
        data = message(M_DATA);
    }
    ~Crowd() {
        rill::Enter scope(system());
        freemsg(hipri);
        freemsg(data);
    }
    static void nothing(void *) {}
    static mblk_t *message(int type) {
        mblk_t *mp = allocb(8, BPRI_MED);
        mp->b_datap->db_type = static_cast<unsigned char>(type);
        return mp;
    }
    rill::System &system() { return *reinterpret_cast<rill::System *>(echo.system); }
    template <class Turn> double turns(Turn &&turn) {
        constexpr int n = 20000;
        rill::Enter scope(system());
        return nanoseconds([&] {
                   for (int i = 0; i < n; ++i) turn(i);
               }) /
               n;
    }
    double priority() {
        return turns([&](int) { putq(q, hipri), rmvq(q, hipri); });
    }
    double back() {
        return turns([&](int) { putbq(q, data), rmvq(q, data); });
    }
    double timers() {
        return turns([](int i) { untimeout(timeout(nothing, nullptr, 1 + i % 1000)); });
    }

    Echo echo;
    queue_t *q = nullptr;
    mblk_t *hipri = nullptr, *data = nullptr;
};

size_t host_bytes() { return mallinfo2().uordblks; }

} // namespace

int main() {
    std::printf("| %-66s | %12s | %6s | %6s |\n|-|-|-|-|\n", "medians of 9 interleaved rounds", "reached", "must", "aim");
    {
        World world(16);
        double ns = 0;
        const std::string r = compare([&] { return world.open_close(20000); }, [] { return dev_null(20000); }, &ns);
        row("clone open+close / Linux open+close of /dev/null", r, "1.0", "0.3");
        row("  the clone open+close itself, ns", ratio(ns), "", "");
    }
    {
        World none(20000), many(20000);
        many.open_more(10000);
        row("clone open+close, 10,000 streams open / none open",
            compare([&] { return many.open_close(20000); }, [&] { return none.open_close(20000); }), "1.5", "1.1");
    }
    {
        // Full but for one: the table is filled without streams, which the row above measures.
        World small(16), large(262144);
        large.use();
        {
            rill::Enter scope(*reinterpret_cast<rill::System *>(large.system));
            while (minors_free(minors) > 1) minor_take(minors);
        }
        row("clone open+close, one free minor of 262,144 / of 16",
            compare([&] { return large.open_close(20000); }, [&] { return small.open_close(20000); }), "1.5", "1.1");
        large.use();
        rill::Enter scope(*reinterpret_cast<rill::System *>(large.system));
        for (unsigned m = 0; m < 262143; ++m) minor_give(minors, m);
    }
    {
        LoopPair loop;
        HostPipe pipe;
        double ns = 0;
        const std::string r = compare([&] { return loop.trip(64, 50000); }, [&] { return pipe.trip(64, 50000); }, &ns);
        row("write 64 B -> loop -> read 64 B, put path / Linux pipe 64 B", r, "0.45", "0.15");
        row("  the loop trip itself, ns", ratio(ns), "", "");
        constexpr int modules = 8;
        std::vector<double> costs;
        for (int i = 0; i < rounds; ++i) {
            const double bare = loop.trip(64, 50000);
            for (int m = 0; m < modules; ++m) rill_ioctl(loop.proc, loop.a, I_PUSH, "passmod");
            const double with = loop.trip(64, 50000);
            for (int m = 0; m < modules; ++m) rill_ioctl(loop.proc, loop.a, I_POP, 0);
            const double call = (nested_call(modules, 200000) - nested_call(0, 200000)) / modules;
            costs.push_back((with - bare) / modules / call);
        }
        row("each pass-through module on that path / one nested indirect call", ratio(median(costs)), "10", "2");
    }
    {
        Echo echo;
        HostPipe pipe;
        row("loop 64 B through a service procedure / Linux pipe 64 B",
            compare([&] { return echo.trip(64, 50000); }, [&] { return pipe.trip(64, 50000); }), "0.65", "0.25");
        LoopPair loop;
        row("loop 4 KiB / Linux pipe 4 KiB",
            compare([&] { return loop.trip(4096, 20000); }, [&] { return pipe.trip(4096, 20000); }), "0.6", "0.3");
        const int echo_fd = echo.fd;
        World small(16); // bench's minors for the direct open
        echo.fd = rill_open(echo.proc, "/dev/bench0", O_RDWR);
        strioctl io{0x6201, 0, 0, nullptr};
        row("I_STR round trip through one driver / Linux pipe 64 B",
            compare([&] { return echo.ioctls(I_STR, &io, 20000); }, [&] { return pipe.trip(64, 20000); }), "0.6", "0.2");
        int bytes = 0;
        row("I_NREAD / FIONREAD on a Linux pipe",
            compare([&] { return echo.ioctls(I_NREAD, &bytes, 50000); }, [&] { return host_fionread(pipe, 50000); }), "0.4", "0.1");
        row("I_PUSH+I_POP / Linux open+close of /dev/null",
            compare([&] { return echo.push_pop(20000); }, [] { return dev_null(20000); }), "0.8", "0.25");
        {
            rill::Enter scope(*reinterpret_cast<rill::System *>(echo.system));
            minor_take_this(minors, 0); // the direct open took none from the table; its close gives one back
        }
        rill_close(echo.proc, echo.fd);
        echo.fd = echo_fd;
        constexpr int streams = 1000;
        World world(streams + 1);
        rill_module_add(world.system, "passmod", &passmodinfo, passmoddevflag);
        world.open_more(streams);
        for (int i = 0; i < 100; ++i) rill_ioctl(world.proc, i, I_PUSH, "passmod");
        const size_t some = host_bytes();
        for (int i = 100; i < streams; ++i) rill_ioctl(world.proc, i, I_PUSH, "passmod");
        row("bytes per pushed module", std::to_string((host_bytes() - some) / (streams - 100)), "768", "400");
    }
    {
        constexpr int count = 1000;
        World world(count + 2);
        world.open_more(count - 1);
        rill_driver_add(world.system, "echo", 63, &echoinfo, echodevflag, 16);
        rill_mknod(world.proc, "/dev/echo", S_IFCHR | 0666, makedevice(10, 63));
        const int ready = rill_open(world.proc, "/dev/echo", O_RDWR);
        rill_write(world.proc, ready, "x", 1);
        std::vector<pollfd> own(count), host(count);
        std::vector<HostPipe> pipes(count);
        for (int i = 0; i < count; ++i) {
            own[static_cast<size_t>(i)] = {i < count - 1 ? i : ready, POLLIN, 0};
            host[static_cast<size_t>(i)] = {pipes[static_cast<size_t>(i)].fd[0], POLLIN, 0};
        }
        if (::write(pipes[count - 1].fd[1], "x", 1) != 1) std::exit(1);
        auto poll_own = [&] {
            return nanoseconds([&] {
                       for (int i = 0; i < 500; ++i)
                           if (rill_poll(world.proc, own.data(), count, -1) != 1) std::exit(1);
                   }) /
                   500;
        };
        auto poll_host = [&] {
            return nanoseconds([&] {
                       for (int i = 0; i < 500; ++i)
                           if (::poll(host.data(), count, -1) != 1) std::exit(1);
                   }) /
                   500;
        };
        row("poll of 1,000 descriptors, one ready / Linux poll of 1,000 pipes", compare(poll_own, poll_host), "1.0", "0.5");
        rill::Enter scope(*reinterpret_cast<rill::System *>(world.system));
        row("allocb+freeb of 64 B / malloc+free of 64 B",
            compare([] { return allocb_freeb(500000); }, [] { return malloc_free(500000); }), "2.0", "0.6");
    }
    {
        Crowd few(100), many(100000);
        row("putq+rmvq of a high-priority message, 100,000 of them queued / 100",
            compare([&] { return many.priority(); }, [&] { return few.priority(); }), "2", "1.1");
        row("putbq+rmvq of an ordinary message behind them, 100,000 / 100",
            compare([&] { return many.back(); }, [&] { return few.back(); }), "2", "1.1");
        row("timeout+untimeout, 100,000 pending / 100", compare([&] { return many.timers(); }, [&] { return few.timers(); }), "2", "1.5");
    }
    {
        World world(20000);
        world.open_more(1000); // what grows in steps has grown
        const size_t before = host_bytes();
        world.open_more(10000);
        row("bytes per idle open stream (allocator count)", std::to_string((host_bytes() - before) / 10000), "3072", "1024");
    }
    {
        std::vector<double> times;
        for (int i = 0; i < rounds; ++i)
            times.push_back(nanoseconds([] {
                                rill_system *s = rill_system_new(nullptr);
                                rill_proc *p = rill_proc_new(s, 0, 0);
                                for (int d = 0; d < 64; ++d) rill_driver_add(s, "bench", 20 + d, &benchinfo, 0, 16);
                                rill_mknod(p, "/dev/bench", S_IFCHR | 0666, makedevice(10, 61));
                                {
                                    rill::Enter scope(*reinterpret_cast<rill::System *>(s));
                                    minors = minor_table_alloc("bench", 16);
                                    if (rill_open(p, "/dev/bench", O_RDWR) < 0) std::exit(1);
                                    rill_proc_exit(p);
                                    minor_table_free(minors);
                                }
                                rill_system_free(s);
                            }) /
                            1000);
        row("boot: System, 64 drivers, first clone open (and its end), us", ratio(median(times)), "1000", "50");
    }
    for (const rill::designs::Design &design : rill::designs::all()) {
        if (!design.model) continue;
        double ns = 0;
        const std::string r = compare([&] { return design_open_close(design, 200); }, [] { return dev_null(200); }, &ns);
        row((std::string("open+close, ") + design.name + " / Linux open+close of /dev/null").c_str(), r, "", "");
        row("  the same, ns", ratio(ns), "", "");
    }
    return 0;
}
