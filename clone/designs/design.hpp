// A design is one system's answer to a single question: a device has one name and many openers, and each wants an
// instance of its own; where, on the way of an open, does the instance come from?
//
//   name lookup    FreeBSD makes a device for a name that is missing              freebsd.cpp
//   driver open    IRIX and SVR4 let the driver answer with another minor         clone/clone.cpp, irix.cpp
//   spec open      the d_clone proposal and OpenBSD give the open a new vnode     dclone.cpp
//   vnode          DragonFly's devfs gives it a new device with a node            dragonfly.cpp
//   file           DragonFly 2007, FreeBSD's cdevpriv: the file carries it        dragonfly.cpp, freebsd.cpp
//   descriptor     NetBSD lets the driver make another descriptor                 netbsd.cpp
//   before it      Linux's loop-control tells which device is free, and that is opened      linux.cpp
//   nowhere        Linux gives every call the file, and the driver hangs it there linux.cpp
//
// Each framework offers drivers the C functions its authors gave them (ddi/<system>/). All ten bind one device body
// (drivers/body.h) by a small driver each, so that what differs is the design and nothing else. An entry of the table
// is one driver that can be attached to a System: the ten models, and the devices that the authors wrote about.
#pragma once

#include "streams/system.hpp"

#include <rill.h>
#include <span>
#include <string>
#include <string_view>

namespace rill::designs {

struct Design {
    const char *name;     // "freebsd-dev_clone"
    const char *system;   // "FreeBSD 5"
    const char *path;     // what an opener names: "/dev/foo"
    const char *sentence; // where an instance comes from
    // Brings the driver in, with room for `bound` instances where the design has a bound (0: the driver's usual one).
    // 0 or an errno; on failure nothing is left.
    int (*attach)(System &, unsigned bound);
    // Takes the driver away although instances may be open. 0; EBUSY when the design refuses that, ENXIO when it is not
    // attached.
    int (*detach)(System &);
    bool model = true;    // one of the ten that bind the common body
    // Where a program is told first which device is free: it asks at the path, opens what ask() answers ("": refused, with
    // errno), and says by bind() that the device is taken. `control` is the descriptor that it asked by.
    std::string (*ask)(rill_proc *, int control) = nullptr;
    int (*bind)(rill_proc *, int fd, int control) = nullptr; // 0, or -1 with errno
    // Takes away the device of a number that nobody has, and tells what each rule of the driver picks next.
    std::string (*hole)(rill_proc *, long number) = nullptr;
};

std::span<const Design> all(); // the ten models, in the order of clauses/05, then the authors' devices
const Design *find(std::string_view name);

// External majors of the drivers. Those of STREAMS examples are below 100.
enum Major : major_t {
    major_irix_clone = 101,
    major_irix_designated,
    major_freebsd,         // 103 to 109
    major_netbsd = 110,    // 110 to 119
    major_dclone = 120,    // 120 to 124
    major_dragonfly = 125, // 125 to 129
    major_linux = 130,     // 130 to 135
};

// The entries that each family has.
extern const Design irix_clone, irix_designated;
extern const Design freebsd_dev_clone, freebsd_cdevpriv, freebsd_rodent, freebsd_tcp, freebsd_tun;
extern const Design netbsd_fd_clone, netbsd_dupfd, netbsd_ptm, netbsd_tun, netbsd_crypto, netbsd_dmover, netbsd_svr4net;
extern const Design d_clone, dclone_ethfoo;
extern const Design dragonfly_dev_data, dragonfly_devfs, dragonfly_kqemu_shared, dragonfly_kqemu_pids, dragonfly_kqemu, dragonfly_ptmx;
extern const Design linux_loop_control, linux_file, linux_ptmx, linux_tun;

} // namespace rill::designs
