#include "streams/file/file.hpp"

#include <fcntl.h>
#include <rill.h>

namespace rill {

int kernel_flags(int oflag) {
    int flags = (oflag & O_ACCMODE) + 1; // FREAD, FWRITE
    if (oflag & O_NONBLOCK) flags |= FNONBLOCK;
    if (oflag & RILL_O_NDELAY) flags |= FNDELAY;
    if (oflag & O_APPEND) flags |= FAPPEND;
    if (oflag & O_EXCL) flags |= FEXCL;
    if (oflag & O_TRUNC) flags |= FTRUNC;
    if (oflag & O_NOCTTY) flags |= FNOCTTY;
    return flags;
}

} // namespace rill
