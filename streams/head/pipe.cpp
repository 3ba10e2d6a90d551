// A pipe: two heads whose write queues feed each other's read queue, and how its ends are closed.
#include "streams/head/head.hpp"
#include "streams/system.hpp"

#include <cerrno>

namespace rill {

// A pipe's heads take PIPE_BUF at a time (WR-008).
constexpr ssize_t pipe_buf = 4096;

int Stream::make_pipe(System &system, Stream *ends[2]) {
    for (int i = 0; i < 2; ++i) {
        if (!system.alloc.allow(sizeof(Stream) + sizeof(QueuePair))) {
            if (i == 1) ends[0]->discard();
            return ENOSR;
        }
        ends[i] = new (system.stream_pool.take()) Stream(system, system.next_stream_id++);
        ends[i]->pipe = true;
        ends[i]->opened();
        ends[i]->options.ndelon = true;                // PIP-024
        ends[i]->options.write_options = SNDPIPE;      // IOC-102
        ends[i]->head.read()->q_maxpsz = pipe_buf;
        ends[i]->head.write()->q_maxpsz = pipe_buf;
    }
    for (int i = 0; i < 2; ++i) {
        ends[i]->peer = ends[1 - i];
        ends[i]->head.write()->q_next = ends[1 - i]->head.read();
    }
    return 0;
}

void Stream::drop_pipe(Stream *ends[2]) {
    for (int i = 0; i < 2; ++i) ends[i]->head.write()->q_next = nullptr;
    ends[0]->discard();
    ends[1]->discard();
}

// The end that closes hangs up the other (CLS-018). Its modules go with it; what the other end still sends is sunk here,
// so the head of a half-closed pipe stays until both ends are gone (CLS-019).
int Stream::close_pipe_end(Caller &process, File &file) {
    Stream &end = *file.stream;
    System &system = end.system;
    end.process_closed(process);
    end.closes();
    if (end.links_above > 0) unlink_all_on_close(process, end);
    end.take_apart(process, file.flags);
    end.wake_all("the end is closed");
    Stream *peer = end.peer;
    if (!peer->closed_end) {
        end.closed_end = true;
        while (mblk_t *mp = getq(end.head.read())) end.free_at_head(mp);
        putnextctl(end.head.write(), M_HANGUP);
        system.sched.run_queues();
        return 0;
    }
    end.head.write()->q_next = nullptr;
    peer->head.write()->q_next = nullptr;
    peer->discard();
    end.discard();
    return 0;
}

} // namespace rill
