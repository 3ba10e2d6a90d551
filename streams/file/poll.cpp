// poll(2): each descriptor is asked; when none has anything to tell, the call waits on all the streams at once. What a stream
// answers is head/poll's.
#include "streams/file/process.hpp"
#include "streams/system.hpp"

#include <cerrno>
#include <vector>

namespace rill {

int Process::poll(struct pollfd *fds, nfds_t count, long timeout_ms, bool may_sleep, int *ready) {
    if (count > system.tunables.descriptors) return refuse(EINVAL, "poll", "more entries than descriptors", "POL-007");
    const long ticks = timeout_ms < 0 ? forever : ticks_of_ms(timeout_ms);
    const long until = ticks == forever ? forever : sum_of(system.sched.now(), ticks);
    std::vector<PollEntry> entries;
    for (;;) {
        int found = 0;
        for (nfds_t i = 0; i < count; ++i) {
            struct pollfd &p = fds[i];
            p.revents = 0;
            if (p.fd < 0) continue; // POL-001
            File *f = file(p.fd);
            if (!f) {
                p.revents = POLLNVAL; // POL-002
            } else if (f->stream) {
                if (int error = f->stream->poll_events(p.events, &p.revents))
                    return refuse(error, "poll", "a stream linked below a multiplexor", "POL-026");
            } else if (f->ops && f->ops->poll) {
                if (int error = f->ops->poll(*this, *f, p.events, &p.revents)) {
                    if (refusal.error == error) return error;
                    return refuse(error, "poll", "the file's own answer", nullptr);
                }
            } else {
                p.revents = p.events & (POLLIN | POLLOUT | POLLRDNORM | POLLWRNORM);
            }
            found += p.revents != 0;
        }
        const long left = until == forever ? forever : until - system.sched.now();
        if (found || timeout_ms == 0 || left <= 0) {
            *ready = found;
            return 0;
        }
        if (!may_sleep) return must_sleep;
        entries.assign(count, PollEntry{});
        for (nfds_t i = 0; i < count; ++i) {
            File *f = fds[i].fd < 0 ? nullptr : file(fds[i].fd);
            if (!f || !f->stream) continue;
            entries[i].call = system.running;
            f->stream->pollers.push_back(entries[i]);
        }
        WaitQueue nobody;
        const Wake wake = system.sleep(nobody, "an event on a polled descriptor", true, left);
        for (PollEntry &e : entries)
            if (e.is_linked()) PollList::node_algorithms::unlink(PollList::value_traits::to_node_ptr(e)),
                               PollList::node_algorithms::init(PollList::value_traits::to_node_ptr(e));
        if (wake == Wake::signal) return refuse(EINTR, "poll", "a signal ended the wait", "POL-005");
        if (wake == Wake::deadlock) return EDEADLK;
    }
}

} // namespace rill
