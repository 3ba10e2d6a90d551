// The Linux drivers as entries of the table.
#include "clone/designs/design.hpp"
#include "clone/designs/linux/linux.hpp"

#include "clone/designs/linux/include/linux/loop.h"

#include <fcntl.h>
#include <fmt/format.h>

extern "C" {
int linux_foo_init();
int linux_foo_exit();
int linux_tun_init();
int linux_tun_exit();
int linux_loop_init(int bound);
int linux_loop_exit();
int linux_ptmx_init(int major);
int linux_ptmx_exit();
}

namespace rill::designs {

namespace {

constexpr const char *ptmx_path = "/dev/ptmx";
constexpr major_t major_ptmx = major_linux + 1; // and masters and slaves after it
constexpr minor_t ptmx_minor = 2;
constexpr unsigned usual_ptys = 4096;
constexpr unsigned usual_loops = 256;

int attach(System &system, const char *path, int (*init)(), int (*detach)(System &)) {
    if (system.nodes.find(path)) return EEXIST;
    if (int error = init()) return -error;
    system.at_end.push_back([&system, detach] { detach(system); });
    return 0;
}

int detach(System &system, const char *path, int (*exit)()) {
    return system.nodes.find(path) ? -exit() : ENXIO;
}

int detach_foo(System &system) {
    return detach(system, "/dev/foo", linux_foo_exit);
}
int detach_tun(System &system) {
    return detach(system, "/dev/net/tun", linux_tun_exit);
}

int detach_loop(System &system) {
    return detach(system, "/dev/loop-control", linux_loop_exit);
}

int detach_ptmx(System &system) {
    if (!system.registry.by_external(major_ptmx)) return ENXIO;
    if (int error = linux_ptmx_exit()) return -error;
    system.nodes.unlink(ptmx_path);
    return 0;
}

int attach_ptmx(System &system, unsigned bound) {
    if (system.registry.by_external(major_ptmx)) return EEXIST;
    if (int error = limit_ptys(system, bound ? bound : usual_ptys)) return error;
    if (int error = system.nodes.make(ptmx_path, S_IFCHR | 0666, make_device(major_ptmx, ptmx_minor), 0, 0))
        return error;
    if (int error = linux_ptmx_init(major_ptmx)) {
        system.nodes.unlink(ptmx_path);
        return -error;
    }
    system.at_end.push_back([&system] { detach_ptmx(system); });
    return 0;
}

constexpr Design designs[] = {
    {
        .name = "linux-loop-control",
        .system = "Linux",
        .path = "/dev/loop-control",
        .sentence = "another device is asked for the number of a free one, which is opened by its name and then taken",
        .attach =
            [](System &system, unsigned bound) {
                if (system.nodes.find("/dev/loop-control")) return EEXIST;
                if (int error = linux_loop_init(static_cast<int>(bound ? bound : usual_loops))) return -error;
                system.at_end.push_back([&system] { detach_loop(system); });
                return 0;
            },
        .detach = detach_loop,
        .ask = [](rill_proc *process, int control) -> std::string {
            const int number = rill_ioctl(process, control, LOOP_CTL_GET_FREE);
            return number < 0 ? "" : fmt::format("/dev/loop{}", number);
        },
        .bind =
            [](rill_proc *process, int fd, int control) {
                loop_config config{};
                config.fd = static_cast<unsigned>(control); // what it is bound to matters to nobody here
                config.info.lo_flags = LO_FLAGS_AUTOCLEAR;
                return rill_ioctl(process, fd, LOOP_CONFIGURE, &config);
            },
        .hole = [](rill_proc *process, long number) -> std::string {
            const int control = rill_open(process, "/dev/loop-control", O_RDWR);
            std::string rules = "it stays";
            if (rill_ioctl(process, control, LOOP_CTL_REMOVE, number) == 0) {
                const int free = rill_ioctl(process, control, LOOP_CTL_GET_FREE);
                rules = fmt::format("GET_FREE {}, ADD {}", free, rill_ioctl(process, control, LOOP_CTL_ADD, -1L));
            }
            rill_close(process, control);
            return rules;
        },
    },
    {
        .name = "linux-file",
        .system = "Linux",
        .path = "/dev/foo",
        .sentence =
            "none is looked for: every open has a file, which every call is given, and the driver's state hangs from it",
        .attach = [](System &system, unsigned) { return attach(system, "/dev/foo", linux_foo_init, detach_foo); },
        .detach = detach_foo,
        .model = false,
    },
    {
        .name = "linux-ptmx",
        .system = "Linux",
        .path = ptmx_path,
        .sentence = "the file is the master of a new pseudo-terminal, whose other side gets an index and a name",
        .attach = attach_ptmx,
        .detach = detach_ptmx,
        .model = false,
    },
    {
        .name = "linux-tun",
        .system = "Linux",
        .path = "/dev/net/tun",
        .sentence = "the open gives a file without one; an ioctl makes an interface, or finds it, and ties it to the file",
        .attach = [](System &system, unsigned) { return attach(system, "/dev/net/tun", linux_tun_init, detach_tun); },
        .detach = detach_tun,
        .model = false,
    },
};

constexpr const Generation *generations[] = {&linux_6_1, &linux_6_18, &linux_before_2016};

} // namespace

constinit const Family linux_family{.name = "linux", .designs = designs, .generations = generations};

} // namespace rill::designs
