// The end of a System's links: those that are persistent are undone through their drivers, as I_PUNLINK would; what is left is
// dropped.
#include "streams/head/mux.hpp"
#include "streams/system.hpp"

#include <algorithm>
#include <fcntl.h>
#include <vector>

namespace rill {

// A stream of the multiplexor, through a name that nobody else sees: by the device that the link was made on, else by a
// clone open. -1 when the driver will not be opened.
static int open_for_shutdown(Process &process, const Link &link) {
    NodeTable &nodes = process.system.nodes;
    for (dev_t dev : {link.made_on, make_device(process.system.profile.clone_major, link.driver->externals.front())}) {
        int fd = -1;
        if (nodes.make("/shutdown", S_IFCHR | 0600, dev, 0, 0)) return -1;
        const int error = process.open("/shutdown", O_RDWR | O_NONBLOCK, 0, &fd);
        nodes.unlink("/shutdown");
        if (!error && process.file(fd)->stream && process.file(fd)->stream->driver == link.driver) return fd;
        if (!error) process.close(fd);
    }
    return -1;
}

static void unlink_persistent(Process &process) {
    System &system = process.system;
    std::vector<int> ids;
    for (const Link &link : system.links)
        if (link.persistent() && link.state == Link::State::linked) ids.push_back(link.id);
    for (int id : ids) {
        const Link *link = system.links.find(id);
        if (!link) continue; // went with another's lower stream
        const int fd = open_for_shutdown(process, *link);
        if (fd < 0) continue;
        unlink_stream(process, *process.file(fd)->stream, id, true);
        process.close(fd);
    }
}

void drop_links(System &system) {
    if (system.links.empty()) return;
    Process &process = system.new_process(0, 0);
    system.run_call(process, "shutdown", [&] {
        unlink_persistent(process);
        while (!system.links.empty()) drop_link(process, system.links.back()); // a lower stream that closes may undo others
        return 0;
    });
    system.end_process(process);
}

} // namespace rill
