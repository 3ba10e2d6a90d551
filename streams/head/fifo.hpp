// What is shared by the streams that have no device: the two ends of a pipe, and the one stream of a FIFO with all its openers.
//
// A pipe is two heads whose write queues feed each other's read queue; a FIFO is one head whose write queue feeds its own. Its
// `peer` is itself. Who may open a FIFO, and when, is file/fifo's; names for a pipe's end are file/names's.
#pragma once

#include "streams/base/fiber.hpp"

#include <sys/stat.h>

namespace rill {

class Stream;
struct NameNode; // file

struct Fifo {
    ino_t ino = 0;
    long read_at = 0, written_at = 0, changed_at = 0; // ticks since boot
    NameNode *names = nullptr; // that are attached to either end
    Stream **at = nullptr; // of a FIFO: where its node refers to it
    // Of a FIFO: for how many it is open, openers that wait for their opposite included; and how many ever came.
    int readers = 0, writers = 0;
    unsigned readers_ever = 0, writers_ever = 0;
    bool connecting = false; // of a pipe with connld: an opener of its name waits to be received
    WaitQueue openers;
};

// PIPE_BUF: what one message of a write carries (WR-008, PIP-018), and st_blksize.
constexpr ssize_t pipe_buf = 4096;

} // namespace rill
