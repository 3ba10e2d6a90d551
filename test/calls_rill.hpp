// The binding of test/calls.hpp to rill: the calls of the first process of a Fixture, with drivers/*.c attached.
#pragma once

#include "test/calls.hpp"
#include "test/harness.hpp"

extern "C" {
extern struct streamtab echoinfo, loopinfo, nulsinfo, pipemodinfo;
extern int echodevflag, loopdevflag, nulsdevflag, pipemoddevflag;
extern int echo_devices, echo_clone_minor, loop_devices, nuls_devices;
}

namespace application {

// Whose calls the table makes: that of the Application at hand.
inline rill_proc *caller = nullptr;

inline constexpr Calls rill_calls = {
    .open = [](const char *path, int oflag) { return rill_open(caller, path, oflag); },
    .close = [](int fd) { return rill_close(caller, fd); },
    .read = [](int fd, void *buffer, std::size_t count) { return rill_read(caller, fd, buffer, count); },
    .write = [](int fd, const void *buffer, std::size_t count) { return rill_write(caller, fd, buffer, count); },
    .ioctl = [](int fd, int command, void *argument) { return rill_ioctl(caller, fd, command, argument); },
    .getmsg = [](int fd, struct strbuf *ctl, struct strbuf *data, int *flags) { return rill_getmsg(caller, fd, ctl, data, flags); },
    .getpmsg = [](int fd, struct strbuf *ctl, struct strbuf *data, int *band, int *flags) { return rill_getpmsg(caller, fd, ctl, data, band, flags); },
    .putmsg = [](int fd, const struct strbuf *ctl, const struct strbuf *data, int flags) { return rill_putmsg(caller, fd, ctl, data, flags); },
    .putpmsg = [](int fd, const struct strbuf *ctl, const struct strbuf *data, int band, int flags) { return rill_putpmsg(caller, fd, ctl, data, band, flags); },
    .poll = [](struct pollfd *fds, nfds_t count, int timeout) { return rill_poll(caller, fds, count, timeout); },
    .dup = [](int fd) { return rill_dup(caller, fd); },
    .dup2 = [](int fd, int to) { return rill_dup2(caller, fd, to); },
    .fcntl = [](int fd, int command, int argument) { return rill_fcntl(caller, fd, command, argument); },
    .fstat = [](int fd, struct stat *st) { return rill_fstat(caller, fd, st); },
    .stat = [](const char *path, struct stat *st) { return rill_stat(caller, path, st); },
    .pipe = [](int fds[2]) { return rill_pipe(caller, fds); },
    .isastream = [](int fd) { return rill_isastream(caller, fd); },
};

// The System, before the program that uses it.
struct Machine {
    Machine() {
        echo_devices = loop_devices = nuls_devices = nodes.devices;
        echo_clone_minor = -1;
        driver("echo", 71, echoinfo, echodevflag, nodes.echo);
        driver("loop", 72, loopinfo, loopdevflag, nodes.loop);
        driver("nuls", 73, nulsinfo, nulsdevflag, nodes.nuls);
        CHECK(rill_module_add(rill::test::handle(f.system), nodes.module, &pipemodinfo, pipemoddevflag) == 0);
        f.node(nodes.unit, makedevice(71, 3));
        f.node(nodes.unconfigured, f.clone(99));
        f.node(nodes.file, rill::no_device, S_IFREG | 0666);
        caller = rill::test::handle(f.root);
    }
    void driver(const char *name, major_t major, streamtab &tab, int devflag, const char *path) {
        rill_system *system = rill::test::handle(f.system);
        CHECK(rill_driver_add(system, name, static_cast<int>(major), &tab, devflag, nodes.devices) == 0);
        f.node(path, f.clone(major));
    }

    Nodes nodes;

private:
    rill::test::Fixture f;
};

struct Application : Machine, Program {
    Application() : Program(rill_calls) {}
};

} // namespace application
