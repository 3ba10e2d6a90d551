// A pipe: two heads whose write queues feed each other's read queue. A FIFO: one head whose write queue feeds its own. How they
// are made, and what the other side is told when one goes.
#include "streams/head/head.hpp"
#include "streams/system.hpp"

#include <cerrno>
#include <sys/connld.h>

namespace rill {

namespace {

// A head that has no device below it. nullptr: no memory.
Stream *make_end(System &system) {
    if (!system.alloc.allow(sizeof(Stream) + sizeof(QueuePair))) return nullptr;
    auto *end = new (system.stream_pool.take()) Stream(system, system.next_stream_id++);
    end->opened();
    end->options.ndelon = true;           // PIP-024
    end->options.write_options = SNDPIPE; // IOC-102
    queue_t *rq = end->read_queue();
    rq->q_maxpsz = end->write_queue()->q_maxpsz = pipe_buf;
    // A writer goes on as soon as it is not full any more (PIP-058); what 0 means for that depends on the system (FLW-017).
    rq->q_hiwat = 16384;
    rq->q_lowat = system.profile.lowat_zero_any_removal ? 0 : rq->q_hiwat;
    return end;
}

} // namespace

int Stream::make_pipe(System &system, Stream *ends[2]) {
    Fifo *fifo = system.fifo_pool.make();
    if (!fifo) return ENOSR;
    for (int i = 0; i < 2; ++i) {
        ends[i] = make_end(system);
        if (ends[i]) continue;
        if (i == 1) ends[0]->discard();
        system.fifo_pool.free(fifo);
        return ENOSR;
    }
    for (int i = 0; i < 2; ++i) {
        ends[i]->fifo = fifo;
        ends[i]->peer = ends[1 - i];
        ends[i]->head.write()->q_next = ends[1 - i]->head.read();
    }
    return 0;
}

void Stream::drop_pipe(Stream *ends[2]) {
    ends[0]->system.fifo_pool.free(ends[0]->fifo);
    for (int i = 0; i < 2; ++i) ends[i]->head.write()->q_next = nullptr;
    ends[0]->discard();
    ends[1]->discard();
}

int Stream::make_fifo(System &system, Stream **made) {
    Fifo *fifo = system.fifo_pool.make();
    if (!fifo) return ENOSR;
    Stream *stream = make_end(system);
    if (!stream) {
        system.fifo_pool.free(fifo);
        return ENOSR;
    }
    stream->fifo = fifo;
    stream->peer = stream;
    stream->head.write()->q_next = stream->head.read();
    *made = stream;
    return 0;
}

// The end that closes hangs up the other (CLS-018). Its modules go with it; what the other end still sends is sunk here,
// so the head of a half-closed pipe stays until both ends are gone (CLS-019).
void Stream::close_pipe_end(Caller &process, int oflag) {
    closes();
    if (links_above > 0) unlink_all_on_close(process, *this);
    take_apart(process, oflag);
    wake_all("the end is closed");
    if (!peer->closed_end) {
        closed_end = true;
        while (mblk_t *mp = getq(head.read())) free_at_head(mp);
        putnextctl(head.write(), M_HANGUP);
        system.sched.run_queues();
        return;
    }
    Stream *ends[] = {peer, this};
    drop_pipe(ends);
}

void Stream::close_fifo(Caller &process, int oflag) {
    closes();
    take_apart(process, oflag);
    head.write()->q_next = nullptr;
    system.fifo_pool.free(fifo);
    discard();
}

// --- who reads and writes a FIFO ---

void Stream::writers_gone() { hang_up(); } // FIFO-015

void Stream::writer_came() {
    if (hung_up) end_hangup();
}

void Stream::readers_gone() {
    no_readers = true;
    wake_all("nobody reads any more"); // FIFO-008
}

std::size_t Stream::unread_bytes() const {
    std::size_t bytes = 0;
    for (mblk_t *mp = head.q[0].q_first; mp; mp = mp->b_next) bytes += msgdsize(mp); // PIP-023
    return bytes;
}

} // namespace rill

using namespace rill;

#define EXPORT extern "C" __attribute__((visibility("default")))

EXPORT int connld_on(queue_t *q) {
    if (!may_use(q, "connld_on")) return EINVAL;
    Stream &end = *pair_of(q)->stream;
    if (!end.is_pipe() || end.is_fifo()) return EINVAL;  // CON-001, CON-003
    if (end.connld) return ENXIO;                        // CON-004
    if (end.peer->linked_below) return EINVAL;           // CON-014
    end.connld = true;
    return 0;
}

EXPORT void connld_off(queue_t *q) {
    if (may_use(q, "connld_off")) pair_of(q)->stream->connld = false; // CON-015
}
