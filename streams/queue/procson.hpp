// qprocson and qprocsoff: when a pair's procedures take part in its stream. A pair that is on stands between its neighbours;
// one that is off knows them, and they pass it by.
#pragma once

#include "streams/queue/queue.hpp"

namespace rill {

void link_neighbours(QueuePair &pair);
void unlink_neighbours(QueuePair &pair); // what was enabled does not run any more

} // namespace rill
