// streamio(7): what each command asks, and the exchange of messages behind those that go down the stream.
//
// Order for every command: job control, linked below, stored error (IOC-002, IOC-005), then the command's own checks,
// which stand at the top of its function.
#include "streams/head/ioctl.hpp"
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

namespace {

int value_of(void *argument) { return static_cast<int>(reinterpret_cast<intptr_t>(argument)); }

template <class T> bool get(T &kernel, const void *user) { return copy_from_user(&kernel, user, sizeof kernel); }
template <class T> bool set(void *user, const T &kernel) { return copy_to_user(user, &kernel, sizeof kernel); }

// A module name from user memory: EFAULT, or EINVAL when it is too long (IOC-022).
int get_name(char (&name)[FMNAMESZ + 1], const void *user) {
    constexpr std::size_t page = 4096; // what lies behind the name may be nobody's
    const auto *from = static_cast<const char *>(user);
    for (std::size_t had = 0; had < sizeof name;) {
        const std::size_t n = std::min(sizeof name - had, page - reinterpret_cast<std::uintptr_t>(from + had) % page);
        if (!copy_from_user(name + had, from + had, n)) return EFAULT;
        if (std::memchr(name + had, 0, n)) return 0;
        had += n;
    }
    return EINVAL;
}

// Terminal commands go down in I_STR form with their structure's size (IOC-143).
struct TerminalCommand {
    int command;
    int size;
    bool in, out, by_value;
};
constexpr int kernel_termios = 36;
constexpr TerminalCommand terminal_commands[] = {
    {TCGETA, 18, false, true, false},          {TCSETA, 18, true, false, false},
    {TCSETAW, 18, true, false, false},         {TCSETAF, 18, true, false, false},
    {TCGETS, kernel_termios, false, true, false}, {TCSETS, kernel_termios, true, false, false},
    {TCSETSW, kernel_termios, true, false, false}, {TCSETSF, kernel_termios, true, false, false},
    {TCSBRK, sizeof(int), true, false, true},  {TCXONC, sizeof(int), true, false, true},
    {TCFLSH, sizeof(int), true, false, true},  {TIOCGWINSZ, sizeof(winsize), false, true, false},
    {TIOCSWINSZ, sizeof(winsize), true, false, false},
};

bool changes_terminal(int command) {
    switch (command) {
    case I_FLUSH:
    case I_FLUSHBAND:
    case I_SRDOPT:
    case I_SWROPT:
    case I_SETSIG:
    case I_SETCLTIME:
    case TCSETA:
    case TCSETAW:
    case TCSETAF:
    case TCSETS:
    case TCSETSW:
    case TCSETSF:
    case TCSBRK:
    case TCXONC:
    case TCFLSH:
    case TIOCSWINSZ: return true;
    default: return false;
    }
}

// Like FIONREAD, but the count is what the call returns (illumos filio.h).
constexpr int fiordchk = 'f' << 8 | 3;

bool reads_only_read_error(int command) {
    switch (command) {
    case I_RECVFD:
    case I_O_RECVFD:
    case I_PEEK:
    case I_NREAD:
    case I_ATMARK:
    case FIONREAD:
    case fiordchk: return true;
    default: return false;
    }
}

} // namespace

// The stored write error, not counting what a hangup left there (IOC-007).
int Stream::own_write_error() const {
    return hung_up && (write_error == ENXIO || write_error == EPIPE) ? 0 : write_error;
}

int Stream::ioctl(Caller &process, File &file, int command, void *argument, int *rval) {
    *rval = 0;
    if (istty) [[unlikely]]
        if (int error = background_ioctl(process, command, argument)) return process.refuse(error, "ioctl", "a background process", "IOC-009");
    if (linked_below) return process.refuse(EINVAL, "ioctl", "the stream is linked below a multiplexor", "IOC-002");
    if (read_error) return process.refuse(take_error(true), "ioctl", "the stream holds an error", "IOC-005");
    if (!reads_only_read_error(command) && own_write_error())
        return process.refuse(take_error(false), "ioctl", "the stream holds an error", "IOC-011");
    switch (command) {
    case I_PUSH: return ioctl_push(process, argument);
    case I_POP: return ioctl_pop(process, file);
    case I_LOOK: return ioctl_look(process, argument);
    case I_FIND: return ioctl_find(process, argument, rval);
    case I_LIST: return ioctl_list(process, argument, rval);
    case I_FLUSH: return ioctl_flush(process, file, value_of(argument), -1);
    case I_FLUSHBAND: {
        bandinfo info;
        if (hung_up) return process.refuse(ENXIO, "I_FLUSHBAND", "the stream is hung up", "IOC-006");
        if (!get(info, argument)) return process.refuse(EFAULT, "I_FLUSHBAND", "bad address", "IOC-008");
        return ioctl_flush(process, file, info.bi_flag, info.bi_pri);
    }
    case I_NREAD:
    case FIONREAD:
    case fiordchk: return ioctl_nread(process, command, argument, rval);
    case I_PEEK: return ioctl_peek(process, argument, rval);
    case I_SRDOPT:
    case I_SWROPT:
    case I_SERROPT: return set_options(process, command, value_of(argument));
    case I_GRDOPT: return give_int(process, argument, read_mode | control_mode);
    case I_GWROPT: return give_int(process, argument, write_options);
    case I_GERROPT: return give_int(process, argument, error_options);
    case I_SETSIG: return set_signals(process, process, value_of(argument));
    case I_GETSIG: return get_signals(process, process, argument);
    case I_ESETSIG:
    case I_EGETSIG: return ioctl_esig(process, command, argument);
    case I_SENDFD: return ioctl_sendfd(process, value_of(argument));
    case I_RECVFD:
    case I_O_RECVFD: return ioctl_recvfd(process, file, argument, command == I_O_RECVFD);
    case I_FDINSERT: return ioctl_fdinsert(process, file, argument);
    case I_ATMARK: return ioctl_atmark(process, value_of(argument), rval);
    case I_CKBAND: return ioctl_ckband(process, value_of(argument), rval);
    case I_GETBAND: {
        front_signals();
        const mblk_t *mp = read_queue()->q_first;
        if (!mp) return process.refuse(ENODATA, "I_GETBAND", "the read queue is empty", "IOC-211");
        return give_int(process, argument, mp->b_band);
    }
    case I_CANPUT: {
        const int band = value_of(argument);
        if (band < 0 || band > 255) return process.refuse(EINVAL, "I_CANPUT", "no such band", "IOC-213");
        *rval = bcanputnext(write_queue(), static_cast<unsigned char>(band));
        if (!*rval) (band ? band_write_wanted : write_wanted) = true;
        return 0;
    }
    case I_SETCLTIME: {
        int ms;
        if (!get(ms, argument)) return process.refuse(EFAULT, "I_SETCLTIME", "bad address", "IOC-008");
        if (ms < 0) return process.refuse(EINVAL, "I_SETCLTIME", "the time is negative", "IOC-223");
        constexpr long tick_ms = 1000 / ticks_a_second;
        const long rounded = (ms + tick_ms - 1) / tick_ms * tick_ms; // IOC-220
        close_ms = static_cast<int>(std::min<long>(rounded, std::numeric_limits<int>::max()));
        return 0;
    }
    case I_GETCLTIME: return give_int(process, argument, close_ms);
    case I_STR: return ioctl_str(process, argument, rval);
    case I_LINK:
    case I_PLINK:
    case I_UNLINK:
    case I_PUNLINK:
        if (hung_up) return process.refuse(ENXIO, "I_LINK", "the stream is hung up", "IOC-006");
        if (command == I_UNLINK || command == I_PUNLINK)
            return unlink_stream(process, *this, value_of(argument), command == I_PUNLINK);
        return link_stream(process, file, *this, value_of(argument), command == I_PLINK, rval);
    default: break;
    }
    IoctlRequest request{.command = command, .ticks = forever, .argument = argument};
    for (const TerminalCommand &t : terminal_commands)
        if (t.command == command) {
            int number = value_of(argument);
            request.length = t.in ? t.size : 0;
            request.data = t.by_value ? reinterpret_cast<char *>(&number) : static_cast<char *>(argument);
            request.data_is_kernel = t.by_value;
            return do_ioctl(process, request, rval);
        }
    request.transparent = true; // IOC-010, IOC-139
    return do_ioctl(process, request, rval);
}

int Stream::give_int(Caller &process, void *argument, int value) {
    return set(argument, value) ? 0 : process.refuse(EFAULT, "ioctl", "bad address", "IOC-008");
}

// A background process at its terminal: some commands count as reads, some as writes, some change it (IOC-009).
int Stream::background_ioctl(Caller &process, int command, const void *argument) {
    strioctl io;
    switch (command) {
    case I_RECVFD:
    case I_O_RECVFD: return job_control(process, true);
    case I_SENDFD:
    case I_FDINSERT: return job_control(process, false);
    case I_STR: return get(io, argument) && io.ic_cmd != I_STR ? background_ioctl(process, io.ic_cmd, nullptr) : 0;
    default: break;
    }
    if (!changes_terminal(command)) return 0;
    if (!terminal_session || process.controlling_terminal != this || process.pgrp == terminal_group) return 0;
    if (process.ignores(SIGTTOU)) return 0;
    if (system.orphaned(process.pgrp)) return EIO;
    system.signal_group(process.pgrp, SIGTTOU);
    return EINTR;
}

// --- modules ---

// hangup ENXIO, name EFAULT or EINVAL, unknown EINVAL, another push going on, limit EINVAL (IOC-027).
int Stream::ioctl_push(Caller &process, void *argument) {
    char name[FMNAMESZ + 1];
    if (hung_up) return process.refuse(ENXIO, "I_PUSH", "the stream is hung up", "IOC-006");
    if (int error = get_name(name, argument))
        return process.refuse(error, "I_PUSH", error == EFAULT ? "bad address" : "the name is longer than FMNAMESZ", "IOC-022");
    if (system.over_threshold(process))
        return process.refuse(ENOSR, "I_PUSH", "STREAMS memory is above STRTHRESH, and the process is not privileged", "WR-019");
    Module *module = system.module_named(name);
    if (!module) return process.refuse(EINVAL, "I_PUSH", "no module has this name", "IOC-021");
    if (int error = start_plumbing(false, "another open, push or pop on the stream"))
        return process.refuse(error, "I_PUSH", "another open, push or pop on the stream", "IOC-026");
    int error = 0;
    if (pushed >= system.tunables.push_limit) {
        error = process.refuse(EINVAL, "I_PUSH", "the push limit is reached", "IOC-023");
    } else if (hung_up) {
        error = process.refuse(ENXIO, "I_PUSH", "the stream hung up meanwhile", "IOC-006");
    } else {
        bool refused = false;
        error = push(process, *module, dev(), &refused);
        if (error) {
            const bool keeps = system.profile.push_passes_errno || !refused || module->name == "connld" || module->name == "tirdwr";
            process.refuse(keeps ? error : ENXIO, "I_PUSH", refused ? "the module's open refused" : "no memory for a queue pair",
                           refused ? "IOC-025" : "IOC-057");
            if (!keeps) error = ENXIO;
        }
    }
    end_plumbing();
    return error;
}

int Stream::ioctl_pop(Caller &process, File &file) {
    if (hung_up) return process.refuse(ENXIO, "I_POP", "the stream is hung up", "IOC-032");
    if (int error = start_plumbing(file.no_wait(), "another open, push or pop on the stream"))
        return process.refuse(error, "I_POP", "another open, push or pop on the stream", "IOC-047");
    QueuePair *pair = top();
    int error = 0;
    if (!pair || pair == driver_pair() || pair->stream != this)
        error = process.refuse(EINVAL, "I_POP", pair && pair->stream != this ? "the module was pushed on the other end" : "no module is on the stream",
                               pair && pair->stream != this ? "IOC-031" : "IOC-030");
    else
        pop_top(process);
    end_plumbing();
    return error;
}

int Stream::ioctl_look(Caller &process, void *argument) {
    QueuePair *pair = top();
    if (!pair || pair == driver_pair() || pair->stream != this) // pushed on the other end of a pipe: not this stream's
        return process.refuse(EINVAL, "I_LOOK", "no module is on the stream", "IOC-036");
    const std::string &name = pair->owner->name;
    return copy_to_user(argument, name.c_str(), name.size() + 1) ? 0 : process.refuse(EFAULT, "I_LOOK", "bad address", "IOC-008");
}

int Stream::ioctl_find(Caller &process, void *argument, int *rval) {
    char name[FMNAMESZ + 1];
    if (int error = get_name(name, argument)) return process.refuse(error, "I_FIND", "bad address, or a name too long", "IOC-008");
    if (!system.module_named(name)) return process.refuse(EINVAL, "I_FIND", "no module has this name", "IOC-039");
    for_each_pair([&](QueuePair &pair) {
        if (&pair != driver_pair() && pair.owner->name == name) *rval = 1;
    });
    return 0;
}

int Stream::ioctl_list(Caller &process, void *argument, int *rval) {
    int count = 0;
    for_each_pair([&](QueuePair &) { ++count; });
    if (!argument) { // IOC-041, IOC-042
        *rval = count;
        return 0;
    }
    str_list list;
    if (!get(list, argument)) return process.refuse(EFAULT, "I_LIST", "bad address", "IOC-008");
    if (list.sl_nmods < 1) return process.refuse(EINVAL, "I_LIST", "sl_nmods is below 1", "IOC-044");
    if (system.profile.list_short_einval && list.sl_nmods < count)
        return process.refuse(EINVAL, "I_LIST", "the array is too short", "IOC-046");
    int filled = 0;
    bool fault = false;
    for_each_pair([&](QueuePair &pair) {
        if (filled >= list.sl_nmods) return; // IOC-045
        str_mlist entry{};
        const module_info *info = pair.read()->q_qinfo->qi_minfo;
        const std::string_view name = &pair == driver_pair() && info && info->mi_idname ? info->mi_idname : pair.owner->name.c_str();
        name.copy(entry.l_name, FMNAMESZ);
        fault |= !set(&list.sl_modlist[filled++], entry);
    });
    list.sl_nmods = filled;
    return !fault && set(argument, list) ? 0 : process.refuse(EFAULT, "I_LIST", "bad address", "IOC-008");
}

// --- flushing ---

int Stream::ioctl_flush(Caller &process, File &file, int what, int band) {
    if (hung_up) return process.refuse(ENXIO, "I_FLUSH", "the stream is hung up", "IOC-053");
    if ((what & ~FLUSHRW) || (what == 0 && !system.profile.flush_zero_allowed))
        return process.refuse(EINVAL, "I_FLUSH", "the argument is not FLUSHR, FLUSHW or FLUSHRW", "IOC-051");
    mblk_t *mp;
    while (!(mp = allocb(2, BPRI_HI)))
        if (int error = wait_for_memory(process, "I_FLUSH", 2, false, true)) return error; // IOC-057
    mp->b_datap->db_type = M_FLUSH;
    *mp->b_wptr++ = static_cast<unsigned char>(band < 0 ? what : what | FLUSHBAND);
    if (band >= 0) *mp->b_wptr++ = static_cast<unsigned char>(band); // IOC-058
    if (pipe) {
        // On a pipe each end's read side is the other's write side (IOC-062).
        if (what & FLUSHR) flush_read_side(band);
        if (what & FLUSHW) peer->flush_read_side(band);
        if (!top()) {
            freemsg(mp);
            return 0;
        }
    }
    putnext(write_queue(), mp);
    system.sched.run_queues();
    return 0;
}

// --- looking at what is queued ---

int Stream::ioctl_nread(Caller &process, int command, void *argument, int *rval) {
    front_signals();
    long bytes = 0;
    int messages = 0;
    for (mblk_t *mp = read_queue()->q_first; mp; mp = mp->b_next) {
        if (mp->b_datap->db_type == M_SIG) continue;
        if (command != I_NREAD || messages == 0) bytes += static_cast<long>(msgdsize(mp)); // IOC-070, IOC-074
        ++messages;
    }
    if (command == fiordchk) {
        *rval = static_cast<int>(bytes);
        return 0;
    }
    if (int error = give_int(process, argument, static_cast<int>(bytes))) return error;
    *rval = command == I_NREAD ? messages : 0;
    return 0;
}

int Stream::ioctl_peek(Caller &process, void *argument, int *rval) {
    strpeek peek;
    if (!get(peek, argument)) return process.refuse(EFAULT, "I_PEEK", "bad address", "IOC-008");
    if ((peek.flags & ~static_cast<long>(RS_HIPRI)) && !system.profile.peek_ignores_flags)
        return process.refuse(EINVAL, "I_PEEK", "flags must be 0 or RS_HIPRI", "IOC-082");
    front_signals();
    const mblk_t *mp = read_queue()->q_first;
    if (!mp || ((peek.flags & RS_HIPRI) && !is_high_priority(mp))) return 0; // IOC-075, IOC-076
    if (mp->b_datap->db_type == M_PASSFP) return process.refuse(EBADMSG, "I_PEEK", "a passed descriptor is at the front", "IOC-081");
    bool fault = false;
    auto give = [&](struct strbuf &buffer, const mblk_t *&part, bool control) {
        const auto is_part = [&](const mblk_t *b) {
            const int type = b->b_datap->db_type;
            return control ? type == M_PROTO || type == M_PCPROTO : true;
        };
        const bool there = part && is_part(part);
        buffer.len = buffer.maxlen < 0 ? -1 : buffer.maxlen == 0 ? 0 : there ? 0 : -1; // IOC-078, IOC-085
        for (; part && is_part(part); part = part->b_cont) {
            const int n = std::min<int>(static_cast<int>(block_length(part)), std::max(buffer.maxlen - std::max(buffer.len, 0), 0));
            if (n > 0) {
                fault |= !copy_to_user(buffer.buf + buffer.len, part->b_rptr, static_cast<size_t>(n));
                buffer.len += n;
            }
        }
    };
    const mblk_t *part = mp;
    give(peek.ctlbuf, part, true);
    give(peek.databuf, part, false);
    peek.flags = is_high_priority(mp) ? RS_HIPRI : 0; // IOC-077
    if (fault || !set(argument, peek)) return process.refuse(EFAULT, "I_PEEK", "bad address", "IOC-008");
    *rval = 1;
    return 0;
}

int Stream::ioctl_atmark(Caller &process, int flags, int *rval) {
    if ((flags & ~(ANYMARK | LASTMARK)) || (flags == 0 && !system.profile.atmark_illumos))
        return process.refuse(EINVAL, "I_ATMARK", "the argument is not ANYMARK or LASTMARK", "IOC-203");
    front_signals();
    const mblk_t *mp = read_queue()->q_first;
    if (!mp || !(mp->b_flag & MSGMARK)) return 0;
    if (system.profile.atmark_illumos)
        *rval = flags == ANYMARK || (flags == LASTMARK && mp == last_mark); // IOC-204
    else
        *rval = (flags & ANYMARK) || mp == last_mark; // IOC-205
    return 0;
}

int Stream::ioctl_ckband(Caller &process, int band, int *rval) {
    if (band < 0 || band > 255) return process.refuse(EINVAL, "I_CKBAND", "no such band", "IOC-209");
    for (const mblk_t *mp = read_queue()->q_first; mp; mp = mp->b_next)
        if ((mp->b_band == band && !is_high_priority(mp)) || (band == 0 && system.profile.ckband_zero_any)) *rval = 1;
    return 0;
}

// --- options ---

int Stream::set_options(Caller &process, int command, int bits) {
    switch (command) {
    case I_SRDOPT: {
        if ((bits & ~(RMODEMASK | RPROTMASK)) || (bits & RMODEMASK) == RMODEMASK)
            return process.refuse(EINVAL, "I_SRDOPT", "unknown or contradictory read options", "IOC-091");
        const int control = bits & RPROTMASK;
        read_mode = static_cast<unsigned char>(bits & RMODEMASK);
        if (control == RPROTNORM || control == RPROTDAT || control == RPROTDIS) control_mode = static_cast<unsigned char>(control); // IOC-094, IOC-096
        return 0;
    }
    case I_SWROPT:
        if (bits & ~(SNDZERO | SNDPIPE)) return process.refuse(EINVAL, "I_SWROPT", "unknown write options", "IOC-100");
        write_options = static_cast<unsigned char>(bits);
        return 0;
    default: // I_SERROPT, IOC-103
        if ((bits & ~(RERRMASK | WERRMASK)) || (bits & RERRMASK) == RERRMASK || (bits & WERRMASK) == WERRMASK)
            return process.refuse(EINVAL, "I_SERROPT", "unknown or contradictory error options", "IOC-103");
        if (bits & RERRMASK) error_options = static_cast<unsigned char>((error_options & ~RERRMASK) | (bits & RERRMASK));
        if (bits & WERRMASK) error_options = static_cast<unsigned char>((error_options & ~WERRMASK) | (bits & WERRMASK));
        return 0;
    }
}

// --- signals ---

int Stream::set_signals(Caller &caller, Caller &whose, int events) {
    if (events & ~S_ALL) return caller.refuse(EINVAL, "I_SETSIG", "unknown events", "SIG-003");
    if ((events & S_BANDURG) && !(events & S_RDBAND)) return caller.refuse(EINVAL, "I_SETSIG", "S_BANDURG needs S_RDBAND", "SIG-004");
    auto it = std::find_if(signals.begin(), signals.end(), [&](const SigEntry &e) { return e.process == &whose; });
    if (events == 0) {
        if (it == signals.end()) return caller.refuse(EINVAL, "I_SETSIG", "the process is not registered", "SIG-002");
        process_closed(whose);
        return 0;
    }
    if (it == signals.end()) {
        SigEntry *entry = system.sig_pool.make();
        if (!entry) return caller.refuse(EAGAIN, "I_SETSIG", "no memory for the registration", "SIG-005");
        entry->process = &whose;
        signals.push_back(*entry);
        it = signals.iterator_to(*entry);
    }
    it->events = events;
    return 0;
}

int Stream::get_signals(Caller &caller, Caller &whose, void *argument) {
    for (const SigEntry &e : signals)
        if (e.process == &whose) return give_int(caller, argument, e.events);
    return caller.refuse(EINVAL, "I_GETSIG", "the process is not registered", "SIG-006");
}

// SIG-010: another process, or by a negative id a process group.
int Stream::ioctl_esig(Caller &process, int command, void *argument) {
    strsigset set_of;
    if (!get(set_of, argument)) return process.refuse(EFAULT, "I_ESETSIG", "bad address", "IOC-008");
    int error = ESRCH;
    for (Process &p : system.processes) {
        if (set_of.ss_pid == 0 ? &p != &process : set_of.ss_pid > 0 ? p.pid != set_of.ss_pid : p.pgrp != -set_of.ss_pid) continue;
        error = command == I_ESETSIG ? set_signals(process, p, set_of.ss_events)
                                     : get_signals(process, p, &static_cast<strsigset *>(argument)->ss_events);
        if (error || command == I_EGETSIG) break;
    }
    return error == ESRCH ? process.refuse(ESRCH, "I_ESETSIG", "no such process or group", "SIG-010") : error;
}

// --- passing descriptors ---

// bad descriptor EBADF, hangup ENXIO, not a pipe EINVAL, full EAGAIN (IOC-164).
int Stream::ioctl_sendfd(Caller &process, int fd) {
    File *passed = process.open_file(fd);
    if (!passed) return process.refuse(EBADF, "I_SENDFD", "the descriptor to pass is not open", "IOC-162");
    if (hung_up) return process.refuse(ENXIO, "I_SENDFD", "the stream is hung up", "IOC-164");
    if (!peer || peer->linked_below) // MUX-077
        return process.refuse(EINVAL, "I_SENDFD", "the stream does not end in another stream head", "IOC-161");
    if (!canput(peer->read_queue())) return process.refuse(EAGAIN, "I_SENDFD", "the receiving read queue is full", "IOC-163");
    mblk_t *mp = PassedFile::make(system, *passed, process.cred);
    if (!mp) return process.refuse(EAGAIN, "I_SENDFD", "no memory for the message", "IOC-163");
    ++passed->refs; // IOC-165
    peer->arrived(mp);
    return 0;
}

int Stream::ioctl_recvfd(Caller &process, File &file, void *argument, bool old_form) {
    queue_t *q = read_queue();
    PassedFile *passed = nullptr;
    for (;;) {
        front_signals();
        if (q->q_first) {
            if (q->q_first->b_datap->db_type != M_PASSFP)
                return process.refuse(EBADMSG, "I_RECVFD", "the first message is no passed descriptor", "IOC-169");
            passed = PassedFile::of(q->q_first);
            if (passed) break;
            refuse_message(getq(q), "IOC-320", "made a second message of a passed descriptor, which was received already");
            continue;
        }
        if (hung_up) return process.refuse(ENXIO, "I_RECVFD", "the stream is hung up and nothing is queued", "IOC-168");
        if (file.no_wait()) return process.refuse(EAGAIN, "I_RECVFD", "nothing is queued, and the file does not wait", "IOC-167");
        if (int error = wait_for_message(process, "I_RECVFD")) return error;
    }
    if (old_form && (passed->uid > 65535 || passed->gid > 65535))
        return process.refuse(EOVERFLOW, "I_RECVFD", "an id does not fit in 16 bits", "IOC-172");
    const int fd = process.install(passed->file);
    if (fd < 0) return process.refuse(EMFILE, "I_RECVFD", "all descriptors of the process are in use", "IOC-170");
    bool moved;
    if (old_form) {
        const o_strrecvfd old{fd, static_cast<unsigned short>(passed->uid), static_cast<unsigned short>(passed->gid), {}};
        moved = set(argument, old);
    } else {
        const strrecvfd answer{fd, passed->uid, passed->gid, {}}; // IOC-166
        moved = set(argument, answer);
    }
    if (!moved) {
        process.remove_descriptor(fd);
        return process.refuse(EFAULT, "I_RECVFD", "bad address; the message stays", "IOC-171");
    }
    passed->let_go(); // the file's reference is the descriptor's now
    free_at_head(getq(q));
    return 0;
}

// --- I_FDINSERT ---

int Stream::ioctl_fdinsert(Caller &process, File &file, void *argument) {
    using value_t = unsigned int; // t_uscalar_t (IOC-180)
    strfdinsert fi;
    if (hung_up) return process.refuse(ENXIO, "I_FDINSERT", "the stream is hung up", "IOC-184");
    if (!get(fi, argument)) return process.refuse(EFAULT, "I_FDINSERT", "bad address", "IOC-008");
    constexpr int value_size = sizeof(value_t);
    if (fi.offset < 0 || fi.offset % value_size || fi.ctlbuf.len < value_size || fi.ctlbuf.len - value_size < fi.offset)
        return process.refuse(EINVAL, "I_FDINSERT", "offset and control part do not fit the value", "IOC-181");
    File *other = process.open_file(fi.fildes);
    if (!other || !other->stream) return process.refuse(EINVAL, "I_FDINSERT", "fildes is no open stream", "IOC-182");
    if (fi.flags & ~static_cast<long>(RS_HIPRI)) return process.refuse(EINVAL, "I_FDINSERT", "flags must be 0 or RS_HIPRI", "IOC-183");
    Stream &target = *other->stream;
    if (target.linked_below) return process.refuse(EINVAL, "I_FDINSERT", "fildes is linked below a multiplexor", "IOC-184");
    if (target.read_error || target.own_write_error())
        return process.refuse(target.read_error ? target.read_error : target.write_error, "I_FDINSERT", "fildes' stream holds an error", "IOC-184");
    if (target.hung_up) return process.refuse(ENXIO, "I_FDINSERT", "fildes' stream is hung up", "IOC-184");
    const bool has_data = fi.databuf.len > 0 || system.profile.fdinsert_empty_data; // IOC-187, IOC-188
    fi.databuf.len = std::max(fi.databuf.len, 0);
    if (int error = check_sizes(process, fi.ctlbuf.len, has_data ? fi.databuf.len : -1, true)) return error;
    std::vector<char> control(static_cast<size_t>(fi.ctlbuf.len));
    if (!copy_from_user(control.data(), fi.ctlbuf.buf, control.size()))
        return process.refuse(EFAULT, "I_FDINSERT", "bad address of the control part", "IOC-008");
    const auto value = static_cast<value_t>(target.id);
    std::memcpy(control.data() + fi.offset, &value, sizeof value);
    struct strbuf ctl{fi.ctlbuf.len, fi.ctlbuf.len, control.data()};
    return putmsg(process, file, &ctl, has_data ? &fi.databuf : nullptr, 0, fi.flags & RS_HIPRI ? MSG_HIPRI : MSG_BAND, true);
}

// --- ioctls that go down ---

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
    while (ioctl_busy) {
        const long left = until - system.sched.now();
        const Wake wake = left > 0 ? system.sleep(ioctl_turn, "its turn: another ioctl is active on the stream", true, left) : Wake::timeout;
        if (wake == Wake::signal) return process.refuse(EINTR, "ioctl", "a signal came while waiting for its turn", "IOC-123");
        if (wake == Wake::timeout) return process.refuse(ETIME, "ioctl", "its turn did not come in 15 seconds", "IOC-126");
        if (int error = ioctl_interrupted(process)) return error;
        if (wake == Wake::deadlock) return EDEADLK;
    }
    ioctl_busy = true;
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

void Stream::end_ioctl(const char *what) {
#if RILL_CHECKING
    system.checks.ioctl_ended(ioctl_id);
#endif
    ioctl_state = Ioctl::idle;
    ioctl_id = 0;
    ioctl_busy = false;
    if (ioctl_reply) freemsg(ioctl_reply);
    ioctl_reply = nullptr;
    trace_ioctl(what, 0, 0);
    system.wake_one(ioctl_turn, "the ioctl before it ended");
}

void Stream::trace_ioctl(const char *what, int command, unsigned id_of) {
    if (system.trace.on) [[unlikely]]
        system.trace.emit({.kind = Kind::ioctl, .what = what, .number = command, .extra = static_cast<long>(id_of), .stream = id});
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
    io->ioc_id = ioctl_id = system.next_ioctl_id++;
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
        end_ioctl("no memory");
        return process.refuse(EAGAIN, "ioctl", "no memory for the M_IOCTL", "IOC-147");
    }
    if (!r.transparent && r.length > 0) {
        char *to = reinterpret_cast<char *>(mp->b_cont->b_rptr);
        const auto n = static_cast<size_t>(r.length);
        if (r.data_is_kernel) {
            std::memcpy(to, r.data, n);
        } else if (!copy_from_user(to, r.data, n)) {
            freemsg(mp);
            end_ioctl("bad address");
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
    const unsigned undo_id = ioctl_id;
    mblk_t *mp = linking && !undo ? nullptr : make_ioctl(process, r);
    while (!mp && closing && wait_for_memory(process, "close", sizeof link, false, true) == 0) mp = make_ioctl(process, r);
    if (!mp) {
        if (undo) freemsg(undo);
        end_ioctl("no memory");
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
    trace_ioctl("M_IOCTL goes down: the link that was asked for is undone", opposite.command, undo_id);
    putnext(write_queue(), undo);
    system.sched.run_queues();
    return error;
}

// Sends the M_IOCTL (or a link request) and serves what comes back, until the call ends. The turn is taken.
int Stream::exchange(Caller &process, IoctlRequest &r, mblk_t *mp, int *rval) {
    ioctl_state = Ioctl::awaiting;
    trace_ioctl("M_IOCTL goes down", r.command, ioctl_id);
#if RILL_CHECKING
    system.checks.ioctl_sent(mp, ioctl_id);
#endif
    putnext(write_queue(), mp);
    for (long copies = 0;;) {
        if (int error = await_answer(process, r)) {
            end_ioctl("ended without an answer");
            return error;
        }
        mblk_t *reply = ioctl_reply;
        ioctl_reply = nullptr;
        if (!reply) {
            end_ioctl("a broken answer");
            return process.refuse(EPROTO, "ioctl", "what came as its answer is none; the fault says why", "IOC-325");
        }
        r.answered = reply->b_datap->db_type == M_IOCACK || reply->b_datap->db_type == M_IOCNAK;
        switch (reply->b_datap->db_type) {
        case M_IOCACK: {
            const auto *io = reinterpret_cast<iocblk *>(reply->b_rptr);
            const int error = io->ioc_error;
            trace_ioctl("M_IOCACK came up", r.command, ioctl_id);
            bool fault = false;
            if (!error) {
                *rval = io->ioc_rval;
                if (!r.transparent && !r.copied_out) fault = !take_ioctl_data(r, io->ioc_count, reply->b_cont);
            }
            freemsg(reply);
            end_ioctl("done");
            if (error) return process.refuse(error, "ioctl", "the driver acknowledged with an error", "IOC-114");
            return fault ? process.refuse(EFAULT, "ioctl", "bad address for the result", "IOC-008") : 0;
        }
        case M_IOCNAK: {
            const int error = reinterpret_cast<iocblk *>(reply->b_rptr)->ioc_error;
            trace_ioctl("M_IOCNAK came up", r.command, ioctl_id);
            freemsg(reply);
            end_ioctl("done");
            return process.refuse(error ? error : EINVAL, "ioctl", "the driver or a module refused it (M_IOCNAK)", "IOC-115");
        }
        default:
            if (++copies > system.tunables.copies) {
                freemsg(reply);
                end_ioctl("it asks for ever");
                const QueuePair *asked = top();
                system.fault("SCH-052", "an ioctl is answered with one copy request after another, without end", asked ? const_cast<QueuePair *>(asked)->read() : nullptr);
                return process.refuse(EDEADLK, "ioctl", "its driver asks for one copy after another", "SCH-052");
            }
            if (const int error = serve_copy(r, reply)) {
                end_ioctl("a copy failed");
                return process.refuse(error, "ioctl", error == EFAULT ? "the address of a copy is bad" : "no memory for a copy",
                                      error == EFAULT ? "IOC-135" : "IOC-147");
            }
        }
    }
}

// Waits for the answer to the active request, afresh after each copy step (IOC-138). An answer in hand wins (IOC-128).
int Stream::await_answer(Caller &process, const IoctlRequest &r) {
    if (ioctl_state == Ioctl::awaiting) system.sched.run_queues();
    const long until = sum_of(system.sched.now(), r.ticks);
    while (ioctl_state != Ioctl::answered) {
        if (int error = r.closing ? 0 : ioctl_interrupted(process)) return error;
        const long left = until == forever ? forever : until - system.sched.now();
        if (left <= 0) {
            note_unanswered();
            return process.refuse(ETIME, "ioctl", "no answer in time", "IOC-122");
        }
        const Wake wake = system.sleep(ioctl_answer, "the answer to an M_IOCTL", r.interruptible, left);
        if (ioctl_state == Ioctl::answered) break;
        if (wake == Wake::signal) {
#if RILL_CHECKING
            system.checks.ioctl_broken_off(ioctl_id);
#endif
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
#if RILL_CHECKING
    system.checks.ioctl_unanswered(ioctl_id);
#endif
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
    trace_ioctl(in ? "M_COPYIN came up" : "M_COPYOUT came up", r.command, ioctl_id);
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
    if (good) ioctl_state = Ioctl::awaiting;
    putnext(write_queue(), mp);
    return good ? 0 : error ? error : EFAULT;
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
    trace_ioctl(good ? "M_IOCDATA goes down" : "M_IOCDATA goes down: the copy failed", request.cq_cmd, request.cq_id);
}

// A broken answer has no id to go by: the request that waits ends here, or nothing would end it (IOC-325).
void Stream::refuse_answer(mblk_t *mp, const char *what) {
    refuse_message(mp, "IOC-325", what);
    if (ioctl_state != Ioctl::awaiting) return;
    ioctl_state = Ioctl::answered;
    system.wake_all(ioctl_answer, "a broken answer came");
}

void Stream::ioctl_answered(mblk_t *mp) {
    if (bytes_at(mp) < sizeof(iocblk))
        return refuse_answer(mp, "answered an M_IOCTL with a block that is shorter than an iocblk");
    auto *io = reinterpret_cast<iocblk *>(mp->b_rptr);
    if (ioctl_state != Ioctl::awaiting || io->ioc_id != ioctl_id) {
        trace_ioctl("an answer nobody waits for is freed", io->ioc_cmd, 0);
        freemsg(mp); // IOC-129
        return;
    }
    if (io->ioc_error < 0) { // NBSD-081, NBSD-082
        bool negative = false;
        for_each_pair([&](const QueuePair &pair) { negative |= pair.owner->negative_errnos; });
        if (!negative) blame_sender(mp, "NBSD-082", "answered an M_IOCTL with a negative ioc_error");
        io->ioc_error = -std::max(io->ioc_error, -std::numeric_limits<int>::max());
    }
    ioctl_reply = mp;
    ioctl_state = Ioctl::answered;
    system.wake_all(ioctl_answer, "the answer came");
}

// Is there room in a copy request's block for the answer that goes back in it?
static bool holds_answer(const mblk_t *mp) {
    return mp->b_datap->db_lim - mp->b_rptr >= static_cast<ptrdiff_t>(sizeof(copyresp));
}

void Stream::copy_requested(mblk_t *mp) {
    if (bytes_at(mp) < offsetof(copyreq, cq_filler) || !holds_answer(mp))
        return refuse_answer(mp, "sent up a copy request whose block does not hold a copyreq and the answer to it");
    const auto *request = reinterpret_cast<copyreq *>(mp->b_rptr);
    if (ioctl_state != Ioctl::awaiting || request->cq_id != ioctl_id) {
        refuse_copy(mp); // IOC-137
        return;
    }
    if (mp->b_datap->db_type == M_COPYOUT) {
        size_t there = 0;
        for (const mblk_t *b = mp->b_cont; b; b = b->b_cont) there += bytes_at(b);
        if (there < request->cq_size) blame_sender(mp, "IOC-327", "sent up an M_COPYOUT with fewer bytes than cq_size");
    }
    ioctl_reply = mp;
    ioctl_state = Ioctl::answered;
    system.wake_all(ioctl_answer, "a copy request came");
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
