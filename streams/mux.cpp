#include "streams/mux.hpp"
#include "streams/system.hpp"

#include <cerrno>

namespace rill {

int link_stream(Process &process, File &, Stream &, int, bool, int *) {
    return process.refuse(EINVAL, "I_LINK", "the driver has no lower half", "MUX-009");
}

int unlink_stream(Process &process, Stream &, int, bool) {
    return process.refuse(EINVAL, "I_UNLINK", "no such link", "IOC-235");
}

void unlink_all_on_close(Process &, Stream &) {}

} // namespace rill
