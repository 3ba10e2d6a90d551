#include "streams/view/dot.hpp"

#include "streams/system.hpp"
#include "streams/view/escape.hpp"

#include <fmt/format.h>

namespace rill::view {

namespace {

std::string head_name(const Stream &stream) { return fmt::format("s{}_head", stream.id); }

// The boxes of one stream and the lines between them; a name each, so that links can point at them.
std::string stream_box(Stream &stream) {
    const std::string place = stream.special ? device_text(stream.dev()) : "pipe";
    std::string state;
    if (stream.linked_below) state = fmt::format("\\n(link {})", stream.link_id);
    else if (stream.hung_up) state = "\\n(hung up)";
    std::string out = fmt::format("  subgraph cluster_s{} {{\n    label={};\n", stream.id,
                                  dot_string(fmt::format("stream {} {}", stream.id, place)));
    std::string above = head_name(stream);
    out += fmt::format("    {} [label=\"{}{}\"];\n", above, stream.linked_below ? "lower half" : "stream head", state);
    int modules = 0;
    stream.for_each_pair([&](QueuePair &pair) {
        const bool driver = &pair == stream.driver_pair();
        const std::string name =
            driver ? fmt::format("s{}_driver", stream.id) : fmt::format("s{}_m{}", stream.id, ++modules);
        out += fmt::format("    {} [label={}{}];\n    {} -> {} [dir=both];\n", name, dot_string(pair.owner->name),
                           driver ? ", style=bold" : "", above, name);
        above = name;
    });
    return out + "  }\n";
}

} // namespace

std::string topology_dot(System &system) {
    std::string out = "digraph rill {\n  node [shape=box];\n";
    for (Stream &stream : system.streams) out += stream_box(stream);
    for (Stream &stream : system.streams)
        if (stream.peer && stream.id < stream.peer->id)
            out += fmt::format("  {} -> {} [dir=both, label=\"pipe\"];\n", head_name(stream), head_name(*stream.peer));
    for (const Link &link : system.links) {
        std::string from;
        if (link.persistent()) { // nobody's: from the driver as such
            from = fmt::format("d{}", link.driver->internal);
            out += fmt::format("  {} [label={}, style=dashed];\n", from, dot_string("driver " + link.driver->name));
        } else {
            from = fmt::format("s{}_driver", link.upper->id);
        }
        const char *doing = link.state == Link::State::linking     ? " (linking)"
                            : link.state == Link::State::unlinking ? " (unlinking)"
                                                                   : "";
        out += fmt::format("  {} -> {} [label=\"link {}{}\"{}];\n", from, head_name(*link.lower), link.id, doing,
                           link.persistent() ? ", style=dashed" : "");
    }
    return out + "}\n";
}

std::string links_below(Stream &stream, const std::string &indent) {
    std::string out;
    for (const Link &link : stream.system.links) {
        if (link.persistent() ? link.driver != stream.driver : link.upper != &stream) continue;
        Stream &lower = *link.lower;
        const char *kind = link.persistent() ? ", persistent" : "";
        out += fmt::format("{}    +-- link {}{}: stream {}", indent, link.id, kind, lower.id);
        const char *separator = ": ";
        lower.for_each_pair([&](QueuePair &pair) {
            const bool driver = &pair == lower.driver_pair();
            out += fmt::format("{}{} {}", separator, driver ? "driver" : "module", pair.owner->name);
            if (driver) out += ' ' + device_text(lower.dev());
            separator = ", ";
        });
        out += (lower.is_pipe() ? ": a pipe's end\n" : "\n") + links_below(lower, indent + "    ");
    }
    return out;
}

} // namespace rill::view
