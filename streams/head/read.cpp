// Taking messages off the head's read queue: read, getmsg and getpmsg.
//
// A call looks at the front message, decides whether it may have it, and only then takes it. What is left of a message
// goes back to the front with its band and marks. A message half copied when a bad address is met is lost (RD-074).
#include "streams/head/head.hpp"
#include "streams/system.hpp"

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstring>

namespace rill {

// Linked below before a stored error (ERR-040). An error that does not persist is gone once reported (ERR-005).
int Stream::take_error(bool read_side) {
    if (linked_below) return EINVAL;
    int &error = read_side ? read_error : write_error;
    const int found = error;
    if (found && (options.error_options & (read_side ? RERRNONPERSIST : WERRNONPERSIST))) error = 0;
    return found;
}

// A background process on its controlling terminal (RD-073, WR-062).
int Stream::job_control(Caller &process, bool reading) {
    if (!options.istty || process.controlling_terminal != this || !terminal.in_background(process)) return 0;
    if (!reading && !options.tostop) return 0;
    const int sig = reading ? SIGTTIN : SIGTTOU;
    if (process.ignores(sig)) return reading ? EIO : 0;
    if (system.orphaned(process.pgrp)) return EIO;
    system.signal_group(process.pgrp, sig);
    return EINTR;
}

// One sleep for a message. 0: look again.
int Stream::wait_for_message(Caller &process, const char *call) {
    const Wake wake = system.sleep(readers, "a message at the stream head", true);
    if (wake == Wake::signal) return process.refuse(EINTR, call, "a signal ended the wait", nullptr);
    if (linked_below) return process.refuse(EINVAL, call, "the stream was linked below a multiplexor", "IOC-236");
    if (read_error) return process.refuse(take_error(true), call, "an error arrived", "RD-069");
    if (wake == Wake::deadlock) return EDEADLK;
    return 0;
}

// M_SIG messages that have come to the front act and go (SIG-041).
void Stream::front_signals() {
    queue_t *q = read_queue();
    while (q->q_first && q->q_first->b_datap->db_type == M_SIG) {
        mblk_t *mp = getq(q);
        signal_message(*mp->b_rptr, mp->b_band);
        freemsg(mp);
    }
}

namespace {

bool is_control(const mblk_t *mp) { return mp->b_datap->db_type == M_PROTO || mp->b_datap->db_type == M_PCPROTO; }

bool has_bytes(const mblk_t *mp) {
    for (; mp; mp = mp->b_cont)
        if (mp->b_rptr < mp->b_wptr) return true;
    return false;
}

// While a read has a message off the queue of which a rest may come back, the count is lower than it will be: whether the
// queue has room again is decided when that is over. Costs nothing unless somebody was told that the queue is full.
class Taking {
public:
    Taking(QueuePair &head, unsigned char band) : head_(head), band_(band) {
        head_.taking = (head.read()->q_flag & (QFULL | QWANTW)) || head.read()->q_nband;
    }
    ~Taking() {
        if (!head_.taking) [[likely]]
            return;
        head_.taking = false;
        check_back_enable(head_.read(), band_);
    }
    Taking(const Taking &) = delete;

private:
    QueuePair &head_;
    unsigned char band_;
};

// Moves up to limit bytes of a chain to the user; whole blocks that were emptied are freed. The chain that is left.
// *moved counts; *fault is set for a bad address.
mblk_t *copy_chain_out(mblk_t *mp, char *to, size_t limit, size_t *moved, bool *fault) {
    *moved = 0;
    while (mp) {
        size_t length = block_length(mp);
        size_t n = length;
        if (n > limit - *moved) {
            if (mp->b_wptr < mp->b_rptr) [[unlikely]] {
                current->fault("IOC-326", "a block that was sent up ends before it begins", nullptr, mp);
                mp->b_wptr = mp->b_rptr;
                length = n = 0;
            } else {
                n = limit - *moved;
            }
        }
        if (n > 0 && !copy_to_user(to + *moved, mp->b_rptr, n)) {
            *fault = true;
            return mp;
        }
        *moved += n;
        mp->b_rptr += n;
        if (n < length) break;
        mblk_t *next = mp->b_cont;
        freeb(mp);
        mp = next;
    }
    return mp;
}

} // namespace

// The front message, off the queue.
mblk_t *Stream::take_front(Front *was) {
    mblk_t *mp = getq(read_queue());
    *was = {mp->b_band, mp->b_flag, mp == last_mark};
    if (was->is_last_mark) last_mark = nullptr;
    return mp;
}

// Nothing is queued: what the read answers, or nothing, to look again.
std::optional<int> Stream::read_nothing(Caller &process, const File &file, const Transfer &t, bool may_sleep) {
    queue_t *q = read_queue();
    if (t.done && !options.delim) return 0; // RD-003
    if (t.count == 0) return 0;
    getq(q); // marks the queue as wanted, back-enables (FLW-019)
    if (hung_up || has_no_writer()) return 0; // RD-065, FIFO-007
    if (options.mreadon) {
        if (!may_sleep) return must_sleep;
        send_read_request(t.count - t.done);
        system.sched.run_queues();
        if (q->q_first || hung_up) return {}; // RD-076
        if (linked_below || read_error)
            return t.done ? 0 : process.refuse(take_error(true), "read", "an error arrived", "ERR-046");
    }
    if (file.no_wait()) {
        if (t.done) return 0;
        if ((file.flags & FNDELAY) && options.ndelon && !(fifo && (file.flags & FNONBLOCK))) return 0; // RD-063, PIP-024
        return process.refuse(EAGAIN, "read", "nothing is queued, and the file does not wait", "RD-061");
    }
    if (!may_sleep) return must_sleep;
    if (int error = wait_for_message(process, "read")) return t.done ? 0 : error;
    return {};
}

// Whether the front message, which is no data, was for nobody to read.
bool Stream::consume_front(unsigned char type) {
    if (type == M_SIG)
        front_signals();
    else if (type == M_PASSFP && options.control_mode == RPROTDIS)
        free_at_head(getq(read_queue())); // RD-049
    else
        return false;
    return true;
}

// A message with a control part as this stream's reads take it: as data, or without it; nullptr: nothing is left.
mblk_t *Stream::as_data(mblk_t *mp) {
    if (mp->b_datap->db_type == M_PCPROTO) hipri_held = false; // RD-047
    if (options.control_mode == RPROTDAT) {
        for (mblk_t *b = mp; b && is_control(b); b = b->b_cont) b->b_datap->db_type = M_DATA; // RD-044
        return mp;
    }
    while (mp && is_control(mp)) mp = drop_front_block(mp); // RD-045
    return mp;
}

// As much as there is room for; the rest, and in *fault whether the address was bad.
mblk_t *Stream::move_out(mblk_t *mp, Transfer &t, bool *fault) {
    size_t moved = 0;
    mblk_t *rest = nullptr;
    if (!mp->b_cont && block_length(mp) <= t.count - t.done) [[likely]] { // all of one block
        moved = block_length(mp);
        *fault = !copy_to_user(t.base + t.done, mp->b_rptr, moved);
        freeb(mp);
    } else {
        rest = copy_chain_out(mp, t.base + t.done, t.count - t.done, &moved, fault);
    }
    if (!*fault) t.done += moved;
    if (fifo) [[unlikely]]
        fifo->read_at = system.sched.now();
    return rest;
}

// Order: job control, linked below, stored read error, then the queue (ERR-040).
int Stream::read(Caller &process, File &file, Transfer &t, bool may_sleep) {
    if (int error = job_control(process, true)) return process.refuse(error, "read", "a background process", "RD-073");
    if (linked_below || read_error) [[unlikely]]
        return process.refuse(take_error(true), "read",
                              linked_below ? "the stream is linked below a multiplexor" : "the stream holds a read error",
                              linked_below ? "RD-071" : "RD-067");
    if (t.count == 0 && !system.profile.read_zero_consumes) return 0; // RD-009
    queue_t *q = read_queue();
    for (;;) {
        mblk_t *mp = q->q_first;
        if (!mp) {
            if (const auto answer = read_nothing(process, file, t, may_sleep)) return *answer;
            continue;
        }
        const unsigned char type = mp->b_datap->db_type;
        if (type != M_DATA) [[unlikely]] {
            if (consume_front(type)) continue;
            if (type == M_PASSFP || options.control_mode == RPROTNORM) {
                if (t.done) return 0; // RD-043
                if (type == M_PASSFP) return process.refuse(EBADMSG, "read", "a passed descriptor is at the front", "RD-048");
                return process.refuse(EBADMSG, "read", "a message with a control part is at the front", "RD-040");
            }
        }
        if (t.done && mp == last_mark) return 0; // RD-024
        const Taking taking(head, is_high_priority(mp) ? 0 : mp->b_band);
        Front was;
        mp = take_front(&was);
        if (is_control(mp) && !(mp = as_data(mp))) [[unlikely]]
            continue; // RD-046
        const bool ends_record = options.delim && (was.flag & MSGDELIM);
        if (!has_bytes(mp)) [[unlikely]] { // a zero-length message ends a read (RD-020, RD-021, RD-029)
            if (t.done && !(ends_record || ((was.flag & MSGMARK) && !was.is_last_mark))) {
                put_back(mp, was);
                return 0;
            }
            freemsg(mp);
            front_signals();
            return 0;
        }
        bool fault = false;
        mblk_t *rest = move_out(mp, t, &fault);
        if (fault) [[unlikely]] {
            freemsg(rest);
            front_signals();
            return process.refuse(EFAULT, "read", "bad address; the message is lost", "RD-074");
        }
        if (rest && (options.read_mode == RMSGD || !has_bytes(rest))) { // RD-005
            freemsg(rest);
            rest = nullptr;
        }
        if (rest) {
            put_back(rest, was); // RD-002, RD-026
            return 0;
        }
        if (q->q_first && q->q_first->b_datap->db_type == M_SIG) [[unlikely]]
            front_signals();
        if (options.read_mode != RNORM || t.done == t.count || (was.flag & MSGMARK) || ends_record) return 0;
    }
}

mblk_t *Stream::drop_front_block(mblk_t *mp) {
    mblk_t *next = mp->b_cont;
    freeb(mp);
    return next;
}

void Stream::put_back(mblk_t *mp, const Front &was) {
    mp->b_band = was.band;
    mp->b_flag = was.flag;
    if (was.is_last_mark) last_mark = mp;
    if (!putbq(read_queue(), mp)) freemsg(mp);
}

void Stream::send_read_request(size_t wanted) {
    mblk_t *mp = allocb(sizeof(long), BPRI_HI);
    if (!mp) return;
    const long count = static_cast<long>(wanted);
    mp->b_datap->db_type = M_READ;
    std::memcpy(mp->b_wptr, &count, sizeof count);
    mp->b_wptr += sizeof count;
    putnext(write_queue(), mp);
}

// The message that the call is about, at the front; in *answer what the call answers without one.
mblk_t *Stream::suitable(Caller &process, const File &file, MessageRequest &r, bool may_sleep, int *answer) {
    queue_t *q = read_queue();
    for (;;) {
        front_signals();
        mblk_t *mp = q->q_first;
        const bool suits = mp && (r.flags == MSG_ANY || is_high_priority(mp) || (r.flags == MSG_BAND && mp->b_band >= r.band));
        if (mp && mp->b_datap->db_type == M_PASSFP)
            return *answer = process.refuse(EBADMSG, "getmsg", "a passed descriptor is at the front", "GM-061"), nullptr;
        if (suits) return mp;
        if (!mp) getq(q);
        if (hung_up || has_no_writer()) { // GM-057
            if (r.ctl) r.ctl->len = 0;
            if (r.data) r.data->len = 0;
            r.hung_up = true;
            return *answer = 0, nullptr;
        }
        if (file.no_wait())
            return *answer = process.refuse(EAGAIN, "getmsg", "no suitable message, and the file does not wait", "GM-055"), nullptr;
        if (!may_sleep) return *answer = must_sleep, nullptr;
        if ((*answer = wait_for_message(process, "getmsg"))) return nullptr;
    }
}

// The control part, the leading M_PROTO or M_PCPROTO blocks (GM-038), and the rest each into its buffer. What is left of
// them comes back in their places.
bool Stream::move_parts(mblk_t **ctl_part, mblk_t **data_part, MessageRequest &r) {
    const bool want_ctl = r.wants_ctl(), want_data = r.wants_data();
    mblk_t *&ctl = *ctl_part, *&data = *data_part;
    if (is_control(data)) {
        ctl = data;
        mblk_t *last = data;
        while (last->b_cont && is_control(last->b_cont)) last = last->b_cont;
        data = last->b_cont;
        last->b_cont = nullptr;
    }
    bool fault = false;
    size_t moved = 0;
    if (r.ctl) r.ctl->len = -1;
    if (r.data) r.data->len = -1;
    if (ctl && want_ctl) {
        ctl = take_part(ctl, *r.ctl, &moved, &fault);
        if (!fault && ctl) r.more |= MORECTL;
    } else if (ctl) {
        r.more |= MORECTL;
    }
    if (data && want_data && !fault) {
        data = take_part(data, *r.data, &moved, &fault);
        if (data && moved > 0 && !has_bytes(data)) { // GM-037
            freemsg(data);
            data = nullptr;
        }
        if (!fault && data) r.more |= MOREDATA;
    } else if (data) {
        r.more |= MOREDATA;
    }
    return !fault;
}

// A message of another band is at the front now (SIG-024, SIG-025).
void Stream::tell_new_front(bool after_hipri, unsigned char band) {
    mblk_t *first = read_queue()->q_first;
    if (!first || signals.empty() || is_high_priority(first)) return;
    const int kind = first->b_band ? S_RDBAND : S_RDNORM;
    if (after_hipri)
        raise_event(S_INPUT | kind, first->b_band);
    else if (first->b_band != band)
        raise_event(kind, first->b_band);
}

// Order: job control, linked below, stored read error, getpmsg's flags, then the queue (ERR-040, GM-011).
int Stream::getmsg(Caller &process, File &file, MessageRequest &r, bool may_sleep) {
    if (int error = job_control(process, true)) return process.refuse(error, "getmsg", "a background process", "GM-066");
    if (linked_below || read_error)
        return process.refuse(take_error(true), "getmsg",
                              linked_below ? "the stream is linked below a multiplexor" : "the stream holds a read error",
                              linked_below ? "GM-062" : "GM-060");
    if (r.flags != MSG_ANY && r.flags != MSG_BAND && r.flags != MSG_HIPRI)
        return process.refuse(EINVAL, "getpmsg", "flags must be one of MSG_ANY, MSG_BAND, MSG_HIPRI", "GM-002");
    if (r.flags == MSG_HIPRI && r.band != 0)
        return process.refuse(EINVAL, "getpmsg", "MSG_HIPRI goes with band 0", "GM-004");
    if (system.profile.getmsg_zero_returns && !read_queue()->q_first && r.wants_ctl() && r.wants_data() && !r.ctl->maxlen &&
        !r.data->maxlen) {
        r.ctl->len = r.data->len = 0;
        r.hung_up = true;
        return 0;
    }
    int answer = 0;
    mblk_t *data = suitable(process, file, r, may_sleep, &answer), *ctl = nullptr;
    if (!data) return answer;
    const bool hipri = is_high_priority(data);
    const Taking taking(head, hipri ? 0 : data->b_band);
    Front was;
    data = take_front(&was);
    if (!move_parts(&ctl, &data, r)) {
        freemsg(ctl);
        freemsg(data);
        if (hipri) hipri_held = false;
        front_signals();
        return process.refuse(EFAULT, "getmsg", "bad address; the message is lost", "GM-036");
    }
    r.flags = hipri ? MSG_HIPRI : MSG_BAND; // GM-030, GM-031
    r.band = hipri ? 0 : was.band;

    mblk_t *rest = ctl ? ctl : data;
    if (ctl && data) linkb(ctl, data);
    if (hipri && !ctl) hipri_held = false;
    if (rest) {
        if (hipri) was.band = 0; // a rest without control part is ordinary (GM-033)
        put_back(rest, was);
        return 0;
    }
    front_signals();
    tell_new_front(hipri, was.band);
    return 0;
}

// Moves one part into its buffer; a part of no bytes is taken even by a buffer of none (GM-022, GM-023).
mblk_t *Stream::take_part(mblk_t *part, struct strbuf &buffer, size_t *moved, bool *fault) {
    if (buffer.maxlen == 0 && has_bytes(part)) {
        buffer.len = 0;
        *moved = 0;
        return part;
    }
    mblk_t *rest = copy_chain_out(part, buffer.buf, static_cast<size_t>(buffer.maxlen), moved, fault);
    buffer.len = static_cast<int>(*moved);
    return rest;
}

} // namespace rill
