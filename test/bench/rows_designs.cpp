// The other systems' cloning designs: their device opened and closed.
#include "clone/designs/design.hpp"
#include "test/bench/host.hpp"
#include "test/bench/row.hpp"
#include "test/bench/worlds.hpp"

#include <fcntl.h>
#include <rill.h>

namespace rill::bench {
namespace {

// The numbers of freebsd-dev_clone do not come back when a file is closed, so its opens are measured in Systems that have made
// no more than so many.
constexpr int opens = 200;

struct Attached {
    explicit Attached(const designs::Design *d) : design(*d), system(rill_system_new(nullptr)), proc(rill_proc_new(system, 0, 0)) {
        auto &core = *reinterpret_cast<System *>(system);
        const Enter scope(core);
        if (design.attach(core, opens + 1)) throw Unable(std::string(design.name) + " cannot be attached");
    }
    ~Attached() { rill_system_free(system); }
    Attached(const Attached &) = delete;
    void open_close(int n) {
        for (int i = 0; i < n; ++i) {
            const int fd = rill_open(proc, design.path, O_RDWR);
            if (fd < 0) throw Unable(std::string(design.path) + ": " + rill_why(proc));
            rill_close(proc, fd);
        }
    }
    const designs::Design &design;
    rill_system *system;
    rill_proc *proc;
};

Cost cost(const designs::Design &design) { return {.make = in<Attached>(&Attached::open_close, &design), .fresh = true}; }

} // namespace

std::vector<Row> design_rows() {
    std::vector<Row> rows;
    for (const designs::Design &design : designs::all())
        if (design.model)
            rows.push_back({.id = design.name,
                            .what = std::string("open+close, ") + design.name + " / Linux open+close of /dev/null",
                            .n = opens,
                            .subject = cost(design),
                            .baseline = function(host::open_close),
                            .host = true});
    rows.push_back({.id = "dev_clone-irix",
                    .what = "open+close, freebsd-dev_clone / irix-clone",
                    .n = opens,
                    .subject = cost(*designs::find("freebsd-dev_clone")),
                    .baseline = cost(*designs::find("irix-clone")),
                    .reached = {1.5, 1.2}});
    return rows;
}

} // namespace rill::bench
