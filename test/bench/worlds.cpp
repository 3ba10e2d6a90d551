#include "test/bench/worlds.hpp"
#include "drivers/loop.h"
#include "streams/system.hpp"

#include <algorithm>
#include <fcntl.h>
#include <malloc.h>
#include <map>
#include <sys/apush.h>
#include <sys/ddi.h>

extern "C" streamtab echoinfo, loopinfo, passmodinfo;
extern "C" int echodevflag, loopdevflag, passmoddevflag;

namespace rill::bench {

bool small_worlds = false;

int many(int count) { return small_worlds ? std::max(1, std::min(count, 100) / 2) : count; }

namespace {

minor_table_t *minors;

// --- the driver: an open and a close with a minor, without one, and three ways to treat a message

void *unit_of(dev_t dev) { return reinterpret_cast<void *>(static_cast<long>(geteminor(dev)) + 1); }

int clone_open(queue_t *q, dev_t *devp, int, int sflag, cred_t *) {
    if (sflag == CLONEOPEN) {
        const int minor = minor_take(minors);
        if (minor < 0) return EBUSY;
        *devp = makedevice(getemajor(*devp), static_cast<minor_t>(minor));
    }
    q->q_ptr = WR(q)->q_ptr = unit_of(*devp);
    qprocson(q);
    return 0;
}
int clone_close(queue_t *q, int, cred_t *) {
    qprocsoff(q);
    minor_give(minors, static_cast<minor_t>(reinterpret_cast<long>(q->q_ptr) - 1));
    q->q_ptr = WR(q)->q_ptr = nullptr;
    return 0;
}

queue_t *opened; // the write queue of the last plain open

int plain_open(queue_t *q, dev_t *devp, int, int, cred_t *) {
    q->q_ptr = WR(q)->q_ptr = unit_of(*devp);
    opened = WR(q);
    qprocson(q);
    return 0;
}
int plain_close(queue_t *q, int, cred_t *) {
    qprocsoff(q);
    q->q_ptr = WR(q)->q_ptr = nullptr;
    return 0;
}

int answer(queue_t *q, mblk_t *mp) {
    switch (mp->b_datap->db_type) {
    case M_DATA: qreply(q, mp); break;
    case M_IOCTL:
        mp->b_datap->db_type = M_IOCACK;
        reinterpret_cast<iocblk *>(mp->b_rptr)->ioc_count = 0;
        qreply(q, mp);
        break;
    default: freemsg(mp);
    }
    return 0;
}
int queue_data(queue_t *q, mblk_t *mp) { return mp->b_datap->db_type == M_DATA ? putq(q, mp) : answer(q, mp); }
int answer_queued(queue_t *q) {
    while (mblk_t *mp = getq(q)) qreply(q, mp);
    return 0;
}
int rest(queue_t *) { return 0; }

module_info info{0, "bench", 0, INFPSZ, 4096, 1024};
module_info deep{0, "bench", 0, INFPSZ, 1 << 30, 1 << 29};
qinit clone_read{nullptr, nullptr, clone_open, clone_close, nullptr, &info, nullptr};
qinit plain_read{nullptr, nullptr, plain_open, plain_close, nullptr, &info, nullptr};
qinit write_answer{answer, nullptr, nullptr, nullptr, nullptr, &info, nullptr};
qinit write_service{queue_data, answer_queued, nullptr, nullptr, nullptr, &info, nullptr};
qinit write_rest{queue_data, rest, nullptr, nullptr, nullptr, &deep, nullptr};
streamtab clone_tab{&clone_read, &write_answer, nullptr, nullptr};
streamtab plain_tab{&plain_read, &write_answer, nullptr, nullptr};
streamtab service_tab{&plain_read, &write_service, nullptr, nullptr};
streamtab rest_tab{&plain_read, &write_rest, nullptr, nullptr};
streamtab mux_tab{&plain_read, &write_answer, &plain_read, &write_answer};

class Heedless : public Reader {
    void record(const Record &) override {}
} heedless;

} // namespace

Inside::Inside(rill_system *s) : scope_(std::make_unique<Enter>(*reinterpret_cast<System *>(s))) {}
Inside::~Inside() = default;

queue_t *last_opened() { return opened; }

// --- any world

World::World(unsigned count) {
    system = rill_system_new(nullptr);
    proc = rill_proc_new(system, 0, 0);
    const int ndev = static_cast<int>(std::max(count, 16u));
    rill_driver_add(system, "bench", 61, &clone_tab, 0, ndev);
    rill_driver_add(system, "service", 62, &service_tab, 0, 16);
    rill_driver_add(system, "resting", 63, &rest_tab, 0, 16);
    rill_driver_add(system, "echo", 64, &echoinfo, echodevflag, 16);
    rill_driver_add(system, "loop", 65, &loopinfo, loopdevflag, 16);
    rill_driver_add(system, "benchmux", 66, &mux_tab, 0, 16);
    rill_driver_add(system, "plain", designated_major, &plain_tab, 0, 1 << 18);
    rill_module_add(system, "passmod", &passmodinfo, passmoddevflag);
    for (const auto &[path, dev] : std::map<const char *, dev_t>{{clone, makedevice(10, 61)},
                                                                 {service, makedevice(62, 0)},
                                                                 {resting, makedevice(63, 0)},
                                                                 {"/dev/echo", makedevice(10, 64)},
                                                                 {"/dev/loop", makedevice(10, 65)},
                                                                 {"/dev/mux", makedevice(66, 0)},
                                                                 {"/dev/plain", makedevice(designated_major, 0)}})
        check(rill_mknod(proc, path, S_IFCHR | 0666, dev), "mknod");
    const Inside inside(system);
    table = minor_table_alloc("bench", static_cast<unsigned>(ndev));
    use();
}

World::~World() {
    use();
    rill_proc_exit(proc);
    {
        const Inside inside(system);
        minor_table_free(table);
    }
    rill_system_free(system);
}

void World::use() { minors = table; }

int World::check(int result, const char *call) {
    if (result < 0) throw Unable(std::string(call) + ": " + rill_why(proc));
    return result;
}

int World::open(const std::string &path) { return check(rill_open(proc, path.c_str(), O_RDWR), path.c_str()); }

void World::open_more(int count) {
    use();
    for (int i = 0; i < count; ++i) open(clone);
}

void World::push(int fd, int count) {
    auto &limit = reinterpret_cast<System *>(system)->tunables.push_limit;
    limit = std::max(limit, count);
    for (int i = 0; i < count; ++i) check(rill_ioctl(proc, fd, I_PUSH, "passmod"), "I_PUSH");
}

void World::open_close(int n) {
    use();
    for (int i = 0; i < n; ++i) rill_close(proc, check(rill_open(proc, clone, O_RDWR), clone));
}

Opened::Opened(int count) : World(static_cast<unsigned>(count) + 2) {
    reinterpret_cast<System *>(system)->tunables.descriptors = static_cast<unsigned>(count) + 16;
    open_more(count);
}

Full::Full(unsigned count) : World(count) {
    const Inside inside(system);
    for (; minors_free(table) > 1; ++taken) minor_take(table);
}
Full::~Full() {
    const Inside inside(system);
    for (minor_t m = 0; m < taken; ++m) minor_give(table, m);
}

Traced::Traced() { reinterpret_cast<System *>(system)->trace.attach(heedless); }
Traced::~Traced() { reinterpret_cast<System *>(system)->trace.detach(heedless); }

Autopushed::Autopushed() {
    const Inside inside(system);
    strapush_v1 all{};
    all.sap_cmd = SAP_ALL;
    all.sap_major = 61;
    all.sap_npush = 3;
    for (auto &name : all.sap_list) std::string("passmod").copy(name, FMNAMESZ);
    if (apush_set(&all) != 0) throw Unable("the modules to push at open cannot be set");
}

Named::Named(int count) {
    for (int i = 0; i < count; ++i) {
        names.push_back("/dev/n" + std::to_string(i));
        check(rill_mknod(proc, names.back().c_str(), S_IFCHR | 0666, makedevice(designated_major, static_cast<minor_t>(i))), "mknod");
    }
}
void Named::open_close(int n) {
    for (std::size_t i = 0, at = 0; i < static_cast<std::size_t>(n); ++i, at = (at + 7919) % names.size())
        rill_close(proc, check(rill_open(proc, names[at].c_str(), O_RDWR), "open"));
}

// --- streams that carry data

Line::Line(const char *path, int modules) : fd(open(path)) { push(fd, modules); }
void Line::trip(int n) {
    char buffer[64] = {};
    for (int i = 0; i < n; ++i)
        if (rill_write(proc, fd, buffer, 64) != 64 || rill_read(proc, fd, buffer, 64) != 64) check(-1, "write and read");
}
void Line::istr(int n) {
    strioctl io{0x6201, 0, 0, nullptr};
    for (int i = 0; i < n; ++i) check(rill_ioctl(proc, fd, I_STR, &io), "I_STR");
}
void Line::inread(int n) {
    int bytes = 0;
    for (int i = 0; i < n; ++i) check(rill_ioctl(proc, fd, I_NREAD, &bytes), "I_NREAD");
}
void Line::push_pop(int n) {
    for (int i = 0; i < n; ++i)
        if (rill_ioctl(proc, fd, I_PUSH, "passmod") < 0 || rill_ioctl(proc, fd, I_POP, 0) < 0) check(-1, "I_PUSH and I_POP");
}

Piped::Piped(std::size_t size) : buffer(size) {
    int ends[2] = {-1, -1};
    check(rill_pipe(proc, ends), "pipe");
    a = ends[0], b = ends[1];
    check(rill_mknod(proc, "/name", S_IFREG | 0666, 0), "mknod");
}
void Piped::trip(int n) {
    for (int i = 0; i < n; ++i)
        if (rill_write(proc, a, buffer.data(), buffer.size()) < 0 || rill_read(proc, b, buffer.data(), buffer.size()) < 0) check(-1, "write and read");
}
void Piped::name(int n) {
    for (int i = 0; i < n; ++i) {
        check(rill_fattach(proc, b, "/name"), "fattach");
        rill_close(proc, check(rill_open(proc, "/name", O_RDWR), "open"));
        rill_fdetach(proc, "/name");
    }
}

Loop::Loop(std::size_t size, int modules) : a(open("/dev/loop")), b(open("/dev/loop")), buffer(size) {
    struct stat st;
    rill_fstat(proc, b, &st);
    int minor = static_cast<int>(geteminor(st.st_rdev));
    strioctl io{LOOP_SET, 0, sizeof minor, reinterpret_cast<char *>(&minor)};
    check(rill_ioctl(proc, a, I_STR, &io), "LOOP_SET");
    push(a, modules);
}
void Loop::trip(int n) {
    for (int i = 0; i < n; ++i)
        if (rill_write(proc, a, buffer.data(), buffer.size()) < 0 || rill_read(proc, b, buffer.data(), buffer.size()) < 0) check(-1, "write and read");
}

Echo::Echo() : fd(open("/dev/echo")) {}
void Echo::trip(int n) {
    for (int i = 0; i < n; ++i)
        if (rill_write(proc, fd, buffer, sizeof buffer) < 0 || rill_read(proc, fd, buffer, sizeof buffer) < 0) check(-1, "write and read");
}

Ready::Ready(int count) : World(static_cast<unsigned>(count)) {
    open_more(count - 1);
    const int ready = open("/dev/echo");
    rill_write(proc, ready, "x", 1);
    for (int fd = 0; fd <= ready; ++fd) entries.push_back({fd, POLLIN, 0});
}
void Ready::poll(int n) {
    for (int i = 0; i < n; ++i)
        if (rill_poll(proc, entries.data(), entries.size(), -1) != 1) check(-1, "poll");
}

void boot(int n) {
    for (int i = 0; i < n; ++i) {
        rill_system *s = rill_system_new(nullptr);
        rill_proc *p = rill_proc_new(s, 0, 0);
        for (int d = 0; d < 64; ++d) rill_driver_add(s, "bench", 20 + d, &clone_tab, 0, 16);
        rill_mknod(p, World::clone, S_IFCHR | 0666, makedevice(10, 61));
        {
            const Inside inside(s);
            minors = minor_table_alloc("bench", 16);
            if (rill_open(p, World::clone, O_RDWR) < 0) throw Unable(rill_why(p));
            rill_proc_exit(p);
            minor_table_free(minors);
        }
        rill_system_free(s);
    }
}

std::size_t host_bytes() { return mallinfo2().uordblks; }

} // namespace rill::bench
