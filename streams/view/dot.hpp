// The topology of a System: which streams there are, what each consists of, and which is linked below which.
#pragma once

#include <string>

namespace rill {
class Stream;
class System;
} // namespace rill

namespace rill::view {

// As a DOT graph: a box for each stream, from its head down to its driver; an arrow with the id from a multiplexor's
// driver to the head of each stream linked below it, dashed for a persistent link; a pipe's two heads are joined.
std::string topology_dot(System &system);
// The links below a stream, one a line, and what is linked below those, further in. "" when it has none.
std::string links_below(Stream &stream, const std::string &indent = "");

} // namespace rill::view
