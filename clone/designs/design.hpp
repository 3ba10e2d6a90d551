// A design is one system's answer to a single question: a device has one name and many openers, and each wants an
// instance of its own; where, on the way of an open, does the instance come from?
//
//   name lookup    FreeBSD makes a device for a name that is missing              freebsd/
//   driver open    IRIX and SVR4 let the driver answer with another minor         clone/clone.cpp, irix/
//   spec open      the d_clone proposal and OpenBSD give the open a new vnode     dclone/
//   vnode          DragonFly's devfs gives it a new device with a node            dragonfly/framework/devfs.cpp
//   file           DragonFly 2007, FreeBSD's cdevpriv: the file carries it        dragonfly/framework/kernel2007.cpp, freebsd/
//   descriptor     NetBSD lets the driver make another descriptor                 netbsd/
//   before it      Linux's loop-control tells which device is free, and that is opened      linux/
//   nowhere        Linux gives every call the file, and the driver hangs it there           linux/
//
// A family is one such kernel, or two that share headers. In its folder are the framework (librill-designs.a), which offers
// drivers the C functions their authors gave them, those functions' headers (include/), drivers (drivers/), and table.cpp,
// which gives the table of designs one Family. All ten models bind one device body (drivers/body.h) by a small driver
// each, so that what differs is the design and nothing else. An entry of the table is one driver that can be attached to a
// System: the ten models, and the devices that the authors wrote about. A new family is listed in design.cpp.
#pragma once

#include "streams/file/lease.hpp"
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

// A generation of a kernel: how it was in a certain year, or as one of its documents has it.
struct Generation {
    const char *name;
    void (*choose)(System &); // the System's is of this generation; while no file is open
};

// What another kernel gives to the table.
struct Family {
    const char *name;
    std::span<const Design> designs;
    std::span<const Generation *const> generations; // the first is what a System begins with; of irix none, it has profiles
};
extern const Family irix_family, freebsd_family, netbsd_family, dclone_family, dragonfly2007_family, devfs_family, linux_family;

std::span<const Family *const> families();
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

} // namespace rill::designs
