// A link: one stream, the lower, is joined under the driver at the end of another, the upper. The relation of two equal
// streams, so it has its own file. All links hang from the System, in the order in which they were made; ids come from
// one counter and are never used twice (MUX-003).
//
// The upper driver takes the place of the lower stream's head: the head's queue pair gets the driver's lower qinits
// (st_muxrinit, st_muxwinit), so that what comes up the lower stream reaches the driver's lower read put procedure, and
// the driver sends down with putnext(l_qbot). The link holds the lower file, so that the lower stream outlives its
// descriptors, and the driver. An ordinary link belongs to the stream that made it and goes with it; a persistent one
// belongs to the driver, and any stream of that driver may undo it.
//
//   state      event                               next       errno
//   -          I_LINK, I_PLINK pass their checks   linking    (lower head swapped, request sent down)
//   linking    M_IOCACK                            linked     0: the id is returned, sleepers below are woken
//   linking    M_IOCNAK                            -          its error; the lower head is put back
//   linking    error, time, signal                 -          that error; the same, after the driver was told (MUX-090)
//   linked     I_UNLINK, I_PUNLINK, last close     unlinking  (request sent down)
//   unlinking  M_IOCACK                            -          0: flushed, the lower head is put back, the file let go
//   unlinking  M_IOCNAK, error, time, signal       linked     that error
//   unlinking  the same, during the last close     -          0: as if acknowledged (MUX-067, CLS-004)
//   linked     the System ends                     -          a persistent one: I_PUNLINK on a stream opened for it; else as if
//
// While a link is linking or unlinking the lower stream counts as being plumbed: opens of it wait (MUX-076).
#pragma once

#include "streams/base/dev.hpp"

#include <cassert>
#include <cstddef>
#include <sys/stream.h>

namespace rill {

class Caller;
class Stream;
class System;
struct Driver;
struct File;

struct Link {
    enum class State : unsigned char {
        linking,
        linked,
        unlinking,
    } state = State::linking;
    void made() {
        assert(state == State::linking);
        state = State::linked;
    }
    void to_be_undone() {
        assert(state == State::linked);
        state = State::unlinking;
    }
    void stays() {
        assert(state == State::unlinking);
        state = State::linked;
    }
    void dropped() { state = State::unlinking; } // whatever it was: the System ends

    int id = 0;
    Stream *upper = nullptr;  // whose it is; nullptr: persistent
    Driver *driver = nullptr; // the multiplexor; held
    dev_t made_on = no_device; // the device of the stream that it was asked for on
    Stream *lower = nullptr;
    File *file = nullptr;     // the lower stream's; held

    // What the lower head's queues, read and write, had of their own.
    struct Kept {
        ssize_t minpsz, maxpsz;
        size_t hiwat, lowat;
        void *ptr;
    } kept[2] = {};

    bool persistent() const { return !upper; }
    linkblk block() const; // as the driver sees it (MUX-024 to MUX-028)
};

int link_stream(Caller &process, File &file, Stream &upper, int lower_fd, bool persistent, int *id);
int unlink_stream(Caller &process, Stream &upper, int id, bool persistent);
// Last close of the upper stream: its ordinary links go, whatever the driver answers (CLS-003, CLS-004).
void unlink_all_on_close(Caller &process, Stream &upper);
void drop_link(Caller &process, Link &link); // without asking the driver: the System ends
// The end of a System, when no process is left (file/shutdown): persistent links are undone through their drivers, which see I_PUNLINK on
// a stream opened for it; where that is refused, and for what else is left, the lower streams are closed all the same.
void drop_links(System &system);

} // namespace rill
