// streamio(7): what each command asks. What goes down the stream is exchange.cpp's, and passed descriptors are passed.cpp's.
//
// Order for every command: job control, linked below, stored error (IOC-002, IOC-005), then the command's own checks,
// which stand at the top of its function.
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
#include <sys/fdinsert.h>
#include <sys/ioctl.h>
#include <termios.h>

namespace rill {

namespace {

int value_of(void *argument) { return static_cast<int>(reinterpret_cast<intptr_t>(argument)); }

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
// clang-format off
constexpr TerminalCommand terminal_commands[] = {
    {TCGETA, 18, false, true, false},          {TCSETA, 18, true, false, false},
    {TCSETAW, 18, true, false, false},         {TCSETAF, 18, true, false, false},
    {TCGETS, kernel_termios, false, true, false}, {TCSETS, kernel_termios, true, false, false},
    {TCSETSW, kernel_termios, true, false, false}, {TCSETSF, kernel_termios, true, false, false},
    {TCSBRK, sizeof(int), true, false, true},  {TCXONC, sizeof(int), true, false, true},
    {TCFLSH, sizeof(int), true, false, true},  {TIOCGWINSZ, sizeof(winsize), false, true, false},
    {TIOCSWINSZ, sizeof(winsize), true, false, false},
};
// clang-format on

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

int Stream::ioctl_flushband(Caller &process, File &file, void *argument) {
    bandinfo info;
    if (hung_up) return process.refuse(ENXIO, "I_FLUSHBAND", "the stream is hung up", "IOC-006");
    if (!get(info, argument)) return process.refuse(EFAULT, "I_FLUSHBAND", "bad address", "IOC-008");
    return ioctl_flush(process, file, info.bi_flag, info.bi_pri);
}

int Stream::ioctl_getband(Caller &process, void *argument) {
    front_signals();
    const mblk_t *mp = read_queue()->q_first;
    if (!mp) return process.refuse(ENODATA, "I_GETBAND", "the read queue is empty", "IOC-211");
    return give_int(process, argument, mp->b_band);
}

int Stream::ioctl_canput(Caller &process, int band, int *rval) {
    if (band < 0 || band > 255) return process.refuse(EINVAL, "I_CANPUT", "no such band", "IOC-213");
    *rval = bcanputnext(write_queue(), static_cast<unsigned char>(band));
    if (!*rval) (band ? band_write_wanted : write_wanted) = true;
    return 0;
}

int Stream::ioctl_setcltime(Caller &process, void *argument) {
    int ms;
    if (!get(ms, argument)) return process.refuse(EFAULT, "I_SETCLTIME", "bad address", "IOC-008");
    if (ms < 0) return process.refuse(EINVAL, "I_SETCLTIME", "the time is negative", "IOC-223");
    constexpr long tick_ms = 1000 / ticks_a_second;
    const long rounded = (ms + tick_ms - 1) / tick_ms * tick_ms; // IOC-220
    close_ms = static_cast<int>(std::min<long>(rounded, std::numeric_limits<int>::max()));
    return 0;
}

int Stream::ioctl(Caller &process, File &file, int command, void *argument, int *rval) {
    *rval = 0;
    if (options.istty) [[unlikely]]
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
    case I_FLUSHBAND: return ioctl_flushband(process, file, argument);
    case I_NREAD:
    case FIONREAD:
    case fiordchk: return ioctl_nread(process, command, argument, rval);
    case I_PEEK: return ioctl_peek(process, argument, rval);
    case I_SRDOPT:
    case I_SWROPT:
    case I_SERROPT: return set_options(process, command, value_of(argument));
    case I_GRDOPT: return give_int(process, argument, options.read_mode | options.control_mode);
    case I_GWROPT: return give_int(process, argument, options.write_options);
    case I_GERROPT: return give_int(process, argument, options.error_options);
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
    case I_GETBAND: return ioctl_getband(process, argument);
    case I_CANPUT: return ioctl_canput(process, value_of(argument), rval);
    case I_SETCLTIME: return ioctl_setcltime(process, argument);
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
    default: return ioctl_of_driver(process, command, argument, rval);
    }
}

// A command that is none of the head's: as an I_STR where the head knows its data, else transparent.
int Stream::ioctl_of_driver(Caller &process, int command, void *argument, int *rval) {
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
    if (process.controlling_terminal != this || !terminal.in_background(process)) return 0;
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
                           !refused                           ? "IOC-057"
                           : module->name == "connld"         ? "CON-001 CON-003 CON-004 CON-014"
                           : system.profile.push_passes_errno ? "IOC-024"
                                                              : "IOC-025");
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
    else if (anchor > 0 && pushed == anchor && process.cred.cr_uid != 0)
        error = process.refuse(EPERM, "I_POP", "the module is at the anchor, and the process is not privileged", "AUT-039");
    else {
        if (anchor > 0 && pushed == anchor) remove_anchor(pair->owner->name.c_str());
        pop_top(process);
    }
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
    if (fifo && !top() && !peer->top()) {
        // Each end's read side is the other's write side (IOC-062, PMD-006). With modules, the bits tell whoever they reach.
        freemsg(mp);
        const bool as_sent = system.profile.bare_pipe_flush_as_sent; // PMD-005
        if (what & FLUSHR) flush_read_side(band);
        if (as_sent ? what & FLUSHR : what & FLUSHW) peer->flush_read_side(band);
        return 0;
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
        buffer.len = buffer.maxlen < 0    ? -1
                     : buffer.maxlen == 0 ? 0
                     : there              ? 0
                                          : -1; // IOC-078, IOC-085
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
    case I_SRDOPT:
        if ((bits & ~(RMODEMASK | RPROTMASK)) || (bits & RMODEMASK) == RMODEMASK)
            return process.refuse(EINVAL, "I_SRDOPT", "unknown or contradictory read options", "IOC-091");
        options.read_mode = static_cast<unsigned char>(bits & RMODEMASK);
        options.set_control_mode(bits);
        return 0;
    case I_SWROPT:
        if (bits & ~(SNDZERO | SNDPIPE)) return process.refuse(EINVAL, "I_SWROPT", "unknown write options", "IOC-100");
        options.write_options = static_cast<unsigned char>(bits);
        return 0;
    default: // I_SERROPT, IOC-103
        if ((bits & ~(RERRMASK | WERRMASK)) || (bits & RERRMASK) == RERRMASK || (bits & WERRMASK) == WERRMASK)
            return process.refuse(EINVAL, "I_SERROPT", "unknown or contradictory error options", "IOC-103");
        options.set_error_options(bits);
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
        if (set_of.ss_pid == 0  ? &p != &process
            : set_of.ss_pid > 0 ? p.pid != set_of.ss_pid
                                : p.pgrp != -set_of.ss_pid) continue;
        error = command == I_ESETSIG ? set_signals(process, p, set_of.ss_events)
                                     : get_signals(process, p, &static_cast<strsigset *>(argument)->ss_events);
        if (error || command == I_EGETSIG) break;
    }
    return error == ESRCH ? process.refuse(ESRCH, "I_ESETSIG", "no such process or group", "SIG-010") : error;
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
    strbuf ctl{fi.ctlbuf.len, fi.ctlbuf.len, control.data()};
    return putmsg(process, file, &ctl, has_data ? &fi.databuf : nullptr, 0, fi.flags & RS_HIPRI ? MSG_HIPRI : MSG_BAND, true);
}

} // namespace rill

using namespace rill;

#define EXPORT extern "C" __attribute__((visibility("default")))

EXPORT queue_t *fdinsert_queue(unsigned int value) {
    for (Stream &stream : this_system().streams)
        if (static_cast<unsigned>(stream.id) == value) return stream.driver_pair() ? stream.driver_pair()->read() : nullptr;
    return nullptr;
}
