// Floors: what the same movement costs without semantics. Each does in this process what any implementation of the row must
// (find the name, take a number and a slot, get the memory, copy the bytes, call through a pointer where rill calls a
// driver) and nothing that STREAMS asks for beyond: no order, no flow control, no check, no record. Nobody can reach them;
// how far a row is from its floor is what semantics cost. Nothing here is in line where rill has a call.
#pragma once

namespace rill::bench::floors {

void clone_open_close(int n); // name hash, bitmap minor, descriptor slot, three pool blocks and back, the driver's open and close
void trip(int n);             // block from a free list, copy in, a call down, a call up, pointer queue, copy out
void service_trip(int n);     // the same, and a queue, a run list and a call of the procedure on the way
void ioctl(int n);            // a block, a call, the block back
void nread(int n);            // slot, a call by command, the first message's size
void push_pop(int n);         // name hash, a pool block, linked in, the module's open and close
void block(int n);            // from a free list, and back

// A chain of indirect calls, each calling the next, as modules do.
void nested_calls(int depth, int n);

} // namespace rill::bench::floors
