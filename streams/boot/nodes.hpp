// The table of nodes, the file `dev`: what mknod would have made.
//
//   /dev/echo   c  clone  echo  0666  0  0      path, b or c, major, minor, octal mode, uid, gid
//   echo  ec/x  c  3                            a driver, a name under /dev, b or c, minor: the SVR4 node file (CFG-051)
//
// The name of a master file may stand for its major, in the major's column and in the minor's (a clone node's minor is
// the major of its target, CFG-060). `*` in column 1 begins a comment.
#pragma once

#include "streams/base/dev.hpp"
#include "streams/boot/text.hpp"

#include <functional>
#include <sys/stat.h>

namespace rill::sysgen {

struct NodeLine {
    std::string path;
    mode_t mode = 0;
    dev_t dev = no_device;
    uid_t uid = 0;
    gid_t gid = 0;
    Place place;
};

// The major a master file gives its driver; false, with a problem added, when there is no such file or it has none.
using MajorOf = std::function<bool(const Word &name, unsigned long &major)>;

void parse_nodes(const Source &source, const MajorOf &major_of, Problems &problems, std::vector<NodeLine> &nodes);

} // namespace rill::sysgen
