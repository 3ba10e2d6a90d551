// The system calls of a program, as a table: what the cases under conformance/application/ are written against. They use
// this table, the nodes below and nothing else, so that the same cases can be linked to a system that has STREAMS.
//
//   Application a;                             the drivers are there, nothing is open
//   int fd = a.open(a.nodes.echo);             calls return their result, or -errno
//   CHECK(a.write(fd, "ab") == 2);
//   CHECK(a.read(fd) == "ab");                 what came, or failed(EAGAIN)
//
// Two bindings fill the table. In rill-tests it is test/calls_rill.hpp: a process of a Fixture. With
// APPLICATION_CALLS_POSIX it is at the end of this file: the names of libc and <stropts.h>, and no line of rill.
//
// A case must hold where a driver's service procedure runs on another processor: what it expects to come it waits for (a
// descriptor that blocks, settled(), poll with a time), and only what must not come it looks for without waiting.
#pragma once

#include "drivers/echo.h"
#include "drivers/loop.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>
#include <fcntl.h>
#include <poll.h>
#include <stropts.h>
#include <sys/stat.h>

namespace application {

struct Calls {
    int (*open)(const char *path, int oflag);
    int (*close)(int fd);
    ssize_t (*read)(int fd, void *buffer, std::size_t count);
    ssize_t (*write)(int fd, const void *buffer, std::size_t count);
    int (*ioctl)(int fd, int command, void *argument);
    int (*getmsg)(int fd, struct strbuf *ctl, struct strbuf *data, int *flags);
    int (*getpmsg)(int fd, struct strbuf *ctl, struct strbuf *data, int *band, int *flags);
    int (*putmsg)(int fd, const struct strbuf *ctl, const struct strbuf *data, int flags);
    int (*putpmsg)(int fd, const struct strbuf *ctl, const struct strbuf *data, int band, int flags);
    int (*poll)(struct pollfd *fds, nfds_t count, int timeout);
    int (*dup)(int fd);
    int (*dup2)(int fd, int to);
    int (*fcntl)(int fd, int command, int argument);
    int (*fstat)(int fd, struct stat *st);
    int (*stat)(const char *path, struct stat *st);
    int (*pipe)(int fds[2]);
    int (*isastream)(int fd);
};

// Where the drivers of drivers/ are. Each has a table of `devices` units.
struct Nodes {
    const char *echo = "/dev/echo"; // clone nodes
    const char *loop = "/dev/loop";
    const char *nuls = "/dev/nuls";
    const char *unit = "/dev/echo3";                // the unit of echo with minor 3
    const char *unconfigured = "/dev/unconfigured"; // a clone node whose minor is no driver's major
    const char *file = "/tmp/file";                 // no stream
    const char *module = "pipemod";                 // a module that passes everything on
    int devices = 4;
};

// What read gives for an error.
inline std::string failed(int error) { return "errno " + std::to_string(error); }

// A message as getmsg or getpmsg gave it; result is what the call returned, or -errno.
struct Got {
    int result = 0;
    int flags = 0, band = 0;
    int ctl_len = 0, data_len = 0;
    std::string ctl, data;
};

// A program that makes these calls; at its end it closes what it opened.
class Program {
public:
    explicit Program(const Calls &calls) : c(calls) {}
    Program(const Program &) = delete;
    ~Program() {
        for (int fd : open_) c.close(fd);
    }

    int open(const char *path, int oflag = O_RDWR) { return opened(c.open(path, oflag)); }
    int close(int fd) {
        std::erase(open_, fd);
        return outcome(c.close(fd));
    }
    int dup(int fd) { return opened(c.dup(fd)); }
    int dup2(int fd, int to) {
        std::erase(open_, to);
        return opened(c.dup2(fd, to));
    }
    int pipe(int fds[2]) {
        const int result = outcome(c.pipe(fds));
        for (int i = 0; result == 0 && i < 2; ++i) open_.push_back(fds[i]);
        return result;
    }
    int isastream(int fd) { return outcome(c.isastream(fd)); }
    int no_wait(int fd, bool on = true) { return outcome(c.fcntl(fd, F_SETFL, on ? O_NONBLOCK : 0)); }
    struct stat fstat(int fd) {
        struct stat st = {};
        CHECK(outcome(c.fstat(fd, &st)) == 0);
        return st;
    }
    struct stat stat(const char *path) {
        struct stat st = {};
        CHECK(outcome(c.stat(path, &st)) == 0);
        return st;
    }

    int write(int fd, std::string_view data) { return outcome(static_cast<int>(c.write(fd, data.data(), data.size()))); }
    std::string read(int fd, std::size_t size = 64) {
        std::string data(size, 0);
        const ssize_t n = c.read(fd, data.data(), size);
        if (n < 0) return failed(errno);
        data.resize(static_cast<std::size_t>(n));
        return data;
    }

    // A part that is null is not sent.
    int putmsg(int fd, const char *ctl, const char *data, int flags = 0) {
        struct strbuf parts[2];
        return outcome(c.putmsg(fd, part(ctl, parts[0]), part(data, parts[1]), flags));
    }
    int putpmsg(int fd, const char *ctl, const char *data, int band, int flags = MSG_BAND) {
        struct strbuf parts[2];
        return outcome(c.putpmsg(fd, part(ctl, parts[0]), part(data, parts[1]), band, flags));
    }
    Got getmsg(int fd, int flags = 0, int ctl_max = 64, int data_max = 64) {
        return get(ctl_max, data_max, flags, 0,
                   [&](struct strbuf &ctl, struct strbuf &data, Got &g) { return c.getmsg(fd, &ctl, &data, &g.flags); });
    }
    Got getpmsg(int fd, int flags = MSG_ANY, int band = 0, int ctl_max = 64, int data_max = 64) {
        return get(ctl_max, data_max, flags, band, [&](struct strbuf &ctl, struct strbuf &data, Got &g) {
            return c.getpmsg(fd, &ctl, &data, &g.band, &g.flags);
        });
    }

    int ioctl(int fd, int command, int argument = 0) {
        return outcome(c.ioctl(fd, command, reinterpret_cast<void *>(static_cast<std::intptr_t>(argument))));
    }
    int ioctl(int fd, int command, const char *name) { return outcome(c.ioctl(fd, command, const_cast<char *>(name))); }
    template <class T> int ioctl(int fd, int command, T *argument) { return outcome(c.ioctl(fd, command, argument)); }
    // An I_STR of the driver's own; length becomes what ic_len is afterwards.
    int str(int fd, int command, void *data, int *length) {
        struct strioctl s = {command, 0, *length, static_cast<char *>(data)};
        const int result = ioctl(fd, I_STR, &s);
        *length = s.ic_len;
        return result;
    }
    int str(int fd, int command) {
        int none = 0;
        return str(fd, command, nullptr, &none);
    }
    // What a command that stores an int gives; -errno if it fails.
    int value(int fd, int command) {
        int stored = -1;
        const int result = ioctl(fd, command, &stored);
        return result < 0 ? result : stored;
    }
    // The name that I_LOOK gives, "" for none.
    std::string top(int fd) {
        char name[FMNAMESZ + 1] = "";
        return ioctl(fd, I_LOOK, name) == 0 ? name : "";
    }
    // So many messages are queued at the head, after a wait if need be.
    bool settled(int fd, int messages) {
        for (int tries = 0; tries < 1000; ++tries) {
            int bytes = 0;
            if (ioctl(fd, I_NREAD, &bytes) == messages) return true;
            c.poll(nullptr, 0, 1);
        }
        return false;
    }
    // What poll shows for one descriptor.
    int shows(int fd, int events, int timeout = 0) {
        struct pollfd entry = {fd, static_cast<short>(events), -1};
        const int result = outcome(c.poll(&entry, 1, timeout));
        CHECK(result == (entry.revents != 0));
        return entry.revents;
    }
    // Writes until there is no room; how much went in. The descriptor does not wait afterwards.
    int fill(int fd) {
        CHECK(no_wait(fd) == 0);
        int all = 0, result;
        while ((result = write(fd, std::string(500, 'x'))) > 0 && all < 10'000'000) all += result;
        CHECK(result == -EAGAIN);
        return all;
    }
    // Two loop streams that are joined.
    void joined(const char *path, int ends[2]) {
        for (int i = 0; i < 2; ++i) REQUIRE((ends[i] = open(path)) >= 0);
        dev_t other = fstat(ends[1]).st_rdev;
        int length = sizeof other;
        REQUIRE(str(ends[0], LOOP_SET, &other, &length) == 0);
    }

    const Calls &c;

private:
    static int outcome(int result) { return result < 0 ? -errno : result; }
    int opened(int fd) {
        if (fd < 0) return -errno;
        open_.push_back(fd);
        return fd;
    }
    static const struct strbuf *part(const char *bytes, struct strbuf &buffer) {
        if (!bytes) return nullptr;
        buffer = {0, static_cast<int>(std::strlen(bytes)), const_cast<char *>(bytes)};
        return &buffer;
    }
    template <class F> Got get(int ctl_max, int data_max, int flags, int band, F &&call) {
        char c_bytes[64], d_bytes[64];
        struct strbuf ctl = {ctl_max, -7, c_bytes}, data = {data_max, -7, d_bytes};
        Got g;
        g.flags = flags;
        g.band = band;
        g.result = outcome(call(ctl, data, g));
        g.ctl_len = ctl.len;
        g.data_len = data.len;
        g.ctl.assign(c_bytes, static_cast<std::size_t>(std::max(ctl.len, 0)));
        g.data.assign(d_bytes, static_cast<std::size_t>(std::max(data.len, 0)));
        return g;
    }

    std::vector<int> open_;
};

} // namespace application

#ifdef APPLICATION_CALLS_POSIX

#include <unistd.h>
#include <sys/ioctl.h>

namespace application {

inline constexpr Calls posix_calls = {
    .open = [](const char *path, int oflag) { return ::open(path, oflag); },
    .close = ::close,
    .read = ::read,
    .write = ::write,
    .ioctl = [](int fd, int command, void *argument) { return ::ioctl(fd, command, argument); },
    .getmsg = ::getmsg,
    .getpmsg = ::getpmsg,
    .putmsg = ::putmsg,
    .putpmsg = ::putpmsg,
    .poll = ::poll,
    .dup = ::dup,
    .dup2 = ::dup2,
    .fcntl = [](int fd, int command, int argument) { return ::fcntl(fd, command, argument); },
    .fstat = ::fstat,
    .stat = ::stat,
    .pipe = ::pipe,
    .isastream = ::isastream,
};

// Where this system has them: APPLICATION_ECHO=/dev/streams/echo ...
inline Nodes nodes_here() {
    Nodes n;
    const auto take = [](const char *name, const char *&place) {
        if (const char *given = std::getenv(name); given && *given) place = given;
    };
    take("APPLICATION_ECHO", n.echo);
    take("APPLICATION_LOOP", n.loop);
    take("APPLICATION_NULS", n.nuls);
    take("APPLICATION_UNIT", n.unit);
    take("APPLICATION_UNCONFIGURED", n.unconfigured);
    take("APPLICATION_FILE", n.file);
    take("APPLICATION_MODULE", n.module);
    const char *devices = nullptr;
    take("APPLICATION_DEVICES", devices);
    if (devices) n.devices = std::atoi(devices);
    return n;
}

struct Application : Program {
    Application() : Program(posix_calls) {}
    Nodes nodes = nodes_here();
};

} // namespace application

#else
#include "test/calls_rill.hpp"
#endif
