#include "streams/view/tables.hpp"

#include "streams/system.hpp"
#include "streams/view/dot.hpp"
#include "streams/view/table.hpp"
#include "streams/view/text.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <sys/conf.h>
#include <vector>

namespace rill::view {

namespace {

std::string mode_text(mode_t mode) {
    std::string out(10, '-');
    out[0] = S_ISCHR(mode)    ? 'c'
             : S_ISBLK(mode)  ? 'b'
             : S_ISDIR(mode)  ? 'd'
             : S_ISFIFO(mode) ? 'p'
                              : '-';
    for (int i = 0; i < 9; ++i)
        if (mode & (0400u >> i)) out[static_cast<std::size_t>(i) + 1] = "rwx"[i % 3];
    return out;
}

std::string owner_text(uid_t id) {
    return id == 0 ? "root" : std::to_string(id);
}

std::string comma_list(const std::vector<major_t> &numbers) {
    std::string out;
    for (major_t n : numbers) out += fmt::format("{}{}", out.empty() ? "" : ",", n);
    return out.empty() ? "-" : out;
}

std::string devflag_text(int flag) {
    if (flag == D_MP) return "D_MP";
    if (flag == D_OLD) return "D_OLD";
    return flag ? fmt::format("{:#x}", flag) : "0";
}

} // namespace

std::string node_line(const System &, const Node &node) {
    std::string size = node.rdev == no_device
                           ? "0"
                           : fmt::format("{:>3}, {:>3}", external_major(node.rdev), shown_minor(node.rdev));
    return fmt::format("{}  {:<5} {:<5} {:>9}  {}", mode_text(node.mode), owner_text(node.uid), owner_text(node.gid),
                       size, node.path);
}

std::string nodes(System &system, std::string_view directory) {
    while (directory.size() > 1 && directory.back() == '/') directory.remove_suffix(1);
    const std::string below = directory == "/" ? "/" : std::string(directory) + '/';
    std::string out;
    for (const auto &[path, node] : system.nodes.nodes())
        if ((path == directory || path.starts_with(below)) && !node->hidden) {
            out += node_line(system, top_of(*node));
            if (node->over) out += fmt::format("  (stream {})", node->over->file->stream->id);
            out += '\n';
        }
    return out.empty() ? fmt::format("no node {} and none below it\n", directory) : out;
}

std::string cdevsw(System &system) {
    Table table({"ROW", "MAJORS", "NAME", "KIND", "FLAG", "CALLED AS", "#DEV", "HOLDS"});
    for (const auto &row : system.registry.rows()) {
        if (!row) continue;
        const char *kind = row->tab    ? "STREAMS driver"
                           : row->load ? "registered, not loaded"
                                       : "character driver";
        table.row({std::to_string(row->internal), comma_list(row->externals), row->name, kind,
                   devflag_text(row->devflag), row->tab ? name_of(row->convention) : "-", std::to_string(row->devices), std::to_string(row->holds)});
    }
    return table.text();
}

std::string strconf(Stream &stream) {
    std::string out = fmt::format("stream head{}\n", stream.linked_below ? fmt::format(" (below link {})", stream.link_id)
                                                     : stream.hung_up    ? " (hung up)"
                                                                         : "");
    stream.for_each_pair([&](const QueuePair &pair) {
        const bool driver = &pair == stream.driver_pair();
        out += fmt::format("    |\n{} {}", driver ? "driver" : "module", pair.owner->name);
        if (driver) out += fmt::format(" {}", device_text(stream.dev()));
        out += '\n';
    });
    if (stream.is_fifo()) out += "    |\nturns back\n";
    else if (stream.is_pipe()) out += fmt::format("    |\nthe other end, stream {}\n", stream.peer->id);
    return out + links_below(stream);
}

std::string processes(System &system) {
    Table table({"PID", "UID", "GID", "FILES", "STATE"});
    for (const Process &p : system.processes) {
        std::string state = "runs";
        for (const Call &call : system.calls)
            if (call.process == &p && call.state == Call::State::asleep)
                state = fmt::format("{} sleeps: waits for {}", call.name, call.waiting_for);
        table.row({std::to_string(p.pid), std::to_string(p.cred.cr_uid), std::to_string(p.cred.cr_gid),
                   std::to_string(p.descriptors_used), state});
    }
    return table.text();
}

std::string descriptors(Process &process) {
    Table table({"FD", "ACCESS", "DEVICE", "STREAM", "SHARED BY", "NODE"});
    for (std::size_t fd = 0; fd < process.files.size(); ++fd) {
        const File *f = process.files[fd];
        if (!f) continue;
        table.row({std::to_string(fd), open_flags_text(f->flags), f->special ? device_text(f->special->dev) : "-",
                   f->stream ? std::to_string(f->stream->id) : "-", std::to_string(f->refs),
                   f->node   ? f->node->path
                   : f->pipe ? "(pipe's end)"
                             : "(opened as a clone)"});
    }
    return table.text();
}

std::string calls(System &system) {
    std::string out;
    for (const Call &call : system.calls)
        if (call.state == Call::State::asleep)
            out += fmt::format("process {}: {} waits for {}\n", call.process ? call.process->pid : 0, call.name,
                               call.waiting_for);
    return out.empty() ? "no call is asleep\n" : out;
}

} // namespace rill::view
