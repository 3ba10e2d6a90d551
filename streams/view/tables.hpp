// Snapshots of a System as the tables an administrator of such a system knows: what is configured, what is open, what
// a stream consists of. Each is a string of whole lines; nothing is printed here.
#pragma once

#include <string>
#include <string_view>

namespace rill {
class Process;
class Stream;
class System;
struct Node;
} // namespace rill

namespace rill::view {

std::string node_line(const System &system, const Node &node); // as ls -l prints it (CFG-062)
std::string nodes(System &system, std::string_view directory); // all nodes below a directory, or the node itself
std::string cdevsw(System &system);                            // one row per internal major (DEV-021)
std::string strconf(Stream &stream);                           // from the head down to the device, and the links below
std::string processes(System &system);
std::string descriptors(Process &process);
std::string calls(System &system); // the calls that are asleep, and what they wait for

} // namespace rill::view
