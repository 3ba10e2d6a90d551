// Making messages of what applications write, and waiting for room: write, putmsg and putpmsg.
//
// Room is asked for before the user's data is copied (ERR-043). A call that must wait says so in write_wanted; when the
// queue below is back-enabled the head's write service procedure runs, and wakes it.
#include "streams/head/head.hpp"
#include "streams/system.hpp"

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstring>

namespace rill {

namespace {

struct Limits {
    ssize_t min, max; // max: the most one message may carry
};

// Those of the topmost module or driver, held to the system's limit (WR-007 to WR-009).
Limits limits_of(Stream &s) {
    const queue_t *below = s.write_queue()->q_next;
    const long system_limit = s.system.tunables.strmsgsz ? s.system.tunables.strmsgsz : std::numeric_limits<int>::max();
    if (!below) return {0, system_limit};
    ssize_t max = below->q_maxpsz;
    const long limit = s.is_pipe() && s.system.tunables.strmsgsz ? pipe_buf : system_limit; // a finite maximum's (WR-008)
    if (max < 0) max = system_limit;
    else if (max > limit) max = limit;
    return {below->q_minpsz, max};
}

} // namespace

// Why nothing may be sent: hangup first for write (WR-054), the stored error for putmsg (PM-053). A writer whom the
// hangup found waiting gets the stored error, ENXIO, in every profile (WR-039).
int Stream::refuse_write(Caller &process, const char *call, bool is_write, bool waited) {
    if (linked_below) return process.refuse(EINVAL, call, "the stream is linked below a multiplexor", is_write ? "WR-060" : "PM-058");
    if (no_readers || (fifo && hung_up && !system.profile.pipe_hangup_enxio)) {
        process.post(SIGPIPE);
        return process.refuse(EPIPE, call, no_readers ? "nobody reads from the FIFO" : "the other end of the pipe is closed",
                              no_readers ? "FIFO-008" : is_write ? "WR-059"
                                                                 : "PM-057");
    }
    if (hung_up && (is_write || write_error == ENXIO || !write_error)) {
        if (is_write && (options.write_options & SNDPIPE) && !fifo) {
            process.post(SIGPIPE);
            return process.refuse(EPIPE, call, "the stream is hung up (SNDPIPE)", "WR-058");
        }
        return process.refuse(is_write && !waited && system.profile.write_hangup_eio ? EIO : ENXIO, call,
                              fifo ? "the other end of the pipe is closed" : "the stream is hung up", fifo ? "WR-064" : is_write ? "WR-050"
                                                                                                                                 : "PM-051");
    }
    int error = take_error(false);
    if (options.write_options & SNDPIPE) {
        process.post(SIGPIPE); // WR-057, PM-054
        if (is_write) error = EPIPE;
    }
    return process.refuse(error, call, "the stream holds a write error", is_write ? "WR-053" : "PM-052");
}

// One sleep for room in a band. 0: look again.
int Stream::wait_for_room(Caller &process, const char *call, unsigned char band) {
    (band ? band_write_wanted : write_wanted) = true;
    const Wake wake = system.sleep(writers, "room below the stream head", true);
    if (wake == Wake::signal) return process.refuse(EINTR, call, "a signal ended the wait", nullptr);
    return wake == Wake::deadlock && !linked_below && !hung_up && !no_readers && !write_error ? EDEADLK : 0;
}

// Lack of message memory: the call waits for it, non-blocking or not (WR-040, PM-059). 0: try again.
int Stream::wait_for_memory(Caller &process, const char *call, size_t size, bool no_wait, bool may_sleep, bool interruptible) {
    if (no_wait && system.profile.memory_eagain) return process.refuse(EAGAIN, call, "no memory for the message", "WR-041");
    if (!may_sleep) return must_sleep;
    WaitQueue memory;
    const toid_t id = system.sched.bufcall(
        size, [](void *queue) {
            if (auto *q = static_cast<WaitQueue *>(queue); !q->empty()) current->wake_one(*q, "memory");
        },
        &memory, "stream head");
    if (!id) return process.refuse(ENOSR, call, "no memory, and none to wait for it with", "WR-040");
    const Wake wake = system.sleep(memory, "message memory", interruptible);
    if (wake != Wake::event) system.sched.unbufcall(id);
    if (wake == Wake::signal) return process.refuse(EINTR, call, "a signal ended the wait", nullptr);
    if (linked_below) return process.refuse(EINVAL, call, "the stream was linked below a multiplexor", "IOC-236");
    return wake == Wake::deadlock ? process.refuse(ENOSR, call, "no memory came back", nullptr) : 0;
}

// Once, then for each piece (ERR-041, ERR-043):
//   a background process          EINTR and SIGTTOU, EIO when orphaned   WR-062
//   linked below                  EINVAL                                 WR-060
//   hung up, or a write error     EIO, ENXIO, EPIPE, the error           WR-050 to WR-059
//   STREAMS memory                ENOSR                                  WR-019
//   the topmost takes nothing     0                                      WR-006
//   the count                     ERANGE                                 WR-004
//   nothing, on a pipe            0                                      WR-011; also where it is hung up PIP-061
//  of a piece, or 0 when one before it was sent:
//   what came meanwhile           as above
//   room below                    EAGAIN, EINTR                          WR-031
//   memory for its message        EAGAIN, EINTR, ENOSR                   WR-040, WR-041
//   its address                   EFAULT                                 WR-063
int Stream::write(Caller &process, File &file, Transfer &t, bool may_sleep) {
    if (int error = job_control(process, false)) return process.refuse(error, "write", "a background process", "WR-062");
    const bool nothing = t.count == 0 && fifo && !(options.write_options & SNDZERO);
    if (linked_below || hung_up || no_readers || write_error) [[unlikely]]
        return nothing && !linked_below ? 0 : refuse_write(process, "write", true); // PIP-061
    if (system.over_threshold(process)) [[unlikely]]
        return process.refuse(ENOSR, "write", "STREAMS memory is above STRTHRESH, and the process is not privileged", "WR-019");
    const Limits limits = limits_of(*this);
    if (limits.max == 0) return 0; // WR-006
    const auto max = static_cast<size_t>(limits.max);
    if (limits.min > 0 && (t.count < static_cast<size_t>(limits.min) || t.count > max))
        return process.refuse(ERANGE, "write", "the count is outside the topmost module's packet sizes", "WR-004");
    if (nothing) return 0; // WR-011
    queue_t *wq = write_queue();
    bool waited = false;
    do {
        // Meanwhile, what was sent, or waited for, may have changed the stream.
        if (linked_below || hung_up || no_readers || write_error) [[unlikely]]
            return t.done && !(fifo && waited) ? 0 : refuse_write(process, "write", true, waited); // PIP-060
        if (!canputnext(wq)) [[unlikely]] {
            if (file.no_wait() && !((file.flags & FNDELAY) && !(file.flags & FNONBLOCK) && options.ndelon && !fifo)) {
                if (t.done) return 0; // WR-032
                write_wanted = true;
                if (fifo && (file.flags & FNDELAY)) return 0; // WR-033
                return process.refuse(EAGAIN, "write", "the queue below is full, and the file does not wait", "WR-031");
            }
            if (system.sched.queues_enabled()) {
                system.sched.run_queues();
                continue;
            }
            if (!may_sleep) return must_sleep;
            if (int error = wait_for_room(process, "write", 0)) return t.done ? 0 : error;
            waited = true;
            continue;
        }
        const size_t n = std::min(t.count - t.done, max);
        mblk_t *mp = allocb(n + options.write_offset, BPRI_MED);
        if (!mp) [[unlikely]] {
            if (t.done && file.no_wait()) return 0;
            if (int error = wait_for_memory(process, "write", n + options.write_offset, file.no_wait(), may_sleep))
                return t.done && error != must_sleep ? 0 : error;
            waited = true;
            continue;
        }
        mp->b_rptr += options.write_offset; // WR-013
        mp->b_wptr = mp->b_rptr + n;
        if (!copy_from_user(mp->b_rptr, t.base + t.done, n)) {
            freeb(mp);
            return t.done ? 0 : process.refuse(EFAULT, "write", "bad address; nothing of this message was sent", "WR-063");
        }
        t.done += n;
        if (options.delim && t.done == t.count) mp->b_flag |= MSGDELIM; // WR-014
        if (fifo) [[unlikely]]
            fifo->written_at = system.sched.now();
        putnext(wq, mp);
    } while (t.done < t.count);
    return 0;
}

// Order: linked below, hangup or error, putpmsg's flags, the missing control part, ERANGE, the control part's address,
// flow control, memory and data (ERR-042 to ERR-044). band -1 for putmsg, whose flags were checked before.
int Stream::putmsg(Caller &process, File &file, const struct strbuf *ctl, const struct strbuf *data, int band, int flags,
                   bool may_sleep) {
    if (int error = job_control(process, false)) return process.refuse(error, "putmsg", "a background process", "IOC-009");
    if (linked_below || hung_up || no_readers || write_error) return refuse_write(process, "putmsg", false);
    const bool has_ctl = ctl && ctl->len >= 0;
    const bool has_data = data && data->len >= 0; // PM-007
    if (flags != MSG_HIPRI && flags != MSG_BAND)
        return process.refuse(EINVAL, "putpmsg", "flags must be MSG_HIPRI or MSG_BAND", "PM-003");
    const bool hipri = flags == MSG_HIPRI;
    if (hipri && !has_ctl)
        return process.refuse(EINVAL, "putmsg", "a high-priority message needs a control part", "PM-005");
    if (hipri && band != 0) return process.refuse(EINVAL, "putpmsg", "MSG_HIPRI goes with band 0", "PM-006");
    if (!has_ctl && !has_data) return 0; // PM-024
    if (int error = check_sizes(process, has_ctl ? ctl->len : -1, has_data ? data->len : -1, false)) return error;

    mblk_t *mp = nullptr;
    for (;;) {
        if (linked_below || hung_up || no_readers || write_error) [[unlikely]] { // came while it waited
            freemsg(mp);
            return refuse_write(process, "putmsg", false);
        }
        if (has_ctl && !mp) {
            const auto length = static_cast<size_t>(ctl->len);
            mp = allocb(std::max<size_t>(length, 64), BPRI_MED); // PM-029
            if (!mp) {
                if (int error = wait_for_memory(process, "putmsg", length, file.no_wait(), may_sleep)) return error;
                continue;
            }
            mp->b_datap->db_type = hipri ? M_PCPROTO : M_PROTO;
            mp->b_wptr += length;
            if (!copy_from_user(mp->b_rptr, ctl->buf, length)) {
                freemsg(mp);
                return process.refuse(EFAULT, "putmsg", "bad address of the control part", "PM-009");
            }
        }
        if (!hipri && !bcanputnext(write_queue(), static_cast<unsigned char>(band))) { // PM-045, PM-046
            int error = 0;
            if (file.no_wait()) {
                (band ? band_write_wanted : write_wanted) = true;
                error = process.refuse(EAGAIN, "putmsg", "the band is full below, and the file does not wait", "PM-047");
            } else if (!may_sleep) {
                error = must_sleep;
            } else {
                error = wait_for_room(process, "putmsg", static_cast<unsigned char>(band));
            }
            if (error) {
                freemsg(mp);
                return error;
            }
            continue;
        }
        if (has_data) {
            const auto length = static_cast<size_t>(data->len);
            mblk_t *body = allocb(length + options.write_offset, BPRI_MED);
            if (!body) {
                if (int error = wait_for_memory(process, "putmsg", length + options.write_offset, file.no_wait(), may_sleep)) {
                    freemsg(mp);
                    return error;
                }
                continue;
            }
            body->b_rptr += options.write_offset; // PM-027
            body->b_wptr = body->b_rptr + length;
            if (!copy_from_user(body->b_rptr, data->buf, length)) {
                freemsg(body);
                freemsg(mp);
                return process.refuse(EFAULT, "putmsg", "bad address of the data part", "PM-009");
            }
            if (mp)
                linkb(mp, body);
            else
                mp = body;
        }
        mp->b_band = hipri ? 0 : static_cast<unsigned char>(band); // PM-025
        putnext(write_queue(), mp);
        return 0;
    }
}

// ERANGE (PM-040 to PM-044). Lengths -1 for parts that are not there.
int Stream::check_sizes(Caller &process, int ctl, int data, bool minimum_always) {
    const Limits limits = limits_of(*this);
    if (limits.max == 0) return process.refuse(ERANGE, "putmsg", "the topmost module takes nothing", "PM-044");
    if (data >= 0 && (data < limits.min || data > limits.max))
        return process.refuse(ERANGE, "putmsg", "the data part is outside the topmost module's packet sizes", "PM-040");
    if (data < 0 && minimum_always && limits.min > 0)
        return process.refuse(ERANGE, "I_FDINSERT", "no data part, and the topmost module has a minimum", "IOC-185");
    if (system.tunables.strctlsz && ctl > system.tunables.strctlsz)
        return process.refuse(ERANGE, "putmsg", "the control part is longer than STRCTLSZ", "PM-042");
    if (system.tunables.strmsgsz && data > system.tunables.strmsgsz)
        return process.refuse(ERANGE, "putmsg", "the data part is longer than STRMSGSZ", "PM-043");
    return 0;
}

// The head's write service procedure: back-enabled, or the modules changed.
void Stream::writable_again() {
    if (!writers.empty()) system.wake_all(writers, "the queue below has room again");
    int events = 0;
    if (write_wanted && canputnext(write_queue())) {
        write_wanted = false;
        events |= S_OUTPUT; // SIG-027
    }
    if (band_write_wanted && some_band_writable()) {
        band_write_wanted = false;
        events |= S_WRBAND; // SIG-028
    }
    if (events) raise_event(events, 0);
    wake_pollers();
}

} // namespace rill
