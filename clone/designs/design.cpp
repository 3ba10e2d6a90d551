#include "clone/designs/design.hpp"

namespace rill::designs {

std::span<const Design> all() {
    static const Design table[] = {
        irix_clone,
        irix_designated,
        freebsd_dev_clone,
        freebsd_cdevpriv,
        netbsd_fd_clone,
        netbsd_dupfd,
        d_clone,
        dragonfly_dev_data,
        dragonfly_devfs,
        linux_loop_control,
        // the authors' devices
        freebsd_rodent,
        freebsd_tcp,
        freebsd_tun,
        netbsd_ptm,
        netbsd_tun,
        netbsd_crypto,
        netbsd_dmover,
        netbsd_svr4net,
        dclone_ethfoo,
        dragonfly_kqemu_shared,
        dragonfly_kqemu_pids,
        dragonfly_kqemu,
        dragonfly_ptmx,
        linux_file,
        linux_ptmx,
        linux_tun,
    };
    return table;
}

const Design *find(std::string_view name) {
    for (const Design &design : all())
        if (name == design.name) return &design;
    return nullptr;
}

} // namespace rill::designs
