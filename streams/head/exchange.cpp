// The life of an ioctl that goes down the stream: the turn, the M_IOCTL, copies in and out, the answer.
#include "streams/head/exchange.hpp"
#include "streams/head/head.hpp"
#include "streams/head/mux.hpp"
#include "streams/system.hpp"

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <csignal>
#include <cstring>
#include <limits>
#include <string_view>
#include <sys/ioctl.h>
#include <termios.h>

namespace rill {

int Stream::ioctl_str(Caller &process, void *argument, int *rval) {
    strioctl io;
    if (!get(io, argument)) return process.refuse(EFAULT, "I_STR", "bad address", "IOC-008");
    if (io.ic_timout < -1) return process.refuse(EINVAL, "I_STR", "ic_timout is below -1", "IOC-119");
    if (io.ic_len < 0) return process.refuse(EINVAL, "I_STR", "ic_len is below 0", "IOC-120");
    if (system.tunables.strmsgsz && io.ic_len > system.tunables.strmsgsz)
        return process.refuse(EINVAL, "I_STR", "ic_len is above STRMSGSZ", "IOC-121");
    if (io.ic_cmd == I_LINK || io.ic_cmd == I_PLINK || io.ic_cmd == I_UNLINK || io.ic_cmd == I_PUNLINK)
        return process.refuse(EINVAL, "I_STR", "links are not made by I_STR", "IOC-144");
    IoctlRequest request{.command = io.ic_cmd, .data = io.ic_dp, .length = io.ic_len};
    request.ticks = io.ic_timout < 0 ? forever : (io.ic_timout ? io.ic_timout : ioctl_default_seconds) * ticks_a_second;
    if (int error = do_ioctl(process, request, rval)) return error;
    io.ic_len = request.length;
    return set(argument, io) ? 0 : process.refuse(EFAULT, "I_STR", "bad address", "IOC-008"); // IOC-116
}

// The stream's one active ioctl (IOC-125, IOC-126).
int Stream::take_ioctl_turn(Caller &process) {
    const long until = sum_of(system.sched.now(), ioctl_turn_seconds * ticks_a_second);
    while (in_ioctl.busy()) {
        const long left = until - system.sched.now();
        const Wake wake = left > 0 ? system.sleep(in_ioctl.turn, "its turn: another ioctl is active on the stream", true, left) : Wake::timeout;
        if (wake == Wake::signal) return process.refuse(EINTR, "ioctl", "a signal came while waiting for its turn", "IOC-123");
        if (wake == Wake::timeout) return process.refuse(ETIME, "ioctl", "its turn did not come in 15 seconds", "IOC-126");
        if (int error = ioctl_interrupted(process)) return error;
        if (wake == Wake::deadlock) return EDEADLK;
    }
    in_ioctl.take();
    return 0;
}

// What hangup, error or a new link make of a waiting ioctl (IOC-127).
int Stream::ioctl_interrupted(Caller &process) {
    if (linked_below) return process.refuse(EINVAL, "ioctl", "the stream was linked below a multiplexor", "IOC-236");
    if (read_error) return process.refuse(take_error(true), "ioctl", "an error arrived", "IOC-127");
    if (hung_up) return process.refuse(ENXIO, "ioctl", "the stream hung up", "IOC-127");
    if (write_error) return process.refuse(take_error(false), "ioctl", "an error arrived", "IOC-127");
    return 0;
}

void Stream::end_ioctl(Event how) {
    system.checks.ioctl_ended(in_ioctl.id);
    in_ioctl.end();
    trace_ioctl(how, 0, 0);
    system.wake_one(in_ioctl.turn, "the ioctl before it ended");
}

void Stream::trace_ioctl(Event event, int command, unsigned id_of) {
    if (system.trace.on) [[unlikely]]
        system.trace.emit({.event = event, .number = command, .extra = static_cast<long>(id_of), .stream = id});
}

// The M_IOCTL: its block also has room for a copy request and for the caller's credentials, which outlive the caller.
mblk_t *Stream::make_ioctl(Caller &process, const IoctlRequest &r) {
    mblk_t *mp = allocb(sizeof(union ioctypes) + sizeof(cred_t), BPRI_HI);
    if (!mp) return nullptr;
    std::memset(mp->b_rptr, 0, sizeof(union ioctypes));
    auto *credentials = reinterpret_cast<cred_t *>(mp->b_rptr + sizeof(union ioctypes));
    *credentials = process.cred;
    auto *io = reinterpret_cast<iocblk *>(mp->b_rptr);
    io->ioc_cmd = r.command;
    io->ioc_cr = credentials;
    io->ioc_id = in_ioctl.id = system.next_ioctl_id++;
    mp->b_datap->db_type = M_IOCTL;
    mp->b_wptr += sizeof(iocblk);
    if (r.transparent) {
        mblk_t *data = allocb(sizeof(void *), BPRI_HI);
        if (!data) {
            freemsg(mp);
            return nullptr;
        }
        std::memcpy(data->b_wptr, &r.argument, sizeof(void *));
        data->b_wptr += sizeof(void *);
        mp->b_cont = data;
        io->ioc_count = TRANSPARENT;
    } else {
        io->ioc_count = static_cast<unsigned>(r.length);
        if (r.length > 0) {
            mblk_t *data = allocb(static_cast<size_t>(r.length), BPRI_HI);
            if (!data) {
                freemsg(mp);
                return nullptr;
            }
            data->b_wptr += r.length;
            mp->b_cont = data;
        }
    }
    return mp;
}

int Stream::do_ioctl(Caller &process, IoctlRequest &r, int *rval) {
    if (hung_up) return process.refuse(ENXIO, "ioctl", "the stream is hung up", "IOC-006");
    if (int error = take_ioctl_turn(process)) return error;
    mblk_t *mp = make_ioctl(process, r);
    if (!mp) {
        end_ioctl(Event::ioctl_without_memory);
        return process.refuse(EAGAIN, "ioctl", "no memory for the M_IOCTL", "IOC-147");
    }
    if (!r.transparent && r.length > 0) {
        char *to = reinterpret_cast<char *>(mp->b_cont->b_rptr);
        const auto n = static_cast<size_t>(r.length);
        if (r.data_is_kernel) {
            std::memcpy(to, r.data, n);
        } else if (!copy_from_user(to, r.data, n)) {
            freemsg(mp);
            end_ioctl(Event::ioctl_bad_address);
            return process.refuse(EFAULT, "ioctl", "bad address of the data", "IOC-008");
        }
    }
    return exchange(process, r, mp, rval);
}

// I_LINK and its kin carry a linkblk (MUX-023). During the last close the request waits for memory, and nothing but the
// time ends the wait for the answer (CLS-004).
int Stream::request_link(Caller &process, int command, linkblk link, bool closing) {
    IoctlRequest r{.command = command, .data = reinterpret_cast<char *>(&link), .length = sizeof link, .data_is_kernel = true};
    r.ticks = system.profile.link_waits_forever ? forever : ioctl_default_seconds * ticks_a_second; // IOC-233, IOC-238
    r.interruptible = !closing && !system.profile.link_waits_forever;                               // MUX-038
    r.closing = closing;
    // Should nobody wait for the answer to a new link any more, the driver has to be told that there is none (MUX-090).
    mblk_t *undo = nullptr;
    const bool linking = command == I_LINK || command == I_PLINK;
    IoctlRequest opposite = r;
    opposite.command = command == I_LINK ? I_UNLINK : I_PUNLINK;
    if (linking) undo = make_ioctl(process, opposite);
    const unsigned undo_id = in_ioctl.id;
    mblk_t *mp = linking && !undo ? nullptr : make_ioctl(process, r);
    for (int error = 0; closing && !mp && !error;) { // the driver is told, whatever the close has to wait for
        error = wait_for_memory(process, "close", sizeof link, false, true, false);
        mp = make_ioctl(process, r);
    }
    if (!mp) {
        if (undo) freemsg(undo);
        end_ioctl(Event::ioctl_without_memory);
        return process.refuse(EAGAIN, "ioctl", "no memory for the M_IOCTL", "MUX-040 IOC-147");
    }
    std::memcpy(mp->b_cont->b_rptr, &link, sizeof link);
    int rval;
    const int error = exchange(process, r, mp, &rval);
    if (!undo) return error;
    if (!error || r.answered) {
        freemsg(undo);
        return error;
    }
    std::memcpy(undo->b_cont->b_rptr, &link, sizeof link);
    trace_ioctl(Event::unlink_sent, opposite.command, undo_id);
    putnext(write_queue(), undo);
    system.sched.run_queues();
    return error;
}

// Sends the M_IOCTL (or a link request) and serves what comes back, until the call ends. The turn is taken.
int Stream::exchange(Caller &process, IoctlRequest &r, mblk_t *mp, int *rval) {
    in_ioctl.sent();
    trace_ioctl(Event::ioctl_sent, r.command, in_ioctl.id);
    system.checks.ioctl_sent(mp, in_ioctl.id);
    putnext(write_queue(), mp);
    for (long copies = 0;;) {
        if (int error = await_answer(process, r)) {
            end_ioctl(Event::ioctl_unanswered);
            return error;
        }
        mblk_t *reply = in_ioctl.take_reply();
        if (!reply) {
            end_ioctl(Event::ioctl_broken_answer);
            return process.refuse(EPROTO, "ioctl", "what came as its answer is none; the fault says why", "IOC-325");
        }
        r.answered = reply->b_datap->db_type == M_IOCACK || reply->b_datap->db_type == M_IOCNAK;
        switch (reply->b_datap->db_type) {
        case M_IOCACK: {
            const auto *io = reinterpret_cast<iocblk *>(reply->b_rptr);
            const int error = io->ioc_error;
            trace_ioctl(Event::ioctl_acked, r.command, in_ioctl.id);
            bool fault = false;
            if (!error) {
                *rval = io->ioc_rval;
                if (!r.transparent && !r.copied_out) fault = !take_ioctl_data(r, io->ioc_count, reply->b_cont);
            }
            freemsg(reply);
            end_ioctl(Event::ioctl_done);
            if (error) return process.refuse(error, "ioctl", "the driver acknowledged with an error", "IOC-114");
            return fault ? process.refuse(EFAULT, "ioctl", "bad address for the result", "IOC-008") : 0;
        }
        case M_IOCNAK: {
            const int error = reinterpret_cast<iocblk *>(reply->b_rptr)->ioc_error;
            trace_ioctl(Event::ioctl_nacked, r.command, in_ioctl.id);
            freemsg(reply);
            end_ioctl(Event::ioctl_done);
            return process.refuse(error ? error : EINVAL, "ioctl", "the driver or a module refused it (M_IOCNAK)", "IOC-115");
        }
        default:
            if (++copies > system.tunables.copies) {
                freemsg(reply);
                end_ioctl(Event::ioctl_asks_for_ever);
                const QueuePair *asked = top();
                system.fault("SCH-052", "an ioctl is answered with one copy request after another, without end", asked ? const_cast<QueuePair *>(asked)->read() : nullptr);
                return process.refuse(EDEADLK, "ioctl", "its driver asks for one copy after another", "SCH-052");
            }
            if (const int error = serve_copy(r, reply)) {
                end_ioctl(Event::ioctl_copy_failed);
                return process.refuse(error, "ioctl", error == EFAULT ? "the address of a copy is bad" : "no memory for a copy",
                                      error == EFAULT ? "IOC-135" : "IOC-147");
            }
        }
    }
}

// Waits for the answer to the active request, afresh after each copy step (IOC-138). An answer in hand wins (IOC-128).
int Stream::await_answer(Caller &process, const IoctlRequest &r) {
    if (in_ioctl.state == IoctlExchange::State::awaiting) system.sched.run_queues();
    const long until = sum_of(system.sched.now(), r.ticks);
    while (in_ioctl.state != IoctlExchange::State::answered) {
        if (int error = r.closing ? 0 : ioctl_interrupted(process)) return error;
        const long left = until == forever ? forever : until - system.sched.now();
        if (left <= 0) {
            note_unanswered();
            return process.refuse(ETIME, "ioctl", "no answer in time", "IOC-122");
        }
        const Wake wake = system.sleep(in_ioctl.answer, "the answer to an M_IOCTL", r.interruptible, left);
        if (in_ioctl.state == IoctlExchange::State::answered) break;
        if (wake == Wake::signal) {
            system.checks.ioctl_broken_off(in_ioctl.id);
            return process.refuse(EINTR, "ioctl", "a signal ended the wait for the answer", "IOC-123");
        }
        if (wake == Wake::deadlock) {
            note_unanswered();
            return EDEADLK;
        }
    }
    return 0;
}

// Nobody waits any longer: did a driver lose the request?
void Stream::note_unanswered() {
    system.checks.ioctl_unanswered(in_ioctl.id);
}

// The data of an M_IOCACK goes back to where the request's came from (IOC-113). False for a bad address.
bool Stream::take_ioctl_data(IoctlRequest &r, unsigned count, const mblk_t *data) {
    unsigned moved = 0;
    bool good = true;
    for (; data && moved < count && good; data = data->b_cont) {
        const auto n = std::min<unsigned>(count - moved, static_cast<unsigned>(bytes_at(data)));
        if (n && !r.data_is_kernel) good = copy_to_user(r.data + moved, data->b_rptr, n);
        moved += n;
    }
    r.length = static_cast<int>(moved);
    return good;
}

// M_COPYIN and M_COPYOUT: the copy is made and M_IOCDATA tells how it went (IOC-131 to IOC-135). EFAULT or EAGAIN.
int Stream::serve_copy(IoctlRequest &r, mblk_t *mp) {
    const copyreq request = *reinterpret_cast<copyreq *>(mp->b_rptr);
    const bool in = mp->b_datap->db_type == M_COPYIN;
    bool good = true;
    int error = 0;
    mblk_t *data = nullptr;
    trace_ioctl(in ? Event::copyin_asked_for : Event::copyout_asked_for, r.command, in_ioctl.id);
    if (in) {
        if (mp->b_cont) {
            freemsg(mp->b_cont);
            mp->b_cont = nullptr;
        }
        data = allocb(request.cq_size, BPRI_HI);
        if (!data) error = EAGAIN;
        good = data && copy_from_user(data->b_wptr, request.cq_addr, request.cq_size);
        if (good) data->b_wptr += request.cq_size;
    } else {
        auto to = reinterpret_cast<std::uintptr_t>(request.cq_addr); // whatever the driver said
        size_t left = request.cq_size;
        for (const mblk_t *b = mp->b_cont; b && left && good; b = b->b_cont) {
            const size_t n = std::min(left, bytes_at(b));
            good = copy_to_user(reinterpret_cast<void *>(to), b->b_rptr, n);
            to += n;
            left -= n;
        }
        if (good && !r.transparent) {
            r.length = static_cast<int>(request.cq_size - left); // IOC-134
            r.copied_out = true;
        }
    }
    if (!good && data) {
        freemsg(data);
        data = nullptr;
    }
    answer_copy(mp, good, data);
    if (good) in_ioctl.sent();
    putnext(write_queue(), mp);
    return good    ? 0
           : error ? error
                   : EFAULT;
}

// Turns a copy request into the M_IOCDATA that answers it.
void Stream::answer_copy(mblk_t *mp, bool good, mblk_t *data) {
    const copyreq request = *reinterpret_cast<copyreq *>(mp->b_rptr);
    if (mp->b_cont) freemsg(mp->b_cont);
    mp->b_cont = data;
    copyresp response{};
    response.cp_cmd = request.cq_cmd;
    response.cp_cr = request.cq_cr;
    response.cp_id = request.cq_id;
    response.cp_private = request.cq_private;
    response.cp_rval = reinterpret_cast<char *>(static_cast<intptr_t>(good ? 0 : 1));
    std::memcpy(mp->b_rptr, &response, sizeof response);
    mp->b_wptr = mp->b_rptr + sizeof response;
    mp->b_datap->db_type = M_IOCDATA;
    trace_ioctl(good ? Event::copy_done : Event::copy_failed, request.cq_cmd, request.cq_id);
}

// A broken answer has no id to go by: the request that waits ends here, or nothing would end it (IOC-325).
void Stream::refuse_answer(mblk_t *mp, const char *what) {
    refuse_message(mp, "IOC-325", what);
    if (in_ioctl.state != IoctlExchange::State::awaiting) return;
    in_ioctl.answered(nullptr);
    system.wake_all(in_ioctl.answer, "a broken answer came");
}

void Stream::ioctl_answered(mblk_t *mp) {
    if (bytes_at(mp) < sizeof(iocblk))
        return refuse_answer(mp, "answered an M_IOCTL with a block that is shorter than an iocblk");
    auto *io = reinterpret_cast<iocblk *>(mp->b_rptr);
    if (in_ioctl.state != IoctlExchange::State::awaiting || io->ioc_id != in_ioctl.id) {
        trace_ioctl(Event::late_answer_freed, io->ioc_cmd, 0);
        freemsg(mp); // IOC-129
        return;
    }
    if (io->ioc_error < 0) { // NBSD-081, NBSD-082
        bool negative = false;
        for_each_pair([&](const QueuePair &pair) { negative |= pair.owner->negative_errnos; });
        if (!negative) blame_sender(mp, "NBSD-082", "answered an M_IOCTL with a negative ioc_error");
        io->ioc_error = -std::max(io->ioc_error, -std::numeric_limits<int>::max());
    }
    in_ioctl.answered(mp);
    system.wake_all(in_ioctl.answer, "the answer came");
}

// Is there room in a copy request's block for the answer that goes back in it?
static bool holds_answer(const mblk_t *mp) {
    return mp->b_datap->db_lim - mp->b_rptr >= static_cast<ptrdiff_t>(sizeof(copyresp));
}

void Stream::copy_requested(mblk_t *mp) {
    if (bytes_at(mp) < offsetof(copyreq, cq_filler) || !holds_answer(mp))
        return refuse_answer(mp, "sent up a copy request whose block does not hold a copyreq and the answer to it");
    const auto *request = reinterpret_cast<copyreq *>(mp->b_rptr);
    if (in_ioctl.state != IoctlExchange::State::awaiting || request->cq_id != in_ioctl.id) {
        refuse_copy(mp); // IOC-137
        return;
    }
    if (mp->b_datap->db_type == M_COPYOUT) {
        size_t there = 0;
        for (const mblk_t *b = mp->b_cont; b; b = b->b_cont) there += bytes_at(b);
        if (there < request->cq_size) blame_sender(mp, "IOC-327", "sent up an M_COPYOUT with fewer bytes than cq_size");
    }
    in_ioctl.answered(mp);
    system.wake_all(in_ioctl.answer, "a copy request came");
}

void Stream::refuse_copy(mblk_t *mp) {
    if (bytes_at(mp) < offsetof(copyreq, cq_filler) || !holds_answer(mp) || !write_queue()->q_next) {
        freemsg(mp);
        return;
    }
    answer_copy(mp, false, nullptr);
    putnext(write_queue(), mp);
}

// An M_IOCTL that reaches a stream head, from the other end of a pipe (IOC-146).
void Stream::refuse_ioctl(mblk_t *mp) {
    if (bytes_at(mp) < sizeof(iocblk)) return refuse_message(mp, "IOC-325", "sent an M_IOCTL whose block is shorter than an iocblk");
    if (!write_queue()->q_next) return freemsg(mp);
    auto *io = reinterpret_cast<iocblk *>(mp->b_rptr);
    io->ioc_error = 0;
    io->ioc_count = 0;
    mp->b_datap->db_type = M_IOCNAK;
    putnext(write_queue(), mp);
}

} // namespace rill
