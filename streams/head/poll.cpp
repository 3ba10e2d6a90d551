// What is ready, and telling whoever asked: poll, SIGPOLL events, the wake-ups that go with them.
#include "streams/head/head.hpp"
#include "streams/system.hpp"

#include <algorithm>
#include <cerrno>
#include <csignal>

namespace rill {

// Only the first message decides the read bits (POL-009); errors and hangups are reported unasked (POL-008).
int Stream::poll_events(short events, short *revents) {
    if (linked_below) { // POL-026, MUX-064
        *revents = POLLNVAL;
        return EINVAL;
    }
    int ready = 0;
    if (system.profile.poll_error_by_side) {
        const bool read_asked = events & (POLLIN | POLLRDNORM | POLLRDBAND | POLLPRI);
        const bool write_asked = events & (POLLOUT | POLLWRNORM | POLLWRBAND);
        if ((read_error && read_asked) || (write_error && write_asked && !hung_up)) {
            *revents = POLLERR;
            return 0;
        }
    } else if (read_error || (write_error && !(hung_up && (write_error == ENXIO || write_error == EPIPE)))) {
        ready |= POLLERR; // POL-023
    }
    if (hung_up || no_readers) {
        ready |= POLLHUP;
    } else if (!(ready & POLLERR) || !write_error) {
        queue_t *wq = write_queue();
        if (events & (POLLOUT | POLLWRNORM)) {
            if (canputnext(wq))
                ready |= events & (POLLOUT | POLLWRNORM);
            else
                write_wanted = true;
        }
        if (events & POLLWRBAND) {
            if (some_band_writable())
                ready |= POLLWRBAND;
            else
                band_write_wanted = true;
        }
    }
    front_signals();
    if (const mblk_t *mp = read_queue()->q_first) {
        if (is_high_priority(mp))
            ready |= events & POLLPRI; // POL-012
        else
            ready |= events & (POLLIN | (mp->b_band ? POLLRDBAND : POLLRDNORM));
    }
    *revents = static_cast<short>(ready);
    return 0;
}

// The queue that flow control looks at from the head: the next with a service procedure, or the last.
queue_t *Stream::flow_target() {
    queue_t *q = write_queue()->q_next;
    while (q && !q->q_qinfo->qi_srvp && q->q_next) q = q->q_next;
    return q;
}

// POL-017: a band above 0 that exists there and is not full.
bool Stream::some_band_writable() {
    queue_t *q = flow_target();
    if (!q) return false;
    if (q->q_nband == 0) return system.profile.pollwrband_unused_bands;
    for (int band = 1; band <= q->q_nband; ++band)
        if (bcanput(q, static_cast<unsigned char>(band))) return true;
    return false;
}

void Stream::wake_readers(const char *why) {
    if (!readers.empty()) system.wake_all(readers, why);
    wake_pollers();
}

void Stream::wake_all(const char *why) {
    system.wake_all(readers, why);
    system.wake_all(writers, why);
    system.wake_all(in_ioctl.turn, why);
    system.wake_all(in_ioctl.answer, why);
    system.wake_all(plumbing.waiters, why);
    system.wake_all(procedures, why);
    wake_pollers();
}

void Stream::wake_pollers() {
    for (PollEntry &e : pollers) system.wake(*e.call, Wake::event, "a polled stream changed");
}

// One signal for each registered process that asked for any of these events (SIG-008). S_BANDURG turns a band message's
// signal into SIGURG (SIG-032).
void Stream::raise_event(int events, unsigned char band, int error) {
    wake_pollers();
    if (signals.empty()) return;
    struct Code {
        int event, code;
    };
    static constexpr Code codes[] = {{S_INPUT, 1 /*POLL_IN*/}, {S_OUTPUT, 2 /*POLL_OUT*/}, {S_MSG, 3 /*POLL_MSG*/}, {S_ERROR, 4 /*POLL_ERR*/}, {S_HIPRI, 5 /*POLL_PRI*/}, {S_HANGUP, 6 /*POLL_HUP*/}};
    for (SigEntry &e : signals) {
        int wanted = e.events & events;
        if (!wanted) continue;
        int code = 0;
        for (const Code &c : codes)
            if (wanted & c.event) {
                code = c.code;
                break;
            }
        const bool urgent = (wanted & S_RDBAND) && (e.events & S_BANDURG);
        if (urgent) {
            e.process->post(SIGURG, code, band);
            if (!(wanted & S_INPUT)) continue;
        }
        e.process->post(SIGPOLL, code, wanted & S_ERROR ? error : band); // SIG-033
    }
}

// M_SIG and M_PCSIG: SIGPOLL goes to those registered for S_MSG, any other to the terminal's foreground group (SIG-042).
void Stream::signal_message(int sig, unsigned char band) {
    if (system.trace.on) [[unlikely]]
        system.trace.emit({.event = Event::signal_from_below, .clause = "SIG-040", .number = sig, .stream = id});
    if (sig == SIGPOLL)
        raise_event(S_MSG, band);
    else if (options.istty && terminal.group)
        system.signal_group(terminal.group, sig);
}

} // namespace rill
