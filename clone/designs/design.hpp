// A design is one system's answer to a single question: a device has one name and many openers, and each wants an
// instance of its own; where, on the way of an open, does the instance come from?
//
//   name lookup    FreeBSD makes a device for a name that is missing              freebsd.cpp
//   driver open    IRIX and SVR4 let the driver answer with another minor         clone/clone.cpp, irix.cpp
//   spec open      the d_clone proposal and OpenBSD give the open a new vnode     dclone.cpp
//   vnode          DragonFly's devfs gives it a new device with a node            dragonfly.cpp
//   file           DragonFly 2007, FreeBSD's cdevpriv: the file carries it        dragonfly.cpp, freebsd.cpp
//   descriptor     NetBSD lets the driver make another descriptor                 netbsd.cpp
//   nowhere        Linux gives every call the file, and the driver hangs it there linux.cpp
//
// Each framework offers drivers the C functions its authors gave them (ddi/<system>/). All nine bind one device body
// (drivers/body.h) by a small driver each, so that what differs is the design and nothing else. An entry of the table
// is one driver that can be attached to a System: the nine models, and the devices that the authors wrote about.
#pragma once

#include "streams/system.hpp"

#include <span>
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
    bool model = true;    // one of the nine that bind the common body
};

std::span<const Design> all(); // the nine models, in the order of spec/05, then the authors' devices
const Design *find(std::string_view name);

// External majors of the drivers. Those of STREAMS examples are below 100.
enum Major : major_t {
    major_irix_clone = 101,
    major_irix_designated,
    major_freebsd,         // 103 to 109
    major_netbsd = 110,    // 110 to 119
    major_dclone = 120,    // 120 to 124
    major_dragonfly = 125, // 125 to 129
    major_linux = 130,     // 130 to 134
};

// The entries that each family has.
extern const Design irix_clone, irix_designated;
extern const Design freebsd_dev_clone, freebsd_cdevpriv, freebsd_rodent, freebsd_tcp, freebsd_tun;
extern const Design netbsd_fd_clone, netbsd_dupfd, netbsd_ptm, netbsd_tun, netbsd_crypto, netbsd_dmover, netbsd_svr4net;
extern const Design d_clone, dclone_ethfoo;
extern const Design dragonfly_dev_data, dragonfly_devfs, dragonfly_kqemu_shared, dragonfly_kqemu_pids, dragonfly_kqemu, dragonfly_ptmx;
extern const Design linux_file, linux_ptmx, linux_tun;

} // namespace rill::designs
