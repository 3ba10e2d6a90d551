// A FIFO: a name at which readers and writers meet. The first opener makes its stream, the last one takes it away, and each is
// counted as a reader, a writer or both from the moment it comes: who sleeps in his open already counts (FIFO-004).
#include "streams/file/names.hpp"
#include "streams/system.hpp"

#include <cerrno>
#include <utility>

namespace rill {

//   a writer, whom nobody awaits, and who does not wait   ENXIO              FIFO-004
//   memory for streams                                    ENOSR              WR-019
//   its stream                                            ENOSR              OPN-004
//   the modules on it                                     their errno        FIFO-018
//   its opposite                                          EINTR, EDEADLK     FIFO-001, FIFO-005
int Process::open_fifo(Node &node, File &file, int flags) {
    const bool only_writes = (flags & (FREAD | FWRITE)) == FWRITE;
    if (only_writes && (flags & (FNDELAY | FNONBLOCK)) && !(node.fifo && node.fifo->fifo->readers))
        return refuse(ENXIO, "FIFO", "nobody has it open for reading, and the open does not wait", "FIFO-004");
    if (system.over_threshold(*this))
        return refuse(ENOSR, "FIFO", "STREAMS memory is above STRTHRESH, and the process is not privileged", "WR-019");
    const bool first = !node.fifo;
    if (first) {
        if (int error = make_fifo(&node.fifo)) return refuse(error, "FIFO", "no memory for a stream head", "OPN-004");
    }
    file.node = &node;
    ++node.refs;
    return join_fifo(*node.fifo, file, flags, first);
}

int Process::join_fifo(Stream &stream, File &file, int flags, bool first) {
    Fifo &fifo = *stream.fifo;
    const bool reads = flags & FREAD, writes = flags & FWRITE;
    open_end(file, stream);
    const unsigned readers_before = fifo.readers_ever, writers_before = fifo.writers_ever;
    if (reads) {
        ++fifo.readers;
        ++fifo.readers_ever;
        stream.no_readers = false;
    }
    if (writes) {
        ++fifo.writers;
        ++fifo.writers_ever;
        stream.writer_came();
    }
    system.wake_all(fifo.openers, "another opener of the FIFO");
    int error = first ? 0 : stream.open_again(*this, no_device, flags);
    const bool waits = reads != writes && !(flags & (FNDELAY | FNONBLOCK));
    while (!error && waits) {
        if (reads ? fifo.writers || fifo.writers_ever != writers_before : fifo.readers || fifo.readers_ever != readers_before) break; // FIFO-020
        const Wake wake = system.sleep(fifo.openers, reads ? "somebody who writes the FIFO" : "somebody who reads the FIFO", true);
        if (wake == Wake::event) continue;
        error = refuse(wake == Wake::signal ? EINTR : EDEADLK, "FIFO", reads ? "nobody has it open for writing" : "nobody has it open for reading",
                       wake == Wake::signal ? "FIFO-005" : "FIFO-001");
    }
    if (!error) return 0;
    Node *node = std::exchange(file.node, nullptr);
    leave_end(*this, file);
    if (node) system.nodes.release(node);
    return error;
}

void close_fifo(Process &process, File &file) {
    Stream &stream = *file.stream;
    Fifo &fifo = *stream.fifo;
    if (file.readable()) --fifo.readers;
    if (file.writable()) --fifo.writers;
    if (stream.files) {
        if (file.writable() && !fifo.writers) stream.writers_gone();
        if (file.readable() && !fifo.readers) stream.readers_gone();
        return;
    }
    *std::exchange(fifo.at, nullptr) = nullptr; // the next opener has a new one (FIFO-016)
    stream.close_fifo(process, file.flags);
}

int Process::make_pipe(Stream *ends[2]) {
    if (int error = Stream::make_pipe(system, ends)) return error;
    begin(*ends[0]->fifo);
    return 0;
}

int Process::make_fifo(Stream **at) {
    if (int error = Stream::make_fifo(system, at)) return error;
    begin(*(*at)->fifo);
    (*at)->fifo->at = at;
    return 0;
}

void Process::begin(Fifo &fifo) {
    fifo.ino = system.nodes.next_ino();
    fifo.read_at = fifo.written_at = fifo.changed_at = system.sched.now(); // PIP-053
}

} // namespace rill
