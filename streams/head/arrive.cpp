// What the head does with each type of message that comes up.
#include "streams/head/head.hpp"
#include "streams/head/mux.hpp"
#include "streams/queue/perimeter.hpp"
#include "streams/queue/procedure.hpp"
#include "streams/system.hpp"

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <new>
#include <sys/conf.h>
#include <sys/user.h>

namespace rill {

// What reaches a dead end (CLS-019).
void Stream::sink(mblk_t *mp) {
    switch (mp->b_datap->db_type) {
    case M_FLUSH:
        if (bytes_at(mp) == 0) return refuse_message(mp, "IOC-322", "sent an M_FLUSH without a byte");
        if ((*mp->b_rptr & FLUSHW) && !(mp->b_flag & MSGNOLOOP)) {
            *mp->b_rptr &= static_cast<unsigned char>(~FLUSHR);
            mp->b_flag |= MSGNOLOOP;
            putnext(head.write(), mp);
            return;
        }
        break;
    case M_COPYIN:
    case M_COPYOUT:
        refuse_copy(mp);
        return;
    case M_IOCTL:
        refuse_ioctl(mp);
        return;
    default: break;
    }
    free_at_head(mp);
}

// --- messages that arrive ---

// The procedure outside the head's own handed the message over; without one, the stream's driver is named.
void Stream::blame_sender(const mblk_t *mp, const char *rule, const char *what) {
    const Entry *e = system.entry;
    while (e && !e->named() && e->queue && pair_of(e->queue)->owner == &head_owner()) e = e->outer;
    Fault fault;
    if (e && (e->named() || e->queue)) {
        fault.driver = system.driver_of(e);
        fault.entry = name_of(e->kind);
    } else {
        fault.driver = driver ? driver->name : "?";
    }
    fault.rule = rule;
    fault.what = what;
    fault.history = system.checks.history(Block::of(const_cast<mblk_t *>(mp)));
    system.fault(std::move(fault));
}

// What a driver made wrong, and the head would have to believe (IOC-320 and following, SIG-052).
void Stream::refuse_message(mblk_t *mp, const char *rule, const char *what) {
    blame_sender(mp, rule, what);
    free_at_head(mp);
}

static bool is_sound(const mblk_t *bp) {
    const dblk_t *dp = bp->b_datap;
    return bp->b_rptr >= dp->db_base && bp->b_wptr >= bp->b_rptr && bp->b_wptr <= dp->db_lim;
}

// Blocks that point outside of their buffer are empty from here on (IOC-328); of data, which would go to a user, also those that
// end before they begin (IOC-326).
[[gnu::noinline]] void Stream::mend_blocks(mblk_t *mp) {
    const bool for_a_user = datamsg(mp->b_datap->db_type);
    unsigned blocks = 0;
    for (mblk_t *bp = mp; bp; bp = bp->b_cont) {
        if (++blocks == long_chain) cut_circle(mp);
        if (is_sound(bp) || bp->b_rptr == bp->b_wptr) continue;
        const bool backwards = bp->b_wptr < bp->b_rptr;
        if (backwards && !for_a_user) continue;
        if (backwards) blame_sender(mp, "IOC-326", "sent up a block that ends before it begins");
        else blame_sender(mp, "IOC-328", "sent up a block whose b_rptr or b_wptr points outside of its buffer (db_base to db_lim)");
        bp->b_rptr = bp->b_wptr = bp->b_datap->db_base;
    }
}

static bool carries_signal(const mblk_t *mp) { return bytes_at(mp) > 0 && *mp->b_rptr >= 1 && *mp->b_rptr <= 64; }

void Stream::arrived(mblk_t *mp) {
    if (!is_sound(mp) || mp->b_cont) [[unlikely]]
        mend_blocks(mp);
    const unsigned char type = mp->b_datap->db_type;
    if (type == M_DATA && !closed_end) [[likely]] {
        queue_message(mp);
        return;
    }
    if (closed_end) {
        sink(mp);
        return;
    }
    switch (type) {
    case M_DATA:
    case M_PROTO: queue_message(mp); return;
    case M_PASSFP:
        if (PassedFile *passed = PassedFile::of(mp)) {
            passed->moved_to(this);
            queue_message(mp);
            return;
        }
        return refuse_message(mp, "IOC-320", "sent up an M_PASSFP that carries no passed file");
    case M_PCPROTO:
        if (hipri_held) { // one at a time (GM-065)
            freemsg(mp);
            return;
        }
        hipri_held = true;
        putq(read_queue(), mp);
        wake_readers("a high-priority message");
        raise_event(S_HIPRI, 0);
        return;
    case M_FLUSH: flush_at_head(mp); return;
    case M_ERROR: set_errors(mp); return;
    case M_HANGUP:
        freemsg(mp);
        hang_up();
        return;
    case M_SETOPTS:
        if (bytes_at(mp) >= offsetof(stroptions, so_band)) {
            stroptions options{};
            std::memcpy(&options, mp->b_rptr, std::min(sizeof options, bytes_at(mp)));
            apply_options(options);
            freemsg(mp);
            return;
        }
        return refuse_message(mp, "IOC-323", "sent up an M_SETOPTS whose first block is shorter than a stroptions");
    case M_SIG:
        if (!carries_signal(mp)) return refuse_message(mp, "SIG-052", "sent up an M_SIG whose first byte is no signal's number");
        if (read_queue()->q_first || waits_for_reader(mp)) { // in order with the data around it (SIG-041, SIG-044)
            putq(read_queue(), mp);
            return;
        }
        [[fallthrough]];
    case M_PCSIG:
        if (!carries_signal(mp)) return refuse_message(mp, "SIG-052", "sent up an M_PCSIG whose first byte is no signal's number");
        signal_message(*mp->b_rptr, mp->b_band);
        freemsg(mp);
        return;
    case M_IOCACK:
    case M_IOCNAK: ioctl_answered(mp); return;
    case M_COPYIN:
    case M_COPYOUT: copy_requested(mp); return;
    case M_IOCTL: refuse_ioctl(mp); return;
    case 0x92: // M_UNHANGUP
        if (system.profile.has_unhangup) {
            freemsg(mp);
            if (hung_up) end_hangup();
            return;
        }
        [[fallthrough]];
    default: // nothing a stream head could do with it (ERR-048, ERR-049)
        if (system.trace.on) [[unlikely]]
            system.trace.emit({.event = Event::message_of_no_use, .clause = "ERR-048", .number = type, .stream = id});
        freemsg(mp);
    }
}

void Stream::queue_message(mblk_t *mp) {
    const unsigned char band = mp->b_band;
    queue_t *q = read_queue();
    if (!putq(q, mp)) {
        freemsg(mp);
        return;
    }
    if (mp->b_flag & MSGMARK) last_mark = mp;
    if (!readers.empty()) [[unlikely]]
        wake_readers("a message");
    if (!pollers.empty()) [[unlikely]]
        wake_pollers();
    if (!signals.empty() && q->q_first == mp) [[unlikely]]
        raise_event(S_INPUT | (band ? S_RDBAND : S_RDNORM), band); // SIG-020
}

void Stream::hang_up() {
    hung_up = true;
    write_error = peer && !system.profile.pipe_hangup_enxio ? EPIPE : ENXIO; // ERR-020, WR-039
    if (system.trace.on) [[unlikely]]
        system.trace.emit({.event = Event::hung_up, .clause = "ERR-020", .stream = id});
    if (options.istty && terminal.session) {
        system.signal_process(terminal.session, SIGHUP); // ERR-023
        if (system.profile.hangup_sends_tstp && terminal.group && terminal.group != terminal.session)
            system.signal_group(terminal.group, SIGTSTP); // ERR-024
    }
    wake_all("a hangup");
    raise_event(S_HANGUP, 0);
}

// What M_UNHANGUP does (ERR-026).
void Stream::end_hangup() {
    hung_up = false;
    write_error = 0;
    if (system.trace.on) [[unlikely]]
        system.trace.emit({.event = Event::no_longer_hung_up, .clause = "ERR-026", .stream = id});
    wake_pollers();
}

// SIGTSTP waits for somebody to read (SIG-045).
bool Stream::waits_for_reader(const mblk_t *mp) const {
    return system.profile.tstp_waits_for_reader && block_length(mp) > 0 && *mp->b_rptr == SIGTSTP && readers.empty();
}

// One byte sets both sides, two bytes one each; NOERROR leaves a side alone, 0 clears it (ERR-001 to ERR-007).
void Stream::set_errors(mblk_t *mp) {
    const size_t length = bytes_at(mp);
    if (length != 1 && length != 2) return refuse_message(mp, "IOC-324", "sent up an M_ERROR of another length than one or two bytes");
    unsigned char flush = 0;
    bool set = false;
    auto one_side = [&](unsigned char value, int &error, unsigned char side) {
        if (value == NOERROR) return;
        if (value == 0) {
            error = 0;
            return;
        }
        set = true;
        if (!error) flush |= side;
        error = value;
    };
    if (length == 1) {
        if (*mp->b_rptr != 0 && *mp->b_rptr != NOERROR) {
            one_side(*mp->b_rptr, read_error, FLUSHR);
            one_side(*mp->b_rptr, write_error, FLUSHW);
            flush = flush ? FLUSHRW : 0;
        }
    } else {
        one_side(mp->b_rptr[0], read_error, FLUSHR);
        one_side(mp->b_rptr[1], write_error, FLUSHW);
        if (!write_error && hung_up) write_error = ENXIO;
    }
    if (system.trace.on) [[unlikely]]
        system.trace.emit({.event = set ? Event::in_error : Event::error_cleared, .clause = "ERR-001 ERR-003", .error = read_error ? read_error : write_error, .stream = id});
    freemsg(mp);
    if (!set) {
        return;
    }
    wake_all("an error");
    raise_event(S_ERROR, 0, read_error ? read_error : write_error);
    if (flush && head.write()->q_next) putnextctl1(head.write(), M_FLUSH, flush); // ERR-006
}

void Stream::flush_read_side(int band) {
    queue_t *q = read_queue();
    for (mblk_t *m = q->q_first, *next; m; m = next) {
        next = m->b_next;
        const bool hipri = is_high_priority(m);
        if (band >= 0 && (hipri || m->b_band != band)) continue; // IOC-060
        if (options.keep_hipri_on_flush && hipri) continue;              // IOC-056
        rmvq(q, m);
        if (hipri && m->b_datap->db_type == M_PCPROTO) hipri_held = false;
        free_at_head(m);
    }
    if (system.trace.on) [[unlikely]]
        system.trace.emit({.event = Event::read_queue_flushed, .clause = "IOC-055", .stream = id});
    if (q->q_first) front_signals();
}

void Stream::flush_at_head(mblk_t *mp) {
    const size_t length = bytes_at(mp);
    if (length == 0 || ((*mp->b_rptr & FLUSHBAND) && length < 2))
        return refuse_message(mp, "IOC-322", length ? "sent up an M_FLUSH with FLUSHBAND and no band" : "sent up an M_FLUSH without a byte");
    const unsigned char what = *mp->b_rptr;
    const bool band_only = what & FLUSHBAND;
    if (what & FLUSHR) flush_read_side(band_only ? mp->b_rptr[1] : -1);
    if ((what & FLUSHW) && !(mp->b_flag & MSGNOLOOP) && head.write()->q_next) { // IOC-054
        *mp->b_rptr &= static_cast<unsigned char>(~FLUSHR);
        mp->b_flag |= MSGNOLOOP;
        putnext(head.write(), mp);
        return;
    }
    freemsg(mp);
}

void Stream::apply_options(const stroptions &o) {
    const unsigned f = o.so_flags;
    queue_t *q = read_queue();
    options.set(o);
    if (f & SO_MINPSZ) q->q_minpsz = o.so_minpsz;
    if (f & SO_MAXPSZ) q->q_maxpsz = o.so_maxpsz;
    const unsigned char band = f & SO_BAND ? o.so_band : 0;
    if (f & SO_HIWAT) strqset(q, QHIWAT, band, static_cast<long>(o.so_hiwat));
    if (f & SO_LOWAT) strqset(q, QLOWAT, band, static_cast<long>(o.so_lowat));
    if (f & (SO_HIWAT | SO_LOWAT)) check_back_enable(q, band); // IOC-254
    if (system.trace.on) [[unlikely]]
        system.trace.emit({.event = Event::options_set, .clause = "IOC-258", .number = static_cast<long>(f), .stream = id});
}

} // namespace rill
